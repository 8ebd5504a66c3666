"""Where the concept moved: the outcome by the feature's bins, reference beside window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import maps
from dashboard.charts.bins import (
    bin_hover,
    bin_keys,
    bin_name,
    bins_title,
    capped,
    change,
    edge_ticks,
    filled_bins,
    level_marks,
    statuses,
)
from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import PAD, SOLID, Key, axis_title
from dashboard.charts.text import count, escape, number, share
from dashboard.charts.timeline import extent, finite, records
from dashboard.theme import STATUS, Palette, alpha, palette


def outcome_by_bin(
    bins: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    feature: str,
    outcome: str = "positive",
    unit: str = "share",
    mode: str = "light",
    height: int = 500,
    width: int = WIDTH,
) -> go.Figure:
    """Where the concept moved: the outcome by the feature's bins, window with interval against the reference.

    Parameters
    ----------
    bins : bin frame with `reference_rate` and `rate` (share of the outcome, or mean label), `low`, `high` (interval of
        the window's rate), `reference`, `window` (shares of rows), `n` (labelled rows in the window), and where judged
        `severity`; a bin that was not judged and whose interval leaves out the reference's rate is drawn hollow
    outcome : the outcome in words: "late", "clicked"
    unit : "share", or "number" for regression
    """
    p = palette(mode)
    rows = filled_bins(bins, "reference", "window", "n")
    rate, before = finite(rows, "rate"), finite(rows, "reference_rate")
    if rows.empty or not np.isfinite(rate).any():
        sentence = (
            f"The relation of {feature} to the outcome needs labels, and this window has none yet. "
            "Run again when labels are in, or choose an earlier window."
        )
        return empty(title, sentence, caption, height=height, mode=mode, width=width)
    rest = ""
    if "left" not in rows:
        rows, rest = capped(rows, np.abs(rate - before))
        rate, before = finite(rows, "rate"), finite(rows, "reference_rate")
    low, high = finite(rows, "low"), finite(rows, "high")
    say = share if unit == "share" else number
    kinds = statuses(rows)
    differs = (before < low) | (before > high)
    n = finite(rows, "n")
    texts = []
    for i, row in enumerate(records(rows)):
        lines = [f"window <b>{say(rate[i])}</b> {escape(outcome)} ({say(low[i])} to {say(high[i])})"]
        lines += [f"reference {say(before[i])}", *([f"n = {count(n[i])}"] if np.isfinite(n[i]) else [])]
        texts.append(bin_hover(feature, row, lines))
    y_range = extent(rate, before, low, high, zero=unit == "share", top=1.0 if unit == "share" else None)
    keys = [Key(SOLID, "reference", p.ink), Key("●", "window, with 95% interval", p.first)]
    keys += [Key("○", "interval leaves the reference out", p.first)] if (differs & (kinds == "ok")).any() else []
    keys += bin_keys(kinds, p)
    points = _points(rows, rate, low, high, kinds, differs, texts, p)
    said = outcome if unit == "share" else f"mean {outcome}"
    if "left" in rows:
        return _relation_upright(
            rows, points, before, y_range, unit, keys, title, caption, feature, said, mode, height, width
        )

    names = [bin_name(row) for row in records(rows)]
    signs = np.nan_to_num(rate - before)
    words = [
        (change(signs[i], kinds[i]) if unit == "share" else _shift(signs[i], kinds[i]), p.text(kinds[i]))
        if np.isfinite(rate[i]) and np.isfinite(before[i])
        else ("no labels" if np.isnan(rate[i]) else "new", p.muted)
        for i in range(len(rows))
    ]
    left, right = maps.margins(names, [w for w, _ in words], width)
    ticks = {
        "type": "scatter",
        "mode": "markers",
        "name": "reference",
        "x": before,
        "y": rows.index.to_numpy(dtype=float),
        "hoverinfo": "skip",
        "marker": {"symbol": "line-ns", "size": 17, "line": {"width": 2.6, "color": p.ink}},
    }
    turned = [_turn(trace) for trace in points]
    layout = {
        "xaxis": {"range": y_range, "tickformat": ".1~%" if unit == "share" else "~g", "nticks": 6, "showgrid": True},
        **maps.sides(names, words, left, right, p),
        "annotations": [maps.rest_line(rest, left, p)] if rest else [],
    }
    keys[0] = Key("|", "reference", p.ink)
    return frame(
        {"data": [ticks, *turned, maps.twin(y_range[0])], "layout": layout},
        title,
        caption,
        0,
        mode=mode,
        width=width,
        left=left,
        right=right,
        legend=keys,
        bottom=48 + (maps.REST if rest else 0),
        x_title=f"share {outcome}" if unit == "share" else said,
        floor=(maps.ROW + 3) * len(rows),
    )


def _shift(by: float, status: str) -> str:
    glyph = f"{STATUS[status].glyph} " if status in ("alert", "watch") else ""
    return f"{glyph}{'+' if by > 0 else '−' if by < 0 else '±'}{number(abs(by))}"


def _points(
    rows: pd.DataFrame,
    rate: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    kinds: np.ndarray,
    differs: np.ndarray,
    texts: list[str],
    p: Palette,
) -> list[dict[str, Any]]:
    """The window's rates with intervals: hollow where they differ, with the status's shape where they were judged."""
    at = rows["at"].to_numpy(dtype=float) if "left" in rows else np.arange(len(rows), dtype=float)
    out = []
    for kind in ("ok", "watch", "alert"):
        i = np.flatnonzero((kinds == kind) & np.isfinite(rate))
        if not len(i):
            continue
        symbol = STATUS[kind].symbol
        out.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "window" if kind == "ok" else STATUS[kind].word,
                "x": at[i],
                "y": rate[i],
                "text": [texts[j] for j in i],
                "hovertemplate": "%{text}<extra></extra>",
                "marker": {
                    "symbol": ["circle-open" if differs[j] else symbol for j in i] if kind == "ok" else symbol,
                    "size": 9 if kind == "ok" else 11,
                    "color": p.first if kind == "ok" else p.fill(kind),
                    "line": {"width": 1.8 if kind == "ok" else 1.2, "color": p.first if kind == "ok" else p.line(kind)},
                },
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": np.nan_to_num(high[i] - rate[i]),
                    "arrayminus": np.nan_to_num(rate[i] - low[i]),
                    "thickness": 1.2,
                    "width": 2,
                    "color": p.first if kind == "ok" else p.text(kind),
                },
            }
        )
    return out


def _turn(trace: dict[str, Any]) -> dict[str, Any]:
    """The same trace with its axes exchanged."""
    turned = {**trace, "x": trace["y"], "y": trace["x"], "error_x": trace["error_y"]}
    del turned["error_y"]
    return turned


def _relation_upright(
    rows: pd.DataFrame,
    points: list[dict[str, Any]],
    before: np.ndarray,
    y_range: tuple[float, float],
    unit: str,
    keys: list[Key],
    title: str,
    caption: Caption,
    feature: str,
    said: str,
    mode: str,
    height: int,
    width: int,
) -> go.Figure:
    p = palette(mode)
    at = rows["at"].to_numpy(dtype=float)
    reference, window = np.nan_to_num(finite(rows, "reference")), np.nan_to_num(finite(rows, "window"))
    counts = {
        "type": "bar",
        "name": "rows",
        "x": at,
        "y": window,
        "yaxis": "y2",
        "width": 0.86,
        "marker": {"color": alpha(p.first, 0.5), "line": {"width": 0}},
        "hovertemplate": "%{y:.2%} of rows<extra></extra>",
    }
    outline = [
        {**trace, "yaxis": "y2", "line": {"color": p.ink, "width": 1.4}} for trace in level_marks(at, reference, p)
    ]
    ticks, words = edge_ticks(rows, width - 66 - PAD)
    tall = max(reference.max(), window.max()) * 1.15 or 1.0
    layout = {
        "xaxis": {
            "range": [-0.7, at[-1] + 0.7],
            "tickmode": "array",
            "tickvals": ticks,
            "ticktext": words,
            "tickangle": 0,
            "tickfont": {"size": 12},
            "anchor": "y2",
        },
        "yaxis": {"range": y_range, "tickformat": ".1~%" if unit == "share" else "~g", "nticks": 7, "domain": [0.3, 1]},
        "yaxis2": {"range": [0, tall], "tickformat": ".1~%", "nticks": 3, "domain": [0, 0.2], "anchor": "x"},
        "annotations": [
            axis_title(f"share {said}" if unit == "share" else said, "y", 56, 240, mode, centre=0.65),
            axis_title("rows", "y", 56, 80, mode, centre=0.1),
        ],
    }
    return frame(
        {"data": [*level_marks(at, before, p), *points, counts, *outline], "layout": layout},
        title,
        caption,
        height,
        mode=mode,
        width=width,
        legend=keys,
        bottom=48,
        x_title=bins_title(feature),
        floor=320,
    )
