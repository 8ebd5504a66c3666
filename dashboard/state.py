"""The sidebar: which model is looked at and how. All of it stands in the URL, so that a link is the view."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from dashboard import data
from dashboard.views.common import safe
from monitors.errors import UserError
from monitors.views import CONFIGURED, Look
from monitors.windows import Grain, instant

NAMES = {"1h": "hour", "1d": "day", "1w": "week", "1mo": "month", "3mo": "quarter", "12mo": "year"}
"""What a grain is called; other sizes are called by themselves."""

AS_CONFIGURED, CUSTOM = "as configured", "custom range"
PREVIOUS = "previous 8 windows"
SEASONS = {"1d": "same weekday of 4 weeks", "1h": "same hour and weekday of 4 weeks"}
PERIODS = {"all": None, "last 4": 4, "last 12": 12, "last 52": 52, "range": None}

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
    segments = data.segments(path)
    segment = ""
    if len(segments) > 1:
        named = {segment or "all rows": segment for segment in segments}
        segment = named[_choice("Segment", "segment", list(named))]
    period = _choice("Period", "period", list(PERIODS), format_func=lambda p: f"{p} windows" if p.startswith("last") else p)
    wanted = Look(size, reference, segment)
    if period == "range":
        begin, until = _range("period", grain, starts, until=len(starts) - 1)
        if grain.kind == "rows":
            return View(path, wanted, int(begin), int(until) + 1)
        return View(path, wanted, instant(begin, grain.timezone), instant(until, grain.timezone, end=True))
    return View(path, wanted, last=PERIODS[period])


_REFERENCE = "What every window is compared with. Windows of the reference itself are measured and shown, not judged."


def _choice(
    label: str, key: str, options: list[str], help: str | None = None,  # noqa: A002 (Streamlit's word)
    format_func: Callable[[str], str] = str,
) -> str:  # fmt: skip
    """A select box whose value stands in the URL under `key`; a value that there is not gives way to the first."""
    asked = st.query_params.get(key) or st.session_state.get(key)
    if asked is not None and asked not in {*options, *map(format_func, options)}:
        noted(f"The link asks for {label.lower()} “{asked}”, which this model does not have: “{format_func(options[0])}” is shown.")
        st.session_state[key] = options[0]
    return st.selectbox(label, options, key=key, bind="query-params", help=help, format_func=format_func)


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
    left, right = st.columns(2)
    for name in (f"{key}_from", f"{key}_to"):
        asked = st.query_params.get(name)
        if asked and not _is_day(asked, low, high):
            noted(f"The link asks for {name.replace('_', ' ')} “{asked}”, which is no day between {low} and {high}.")
    begin = left.date_input("from", low, low, high, key=f"{key}_from", bind="query-params", format="YYYY-MM-DD")
    end = right.date_input("to", until, low, high, key=f"{key}_to", bind="query-params", format="YYYY-MM-DD")
    return _ordered(key, begin, end)


def _is_day(text: str, low: dt.date, high: dt.date) -> bool:
    try:
        return low <= dt.date.fromisoformat(text) <= high
    except ValueError:
        return False


def _rows(key: str, low: int, high: int, until: int) -> tuple[str, str]:
    left, right = st.columns(2)
    begin = left.number_input("from row", low, high, low, key=f"{key}_from", bind="query-params")
    end = right.number_input("to row", low, high, until, key=f"{key}_to", bind="query-params")
    return _ordered(key, begin, end)


def _ordered(key: str, begin: Any, end: Any) -> tuple[str, str]:
    if begin > end:
        raise UserError(f"the {key} begins at {begin} and ends at {end}: its beginning must come first.")
    return str(begin), str(end)


def noted(sentence: str) -> None:
    """Remember a sentence that the page is to show above itself."""
    st.session_state.setdefault("_notes", []).append(sentence)


def show_notes() -> None:
    """Show what was noted in this run, once."""
    for sentence in dict.fromkeys(st.session_state.pop("_notes", [])):
        st.warning(safe(sentence), icon=":material/link_off:")
