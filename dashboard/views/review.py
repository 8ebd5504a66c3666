"""The week on one screen: what needs attention, in the shape of a slide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import data, frames, reported
from dashboard.charts.frame import Caption
from dashboard.charts.review import review
from dashboard.charts.text import count, cut, number, period, share
from dashboard.charts.timeline import records
from dashboard.data import Page
from dashboard.views import common
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


# ----- numbers ------------------------------------------------------------------------------------------------------


def _weekly(page: Page, week: Span) -> tuple[Page, int]:
    """The week as one window of its own where it can be measured so, else its last window; the page and that window's start."""
    grain = page.seen.grain
    if grain.end(week.start) != week.end and not page.seen.plan.rolls:
        try:
            whole = data.page(page.path, Look("1w", page.look.reference, page.look.segment))
        except UserError:  # the reference is shorter than a week
            pass
        else:
            return whole, week.start
    inside = page.windows[page.windows["window_start"] < week.end]
    return page, int(inside["window_start"].iloc[-1])


def _tiles(page: Page, week: Span) -> None:
    """Performance, rows, labels, drift: each with what was to be expected and its course."""
    whole, at = _weekly(page, week)
    over = page.seen.cube.facts[-1].get("last") is None or week.end <= int(page.seen.cube.ends[-1])
    places = st.columns(4)
    metric = frames.leading_metric(whole.measured)
    with places[0]:
        if metric is None:
            st.metric("Performance", "–", "no labels, no scores", **_PLAIN)
        else:
            rows = frames.performance(whole, metric)
            rows = rows[rows["window_start"] <= at]
            now = rows.iloc[-1]
            word = frames.PERFORMANCE[metric][0]
            due = f"expected {number(now['expected'])}" if np.isfinite(now["expected"]) else "no expectation without scores"
            _tile(f"{word}, realised", number(now["value"]) if now["mature"] else "labels pending", due, rows["value"])
    with places[1]:
        rows = whole.metric("integrity", "rows")
        rows = rows[rows["window_start"] <= at]
        now = rows.iloc[-1]
        due = f"{count(now['expected'])} expected" if over else "not over yet"
        _tile("Rows", count(now["value"]), due, rows["value"], "bar")
    with places[2]:
        rows = whole.metric("concept", "labelled_share")
        rows = rows[rows["window_start"] <= at]
        if rows.empty:
            st.metric("Labels in", "–", "the log has no label", **_PLAIN)
        else:
            now = rows.iloc[-1]
            pending = now["n"] * (1 - now["value"])
            _tile("Labels in", share(now["value"]), f"{count(pending)} pending" if pending >= 0.5 else "none pending", rows["value"])
    with places[3]:
        _drift_tile(whole, at)


def _drift_tile(whole: Page, at: int) -> None:
    """The feature that is furthest out, as a multiple of its quiet range."""
    every = whole.metric("drift", "jensen_shannon")
    now = every[every["window_start"] == at]
    if now.empty:
        st.metric("Drift", "–", "no features", **_PLAIN)
        return
    worst = now.loc[(now["value"] / now["band_high"].where(now["band_high"] > 0)).fillna(0).idxmax()]
    rows = every[(every["feature"] == worst["feature"]) & (every["window_start"] <= at)]
    band = f"quiet under {number(worst['band_high'])}" if np.isfinite(worst["band_high"]) else "in the reference"
    _tile(f"Furthest drift: {common.safe(cut(worst['feature'], 150, 14))}", number(worst["value"]), band, rows["value"])


_PLAIN: dict[str, Any] = {"border": True, "delta_color": "off", "delta_arrow": "off"}


def _tile(label: str, value: str, due: str, course: pd.Series, kind: str = "line") -> None:
    told = [float(v) for v in course.dropna().iloc[-26:]]
    st.metric(label, value, due, chart_data=told if len(told) > 1 else None, chart_type=kind, **_PLAIN)  # type: ignore[arg-type]


# ----- the slide ----------------------------------------------------------------------------------------------------


def headline(incidents: pd.DataFrame, words: str) -> str:
    """What needs attention, the worst first, in a sentence."""
    alerts = incidents[incidents["severity"] == "alert"]
    if alerts.empty:
        if incidents.empty:
            return f"All quiet {words}: every measurement stayed within its quiet range"
        return f"No alert {words}; {_counted(len(incidents), 'thing is', 'things are')} worth a look: {_short(incidents)}"
    new = int(alerts["is_new"].sum())
    told = "" if not new else ", new this time" if new == len(alerts) == 1 else f", {new} of them new" if new < len(alerts) else ", all new"
    return f"{_counted(len(alerts), 'incident needs', 'incidents need')} attention{told}: {_short(alerts)}"


def _counted(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _short(incidents: pd.DataFrame, most: int = 3) -> str:
    told = [common.clause(row) for row in records(incidents.head(most))]
    more = len(incidents) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")


def slide(page: Page, week: Span, incidents: pd.DataFrame) -> go.Figure:
    """The slide of a week."""
    measured = page.measured[page.measured["window_start"] < week.end]
    metric = frames.leading_metric(measured)
    performance = None
    if metric is not None:
        performance = frames.performance(page, metric)
        performance = performance[performance["window_start"] < week.end]
    found = page.told[(page.told["window_start"] < week.end)]
    found = found[found["segment"].isna() | (found["severity"] == "alert")] if page.as_run else found
    windows = page.windows[page.windows["window_start"] < week.end]
    inside = windows[windows["window_start"] >= week.start]
    return review(
        _ranked(found, incidents, week), performance, windows, title=headline(incidents, week.words),
        caption=_caption(page, week, inside), since=inside["x"].iloc[0], metric=frames.PERFORMANCE[metric][0] if metric else "Performance",
        period=week.words, mode=common.mode(), width=1080,
    )  # fmt: skip


def _ranked(found: pd.DataFrame, incidents: pd.DataFrame, week: Span) -> pd.DataFrame:
    """Findings whose `effect` is the order in which incidents are told: the chart tells the greatest first."""
    order = {name: len(incidents) - i for i, name in enumerate(incidents["incident"])}
    leads = set(zip(incidents["incident"], incidents["monitor"], incidents["metric"], incidents["window_start"], incidents["message"], strict=True))
    keys = zip(found["incident"], found["monitor"], found["metric"], found["window_start"], found["message"], strict=True)
    effect = [order.get(key[0], 0) + (0.5 if key in leads else 0.0) for key in keys]
    return found.assign(effect=effect)


def _caption(page: Page, week: Span, inside: pd.DataFrame) -> Caption:
    rows = int(inside["rows"].sum())
    pending = None
    if page.caption.labels_pending is not None:
        share_in = page.metric("concept", "labelled_share")
        share_in = share_in[(share_in["window_start"] >= week.start) & (share_in["window_start"] < week.end)]
        pending = round(float((share_in["n"] * (1 - share_in["value"])).sum()))
    kind, _, _ = page.caption.window.partition(",")
    return page.text(n=rows, labels_pending=pending, window=f"{kind}, {week.label}")


def _incidents(page: Page, week: Span, incidents: pd.DataFrame) -> None:
    """The incidents as sentences with the course of the number behind them."""
    if incidents.empty:
        return
    st.subheader("What is behind it", anchor=False)
    rows = incidents.assign(
        kind=incidents["kind"], windows=incidents["findings"],
        trend=[reported.trend(page, row, week.end) for _, row in incidents.iterrows()],
    )  # fmt: skip
    chosen = common.finding_table(rows.head(12), "review-incidents", ("status", "since", "feature", "what", "trend", "said"))
    if len(rows) > 12:
        st.caption(f"{len(rows) - 12} more stand on the Overview.")
    if chosen is not None and isinstance(rows["feature"].iloc[chosen], str):
        common.open_feature(rows["feature"].iloc[chosen], common.window_key(rows["x"].iloc[chosen]))
