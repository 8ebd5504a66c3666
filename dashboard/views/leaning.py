"""What the model leans on and what that still tells, where the log has attributions."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.charts.leaning import leaning
from dashboard.charts.text import share
from dashboard.data import Page
from dashboard.views import common
from dashboard.views.common import quoted, safe
from monitors.decay_ledger import floor_of


def told(table: pd.DataFrame) -> None:
    """Name the features that the model leans on although their power is gone."""
    lost = table[table["leans"].astype(bool)].sort_values("attribution", ascending=False)
    if not len(lost):
        return
    parts = zip(lost["feature"], lost["attribution"].to_numpy(float), strict=True)
    named = [f"{quoted(name)} ({share(part)} of its attribution)" for name, part in parts]
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    st.markdown(safe(f"The model still leans on {', '.join(named[:3])}{more}, whose power is gone or going."))


def show(page: Page, table: pd.DataFrame, unit: str, now: str) -> None:
    """Attribution beside power, feature by feature."""
    known = table[table["attribution"].notna() & table["after"].notna()]
    if known.empty:
        return
    lost = known[known["leans"].astype(bool)]
    title = "The model leans on the features that tell most" if lost.empty else (
        f"The model leans on {quoted(lost['feature'].iloc[int(lost['attribution'].argmax())])}, which lost power"
    )  # fmt: skip
    figure = leaning(
        known, title=title, caption=page.text(n=None, labels_pending=None), unit=unit,
        floor=floor_of(page.seen.bins.task), now=now, mode=common.mode(), width=1000,
    )  # fmt: skip
    point = common.selected(figure, "leaning", "leaning")
    if point and point[0]:
        common.open_feature(str(point[0]))
