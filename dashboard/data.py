"""What pages ask the store for, kept in memory until the store changes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.charts.frame import Caption
from monitors.cli.serve import CONFIGS
from monitors.config import Config
from monitors.store import Store
from monitors.views import Look, Seen, grains, look
from monitors.windows import Grain


def config_paths() -> list[str]:
    """Configurations that this dashboard shows."""
    given = [path for path in os.environ.get(CONFIGS, "").split(os.pathsep) if path]
    return given or [str(Path("driftmeter.toml").resolve())]


@st.cache_resource(show_spinner=False, max_entries=64)
def _config(path: str, _modified: int) -> Config:
    return Config.load(path)


def config(path: str) -> Config:
    """A configuration, read again when its file changes."""
    try:
        modified = os.stat(path).st_mtime_ns
    except OSError:
        modified = 0
    return _config(path, modified)


@st.cache_resource(show_spinner=False, max_entries=64)
def store(url: str) -> Store:
    """A store, opened once, for reading."""
    return Store.open(url, read_only=True)


def row(path: str) -> dict[str, Any] | None:
    """The model's row in its store; None before the first run."""
    current = config(path)
    return store(current.store.url).model(current.model.name)


@st.cache_resource(show_spinner="Measuring…", max_entries=48)
def _look(path: str, _modified: int, _version: int, wanted: Look) -> Seen:
    current = config(path)
    return look(store(current.store.url), current, wanted)


@dataclass(frozen=True)
class Page:
    """What every page gets: a model, a way of looking at it, and the period shown.

    Attributes
    ----------
    seen : everything measured, of all windows; do not change it
    measured, found : of the period shown, with ``x`` and ``x_end`` (datetimes in the windows' zone without it, or row numbers);
        ``measured`` also has the finding's ``severity``, ``state`` and ``message`` where there is one
    events : with ``x``
    all_found : findings of all segments as the store has them (finest grain, configured reference), with ``x`` and ``x_end``
    """

    path: str
    config: Config
    look: Look
    seen: Seen
    measured: pd.DataFrame
    found: pd.DataFrame
    all_found: pd.DataFrame
    incidents: pd.DataFrame
    events: pd.DataFrame
    start: int
    end: int
    caption: Caption

    @property
    def features(self) -> list[str]:
        """Names of the features."""
        return [column.name for column in self.seen.bins.features]

    def metric(self, monitor: str, metric: str, feature: str | None = None) -> pd.DataFrame:
        """Measurements of one metric in the period shown, in order of time."""
        rows = self.measured[(self.measured["monitor"] == monitor) & (self.measured["metric"] == metric)]
        rows = rows[rows["feature"] == feature] if feature is not None else rows
        return rows.sort_values(["window_start"], kind="stable")

    def text(self, **changes: Any) -> Caption:
        """The caption with other facts."""
        return Caption(**{**self.caption.__dict__, **changes})


def page(path: str, wanted: Look, start: int | None = None, end: int | None = None) -> Page:
    """Everything a page shows. ``start`` and ``end`` (exclusive) bound the period; None is open."""
    current = config(path)
    kept = row(path) or {}
    base = store(current.store.url)
    try:
        modified = os.stat(path).st_mtime_ns
    except OSError:
        modified = 0
    seen = _look(path, modified, int(kept.get("version", 0)), wanted)
    grain = seen.grain
    low = int(seen.cube.starts[0]) if start is None else start
    high = int(seen.cube.ends[-1]) if end is None else end
    found = with_x(_within(seen.found, low, high), grain)
    measured = _mark(with_x(_within(seen.measured, low, high), grain), found)
    fine = Grain.parse(kept["grain_size"], kept["timezone"])
    everywhere = with_x(_within(base.findings(current.model.name), low, high), fine)
    events = base.events(current.model.name)
    events = events[(events["at"] >= low) & (events["at"] < high)]
    events = events.assign(x=to_x(events["at"], grain))
    return Page(
        path, current, wanted, seen, measured, found, everywhere, seen.incidents, events, low, high,
        _caption(current, seen, kept, low, high),
    )  # fmt: skip


def _within(frame: pd.DataFrame, low: int, high: int) -> pd.DataFrame:
    return frame[(frame["window_end"] > low) & (frame["window_start"] < high)]


def to_x(bounds: pd.Series, grain: Grain) -> pd.Series:
    """Where bounds lie on an axis: wall-clock times of the windows' zone, or row numbers."""
    if grain.kind == "rows":
        return bounds.astype("int64")
    return pd.to_datetime(bounds, unit="us", utc=True).dt.tz_convert(grain.timezone).dt.tz_localize(None)


def with_x(frame: pd.DataFrame, grain: Grain) -> pd.DataFrame:
    """A copy with ``x`` and ``x_end``, and ``x_onset`` where there is an onset."""
    more = {"x": to_x(frame["window_start"], grain), "x_end": to_x(frame["window_end"], grain)}
    if "onset" in frame:
        more["x_onset"] = to_x(frame["onset"], grain)
    return frame.assign(**more)


def _mark(measured: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    keys = ["monitor", "metric", "feature", "window_start"]
    marks = found[[*keys, "severity", "state", "message", "incident"]].drop_duplicates(keys)
    return measured.merge(marks, on=keys, how="left")


def _caption(current: Config, seen: Seen, kept: dict[str, Any], low: int, high: int) -> Caption:
    shown = (seen.cube.ends > low) & (seen.cube.starts < high)
    rows = int(seen.cube.rows[shown].sum())
    labelled = (
        int(seen.cube.column(0).by_outcome[shown].sum()) if len(seen.bins.columns) and seen.bins.classes else None
    )
    grain = seen.grain
    zone = f" ({grain.timezone})" if grain.kind == "calendar" else ""
    segment = f", {seen.cube.segment}" if seen.cube.segment else ""
    until = kept.get("observed_until")
    return Caption(
        model=current.model.name, reference=seen.words, window=f"windows of {grain.size}{zone}{segment}", n=rows,
        labels_pending=None if labelled is None else rows - labelled,
        as_of=moment(until, grain) if until is not None else "", version=package_version(),
        config_hash=str(kept.get("config_hash", "")), synthetic="synthetic" in current.model.name.lower(),
    )  # fmt: skip


def moment(at: int, grain: Grain) -> str:
    """An instant for people."""
    stamp = pd.Timestamp(at, unit="us", tz="UTC").tz_convert(grain.timezone)
    return f"{stamp:%Y-%m-%d %H:%M} {grain.timezone}"


def package_version() -> str:
    """Driftmeter's version; empty when it runs from a folder that was never installed."""
    try:
        return version("driftmeter")
    except PackageNotFoundError:
        return ""


def grain_sizes(path: str) -> list[str]:
    """Grains that can be looked at, finest first."""
    current = config(path)
    return [grain.size for grain in grains(store(current.store.url), current.model.name)]


def segments(path: str) -> list[str]:
    """Segments that can be looked at, all rows (``""``) first."""
    current = config(path)
    return [name for name in store(current.store.url).segments(current.model.name) if not name.startswith("#")]
