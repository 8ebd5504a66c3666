"""The outcome by position: what a place on the page is worth, in the window and in the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import SOLID, Key
from dashboard.charts.text import count, escape, number, share
from dashboard.charts.timeline import extent, finite
from dashboard.theme import palette

NOTHING = "The outcome by position needs labels, and this window has none yet. Choose an earlier window."


def position_curve(
    positions: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    outcome: str = "positive",
    unit: str = "share",
    mode: str = "light",
    height: int = 420,
    width: int = WIDTH,
) -> go.Figure:
    """The outcome curve: the window's with 95% intervals against the reference's.

    Parameters
    ----------
    positions : one row a group of positions in order: `label`, `reference_rate`, `rate`, `low`, `high`, `n` (labelled
        rows in the window)
    outcome : the outcome in words
    unit : "share", or "number" for regression
    """
    p, say = palette(mode), share if unit == "share" else number
    rate, before = (finite(positions, name) for name in ("rate", "reference_rate"))
    if not len(positions) or not np.isfinite(rate).any():
        return empty(title, NOTHING, caption, height=height, mode=mode, width=width)
    low, high, n = (finite(positions, name) for name in ("low", "high", "n"))
    labels, at = positions["label"].astype(str).tolist(), np.arange(len(positions), dtype=float)
    differs = (before < low) | (before > high)
    texts = [
        f"<b>position {escape(labels[i])}</b><br>window <b>{say(rate[i])}</b> {escape(outcome)} ({say(low[i])} to "
        f"{say(high[i])})<br>reference {say(before[i])}" + (f"<br>n = {count(n[i])}" if np.isfinite(n[i]) else "")
        for i in range(len(at))
    ]
    data: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "lines+markers", "name": "reference", "x": at, "y": before, "hoverinfo": "skip",
            "line": {"color": p.ink, "width": 1.8, "dash": "dot"}, "marker": {"size": 5, "color": p.ink},
        },
        {
            "type": "scatter", "mode": "lines+markers", "name": "window", "x": at, "y": rate, "text": texts,
            "hovertemplate": "%{text}<extra></extra>", "line": {"color": p.first, "width": 2},
            "marker": {
                "symbol": ["circle-open" if far else "circle" for far in differs], "size": 9, "color": p.first,
                "line": {"width": 1.8, "color": p.first},
            },
            "error_y": {
                "type": "data", "symmetric": False, "array": np.nan_to_num(high - rate),
                "arrayminus": np.nan_to_num(rate - low), "thickness": 1.2, "width": 2, "color": p.first,
            },
        },
    ]  # fmt: skip
    layout = {
        "xaxis": {
            "range": [-0.5, at[-1] + 0.5], "tickmode": "array", "tickvals": at, "ticktext": [_tick(x) for x in labels],
            "tickangle": 0, "tickfont": {"size": 12},
        },
        "yaxis": {
            "range": extent(rate, before, low, high, zero=unit == "share", top=1.0 if unit == "share" else None),
            "tickformat": ".1~%" if unit == "share" else "~g", "nticks": 6,
        },
    }  # fmt: skip
    keys = [Key("┄", "reference", p.ink), Key(SOLID, "window, with 95% interval", p.first)]
    keys += [Key("○", "interval leaves the reference out", p.first)] if differs.any() else []
    return frame(
        {"data": data, "layout": layout},
        title,
        caption,
        height,
        mode=mode,
        width=width,
        legend=keys,
        x_title="position",
        y_title=f"share {outcome}" if unit == "share" else f"mean {outcome}",
    )


def _tick(label: str) -> str:
    """A label that fits under its point."""
    text = label.replace(" to ", "–").replace(" and more", "+")
    return escape(text if len(text) <= 9 else f"{text[:8]}…")
