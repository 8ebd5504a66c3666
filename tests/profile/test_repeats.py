"""Rows that come again, against counting them one by one."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.profile.kernel import mix_numbers
from monitors.profile.repeats import MOST, SECONDS, Sample, conflicting, repeated, salts, text_hashes
from monitors.profile.values import distinct
from tests.cubes import FIRST_DAY, ID, SCORE, TIME, binary_log, freeze, profile

SMALL = st.integers(1, 4)
SECOND = 1_000_000


def u64(values: list[int]) -> np.ndarray:
    return np.array(values, np.uint64)


# ----- counts -------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(SMALL, SMALL), max_size=12))
def test_conflicts_are_kinds_of_values_beyond_the_first_of_each_id(rows: list[tuple[int, int]]) -> None:
    kinds = defaultdict(set)
    for id_, print_ in rows:
        kinds[id_].add(print_)
    expected = sum(len(values) - 1 for values in kinds.values())
    assert conflicting(u64([r[0] for r in rows]), u64([r[1] for r in rows])) == expected


def test_conflicts_do_not_depend_on_the_order_of_rows() -> None:
    rng = np.random.default_rng(0)
    ids, prints = rng.integers(1, 50, 300).astype(np.uint64), rng.integers(1, 3, 300).astype(np.uint64)
    order = rng.permutation(300)
    assert conflicting(ids, prints) == conflicting(ids[order], prints[order]) > 0


def test_an_event_that_is_written_again_within_seconds_is_repeated() -> None:
    times = np.array([0, SECONDS, 2 * SECONDS + 1, 90]) * SECOND
    assert repeated(u64([7, 7, 7, 7]), times, u64([1, 2, 3, 4])) == 1
    assert repeated(u64([7, 8, 7, 8]), times, u64([1, 2, 3, 4])) == 0
    assert repeated(u64([7, 7, 7, 7]), times, u64([1, 1, 3, 4])) == 0  # the same id again is a duplicate
    assert repeated(u64([7, 7, 7, 7]), times, u64([0, 0, 0, 0])) == 1
    assert repeated(u64([]), np.empty(0, np.int64), u64([])) == 0


# ----- the sample ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [10, MOST, 5 * MOST])
def test_a_sample_is_bounded_whatever_comes_and_in_whatever_order(rows: int) -> None:
    rng = np.random.default_rng(rows)
    keys = np.repeat(rng.integers(1, 2**63, rows // 2).astype(np.uint64), 2)
    kept = []
    for seed, batch in ((1, 1000), (2, 50_000)):
        order = np.random.default_rng(seed).permutation(len(keys))
        sample = Sample()
        for begin in range(0, len(keys), batch):
            part = keys[order[begin : begin + batch]]
            sample.add(part, part)
        kept.append(np.sort(sample.rows()[0]))
    np.testing.assert_array_equal(kept[0], kept[1])
    assert len(kept[0]) <= MOST
    assert len(kept[0]) == rows or len(kept[0]) > MOST // 4
    assert (np.unique(kept[0], return_counts=True)[1] == 2).all()  # rows of one key are in it together


def test_a_key_of_too_many_rows_is_left_out() -> None:
    sample = Sample()
    for _ in range(5):
        sample.add(np.full(MOST, 3, np.uint64))
    assert sample.rows().shape == (1, 0)


# ----- hashes of rows -----------------------------------------------------------------------------------------------


def test_equal_numbers_are_equal_and_columns_are_told_apart() -> None:
    values = np.array([1.0, 1.0, 2.0, np.nan, np.float64.fromhex("nan"), 0.0])
    flags = np.array([0, 0, 0, 0, 0, 1], np.uint8)
    first, second = (np.zeros(6, np.uint64) for _ in range(2))
    mix_numbers(values, flags, salts(2)[0], first)
    mix_numbers(values, flags, salts(2)[1], second)
    assert first[0] == first[1]
    assert first[3] == first[4]
    assert len(set(first.tolist())) == 4
    assert not set(first.tolist()) & set(second.tolist())


def test_equal_texts_are_equal_whatever_their_batch_holds_besides() -> None:
    salt = salts(1)[0]
    one = text_hashes(distinct(pa.array(["a", "b", None, "a"])), salt)
    two = text_hashes(distinct(pa.array([None, "c", "a"])), salt)
    assert one[0] == one[3] == two[2]
    assert one[2] == two[0]
    assert len({*one.tolist(), *two.tolist()}) == 4


# ----- in the profile -----------------------------------------------------------------------------------------------

LOG = binary_log(seed=3, count=2, rows=300)
BINS = freeze([LOG])


def facts(frame: pd.DataFrame) -> dict:
    return profile([frame], BINS)[0].facts


def test_a_log_without_repeats_has_none() -> None:
    found = facts(LOG)
    assert (found["conflicting"], found["repeated"], found["duplicates"]) == (0, 0, 0)
    assert found["compared"] == found["sampled"] == found["identified"] == found["rows"]


def test_a_retry_with_another_score_conflicts_and_an_exact_copy_does_not() -> None:
    again = LOG.iloc[:20].assign(**{SCORE: LOG[SCORE].iloc[:20] / 2})
    assert facts(pd.concat([LOG, again]))["conflicting"] == 20
    exact = facts(pd.concat([LOG, LOG.iloc[:20]]))
    assert (exact["conflicting"], exact["duplicates"], exact["repeated"]) == (0, 20, 0)


@settings(max_examples=10)
@given(later=st.integers(0, 2 * SECONDS))
def test_an_event_under_a_new_id_is_repeated_when_it_comes_within_seconds(later: int) -> None:
    again = LOG.iloc[100:120].assign(**{ID: range(10**6, 10**6 + 20)})
    again[TIME] += np.timedelta64(later, "s")
    found = facts(pd.concat([LOG, again]))
    assert found["repeated"] == (20 if later <= SECONDS else 0)
    assert found["duplicates"] == 0


def test_a_label_that_came_to_one_of_them_changes_nothing() -> None:
    again = LOG.iloc[:20].assign(**{ID: range(10**6, 10**6 + 20), "y": None})
    assert facts(pd.concat([LOG, again]))["repeated"] == 20


def test_rows_without_ids_are_not_looked_at() -> None:
    assert not {"compared", "sampled"} & set(facts(LOG.drop(columns=ID)))


def test_hours_and_order_are_facts_that_add_up() -> None:
    frame = LOG[LOG[TIME] < FIRST_DAY + np.timedelta64(1, "D")]
    found = facts(frame)
    hours = frame[TIME].to_numpy().astype("M8[h]").astype(np.int64)
    assert found["hours"] == {str(hour): n for hour, n in zip(*np.unique(hours, return_counts=True), strict=True)}
    assert found["descents"] == 0
    assert facts(frame.iloc[::-1])["descents"] == (np.diff(frame[TIME]) > np.timedelta64(0)).sum()
