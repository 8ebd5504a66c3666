"""The monitors by themselves, from a store; and what the dashboard computes when somebody looks another way."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from tests.benchmarks.race.data import configure, day_files
from tests.benchmarks.race.process import Contestant, driftmeter, once, race, script, told

STEPS = Path(__file__).parent / "steps.py"
WINDOWS, REFERENCE, ROWS = 104, 28, 500
CHANGES = {
    "another grain": ("1w", "configured", ""),
    "another reference": ("1d", "previous 14", ""),
    "a fixed reference": ("1d", "2025-01-15..2025-02-11", ""),
    "a segment": ("1d", "configured", "c0=b"),
}  # fmt: skip


def job(home: Path, asked: Namespace) -> None:
    """Own time is the computing: reading the store is part of a look, not of the monitors."""
    many, seen = home / "many", home / "seen"
    for folder, numbers, words in ((many, asked.columns - 10, 10), (seen, 190, 10)):
        folder.mkdir()
        configure(folder, range(REFERENCE), '[features]\nsegments = ["c0"]\n' if folder == seen else "")
        day_files(folder, asked.rows or ROWS, range(WINDOWS), numbers, words)
        once(driftmeter("run"), folder)
    every = f"all monitors, {asked.columns:,} features x {WINDOWS}"
    contestants = [Contestant(every, many, script(STEPS, "monitors"))]
    contestants += [Contestant(f"look at 200 x {WINDOWS}: {what}", seen, script(STEPS, "look", *how))
                    for what, how in CHANGES.items()]  # fmt: skip
    told("monitors and looks, from profiles", contestants, race(contestants, asked.repeats), every)
