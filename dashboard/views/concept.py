"""Does the model still say what comes true? Performance, why it changed, and where."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import frames
from dashboard.changes import with_changes
from dashboard.charts.loss_split import loss_split
from dashboard.charts.performance import performance
from dashboard.charts.series import series
from dashboard.charts.text import count, number, share
from dashboard.charts.timeline import records
from dashboard.data import Page
from dashboard.views import common
from dashboard.views.common import counted
from dashboard.views.one_window import predicted, window_of
from dashboard.views.positions import positions
from dashboard.views.relations import relations
from dashboard.views.service import predictions
from dashboard.views.whose_shift import whose_shift
from dashboard.views.words import (
    NAME_LABELS,
    NAME_PREDICTION,
    NO_PREDICTION,
    capital,
    has_labels,
    has_predictions,
    outcome_word,
    ripe_starts,
    tile,
    when,
)
from monitors.maturity import immature_starts

TITLE = "Concept"
ICON = ":material/target:"

METRICS = frames.PERFORMANCE | {"calibration_error": ("calibration error", "lower")}
"""What the metric picker offers: words, and which way is better."""

LOSSES = {"probability": "log loss", "class": "0/1 loss", "number": "absolute error"}
"""The loss whose change is split, by kind of prediction."""


def show(page: Page) -> None:
    """What the model is worth, why that changed, and which part of the concept moved."""
    _tiles(page)
    _performance(page)
    _split(page)
    _over_time(page)
    predictions(page)
    if page.windows["rows"].gt(0).any() and (has_predictions(page) or has_labels(page)):
        window = window_of(page)
        predicted(page, window)
        whose_shift(page, window, LOSSES.get(page.seen.bins.prediction_kind or "", ""))
        positions(page, window, outcome_word(page))
        relations(page, window, outcome_word(page))


# ----- what happened ------------------------------------------------------------------------------------------------


def _tiles(page: Page) -> None:
    """The last window whose labels are in: performance, its gap to the expectation, the outcome, labels to come."""
    places = st.columns(4)
    metric = frames.leading_metric(page.measured)
    if metric is not None:
        word = METRICS[metric][0]
        rows = frames.performance(page, metric)
        known = rows[rows["value"].notna() & rows["mature"]]
        if len(known):
            now = records(known.tail(1))[0]
            tile(places[0], f"{word}, realised", number(now["value"]), when(now))
        else:
            tile(places[0], f"{word}, realised", "–", "no labels in this period")
        due = rows[rows["expected"].notna()]
        if len(due):
            tile(places[1], f"{word}, expected", number(due["expected"].iloc[-1]), "from the scores alone")
        elif len(known):
            usual = page.metric("concept", metric)["expected"].dropna()
            tile(places[1], f"{word}, reference", number(usual.iloc[-1]) if len(usual) else "–", "on average")
    label = page.metric("concept", "label_rate")
    ripe = label[label["window_start"].isin(ripe_starts(page))]
    if len(ripe):
        rate, say = records(ripe.tail(1))[0], _say(page)
        tile(places[2], _rate_word(page), say(rate["value"]), f"{say(rate['expected'])} in the reference")
    came = page.metric("concept", "labelled_share")
    if len(came):
        whole = float((came["n"] * came["value"]).sum() / max(came["n"].sum(), 1))
        tile(places[3], "Labels in", share(whole), _to_come(page, came))


def _to_come(page: Page, came: pd.DataFrame) -> str:
    """Labels still to come of the windows shown, by the delays of earlier ones."""
    without = float((came["n"] * (1 - came["value"])).sum())
    due = float(page.metric("concept", "labels_to_come")["value"].sum())
    early = len(set(came["window_start"]) & immature_starts(page.seen.measured))
    if not early or due < 0.5:
        return f"{count(without)} rows without one"
    return f"about {count(due)} to come, {counted(early, 'window waits', 'windows wait')}"


def _say(page: Page) -> Any:
    return number if page.seen.bins.task == "regression" else share


def _rate_word(page: Page) -> str:
    return f"Mean {outcome_word(page)}" if page.seen.bins.task == "regression" else f"Share {outcome_word(page)}"


def _performance(page: Page) -> None:
    have = set(page.measured.loc[page.measured["monitor"] == "concept", "metric"])
    offered = [metric for metric in METRICS if metric in have or f"expected_{metric}" in have]
    if not has_labels(page):
        watched = " Predictions are watched meanwhile." if has_predictions(page) else f" {NAME_PREDICTION}"
        common.nothing(
            "This log has no labels, so nobody can say whether its predictions come true.", NAME_LABELS + watched
        )
        return
    if not offered:
        if not has_predictions(page):
            common.nothing(NO_PREDICTION, NAME_PREDICTION)
        else:
            common.nothing(
                "No window shown has both predictions and labels.", "Choose a longer period or another segment."
            )
        return
    metric = offered[0]
    if len(offered) > 1:
        chosen = st.segmented_control(
            "Metric",
            offered,
            default=offered[0],
            required=True,
            key="metric",
            bind="query-params",
            format_func=lambda m: METRICS[m][0],
            label_visibility="collapsed",
        )
        metric = str(chosen or metric)
    rows = beyond(page, frames.performance(page, metric))
    word, better = METRICS[metric]
    measured = page.metric("concept", metric)
    judged = set(measured.loc[measured["p_value"].notna(), "window_start"])
    figure = performance(
        rows,
        title=_performance_title(rows, judged, word),
        caption=page.caption,
        metric=word,
        better=better,
        events=with_changes(page.events, rows.assign(p_value=measured["p_value"].max())),
        mode=common.mode(),
        width=1000,
    )
    common.picking(figure, "performance")


def beyond(page: Page, rows: pd.DataFrame) -> pd.DataFrame:
    """Performance with the severity of its window's finding wherever this metric is out of its quiet range too.

    Findings tell one metric of performance a window, the strangest; the others are as much out of their range.
    """
    found = page.found[(page.found["monitor"] == "concept") & page.found["kind"].isin(["performance", "calibration"])]
    found = found[found["state"] != "resolved"].sort_values("severity", kind="stable")  # alert before watch
    told = (
        found.drop_duplicates("window_start")
        .set_index("window_start")["severity"]
        .reindex(rows["window_start"])
        .to_numpy()
    )
    out = (rows["value"] < rows["band_low"]) | (rows["value"] > rows["band_high"])
    return rows.assign(severity=rows["severity"].where(rows["severity"].notna() | ~out, told))


def _performance_title(rows: pd.DataFrame, judged: set[int], word: str) -> str:
    """What became of a metric.

    Parameters
    ----------
    judged : starts of the windows that were compared with their quiet range
    """
    known = rows[rows["value"].notna() & rows["mature"].astype(bool)]
    if known.empty:
        if rows["expected"].notna().any():
            due = number(rows["expected"].dropna().iloc[-1])
            return f"No labels are in yet: {word} expected from the scores is {due}"
        return f"{capital(word)} is not known yet"
    last, of = records(known.tail(1))[0], known[known["window_start"].isin(judged)]
    beside = f" where {number(last['expected'])} was expected" if np.isfinite(last["expected"]) else ""
    now = f"{number(last['value'])}{beside} in the last one"
    if of.empty:
        return f"{capital(word)} in windows of the reference, or too small to judge: {now}"
    bad = of[of["severity"] == "alert"]
    if bad.empty:
        return f"{capital(word)} kept within its quiet range in {counted(len(of), 'window', 'windows')}: {now}"
    first = when(records(bad.head(1))[0])
    return f"{capital(word)} left its quiet range in {len(bad)} of {len(of)} windows, the first {first}: {now}"


# ----- why ----------------------------------------------------------------------------------------------------------


def _split(page: Page) -> None:
    rows = page.windows[["window_start", "x", "x_end", "reference"]]
    for metric in ("loss_inputs", "loss_relation", "unknown_share"):
        part = _of_all(page, metric)[["window_start", "value", "n"]].rename(columns={"value": metric})
        part = part if metric == "loss_relation" else part.drop(columns="n")
        rows = rows.merge(part, on="window_start", how="left")
    loss = LOSSES.get(page.seen.bins.prediction_kind or "", "")
    if rows["loss_relation"].isna().all() or not loss:
        return  # performance above has said what is lacking
    figure = loss_split(
        rows,
        title=_split_title(rows, loss),
        caption=page.caption,
        loss=loss,
        events=page.events,
        mode=common.mode(),
        width=1000,
    )
    common.picking(figure, "loss-split")


def _of_all(page: Page, metric: str) -> pd.DataFrame:
    """The split by bins of the score, not of a feature."""
    rows = page.metric("concept", metric)
    return rows[rows["feature"].isna()]


def _split_title(rows: pd.DataFrame, loss: str) -> str:
    known = rows[rows["loss_relation"].notna() & ~rows["reference"].astype(bool)]
    if known.empty:
        return f"Why the {loss} differs between the windows of the reference"
    change = known["loss_inputs"].fillna(0) + known["loss_relation"]
    by = known[["loss_inputs", "loss_relation"]].mean()
    way = "rose" if change.mean() >= 0 else "fell"
    told = f"The {loss} {way} by {number(abs(change.mean()))} on average since the reference"
    inputs, relation = abs(by["loss_inputs"]), abs(by["loss_relation"])
    if max(inputs, relation) < 1e-9:
        return f"The {loss} has not changed since the reference"
    if relation >= 2 * inputs:
        return f"{told}, mostly because the relation moved"
    return (
        f"{told}, mostly because the inputs moved"
        if inputs >= 2 * relation
        else f"{told}: inputs and relation both moved"
    )


def _over_time(page: Page) -> None:
    """The outcome and the prediction, side by side."""
    panels: list[tuple[str, pd.DataFrame, str, str]] = []
    early = immature_starts(page.seen.measured) if has_labels(page) else frozenset()
    label = page.metric("concept", "label_rate")
    if len(label):
        unit = "number" if page.seen.bins.task == "regression" else "share"
        label = label.assign(mature=~label["window_start"].isin(early))
        panels.append(("outcome", label, _rate_word(page), unit))
    mean = page.metric("concept", "prediction_mean")
    if len(mean):
        panels.append(("prediction-mean", mean, "Mean prediction", "number"))
    shift = page.metric("concept", "prediction_shift")
    if len(shift) and len(panels) < 2:
        panels.append(("prediction-shift", shift, "Distance of the predictions from the reference", "number"))
    if not panels:
        return
    for place, (name, rows, word, unit) in zip(st.columns(len(panels)), panels, strict=True):
        with place:
            figure = series(
                rows,
                title=_series_title(rows, word, unit),
                caption=page.caption,
                y=word[0].lower() + word[1:],
                unit=unit,
                events=with_changes(page.events, rows),
                mode=common.mode(),
                width=480 if len(panels) > 1 else 1000,
            )
            common.picking(figure, name)


def _series_title(rows: pd.DataFrame, word: str, unit: str) -> str:
    say = share if unit == "share" else number
    known = rows[rows["mature"]] if "mature" in rows and rows["mature"].any() else rows
    last = records(known.tail(1))[0]
    usual = f", {say(last['expected'])} in the reference" if np.isfinite(last["expected"]) else ""
    if last["severity"] == "alert":
        return f"{word} is out of its quiet range: {say(last['value'])}{usual}"
    return f"{word} is {say(last['value'])}{usual}"
