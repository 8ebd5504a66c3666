"""The decay ledger: each feature's power before and now, its rank before and now, its trend as a sparkline.

A *ledger frame* has one row per feature: `feature`, `before` and `after` (learned power in the reference and now) with
`before_low`, `before_high`, `after_low`, `after_high`; where known `available` and `expected` (now), `verdict`,
`severity`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dashboard.charts.text import escape, number, said
from dashboard.charts.timeline import finite
from dashboard.theme import STATUS, Palette, status


def sparklines(measurements: pd.DataFrame, metric: str = "learned_power", points: int = 60) -> pd.DataFrame:
    """One row per feature for `st.dataframe` with a `LineChartColumn`; not a figure.

    Columns: `feature`, `trend` (list), `first`, `last`, `change`. The greatest loss comes first; series longer than
    `points` are thinned; a feature without any value has an empty trend and NaN.
    """
    columns = ["feature", "trend", "first", "last", "change"]
    if measurements is None or not {"feature", "metric", "x", "value"} <= set(measurements.columns):
        return pd.DataFrame(columns=columns)
    part = measurements[(measurements["metric"] == metric) & measurements["feature"].notna()].sort_values("x")
    rows = []
    for feature, values in part.assign(value=finite(part, "value")).groupby("feature", sort=False)["value"]:
        known = values[np.isfinite(values)].to_numpy()
        thin = (
            known[np.unique(np.linspace(0, len(known) - 1, min(points, len(known))).round().astype(int))]
            if len(known)
            else known
        )
        first, last = (float(known[0]), float(known[-1])) if len(known) else (np.nan, np.nan)
        rows.append((str(feature), thin.tolist(), first, last, last - first))
    return pd.DataFrame(rows, columns=columns).sort_values("change", kind="stable", ignore_index=True)


def ledger_rows(ledger: pd.DataFrame | None) -> pd.DataFrame:
    """Features with a power before or after, the greatest loss first."""
    if ledger is None or not {"feature", "before", "after"} <= set(ledger.columns):
        return pd.DataFrame({"feature": [], "before": [], "after": []})
    out = ledger.assign(before=finite(ledger, "before"), after=finite(ledger, "after"))
    out = out[out["before"].notna() | out["after"].notna()]
    return out.assign(lost=out["before"] - out["after"]).sort_values(
        "lost", ascending=False, kind="stable", ignore_index=True
    )


def verdict_word(row: dict[str, Any], p: Palette) -> tuple[str, str]:
    """What a row's end says, and in which colour: the verdict with the status's glyph."""
    kind = status(row.get("severity"))
    word = said(row.get("verdict")).replace("_", " ")
    if not word:
        word = "not seen now" if np.isnan(row["after"]) else "new" if np.isnan(row["before"]) else ""
    return (f"{STATUS[kind].glyph} {word}" if word else ""), p.text(kind)


def ledger_hover(row: dict[str, Any]) -> str:
    """Everything the ledger knows about one feature."""
    lines = [f"<b>{escape(row['feature'])}</b>"]
    for name, word in (("before", "learned, before"), ("after", "learned, now")):
        low, high = row.get(f"{name}_low", np.nan), row.get(f"{name}_high", np.nan)
        ends = f" ({number(low)} to {number(high)})" if pd.notna(low) and pd.notna(high) else ""
        lines.append(f"{word} {number(row[name])}{ends}")
    for name in ("available", "expected"):
        if pd.notna(row.get(name)):
            lines.append(f"{name}, now {number(row[name])}")
    verdict = said(row.get("verdict")).replace("_", " ")
    return "<br>".join([*lines, escape(verdict)] if verdict else lines)
