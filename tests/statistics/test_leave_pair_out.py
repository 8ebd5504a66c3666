"""Leave-pair-out against leaving every pair out, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from monitors.statistics.auc import area
from monitors.statistics.joining import expand, gather, join_bins
from monitors.statistics.leave_pair_out import leave_pair_out, order_variance
from tests.statistics.rows import draw

tables = st.integers(1, 6).flatmap(
    lambda bins: arrays(np.int64, (bins, 2), elements=st.integers(0, 5)).filter(lambda x: (x.sum(axis=0) >= 2).all())
)


def by_pairs(negatives: np.ndarray, positives: np.ndarray, strength: float) -> float:
    """The definition: each pair judged by rates of all other rows; equal rates and equal bins tie."""
    won = 0.0
    for a, b in np.argwhere((positives[:, None] > 0) & (negatives > 0)):
        k, m = positives.astype(float), negatives.astype(float)
        k[a] -= 1
        m[b] -= 1
        rate = (k + strength * k.sum() / (k + m).sum()) / (k + m + strength)
        tie = abs(rate[a] - rate[b]) < 1e-12
        won += positives[a] * negatives[b] * (0.5 if tie else float(rate[a] > rate[b]))
    return won / (positives.sum() * negatives.sum())


@given(tables, st.sampled_from([0.5, 1.0, 10.0]))
def test_closed_form_leaves_every_pair_out(counts, strength):
    placed = leave_pair_out(counts[:, 1], counts[:, 0], strength)
    expected = by_pairs(counts[:, 0], counts[:, 1], strength)
    assert area(counts[:, 1].astype(float), placed) == pytest.approx(expected, abs=1e-12)
    # Both sides see the same pairs.
    assert (counts[:, 0] * placed.negative).sum() / counts[:, 0].sum() == pytest.approx(expected, abs=1e-12)


@given(arrays(np.int64, (3, 9), elements=st.integers(0, 40)))
def test_joining_keeps_rows_and_order(rows):
    n = rows + 1
    group = join_bins(n.astype(float), n.sum(axis=1) / 10)
    assert (np.diff(group, axis=1) >= 0).all()
    assert (np.diff(group, axis=1) <= 1).all()
    assert (group[:, 0] == 0).all()
    joined = gather(n.astype(float), group)
    assert (joined.sum(axis=1) == n.sum(axis=1)).all()
    np.testing.assert_array_equal(expand(joined, group), np.take_along_axis(joined, group, axis=1))


def test_bins_with_labels_enough_stay_apart():
    n = np.full((1, 64), 1000.0)
    assert join_bins(n, np.array([64_000.0])).tolist() == [list(range(64))]
    assert join_bins(n, np.array([100.0])).max() == 7


def test_a_large_bin_stays_by_itself():
    n = np.array([[10.0] * 5 + [900.0] + [10.0] * 5])
    group = join_bins(n, np.array([100.0]))[0]
    assert (np.delete(group, 5) != group[5]).all()


def test_the_ends_are_cut_finer():
    group = join_bins(np.full((1, 64), 100.0), np.array([130.0]))[0]  # eight groups of six stretches
    sizes = np.bincount(group)
    assert len(sizes) == 8
    assert sizes[[0, 1, -2, -1]].max() < sizes[2:-2].min()


def test_groups_asked_for_are_made():
    assert join_bins(np.full((1, 64), 10.0), np.array([10.0]), np.array([20])).max() == 19


def test_order_that_is_hard_to_tell_has_a_variance():
    # two bins of one rate: every pair between them comes out or is lost, as a coin falls
    rng = np.random.default_rng(0)
    same, apart = (draw(rng, 4000, 400, np.array(rates)) for rates in ([0.3, 0.3], [0.1, 0.8]))
    between = [area(x[..., 1].astype(float), leave_pair_out(x[..., 1], x[..., 0])) - 0.5 for x in (same, apart)]
    found = [order_variance(x[..., 1], x[..., 0]) for x in (same, apart)]
    assert found[0].mean() > 0.3 * between[0].var()
    assert found[1].max() < 1e-3 * between[1].var()


def test_one_bin_has_one_order():
    assert order_variance(np.array([[0.0, 9.0]]), np.array([[0.0, 30.0]])) == 0
    assert order_variance(np.zeros((2, 4)), np.ones((2, 4))).tolist() == [0, 0]
    assert order_variance(np.zeros((0, 4)), np.zeros((0, 4))).shape == (0,)
