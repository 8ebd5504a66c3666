"""Habit and chance: what numbers have in common, and how far one lies from what the reference leads to expect."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitors.statistics.null import (
    FEW_WINDOWS,
    common,
    deviations,
    judge,
    reach,
    score_of_t,
    t_of_score,
)
from tests.statistics.quiet import exact

NAN = np.nan


def test_equal_variances_are_one() -> None:
    rng = np.random.default_rng(0)
    variance, dof = common(rng.chisquare(8, 500) / 8, 8)
    assert dof > 100
    assert variance == pytest.approx(1, abs=0.05)


def test_the_prior_is_that_which_variances_were_drawn_with() -> None:
    # variances from a scaled inverse chi square with 6 degrees of freedom about 2, as in Smyth's model
    rng = np.random.default_rng(1)
    true = 2 * 6 / rng.chisquare(6, 4000)
    seen = true * rng.chisquare(10, 4000) / 10
    variance, dof = common(seen, 10)
    assert dof == pytest.approx(6, rel=0.15)
    assert variance == pytest.approx(2, rel=0.05)
    shrunk = (dof * variance + 10 * seen) / (dof + 10)
    assert np.mean((np.log(shrunk / true)) ** 2) < 0.7 * np.mean((np.log(seen / true)) ** 2)


def test_few_variances_have_nothing_in_common() -> None:
    assert common(np.array([1.0, 4.0, NAN, 0.0]), 5)[1] == 0
    assert common(np.array([1.0, 4.0, NAN, 2.0, 3.0, 0.0, 1.5]), 5)[1] > 0


def test_without_sampling_error_it_is_the_t_of_a_prediction() -> None:
    rng = np.random.default_rng(0)
    past, now = rng.normal(5, 2, (3, 9)), rng.normal(5, 2, (3, 4))
    found = exact(past, now)
    mean, spread = past.mean(axis=1, keepdims=True), past.std(axis=1, ddof=1, keepdims=True) * np.sqrt(1 + 1 / 9)
    np.testing.assert_allclose(found.windows, (now - mean) / spread, rtol=1e-5)
    np.testing.assert_allclose(found.expected, mean)
    assert (found.dof == 8).all()


@given(st.integers(0, 10**6), st.integers(4, 12))
def test_a_reference_window_is_judged_as_if_it_came_after_the_others(seed: int, windows: int) -> None:
    rng = np.random.default_rng(seed)
    past, error = rng.normal(0, 1, (4, windows)), rng.uniform(0.1, 2, (4, windows))
    whole = deviations(past, error, past[:, :0], error[:, :0], moderated=False)
    for r in range(windows):
        rest = np.arange(windows) != r
        alone = deviations(past[:, rest], error[:, rest], past[:, [r]], error[:, [r]], moderated=False)
        # the rough weights are those of all windows, the tests' differ in the third digit
        np.testing.assert_allclose(whole.reference[:, r], alone.windows[:, 0], rtol=0.25, atol=0.1)


def test_small_windows_are_judged_by_chance_and_large_ones_by_habit() -> None:
    rng = np.random.default_rng(3)
    past = rng.normal(0, 1.0, (20, 30)) + rng.normal(0, 0.1, (20, 30))
    found = deviations(past, np.full((20, 30), 0.1), np.full((20, 2), 3.0), np.full((20, 2), [0.1, 10.0]))
    assert found.spread[:, 0].mean() == pytest.approx(1.02, abs=0.15)
    assert (found.spread[:, 1] > 10).all()
    assert (np.abs(found.windows[:, 1]) < 0.31).all()


@pytest.mark.parametrize("known", range(FEW_WINDOWS))
def test_with_too_few_windows_nothing_is_judged(known: int) -> None:
    past = np.full((2, 5), NAN)
    past[:, :known] = np.arange(known)
    found = exact(past, np.ones((2, 3)))
    assert np.isnan(found.windows).all()
    assert np.isnan(judge(found.reference, found.windows, found.dof, 0.05).p).all()


@pytest.mark.parametrize("shape", [(1, 0, 0), (1, 0, 3), (1, 5, 0), (1, 1, 1), (3, 4, 2), (7, 4, 0), (0, 4, 4)])
def test_any_shape_is_judged(shape: tuple[int, int, int]) -> None:
    count, references, windows = shape
    rng = np.random.default_rng(1)
    found = exact(rng.normal(size=(count, references)), rng.normal(size=(count, windows)))
    verdict = judge(found.reference, found.windows, found.dof, 0.05)
    assert verdict.p.shape == verdict.span.shape == (count, windows)
    assert reach(found, verdict.limit, np.arange(count)).shape == (count, windows)


def test_numbers_that_never_vary_are_judged_by_chance() -> None:
    past = np.full((1, 8), 0.5)
    found = deviations(past, np.full((1, 8), 0.1), np.array([[0.5, 0.9]]), np.full((1, 2), 0.1), moderated=False)
    np.testing.assert_allclose(found.windows, [[0, 4 / np.sqrt(1 + 1 / 8)]], rtol=1e-6)


@given(st.floats(-30, 30), st.floats(1, 200))
def test_normal_scores_and_t_have_the_same_tails(t: float, dof: float) -> None:
    score = score_of_t(np.array([[t]]), np.array([[dof]])).item()
    assert stats.norm.sf(abs(score)) == pytest.approx(stats.t.sf(abs(t), dof), rel=1e-4)
    assert t_of_score(abs(score), np.array(dof)) == pytest.approx(abs(t), rel=1e-4, abs=1e-4)
