"""The change in loss adds up, and lands where the change was made."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from monitors.statistics.decomposition import Split, disde, split_by_bins
from monitors.statistics.intervals import Estimate
from monitors.statistics.losses import log_losses, squares_from_bins
from tests.statistics.rows import inside
from tests.statistics.scores import many

bins = st.integers(1, 6).flatmap(
    lambda size: st.tuples(
        *[arrays(np.int64, size, elements=st.integers(0, 40))] * 2,
        *[arrays(np.float64, size, elements=st.floats(0, 5))] * 2,
    )
)


@given(bins)
def test_the_parts_add_up_to_the_change_on_known_bins(drawn):
    reference_n, window_n, reference_mean, window_mean = drawn
    found = disde(reference_n, reference_n * reference_mean, window_n, window_n * window_mean)
    known = reference_n >= 10
    p, q = reference_n * known, window_n * known
    if not p.sum() or not q.sum():
        assert np.isnan(found.total.value)
        return
    change = (q * window_mean).sum() / q.sum() - (p * reference_mean).sum() / p.sum()
    assert found.total.value == pytest.approx(change, abs=1e-9)
    assert found.inputs.value + found.relation.value == pytest.approx(change, abs=1e-9)
    assert found.unknown_share.value == pytest.approx(1 - q.sum() / window_n.sum())


def test_by_hand():
    found = disde(np.array([50, 50, 0]), np.array([10, 30, 0]), np.array([20, 60, 20]), np.array([4, 48, 99]))
    assert found.inputs.value == pytest.approx(-0.25 * 0.2 + 0.25 * 0.6)
    assert found.relation.value == pytest.approx(0.75 * (0.8 - 0.6))
    assert found.unknown_share.value == pytest.approx(0.2)
    assert np.isnan(found.total.low)  # no squares, no interval


def split(windows, **more):
    reference = many(0, 1, 100_000)
    return disde(
        reference.n[0], reference.loss[0], windows.n, windows.loss,
        reference_loss2=reference.loss2[0], window_loss2=windows.loss2, **more,
    )  # fmt: skip


def test_a_quiet_window_is_told_quiet_as_often_as_it_should():
    found = split(many(1, 1000, 400))
    for part in (found.total, found.inputs, found.relation):
        assert inside(part, 0.0) == pytest.approx(0.95, abs=0.03)


def test_moved_inputs_and_a_changed_relation_are_told_apart():
    inputs, relation = split(many(2, 200, 1000, moved=0.8)), split(many(3, 200, 1000, slope=-0.5))
    assert inputs.inputs.value.mean() > 0.04
    assert abs(inputs.relation.value.mean()) < 0.005
    assert relation.relation.value.mean() > 0.4
    assert abs(relation.inputs.value.mean()) < 0.005
    for found in (inputs, relation):
        for part in (found.total, found.inputs, found.relation):
            assert inside(part, part.value.mean()) > 0.92


def test_squares_from_bins_are_good_enough_for_the_interval():
    windows = many(4, 50, 400)
    squares = squares_from_bins(windows.by_outcome, log_losses(windows.mean))
    assert squares.sum(axis=1) == pytest.approx(windows.loss2.sum(axis=1), rel=0.05)


def test_bins_without_labels_change_as_the_others_do():
    reference_n, window_rows = np.array([100, 100, 100]), np.array([10, 20, 70])
    found = disde(
        reference_n, np.array([10, 20, 30]), np.array([10, 20, 0]), np.array([2, 6, 0]), window_rows=window_rows
    )
    assert found.inputs.value == pytest.approx(0.1 * 0.1 + 0.2 * 0.2 + 0.7 * 0.3 - 0.2)
    assert found.relation.value == pytest.approx(0.1)  # both labelled bins rose by .1, the third is taken to
    assert found.total.value == pytest.approx(found.inputs.value + 0.1)


def test_labels_that_lag_change_neither_part():
    windows = many(5, 1, 200_000)
    half = windows._replace(loss=windows.loss / 2, loss2=windows.loss2 / 2, by_outcome=windows.by_outcome / 2)
    late, full = split(half, window_rows=windows.n), split(windows)
    assert late.inputs.value == pytest.approx(full.inputs.value)
    assert late.relation.value == pytest.approx(full.relation.value)
    assert late.relation.error > full.relation.error


@pytest.mark.parametrize("shape", [(0, 5), (3, 0), (3, 5)], ids=["no windows", "no bins", "no rows"])
def test_nothing_gives_nothing(shape):
    zeros = np.zeros(shape)
    for reference in (np.zeros(shape[1]), np.full(shape[1], 20.0)):
        for part in disde(reference, reference, zeros, zeros, reference_loss2=reference, window_loss2=zeros):
            assert part.value.shape == shape[:1]
            assert np.isnan(np.stack(part)).all()


# ----- by feature ---------------------------------------------------------------------------------------------------

SIZES = (3, 1, 5)
OFFSETS = np.concatenate([[0], np.cumsum(SIZES)])


def counted(seed, windows, rows, shift=0.0, relation=0.0):
    """Three features of rows whose loss depends on the first: counts and losses by stacked bin, losses by row."""
    rng = np.random.default_rng(seed)
    n, loss, losses = np.zeros((windows, OFFSETS[-1])), np.zeros((windows, OFFSETS[-1])), []
    for w in range(windows):
        first = rng.choice(3, rows, p=np.array([0.5 - shift, 0.3, 0.2 + shift]))
        third = rng.integers(0, 5, rows)
        own = np.array([0.1, 0.3, 0.9])[first] + relation * (first == 1) + rng.normal(0, 0.2, rows)
        losses.append(own)
        for f, values in enumerate((first, np.zeros(rows, int), third)):
            np.add.at(n[w], OFFSETS[f] + values, 1)
            np.add.at(loss[w], OFFSETS[f] + values, own)
    return n, loss, np.array(losses)


def by_features(windows, reference, variance=0.04, **more):
    """Each feature split, and all beside each other: shapes (W, C), by bin (W, R)."""
    found = []
    for first, last in pairwise(OFFSETS):
        past = [part[:, first:last].sum(axis=0) for part in reference[:2]]
        found.append(split_by_bins(*past, windows[0][:, first:last], windows[1][:, first:last], variance, **more))
    inputs, relation = (
        Estimate(*(np.stack(bound, axis=1) for bound in zip(*parts, strict=True)))
        for parts in ([split.inputs for split in found], [split.relation for split in found])
    )
    unknown = np.stack([split.unknown for split in found], axis=1)
    by_bin = [np.concatenate(parts, axis=1) for parts in zip(*(split[-2:] for split in found), strict=True)]
    return Split(found[0].total, inputs, relation, unknown, *by_bin)


REFERENCE = counted(0, 1, 50_000)


@pytest.mark.parametrize(("shift", "relation"), [(0.0, 0.0), (0.2, 0.0), (0.0, 0.3), (0.1, -0.2)])
def test_every_features_parts_add_up_to_the_whole_change(shift, relation):
    windows = counted(1, 6, 800, shift, relation)
    found = by_features(windows, REFERENCE)
    change = windows[2].mean(axis=1) - REFERENCE[2].mean()
    np.testing.assert_allclose(found.total, change, atol=1e-9)
    assert (found.unknown == 0).all()
    np.testing.assert_allclose(found.inputs.value + found.relation.value, np.repeat(change[:, None], 3, 1), atol=1e-9)
    for part, bins_ in (("inputs", found.by_inputs), ("relation", found.by_relation)):
        np.testing.assert_allclose(
            np.add.reduceat(bins_, OFFSETS[:-1], axis=1), getattr(found, part).value, atol=1e-9
        )  # fmt: skip


def test_a_shift_of_inputs_and_a_change_of_relation_are_laid_where_they_belong():
    moved = by_features(counted(2, 200, 2000, shift=0.2), REFERENCE)
    assert moved.inputs.value[:, 0].mean() == pytest.approx(0.2 * 0.8, abs=0.005)
    assert moved.relation.value[:, 0].mean() == pytest.approx(0, abs=0.005)
    assert abs(moved.inputs.value[:, 1:]).max() < 0.02  # to the others it looks as if the relation had moved
    assert moved.by_inputs[:, 2].mean() == pytest.approx(0.2 * (0.9 - 0.32), abs=0.005)
    changed = by_features(counted(3, 200, 2000, relation=0.3), REFERENCE)
    assert changed.relation.value[:, 0].mean() == pytest.approx(0.09, abs=0.005)
    assert changed.inputs.value[:, 0].mean() == pytest.approx(0, abs=0.005)
    assert changed.by_relation[:, 1].mean() == pytest.approx(0.09, abs=0.005)


@pytest.mark.parametrize(("shift", "relation"), [(0.0, 0.0), (0.2, 0.0), (0.0, 0.3)])
def test_the_intervals_of_the_parts_cover(shift, relation):
    found = by_features(counted(4, 1500, 400, shift, relation), REFERENCE)
    for part, true in ((found.inputs, shift * 0.8), (found.relation, relation * 0.3)):
        first = Estimate(*(bound[:, 0] for bound in part))
        assert inside(first, true) == pytest.approx(0.95, abs=0.03)


def test_what_a_value_never_seen_costs_is_told_apart():
    windows = counted(5, 4, 800)
    n, loss = windows[0].copy(), windows[1].copy()
    n[:, 2], loss[:, 2] = 100, 100 * 5.0
    reference = REFERENCE[0].copy(), REFERENCE[1].copy()
    reference[0][:, 2], reference[1][:, 2] = 0, 0
    found = by_features((n, loss), reference)
    mean = reference[1][0, :3].sum() / reference[0][0, :3].sum()
    rows = n[:, :3].sum(axis=1)
    np.testing.assert_allclose(found.unknown[:, 0], 100 / rows * (5.0 - mean))
    assert (found.unknown[:, 1:] == 0).all()
    assert (found.by_inputs[:, 2] == 0).all()
    assert (found.by_relation[:, 2] == 0).all()
    whole = found.inputs.value[:, 0] + found.relation.value[:, 0] + found.unknown[:, 0]
    np.testing.assert_allclose(whole, loss[:, :3].sum(axis=1) / rows - mean)


def test_a_feature_that_is_gone_explains_nothing():
    windows = counted(7, 4, 800, relation=0.2)
    n, loss = windows[0].copy(), windows[1].copy()
    n[:, 4:], loss[:, 4:] = 0, 0
    n[:, 8], loss[:, 8] = n[:, 3], loss[:, 3]  # all rows lie in a bin of the third feature that the reference lacks
    reference = REFERENCE[0].copy(), REFERENCE[1].copy()
    reference[0][:, 8], reference[1][:, 8] = 0, 0
    found = by_features((n, loss), reference)
    np.testing.assert_allclose(found.inputs.value[:, 2], 0, atol=1e-12)
    np.testing.assert_allclose(found.relation.value[:, 2], 0, atol=1e-12)
    assert found.unknown[:, 2] == pytest.approx(found.inputs.value[:, 1] + found.relation.value[:, 1], abs=0.01)


def test_no_window_no_feature_and_no_rows_give_nothing():
    none = by_features(counted(6, 0, 10), REFERENCE)
    assert none.inputs.value.shape == (0, 3)
    empty = split_by_bins(*[np.zeros((2, 0))] * 4, 1.0)
    assert np.isnan([empty.total, *empty.inputs, *empty.relation, empty.unknown]).all()
    assert empty.by_inputs.shape == (2, 0)
    for rows in ((np.zeros((2, 9)), np.zeros((2, 9))), (REFERENCE[0], REFERENCE[1])):
        other = (REFERENCE[0], REFERENCE[1]) if rows[0].sum() == 0 else (np.zeros((1, 9)), np.zeros((1, 9)))
        assert np.isnan(by_features(rows, other).inputs.value).all()
