"""What views share: how charts and sentences are shown, tables of findings, the way to a feature's page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard.charts.text import moment, plain
from dashboard.data import Page
from dashboard.theme import STATUS, plotly_config, status

FEATURE_PAGE = "_feature_page"
"""Where the session keeps the page that `open_feature` switches to."""

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def mode() -> str:
    """The reader's mode, "light" or "dark"; light before the browser has said."""
    return st.context.theme.type or "light"


def safe(text: object) -> str:
    r"""A text from a log as Markdown that shows it as it stands.

    >>> safe("<b>a_b</b> $x$")
    '\\<b\\>a\\_b\\<\\/b\\> \\$x\\$'
    """
    return _PUNCTUATION.sub(r"\\\1", plain(text))


def quoted(feature: object) -> str:
    """A feature's name as a sentence holds it."""
    return f"“{plain(feature)}”"


def chart(fig: go.Figure, name: str, key: str | None = None) -> None:
    """Show a chart as wide as its place; its camera button saves it as `driftmeter-NAME.png`."""
    st.plotly_chart(fig, theme=None, width="stretch", config=plotly_config(name), key=key or f"chart-{name}")


def selected(fig: go.Figure, name: str, key: str) -> list[Any] | None:
    """Show a chart whose points can be clicked; the `customdata` of the point that was, or None."""
    event = st.plotly_chart(
        fig, theme=None, width="stretch", config=plotly_config(name), key=key, on_select="rerun", selection_mode="points"
    )
    points = event.selection.points
    data = points[0].get("customdata") if points else None
    return list(data) if data is not None else None


def nothing(sentence: str, then: str = "") -> None:
    """An empty state: what is missing, and what to do about it."""
    with st.container(border=True):
        st.markdown(f":material/info: {safe(sentence)}" + (f"  \n{safe(then)}" if then else ""))


def problem(sentence: str) -> None:
    """What keeps this page from being shown, as the user's error says it."""
    st.error(safe(sentence), icon=":material/error:")


def open_feature(feature: str, window: str | None = None) -> None:
    """Switch to the Feature page; what the sidebar holds stays."""
    wanted = {"feature": feature} | ({"at": window} if window else {})
    st.switch_page(st.session_state[FEATURE_PAGE], query_params=wanted)


def said(kind: object) -> str:
    """A kind of finding in words: "lost category"."""
    return plain(kind).replace("_", " ")


_CLAUSES = {
    "shift": "{} has shifted", "unseen_category": "{} has values never seen before", "lost_category": "{} has lost values",
    "relation": "{} relates otherwise to the outcome", "performance": "performance is not what it was",
    "calibration": "scores are no longer calibrated", "label_shift": "the outcome rate has moved",
    "prediction_shift": "predictions have shifted", "lost_signal": "{} has lost its signal",
    "relation_changed": "{} means something else", "input_vanished": "{} no longer brings what it told",
    "absent": "{} is gone from the log", "null_rate": "{} is missing more often", "constant": "{} is stuck at one value",
    "sentinel": "{} holds a stand-in for missing", "stale": "{} stands still", "type_changed": "{} has changed its type",
    "volume": "the number of rows is off", "duplicates": "rows come twice", "gap": "rows are lost",
    "late": "labels come late", "new_column": "{} is new in the log",
}  # fmt: skip


def clause(row: dict[str, Any]) -> str:
    """A finding in a few words: “AIRLINE” has lost values."""
    whole = "the log" if row["monitor"] == "integrity" else "the model"
    subject = quoted(row["feature"]) if isinstance(row["feature"], str) else whole
    told = _CLAUSES.get(row["kind"], f"{{}}: {said(row['kind'])}").replace("{}", subject)
    return told + (f" ({plain(row['segment'])})" if isinstance(row["segment"], str) else "")


def window_key(x: object) -> str:
    """A window's start as it stands in the URL: ISO text without needless zeros, or a row number."""
    return x.isoformat().removesuffix("T00:00:00") if isinstance(x, pd.Timestamp) else str(x)


def state_word(severity: object, state: object) -> str:
    """Glyph and words for a finding's severity and state: "■ alert, new"."""
    known = STATUS["silenced"] if state == "silenced" else STATUS[status(severity, "watch")]
    return f"{known.glyph} {known.word}" + (f", {state}" if state not in (None, "silenced") else "")


def finding_table(runs: pd.DataFrame, key: str, columns: Iterable[str] = ("status", "since", "until", "what", "said")) -> int | None:
    """Runs of findings (`dashboard.reported.runs`) as a table; the place of the row that was chosen.

    Parameters
    ----------
    columns : of status, since, until, feature, segment, what, windows, trend, said
    """
    chosen = list(columns)
    shown = pd.DataFrame({
        "status": [state_word(s, t) for s, t in zip(runs["severity"], runs["state"], strict=True)],
        "since": [moment(x) for x in runs["x_onset"]],
        "until": [moment(x) for x in runs["x"]],
        "feature": [plain(f) if isinstance(f, str) else "–" for f in runs["feature"]],
        "segment": [plain(s) if isinstance(s, str) else "all" for s in runs["segment"]],
        "what": [said(k) for k in runs["kind"]],
        "windows": runs["windows"].to_numpy() if "windows" in runs else 1,
        "trend": runs["trend"].tolist() if "trend" in runs else [None] * len(runs),
        "said": [plain(m) for m in runs["message"]],
    })  # fmt: skip
    event = st.dataframe(
        shown[chosen], key=key, hide_index=True, width="stretch", row_height=44, on_select="rerun",
        selection_mode="single-row", column_config=_COLUMNS,
    )  # fmt: skip
    rows = event.selection.rows
    return int(rows[0]) if rows else None


_COLUMNS = {
    "status": st.column_config.TextColumn("Status", width=110, pinned=True),
    "since": st.column_config.TextColumn("Since", width=95),
    "until": st.column_config.TextColumn("Last seen", width=95),
    "feature": st.column_config.TextColumn("Feature", width=140),
    "segment": st.column_config.TextColumn("Segment", width=110),
    "what": st.column_config.TextColumn("What", width=120),
    "windows": st.column_config.NumberColumn("Windows", width=75, help="Windows in which it was found"),
    "trend": st.column_config.LineChartColumn("Trend", width=120, help="The number behind it, window by window"),
    "said": st.column_config.TextColumn("In words", width="large"),
}
