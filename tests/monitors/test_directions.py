"""The numbers that drift judges are those of the rows, for columns side by side as for each alone."""

from __future__ import annotations

import numpy as np
import pytest

from monitors.directions import BURSTS, DEVIATION, MEAN, RANK, SHARE, SPREAD, directions
from monitors.grouping import group_names, grouped, scored_groups
from monitors.profile import alike
from monitors.profile.alike import blocks
from monitors.profile.bins import FIRST
from tests.cubes import binary_log, build, day_of

REFERENCE = 8
RNG = np.random.default_rng(1)
LOG = binary_log(seed=4, count=12, rows=300)
DAY = day_of(LOG)
LOG = LOG.assign(
    late=LOG["x"].where(DAY >= REFERENCE), twin=LOG["z"] * 1e3 + 7, same=1.0, rare=RNG.random(len(LOG)) < 0.02,
    word=RNG.choice(list("abcd"), len(LOG), p=[0.6, 0.39, 0.006, 0.004]), none=np.where(DAY == 10, np.nan, LOG["x"]),
    two=RNG.integers(0, 2, len(LOG)),
)  # fmt: skip
CUBE, PAST, _ = build(LOG, REFERENCE)
BINS = CUBE.bins
PLACES = BINS.feature_places
FOUND = directions(CUBE, PAST, PLACES)


def numbers(feature: str, kind: int, place: int) -> np.ndarray:
    """As a person knows them, shape (W,)."""
    of = FOUND.numbers
    owner = [bins.name for bins in FOUND.bins].index(feature)
    (d,) = np.flatnonzero((of.owner == owner) & (of.kind % BURSTS == kind) & (of.place == place))
    return np.asarray(of.offset[d] + of.unit[d] * of.windows[d])


@pytest.mark.parametrize("cells", [1, 400_000])
def test_columns_side_by_side_are_the_columns_one_by_one(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "_CELLS", cells)
    some = PLACES[::-1]
    whole = directions(CUBE, PAST, some)
    alone = [directions(CUBE, PAST, [i]) for i in some]
    assert whole.numbers.owner.tolist() == [f for f, one in enumerate(alone) for _ in one.numbers.owner]
    for name in whole.numbers._fields[1:]:
        each = np.concatenate([getattr(one.numbers, name) for one in alone])
        np.testing.assert_allclose(getattr(whole.numbers, name), each, rtol=1e-12, err_msg=name)
    for k in range(2):
        np.testing.assert_array_equal(whole.rows[k], np.concatenate([one.rows[k] for one in alone]))
    assert [bins.name for bins in whole.bins] == [BINS.columns[i].name for i in some]
    assert [group.tolist() for group in whole.groups] == [one.groups[0].tolist() for one in alone]


def test_shares_means_and_spreads_are_those_of_the_rows() -> None:
    by_day = LOG.groupby(DAY)
    np.testing.assert_allclose(numbers("x", MEAN, 2), by_day["x"].mean(), atol=0.01)
    np.testing.assert_allclose(numbers("x", SPREAD, DEVIATION), by_day["x"].std(), rtol=0.02)
    names = group_names(BINS.columns[BINS.position("word")], FOUND.groups[[b.name for b in FOUND.bins].index("word")])
    for g, word in enumerate(names[1:-1], start=1):
        np.testing.assert_allclose(numbers("word", SHARE, g), (LOG["word"] == word).groupby(DAY).mean())
    rare = (LOG["word"].isin(["c", "d"])).groupby(DAY).mean()
    np.testing.assert_allclose(numbers("word", SHARE, len(names) - 1), rare)


def test_the_mean_rank_is_the_chance_to_exceed_a_value_of_the_reference() -> None:
    bins = BINS.columns[BINS.position("z")]
    where = np.searchsorted(bins.edges, LOG["z"], side="right")
    old = where[DAY < REFERENCE]
    for w in (0, 9):
        now = where[w == DAY][:, None]
        chance = (now > old).mean() + (now == old).mean() / 2
        assert numbers("z", RANK, 0)[w] == pytest.approx(chance)


def test_a_column_without_values_in_the_reference_has_shares_alone() -> None:
    of = FOUND.numbers
    late = [bins.name for bins in FOUND.bins].index("late")
    assert set(of.kind[of.owner == late] % BURSTS) == {SHARE}
    assert np.isnan(of.reference[of.owner == late]).all()
    assert np.isfinite(of.windows[of.owner == late][:, REFERENCE:]).all()


def test_a_window_without_values_has_no_numbers() -> None:
    none = [bins.name for bins in FOUND.bins].index("none")
    mine = FOUND.numbers.owner == none
    assert np.isnan(FOUND.numbers.windows[mine, 10]).all() and np.isnan(FOUND.numbers.errors[mine, 10]).all()
    assert np.isfinite(FOUND.numbers.windows[mine, 9]).all()


def test_what_is_the_same_in_nearly_all_rows_comes_in_bursts() -> None:
    of = FOUND.numbers
    names = np.array([bins.name for bins in FOUND.bins])[of.owner]
    assert (of.kind[(names == "x") & (of.place > 0)] < BURSTS).any()
    assert (of.kind[(names == "same") & (of.kind % BURSTS == MEAN)] >= BURSTS).all()
    weights = np.bincount(of.owner[of.kind % BURSTS == SHARE], of.weight[of.kind % BURSTS == SHARE])
    np.testing.assert_allclose(weights, 1)


def test_a_column_of_two_values_has_their_shares_and_a_mean() -> None:
    """Its deviation is nothing in a window that has one of them alone, which says no more than the share does."""
    names = [bins.name for bins in FOUND.bins]
    kinds = {name: (FOUND.numbers.kind[FOUND.numbers.owner == names.index(name)] % BURSTS).tolist() for name in names}
    assert set(kinds["two"]) == set(kinds["same"]) == {SHARE, MEAN}
    assert set(kinds["x"]) == {SHARE, RANK, MEAN, SPREAD}


def test_bins_of_columns_side_by_side_are_grouped_each_by_its_own_groups() -> None:
    for _, now in blocks(CUBE, PLACES):
        past = now.of(PAST)
        group = np.array([scored_groups(n, bins) for n, bins in zip(past.n.sum(axis=1), now.bins, strict=True)])
        together = grouped(now.n, group)
        assert together.shape == (*now.n.shape[:2], group.max() + 1)
        for f, own in enumerate(group):
            count = own.max() + 1
            np.testing.assert_array_equal(together[f, :, :count], grouped(now.n[f], own))
            assert not together[f, :, count:].any()
        np.testing.assert_array_equal(together[:, :, 0], now.n[:, :, :FIRST].sum(axis=2))
