"""Peers whose pins clash with ours, each in a virtual environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import NamedTuple


class Peer(NamedTuple):
    """What to install, and the script that runs it."""

    name: str
    title: str
    script: str
    pins: tuple[str, ...]


PEERS = (
    Peer("nannyml", "NannyML, drift + performance + CBPE", "nannyml_all.py",
         ("nannyml==0.13.1", "pandas<3", "statsmodels")),
    Peer("popmon", "popmon, stability report", "popmon_report.py",
         ("popmon==1.4.12", "pandas<3", "pyarrow", "setuptools<81")),
)  # fmt: skip


def rooms(folder: Path) -> dict[str, str]:
    """The Python of each peer, made where it is not there yet; or, in its place, why there is none."""
    return {peer.name: _room(folder.absolute() / peer.name, peer) for peer in PEERS}


def _room(folder: Path, peer: Peer) -> str:
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        print(f"installing {' '.join(peer.pins)} in {folder}", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True, symlinks=os.name != "nt")
    asks = [str(python), "-c", f"import {peer.name}"]
    if subprocess.run(asks, capture_output=True).returncode:
        made = subprocess.run([str(python), "-m", "pip", "install", "-q", *peer.pins], capture_output=True, text=True)
        if made.returncode:
            return f"pip install {' '.join(peer.pins)} failed: {made.stderr.strip().splitlines()[-1:]}"
        if (asked := subprocess.run(asks, capture_output=True, text=True)).returncode:
            return f"{peer.name} does not import: {asked.stderr.strip().splitlines()[-1:]}"
    return str(python)
