"""Instants as SQL literals: rows are parted as their own instants part them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.errors import UserError
from monitors.logs.bounds import literals
from monitors.logs.timestamps import to_micros
from monitors.windows import Grain

BERLIN = "Europe/Berlin"
AUTUMN = 1_761_436_800_000_000  # 2025-10-26 02:00 in Berlin, the day on which clocks go back


def _value(literal: str, kind: pa.DataType) -> Any:
    """What a data base would make of the literal."""
    if pa.types.is_date(kind):
        return dt.date.fromisoformat(literal.strip("'"))
    if pa.types.is_timestamp(kind):
        return dt.datetime.fromisoformat(literal.strip("'"))
    return literal.strip("'") if pa.types.is_string(kind) else float(literal)


KINDS: list[tuple[pa.DataType, Any]] = [
    (pa.timestamp("us", "UTC"), lambda t: dt.datetime.fromtimestamp(t, dt.UTC)),
    (pa.timestamp("us"), lambda t: dt.datetime.fromtimestamp(t, dt.UTC).replace(tzinfo=None)),
    (pa.date32(), lambda t: dt.datetime.fromtimestamp(t, dt.UTC).date()),
    (pa.int64(), lambda t: t),
    (pa.int64(), lambda t: t * 1000),
    (pa.int64(), lambda t: t * 10**6),
    (pa.int64(), lambda t: t * 10**9),
    (pa.float64(), lambda t: t + 0.25),
    (pa.int64(), lambda t: int(f"{dt.datetime.fromtimestamp(t, dt.UTC):%Y%m%d}")),
    (pa.int64(), lambda t: int(f"{dt.datetime.fromtimestamp(t, dt.UTC):%Y%m%d%H%M%S}")),
    (pa.string(), lambda t: f"{dt.datetime.fromtimestamp(t, dt.UTC):%Y-%m-%d %H:%M:%S}"),
    (pa.string(), lambda t: f"{dt.datetime.fromtimestamp(t, dt.UTC):%Y-%m-%dT%H:%M:%S.%fZ}"),
    (pa.string(), lambda t: f"{dt.datetime.fromtimestamp(t, dt.UTC):%Y-%m-%dT%H:%M}"),
    (pa.string(), lambda t: f"{dt.datetime.fromtimestamp(t, dt.UTC):%Y/%m/%d}"),
    (pa.string(), lambda t: f"{dt.datetime.fromtimestamp(t, dt.UTC):%Y%m%dT%H%M%S}"),
]
TIMES = st.lists(st.integers(1_700_000_000, 1_800_000_000), min_size=1, max_size=20)


@pytest.mark.parametrize("k", range(len(KINDS)))
@pytest.mark.parametrize(("size", "timezone"), [("1d", "UTC"), ("1h", "UTC"), ("1d", BERLIN), ("1mo", BERLIN)])
@settings(max_examples=30)  # times sixty
@given(seconds=TIMES)
def test_bounds_part_rows_as_windows_do(k: int, size: str, timezone: str, seconds: list[int]) -> None:
    kind, form = KINDS[k]
    values = [form(second) for second in seconds]
    micros, valid = to_micros(pa.array(values, kind), timezone)
    assert valid.all()
    literal = literals(min(values), max(values), kind, timezone)
    grain = Grain.parse(size, timezone)
    zone_of_text = pa.types.is_string(kind) and str(values[0]).endswith("Z") and timezone != "UTC"
    for start in {int(s) for s in grain.starts(micros)}:
        bound = _value(literal(start), kind)
        for value, at in zip(values, micros, strict=True):
            assert (value >= bound) == (at >= start) or (zone_of_text and value[:13] == str(bound)[:13])


def test_an_hour_that_comes_twice_is_read_as_its_first() -> None:
    walls = pa.array([dt.datetime(2025, 10, 26, hour, 30) for hour in range(5)], pa.timestamp("us"))
    micros, _ = to_micros(walls, BERLIN)
    literal = literals(walls[0].as_py(), walls[4].as_py(), walls.type, BERLIN)
    edges = [int(e) for e in Grain.parse("1h", BERLIN).range(int(micros.min()), int(micros.max()))]
    assert AUTUMN - 7_200_000_000 in edges
    written = [literal(edge) for edge in edges]
    assert written == sorted(written)
    for edge, text in zip(edges, written, strict=True):
        bound = dt.datetime.fromisoformat(text.strip("'"))
        assert [wall.as_py() >= bound for wall in walls] == list(np.asarray(micros >= edge))


@pytest.mark.parametrize(("low", "kind", "said"), [
    ("03/04/2025", pa.string(), "do not sort by time"),
    ("Mon, 2 Jan 2025", pa.string(), "do not sort by time"),
    (float("nan"), pa.float64(), "are no times"),
])  # fmt: skip
def test_what_does_not_sort_by_time_is_refused(low: Any, kind: pa.DataType, said: str) -> None:
    with pytest.raises(UserError, match=said):
        literals(low, low, kind, "UTC")
