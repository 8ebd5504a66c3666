"""Log health: did the rows come?  (Duplicates by id: `series` with `unit="share"`.)"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import DOTTED, FILLED, End, Key
from dashboard.charts.lines import last, step_line
from dashboard.charts.points import hovers
from dashboard.charts.strip import marks, strip
from dashboard.charts.text import count
from dashboard.charts.timeline import (
    BOTTOM,
    band,
    durations,
    extent,
    finite,
    middle,
    ribbon,
    time_axis,
    time_title,
    windows,
)
from dashboard.theme import STATUS, alpha, palette

RIGHT = 118


def volume(
    measurements: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    events: pd.DataFrame | None = None,
    mode: str = "light",
    height: int = 380,
    width: int = WIDTH,
) -> go.Figure:
    """Rows per window as bars from zero, with the habit's range as a band; windows without rows stay visible gaps.

    Parameters
    ----------
    measurements : timeline frame of integrity's `rows`: `value`, `expected`, `band_low`, `band_high`, `severity`,
        `message`
    """
    p = palette(mode)
    rows, room = windows(measurements), width - 66 - RIGHT
    values = finite(rows, "value")
    if not np.isfinite(values).any():
        sentence = (
            "No rows have been read in this period. Check [logs] path in driftmeter.toml, or choose another period."
        )
        return empty(title, sentence, caption, height=height, mode=mode, width=width)
    low, high, expected = finite(rows, "band_low"), finite(rows, "band_high"), finite(rows, "expected")
    y_range = extent(values, high, expected, zero=True)
    kinds = rows["severity"].where(rows["severity"].isin(["alert", "watch"]), "ok").to_numpy()
    texts = hovers(rows, count, name="rows")
    at = middle(rows).to_numpy()
    fills = [p.fill(k) if k != "ok" else p.bar for k in kinds]
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": "rows",
            "x": at,
            "y": values,
            "width": durations(rows) * 0.86,
            "marker": {"color": fills, "line": {"width": 0}},
            "text": texts,
            "textposition": "none",
            "hovertemplate": "%{text}<extra></extra>",
        }
    ]
    keys = [Key(FILLED, "rows", p.bar)]
    if np.isfinite(low).any() and np.isfinite(high).any():
        data.append(band(*ribbon(rows, np.maximum(low, 0), high), alpha(p.ink, 0.16), "quiet range"))
        keys.append(Key(FILLED, "quiet range: habit and chance", alpha(p.ink, 0.2)))
    elif np.isfinite(expected).any():
        data.append(step_line(rows, expected, p.ink, "expected", thick=1.4, dash="dot"))
        keys.append(Key(DOTTED, "expected", p.ink))
    for kind in ("watch", "alert"):
        i = np.flatnonzero((kinds == kind) & np.isfinite(values))
        if len(i):
            keys.append(Key(STATUS[kind].glyph, STATUS[kind].word, p.fill(kind)))
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": STATUS[kind].word,
                    "x": at[i],
                    "y": values[i] + y_range[1] * 0.03,
                    "text": [texts[j] for j in i],
                    "hovertemplate": "%{text}<extra></extra>",
                    "marker": {
                        "symbol": STATUS[kind].symbol,
                        "size": 10,
                        "color": p.fill(kind),
                        "line": {"width": 1.2, "color": p.line(kind)},
                    },
                }
            )
    laid = strip(rows, marks(rows, events, p), room, p, overhang=RIGHT - 8)
    layout = {
        "xaxis": time_axis(rows, room),
        "yaxis": {"range": y_range, "tickformat": "~s", "nticks": 6},
        "annotations": laid.annotations,
        "shapes": laid.shapes,
    }
    now, due = last(values), last(expected)
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
        y_title="rows per window",
        ends=[
            End(now, f"now {count(now)}", p.ok if mode == "light" else p.first),
            End(due, f"expected\n{count(due)}", p.muted),
        ],
    )
