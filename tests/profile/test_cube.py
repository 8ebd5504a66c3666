"""Profiles as blobs, stacked, selected, and regrouped into coarser windows."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from monitors.assess import coarsen, stack
from monitors.profile.bins import FIRST, Bins
from monitors.profile.cube import Cube, Profile, Stored, sum_profiles
from monitors.profile.facts import UNSEEN_KEPT, merge_facts, most_frequent
from monitors.profile.sums import SUMS
from monitors.windows import Grain
from tests.cubes import binary_log, freeze, profile

LOG = binary_log(seed=5, count=24, rows=150).assign(note=lambda f: np.where(f.index % 97 == 0, "rare", "usual"))
BINS = freeze([LOG.iloc[:1500]])
DAYS, WEEKS = Grain.parse("1d"), Grain.parse("1w")
PROFILES = profile([LOG], BINS)
CUBE = stack(BINS, PROFILES, DAYS)


def assert_equal(one: Cube, other: Cube, exactly: bool = True) -> None:
    for name in ("starts", "ends", "counts", "low", "high"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    np.testing.assert_allclose(one.sums, other.sums, rtol=0 if exactly else 1e-12, atol=0 if exactly else 1e-9)
    assert one.facts == other.facts


@pytest.mark.parametrize("each", [PROFILES[0], PROFILES[-1], sum_profiles(PROFILES, "place=north")])
def test_profiles_come_back_from_blobs_bit_by_bit(each: Profile) -> None:
    again = Profile.decode(each.start, each.segment, each.encode())
    for name in ("counts", "sums", "low", "high"):
        assert getattr(again, name).tobytes() == getattr(each, name).tobytes()
    assert (again.start, again.segment, again.facts) == (each.start, each.segment, each.facts)


def test_columns_that_are_alike_are_stored_once() -> None:
    one = PROFILES[0]
    with pa.ipc.open_stream(one.encode()) as reader:
        stored = reader.read_next_batch()
    alike = json.loads(stored.schema.metadata[b"alike"])
    columns = np.concatenate([one.counts, one.sums], axis=1).T
    assert stored.num_columns == len(np.unique(columns, axis=0)) < len(columns)
    assert alike["label2"] == "n1"  # of a class the label is 1 or 0, and so is its square
    assert len(alike) == len(columns) - stored.num_columns


def test_profiles_of_earlier_stores_are_read() -> None:
    """They had every column, as 64-bit integers and packed by zstd, and nothing on which are alike."""
    one = PROFILES[0]
    columns = {f"n{i}": column.copy() for i, column in enumerate(one.counts.T)}
    columns |= {name: column.copy() for name, column in zip(SUMS, one.sums.T, strict=True)}
    meta = {b"low": one.low.tobytes(), b"high": one.high.tobytes(), b"facts": json.dumps(one.facts).encode()}
    batch, sink = pa.record_batch(columns).replace_schema_metadata(meta), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_batch(batch)
    again = Profile.decode(one.start, "", sink.getvalue().to_pybytes())
    for name in ("counts", "sums", "low", "high"):
        assert getattr(again, name).tobytes() == getattr(one, name).tobytes()
    assert again.facts == one.facts


def test_what_is_stored_is_a_sequence_of_the_profiles_that_are_decoded_when_asked_for() -> None:
    starts = [each.start for each in PROFILES]
    stored = Stored("", starts, [each.encode() for each in PROFILES])
    assert (len(stored), stored.starts) == (len(PROFILES), starts)
    assert [each.start for each in stored] == starts
    assert stored[2:9:3].starts == starts[2:9:3]
    assert stored[-1:][0].counts.tobytes() == stored[-1].counts.tobytes() == PROFILES[-1].counts.tobytes()
    assert stored[1] is not stored[1]
    assert not stored[:0]
    with pytest.raises(IndexError):
        stored[len(PROFILES)]


@pytest.mark.parametrize("fill", [True, False])
def test_a_cube_of_what_is_stored_is_that_of_the_profiles(fill: bool) -> None:
    some = [each for i, each in enumerate(PROFILES) if i not in {3, 4}]
    stored = Stored("", [each.start for each in some], [each.encode() for each in some])
    assert_equal(stack(BINS, stored, DAYS, fill=fill), stack(BINS, some, DAYS, fill=fill))
    assert len(stack(BINS, stored, DAYS, fill=fill)) == len(PROFILES) - 2 * (not fill)


def test_a_profile_of_no_columns_comes_back() -> None:
    bins = Bins((), "binary")
    empty = Profile(0, "", np.zeros((0, 3), np.int64), np.zeros((0, len(SUMS))), np.empty(0), np.empty(0), {"rows": 3})
    again = Profile.decode(0, "", empty.encode())
    assert (again.counts.shape, again.sums.shape, again.facts) == ((0, 3), (0, len(SUMS)), {"rows": 3})
    assert Cube.stack(bins, [again], [0], [1]).rows.tolist() == [3]


def test_weeks_are_sums_of_days() -> None:
    found = coarsen(CUBE, DAYS, WEEKS)
    assert_equal(found, stack(BINS, profile([LOG], BINS, WEEKS), WEEKS), exactly=False)


def test_months_and_rows_add_up_too() -> None:
    months = Grain.parse("1mo")
    assert_equal(coarsen(CUBE, DAYS, months), stack(BINS, profile([LOG], BINS, months), months), exactly=False)
    fine, coarse = Grain.parse("200 rows"), Grain.parse("1000 rows")
    cube = stack(BINS, profile([LOG], BINS, fine), fine)
    assert_equal(coarsen(cube, fine, coarse), stack(BINS, profile([LOG], BINS, coarse), coarse), exactly=False)


def test_regrouping_one_window_each_changes_nothing() -> None:
    assert_equal(CUBE.regroup(CUBE.starts, dict(zip(CUBE.starts.tolist(), CUBE.ends.tolist(), strict=True))), CUBE)


def test_the_total_is_the_sum() -> None:
    total = CUBE.total()
    np.testing.assert_array_equal(total.counts[0], CUBE.counts.sum(axis=0))
    np.testing.assert_allclose(total.sums[0], CUBE.sums.sum(axis=0))
    assert (total.starts[0], total.ends[0], total.rows[0]) == (CUBE.starts[0], CUBE.ends[-1], len(LOG))
    assert_equal(total.total(), total)


def test_selecting_by_mask_and_by_place_is_the_same() -> None:
    mask = np.arange(len(CUBE)) % 3 == 1
    assert_equal(CUBE.select(mask), CUBE.select(np.flatnonzero(mask)))
    assert len(CUBE.select(np.zeros(len(CUBE), bool))) == 0


@pytest.mark.parametrize("index", [[4, 5, 6, 7], [7], [7, 6, 5], [4, 6], [-2, -1], [-1], [-1, 0]])
def test_windows_in_a_row_and_others_are_those_asked_for(index: list[int]) -> None:
    some = CUBE.select(np.array(index))
    assert some.starts.tolist() == [int(CUBE.starts[i]) for i in index]
    for name in ("ends", "counts", "sums", "low", "high"):
        np.testing.assert_array_equal(getattr(some, name), np.stack([getattr(CUBE, name)[i] for i in index]))
    assert some.facts == tuple(CUBE.facts[i] for i in index)


@pytest.mark.parametrize("cube", [CUBE.select(np.array([], int)), Cube.stack(BINS, [], [], [])])
def test_a_cube_without_windows_is_a_cube(cube: Cube) -> None:
    assert (len(cube), cube.rows.shape, cube.counts.shape[1:]) == (0, (0,), CUBE.counts.shape[1:])
    assert len(cube.total()) == 0
    assert len(cube.regroup(cube.starts, {})) == 0


def test_columns_are_cut_out_of_the_stack() -> None:
    place = CUBE.feature("place")
    north = FIRST + place.bins.categories.index("north")
    assert place.n[:, north].sum() == (LOG["place"] == "north").sum()
    assert place.by_outcome[:, north, 1].sum() == LOG.loc[LOG["place"] == "north", "y"].sum()
    x = CUBE.feature("x")
    np.testing.assert_allclose(x.sum("value").sum() + x.bins.centre * len(LOG), LOG["x"].sum())
    assert x.n[:, x.values].sum() == x.scored.sum() == x.paired.sum() == len(LOG)
    with pytest.raises(KeyError):
        CUBE.feature("nothing")
    label = CUBE.of_role("label")
    assert label is not None
    assert label.n[:, FIRST + 1].sum() == LOG["y"].sum()
    assert stack(Bins((), "binary"), [], DAYS).of_role("label") is None


def test_days_without_rows_are_filled_in_and_one_row_of_1970_makes_no_century() -> None:
    gap = stack(BINS, [p for i, p in enumerate(PROFILES) if i not in {3, 4}], DAYS)
    assert gap.rows[[2, 3, 4]].tolist()[1:] == [0, 0]
    assert len(gap) == len(CUBE)
    assert np.isposinf(gap.low[3]).all()
    early = replace(PROFILES[0], start=0)
    assert len(stack(BINS, [early, *PROFILES], DAYS)) == len(PROFILES) + 1


def test_nothing_to_add_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no profiles"):
        sum_profiles([], "")


def test_facts_merge_by_adding_and_by_the_extremes() -> None:
    one = {"rows": 3, "first": 5, "last": 9, "types": {"x": {"text": 2}}, "new": {"b": 1}, "delays": [1, 0]}
    other = {"rows": 4, "first": 2, "last": 7, "unseen": {"c": {"v": 1}}, "types": {"x": {"text": 1}}, "delays": [0, 2]}
    merged = merge_facts([one, other, {}])
    assert merged == {"rows": 7, "first": 2, "last": 9, "unseen": {"c": {"v": 1}}, "types": {"x": {"text": 3}},
                      "new": {"b": 1}, "delays": [1, 2]}  # fmt: skip
    assert merge_facts([other, one, {}]) == merged
    assert merge_facts([]) == {}


def test_the_most_frequent_values_are_kept_and_ties_go_by_name() -> None:
    from collections import Counter

    counts = Counter({f"v{i:02}": 1 for i in reversed(range(UNSEEN_KEPT + 5))})
    assert list(most_frequent(counts)) == [f"v{i:02}" for i in range(UNSEEN_KEPT)]
