"""Starting: help, and a run that finds nothing new."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from tests.benchmarks.race.data import configure, one_file
from tests.benchmarks.race.process import Contestant, driftmeter, once, race, told


def job(home: Path, asked: Namespace) -> None:
    """On the standard log."""
    rows = asked.rows or 600_000
    one_file(home, rows, 30, 20, 5)
    configure(home, range(10))
    once(driftmeter("run"), home)
    contestants = [
        Contestant("driftmeter --help", home, driftmeter("--help")),
        Contestant("driftmeter run, nothing new", home, driftmeter("run")),
    ]
    told("startup", contestants, race(contestants, 2 * asked.repeats), "driftmeter --help")
