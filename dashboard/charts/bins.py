"""A feature bin by bin: how its values are distributed, and how the outcome goes with them.

These charts stand on an axis of bins, not of values: the profile's numeric bins hold about equal shares of the
reference, so that the axis is a quantile scale with the edges written on it. Missing and unseen values are bins too.

A *bin frame* has one row per bin in the profile's order: `label`, `kind` ("missing", "value", "other" or "unseen"), and
for numeric columns `left` (the lower edge, NaN for a bin without one), which makes the chart upright instead of rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dashboard.charts.labels import Key
from dashboard.charts.text import cut, escape, number, plain, short
from dashboard.charts.text import width as text_width
from dashboard.charts.timeline import finite
from dashboard.theme import STATUS, Palette

MAX_ROWS = 30


def filled_bins(bins: pd.DataFrame | None, *columns: str) -> pd.DataFrame:
    """Bins with anything in them in any of `columns`, numbered by `at` from 0; gaps of one before the values begin."""
    if bins is None or "label" not in bins:
        return pd.DataFrame({"label": [], "kind": [], "at": []})
    out = bins.copy()
    out["kind"] = out.get("kind", "value")
    some = np.zeros(len(out), dtype=bool)
    for column in columns:
        some |= np.nan_to_num(finite(out, column)) > 0
    out = out[some | out["kind"].eq("value").to_numpy()].reset_index(drop=True)
    out["at"] = np.arange(len(out), dtype=float)
    first = out["kind"].ne("missing").to_numpy().argmax() if len(out) else 0
    if first and "left" in out:
        out.loc[first:, "at"] += 0.6
    return out


def edge_ticks(rows: pd.DataFrame, room: float) -> tuple[list[float], list[str]]:
    """Ticks of an upright chart: the missing kinds by name, values by the lower edges, as many as fit."""
    left = finite(rows, "left")
    slot = room / (float(rows["at"].max()) + 1.0)
    ticks: list[float] = []
    texts: list[str] = []
    free = -np.inf
    for at, kind, label, edge in zip(rows["at"], rows["kind"], rows["label"], left, strict=True):
        if kind == "value" and not np.isfinite(edge):
            continue
        named = kind != "value"
        text = plain(label) if named else number(edge)
        where = at if named else at - 0.5
        half = text_width(text, 12) / 2 + 4
        if where * slot - half < free and not named:
            continue
        ticks.append(float(where))
        texts.append(short(text, 74, 12))
        free = where * slot + half
    return ticks, texts


def bin_hover(feature: str, row: dict[str, Any], lines: list[str]) -> str:
    """Hover text of a bin."""
    return "<br>".join([f"<b>{escape(feature)}</b>", escape(row["label"]), *lines])


def bins_title(feature: str) -> str:
    """Title of an axis of numeric bins."""
    return f"{cut(feature, 240, 13)}, bins of about equal share in the reference"


def level_marks(at: np.ndarray, heights: np.ndarray, p: Palette) -> list[dict[str, Any]]:
    """A level mark over each bar's place: the reference's share."""
    x = np.stack([at - 0.46, at + 0.46, at + 0.46], axis=1).ravel()
    y = np.stack([heights, heights, np.full(len(at), np.nan)], axis=1).ravel()
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "reference",
            "x": x,
            "y": y,
            "line": {"color": p.ink, "width": 2},
            "hoverinfo": "skip",
        }
    ]


def statuses(rows: pd.DataFrame) -> np.ndarray:
    """The status of each bin: "alert", "watch" or "ok"."""
    if "severity" not in rows:
        return np.full(len(rows), "ok", dtype=object)
    return rows["severity"].where(rows["severity"].isin(["alert", "watch"]), "ok").to_numpy()


def status_flags(
    x: np.ndarray, y: np.ndarray, kinds: np.ndarray, p: Palette, texts: list[str], slot: float
) -> list[dict[str, Any]]:
    """Status markers over the bins that broke out."""
    out = []
    for kind in ("watch", "alert"):
        at = np.flatnonzero(kinds == kind)
        if len(at):
            out.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": STATUS[kind].word,
                    "x": x[at],
                    "y": y[at],
                    "text": [texts[i] for i in at],
                    "hovertemplate": "%{text}<extra></extra>",
                    "marker": {
                        "symbol": STATUS[kind].symbol,
                        "size": float(np.clip(slot * 0.7, 5, 10)),
                        "color": p.fill(kind),
                        "line": {"width": 1.2, "color": p.line(kind)},
                    },
                }
            )
    return out


def bin_keys(kinds: np.ndarray, p: Palette) -> list[Key]:
    """Legend entries for the statuses among bins."""
    return [Key(STATUS[k].glyph, STATUS[k].word, p.fill(k)) for k in ("watch", "alert") if (kinds == k).any()]


def capped(rows: pd.DataFrame, weight: np.ndarray) -> tuple[pd.DataFrame, str]:
    """At most `MAX_ROWS` bins: those that weigh most, in their own order; and the line that says what is left out."""
    if len(rows) <= MAX_ROWS:
        return rows, ""
    keep = np.sort(np.argsort(-np.nan_to_num(weight), kind="stable")[:MAX_ROWS])
    return rows.iloc[keep].reset_index(drop=True), f"… and {len(rows) - MAX_ROWS} values that moved less"


def bin_name(row: dict[str, Any]) -> str:
    """A bin's name; those that are not values stand in brackets: ‹null›, ‹other›."""
    label = plain(row["label"]) or "(empty)"
    return label if row["kind"] == "value" else f"‹{label}›"


def change(by: float, status: str) -> str:
    """A change of a share in percentage points, with the status's glyph."""
    glyph = f"{STATUS[status].glyph} " if status in ("alert", "watch") else ""
    points = round(by * 100, 1)
    return f"{glyph}{'+' if points > 0 else '−' if points < 0 else '±'}{abs(points):.1f} pp"
