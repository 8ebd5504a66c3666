"""Everything about one feature."""

from __future__ import annotations

import streamlit as st

from dashboard.data import Page

TITLE = "Feature"
ICON = ":material/search_insights:"


def show(page: Page) -> None:
    """Not yet."""
    st.write(page.features)
