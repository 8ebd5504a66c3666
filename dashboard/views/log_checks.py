"""Every question that the log is asked about itself, in one table, and the course of the one that is chosen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.charts.series import series
from dashboard.charts.text import FORMATS, moment, plain
from dashboard.data import Page
from dashboard.theme import STATUS
from dashboard.views import common
from dashboard.views.common import counted
from dashboard.views.words import capital, when

_ROW = 35
_POINTS = 60


class Check(NamedTuple):
    """A metric of the log: what it asks, the y axis in words, how values are written, and what answers nothing."""

    metric: str
    asks: str
    y: str
    unit: str = "share"
    needs: str = ""


CHECKS = (
    Check("rows", "As many rows as usual", "rows", "count", "a timestamp"),
    Check("gap_hours", "Rows in every hour that usually has some", "hours without rows", "count", "a timestamp"),
    Check("duplicate_share", "Each id once", "share of rows that repeat an id", needs="an id"),
    Check("conflicting_share", "One set of values for each id", "share of rows with an id's other values",
          needs="an id"),
    Check("burst_share", "Each event once", "share of rows alike one of seconds before", needs="an id"),
    Check("disorder_share", "Rows in order of time", "share of rows older than the row before", needs="a timestamp"),
    Check("late_share", "Rows in their own files", "share of rows in files of later windows", needs="a timestamp"),
    Check("future_share", "No rows ahead of their time", "share of rows ahead of their file's time"),
    Check("label_coverage", "A label for each row that is due one", "share of rows with a label", needs="a label"),
    Check("label_delay_hours", "Labels as soon as usual", "hours until half of the labels are in", "hours",
          "a time for each label"),
    Check("sampling", "All rows written, not a sample", "rows as a part of those due", "number", "a timestamp"),
    Check("category_sampling", "All segments and classes written alike", "rows of the category, relative to the others",
          "number"),
    Check("removed_column", "All columns there", "share of rows without the column"),
    Check("unwatched_column", "All columns that nobody watches there", "share of rows without the column"),
    Check("new_column", "No columns that nobody knows", "share of rows with the column"),
)  # fmt: skip
"""In the order in which they stand when all is well."""


def checks(page: Page) -> None:
    """A row a check with its verdict, the worst first, and the chart of the chosen one."""
    st.subheader("What the log is asked", anchor=False)
    if page.look.segment:
        common.nothing("The log is asked as a whole, not by segment.", "Choose all rows as the segment.")
        return
    found = [(check, name, rows) for check in CHECKS for name, rows in _parts(page, check)]
    if not found:
        common.nothing("No window of the period shown has anything to ask of.", "Choose a longer period.")
        return
    table = pd.DataFrame([_row(*each) for each in found])
    order = sorted(range(len(table)), key=lambda i: table["_rank"].iloc[i])
    table = table.iloc[order].reset_index(drop=True)
    config = st.column_config
    picked = st.dataframe(
        table.drop(columns="_rank"),
        key="log-checks",
        hide_index=True,
        width="stretch",
        height=_ROW * (min(len(table), 9) + 1) + 3,
        on_select="rerun",
        selection_mode="single-row",
        placeholder="–",
        column_config={
            "status": config.TextColumn("Now", width=84),
            "asks": config.TextColumn("Asked", width=290),
            "worst": config.TextColumn("Furthest off", width=96),
            "when": config.TextColumn("When", width=128),
            "usual": config.TextColumn("Usual", width=84),
            "alerts": config.NumberColumn("Alerts", width=70, help="Windows of the period with an alert"),
            "trend": config.LineChartColumn("Course", width=150, help="Over the period shown"),
        },
    )
    lacking = [c for c in CHECKS if c.needs and not any(check is c for check, _, _ in found)]
    if lacking:
        needs = ", ".join(dict.fromkeys(c.needs for c in lacking))
        st.caption(common.safe(f"Not asked, for the log does not say it: {len(lacking)} more, which need {needs}."))
    chosen = picked["selection"]["rows"] if picked else []
    _chart(page, *found[order[chosen[0] if chosen else 0]])


def _parts(page: Page, check: Check) -> list[tuple[str, pd.DataFrame]]:
    """The check's measurements, by column where it is asked of each; of columns those that something was found in."""
    rows = page.metric("integrity", check.metric)
    rows = rows[rows["value"].notna()]
    if rows.empty:
        return []
    whole = rows[rows["feature"].isna()]
    parts = [("", whole)] if len(whole) else []
    parts += [(str(name), part) for name, part in rows[rows["feature"].notna()].groupby("feature", sort=True)]
    return parts


def _row(check: Check, name: str, rows: pd.DataFrame) -> dict[str, object]:
    loud = rows[rows["severity"] == "alert"]
    last = rows["severity"].iloc[-1]
    status = last if last in ("alert", "watch") else "ok"
    judged = rows["p_value"].notna().any()
    off = _furthest(rows)
    say = FORMATS[check.unit]
    return {
        "status": f"{STATUS[status].glyph} {STATUS[status].word}" if judged else "not judged",
        "asks": check.asks + (f": {plain(name)}" if name else ""),
        "worst": say(float(off["value"])),
        "when": moment(off["x"]),
        "usual": say(float(off["expected"])) if pd.notna(off["expected"]) else "–",
        "alerts": len(loud),
        "trend": _course(rows["value"].to_numpy(float)),
        "_rank": ({"alert": 0, "watch": 1}.get(str(status), 2), -len(loud)),
    }


def _furthest(rows: pd.DataFrame) -> pd.Series:
    """The window with the least p value, of those the one furthest from what was expected."""
    p = rows["p_value"].fillna(1.0)
    beyond = (rows["value"] - rows["expected"].fillna(0.0)).abs()
    return rows.loc[rows.assign(_p=p, _b=-beyond).sort_values(["_p", "_b"], kind="stable").index[0]]


def _course(values: np.ndarray) -> list[float]:
    """No more points than a cell shows: of each stretch of windows the value furthest from the middle of all."""
    if len(values) <= _POINTS:
        return [float(v) for v in values]
    centre = float(np.median(values))
    return [float(part[np.abs(part - centre).argmax()]) for part in np.array_split(values, _POINTS)]


def _chart(page: Page, check: Check, name: str, rows: pd.DataFrame) -> None:
    figure = series(
        rows,
        title=_title(check, name, rows),
        caption=page.text(labels_pending=None),
        y=check.y,
        unit=check.unit,
        zero=check.unit != "number",
        events=page.events,
        mode=common.mode(),
        width=900,
        height=400,
    )
    common.picking(figure, "log-check")


def _title(check: Check, name: str, rows: pd.DataFrame) -> str:
    of = f" ({plain(name)})" if name else ""
    alerts, watches = (rows[rows["severity"] == severity] for severity in ("alert", "watch"))
    loud, word = (alerts, "alerts") if len(alerts) else (watches, "worth a look")
    say = FORMATS[check.unit]
    if len(loud):
        worst = _furthest(loud)
        usual = f" (usually {say(float(worst['expected']))})" if pd.notna(worst["expected"]) else ""
        told = f"{capital(check.y)}{of}: {say(float(worst['value']))}{usual}, {when(dict(worst))}"
        return told + (f"; {word} in {len(loud)} windows" if len(loud) > 1 else "")
    judged = int(rows["p_value"].notna().sum())
    if not judged:
        return f"{capital(check.y)}{of}, of which no window is judged"
    return f"{check.asks}{of}: nothing out of the usual in {counted(judged, 'window', 'windows')}"
