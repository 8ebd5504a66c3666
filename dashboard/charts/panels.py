"""A grid of small panels that share their axes: built as plain dicts, because plotly's own subplots are slow for 40."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dashboard.charts.text import short
from dashboard.theme import Palette

GAP_X, GAP_Y = 20, 46  # pixels between panels; GAP_Y holds a panel's title


class Panel(NamedTuple):
    """One panel: names of its axes as traces want them, its place in paper coordinates, its width in pixels."""

    x: str
    y: str
    left: float
    right: float
    bottom: float
    top: float
    pixels: float


def grid(n: int, columns: int, panel_height: int, room: float) -> tuple[list[Panel], int]:
    """Panels in rows from the top left, and the height of all in pixels (a title's room above each row included).

    Parameters
    ----------
    n : number of panels
    columns : at most this many side by side
    room : width in pixels at the narrowest
    """
    columns = max(1, min(columns, n))
    rows = -(-n // columns)
    height = rows * (panel_height + GAP_Y)
    wide = (room - GAP_X * (columns - 1)) / columns
    out = []
    for i in range(n):
        row, column = divmod(i, columns)
        left = column * (wide + GAP_X)
        top = height - row * (panel_height + GAP_Y) - GAP_Y
        name = "" if i == 0 else str(i + 1)
        out.append(
            Panel(
                f"x{name}",
                f"y{name}",
                left / room,
                min(1.0, (left + wide) / room),
                max(0.0, (top - panel_height) / height),
                top / height,
                wide,
            )
        )
    return out, height


def axes(
    panels: list[Panel], columns: int, x: dict[str, Any], y: dict[str, Any], yticks: bool = True
) -> dict[str, Any]:
    """The layout's axes: x ticks on the lowest panel of each column, y ticks on the first column."""
    columns = max(1, min(columns, len(panels)))
    out: dict[str, Any] = {}
    for i, panel in enumerate(panels):
        lowest = i + columns >= len(panels)
        first = i % columns == 0
        out["xaxis" + panel.x[1:]] = {
            **x,
            "anchor": panel.y,
            "domain": [panel.left, panel.right],
            "showticklabels": lowest,
            "ticklabelposition": "outside right",  # from the tick on, so that no label reaches into the next column
            "ticklabeloverflow": "hide past domain",
            **({"ticks": ""} if not lowest else {}),
            **({"matches": "x"} if i else {}),
        }
        out["yaxis" + panel.y[1:]] = {
            **y,
            "anchor": panel.x,
            "domain": [panel.bottom, panel.top],
            "showticklabels": first and yticks,
            **({"matches": "y"} if i else {}),
        }
    return out


def heading(panel: Panel, name: str, word: str, colour: str, p: Palette) -> dict[str, Any]:
    """A panel's title: the name in bold and under it a word in the colour of its status, both cut to the panel."""
    second = f'<span style="font-size:12px;color:{colour}">{short(word, panel.pixels, 12)}</span>'
    return {
        "name": "panel",
        "text": f"<b>{short(name, panel.pixels, 13, bold=True)}</b><br>{second}",
        "showarrow": False,
        "align": "left",
        "xref": "paper",
        "yref": "paper",
        "x": panel.left,
        "y": panel.top,
        "xanchor": "left",
        "yanchor": "bottom",
        "yshift": 2,
        "borderpad": 0,
        "font": {"size": 13, "color": p.ink},
    }


def shades(panel: Panel, runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The reference's shade (of `timeline.shade`) in one panel."""
    return [{**run, "xref": panel.x, "yref": f"{panel.y} domain"} for run in runs]


def uprights(xs: list[Any], y_range: tuple[float, float], panel: Panel, p: Palette) -> dict[str, Any]:
    """Vertical rules in one panel as one trace (shapes by the hundred are slow)."""
    x = np.repeat(np.array(xs), 3)
    y = np.tile(np.array([*y_range, np.nan]), len(xs))
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": p.ink, "width": 1, "dash": "dot"},
        "hoverinfo": "skip",
        "xaxis": panel.x,
        "yaxis": panel.y,
    }


def floor_line(ends: np.ndarray, y: float, panel: Panel, p: Palette) -> dict[str, Any]:
    """A level rule in one panel as a trace."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": ends,
        "y": np.array([y, y]),
        "line": {"color": p.muted, "width": 1, "dash": "dash"},
        "hoverinfo": "skip",
        "xaxis": panel.x,
        "yaxis": panel.y,
    }
