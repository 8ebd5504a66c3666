"""Decay: what a feature still tells. Learned, available and expected power over time, for one feature and for many."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import DASHED, DOTTED, FILLED, SOLID, End, Key
from dashboard.charts.lines import last, level, step_line
from dashboard.charts.points import markers, status_keys
from dashboard.charts.strip import marks, strip
from dashboard.charts.text import count, escape, number, period
from dashboard.charts.timeline import BOTTOM, band, extent, finite, ribbon, time_axis, time_title, windows
from dashboard.theme import Palette, alpha, palette

NOTHING = (
    "Predictive power needs labels, and no window has enough of them yet. "
    "Name the label under [logs] or [labels] in driftmeter.toml, or run again when labels are in."
)
NOTE = (
    "Learned: what the relation of the reference still gets. Available: what retraining could get. "
    "Expected: what the inputs' shift alone would leave."
)


class Line(NamedTuple):
    """How one of the three powers is drawn."""

    metric: str
    word: str
    glyph: str
    dash: str
    thick: float


TOO_FEW = "too few labels"
"""How the word beside a number begins that rests on too few labels to be judged."""

LINES = (
    Line("expected_power", "expected", DOTTED, "dot", 1.6),
    Line("available_power", "available", DASHED, "dash", 1.8),
    Line("learned_power", "learned", SOLID, "solid", 2.4),
)


def power_colour(line: Line, p: Palette) -> str:
    """The colour of one of the three lines."""
    return {"learned": p.first, "available": p.second, "expected": p.baseline}[line.word]


def powers(measurements: pd.DataFrame) -> pd.DataFrame:
    """One row per feature and window: `learned`, `available`, `expected` with `_low`, `_high`; the worst severity.

    `few`: the window has too few labels of a class to be judged; its powers have no band, for it would hide the others.
    """
    base = windows(measurements)
    if "metric" not in base:
        return base
    base["feature"] = base["feature"].fillna("").astype(str) if "feature" in base else ""
    base = base[base["metric"].isin([line.metric for line in LINES])]
    key = ["feature", "x"]
    rank = base["severity"].map({"alert": 2, "watch": 1}).fillna(0)
    said = [c for c in ("n", "message") if c in base]
    out = base.assign(rank=rank).sort_values("rank", kind="stable").drop_duplicates(key, keep="last")
    out = out.set_index(key)[["x_end", "reference", "severity", *said]]
    out["few"] = False
    if "detail" in base:
        few = base.assign(few=base["detail"].astype(str).str.startswith(TOO_FEW))
        out["few"] = few.groupby(key)["few"].any().reindex(out.index)
    for line in LINES:
        part = base[base["metric"] == line.metric].drop_duplicates(key).set_index(key)
        for column, name in (("value", ""), ("low", "_low"), ("high", "_high")):
            out[f"{line.word}{name}"] = pd.Series(finite(part, column), index=part.index)
            if name:
                out.loc[out["few"], f"{line.word}{name}"] = np.nan
    return out.reset_index().sort_values(key, kind="stable", ignore_index=True)


def power_lines(
    rows: pd.DataFrame, p: Palette, thin: float = 1.0, axes: tuple[str, str] = ("x", "y")
) -> list[dict[str, Any]]:
    """The three lines; grey and thin where a window has too few labels of a class to be judged."""
    few = rows["few"].to_numpy(bool)
    out = []
    if few.any():
        learned = np.where(few, finite(rows, "learned"), np.nan)
        out.append(step_line(rows, learned, p.muted, "too few labels", thick=1.0, axes=axes))
    for n in LINES:
        values = np.where(few, np.nan, finite(rows, n.word))
        out.append(step_line(rows, values, power_colour(n, p), n.word, thick=n.thick * thin, dash=n.dash, axes=axes))
    return out


def power_hovers(rows: pd.DataFrame, feature: str, intervals: bool = True) -> list[str]:
    """Hover texts, one per window: the three powers, with their intervals where asked for."""
    lines = [period(start, end) for start, end in zip(rows["x"], rows["x_end"], strict=True)]
    lines = [f"<b>{escape(feature)}</b><br>{line}" for line in lines]
    for kind in reversed(LINES):
        value, low, high = (finite(rows, f"{kind.word}{end}") for end in ("", "_low", "_high"))
        for i in range(len(rows)):
            lines[i] += f"<br>{kind.word} {number(value[i])}"
            if intervals and np.isfinite(low[i]) and np.isfinite(high[i]):
                lines[i] += f" ({number(low[i])} to {number(high[i])})"
    size, few = finite(rows, "n"), rows["few"].to_numpy(bool)
    lines = [f"{line}<br>{TOO_FEW}" if f else line for line, f in zip(lines, few, strict=True)]
    return [f"{line}<br>n = {count(n)}" if np.isfinite(n) else line for line, n in zip(lines, size, strict=True)]


def power(
    measurements: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    feature: str,
    unit: str = "AUC",
    floor: float = 0.5,
    events: pd.DataFrame | None = None,
    mode: str = "light",
    height: int = 440,
    width: int = WIDTH,
) -> go.Figure:
    """Learned, available and expected power of one feature, with 95% intervals and the noise floor.

    Parameters
    ----------
    measurements : timeline frame in long form, `metric` in learned_power, available_power, expected_power with `value`,
        `low`, `high`, `n`; `severity` and `message` where there is a finding
    unit, floor : "AUC" and .5, or "explained variance (R²)" and 0
    """
    p = palette(mode)
    rows = powers(measurements)
    if not any(np.isfinite(finite(rows, line.word)).any() for line in LINES):
        return empty(title, NOTHING, caption, height=height, mode=mode, width=width)
    room, right = width - 66 - 132, 132
    values = [finite(rows, f"{line.word}{end}") for line in LINES for end in ("", "_low", "_high")]
    y_range = extent(*values, np.array([floor]))
    data = power_bands(rows, p)
    data += power_lines(rows, p)
    texts = power_hovers(rows, feature)
    dots = markers(rows, finite(rows, "learned"), texts, p, name="learned", colour=p.first, room=room)
    laid = strip(rows, marks(rows, events, p), room, p, overhang=right - 8)
    layout = {
        "xaxis": time_axis(rows, room),
        "yaxis": {"range": y_range, "tickformat": "~g", "nticks": 7},
        "shapes": [*laid.shapes, level(floor, p.muted)],
        "annotations": laid.annotations,
    }
    return frame(
        {"data": data + dots, "layout": layout},
        title,
        caption,
        height,
        mode=mode,
        width=width,
        right=right,
        bottom=BOTTOM,
        strip=laid.height,
        legend=[
            *power_keys(p, bool(rows["few"].any())),
            *status_keys(dots, p),
            Key(DASHED, f"noise floor {number(floor)}", p.muted),
        ],
        x_title=time_title(rows),
        y_title=f"power, {unit}",
        note=NOTE,
        ends=[_end(rows, line, p) for line in LINES],
    )


def _end(rows: pd.DataFrame, line: Line, p: Palette) -> End:
    value = last(finite(rows, line.word))
    return End(value, f"{line.word} {number(value)}", p.muted if line.word == "expected" else power_colour(line, p))


def power_bands(rows: pd.DataFrame, p: Palette, axes: tuple[str, str] = ("x", "y")) -> list[dict[str, Any]]:
    """Interval bands of learned and available power (that of the expected one would cover them)."""
    out = []
    for line in LINES[1:]:
        low, high = finite(rows, f"{line.word}_low"), finite(rows, f"{line.word}_high")
        if np.isfinite(low).any() and np.isfinite(high).any():
            shade_of = alpha(power_colour(line, p), 0.22)
            out.append(band(*ribbon(rows, low, high), shade_of, f"{line.word} interval", xaxis=axes[0], yaxis=axes[1]))
    return out


def power_keys(p: Palette, few: bool = False) -> list[Key]:
    """Legend entries of the three lines and the bands, and of windows with too few labels where there are some."""
    keys = [Key(line.glyph, f"{line.word} power", power_colour(line, p)) for line in reversed(LINES)]
    keys.append(Key(FILLED, "95% interval", alpha(p.first, 0.3)))
    return [*keys, Key(SOLID, "too few labels to judge", p.muted)] if few else keys
