"""The dashboard: its pages, and what they are given."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import streamlit as st

from dashboard import data, state
from dashboard.mark import mark, wordmark
from dashboard.views import common, concept, decay, feature, incidents, log_health, missing, overview, review, scorecard
from monitors.errors import UserError

HOME = "home"  # the first page stands at /, whatever its path
PAGES: dict[str, ModuleType] = {
    HOME: review,
    "overview": overview,
    "incidents": incidents,
    "concept": concept,
    "decay": decay,
    "missing": missing,
    "feature": feature,
    "log-health": log_health,
    "scorecard": scorecard,
}


def main() -> None:
    """Draw the navigation, the sidebar and the page that was chosen."""
    st.set_page_config("Driftmeter", mark(), layout="wide", initial_sidebar_state=264)
    st.logo(wordmark(common.mode()), size="large", icon_image=mark(common.mode()))
    st.html(_STYLE)

    def shown(view: ModuleType) -> Callable[[], None]:
        return lambda: _show(view, said)

    pages = {
        path: st.Page(shown(view), title=view.TITLE, icon=view.ICON, url_path=path, default=path == HOME)
        for path, view in PAGES.items()
    }
    st.session_state[common.PAGES] = pages
    also = st.Page(shown(review), title=review.TITLE, url_path="review", visibility="hidden")
    # /review is to lead there too, but it is not in the navigation twice
    chosen = st.navigation([*pages.values(), also], expanded=True)
    said = state.sidebar()  # here, not in the page: what belongs to all pages stays when they change
    chosen.run()


def _show(view: ModuleType, said: state.View) -> None:
    above = st.container()
    if said.look is None:
        common.problem(said.problem)
    else:
        try:
            page = data.page(said.path, said.look, said.start, said.end, said.last)
        except UserError as error:
            common.problem(str(error))
        else:
            view.show(page)
    with above:
        common.show_notes()


_STYLE = """<style>
[data-testid=stMainBlockContainer] { padding: 3.4rem 2rem 2rem; }
</style>"""

if __name__ == "__main__":
    main()
