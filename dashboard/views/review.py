"""The week on one screen: what needs attention, in the shape of a slide."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import frames, reported
from dashboard.charts.frame import Caption
from dashboard.charts.review import review
from dashboard.charts.timeline import records
from dashboard.data import Page
from dashboard.views import common
from dashboard.views.common import counted
from dashboard.weeks import Span, numbers, spans
from monitors.sentences import brief

TITLE = "Review"
ICON = ":material/slideshow:"

TOLD = 12
"""Incidents listed under the slide."""


def show(page: Page) -> None:
    """Tiles, the slide, and the incidents behind it."""
    left, right = st.columns([2, 3], vertical_alignment="center")
    with left:
        week = _chosen(spans(page))
    right.caption("The camera in the slide's upper right corner saves it as a picture, 16:9.", text_alignment="right")
    incidents = incidents_of(page, week)
    for place, tile in zip(st.columns(4), numbers(page, week), strict=True):
        label = common.safe(tile.label)
        place.metric(label, tile.value, tile.due, border=True, delta_color="off", delta_arrow="off")
    common.chart(slide(page, week, incidents), "review", fixed=True)
    _behind(page, incidents)


def _chosen(weeks: list[Span]) -> Span:
    labels = {week.label: week for week in weeks}
    asked = st.query_params.get("week")
    if asked and asked not in labels:
        common.noted(f"There is no week “{asked}” in the period shown: the latest is reviewed.")
    look: dict[str, Any] = {"key": "week", "bind": "query-params", "label_visibility": "collapsed", "width": 280}
    return labels[st.selectbox("Reviewed", list(labels), **look)]


def incidents_of(page: Page, week: Span) -> pd.DataFrame:
    """The incidents of a week as they stood at its end, worst first."""
    windows = page.windows[page.windows["window_start"] < week.end]
    latest = int(windows["window_start"].iloc[-2:].iloc[0])
    every = reported.runs(page.told[page.told["window_start"] < week.end], latest)
    first = windows.loc[windows["window_start"] >= week.start, "x"].iloc[0]
    # the table of incidents tells them as they stand at the end of the log
    stored = page.incidents if week.end >= page.seen.cube.ends[-1] else None
    found = reported.incidents(every[every["x_last"] >= first], since=week.start, stored=stored)
    return found if stored is None else reported.with_titles(found, stored)


def headline(incidents: pd.DataFrame, words: str) -> str:
    """What needs attention, the worst first, in a sentence."""
    alerts = incidents[incidents["severity"] == "alert"]
    is_open = alerts["is_open"].astype(bool)
    now, gone = alerts[is_open], alerts[~is_open]
    if len(now):
        new = int(now["is_new"].sum())
        told = "" if not new else ", new" if new == len(now) else f", {new} of them new"
        after = f"; {len(gone)} more came and went" if len(gone) else ""
        return f"{counted(len(now), 'incident needs', 'incidents need')} attention{told}: {_short(now)}{after}"
    if len(gone):
        return f"Nothing is open; {counted(len(gone), 'incident', 'incidents')} came and went {words}: {_short(gone)}"
    if len(incidents):
        things = counted(len(incidents), "thing is", "things are")
        return f"No alert {words}; {things} worth a look: {_short(incidents)}"
    return f"All quiet {words}: every measurement stayed within its quiet range"


def _short(incidents: pd.DataFrame, most: int = 2) -> str:
    told = [common.clause(row) for row in records(incidents.head(most))]
    more = len(incidents) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")


def slide(page: Page, week: Span, incidents: pd.DataFrame) -> go.Figure:
    """The slide of a week."""
    metric = frames.leading_metric(page.measured)
    course = frames.performance(page, metric) if metric else None
    found = page.told[page.told["window_start"] < week.end]
    if page.as_run:  # of segments alerts alone: what is to watch in one of many would hide the rest
        found = found[found["segment"].isna() | (found["severity"] == "alert")]
    windows = page.windows[page.windows["window_start"] < week.end]
    inside = windows[windows["window_start"] >= week.start]
    return review(
        _ranked(found, incidents),
        course[course["window_start"] < week.end] if course is not None else None,
        windows,
        title=headline(incidents.assign(segment=None) if page.look.segment else incidents, week.words),
        caption=_caption(page, week, inside),
        since=inside["x"].iloc[0],
        metric=frames.PERFORMANCE[metric][0] if metric else "Performance",
        period=week.words,
        mode=common.mode(),
        width=1080,
    )


_IDENTITY = ["incident", "monitor", "metric", "feature", "segment", "window_start"]


def _ranked(found: pd.DataFrame, incidents: pd.DataFrame) -> pd.DataFrame:
    """Findings whose `effect` is the order in which incidents are told: the chart tells the greatest first.

    The finding that speaks for an incident has the incident's sentence, as much of it as a slide has room for.
    """
    order = {name: len(incidents) - i for i, name in enumerate(incidents["incident"])}
    leads = dict(zip(_keys(incidents), map(brief, incidents["message"]), strict=True))
    keys = _keys(found)
    effects = [order.get(key[0], 0) + (0.5 if key in leads else 0.0) for key in keys]
    messages = [leads.get(key, said) for key, said in zip(keys, found["message"], strict=True)]
    return found.assign(effect=effects, message=messages)


def _keys(rows: pd.DataFrame) -> list[tuple[Any, ...]]:
    return list(rows[_IDENTITY].fillna({"feature": "", "segment": ""}).itertuples(index=False, name=None))


def _caption(page: Page, week: Span, inside: pd.DataFrame) -> Caption:
    pending = None
    if page.caption.labels_pending is not None:
        came = page.metric("concept", "labelled_share")
        came = came[(came["window_start"] >= week.start) & (came["window_start"] < week.end)]
        pending = round(float((came["n"] * (1 - came["value"])).sum()))
    kind = page.caption.window.partition(",")[0]
    return page.text(n=int(inside["rows"].sum()), labels_pending=pending, window=f"{kind}, {week.label}")


def _behind(page: Page, incidents: pd.DataFrame) -> None:
    """The incidents as sentences with the course of the number behind them."""
    if incidents.empty:
        return
    st.subheader("What is behind it", anchor=False)
    rows = reported.trends(page, incidents.head(TOLD))
    chosen = common.finding_table(rows, "review-incidents", ("status", "since", "feature", "what", "trend"))
    if len(incidents) > TOLD:
        st.caption(f"{len(incidents) - TOLD} more stand on the Overview.")
    common.follow(rows, chosen)
