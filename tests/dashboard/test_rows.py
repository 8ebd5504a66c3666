"""Evidently's report behind the Feature page."""

from __future__ import annotations

import pytest

from tests.dashboard.conftest import Opened


@pytest.mark.filterwarnings("ignore")  # of Evidently and of what it imports
def test_the_report_is_made_when_asked_for(opened: Opened, flights: str) -> None:
    app = opened(flights, page="feature")
    assert not app.exception
    button = next(each for each in app.button if "Evidently" in each.label)
    app = button.click().run(timeout=90)
    assert not app.exception
    assert not app.error
    assert [each for each in app.get("download_button") if "report" in each.proto.label]
