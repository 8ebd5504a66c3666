"""Which feature broke when: open alerts first, then the map, then everything behind it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import reported
from dashboard.charts.findings_map import findings_map
from dashboard.data import Page
from dashboard.views import common

TITLE = "Overview"
ICON = ":material/grid_view:"

MONITORS = ("drift", "concept", "decay", "missing", "integrity", "skew")


def show(page: Page) -> None:
    """Open alerts, the feature × time map, incidents, raw findings."""
    monitors, severity = _filters(page)
    found = page.told[page.told["monitor"].isin(monitors)]
    if severity == "alerts":
        found = found[(found["severity"] == "alert") | found["state"].isin(["resolved", "silenced"])]
    runs = reported.runs(found)
    alerts = runs[runs["is_open"] & (runs["severity"] == "alert")]
    _open(page, alerts)
    _map(page, found, alerts)
    _all_incidents(page, found)
    _raw(runs)


def _filters(page: Page) -> tuple[list[str], str]:
    have = [monitor for monitor in MONITORS if monitor in set(page.told["monitor"])]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    chosen = left.pills("Monitors", have, selection_mode="multi", default=have, key="monitors", bind="query-params") if have else []
    severity = right.segmented_control(
        "Severity", ["alerts", "alerts and watches"], default="alerts", required=True, key="severity", bind="query-params"
    )
    return list(chosen) or have, str(severity)


def _open(page: Page, alerts: pd.DataFrame) -> None:
    st.subheader(f"{len(alerts)} open alert{'s' * (len(alerts) != 1)}", anchor=False)
    if alerts.empty:
        common.nothing("No alert is open at the end of the period shown.")
        return
    rows = alerts.assign(trend=[reported.trend(page, row, page.end) for _, row in alerts.iterrows()])
    columns = ("status", "since", "feature", "segment", "what", "windows", "trend", "said")
    chosen = common.finding_table(rows, "open-alerts", columns)
    _follow(rows, chosen)


def _follow(rows: pd.DataFrame, chosen: int | None) -> None:
    if chosen is not None and isinstance(rows["feature"].iloc[chosen], str):
        common.open_feature(rows["feature"].iloc[chosen], common.window_key(rows["x"].iloc[chosen]))


def _map(page: Page, found: pd.DataFrame, alerts: pd.DataFrame) -> None:
    shown = found[found["segment"].isna() | (found["severity"] == "alert")] if page.as_run else found
    shown = shown[shown["state"] != "resolved"]
    loud = set(shown["feature"].dropna())
    quiet = [name for name in page.features if name not in loud]
    now = set(alerts["feature"].dropna())
    title = _title(len(now), len(loud), len(quiet), len(page.features))
    figure = findings_map(
        shown, page.windows, page.features, title=title, caption=page.caption, events=page.events, mode=common.mode(), width=1000
    )
    point = common.selected(figure, "overview", "findings-map")
    if point and point[0]:
        common.open_feature(str(point[0]), str(point[1]).removesuffix("T00:00:00"))


def _title(now: int, loud: int, quiet: int, every: int) -> str:
    if not loud:
        return f"All {every} features are quiet in the period shown"
    told = f"{now} of {every} features {'has an open alert' if now == 1 else 'have open alerts'}" if now else f"{loud} of {every} features had findings, none has an open alert"
    return f"{told}; {quiet} {'was' if quiet == 1 else 'were'} quiet throughout" if quiet else told


def _all_incidents(page: Page, found: pd.DataFrame) -> None:
    incidents = reported.incidents(found)
    if incidents.empty:
        return
    st.subheader(f"{len(incidents)} incident{'s' * (len(incidents) != 1)} in the period", anchor=False)
    rows = incidents.assign(windows=incidents["findings"])
    _follow(rows, common.finding_table(rows, "all-incidents", ("status", "since", "until", "feature", "windows", "said")))


def _raw(runs: pd.DataFrame) -> None:
    with st.expander(f"All {len(runs):,} findings, one line for as long as each goes on"):
        if len(runs):
            columns = ("status", "since", "until", "feature", "segment", "what", "windows", "said")
            _follow(runs, common.finding_table(runs, "all-findings", columns))
        else:
            common.nothing("There is none for this choice of monitors and severity.")
