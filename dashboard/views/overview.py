"""Which feature broke when: open alerts first, then the map, then everything behind it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import reported, trust
from dashboard.charts.findings_map import findings_map
from dashboard.data import Page
from dashboard.views import common
from dashboard.views.common import counted

TITLE = "Overview"
ICON = ":material/grid_view:"

ALERTS, WATCHES = "alerts", "alerts and watches"
MONITORS = ("drift", "concept", "decay", "missing", "integrity", "skew")


def show(page: Page) -> None:
    """Open alerts, the feature × time map, incidents, raw findings."""
    monitors, severity = _filters(page)
    found = page.told[page.told["monitor"].isin(monitors)]
    every = reported.runs(found, page.latest)
    if severity == ALERTS:
        every = every[every["severity"] == "alert"]
        found = found[(found["severity"] == "alert") | (found["state"] == "silenced")]
    alerts = reported.folded(every[every["is_open"].astype(bool) & (every["severity"] == "alert")])
    _open(page, alerts)
    _map(page, found, alerts)
    _incidents(reported.with_titles(reported.incidents(every, stored=page.incidents), page.incidents))
    _all(every)


def _filters(page: Page) -> tuple[list[str], str]:
    left, right = st.columns([5, 3], vertical_alignment="bottom")
    have = [monitor for monitor in MONITORS if monitor in set(page.told["monitor"])]
    chosen = have
    if have:
        look: dict[str, Any] = {"selection_mode": "multi", "default": have, "key": "monitors", "bind": "query-params"}
        chosen = left.pills("Monitors", have, **look) or have
    severity = right.segmented_control(
        "Severity", [ALERTS, WATCHES], default=ALERTS, required=True, key="severity", bind="query-params"
    )
    return list(chosen), str(severity)


def _open(page: Page, alerts: pd.DataFrame) -> None:
    st.subheader(counted(len(alerts), "open alert", "open alerts"), anchor=False)
    if alerts.empty:
        common.nothing("No alert is open at the end of the period shown.")
        return
    rows = reported.trends(page, alerts)
    columns = ("status", "since", "feature", "segment", "what", "windows", "trend")
    common.follow(rows, common.finding_table(rows, "open-alerts", columns, rows=4))


def _map(page: Page, found: pd.DataFrame, alerts: pd.DataFrame) -> None:
    shown = found[found["state"] != "resolved"]
    if page.as_run:  # of segments alerts alone: what is to watch in one of many would hide the rest
        shown = shown[shown["segment"].isna() | (shown["severity"] == "alert")]
    loud = set(shown["feature"].dropna())
    title = _title(alerts["feature"].dropna().nunique(), len(loud), len(page.features))
    look: dict[str, Any] = {"caption": page.caption, "events": page.events, "mode": common.mode(), "width": 900}
    figure = findings_map(shown, page.windows, page.features, title=title, note=trust.false_alerts(page), **look)
    point = common.selected(figure, "overview", "findings-map")
    weak = trust.too_small(page)
    if weak:
        st.caption(common.safe(weak))
    if point and point[0]:
        common.open_feature(str(point[0]), common.short_key(str(point[1])))


def _title(now: int, loud: int, every: int) -> str:
    """What the map shows, in a sentence: features with open alerts, and how many were quiet."""
    quiet = every - loud
    if not loud:
        return f"All {every} features are quiet in the period shown"
    told = f"{loud} of {every} features had findings, none has an open alert"
    if now:
        told = f"{now} of {every} features {'has an open alert' if now == 1 else 'have open alerts'}"
    return f"{told}; {quiet} {'was' if quiet == 1 else 'were'} quiet throughout" if quiet > 0 else told


def _incidents(incidents: pd.DataFrame) -> None:
    if incidents.empty:
        return
    st.subheader(f"{counted(len(incidents), 'incident', 'incidents')} in the period", anchor=False)
    st.caption("Findings with one cause and onset are one incident: what is open first, then by what it costs.")
    columns = ("status", "since", "until", "feature", "findings")
    common.follow(incidents, common.finding_table(incidents, "all-incidents", columns))


def _all(every: pd.DataFrame) -> None:
    with st.expander(f"All {len(every):,} findings, one line for as long as each goes on"):
        if every.empty:
            common.nothing("There is none for this choice of monitors and severity.")
            return
        columns = ("status", "since", "until", "feature", "segment", "what", "windows")
        common.follow(every, common.finding_table(every, "all-findings", columns))
