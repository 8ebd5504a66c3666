"""Power for numbers: explained variance against scikit-learn, unbiased on noise, honest intervals."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import explained_variance_score

from monitors.statistics.explained_variance import (
    available_explained_variance,
    expected_explained_variance,
    learned_explained_variance,
    mean_relation,
    regression_power,
)
from tests.statistics.rows import inside

X = (np.arange(40) + 0.5) / 40
NOISE, SLOPE = 0 * X, 2 * X
TRUTH = SLOPE.var() / (SLOPE.var() + 1)


def rows(rng: np.random.Generator, count: int, means: np.ndarray, offset: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    bins = rng.integers(0, len(means), count)
    return bins, offset + means[bins] + rng.standard_normal(count)


def moments(bins: np.ndarray, y: np.ndarray, size: int = 40) -> np.ndarray:
    return np.stack([np.bincount(bins, w, size) for w in (None, y, y * y)], axis=-1)


def windows(seed: int, number: int, count: int, means: np.ndarray, offset: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([moments(*rows(rng, count, means, offset)) for _ in range(number)])


def test_learned_is_scikit_learns():
    rng = np.random.default_rng(0)
    reference = mean_relation(windows(1, 1, 4000, SLOPE)[0])
    bins, y = rows(rng, 300, SLOPE, offset=7)
    expected = explained_variance_score(y, reference[bins])
    assert learned_explained_variance(moments(bins, y), reference).value == pytest.approx(expected, abs=1e-9)


def test_a_shift_of_all_outcomes_costs_no_power():
    reference = mean_relation(windows(1, 1, 4000, SLOPE)[0])
    here, there = windows(2, 1, 300, SLOPE), windows(2, 1, 300, SLOPE, offset=1000)
    for power in (lambda m: learned_explained_variance(m, reference), available_explained_variance):
        assert np.array(power(here)) == pytest.approx(np.array(power(there)), abs=1e-6)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("count", [100, 400])
def test_available_is_unbiased(count, ordered):
    for means, truth in ((NOISE, 0.0), (SLOPE, TRUTH)):
        value = available_explained_variance(windows(3, 500, count, means), ordered).value
        assert value.mean() == pytest.approx(truth, abs=0.01 + 3 * value.std() / np.sqrt(len(value)))


@pytest.mark.parametrize("means", [NOISE, SLOPE, 5 * SLOPE], ids=["noise", "signal", "strong"])
def test_intervals_hold_as_often_as_they_say(means):
    truth = means.var() / (means.var() + 1)
    own = windows(4, 600, 400, means)
    assert inside(available_explained_variance(own), truth) > 0.91
    reference = windows(5, 100, 8000, means)
    relation = mean_relation(reference)
    gap = means - relation
    worth = 1 - ((gap - gap.mean(axis=-1, keepdims=True)).var(axis=-1) + 1) / (means.var() + 1)
    assert inside(learned_explained_variance(own[:100], relation), worth) > 0.89
    assert expected_explained_variance(own[:100, :, 0], reference).value == pytest.approx(worth, abs=0.06)


def test_what_the_three_tell_apart():
    reference = windows(6, 1, 20_000, SLOPE)[0]
    narrow = SLOPE.copy()
    cases = {
        "quiet": windows(7, 1, 3000, SLOPE)[0],
        "relation changed": windows(8, 1, 3000, SLOPE[::-1])[0],
        "signal lost": windows(9, 1, 3000, NOISE)[0],
        "input vanished": moments(*(lambda b, y: (b[(b > 18) & (b < 22)], y[(b > 18) & (b < 22)]))(
            *rows(np.random.default_rng(10), 40_000, narrow))),
    }  # fmt: skip
    high = {
        name: [bool(estimate.value > 0.1) for estimate in regression_power(reference, window)]
        for name, window in cases.items()
    }
    assert high == {
        "quiet": [True, True, True],
        "relation changed": [False, True, True],
        "signal lost": [False, False, True],
        "input vanished": [False, False, False],
    }


def test_misleading_relations_are_cut():
    estimate = learned_explained_variance(windows(11, 1, 500, SLOPE)[0], -20 * X)
    assert estimate.value == -1


@pytest.mark.parametrize("shape", [(0, 5, 3), (2, 0, 3), (2, 5, 3)], ids=["no windows", "no bins", "no rows"])
def test_nothing_gives_nothing(shape):
    for reference in (np.zeros(shape[1:]), np.ones(shape[1:])):
        for estimate in regression_power(reference, np.zeros(shape)):
            assert estimate.value.shape == shape[:1]
            assert np.isnan(np.stack(estimate)).all()


def test_few_rows_and_constant_outcomes_give_nothing():
    reference = windows(12, 1, 4000, SLOPE)[0]
    few = windows(13, 1, 9, SLOPE)[0]
    constant = moments(np.arange(40).repeat(5), np.full(200, 0.1))
    one_row = moments(np.array([3]), np.array([5.0]))
    for window in (few, constant, one_row):
        power = regression_power(reference, window)
        assert np.isnan(power.learned.value)
        assert np.isnan(power.available.value)
    assert np.isnan(regression_power(constant, windows(14, 1, 400, SLOPE)[0]).expected.value)


def test_a_reference_of_each_windows_own():
    own = windows(15, 5, 300, SLOPE)
    others = own.sum(axis=0) - own
    together = regression_power(others, own)
    for w in range(5):
        for estimate, expected in zip(together, regression_power(others[w], own[w]), strict=True):
            assert np.array(estimate)[:, w] == pytest.approx(np.array(expected), abs=1e-9)


def test_relation_shrinks_as_noise_asks():
    noisy, clear = windows(16, 50, 400, NOISE), windows(16, 1, 40_000, 5 * SLOPE)[0]
    spread = [(mean_relation(n, strength)).std(axis=-1) for n, strength in ((noisy, None), (noisy, 0.0))]
    assert np.median(spread[0]) < 0.25 * np.median(spread[1])
    assert mean_relation(clear) == pytest.approx(clear[:, 1] / clear[:, 0], abs=0.02)
    empty = clear.copy()
    empty[3] = 0
    assert mean_relation(empty)[3] == pytest.approx(empty[:, 1].sum() / empty[:, 0].sum())
