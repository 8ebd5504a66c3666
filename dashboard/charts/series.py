"""The common time series: one number by window, what the reference leads to expect, and what broke out of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.early import IMMATURE, curtains, early_windows
from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import DOTTED, FILLED, SOLID, End, Key
from dashboard.charts.lines import last, step_line
from dashboard.charts.points import hovers, markers, status_keys
from dashboard.charts.strip import marks, strip
from dashboard.charts.text import FORMATS, TICKS
from dashboard.charts.timeline import BOTTOM, band, extent, finite, ribbon, time_axis, time_title, windows
from dashboard.theme import STATUS, alpha, palette

RIGHT = 118
HATCHED = "▨"


def series(
    measurements: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    y: str,
    unit: str = "number",
    events: pd.DataFrame | None = None,
    zero: bool = False,
    nothing: str = "",
    note: str = "",
    mode: str = "light",
    height: int = 420,
    width: int = WIDTH,
) -> go.Figure:
    """One metric over time: a step per window with its 95% interval, the quiet range as a band, threshold labelled.

    For drift of a feature, duplicates, prediction_mean, label_rate: any metric of one feature and segment.

    Parameters
    ----------
    measurements : timeline frame of one metric: `x`, `x_end`, `value`, and where known `low`, `high`, `expected`,
        `band_low`, `band_high`, `n`, `reference`, `severity`, `message`,
        `underpowered` with `smallest_shift` (these windows are hatched). Bands are drawn over the windows that are
        judged; a side that is NaN is open. Where `mature` is False labels are still coming in: such windows are greyed.
    y : the y axis in words with its unit: "Jensen–Shannon distance", "share of rows"
    unit : "number", "share", "count" or "hours": how values are written
    events : `x`, `label`, `kind`
    zero : the y axis starts at 0
    nothing : the sentence of the empty state, when the page knows better than the default
    note : how to read it, one sentence in the footer
    """
    p, say = palette(mode), FORMATS[unit]
    rows, room = windows(measurements), width - 66 - RIGHT
    values = finite(rows, "value")
    if not np.isfinite(values).any():
        sentence = (
            nothing
            or f"No window has a value for {y} yet. Run driftmeter once more logs are in, or choose another period."
        )
        return empty(title, sentence, caption, height=height, mode=mode, width=width)

    mature = np.ones(len(rows), dtype=bool) if "mature" not in rows else ~rows["mature"].eq(False).to_numpy()
    sure, early = np.where(mature, values, np.nan), np.where(mature, np.nan, values)
    low, high, expected = (finite(rows, c) for c in ("low", "high", "expected"))
    below, above = finite(rows, "band_low"), finite(rows, "band_high")
    below[rows["reference"]] = above[rows["reference"]] = np.nan
    fits_one = 1.0 if unit == "share" else None
    y_range = extent(values, low, high, below, above, expected, zero=zero or unit in {"share", "count"}, top=fits_one)

    data: list[dict[str, Any]] = []
    legend: list[Key] = []
    if np.isfinite(below).any() or np.isfinite(above).any():
        judged = np.isfinite(below) | np.isfinite(above)
        floor = np.where(judged & np.isnan(below), y_range[0], below)
        roof = np.where(judged & np.isnan(above), y_range[1], above)
        data.append(band(*ribbon(rows, floor, roof), p.band, "quiet range"))
        legend.append(Key(FILLED, "quiet range", p.band))
        weak = underpowered(rows) & judged
        if weak.any():
            hatch = {"shape": "/", "fgcolor": p.faint, "bgcolor": p.band, "size": 7, "solidity": 0.25}
            outline = ribbon(rows, np.where(weak, floor, np.nan), np.where(weak, roof, np.nan))
            data.append(band(*outline, p.band, "too few rows", fillpattern=hatch))
            legend.append(Key(HATCHED, "too few rows to show a shift that matters", p.muted))
            note = " ".join(filter(None, (note, too_few(rows, weak, int(judged.sum()), say))))
    if np.isfinite(low).any() and np.isfinite(high).any():
        within = (np.where(mature, edge, np.nan) for edge in (low, high))
        data.append(band(*ribbon(rows, *within), alpha(p.first, 0.22), "95% interval"))
        legend.append(Key(FILLED, "95% interval", alpha(p.first, 0.3)))
    for limit, known in ((below, np.isfinite(below).any()), (above, np.isfinite(above).any())):
        if known:
            data.append(step_line(rows, limit, p.alert_text, "threshold", thick=1.2, dash="dash"))
    if np.isfinite(expected).any():
        data.append(step_line(rows, expected, p.baseline, "expected", thick=1.8, dash="dot"))
        legend.append(Key(DOTTED, "expected", p.baseline))
    data.append(step_line(rows, sure, p.first, "measured"))
    legend.append(Key(SOLID, "measured, a step per window", p.first))
    dots = markers(rows, sure, hovers(rows, say), p, name="measured", colour=p.first, room=room)
    data += dots
    legend += status_keys(dots, p)
    if np.isfinite(early).any():
        data += early_windows(rows, early, hovers(rows, say), p)
        legend.append(Key("○", IMMATURE, p.muted))

    laid = strip(rows, marks(rows, events, p), room, p, overhang=RIGHT - 8)
    ink = p.first if mature[np.flatnonzero(np.isfinite(values))[-1]] else p.muted
    now = rows["severity"].to_numpy()[np.flatnonzero(np.isfinite(values))[-1]]
    word = f"\n{STATUS[now].glyph} {STATUS[now].word}" if now else ""
    layout = {
        "xaxis": time_axis(rows, room),
        "yaxis": {"range": y_range, "tickformat": TICKS[unit], "nticks": 7},
        "annotations": laid.annotations,
        "shapes": [*laid.shapes, *curtains(rows[~mature], p)],
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
        legend=legend,
        x_title=time_title(rows),
        y_title=y,
        note=note,
        ends=[
            End(last(values), f"now {say(last(values))}{word}", p.text(now) if now else ink),
            End(last(above), f"alert above\n{say(last(above))}", p.alert_text),
            End(last(below), f"alert below\n{say(last(below))}", p.alert_text),
        ],
    )


def underpowered(rows: pd.DataFrame) -> np.ndarray:
    """Windows with too few rows to show a shift that matters, (W,), bool."""
    if "underpowered" not in rows:
        return np.zeros(len(rows), dtype=bool)
    return rows["underpowered"].eq(True).to_numpy()


def too_few(rows: pd.DataFrame, weak: np.ndarray, judged: int, say: Callable[[float], str]) -> str:
    """What hatched windows could not have shown, in a sentence: a shift of half of them at least."""
    smallest = finite(rows, "smallest_shift")[weak]
    smallest = smallest[np.isfinite(smallest)]
    if not len(smallest):
        return ""
    size = say(float(np.median(smallest)))
    many = f"{int(weak.sum())} of {judged} judged windows have too few rows"
    return f"Hatched: {many}; a shift under {size} would not have been seen there."
