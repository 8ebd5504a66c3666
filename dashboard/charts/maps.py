"""What the two feature × time maps share: cells that fill their windows at any width, names left, words right.

The visible cells are a Heatmap (it fills exactly, whatever the width); clicks and hovers go to invisible square
markers above them, because `st.plotly_chart(on_select=…)` returns nothing for a Heatmap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dashboard.charts.text import escape, plain, short
from dashboard.charts.text import width as text_width
from dashboard.theme import Palette

ROW = 23  # pixels
REST = 26
NAME, WORD = 13, 12  # font sizes


def axis_windows(frame: pd.DataFrame) -> pd.DataFrame:
    """The distinct windows of a timeline frame, in order: `x`, `x_end`, `reference`."""
    return frame.drop_duplicates("x").sort_values("x")[["x", "x_end", "reference"]].reset_index(drop=True)


def margins(names: list[str], words: list[str], room: int) -> tuple[int, int]:
    """Pixels that names (left) and words (right) need, at most 30% and 27% of the figure's width."""
    left = max([text_width(plain(n), NAME) for n in names], default=0) + 30
    right = max([text_width(plain(w), WORD) for w in words], default=0) + 22
    return int(min(left, 0.3 * room)), int(max(24, min(right, 0.27 * room)))


def edges(axis: pd.DataFrame) -> tuple[list[Any], np.ndarray]:
    """Boundaries of the heatmap's columns, and for each window its column: spans without a window get a column too."""
    bounds: list[Any] = [axis["x"].iloc[0]]
    column = np.zeros(len(axis), dtype=int)
    for i, (start, end) in enumerate(zip(axis["x"], axis["x_end"], strict=True)):
        if start > bounds[-1]:
            bounds.append(start)
        column[i] = len(bounds) - 1
        bounds.append(end)
    return bounds, column


def cells(axis: pd.DataFrame, z: np.ndarray, room: float, **more: Any) -> dict[str, Any]:
    """The heatmap of a (rows, windows) matrix; NaN is left blank."""
    bounds, column = edges(axis)
    wide = np.full((len(z), len(bounds) - 1), np.nan)
    wide[:, column] = z
    return {
        "type": "heatmap",
        "x": bounds,
        "y": list(range(len(z))),
        "z": [[None if np.isnan(v) else float(v) for v in row] for row in wide],
        "hoverinfo": "skip",
        "xgap": 1 if room / len(axis) > 5 else 0,
        "ygap": 2,
        "showscale": False,
        **more,
    }


def targets(axis: pd.DataFrame, known: np.ndarray, texts: list[list[str]], keys: list[list[Any]]) -> dict[str, Any]:
    """Invisible square markers at the middle of every known cell: they carry hover and selection."""
    middle = (axis["x"] + (axis["x_end"] - axis["x"]) / 2).tolist()
    at = np.argwhere(known)
    clear = {"marker": {"opacity": 0}}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "cells",
        "x": [middle[j] for _, j in at],
        "y": [int(i) for i, _ in at],
        "text": [texts[i][j] for i, j in at],
        "customdata": [keys[i][j] for i, j in at],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"symbol": "square", "size": 12, "color": "rgba(0,0,0,0)", "opacity": 0},
        "selected": clear,
        "unselected": clear,
    }


def sides(names: list[str], words: list[tuple[str, str]], left: int, right: int, p: Palette) -> dict[str, Any]:
    """Rows from top to bottom: names as ticks on the left, words (text, colour) as ticks of a twin axis on the right.

    Positions are numbers: two names that are cut to the same text stay two rows.
    """
    rows = len(names)
    side = {
        "range": [rows - 0.5, -0.5],
        "showgrid": False,
        "tickmode": "array",
        "tickvals": list(range(rows)),
        "ticks": "outside",
        "ticklen": 6,
        "tickcolor": "rgba(0,0,0,0)",
    }
    said = [
        f'<span style="color:{colour}">{short(text, right - 20, WORD)}</span>' if text else "" for text, colour in words
    ]
    ticks = [short(name, left - 26, NAME) for name in names]
    return {
        "yaxis": {**side, "ticktext": ticks, "tickfont": {"size": NAME, "color": p.ink}},
        "yaxis2": {
            **side,
            "overlaying": "y",
            "side": "right",
            "matches": "y",
            "ticktext": said,
            "tickfont": {"size": WORD, "color": p.ink},
        },
    }


def twin(x: Any) -> dict[str, Any]:
    """A trace without points for the right axis: plotly draws an axis only when a trace lies on it."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x],
        "y": [0],
        "yaxis": "y2",
        "marker": {"opacity": 0, "size": 1},
        "hoverinfo": "skip",
    }


def rest_line(text: str, left: int, p: Palette) -> dict[str, Any]:
    """The line under the rows that says what is not shown; needs `REST` pixels of the margin."""
    return {
        "name": "rest",
        "text": escape(text),
        "showarrow": False,
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": 0,
        "xanchor": "left",
        "yanchor": "top",
        "xshift": 18 - left,
        "yshift": -44,
        "borderpad": 0,
        "font": {"size": NAME, "color": p.muted},
    }
