from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors import clock
from monitors.errors import UserError
from monitors.windows import Grain, instant

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/Sao_Paulo",  # clocks changed at midnight: some days began at 01:00
    "Australia/Lord_Howe",  # changes by half an hour
    "Asia/Kolkata",  # half an hour beside UTC
    "America/Havana",  # midnight comes twice
    "America/St_Johns",  # clocks changed at 00:01
    "Pacific/Apia",  # left out 30 December 2011
]
SIZES = ["1h", "2h", "6h", "5h", "1d", "3d", "1w", "2w", "1mo", "3mo"]
DAY = clock.DAY

zones = st.sampled_from(ZONES)
sizes = st.sampled_from(SIZES)
micros = st.integers(
    clock.micros(dt.datetime(1990, 1, 1, tzinfo=dt.UTC)), clock.micros(dt.datetime(2030, 1, 1, tzinfo=dt.UTC))
)
# Around changes of clocks, where it goes wrong if it does.
changes = st.sampled_from(
    [
        clock.micros(dt.datetime.fromisoformat(at))
        for at in (
            "2015-03-29T01:00+00:00",  # Berlin, forward
            "2015-10-25T01:00+00:00",  # Berlin, back
            "2015-10-18T03:00+00:00",  # São Paulo, forward at midnight
            "2016-02-21T02:00+00:00",  # São Paulo, back at midnight
            "2015-04-04T15:00+00:00",  # Lord Howe, back
            "2015-10-03T15:30+00:00",  # Lord Howe, forward
            "2015-11-01T05:00+00:00",  # Havana, back at 01:00
            "2010-11-07T02:31+00:00",  # St John's, back at 00:01
            "2011-12-30T10:00+00:00",  # Apia, a day left out
        )
    ]
)
near_changes = st.builds(lambda at, off: at + off, changes, st.integers(-2 * DAY, 2 * DAY))
times = st.lists(st.one_of(micros, near_changes), min_size=1, max_size=50).map(lambda t: np.array(t, dtype=np.int64))


@given(times, sizes, zones)
def test_a_row_lies_in_its_window(rows: np.ndarray, size: str, zone: str) -> None:
    grain = Grain.parse(size, zone)
    starts = grain.starts(rows)
    assert (starts <= rows).all()
    assert (rows < grain.ends(starts)).all()
    np.testing.assert_array_equal(grain.starts(starts), starts)
    np.testing.assert_array_equal(grain.starts(grain.ends(starts) - 1), starts)


@given(times, sizes, zones)
def test_rows_are_placed_alone_as_together(rows: np.ndarray, size: str, zone: str) -> None:
    grain = Grain.parse(size, zone)
    alone = [int(grain.starts(np.array([row]))[0]) for row in rows]
    np.testing.assert_array_equal(grain.starts(rows), alone)


@given(times, sizes, zones)
def test_order_is_kept(rows: np.ndarray, size: str, zone: str) -> None:
    assert (np.diff(Grain.parse(size, zone).starts(np.sort(rows))) >= 0).all()


@given(st.one_of(micros, near_changes), st.integers(0, 40), st.sampled_from(["1h", "6h", "1d", "1w", "1mo"]), zones)
def test_a_range_is_seamless(first: int, days: int, size: str, zone: str) -> None:
    grain, last = Grain.parse(size, zone), first + days * DAY
    starts = grain.range(first, last)
    assert starts[0] <= first < grain.end(int(starts[0]))
    assert starts[-1] <= last < grain.end(int(starts[-1]))
    np.testing.assert_array_equal(grain.ends(starts)[:-1], starts[1:])


@given(times, st.sampled_from(["1h", "2h", "1d", "1w", "1mo", "3mo", "2d"]), zones)
def test_windows_add_up_to_coarser_ones(rows: np.ndarray, size: str, zone: str) -> None:
    grain = Grain.parse(size, zone)
    for coarse in grain.coarser():
        starts = grain.starts(rows)
        np.testing.assert_array_equal(grain.regroup(starts, coarse), coarse.starts(rows))
        # The coarse window ends where a fine one does.
        ends = coarse.ends(coarse.starts(rows))
        np.testing.assert_array_equal(grain.starts(ends), ends)


@given(
    times, st.sampled_from(["1h", "6h", "1d"]), st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "America/New_York"])
)
def test_agrees_with_pandas(rows: np.ndarray, size: str, zone: str) -> None:
    moments = pd.DatetimeIndex(rows.view("M8[us]")).tz_localize("UTC").tz_convert(zone)
    wall = moments.tz_localize(None)
    # Of an hour that comes twice, rows keep the one that they are in; a midnight is the first.
    is_dst = np.array([moment.dst() != dt.timedelta() for moment in moments])
    ambiguous = is_dst if size != "1d" else np.ones(len(rows), dtype=bool)
    floored = wall.floor(size.upper().replace("H", "h").replace("1D", "D"))
    expected = floored.tz_localize(zone, ambiguous=ambiguous, nonexistent="shift_forward").tz_convert("UTC")
    starts = Grain.parse(size, zone).starts(rows)
    np.testing.assert_array_equal(starts, expected.tz_localize(None).to_numpy().astype("M8[us]").astype(np.int64))


@given(times, zones)
def test_months_and_weeks_agree_with_the_calendar(rows: np.ndarray, zone: str) -> None:
    for row in rows:
        local = dt.datetime.fromtimestamp(row // 10**6, ZoneInfo(zone))
        month = clock.local(int(Grain.parse("1mo", zone).starts([row])[0]), zone)
        week = clock.local(int(Grain.parse("1w", zone).starts([row])[0]), zone)
        assert month is not None
        assert week is not None
        assert (month.year, month.month, month.day) == (local.year, local.month, 1)
        assert week.weekday() == 0
        assert dt.timedelta() <= local.replace(tzinfo=None) - week.replace(tzinfo=None) < dt.timedelta(days=7)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2015-03-29", 23),
        ("Europe/Berlin", "2015-10-25", 25),
        ("America/Sao_Paulo", "2015-10-18", 23),
        ("America/Sao_Paulo", "2016-02-20", 25),
        ("Australia/Lord_Howe", "2015-04-05", 24.5),
        ("Australia/Lord_Howe", "2015-10-04", 23.5),
        ("America/Havana", "2015-11-01", 25),
        ("UTC", "2015-03-29", 24),
    ],
)
def test_days_have_the_hours_that_they_have(zone: str, day: str, hours: float) -> None:
    grain = Grain.parse("1d", zone)
    start = instant(day, zone)
    assert grain.end(start) - start == hours * clock.HOUR
    assert instant(day, zone, end=True) == grain.end(start)
    assert grain.label(start) == day


def test_an_hour_that_comes_twice_is_two_windows_with_two_names() -> None:
    grain = Grain.parse("1h", "Europe/Berlin")
    starts = grain.range(instant("2015-10-25T01:00", "Europe/Berlin"), instant("2015-10-25T03:00", "Europe/Berlin"))
    assert [grain.label(start) for start in starts] == [
        "2015-10-25 01:00",
        "2015-10-25 02:00 CEST",
        "2015-10-25 02:00 CET",
        "2015-10-25 03:00",
    ]
    assert [grain.iso(start) for start in starts][1:3] == ["2015-10-25T02:00:00+02:00", "2015-10-25T02:00:00+01:00"]


@pytest.mark.parametrize(
    ("size", "start", "label", "iso"),
    [
        ("1d", "2015-03-01", "2015-03-01", "2015-03-01T00:00:00+00:00"),
        ("1h", "2015-03-01T14:00", "2015-03-01 14:00", "2015-03-01T14:00:00+00:00"),
        ("1w", "2015-03-02", "week of 2015-03-02", "2015-03-02T00:00:00+00:00"),
        ("1mo", "2015-03-01", "2015-03", "2015-03-01T00:00:00+00:00"),
        ("3mo", "2015-01-01", "2015-01 – 2015-03", "2015-01-01T00:00:00+00:00"),
        ("2d", "2015-03-02", "2015-03-02 – 2015-03-03", "2015-03-02T00:00:00+00:00"),
    ],
)
def test_names_for_people_and_for_programs(size: str, start: str, label: str, iso: str) -> None:
    grain, at = Grain.parse(size), instant(start, "UTC")
    assert grain.starts([at])[0] == at
    assert (grain.label(at), grain.iso(at)) == (label, iso)


def test_windows_of_rows() -> None:
    grain = Grain.parse("1000 rows")
    np.testing.assert_array_equal(grain.starts([0, 999, 1000, 2500]), [0, 0, 1000, 2000])
    assert (grain.end(1000), grain.label(1000), grain.iso(1000)) == (2000, "rows 1,000–1,999", 1000)
    np.testing.assert_array_equal(grain.range(500, 2100), [0, 1000, 2000])
    assert [coarse.size for coarse in grain.coarser()] == ["2000 rows", "5000 rows", "10000 rows"]
    np.testing.assert_array_equal(grain.regroup([0, 1000, 2000], grain.coarser()[0]), [0, 0, 2000])


@pytest.mark.parametrize(
    ("size", "coarser"),
    [
        ("1h", ["1d", "1w", "1mo"]),
        ("6h", ["1d", "1w", "1mo"]),
        ("1d", ["1w", "1mo", "3mo"]),
        ("1w", ["4w"]),
        ("1mo", ["3mo", "12mo"]),
        ("5h", []),
    ],
)
def test_coarser_grains(size: str, coarser: list[str]) -> None:
    assert [grain.size for grain in Grain.parse(size, "Europe/Berlin").coarser()] == coarser


def test_weeks_do_not_add_up_to_months() -> None:
    with pytest.raises(UserError, match="do not add up"):
        Grain.parse("1w").regroup([0], Grain.parse("1mo"))


def test_stray_years_cost_nothing() -> None:
    rows = np.array([instant("2015-06-01T12:00", "UTC"), -(2**60), 2**60, instant("9000-01-01", "UTC")])
    for size in SIZES:
        grain = Grain.parse(size, "Europe/Berlin")
        starts = grain.starts(rows)
        assert (starts <= rows).all()
        assert (rows < grain.ends(starts)).all()
        assert starts[0] == grain.starts(rows[:1])[0]
        assert grain.label(int(starts[2]))


def test_no_rows_no_windows() -> None:
    for size in ("1d", "100 rows"):
        grain = Grain.parse(size, "Europe/Berlin")
        assert len(grain.starts(np.empty(0, dtype=np.int64))) == 0
        assert len(grain.ends(np.empty(0, dtype=np.int64))) == 0
        assert len(grain.range(5, 4)) == 0


@pytest.mark.parametrize(
    ("given", "canonical"), [(" 1D ", "1d"), ("500 ROWS", "500 rows"), ("500rows", "500 rows"), ("1 row", "1 rows")]
)
def test_sizes_are_read_with_tolerance(given: str, canonical: str) -> None:
    assert Grain.parse(given).size == canonical


@pytest.mark.parametrize("size", ["", "d", "0d", "1x", "-1d", "1.5h", "1m", "rows", "0 rows", "1d 2h", "99999999mo"])
def test_what_is_no_size_is_refused(size: str) -> None:
    with pytest.raises(UserError, match="window size"):
        Grain.parse(size)


@pytest.mark.parametrize("zone", ["Europe/Berln", "", "Europe", "../etc/passwd", "x" * 300])
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(UserError, match="time zone"):
        Grain.parse("1d", zone)


def test_instants() -> None:
    assert instant("2015-03-29", "UTC") == 16523 * DAY
    assert instant("2015-03-29", "UTC", end=True) == 16524 * DAY
    assert instant(dt.date(2015, 3, 29), "UTC") == 16523 * DAY
    assert instant("2015-03-29T02:00+02:00", "America/New_York") == 16523 * DAY
    assert instant("2015-03-29T12:00", "UTC", end=True) == 16523 * DAY + 12 * clock.HOUR
    for wrong in ("soon", "2015-13-01", 7, ""):
        with pytest.raises(UserError, match="no date or time"):
            instant(wrong, "UTC")
