"""Planned ends as a calendar: since when each feature is served, when it is to end, and whether that was kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import maps
from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import FILLED, Key
from dashboard.charts.points import folded
from dashboard.charts.strip import marks, strip
from dashboard.charts.text import escape, said, share
from dashboard.charts.timeline import BOTTOM, finite, naive, records, time_axis, time_title, windows
from dashboard.theme import STATUS, Palette, alpha, palette

BROKEN = ("early", "overdue")
"""States of a plan that was not kept."""
_HALF = 0.28  # of a row: half of a bar's height
_LEAST = 0.01  # a smaller share of rows is none
_END, _BEYOND = "◇", "▷"


def planned_ends(
    served: pd.DataFrame,
    ends: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    events: pd.DataFrame | None = None,
    note: str = "",
    mode: str = "light",
    width: int = WIDTH,
) -> go.Figure:
    """A bar while a feature is served, ◇ at its planned end; the axis goes on to the last end that is near.

    Parameters
    ----------
    served : `feature`, `x`, `x_end`, `share` of rows that have it; its windows are the log
    ends : in the order in which they are to stand: `feature`, `date` (when it is to end; missing: not known), `state`
        (see `monitors.planned`), `said` (what stands at the row's end), `message`
    """
    p = palette(mode)
    if ends is None or not {"feature", "state"} <= set(ends.columns) or not ends["feature"].notna().any():
        nothing = "No feature has a planned end. Name some under [deprecations] in driftmeter.toml."
        return empty(title, nothing, caption, mode=mode, width=width)
    log = windows(served)
    if log.empty or not np.isfinite(finite(log, "share")).any():
        return empty(title, "No window of the log is shown: choose a longer period.", caption, mode=mode, width=width)
    dates = naive(pd.to_datetime(ends["date"])) if "date" in ends else pd.Series(pd.NaT, index=ends.index)
    rows = records(ends.assign(date=dates.to_numpy()))
    axis = _axis(maps.axis_windows(log), [row["date"] for row in rows])
    names = [said(row.get("feature"), "feature") for row in rows]
    words = [_word(row, p) for row in rows]
    left, right = maps.margins(names, [text for text, _ in words], width)
    room = width - left - right
    first, last, now = axis["x"].iloc[0], axis["x_end"].iloc[-1], log["x_end"].max()

    shapes: list[dict[str, Any]] = []
    for i, row in enumerate(rows):
        own = log[log["feature"] == row["feature"]] if "feature" in log else log.iloc[:0]
        shapes += _bars(i, own, row["date"], p)
    data = [_diamonds(rows, first, last, p), _beyond(rows, last, p), _targets(rows, names, first, last, room),
            maps.twin(first)]  # fmt: skip
    if now < last:
        shapes.append(_today(now, p))
    laid = strip(axis, marks(axis, events, p), room, p, overhang=right - 8)
    layout = {
        "xaxis": time_axis(axis, room),
        **maps.sides(names, words, left, right, p),
        "annotations": laid.annotations,
        "shapes": [*laid.shapes, *shapes],
    }
    legend = [Key(FILLED, "served", p.ok)]
    if any(shape["name"] == "late" for shape in shapes):
        legend.append(Key(FILLED, "served after its end", p.alert))
    legend.append(Key(_END, "planned end", p.ink))
    if any(_past(row["date"], last) for row in rows):
        legend.append(Key(_BEYOND, "later than is shown", p.ink))
    if now < last:
        legend.append(Key("┊", "the log ends", p.muted))
    return frame(
        {"data": [trace for trace in data if trace], "layout": layout},
        title,
        caption,
        0,
        mode=mode,
        width=width,
        left=left,
        right=right,
        bottom=BOTTOM,
        strip=laid.height,
        legend=legend,
        note=note,
        x_title=time_title(axis),
        floor=max(maps.ROW * len(rows) + 8, 70),
    )


def _axis(axis: pd.DataFrame, dates: list[Any]) -> pd.DataFrame:
    """The log's windows and, after them, one that holds the ends to come: no further ahead than half of the log."""
    first, last = axis["x"].iloc[0], axis["x_end"].iloc[-1]
    if not isinstance(last, pd.Timestamp):
        return axis
    ahead = [date for date in dates if pd.notna(date) and last < date <= last + (last - first) / 2]
    if not ahead:
        return axis
    until = max(ahead) + (max(ahead) - first) * 0.02
    more = pd.DataFrame({"x": [last], "x_end": [until], "reference": [False]})
    return pd.concat([axis, more], ignore_index=True)


def _past(date: Any, last: Any) -> bool:
    return bool(pd.notna(date) and isinstance(last, pd.Timestamp) and date > last)


def _word(row: dict[str, Any], p: Palette) -> tuple[str, str]:
    broken = row["state"] in BROKEN
    glyph = f"{STATUS['alert'].glyph} " if broken else ""
    return f"{glyph}{said(row.get('said'))}", p.alert_text if broken else p.muted


def _bars(i: int, own: pd.DataFrame, date: Any, p: Palette) -> list[dict[str, Any]]:
    """Spans of windows in which the feature is served, paler where few rows have it, in red after its end."""
    shares = pd.to_numeric(own["share"], errors="coerce").to_numpy(float) if "share" in own else np.zeros(len(own))
    level = np.where(shares >= 0.5, 2, np.where(shares > _LEAST, 1, 0))
    kinds: list[tuple[str, int]] = [
        ("late" if isinstance(start, pd.Timestamp) and pd.notna(date) and start >= date else "served", int(of))
        for start, of in zip(own["x"], level, strict=True)
    ]
    out: list[dict[str, Any]] = []
    before: tuple[tuple[str, int], Any] | None = None
    for kind, begin, end in zip(kinds, own["x"], own["x_end"], strict=True):
        if before == (kind, begin) and out and kind[1]:
            out[-1]["x1"] = end
        elif kind[1]:
            fill = p.alert if kind[0] == "late" else p.ok
            out.append({
                "type": "rect", "name": kind[0], "xref": "x", "yref": "y", "x0": begin, "x1": end, "y0": i - _HALF,
                "y1": i + _HALF, "fillcolor": alpha(fill, 0.9 if kind[1] == 2 else 0.35),
                "line": {"width": 0}, "layer": "between",
            })  # fmt: skip
        before = (kind, end)
    return out


def _today(now: Any, p: Palette) -> dict[str, Any]:
    line = {"color": p.muted, "width": 1, "dash": "dot"}
    return {"type": "line", "name": "now", "xref": "x", "yref": "paper", "x0": now, "x1": now, "y0": 0, "y1": 1,
            "line": line, "layer": "below"}  # fmt: skip


def _marked(at: list[int], xs: list[Any], name: str, symbol: str, p: Palette) -> dict[str, Any]:
    if not at:
        return {}
    return {
        "type": "scatter", "mode": "markers", "name": name, "x": xs, "y": at, "hoverinfo": "skip", "cliponaxis": False,
        "marker": {"symbol": symbol, "size": 13, "color": p.paper, "line": {"width": 2, "color": p.ink}},
    }  # fmt: skip


def _diamonds(rows: list[dict[str, Any]], first: Any, last: Any, p: Palette) -> dict[str, Any]:
    inside = [i for i, row in enumerate(rows)
              if pd.notna(row["date"]) and isinstance(last, pd.Timestamp) and first <= row["date"] <= last]  # fmt: skip
    return _marked(inside, [rows[i]["date"] for i in inside], "planned end", "diamond", p)


def _beyond(rows: list[dict[str, Any]], last: Any, p: Palette) -> dict[str, Any]:
    later = [i for i, row in enumerate(rows) if _past(row["date"], last)]
    return _marked(later, [last] * len(later), "later", "triangle-right", p)


def _targets(rows: list[dict[str, Any]], names: list[str], first: Any, last: Any, room: float) -> dict[str, Any]:
    """Invisible squares along each row, which carry its hover."""
    xs, ys, texts = [], [], []
    for i, (row, name) in enumerate(zip(rows, names, strict=True)):
        served = f"<br>{share(row['share'])} of the last window's rows have it" if pd.notna(row.get("share")) else ""
        text = f"<b>{escape(name)}</b><br>{folded(said(row.get('message'), said(row.get('said'))))}{served}"
        for part in np.linspace(0, 1, int(np.clip(room / 14, 2, 40))):
            xs.append(first + (last - first) * float(part))
            ys.append(i)
            texts.append(text)
    return {
        "type": "scatter", "mode": "markers", "name": "ends", "x": xs, "y": ys, "text": texts,
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"symbol": "square", "size": 14, "color": "rgba(0,0,0,0)", "opacity": 0},
    }  # fmt: skip
