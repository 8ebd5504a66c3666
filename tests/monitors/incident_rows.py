"""Findings as rows, one window a day, for tests of incidents."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from monitors.findings import COLUMNS
from monitors.incidents import COLUMNS as INCIDENTS
from monitors.incidents import group
from monitors.measurement import COLUMNS as MEASURED
from monitors.windows import Grain
from tests.cubes import FIRST_DAY

DAYS = Grain.parse("1d")
DAY = 86_400_000_000
BEGIN = int(FIRST_DAY.astype(np.int64))
LOG = {"monitor": "integrity", "feature": None}
MODEL = {"monitor": "concept", "feature": None}


def finding(window: int, onset: int | None = None, **other: Any) -> dict[str, Any]:
    """A shift of x at a day, unless told otherwise."""
    start = BEGIN + window * DAY
    row = {
        "monitor": "drift", "kind": "shift", "metric": "jensen_shannon", "feature": "x", "segment": None,
        "window_start": start, "window_end": start + DAY, "onset": BEGIN + (window if onset is None else onset) * DAY,
        "value": 0.3, "expected": 0.1, "low": 0.2, "high": 0.4, "p_value": 1e-6, "effect": 0.2, "n": 100.0,
        "severity": "alert", "state": "new", "incident": None, "message": "It moved.",
    }  # fmt: skip
    assert set(other) <= set(row)
    return {**row, **other}


def absent(feature: str, window: int, onset: int | None = None, **other: Any) -> dict[str, Any]:
    """A feature that is gone."""
    gone = {"monitor": "missing", "kind": "absent", "metric": "absent_share", "value": 1.0, "expected": 0.0,
            "effect": 1.0, "message": f'"{feature}" is gone.'}  # fmt: skip
    return finding(window, onset, feature=feature, **{**gone, **other})


def run(first: int, last: int, **other: Any) -> list[dict[str, Any]]:
    """Findings of one thing from a day to another."""
    return [finding(w, first, state="new" if w == first else "ongoing", **other) for w in range(first, last + 1)]


def grouped(*rows: dict[str, Any], **more: Any) -> tuple[list[str], pd.DataFrame]:
    """The incident of each finding, and the incidents."""
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS))
    found, incidents = group(frame, DAYS, **more)
    assert tuple(incidents.columns) == INCIDENTS
    assert set(incidents["incident"]) == set(found["incident"])
    assert incidents["findings"].sum() == len(rows)
    return found["incident"].tolist(), incidents


def number(window: int, metric: str, value: float, **other: Any) -> dict[str, Any]:
    """A measurement of x at a day."""
    start = BEGIN + window * DAY
    row = {
        "monitor": "drift", "metric": metric, "feature": "x", "segment": None, "window_start": start,
        "window_end": start + DAY, "value": value, "low": value - 0.01, "high": value + 0.01, "expected": 0.1,
        "n": 100.0, "p_value": np.nan, "band_low": np.nan, "band_high": np.nan, "detail": None, "reference": False,
    }  # fmt: skip
    assert set(other) <= set(row)
    return {**row, **other}


def measured(*rows: dict[str, Any]) -> pd.DataFrame:
    """Measurements as a frame."""
    return pd.DataFrame(list(rows), columns=list(MEASURED))


def noted(*events: tuple[int, str, str]) -> pd.DataFrame:
    """Events at noon of days: day, kind, text."""
    return pd.DataFrame([{"at": BEGIN + day * DAY + DAY // 2, "kind": kind, "text": text}
                         for day, kind, text in events])  # fmt: skip


def only(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The one incident that these findings are."""
    incidents = grouped(*rows, **more)[1]
    assert len(incidents) == 1
    return {str(key): value for key, value in incidents.to_dict("records")[0].items()}


def titles(*rows: dict[str, Any], **more: Any) -> list[str]:
    return grouped(*rows, **more)[1]["title"].tolist()


def log_loss(mean: float = 0.5) -> list[dict[str, Any]]:
    return [number(day, "log_loss", mean, monitor="concept", feature=None, reference=True) for day in range(3)]


def power(**of: float) -> list[dict[str, Any]]:
    return [number(5, "learned_power", 0.5, monitor="decay", feature=name, expected=had) for name, had in of.items()]
