"""A feature's distribution by bin, reference beside window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import maps
from dashboard.charts.bins import (
    bin_hover,
    bin_keys,
    bin_name,
    bins_title,
    capped,
    change,
    edge_ticks,
    filled_bins,
    level_marks,
    status_flags,
    statuses,
)
from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import FILLED, PAD, SOLID, Key
from dashboard.charts.text import count, plain, share
from dashboard.charts.timeline import finite, records
from dashboard.theme import alpha, palette


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
    rows = filled_bins(bins, "reference", "window")
    if rows.empty or not (np.nansum(finite(rows, "reference")) + np.nansum(finite(rows, "window"))) > 0:
        sentence = (
            f"No row of the reference or of this window holds {feature}. Choose another period, or look at Missing."
        )
        return empty(title, sentence, caption, height=height, mode=mode, width=width)
    named = ", ".join(f"{plain(name) or '(empty)'} ({count(n)} rows)" for name, n in (unseen or [])[:6])
    note = f"Never seen in the reference: {named}." if named else ""
    if "left" in rows:
        return _upright(rows, title, caption, feature, note, mode, height, width)
    return _rows(rows, title, caption, feature, note, mode, width)


def _texts(rows: pd.DataFrame, feature: str) -> list[str]:
    reference, window = finite(rows, "reference"), finite(rows, "window")
    return [
        bin_hover(feature, row, [f"window <b>{share(window[i])}</b>", f"reference {share(reference[i])}"])
        for i, row in enumerate(records(rows))
    ]


def _upright(
    rows: pd.DataFrame,
    title: str,
    caption: Caption,
    feature: str,
    note: str,
    mode: str,
    height: int,
    width: int,
) -> go.Figure:
    p = palette(mode)
    at = rows["at"].to_numpy(dtype=float)
    reference, window = np.nan_to_num(finite(rows, "reference")), np.nan_to_num(finite(rows, "window"))
    texts, kinds = _texts(rows, feature), statuses(rows)
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
        *level_marks(at, reference, p),
        *status_flags(at, np.maximum(window, reference) + tall * 0.045, kinds, p, texts, room / len(at)),
    ]
    ticks, words = edge_ticks(rows, room)
    layout = {
        "xaxis": {
            "range": [-0.7, at[-1] + 0.7],
            "tickmode": "array",
            "tickvals": ticks,
            "ticktext": words,
            "tickangle": 0,
            "tickfont": {"size": 12},
        },
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
        legend=[*keys, *bin_keys(kinds, p)],
        bottom=48,
        x_title=bins_title(feature),
        y_title="share of rows",
        note=note,
    )


def _rows(
    rows: pd.DataFrame,
    title: str,
    caption: Caption,
    feature: str,
    note: str,
    mode: str,
    width: int,
) -> go.Figure:
    p = palette(mode)
    rows, rest = capped(rows, np.abs(finite(rows, "window") - finite(rows, "reference")))
    reference, window = np.nan_to_num(finite(rows, "reference")), np.nan_to_num(finite(rows, "window"))
    texts, kinds = _texts(rows, feature), statuses(rows)
    names = [bin_name(row) for row in records(rows)]
    words = [(change(window[i] - reference[i], kinds[i]), p.text(kinds[i])) for i in range(len(rows))]
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
        legend=[*keys, *bin_keys(kinds, p)],
        bottom=48 + (maps.REST if rest else 0),
        x_title="share of rows",
        floor=maps.ROW * len(rows),
        note=note,
    )
