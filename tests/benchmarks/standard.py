"""Time and memory of ``driftmeter run`` on 600,000 rows x 25 features x 30 days, beside reading the same file alone.

python -m tests.benchmarks.standard [--rows 600000] [--repeats 5]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CONFIG = """
[model]
name = "standard"
task = "binary"
positive = 1
[logs]
path = "log.parquet"
timestamp = "ts"
id = "id"
prediction = "score"
label = "y"
[reference]
start = "2025-01-01"
end = "2025-01-10"
"""

READ = "import polars; polars.read_parquet('log.parquet')"
RUN = "import sys; sys.argv = ['driftmeter', 'run']; from monitors.cli import main; main()"


def write(home: Path, rows: int) -> None:
    """The log: 20 numeric and 5 categorical features, label and score, 30 days."""
    rng = np.random.default_rng(0)
    day = np.datetime64("2025-01-01", "us")
    times = np.sort(rng.integers(0, 30 * 86_400_000_000, rows)).astype("m8[us]") + day
    numbers = rng.normal(size=(rows, 20))
    score = 1 / (1 + np.exp(0.5 - 0.8 * numbers[:, 0] - 0.5 * numbers[:, 1]))
    table = {"ts": times, "id": np.arange(rows), "score": score, "y": (rng.uniform(size=rows) < score).astype(np.int8)}
    table |= {f"x{i}": numbers[:, i] for i in range(20)}
    table |= {f"c{i}": pa.array(np.array(list("abcdefgh"))[rng.integers(0, 8, rows)]) for i in range(5)}
    pq.write_table(pa.table(table), home / "log.parquet")
    (home / "driftmeter.toml").write_text(CONFIG)


def once(code: str, home: Path) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak megabytes of one process."""
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code], cwd=home, stdout=subprocess.DEVNULL,
                               env={**os.environ, "PYTHONPATH": os.getcwd()})  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"exit code {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    """Print medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=600_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write(home, arguments.rows)
        once(RUN, home)  # compiles the kernel and warms the file's pages
        seen: dict[str, list[tuple[float, float, float]]] = {"read": [], "run, empty store": [], "run, nothing new": []}
        for _ in range(arguments.repeats):
            seen["read"].append(once(READ, home))
            for path in home.glob("driftmeter.db*"):
                path.unlink()
            seen["run, empty store"].append(once(RUN, home))
            seen["run, nothing new"].append(once(RUN, home))
    print(f"{arguments.rows:,} rows, medians of {arguments.repeats}\n{'':<20}{'wall s':>8}{'cpu s':>8}{'peak MB':>9}")
    for name, rows in seen.items():
        wall, cpu, peak = (statistics.median(values) for values in zip(*rows, strict=True))
        print(f"{name:<20}{wall:>8.2f}{cpu:>8.2f}{peak:>9.0f}")


if __name__ == "__main__":
    main()
