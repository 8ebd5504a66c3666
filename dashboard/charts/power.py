"""Decay: what a feature still tells. Learned, available and expected power over time, for one feature and for many."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import panels
from dashboard.charts.frame import (
    DASHED,
    DOTTED,
    FILLED,
    PAD,
    SOLID,
    WIDTH,
    Caption,
    End,
    Key,
    axis_title,
    empty,
    frame,
)
from dashboard.charts.lines import last, level, level_label, step_line
from dashboard.charts.maps import REST, rest_line
from dashboard.charts.points import markers, status_keys
from dashboard.charts.text import count, escape, number, period
from dashboard.charts.timeline import (
    BOTTOM,
    band,
    extent,
    finite,
    marks,
    middle,
    ribbon,
    shade,
    span,
    strip,
    time_axis,
    time_title,
    windows,
)
from dashboard.theme import STATUS, Palette, alpha, palette

NOTHING = (
    "Predictive power needs labels, and no window has enough of them yet. "
    "Name the label under [logs] or [labels] in driftmeter.toml, or run again when labels are in."
)
NOTE = (
    "Learned: what the relation of the reference still gets. Available: what retraining could get. "
    "Expected: what the inputs' shift alone would leave."
)


class Line(NamedTuple):
    """How one of the three powers is drawn."""

    metric: str
    word: str
    glyph: str
    dash: str
    thick: float


LINES = (
    Line("expected_power", "expected", DOTTED, "dot", 1.6),
    Line("available_power", "available", DASHED, "dash", 1.8),
    Line("learned_power", "learned", SOLID, "solid", 2.4),
)


def _colour(line: Line, p: Palette) -> str:
    return {"learned": p.first, "available": p.second, "expected": p.baseline}[line.word]


def _wide(measurements: pd.DataFrame) -> pd.DataFrame:
    """One row per feature and window: `learned`, `available`, `expected` with `_low`, `_high`; the worst severity."""
    base = windows(measurements)
    if "metric" not in base:
        return base
    base["feature"] = base["feature"].fillna("").astype(str) if "feature" in base else ""
    base = base[base["metric"].isin([line.metric for line in LINES])]
    key = ["feature", "x"]
    rank = base["severity"].map({"alert": 2, "watch": 1}).fillna(0)
    said = [c for c in ("n", "message") if c in base]
    out = base.assign(rank=rank).sort_values("rank", kind="stable").drop_duplicates(key, keep="last")
    out = out.set_index(key)[["x_end", "reference", "severity", *said]]
    for line in LINES:
        part = base[base["metric"] == line.metric].drop_duplicates(key).set_index(key)
        for column, name in (("value", ""), ("low", "_low"), ("high", "_high")):
            out[f"{line.word}{name}"] = pd.Series(finite(part, column), index=part.index)
    return out.reset_index().sort_values(key, kind="stable", ignore_index=True)


def _hovers(rows: pd.DataFrame, feature: str, intervals: bool = True) -> list[str]:
    lines = [period(start, end) for start, end in zip(rows["x"], rows["x_end"], strict=True)]
    lines = [f"<b>{escape(feature)}</b><br>{line}" for line in lines]
    for kind in reversed(LINES):
        value, low, high = (finite(rows, f"{kind.word}{end}") for end in ("", "_low", "_high"))
        for i in range(len(rows)):
            lines[i] += f"<br>{kind.word} {number(value[i])}"
            if intervals and np.isfinite(low[i]) and np.isfinite(high[i]):
                lines[i] += f" ({number(low[i])} to {number(high[i])})"
    size = finite(rows, "n")
    return [f"{line}<br>n = {count(n)}" if np.isfinite(n) else line for line, n in zip(lines, size, strict=True)]


def power(
    measurements: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    feature: str,
    unit: str = "AUC",
    floor: float = 0.5,
    events: pd.DataFrame | None = None,
    mode: str = "light",
    height: int = 440,
    width: int = WIDTH,
) -> go.Figure:
    """Learned, available and expected power of one feature, with 95% intervals and the noise floor.

    Parameters
    ----------
    measurements : timeline frame in long form, `metric` in learned_power, available_power, expected_power with `value`,
        `low`, `high`, `n`; `severity` and `message` where there is a finding
    unit, floor : "AUC" and .5, or "explained variance (R²)" and 0
    """
    p = palette(mode)
    rows = _wide(measurements)
    if not any(np.isfinite(finite(rows, line.word)).any() for line in LINES):
        return empty(title, NOTHING, caption, height=height, mode=mode, width=width)
    room, right = width - 66 - 132, 132
    values = [finite(rows, f"{line.word}{end}") for line in LINES for end in ("", "_low", "_high")]
    y_range = extent(*values, np.array([floor]))
    data = _bands(rows, p)
    data += [step_line(rows, finite(rows, n.word), _colour(n, p), n.word, thick=n.thick, dash=n.dash) for n in LINES]
    texts = _hovers(rows, feature)
    dots = markers(rows, finite(rows, "learned"), texts, p, name="learned", colour=p.first, room=room)
    laid = strip(rows, marks(rows, events, p), room, p, overhang=right - 8)
    layout = {
        "xaxis": time_axis(rows, room),
        "yaxis": {"range": y_range, "tickformat": "~g", "nticks": 7},
        "shapes": [*laid.shapes, level(floor, p.muted)],
        "annotations": [*laid.annotations, level_label("noise floor: no better than chance", floor, p.muted)],
    }
    return frame(
        {"data": data + dots, "layout": layout},
        title,
        caption,
        height,
        mode=mode,
        width=width,
        right=right,
        bottom=BOTTOM,
        strip=laid.height,
        legend=[*_keys(p), *status_keys(dots, p)],
        x_title=time_title(rows),
        y_title=f"power, {unit}",
        note=NOTE,
        ends=[_end(rows, line, p) for line in LINES],
    )


def _end(rows: pd.DataFrame, line: Line, p: Palette) -> End:
    value = last(finite(rows, line.word))
    return End(value, f"{line.word} {number(value)}", p.muted if line.word == "expected" else _colour(line, p))


def _bands(rows: pd.DataFrame, p: Palette, axes: tuple[str, str] = ("x", "y")) -> list[dict[str, Any]]:
    out = []
    for line in LINES[1:]:
        low, high = finite(rows, f"{line.word}_low"), finite(rows, f"{line.word}_high")
        if np.isfinite(low).any() and np.isfinite(high).any():
            shade_of = alpha(_colour(line, p), 0.22)
            out.append(band(*ribbon(rows, low, high), shade_of, f"{line.word} interval", xaxis=axes[0], yaxis=axes[1]))
    return out


def _keys(p: Palette) -> list[Key]:
    keys = [Key(line.glyph, f"{line.word} power", _colour(line, p)) for line in reversed(LINES)]
    return [*keys, Key(FILLED, "95% interval", alpha(p.first, 0.3))]


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
    everything = _wide(measurements)
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
        data += _bands(rows, p, at)
        for n in LINES:
            values = finite(rows, n.word)
            data.append(step_line(rows, values, _colour(n, p), n.word, thick=n.thick * 0.8, dash=n.dash, axes=at))
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
    keys = [*_keys(p), Key(DASHED, f"noise floor {number(floor)}", p.muted), Key(FILLED, "reference", p.reference)]
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
    for row in [] if verdicts is None else verdicts.to_dict("records"):
        status = row.get("severity") if row.get("severity") in STATUS else "ok"
        word = str(row.get("verdict") or STATUS[status].word).replace("_", " ")
        out[str(row["feature"])] = (f"{STATUS[status].glyph} {word}", status)
    return out


def _targets(rows: pd.DataFrame, feature: str, axes: tuple[str, str]) -> dict[str, Any]:
    """Invisible markers that carry hover and selection (`customdata` = [feature, x])."""
    learned = finite(rows, "learned")
    keys = [[feature, k.isoformat() if isinstance(k, pd.Timestamp) else int(k)] for k in rows["x"]]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": feature,
        "x": middle(rows).to_numpy(),
        "y": learned,
        "text": _hovers(rows, feature, intervals=False),
        "customdata": keys,
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"size": 8, "opacity": 0},
        "unselected": {"marker": {"opacity": 0}},
        "selected": {"marker": {"opacity": 0}},
        "xaxis": axes[0],
        "yaxis": axes[1],
    }
