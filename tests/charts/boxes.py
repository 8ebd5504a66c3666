"""Where a figure's annotations lie in pixels, without a browser: to find what touches what at any width."""

from __future__ import annotations

import html
import itertools
import re
from typing import Any, NamedTuple

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.text import width as text_width


class Rect(NamedTuple):
    """A text's rectangle, y upwards from the figure's lower edge."""

    text: str
    left: float
    right: float
    bottom: float
    top: float


def visible(markup: str) -> list[str]:
    """The lines that a reader sees."""
    return [html.unescape(re.sub(r"<[^>]+>", "", line)) for line in markup.split("<br>")]


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float(pd.Timestamp(value).value)


def _along(layout: dict[str, Any], ref: str, value: Any, letter: str) -> float:
    """Paper coordinate of a value on an axis or on paper."""
    if ref == "paper":
        return float(value)
    axis = layout[f"{letter}axis{ref[1:]}"]
    low, high = map(_number, axis["range"])
    start, end = axis.get("domain", (0.0, 1.0))
    return float(start + (_number(value) - low) / (high - low) * (end - start))


def rectangles(fig: go.Figure, width: float) -> list[Rect]:
    """The annotations' rectangles in a figure shown `width` pixels wide."""
    layout = fig.layout.to_plotly_json()
    margin, height = layout["margin"], layout["height"]
    across, up = width - margin["l"] - margin["r"], height - margin["t"] - margin["b"]
    out = []
    for note in layout["annotations"]:
        lines = visible(note["text"])
        size = note["font"]["size"]
        wide = max(text_width(line, size, bold="<b>" in note["text"]) for line in lines) * 0.9  # a generous estimate
        tall = 1.25 * size * len(lines)
        if abs(note.get("textangle", 0)) == 90:
            wide, tall = tall, wide
        x = margin["l"] + _along(layout, note["xref"], note["x"], "x") * across + note.get("xshift", 0)
        y = margin["b"] + _along(layout, note["yref"], note["y"], "y") * up + note.get("yshift", 0)
        left = x - {"left": 0.0, "center": 0.5, "right": 1.0}[note["xanchor"]] * wide
        bottom = y - {"bottom": 0.0, "middle": 0.5, "top": 1.0}[note["yanchor"]] * tall
        out.append(Rect(" / ".join(lines), left, left + wide, bottom, bottom + tall))
    return out


def collisions(fig: go.Figure, width: float, slack: float = 2.0) -> list[tuple[str, str]]:
    """Pairs of annotations that overlap by more than `slack` pixels both ways."""
    found = []
    for a, b in itertools.combinations(rectangles(fig, width), 2):
        apart = a.right - slack <= b.left or b.right - slack <= a.left
        if not (apart or a.top - slack <= b.bottom or b.top - slack <= a.bottom):
            found.append((a.text, b.text))
    return found


def outside(fig: go.Figure, width: float) -> list[str]:
    """Annotations that leave the figure."""
    height = fig.layout.height
    return [r.text for r in rectangles(fig, width) if r.left < 0 or r.right > width or r.bottom < 0 or r.top > height]
