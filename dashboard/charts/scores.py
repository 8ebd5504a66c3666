"""Concept: where the scores lie, reference beside window."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import DOTTED, FILLED, PAD, SOLID, Key
from dashboard.charts.text import number
from dashboard.charts.timeline import finite
from dashboard.theme import alpha, palette

NO_SCORES = "There is no score to show: name the prediction under [logs] in driftmeter.toml, or choose another period."
CELLS = 40


def score_distribution(
    bins: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    threshold: float | None = None,
    score: str = "predicted score",
    mode: str = "light",
    height: int = 380,
    width: int = WIDTH,
) -> go.Figure:
    """Where the scores lie, reference and window, over a true axis of scores.

    The profile's bins hold about equal shares, so they are spread over 40 cells of equal width first: shares stay
    whole, and a value with a bin of its own stays in one cell.

    Parameters
    ----------
    bins : one row per bin: `left`, `right` (edges; infinite at the open ends), `reference`, `window` (shares of rows)
    threshold : decision threshold of the model, drawn as a labelled rule
    """
    p = palette(mode)
    left, right = (
        np.asarray(pd.to_numeric(bins[c], errors="coerce"), dtype=float)
        if bins is not None and c in bins
        else np.zeros(0)
        for c in ("left", "right")
    )
    ends = np.concatenate([left[np.isfinite(left)], right[np.isfinite(right)]])
    shares = {name: finite(bins, name) for name in ("reference", "window")} if len(ends) else {}
    if not any(np.nansum(v) > 0 for v in shares.values()):
        return empty(title, NO_SCORES, caption, height=height, mode=mode, width=width)
    low, high = float(ends.min()), float(ends.max())
    if high <= low:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, CELLS + 1)
    spread = {name: _spread(left, right, np.nan_to_num(v), edges) for name, v in shares.items()}
    tall = max(float(v.max()) for v in spread.values()) * 1.1
    looks = {
        "reference": {"color": p.baseline, "fill": "rgba(0,0,0,0)"},
        "window": {"color": p.first, "fill": alpha(p.first, 0.28)},
    }
    data = []
    for name in ("window", "reference"):
        if np.nansum(shares[name]) <= 0:
            continue
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": name,
                "x": np.concatenate([edges[:1], np.repeat(edges[1:-1], 2), edges[-1:]]),
                "y": np.repeat(spread[name], 2),
                "fill": "tozeroy" if name == "window" else "none",
                "fillcolor": looks[name]["fill"],
                "line": {"color": looks[name]["color"], "width": 2, "dash": "solid" if name == "window" else "dot"},
                "hovertemplate": f"{name}: %{{y:.2%}} of rows near score %{{x:.3f}}<extra></extra>",
            }
        )
    shapes, notes = [], []
    if threshold is not None and low <= threshold <= high:
        shapes.append(
            {
                "type": "line",
                "name": "threshold",
                "xref": "x",
                "yref": "paper",
                "x0": threshold,
                "x1": threshold,
                "y0": 0,
                "y1": 1,
                "line": {"color": p.ink, "width": 1.2, "dash": "dash"},
            }
        )
        notes.append(
            {
                "name": "threshold",
                "text": f"decision threshold {number(threshold)}",
                "showarrow": False,
                "xref": "x",
                "yref": "paper",
                "x": threshold,
                "y": 1,
                "yanchor": "bottom",
                "xanchor": "left" if threshold < (low + high) / 2 else "right",
                "font": {"size": 12, "color": p.ink},
            }
        )
    layout = {
        "xaxis": {"range": [low, high], "tickformat": "~g", "nticks": 9},
        "yaxis": {"range": [0, tall], "tickformat": ".1~%", "nticks": 6},
        "shapes": shapes,
        "annotations": notes,
    }
    keys = [Key(DOTTED, "reference", p.baseline), Key(SOLID, "window", p.first), Key(FILLED, "", alpha(p.first, 0.35))]
    return frame(
        {"data": data, "layout": layout},
        title,
        caption,
        height,
        mode=mode,
        width=width,
        left=66,
        right=PAD + 6,
        bottom=48,
        strip=22 if notes else 0,
        legend=keys[:2],
        x_title=score,
        y_title=f"share of rows, per {number((high - low) / CELLS)} of score",
    )


def _spread(left: np.ndarray, right: np.ndarray, shares: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Shares of bins spread evenly over cells: what a bin holds goes to the cells that it covers. The sum stays."""
    a = np.clip(np.where(np.isfinite(left), left, edges[0]), edges[0], edges[-1])
    b = np.clip(np.where(np.isfinite(right), right, edges[-1]), edges[0], edges[-1])
    a, b = np.where(np.isfinite(left), a, b), np.where(np.isfinite(right), b, a)  # open bins sit at their finite end
    out = np.zeros(len(edges) - 1)
    cell = edges[1] - edges[0]
    for start, end, held in zip(a, b, shares, strict=True):
        if end - start < cell * 1e-9:
            out[min(int((start - edges[0]) / cell), len(out) - 1)] += held
        else:
            overlap = np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], start), 0, None)
            out += held * overlap / (end - start)
    return out
