"""How labels come in: against rows followed one by one, and curves that are known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from monitors.statistics.delays import incidence, maturity, share_in

LOWER = np.array([0.0, 1, 2, 4, 8, 16, 32])


def counted(delay: np.ndarray, outcome: np.ndarray, window: np.ndarray, age: np.ndarray, k: int) -> np.ndarray:
    """Counts (W, K, D) of the labels that have come; delay inf: never."""
    counts = np.zeros((len(age), k, len(LOWER)))
    here = delay <= age[window]
    place = np.searchsorted(LOWER, delay[here], side="right") - 1
    np.add.at(counts, (window[here], outcome[here], place), 1)
    return counts


def followed(delay: np.ndarray, outcome: np.ndarray, age: np.ndarray, k: int) -> np.ndarray:
    """Aalen and Johansen row by row at every end of a bin: a row is censored at its window's age."""
    out, alive, total = [np.zeros(k)], 1.0, np.zeros(k)
    for low, high in pairwise(LOWER):
        at_risk = (age >= high) & (delay >= low)
        if not (age >= high).any():
            break
        hazard = np.array([(at_risk & (delay < high) & (outcome == c)).sum() for c in range(k)]) / at_risk.sum()
        total = total + alive * hazard
        alive *= 1 - hazard.sum()
        out.append(total)
    return np.array(out).T


def log(seed: int, rows: int = 300, windows: int = 25) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    window = np.repeat(np.arange(windows), rows)
    outcome = (rng.random(len(window)) < 0.3).astype(int)
    delay = rng.exponential(np.where(outcome == 1, 1.5, 6.0))
    delay[rng.random(len(window)) < 0.2] = np.inf
    return delay, outcome, window, np.arange(windows, 0, -1).astype(float)


@pytest.mark.parametrize("seed", range(3))
def test_the_curve_is_that_of_rows_followed_one_by_one(seed):
    delay, outcome, window, age = log(seed)
    found = incidence(counted(delay, outcome, window, age, 2), np.bincount(window), age, LOWER)
    np.testing.assert_allclose(found.share, followed(delay, outcome, age[window], 2), atol=1e-12)
    np.testing.assert_array_equal(found.ages, LOWER[:6])  # no window is 32 old


def test_the_curve_is_the_true_one_although_young_windows_show_fast_labels_alone():
    delay, outcome, window, age = log(5, 4000)
    found = incidence(counted(delay, outcome, window, age, 2), np.bincount(window), age, LOWER)
    for k, (part, mean) in enumerate([(0.7, 6.0), (0.3, 1.5)]):
        true = 0.8 * part * (1 - np.exp(-found.ages / mean))
        np.testing.assert_allclose(found.share[k], true, atol=0.01)
    naive = counted(delay, outcome, window, age, 2).sum(axis=(0, 2))
    assert naive[1] / naive.sum() > 0.33  # the labels that are in hold too many of the fast ones
    assert found.share[1, -1] / found.share[:, -1].sum() == pytest.approx(0.3 / (0.3 + 0.7 * 0.93), abs=0.02)


def test_the_share_that_is_in_is_the_curves_mean_over_the_windows_ages():
    delay, outcome, window, age = log(6, 2000)
    found = incidence(counted(delay, outcome, window, age, 2), np.bincount(window), age, LOWER)
    at = share_in(found, np.array([2.0, 8.0, -3.0]), np.array([2.0, 8.0, -1.0]))
    np.testing.assert_allclose(at[:2], found.share[:, [2, 4]].T, atol=1e-12)
    assert (at[2] == 0).all()  # rows that nobody has seen yet have no labels
    wide = share_in(found, np.array([0.0]), np.array([1.0]))[0]
    np.testing.assert_allclose(wide, found.share[:, 1] / 2, rtol=1e-9)  # evenly over the bin


def test_the_outcome_that_lags_decides():
    counts = np.zeros((10, 2, len(LOWER)))
    counts[:, 0, 0], counts[:, 1, 3] = 95, 5  # positives come between 4 and 8 hours
    found = incidence(counts, np.full(10, 100.0), np.full(10, 20.0), LOWER)
    ages = np.array([3.0, 6.0, 9.0])
    assert maturity(found, ages, ages) == pytest.approx([0.0, 0.5, 1.0])
    rare = counts.copy()
    rare[1:, 1] = 0  # five labels of it say nothing
    found = incidence(rare, np.full(10, 100.0), np.full(10, 20.0), LOWER)
    assert maturity(found, ages, ages) == pytest.approx([1.0, 1.0, 1.0])


def test_what_nobody_was_old_enough_to_see_is_told():
    counts = np.zeros((4, 1, len(LOWER)))
    counts[:, 0, 1], counts[:, 0, 4] = 30, 70
    found = incidence(counts, np.full(4, 200.0), np.full(4, 9.0), LOWER)
    assert found.ages.tolist() == [0, 1, 2, 4, 8]
    assert found.beyond == pytest.approx(0.7)
    assert found.share[0].tolist() == pytest.approx([0, 0, 0.15, 0.15, 0.15])


@pytest.mark.parametrize("windows", [0, 1, 3])
def test_nothing_gives_nothing(windows):
    found = incidence(np.zeros((windows, 2, len(LOWER))), np.zeros(windows), np.zeros(windows), LOWER)
    assert found.share.shape == (2, 1)
    assert found.beyond == 0
    assert np.isnan(maturity(found, np.zeros(windows), np.ones(windows))).all()
    empty = incidence(np.zeros((windows, 2, len(LOWER))), np.full(windows, 9.0), np.full(windows, 50.0), LOWER)
    assert (empty.share == 0).all()
