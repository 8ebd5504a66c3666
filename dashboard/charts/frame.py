"""What surrounds every chart: the finding as title, the facts under it, the provenance below, all inside the figure.

Everything is placed in pixels from the figure's edges, so that a figure drawn for `width` holds at any greater one.

Notes for the page builder
--------------------------
Every chart takes `title` (the finding, as a sentence: "lead_time lost its signal in week 12"), `caption`, and the
keywords `mode`, `height` and `width`. `width` is the *narrowest* width at which it will be shown (text wraps for it);
leave it at 700, or pass 480 for half a row. Charts never raise on data: what cannot be drawn says so in a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from dashboard.charts.labels import PAD, End, Key, axis_title, end_labels, surround
from dashboard.charts.text import count, escape, wrap
from dashboard.theme import palette, template

WIDTH = 700


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
    around = surround(
        title,
        caption.facts(),
        caption.provenance(),
        width,
        mode=mode,
        bottom=bottom,
        strip=strip,
        legend=legend,
        note=note,
        size=size,
    )
    top, foot = around.top, around.foot
    height = max(height, top + foot + floor)
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
        for name, text, shift, anchor, points, colour in around.texts
        if text
    ]
    if x_title:
        annotations.append(axis_title(x_title, "x", bottom - 20, width - left - right, mode))
    if y_title:
        annotations.append(axis_title(y_title, "y", left - 10, height - top - foot + 40, mode))
    if ends:
        annotations += end_labels(ends, layout["yaxis"]["range"], height - top - foot, right - 8)
    layout |= {
        "template": template(mode),
        "height": height,
        "margin": {"l": left, "r": right, "t": top, "b": foot, "pad": 0, "autoexpand": False},
        "annotations": annotations,
        "showlegend": False,
    }
    return go.Figure(data=fig["data"], layout=layout)


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
