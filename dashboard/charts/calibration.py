"""Concept: are scores still probabilities, and where do they lie?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.frame import DOTTED, FILLED, PAD, SOLID, WIDTH, Caption, Key, axis_title, empty, frame
from dashboard.charts.text import count, number, share
from dashboard.charts.timeline import extent, finite
from dashboard.theme import Palette, alpha, palette

NO_LABELS = (
    "Calibration needs labels, and none have arrived for these windows. "
    "Run again when labels are in, or choose an earlier period."
)
NO_SCORES = "There is no score to show: name the prediction under [logs] in driftmeter.toml, or choose another period."
CELLS = 40


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
    curve : one row per score bin and period: `period` ("reference" or "window"), `score` (mean score of the bin), `rate`
        (share of the outcome), `low`, `high` (95% interval of the rate), `n`
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
    low, high = extent(finite(everything, "score"), finite(everything, "rate"), finite(everything, "high"), zero=True, top=1.0)
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
    bars = {"type": "data", "symmetric": False, "array": high - rate, "arrayminus": rate - low, "thickness": 1.2, "width": 3}
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

    The profile's bins hold about equal shares, so they are spread over 40 cells of equal width first: shares stay whole,
    and a value with a bin of its own stays in one cell.

    Parameters
    ----------
    bins : one row per bin: `left`, `right` (edges; infinite at the open ends), `reference`, `window` (shares of rows)
    threshold : decision threshold of the model, drawn as a labelled rule
    """
    p = palette(mode)
    left, right = (np.asarray(pd.to_numeric(bins[c], errors="coerce"), dtype=float) if bins is not None and c in bins
                   else np.zeros(0) for c in ("left", "right"))  # fmt: skip
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
        shapes.append({"type": "line", "name": "threshold", "xref": "x", "yref": "paper", "x0": threshold, "x1": threshold,
                       "y0": 0, "y1": 1, "line": {"color": p.ink, "width": 1.2, "dash": "dash"}})  # fmt: skip
        notes.append({"name": "threshold", "text": f"decision threshold {number(threshold)}", "showarrow": False,
                      "xref": "x", "yref": "paper", "x": threshold, "y": 1, "yanchor": "bottom",
                      "xanchor": "left" if threshold < (low + high) / 2 else "right", "font": {"size": 12, "color": p.ink}})  # fmt: skip
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
