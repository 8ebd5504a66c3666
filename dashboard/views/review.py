"""The week on one screen: what needs attention, in the shape of a slide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import data, reported
from dashboard.charts.review import review
from dashboard.charts.text import count, moment, number, period, share
from dashboard.charts.timeline import records
from dashboard.data import Page
from dashboard.views import common
from dashboard.views.common import quoted
from monitors.errors import UserError
from monitors.views import Look
from monitors.windows import Grain

TITLE = "Review"
ICON = ":material/slideshow:"


def show(page: Page) -> None:
    """Headline, tiles, the slide, and the incidents behind it."""
    weeks = spans(page)
    week = _chosen(weeks)
    within = page.told[(page.told["window_start"] < week.end) & (page.told["window_end"] > week.start)]
    incidents = reported.incidents(within, since=week.start)
    _tiles(page, week)
    common.chart(slide(page, week, incidents), "review")
    _incidents(page, week, incidents)


# ----- which week ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """The reviewed windows: a week of finer ones, else a single one."""

    start: int
    end: int
    label: str
    words: str


def spans(page: Page) -> list[Span]:
    """What can be reviewed, the latest first: calendar weeks of hours and days, else single windows."""
    grain, shown = page.seen.grain, page.windows
    fine = grain.kind == "calendar" and grain.unit in ("h", "d") and grain.size != "1w"
    if not fine:
        words = {"w": "this week", "mo": "this month"}.get(grain.unit, "in this window") if grain.count == 1 else "in this window"
        return [
            Span(int(a), int(b), period(x, x_end), words)
            for a, b, x, x_end in zip(shown["window_start"], shown["window_end"], shown["x"], shown["x_end"], strict=True)
        ][::-1]
    week = Grain("calendar", "1w", grain.timezone)
    begins = np.unique(week.starts(shown["window_start"].to_numpy()))
    ends = week.ends(begins)
    bounds = [data.to_x(pd.Series(side), grain) for side in (begins, ends)]
    return [
        Span(int(a), int(b), period(x, x_end), "this week") for a, b, x, x_end in zip(begins, ends, *bounds, strict=True)
    ][::-1]


def _chosen(weeks: list[Span]) -> Span:
    labels = {week.label: week for week in weeks}
    asked = st.query_params.get("week")
    if asked and asked not in labels:
        st.warning(common.safe(f"The link asks for “{asked}”, which is not in the period shown: the latest is."))
    chosen = st.selectbox("Reviewed", list(labels), key="week", bind="query-params", label_visibility="collapsed", width=280)
    return labels[chosen or weeks[0].label]
