"""Where the log came from: columns that are new, model versions, files and what of them could not be read."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import data
from dashboard.charts.text import count, moment, plain
from dashboard.data import Page
from dashboard.views import common
from dashboard.views.common import counted
from monitors.store import ROLES

_ROW = 35


# ----- what is asked of the store -----------------------------------------------------------------------------------


@st.cache_data(show_spinner=False, max_entries=16)
def files(path: str, version: int, model: str) -> pd.DataFrame:  # noqa: ARG001 (what is kept depends on the version)
    """The files that the store read: `role` (log, label, training, offline), `file`, `rows`, `notes` (what could not
    be read)."""
    base = data.store(data.config(path).store.url)
    rows = [
        {"role": role, "file": key, "rows": entry["rows"], "notes": "; ".join(map(plain, entry["notes"]))}
        for role in ROLES
        for key, entry in base.ledger(model, role).items()
    ]
    return pd.DataFrame(rows, columns=["role", "file", "rows", "notes"])


@st.cache_data(show_spinner=False, max_entries=16)
def versions(path: str, version: int, model: str, column: str) -> pd.DataFrame:  # noqa: ARG001 (as above)
    """Model versions in the log, the first seen first: `version`, `first`, `last` (starts of windows), `windows`."""
    base = data.store(data.config(path).store.url)
    prefix = f"{column}="
    rows = [
        {"version": name.removeprefix(prefix), "first": min(starts), "last": max(starts), "windows": len(starts)}
        for name, starts in base.segments_by_window(model).items()
        if name.startswith(prefix) and starts
    ]
    return pd.DataFrame(rows, columns=["version", "first", "last", "windows"]).sort_values(
        ["first", "version"], kind="stable"
    )


# ----- tables -------------------------------------------------------------------------------------------------------


def new_columns(page: Page) -> None:
    """Columns that the reference did not have, since when and in how many rows."""
    rows = page.metric("integrity", "new_column")
    rows = rows[rows["value"] > 0]
    if rows.empty:
        return
    seen = [(str(name), part) for name, part in rows.groupby("feature", sort=False)]
    st.subheader(counted(len(seen), "column is", "columns are") + " new since the reference", anchor=False)
    st.caption("They are not watched: name them under [features], and start a new reference, if the model uses them.")
    shown = pd.DataFrame(
        {
            "column": [plain(name) for name, _ in seen],
            "since": [moment(part["x"].iloc[0]) for _, part in seen],
            "last": [moment(part["x"].iloc[-1]) for _, part in seen],
            "share": [float(part["value"].iloc[-1]) for _, part in seen],
        }
    )
    config = st.column_config
    _table(
        shown,
        "new-columns",
        {
            "column": config.TextColumn("Column", width=300),
            "since": config.TextColumn("First window"),
            "last": config.TextColumn("Last window"),
            "share": config.NumberColumn("Rows with it, last window", format="percent"),
        },
    )


def model_versions(page: Page) -> None:
    """Versions in the log, from when to when."""
    st.subheader("Model versions", anchor=False)
    column = page.config.features.version
    if column is None:
        common.nothing(
            "The log names no model version.",
            "Name its column under [features] version in driftmeter.toml: a deploy then shows in every chart.",
        )
        return
    rows = versions(page.path, int(data.known(page.path)["version"]), page.config.model.name, column)
    if rows.empty:
        common.nothing(f"The column {common.quoted(column)} holds no version yet.")
        return
    fine = data.finest(page.path)
    config = st.column_config
    _table(
        pd.DataFrame(
            {
                "version": [plain(name) for name in rows["version"]],
                "first": [moment(x) for x in data.to_x(rows["first"], fine)],
                "last": [moment(x) for x in data.to_x(rows["last"], fine)],
                "windows": rows["windows"].to_numpy(),
            }
        ),
        "versions",
        {
            "version": config.TextColumn(plain(column)),
            "first": config.TextColumn("First seen"),
            "last": config.TextColumn("Last seen"),
            "windows": config.NumberColumn(f"Windows of {fine.size}"),
        },
    )


def read_files(sources: pd.DataFrame) -> None:
    """That every file could be read, or what of which was lost."""
    st.subheader("Files", anchor=False)
    told = ", ".join(
        f"{counted(int((sources['role'] == role).sum()), one, many)}"
        + (f" with {count(sources.loc[sources['role'] == role, 'rows'].sum())} rows" if role == "log" else "")
        for role, one, many in (
            ("log", "log file", "log files"),
            ("label", "label file", "label files"),
            ("training", "training file", "training files"),
            ("offline", "offline file", "offline files"),
        )
        if (sources["role"] == role).any()
    )
    bad = sources[sources["notes"] != ""]
    if bad.empty:
        common.nothing(f"Every file could be read to its end: {told}." if told else "The store has read no file yet.")
        return
    st.caption(common.safe(f"Of {told}, {counted(len(bad), 'file was', 'files were')} not read as a whole."))
    config = st.column_config
    _table(
        pd.DataFrame(
            {"file": [plain(f) for f in bad["file"]], "rows": bad["rows"].to_numpy(), "notes": bad["notes"].to_numpy()}
        ),
        "files",
        {
            "file": config.TextColumn("File", width=180),
            "rows": config.NumberColumn("Rows read", width=80, format="localized"),
            "notes": config.TextColumn("What was lost", width=300),
        },
    )


def _table(frame: pd.DataFrame, key: str, columns: dict[str, Any], most: int = 8) -> None:
    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        width="stretch",
        height=_ROW * (min(most, len(frame)) + 1) + 3,
        column_config=columns,
        placeholder="–",
    )
