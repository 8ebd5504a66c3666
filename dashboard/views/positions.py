"""What a place on the page is worth, where the log says at which position rows were shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.changes import with_changes
from dashboard.charts.position import position_curve
from dashboard.charts.series import series
from dashboard.charts.text import number, period
from dashboard.charts.timeline import records
from dashboard.data import Page
from dashboard.views import common
from dashboard.views.feature_charts import course
from dashboard.views.one_window import caption_of
from monitors.position import curve, place_names
from monitors.profile.cube import Cube
from monitors.statistics.intervals import mean_interval, wilson


def positions(page: Page, window: dict[str, Any], outcome: str) -> None:
    """The outcome curve of the window looked into, and how far curves lay from the reference's over time."""
    rows = page.metric("concept", "position_curve")
    if rows.empty:
        return  # the log has no positions or no labels
    name = page.config.logs.position or "position"
    st.subheader(f"Outcome by {common.safe(name)}", anchor=False)
    st.caption(
        "Relations of features, below, are compared at the window's own positions and by its own curve: another layout "
        "is no other relevance."
    )
    left, right = st.columns(2)
    start = int(window["window_start"])
    frame = by_position(page, start)
    labelled = float(frame["n"].sum())
    with left:
        figure = position_curve(
            frame, title=_title(rows[rows["window_start"] == start], window), outcome=outcome,
            caption=caption_of(page, window, labelled, labelled), mode=common.mode(), width=480,
            unit="number" if page.seen.bins.task == "regression" else "share",
        )  # fmt: skip
        common.chart(figure, "position-curve")
    with right:
        quiet = rows.assign(band_low=np.nan, low=np.nan, high=np.nan)
        figure = series(
            quiet, title=f"The curve {course(rows, 'left its quiet range', 'has kept its shape', 'the curve')}",
            caption=page.caption, y="distance from the reference's curve", zero=True,
            events=with_changes(page.events, quiet), mode=common.mode(), width=480,
        )  # fmt: skip
        common.picking(figure, "position-distance")


def by_position(page: Page, start: int) -> pd.DataFrame:
    """The curve of the window at `start` and that of its reference, positions that no row had left out.

    Returns
    -------
    `label`, `reference_rate`, `rate`, `low`, `high`, `n` (labelled rows)
    """
    seen = page.seen
    past = seen.reference
    if seen.plan.rolls:
        have = [int(s) for s, rows in zip(seen.cube.starts, seen.cube.rows, strict=True) if rows > 0]
        past = seen.cube.select(np.isin(seen.cube.starts, seen.plan.of(start, have, seen.grain)))
    now, before = (_summed(cube) for cube in (seen.cube.select(seen.cube.starts == start), past))
    if seen.bins.task == "regression":
        estimate = mean_interval(now[1], now[2], now[0])
    else:
        estimate = wilson(now[1], now[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        frame = pd.DataFrame({
            "label": place_names(seen.bins), "reference_rate": before[1] / before[0], "rate": estimate.value,
            "low": estimate.low, "high": estimate.high, "n": now[0],
        })  # fmt: skip
    return frame[(now[0] > 0) | (before[0] > 0)].reset_index(drop=True)


def _summed(cube: Cube) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labelled rows, their outcomes (of several classes the last) and squares, by position."""
    found = curve(cube)
    if found is None:
        nothing = np.zeros(len(place_names(cube.bins)))
        return nothing, nothing, nothing
    return found.n.sum(axis=0), found.total[..., -1].sum(axis=0), found.square.sum(axis=0)


def _title(rows: pd.DataFrame, window: dict[str, Any]) -> str:
    row = records(rows)[0] if len(rows) else {}
    when = period(window["x"], window["x_end"])
    if not np.isfinite(row.get("value", np.nan)):
        return f"The outcome by position is not known for {when}"
    if isinstance(row.get("severity"), str) and isinstance(row.get("detail"), str):
        told = row["detail"].replace("all values: the outcome follows them", "the outcome follows position")
        return f"The curve has moved: {told}" if told.startswith("the ") else f"The curve has moved, most at {told}"
    return f"The curve lies {number(row['value'])} from the reference's ({when})"
