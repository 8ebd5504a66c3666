"""When a measured series took a new level: the rules that charts of it draw, and the words for them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dashboard.charts.text import count, hours, moment
from dashboard.charts.timeline import is_rows
from monitors.statistics.changepoints import Change, changes
from monitors.statistics.intervals import normal_quantile

_WIDEST = 0.2
"""A date that may lie anywhere in a larger part of the windows is none."""


def dated(rows: pd.DataFrame) -> pd.DataFrame:
    """Lasting changes of a series' level that reach its judged windows, as charts want events.

    In a series that was judged, a change is told where a window on either side of it was found strange: what quiet
    windows do is habit.

    Parameters
    ----------
    rows : one metric by window in order of time, as ``Page.metric`` gives it; where ``mature`` is False it is left out

    Returns
    -------
    `x` (start of the first window), `label` ("changed 12 Mar 2015 ±2 days"), `kind`
    """
    found = _changes(rows)
    return pd.DataFrame(
        [{"x": rows["x"].iloc[change.at], "label": when(rows, change), "kind": "changed"} for change in found],
        columns=["x", "label", "kind"],
    )  # fmt: skip


def with_changes(events: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Events of a chart, and the dates of its own series."""
    found = dated(rows)
    if found.empty:
        return events
    return pd.concat([events[["x", "label", "kind"]], found], ignore_index=True) if len(events) else found


def last_change(rows: pd.DataFrame) -> str:
    """The latest date in words, "" where there is none."""
    found = _changes(rows)
    return when(rows, found[-1]) if found else ""


def when(rows: pd.DataFrame, change: Change) -> str:
    """A date and how sure it is: "changed 12 Mar 2015 ±2 days"."""
    begins = rows["x"]
    off = max(begins.iloc[change.at] - begins.iloc[change.low], begins.iloc[change.high] - begins.iloc[change.at])
    if is_rows(rows):
        about = f" ±{count(off)} rows" if off else ""
    else:
        about = f" ±{hours(off.total_seconds() / 3600)}" if off else ""
        about = " ±1 day" if about == " ±24 h" else about
    return f"changed {moment(begins.iloc[change.at])}{about}"


def _changes(rows: pd.DataFrame) -> list[Change]:
    values = rows["value"].to_numpy(float)
    if "mature" in rows:
        values = np.where(rows["mature"].to_numpy(bool), values, np.nan)
    errors = (rows["high"] - rows["low"]).to_numpy(float) / (2 * normal_quantile())
    found, inside = changes(values, errors), rows["reference"].to_numpy(bool)
    bounds = [0, *(change.at for change in found), len(rows)]
    strange = rows["severity"].notna().to_numpy()
    if "p_value" in rows and rows["p_value"].isna().all():
        strange = np.ones(len(rows), bool)  # nobody judges it
    widest = max(_WIDEST * len(rows), 4)
    return [
        change
        for i, change in enumerate(found)
        if not inside[change.high] and change.high - change.low <= widest and strange[bounds[i] : bounds[i + 2]].any()
    ]
