"""The decay ledger: each feature's power before and now, its rank before and now, its trend as a sparkline.

A *ledger frame* has one row per feature: `feature`, `before` and `after` (learned power in the reference and now) with
`before_low`, `before_high`, `after_low`, `after_high`; where known `available`, `expected` (now), `verdict`, `severity`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import maps
from dashboard.charts.frame import WIDTH, Caption, Key, empty, frame
from dashboard.charts.power import NOTHING
from dashboard.charts.text import cut, escape, number, plain
from dashboard.charts.text import width as text_width
from dashboard.charts.timeline import extent, finite
from dashboard.theme import STATUS, Palette, palette


def sparklines(measurements: pd.DataFrame, metric: str = "learned_power", points: int = 60) -> pd.DataFrame:
    """One row per feature for `st.dataframe` with a `LineChartColumn`: `feature`, `trend` (list), `first`, `last`, `change`.

    Not a figure. The greatest loss comes first; series longer than `points` are thinned; a feature without any value has
    an empty trend and NaN.
    """
    columns = ["feature", "trend", "first", "last", "change"]
    if measurements is None or not {"feature", "metric", "x", "value"} <= set(measurements.columns):
        return pd.DataFrame(columns=columns)
    part = measurements[(measurements["metric"] == metric) & measurements["feature"].notna()].sort_values("x")
    rows = []
    for feature, values in part.assign(value=finite(part, "value")).groupby("feature", sort=False)["value"]:
        known = values[np.isfinite(values)].to_numpy()
        thin = known[np.unique(np.linspace(0, len(known) - 1, min(points, len(known))).round().astype(int))] if len(known) else known
        first, last = (float(known[0]), float(known[-1])) if len(known) else (np.nan, np.nan)
        rows.append((str(feature), thin.tolist(), first, last, last - first))
    return pd.DataFrame(rows, columns=columns).sort_values("change", kind="stable", ignore_index=True)


def _rows(ledger: pd.DataFrame | None) -> pd.DataFrame:
    """Features with a power before or after, the greatest loss first."""
    if ledger is None or not {"feature", "before", "after"} <= set(ledger.columns):
        return pd.DataFrame({"feature": [], "before": [], "after": []})
    out = ledger.assign(before=finite(ledger, "before"), after=finite(ledger, "after"))
    out = out[out["before"].notna() | out["after"].notna()]
    return out.assign(lost=out["before"] - out["after"]).sort_values("lost", ascending=False, kind="stable", ignore_index=True)


def _verdict(row: dict[str, Any], p: Palette) -> tuple[str, str]:
    status = row.get("severity") if row.get("severity") in STATUS else "ok"
    verdict = row.get("verdict")
    word = plain(verdict).replace("_", " ") if isinstance(verdict, str) and verdict else ""
    if not word:
        word = "not seen now" if np.isnan(row["after"]) else "new" if np.isnan(row["before"]) else ""
    return (f"{STATUS[status].glyph} {word}" if word else ""), p.text(status)


def _hover(row: dict[str, Any]) -> str:
    lines = [f"<b>{escape(row['feature'])}</b>"]
    for name, word in (("before", "learned, before"), ("after", "learned, now")):
        low, high = row.get(f"{name}_low", np.nan), row.get(f"{name}_high", np.nan)
        ends = f" ({number(low)} to {number(high)})" if pd.notna(low) and pd.notna(high) else ""
        lines.append(f"{word} {number(row[name])}{ends}")
    for name in ("available", "expected"):
        if pd.notna(row.get(name)):
            lines.append(f"{name}, now {number(row[name])}")
    verdict = row.get("verdict")
    return "<br>".join([*lines, escape(verdict.replace("_", " "))] if isinstance(verdict, str) else lines)


def power_change(
    ledger: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    before: str = "reference",
    after: str = "now",
    unit: str = "AUC",
    floor: float = 0.5,
    top: int = 30,
    mode: str = "light",
    width: int = WIDTH,
) -> go.Figure:
    """Before and after as dumbbells, the greatest loss of learned power on top, with what retraining could get.

    Select with `on_select`: `points[i]["customdata"]` is `[feature]`.

    Parameters
    ----------
    ledger : ledger frame
    before, after : what the two ends are called: "reference", "week of 22 June"
    unit, floor : as for `power`
    """
    p = palette(mode)
    every = _rows(ledger)
    if every.empty:
        return empty(title, NOTHING, caption, mode=mode, width=width)
    rows = every.iloc[:top]
    records = rows.to_dict("records")
    names, words = rows["feature"].astype(str).tolist(), [_verdict(row, p) for row in records]
    left, right = maps.margins(names, [w for w, _ in words], width)
    y = np.arange(len(rows), dtype=float)
    texts = [_hover(row) for row in records]  # type: ignore[arg-type]
    start, end, gain = finite(rows, "before"), finite(rows, "after"), finite(rows, "available")
    looks = {
        before: (start, "circle-open", p.muted, 10, finite(rows, "before_low"), finite(rows, "before_high")),
        after: (end, "circle", p.first, 11, finite(rows, "after_low"), finite(rows, "after_high")),
    }
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": np.stack([start, end, np.full(len(rows), np.nan)], axis=1).ravel(),
            "y": np.repeat(y, 3),
            "line": {"color": p.faint, "width": 3},
            "hoverinfo": "skip",
        }
    ]
    for name, (x, symbol, colour, size, low, high) in looks.items():
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": x,
                "y": y,
                "text": texts,
                "customdata": [[feature] for feature in names],
                "hovertemplate": "%{text}<extra></extra>",
                "marker": {"symbol": symbol, "size": size, "color": colour, "line": {"width": 2, "color": colour}},
                "unselected": {"marker": {"opacity": 0.6}},
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": np.nan_to_num(high - x),
                    "arrayminus": np.nan_to_num(x - low),
                    "color": colour,
                    "thickness": 1.2,
                    "width": 3,
                },
            }
        )
    if np.isfinite(gain).any():
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "available",
                "x": gain,
                "y": y,
                "text": texts,
                "hovertemplate": "%{text}<extra></extra>",
                "marker": {"symbol": "diamond-tall-open", "size": 12, "color": p.second, "line": {"width": 2}},
            }
        )
    data.append(maps.twin(floor))
    edges = [look[i] for look in looks.values() for i in (0, 4, 5)]
    rest = len(every) - len(rows)
    notes = [maps.rest_line(f"… and {rest} features that lost less", left, p)] if rest else []
    notes.append({"name": "level", "text": "noise floor", "showarrow": False, "xref": "x", "yref": "paper", "x": floor,
                  "y": 1, "yanchor": "bottom", "xanchor": "left", "xshift": -4, "font": {"size": 12, "color": p.muted}})  # fmt: skip
    layout = {
        "xaxis": {"range": extent(*edges, gain, np.array([floor])), "tickformat": "~g", "nticks": 7, "showgrid": True},
        **maps.sides(names, words, left, right, p),
        "shapes": [{"type": "line", "name": "level", "xref": "x", "yref": "paper", "x0": floor, "x1": floor, "y0": 0, "y1": 1,
                    "line": {"color": p.muted, "width": 1.2, "dash": "dash"}, "layer": "below"}],
        "annotations": notes,
    }  # fmt: skip
    keys = [Key("○", f"learned, {before}", p.muted), Key("●", f"learned, {after}", p.first)]
    keys += [Key("◊", "available now: what retraining could get", p.second)] if np.isfinite(gain).any() else []
    return frame(
        {"data": data, "layout": layout},
        title,
        caption,
        0,
        mode=mode,
        width=width,
        left=left,
        right=right,
        bottom=48 + (maps.REST if rest else 0),
        strip=22,
        legend=keys,
        x_title=f"power, {unit}, with 95% intervals",
        floor=(maps.ROW + 2) * len(rows),
    )


def rank_changes(
    ledger: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    before: str = "reference",
    after: str = "now",
    top: int = 20,
    mode: str = "light",
    width: int = WIDTH,
) -> go.Figure:
    """Ranks by learned power, before on the left and now on the right: steep lines are features that changed places.

    Parameters
    ----------
    ledger : ledger frame; features among the first `top` before or now are shown, ranks count all features
    """
    p = palette(mode)
    rows = _rows(ledger)
    if rows.empty:
        return empty(title, NOTHING, caption, mode=mode, width=width)
    for column in ("before", "after"):
        rows[f"{column}_rank"] = rows[column].rank(ascending=False, method="first")
    best = rows[["before_rank", "after_rank"]].min(axis=1)
    shown = rows[best <= top].copy()
    sides: dict[str, tuple[list[float], list[str]]] = {}
    for column in ("before", "after"):
        shown[f"{column}_at"] = shown[column].rank(ascending=False, method="first")
        order = shown.dropna(subset=[column]).sort_values(f"{column}_at")
        sides[column] = (
            order[f"{column}_at"].tolist(),
            [f"{r:.0f}\u2002{plain(f)}\u2002{number(v)}" for r, f, v in zip(order[f"{column}_rank"], order["feature"], order[column], strict=True)],
        )  # fmt: skip
    bottom = len(shown)
    room = int((width - 40) * 0.36)
    data: list[dict[str, Any]] = []
    for row in shown.to_dict("records"):
        if np.isnan(row["before"]) or np.isnan(row["after"]):
            data.append(_alone(row, p))
            continue
        moved = row["after_rank"] - row["before_rank"]
        status = row.get("severity") if row.get("severity") in ("alert", "watch") else "ok"
        loud = abs(moved) >= 3 or status != "ok"
        colour = p.text(status) if status != "ok" else p.first if loud else p.faint
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [0, 1],
                "y": [row["before_at"], row["after_at"]],
                "text": [_hover(row) + f"<br>rank {row['before_rank']:.0f} → {row['after_rank']:.0f}"] * 2,  # type: ignore[arg-type]
                "customdata": [[str(row["feature"])]] * 2,
                "hovertemplate": "%{text}<extra></extra>",
                "line": {"color": colour, "width": 2.6 if loud else 1.4},
                "marker": {"symbol": STATUS[status].symbol, "size": 8, "color": p.fill(status) if status != "ok" else colour,
                           "line": {"width": 1.2, "color": p.line(status) if status != "ok" else colour}},
            }
        )  # fmt: skip
    data.append({**maps.twin(1), "y": [1]})
    axis = {"range": [bottom + 0.6, 0.4], "showgrid": False, "tickmode": "array", "tickfont": {"size": 13, "color": p.ink}}
    layout = {
        "xaxis": {"range": [-0.04, 1.04], "tickmode": "array", "tickvals": [0, 1], "ticktext": [escape(before), escape(after)],
                  "side": "top", "showline": False, "ticks": "", "tickfont": {"size": 13, "color": p.ink}},
        "yaxis": {**axis, "tickvals": sides["before"][0], "ticktext": [_fit(t, room) for t in sides["before"][1]]},
        "yaxis2": {**axis, "overlaying": "y", "side": "right", "matches": "y", "tickvals": sides["after"][0],
                   "ticktext": [_fit(t, room) for t in sides["after"][1]]},
    }  # fmt: skip
    alone = shown["before"].isna().any() or shown["after"].isna().any()
    statuses = {row.get("severity") for row in shown.to_dict("records")}
    keys = [Key("—", "three places or more", p.first), Key("—", "less", p.faint)]
    keys += [Key(STATUS[k].glyph, STATUS[k].word, p.fill(k)) for k in ("watch", "alert") if k in statuses]
    keys += [Key("○", "on one side only", p.muted)] if alone else []
    return frame(
        {"data": data, "layout": layout},
        title,
        caption,
        0,
        mode=mode,
        width=width,
        left=room + 20,
        right=room + 20,
        bottom=8,
        strip=26,
        legend=keys,
        floor=maps.ROW * bottom,
        note="Rank by learned power, 1 the strongest; the number beside a name is its power.",
    )


def _alone(row: dict[str, Any], p: Palette) -> dict[str, Any]:
    """A feature that has a rank on one side alone: an open circle, and no line."""
    new = np.isnan(row["before"])
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [1 if new else 0],
        "y": [row["after_at"] if new else row["before_at"]],
        "text": [_hover(row)],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"symbol": "circle-open", "size": 9, "color": p.muted, "line": {"width": 1.6}},
    }


def _fit(text: str, room: int) -> str:
    """`rank name power` with the name cut so that rank and power stay."""
    rank, name, value = text.split("\u2002")
    free = room - text_width(f"{rank}  {value}  ", maps.NAME)
    return f"{rank}\u2002{escape(cut(name, free, maps.NAME))}\u2002<b>{value}</b>"
