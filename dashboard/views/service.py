"""The service behind the log: how long its answers take, and whether its predictions are numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.charts.series import series
from dashboard.charts.text import count, number, share
from dashboard.charts.timeline import records
from dashboard.data import Page
from dashboard.views import common
from dashboard.views.common import counted
from dashboard.views.words import when

QUANTILES = {"half": "latency_p50", "95%": "latency_p95", "99%": "latency_p99"}
"""Which part of the answers took no longer."""
PREDICTIONS = {"nonfinite_share": "a NaN or infinite prediction", "unscored_share": "no prediction"}


def latency(page: Page) -> None:
    """How long answers took, by window; nothing where the log does not say it."""
    known = page.measured[page.measured["metric"].isin(QUANTILES.values())]
    if known.empty:
        return
    loud = known[known["severity"] == "alert"]["metric"].value_counts()
    first = next((part for part, metric in QUANTILES.items() if len(loud) and metric == loud.index[0]), "95%")
    left, right = st.columns([5, 3], vertical_alignment="bottom")
    left.subheader("How long answers take", anchor=False)
    chosen = right.segmented_control(
        "Which part of the answers", list(QUANTILES), default=first, required=True, key="answers", bind="query-params"
    )
    rows = marked(page.metric("integrity", QUANTILES[str(chosen)]), known)
    figure = series(
        rows,
        title=_latency_title(rows, str(chosen)),
        caption=page.text(labels_pending=None),
        y=f"{chosen} of answers within",
        events=page.events,
        note="Each window is compared with those of the same weekday or hour, where the reference has enough of them.",
        mode=common.mode(),
        width=900,
        height=400,
    )
    common.picking(figure, "latency")


def marked(rows: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """One quantile with what was found in its windows: the strangest quantile of a window speaks for all of them.

    Parameters
    ----------
    rows : of one quantile; known : of all. A window takes another quantile's finding where it is itself out of its band
    """
    found = known[known["severity"].notna()].sort_values("severity", kind="stable").drop_duplicates("window_start")
    other = found.set_index("window_start")[["severity", "message"]].reindex(rows["window_start"])
    outside = (rows["value"] > rows["band_high"]) | (rows["value"] < rows["band_low"])
    borrowed = (rows["severity"].isna() & outside).to_numpy() & other["severity"].notna().to_numpy()
    return rows.assign(
        **{name: rows[name].astype(object).where(~borrowed, other[name].to_numpy()) for name in other.columns}
    )


def _latency_title(rows: pd.DataFrame, part: str) -> str:
    which = "Half of the answers" if part == "half" else f"{part} of answers"
    loud = rows[rows["severity"] == "alert"]
    if len(loud):
        by = loud["value"] / loud["expected"] - 1
        worst = records(loud.loc[[by.abs().idxmax()]])[0]
        most = worst["value"] / worst["expected"] - 1
        return (
            f"{which} took otherwise long in {counted(len(loud), 'window', 'windows')}, most {when(worst)}: "
            f"{abs(most):.0%} {'slower' if most > 0 else 'faster'} than usual"
        )
    if rows.empty:
        return f"{which}: no window of the period says how long they took"
    last = records(rows.tail(1))[0]
    now, due = number(last["value"]), number(last["expected"])
    if rows["p_value"].isna().all():
        return f"{which} came within {now}; no window is judged"
    verdict = "worth a look" if last["severity"] == "watch" else "as usual"
    return f"{which} came within {now} in the last window, {verdict} (expected {due})"


def predictions(page: Page) -> None:
    """Predictions that are no numbers, by window: a chart of each way in which there were any, else a sentence."""
    loud = False
    for metric, word in PREDICTIONS.items():
        rows = page.metric("concept", metric)
        if rows.empty or not (rows["value"] > 0).any():
            continue
        loud = True
        bad, n = float((rows["value"] * rows["n"]).sum()), float(rows["n"].sum())
        first = records(rows[rows["value"] > 0].head(1))[0]
        title = f"{count(bad)} of {count(n)} rows ({share(bad / max(n, 1))}) have {word}, the first {when(first)}"
        figure = series(
            rows.assign(band_low=np.nan, low=np.nan, high=np.nan),
            title=title,
            caption=page.text(labels_pending=None),
            y=f"share of rows with {word}",
            unit="share",
            zero=True,
            events=page.events,
            mode=common.mode(),
            width=900,
            height=380,
        )
        common.picking(figure, metric)
    scored = page.metric("concept", "nonfinite_share")
    if not loud and len(scored):
        st.caption(f"All {count(float(scored['n'].sum()))} predictions shown are numbers, and no row is without one.")
