"""Quantiles of binned values against NumPy's of the values themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.statistics.quantiles import MOST_EDGES, RATIO, quantile_estimates, quantiles, ratio_edges

AT = np.array([0.5, 0.95, 0.99])


def binned(values: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    return counts[None], edges, np.array([values.min()]), np.array([values.max()])


@pytest.mark.parametrize("seed", range(3))
def test_binned_quantiles_are_numpys_but_for_a_twentieth(seed):
    rng = np.random.default_rng(seed)
    past, values = rng.lognormal(3, 0.8, 20_000), rng.lognormal(3.4, 1.1, 20_000)
    found = quantiles(*binned(values, ratio_edges(past)), AT)[:, 0]
    assert found == pytest.approx(np.quantile(values, AT), rel=RATIO - 1)


def test_far_beyond_what_was_known_they_stay_as_exact():
    rng = np.random.default_rng(0)
    past = rng.lognormal(3, 0.5, 5000)
    found = quantiles(*binned(20 * past, ratio_edges(past)), AT)[:, 0]
    assert found == pytest.approx(np.quantile(20 * past, AT), rel=RATIO - 1)


@given(st.lists(st.floats(0, 1e9, allow_subnormal=False), min_size=1, max_size=60))
def test_never_outside_what_was_seen_and_in_order(values):
    x = np.array(values)
    found = quantiles(*binned(x, ratio_edges(np.array([1.0, 50.0, 1000.0]))), np.array([0, 0.2, 0.5, 0.9, 1]))[:, 0]
    assert (np.diff(found) >= 0).all()
    assert x.min() <= found[0] <= found[-1] <= x.max()


def test_two_halves_added_are_the_whole():
    rng = np.random.default_rng(4)
    x = rng.exponential(30, 1000)
    edges = ratio_edges(x[:100])
    parts = [binned(x[:300], edges), binned(x[300:], edges)]
    whole = quantiles(*binned(x, edges), AT)
    counts = parts[0][0] + parts[1][0]
    low, high = np.minimum(parts[0][2], parts[1][2]), np.maximum(parts[0][3], parts[1][3])
    assert np.array_equal(quantiles(counts, edges, low, high, AT), whole)


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [-3.0], [7.0], [np.nan, 4.0], [1e-9, 1e12]])
def test_edges_of_odd_values(values):
    edges = ratio_edges(np.array(values))
    assert 1 < len(edges) <= MOST_EDGES
    assert (np.diff(edges) > 0).all()


def test_no_rows_have_no_quantile():
    edges = ratio_edges(np.array([5.0]))
    found = quantile_estimates(np.zeros((2, len(edges) + 1)), edges, np.full(2, np.inf), np.full(2, -np.inf), AT)
    assert np.isnan(found).all()
    nothing = quantiles(np.zeros((0, len(edges) + 1)), edges, np.empty(0), np.empty(0), AT)
    assert nothing.shape == (3, 0)


def test_one_value_is_every_quantile():
    found = quantile_estimates(*binned(np.full(40, 12.0), ratio_edges(np.array([10.0]))), AT)
    assert found.value[:, 0].tolist() == [12, 12, 12]
    assert found.low[:, 0].tolist() == [12, 12, 12]


def test_intervals_hold_the_true_quantile_as_often_as_they_say():
    rng = np.random.default_rng(7)
    true, inside = np.exp(3 + 0.7 * np.array([0.0, 1.6448536, 2.3263479])), np.zeros(3)
    edges = ratio_edges(rng.lognormal(3, 0.7, 5000))
    for _ in range(400):
        found = quantile_estimates(*binned(rng.lognormal(3, 0.7, 1500), edges), AT)
        inside += (found.low[:, 0] <= true) & (true <= found.high[:, 0])
    # 0.95 give or take three standard errors of 400 trials, and a little for the bins' width
    assert (inside / 400 > 0.91).all()
