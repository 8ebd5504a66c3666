"""The time axis that charts share: a step per window, bands, the reference's shade, rules for events.

A *timeline frame* has one row per window with `x` and `x_end` (datetime64, or int for windows of rows), and where
known `reference` (bool) and `severity` ("alert", "watch", "silenced" or None).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dashboard.charts.text import escape, moment, plain, short
from dashboard.charts.text import width as text_width
from dashboard.theme import Palette

STRIP_ROW = 17
LABEL = 12  # font size of labels on the strip
MAX_ROWS = 5


def naive(values: pd.Series) -> pd.Series:
    """Wall-clock times without zone (plotly would drop the zone without a word), or numbers as they are."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.tz_localize(None)
    return values


def windows(frame: pd.DataFrame | None) -> pd.DataFrame:
    """A timeline frame in order, without rows that have no place in time, with all the columns named above."""
    if frame is None or not {"x", "x_end"} <= set(frame.columns):
        return pd.DataFrame({"x": [], "x_end": [], "reference": [], "severity": []})
    out = frame.assign(x=naive(frame["x"]), x_end=naive(frame["x_end"])).dropna(subset=["x", "x_end"])
    if "reference" not in out:
        out["reference"] = False
    out["reference"] = out["reference"].eq(True)
    if "severity" not in out:
        out["severity"] = None
    out["severity"] = out["severity"].astype(object).where(out["severity"].isin(["alert", "watch", "silenced"]), None)
    return out.sort_values("x", kind="stable", ignore_index=True)


def finite(frame: pd.DataFrame, column: str) -> np.ndarray:
    """A column as float64, NaN where it is missing, infinite, or not there at all."""
    if column not in frame:
        return np.full(len(frame), np.nan)
    values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan).copy()
    values[~np.isfinite(values)] = np.nan
    return values


def middle(frame: pd.DataFrame) -> pd.Series:
    """The middle of each window."""
    return frame["x"] + (frame["x_end"] - frame["x"]) / 2


def durations(frame: pd.DataFrame) -> np.ndarray:
    """Widths of bars that fill their windows: milliseconds or rows."""
    long = frame["x_end"] - frame["x"]
    return long.to_numpy(dtype=float) if is_rows(frame) else (long / pd.Timedelta(milliseconds=1)).to_numpy(dtype=float)


def _breaks(frame: pd.DataFrame) -> np.ndarray:
    """True where a window does not begin at the end of the one before it."""
    apart = frame["x"].to_numpy()[1:] != frame["x_end"].to_numpy()[:-1]
    return np.concatenate([[False], apart]) if len(frame) else np.zeros(0, dtype=bool)


def steps(frame: pd.DataFrame, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A step per window: each value from `x` to `x_end`, with a gap (NaN) where windows are missing.

    Arrays, for plotly checks and writes them many times faster than lists.
    """
    ends = np.stack([frame["x"].to_numpy(), frame["x_end"].to_numpy()], axis=1)
    x, y = ends.ravel(), np.repeat(np.asarray(values, dtype=float), 2)
    gaps = 2 * np.flatnonzero(_breaks(frame))
    return np.insert(x, gaps, x[gaps]), np.insert(y, gaps, np.nan)


def ribbon(frame: pd.DataFrame, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The outline between two step lines, one closed ring per unbroken run, for `fill="toself"`."""
    known = ~(np.isnan(low) | np.isnan(high))
    apart = _breaks(frame)
    begins = np.flatnonzero(known & (apart | ~np.concatenate([[False], known[:-1]])))
    ends = np.flatnonzero(known & ~np.concatenate([known[1:] & ~apart[1:], [False]])) + 1
    starts, stops = frame["x"].to_numpy(), frame["x_end"].to_numpy()
    xs: list[np.ndarray] = []
    ys: list[np.ndarray] = []
    for a, b in zip(begins, ends, strict=True):
        along = np.stack([starts[a:b], stops[a:b]], axis=1).ravel()
        xs += [along, along[::-1], along[:1]]
        ys += [np.repeat(high[a:b], 2), np.repeat(low[a:b], 2)[::-1], np.array([np.nan])]
    return (np.concatenate(xs), np.concatenate(ys)) if xs else (starts[:0], np.zeros(0))


def band(x: np.ndarray, y: np.ndarray, colour: str, name: str, **more: Any) -> dict[str, Any]:
    """A filled ribbon as a trace without outline or hover."""
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "name": name,
        "mode": "lines",
        "fill": "toself",
        "fillcolor": colour,
        "line": {"width": 0},
        "hoverinfo": "skip",
        **more,
    }


def is_rows(frame: pd.DataFrame) -> bool:
    """Whether windows are counted in rows."""
    return not pd.api.types.is_datetime64_any_dtype(frame["x"])


def span(frame: pd.DataFrame) -> tuple[Any, Any]:
    """First start and last end."""
    return frame["x"].min(), frame["x_end"].max()


def time_axis(frame: pd.DataFrame, room: float) -> dict[str, Any]:
    """The x axis of a timeline `room` pixels wide: dates or row numbers, never left to plotly's guess."""
    first, last = span(frame)
    ticks = {"nticks": int(min(10, max(2, room // 64))), "tickangle": 0}
    if is_rows(frame):
        return {"type": "linear", "range": [first, last], "tickformat": ",d", **ticks}
    return {
        "type": "date",
        "range": [first, last],
        **ticks,
        "tickformatstops": [
            {"dtickrange": [None, 86_399_999], "value": "%H:%M\n%-d %b %Y"},
            {"dtickrange": [86_400_000, 2_591_999_999], "value": "%-d %b\n%Y"},
            {"dtickrange": ["M1", "M11"], "value": "%b\n%Y"},
            {"dtickrange": ["M12", None], "value": "%Y"},
        ],
    }


def time_title(frame: pd.DataFrame) -> str:
    """The title of the time axis."""
    return "row" if is_rows(frame) else "time"


BOTTOM = 60  # room under a timeline: two lines of tick labels and the title


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
            for row in shown.to_dict("records"):
                kind = plain(row.get("kind") or "")
                label = plain(row.get("label") or kind or "event")
                text = label if not kind or kind == "other" or kind in label.lower() else f"{kind}: {label}"
                out.append(Mark(row["x"], text, True, p.ink, "dot"))
    return out


def fraction(frame: pd.DataFrame, x: Any) -> float:
    """Where `x` lies between the first start (0) and the last end (1)."""
    first, last = span(frame)
    return float((x - first) / (last - first)) if last > first else 0.0


class Strip(NamedTuple):
    """Labels laid out above the plot: room they need in pixels, annotations, shapes (rules and the reference's shade)."""

    height: int
    annotations: list[dict[str, Any]]
    shapes: list[dict[str, Any]]


def strip(
    frame: pd.DataFrame, listed: list[Mark], plot_width: float, p: Palette, xaxis: str = "x", overhang: float = 0
) -> Strip:
    """Lay labels out above the plot so that none touches another at `plot_width` pixels (hence at any greater width).

    Periods (reference, analysis) get the lowest row to themselves. Events go above, from right to left, each label
    above every rule that it reaches over, so that no leader crosses a label; labels that would leave the figure hang to
    the left of their rule. When five rows do not hold them all they are cut shorter, and at last counted: "+3 events".
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
    for longest in (230, 150, 100, 60):
        placed = [*_stack(frame, happened, plot_width, overhang, min(longest, plot_width * 0.6))]
        if max((row for _, row, _ in placed), default=0) < MAX_ROWS:
            break
    missed = 0
    for mark, row, rightwards in placed:
        shapes += _rule(mark, xaxis, min(row, MAX_ROWS - 1) + low)
        if row < MAX_ROWS:
            annotations.append(_label(mark, min(longest, plot_width * 0.6), row + low, xaxis, p, rightwards))
        else:
            missed += 1
    rows = low + 1 + max((min(row, MAX_ROWS - 1) for _, row, _ in placed), default=-1)
    if missed:
        more = Mark(span(frame)[1], f"+{missed} event{'s' * (missed != 1)}", False, p.muted)
        annotations.append(_label(more, 100, rows, xaxis, p, False))
        rows += 1
    return Strip(rows * STRIP_ROW + (8 if rows else 0), annotations, shapes)


def _stack(
    frame: pd.DataFrame, happened: list[Mark], plot_width: float, overhang: float, longest: float
) -> Iterator[tuple[Mark, int, bool]]:
    """Each event's row and whether its label runs to the right of its rule."""
    taken: list[tuple[float, float, int]] = []  # left, right, row
    for mark in happened:
        at = fraction(frame, mark.x) * plot_width
        wide = min(text_width(plain(mark.text), LABEL), longest) + 10
        rightwards = at + wide <= plot_width + overhang
        left, right = (at, at + wide) if rightwards else (at - wide, at)
        row = 1 + max((r for a, b, r in taken if left < b and right > a), default=-1)
        taken.append((left, right, row))
        yield mark, row, rightwards


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


def extent(*values: np.ndarray, zero: bool = False, top: float | None = None, pad: float = 0.08) -> tuple[float, float]:
    """A y range that holds every finite value, with some air; from zero and capped at `top` where asked for."""
    known = np.concatenate([v[np.isfinite(v)] for v in values]) if values else np.zeros(0)
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    air = (high - low) * pad or abs(high) * 0.1 or 0.5
    bottom = low if zero and low >= 0 else low - air
    ceiling = high + air
    return bottom, min(ceiling, top) if top is not None and high <= top else ceiling
