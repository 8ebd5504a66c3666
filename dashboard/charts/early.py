"""Windows whose labels are still coming in: grey, and never alarming."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dashboard.charts.lines import step_line
from dashboard.charts.timeline import middle, records
from dashboard.theme import Palette, alpha

IMMATURE = "immature: labels still coming in"
"""What the legend says of them."""


def early_windows(rows: pd.DataFrame, values: np.ndarray, texts: list[str], p: Palette) -> list[dict[str, Any]]:
    """Immature windows: a grey step and open circles."""
    at = np.flatnonzero(np.isfinite(values))
    return [
        step_line(rows, values, p.faint, "immature", thick=1.6),
        {
            "type": "scatter",
            "mode": "markers",
            "name": "immature",
            "x": middle(rows).to_numpy()[at],
            "y": values[at],
            "text": [texts[i] for i in at],
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {"symbol": "circle-open", "size": 7, "color": p.muted, "line": {"width": 1.4}},
        },
    ]


def curtains(rows: pd.DataFrame, p: Palette) -> list[dict[str, Any]]:
    """A grey ground behind each of these windows."""
    return [
        {
            "type": "rect",
            "name": "pending",
            "xref": "x",
            "yref": "paper",
            "x0": row["x"],
            "x1": row["x_end"],
            "y0": 0,
            "y1": 1,
            "fillcolor": alpha(p.faint, 0.16),
            "line": {"width": 0},
            "layer": "below",
        }
        for row in records(rows[["x", "x_end"]])
    ]
