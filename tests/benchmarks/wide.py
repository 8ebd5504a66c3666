"""Two thousand columns of which forty vanish at once: how long a run takes, and whether it is one incident.

``python -m tests.benchmarks.wide [--rows 100000] [--columns 2000] [--days 14] [--labels]``
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from monitors.config import Config
from monitors.pipeline import run

SOURCES = ("query", "image", "user", "session", "shop", "price", "visual", "geo")
GONE, VANISHED = "visual", 40
_DAY = 86_400_000_000


def write(folder: Path, rows: int, columns: int, days: int, labels: bool) -> int:
    """Write the log, a file a day; returns the instant (µs) at which ``VANISHED`` columns of one source vanish."""
    rng = np.random.default_rng(3)
    start = int(np.datetime64("2025-01-01", "us").astype(np.int64))
    at = start + np.sort(rng.integers(0, days * _DAY, rows))
    onset = start + (3 * days // 4) * _DAY + 9 * _DAY // 24
    moods = rng.normal(size=(len(SOURCES), rows))
    table: dict[str, pa.Array] = {"ts": pa.array(at.astype("M8[us]"))}
    for j in range(columns):
        source, number = SOURCES[j % len(SOURCES)], j // len(SOURCES)
        values = 0.5 * moods[j % len(SOURCES)] + rng.normal(size=rows)
        lost = at >= onset if source == GONE and number < VANISHED else None
        table[f"{source}_{number:03}"] = pa.array(values, mask=lost)
    if labels:
        score = 1 / (1 + np.exp(-0.5 * moods[0]))
        table |= {"score": pa.array(score), "y": pa.array((rng.random(rows) < score).astype(int))}
    whole, edges = pa.table(table), np.searchsorted(at, start + _DAY * np.arange(days + 1))
    for day in range(days):
        part = whole.slice(edges[day], edges[day + 1] - edges[day])
        pq.write_table(part, folder / f"day-{day + 1:02}.parquet")
    names = 'prediction = "score"\nlabel = "y"\n' if labels else ""
    (folder / "driftmeter.toml").write_text(
        f'[model]\nname = "wide"\n[logs]\npath = "*.parquet"\ntimestamp = "ts"\n{names}'
        f'[reference]\nstart = "2025-01-01"\nend = "2025-01-{days // 2:02}"\n'
    )
    return onset


def main() -> None:
    """Write, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("rows", 100_000), ("columns", 2_000), ("days", 14)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--labels", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        onset = write(Path(home), asked.rows, asked.columns, asked.days, asked.labels)
        before, began = _busy(), time.perf_counter()
        result = run(Config.load(Path(home) / "driftmeter.toml"))
        took, busy = time.perf_counter() - began, _busy() - before
    print(
        f"{asked.rows:,} rows × {asked.columns:,} columns × {asked.days} days: {took:.1f} s, {busy:.1f} s of processor"
    )
    print(f"vanished at {np.datetime64(onset, 'us')}; {len(result.incidents)} incidents")
    for title in result.incidents["title"].head(5):
        print(title)


def _busy() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


if __name__ == "__main__":
    main()
