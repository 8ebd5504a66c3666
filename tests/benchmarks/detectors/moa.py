"""The paper's learner and detectors: MOA's, from the archive inside CapyMOA's package, in an environment of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.benchmarks.detectors.streams import Stream

PACKAGES = ("capymoa==0.9.0", "jpype1>=1.5.1,<2", "numpy>=2,<3")
"""The paper's CapyMOA; without what it depends on, for its Java archive alone is used."""


class Setting(NamedTuple):
    """A detector of MOA and its options: CapyMOA's defaults, and those tuned for abrupt and for gradual drift."""

    java: str
    default: str
    ABRUPT: str
    GRADUAL: str


SETTINGS: Mapping[str, Setting] = {
    "ADWIN": Setting("ADWINChangeDetector", "-a 0.002", "-a 0.01", "-a 0.01"),
    "CUSUM": Setting("CusumDM", "-n 30 -d 0.005 -l 50", "-n 2000 -d 0.01 -l 50", "-n 30 -d 0.001 -l 100"),
    "DDM": Setting("DDM", "-n 30 -w 2.0 -o 3.0", "-n 2000 -w 2.0 -o 2.25", "-n 100 -w 2.0 -o 1.75"),
    "HDDMAverage": Setting(
        "HDDM_A_Test", "-d 0.001 -w 0.005 -t Two-sided", "-d 0.005 -w 0.005 -t Two-sided",
        "-d 0.002 -w 0.005 -t Two-sided",
    ),
    "HDDMWeighted": Setting(
        "HDDM_W_Test", "-d 0.001 -w 0.005 -m 0.05 -t Two-sided", "-d 0.001 -w 0.005 -m 0.01 -t One-sided",
        "-d 0.005 -w 0.005 -m 0.1 -t Two-sided",
    ),
    "PageHinkley": Setting(
        "PageHinkleyDM", "-n 30 -d 0.005 -l 50 -a 0.9999", "-n 1000 -d 0.005 -l 30 -a 0.995",
        "-n 1000 -d 0.002 -l 50 -a 0.999",
    ),
    "RDDM": Setting(
        "RDDM", "-n 129 -w 1.773 -o 2.258 -x 40000 -y 7000 -z 1400", "-n 2000 -w 1.773 -o 1.9 -x 40000 -y 7000 -z 1400",
        "-n 30 -w 1.773 -o 1.5 -x 40000 -y 7000 -z 1400",
    ),
    "SEED": Setting(
        "SEEDChangeDetector", "-d 0.05 -b 32 -e 0.01 -a 0.8 -c 75", "-d 0.01 -b 32 -e 0.01 -a 0.6 -c 75",
        "-d 0.05 -b 50 -e 0.0075 -a 0.7 -c 75",
    ),
    "STEPD": Setting("STEPD", "-r 30 -o 0.003 -w 0.05", "-r 500 -o 0.001 -w 0.05", "-r 500 -o 0.001 -w 0.05"),
}  # fmt: skip
"""Tuned settings are the paper's, from its public configuration."""


def settings_for(mode: str) -> dict[str, tuple[str, str, str]]:
    """By name, setting and what is fed ("right": as in the paper; "wrong": as most are meant): class and options."""
    return {
        f"{name}|{label}|{fed}": (setting.java, options, fed)
        for name, setting in SETTINGS.items()
        for label, options in (("default", setting.default), ("tuned", getattr(setting, mode)))
        for fed in ("right", "wrong")
    }


def environment(folder: Path) -> tuple[Path, Path] | str:
    """Python and Java archive of an environment in ``folder``, made when it is not there; or why there is none."""
    if shutil.which("java") is None:
        return "there is no Java"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    found = sorted(folder.glob("lib/python*/site-packages/capymoa/jar/moa.jar"))
    if not found:
        for package in PACKAGES:
            answer = subprocess.run([str(python), "-m", "pip", "install", "-q", "--no-deps", package],
                                    capture_output=True, text=True, check=False)  # fmt: skip
            if answer.returncode:
                return f"{package} cannot be installed"
        found = sorted(folder.glob("lib/python*/site-packages/capymoa/jar/moa.jar"))
    return (python, found[0]) if found else "CapyMOA's package holds no moa.jar"


def write(stream: Stream, path: Path) -> None:
    """A stream as the worker reads it."""
    np.savez_compressed(path, rows=stream.rows, label=stream.label, clock=stream.clock, watched=stream.watched)


def run(python: Path, jar: Path, mode: str, paths: Sequence[Path]) -> None:
    """Scores and alarms of the streams in ``paths``, written beside them."""
    if not paths:
        return
    settings = paths[0].parent / f"settings_{mode}.json"
    settings.write_text(json.dumps(settings_for(mode)))
    worker = Path(__file__).with_name("moa_worker.py")
    subprocess.run([str(python), str(worker), str(jar), str(settings), *map(str, paths)], check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
