"""What a review looks back on: a week, or a single window, and its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dashboard import data, frames
from dashboard.charts.text import count, cut, number, period, share
from dashboard.charts.timeline import records
from dashboard.data import Page
from monitors.errors import UserError
from monitors.views import Look
from monitors.windows import Grain


@dataclass(frozen=True)
class Span:
    """The windows that are reviewed: a calendar week of hours or days, else a single window.

    Attributes
    ----------
    start, end : µs or row numbers, end exclusive
    label : "29 Jun 2015 to 5 Jul 2015"
    words : "this week", "this month", "in this window"
    """

    start: int
    end: int
    label: str
    words: str


def spans(page: Page) -> list[Span]:
    """What can be reviewed in the period shown, the latest first."""
    grain, shown = page.seen.grain, page.windows
    if grain.kind == "calendar" and grain.unit in ("h", "d"):
        week = Grain("calendar", "1w", grain.timezone)
        starts = np.unique(week.starts(shown["window_start"].to_numpy()))
        bounds = pd.DataFrame({"window_start": starts, "window_end": week.ends(starts)})
        words, shown = "this week", data.with_x(bounds, grain)
    else:
        words = {"1w": "this week", "1mo": "this month"}.get(grain.size, "in this window")
    told = [Span(r["window_start"], r["window_end"], period(r["x"], r["x_end"]), words) for r in records(shown)]
    return told[::-1]


class Number(NamedTuple):
    """A tile: what it is, the value, and what was to be expected."""

    label: str
    value: str
    due: str


def numbers(page: Page, week: Span) -> list[Number]:
    """Performance, rows, labels and drift of the week as a whole, or of its last window where that is not measured."""
    whole, at = _whole(page, week)
    return [_performance(whole, at), _rows(page, whole, week, at), _labels(whole, at), _drift(whole, at)]


def _whole(page: Page, week: Span) -> tuple[Page, int]:
    """A page on which the week is one window, and that window's start."""
    inside = page.windows[page.windows["window_start"] < week.end]
    at = int(inside["window_start"].iloc[-1])
    if page.seen.grain.end(at) == week.end and at == week.start:
        return page, at
    if not page.seen.plan.rolls:
        try:
            return data.page(page.path, Look("1w", page.look.reference, page.look.segment)), week.start
        except UserError:  # the reference is shorter than a week
            pass
    return page, at


def _at(rows: pd.DataFrame, at: int) -> dict[str, Any] | None:
    rows = rows[rows["window_start"] == at]
    return records(rows)[0] if len(rows) else None


def _performance(whole: Page, at: int) -> Number:
    metric = frames.leading_metric(whole.measured)
    row = _at(frames.performance(whole, metric), at) if metric else None
    if metric is None or row is None:
        return Number("Performance", "–", "neither labels nor probabilities")
    known = np.isfinite(row["expected"])
    due = f"expected {number(row['expected'])}" if known else "no expectation without probabilities"
    value = number(row["value"]) if row["mature"] else "labels pending"
    return Number(f"{frames.PERFORMANCE[metric][0]}, realised", value, due)


def _rows(page: Page, whole: Page, week: Span, at: int) -> Number:
    row, usual = _at(whole.windows, at), _at(whole.metric("integrity", "rows"), at)
    came = count(row["rows"]) if row else "0"
    if week.end > int(page.seen.cube.ends[-1]):
        return Number("Rows", came, "not over yet")
    known = usual is not None and np.isfinite(usual["expected"])
    return Number("Rows", came, f"{count(usual['expected'])} expected" if usual and known else "of this segment")


def _labels(whole: Page, at: int) -> Number:
    row = _at(whole.metric("concept", "labelled_share"), at)
    if row is None:
        return Number("Labels in", "–", "the log has no label")
    pending = row["n"] * (1 - row["value"])
    return Number("Labels in", share(row["value"]), f"{count(pending)} pending" if pending >= 0.5 else "none pending")


def _drift(whole: Page, at: int) -> Number:
    """The feature that is furthest out, as a multiple of its quiet range."""
    every = whole.metric("drift", "jensen_shannon")
    now = records(every[every["window_start"] == at])
    if not now:
        return Number("Drift", "–", "not measured")
    limit = {row["feature"]: row["band_high"] if row["band_high"] > 0 else np.inf for row in now}
    worst = max(now, key=lambda row: (row["value"] / limit[row["feature"]], row["value"]))
    known = np.isfinite(limit[worst["feature"]])
    due = f"quiet under {number(worst['band_high'])}" if known else "in the reference"
    return Number(f"Furthest drift: {cut(worst['feature'], 150, 14)}", number(worst["value"]), due)
