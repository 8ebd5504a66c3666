"""What pages say of themselves: false alerts to be expected, and what windows were too small to show."""

from __future__ import annotations

import re

import pytest

from dashboard import data, trust
from monitors.views import Look
from tests.dashboard.conftest import Opened, texts
from tests.dashboard.test_app import figures


def test_false_alerts_are_counted_for_the_period_shown(flights: str) -> None:
    page = data.page(flights, Look("1d"))
    loud = page.told[(page.told["severity"] == "alert")]["window_start"].nunique()
    judged = page.measured.loc[page.measured["p_value"].notna(), "window_start"].nunique()
    assert trust.false_alerts(page) == (
        f"If all {judged} judged windows were quiet, about {0.05 * judged:.0f} would show a false alert by chance "
        f"(rate 5.0%); {loud} have alerts."
    )
    few = data.page(flights, Look("1d"), last=4)
    assert "If all 4 judged windows were quiet, fewer than one would show" in trust.false_alerts(few)
    reference = data.page(flights, Look("1d"), end=int(page.windows["window_start"].iloc[30]))
    assert trust.false_alerts(reference) == ""


@pytest.mark.parametrize(("segment", "part"), [("", 0.5), ("locale=en-US", 0.5)])
def test_a_look_at_a_segment_spends_a_part_of_the_rate(search: str, segment: str, part: float) -> None:
    assert trust.rate(data.page(search, Look("1d"))) == 0.05
    looked = trust.rate(data.page(search, Look("1w", segment=segment)))
    segments = [name for name in data.segments(search) if name.startswith("locale=")]
    assert looked == pytest.approx(0.05 * part / (len(segments) if segment else 1))


def test_what_was_too_small_is_told_with_the_smallest_shift(flights: str) -> None:
    page = data.page(flights, Look("1d"))
    told = trust.too_small(page)
    wanted = r"AUC in (\d+) of \1 windows \(a shift under 0\.\d+ would not have been seen where 0\.03 matters\)"
    assert re.search(wanted, told)
    assert len(told) < 700


def test_pages_say_so(opened: Opened, flights: str) -> None:
    app = opened(flights, page="overview")
    notes = [note["text"] for figure in figures(app) for note in figure["layout"]["annotations"]]
    assert any("would show a false alert by chance" in text for text in notes)
    assert "Too few rows to show a change of the size that matters" in texts(app).replace("\\", "")
    drift = opened(flights, page="feature", feature="AIR_TIME")
    notes = [note["text"] for figure in figures(drift) for note in figure["layout"]["annotations"]]
    assert any("Hatched: " in text and "would not have been seen there" in text for text in notes)
