"""One window of the Concept page: which one, where its predictions lie, and what came true of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import predictions
from dashboard.charts.calibration import calibration
from dashboard.charts.distribution import distribution
from dashboard.charts.frame import Caption
from dashboard.charts.relation import outcome_by_bin
from dashboard.charts.scores import score_distribution
from dashboard.charts.text import number, plain, share
from dashboard.charts.timeline import records
from dashboard.data import Page
from dashboard.views import common
from dashboard.views.words import has_predictions, outcome_word, ripe_starts, when


def window_of(page: Page) -> dict[str, Any]:
    """The window looked into: the one in the URL, else the latest with labels, one that alarmed before others."""
    windows = page.windows[page.windows["rows"] > 0]
    keys = {common.window_key(row["x"]): row for row in records(windows)}
    asked = st.query_params.get("at") or st.session_state.get("at")
    if asked not in keys:
        if asked:
            common.noted(
                f"The link asks for the window at “{asked}”, but none begins there in the period shown: see another."
            )
        ripe = windows[windows["window_start"].isin(ripe_starts(page))]
        loud = page.found[(page.found["monitor"] == "concept") & (page.found["severity"] == "alert")]
        chosen = ripe[ripe["window_start"].isin(loud["window_start"])]
        pick = next(part for part in (chosen, ripe, windows) if len(part))
        asked = common.window_key(pick["x"].iloc[-1])
    if st.query_params.get("at") is None or st.session_state.get("at") is None:
        st.session_state["at"] = asked  # so that it enters the URL: a link is to show the same next week
    st.subheader("One window", anchor=False)
    key = st.selectbox(
        "Window",
        list(keys)[::-1],
        None,
        key="at",
        bind="query-params",
        width=280,
        label_visibility="collapsed",
        format_func=lambda k: when(keys[k]),
        help="A click on a window in a chart above chooses it too.",
    )
    return keys[str(key or asked)]


def caption_of(page: Page, window: dict[str, Any], n: float, labelled: float | None = None) -> Caption:
    """The caption of a chart that shows one window."""
    kind = page.caption.window.partition(",")[0].replace("windows", "window")
    pending = None if labelled is None else round(window["rows"] - labelled)
    return page.text(n=round(n), labels_pending=pending, window=f"{kind}, {when(window)}")


def predicted(page: Page, window: dict[str, Any]) -> None:
    """Where the predictions lie, and what came true of them."""
    if not has_predictions(page):
        return  # performance has said so
    outcome = predictions.outcomes(page, int(window["window_start"]))
    kind = page.seen.bins.prediction_kind
    beside = len(outcome) > 0 and kind in ("probability", "number", "score")
    places = st.columns(2) if beside else [st.container()]
    with places[0]:
        _distribution(page, window, 480 if beside else 1000)
    if beside:
        with places[1]:
            _came_true(page, window, outcome)


def _distribution(page: Page, window: dict[str, Any], width: int) -> None:
    at = int(window["window_start"])
    rows = predictions.shares(page, at)
    moved = page.metric("concept", "prediction_shift")
    moved = moved[moved["window_start"] == at]
    loud = len(moved) and moved["severity"].iloc[0] == "alert"
    title = "Predictions have shifted" if loud else "Predictions lie about where they lay in the reference"
    lacking = predictions.missing(page, at)
    title += f"; {share(lacking)} of rows have none" if lacking > 0.0005 else ""
    caption = caption_of(page, window, window["rows"])
    look: dict[str, Any] = {"title": title, "caption": caption, "mode": common.mode(), "width": width, "height": 560}
    if "left" in rows:
        threshold = page.config.model.threshold if page.seen.bins.prediction_kind == "probability" else None
        word = "prediction" if page.seen.bins.task == "regression" else "predicted score"
        figure = score_distribution(rows, threshold=threshold, score=word, **look)
    else:
        figure = distribution(rows, feature="prediction", **look)
    common.chart(figure, "scores")


def _came_true(page: Page, window: dict[str, Any], outcome: pd.DataFrame) -> None:
    labelled = float(outcome["n"].sum())
    look: dict[str, Any] = {
        "caption": caption_of(page, window, labelled, labelled),
        "outcome": outcome_word(page),
        "mode": common.mode(),
        "width": 480,
        "height": 560,
    }
    if page.seen.bins.prediction_kind == "probability":
        figure = calibration(predictions.curve(outcome), title=_calibration_title(outcome), **look)
    else:
        regression = page.seen.bins.task == "regression"
        title = (
            f"What {plain(outcome_word(page))} came to, by prediction" if labelled else "No labels yet for this window"
        )
        figure = outcome_by_bin(
            outcome, title=title, feature="prediction", unit="number" if regression else "share", **look
        )
    common.chart(figure, "calibration")


def _calibration_title(outcome: pd.DataFrame) -> str:
    known = outcome[outcome["n"] > 0]
    if known["n"].sum() < _FEWEST:
        return "Too few labels to tell whether scores are calibrated"
    off = known[(known["score"] < known["low"]) | (known["score"] > known["high"])]
    if off.empty:
        return "Scores are calibrated: they agree with what came true"
    gap, n = (known["rate"] - known["score"]).to_numpy(), known["n"].to_numpy()
    upper = known["score"].to_numpy() > np.average(known["score"], weights=n)
    if upper.any() and not upper.all():
        low, high = (float(np.average(gap[side], weights=n[side])) for side in (~upper, upper))
        if low * high < 0 and min(abs(low), abs(high)) >= _LEAST_GAP:
            promise = ("much", "little") if high < 0 else ("little", "much")
            return f"High scores promise too {promise[0]}, low ones too {promise[1]}"
    by = float(np.average(gap, weights=n))
    if abs(by) < _LEAST_GAP:
        return f"Scores are right on average, but miss in {len(off)} of {len(known)} groups"
    return f"Scores are {number(abs(by) * 100)} points too {'low' if by > 0 else 'high'} on average"


_FEWEST = 50
"""Labels below which calibration is shown and not spoken of."""

_LEAST_GAP = 0.005
"""Distance of scores from what came true that a title speaks of."""
