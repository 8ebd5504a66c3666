"""Decay: each feature's rank before and now, as a slope chart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import maps
from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import Key
from dashboard.charts.ledger import ledger_hover, ledger_rows
from dashboard.charts.power import NOTHING
from dashboard.charts.text import cut, escape, number
from dashboard.charts.text import width as text_width
from dashboard.charts.timeline import records
from dashboard.theme import STATUS, Palette, palette, status


def rank_changes(
    ledger: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    before: str = "reference",
    after: str = "now",
    top: int = 20,
    mode: str = "light",
    width: int = WIDTH,
) -> go.Figure:
    """Ranks by learned power, before on the left and now on the right: steep lines are features that changed places.

    Parameters
    ----------
    ledger : ledger frame; features among the first `top` before or now are shown, ranks count all features
    """
    p = palette(mode)
    rows = ledger_rows(ledger)
    if rows.empty:
        return empty(title, NOTHING, caption, mode=mode, width=width)
    for column in ("before", "after"):
        rows[f"{column}_rank"] = rows[column].rank(ascending=False, method="first")
    best = rows[["before_rank", "after_rank"]].min(axis=1)
    shown = rows[best <= top].copy()
    room = int((width - 40) * 0.36)
    sides: dict[str, tuple[list[float], list[str]]] = {}
    for column in ("before", "after"):
        shown[f"{column}_at"] = shown[column].rank(ascending=False, method="first")
        order = shown.dropna(subset=[column]).sort_values(f"{column}_at")
        ranked = zip(order[f"{column}_rank"], order["feature"], order[column], strict=True)
        sides[column] = (order[f"{column}_at"].tolist(), [_tick(r, f, v, room) for r, f, v in ranked])
    bottom = len(shown)
    data: list[dict[str, Any]] = []
    for row in records(shown):
        if np.isnan(row["before"]) or np.isnan(row["after"]):
            data.append(_alone(row, p))
            continue
        moved = row["after_rank"] - row["before_rank"]
        kind = status(row.get("severity"))
        loud = abs(moved) >= 3 or kind != "ok"
        colour = p.text(kind) if kind != "ok" else p.first if loud else p.faint
        ranks = f"rank {row['before_rank']:.0f} → {row['after_rank']:.0f}"
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [0, 1],
                "y": [row["before_at"], row["after_at"]],
                "text": [f"{ledger_hover(row)}<br>{ranks}"] * 2,
                "customdata": [[str(row["feature"])]] * 2,
                "hovertemplate": "%{text}<extra></extra>",
                "line": {"color": colour, "width": 2.6 if loud else 1.4},
                "marker": {
                    "symbol": STATUS[kind].symbol,
                    "size": 8,
                    "color": p.fill(kind) if kind != "ok" else colour,
                    "line": {"width": 1.2, "color": p.line(kind) if kind != "ok" else colour},
                },
            }
        )
    data.append({**maps.twin(1), "y": [1]})
    axis = {
        "range": [bottom + 0.6, 0.4],
        "showgrid": False,
        "tickmode": "array",
        "tickfont": {"size": 13, "color": p.ink},
    }
    layout = {
        "xaxis": {
            "range": [-0.04, 1.04],
            "tickmode": "array",
            "tickvals": [0, 1],
            "ticktext": [escape(before), escape(after)],
            "side": "top",
            "showline": False,
            "ticks": "",
            "tickfont": {"size": 13, "color": p.ink},
        },
        "yaxis": {**axis, "tickvals": sides["before"][0], "ticktext": sides["before"][1]},
        "yaxis2": {
            **axis,
            "overlaying": "y",
            "side": "right",
            "matches": "y",
            "tickvals": sides["after"][0],
            "ticktext": sides["after"][1],
        },
    }
    alone = shown["before"].isna().any() or shown["after"].isna().any()
    statuses = {row.get("severity") for row in records(shown)}
    keys = [Key("—", "three places or more", p.first), Key("—", "less", p.faint)]
    keys += [Key(STATUS[k].glyph, STATUS[k].word, p.fill(k)) for k in ("watch", "alert") if k in statuses]
    keys += [Key("○", "on one side only", p.muted)] if alone else []
    return frame(
        {"data": data, "layout": layout},
        title,
        caption,
        0,
        mode=mode,
        width=width,
        left=room + 20,
        right=room + 20,
        bottom=8,
        strip=26,
        legend=keys,
        floor=maps.ROW * bottom,
        note="Rank by learned power, 1 the strongest; the number beside a name is its power.",
    )


def _alone(row: dict[str, Any], p: Palette) -> dict[str, Any]:
    """A feature that has a rank on one side alone: an open circle, and no line."""
    new = np.isnan(row["before"])
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [1 if new else 0],
        "y": [row["after_at"] if new else row["before_at"]],
        "text": [ledger_hover(row)],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"symbol": "circle-open", "size": 9, "color": p.muted, "line": {"width": 1.6}},
    }


def _tick(rank: float, name: object, value: float, room: int) -> str:
    """Rank, name and power, the name cut so that rank and power stay."""
    free = room - text_width(f"{rank:.0f}  {number(value)}  ", maps.NAME)
    return f"{rank:.0f}\u2002{escape(cut(name, free, maps.NAME))}\u2002<b>{number(value)}</b>"
