"""How long Spark takes for a log, with one core and two, beside the local engine: ``python -m tests.benchmarks.spark``.

Each takes a process of its own. The session is started and a first task run before the clock is: a cluster's is up.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

NUMERIC, DAYS = 25, 16


def write(folder: Path, rows: int) -> None:
    """A log of ``DAYS`` files of so many rows."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for day in range(DAYS):
        start = np.datetime64("2025-01-01", "us") + np.timedelta64(day, "D")
        frame = pd.DataFrame({f"x{k}": rng.normal(size=rows) for k in range(NUMERIC)})
        frame["ts"] = start + np.sort(rng.integers(0, 86_400, rows)).astype("m8[s]")
        frame["id"] = np.arange(day * rows, (day + 1) * rows)
        frame["score"] = rng.uniform(size=rows)
        frame["y"] = (rng.uniform(size=rows) < frame["score"]).astype(int)
        frame.to_parquet(folder / f"{day:03}.parquet", index=False)


def measure(home: Path, engine: str) -> None:
    """Seconds to freeze bins and to profile, as a line of JSON."""
    from monitors.config import Config
    from monitors.job import columns_of
    from monitors.logs.prepare import Layout
    from monitors.logs.progress import silent
    from monitors.profile.engines import Reading, engine_of
    from monitors.profile.freeze import Model

    config = Config.from_dict(
        {
            "logs": {"path": "logs/*.parquet", "timestamp": "ts", "id": "id", "prediction": "score", "label": "y"},
            "engine": {"kind": "local"} if engine == "local" else {
                "kind": "spark", "master": engine, "options": {"spark.ui.showConsoleProgress": False},
            },
        }, home,
    )  # fmt: skip
    counter = engine_of(config)
    layout = Layout(columns_of(config), config.grain)
    files = counter.log(config, layout)

    def work(some: list) -> tuple[float, float]:
        rows = sum(found.rows for found in counter.scan(some, layout, silent).values())
        began = time.perf_counter()
        bins = counter.collect(Reading(some, {}, layout, rows=rows), counter.names(some)).freeze(Model("binary", 1))
        frozen = time.perf_counter()
        sum(len(profiles) for profiles in counter.profile(Reading(some, {}, layout), bins, layout.columns.parts))
        return frozen - began, time.perf_counter() - frozen

    work(files[:2])  # what is compiled, imported and started once
    seconds = work(files)
    counter.close()
    print(json.dumps({"engine": engine, "freeze": round(seconds[0], 2), "profile": round(seconds[1], 2)}))


def main() -> None:
    """Measure each engine in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="a day's")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--engine")
    given = parser.parse_args()
    if given.engine:
        measure(given.home, given.engine)
        return
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, "logs"), given.rows)
        print(f"{DAYS * given.rows:,} rows of {NUMERIC + 4} columns in {DAYS} files")
        for engine in ("local", "local[1]", "local[2]"):
            subprocess.run(
                [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.spark", "--home", folder, "--engine", engine],
                check=True, stderr=subprocess.DEVNULL,
            )  # fmt: skip


if __name__ == "__main__":
    main()
