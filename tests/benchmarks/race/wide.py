"""The wide job: 1,000 columns, of which forty of one source vanish at once."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.benchmarks.race.data import DAY, START, configure, forget
from tests.benchmarks.race.process import Contestant, driftmeter, once, race, script, told

HERE = Path(__file__).parent
SOURCES = ("query", "image", "user", "session", "shop", "price", "visual", "geo")
GONE, VANISHED, DAYS = "visual", 40, 20


def job(home: Path, asked: Namespace) -> None:
    """End to end, labels and incidents included."""
    rows, columns = asked.rows or 200_000, asked.columns
    for day in range(DAYS):
        pq.write_table(one_day(day, rows // DAYS, columns), home / f"log-{day:02}.parquet")
    configure(home, range(DAYS // 2))
    once(script(HERE / "reading.py", "pyarrow"), home)
    run = "driftmeter run"
    contestants = [
        Contestant(run, home, driftmeter("run"), lambda: forget(home)),
        Contestant("reading alone, PyArrow", home, script(HERE / "reading.py", "pyarrow")),
    ]
    found = race(contestants, asked.repeats)
    told(f"wide: {rows:,} rows, {columns:,} features, {DAYS} days", contestants, found, run)


def one_day(day: int, rows: int, columns: int) -> pa.Table:
    """A day's rows; features of a source move together, and those of ``GONE`` vanish at three quarters of the days."""
    rng = np.random.default_rng(day)
    times = np.sort(rng.integers(day * DAY, (day + 1) * DAY, rows))
    moods = rng.normal(size=(len(SOURCES), rows))
    score = 1 / (1 + np.exp(-0.5 * moods[0]))
    table: dict[str, pa.Array] = {
        "ts": pa.array(START + times.astype("m8[us]")), "id": pa.array(np.arange(rows) + day * rows),
        "score": pa.array(score), "y": pa.array((rng.random(rows) < score).astype(np.int8)),
    }  # fmt: skip
    onset = 3 * DAYS // 4 * DAY + 9 * DAY // 24
    for j in range(columns):
        place, number = j % len(SOURCES), j // len(SOURCES)
        values = 0.5 * moods[place] + rng.normal(size=rows)
        lost = times >= onset if SOURCES[place] == GONE and number < VANISHED else None
        table[f"{SOURCES[place]}_{number:03}"] = pa.array(values, mask=lost)
    return pa.table(table)
