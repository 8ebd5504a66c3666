"""The decay ledger as a table: power, why it went, its trend, or information; a row leads to its feature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.charts.ledger import sparklines
from dashboard.charts.text import moment, plain
from dashboard.data import Page, to_x
from dashboard.theme import STATUS
from dashboard.views import common
from monitors.decay_ledger import floor_of

SETS = ("Power", "Why", "Trend", "Information")
"""What the table's columns are about."""

_ROW = 35
_MOST = 16
"""Rows shown without scrolling; half a row more says that there are others."""

_WORDS = {"never_had_power": "never had power", "unknown": "not known yet"}
_INFINITE = "∞"


def word(verdict: str) -> str:
    """A verdict in words: "lost signal"."""
    return _WORDS.get(verdict, verdict.replace("_", " "))


def show(page: Page, table: pd.DataFrame, measured: pd.DataFrame, now: str) -> None:
    """The table; the feature of a row that is chosen is opened.

    Parameters
    ----------
    table : of `decay_ledger.ledger`, with `severity`
    measured : decay's measurements with `x`, for the course
    now : the windows that are now, in words
    """
    chosen = st.segmented_control(
        "Columns", SETS, default=SETS[0], required=True, key="ledger", bind="query-params", label_visibility="collapsed"
    )
    shown, columns = content(page, table, measured, str(chosen or SETS[0]), now)
    event = st.dataframe(
        shown,
        key=f"ledger-{chosen}",
        hide_index=True,
        width="stretch",
        height=round(_ROW * ((len(shown) if len(shown) <= _MOST else _MOST + 0.5) + 1)) + 3,
        on_select="rerun",
        selection_mode="single-row",
        column_config=columns,
        placeholder="–",
    )
    picked = event.selection.rows
    if picked and picked[0] < len(table):
        common.open_feature(str(table["feature"].iloc[picked[0]]))


def content(
    page: Page, table: pd.DataFrame, measured: pd.DataFrame, about: str, now: str
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """What the table shows of one of ``SETS``, and how its columns are drawn."""
    config = st.column_config
    floor = floor_of(page.seen.bins.task)
    trends = (
        sparklines(measured.sort_values("x", kind="stable")).set_index("feature")["trend"].reindex(table["feature"])
    )
    values = [v for trend in trends if isinstance(trend, list) for v in trend] or [floor, floor + 0.1]
    low, high = min([*values, floor]), max([*values, floor + 0.05])
    shown = pd.DataFrame(
        {
            "verdict": [_verdict(v, s) for v, s in zip(table["verdict"], table["severity"], strict=True)],
            "feature": [plain(f) for f in table["feature"]],
            "trend": [t if isinstance(t, list) else [] for t in trends],
        }
    )
    columns: dict[str, Any] = {
        "verdict": config.TextColumn("Verdict", width=132),
        "feature": config.TextColumn("Feature", width=152),
        "trend": config.LineChartColumn(
            "Learned power", width=104, y_min=low, y_max=high, help="By window over the period shown, one scale for all"
        ),
    }
    extra, more = {"Power": _power, "Why": _why, "Trend": _trend, "Information": _information}[about](
        page, table, floor, high, now
    )
    return shown.assign(**extra), columns | more


def _verdict(verdict: str, severity: object) -> str:
    if severity in ("alert", "watch"):
        return f"{STATUS[str(severity)].glyph} {word(verdict)}"
    return f"{STATUS['ok'].glyph} {word(verdict)}" if verdict == "stable" else word(verdict)


def interval(low: float, high: float, digits: int = 3) -> str:
    """An interval in words; an open end is infinite."""
    if not np.isfinite(low):
        return ""
    return f"{low:.{digits}f} to {f'{high:.{digits}f}' if np.isfinite(high) else _INFINITE}"


def _intervals(table: pd.DataFrame, name: str, digits: int = 3) -> list[str]:
    return [interval(a, b, digits) for a, b in zip(table[f"{name}_low"], table[f"{name}_high"], strict=True)]


def _power(
    _page: Page, table: pd.DataFrame, floor: float, high: float, now: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    config = st.column_config
    top = max(high, float(np.nanmax([*table["after"].fillna(floor), floor + 0.05])))
    return (
        {
            "before": table["before"],
            "after": table["after"],
            "within": _intervals(table, "after"),
            "available": table["available"],
            "expected": table["expected"],
            "rank": table["rank_after"],
            "moved": [_moved(c) for c in table["rank_change"]],
        },
        {
            "before": config.NumberColumn("Reference", format="%.3f", width=78, help="Learned power in the reference"),
            "after": config.ProgressColumn(
                "Now",
                format="%.3f",
                width=112,
                min_value=floor,
                max_value=top,
                color="primary",
                help=f"Learned power: {now}. The bar is empty where nothing is told.",
            ),
            "within": config.TextColumn("95% interval", width=108),
            "available": config.NumberColumn(
                "Available", format="%.3f", width=74, help="What retraining could get, now"
            ),
            "expected": config.NumberColumn(
                "Expected", format="%.3f", width=74, help="What the inputs' shift alone would leave, now"
            ),
            "rank": config.NumberColumn("Rank", format="%d", width=48, help="By learned power, now"),
            "moved": config.TextColumn("Moved", width=58, help="Ranks gained or lost since the reference"),
        },
    )


def _why(
    _page: Page, table: pd.DataFrame, _floor: float, _high: float, _now: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    config = st.column_config
    extra: dict[str, Any] = {}
    columns: dict[str, Any] = {}
    if table["attribution"].notna().any():
        extra = {"attribution": 100 * table["attribution"], "attribution_before": 100 * table["attribution_before"]}
        columns = {
            "attribution": config.NumberColumn(
                "Attribution", format="%.1f%%", width=84, help="The feature's part of all attribution, now"
            ),
            "attribution_before": config.NumberColumn("Reference", format="%.1f%%", width=78),
        }
    return (
        {
            **extra,
            "note": [plain(note) for note in table["note"]],
            "gain": table["gain"],
            "gain_in": _intervals(table, "gain"),
        },
        columns
        | {
            "note": config.TextColumn("Note", width=430, help="Why inputs vanished, or how little could be seen"),
            "gain": config.NumberColumn(
                "Retraining", format="%+.3f", width=80, help="Available less learned: what retraining promises"
            ),
            "gain_in": config.TextColumn("95% interval", width=118),
        },
    )


COURSES = {
    "straight": "none: falls evenly", "step": "none: fell at once", "steady": "no decay beyond chance",
    "unknown": "too few windows",
}  # fmt: skip
"""Why a power has no half-life."""


def _moved(change: float) -> str:
    if not np.isfinite(change):
        return ""
    return f"▲ {int(change)}" if change > 0 else f"▼ {int(-change)}" if change < 0 else "="


def course(row: Mapping[Any, Any], unit: str) -> str:
    """A half-life with its interval, or why there is none; a feature that never had power has none to lose.

    Parameters
    ----------
    row : of the ledger
    unit : of its half-life
    """
    if row["verdict"] in ("never_had_power", "unknown"):
        return ""
    if row["course"] != "halves":
        return COURSES[row["course"]]
    return f"{row['half_life']:.1f} {unit} ({interval(row['half_life_low'], row['half_life_high'], 1)})"


def _trend(
    page: Page, table: pd.DataFrame, _floor: float, _high: float, _now: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    config = st.column_config
    rows = page.seen.grain.kind == "rows"
    per, unit = ("1,000 rows", "thousand rows") if rows else ("month", "months")
    reached = [
        moment(to_x(pd.Series([int(at)]), page.seen.grain).iloc[0]) if np.isfinite(at) else ""
        for at in table["floor_start"]
    ]
    return (
        {
            "drop": -table["drop"],
            "drop_in": [interval(-b, -a) for a, b in zip(table["drop_low"], table["drop_high"], strict=True)],
            "slope": table["slope"],
            "slope_in": _intervals(table, "slope", 4),
            "course": [course(row, unit) for row in table.to_dict("records")],
            "floor": reached,
        },
        {
            "drop": config.NumberColumn(
                "Change", format="%+.3f", width=68, help="Learned power now less that of the reference"
            ),
            "drop_in": config.TextColumn("95% interval", width=112),
            "slope": config.NumberColumn(
                f"Per {per}", format="%+.4f", width=80, help="Slope of learned power since the reference"
            ),
            "slope_in": config.TextColumn("95% interval", width=120),
            "course": config.TextColumn(
                "Half-life",
                width=168,
                help="Where learned power decays exponentially towards nothing since the reference, the time in which "
                "half of it goes, with its 95% interval; else how it has gone",
            ),
            "floor": config.TextColumn(
                "None left since",
                width=104,
                help="From there on the power of a feature that lost it cannot be told from none",
            ),
        },
    )


def _information(
    _page: Page, table: pd.DataFrame, _floor: float, _high: float, _now: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    config = st.column_config
    extra: dict[str, Any] = {}
    columns: dict[str, Any] = {}
    for name, label, told in (
        (
            "information_value",
            "Information value",
            "Of a window alone: under 0.02 nothing, 0.1 weak, 0.3 medium, above strong; small windows have more.",
        ),
        (
            "mutual_information",
            "Mutual information",
            "Of bins and outcome over the mean of their entropies, 0 to 1, of a window alone",
        ),
    ):
        if table[name].notna().any():
            extra |= {f"{name}_before": table[f"{name}_before"], name: table[name]}
            columns |= {
                f"{name}_before": config.NumberColumn(f"{label}, reference", format="%.4f", width=180, help=told),
                name: config.NumberColumn(f"{label}, now", format="%.4f", width=160, help=told),
            }
    extra["n"] = table["n"]
    columns["n"] = config.NumberColumn("Labelled rows, now", format="localized", width=130)
    return extra, columns
