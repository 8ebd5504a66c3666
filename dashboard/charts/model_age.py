"""Performance against model age: a line for each version, so that versions can be compared at the same age."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import FILLED, SOLID, End, Key
from dashboard.charts.text import count, escape, number, plain
from dashboard.charts.timeline import band, extent, finite
from dashboard.theme import Palette, alpha, palette

NOTHING = (
    "How well a version does at which age is not known. Name versions under [features] version and labels under [logs] "
    "or [labels] in driftmeter.toml, or run again when labels are in."
)
NAMED = 4
"""Earlier versions that are named and coloured, the latest; the others are grey."""


def model_age(
    ages: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    metric: str,
    unit: str = "days",
    mode: str = "light",
    height: int = 420,
    width: int = WIDTH,
) -> go.Figure:
    """The serving version's performance by age with its 95% interval, those before it beside it.

    Parameters
    ----------
    ages : `version`, `age` (in `unit`), `value`, `low`, `high`, `n`, `serving` (bool); versions in the order in which
        they came
    metric : what is shown, in words
    """
    p = palette(mode)
    if ages is None or not {"version", "age", "value"} <= set(ages.columns):
        return empty(title, NOTHING, caption, height=height, mode=mode, width=width)
    rows = ages[np.isfinite(finite(ages, "value")) & np.isfinite(finite(ages, "age"))]
    if rows.empty:
        return empty(title, NOTHING, caption, height=height, mode=mode, width=width)
    right = 132
    serving = rows["serving"].astype(bool) if "serving" in rows else pd.Series(False, index=rows.index)
    earlier = list(dict.fromkeys(rows.loc[~serving, "version"].astype(str)))
    colours = _colours(earlier, p)
    data: list[dict[str, Any]] = []
    ends: list[End] = []
    for name in earlier:
        part = rows[~serving & (rows["version"].astype(str) == name)].sort_values("age")
        data.append(_line(part, name, colours[name], 1.6 if colours[name] != p.faint else 1.0, metric, unit))
        if colours[name] != p.faint:
            ends.append(_end(part, name, colours[name]))
    now = rows[serving].sort_values("age")
    if len(now):
        low, high, name = finite(now, "low"), finite(now, "high"), str(now["version"].iloc[0])
        known = np.isfinite(low) & np.isfinite(high)
        if known.any():
            x, there = now["age"].to_numpy(float)[known], np.concatenate([low[known], high[known][::-1]])
            data.insert(0, band(np.concatenate([x, x[::-1]]), there, alpha(p.first, 0.2), "95% interval"))
        data.append(_line(now, name, p.first, 2.6, metric, unit))
        ends.append(_end(now, name, p.first))
    oldest = float(rows["age"].max())
    layout = {
        "xaxis": {"type": "linear", "range": [0, max(oldest * 1.02, 1)], "tickformat": "~s", "nticks": 8},
        "yaxis": {"range": extent(finite(rows, "value"), finite(now, "low"), finite(now, "high")), "nticks": 7,
                  "tickformat": "~g"},
    }  # fmt: skip
    keys = (
        [Key(SOLID, "serving version", p.first), Key(FILLED, "95% interval", alpha(p.first, 0.3))] if len(now) else []
    )
    keys += [Key(SOLID, "earlier versions", p.baseline)] if earlier else []
    return frame(
        {"data": data, "layout": layout}, title, caption, height, mode=mode, width=width, right=right, legend=keys,
        x_title=f"age of the version, {unit} since its first window", y_title=metric, ends=ends,
    )  # fmt: skip


def _colours(earlier: list[str], p: Palette) -> dict[str, str]:
    """The latest have a colour each, the others are grey."""
    out = dict.fromkeys(earlier, p.faint)
    for name, colour in zip(reversed(earlier), (p.second, p.third, p.fourth, p.baseline), strict=False):
        out[name] = colour
    return out


def _line(part: pd.DataFrame, name: str, colour: str, thick: float, metric: str, unit: str) -> dict[str, Any]:
    low, high, n = (finite(part, column) for column in ("low", "high", "n"))
    texts = []
    for i, (age, value) in enumerate(zip(part["age"], part["value"], strict=True)):
        interval = f" ({number(low[i])} to {number(high[i])})" if np.isfinite(low[i]) and np.isfinite(high[i]) else ""
        rows = f"<br>n = {count(n[i])}" if np.isfinite(n[i]) else ""
        texts.append(
            f"<b>{escape(name)}</b>, {count(age)} {unit} old<br>{escape(metric)} {number(value)}{interval}{rows}"
        )
    return {
        "type": "scatter", "mode": "lines+markers" if len(part) < 60 else "lines", "name": escape(name),
        "x": part["age"].tolist(), "y": part["value"].tolist(), "text": texts,
        "hovertemplate": "%{text}<extra></extra>", "line": {"color": colour, "width": thick},
        "marker": {"size": 5 if thick > 2 else 4, "color": colour},
    }  # fmt: skip


def _end(part: pd.DataFrame, name: str, colour: str) -> End:
    return End(float(part["value"].iloc[-1]), f"{plain(name)} {number(float(part['value'].iloc[-1]))}", colour)
