"""Intervals against SciPy, at their edges, and as often right as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitors.statistics.intervals import Estimate, mean_interval, normal_quantile, poisson, symmetric, wilson


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (0, 20), (3, 20), (20, 20), (170, 1000)])
def test_wilson_is_scipys(k, n, level):
    expected = stats.binomtest(k, n).proportion_ci(level, method="wilson")
    share, low, high = wilson(np.array(k), np.array(n), level)
    assert (share, low, high) == pytest.approx((k / n, expected.low, expected.high), abs=1e-12)


@given(n=st.integers(1, 10**6), part=st.floats(0, 1))
def test_wilson_holds_the_share_and_stays_in_the_unit_interval(n, part):
    share, low, high = wilson(np.array(round(n * part)), np.array(n))
    assert 0 <= low <= share <= high <= 1


@pytest.mark.parametrize("k", [0, 1, 7, 400])
def test_poisson_is_garwoods(k):
    # Garwood's bounds are quantiles of chi-square, as SciPy has them.
    _, low, high = poisson(np.array(k))
    assert low == pytest.approx(stats.chi2.ppf(0.025, 2 * k) / 2 if k else 0)
    assert high == pytest.approx(stats.chi2.ppf(0.975, 2 * k + 2) / 2)


def test_poisson_table():
    # Garwood 1936, table 1, as reprinted in Ulm 1990 (doi:10.1093/oxfordjournals.aje.a115507): k = 5, 95%.
    assert np.round(poisson(np.array(5)), 2).tolist() == [5, 1.62, 11.67]


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30))
def test_mean_is_scipys(values):
    x = np.array(values)
    value, low, high = mean_interval(x.sum(), (x * x).sum(), np.array(len(x)))
    error = stats.sem(x)
    assert value == pytest.approx(x.mean(), abs=1e-9)
    if error > 1e-3:  # below it the sums have no digits left
        expected = stats.t.interval(0.95, len(x) - 1, x.mean(), error)
        assert (low, high) == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_nothing_gives_nothing():
    nothing = np.zeros(3)
    for estimate in (wilson(nothing, nothing), mean_interval(nothing, nothing, nothing)):
        assert np.isnan(estimate).all()
    value, low, high = mean_interval(np.array(3.0), np.array(9.0), np.array(1))
    assert value == 3
    assert np.isnan(low)
    assert np.isnan(high)


def test_empty_arrays_stay_empty():
    nothing = np.empty((0, 4))
    for estimate in (wilson(nothing, nothing), poisson(nothing), mean_interval(nothing, nothing, nothing)):
        assert [x.shape for x in estimate] == [(0, 4)] * 3


@pytest.mark.parametrize("level", [0, 1, 95, -0.5])
def test_a_level_that_is_none(level):
    for call in (lambda: wilson(np.ones(1), np.ones(1), level), lambda: poisson(np.ones(1), level),
                 lambda: mean_interval(np.ones(1), np.ones(1), np.ones(1), level)):  # fmt: skip
        with pytest.raises(ValueError, match="between 0 and 1"):
            call()


def test_error_is_that_of_a_95_percent_interval():
    assert symmetric(np.array(2.0), np.array(0.25)).error == pytest.approx(0.25)
    assert Estimate(np.array(0.0), np.array(-1.0), np.array(1.0)).error == pytest.approx(1 / normal_quantile())
