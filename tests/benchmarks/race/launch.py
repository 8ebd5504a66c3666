"""Run a command and say what it used: ``launch.py COMMAND ...``; its last line is ``used WALL PROCESSOR PEAK_KB CODE``.

Peak memory as the kernel counts it begins with that of the process that started the command, so this one is small.
"""

import os
import sys
import time

if __name__ == "__main__":
    began = time.perf_counter()
    child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
    _, status, used = os.wait4(child, 0)
    wall, processor = time.perf_counter() - began, used.ru_utime + used.ru_stime
    print(f"\nused {wall} {processor} {used.ru_maxrss} {os.waitstatus_to_exitcode(status)}")
