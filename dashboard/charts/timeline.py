"""The time axis that charts share: windows in order, a step per window, bands, ranges.

A *timeline frame* has one row per window with `x` and `x_end` (datetime64, or int for windows of rows), and where
known `reference` (bool) and `severity` ("alert", "watch", "silenced" or None).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


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


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dicts."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def middle(frame: pd.DataFrame) -> pd.Series:
    """The middle of each window."""
    return frame["x"] + (frame["x_end"] - frame["x"]) / 2


def durations(frame: pd.DataFrame) -> np.ndarray:
    """Widths of bars that fill their windows: milliseconds or rows."""
    long = frame["x_end"] - frame["x"]
    return long.to_numpy(dtype=float) if is_rows(frame) else long.dt.total_seconds().to_numpy(dtype=float) * 1000


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


def fraction(frame: pd.DataFrame, x: Any) -> float:
    """Where `x` lies between the first start (0) and the last end (1)."""
    first, last = span(frame)
    return float((x - first) / (last - first)) if last > first else 0.0


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
