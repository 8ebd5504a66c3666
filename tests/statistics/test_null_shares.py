"""Shares of rows: tails of binomials by chance, habits with bursts, limits, and few windows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from monitors.statistics.null import (
    few_windows,
    gamma_rates,
    judge,
    of_counts,
    score_of_t,
    share_limit,
)
from tests.statistics.quiet import family_wise


def test_counts_by_chance_have_the_tails_of_a_binomial() -> None:
    rng = np.random.default_rng(5)
    past = rng.binomial(400, 0.02, (200, 40)).astype(float)
    now = np.arange(0, 31.0)[None].repeat(200, axis=0)
    found = of_counts(past, np.full(past.shape, 400.0), now, np.full(now.shape, 400.0))
    p = stats.norm.sf(score_of_t(found.windows, found.dof))
    exact_p = stats.binom.sf(now[0] - 1, 400, 0.02)
    # the spread is not known but estimated: somewhat longer tails, never shorter
    for count, digits in ((14, 0.2), (18, 0.5), (24, 1.3)):
        beyond = np.log10(np.median(p[:, count])) - np.log10(exact_p[count])
        assert 0 <= beyond <= digits


def test_where_the_reference_has_none_a_few_are_enough() -> None:
    found = of_counts(np.zeros((1, 12)), np.full((1, 12), 2000.0), np.array([[0.0, 1, 6]]), np.full((1, 3), 2000.0))
    p = stats.norm.sf(score_of_t(found.windows, found.dof))[0]
    assert p[0] >= 0.3
    assert p[1] > 0.01
    assert p[2] < 1e-6


def test_bursts_in_the_reference_are_a_habit() -> None:
    steady, bursts = np.full(20, 10.0), np.array([0, 0, 90, 0, 0, 60, 0, 0, 0, 50] * 2, float)
    rows = np.full((1, 20), 500.0)
    now, now_rows = np.array([[60.0]]), np.array([[500.0]])
    calm, wild = (of_counts(x[None], rows, now, now_rows) for x in (steady, bursts))
    p = [float(stats.norm.sf(score_of_t(found.windows, found.dof))[0, 0]) for found in (calm, wild)]
    assert p[0] < 1e-6
    assert p[1] > 0.01


def test_the_limit_of_a_share_is_where_its_score_is_reached() -> None:
    rng = np.random.default_rng(6)
    rows = rng.integers(200, 900, (4, 15)).astype(float)
    past = rng.binomial(rows.astype(int), rng.beta(4, 60, (4, 15))).astype(float)
    some = np.full((4, 1), 600.0)
    found = of_counts(past, rows, np.zeros((4, 1)), some)
    limit = share_limit(found, some, rows.sum(axis=1), np.full((4, 1), 4.0))
    there = of_counts(past, rows, limit * some, some)
    np.testing.assert_allclose(score_of_t(there.windows, there.dof), 4.0, atol=0.6)


@pytest.mark.parametrize(("mean", "habit"), [(0.002, None), (0.05, None), (0.05, 20.0), (0.01, 4.0)])
def test_counts_of_a_habit_are_quiet(mean: float, habit: float | None) -> None:
    def p_of(rng: np.random.Generator) -> np.ndarray:
        rate = mean if habit is None else rng.gamma(habit, mean / habit, (10, 70))
        counts = rng.poisson(np.broadcast_to(300 * np.asarray(rate), (10, 70))).astype(float)
        rows = np.full((10, 70), 300.0)
        found = of_counts(counts[:, :20], rows[:, :20], counts[:, 20:], rows[:, 20:])
        return judge(found.reference, found.windows, found.dof, 0.05, sides=1).p

    family_wise(p_of, 0.05, 40)


def test_few_windows_are_judged_by_chance() -> None:
    now = np.array([[0.0, 9], [0, 0]])
    p, band = few_windows(np.zeros((2, 1)), np.full((2, 1), 5000.0), now, np.full((2, 2), 500.0), 0.01)
    assert p[0, 1] < 1e-6
    assert (p[:, 0] > 0.9).all()
    assert (band < 0.01).all()
    nothing, _ = few_windows(np.zeros((2, 0)), np.zeros((2, 0)), np.ones((2, 2)), np.ones((2, 2)), 0.01)
    assert np.isnan(nothing).all()


def test_rates_of_a_gamma_are_found() -> None:
    rng = np.random.default_rng(2)
    rows = np.full((30, 400), 1000.0)
    shape, rate = gamma_rates(rng.poisson(rows * rng.gamma(5, 0.02 / 5, (30, 400))).astype(float), rows)
    assert np.median(shape) == pytest.approx(5, rel=0.15)
    assert np.median(rate) == pytest.approx(0.02, rel=0.05)
