"""The daily job: one more day on a store of a year, beside that day alone in an empty store."""

from __future__ import annotations

import shutil
from argparse import Namespace
from pathlib import Path

from tests.benchmarks.race.data import configure, day_files, forget
from tests.benchmarks.race.process import Contestant, driftmeter, once, race, told


def job(home: Path, asked: Namespace) -> None:
    """The same rows of the last day in both; measures and findings included."""
    rows, days = (asked.rows or 7_300_000) // 365, asked.days
    year, alone = home / "year", home / "alone"
    for folder, first, reference in ((year, 0, range(min(60, days // 2))), (alone, days, range(days, days + 1))):
        folder.mkdir()
        configure(folder, reference)
        day_files(folder, rows, range(first, days + (folder == alone)), 20, 5)
    once(driftmeter("run"), year)
    shutil.copy(year / "driftmeter.db", home / "year.db")
    shutil.copy(alone / f"log-{days:03}.parquet", year)

    def before() -> None:
        forget(year)
        shutil.copy(home / "year.db", year / "driftmeter.db")

    by_itself = "that day in an empty store"
    contestants = [
        Contestant(f"one more day on a store of {days}", year, driftmeter("run"), before),
        Contestant(by_itself, alone, driftmeter("run"), lambda: forget(alone)),
    ]
    found = race(contestants, asked.repeats)
    told(f"daily: {rows:,} rows a day, 20+5 features", contestants, found, by_itself)
