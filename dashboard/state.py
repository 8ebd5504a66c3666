"""The sidebar: which model is looked at and how. All of it stands in the URL, so that a link is the view."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from dashboard import data
from dashboard.views import common
from monitors.errors import UserError
from monitors.views import CONFIGURED, Look
from monitors.windows import Grain, instant

NAMES = {"1h": "hour", "1d": "day", "1w": "week", "1mo": "month", "3mo": "quarter", "12mo": "year"}
"""What a grain is called; other sizes are called by themselves."""

AS_CONFIGURED, CUSTOM = "as configured", "custom range"
PREVIOUS = "previous 8 windows"
SEASONS = {"1d": "same weekday of 4 weeks", "1h": "same hour and weekday of 4 weeks"}
PERIODS = {"all": None, "last 4 windows": 4, "last 12 windows": 12, "last 52 windows": 52, "custom range": None}

ROLLING_AT_MOST = 120
"""Windows up to which a rolling reference is offered: it measures each window against its own past, one by one."""


@dataclass(frozen=True)
class View:
    """What the sidebar says.

    Attributes
    ----------
    path : of the model's configuration
    look : None where the store has nothing to look at
    start, end, last : the period, as `data.page` takes it
    problem : why there is nothing to look at, in a sentence
    """

    path: str
    look: Look | None
    start: int | None = None
    end: int | None = None
    last: int | None = None
    problem: str = ""


def models(paths: Sequence[str]) -> dict[str, str]:
    """Names of the models, each with its configuration's path; the folder is named where two have the same name."""
    named: dict[str, list[str]] = {}
    for path in paths:
        try:
            name = data.config(path).model.name
        except UserError:
            name = Path(path).name  # what is wrong with it is said once it is chosen
        named.setdefault(name, []).append(path)
    out: dict[str, str] = {}
    for name, same in named.items():
        for path in same:
            label = name if len(same) == 1 else f"{name} ({Path(path).parent.name})"
            out[label if label not in out else f"{name} ({path})"] = path
    return out


def sidebar() -> View:
    """Draw the sidebar, and say what it holds."""
    with st.sidebar:
        choices = models(data.config_paths())
        path = choices[_choice("Model", "model", list(choices))]
        try:
            return _look(path)
        except UserError as error:
            return View(path, None, problem=str(error))


def _look(path: str) -> View:
    data.known(path)
    sizes = {NAMES.get(size, size): size for size in data.grain_sizes(path)}
    size = sizes[_choice("Windows of", "grain", list(sizes))]
    grain = Grain.parse(size, data.finest(path).timezone)
    starts = data.starts(path, size)
    offered = [AS_CONFIGURED]
    if len(starts) <= ROLLING_AT_MOST:
        offered += [PREVIOUS, *([SEASONS[size]] if size in SEASONS else [])]
    compared = _choice("Compared with", "reference", [*offered, CUSTOM], help=_REFERENCE)
    reference = CONFIGURED
    if compared == PREVIOUS:
        reference = "previous 8"
    elif compared in SEASONS.values():
        reference = "season 1w 4"
    elif compared == CUSTOM:
        first, last = _range("reference", grain, starts, until=max(0, len(starts) // 2 - 1))
        reference = f"{first}..{last}"
    named = {segment or "all rows": segment for segment in data.segments(path)}
    segment = (
        named[_choice("Segment", "segment", list(named))] if len(named) > 1 or st.query_params.get("segment") else ""
    )
    period = _choice("Period", "period", list(PERIODS))
    wanted = Look(size, reference, segment)
    if period == CUSTOM:
        begin, until = _range("period", grain, starts, until=len(starts) - 1)
        if grain.kind == "rows":
            return View(path, wanted, int(begin), int(until) + 1)
        return View(path, wanted, instant(begin, grain.timezone), instant(until, grain.timezone, end=True))
    return View(path, wanted, last=PERIODS[period])


_REFERENCE = "What every window is compared with. Windows of the reference itself are measured and shown, not judged."


def _choice(label: str, key: str, options: list[str], help: str | None = None) -> str:  # noqa: A002 (Streamlit's word)
    """A select box whose value stands in the URL under `key`; a value that there is not gives way to the first."""
    asked = st.query_params.get(key) or st.session_state.get(key)
    if asked is not None and asked not in options:
        common.noted(f"There is no {key} “{asked}” here: “{options[0]}” is shown.")
        st.session_state[key] = options[0]
    return st.selectbox(label, options, key=key, bind="query-params", help=help)


def _range(key: str, grain: Grain, starts: np.ndarray, until: int) -> tuple[Any, Any]:
    """First and last day (ISO text) or row number of a range; the first windows up to `until` unless said otherwise."""
    if grain.kind == "rows":
        return _rows(key, int(starts[0]), grain.end(int(starts[-1])) - 1, grain.end(int(starts[until])) - 1)
    low, high = _day(int(starts[0]), grain), _day(grain.end(int(starts[-1])) - 1, grain)
    return _days(key, low, high, _day(grain.end(int(starts[until])) - 1, grain))


def _day(at: int, grain: Grain) -> dt.date:
    return dt.date.fromisoformat(str(grain_day(grain).iso(at))[:10])


def grain_day(grain: Grain) -> Grain:
    """Days in a grain's time zone."""
    return Grain("calendar", "1d", grain.timezone)


def _days(key: str, low: dt.date, high: dt.date, until: dt.date) -> tuple[str, str]:
    for name in (f"{key}_from", f"{key}_to"):
        asked = st.query_params.get(name)
        if asked and not _is_day(asked, low, high):
            common.noted(f"There is no {name.replace('_', ' ')} “{asked}”: give a day from {low} to {high}.")
    begin = st.date_input(
        f"{key.capitalize()} from", low, low, high, key=f"{key}_from", bind="query-params", format="YYYY-MM-DD"
    )
    end = st.date_input(
        f"{key.capitalize()} to", until, low, high, key=f"{key}_to", bind="query-params", format="YYYY-MM-DD"
    )
    return _ordered(key, begin, end)


def _is_day(text: str, low: dt.date, high: dt.date) -> bool:
    try:
        return low <= dt.date.fromisoformat(text) <= high
    except ValueError:
        return False


def _rows(key: str, low: int, high: int, until: int) -> tuple[str, str]:
    begin = st.number_input(f"{key.capitalize()} from row", low, high, low, key=f"{key}_from", bind="query-params")
    end = st.number_input(f"{key.capitalize()} to row", low, high, until, key=f"{key}_to", bind="query-params")
    return _ordered(key, begin, end)


def _ordered(key: str, begin: Any, end: Any) -> tuple[str, str]:
    if begin > end:
        raise UserError(f"the {key} begins at {begin} and ends at {end}: its beginning must come first.")
    return str(begin), str(end)
