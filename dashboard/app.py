"""The dashboard: its pages, and what they are given."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import streamlit as st

from dashboard import data, state
from dashboard.views import common, feature, overview, review
from monitors.errors import UserError

PAGES: dict[str, ModuleType] = {
    "review": review,
    "overview": overview,
    "feature": feature,
}


def main() -> None:
    """Draw the navigation, the sidebar and the page that was chosen."""
    st.set_page_config("Driftmeter", ":material/monitoring:", layout="wide", initial_sidebar_state=264)
    st.html(_STYLE)

    def shown(view: ModuleType) -> Callable[[], None]:
        return lambda: _show(view, said)

    pages = {
        path: st.Page(shown(view), title=view.TITLE, icon=view.ICON, url_path=path, default=view is review)
        for path, view in PAGES.items()
    }
    st.session_state[common.FEATURE_PAGE] = pages["feature"]
    chosen = st.navigation(list(pages.values()), expanded=True)
    said = state.sidebar()  # here, not in the page: what belongs to all pages stays when they change
    chosen.run()


def _show(view: ModuleType, said: state.View) -> None:
    state.show_notes()
    if said.look is None:
        common.problem(said.problem)
        return
    try:
        page = data.page(said.path, said.look, said.start, said.end, said.last)
    except UserError as error:
        common.problem(str(error))
        return
    view.show(page)


_STYLE = """<style>
[data-testid=stMainBlockContainer] { padding: 3.4rem 2rem 2rem; }
</style>"""

main()
