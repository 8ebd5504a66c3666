"""The charts of the Feature page, each with what it shows as its title."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dashboard.changes import with_changes
from dashboard.charts.distribution import distribution
from dashboard.charts.frame import Caption
from dashboard.charts.missing import missing_kinds
from dashboard.charts.power import power
from dashboard.charts.relation import outcome_by_bin
from dashboard.charts.series import series
from dashboard.charts.text import period, plain, share
from dashboard.charts.timeline import records
from dashboard.data import Page
from dashboard.views import common
from dashboard.views.common import quoted
from monitors.profile import bins as profile_bins

MISSING = tuple(f"{kind}_share" for kind in profile_bins.MISSING)
"""Metrics of the four kinds of missing."""

HALF, WHOLE, TALL = 460, 900, 560  # pixels: what a screen of 1280 leaves beside the sidebar


def at_window(page: Page, monitor: str, metric: str, feature: str, at: int) -> dict[str, Any]:
    """The measurement of one window; NaN in each of its numbers where there is none."""
    rows = page.metric(monitor, metric, feature)
    rows = rows[rows["window_start"] == at]
    nothing = dict.fromkeys(("value", "low", "high", "expected", "n", "band_low", "band_high"), float("nan"))
    return records(rows)[0] if len(rows) else nothing


def power_unit(page: Page) -> tuple[str, float]:
    """The unit of power and its noise floor."""
    return ("explained variance (R²)", 0.0) if page.seen.bins.task == "regression" else ("AUC", 0.5)


# ----- the chosen window --------------------------------------------------------------------------------------------


def _label(row: dict[str, Any]) -> str:
    return period(row["x"], row["x_end"])


def _caption(page: Page, window: dict[str, Any], n: float, pending: int | None = None) -> Caption:
    kind = page.caption.window.partition(",")[0].replace("windows", "window")
    return page.text(n=round(n), labels_pending=pending, window=f"{kind}, {_label(window)}")


def _found(page: Page, monitor: str, metric: str, feature: str, window: dict[str, Any]) -> bool:
    return isinstance(at_window(page, monitor, metric, feature, int(window["window_start"])).get("severity"), str)


_GONE = 0.95
"""A feature that is missing in more of the rows takes no values to speak of."""


def show_distribution(page: Page, feature: str, window: dict[str, Any], bins: pd.DataFrame) -> None:
    """Its values in the window beside those of the reference."""
    cube = page.seen.cube
    facts = cube.facts[int(np.flatnonzero(cube.starts == window["window_start"])[0])]
    title = f"{quoted(feature)} takes its values about as in the reference"
    missing = bins[bins["kind"] == "missing"]
    gone = float(missing["window"].sum())
    if gone > _GONE:
        kind = plain(missing["label"].iloc[int(np.argmax(missing["window"]))])
        title = f"{quoted(feature)} has hardly a value: it is {kind} in {share(gone)} of rows"
    elif _found(page, "drift", "jensen_shannon", feature, window):
        most = records(bins)[int(np.argmax(np.abs(bins["window"] - bins["reference"])))]
        went = f"{plain(most['label'])} went from {share(most['reference'])} to {share(most['window'])}"
        title = f"{quoted(feature)} has shifted: {went}"
    elif _found(page, "skew", "training_distance", feature, window):
        title = f"{quoted(feature)} is not served as in the training set"
    figure = distribution(
        bins,
        title=title,
        caption=_caption(page, window, window["rows"]),
        feature=feature,
        unseen=list(facts.get("unseen", {}).get(feature, {}).items()),
        mode=common.mode(),
        width=HALF,
        height=TALL,
    )
    common.chart(figure, "distribution")


def show_relation(page: Page, feature: str, window: dict[str, Any], bins: pd.DataFrame, outcome: str) -> None:
    """The outcome by its values in the window beside that of the reference."""
    labelled = float(bins["n"].sum())
    gone = float(bins.loc[bins["kind"] == "missing", "window"].sum())
    title = f"{quoted(feature)} relates to {plain(outcome)} about as in the reference"
    if gone > _GONE:
        title = f"{quoted(feature)} tells nothing of {plain(outcome)}: it is missing in {share(gone)} of rows"
    elif _found(page, "concept", "relation", feature, window):
        gap = ((bins["rate"] - bins["reference_rate"]).abs() * np.sqrt(bins["n"])).fillna(0.0)
        most = plain(bins["label"].iloc[int(np.argmax(gap))])
        title = f"{quoted(feature)} relates otherwise to {plain(outcome)}, most at {most}"
    elif not labelled:
        title = f"How {quoted(feature)} relates to {plain(outcome)} is not known yet"
    pending = None if page.caption.labels_pending is None else round(window["rows"] - labelled)
    figure = outcome_by_bin(
        bins,
        title=title,
        caption=_caption(page, window, labelled, pending),
        feature=feature,
        outcome=outcome,
        unit="number" if page.seen.bins.task == "regression" else "share",
        mode=common.mode(),
        width=HALF,
        height=TALL,
    )
    common.chart(figure, "relation")


# ----- over time ----------------------------------------------------------------------------------------------------


def course(rows: pd.DataFrame, broke: str, held: str, topic: str) -> str:
    """What a series did in the judged windows, for a title: how often it broke out, and since when."""
    after = rows[~rows["reference"]]
    judged = after[after["p_value"].notna()]
    if after.empty:
        return "in the windows of the reference, which are not judged"
    if judged.empty:
        return f"in {common.counted(len(after), 'window', 'windows')} in which there is nothing to judge"
    alerts, watches = (records(judged[judged["severity"] == kind]) for kind in ("alert", "watch"))
    if alerts:
        return f"{broke} in {len(alerts)} of {len(judged)} windows, first on {_label(alerts[0])}"
    if watches:
        look = f"{len(watches)} of {len(judged)} windows are worth a look, first {_label(watches[0])}"
        return f"gave no alert of {topic}, but {look}"
    rest = len(after) - len(judged)
    lacking = f"; in {rest} more there is nothing to judge" if rest > len(judged) else ""
    return f"{held} in {common.counted(len(judged), 'window', 'windows')}{lacking}"


def _look(page: Page) -> dict[str, Any]:
    return {"caption": page.caption, "events": page.events, "mode": common.mode(), "width": WHOLE}


def show_drift(page: Page, feature: str) -> None:
    """Its distance from the reference over time."""
    rows = page.metric("drift", "jensen_shannon", feature)
    title = f"{quoted(feature)} {course(rows, 'left its quiet range', 'has not drifted', 'drift')}"
    # a distance has no lower limit; and what chance does to it is what the quiet range holds: a second band would
    # hide it
    rows = rows.assign(band_low=np.nan, low=np.nan, high=np.nan)
    look = _look(page) | {"events": with_changes(page.events, rows)}
    common.picking(series(rows, title=title, y="Jensen–Shannon distance", zero=True, **look), "drift")


def show_power(page: Page, feature: str) -> None:
    """What it tells of the outcome over time."""
    rows = page.measured[(page.measured["monitor"] == "decay") & (page.measured["feature"] == feature)]
    unit, floor = power_unit(page)
    learned = rows[rows["metric"] == "learned_power"].sort_values("window_start", kind="stable")
    title = f"What {quoted(feature)} tells of the outcome is not known yet"
    judged = learned.loc[~learned["reference"], "p_value"].notna()
    if len(judged) and not judged.any():
        title = f"{quoted(feature)} is not judged: it had no power to lose, or its windows have too few labels"
    elif len(learned):
        told = "of the outcome than it used to", "of the outcome as it used to"
        title = f"{quoted(feature)} {course(learned, f'told less {told[0]}', f'told as much {told[1]}', 'lost power')}"
    look = _look(page) | {"events": with_changes(page.events, learned)}
    common.picking(power(rows, title=title, feature=feature, unit=unit, floor=floor, **look), "power")


def show_missing(page: Page, feature: str, found: pd.DataFrame) -> None:
    """How it was missing over time; nothing where it never was, for the facts say so."""
    rows = page.measured[(page.measured["monitor"] == "missing") & (page.measured["feature"] == feature)]
    shares = rows[rows["metric"].isin(MISSING)].groupby("window_start")["value"].sum()
    if not len(shares) or shares.max() == 0:
        return
    begun = found[(found["monitor"] == "missing") & (found["severity"] == "alert") & found["segment"].isna()]
    begun = begun.drop_duplicates(["kind", "onset"])
    onsets = begun.assign(x=begun["x_onset"])[["feature", "x", "kind", "severity"]]
    now, most = share(float(shares.iloc[-1])), share(float(shares.max()))
    title = f"{quoted(feature)} is missing in {now} of the last window's rows, at most in {most}"
    common.picking(missing_kinds(rows, title=title, onsets=onsets, **_look(page)), "missing")
