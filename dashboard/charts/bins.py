"""A feature bin by bin: how its values are distributed, and how the outcome goes with them.

Both charts stand on an axis of bins, not of values: the profile's numeric bins hold about equal shares of the reference,
so that the axis is a quantile scale with the edges written on it. Missing and unseen values are bins like any other.

A *bin frame* has one row per bin in the profile's order: `label`, `kind` ("missing", "value", "other" or "unseen"), and
for numeric columns `left` (the lower edge, NaN for a bin without one), which makes the chart upright instead of rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import maps
from dashboard.charts.frame import FILLED, PAD, SOLID, WIDTH, Caption, Key, axis_title, empty, frame
from dashboard.charts.text import count, cut, escape, number, plain, share, short
from dashboard.charts.text import width as text_width
from dashboard.charts.timeline import extent, finite
from dashboard.theme import STATUS, Palette, alpha, palette

MAX_ROWS = 30


def _shown(bins: pd.DataFrame | None, *columns: str) -> pd.DataFrame:
    """Bins with anything in them in any of `columns`, numbered by `at` from 0; gaps of one before the values begin."""
    if bins is None or "label" not in bins:
        return pd.DataFrame({"label": [], "kind": [], "at": []})
    out = bins.copy()
    out["kind"] = out["kind"] if "kind" in out else "value"
    some = np.zeros(len(out), dtype=bool)
    for column in columns:
        some |= np.nan_to_num(finite(out, column)) > 0
    out = out[some | out["kind"].eq("value").to_numpy()].reset_index(drop=True)
    out["at"] = np.arange(len(out), dtype=float)
    first = out["kind"].ne("missing").to_numpy().argmax() if len(out) else 0
    if first and "left" in out:
        out.loc[first:, "at"] += 0.6
    return out


def _edge_ticks(rows: pd.DataFrame, room: float) -> tuple[list[float], list[str]]:
    """Ticks of an upright chart: the missing kinds by name, values by the lower edges, as many as fit."""
    left = finite(rows, "left")
    slot = room / (float(rows["at"].max()) + 1.0)
    ticks: list[float] = []
    texts: list[str] = []
    free = -np.inf
    for at, kind, label, edge in zip(rows["at"], rows["kind"], rows["label"], left, strict=True):
        if kind == "value" and not np.isfinite(edge):
            continue
        named = kind != "value"
        text = plain(label) if named else number(edge)
        where = at if named else at - 0.5
        half = text_width(text, 12) / 2 + 4
        if where * slot - half < free and not named:
            continue
        ticks.append(float(where))
        texts.append(short(text, 74, 12))
        free = where * slot + half
    return ticks, texts


def _hover(feature: str, row: dict[str, Any], lines: list[str]) -> str:
    return "<br>".join([f"<b>{escape(feature)}</b>", escape(row["label"]), *lines])


def distribution(
    bins: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    feature: str,
    unseen: list[tuple[str, int]] | None = None,
    mode: str = "light",
    height: int = 400,
    width: int = WIDTH,
) -> go.Figure:
    """Share of rows by bin: the window as bars, the reference as its outline (numeric) or as a tick (categories).

    Parameters
    ----------
    bins : bin frame with `reference`, `window` (shares of rows), and where known `severity` for bins that broke out
    feature : its name, for hover and axis
    unseen : the most frequent values that the reference never had, with their rows: named below the chart
    """
    p = palette(mode)
    rows = _shown(bins, "reference", "window")
    if rows.empty or not (np.nansum(finite(rows, "reference")) + np.nansum(finite(rows, "window"))) > 0:
        sentence = f"No row of the reference or of this window holds {feature}. Choose another period, or look at Missing."
        return empty(title, sentence, caption, height=height, mode=mode, width=width)
    named = ", ".join(f"{plain(name) or '(empty)'} ({count(n)} rows)" for name, n in (unseen or [])[:6])
    note = f"Never seen in the reference: {named}." if named else ""
    draw = _upright if "left" in rows else _rows
    return draw(rows, title, caption, feature, note, mode, height, width, p)


def _texts(rows: pd.DataFrame, feature: str) -> list[str]:
    reference, window = finite(rows, "reference"), finite(rows, "window")
    return [
        _hover(feature, row, [f"window <b>{share(window[i])}</b>", f"reference {share(reference[i])}"])
        for i, row in enumerate(rows.to_dict("records"))
    ]


def _statuses(rows: pd.DataFrame) -> np.ndarray:
    if "severity" not in rows:
        return np.full(len(rows), "ok", dtype=object)
    return rows["severity"].where(rows["severity"].isin(["alert", "watch"]), "ok").to_numpy()


def _flags(x: np.ndarray, y: np.ndarray, kinds: np.ndarray, p: Palette, texts: list[str], slot: float) -> list[dict[str, Any]]:
    """Status markers over the bins that broke out."""
    out = []
    for kind in ("watch", "alert"):
        at = np.flatnonzero(kinds == kind)
        if len(at):
            out.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": STATUS[kind].word,
                    "x": x[at],
                    "y": y[at],
                    "text": [texts[i] for i in at],
                    "hovertemplate": "%{text}<extra></extra>",
                    "marker": {
                        "symbol": STATUS[kind].symbol,
                        "size": float(np.clip(slot * 0.7, 5, 10)),
                        "color": p.fill(kind),
                        "line": {"width": 1.2, "color": p.line(kind)},
                    },
                }
            )
    return out


def _status_keys(kinds: np.ndarray, p: Palette) -> list[Key]:
    return [Key(STATUS[k].glyph, STATUS[k].word, p.fill(k)) for k in ("watch", "alert") if (kinds == k).any()]


def _upright(
    rows: pd.DataFrame, title: str, caption: Caption, feature: str, note: str, mode: str, height: int, width: int, p: Palette
) -> go.Figure:
    at = rows["at"].to_numpy(dtype=float)
    reference, window = np.nan_to_num(finite(rows, "reference")), np.nan_to_num(finite(rows, "window"))
    texts, kinds = _texts(rows, feature), _statuses(rows)
    tall = max(reference.max(), window.max()) * (1.2 if (kinds != "ok").any() else 1.1)
    missing = rows["kind"].eq("missing").to_numpy()
    room = width - 66 - PAD
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": "window",
            "x": at,
            "y": window,
            "width": 0.86,
            "marker": {"color": [p.third if m else alpha(p.first, 0.8) for m in missing], "line": {"width": 0}},
            "text": texts,
            "textposition": "none",
            "hovertemplate": "%{text}<extra></extra>",
        },
        *_outline(at, reference, p),
        *_flags(at, np.maximum(window, reference) + tall * 0.045, kinds, p, texts, room / len(at)),
    ]
    ticks, words = _edge_ticks(rows, room)
    layout = {
        "xaxis": {"range": [-0.7, at[-1] + 0.7], "tickmode": "array", "tickvals": ticks, "ticktext": words, "tickangle": 0,
                  "tickfont": {"size": 12}},  # fmt: skip
        "yaxis": {"range": [0, tall], "tickformat": ".1~%", "nticks": 6},
    }
    keys = [Key(FILLED, "window", alpha(p.first, 0.8)), Key(SOLID, "reference", p.ink)]
    keys += [Key(FILLED, "missing, by kind", p.third)] if missing.any() else []
    return frame(
        {"data": data, "layout": layout},
        title,
        caption,
        height,
        mode=mode,
        width=width,
        legend=[*keys, *_status_keys(kinds, p)],
        bottom=48,
        x_title=_bins_title(feature),
        y_title="share of rows",
        note=note,
    )


def _bins_title(feature: str) -> str:
    return f"{cut(feature, 240, 13)}, bins of about equal share in the reference"


def _outline(at: np.ndarray, heights: np.ndarray, p: Palette) -> list[dict[str, Any]]:
    """A level mark over each bar's place: the reference's share."""
    x = np.stack([at - 0.46, at + 0.46, at + 0.46], axis=1).ravel()
    y = np.stack([heights, heights, np.full(len(at), np.nan)], axis=1).ravel()
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "reference",
            "x": x,
            "y": y,
            "line": {"color": p.ink, "width": 2},
            "hoverinfo": "skip",
        }
    ]


def _rows(
    rows: pd.DataFrame, title: str, caption: Caption, feature: str, note: str, mode: str, height: int, width: int, p: Palette
) -> go.Figure:
    rows, rest = _capped(rows, np.abs(finite(rows, "window") - finite(rows, "reference")))
    reference, window = np.nan_to_num(finite(rows, "reference")), np.nan_to_num(finite(rows, "window"))
    texts, kinds = _texts(rows, feature), _statuses(rows)
    names = [_name(row) for row in rows.to_dict("records")]
    words = [(_moved(window[i] - reference[i], kinds[i]), p.text(kinds[i])) for i in range(len(rows))]
    left, right = maps.margins(names, [w for w, _ in words], width)
    y = np.arange(len(rows), dtype=float)
    missing = rows["kind"].eq("missing").to_numpy()
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "orientation": "h",
            "name": "window",
            "x": window,
            "y": y,
            "width": 0.66,
            "marker": {"color": [p.third if m else alpha(p.first, 0.8) for m in missing], "line": {"width": 0}},
            "text": texts,
            "textposition": "none",
            "hovertemplate": "%{text}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "name": "reference",
            "x": reference,
            "y": y,
            "text": texts,
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {"symbol": "line-ns", "size": 16, "line": {"width": 2.4, "color": p.ink}},
        },
        maps.twin(0.0),
    ]
    tall = max(reference.max(), window.max()) * 1.06
    layout = {
        "xaxis": {"range": [0, tall], "tickformat": ".1~%", "nticks": 6, "showgrid": True},
        **maps.sides(names, words, left, right, p),
        "annotations": [maps.rest_line(rest, left, p)] if rest else [],
    }
    keys = [Key(FILLED, "window", alpha(p.first, 0.8)), Key("|", "reference", p.ink)]
    keys += [Key(FILLED, "missing, by kind", p.third)] if missing.any() else []
    return frame(
        {"data": data, "layout": layout},
        title,
        caption,
        0,
        mode=mode,
        width=width,
        left=left,
        right=right,
        legend=[*keys, *_status_keys(kinds, p)],
        bottom=48 + (maps.REST if rest else 0),
        x_title="share of rows",
        floor=maps.ROW * len(rows),
        note=note,
    )


def _capped(rows: pd.DataFrame, weight: np.ndarray) -> tuple[pd.DataFrame, str]:
    """At most `MAX_ROWS` bins: those that weigh most, in their own order; and the line that says what is left out."""
    if len(rows) <= MAX_ROWS:
        return rows, ""
    keep = np.sort(np.argsort(-np.nan_to_num(weight), kind="stable")[:MAX_ROWS])
    return rows.iloc[keep].reset_index(drop=True), f"… and {len(rows) - MAX_ROWS} values that moved less"


def _name(row: dict[str, Any]) -> str:
    label = plain(row["label"]) or "(empty)"
    return label if row["kind"] == "value" else f"‹{label}›"


def _moved(by: float, status: str) -> str:
    glyph = f"{STATUS[status].glyph} " if status in ("alert", "watch") else ""
    points = round(by * 100, 1)
    return f"{glyph}{'+' if points > 0 else '−' if points < 0 else '±'}{abs(points):.1f} pp"


def outcome_by_bin(
    bins: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    feature: str,
    outcome: str = "positive",
    unit: str = "share",
    mode: str = "light",
    height: int = 500,
    width: int = WIDTH,
) -> go.Figure:
    """Where the concept moved: the outcome by the feature's bins, window with interval against the reference's relation.

    Parameters
    ----------
    bins : bin frame with `reference_rate`, `rate`, `low`, `high` (of the window: share of the outcome, or mean label),
        `reference`, `window` (shares of rows), `n` (labelled rows in the window), and where judged `severity`; left out,
        a bin whose interval leaves out the reference's rate is drawn hollow and said to differ
    outcome : the outcome in words: "late", "clicked"
    unit : "share", or "number" for regression
    """
    p = palette(mode)
    rows = _shown(bins, "reference", "window", "n")
    rate, before = finite(rows, "rate"), finite(rows, "reference_rate")
    if rows.empty or not np.isfinite(rate).any():
        sentence = (
            f"The relation of {feature} to the outcome needs labels, and this window has none yet. "
            "Run again when labels are in, or choose an earlier window."
        )
        return empty(title, sentence, caption, height=height, mode=mode, width=width)
    rest = ""
    if "left" not in rows:
        rows, rest = _capped(rows, np.abs(rate - before))
        rate, before = finite(rows, "rate"), finite(rows, "reference_rate")
    low, high = finite(rows, "low"), finite(rows, "high")
    say = share if unit == "share" else number
    kinds = _statuses(rows)
    differs = (before < low) | (before > high)
    n = finite(rows, "n")
    texts = []
    for i, row in enumerate(rows.to_dict("records")):
        lines = [f"window <b>{say(rate[i])}</b> {escape(outcome)} ({say(low[i])} to {say(high[i])})"]
        lines += [f"reference {say(before[i])}", *([f"n = {count(n[i])}"] if np.isfinite(n[i]) else [])]
        texts.append(_hover(feature, row, lines))
    y_range = extent(rate, before, low, high, zero=unit == "share", top=1.0 if unit == "share" else None)
    keys = [Key(SOLID, "reference", p.ink), Key("●", "window, with 95% interval", p.first)]
    keys += [Key("○", "interval leaves the reference out", p.first)] if (differs & (kinds == "ok")).any() else []
    keys += _status_keys(kinds, p)
    points = _points(rows, rate, low, high, kinds, differs, texts, p)
    said = outcome if unit == "share" else f"mean {outcome}"
    if "left" in rows:
        return _relation_upright(rows, points, before, y_range, unit, keys, title, caption, feature, said, mode, height, width)

    names = [_name(row) for row in rows.to_dict("records")]
    signs = np.nan_to_num(rate - before)
    words = [
        (_moved(signs[i], kinds[i]) if unit == "share" else _shift(signs[i], kinds[i]), p.text(kinds[i]))
        if np.isfinite(rate[i]) and np.isfinite(before[i])
        else ("no labels" if np.isnan(rate[i]) else "new", p.muted)
        for i in range(len(rows))
    ]
    left, right = maps.margins(names, [w for w, _ in words], width)
    ticks = {
        "type": "scatter",
        "mode": "markers",
        "name": "reference",
        "x": before,
        "y": rows.index.to_numpy(dtype=float),
        "hoverinfo": "skip",
        "marker": {"symbol": "line-ns", "size": 17, "line": {"width": 2.6, "color": p.ink}},
    }
    turned = [_turn(trace) for trace in points]
    layout = {
        "xaxis": {"range": y_range, "tickformat": ".1~%" if unit == "share" else "~g", "nticks": 6, "showgrid": True},
        **maps.sides(names, words, left, right, p),
        "annotations": [maps.rest_line(rest, left, p)] if rest else [],
    }
    keys[0] = Key("|", "reference", p.ink)
    return frame(
        {"data": [ticks, *turned, maps.twin(y_range[0])], "layout": layout},
        title,
        caption,
        0,
        mode=mode,
        width=width,
        left=left,
        right=right,
        legend=keys,
        bottom=48 + (maps.REST if rest else 0),
        x_title=f"share {outcome}" if unit == "share" else said,
        floor=(maps.ROW + 3) * len(rows),
    )


def _shift(by: float, status: str) -> str:
    glyph = f"{STATUS[status].glyph} " if status in ("alert", "watch") else ""
    return f"{glyph}{'+' if by > 0 else '−' if by < 0 else '±'}{number(abs(by))}"


def _points(
    rows: pd.DataFrame,
    rate: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    kinds: np.ndarray,
    differs: np.ndarray,
    texts: list[str],
    p: Palette,
) -> list[dict[str, Any]]:
    """The window's rates with intervals: hollow where they differ, with the status's shape where they were judged."""
    at = rows["at"].to_numpy(dtype=float) if "left" in rows else np.arange(len(rows), dtype=float)
    out = []
    for kind in ("ok", "watch", "alert"):
        i = np.flatnonzero((kinds == kind) & np.isfinite(rate))
        if not len(i):
            continue
        symbol = STATUS[kind].symbol
        out.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "window" if kind == "ok" else STATUS[kind].word,
                "x": at[i],
                "y": rate[i],
                "text": [texts[j] for j in i],
                "hovertemplate": "%{text}<extra></extra>",
                "marker": {
                    "symbol": ["circle-open" if differs[j] else symbol for j in i] if kind == "ok" else symbol,
                    "size": 9 if kind == "ok" else 11,
                    "color": p.first if kind == "ok" else p.fill(kind),
                    "line": {"width": 1.8 if kind == "ok" else 1.2, "color": p.first if kind == "ok" else p.line(kind)},
                },
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": np.nan_to_num(high[i] - rate[i]),
                    "arrayminus": np.nan_to_num(rate[i] - low[i]),
                    "thickness": 1.2,
                    "width": 2,
                    "color": p.first if kind == "ok" else p.text(kind),
                },
            }
        )
    return out


def _turn(trace: dict[str, Any]) -> dict[str, Any]:
    """The same trace with its axes exchanged."""
    turned = {**trace, "x": trace["y"], "y": trace["x"], "error_x": trace["error_y"]}
    del turned["error_y"]
    return turned


def _relation_upright(
    rows: pd.DataFrame,
    points: list[dict[str, Any]],
    before: np.ndarray,
    y_range: tuple[float, float],
    unit: str,
    keys: list[Key],
    title: str,
    caption: Caption,
    feature: str,
    said: str,
    mode: str,
    height: int,
    width: int,
) -> go.Figure:
    p = palette(mode)
    at = rows["at"].to_numpy(dtype=float)
    reference, window = np.nan_to_num(finite(rows, "reference")), np.nan_to_num(finite(rows, "window"))
    counts = {
        "type": "bar",
        "name": "rows",
        "x": at,
        "y": window,
        "yaxis": "y2",
        "width": 0.86,
        "marker": {"color": alpha(p.first, 0.5), "line": {"width": 0}},
        "hovertemplate": "%{y:.2%} of rows<extra></extra>",
    }
    outline = [{**trace, "yaxis": "y2", "line": {"color": p.ink, "width": 1.4}} for trace in _outline(at, reference, p)]
    ticks, words = _edge_ticks(rows, width - 66 - PAD)
    tall = max(reference.max(), window.max()) * 1.15 or 1.0
    layout = {
        "xaxis": {"range": [-0.7, at[-1] + 0.7], "tickmode": "array", "tickvals": ticks, "ticktext": words, "tickangle": 0,
                  "tickfont": {"size": 12}, "anchor": "y2"},  # fmt: skip
        "yaxis": {"range": y_range, "tickformat": ".1~%" if unit == "share" else "~g", "nticks": 7, "domain": [0.3, 1]},
        "yaxis2": {"range": [0, tall], "tickformat": ".1~%", "nticks": 3, "domain": [0, 0.2], "anchor": "x"},
        "annotations": [
            axis_title(f"share {said}" if unit == "share" else said, "y", 56, 240, mode, centre=0.65),
            axis_title("rows", "y", 56, 80, mode, centre=0.1),
        ],
    }
    return frame(
        {"data": [*_outline(at, before, p), *points, counts, *outline], "layout": layout},
        title,
        caption,
        height,
        mode=mode,
        width=width,
        legend=keys,
        bottom=48,
        x_title=_bins_title(feature),
        floor=320,
    )
