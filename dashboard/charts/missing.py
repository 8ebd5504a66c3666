"""Missing: which of the four kinds, how much, since when; for one feature, for several, and for all as a map."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import maps, panels
from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import FILLED, PAD, End, Key, axis_title
from dashboard.charts.lines import last
from dashboard.charts.strip import Mark, marks, shade, strip
from dashboard.charts.text import escape, moment, period, said, share
from dashboard.charts.timeline import (
    BOTTOM,
    band,
    finite,
    middle,
    naive,
    records,
    ribbon,
    time_axis,
    time_title,
    windows,
)
from dashboard.theme import STATUS, Palette, palette, status

KINDS = ("absent", "null", "nan", "invalid")
WORDS = {"absent": "absent", "null": "null", "nan": "NaN", "invalid": "invalid"}
_PATTERNS = {"absent": "", "null": "/", "nan": ".", "invalid": "x"}
NOTHING = "No measurement of missing values in this period yet. Run driftmeter on logs that reach beyond the reference."
NONE_MISSING = "Nothing is missing: every row of every window shown has a valid value."


def _colour(kind: str, p: Palette) -> str:
    return dict(zip(KINDS, (p.first, p.second, p.third, p.fourth), strict=True))[kind]


def missing_shares(measurements: pd.DataFrame) -> pd.DataFrame:
    """One row per feature and window, a column per kind (0 where not measured), `total`; empty without measurements."""
    base = windows(measurements)
    if not {"metric", "feature"} <= set(base.columns):
        return base.iloc[:0]
    base = base[base["metric"].isin([f"{k}_share" for k in KINDS]) & base["feature"].notna()]
    base = base.assign(feature=base["feature"].astype(str), value=finite(base, "value")).dropna(subset=["value"])
    key = ["feature", "x"]
    out = base.drop_duplicates(key).set_index(key)[["x_end", "reference", "severity"]]
    for kind in KINDS:
        part = base[base["metric"] == f"{kind}_share"].drop_duplicates(key).set_index(key)["value"]
        out[kind] = part.clip(0, 1)
    out[list(KINDS)] = out[list(KINDS)].fillna(0.0)
    out["total"] = out[list(KINDS)].sum(axis=1).clip(upper=1.0)
    return out.reset_index().sort_values(key, kind="stable", ignore_index=True)


def rise(rows: pd.DataFrame) -> float:
    """How far the total rose above the reference's at most: what is worth a look sorts first."""
    held = rows.loc[rows["reference"], "total"]
    later = rows.loc[~rows["reference"], "total"]
    start = float(held.mean()) if len(held) else float(rows["total"].iloc[0])
    return float((later if len(later) else rows["total"]).max()) - start


def _areas(rows: pd.DataFrame, p: Palette, axes: tuple[str, str] = ("x", "y")) -> list[dict[str, Any]]:
    """Stacked step areas, apart in colour and in pattern."""
    out = []
    below = np.zeros(len(rows))
    for kind in KINDS:
        above = below + finite(rows, kind)
        if (above > below).any():
            colour = _colour(kind, p)
            pattern = {"shape": _PATTERNS[kind], "fgcolor": p.paper, "bgcolor": colour, "size": 5, "solidity": 0.25}
            ring = band(*ribbon(rows, below, above), colour, kind, xaxis=axes[0], yaxis=axes[1])
            out.append({**ring, "fillpattern": pattern} if _PATTERNS[kind] else ring)
        below = above
    return out


def targets(rows: pd.DataFrame, feature: str, axes: tuple[str, str] = ("x", "y")) -> dict[str, Any]:
    """Invisible markers on the total that carry hover and selection (`customdata` = [feature, x])."""
    texts, keys = [], []
    for row in records(rows):
        kinds = [f"{WORDS[kind]} {share(row[kind])}" for kind in KINDS if row[kind] > 0] or ["nothing missing"]
        texts.append("<br>".join([f"<b>{escape(feature)}</b>", period(row["x"], row["x_end"]), *kinds]))
        keys.append([feature, row["x"].isoformat() if isinstance(row["x"], pd.Timestamp) else int(row["x"])])
    clear = {"marker": {"opacity": 0}}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": escape(feature),
        "x": middle(rows).to_numpy(),
        "y": finite(rows, "total"),
        "text": texts,
        "customdata": keys,
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"size": 9, "opacity": 0},
        "selected": clear,
        "unselected": clear,
        "xaxis": axes[0],
        "yaxis": axes[1],
    }


def begun(onsets: pd.DataFrame | None) -> dict[str, list[dict[str, Any]]]:
    """By feature: where something began (`x`), its `severity` and `kind`, earliest first."""
    out: dict[str, list[dict[str, Any]]] = {}
    if onsets is not None and {"feature", "x"} <= set(onsets.columns):
        known = onsets.assign(x=naive(onsets["x"])).dropna(subset=["x", "feature"]).sort_values("x")
        for row in records(known):
            kind = said(row.get("kind"), "missing").replace("_", " ")
            entry = {"x": row["x"], "status": status(row.get("severity"), "alert"), "kind": kind}
            out.setdefault(str(row["feature"]), []).append(entry)
    return out


def missing_kinds(
    measurements: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    onsets: pd.DataFrame | None = None,
    events: pd.DataFrame | None = None,
    top: int = 24,
    columns: int = 3,
    mode: str = "light",
    height: int = 400,
    width: int = WIDTH,
) -> go.Figure:
    """Share of rows missing by kind as stacked step areas: one feature large, several as small multiples.

    Parameters
    ----------
    measurements : timeline frame in long form: `feature`, `metric` in absent_share, null_share, nan_share,
        invalid_share, and `value`. Several features: those whose share rose most come first.
    onsets : `feature`, `x`, `kind`, `severity`: where it began (marked ▼ in the plot, told in words)
    top, columns : of the small multiples; `height` is that of the single panel
    """
    p = palette(mode)
    everything = missing_shares(measurements)
    if everything.empty:
        return empty(title, NOTHING, caption, height=height, mode=mode, width=width)
    parts = {str(name): part for name, part in everything.groupby("feature", sort=False)}
    order = sorted((f for f in parts if parts[f]["total"].gt(0).any()), key=lambda f: -rise(parts[f]))
    if not order:
        return empty(title, NONE_MISSING, caption, height=height, mode=mode, width=width)
    starting = begun(onsets)
    used = [k for k in KINDS if everything[k].gt(0).any()]
    keys = [Key(FILLED, WORDS[k], _colour(k, p)) for k in used] + [Key(FILLED, "reference", p.reference)]
    if len(parts) == 1:
        return _one(
            parts[order[0]], order[0], keys, starting.get(order[0], []), title, caption, events, mode, height, width
        )

    shown, rest = order[:top], len(parts) - len(order[:top])
    left, right = 66, PAD
    places, tall = panels.grid(len(shown), columns, 96, width - left - right)
    y_range = (0.0, _ceiling(everything["total"].to_numpy()))
    whole = windows(everything.drop_duplicates("x"))
    data: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for place, name in zip(places, shown, strict=True):
        rows, at = parts[name], (place.x, place.y)
        data += [*_areas(rows, p, at), targets(rows, name, at)]
        shapes += panels.shades(place, shade(rows, p))
        starts = starting.get(name, [])
        if starts:
            worst = next((s for s in starts if s["status"] == "alert"), starts[0])
            word = f"{STATUS[worst['status']].glyph} {worst['kind']} since {moment(worst['x'])}"
            data.append(arrows(starts, y_range[1], p, at))
            notes.append(panels.heading(place, name, word, p.text(worst["status"]), p))
        else:
            notes.append(panels.heading(place, name, f"now {share(last(finite(rows, 'total')))}", p.muted, p))
    if rest:
        notes.append(maps.rest_line(f"… and {rest} features of which less is missing", left, p))
    centre = (places[0].top + places[0].bottom) / 2
    notes.append(axis_title("share of rows", "y", left - 10, 116, mode, centre=centre))
    y_axis = {"range": y_range, "tickformat": ".1~%", "nticks": 4}
    axes = panels.axes(places, columns, time_axis(whole, places[0].pixels), y_axis)
    return frame(
        {"data": data, "layout": {**axes, "shapes": shapes, "annotations": notes}},
        title,
        caption,
        0,
        mode=mode,
        width=width,
        left=left,
        right=right,
        bottom=BOTTOM + (maps.REST if rest else 0),
        legend=keys,
        x_title=time_title(whole),
        floor=tall,
    )


def _ceiling(totals: np.ndarray) -> float:
    """Top of the share axis: never so low that a trace of missing values looks like a flood."""
    return float(min(1.02, max(0.05, np.nanmax(totals) * 1.12)))


def _one(
    rows: pd.DataFrame,
    feature: str,
    keys: list[Key],
    starts: list[dict[str, Any]],
    title: str,
    caption: Caption,
    events: pd.DataFrame | None,
    mode: str,
    height: int,
    width: int,
) -> go.Figure:
    p = palette(mode)
    rows, right = windows(rows), 110
    room = width - 66 - right
    y_range = (0.0, _ceiling(rows["total"].to_numpy()))
    said = [
        Mark(s["x"], f"{STATUS[s['status']].glyph} {s['kind']} begins", True, p.text(s["status"]), "dash")
        for s in starts
    ]
    laid = strip(rows, [*marks(rows, events, p), *said], room, p, overhang=right - 8)
    ends, below = [], 0.0
    for kind in KINDS:
        now = last(finite(rows, kind))
        if now > 0:
            ends.append(End(below + now / 2, f"{WORDS[kind]} {share(now)}", p.ink))
        below += now
    layout = {
        "xaxis": time_axis(rows, room),
        "yaxis": {"range": y_range, "tickformat": ".1~%", "nticks": 6},
        "shapes": laid.shapes,
        "annotations": laid.annotations,
    }
    return frame(
        {"data": [*_areas(rows, p), targets(rows, feature)], "layout": layout},
        title,
        caption,
        height,
        mode=mode,
        width=width,
        right=right,
        bottom=BOTTOM,
        strip=laid.height,
        legend=keys[:-1],
        x_title=time_title(rows),
        y_title="share of rows missing",
        ends=ends or [End(0.0, "now 0%", p.ink)],
    )


def arrows(starts: list[dict[str, Any]], y: float, p: Palette, axes: tuple[str, str]) -> dict[str, Any]:
    """▼ at the top of a panel over each onset."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "onset",
        "x": np.array([s["x"] for s in starts]),
        "y": np.full(len(starts), y * 0.94),
        "text": [f"{escape(s['kind'])} begins {moment(s['x'])}" for s in starts],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {
            "symbol": "triangle-down",
            "size": 11,
            "color": [p.fill(s["status"]) for s in starts],
            "line": {"width": 1.2, "color": [p.line(s["status"]) for s in starts]},
        },
        "xaxis": axes[0],
        "yaxis": axes[1],
    }
