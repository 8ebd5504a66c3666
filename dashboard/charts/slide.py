"""A sheet of fixed size on which texts, boxes and small charts are placed in pixels from the top left."""

from __future__ import annotations

from typing import Any, NamedTuple


class Sheet(NamedTuple):
    """The plot area in pixels, and what has been put on it so far: the lists and the dict grow."""

    width: float
    height: float
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    shapes: list[dict[str, Any]]
    notes: list[dict[str, Any]]


def write(sheet: Sheet, markup: str, x: float, y: float, size: float, colour: str, right: bool = False) -> None:
    """Markup whose top left (or top right) corner lies at (x, y)."""
    side = "right" if right else "left"
    sheet.notes.append(
        {
            "name": "text",
            "text": markup,
            "showarrow": False,
            "align": side,
            "xref": "paper",
            "yref": "paper",
            "x": x / sheet.width,
            "y": 1 - y / sheet.height,
            "xanchor": side,
            "yanchor": "top",
            "borderpad": 0,
            "font": {"size": size, "color": colour},
        }
    )


def fill(sheet: Sheet, x0: float, y0: float, x1: float, y1: float, colour: str) -> None:
    """A filled rectangle."""
    sheet.shapes.append(
        {
            "type": "rect",
            "name": "box",
            "xref": "paper",
            "yref": "paper",
            "x0": x0 / sheet.width,
            "x1": x1 / sheet.width,
            "y0": 1 - y0 / sheet.height,
            "y1": 1 - y1 / sheet.height,
            "fillcolor": colour,
            "line": {"width": 0},
            "layer": "below",
        }
    )


def domain(sheet: Sheet, x0: float, x1: float, y0: float, y1: float) -> tuple[list[float], list[float]]:
    """The domains of a chart's x and y axis."""
    return [x0 / sheet.width, x1 / sheet.width], [max(0.0, 1 - y1 / sheet.height), 1 - y0 / sheet.height]
