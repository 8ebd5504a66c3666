"""Texts around a plot, laid out in pixels: title and facts, legend, titles of axes, labels at the ends of lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from dashboard.charts.text import escape, flow, short, wrap
from dashboard.charts.text import width as text_width
from dashboard.theme import palette

PAD = 18
TITLE, SUBTITLE, FOOTER = 20, 14, 12  # font sizes
LEGEND_ROW = 17
SOLID, DASHED, DOTTED, FILLED = "—", "- -", "···", "█"  # glyphs of a legend's lines and bands


class Key(NamedTuple):
    """One entry of the legend: glyph (a status glyph or one of the above), word, colour of the glyph."""

    glyph: str
    word: str
    colour: str


class End(NamedTuple):
    """A label right of the plot at the height of what it names; `text` may hold line breaks."""

    y: float
    text: str
    colour: str


class Surround(NamedTuple):
    """Margins above and below the plot, and the texts in them: name, markup, shift, anchor, size, colour."""

    top: int
    foot: int
    texts: tuple[tuple[str, str, float, str, float, str], ...]


def surround(
    title: str,
    facts: list[str],
    provenance: list[str],
    width: int,
    *,
    mode: str,
    bottom: int,
    strip: int = 0,
    legend: Sequence[Key] = (),
    note: str = "",
    size: float = 1.0,
) -> Surround:
    """Wrap title, subtitle (facts), legend and footer (note, provenance) for `width`, and measure their room."""
    p = palette(mode)
    inner = width - 2 * PAD
    big, middle, small = TITLE * size, SUBTITLE * size, FOOTER * size
    title_lines = wrap(title, inner, big, bold=True, lines=3)
    below_title = flow(facts, inner, middle)
    below = wrap(note, inner, small) if note else []
    below += flow(provenance, inner, small)
    keys = _legend(legend, inner)

    title_height, facts_height = round(1.3 * big) * len(title_lines), round(1.33 * middle) * len(below_title)
    above = (LEGEND_ROW * len(keys) + 8 if keys else 0) + (strip or 6)
    top = PAD + title_height + facts_height + 8 + above
    facts_at = top - PAD - title_height
    foot = bottom + round(1.33 * small) * len(below) + 12
    texts = (
        ("title", f"<b>{_lines(title_lines)}</b>", top - PAD + 4, "top", big, p.ink),
        ("subtitle", _lines(below_title), facts_at, "top", middle, p.muted),
        ("legend", "<br>".join(keys), facts_at - facts_height - 8, "top", 13.0, p.ink),
        ("footer", _lines(below), 10 - foot, "bottom", small, p.muted),
    )
    return Surround(top, foot, texts)


def _lines(lines: list[str]) -> str:
    return "<br>".join(map(escape, lines))


def _legend(keys: Sequence[Key], room: float) -> list[str]:
    """Rows of markup, each no wider than `room` pixels."""
    rows: list[list[str]] = []
    used = room
    for key in keys:
        needed = text_width(f"{key.glyph} {key.word}", 13) + 24
        if used + needed > room:
            rows.append([])
            used = 0.0
        used += needed
        rows[-1].append(f'<span style="color:{key.colour}"><b>{key.glyph}</b></span> {escape(key.word)}')
    return [("\u2003 ").join(row) for row in rows]


def axis_title(
    text: str, axis: str, away: float, room: float, mode: str, *, centre: float = 0.5, across: float = 0.0
) -> dict[str, Any]:
    """The title of an axis as an annotation, `away` pixels from the plot and cut to `room` pixels.

    Plotly's own axis titles move about to avoid tick labels, and land in the plot when the margins are fixed.

    Parameters
    ----------
    axis : "x" (below, at `centre` of the figure's width) or "y" (turned, left of the plot, at `centre` of its height)
    across : "y" of an inner panel: where its left edge lies (0 for the figure's own), "x": where its lower edge lies
    """
    horizontal = axis == "x"
    return {
        "name": "axis-title",
        "text": short(text, room, 13),
        "showarrow": False,
        "xref": "paper",
        "yref": "paper",
        "x": centre if horizontal else across,
        "y": across if horizontal else centre,
        "xanchor": "center" if horizontal else "left",
        "yanchor": "top" if horizontal else "middle",
        "xshift": 0 if horizontal else -away,
        "yshift": -away if horizontal else 0,
        "textangle": 0 if horizontal else -90,
        "borderpad": 0,
        "font": {"size": 13, "color": palette(mode).muted},
    }


def end_labels(ends: Sequence[End], y_range: Sequence[float], height: float, room: float) -> list[dict[str, Any]]:
    """Labels in the right margin at the heights of what they name, pushed apart until none touches another."""
    low, high = y_range
    size, line = 12, 15.0
    wanted: list[tuple[float, float, End]] = []  # middle, height
    for end in sorted((e for e in ends if math.isfinite(e.y)), key=lambda e: e.y):
        at = (min(max(end.y, low), high) - low) / (high - low) * height
        tall = line * (1 + end.text.count("\n")) + 3
        floor = wanted[-1][0] + wanted[-1][1] / 2 if wanted else -8.0  # upwards: none begins under the one below it
        wanted.append((max(at, floor + tall / 2), tall, end))
    ceiling = height + 8.0
    out = []
    for at, tall, end in reversed(wanted):  # and back down from the top edge
        at = min(at, ceiling - tall / 2)
        ceiling = at - tall / 2
        out.append(
            {
                "name": "end-label",
                "text": "<br>".join(short(part, room, size) for part in end.text.split("\n")),
                "showarrow": False,
                "xref": "paper",
                "yref": "paper",
                "x": 1,
                "y": at / height,
                "xanchor": "left",
                "yanchor": "middle",
                "xshift": 6,
                "align": "left",
                "borderpad": 0,
                "font": {"size": size, "color": end.colour},
            }
        )
    return out
