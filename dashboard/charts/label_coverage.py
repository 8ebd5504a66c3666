"""Log health: did the labels come, and how late?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import DASHED, FILLED, SOLID, End, Key, axis_title
from dashboard.charts.lines import last, step_line
from dashboard.charts.strip import marks, strip
from dashboard.charts.text import count, hours, period, share
from dashboard.charts.timeline import (
    BOTTOM,
    durations,
    extent,
    finite,
    middle,
    time_axis,
    time_title,
    windows,
)
from dashboard.theme import palette

RIGHT = 118


def label_coverage(
    measurements: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    events: pd.DataFrame | None = None,
    mode: str = "light",
    height: int = 460,
    width: int = WIDTH,
) -> go.Figure:
    """Share of rows whose label is in, by window, and under it how long labels took.

    Parameters
    ----------
    measurements : timeline frame with `labelled_share` (0 to 1), `label_delay_hours` (median; NaN or left out where the
        labels carry no time of their own), and where known `label_delay_p90`, `n`
    """
    p = palette(mode)
    rows, room = windows(measurements), width - 66 - RIGHT
    labelled, delay = finite(rows, "labelled_share"), finite(rows, "label_delay_hours")
    if not (np.nan_to_num(labelled) > 0).any():
        sentence = (
            "No label has arrived for any window shown. Name the label under [logs], or the log that brings it under "
            "[labels], in driftmeter.toml; drift and missing values are watched without labels."
        )
        return empty(title, sentence, caption, height=height, mode=mode, width=width)
    slow, size = finite(rows, "label_delay_p90"), finite(rows, "n")
    timed = np.isfinite(delay).any()
    at = middle(rows).to_numpy()
    texts = []
    for i, (start, end) in enumerate(zip(rows["x"], rows["x_end"], strict=True)):
        lines = [period(start, end), f"<b>{share(labelled[i])}</b> labelled"]
        lines += [f"median delay {hours(delay[i])}"] if np.isfinite(delay[i]) else []
        lines += [f"n = {count(size[i])}"] if np.isfinite(size[i]) else []
        texts.append("<br>".join(lines))
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": "labelled",
            "x": at,
            "y": labelled,
            "width": durations(rows) * 0.9,
            "marker": {"color": p.bar, "line": {"width": 0}},
            "text": texts,
            "textposition": "none",
            "hovertemplate": "%{text}<extra></extra>",
        },
        {
            "type": "bar",
            "name": "pending",
            "x": at,
            "y": 1 - labelled,
            "base": labelled,
            "width": durations(rows) * 0.9,
            "marker": {
                "color": p.paper,
                "line": {"width": 0},
                "pattern": {"shape": "/", "bgcolor": p.paper, "fgcolor": p.faint, "size": 6, "solidity": 0.3},
            },
            "hoverinfo": "skip",
        },
    ]
    keys = [Key(FILLED, "label is in", p.bar), Key("▨", "pending, or never coming", p.faint)]
    laid = strip(rows, marks(rows, events, p), room, p, overhang=RIGHT - 8)
    top = 0.4 if timed else 0.0
    layout: dict[str, Any] = {
        "barmode": "overlay",
        "xaxis": {**time_axis(rows, room), "anchor": "y2" if timed else "y"},
        "yaxis": {"range": [0, 1.0], "tickformat": ".0%", "nticks": 5, "domain": [top, 1]},
        "annotations": [*laid.annotations, axis_title("share labelled", "y", 56, 160, mode, centre=(1 + top) / 2)],
        "shapes": laid.shapes,
    }
    if timed:
        data.append(step_line(rows, delay, p.first, "median delay", axes=("x", "y2")))
        keys.append(Key(SOLID, "median delay", p.first))
        if np.isfinite(slow).any():
            data.append(step_line(rows, slow, p.third, "slowest tenth", thick=1.6, dash="dash", axes=("x", "y2")))
            keys.append(Key(DASHED, "nine of ten are in after", p.third))
        layout["yaxis2"] = {
            "range": extent(delay, slow, zero=True),
            "tickformat": "~g",
            "nticks": 4,
            "domain": [0, 0.3],
            "anchor": "x",
        }
        layout["annotations"].append(axis_title("delay, hours", "y", 56, 110, mode, centre=0.15))
    now = last(labelled)
    return frame(
        {"data": data, "layout": layout},
        title,
        caption,
        height,
        mode=mode,
        width=width,
        right=RIGHT,
        bottom=BOTTOM,
        strip=laid.height,
        legend=keys,
        x_title=time_title(rows),
        floor=260 if timed else 160,
        note="" if timed else "The labels carry no time of their own, so their delay is not known.",
        ends=[End(now * (1 - top) + top, f"last window\n{share(now)} labelled", p.ink)] if not timed else [],
    )
