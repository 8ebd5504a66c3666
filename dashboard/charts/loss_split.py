"""Concept: why the loss changed, split in two (DISDE, arXiv 2303.02011)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import FILLED, End, Key
from dashboard.charts.lines import last, level
from dashboard.charts.strip import marks, strip
from dashboard.charts.text import escape, number, period, share
from dashboard.charts.timeline import BOTTOM, durations, extent, finite, middle, time_axis, time_title, windows
from dashboard.theme import palette

RIGHT = 118
_PATTERN = {"inputs moved": "", "relation moved": "/"}


def loss_split(
    measurements: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    loss: str = "log loss",
    events: pd.DataFrame | None = None,
    mode: str = "light",
    height: int = 400,
    width: int = WIDTH,
) -> go.Figure:
    """Change in mean loss against the reference: bars for "inputs moved" and "relation moved", a mark for both.

    Parameters
    ----------
    measurements : timeline frame with `loss_inputs` and `loss_relation` (values of these metrics, merged by window),
        and where known `unknown_share` (rows in bins that the reference hardly knew), `n`
    loss : "log loss", "0/1 loss", "absolute error": the axis says so
    """
    p = palette(mode)
    rows, room = windows(measurements), width - 66 - RIGHT
    parts = {"inputs moved": finite(rows, "loss_inputs"), "relation moved": finite(rows, "loss_relation")}
    colours = {"inputs moved": p.second, "relation moved": p.third}
    known = np.logical_or(*(np.isfinite(v) for v in parts.values()))
    if not known.any():
        return empty(
            title,
            "The change in loss cannot be split: no window has both scores and labels yet. "
            "Run again when labels are in, or name them under [labels] in driftmeter.toml.",
            caption,
            height=height,
            mode=mode,
            width=width,
        )
    filled = {word: np.where(known, np.nan_to_num(v), np.nan) for word, v in parts.items()}
    total = sum(filled.values(), np.zeros(len(rows)))
    stacked = np.stack(list(filled.values()))
    y_range = extent(np.where(stacked > 0, stacked, 0).sum(0), np.where(stacked < 0, stacked, 0).sum(0), zero=False)
    unknown, size = finite(rows, "unknown_share"), finite(rows, "n")
    texts = []
    for i, (start, end) in enumerate(zip(rows["x"], rows["x_end"], strict=True)):
        lines = [period(start, end), f"<b>{number(total[i])}</b> change in {escape(loss)}"]
        lines += [f"{word} {number(v[i])}" for word, v in filled.items()]
        lines += [f"{share(unknown[i])} of rows where the reference knew little"] if np.isfinite(unknown[i]) else []
        lines += [f"n = {size[i]:,.0f}"] if np.isfinite(size[i]) else []
        texts.append("<br>".join(lines))
    at, wide = middle(rows).to_numpy(), durations(rows) * 0.86
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": word,
            "x": at,
            "y": values,
            "width": wide,
            "marker": {
                "color": colours[word],
                "line": {"width": 0},
                "pattern": {
                    "shape": _PATTERN[word],
                    "bgcolor": colours[word],
                    "fgcolor": p.paper,
                    "solidity": 0.25,
                    "size": 6,
                },
            },
            "hoverinfo": "skip",
        }
        for word, values in filled.items()
    ]
    data.append(
        {
            "type": "scatter",
            "mode": "markers",
            "name": "together",
            "x": at,
            "y": total,
            "text": texts,
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {
                "symbol": "line-ew",
                "size": max(4, min(16, room / len(rows) * 0.8)),
                "line": {"width": 2.4, "color": p.ink},
            },
        }
    )
    laid = strip(rows, marks(rows, events, p), room, p, overhang=RIGHT - 8)
    layout = {
        "barmode": "relative",
        "xaxis": time_axis(rows, room),
        "yaxis": {"range": y_range, "tickformat": "+~g", "nticks": 7},
        "annotations": laid.annotations,
        "shapes": [*laid.shapes, {**level(0.0, p.muted, dash="solid"), "layer": "above"}],
    }
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
        legend=[
            Key(FILLED, "inputs moved", colours["inputs moved"]),
            Key("▨", "relation moved", colours["relation moved"]),
            Key("—", "together", p.ink),
        ],
        x_title=time_title(rows),
        y_title=f"change in {loss}",
        note="Above zero is worse. Inputs moved: harder rows came in. "
        "Relation moved: rows of the same kind turned out otherwise.",
        ends=[End(last(total), f"together\n{number(last(total))}", p.ink), End(0.0, "as in the\nreference", p.muted)],
    )
