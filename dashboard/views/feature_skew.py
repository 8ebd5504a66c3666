"""Skew of one feature over time: against its training set, what was computed offline, and what the model made of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from dashboard.changes import with_changes
from dashboard.charts.series import series
from dashboard.charts.text import share
from dashboard.charts.timeline import records
from dashboard.data import Page
from dashboard.views import common
from dashboard.views.common import quoted
from dashboard.views.feature_charts import WHOLE, course


def show(page: Page, feature: str) -> None:
    """The three charts, those of which the log tells something."""
    _training(page, feature)
    _offline(page, feature)
    _attribution(page, feature)


def _look(page: Page) -> dict[str, Any]:
    return {"caption": page.caption, "events": page.events, "mode": common.mode(), "width": WHOLE}


def _training(page: Page, feature: str) -> None:
    rows = page.metric("skew", "training_distance", feature)
    if rows.empty:
        return
    told = course(rows, "was not served as in the training set", "is served as in the training set", "skew")
    rows = rows.assign(band_low=np.nan, low=np.nan, high=np.nan)
    look = _look(page) | {"events": with_changes(page.events, rows)}
    y = "distance from the training set"
    common.picking(series(rows, title=f"{quoted(feature)} {told}", y=y, zero=True, **look), "training")


def _offline(page: Page, feature: str) -> None:
    rows = page.metric("skew", "mismatch_share", feature)
    if rows.empty:
        return
    last = records(rows.tail(1))[0]
    title = f"{quoted(feature)} is served as it is computed offline"
    if rows["value"].max() > 0:
        now = "none" if last["value"] == 0 else share(last["value"])
        title = f"{quoted(feature)} differs from what was computed offline in {now} of the last window's joined rows"
        sorts = last["detail"].partition("; ids")[0] if isinstance(last["detail"], str) else ""
        if "missing" in sorts:
            title = f"{title}: {sorts}"
    rows = rows.assign(expected=np.nan, band_low=np.nan)
    y = "share of joined rows"
    common.picking(series(rows, title=title, y=y, unit="share", zero=True, **_look(page)), "offline")


def _attribution(page: Page, feature: str) -> None:
    rows = page.metric("skew", "attribution_share", feature)
    if rows.empty:
        return
    last = records(rows.tail(1))[0]
    usual = f", {share(last['expected'])} in the reference" if np.isfinite(last["expected"]) else ""
    title = f"{share(last['value'])} of the model's attribution goes to {quoted(feature)} in the last window{usual}"
    y = "part of all attribution"
    common.picking(series(rows, title=title, y=y, unit="share", zero=True, **_look(page)), "attribution")
