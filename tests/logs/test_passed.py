"""The order of a file's rows and rows ahead of their time: the same however the file is cut into batches."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.logs.prepare import Layout, rows_of
from monitors.profile.rows import Columns
from monitors.windows import Grain

HOUR = 3_600_000_000
DAY = 24 * HOUR
LAYOUT = Layout(Columns(timestamp="ts"), Grain.parse("1d"))


def read(times: list[int], cuts: list[int], latest: int | None = None, wanted: set[int] | None = None) -> tuple:
    """Descents by row kept, and rows ahead by window, of a file of these times (µs) cut into batches."""
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(times)}), len(times)]
    batches = [
        pa.RecordBatch.from_arrays([pa.array(times[a:b], pa.timestamp("us"))], names=["ts"]) for a, b in pairwise(edges)
    ]
    descents, ahead = [], dict[int, int]()
    for rows in rows_of(batches, LAYOUT, "f", latest, wanted=wanted):
        descents += [] if rows.descents is None else rows.descents.tolist()
        for start, count in rows.future.items():
            ahead[start] = ahead.get(start, 0) + count
    return descents, ahead


def test_a_row_is_compared_with_the_one_before_it() -> None:
    assert read([5, 7, 6, 6, 9, 1], [])[0] == [False, False, True, False, False, True]


def test_rows_ahead_are_counted_where_the_file_stood_and_do_not_make_the_others_late() -> None:
    times = [DAY + 1, 50 * DAY, DAY + 2, 2 * DAY, 60 * DAY, 61 * DAY]
    descents, ahead = read(times, [], latest=10 * DAY)
    assert descents == [False, False, False]
    assert ahead == {DAY: 1, 2 * DAY: 2}


def test_rows_ahead_before_any_other_are_of_the_first_window() -> None:
    assert read([50 * DAY, 51 * DAY, DAY], [1], latest=10 * DAY)[1] == {DAY: 2}


def test_a_file_of_nothing_but_rows_ahead_is_of_no_window() -> None:
    assert read([50 * DAY] * 3, [2], latest=10 * DAY) == ([], {})


@given(
    times=st.lists(st.integers(0, 5).map(lambda d: d * DAY), min_size=1, max_size=12),
    cuts=st.lists(st.integers(1, 11), max_size=4),
    wanted=st.one_of(st.none(), st.sets(st.integers(0, 5).map(lambda d: d * DAY))),
)
def test_batches_may_be_cut_anywhere(times: list[int], cuts: list[int], wanted: set[int] | None) -> None:
    assert read(times, cuts, 3 * DAY, wanted) == read(times, [], 3 * DAY, wanted)


def test_windows_of_rows_have_a_place_for_rows_ahead() -> None:
    layout = Layout(Columns(timestamp="ts"), Grain.parse("2 rows"))
    batch = pa.RecordBatch.from_arrays([pa.array([1, 2, 3, 99, 5], pa.timestamp("us"))], names=["ts"])
    (rows,) = rows_of([batch], layout, "f", latest=10)
    assert rows.future == {2: 1}
    assert not rows.hourly


@pytest.mark.parametrize(("size", "hourly"), [("1h", False), ("6h", True), ("1d", True), ("1mo", True)])
def test_hours_are_counted_in_longer_windows(size: str, hourly: bool) -> None:
    batch = pa.RecordBatch.from_arrays([pa.array(pd.date_range("2025-01-06", periods=3, freq="h"))], names=["ts"])
    rows = list(rows_of([batch], Layout(Columns(timestamp="ts"), Grain.parse(size)), "f"))
    assert {each.hourly for each in rows} == {hourly}
    assert sum(len(each) for each in rows) == 3
    assert not np.concatenate([each.descents for each in rows]).any()
