"""Concept: whose shift explains how much of the change in loss, feature by feature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import maps
from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import FILLED, SOLID, Key
from dashboard.charts.text import escape, number, said
from dashboard.charts.timeline import extent, finite, records
from dashboard.theme import alpha, palette

NOTHING = (
    "The change in loss cannot be laid at any feature: this window has no labels yet, or belongs to the reference. "
    "Choose a window after the reference whose labels are in."
)


def loss_by_feature(
    rows: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    loss: str = "log loss",
    top: int = 12,
    mode: str = "light",
    width: int = WIDTH,
) -> go.Figure:
    """Bars of what each feature's shift adds to the loss, the largest on top, beside the whole change.

    From a bar's end to the whole change is what this feature's shift does not explain: the relation moved, or others'
    inputs did. What lies in rows with values that the reference hardly had is drawn lighter: of these nobody can tell.

    Parameters
    ----------
    rows : one row a feature with `feature`, `inputs` with `low` and `high` (95% interval), `relation`, perhaps
        `unknown` (they add up to the whole change) and `where` (the value that adds most, in words)
    loss : "log loss", "0/1 loss", "absolute error": the axis says so
    top : features shown
    """
    p = palette(mode)
    known = rows[np.isfinite(finite(rows, "inputs"))] if "feature" in rows else rows.iloc[:0]
    if known.empty:
        return empty(title, NOTHING, caption, mode=mode, width=width)
    order = np.argsort(-np.abs(finite(known, "inputs")), kind="stable")
    every = known.iloc[order].reset_index(drop=True)
    shown = every.iloc[:top]
    inputs, low, high, relation = (finite(shown, c) for c in ("inputs", "low", "high", "relation"))
    unknown = np.nan_to_num(finite(shown, "unknown"))
    total = float(np.mean(sum(np.nan_to_num(finite(known, c)) for c in ("inputs", "relation", "unknown"))))
    sure = (low > 0) | (high < 0)
    texts = []
    for i, row in enumerate(records(shown)):
        lines = [f"<b>{escape(row['feature'])}</b>", f"<b>{signed(inputs[i])}</b> of {signed(total)} by its inputs"]
        lines += [f"95% interval {signed(low[i])} to {signed(high[i])}"] if np.isfinite(low[i]) else []
        lines += [f"{signed(relation[i])} is left to the relation"] if np.isfinite(relation[i]) else []
        lines += [f"{signed(unknown[i])} in rows with values the reference hardly had"] if unknown[i] else []
        where = said(row.get("where"))
        texts.append("<br>".join([*lines, *([escape(where)] if where else [])]))
    names = shown["feature"].astype(str).tolist()
    words = [
        (f"{signed(inputs[i])}  {said(row.get('where'))}".strip(), p.ink) if sure[i] else ("within chance", p.muted)
        for i, row in enumerate(records(shown))
    ]
    left, right = maps.margins(names, [w for w, _ in words], width)
    y = np.arange(len(shown), dtype=float)
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "orientation": "h",
            "name": "inputs moved",
            "x": inputs,
            "y": y,
            "width": 0.62,
            "text": texts,
            "textposition": "none",
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {"color": [p.second if s else p.faint for s in sure], "line": {"width": 0}},
            "error_x": {
                "type": "data",
                "symmetric": False,
                "array": np.nan_to_num(high - inputs),
                "arrayminus": np.nan_to_num(inputs - low),
                "color": p.ink,
                "thickness": 1.2,
                "width": 3,
            },
        },
        {
            "type": "bar",
            "orientation": "h",
            "name": "values the reference hardly had",
            "x": unknown,
            "y": y,
            "width": 0.3,
            "hoverinfo": "skip",
            "marker": {"color": alpha(p.second, 0.3), "line": {"width": 1, "color": p.second}},
        },
        maps.twin(0.0),
    ]
    rest = len(every) - len(shown)
    layout = {
        "xaxis": {
            "range": extent(np.array([0.0, total]), inputs, unknown, low, high),
            "tickformat": "+~g",
            "nticks": 7,
            "showgrid": True,
        },
        "barmode": "overlay",
        **maps.sides(names, words, left, right, p),
        "shapes": [_rule(0.0, p.muted, 1.0), _rule(total, p.ink, 2.2)],
        "annotations": [maps.rest_line(f"… and {rest} features that explain less", left, p)] if rest else [],
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
        legend=[
            Key(FILLED, "what the shift of its values adds, with 95% interval", p.second),
            Key(FILLED, "within chance", p.faint),
            *([Key(FILLED, "values the reference hardly had", alpha(p.second, 0.3))] if unknown.any() else []),
            Key(SOLID, f"whole change {signed(total)}", p.ink),
        ],
        bottom=48 + (maps.REST if rest else 0),
        x_title=f"change in {loss}",
        floor=(maps.ROW + 5) * len(shown),
        note="Features that move together explain the same change: bars do not add up. What no bar reaches, "
        "the relation did.",
    )


def signed(value: float) -> str:
    """A number with its sign.

    >>> signed(0.0312), signed(-0.5)
    ('+0.0312', '−0.5')
    """
    return f"{'−' if value < 0 else '+'}{number(abs(value))}" if np.isfinite(value) else "–"


def _rule(x: float, colour: str, thick: float) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "line": {"color": colour, "width": thick},
        "layer": "above",
    }
