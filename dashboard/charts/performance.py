"""Concept: performance that came true beside what the scores led to expect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.early import IMMATURE, curtains, early_windows
from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import DASHED, FILLED, SOLID, End, Key
from dashboard.charts.lines import last, step_line
from dashboard.charts.points import hovers, markers, status_keys
from dashboard.charts.strip import Mark, marks, strip
from dashboard.charts.text import FORMATS, TICKS
from dashboard.charts.timeline import (
    BOTTOM,
    band,
    extent,
    finite,
    middle,
    ribbon,
    time_axis,
    time_title,
    windows,
)
from dashboard.theme import STATUS, alpha, palette

RIGHT = 132
NOTHING = (
    "Performance needs labels, and its expectation needs probabilities; this period has neither. "
    "Name the label and the prediction under [logs] (or [labels]) in driftmeter.toml, or run again when labels are in."
)


def performance(
    measurements: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    metric: str,
    better: str = "higher",
    unit: str = "number",
    events: pd.DataFrame | None = None,
    mode: str = "light",
    height: int = 440,
    width: int = WIDTH,
) -> go.Figure:
    """Realised performance with its interval, the expectation without labels (CBPE), and which windows are immature.

    Where the two part, the concept moved: the expectation knows the inputs' shift, not the relation's.

    Parameters
    ----------
    measurements : timeline frame with `value` (realised; NaN without labels), `low`, `high`, `expected` (the `value` of
        expected_auc and the like, merged by window) with `expected_low`, `expected_high`, `band_low`, `band_high`, `n`,
        `labelled_share` (0 to 1), `mature` (bool; False: labels still coming in, greyed), `severity`, `message`
    metric : "AUC", "log loss", "RMSE"
    better : "higher" or "lower": said beside the axis
    unit : "number" or "share"
    """
    p, say = palette(mode), FORMATS[unit]
    rows, room = windows(measurements), width - 66 - RIGHT
    realised, expected = finite(rows, "value"), finite(rows, "expected")
    if not (np.isfinite(realised).any() or np.isfinite(expected).any()):
        return empty(title, NOTHING, caption, height=height, mode=mode, width=width)
    low, high = finite(rows, "low"), finite(rows, "high")
    below, above = finite(rows, "expected_low"), finite(rows, "expected_high")
    edges = [np.where(rows["reference"], np.nan, finite(rows, b)) for b in ("band_low", "band_high")]
    y_range = extent(realised, low, high, expected, below, above, *edges)
    mature = np.ones(len(rows), dtype=bool) if "mature" not in rows else ~rows["mature"].eq(False).to_numpy()
    sure, early = np.where(mature, realised, np.nan), np.where(mature, np.nan, realised)

    data: list[dict[str, Any]] = []
    keys: list[Key] = []
    if np.isfinite(expected).any():
        data.append(band(*ribbon(rows, below, above), alpha(p.second, 0.2), "interval of the expectation"))
        data.append(step_line(rows, expected, p.second, "expected", thick=1.8, dash="dash"))
        keys.append(Key(DASHED, "expected from scores, without labels (CBPE)", p.second))
    if np.isfinite(realised).any():
        sure_low, sure_high = np.where(mature, low, np.nan), np.where(mature, high, np.nan)
        data.append(band(*ribbon(rows, sure_low, sure_high), alpha(p.first, 0.22), "95% interval"))
        data.append(step_line(rows, sure, p.first, "realised"))
        keys = [Key(SOLID, "realised", p.first), *keys, Key(FILLED, "95% intervals", alpha(p.first, 0.3))]
    for edge in edges:
        if np.isfinite(edge).any():
            data.append(step_line(rows, edge, p.alert_text, "threshold", thick=1.2, dash="dash"))
    texts = _hovers(rows, say, mature)
    dots = markers(
        rows.assign(severity=rows["severity"].where(mature, None)),
        sure,
        texts,
        p,
        name="realised",
        colour=p.first,
        room=room,
    )
    data += dots
    keys += status_keys(dots, p)
    if np.isfinite(early).any():
        data += early_windows(rows, early, texts, p)
        keys.append(Key("○", IMMATURE, p.muted))
    data += _unlabelled(rows, realised, expected, texts)

    listed = marks(rows, events, p)
    pending = rows[~mature | (np.isnan(realised) & ~rows["reference"])]
    grey = curtains(pending, p)
    if len(pending) and (
        pending["x"].iloc[0] >= rows.loc[rows["reference"], "x_end"].max() or not rows["reference"].any()
    ):
        listed.append(Mark(pending["x"].iloc[0], "labels pending", False, p.muted))
    laid = strip(rows, listed, room, p, overhang=RIGHT - 8)
    layout = {
        "xaxis": time_axis(rows, room),
        "yaxis": {"range": y_range, "tickformat": TICKS[unit], "nticks": 7},
        "annotations": laid.annotations,
        "shapes": [*laid.shapes, *grey],
    }
    limits = [("below", edges[0]), ("above", edges[1])]
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
        y_title=f"{metric} ({better} is better)",
        ends=[
            End(last(sure), f"realised {say(last(sure))}{_status(rows, sure)}", p.first),
            End(last(expected), f"expected {say(last(expected))}", p.second),
            *(End(last(edge), f"alert {word}\n{say(last(edge))}", p.alert_text) for word, edge in limits),
        ],
    )


def _status(rows: pd.DataFrame, values: np.ndarray) -> str:
    known = np.flatnonzero(np.isfinite(values))
    now = rows["severity"].iloc[known[-1]] if len(known) else None
    return f"\n{STATUS[now].glyph} {STATUS[now].word}" if now else ""


def _hovers(rows: pd.DataFrame, say: Any, mature: np.ndarray) -> list[str]:
    share = finite(rows, "labelled_share")
    return [
        text
        + (f"<br>{share[i]:.0%} of labels in" if np.isfinite(share[i]) else "")
        + ("" if mature[i] else "<br>immature: not judged")
        for i, text in enumerate(hovers(rows, say))
    ]


def _unlabelled(
    rows: pd.DataFrame, realised: np.ndarray, expected: np.ndarray, texts: list[str]
) -> list[dict[str, Any]]:
    """Hover of windows that have an expectation alone."""
    at = np.flatnonzero(np.isnan(realised) & np.isfinite(expected))
    if not len(at):
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "expected",
            "x": middle(rows).to_numpy()[at],
            "y": expected[at],
            "text": [texts[i].replace("<b>–</b>", "no labels yet", 1) for i in at],
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {"size": 8, "opacity": 0},
        }
    ]
