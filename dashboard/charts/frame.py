"""What surrounds every chart: the finding as title, the facts under it, the provenance below, all inside the figure.

Everything is placed in pixels from the figure's edges, so that a figure drawn for `width` holds at any greater one.

Notes for the page builder
--------------------------
Every chart takes `title` (the finding, as a sentence: "lead_time lost its signal in week 12"), `caption`, and the
keywords `mode`, `height` and `width`. `width` is the *narrowest* width at which it will be shown (text wraps for it);
leave it at 700, or pass 480 for half a row. Charts never raise on data: what cannot be drawn says so in a sentence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import plotly.graph_objects as go

from dashboard.charts.text import count, escape, flow, plain, short, wrap
from dashboard.charts.text import width as text_width
from dashboard.theme import palette, template

WIDTH = 700
PAD = 18
TITLE, SUBTITLE, FOOTER = 20, 14, 12  # font sizes
LEGEND_ROW = 17


@dataclass(frozen=True)
class Caption:
    """What a reader must know to trust a chart that was pasted alone. Empty texts and None are left out.

    Attributes
    ----------
    model : the model's name
    reference : "1 Jan to 31 Mar 2015"
    window : grain and time zone, and the period shown: "daily windows (UTC), 1 Apr to 30 Jun 2015"
    n : rows behind the chart
    labels_pending : rows whose label is not in yet
    as_of : "2015-07-01 06:00 UTC", when the store last changed
    version : driftmeter's version
    config_hash : of the configuration that made the numbers
    synthetic : the log was generated: the subtitle says so
    """

    model: str
    reference: str = ""
    window: str = ""
    n: int | None = None
    labels_pending: int | None = None
    as_of: str = ""
    version: str = ""
    config_hash: str = ""
    synthetic: bool = False

    def facts(self) -> list[str]:
        """The parts of the subtitle."""
        parts = ["synthetic data"] if self.synthetic else []
        parts += [self.model] if self.model else []
        parts += [f"reference {self.reference}"] if self.reference else []
        parts += [self.window] if self.window else []
        parts += [f"n = {count(self.n)}"] if self.n is not None else []
        if self.labels_pending is not None:
            parts.append(f"{count(self.labels_pending)} labels pending" if self.labels_pending else "all labels in")
        return parts

    def provenance(self) -> list[str]:
        """The parts of the footer."""
        parts = [f"data as of {self.as_of}"] if self.as_of else []
        parts.append(f"driftmeter {self.version}".strip())
        return parts + ([f"configuration {self.config_hash}"] if self.config_hash else [])


SOLID, DASHED, DOTTED, FILLED = "—", "- -", "···", "█"  # glyphs of a legend's lines and bands


class Key(NamedTuple):
    """One entry of the legend: glyph (a status glyph or one of the above), word, colour of the glyph."""

    glyph: str
    word: str
    colour: str


class _Box(NamedTuple):
    """The plot area in pixels at the figure's narrowest width."""

    width: float
    height: float


class End(NamedTuple):
    """A label right of the plot at the height of what it names; `text` may hold line breaks."""

    y: float
    text: str
    colour: str


def frame(
    fig: dict[str, Any],
    title: str,
    caption: Caption,
    height: int,
    *,
    mode: str = "light",
    width: int = WIDTH,
    left: int = 66,
    right: int = PAD,
    bottom: int = 48,
    strip: int = 0,
    legend: Sequence[Key] = (),
    x_title: str = "",
    y_title: str = "",
    note: str = "",
    ends: Sequence[End] = (),
    floor: int = 180,
    size: float = 1.0,
) -> go.Figure:
    """Put title, subtitle, legend, footer and margins round a figure.

    Parameters
    ----------
    fig : `{"data": [...], "layout": {...}}` with axes, annotations and shapes as plain dicts: plotly checks a figure
        that is made in one go once, and one that is updated over and over
    title : the finding, as a sentence; wrapped to at most three lines
    caption : facts for subtitle and footer
    height : of the whole figure; grows when fewer than `floor` pixels would be left for the plot
    mode : "light" or "dark"
    width : the narrowest width at which the figure is shown: all text is wrapped for it
    left, right, bottom : room for axes beside the plot, without the frame's own padding at the bottom
    strip : room between legend and plot, for labels of events
    legend : entries, laid out in rows of text: plotly's own legend wraps to the plot's width, not the figure's
    x_title, y_title : titles of the axes of a single panel (see `axis_title`)
    note : how to read the chart, one sentence before the footer's facts
    ends : labels in the right margin, pushed apart until none touches another; the y axis must have a range
    floor : the plot's least height
    size : factor on the sizes of title, subtitle and footer, for a figure that is a slide
    """
    p = palette(mode)
    inner = width - 2 * PAD
    big, middle, small = TITLE * size, SUBTITLE * size, FOOTER * size
    title_lines = wrap(title, inner, big, bold=True, lines=3)
    facts = flow(caption.facts(), inner, middle)
    below = wrap(note, inner, small) if note else []
    below += flow(caption.provenance(), inner, small)
    keys = _legend(legend, inner)

    title_height, facts_height = round(1.3 * big) * len(title_lines), round(1.33 * middle) * len(facts)
    above = (LEGEND_ROW * len(keys) + 8 if keys else 0) + (strip or 6)
    top = PAD + title_height + facts_height + 8 + above
    foot = bottom + round(1.33 * small) * len(below) + 12
    height = max(height, top + foot + floor)

    facts_at = top - PAD - title_height
    texts = (
        ("title", f"<b>{_lines(title_lines)}</b>", top - PAD + 4, "top", big, p.ink),
        ("subtitle", _lines(facts), facts_at, "top", middle, p.muted),
        ("legend", "<br>".join(keys), facts_at - facts_height - 8, "top", 13, p.ink),
        ("footer", _lines(below), 10 - foot, "bottom", small, p.muted),
    )
    layout = dict(fig["layout"])
    annotations: list[Any] = list(layout.get("annotations", ()))
    annotations += [
        {
            "name": name,
            "text": text,
            "showarrow": False,
            "align": "left",
            "xref": "paper",
            "yref": "paper",
            "x": 0,
            "y": 0 if name == "footer" else 1,
            "xanchor": "left",
            "yanchor": anchor,
            "xshift": PAD - left - 1,
            "yshift": shift,
            "borderpad": 0,
            "font": {"size": points, "color": colour},
        }
        for name, text, shift, anchor, points, colour in texts
        if text
    ]
    box = _Box(width - left - right, height - top - foot)
    if x_title:
        annotations.append(axis_title(x_title, "x", bottom - 20, box.width, mode))
    if y_title:
        annotations.append(axis_title(y_title, "y", left - 10, box.height + 40, mode))
    if ends:
        annotations += _end_labels(ends, layout["yaxis"]["range"], box.height, right - 8)
    layout |= {
        "template": template(mode),
        "height": height,
        "margin": {"l": left, "r": right, "t": top, "b": foot, "pad": 0, "autoexpand": False},
        "annotations": annotations,
        "showlegend": False,
        "meta": {"title": plain(title)},
    }
    return go.Figure(data=fig["data"], layout=layout)


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


def empty(
    title: str, sentence: str, caption: Caption, *, height: int = 320, mode: str = "light", width: int = WIDTH
) -> go.Figure:
    """A figure without data that says what is missing and what to do about it.

    Parameters
    ----------
    title : what the chart would have shown, or what its absence means
    sentence : "No labels have arrived … . Set [labels] in driftmeter.toml or run again later."
    """
    p = palette(mode)
    lines = wrap(sentence, width * 0.7, 16, lines=8)
    layout = {
        "xaxis": {"visible": False, "range": [0, 1]},
        "yaxis": {"visible": False, "range": [0, 1]},
        "annotations": [
            {
                "name": "empty",
                "text": "<br>".join(map(escape, lines)),
                "showarrow": False,
                "xref": "paper",
                "yref": "paper",
                "x": 0.5,
                "y": 0.5,
                "xanchor": "center",
                "yanchor": "middle",
                "align": "center",
                "font": {"size": 16, "color": p.muted},
            }
        ],
        "shapes": [
            {
                "type": "rect",
                "xref": "paper",
                "yref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": 0,
                "y1": 1,
                "line": {"width": 0},
                "fillcolor": p.reference,
                "layer": "below",
            }
        ],
    }
    fig = {"data": [], "layout": layout}
    floor = 24 * len(lines) + 40
    return frame(fig, title, caption, height, mode=mode, width=width, left=PAD, right=PAD, bottom=8, floor=floor)


def _end_labels(ends: Sequence[End], y_range: Sequence[float], height: float, room: float) -> list[dict[str, Any]]:
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
