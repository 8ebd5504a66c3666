"""Concept: are the scores still probabilities?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import DOTTED, Key, axis_title
from dashboard.charts.text import count, number, share
from dashboard.charts.timeline import extent, finite
from dashboard.theme import Palette, alpha, palette

NO_LABELS = (
    "Calibration needs labels, and none have arrived for these windows. "
    "Run again when labels are in, or choose an earlier period."
)


def calibration(
    curve: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    outcome: str = "positive",
    mode: str = "light",
    height: int = 520,
    width: int = WIDTH,
) -> go.Figure:
    """Observed rate by predicted score, reference and window, on the diagonal when calibrated; rows by score below.

    Parameters
    ----------
    curve : one row per score bin and period: `period` ("reference" or "window"), `score` (mean score of the bin),
        `rate` (share of the outcome), `low`, `high` (95% interval of the rate), `n`
    outcome : the outcome in words: "late", "clicked"
    """
    p = palette(mode)
    parts = {name: _part(curve, name) for name in ("reference", "window")}
    if not len(parts["window"]) and not len(parts["reference"]):
        return empty(title, NO_LABELS, caption, height=height, mode=mode, width=width)
    looks: dict[str, dict[str, Any]] = {
        "reference": {"color": p.baseline, "symbol": "circle-open", "dash": "dot"},
        "window": {"color": p.first, "symbol": "circle", "dash": "solid"},
    }
    everything = pd.concat(list(parts.values()), ignore_index=True)
    low, high = extent(
        finite(everything, "score"), finite(everything, "rate"), finite(everything, "high"), zero=True, top=1.0
    )
    line = np.array([min(low, 0.0), high])
    data: list[dict[str, Any]] = [_diagonal(line, p)]
    for name, part in parts.items():
        if len(part):
            data += _curve(part, name, outcome, looks[name], p)
    shares = [finite(part, "n") / max(float(np.nansum(finite(part, "n"))), 1.0) for part in parts.values()]
    tall = max([float(np.nanmax(s)) for s in shares if len(s)], default=1.0) * 1.15 or 1.0
    layout = {
        "xaxis": {"range": [line[0], high], "tickformat": ".2~f", "nticks": 8, "anchor": "y2", "showgrid": True},
        "yaxis": {"range": [line[0], high], "tickformat": ".0%", "nticks": 8, "domain": [0.3, 1]},
        "yaxis2": {"range": [0, tall], "tickformat": ".0%", "nticks": 3, "domain": [0, 0.22], "anchor": "x"},
        "barmode": "overlay",
        "annotations": [
            axis_title(f"observed share {outcome}", "y", 56, 260, mode, centre=0.65),
            axis_title("rows", "y", 56, 80, mode, centre=0.11),
        ],
    }
    keys = [Key(DOTTED, "perfect calibration", p.muted)]
    if len(parts["reference"]):
        keys.append(Key("○", "reference", p.baseline))
    if len(parts["window"]):
        keys.append(Key("●", "window, with 95% interval", p.first))
    return frame(
        {"data": data, "layout": layout},
        title,
        caption,
        height,
        mode=mode,
        width=width,
        legend=keys,
        bottom=48,
        x_title="predicted score",
        floor=340,
        note="" if len(parts["window"]) else "No labels yet for the window: the reference alone is shown.",
    )


def _part(curve: pd.DataFrame, name: str) -> pd.DataFrame:
    if curve is None or not {"period", "score", "rate"} <= set(curve.columns):
        return pd.DataFrame({"score": [], "rate": [], "n": []})
    part = curve[curve["period"] == name]
    return part[np.isfinite(finite(part, "score")) & np.isfinite(finite(part, "rate"))].sort_values("score")


def _diagonal(line: np.ndarray, p: Palette) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": line,
        "y": line,
        "line": {"color": p.muted, "width": 1.2, "dash": "dot"},
        "hoverinfo": "skip",
    }


def _curve(part: pd.DataFrame, name: str, outcome: str, look: dict[str, Any], p: Palette) -> list[dict[str, Any]]:
    score, rate, n = finite(part, "score"), finite(part, "rate"), finite(part, "n")
    low, high = finite(part, "low"), finite(part, "high")
    texts = [
        f"{name}<br>score {number(s)}<br><b>{share(r)}</b> {outcome}"
        + (f" ({share(a)} to {share(b)})" if np.isfinite(a) and np.isfinite(b) else "")
        + (f"<br>n = {count(m)}" if np.isfinite(m) else "")
        for s, r, a, b, m in zip(score, rate, low, high, n, strict=True)
    ]
    bars = {
        "type": "data",
        "symmetric": False,
        "array": high - rate,
        "arrayminus": rate - low,
        "thickness": 1.2,
        "width": 3,
    }
    points = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": score,
        "y": rate,
        "text": texts,
        "hovertemplate": "%{text}<extra></extra>",
        "line": {"color": look["color"], "width": 2, "dash": look["dash"]},
        "marker": {"symbol": look["symbol"], "size": 8, "color": look["color"], "line": {"width": 1.5}},
        "error_y": {**bars, "color": look["color"], "visible": bool(np.isfinite(low).any() and name == "window")},
    }
    gaps = np.diff(score)
    rows = {
        "type": "bar",
        "name": f"rows, {name}",
        "x": score,
        "y": n / max(float(np.nansum(n)), 1.0),
        "yaxis": "y2",
        "width": float(np.median(gaps)) * 0.8 if len(gaps) else 0.05,
        "marker": {
            "color": "rgba(0,0,0,0)" if name == "reference" else alpha(p.first, 0.55),
            "line": {"width": 1.4 if name == "reference" else 0, "color": look["color"]},
        },
        "text": texts,
        "textposition": "none",
        "hovertemplate": "%{text}<br>%{y:.1%} of rows<extra></extra>",
    }
    return [points, rows]
