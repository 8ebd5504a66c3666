"""The long job: 90 files of a day each, more rows than anyone wants in memory."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from tests.benchmarks.race.data import configure, day_files, forget
from tests.benchmarks.race.process import Contestant, once, race, script, told

HERE = Path(__file__).parent
DAYS, REFERENCE, NUMBERS, WORDS = 90, 14, 40, 10


def job(home: Path, asked: Namespace) -> None:
    """Profiling beside reading, then twice as many rows a day: does memory grow?"""
    rows = asked.rows or 9_000_000
    configure(home, range(REFERENCE))
    for total in (rows, 2 * rows):
        day_files(home, total // DAYS, range(DAYS), NUMBERS, WORDS)
        once(script(HERE / "reading.py", "pyarrow"), home)
        profile = "profiling (own time), in a whole run"
        contestants = [
            Contestant(profile, home, script(HERE / "steps.py", "profile"), lambda: forget(home)),
            Contestant("reading alone, Polars", home, script(HERE / "reading.py", "polars")),
            Contestant("reading alone, PyArrow", home, script(HERE / "reading.py", "pyarrow")),
        ]
        found = race(contestants, asked.repeats)
        told(f"long: {total:,} rows, {NUMBERS}+{WORDS} features, {DAYS} files", contestants, found, profile)
        least = min(used.computing for name, used in found.items() if name != profile)
        print(f"profiling takes {found[profile].computing / least:.2f} times reading")
