"""Decay: each feature's power before and now, as dumbbells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import maps
from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import Key
from dashboard.charts.ledger import ledger_hover, ledger_rows, verdict_word
from dashboard.charts.power import NOTHING
from dashboard.charts.timeline import extent, finite, records
from dashboard.theme import palette


def power_change(
    ledger: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    before: str = "reference",
    after: str = "now",
    unit: str = "AUC",
    floor: float = 0.5,
    top: int = 30,
    mode: str = "light",
    width: int = WIDTH,
) -> go.Figure:
    """Before and after as dumbbells, the greatest loss of learned power on top, with what retraining could get.

    Select with `on_select`: `points[i]["customdata"]` is `[feature]`.

    Parameters
    ----------
    ledger : ledger frame
    before, after : what the two ends are called: "reference", "week of 22 June"
    unit, floor : as for `power`
    """
    p = palette(mode)
    every = ledger_rows(ledger)
    if every.empty:
        return empty(title, NOTHING, caption, mode=mode, width=width)
    rows = every.iloc[:top]
    told = records(rows)
    names, words = rows["feature"].astype(str).tolist(), [verdict_word(row, p) for row in told]
    left, right = maps.margins(names, [w for w, _ in words], width)
    y = np.arange(len(rows), dtype=float)
    texts = [ledger_hover(row) for row in told]
    start, end, gain = finite(rows, "before"), finite(rows, "after"), finite(rows, "available")
    looks = (
        (before, start, "circle-open", p.muted, 10, finite(rows, "before_low"), finite(rows, "before_high")),
        (after, end, "circle", p.first, 11, finite(rows, "after_low"), finite(rows, "after_high")),
    )
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": np.stack([start, end, np.full(len(rows), np.nan)], axis=1).ravel(),
            "y": np.repeat(y, 3),
            "line": {"color": p.faint, "width": 3},
            "hoverinfo": "skip",
        }
    ]
    for name, x, symbol, colour, size, low, high in looks:
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": x,
                "y": y,
                "text": texts,
                "customdata": [[feature] for feature in names],
                "hovertemplate": "%{text}<extra></extra>",
                "marker": {"symbol": symbol, "size": size, "color": colour, "line": {"width": 2, "color": colour}},
                "unselected": {"marker": {"opacity": 0.6}},
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": np.nan_to_num(high - x),
                    "arrayminus": np.nan_to_num(x - low),
                    "color": colour,
                    "thickness": 1.2,
                    "width": 3,
                },
            }
        )
    if np.isfinite(gain).any():
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "available",
                "x": gain,
                "y": y,
                "text": texts,
                "hovertemplate": "%{text}<extra></extra>",
                "marker": {"symbol": "diamond-tall-open", "size": 12, "color": p.second, "line": {"width": 2}},
            }
        )
    data.append(maps.twin(floor))
    edges = [edge for look in looks for edge in (look[1], look[5], look[6])]
    rest = len(every) - len(rows)
    notes = [maps.rest_line(f"… and {rest} features that lost less", left, p)] if rest else []
    notes.append(
        {
            "name": "level",
            "text": "noise floor",
            "showarrow": False,
            "xref": "x",
            "yref": "paper",
            "x": floor,
            "y": 1,
            "yanchor": "bottom",
            "xanchor": "left",
            "xshift": -4,
            "font": {"size": 12, "color": p.muted},
        }
    )
    layout = {
        "xaxis": {"range": extent(*edges, gain, np.array([floor])), "tickformat": "~g", "nticks": 7, "showgrid": True},
        **maps.sides(names, words, left, right, p),
        "shapes": [
            {
                "type": "line",
                "name": "level",
                "xref": "x",
                "yref": "paper",
                "x0": floor,
                "x1": floor,
                "y0": 0,
                "y1": 1,
                "line": {"color": p.muted, "width": 1.2, "dash": "dash"},
                "layer": "below",
            }
        ],
        "annotations": notes,
    }
    keys = [Key("○", f"learned, {before}", p.muted), Key("●", f"learned, {after}", p.first)]
    keys += [Key("◊", "available now: what retraining could get", p.second)] if np.isfinite(gain).any() else []
    return frame(
        {"data": data, "layout": layout},
        title,
        caption,
        0,
        mode=mode,
        width=width,
        left=left,
        right=right,
        bottom=48 + (maps.REST if rest else 0),
        strip=22,
        legend=keys,
        x_title=f"power, {unit}, with 95% intervals",
        floor=(maps.ROW + 2) * len(rows),
    )
