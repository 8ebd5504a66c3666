"""Everything about one feature."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import frames, reported
from dashboard.charts.text import count, number, plain, share
from dashboard.charts.timeline import records
from dashboard.data import Page
from dashboard.views import common, feature_charts, feature_skew
from dashboard.views.common import counted, quoted, safe
from dashboard.views.feature_charts import MISSING, at_window, power_unit
from dashboard.views.rows import show_rows
from monitors.profile.bins import FIRST

TITLE = "Feature"
ICON = ":material/search_insights:"


def show(page: Page) -> None:
    """Pick a feature and a window; then numbers, findings, its values, its relation, and all of it over time."""
    if not page.features:
        then = "Name some under [features] in driftmeter.toml, and run again."
        common.nothing("The log has no feature to show.", then)
        return
    left, right = st.columns([3, 2])
    with left:
        feature = _feature(page)
    with right:
        window = _window(page, feature)
    outcome, place = _outcome(page)
    _tiles(page, feature, int(window["window_start"]))
    found = page.told[page.told["feature"] == feature]
    _findings(page, feature, found)
    bins = frames.bins(page, feature, int(window["window_start"]), place)
    left, right = st.columns(2)
    with left:
        feature_charts.show_distribution(page, feature, window, bins)
    with right:
        feature_charts.show_relation(page, feature, window, bins, outcome)
    feature_charts.show_drift(page, feature)
    feature_charts.show_power(page, feature)
    feature_charts.show_missing(page, feature, found)
    feature_skew.show(page, feature)
    _facts(page, feature)
    show_rows(page, window)


# ----- what is looked at --------------------------------------------------------------------------------------------


def _feature(page: Page) -> str:
    asked = st.query_params.get("feature") or st.session_state.get("feature")
    if asked not in page.features:
        if asked:
            common.noted(f"There is no feature “{asked}” here: the one that needs attention most is shown.")
        asked = worst(page)
    _remember("feature", str(asked))
    return st.selectbox("Feature", page.features, None, key="feature", bind="query-params") or str(asked)


def worst(page: Page) -> str:
    """The feature that needs attention most; the first where all are quiet."""
    runs = reported.runs(page.told, page.latest)
    named = [name for name in runs["feature"] if isinstance(name, str) and name in page.features]
    return named[0] if named else page.features[0]


def _window(page: Page, feature: str) -> dict[str, Any]:
    """The window that bins are shown of: the one in the URL, else the latest with a finding, else the latest."""
    windows = page.windows
    windows = windows[windows["rows"] > 0] if (windows["rows"] > 0).any() else windows
    keys = {common.window_key(row["x"]): row for row in records(windows)}
    asked = st.query_params.get("at") or st.session_state.get("at")
    if asked not in keys:
        own = _holding(asked, windows) if asked else None
        if asked and own is None:
            common.noted(f"There is no window at “{asked}” in the period shown: another is shown.")
        found = page.found[(page.found["feature"] == feature) & (page.found["state"] != "resolved")]
        found = found[found["window_start"].isin(windows["window_start"])]
        latest = found["x"].max() if len(found) else windows["x"].iloc[-1]
        asked = st.session_state["at"] = common.window_key(latest if own is None else own)
    _remember("at", str(asked))
    chosen = st.selectbox("Window", list(keys)[::-1], None, key="at", bind="query-params", help=_PICK)
    return keys[chosen or str(asked)]


def _holding(asked: str, windows: pd.DataFrame) -> Any:
    """Start of the window that holds a moment or row: of another grain the same time is meant; None where none does."""
    try:
        at: Any = int(asked) if pd.api.types.is_integer_dtype(windows["x"]) else pd.Timestamp(asked)
    except ValueError:
        return None
    if isinstance(at, pd.Timestamp) and at.tz is not None:
        return None
    holding = windows[(windows["x"] <= at) & (windows["x_end"] > at)]
    return holding["x"].iloc[0] if len(holding) else None


_PICK = "The window whose values are shown; a click on a window in the charts below chooses it too."


def _remember(key: str, value: str) -> None:
    """Give a widget what was chosen for the reader, so that it enters the URL: a link is to show the same next week."""
    if st.query_params.get(key) is None or st.session_state.get(key) is None:
        st.session_state[key] = value


def _outcome(page: Page) -> tuple[str, int | None]:
    """What came true, in words, and which class is meant; of several classes the reader chooses."""
    bins, config = page.seen.bins, page.config
    label = (config.labels.label if config.labels else config.logs.label) or "outcome"
    if bins.task == "multiclass" and bins.classes:
        chosen = st.selectbox("Outcome", list(bins.classes), key="outcome", bind="query-params")
        return f"{label} = {chosen}", bins.classes.index(chosen)
    named = bins.task == "binary" and bins.classes and bins.classes[-1].lower() not in ("1", "true", "yes")
    return (f"{label} = {bins.classes[-1]}" if named else label), None


# ----- numbers, findings, facts -------------------------------------------------------------------------------------


def _tiles(page: Page, feature: str, at: int) -> None:
    """Drift, power, missing and new values in the chosen window, each with what was to be expected."""
    places = iter(st.columns(4))

    def tile(label: str, value: str, due: str) -> None:
        next(places).metric(label, value, due, border=True, delta_color="off", delta_arrow="off")

    drift = at_window(page, "drift", "jensen_shannon", feature, at)
    skew = at_window(page, "skew", "training_distance", feature, at)
    drift, past = (skew, "training set") if np.isfinite(skew["value"]) else (drift, "reference")
    limit = (
        f"quiet under {number(drift['band_high'])}"
        if np.isfinite(drift["band_high"])
        else f"in the {past}"
        if drift.get("reference", True)
        else "not judged"
    )
    tile(f"Distance from the {past}", number(drift["value"]), limit)
    learned = at_window(page, "decay", "learned_power", feature, at)
    known = np.isfinite(learned["value"])
    due = f"{number(learned['expected'])} in the reference" if known else "no labels yet"
    tile(f"Learned power, {power_unit(page)[0]}", number(learned["value"]), due)
    missing = [at_window(page, "missing", metric, feature, at) for metric in MISSING]
    now, usual = (float(np.nansum([row[column] for row in missing])) for column in ("value", "expected"))
    tile("Missing", share(now), f"{share(usual)} expected")
    if page.seen.bins.columns[page.seen.bins.position(feature)].kind == "categorical":
        unseen = at_window(page, "drift", "unseen_share", feature, at)["value"]
        tile("Values never seen before", share(unseen if np.isfinite(unseen) else 0.0), "of rows")
    else:
        moved = at_window(page, "drift", "wasserstein", feature, at)["value"]
        tile("Moved by", f"{number(moved)} sd" if np.isfinite(moved) else "–", "of the reference (Wasserstein)")


def _findings(page: Page, feature: str, found: pd.DataFrame) -> None:
    runs = reported.runs(found, page.latest)
    alerts, watches = (reported.folded(runs[runs["severity"] == severity]) for severity in ("alert", "watch"))
    if alerts.empty:
        things = counted(len(watches), "thing was", "things were")
        common.nothing(
            f"No alert about {quoted(feature)} in the period shown."
            + (f" {things} worth a look." if len(watches) else "")
        )
        return
    also = f" and {len(watches)} to watch" if len(watches) else ""
    st.subheader(counted(len(alerts), "alert", "alerts") + also, anchor=False)
    rows = reported.trends(page, alerts)
    columns = ("status", "since", "until", "segment", "what", "windows", "trend")
    common.finding_table(rows, "feature-findings", columns, rows=4, picks=False)


def _facts(page: Page, feature: str) -> None:
    """What it is, and what of it the reference had never seen."""
    column = page.seen.bins.columns[page.seen.bins.position(feature)]
    reference = page.seen.reference.feature(feature)
    lines: dict[str, str] = {}
    if column.kind == "numeric":
        lines["Type"] = f"numeric, {column.size - FIRST} bins frozen on the reference"
        if len(reference.low) and np.isfinite(reference.low.min()):
            lines["Range in the reference"] = f"{number(reference.low.min())} to {number(reference.high.max())}"
    else:
        also = f", {count(len(column.known))} rare ones counted together" if column.known else ""
        more = "" if column.complete else "; there were too many to tell new ones apart"
        lines["Type"] = f"categorical, {len(column.categories)} values with a bin of their own{also}{more}"
    missing = page.measured[(page.measured["feature"] == feature) & page.measured["metric"].isin(MISSING)]
    if not missing["value"].max() > 0:
        lines["Missing"] = "nothing: every row of every window shown has a valid value"
    unseen, types = _told(page, feature, "unseen"), _told(page, feature, "types")
    if unseen:
        named = [f"{plain(name) or '(empty)'} ({count(n)} rows)" for name, n in unseen.most_common(8)]
        lines["Never seen in the reference"] = ", ".join(named)
    if types:
        lines["Rows of another type"] = ", ".join(f"{name} ({count(n)})" for name, n in types.most_common())
    planned = page.config.deprecations.get(feature)
    if planned is not None:
        owner = f" by {planned.owner}" if planned.owner else ""
        lines["Planned end"] = f"{planned.date or 'no date yet'}{owner}"
    with st.container(border=True):
        st.markdown("  \n".join(f"**{name}**: {safe(text)}" for name, text in lines.items()))


def _told(page: Page, feature: str, fact: str) -> Counter[str]:
    """Rows by value (`unseen`) or type (`types`) over the windows shown."""
    cube = page.seen.cube
    counts: Counter[str] = Counter()
    for at in np.flatnonzero((cube.ends > page.start) & (cube.starts < page.end)):
        counts.update(cube.facts[at].get(fact, {}).get(feature, {}))
    return counts
