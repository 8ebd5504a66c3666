"""Distances are Evidently's on the bins that Evidently lays, and its fill for empty bins is where they part."""

from __future__ import annotations

import os
import warnings

import numpy as np
import pandas as pd
import pytest

os.environ["DO_NOT_TRACK"] = "1"
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from evidently.legacy.calculations import stattests
    from evidently.legacy.calculations.stattests.utils import get_binned_data
    from evidently.legacy.core import ColumnType

from monitors.statistics.distances import hellinger, jensen_shannon, psi, total_variation, wasserstein


@pytest.fixture(params=["numerical", "categorical"])
def samples(request):
    rng = np.random.default_rng(3)
    if request.param == "numerical":
        return pd.Series(rng.normal(size=4000)), pd.Series(rng.normal(0.4, 1.3, size=3000)), ColumnType.Numerical
    names = np.array(["a", "b", "c", "d"])
    reference, window = rng.choice(names, 500, p=[0.5, 0.3, 0.15, 0.05]), rng.choice(names, 400)
    return pd.Series(reference), pd.Series(window), ColumnType.Categorical


@pytest.mark.parametrize(("ours", "theirs"), [
    (jensen_shannon, stattests.jensenshannon_stat_test),
    (hellinger, stattests.hellinger_stat_test),
])  # fmt: skip
def test_same_distance_on_the_same_bins(ours, theirs, samples):
    reference, window, kind = samples
    p, q = get_binned_data(reference, window, kind, 30, feel_zeroes=False)
    assert ours(p, q) == pytest.approx(theirs.func(reference, window, kind, 0.1)[0], rel=1e-9)


def test_same_psi_where_no_share_is_tiny():
    rng = np.random.default_rng(4)
    reference = pd.Series(rng.choice(["a", "b", "c"], 900, p=[0.6, 0.3, 0.1]))
    window = pd.Series(rng.choice(["a", "b", "d"], 700, p=[0.5, 0.3, 0.2]))  # c is empty here and d there
    p, q = get_binned_data(reference, window, ColumnType.Categorical, 30, feel_zeroes=False)
    expected = stattests.psi_stat_test.func(reference, window, ColumnType.Categorical, 0.1)[0]
    assert psi(p, q) == pytest.approx(expected, rel=1e-9)


def test_psi_does_not_let_one_rare_value_inflate_empty_bins():
    # With a share at or below 0.0001 Evidently fills empty bins with that share over a million.
    reference = pd.Series(["a"] * 14_000 + ["b"] * 5_999 + ["rare"])
    window = pd.Series(["a"] * 12_000 + ["b"] * 7_000 + ["new"] * 1_000)
    p, q = get_binned_data(reference, window, ColumnType.Categorical, 30, feel_zeroes=False)
    theirs = stattests.psi_stat_test.func(reference, window, ColumnType.Categorical, 0.1)[0]
    assert theirs > psi(p, q) + 0.6
    assert psi(p, q) == pytest.approx(psi(np.array([0.7, 0.3, 0]), np.array([0.6, 0.35, 0.05])), abs=1e-3)


def test_total_variation_is_evidentlys():
    # Evidently's own function permutes; its distance is the same sum over categories.
    from evidently.legacy.calculations.stattests.tvd_stattest import _total_variation_distance

    reference, window = pd.Series(list("aaabbc")), pd.Series(list("abbbbd"))
    p, q = get_binned_data(reference, window, ColumnType.Categorical, 30, feel_zeroes=False)
    assert total_variation(p, q) == pytest.approx(_total_variation_distance(reference, window), abs=1e-12)


def test_wasserstein_in_reference_deviations_is_evidentlys():
    rng = np.random.default_rng(5)
    reference, window = pd.Series(rng.integers(0, 40, 800)), pd.Series(rng.integers(5, 60, 700))
    positions = np.arange(60.0)  # every value a bin
    p, q = (np.bincount(x, minlength=60) for x in (reference, window))
    expected = stattests.wasserstein_stat_test.func(reference, window, ColumnType.Numerical, 0.1)[0]
    assert wasserstein(p, q, positions) / np.std(reference) == pytest.approx(expected, rel=1e-9)
