"""Attribution beside measured power: what the model leans on, and what that still tells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import Key
from dashboard.charts.text import escape, number, share
from dashboard.charts.timeline import extent, finite
from dashboard.theme import palette

NOTHING = (
    "This needs attributions and power of one window. Name the columns of attributions under [logs] in "
    'driftmeter.toml, as in attributions = "shap_*", or run again when labels are in.'
)
_NAMED = 12
"""Features whose names are written beside their points; the others say theirs when pointed at."""


def leaning(
    ledger: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    unit: str = "AUC",
    floor: float = 0.5,
    now: str = "now",
    mode: str = "light",
    height: int = 460,
    width: int = WIDTH,
) -> go.Figure:
    """Each feature's part of all attribution against its learned power, from the reference (hollow) to now.

    Top left lies what the model leans on and what tells nothing. Select with `on_select`: `points[i]["customdata"]` is
    `[feature]`.

    Parameters
    ----------
    ledger : ledger frame with `feature`, `before`, `after` (learned power), `attribution_before`, `attribution`,
        `leans`
    unit, floor : as for `power`
    now : the windows that are now, in words
    """
    p = palette(mode)
    known = [finite(ledger, name) for name in ("after", "attribution")]
    rows = ledger[np.isfinite(known[0]) & np.isfinite(known[1])].reset_index(drop=True) if len(ledger) else ledger
    if not len(rows):
        return empty(title, NOTHING, caption, height=height, mode=mode, width=width)
    x, y = finite(rows, "after"), finite(rows, "attribution")
    was_x, was_y = finite(rows, "before"), finite(rows, "attribution_before")
    leans = rows["leans"].eq(True).to_numpy() if "leans" in rows else np.zeros(len(x), bool)
    names = rows["feature"].astype(str).tolist()
    told = np.isin(np.arange(len(x)), np.argsort(-(y + leans * 10))[:_NAMED])
    texts = [
        f"<b>{escape(names[i])}</b><br>{share(y[i])} of attribution, {share(was_y[i])} in the reference"
        f"<br>learned power {number(x[i])}, {number(was_x[i])} in the reference"
        for i in range(len(x))
    ]
    gap = np.full(len(x), np.nan)
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": np.stack([was_x, x, gap], axis=1).ravel(),
            "y": np.stack([was_y, y, gap], axis=1).ravel(),
            "line": {"color": p.faint, "width": 1.6},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "name": "reference",
            "x": was_x,
            "y": was_y,
            "hoverinfo": "skip",
            "marker": {"symbol": "circle-open", "size": 8, "color": p.muted, "line": {"width": 1.4}},
        },
    ]
    for flag, name, symbol, colour in (
        (False, "now", "circle", p.first),
        (True, "leans on it", "diamond", p.line("alert")),
    ):
        at = np.flatnonzero(leans == flag)
        if not len(at):
            continue
        data.append(
            {
                "type": "scatter",
                "mode": "markers+text",
                "name": name,
                "x": x[at],
                "y": y[at],
                "text": [escape(_short(names[i])) if told[i] else "" for i in at],
                "textposition": "top center",
                "textfont": {"size": 12, "color": p.ink},
                "hovertext": [texts[i] for i in at],
                "hovertemplate": "%{hovertext}<extra></extra>",
                "customdata": [[names[i]] for i in at],
                "marker": {
                    "symbol": symbol,
                    "size": 12 if flag else 9,
                    "color": p.fill("alert") if flag else colour,
                    "line": {"width": 1.2, "color": colour},
                },
                "unselected": {"marker": {"opacity": 0.6}},
            }
        )
    average = 1 / len(x)
    # room for a name above the highest point
    low, high = extent(y, was_y, np.array([average]), zero=True)
    wide = extent(x, was_x, np.array([floor]))
    margin = 0.04 * (wide[1] - wide[0])
    layout = {
        "xaxis": {"range": (wide[0] - margin, wide[1] + margin), "tickformat": "~g", "nticks": 8, "showgrid": True},
        "yaxis": {"range": (low, high + 0.08 * (high - low)), "tickformat": ".0%", "nticks": 6},
        "shapes": [
            {
                "type": "line", "name": "level", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": average,
                "y1": average, "line": {"color": p.muted, "width": 1.2, "dash": "dash"}, "layer": "below",
            }
        ],
    }  # fmt: skip
    keys = [Key("○", "reference", p.muted), Key("●", f"{now}", p.first)]
    keys += [Key("◆", "the model leans on it, and it lost power", p.alert_text)] if leans.any() else []
    keys.append(Key("┄", "an even share", p.muted))
    return frame(
        {"data": data, "layout": layout},
        title,
        caption,
        height,
        mode=mode,
        width=width,
        legend=keys,
        x_title=f"learned power, {unit}",
        y_title="part of all attribution",
        note="Attribution says what the model uses, power what that tells of the outcome by itself.",
    )


def _short(name: str) -> str:
    return name if len(name) <= 22 else f"{name[:21]}…"
