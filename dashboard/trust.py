"""How far what a page shows can be trusted: false alerts to expect by chance, and windows too small to show much."""

from __future__ import annotations

import numpy as np

from dashboard import data
from dashboard.charts.text import number
from dashboard.charts.timeline import records
from dashboard.data import Page
from monitors.messages import METRICS, share
from monitors.settings import segment_share
from monitors.underpowered import size_that_matters, summary

_NAMES = {
    **METRICS,
    "jensen_shannon": "drift",
    "prediction_shift": "drift of the scores",
    "relation": "relation to the outcome",
    "learned_power": "predictive power",
    "label_rate": "outcome rate",
    "unseen_share": "unseen values",
    "duplicate_share": "duplicates",
    "rows": "number of rows",
}


def rate(page: Page) -> float:
    """The chance that a quiet window of this look shows any alert."""
    promised = page.config.alerts.false_alarm_rate
    if page.as_run:
        return promised
    kept = set(page.config.features.segments)
    judged = sum(1 for name in data.segments(page.path) if name and name.split("=", 1)[0] in kept)
    return promised * segment_share(page.look.segment, judged)


def false_alerts(page: Page) -> str:
    """How many windows with a false alert are to be expected in the period shown, and how many have alerts."""
    windows = page.measured.loc[page.measured["p_value"].notna(), "window_start"].nunique()
    if not windows:
        return ""
    found = page.told[(page.told["severity"] == "alert") & (page.told["state"] != "resolved")]
    loud = int(found["window_start"].nunique())
    due = rate(page) * windows
    many = f"about {due:.0f}" if due >= 0.95 else "fewer than one"
    have = "none has alerts" if not loud else "1 has alerts" if loud == 1 else f"{loud:,} have alerts"
    all_of = f"all {windows:,} judged windows were" if windows > 1 else "the judged window was"
    return f"If {all_of} quiet, {many} would show a false alert by chance (rate {share(rate(page))}); {have}."


def too_small(page: Page, most: int = 4) -> str:
    """Which numbers had too few rows to show a change of the size that matters, in how many windows."""
    weak = summary(page.measured)
    if weak.empty:
        return ""
    given = page.config.alerts.sizes_that_matter()
    told = []
    for row in records(weak.head(most)):
        metric = str(row["metric"])
        size = size_that_matters(given, metric)
        matters = f" where {number(size)} matters" if metric != "rows" and np.isfinite(size) else ""
        name = _NAMES.get(metric, metric.replace("_", " "))
        windows = f"{row['underpowered']:,} of {row['judged']:,} windows"
        of = f" of {row['features']} features" if row["features"] > 1 else ""
        unseen = f"a shift under {number(row['smallest'])} would not have been seen{matters}"
        told.append(f"{name} in {windows}{of} ({unseen})")
    more = f"; and {len(weak) - most} more" if len(weak) > most else ""
    return f"Too few rows to show a change of the size that matters: {'; '.join(told)}{more}. Longer windows show more."
