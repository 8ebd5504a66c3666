"""Incidents: what broke as one thing, since when, what it costs and what it began with."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import reported, trust
from dashboard.charts.incidents_timeline import incidents_timeline
from dashboard.charts.text import cut, moment, number, plain
from dashboard.charts.timeline import records
from dashboard.data import Page
from dashboard.views import common
from dashboard.views.common import counted, safe
from dashboard.views.words import capital
from monitors.messages import share

TITLE = "Incidents"
ICON = ":material/crisis_alert:"

ALERTS, WATCHES = "alerts", "alerts and watches"
KEY = "incident"
_LINKS = 6
"""Features of an incident that have a button of their own."""
_ROW = 86  # pixels: four lines of text


def show(page: Page) -> None:
    """The timeline, the table ranked by cost, and the incident that was chosen."""
    left, right = st.columns([5, 3], vertical_alignment="bottom")
    severity = right.segmented_control(
        "Severity", [ALERTS, WATCHES], default=ALERTS, required=True, key="severity", bind="query-params"
    )
    told = page.incidents
    if severity == ALERTS:
        told = told[told["severity"] == "alert"]
    if told.empty:
        _timeline(page, told.assign(name=None), "")
        if len(page.incidents):
            things = counted(len(page.incidents), "thing is", "things are")
            common.nothing(f"{things} worth a look, though no alert.", f"Choose “{WATCHES}” to see them.")
        return
    told = told.assign(name=[common.clause(row) for row in records(told)]).reset_index(drop=True)
    with left:
        chosen = _choice(told)
    _timeline(page, told, chosen)
    _table(told)
    _one(page, records(told[told["incident"] == chosen])[0])


def _choice(told: pd.DataFrame) -> str:
    names = {row["incident"]: _label(i, row) for i, row in enumerate(records(told), 1)}
    asked = st.query_params.get(KEY) or st.session_state.get(KEY)
    if asked not in names:
        if asked:
            common.noted(f"There is no incident “{asked}” in what is shown: the worst is.")
        st.session_state[KEY] = told["incident"].iloc[0]
    elif st.session_state.get(KEY) not in names:
        st.session_state[KEY] = asked
    look: dict[str, Any] = {"key": KEY, "bind": "query-params", "format_func": lambda name: names.get(name, name)}
    return str(st.selectbox("Incident", list(names), None, **look) or told["incident"].iloc[0])


def _label(place: int, row: dict[str, Any]) -> str:
    return f"{place}. {row['name']}, since {moment(row['x_onset'])}"


def headline(told: pd.DataFrame) -> str:
    """What the timeline shows, in a sentence: how many are open, the costliest of them, how many are over."""
    if told.empty:
        return "No incident in the period shown"
    now = told[told["state"].isin(reported.OPEN)]
    gone = len(told) - len(now)
    after = f"; {counted(gone, 'other is', 'others are') if len(now) else gone} over" if gone else ""
    if now.empty:
        first = records(told.head(1))[0]
        which = "" if gone == 1 else f", {_costliest(told)}"
        return f"No incident is open: {gone} came and went{which}: {first['name']}"
    first = records(now.head(1))[0]
    which = "" if len(now) == 1 else f", {_costliest(now)}"
    return f"{counted(len(now), 'incident is', 'incidents are')} open{which}: {first['name']}{after}"


def _costliest(told: pd.DataFrame) -> str:
    return "the costliest first" if (told["weight"] > 0).any() else "the latest first"


def _timeline(page: Page, told: pd.DataFrame, chosen: str) -> None:
    costs = pd.Series([_short_cost(row) for row in records(told)], index=told.index, dtype=object)
    rows = told.assign(said=costs, message=told["title"])
    figure = incidents_timeline(
        rows,
        page.windows,
        title=capital(headline(told)),
        caption=page.caption,
        events=page.events,
        note=trust.false_alerts(page),
        chosen=chosen,
        mode=common.mode(),
        width=900,
    )
    key = "chart-incidents"

    def pick() -> None:
        points = st.session_state[key].selection.points
        if points and points[0].get("customdata"):
            st.session_state[KEY] = str(points[0]["customdata"][0])

    common.clickable(figure, "incidents", key, pick)


def _short_cost(row: dict[str, Any]) -> str:
    """What an incident costs, in a few words for the end of its row."""
    if not row["cost_unit"] or not row["cost"] > 0:
        return ""
    if "power" in row["cost_unit"]:
        return f"−{share(row['weight'])} power"
    return f"+{share(row['weight'])} loss" if "per row" in row["cost_unit"] else f"{share(row['weight'])} of rows"


def _table(told: pd.DataFrame) -> None:
    st.subheader(f"{counted(len(told), 'incident', 'incidents')}, what is open first, then by cost", anchor=False)
    rows = records(told)
    shown = pd.DataFrame(
        {
            "rank": range(1, len(rows) + 1),
            "status": [common.state_word(row["severity"], _state(row)) for row in rows],
            "since": [moment(row["x_onset"]) for row in rows],
            "feature": [_features(row) for row in rows],
            "segment": [plain(row["segment"] or "all") for row in rows],
            "cause": [plain(row["cause"] or "–") for row in rows],
            "cost": [_short_cost(row) or "–" for row in rows],
            "said": [plain(row["title"]) for row in rows],
        }
    )
    text, figure = st.column_config.TextColumn, st.column_config.NumberColumn
    config = {
        "rank": figure("Rank", width=48),
        "status": text("Status", width=112),
        "since": text("Since", width=84),
        "feature": text("Feature", width=112),
        "segment": text("Segment", width=92),
        "cause": text("Began with", width=96),
        "cost": text("Cost", width=84),
    }
    for name, nothing in (("segment", "all"), ("cause", "–")):
        if set(shown[name]) == {nothing}:
            shown = shown.drop(columns=name)
    words = 1030 - sum(int(config[str(name)]["width"] or 0) for name in shown if name != "said")
    config["said"] = text("In words", width=words)
    tall = len(shown) if len(shown) <= 6 else 6.5
    key = "incident-table"

    def pick() -> None:
        picked = st.session_state[key].selection.rows
        if picked and picked[0] < len(told):
            st.session_state[KEY] = told["incident"].iloc[int(picked[0])]

    look: dict[str, Any] = {
        "hide_index": True,
        "width": "stretch",
        "height": round(_ROW * tall) + 38,
        "row_height": _ROW,
        "column_config": {name: config[str(name)] for name in shown},
        "selection_mode": "single-row",
        "key": key,
    }
    st.dataframe(shown, on_select=pick, **look)


def _state(row: dict[str, Any]) -> str:
    return reported.OVER if row["state"] == "resolved" else row["state"]


def _features(row: dict[str, Any]) -> str:
    names = json.loads(row["features"] or "[]")
    named = common.subject(row)
    more = len(names) - 1 if isinstance(row["feature"], str) else len(names)
    return f"{named} and {more} more" if more > 0 else named


def _one(page: Page, row: dict[str, Any]) -> None:
    """The incident that was chosen: its sentence, facts, features, findings."""
    st.subheader(f"{common.state_word(row['severity'], _state(row))}: {safe(row['name'])}", anchor=False)
    with st.container(border=True):
        st.markdown(f"**{safe(row['title'])}**")
        places = iter(st.columns(4))
        for label, value, due in _tiles(row):
            look: dict[str, Any] = {"delta_color": "off", "delta_arrow": "off"}
            next(places).metric(label, value, safe(due), **look)
        lines = {
            "Segments": ", ".join(map(plain, json.loads(row["segments"] or "[]"))),
            "Began with": plain(row["cause"] or ""),
            "Taken for one because": plain(row["joined"] or ""),
        }
        told = [f"**{name}**: {safe(text)}" for name, text in lines.items() if text]
        if told:
            st.markdown("  \n".join(told))
        _links(page, json.loads(row["features"] or "[]"), row)
    found = page.told[page.told["incident"] == row["incident"]]
    runs = reported.folded(reported.runs(found, page.latest))
    if runs.empty:
        return
    st.markdown(f"**{counted(len(runs), 'finding', 'findings')} of it**, one line for as long as each goes on")
    rows = reported.trends(page, runs)
    columns = ("status", "since", "until", "feature", "segment", "what", "windows", "trend")
    common.follow(rows, common.finding_table(rows, "incident-findings", columns, rows=5))


def _tiles(row: dict[str, Any]) -> list[tuple[str, str, str]]:
    known = bool(row["cost_unit"]) and row["cost"] > 0
    unit = str(row["cost_unit"] or "")
    loss = "per row" in unit
    value = (number(row["cost"]) if loss else share(row["cost"])) if known else "–"
    due = f"{unit}, +{share(row['weight'])}" if loss else unit
    last = "still open" if row["state"] in reported.OPEN else "over since then"
    return [
        ("Began", moment(row["x_onset"]), "first window with a finding"),
        ("Last seen", moment(row["x"]), last if row["state"] != "silenced" else "its end was planned"),
        ("Findings", f"{row['findings']:,}", f"{counted(int(row['alerts']), 'window', 'windows')} with alerts"),
        ("Cost", value, due if known else "not known"),
    ]


def _links(page: Page, features: list[str], row: dict[str, Any]) -> None:
    """A button to the page of each feature, at the window in which the incident began."""
    known = [name for name in features if name in set(page.features)]
    if not known:
        return
    for place, name in zip(st.columns(_LINKS), known, strict=False):
        label = safe(cut(name, 130))
        if place.button(f":material/search_insights: {label}", key=f"to-{name}", help=safe(name)):
            common.open_feature(name, common.window_key(row["x_onset"]))
    if len(known) > _LINKS:
        st.caption(f"and {len(known) - _LINKS} more features: {safe(', '.join(known[_LINKS : _LINKS + 20]))}")
