"""Lines of figures as plain dicts: a step line, a level rule with its label."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dashboard.charts.timeline import steps


def step_line(
    frame: pd.DataFrame,
    values: np.ndarray,
    colour: str,
    name: str,
    *,
    thick: float = 2.2,
    dash: str = "solid",
    axes: tuple[str, str] = ("x", "y"),
) -> dict[str, Any]:
    """A step per window of a timeline frame, without hover (the markers carry it)."""
    x, y = steps(frame, values)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "name": name,
        "line": {"color": colour, "width": thick, "dash": dash},
        "hoverinfo": "skip",
        "xaxis": axes[0],
        "yaxis": axes[1],
    }


def level(y: float, colour: str, *, axis: str = "y", across: str = "paper", dash: str = "dash") -> dict[str, Any]:
    """A horizontal rule through the whole plot as a shape."""
    return {
        "type": "line",
        "name": "level",
        "xref": across,
        "yref": axis,
        "x0": 0,
        "x1": 1,
        "y0": y,
        "y1": y,
        "line": {"color": colour, "width": 1.2, "dash": dash},
        "layer": "below",
    }


def last(values: np.ndarray) -> float:
    """The last known value."""
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else float("nan")
