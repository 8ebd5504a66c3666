"""Which windows are compared with which, and that a rolling reference judges as a frozen one does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from monitors.assess import measure_all
from monitors.config import Config
from monitors.errors import UserError
from monitors.events import version_events
from monitors.integrity import measure as integrity
from monitors.missing import measure as missing
from monitors.reference import DEFAULT_WINDOWS, Plan, plan, season_phase
from monitors.windows import Grain
from tests.cubes import FIRST_DAY, binary_log, build, day_of
from tests.monitors.found import config

DAYS = Grain.parse("1d")
DAY = 86_400_000_000
BEGIN = int(FIRST_DAY.astype(np.int64))
STARTS = [BEGIN + i * DAY for i in range(40)]


def planned(starts: list[int] = STARTS, grain: Grain = DAYS, **reference: Any) -> Plan:
    return plan(config(reference=reference), grain, starts)


def places(found: list[int] | tuple[int, ...]) -> list[int]:
    return [(start - BEGIN) // DAY for start in found]


def test_a_range_of_dates_holds_its_last_day() -> None:
    found = planned(start="2025-01-08", end="2025-01-12")
    assert places(found.frozen) == [2, 3, 4, 5, 6]
    assert found.words == "2025-01-08 to 2025-01-12"
    assert not found.rolls
    assert places(planned(end="2025-01-07").frozen) == [0, 1]
    assert planned(start="2025-01-08", end="2025-01-08").words == "2025-01-08"


def test_windows_that_a_range_cuts_are_its_only_when_there_are_no_others() -> None:
    weeks = Grain.parse("1w")
    starts = [BEGIN + 7 * i * DAY for i in range(6)]
    assert places(planned(starts, weeks, start="2025-01-06", end="2025-01-22").frozen) == [0, 7]
    assert places(planned(starts, weeks, start="2025-01-06", end="2025-01-08").frozen) == [0]


def test_without_a_word_the_first_windows_are_the_reference_but_at_most_half() -> None:
    assert len(planned().frozen) == 20
    assert len(planned([BEGIN + i * DAY for i in range(400)]).frozen) == DEFAULT_WINDOWS["d"]
    assert len(planned(STARTS[:1]).frozen) == 1
    rows = plan(Config.from_dict({"logs": {"path": "x"}}), Grain.parse("100 rows"), list(range(0, 5000, 100)))
    assert len(rows.frozen) == DEFAULT_WINDOWS["rows"]
    assert rows.words == "rows 0–99 to rows 900–999"


def test_windows_lie_between_unless_told_otherwise() -> None:
    assert [planned(previous=k).lag for k in (1, 3, 5, 28)] == [1, 3, 5, 5]
    assert planned(previous=28, lag=0).lag == 0
    assert planned(season="1w").lag == 0  # the weeks before are far enough
    with pytest.raises(UserError, match="lag is given without previous or season"):
        config(reference={"end": "2025-02-01", "lag": 2})


def test_windows_before() -> None:
    found = planned(previous=3)
    assert found.rolls
    assert places(found.of(STARTS[10], STARTS, DAYS)) == [7, 8, 9]
    assert places(found.of(STARTS[1], STARTS, DAYS)) == [0]
    with_gap = [start for start in STARTS if start not in STARTS[7:9]]
    assert places(found.of(STARTS[10], with_gap, DAYS)) == [5, 6, 9]
    assert places(found.of(STARTS[8], with_gap, DAYS)) == [4, 5, 6]  # a day that is a gap itself


def test_the_same_weekday_of_weeks_before() -> None:
    found = planned(season="1w", count=3)
    assert places(found.of(STARTS[30], STARTS, DAYS)) == [9, 16, 23]
    assert places(found.of(STARTS[12], STARTS, DAYS)) == [5]


def test_the_weeks_before_hold_each_weekday_as_often() -> None:
    found = replace(planned(season="1w", count=3), pooled=True)
    assert places(found.of(STARTS[30], STARTS, DAYS)) == list(range(7, 28))  # the fifth week: the three before it
    assert places(found.of(STARTS[12], STARTS, DAYS)) == list(range(7))
    assert places(found.frozen) == list(range(21))


def test_a_weekday_that_was_left_out_is_one_of_an_earlier_week() -> None:
    quiet = [start for start in STARTS if start != STARTS[22]]  # a Tuesday
    alone = planned(season="1w", count=2)
    assert places(alone.of(STARTS[29], quiet, DAYS)) == [8, 15]
    found = replace(alone, pooled=True).of(STARTS[30], quiet, DAYS)
    assert places(found) == [8, *range(14, 22), *range(23, 28)]


def test_a_season_of_one_window_is_the_windows_before() -> None:
    weeks = Grain.parse("1w")
    starts = [BEGIN + 7 * i * DAY for i in range(9)]
    by_season, before = planned(starts, weeks, season="1w", count=4), planned(starts, weeks, previous=4)
    for start in starts[1:]:
        assert by_season.of(start, starts, weeks) == before.of(start, starts, weeks)


def test_days_of_the_month_are_compared_with_the_same_days_of_months_before() -> None:
    starts = [BEGIN + i * DAY for i in range(120)]
    found = planned(starts, season="1mo", count=2)
    earlier = found.of(BEGIN + 100 * DAY, starts, DAYS)  # 2025-04-16
    assert [DAYS.label(start) for start in earlier] == ["2025-02-16", "2025-03-16"]


def test_the_same_hour_of_weeks_before_whatever_the_clock_does() -> None:
    berlin = Grain.parse("1h", "Europe/Berlin")
    first = int(np.datetime64("2025-03-03T00:00", "us").astype(np.int64))
    starts = berlin.range(first, first + 35 * DAY).tolist()
    alone = plan(config(reference={"season": "1w", "count": 2}), berlin, starts)
    found = replace(alone, pooled=True)
    noon = int(np.datetime64("2025-04-02T10:30", "us").astype(np.int64))  # 12:30 in summer
    earlier = found.of(int(berlin.starts(np.array([noon]))[0]), starts, berlin)
    weeks = Grain.parse("1w", "Europe/Berlin")
    phases = season_phase(np.array([*earlier, noon - 30 * 60_000_000]), berlin, weeks)
    same = [berlin.label(start) for start, phase in zip(earlier, phases, strict=False) if phase == phases[-1]]
    assert same == ["2025-03-19 12:00", "2025-03-26 12:00"]
    # the hour that the clock skipped on the last Sunday of March is one of the two Sundays before
    skipped = [label for label in map(berlin.label, earlier) if label.endswith("02:00") and label[8:10] in {"16", "23"}]
    assert skipped == ["2025-03-16 02:00", "2025-03-23 02:00"]
    assert len(earlier) == 2 * 7 * 24
    assert [berlin.label(start) for start in alone.of(noon - 30 * 60_000_000, starts, berlin)] == same


@pytest.mark.parametrize(
    ("reference", "starts", "words"),
    [
        ({"start": "2020-01-01", "end": "2020-02-01"}, STARTS, "no window of the log, which runs from 2025-01-06"),
        ({"start": "2025-01-01", "end": "2025-12-31"}, STARTS, "covers all of the log's 40 windows"),
        ({}, [], "the log has no rows that lie in a window"),
    ],
)
def test_a_reference_that_cannot_be_is_told(reference: dict[str, str], starts: list[int], words: str) -> None:
    with pytest.raises(UserError) as error:
        planned(starts, **reference)
    assert words in str(error.value)
    assert str(error.value).endswith(".")


LOG = binary_log(seed=7, count=30, rows=200)


def test_a_rolling_reference_leaves_the_first_windows_unjudged() -> None:
    built = build(LOG, 10)
    found = measure_all(built.cube, planned(previous=10), built.settings, monitors=[missing])
    null = found[(found["metric"] == "null_share") & (found["feature"] == "x")]
    assert null["window_start"].tolist() == built.cube.starts.tolist()
    judged = null["p_value"].notna().to_numpy()
    assert not judged[:3].any()
    assert judged[10:].all()
    assert (null["reference"].astype(bool).to_numpy() == ~judged).all()


def test_days_on_which_nothing_ever_comes_are_no_gaps_for_a_rolling_reference_either() -> None:
    closed = LOG[(day_of(LOG) % 7 != 6) & (day_of(LOG) != 23)].reset_index(drop=True)
    built = build(closed, 10)
    for reference in ({"previous": 12}, {"end": "2025-01-19"}):
        chosen = planned(built.cube.starts.tolist(), **reference)
        found = measure_all(built.cube, chosen, built.settings, monitors=[integrity])
        gaps = found[(found["metric"] == "gap") & (found["p_value"] < 0.01)]
        assert places(gaps["window_start"].tolist()) == [23]


def test_a_version_that_is_first_seen_is_a_deploy() -> None:
    seen = {"v=1": [5, 6], "v=2": [7, 8], "v=3": [7], "place=a": [1], "": [1, 5]}
    deploy = {"at": 7, "kind": "deploy"}
    assert version_events(seen, "v") == [{**deploy, "text": "v 2"}, {**deploy, "text": "v 3"}]
    assert version_events(seen, None) == version_events({}, "v") == []
