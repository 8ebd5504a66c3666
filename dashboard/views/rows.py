"""The rows behind a window: Evidently's report on a sample of them, when somebody asks for it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import data
from dashboard.data import Page
from monitors.drilldown import SAMPLE, drilldown
from monitors.errors import UserError


def show_rows(page: Page, window: dict[str, Any]) -> None:
    """A button that reads the log again, and then one that downloads the report."""
    with st.expander("The rows behind this window"):
        st.caption(
            f"Evidently compares up to {SAMPLE:,} rows of this window with as many of the reference, column by "
            "column, in bins and with tests of its own: it may disagree with the alarms above. Reads the log again; "
            "about a quarter of a minute."
        )
        asked = f"{page.path}|{int(window['window_start'])}"
        if st.button("Make Evidently's report", icon=":material/table_view:"):
            st.session_state["report"] = asked
        if st.session_state.get("report") != asked:
            return
        try:
            report = _report(page.path, int(window["window_start"]), int(window["window_end"]))
        except UserError as error:
            st.error(str(error))
            return
        name = f"{page.config.model.name}-{window['x']}.html".replace(" ", "-").replace(":", "")
        st.download_button("Download the report", report, name, "text/html", icon=":material/download:")


@st.cache_data(show_spinner="Reading rows…", max_entries=8)
def _report(path: str, start: int, end: int) -> bytes:
    current = data.config(path)
    store = data.store(current.store.url)
    windows = [at for at in store.starts(current.model.name) if start <= at < end]
    with tempfile.TemporaryDirectory() as folder:
        return drilldown(current, store, windows, Path(folder) / "report.html").read_bytes()
