"""What views share: how charts and sentences are shown, tables of findings, the way to another page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard.charts.text import moment, plain
from dashboard.charts.timeline import records
from dashboard.theme import STATUS, plotly_config, status

PAGES = "_pages"
"""Where the session keeps the pages by path, for views that lead to another."""

_NOTES = "_notes"
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


# ----- sentences ----------------------------------------------------------------------------------------------------


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


def said(kind: object) -> str:
    """A kind of finding in words: "lost category"."""
    return plain(kind).replace("_", " ")


_CLAUSES = {
    "shift": "{} has shifted",
    "unseen_category": "{} has values never seen before",
    "lost_category": "{} has lost values",
    "relation": "{} relates otherwise to the outcome",
    "performance": "performance is not what it was",
    "calibration": "scores are no longer calibrated",
    "label_shift": "the outcome rate has moved",
    "prediction_shift": "predictions have shifted",
    "lost_signal": "{} has lost its signal",
    "relation_changed": "{} means something else",
    "input_vanished": "{} no longer brings what it told",
    "absent": "{} is gone from the log",
    "null_rate": "{} is missing more often",
    "constant": "{} is stuck at one value",
    "sentinel": "{} holds a stand-in for missing",
    "stale": "{} stands still",
    "type_changed": "{} has changed its type",
    "unit_changed": "{} has changed its unit",
    "volume": "the number of rows is off",
    "duplicates": "rows come twice",
    "gap": "rows are lost",
    "latency": "answers take otherwise long",
    "nonfinite": "predictions are no numbers",
    "late": "rows or labels come late",
    "conflicting": "ids come again with other values",
    "bursts": "events are written twice",
    "disorder": "rows are out of order",
    "future": "rows are ahead of their time",
    "sampling": "{} seems to be sampled",
    "label_coverage": "labels do not come",
    "removed_column": "{} is no longer in the log",
    "new_column": "{} is new in the log",
    "position": "outcomes fall off otherwise by position",
    "distribution": "{} is not served as it was trained on",
    "value_mismatch": "{} is served otherwise than computed offline",
    "attribution": "the model leans on other features",
    "early": "{} left before its planned end",
    "overdue": "{} is served after its planned end",
}


def subject(row: dict[str, Any]) -> str:
    """What a finding is about where no feature is named: the log or the model; else the feature as it stands."""
    whole = "the log" if row["monitor"] == "integrity" else "the model"
    return plain(row["feature"]) if isinstance(row["feature"], str) else whole


def clause(row: dict[str, Any]) -> str:
    """A finding in a few words: “AIRLINE” has lost values."""
    named = quoted(row["feature"]) if isinstance(row["feature"], str) else subject(row)
    told = _CLAUSES.get(row["kind"], f"{{}}: {said(row['kind'])}").replace("{}", named)
    return told + (f" ({plain(row['segment'])})" if isinstance(row["segment"], str) else "")


def counted(n: int, one: str, many: str) -> str:
    """A number with its noun: "1 alert", "2 alerts"."""
    return f"{n:,} {one if n == 1 else many}"


def nothing(sentence: str, then: str = "") -> None:
    """An empty state: what is missing, and what to do about it."""
    with st.container(border=True):
        st.markdown(f":material/info: {safe(sentence)}" + (f"  \n{safe(then)}" if then else ""))


def problem(sentence: str) -> None:
    """What keeps this page from being shown, as the user's error says it."""
    st.error(safe(sentence[:1].upper() + sentence[1:]), icon=":material/error:")


def noted(sentence: str) -> None:
    """Remember a sentence that is to stand above the page: what a link asked for in vain."""
    st.session_state.setdefault(_NOTES, []).append(sentence)


def show_notes() -> None:
    """Show what was noted in this run, once."""
    sentences = dict.fromkeys(st.session_state.pop(_NOTES, []))
    if sentences:
        st.warning("  \n".join(map(safe, sentences)), icon=":material/link_off:")


# ----- charts -------------------------------------------------------------------------------------------------------


def chart(fig: go.Figure, name: str, key: str | None = None, fixed: bool = False) -> None:
    """Show a chart as wide as its place; its camera button saves it as `driftmeter-NAME.png`.

    `fixed`: the picture has the figure's own width and height, whatever the screen's.
    """
    look = _look(name)
    if fixed:
        look["config"]["toImageButtonOptions"] |= {"width": fig.layout.width, "height": fig.layout.height}
    st.plotly_chart(fig, **look, key=key or f"chart-{name}")


def selected(fig: go.Figure, name: str, key: str) -> list[Any] | None:
    """Show a chart whose points can be clicked; the `customdata` of the point that was, or None."""
    event = st.plotly_chart(fig, **_look(name), key=key, on_select="rerun", selection_mode="points")
    points = event.selection.points
    data = points[0].get("customdata") if points else None
    return list(data) if data is not None else None


def clickable(fig: go.Figure, name: str, key: str, pick: Callable[[], None]) -> None:
    """Show a chart whose points can be clicked; `pick` is called before the page is drawn again."""
    st.plotly_chart(fig, **_look(name), key=key, on_select=pick, selection_mode="points")


def picking(fig: go.Figure, name: str) -> None:
    """Show a chart of windows; a click on one chooses it as the window of the page (`at` in the URL)."""
    key = f"chart-{name}"

    def pick() -> None:
        points = st.session_state[key].selection.points
        if points and points[0].get("customdata"):
            st.session_state["at"] = short_key(str(points[0]["customdata"][-1]))

    st.plotly_chart(fig, **_look(name), key=key, on_select=pick, selection_mode="points")


def _look(name: str) -> dict[str, Any]:
    return {"theme": None, "width": "stretch", "config": plotly_config(name)}


# ----- the way to another page --------------------------------------------------------------------------------------


def window_key(x: object) -> str:
    """A window's start as it stands in the URL: ISO text without needless zeros, or a row number."""
    return short_key(x.isoformat()) if isinstance(x, pd.Timestamp) else str(x)


def short_key(iso: str) -> str:
    """ISO text of a moment without a midnight's zeros."""
    return iso.removesuffix("T00:00:00")


def open_feature(feature: str, window: str | None = None) -> None:
    """Switch to the Feature page; what the sidebar holds stays."""
    wanted = {"feature": feature} | ({"at": window} if window else {})
    st.switch_page(st.session_state[PAGES]["feature"], query_params=wanted)


def follow(runs: pd.DataFrame, chosen: int | None) -> None:
    """Go to what the chosen row of a table of `runs` is about: its feature at that window, the model, or the log."""
    if chosen is None or chosen >= len(runs):
        return
    row = records(runs.iloc[[chosen]])[0]
    if isinstance(row["feature"], str):
        open_feature(row["feature"], window_key(row["x"]))
    target = st.session_state[PAGES].get("log-health" if row["monitor"] == "integrity" else "concept")
    if target is not None:
        st.switch_page(target, query_params={})


# ----- tables of findings -------------------------------------------------------------------------------------------


def state_word(severity: object, state: object) -> str:
    """Glyph and words for a finding's severity and state: "■ alert, new"."""
    if state == "over":
        return f"{STATUS['ok'].glyph} {severity}, over"
    known = STATUS["silenced"] if state == "silenced" else STATUS[status(severity, "watch")]
    return f"{known.glyph} {known.word}" + (f", {state}" if state != "silenced" else "")


def finding_table(
    runs: pd.DataFrame, key: str, columns: Sequence[str], rows: int = 8, picks: bool = True
) -> int | None:
    """Runs of findings or incidents (`dashboard.reported`) as a table; the place of the row that was chosen.

    Parameters
    ----------
    columns : of `_COLUMNS`; the sentence always comes last, segments where there are any
    rows : shown without scrolling
    picks : whether a row can be chosen
    """
    told = records(runs)
    cells: dict[str, list[Any]] = {
        "status": [state_word(row["severity"], row["state"]) for row in told],
        "since": [moment(row["x_onset"]) for row in told],
        "until": [moment(row["x_last"]) for row in told],
        "feature": [_features(row) for row in told],
        "segment": [plain(row.get("where") or row["segment"] or "all") for row in told],
        "what": [said(row["kind"]) for row in told],
        **{name: [row[name] for row in told] for name in ("windows", "findings", "trend") if name in runs},
        "said": [plain(row["message"]) for row in told],
    }
    if not any(name != "all" for name in cells["segment"]):
        columns = [name for name in columns if name != "segment"]
    shown = pd.DataFrame({name: cells[name] for name in (*columns, "said")})
    config = {name: _COLUMNS[name][0](_COLUMNS[name][1], width=_COLUMNS[name][2]) for name in columns}
    words = max(300, 1030 - sum(_COLUMNS[name][2] for name in columns))
    config["said"] = st.column_config.TextColumn("In words", width=words)
    tall = len(shown) if len(shown) <= rows else rows + 0.5  # half a row says that there are more
    look: dict[str, Any] = {
        "hide_index": True,
        "width": "stretch",
        "height": round(_ROW * tall) + 38,
        "row_height": _ROW,
        "column_config": config,
        "placeholder": "",
        "key": key,
    }
    if not picks:
        st.dataframe(shown, **look)
        return None
    picked = st.dataframe(shown, on_select="rerun", selection_mode="single-row", **look).selection.rows
    return int(picked[0]) if picked else None


def _features(row: dict[str, Any]) -> str:
    listed = row.get("features")
    more = len(listed) - 1 if isinstance(listed, list) and row["feature"] in listed else 0
    return f"{subject(row)} and {more} more" if more > 0 else subject(row)


_ROW = 66  # pixels: from 65 on Streamlit wraps text
_COLUMNS: dict[str, tuple[Any, str, int]] = {
    "status": (st.column_config.TextColumn, "Status", 124),
    "since": (st.column_config.TextColumn, "Since", 92),
    "until": (st.column_config.TextColumn, "Last seen", 92),
    "feature": (st.column_config.TextColumn, "Feature", 120),
    "segment": (st.column_config.TextColumn, "Segment", 100),
    "what": (st.column_config.TextColumn, "What", 100),
    "windows": (st.column_config.NumberColumn, "Windows", 74),
    "findings": (st.column_config.NumberColumn, "Findings", 74),
    "trend": (st.column_config.LineChartColumn, "Course", 104),
}
