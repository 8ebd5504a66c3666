"""Findings of a built log, as tests of monitors ask for them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from monitors.assess import MONITORS, Measure
from monitors.config import Config
from monitors.findings import find
from monitors.measurement import COLUMNS, concat
from tests.cubes import Built


def config(**tables: Any) -> Config:
    return Config.from_dict({"model": {"name": "m"}, "logs": {"path": "log.csv", "timestamp": "ts"}, **tables})


def measured(built: Built, *monitors: Measure) -> pd.DataFrame:
    """All rows' measurements, and those of segments."""
    blocks = [measure(*built) for measure in monitors or MONITORS]
    for cube in built.segments.values():
        reference = cube.select([start in built.reference.starts for start in cube.starts])
        blocks += [measure(cube, reference, built.settings) for measure in monitors or MONITORS]
    for block in blocks:
        assert tuple(block.columns) == COLUMNS
    return concat(blocks)


def findings(built: Built, *monitors: Measure, **tables: Any) -> pd.DataFrame:
    """Findings with the number of the window in the cube as ``window``."""
    found = find(measured(built, *monitors), config(**tables), built.settings.grain, [])
    place = {int(start): i for i, start in enumerate(built.cube.starts)}
    return found.assign(window=[place[int(start)] for start in found["window_start"]])


def alerts(found: pd.DataFrame, **equal: Any) -> pd.DataFrame:
    """Alerts whose columns are equal to what is asked for."""
    keep = found["severity"] == "alert"
    for name, value in equal.items():
        keep &= found[name].isna() if value is None else found[name] == value
    return found[keep]
