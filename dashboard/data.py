"""What pages ask the store for, kept in memory until the store changes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
import streamlit as st

from dashboard.captions import caption
from dashboard.charts.frame import Caption
from dashboard.charts.text import period
from monitors.cards import Card
from monitors.cli.serve import CONFIGS
from monitors.config import Config
from monitors.errors import UserError
from monitors.store import Store
from monitors.underpowered import mark
from monitors.views import CONFIGURED, Look, Seen, grains, look, missing_cards
from monitors.windows import Grain

# ----- what is stored, and where ------------------------------------------------------------------------------------


def config_paths() -> list[str]:
    """Configurations that this dashboard shows."""
    given = [path for path in os.environ.get(CONFIGS, "").split(os.pathsep) if path]
    return given or [str(Path("driftmeter.toml").resolve())]


@st.cache_resource(show_spinner=False, max_entries=64)
def _config(path: str, modified: int) -> Config:  # noqa: ARG001 -- a key; with a leading underscore it would be none
    return Config.load(path)


def config(path: str) -> Config:
    """A configuration, read again when its file changes."""
    return _config(path, _modified(path))


def _modified(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


@st.cache_resource(show_spinner=False, max_entries=64)
def _store(url: str, identity: int) -> Store:  # noqa: ARG001
    return Store.open(url, read_only=True)


def changed(path: str) -> int:
    """When a configuration was last written, for what is kept until it changes."""
    return _modified(path)


def store(url: str) -> Store:
    """A store, opened once, for reading; again when another file has come in its place."""
    file = sa.make_url(url).database if url.startswith("sqlite") else None
    try:
        return _store(url, os.stat(file).st_ino if file else 0)
    except FileNotFoundError:
        return Store.open(url, read_only=True)  # says what is missing


def row(path: str) -> dict[str, Any] | None:
    """The model's row in its store; None before the first run."""
    current = config(path)
    return store(current.store.url).model(current.model.name)


def known(path: str) -> dict[str, Any]:
    """The model's row in its store.

    Raises
    ------
    UserError
        before the first run
    """
    found = row(path)
    if found is None:
        raise UserError(
            f'the store has no model "{config(path).model.name}" yet: run `driftmeter run -c {path}` first.'
        )
    return found


def finest(path: str) -> Grain:
    """The store's own grain."""
    kept = known(path)
    return Grain.parse(kept["grain_size"], kept["timezone"])


def grain_sizes(path: str) -> list[str]:
    """Grains that can be looked at, finest first."""
    current = config(path)
    return [grain.size for grain in grains(store(current.store.url), current.model.name)]


def segments(path: str) -> list[str]:
    """Segments that can be looked at, all rows (``""``) first."""
    current = config(path)
    return [name for name in store(current.store.url).segments(current.model.name) if not name.startswith("#")]


def starts(path: str, size: str) -> np.ndarray:
    """Starts of the windows of a size that have rows, ascending; shape (W,), int64."""
    current, fine = config(path), finest(path)
    own = np.array(sorted(store(current.store.url).starts(current.model.name)), np.int64)
    return own if size == fine.size else np.unique(fine.regroup(own, Grain.parse(size, fine.timezone)))


# ----- a page's data ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """What every page gets: a model, a way of looking at it, and the period shown.

    Attributes
    ----------
    seen : everything measured, of all windows; do not change it
    measured, found : of the period shown, with ``x`` and ``x_end`` (datetimes in the windows' zone without it, or row
        numbers); ``measured`` also has the finding's ``severity``, ``state``, ``message`` and ``incident``, if any, and
        ``smallest_shift`` and ``underpowered`` of ``monitors.underpowered``
    all_found : findings of all segments as the store has them (finest grain, configured reference), with the same two
    incidents : with ``x_onset`` and ``x`` (the last window), those that touch the period
    events : with ``x``, ``label``, ``kind``
    start, end : the period, end exclusive
    as_run : the look is the one of ``driftmeter run``: all rows, finest grain, configured reference
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
    as_run: bool = False

    @property
    def features(self) -> list[str]:
        """Names of the features."""
        return [column.name for column in self.seen.bins.features]

    @property
    def windows(self) -> pd.DataFrame:
        """The windows shown: ``window_start``, ``window_end``, ``x``, ``x_end``, ``reference``, ``rows``."""
        cube = self.seen.cube
        shown = (cube.ends > self.start) & (cube.starts < self.end)
        plan = self.seen.plan
        # with a reference that rolls, the windows that have none yet are shown and not judged
        first = cube.starts[~np.isin(cube.starts, list(plan.references))]
        inside = np.isin(cube.starts, first if plan.rolls else self.seen.reference.starts)
        frame = pd.DataFrame(
            {"window_start": cube.starts, "window_end": cube.ends, "reference": inside, "rows": cube.rows}
        )
        return with_x(frame[shown].reset_index(drop=True), self.seen.grain)

    @property
    def latest(self) -> int:
        """Start of the last window but one: what was not seen since is over."""
        return int(self.windows["window_start"].iloc[-2:].iloc[0])

    @property
    def told(self) -> pd.DataFrame:
        """The findings to list: those of segments too where the look is that of ``driftmeter run``."""
        return self.all_found if self.as_run else self.found

    def metric(self, monitor: str, metric: str, feature: str | None = None) -> pd.DataFrame:
        """Measurements of one metric in the period shown, in order of time."""
        rows = self.measured[(self.measured["monitor"] == monitor) & (self.measured["metric"] == metric)]
        rows = rows[rows["feature"] == feature] if feature is not None else rows
        return rows.sort_values(["window_start"], kind="stable")

    def text(self, **changes: Any) -> Caption:
        """The caption with other facts."""
        return replace(self.caption, **changes)


def page(path: str, wanted: Look, start: int | None = None, end: int | None = None, last: int | None = None) -> Page:
    """Everything a page shows.

    Parameters
    ----------
    start, end : bounds of the period, end exclusive; None is open
    last : only so many windows before the end

    Raises
    ------
    UserError
        when there is no run yet, the look has no windows, or the period holds none
    """
    with _at_once(path) as (base, kept):
        return _page(path, _modified(path), int(kept["version"]), wanted, start, end, last, base, kept)


@contextmanager
def _at_once(path: str) -> Iterator[tuple[Store, dict[str, Any]]]:
    """The store and the model's row at one moment: a run may end between two questions."""
    kept = known(path)
    with store(config(path).store.url).snapshot() as base:
        yield base, base.model(kept["model"]) or kept


@st.cache_resource(show_spinner="Measuring…", max_entries=48)
def _look(path: str, changed: int, kept_version: int, wanted: Look, _base: Store) -> Seen:  # noqa: ARG001
    return look(_base, config(path), wanted)


def cards(path: str, wanted: Look) -> list[Card]:
    """A card for each thing that went missing in a look, over the whole log."""
    with _at_once(path) as (base, kept):
        return _cards(path, _modified(path), int(kept["version"]), wanted, base)


@st.cache_resource(show_spinner=False, max_entries=48)
def _cards(path: str, changed: int, kept_version: int, wanted: Look, _base: Store) -> list[Card]:
    return missing_cards(_base, config(path), _look(path, changed, kept_version, wanted, _base), wanted)


@st.cache_resource(show_spinner=False, max_entries=48)
def _page(
    path: str, changed: int, kept_version: int, wanted: Look, start: int | None, end: int | None, last: int | None,
    _base: Store, _kept: dict[str, Any],
) -> Page:  # fmt: skip
    current, base, kept = config(path), _base, _kept
    seen = _look(path, changed, kept_version, wanted, base)
    grain, fine = seen.grain, Grain.parse(kept["grain_size"], kept["timezone"])
    low, high = _bounds(seen, start, end, last)
    as_run = wanted == Look(fine.size, CONFIGURED, "")
    everywhere = with_x(_within(base.findings(current.model.name), low, high), fine)
    found = everywhere[everywhere["segment"].isna()] if as_run else with_x(_within(seen.found, low, high), grain)
    incidents = base.incidents(current.model.name) if as_run else seen.incidents
    incidents = incidents[(incidents["last_window"] >= low) & (incidents["onset"] < high)]
    incidents = incidents.assign(x_onset=to_x(incidents["onset"], grain), x=to_x(incidents["last_window"], grain))
    events = base.events(current.model.name)
    events = events[(events["at"] >= low) & (events["at"] < high)]
    events = events.assign(x=to_x(events["at"], grain), label=events["text"])
    measured = _mark(with_x(_within(seen.measured, low, high), grain), found)
    measured = mark(measured, current.alerts.sizes_that_matter())
    return Page(
        path, current, wanted, seen, measured, found, everywhere, incidents, events, low, high,
        caption(current, seen, kept, low, high, period(*to_x(pd.Series([low, high]), grain))), as_run,
    )  # fmt: skip


def _bounds(seen: Seen, start: int | None, end: int | None, last: int | None) -> tuple[int, int]:
    """The period in whole windows."""
    cube = seen.cube
    low = int(cube.starts[0]) if start is None else start
    high = int(cube.ends[-1]) if end is None else end
    inside = np.flatnonzero((cube.ends > low) & (cube.starts < high))
    if not len(inside):
        first, final = seen.grain.label(int(cube.starts[0])), seen.grain.label(int(cube.starts[-1]))
        raise UserError(f"the period chosen holds no window: the log runs from {first} to {final}.")
    first_shown = inside[0] if last is None else inside[max(0, len(inside) - last)]
    return int(cube.starts[first_shown]), int(cube.ends[inside[-1]])


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
