"""What was served against what was computed offline, feature by feature, on the Log health page."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.charts.text import plain, share
from dashboard.data import Page
from dashboard.theme import STATUS
from dashboard.views import common
from dashboard.views.common import counted

_PARTS = {
    "mismatch_values": "Differ",
    "mismatch_missing": "Missing in the log",
    "mismatch_missing_offline": "Missing offline",
}
_ROW = 35
_MOST = 10


def offline(page: Page) -> None:
    """How much of the log the second log has, and what differs, worst first; nothing where there is no second log."""
    matched = page.metric("skew", "offline_matched")
    if matched.empty:
        return
    table = mismatches(page)
    rows, joined = float(matched["n"].sum()), float((matched["n"] * matched["value"]).sum())
    wrong = table[table["share"] > 0]
    told = (
        f"{counted(len(wrong), 'feature was', 'features were')} served otherwise than computed offline"
        if len(wrong) else "Every feature was served as it was computed offline"
    )  # fmt: skip
    st.subheader(told, anchor=False)
    st.caption(
        f"{share(joined / max(rows, 1))} of the log's rows in the period shown are in the offline log; {len(table)} "
        "features are in both. Ids are those of rows to look at, of the last window that differs."
    )
    if wrong.empty:
        return
    config = st.column_config
    shown = pd.DataFrame({
        "status": [f"{STATUS[s].glyph} {STATUS[s].word}" if isinstance(s, str) else "" for s in wrong["severity"]],
        "feature": [plain(name) for name in wrong["feature"]],
        "share": 100 * wrong["share"],
        **{name: 100 * wrong[name] for name in _PARTS},
        "ids": [plain(text) for text in wrong["ids"]],
    })  # fmt: skip
    event = st.dataframe(
        shown, key="offline", hide_index=True, width="stretch", on_select="rerun", selection_mode="single-row",
        height=round(_ROW * (min(len(shown), _MOST + 0.5) + 1)) + 3,
        column_config={
            "status": config.TextColumn("Status", width=90),
            "feature": config.TextColumn("Feature", width=180),
            "share": config.NumberColumn("Rows that do not agree", format="%.2f%%", width=150),
            **{name: config.NumberColumn(word, format="%.2f%%", width=120) for name, word in _PARTS.items()},
            "ids": config.TextColumn("Ids, such as", width=320),
        },
    )  # fmt: skip
    picked = event.selection.rows
    if picked and picked[0] < len(wrong):
        common.open_feature(str(wrong["feature"].iloc[picked[0]]))


def mismatches(page: Page) -> pd.DataFrame:
    """One row a feature over the period shown: shares of joined rows, by sort, and example ids; worst first."""
    rows = page.metric("skew", "mismatch_share")
    out = []
    for feature, of in rows.groupby("feature", sort=False):
        n = max(float(of["n"].sum()), 1.0)
        told = of[of["detail"].map(lambda text: isinstance(text, str) and "such as " in text)]
        parts = {}
        for name in _PARTS:
            part = page.metric("skew", name, str(feature))
            parts[name] = float((part["n"] * part["value"]).sum()) / n
        severity = next((s for s in ("alert", "watch") if (of["severity"] == s).any()), None)
        ids = str(told["detail"].iloc[-1]).partition("such as ")[2] if len(told) else ""
        whole = float((of["n"] * of["value"]).sum()) / n
        out.append({"feature": feature, "severity": severity, "share": whole, **parts, "ids": ids})
    frame = pd.DataFrame(out, columns=["feature", "severity", "share", *_PARTS, "ids"])
    return frame.sort_values("share", ascending=False, kind="stable").reset_index(drop=True)
