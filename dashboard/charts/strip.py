"""What stands along the time axis: the reference's shade, the rule before the analysis, events as labelled rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dashboard.charts.text import escape, moment, plain, short
from dashboard.charts.text import width as text_width
from dashboard.charts.timeline import fraction, is_rows, naive, records, span
from dashboard.theme import Palette

STRIP_ROW = 17
LABEL = 12  # font size
MAX_ROWS = 5


class Mark(NamedTuple):
    """A label on the strip above the plot; with `rule`, a vertical line through the plot under it."""

    x: Any
    text: str
    rule: bool
    colour: str
    dash: str = "solid"


def marks(frame: pd.DataFrame, events: pd.DataFrame | None, p: Palette) -> list[Mark]:
    """What is to be said along the time axis: the reference, the analysis after it, events (`x`, `label`, `kind`)."""
    out: list[Mark] = []
    if frame["reference"].any():
        held = frame[frame["reference"]]
        out.append(Mark(held["x"].min(), "reference", False, p.muted))
        later = frame[~frame["reference"] & (frame["x"] >= held["x_end"].max())]
        if len(later):
            out.append(Mark(later["x"].min(), "analysis", True, p.muted, "solid"))
    if events is not None and len(events):
        first, last = span(frame)
        shown = events.assign(x=naive(events["x"])).dropna(subset=["x"])
        if pd.api.types.is_datetime64_any_dtype(shown["x"]) == (not is_rows(frame)):
            shown = shown[(shown["x"] >= first) & (shown["x"] <= last)].sort_values("x", kind="stable")
            for row in records(shown):
                kind = plain(row.get("kind") or "")
                label = plain(row.get("label") or kind or "event")
                text = label if not kind or kind == "other" or kind in label.lower() else f"{kind}: {label}"
                out.append(Mark(row["x"], text, True, p.ink, "dot"))
    return out


class Strip(NamedTuple):
    """Labels laid out above the plot: their room in pixels, annotations, shapes (rules, the reference's shade)."""

    height: int
    annotations: list[dict[str, Any]]
    shapes: list[dict[str, Any]]


def strip(
    frame: pd.DataFrame, listed: list[Mark], plot_width: float, p: Palette, xaxis: str = "x", overhang: float = 0
) -> Strip:
    """Lay labels out above the plot so that none touches another at `plot_width` pixels (hence at any greater width).

    Periods (reference, analysis) get the lowest row to themselves. Events go above, from right to left, each label
    above every rule that it reaches over, so that no leader crosses a label; labels that would leave the figure hang to
    the left of their rule. A label that finds no place in five rows is cut shorter, or at last counted: "+3 events".
    `overhang`: room to the right of the plot that labels may use.
    """
    periods = [m for m in listed if m.dash == "solid"]
    happened = sorted((m for m in listed if m.dash != "solid"), key=lambda m: fraction(frame, m.x), reverse=True)
    shapes = shade(frame, p, xaxis)
    low = 1 if periods else 0
    annotations = []
    following: list[Mark | None] = [*periods, None][1:]
    for mark, after in zip(periods, following if periods else [], strict=True):
        begin = fraction(frame, mark.x)
        room = ((fraction(frame, after.x) if after else 1.0) - begin) * plot_width + (0 if after else overhang)
        if room > 26:
            annotations.append(_label(mark, room - 6, 0, xaxis, p, True))
        if mark.rule:
            shapes += _rule(mark, xaxis, 0)
    placed = list(_stack(frame, happened, plot_width, overhang))
    missed = 0
    for mark, row, rightwards, longest in placed:
        shapes += _rule(mark, xaxis, min(row, MAX_ROWS - 1) + low)
        if row < MAX_ROWS:
            annotations.append(_label(mark, longest, row + low, xaxis, p, rightwards))
        else:
            missed += 1
    rows = low + 1 + max((min(row, MAX_ROWS - 1) for _, row, _, _ in placed), default=-1)
    if missed:
        more = Mark(span(frame)[1], f"+{missed} event{'s' * (missed != 1)}", False, p.muted)
        annotations.append(_label(more, 100, rows, xaxis, p, False))
        rows += 1
    return Strip(rows * STRIP_ROW + (8 if rows else 0), annotations, shapes)


def _stack(
    frame: pd.DataFrame, happened: list[Mark], plot_width: float, overhang: float
) -> Iterator[tuple[Mark, int, bool, float]]:
    """Each event's row, whether its label runs to the right of its rule, and the pixels it is cut to."""
    taken: list[tuple[float, float, int]] = []  # left, right, row
    for mark in happened:
        at = fraction(frame, mark.x) * plot_width
        left = right = at
        row, rightwards, longest = MAX_ROWS, True, 0.0
        for longest in (min(pixels, plot_width * 0.6) for pixels in (230.0, 150.0, 100.0, 60.0)):
            wide = min(text_width(plain(mark.text), LABEL), longest) + 10
            rightwards = at + wide <= plot_width + overhang
            left, right = (at, at + wide) if rightwards else (at - wide, at)
            row = 1 + max((r for a, b, r in taken if left < b and right > a), default=-1)
            if row < MAX_ROWS:
                break
        taken.append((left, right, row))
        yield mark, row, rightwards, longest


def _label(mark: Mark, longest: float, row: int, xaxis: str, p: Palette, rightwards: bool) -> dict[str, Any]:
    return {
        "name": "event" if mark.dash == "dot" else "period",
        "text": short(mark.text, longest, LABEL),
        "hovertext": f"{escape(moment(mark.x))}: {escape(mark.text)}",
        "showarrow": False,
        "xref": xaxis,
        "yref": "paper",
        "x": mark.x,
        "y": 1,
        "xanchor": "left" if rightwards else "right",
        "yanchor": "bottom",
        "xshift": 2 if rightwards else -2,
        "yshift": row * STRIP_ROW + 1,
        "borderpad": 1,
        "bgcolor": p.paper,
        "font": {"size": LABEL, "color": mark.colour},
    }


def shade(frame: pd.DataFrame, p: Palette, xaxis: str = "x") -> list[dict[str, Any]]:
    """The reference's shade, one rectangle per unbroken run of its windows."""
    held = frame["reference"].to_numpy()
    runs = np.flatnonzero(np.diff(np.concatenate([[0], held.astype(int), [0]])))
    return [
        {
            "type": "rect",
            "name": "reference",
            "xref": xaxis,
            "yref": "paper",
            "x0": frame["x"].iloc[a],
            "x1": frame["x_end"].iloc[b - 1],
            "y0": 0,
            "y1": 1,
            "fillcolor": p.reference,
            "line": {"width": 0},
            "layer": "below",
        }
        for a, b in zip(runs[::2], runs[1::2], strict=True)
    ]


def _rule(mark: Mark, xaxis: str, row: int) -> list[dict[str, Any]]:
    """A rule through the plot, and its leader up to the label's row."""
    rule = {
        "type": "line",
        "name": "event" if mark.dash == "dot" else "boundary",
        "xref": xaxis,
        "yref": "paper",
        "x0": mark.x,
        "x1": mark.x,
        "y0": 0,
        "y1": 1,
        "line": {"color": mark.colour, "width": 1.2, "dash": mark.dash},
        "layer": "above",
    }
    leader = {**rule, "name": "leader", "ysizemode": "pixel", "yanchor": 1, "y0": 0, "y1": (row + 1) * STRIP_ROW - 2}
    return [rule, leader]
