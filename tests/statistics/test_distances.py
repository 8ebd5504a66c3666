"""Distances against SciPy, on rows where bins can be rows, and the expectation of chance by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.spatial import distance

from monitors.statistics import distances
from monitors.statistics.distances import (
    chi_square,
    expected_jensen_shannon,
    hellinger,
    jensen_shannon,
    kolmogorov_smirnov,
    l_infinity,
    psi,
    shares,
    total_variation,
    wasserstein,
)

counts = st.integers(1, 12).flatmap(
    lambda bins: st.tuples(*[arrays(np.int64, bins, elements=st.integers(0, 50)).filter(lambda x: x.sum() > 0)] * 2)
)


@given(counts)
def test_jensen_shannon_is_scipys(pair):
    p, q = pair
    assert jensen_shannon(p, q) == pytest.approx(distance.jensenshannon(p, q), abs=1e-7)


@given(counts)
def test_hellinger_is_euclid_of_roots(pair):
    p, q = (shares(x) for x in pair)
    assert hellinger(p, q) == pytest.approx(distance.euclidean(np.sqrt(p), np.sqrt(q)) / np.sqrt(2), abs=1e-12)


@given(counts)
def test_total_variation_and_l_infinity_are_minkowskis(pair):
    p, q = (shares(x) for x in pair)
    assert total_variation(p, q) == pytest.approx(distance.cityblock(p, q) / 2, abs=1e-12)
    assert l_infinity(p, q) == pytest.approx(distance.chebyshev(p, q), abs=1e-12)


@given(counts)
def test_kolmogorov_smirnov_of_rows_that_tie_within_bins(pair):
    rows = [np.repeat(np.arange(len(x)), x) for x in pair]
    with np.errstate(all="ignore"):  # SciPy divides by 0 for the p-value of a single row
        expected = stats.ks_2samp(*rows, method="asymp").statistic
    assert kolmogorov_smirnov(*pair) == pytest.approx(expected, abs=1e-12)


@given(counts, st.randoms(use_true_random=False))
def test_wasserstein_is_scipys_in_any_order(pair, random):
    p, q = pair
    positions = np.array([random.choice([-2.5, 0, 1, 7.25, 1e3]) * random.random() for _ in p])
    expected = stats.wasserstein_distance(positions, positions, p, q)
    assert wasserstein(p, q, positions) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    many = wasserstein(np.stack([p, q]), q, np.stack([positions, positions]))
    assert many == pytest.approx([expected, 0], rel=1e-9, abs=1e-9)


def test_wasserstein_leaves_bins_without_a_place_out():
    p, q = np.array([5, 1, 1]), np.array([0, 1, 3])
    assert wasserstein(p, q, np.array([np.nan, 0, 1])) == pytest.approx(0.25)
    assert np.isnan(wasserstein(p, q, np.array([0, np.nan, np.inf])))
    assert wasserstein(np.array([3, 9, 4]), np.array([3, 9, 0]), np.array([0, 1, np.nan])) == 0


@given(counts, st.randoms(use_true_random=False))
def test_wasserstein_is_in_the_unit_of_the_positions_however_small(pair, random):
    p, q = pair
    positions = np.array([random.choice([np.nan, -2.5, 0, 1, 7.25]) for _ in p])
    plain, tiny = wasserstein(p, q, positions), wasserstein(p, q, 1e-150 * positions)
    assert tiny == pytest.approx(1e-150 * plain, rel=1e-9, abs=1e-170, nan_ok=True)


@given(counts)
def test_chi_square_is_scipys(pair):
    observed, reference = pair[0], pair[1] + 1
    statistic, dof = chi_square(observed, reference)
    expected = reference / reference.sum() * observed.sum()
    assert statistic == pytest.approx(stats.chisquare(observed, expected).statistic, rel=1e-9)
    assert dof == len(observed) - 1


def test_chi_square_without_a_chance():
    statistic, dof = chi_square(np.array([[3, 3, 0], [3, 3, 1]]), np.array([0.5, 0.5, 0]))
    assert statistic.tolist() == [0, np.inf]
    assert dof.tolist() == [1, 1]


def test_psi_by_hand():
    # Yurdakul 2018, https://scholarworks.wmich.edu/dissertations/3208.
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.25, 0.25, 0.5])
    assert psi(p, q) == pytest.approx(0.05 * np.log(1.25) + 0.05 * np.log(1.2))
    assert psi(np.array([1, 0]), np.array([0, 1])) == pytest.approx(2 * (1 - 1e-4) * np.log(1e4))


@pytest.mark.parametrize("p", [
    pytest.param(np.ones(64), id="64 equal bins"),
    pytest.param(np.r_[np.zeros(10), np.exp(-np.arange(20) / 4)], id="unequal bins, ten of them empty"),
    pytest.param(1 / np.arange(1, 200), id="many rare bins"),
])  # fmt: skip
@pytest.mark.parametrize("n", [20, 100, 2000])
def test_expected_jensen_shannon_by_simulation(p, n):
    rng = np.random.default_rng(1)
    p = shares(p)
    windows = rng.multinomial(n, p, size=1500)
    assert expected_jensen_shannon(p, np.array(n)) == pytest.approx(jensen_shannon(p, windows).mean(), rel=0.025)
    m = 3 * n + 20 * len(p)
    reference = rng.multinomial(m, p, size=1500)
    expected = expected_jensen_shannon(reference, np.array(n), np.array(m)).mean()
    assert expected == pytest.approx(jensen_shannon(reference, windows).mean(), rel=0.04)


def test_expected_jensen_shannon_is_the_chi_square_approximation_for_many_rows():
    p = shares(np.arange(1, 11))
    n = 1e6
    root = np.sqrt(2) * np.exp(distances.gammaln(5) - distances.gammaln(4.5))  # E√χ² on nine degrees of freedom
    assert expected_jensen_shannon(p, n) == pytest.approx(root / np.sqrt(8 * n), rel=1e-3)
    assert expected_jensen_shannon(p, n, n) == pytest.approx(root / np.sqrt(4 * n), rel=1e-3)


def test_expected_jensen_shannon_by_window_and_for_none():
    p = np.array([1.0, 1, 2])
    many = expected_jensen_shannon(p, np.array([0, 10, 1000]))
    assert np.isnan(many[0])
    assert many[1] > many[2] > 0
    assert np.isnan(expected_jensen_shannon(np.zeros(3), 10))
    assert expected_jensen_shannon(np.array([0, 5]), 10) == pytest.approx(0, abs=1e-12)  # one value: no noise
