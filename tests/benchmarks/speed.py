"""Time and memory of Driftmeter and of others on the same logs, in turn, each in a process of its own.

``python -m tests.benchmarks.speed [JOB ...] [--rows N] [--repeats 3] [--peers DIR]``

Jobs: standard, wide, daily, startup, monitors (these five without a name), and long, which writes 2.8 GB and then as
much again. Wall and processor seconds, the seconds that a contestant's computing took without starting Python (own),
peak memory, and ratios to the first or named one of a table; medians. One that takes over a minute runs once.

``--peers`` is where NannyML and popmon get their virtual environments, their pins being at odds with ours; without it
no peer runs. Evidently runs from the environment that this runs in.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.benchmarks.race import daily, long, looks, standard, startup, wide

JOBS = {"standard": standard.job, "wide": wide.job, "daily": daily.job, "startup": startup.job,
        "monitors": looks.job, "long": long.job}  # fmt: skip
SLOW = {"long"}


def main() -> None:
    """Run the jobs asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="*", choices=[[], *JOBS], help="by name")
    parser.add_argument("--rows", type=int, help="of a job's log (of monitors: a window), where fewer will do")
    parser.add_argument("--columns", type=int, default=1_000, help="of wide and monitors")
    parser.add_argument("--days", type=int, default=365, help="of daily")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--long", action="store_true", help="the long job too")
    parser.add_argument("--peers", type=Path, metavar="DIR", help="run the peers too; their environments are kept here")
    parser.add_argument("--scratch", type=Path, help="where logs are written; 6 GB for the long job")
    asked = parser.parse_args()
    named = asked.jobs or [name for name in JOBS if name not in SLOW]
    for name in dict.fromkeys([*named, *(["long"] if asked.long else [])]):
        with tempfile.TemporaryDirectory(dir=asked.scratch) as home:
            JOBS[name](Path(home), asked)


if __name__ == "__main__":
    main()
