"""AUC against scikit-learn, DeLong's error against DeLong's formula on rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import roc_auc_score

from monitors.statistics.auc import auc, auc_interval, delong, placements
from tests.statistics.rows import draw, expand, inside

tables = st.integers(1, 8).flatmap(
    lambda bins: st.tuples(
        arrays(np.int64, (bins, 2), elements=st.integers(0, 6)).filter(lambda x: (x.sum(axis=0) >= 2).all()),
        arrays(np.float64, bins, elements=st.sampled_from([-3.0, 0.0, 0.25, 0.5, 1e6])),
    )
)


@given(tables)
def test_auc_is_scikit_learns(table):
    counts, score = table
    bins, classes = expand(counts)
    expected = roc_auc_score(classes, score[bins])
    assert auc(counts[:, 1], counts[:, 0], score) == pytest.approx(expected, abs=1e-12)
    by_window = auc(counts[None, :, 1], counts[None, :, 0], score[None])
    assert by_window == pytest.approx([expected], abs=1e-12)


def by_rows(positives: np.ndarray, negatives: np.ndarray) -> tuple[float, float]:
    """DeLong, DeLong and Clarke-Pearson 1988, equations 2 to 5, row by row: AUC and its standard error."""
    psi = (positives[:, None] > negatives) + 0.5 * (positives[:, None] == negatives)
    s10, s01 = psi.mean(axis=1).var(ddof=1), psi.mean(axis=0).var(ddof=1)
    return psi.mean(), np.sqrt(s10 / len(positives) + s01 / len(negatives))


@given(tables)
def test_error_is_delongs_ties_included(table):
    counts, score = table
    bins, classes = expand(counts)
    value, error = by_rows(score[bins[classes == 1]], score[bins[classes == 0]])
    positives, negatives = counts[:, 1].astype(float), counts[:, 0].astype(float)
    placed = placements(positives, negatives, score)
    found = delong(positives, negatives, placed)
    assert (found.p, found.n) == (positives.sum(), negatives.sum())
    assert found.value == pytest.approx(value, abs=1e-12)
    assert np.sqrt(found.variance) == pytest.approx(error, abs=1e-9)
    estimate = auc_interval(counts[:, 1], counts[:, 0], score)
    assert estimate.value == pytest.approx(value, abs=1e-12)
    assert 0 <= estimate.low <= estimate.value + 1e-12
    assert estimate.value <= estimate.high + 1e-12 <= 1 + 2e-12


def test_error_of_large_windows_is_delongs():
    rng = np.random.default_rng(2)
    counts = draw(rng, 5, 100_000, np.linspace(0.05, 0.6, 20))
    for window in counts:
        bins, classes = expand(window[:, :] // 20)
        _, error = by_rows(bins[classes == 1], bins[classes == 0])
        estimate = auc_interval(*(window // 20).T[::-1], np.arange(20.0))
        assert estimate.error == pytest.approx(error, rel=0.02)


def test_interval_is_a_mirror_image_when_classes_change_places():
    counts = draw(np.random.default_rng(3), 4, 60, np.linspace(0.05, 0.9, 12))
    there = auc_interval(counts[..., 1], counts[..., 0], np.arange(12.0))
    back = auc_interval(counts[..., 0], counts[..., 1], np.arange(12.0))
    assert back.low == pytest.approx(1 - there.high)
    assert back.high == pytest.approx(1 - there.low)


def test_ties_leave_nothing_of_a_constant():
    def untied(positives, negatives):
        return delong(positives, negatives, placements(positives, negatives, np.arange(len(positives)))).untied

    assert untied(np.array([0, 10, 0]), np.array([0, 20, 0])) == 0
    assert untied(np.ones(50), np.ones(50)) == pytest.approx(1, abs=1e-3)
    # a constant score has an AUC of ½ whatever its rows
    assert np.array(auc_interval(np.array([4, 2]), np.array([3, 9]), np.zeros(2)))[0] == 0.5


@pytest.mark.parametrize("share", [0.02, 0.05, 0.5, 0.98])
@pytest.mark.parametrize("steepness", [0.0, 2.0, 10.0])
def test_intervals_of_rare_classes_hold_as_often_as_they_say(share, steepness):
    x = np.linspace(-1, 1, 40)
    rates = 1 / (1 + np.exp(-steepness * x))
    rates = rates * min(share, 1 - share) / rates.mean() if share != 0.5 else rates
    rates = 1 - rates[::-1] if share > 0.5 else rates
    counts = draw(np.random.default_rng(4), 3000, 1000, rates)
    held = inside(auc_interval(counts[..., 1], counts[..., 0], x), auc(rates, 1 - rates, x))
    assert 0.93 < held < 0.985  # a steep relation is judged with some caution


def test_scores_that_differ_by_window():
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 9, (3, 4, 7, 2))
    score = rng.integers(0, 4, (3, 4, 7)).astype(float)
    together = auc(counts[..., 1], counts[..., 0], score)
    alone = [[auc(counts[i, j, :, 1], counts[i, j, :, 0], score[i, j]) for j in range(4)] for i in range(3)]
    assert together == pytest.approx(np.array(alone), abs=1e-12)


@pytest.mark.parametrize("counts", [
    pytest.param(np.zeros((0, 2)), id="no bins"),
    pytest.param(np.zeros((5, 2)), id="no rows"),
    pytest.param(np.array([[3, 0], [2, 0]]), id="one class"),
])  # fmt: skip
def test_nothing_to_compare(counts):
    score = np.arange(len(counts), dtype=float)
    for s in (score, score[None]):
        assert np.isnan(auc(counts[:, 1], counts[:, 0], s)).all()
        assert np.isnan(np.stack(auc_interval(counts[:, 1], counts[:, 0], s))).all()


def test_no_windows():
    nothing = np.zeros((0, 5))
    assert auc(nothing, nothing, np.arange(5.0)).shape == (0,)
    assert auc(nothing, nothing, nothing).shape == (0,)


def test_a_perfect_score_is_not_certain():
    value, low, high = auc_interval(np.array([0, 10]), np.array([500, 0]), np.array([0.0, 1]))
    assert (value, high) == (1, 1)
    assert low == pytest.approx(0.025 ** (1 / 10))  # Clopper and Pearson for ten of ten
    value, low, high = auc_interval(np.array([10, 0]), np.array([0, 500]), np.array([0.0, 1]))
    assert (value, low) == (0, 0)
    assert high == pytest.approx(1 - 0.025 ** (1 / 10))


def test_intervals_hold_as_often_as_they_say():
    rng = np.random.default_rng(1)
    rates = np.linspace(0.05, 0.6, 20)
    truth = auc(rates, 1 - rates, rates)
    counts = draw(rng, 3000, 150, rates)
    held = inside(auc_interval(counts[..., 1], counts[..., 0], rates), truth)
    assert held == pytest.approx(0.95, abs=0.013)  # three standard errors
