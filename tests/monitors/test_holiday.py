"""Which windows are holidays: noted by hand, or a country's."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from monitors.config import Config
from monitors.errors import UserError
from monitors.holiday import country_days, holiday_windows
from monitors.windows import Grain, instant

BERLIN = "Europe/Berlin"
DAYS, HOURS, WEEKS = (Grain.parse(size, BERLIN) for size in ("1d", "1h", "1w"))


def at(text: str) -> int:
    return instant(text, BERLIN)


def labels(found: dict[int, str], grain: Grain) -> dict[str, str]:
    return {grain.label(start): name for start, name in found.items()}


def test_a_noted_day_is_a_holiday_from_midnight_to_midnight() -> None:
    days = DAYS.range(at("2025-03-24"), at("2025-04-06")).tolist()
    noted = [(at("2025-03-28T17:00"), "closed")]
    assert labels(holiday_windows(days, DAYS, noted), DAYS) == {"2025-03-28": "closed"}
    hours = HOURS.range(at("2025-03-24"), at("2025-04-06")).tolist()
    found = labels(holiday_windows(hours, HOURS, [(at("2025-03-30"), "the clock changes")]), HOURS)
    assert len(found) == 23
    assert {label[:10] for label in found} == {"2025-03-30"}


def test_a_week_is_a_holiday_when_half_of_it_is() -> None:
    weeks = WEEKS.range(at("2025-12-01"), at("2026-01-11")).tolist()
    noted = [(at(f"2025-12-{day}"), "closed") for day in (24, 25, 26)]
    assert not holiday_windows(weeks, WEEKS, noted)
    found = holiday_windows(weeks, WEEKS, [*noted, (at("2025-12-27"), "closed")])
    assert labels(found, WEEKS) == {"week of 2025-12-22": "closed"}


def test_rows_have_holidays_by_number() -> None:
    rows = Grain.parse("100 rows")
    assert holiday_windows([0, 100, 200], rows, [(150, "replayed"), (900, "later")]) == {100: "replayed"}


@pytest.mark.parametrize("starts", [[], [at("2025-03-28")]])
def test_without_notes_there_are_none(starts: list[int]) -> None:
    assert holiday_windows(starts, DAYS) == {}


def test_a_country_has_its_own_and_a_note_names_the_day_otherwise() -> None:
    days = DAYS.range(at("2024-12-20"), at("2025-01-10")).tolist()
    german = labels(holiday_windows(days, DAYS, country="DE"), DAYS)
    assert set(german) == {"2024-12-25", "2024-12-26", "2025-01-01"}
    bavarian = labels(holiday_windows(days, DAYS, [(at("2025-01-01"), "our day")], "DE-BY"), DAYS)
    assert set(bavarian) - set(german) == {"2025-01-06"}
    assert bavarian["2025-01-01"] == "our day"
    # federal holidays of 2025 as the Office of Personnel Management lists them, and the inauguration's day
    # https://www.opm.gov/policy-data-oversight/pay-leave/federal-holidays/
    american = country_days("US", instant("2025-01-01", "UTC"), instant("2025-12-31", "UTC"), "UTC")
    of_2025 = {str(np.datetime64(start, "us").astype("M8[D]")) for start in american}
    assert {"2025-01-01", "2025-01-20", "2025-05-26", "2025-06-19", "2025-07-04", "2025-09-01", "2025-11-11",
            "2025-11-27", "2025-12-25"} <= of_2025  # fmt: skip


def test_what_is_no_country_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for code in ("ZZ", "DE-XX"):
        with pytest.raises(UserError, match=f'reference.holidays is "{code}", which is no country'):
            holiday_windows([at("2025-01-01")], DAYS, country=code)
    with pytest.raises(UserError, match='reference.holidays is "Germany"; give the code of a country'):
        Config.from_dict({"logs": {"path": "x", "timestamp": "ts"}, "reference": {"holidays": "Germany"}})
    with pytest.raises(UserError, match="needs windows of the calendar"):
        Config.from_dict({"logs": {"path": "x"}, "reference": {"holidays": "US"}})
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(UserError, match=r"pip install 'driftmeter\[holidays\]'"):
        holiday_windows([at("2025-01-01")], DAYS, country="US")
