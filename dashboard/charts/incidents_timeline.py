"""Incidents over time: a bar from the onset to the last window with a finding, the worst on top."""

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
from dashboard.charts.text import escape, period, said
from dashboard.charts.timeline import BOTTOM, naive, records, time_axis, time_title, windows
from dashboard.theme import STATUS, Palette, alpha, palette, status

NOTHING = "No incident in the period shown: every measurement stayed within its quiet range."
OPEN = ("new", "ongoing", "worse")
_HALF = 0.3  # of a row: half of a bar's height
_ON = "▶"


def incidents_timeline(
    incidents: pd.DataFrame,
    measured: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    events: pd.DataFrame | None = None,
    top: int = 30,
    note: str = "",
    chosen: str = "",
    mode: str = "light",
    width: int = WIDTH,
) -> go.Figure:
    """■ alert or ◆ watch at the onset, full bars while it is open, pale ones when it is over, ▶ where it goes on.

    Select with `on_select`: `points[i]["customdata"]` is `[incident]`.

    Parameters
    ----------
    incidents : in the order in which they are to stand: `incident`, `name` (a few words), `x_onset`, `x` (start of the
        last window with a finding), `severity`, `state`, `said` (what stands at the row's end), `message`
    measured : the windows: `x`, `x_end`, `reference`
    top : rows shown at most; the rest is told in one line
    note : how to read it, one sentence in the footer
    chosen : the incident whose row is marked
    """
    p = palette(mode)
    shown = windows(measured)
    if shown.empty:
        sentence = "No window has been measured yet. Run `driftmeter run` on logs that reach beyond the reference."
        return empty(title, sentence, caption, mode=mode, width=width)
    axis = maps.axis_windows(shown)
    if incidents is None or not {"incident", "x_onset", "x"} <= set(incidents.columns) or incidents.empty:
        return empty(title, NOTHING, caption, mode=mode, width=width)
    rows = records(incidents.assign(x=naive(incidents["x"]), x_onset=naive(incidents["x_onset"])).iloc[:top])
    names = [said(row.get("name"), said(row.get("incident"), "incident")) for row in rows]
    words = [_word(row, p) for row in rows]
    left, right = maps.margins(names, [text for text, _ in words], width)
    room = width - left - right
    first, last = axis["x"].iloc[0], axis["x_end"].iloc[-1]
    ends = dict(zip(axis["x"], axis["x_end"], strict=True))
    spans = [(max(row["x_onset"], first), min(ends.get(row["x"], row["x"]), last)) for row in rows]

    shapes: list[dict[str, Any]] = []
    data: list[dict[str, Any]] = []
    for i, (row, (begin, end)) in enumerate(zip(rows, spans, strict=True)):
        if row["incident"] == chosen:
            shapes.append(_band(i, p))
        shapes.append(_bar(i, row, begin, end, p))
    for kind in ("silenced", "watch", "alert"):
        at = [i for i, row in enumerate(rows) if _kind(row) == kind]
        if at:
            data.append(_markers(at, [spans[i][0] for i in at], kind, p))
    on = [i for i, row in enumerate(rows) if row.get("state") in OPEN]
    if on:
        data.append(_going_on(on, [spans[i][1] for i in on], p))
    data += [_targets(rows, names, spans, room), maps.twin(first)]

    laid = strip(axis, marks(axis, events, p), room, p, overhang=right - 8)
    notes = list(laid.annotations)
    more = len(incidents) - len(rows)
    if more > 0:
        notes.append(maps.rest_line(f"… and {more} more incident{'s' * (more != 1)} in the table below", left, p))
    layout = {
        "xaxis": time_axis(axis, room),
        **maps.sides(names, words, left, right, p),
        "annotations": notes,
        "shapes": [*laid.shapes, *shapes],
    }
    legend = [Key(STATUS[k].glyph, f"{STATUS[k].word}, at its onset", p.fill(k)) for k in ("alert", "watch")]
    legend += [Key(_ON, "still open", p.ink)] if on else []
    legend += [Key(FILLED, "over", alpha(p.alert, 0.28))] if len(on) < len(rows) else []
    return frame(
        {"data": data, "layout": layout},
        title,
        caption,
        0,
        mode=mode,
        width=width,
        left=left,
        right=right,
        bottom=BOTTOM + (maps.REST if more > 0 else 0),
        strip=laid.height,
        legend=legend,
        note=note,
        x_title=time_title(axis),
        floor=max(maps.ROW * len(rows), 60),
    )


def _kind(row: dict[str, Any]) -> str:
    return "silenced" if row.get("state") == "silenced" else status(row.get("severity"), "watch")


def _word(row: dict[str, Any], p: Palette) -> tuple[str, str]:
    kind = _kind(row)
    state = "over" if row.get("state") == "resolved" else said(row.get("state"))
    return ", ".join(filter(None, (state, said(row.get("said"))))), p.text(kind) if state != "over" else p.muted


def _bar(i: int, row: dict[str, Any], begin: Any, end: Any, p: Palette) -> dict[str, Any]:
    kind = _kind(row)
    is_open = row.get("state") in OPEN
    return {
        "type": "rect",
        "name": "incident",
        "xref": "x",
        "yref": "y",
        "x0": begin,
        "x1": end,
        "y0": i - _HALF,
        "y1": i + _HALF,
        "fillcolor": alpha(p.fill(kind), 0.85 if is_open else 0.28) if kind != "silenced" else p.quiet,
        "line": {"width": 1, "color": p.line(kind) if kind != "silenced" else p.muted},
        "layer": "above",
    }


def _band(i: int, p: Palette) -> dict[str, Any]:
    """The mark of the row that was chosen."""
    box = {"xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": i - 0.5, "y1": i + 0.5}
    return {"type": "rect", "name": "chosen", **box, "fillcolor": p.band, "line": {"width": 0}, "layer": "below"}


def _markers(at: list[int], xs: list[Any], kind: str, p: Palette) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": STATUS[kind].word,
        "x": xs,
        "y": at,
        "hoverinfo": "skip",
        "cliponaxis": False,
        "marker": {
            "symbol": STATUS[kind].symbol,
            "size": 12,
            "color": p.fill(kind),
            "line": {"width": 1.2, "color": p.line(kind)},
        },
        "unselected": {"marker": {"opacity": 1}},
    }


def _going_on(at: list[int], xs: list[Any], p: Palette) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "still open",
        "x": xs,
        "y": at,
        "hoverinfo": "skip",
        "cliponaxis": False,
        "marker": {"symbol": "triangle-right", "size": 12, "color": p.ink, "line": {"width": 1, "color": p.paper}},
        "unselected": {"marker": {"opacity": 1}},
    }


def _targets(rows: list[dict[str, Any]], names: list[str], spans: list[tuple[Any, Any]], room: float) -> dict[str, Any]:
    """Invisible squares along each bar, which carry hover and selection."""
    xs, ys, texts, keys = [], [], [], []
    for i, (row, name, (begin, end)) in enumerate(zip(rows, names, spans, strict=True)):
        text = f"<b>{escape(name)}</b><br>{period(begin, end)}<br>{folded(said(row.get('message'), name))}"
        for part in np.linspace(0, 1, int(np.clip(room / 12, 2, 40))):
            xs.append(begin + (end - begin) * float(part))
            ys.append(i)
            texts.append(text)
            keys.append([said(row.get("incident"))])
    clear = {"marker": {"opacity": 0}}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "incidents",
        "x": xs,
        "y": ys,
        "text": texts,
        "customdata": keys,
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"symbol": "square", "size": 14, "color": "rgba(0,0,0,0)", "opacity": 0},
        "selected": clear,
        "unselected": clear,
    }
