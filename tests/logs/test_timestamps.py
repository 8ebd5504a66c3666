from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.errors import UserError
from monitors.logs.timestamps import to_micros
from monitors.logs.zones import to_utc

ZONES = ["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca"]
EPOCH = dt.datetime(1970, 1, 1)
NOON = "2015-03-31T12:00:00"
quick = settings(max_examples=100, deadline=None)
units = st.sampled_from(["s", "ms", "us", "ns"])
moments = st.datetimes(dt.datetime(1900, 1, 2), dt.datetime(2099, 12, 30))


def _micros(moment: dt.datetime) -> int:
    return (moment.replace(tzinfo=None) - EPOCH) // dt.timedelta(microseconds=1)


def _read(values: Any, timezone: str = "UTC", **options: Any) -> list[str | None]:
    array = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
    micros, valid = to_micros(array, timezone, **options)
    assert micros.dtype == np.int64
    assert valid.dtype == bool
    assert (micros[~valid] == 0).all()
    return [
        str(np.datetime64(int(m), "us").astype("datetime64[s]")) if v else None
        for m, v in zip(micros, valid, strict=True)
    ]


@quick
@given(st.lists(moments), st.sampled_from(ZONES), st.sampled_from(["T", " "]))
def test_wall_clock_times_are_read_as_python_reads_them(walls: list[dt.datetime], timezone: str, sep: str) -> None:
    zone = ZoneInfo(timezone)
    # a wall clock's text does not say which of two hours it means: the earlier is taken
    expected = [_micros(wall.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)) for wall in walls]
    texts = pa.array([wall.isoformat(sep) for wall in walls], pa.string())
    stamps = pa.array(walls, pa.timestamp("us"))
    for values in (texts, stamps, texts.dictionary_encode(), pa.chunked_array([texts, texts])[: len(walls)]):
        micros, valid = to_micros(values, timezone)
        assert valid.all()
        assert micros.tolist() == expected


@quick
@given(st.lists(st.tuples(moments, st.integers(-14 * 60, 14 * 60))), st.sampled_from(ZONES))
def test_offsets_win_over_the_zone(rows: list[tuple[dt.datetime, int]], timezone: str) -> None:
    texts, expected = [], []
    for wall, minutes in rows:
        aware = wall.replace(tzinfo=dt.timezone(dt.timedelta(minutes=minutes)))
        text = aware.isoformat()
        texts.append(text if minutes % 2 else text[:-3] + text[-2:])  # with and without the colon
        expected.append(_micros(aware.astimezone(dt.UTC)))
    micros, valid = to_micros(pa.array(texts, pa.string()), timezone)
    assert valid.all()
    assert micros.tolist() == expected


@quick
@given(st.lists(st.datetimes(dt.datetime(2001, 9, 10), dt.datetime(2099, 1, 1))), units)
def test_epoch_numbers_of_every_unit(rows: list[dt.datetime], unit: str) -> None:
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    micros = [_micros(row) for row in rows]
    numbers = [m * per_second // 10**6 for m in micros]
    expected = [n * 10**6 // per_second for n in numbers]
    for values in (pa.array(numbers, pa.int64()), pa.array([str(n) for n in numbers], pa.string())):
        found, valid = to_micros(values, "Asia/Tokyo")
        assert valid.all()
        assert found.tolist() == expected
    found, _ = to_micros(pa.array([float(n) for n in numbers], pa.float64()), "Asia/Tokyo")
    assert np.abs(found - np.array(expected, np.int64)).max(initial=0) <= 1


@quick
@given(st.lists(st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1))), units)
def test_timestamps_of_every_unit_with_a_zone(rows: list[dt.datetime], unit: str) -> None:
    values = pa.array(rows, pa.timestamp("us")).cast(pa.timestamp(unit, "Europe/Paris"), safe=False)
    micros, valid = to_micros(values, "Asia/Tokyo")
    assert valid.all()
    assert micros.tolist() == values.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_pylist()


@given(st.lists(st.dates()))
@quick
def test_dates(days: list[dt.date]) -> None:
    expected = [_micros(dt.datetime(d.year, d.month, d.day)) for d in days]
    inside = [dt.date(1, 1, 2) <= d <= dt.date(9999, 12, 30) for d in days]
    for values in (
        pa.array(days, pa.date32()),
        pa.array(days, pa.date64()),
        pa.array([d.isoformat() for d in days], pa.string()),
    ):
        micros, valid = to_micros(values, "UTC")
        assert valid.tolist() == inside
        assert micros[valid].tolist() == [m for m, good in zip(expected, inside, strict=True) if good]


@given(st.lists(st.text(st.sampled_from("0123456789-:./TZ +,apmAPM"), max_size=28)))
@quick
def test_any_text_is_a_time_or_invalid(texts: list[str]) -> None:
    micros, valid = to_micros(pa.array(texts, pa.string()), "UTC")
    assert len(micros) == len(valid) == len(texts)
    for text, good, micro in zip(texts, valid, micros, strict=True):
        try:
            moment = dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S")
        except ValueError:
            continue
        assert not good or micro == _micros(moment)


def test_forms_may_mix_in_one_column() -> None:
    texts = [
        NOON,
        "2015-03-31 12:00:00.123456789",
        "2015-03-31T14:00:00+02:00",
        "2015-03-31 06:30:00-0530",
        "2015-03-31T12Z",
        "2015-03-31 12:00 UTC",
        "2015-03-31 14:00:00.5 +0200 CEST",
        "2015/03/31 12:00",
        "2015-3-31 12:00:00,250",
        "20150331T120000Z",
        "20150331 1200",
        "20150331120000",
        "31.03.2015 12:00",
        " 2015-03-31 12:00:00 PM ",
        "1427803200",
        "1427803200123",
        "1427803200.75",
        "2015-03-30T36",
    ]
    assert _read(texts) == [NOON] * 17 + [None]
    midnight = ["2015-03-31", "2015/3/31", "2015.03.31", "31.3.2015", "20150331", "2015-03-30 24:00", "2015-03-31T00"]
    assert _read(midnight) == ["2015-03-31T00:00:00"] * 7
    assert _read(["2015-03", "2015-03-31 12:00:60"]) == ["2015-03-01T00:00:00", "2015-03-31T12:01:00"]


NO_TIMES = """
x|2015-02-29|2015-13-01|2015-00-10|2015-03-31T25:00|2015-03-31T12:60|2015-03-31Tx|2015-03/31|1.2.3|nan|12:00|
2015-03-31T12:00:00+25:00|2015-03-31T12:00:00 CET|2015-03-31 12:00:00.|2015-03-31 12:00:00.Z|31.02.2015|
2015-03-31T12:00:00Zx|99999999999999999999|-20150331120000000x|2015-03-31 13:00 PM|２０１５-03-31
"""


@pytest.mark.parametrize("text", ["", " ", *(part.strip() for part in NO_TIMES.split("|"))])
def test_what_is_no_time(text: str) -> None:
    assert _read([text, NOON, None]) == [None, NOON, None]


def test_day_or_month_first_only_where_the_column_tells() -> None:
    assert _read(["01/02/2015", "31/01/2015"]) == ["2015-02-01T00:00:00", "2015-01-31T00:00:00"]
    assert _read(["01-02-2015", "01-31-2015"]) == ["2015-01-02T00:00:00", "2015-01-31T00:00:00"]
    assert _read(["1/2/2015 1:05 PM", "1/31/2015 12:05 AM"]) == ["2015-01-02T13:05:00", "2015-01-31T00:05:00"]
    assert _read(["01/02/2015", "05/05/2015"]) == [None, "2015-05-05T00:00:00"]
    assert _read(["01/02/2015", "31/01/2015", "01/31/2015"]) == [None, "2015-01-31T00:00:00", "2015-01-31T00:00:00"]
    assert _read(["01/02/2015"], day_first=True) == ["2015-02-01T00:00:00"]
    assert _read(["01/02/2015"], day_first=False) == ["2015-01-02T00:00:00"]


def test_calendar_digits_and_epoch_numbers() -> None:
    numbers = [20150331, 20150331120000, 1427803200, 1427803200000, 1427803200000000, 1427803200000000000, None]
    noon = [NOON.replace("12", "00"), *[NOON] * 5, None]
    assert _read(numbers) == noon
    assert _read(pa.array(numbers, pa.uint64())) == noon
    assert _read([None if n is None else float(n) for n in numbers]) == noon
    assert _read(pa.array([20150331], pa.int32()), "Europe/Paris") == ["2015-03-30T22:00:00"]
    # No 31st of February: then it can only be an epoch second.
    assert _read([20150231]) == ["1970-08-22T05:17:11"]
    assert _read([0, -1]) == ["1970-01-01T00:00:00", "1969-12-31T23:59:59"]


def test_values_beyond_any_calendar_are_invalid() -> None:
    assert _read([float("nan"), float("inf"), -float("inf"), 1e300, 1427803200.5]) == [None] * 4 + [NOON]
    assert _read(pa.array([2**64 - 1], pa.uint64())) == [None]
    for unit in ("s", "ms", "us"):
        assert _read(pa.array([2**62, -(2**62)], pa.timestamp(unit))) == [None, None]
    assert _read(pa.array([2**62, -(2**62)], pa.timestamp("ns"))) == ["2116-02-20T23:53:38", "1823-11-12T00:06:21"]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([], pa.string()),
        pa.array([], pa.timestamp("ns")),
        pa.chunked_array([], pa.string()),
        pa.array([], pa.dictionary(pa.int32(), pa.string())),
    ],
)
def test_nothing_gives_nothing(values: pa.Array) -> None:
    assert _read(values) == []


@pytest.mark.parametrize(
    "values",
    [
        pa.nulls(2),
        pa.nulls(2, pa.string()),
        pa.nulls(2, pa.timestamp("s")),
        pa.nulls(2, pa.int64()),
        pa.nulls(2, pa.dictionary(pa.int32(), pa.string())),
        pa.array([True, False]),
        pa.array([[1], [2]]),
    ],
)
def test_no_times_at_all(values: pa.Array) -> None:
    assert _read(values) == [None, None]


def test_slices_and_dictionaries_with_nulls() -> None:
    texts = pa.array(["x", None, NOON, "2015-03-31", None])
    assert _read(texts.slice(1, 3)) == [None, NOON, NOON.replace("12", "00")]
    assert _read(texts.dictionary_encode().slice(1, 3)) == [None, NOON, NOON.replace("12", "00")]
    parts = pa.chunked_array([pa.array(["x"]).dictionary_encode(), pa.array([NOON]).dictionary_encode()])
    assert _read(parts) == [None, NOON]


def test_gaps_and_repeated_hours() -> None:
    walls = ["2015-03-08 01:59", "2015-03-08 02:30", "2015-03-08 03:00", "2015-11-01 01:30", "2015-11-01 02:00"]
    hours = ["2015-03-08T06:59", "2015-03-08T07:30", "2015-03-08T07:00", "2015-11-01T05:30", "2015-11-01T07:00"]
    assert _read(walls, "America/New_York") == [f"{hour}:00" for hour in hours]


def test_pandas_agrees_on_a_year_of_minutes() -> None:
    walls = pd.date_range("2015-01-01", "2016-01-01", freq="7min")
    expected = walls.tz_localize("Europe/Paris", ambiguous=np.ones(len(walls), bool), nonexistent=pd.Timedelta("1h"))
    micros = to_utc(walls.as_unit("us").asi8, "Europe/Paris")
    np.testing.assert_array_equal(micros, expected.as_unit("us").asi8)


@pytest.mark.parametrize("timezone", ["Europe/Pari", "", "../etc/passwd"])
def test_an_unknown_zone(timezone: str) -> None:
    with pytest.raises(UserError, match="is no time zone: give a name of the IANA database"):
        _read([NOON], timezone)
