"""The two small charts of the Review: performance, and the worst features by window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dashboard.charts import maps
from dashboard.charts.lines import last, step_line
from dashboard.charts.points import hovers, markers
from dashboard.charts.slide import Sheet, domain, fill, write
from dashboard.charts.strip import shade
from dashboard.charts.text import escape, moment, number, plain, short, wrap
from dashboard.charts.text import width as text_width
from dashboard.charts.timeline import band, extent, finite, ribbon, time_axis
from dashboard.theme import STATUS, Palette, alpha

TICK = 14  # font size
NOTHING = (
    "No labels and no probabilities in this period, so performance is not known. "
    "Run again when labels are in, or name them in driftmeter.toml."
)


def _axis(frame: pd.DataFrame, room: float) -> dict[str, Any]:
    """A time axis with one line of tick labels: the year stands in the subtitle."""
    axis = time_axis(frame, room)
    if axis["type"] == "date":
        axis["tickformatstops"] = [{**stop, "value": stop["value"].split("\n")[0]} for stop in axis["tickformatstops"]]
    return {**axis, "tickfont": {"size": TICK}}


def small_performance(sheet: Sheet, rows: pd.DataFrame, y: tuple[float, float], right: float, p: Palette) -> None:
    """Realised and expected performance between `y` pixels and left of `right`, labelled at the lines' ends."""
    rows = rows.reset_index(drop=True)
    realised, expected = finite(rows, "value"), finite(rows, "expected")
    if not (np.isfinite(realised).any() or np.isfinite(expected).any()):
        fill(sheet, 0, y[0], right, y[1], p.reference)
        lines = "<br>".join(map(escape, wrap(NOTHING, right - 60, 16)))
        write(sheet, lines, 30, (y[0] + y[1]) / 2 - 24, 16, p.muted)
        return
    mature = np.ones(len(rows), dtype=bool) if "mature" not in rows else ~rows["mature"].eq(False).to_numpy()
    low, high = (np.where(mature, finite(rows, c), np.nan) for c in ("low", "high"))
    sure, early = np.where(mature, realised, np.nan), np.where(mature, np.nan, realised)
    left, end = 52.0, right - 128
    across, up = domain(sheet, left, end, *y)
    y_range = extent(realised, low, high, expected)
    sheet.data.append(band(*ribbon(rows, low, high), alpha(p.first, 0.22), "95% interval"))
    sheet.data.append(step_line(rows, expected, p.second, "expected", thick=2.2, dash="dash"))
    sheet.data.append(step_line(rows, early, p.faint, "immature", thick=2))
    sheet.data.append(step_line(rows, sure, p.first, "realised", thick=2.6))
    dots = rows.assign(severity=rows["severity"].where(mature, None))
    texts = hovers(rows, number)
    sheet.data.extend(markers(dots, sure, texts, p, name="realised", colour=p.first, room=end - left))
    ticks = {"tickformat": "~g", "nticks": 5, "tickfont": {"size": TICK}}
    sheet.layout["xaxis"] = {**_axis(rows, end - left), "domain": across, "anchor": "y"}
    sheet.layout["yaxis"] = {"range": y_range, "domain": up, "anchor": "x", **ticks}
    sheet.shapes.extend({**run, "yref": "y domain"} for run in shade(rows, p))
    ends = [(last(sure), "realised", p.first), (last(expected), "expected", p.second)]
    at = -np.inf
    for value, word, colour in sorted((e for e in ends if np.isfinite(e[0])), key=lambda e: -e[0]):
        wanted = y[0] + (y_range[1] - value) / (y_range[1] - y_range[0]) * (y[1] - y[0]) - 9
        at = min(max(wanted, at + 20), y[1] - 9)
        write(sheet, f"{word} {number(value)}", end + 8, at, 15, colour)
    if not mature.all():
        begun = moment(rows["x"].iloc[int(np.argmin(mature))])
        said = f"grey: labels pending since {begun}"
        if text_width(said, TICK) < end - 240:  # what the heading leaves free
            write(sheet, escape(said), end, y[0] - 22, TICK, p.muted, right=True)


def small_map(
    sheet: Sheet, found: pd.DataFrame, shown: pd.DataFrame, y: tuple[float, float], right: float, p: Palette
) -> None:
    """As many features as fit, the worst on top, as cells by window: alerts filled, watches as diamonds."""
    if shown.empty:
        write(sheet, "No window has been measured yet.", 30, y[0] + 20, 16, p.muted)
        return
    axis = maps.axis_windows(shown)
    column = {x: j for j, x in enumerate(axis["x"])}
    inside = found[found["x"].isin(list(column))]
    names = inside["feature"].where(inside["feature"].notna(), "the model and the log").astype(object)
    score = inside.assign(name=names, at=[column[x] for x in inside["x"]])
    worst = score.groupby("name").agg(rank=("rank", "max"), at=("at", "max"), n=("at", "nunique"))
    fit = max(1, int((y[1] - y[0]) // 24))
    rows = worst.sort_values(["rank", "at", "n"], ascending=False, kind="stable").index[:fit].tolist()
    if not rows:
        span = "this window" if len(axis) == 1 else f"these {len(axis)} windows"
        said = f"{STATUS['ok'].glyph} No feature broke in {span}."
        write(sheet, said, 30, y[0] + 20, 16, p.muted)
        return
    left = min(max(text_width(plain(n), TICK) for n in rows) + 20, 200.0)
    wide = right - left
    z = np.repeat(np.where(axis["reference"].to_numpy(), 0.0, 1.0)[None, :], len(rows), axis=0)
    marked: dict[str, list[tuple[int, int]]] = {"watch": [], "alert": []}
    highest = score.groupby(["name", "at"], as_index=False)["rank"].max()
    for name, j, rank in zip(highest["name"], highest["at"].astype(int), highest["rank"], strict=True):
        if name in rows:
            i = rows.index(name)
            marked["alert" if rank == 2 else "watch"].append((i, j))
            z[i, j] = 2.0 if rank == 2 else z[i, j]
    scale = [[k / 3 + e, c] for k, c in enumerate((p.reference, p.quiet, p.alert)) for e in (0, 1 / 3)]
    sheet.data.append(maps.cells(axis, z, wide, colorscale=scale, zmin=-0.5, zmax=2.5, xaxis="x2", yaxis="y2"))
    size = {"watch": float(np.clip(wide / len(axis), 7, 13)), "alert": float(np.clip(wide / len(axis) - 3, 3, 13))}
    middle = (axis["x"] + (axis["x_end"] - axis["x"]) / 2).tolist()
    for kind, cells in marked.items():
        if cells:
            sheet.data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": kind,
                    "x": [middle[j] for _, j in cells],
                    "y": [i for i, _ in cells],
                    "text": [f"<b>{escape(rows[i])}</b><br>{kind}, {moment(axis['x'].iloc[j])}" for i, j in cells],
                    "hovertemplate": "%{text}<extra></extra>",
                    "marker": {
                        "symbol": STATUS[kind].symbol,
                        "size": size[kind],
                        "color": p.fill(kind),
                        "line": {"width": 1 if kind == "watch" else 0, "color": p.line(kind)},
                    },
                    "xaxis": "x2",
                    "yaxis": "y2",
                }
            )
    across, up = domain(sheet, left, right, y[0], min(y[1], y[0] + 26.0 * len(rows)))
    sheet.layout["xaxis2"] = {**_axis(axis, wide), "domain": across, "anchor": "y2"}
    sheet.layout["yaxis2"] = {
        "range": [len(rows) - 0.5, -0.5],
        "domain": up,
        "anchor": "x2",
        "showgrid": False,
        "tickmode": "array",
        "tickvals": list(range(len(rows))),
        "ticktext": [short(name, left - 16, TICK) for name in rows],
        "tickfont": {"size": TICK, "color": p.ink},
        "ticks": "outside",
        "ticklen": 6,
        "tickcolor": "rgba(0,0,0,0)",
    }
