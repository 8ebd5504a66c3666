"""The standard job: 30 days of 20 numbers and 5 categories with labels, all monitors, beside what others do with it."""

from __future__ import annotations

import sys
from argparse import Namespace
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.race.data import configure, forget, one_file
from tests.benchmarks.race.peers import PEERS, rooms
from tests.benchmarks.race.process import Contestant, driftmeter, once, race, script, told

HERE = Path(__file__).parent
DAYS, REFERENCE = 30, 10


def job(home: Path, asked: Namespace) -> None:
    """Driftmeter, reading alone, Evidently, NannyML, popmon."""
    rows = asked.rows or 600_000
    one_file(home, rows, DAYS, 20, 5)
    configure(home, range(REFERENCE))
    once(driftmeter("run"), home)  # compiles the kernel where that has not been done, and warms the file's pages
    run = "driftmeter run"

    def fresh() -> None:
        forget(home)

    contestants = [
        Contestant(run, home, driftmeter("run"), fresh),
        Contestant("driftmeter, the computing", home, script(HERE / "steps.py", "run"), fresh),
        Contestant("reading alone, Polars", home, script(HERE / "reading.py", "polars")),
        Contestant("reading alone, PyArrow", home, script(HERE / "reading.py", "pyarrow")),
        *_peers(home, asked),
    ]
    found = race(contestants, asked.repeats)
    told(f"standard: {rows:,} rows, {DAYS} days, the first {REFERENCE} as reference", contestants, found, run)
    evidently = found.get("Evidently, DataDriftPreset")
    if evidently is not None:
        own = found["driftmeter, the computing"].computing
        print(f"Evidently's computing takes {evidently.computing / own:.0f} times ours")


def _peers(home: Path, asked: Namespace) -> list[Contestant]:
    arguments = str(DAYS), str(REFERENCE)
    here = script(HERE / "peers" / "evidently_drift.py", *arguments) if find_spec("evidently") else ()
    found = [Contestant("Evidently, DataDriftPreset", home, here, absent=f"not installed in {sys.prefix}")]
    pythons = rooms(asked.peers) if asked.peers else {}
    for peer in PEERS:
        python = pythons.get(peer.name, "")
        command = script(HERE / "peers" / peer.script, *arguments, python=python) if Path(python).is_file() else ()
        found.append(Contestant(peer.title, home, command, absent=python or "no --peers DIR to install it in"))
    return found if asked.peers else [Contestant(c.name, home, absent="no --peers DIR") for c in found]
