"""Which features disappear, how, since when and for whom; and which are there but say nothing."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import reported
from dashboard.charts.missing import KINDS, missing_kinds, missing_shares, rise
from dashboard.charts.missing_map import missing_map
from dashboard.charts.text import count, moment, period, share
from dashboard.data import Page
from dashboard.theme import plotly_config
from dashboard.views import common, missing_cards
from dashboard.views.common import counted, quoted
from dashboard.views.planned import planned
from dashboard.views.words import listed, tile

TITLE = "Missing"
ICON = ":material/visibility_off:"

GONE = ("absent", "null_rate")
"""Kinds of findings about values that are not there."""

SILENT = ("constant", "sentinel", "stale", "type_changed", "unit_changed")
"""Kinds of findings about values that are there and say nothing."""


def show(page: Page) -> None:
    """Findings, the chosen feature by kind, the map of all, then values that say nothing, and planned ends."""
    if not page.features:
        common.nothing(
            "The log has no features to miss.", "Name some under [features] in driftmeter.toml, and run again."
        )
        return
    measured = page.measured[page.measured["monitor"] == "missing"]
    shares = missing_shares(measured)
    if shares.empty:
        common.nothing(
            "No window of the period shown has a row here, so nothing can be missing from it.",
            "Choose a longer period or all rows.",
        )
        return
    every = with_places(page, reported.runs(_findings(page), page.latest))
    _tiles(page, every, shares)
    _gone(every[every["kind"].isin(GONE)], page, shares)
    missing_cards.show(page)
    with_missing = _ordered(shares, every)
    if with_missing:
        _map(page, measured, every, with_missing)
        _feature(page, measured, every, with_missing)
    _silent(page, every[every["kind"].isin(SILENT)], measured)
    planned(page)


# ----- what was found -----------------------------------------------------------------------------------------------


def _findings(page: Page) -> pd.DataFrame:
    return page.told[page.told["monitor"] == "missing"]


def with_places(page: Page, every: pd.DataFrame) -> pd.DataFrame:
    """Runs that alarmed or were planned, one for each kind and feature, and `where`: the segments that the store names.

    The store measures segments on its finest windows against the configured reference. Where the look is another, what
    was found there is a hint, said as such.
    """
    alerts = reported.folded(every[(every["severity"] == "alert") | (every["state"] == "silenced")])
    if alerts.empty or page.as_run or page.look.segment:
        return alerts
    apart = page.all_found
    apart = apart[apart["segment"].notna() & (apart["monitor"] == "missing") & (apart["severity"] == "alert")]
    names = apart.groupby(["feature", "kind"])["segment"].agg(lambda s: list(dict.fromkeys(s)))
    where = []
    for feature, kind in zip(alerts["feature"], alerts["kind"], strict=True):
        listed = names.get((feature, kind), [])
        more = f", {len(listed) - 2} more" if len(listed) > 2 else ""
        where.append(f"above all {', '.join(listed[:2])}{more}" if listed else "all")
    return alerts.assign(where=where)


def _tiles(page: Page, every: pd.DataFrame, shares: pd.DataFrame) -> None:
    """How many features are gone, incomplete, or say nothing now; and how complete the log is."""
    now = every[every["is_open"].astype(bool)]
    places = st.columns(4)
    for place, word, kinds in (
        (places[0], "Gone from the log", ("absent",)),
        (places[1], "Missing more often", ("null_rate",)),
        (places[2], "Say nothing", SILENT),
    ):
        names = list(dict.fromkeys(now.loc[now["kind"].isin(kinds), "feature"]))
        past = every.loc[every["kind"].isin(kinds) & ~every["is_open"].astype(bool), "feature"].nunique()
        said = listed(names) if names else f"{past} earlier" if past else "none"
        tile(place, word, f"{len(names)} of {len(page.features)}", said)
    last = shares[shares["x"] == shares["x"].max()]
    before = shares.loc[shares["reference"], "total"]
    usual = f"{share(1 - before.mean())} in the reference" if len(before) else "of all features' values"
    tile(places[3], "Values that are there", share(1 - float(last["total"].mean())), usual)


def _gone(rows: pd.DataFrame, page: Page, shares: pd.DataFrame) -> None:
    if rows.empty:
        common.nothing(_quiet(page, shares))
        return
    live = rows[rows["is_open"].astype(bool)]
    past = len(rows) - len(live)
    told = (
        counted(live["feature"].nunique(), "feature is", "features are") + " missing now"
        if len(live)
        else "Nothing is missing now"
    )
    st.subheader(told + (f"; {past} earlier" if past else ""), anchor=False)
    rows = reported.trends(page, rows)
    chosen = common.finding_table(
        rows, "missing-findings", ("status", "since", "until", "feature", "segment", "what", "trend"), rows=4
    )
    common.follow(rows, chosen)


def _quiet(page: Page, shares: pd.DataFrame) -> str:
    """That nothing is missing, with the numbers that say so."""
    windows, rows = shares["x"].nunique(), int(page.windows["rows"].sum())
    features = counted(len(page.features), "feature", "features")
    scope = f"{features}, {counted(windows, 'window', 'windows')}, {count(rows)} rows"
    worst = shares.groupby("feature")["total"].mean()
    if worst.max() == 0:
        return f"Nothing is missing: {scope}, and every value is there."
    name = str(worst.idxmax())
    usual = shares[shares["reference"] & (shares["feature"] == name)]["total"]
    due = f" ({share(float(usual.mean()))} in the reference)" if len(usual) else ""
    most = share(float(worst.max()))
    return f"No feature is missing more than usual: {scope}. {quoted(name)} is missing most, in {most} of rows{due}."


# ----- over time ----------------------------------------------------------------------------------------------------


def _ordered(shares: pd.DataFrame, every: pd.DataFrame) -> list[str]:
    """Features that ever missed a value: those found first, then the steepest rise."""
    some = [(name, part) for name, part in shares.groupby("feature", sort=False) if part["total"].gt(0).any()]
    found = list(every.loc[every["kind"].isin(GONE), "feature"])
    return [
        str(name)
        for name, _ in sorted(some, key=lambda p: (found.index(p[0]) if p[0] in found else len(found), -rise(p[1])))
    ]


def onsets(every: pd.DataFrame) -> pd.DataFrame:
    """Where something began, as the charts mark it."""
    rows = every[every["kind"].isin(GONE)].drop_duplicates(["feature", "kind", "onset"])
    severity = rows["severity"].where(rows["is_open"].astype(bool), "ok")  # what is over alarms nobody
    return rows.assign(x=rows["x_onset"], severity=severity)[["feature", "x", "kind", "severity"]]


def _feature(page: Page, measured: pd.DataFrame, every: pd.DataFrame, names: list[str]) -> None:
    asked = st.query_params.get("feature") or st.session_state.get("feature")
    if asked not in names:
        if asked and asked not in page.features:
            common.noted(
                f"The link asks for feature “{asked}”, which there is not: the one that is missing most is shown."
            )
        asked = names[0]
    if st.query_params.get("feature") is None or st.session_state.get("feature") not in names:
        st.session_state["feature"] = asked
    feature = str(st.selectbox("Feature", names, None, key="feature", bind="query-params", width=320) or asked)
    rows = measured[measured["feature"] == feature]
    figure = missing_kinds(
        rows,
        title=_feature_title(feature, missing_shares(rows), every),
        caption=page.text(labels_pending=None),
        onsets=onsets(every[every["feature"] == feature]),
        events=page.events,
        mode=common.mode(),
        width=1000,
    )
    common.chart(figure, "missing")


def _feature_title(feature: str, shares: pd.DataFrame, every: pd.DataFrame) -> str:
    last, most = shares.iloc[-1], shares.iloc[int(shares["total"].argmax())]
    kind = max(KINDS, key=lambda k: float(most[k]))
    word = {"nan": "NaN", "absent": "absent from the files"}.get(kind, kind)
    found = every[(every["feature"] == feature) & every["kind"].isin(GONE)]
    since = f" since {moment(found['x_onset'].iloc[0])}" if len(found) and found["is_open"].iloc[0] else ""
    if last["total"] >= 0.9 * most["total"] and most["total"] > 0:
        held = shares.loc[shares["reference"], kind]
        usual = f", {share(float(held.mean()))} in the reference" if len(held) else ""
        return f"{quoted(feature)} is {word} in {share(float(last[kind]))} of rows{since}{usual}"
    when = period(most["x"], most["x_end"])
    now = share(float(last["total"]))
    return f"{quoted(feature)} was {word} in up to {share(float(most[kind]))} of rows ({when}); now {now}"


def _map(page: Page, measured: pd.DataFrame, every: pd.DataFrame, names: list[str]) -> None:
    whole = len(page.features) - len(names)
    title = f"{counted(len(names), 'feature misses', 'features miss')} values in some window"
    title += f"; {whole} never {'does' if whole == 1 else 'do'}" if whole else ""
    figure = missing_map(
        measured[measured["feature"].isin(names)],
        title=title,
        caption=page.text(labels_pending=None),
        onsets=onsets(every),
        events=page.events,
        mode=common.mode(),
        width=1000,
    )
    st.plotly_chart(
        figure,
        theme=None,
        width="stretch",
        config=plotly_config("missing-map"),
        key=_MAP,
        on_select=_pick,
        selection_mode="points",
    )


_MAP = "chart-missing-map"


def _pick() -> None:
    """A click on a feature's window in the map chooses the feature of the chart below."""
    points = st.session_state[_MAP].selection.points
    if points and points[0].get("customdata"):
        st.session_state["feature"] = str(points[0]["customdata"][0])


# ----- there, and saying nothing ------------------------------------------------------------------------------------


def _silent(page: Page, rows: pd.DataFrame, measured: pd.DataFrame) -> None:
    st.subheader("There, but saying nothing", anchor=False)
    st.caption(
        "Stuck at one value, filled with a stand-in for missing, standing still, of another type or unit than before."
    )
    if rows.empty:
        common.nothing(_all_alive(measured))
        return
    rows = reported.trends(page, rows)
    chosen = common.finding_table(
        rows, "silent-findings", ("status", "since", "until", "feature", "segment", "what", "trend"), rows=4
    )
    common.follow(rows, chosen)


def _all_alive(measured: pd.DataFrame) -> str:
    windows = counted(measured["x"].nunique(), "window", "windows")
    told = "No feature became constant, took a stand-in for missing, stood still or changed its type or unit"
    told += f" in {windows}."
    constant = measured[measured["metric"] == "constant_share"]
    if constant.empty:
        return told
    last = constant[constant["x"] == constant["x"].max()]
    most = last.iloc[int(last["value"].argmax())]
    usual = f", {share(most['expected'])} in the reference" if pd.notna(most["expected"]) else ""
    same = share(most["value"])
    return f"{told} {quoted(most['feature'])} varies least: {same} of its values fall into one bin{usual}."
