"""Spread of numbers and of categories over their bins."""

from __future__ import annotations

import numpy as np
import pytest

from monitors.statistics.spread import diversity, spread_between_bins


def test_spread_is_the_standard_deviation_of_values_that_are_alone_in_their_bins():
    rng = np.random.default_rng(0)
    values, n = rng.normal(size=9), rng.integers(1, 9, 9)
    assert spread_between_bins(n, n * values) == pytest.approx(np.repeat(values, n).std())
    assert spread_between_bins(n, n * (3 * values + 100)) == pytest.approx(3 * np.repeat(values, n).std())


def test_values_as_large_as_doubles_are_have_a_spread():
    assert spread_between_bins(np.array([2, 2]), np.array([-1e300, 1e300])) == pytest.approx(5e299)


def test_diversity_is_the_root_of_the_chance_that_two_rows_differ():
    n = np.array([5, 3, 2])
    rows = np.repeat(np.arange(3), n)
    assert diversity(n) ** 2 == pytest.approx((rows[:, None] != rows).mean())
    assert diversity(n[::-1]) == pytest.approx(diversity(n))
    assert diversity(7 * n) == pytest.approx(diversity(n))


def test_one_bin_has_no_spread_and_no_rows_none():
    assert spread_between_bins(np.array([0, 4]), np.array([0.0, 12])) == 0
    assert diversity(np.array([0, 4])) == 0
    for nothing in (np.zeros(3), np.zeros(0)):
        assert np.isnan(spread_between_bins(nothing, nothing))
        assert np.isnan(diversity(nothing))
    assert spread_between_bins(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0,)
    assert diversity(np.zeros((0, 3))).shape == (0,)
