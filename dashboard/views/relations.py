"""Where the concept moved: how far each feature's relation to the outcome is from the reference's; one by bin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import frames
from dashboard.changes import last_change
from dashboard.charts.relation import outcome_by_bin
from dashboard.charts.text import during, period, plain
from dashboard.data import Page
from dashboard.theme import STATUS, status
from dashboard.views import common
from dashboard.views.common import quoted
from dashboard.views.words import listed

_ROW = 35
_MOST = 8
"""Rows shown without scrolling; half a row more says that there are others."""


@st.fragment
def relations(page: Page, window: dict[str, Any], outcome: str) -> None:
    """The features' table, and the outcome by bins of the one chosen in it.

    Parameters
    ----------
    window : of `page.windows`
    outcome : in words
    """
    every = page.metric("concept", "relation")
    if every.empty:
        return  # no labels or no features: the page has said so
    rows = table(every, int(window["window_start"]))
    label = period(window["x"], window["x_end"])
    if rows["value"].isna().all():
        common.nothing(
            f"The features' relation to the outcome is not known for {label}.",
            "Its labels are not in yet: choose an earlier window.",
        )
        return
    loud = rows[rows["severity"] == "alert"]
    st.subheader(_title(loud, rows, bool(window["reference"]), label), anchor=False)
    st.caption(
        "By how much the outcome differs from the reference at the same value of the feature, beyond chance. "
        "The outcome's overall level is taken out first."
    )
    chosen = _table(rows, int(window["window_start"]))
    feature = str(rows["feature"].iloc[chosen])
    bins = frames.bins(page, feature, int(window["window_start"]), _class(page))
    regression = page.seen.bins.task == "regression"
    labelled = float(bins["n"].sum())
    kind = page.caption.window.partition(",")[0].replace("windows", "window")
    figure = outcome_by_bin(
        bins,
        title=_chart_title(rows.iloc[chosen], outcome, label, last_change(every[every["feature"] == feature])),
        feature=feature,
        outcome=_named(page, outcome),
        caption=page.text(
            n=round(labelled), labels_pending=round(window["rows"] - labelled), window=f"{kind}, {label}"
        ),
        unit="number" if regression else "share",
        mode=common.mode(),
        width=1000,
        height=480,
    )
    common.chart(figure, "relation", key=f"relation-{feature}")
    if st.button(f"All about {common.safe(quoted(feature))}", icon=":material/search_insights:"):
        common.open_feature(feature, common.window_key(window["x"]))


def table(every: pd.DataFrame, start: int) -> pd.DataFrame:
    """One row a feature, those that moved most beyond their quiet range first.

    Parameters
    ----------
    every : measurements of `relation` in the period
    start : the window looked at

    Returns
    -------
    `feature`, `severity`, `value`, `limit`, `where`, `told` (whether it was judged), `alerts` (windows), `trend`
    """
    out = []
    for feature, rows in every.groupby("feature", sort=False):
        here = rows[rows["window_start"] == start]
        now = here.iloc[0] if len(here) else None
        values = rows["value"].to_numpy(float)
        out.append(
            {
                "feature": feature,
                "severity": now["severity"] if now is not None and isinstance(now["severity"], str) else None,
                "told": now is not None and bool(np.isfinite(now["p_value"])),
                "value": now["value"] if now is not None else np.nan,
                "limit": now["band_high"] if now is not None else np.nan,
                "where": now["detail"] if now is not None and isinstance(now["detail"], str) else "",
                "alerts": int((rows["severity"] == "alert").sum()),
                "trend": [float(part.mean()) for part in np.array_split(values, min(len(values), 60))],
            }
        )
    frame = pd.DataFrame(out)
    order = frame.assign(
        _s=frame["severity"].map({"alert": 0, "watch": 1}).fillna(2),
        _r=-(frame["value"] / frame["limit"].where(frame["limit"] > 0)).fillna(-1),
    ).sort_values(["_s", "_r", "value"], ascending=[True, True, False], kind="stable")
    return frame.loc[order.index].reset_index(drop=True)


def _table(rows: pd.DataFrame, start: int) -> int:
    config = st.column_config
    shown = pd.DataFrame(
        {
            "status": [_status(s, t) for s, t in zip(rows["severity"], rows["told"], strict=True)],
            "feature": [plain(f) for f in rows["feature"]],
            "value": rows["value"],
            "limit": rows["limit"],
            "trend": rows["trend"],
            "alerts": rows["alerts"],
            "where": [plain(w) for w in rows["where"]],
        }
    )
    top = float(np.nanmax([v for trend in rows["trend"] for v in trend] or [1.0]))
    event = st.dataframe(
        shown,
        key=f"relations-{start}",  # another window has another order: a chosen row is none there
        hide_index=True,
        width="stretch",
        height=round(_ROW * ((len(shown) if len(shown) <= _MOST else _MOST + 0.5) + 1)) + 3,
        on_select="rerun",
        selection_mode="single-row",
        placeholder="–",
        column_config={
            "status": config.TextColumn("Status", width=90),
            "feature": config.TextColumn("Feature", width=190),
            "value": config.NumberColumn(
                "Change", format="%.3f", width=90, help="Root mean square difference of the outcome by value"
            ),
            "limit": config.NumberColumn("Quiet under", format="%.3f", width=100),
            "trend": config.LineChartColumn(
                "Course", width=150, y_min=0.0, y_max=max(top, 1e-9), help="Over the period shown, one scale for all"
            ),
            "alerts": config.NumberColumn("Alerts", width=80, help="Windows of the period with an alert"),
            "where": config.TextColumn("Most at (reference to window)", width=330),
        },
    )
    picked = event.selection.rows
    return int(picked[0]) if picked and picked[0] < len(rows) else 0


def _status(severity: object, told: bool) -> str:
    if not told:
        return "–"
    known = STATUS[status(severity)]
    return f"{known.glyph} {known.word}"


def _title(loud: pd.DataFrame, rows: pd.DataFrame, inside: bool, label: str) -> str:
    if not rows["told"].any():
        why = "a window of the reference" if inside else "labels too few or too early to judge"
        return common.safe(f"Features and the outcome {during(label)}: {why}")
    if loud.empty:
        return f"No feature's relation to the outcome moved {during(label)}"
    named = listed(loud["feature"].tolist(), 3)
    relate = "relates" if len(loud) == 1 else "relate"
    return common.safe(f"{len(loud)} of {len(rows)} features {relate} otherwise to the outcome: {named} ({label})")


def _chart_title(row: pd.Series, outcome: str, label: str, changed: str) -> str:
    """What the chosen feature's relation did; `changed`: since when, in words, "" where that cannot be told."""
    if row["severity"] in ("alert", "watch"):
        where = f", most at {row['where']}" if row["where"] else ""
        since = f" ({changed})" if changed else ""
        return f"{quoted(row['feature'])} relates otherwise to {quoted(outcome)} {during(label)}{where}{since}"
    if not row["told"]:
        return f"How {quoted(row['feature'])} relates to {quoted(outcome)} {during(label)}, not judged"
    return f"{quoted(row['feature'])} relates to {quoted(outcome)} about as in the reference {during(label)}"


def _class(page: Page) -> int | None:
    """Which class's share is shown: of several the reader chooses."""
    bins = page.seen.bins
    if bins.task != "multiclass":
        return None
    chosen = st.selectbox("Outcome", list(bins.classes), key="relation-outcome", width=280)
    return bins.classes.index(chosen)


def _named(page: Page, outcome: str) -> str:
    if page.seen.bins.task != "multiclass":
        return outcome
    return f"{outcome} = {st.session_state.get('relation-outcome', page.seen.bins.classes[0])}"
