"""The scorecard: seven tests, one below the other, each with its verdict, its evidence, what is lacking and points."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import PAD, Key
from dashboard.charts.text import escape, said, short, wrap
from dashboard.charts.timeline import records
from dashboard.theme import STATUS, Palette, alpha, palette

NOTHING = "No test was asked. Run `driftmeter run`, then open this page again."
WORDS = {"pass": "ok", "fail": "alert", "not covered": "silenced"}
"""Which colour and shape stands for which verdict."""

_VERDICT, _POINTS = 118, 64  # pixels beside the evidence
_HEAD, _TEXT, _GLYPH = 15, 13, 19  # font sizes
_LINE, _GAP = 17, 11
_MOST = 4


class _Row(NamedTuple):
    """One test as lines of text, the room they have, and where its top lies (pixels from the plot's)."""

    row: dict[str, Any]
    evidence: list[str]
    then: list[str]
    room: float
    top: int
    tall: int


def scorecard(
    tests: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    note: str = "",
    mode: str = "light",
    width: int = WIDTH,
) -> go.Figure:
    """● pass, ■ fail, ○ not covered; the evidence; after → what would cover the test, or cover it better; points.

    Parameters
    ----------
    tests : a row each, in order: `number`, `name`, `status` (pass, fail, not covered), `said` (the evidence, in
        sentences), `then` (what to configure; may be empty), `points`
    note : how to read it, in the footer
    """
    p = palette(mode)
    if tests is None or not {"number", "name", "status"} <= set(tests.columns) or tests.empty:
        return empty(title, NOTHING, caption, mode=mode, width=width)
    rows = _rows(records(tests), width - 2 * PAD - _VERDICT - _POINTS)
    whole = rows[-1].top + rows[-1].tall
    notes: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    for row in rows:
        notes += _texts(row, p)
        shapes += _ground(row, p)
    axis = {"visible": False, "fixedrange": True}
    middle = [row.top + row.tall / 2 for row in rows]
    hover = [f"<b>{escape(row.row['name'])}</b><br>{escape(said(row.row.get('question')))}" for row in rows]
    data = [{
        "type": "scatter", "mode": "markers", "name": "tests", "x": [0.5] * len(rows), "y": middle, "text": hover,
        "hovertemplate": "%{text}<extra></extra>", "marker": {"size": 24, "color": "rgba(0,0,0,0)"},
    }]  # fmt: skip
    layout = {
        "xaxis": {**axis, "range": [0, 1]}, "yaxis": {**axis, "range": [whole, 0]}, "annotations": notes,
        "shapes": shapes,
    }  # fmt: skip
    keys = [Key(STATUS[kind].glyph, word, p.fill(kind)) for word, kind in WORDS.items()]
    return frame(
        {"data": data, "layout": layout}, title, caption, 0, mode=mode, width=width, left=PAD, right=PAD, bottom=8,
        strip=8, legend=[*keys, Key("→", "what to configure", p.muted)], note=note, floor=whole,
    )  # fmt: skip


def _rows(tests: list[dict[str, Any]], room: float) -> list[_Row]:
    rows, top = [], 0
    for test in tests:
        evidence = wrap(said(test.get("said")) or "No evidence.", room, _TEXT, lines=_MOST)
        then = wrap(f"→ {said(test.get('then'))}", room, _TEXT, lines=_MOST) if said(test.get("then")) else []
        tall = _GAP + 21 + _LINE * (len(evidence) + len(then)) + _GAP
        rows.append(_Row(test, evidence, then, room, top, tall))
        top += tall
    return rows


def _texts(row: _Row, p: Palette) -> list[dict[str, Any]]:
    """Verdict, name, evidence, what to configure, and points."""
    verdict = said(row.row["status"], "not covered")
    kind = WORDS.get(verdict, "silenced")
    at, below = row.top + _GAP, row.top + _GAP + 21
    number, points = row.row["number"], row.row.get("points")
    head = f"{number:.0f}  " if isinstance(number, int | float | np.number) and np.isfinite(number) else ""
    name = short(said(row.row["name"]), row.room - 30, _HEAD, bold=True)
    known = isinstance(points, int | float | np.number) and np.isfinite(points)
    ink = p.text(kind) if kind == "alert" else p.ink if kind == "ok" else p.muted
    glyph = f"<span style='color:{p.fill(kind)};font-size:{_GLYPH}px'>{STATUS[kind].glyph}</span>"
    out = [
        _note("verdict", f"{glyph} <b>{escape(verdict)}</b>", 0, 4, at - 3, _HEAD - 1, ink),
        _note("name", f"<b>{head}{name}</b>", 0, _VERDICT, at, _HEAD, p.ink),
        _note("text", "<br>".join(map(escape, row.evidence)), 0, _VERDICT, below, _TEXT, p.ink),
        _note("points", f"<b>{points:g}</b>" if known else "–", 1, -8, at, _HEAD + 2, p.ink if points else p.muted),
    ]
    if row.then:
        at = below + _LINE * len(row.evidence)
        out.append(_note("then", "<br>".join(map(escape, row.then)), 0, _VERDICT, at, _TEXT, p.muted))
    return out


def _note(name: str, text: str, x: int, shift: int, y: float, size: float, colour: str) -> dict[str, Any]:
    return {
        "name": name, "text": text, "showarrow": False, "xref": "paper", "yref": "y", "x": x, "y": y,
        "xanchor": "right" if x else "left", "yanchor": "top", "xshift": shift, "align": "right" if x else "left",
        "borderpad": 0, "font": {"size": size, "color": colour},
    }  # fmt: skip


def _ground(row: _Row, p: Palette) -> list[dict[str, Any]]:
    """A line above each test, and a tint behind one that fails."""
    box = {"xref": "paper", "yref": "y", "x0": 0, "x1": 1, "layer": "below"}
    line = {**box, "type": "line", "y0": row.top, "y1": row.top, "line": {"width": 1, "color": p.grid}}
    if row.row["status"] != "fail":
        return [line]
    tint = {**box, "type": "rect", "y0": row.top, "y1": row.top + row.tall, "fillcolor": alpha(p.alert, 0.07)}
    return [{**tint, "line": {"width": 0}}, line]
