"""Planned ends on the Missing page: a calendar, and what still depends on each feature."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import data
from dashboard.charts.missing import missing_shares
from dashboard.charts.planned_ends import planned_ends
from dashboard.charts.text import plain, share
from dashboard.data import Page
from dashboard.views import common
from dashboard.views.common import counted, quoted
from monitors.planned import Planned, register, told

_STATES = {
    "undated": "no date yet", "unknown": "no feature of this model", "planned": "served", "early": "left early",
    "gone": "gone as planned", "overdue": "overdue",
}  # fmt: skip


@st.cache_data(show_spinner=False, max_entries=16)
def ends(path: str, version: int) -> list[Planned]:  # noqa: ARG001 (what is kept depends on the version)
    """The model's planned ends at the end of its log, what needs somebody first."""
    config = data.config(path)
    return register(data.store(config.store.url), config)


def planned(page: Page) -> None:
    """Features with a planned end, whether it was kept, and what still depends on them."""
    if not page.config.deprecations:
        return
    found = ends(page.path, int(data.known(page.path)["version"]))
    st.subheader("Planned ends", anchor=False)
    shares = missing_shares(page.measured[page.measured["monitor"] == "missing"])
    served = shares[shares["feature"].isin([end.name for end in found])].assign(share=lambda f: 1 - f["total"])
    if page.seen.grain.kind == "rows":
        common.nothing("Windows of rows have no dates to compare planned ends with.")
        return
    if len(served):  # some of them are features of this model
        _calendar(page, found, served)
    _table(found)


def _calendar(page: Page, found: list[Planned], served: pd.DataFrame) -> None:
    rows = pd.DataFrame(
        {
            "feature": [end.name for end in found],
            "date": [pd.Timestamp(end.date) if end.date else pd.NaT for end in found],
            "state": [end.state for end in found],
            "said": [_brief(end) for end in found],
            "message": [f"{quoted(end.name)} {told(end)}." for end in found],
            "share": [end.share for end in found],
        }
    )
    figure = planned_ends(
        served[["feature", "x", "x_end", "reference", "share"]],
        rows,
        title=_title(found),
        caption=page.text(labels_pending=None),
        events=page.events,
        mode=common.mode(),
        width=1000,
    )
    common.picking(figure, "planned-ends")


def _brief(end: Planned) -> str:
    if end.state == "planned" and end.days is not None:
        return f"in {counted(end.days, 'day', 'days')}" if end.days else "today"
    if end.state == "overdue" and end.days is not None:
        return f"{counted(-end.days, 'day', 'days')} overdue"
    return _STATES[end.state]


def _title(found: list[Planned]) -> str:
    """What needs somebody, else what comes next."""
    parts = []
    for state, one, many in (
        ("overdue", "is served after its end", "are served after their end"),
        ("early", "left before its end", "left before their end"),
    ):
        names = [end.name for end in found if end.state == state]
        if names:
            parts.append(f"{quoted(names[0])} {one}" if len(names) == 1 else f"{len(names)} features {many}")
    coming = [end for end in found if end.state == "planned" and end.days is not None]
    if not parts and coming:
        first = min(coming, key=lambda end: end.days or 0)
        return f"Every plan was kept so far; next {quoted(first.name)} ends, {_brief(first)}"
    return "; ".join(parts) if parts else "Every planned end was kept"


def _table(found: list[Planned]) -> None:
    config = st.column_config
    rows = pd.DataFrame(
        {
            "feature": [plain(end.name) for end in found],
            "date": [str(end.date) if end.date else "no date yet" for end in found],
            "owner": [plain(end.owner or "") for end in found],
            "state": [_brief(end) for end in found],
            "served": [share(end.share) if end.share is not None else "–" for end in found],
            "rank": [f"{end.rank} of {end.features} ({end.power:.2f})" if end.rank else "–" for end in found],
            "still": [
                _listed([plain(name) + ("" if part > 0.995 else f" {share(part)}") for name, part in end.still])
                for end in found
            ],
            "together": [_listed([plain(name) for name in end.together]) for end in found],
        }
    )
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        key="planned-ends",
        column_config={
            "feature": config.TextColumn("Feature"),
            "date": config.TextColumn("Ends"),
            "owner": config.TextColumn("Owner"),
            "state": config.TextColumn("How it stands"),
            "served": config.TextColumn("Rows that have it"),
            "rank": config.TextColumn("Rank by power"),
            "still": config.TextColumn("Still sent by", width=300),
            "together": config.TextColumn("Moves with", width=130),
        },
    )


def _listed(names: list[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) + more) if names else "–"
