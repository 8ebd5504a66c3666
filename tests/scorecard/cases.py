"""Evidence written by hand, in a store like any other: what each of the seven tests is asked about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from monitors import store as tables
from monitors.clock import DAY
from monitors.config import Config
from monitors.scorecard.ages import COLUMNS
from monitors.scorecard.evidence import Evidence
from monitors.store import Store
from monitors.windows import Grain, instant
from tests.stored import finding, measurement, write_store

GRAIN = Grain.parse("1d")
FIRST = instant("2025-03-01", "UTC")
STARTS = [FIRST + i * DAY for i in range(40)]
REFERENCE = 20
NOW = STARTS[-1] + DAY + DAY // 4
DAILY = [NOW - DAY // 4 - i * DAY for i in range(9, -1, -1)]
"""Runs a quarter past midnight for ten days."""


def series(monitor: str, metric: str, values: Any, **more: Any) -> list[dict[str, Any]]:
    """A metric of the whole log in every window, judged after the reference; its interval is 2% to either side."""
    values = np.broadcast_to(np.asarray(values, float), len(STARTS))
    return [
        measurement(
            start, GRAIN, monitor=monitor, metric=metric, feature=None, value=float(value), low=0.98 * value,
            high=1.02 * value, **{"expected": float(values[0]), "p_value": None if i < REFERENCE else 0.5,
                                  "reference": i < REFERENCE, **more},
        )
        for i, (start, value) in enumerate(zip(STARTS, values, strict=True))
    ]  # fmt: skip


def feature(monitor: str, metric: str, name: str = "x") -> list[dict[str, Any]]:
    """A feature's numbers in the windows after the reference."""
    return [measurement(start, GRAIN, monitor=monitor, metric=metric, feature=name, p_value=0.5)
            for start in STARTS[REFERENCE:]]  # fmt: skip


def alert(monitor: str, kind: str, metric: str, days: int = 3, **changes: Any) -> list[dict[str, Any]]:
    """A run of alerts that goes on to the last window."""
    starts = STARTS[-days:]
    return [
        finding(start, GRAIN, monitor=monitor, kind=kind, metric=metric, onset=starts[0],
                **{"feature": "x", "state": "new" if i == 0 else "ongoing", "message": f"x: {kind}.", **changes})
        for i, start in enumerate(starts)
    ]  # fmt: skip


def over(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same, two days earlier, and resolved."""
    back = [{**row, **{name: row[name] - 2 * DAY for name in ("window_start", "window_end", "onset")}} for row in rows]
    last = {**rows[-1], "state": "resolved", "severity": "watch", "onset": back[0]["onset"]}
    return [*back, last]


def ages(values: Any, version: str = "v2", first: int = 0, metric: str = "auc") -> pd.DataFrame:
    """Performance of a version from the window ``first`` on."""
    values = np.asarray(values, float)
    starts = np.array(STARTS[first : first + len(values)])
    return pd.DataFrame({
        "version": version, "window_start": starts, "window_end": starts + DAY,
        "age": (starts - starts[0]) / DAY, "metric": metric, "value": values, "low": values - 0.01,
        "high": values + 0.01, "n": 1000,
    }, columns=list(COLUMNS))  # fmt: skip


def evidence(
    folder: Path, *, findings: list[dict[str, Any]] | None = None, measured: list[dict[str, Any]] | None = None,
    runs: list[int] | None = None, sent: dict[int, tuple[int, int]] | None = None,
    notes: list[int] | None = None, versions: dict[str, tuple[int, int]] | None = None,
    performance: pd.DataFrame | None = None, now: int = NOW, **sections: Any,
) -> Evidence:  # fmt: skip
    """Evidence of a store with these contents.

    Parameters
    ----------
    runs : when it ran; sent : by run, how many addresses were told, and how many not
    notes : when a person noted something
    versions : numbers of the first and the last day on which each served
    performance : by age, see ``ages``
    sections : of the configuration
    """
    write_store(folder, GRAIN, STARTS, findings or [], measured or [])
    config = Config.from_dict(
        {
            "model": {"name": "m"}, "logs": {"path": "log.csv", "timestamp": "ts"}, "windows": {"size": "1d"},
            **sections,
        },
        folder,
    )  # fmt: skip
    store = Store.open(config.store.url)
    with store.writing("m") as connection:
        for at in runs if runs is not None else [NOW - DAY]:
            tables.add_run(connection, "m", at)
        for version, (first, last) in (versions or {}).items():
            connection.execute(tables.profiles.insert(), [
                {"model": "m", "start": start, "segment": f"version={version}", "rows": 500, "profile": b""}
                for start in STARTS[first : last + 1]
            ])  # fmt: skip
    for at, (told, untold) in (sent or {}).items():
        store.add_told("m", at, told, untold)
    for at in notes or []:
        store.add_event("m", at, "product", "we know")
    found = Evidence.gather(store, config, now)
    store.close()
    return found if performance is None else replace(found, ages=performance)
