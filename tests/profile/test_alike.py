"""Columns side by side are the columns one by one."""

from __future__ import annotations

import numpy as np
import pytest

from monitors.assess import stack
from monitors.profile import alike
from monitors.profile.alike import blocks
from monitors.profile.cube import Cube
from monitors.windows import Grain
from tests.cubes import binary_log, freeze, profile

LOG = binary_log(seed=3, count=12, rows=80).assign(
    note=lambda f: np.where(f.index % 97 == 0, "rare", "usual"), twice=lambda f: f.index % 2,
    thrice=lambda f: f.index % 3,
)  # fmt: skip
BINS = freeze([LOG.iloc[:600]])
CUBE = stack(BINS, profile([LOG], BINS), Grain.parse("1d"))
WHOLE = ("n", "by_outcome", "scored", "paired", "placed", "low", "high")


def assert_same(cube: Cube, places: list[int]) -> list[int]:
    seen = []
    for where, block in blocks(cube, places):
        assert len(block) == len(where) == len(block.bins)
        for f, place in enumerate(where):
            one = cube.column(places[place])
            assert block.bins[f] is one.bins
            assert block.kind == one.bins.kind
            for name in WHOLE:
                np.testing.assert_array_equal(getattr(block, name)[f], getattr(one, name), err_msg=name)
            np.testing.assert_array_equal(block.sum("value")[f], one.sum("value"))
        seen += where.tolist()
    return seen


def test_every_column_is_in_one_block_and_as_it_is_by_itself() -> None:
    places = list(range(len(BINS.columns)))
    assert sorted(assert_same(CUBE, places)) == places


def test_of_some_columns_in_an_order_of_ones_own() -> None:
    places = BINS.feature_places[::-2]
    assert sorted(assert_same(CUBE, places)) == list(range(len(places)))


@pytest.mark.parametrize("cells", [1, 10_000])
def test_a_block_holds_no_more_than_it_may(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "_CELLS", cells)
    places = BINS.feature_places
    sizes = [(len(block), block.n[0].size) for _, block in blocks(CUBE, places)]
    assert sum(count for count, _ in sizes) == len(places)
    assert all(count == 1 or count * cell <= cells for count, cell in sizes)


def test_without_columns_or_windows_there_is_nothing_to_fail_at() -> None:
    assert list(blocks(CUBE, [])) == []
    assert_same(CUBE.select(np.zeros(len(CUBE), bool)), BINS.feature_places)


def test_the_reference_has_the_same_columns() -> None:
    past = CUBE.select(np.arange(4))
    for _, block in blocks(CUBE, BINS.feature_places):
        np.testing.assert_array_equal(block.of(past).n, block.n[:, :4])


def test_some_of_the_windows() -> None:
    keep = np.arange(len(CUBE)) % 3 == 1
    some = CUBE.select(keep)
    for _, block in blocks(CUBE, BINS.feature_places):
        for name in WHOLE:
            expected = getattr(block.of(some), name)
            np.testing.assert_array_equal(getattr(block.at(keep), name), expected, err_msg=name)
        np.testing.assert_array_equal(block.at(keep).sum("value"), block.of(some).sum("value"))
