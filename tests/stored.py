"""A store with findings and measurements written by hand, for tests of what reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from monitors import store as tables
from monitors.config import Config
from monitors.store import Store
from monitors.windows import Grain

NUMBERS: dict[str, Any] = {
    "value": 0.3, "expected": 0.1, "low": 0.2, "high": 0.4, "p_value": 0.001, "effect": 0.2, "n": 1000.0,
}  # fmt: skip


def finding(start: int, grain: Grain, **changes: Any) -> dict[str, Any]:
    """A finding in the store's own words."""
    return {
        "model": "m",
        "monitor": "drift",
        "kind": "shift",
        "feature": "x",
        "segment": None,
        "window_start": start,
        "window_end": grain.end(start),
        "onset": start,
        **NUMBERS,
        "severity": "alert",
        "state": "new",
        "incident": "i1",
        "message": "x moved",
        "metric": "jensen_shannon",
        **changes,
    }


def measurement(start: int, grain: Grain, **changes: Any) -> dict[str, Any]:
    """A measurement in the store's own words."""
    numbers = {key: NUMBERS[key] for key in ("value", "expected", "low", "high", "n", "p_value")}
    place = {"window_start": start, "window_end": grain.end(start), "band_low": 0.0, "band_high": 0.2}
    names = {"model": "m", "monitor": "drift", "metric": "jensen_shannon", "feature": "x", "segment": None}
    return {**names, **place, **numbers, "detail": None, "reference": False, **changes}


def write_store(
    folder: Path, grain: Grain, starts: list[int], findings: list[dict[str, Any]], measurements: list[dict[str, Any]]
) -> Path:
    """A folder with a configuration of the model "m" and its store; the configuration's path."""
    config = folder / "driftmeter.toml"
    timestamp = 'timestamp = "ts"' if grain.kind == "calendar" else ""
    config.write_text(
        f'[model]\nname = "m"\n[logs]\npath = "log.csv"\n{timestamp}\n'
        f'[windows]\nsize = "{grain.size}"\ntimezone = "{grain.timezone}"\n'
    )
    store = Store.open(Config.load(config).store.url)
    model = {
        "model": "m", "layout": "", "judged": "", "config_hash": "0", "bins": None, "reference": "{}",
        "grain_size": grain.size, "timezone": grain.timezone, "observed_until": None, "version": 1,
    }  # fmt: skip
    rows = [{"model": "m", "start": start, "segment": "", "rows": 1000, "profile": b""} for start in starts]
    with store.writing("m") as connection:
        for table, content in (
            (tables.models, [model]),
            (tables.profiles, rows),
            (tables.findings, findings),
        ):
            if content:
                connection.execute(table.insert(), content)
        if measurements:
            tables.replace_measurements(connection, "m", pd.DataFrame(measurements))
    store.close()
    return config
