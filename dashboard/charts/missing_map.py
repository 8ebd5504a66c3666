"""Missing: feature × time, how much is missing, and where it began."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import maps
from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import FILLED, Key
from dashboard.charts.lines import last
from dashboard.charts.missing import NOTHING, arrows, begun, missing_shares, rise, targets
from dashboard.charts.strip import marks, strip
from dashboard.charts.text import share
from dashboard.charts.timeline import BOTTOM, finite, time_axis, time_title, windows
from dashboard.theme import STATUS, Palette, palette

_STEPS = (0.0, 0.01, 0.05, 0.2, 0.5, 1.0)


def missing_map(
    measurements: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    onsets: pd.DataFrame | None = None,
    events: pd.DataFrame | None = None,
    top: int = 40,
    mode: str = "light",
    width: int = WIDTH,
) -> go.Figure:
    """Feature × time: share of rows missing (all kinds) in colour, onsets marked ▼; steepest rise on top.

    Parameters
    ----------
    measurements, onsets : as for `missing_kinds`, of all features
    top : rows at most; the rest is told in one line
    """
    p = palette(mode)
    everything = missing_shares(measurements)
    if everything.empty:
        return empty(title, NOTHING, caption, mode=mode, width=width)
    parts = {str(name): part for name, part in everything.groupby("feature", sort=False)}
    starting = begun(onsets)
    order = sorted(parts, key=lambda f: (f not in starting, -rise(parts[f])))
    shown = order[:top]
    axis = maps.axis_windows(windows(everything))
    column = {x: j for j, x in enumerate(axis["x"])}
    z = np.full((len(shown), len(axis)), np.nan)
    texts = [[""] * len(axis) for _ in shown]
    keys: list[list[Any]] = [[[]] * len(axis) for _ in shown]
    words: list[tuple[str, str]] = []
    for i, name in enumerate(shown):
        told = targets(parts[name], name)
        for x, total, text, key in zip(parts[name]["x"], told["y"], told["text"], told["customdata"], strict=True):
            j = column[x]
            z[i, j], texts[i][j], keys[i][j] = total, text, key
        words.append(_word(parts[name], starting.get(name, []), p))
    left, right = maps.margins(shown, [w for w, _ in words], width)
    room = width - left - right

    scale = [[float(np.sqrt(at)), colour] for at, colour in zip(_STEPS, p.scale, strict=True)]
    data = [
        maps.cells(axis, np.sqrt(z), room, colorscale=scale, zmin=0, zmax=1),  # roots: small shares differ visibly
        maps.targets(axis, ~np.isnan(z), texts, keys),
        maps.twin(axis["x"].iloc[0]),
    ]
    at = [(i, s) for i, name in enumerate(shown) for s in starting.get(name, [])]
    if at:
        marked = arrows([s for _, s in at], 1.0, p, ("x", "y"))
        data.append({**marked, "y": np.array([i - 0.28 for i, _ in at])})
    laid = strip(axis, marks(axis, events, p), room, p, overhang=right - 8)
    rest = len(order) - len(shown)
    notes = [*laid.annotations, *([maps.rest_line(_rest(rest, order[top:], parts), left, p)] if rest else [])]
    legend = [Key(FILLED, share(at), colour) for at, colour in zip(_STEPS, p.scale, strict=True)]
    legend += [Key("▼", "begins", p.alert_text)] if at else []
    layout = {
        "xaxis": time_axis(axis, room),
        **maps.sides(shown, words, left, right, p),
        "annotations": notes,
        "shapes": [s for s in laid.shapes if s["name"] != "reference"],
    }
    return frame(
        {"data": data, "layout": layout},
        title,
        caption,
        0,
        mode=mode,
        width=width,
        left=left,
        right=right,
        bottom=BOTTOM + (maps.REST if rest else 0),
        strip=laid.height,
        legend=legend,
        x_title=time_title(axis),
        floor=maps.ROW * len(shown),
        note="Colour: share of rows whose value is absent, null, NaN or invalid.",
    )


def _rest(rest: int, hidden: list[str], parts: dict[str, pd.DataFrame]) -> str:
    whole = sum(1 for name in hidden if not parts[name]["total"].gt(0).any())
    return f"… and {rest} more features, {whole} of them complete"


def _word(rows: pd.DataFrame, starts: list[dict[str, Any]], p: Palette) -> tuple[str, str]:
    now = share(last(finite(rows, "total")))
    if not starts:
        return (f"now {now}" if rows["total"].gt(0).any() else ""), p.muted
    worst = next((s for s in starts if s["status"] == "alert"), starts[0])
    return f"{STATUS[worst['status']].glyph} {worst['kind']}, now {now}", p.text(worst["status"])
