"""Decay: learned, available and expected power of many features, a small panel each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import panels
from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import DASHED, FILLED, PAD, Key, axis_title
from dashboard.charts.maps import REST, rest_line
from dashboard.charts.power import LINES, NOTE, NOTHING, power_bands, power_hovers, power_keys, power_lines, powers
from dashboard.charts.strip import marks, shade
from dashboard.charts.text import escape, number, said
from dashboard.charts.timeline import BOTTOM, extent, finite, middle, records, span, time_axis, time_title, windows
from dashboard.theme import STATUS, palette, status


def power_multiples(
    measurements: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    verdicts: pd.DataFrame | None = None,
    unit: str = "AUC",
    floor: float = 0.5,
    events: pd.DataFrame | None = None,
    top: int = 40,
    columns: int = 4,
    mode: str = "light",
    width: int = WIDTH,
) -> go.Figure:
    """The decay page's small multiples: one panel per feature, the greatest loss of learned power first.

    Parameters
    ----------
    measurements : as for `power`, with `feature`
    verdicts : optional `feature`, `verdict` ("lost signal"), `severity`: said under the panel's name
    top : panels at most; the rest is told in one line
    columns : panels side by side; 4 suit 700 pixels and more
    """
    p = palette(mode)
    everything = powers(measurements)
    everything = everything[everything["feature"] != ""] if "feature" in everything else everything
    known = [finite(everything, f"{line.word}{end}") for line in LINES for end in ("", "_low", "_high")]
    if not any(np.isfinite(k).any() for k in known):
        return empty(title, NOTHING, caption, mode=mode, width=width)
    parts = {str(name): part for name, part in everything.groupby("feature", sort=False)}
    order = sorted(parts, key=lambda name: _fall(parts[name]))
    shown, rest = order[:top], max(0, len(order) - top)
    said = _verdicts(verdicts)

    left, right = 66, PAD
    tall = 132 if len(shown) > columns else 180
    places, height = panels.grid(len(shown), columns, tall, width - left - right)
    y_range = extent(*known, np.array([floor]))
    whole = windows(everything.drop_duplicates("x"))
    ends = np.array(span(whole))
    ruled = [m.x for m in marks(whole, events, p) if m.dash == "dot"]
    data: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for place, name in zip(places, shown, strict=True):
        rows, at = parts[name], (place.x, place.y)
        data += power_bands(rows, p, at)
        data += power_lines(rows, p, 0.8, at)
        data += [_targets(rows, name, at), panels.floor_line(ends, floor, place, p)]
        data += [panels.uprights(ruled, y_range, place, p)] if ruled else []
        shapes += panels.shades(place, shade(rows, p))
        word, status = said.get(name, (_change(rows), "ok"))
        notes.append(panels.heading(place, name, word, p.text(status), p))
    notes += [rest_line(f"… and {rest} features that lost less", left, p)] if rest else []
    centre = (places[0].top + places[0].bottom) / 2
    notes.append(axis_title(f"power, {unit}", "y", left - 10, tall + 20, mode, centre=centre))
    y_axis = {"range": y_range, "tickformat": "~g", "nticks": 5}
    axes = panels.axes(places, columns, time_axis(whole, places[0].pixels), y_axis)
    keys = power_keys(p, bool(everything["few"].any()))
    keys += [Key(DASHED, f"noise floor {number(floor)}", p.muted), Key(FILLED, "reference", p.reference)]
    return frame(
        {"data": data, "layout": {**axes, "shapes": shapes, "annotations": notes}},
        title,
        caption,
        0,
        mode=mode,
        width=width,
        left=left,
        right=right,
        bottom=BOTTOM + (REST if rest else 0),
        legend=[*keys, Key("┊", "event", p.ink)] if ruled else keys,
        x_title=time_title(whole),
        floor=height,
        note=NOTE,
    )


def _fall(rows: pd.DataFrame) -> float:
    """Last learned power minus that of the reference (or of the first window): the greatest loss sorts first."""
    learned = finite(rows, "learned")
    held = learned[rows["reference"].to_numpy() & np.isfinite(learned)]
    known = learned[np.isfinite(learned)]
    if not len(known):
        return np.inf
    start = held.mean() if len(held) else known[0]
    return float(known[-3:].mean() - start)


def _change(rows: pd.DataFrame) -> str:
    learned = finite(rows, "learned")
    known = learned[np.isfinite(learned)]
    if not len(known):
        return "no labels yet"
    held = learned[rows["reference"].to_numpy() & np.isfinite(learned)]
    return f"learned {number(held.mean() if len(held) else known[0])} → {number(known[-1])}"


def _verdicts(verdicts: pd.DataFrame | None) -> dict[str, tuple[str, str]]:
    """Feature to (word with glyph, status)."""
    out: dict[str, tuple[str, str]] = {}
    for row in [] if verdicts is None else records(verdicts):
        kind = status(row.get("severity"))
        word = said(row.get("verdict"), STATUS[kind].word).replace("_", " ")
        out[str(row["feature"])] = (f"{STATUS[kind].glyph} {word}", kind)
    return out


def _targets(rows: pd.DataFrame, feature: str, axes: tuple[str, str]) -> dict[str, Any]:
    """Invisible markers that carry hover and selection (`customdata` = [feature, x])."""
    learned = finite(rows, "learned")
    keys = [[feature, k.isoformat() if isinstance(k, pd.Timestamp) else int(k)] for k in rows["x"]]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": escape(feature),
        "x": middle(rows).to_numpy(),
        "y": learned,
        "text": power_hovers(rows, feature, intervals=False),
        "customdata": keys,
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"size": 8, "opacity": 0},
        "unselected": {"marker": {"opacity": 0}},
        "selected": {"marker": {"opacity": 0}},
        "xaxis": axes[0],
        "yaxis": axes[1],
    }
