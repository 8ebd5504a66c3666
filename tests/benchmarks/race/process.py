"""Contestants run in turn, each in its own process; medians of what each cost, as a table."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
LAUNCH = Path(__file__).parent / "launch.py"
ONCE = 60.0  # seconds from which a contestant is not run again
_DRIFTMETER = "import sys; from monitors.cli import main; main()"


@dataclass(frozen=True)
class Used:
    """Of one process: wall and processor seconds, peak memory in MB, and the seconds that it timed itself (NaN: none).

    A contestant times itself by printing ``computing SECONDS``: without the start of Python and its imports.
    """

    wall: float
    processor: float
    peak: float
    computing: float = float("nan")


@dataclass(frozen=True)
class Contestant:
    """A command and the folder it runs in, which ``before`` makes ready; without a command, why it is absent."""

    name: str
    home: Path
    command: Sequence[str] = ()
    before: Callable[[], object] = lambda: None
    absent: str = ""


def driftmeter(*arguments: str) -> list[str]:
    """The command line as its console script starts it."""
    return [sys.executable, "-c", _DRIFTMETER, *arguments]


def script(path: Path, *arguments: str, python: str = sys.executable) -> list[str]:
    """A script of ours with a Python that may be another one."""
    return [python, str(path), *arguments]


def once(command: Sequence[str], home: Path) -> Used:
    """Run to the end; a contestant that fails ends the benchmark with what it said."""
    told = subprocess.run(
        [sys.executable, "-S", str(LAUNCH), *command], cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    *lines, last = told.stdout.splitlines()
    wall, processor, peak, code = (float(word) for word in last.split()[1:])
    if code:
        raise SystemExit("\n".join([*lines[-20:], f"{' '.join(command)[:200]}: exit code {code:.0f}"]))
    timed = [float(line.split()[1]) for line in lines if line.startswith("computing ")]
    return Used(wall, processor, peak / 1024, timed[-1] if timed else float("nan"))


def race(contestants: Sequence[Contestant], repeats: int) -> dict[str, Used]:
    """Medians by contestant, run in turn so that what else the machine does meets all of them alike."""
    seen: dict[str, list[Used]] = {contestant.name: [] for contestant in contestants if contestant.command}
    for _ in range(repeats):
        for contestant in contestants:
            if contestant.command and not any(used.wall > ONCE for used in seen[contestant.name]):
                contestant.before()
                seen[contestant.name].append(once(contestant.command, contestant.home))
    return {name: Used(*(statistics.median(values) for values in zip(*map(_fields, uses), strict=True)))
            for name, uses in seen.items()}  # fmt: skip


def _fields(used: Used) -> tuple[float, float, float, float]:
    return used.wall, used.processor, used.peak, used.computing


def told(title: str, contestants: Sequence[Contestant], found: dict[str, Used], ours: str) -> None:
    """Print a table; ratios are to ``ours``, of wall time, processor time and the time that both took themselves."""
    print(
        f"\n{title}\n{'':<44}{'wall s':>8}{'cpu s':>8}{'own s':>8}{'peak MB':>9}{'x wall':>8}{'x cpu':>8}{'x own':>8}"
    )
    base = found[ours]
    for contestant in contestants:
        if not contestant.command:
            print(f"{contestant.name:<44} absent: {contestant.absent}")
            continue
        used = found[contestant.name]
        print(f"{contestant.name:<44}{used.wall:>8.2f}{used.processor:>8.2f}{used.computing:>8.2f}{used.peak:>9,.0f}"
              f"{used.wall / base.wall:>8.2f}{used.processor / base.processor:>8.2f}"
              f"{used.computing / base.computing:>8.2f}", flush=True)  # fmt: skip
