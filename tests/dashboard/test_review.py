"""The Review's weeks, numbers and headline."""

from __future__ import annotations

import pandas as pd

from dashboard import data
from dashboard.views.review import headline, incidents_of
from dashboard.weeks import numbers, spans
from monitors.views import Look


def test_days_are_reviewed_by_calendar_week_the_latest_first(flights: str) -> None:
    weeks = spans(data.page(flights, Look("1d")))
    assert weeks[0].label == "27 Jul 2015 to 2 Aug 2015"
    assert weeks[-1].label == "29 Dec 2014 to 4 Jan 2015"
    assert all(week.words == "this week" for week in weeks)


def test_coarser_windows_are_reviewed_one_by_one(flights: str) -> None:
    months = spans(data.page(flights, Look("1mo")))
    assert [month.label for month in months][:2] == ["1 Jul 2015 to 31 Jul 2015", "1 Jun 2015 to 30 Jun 2015"]
    assert months[0].words == "this month"
    assert spans(data.page(flights, Look("3mo")))[0].words == "in this window"


def test_numbers_are_those_of_the_week_as_a_whole(flights: str) -> None:
    page, by_week = data.page(flights, Look("1d")), data.page(flights, Look("1w"))
    week = spans(page)[1]
    tiles = numbers(page, week)
    assert [tile.label for tile in tiles][:3] == ["AUC, realised", "Rows", "Labels in"]
    assert tiles[3].label == "Furthest drift: AIRLINE"
    assert numbers(by_week, spans(by_week)[1]) == tiles
    rows = page.windows[(page.windows["window_start"] >= week.start) & (page.windows["window_start"] < week.end)][
        "rows"
    ]
    assert tiles[1].value == f"{rows.sum():,}"
    assert tiles[1].due.endswith("expected")


def test_a_week_that_is_not_over_says_so(flights: str) -> None:
    page = data.page(flights, Look("1d"))
    assert numbers(page, spans(page)[0])[1].due == "not over yet"


def test_incidents_stand_as_they_did_at_the_end_of_the_week(flights: str) -> None:
    page = data.page(flights, Look("1d"))
    by_label = {week.label: week for week in spans(page)}
    before = incidents_of(page, by_label["22 Jun 2015 to 28 Jun 2015"])
    first = incidents_of(page, by_label["29 Jun 2015 to 5 Jul 2015"])
    later = incidents_of(page, by_label["27 Jul 2015 to 2 Aug 2015"])
    assert "AIRLINE" not in set(before.loc[before["severity"] == "alert", "feature"])
    assert first.iloc[0][["feature", "kind", "is_new"]].tolist() == ["AIRLINE", "lost_category", True]
    assert later.iloc[0][["feature", "kind", "is_new"]].tolist() == ["AIRLINE", "lost_category", False]


def test_headlines() -> None:
    columns = ["severity", "is_open", "is_new", "monitor", "kind", "feature", "segment"]

    def told(*rows: tuple[str, bool, bool]) -> str:
        every = [(*row, "drift", "shift", f"f{i}", None) for i, row in enumerate(rows)]
        return headline(pd.DataFrame(every, columns=columns), "this week")

    assert told() == "All quiet this week: every measurement stayed within its quiet range"
    assert told(("alert", True, False)) == "1 incident needs attention: “f0” has shifted"
    assert told(("alert", True, True)) == "1 incident needs attention, new: “f0” has shifted"
    three = told(("alert", True, True), ("alert", True, False), ("alert", True, False), ("alert", False, False))
    assert three.startswith("3 incidents need attention, 1 of them new: “f0” has shifted; “f1” has shifted; and 1 more")
    assert three.endswith("; 1 more came and went")
    assert told(("alert", False, True)).startswith("Nothing is open; 1 incident came and went this week")
    assert told(("watch", True, True)).startswith("No alert this week; 1 thing is worth a look: “f0” has shifted")
