"""What holds of every statistic; a new one must say here what holds of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from monitors.statistics import auc as auc_module
from monitors.statistics import (
    cbpe,
    decomposition,
    distances,
    explained_variance,
    information,
    intervals,
    leave_pair_out,
    losses,
    performance,
    power,
    shrinkage,
)

BINS = 7
SCORE = np.array([0.05, 0.2, 0.3, 0.45, 0.6, 0.8, 0.95])
PLACES = np.array([-3.0, 0, 0.5, 2, 2.5, 10, 11])

# Each statistic as a function of two tables of counts, (..., B, 2), and of what stands beside each bin: a reference
# and a window of negatives and positives. Intervals are judged by their value.
Case = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def rows(counts: np.ndarray) -> np.ndarray:
    return counts.sum(axis=-1)


def moments(counts: np.ndarray) -> np.ndarray:
    """(n, Σy, Σy²) of outcomes 0 and 1."""
    return np.stack([rows(counts), counts[..., 1], counts[..., 1]], axis=-1)


def loss(counts: np.ndarray, score: np.ndarray) -> np.ndarray:
    return (counts * losses.log_losses(score)).sum(axis=-1)


CASES: dict[str, Case] = {
    "shares": lambda p, q, s, x: distances.shares(rows(q)).max(axis=-1),
    "jensen_shannon": lambda p, q, s, x: distances.jensen_shannon(rows(p), rows(q)),
    "psi": lambda p, q, s, x: distances.psi(rows(p), rows(q)),
    "hellinger": lambda p, q, s, x: distances.hellinger(rows(p), rows(q)),
    "total_variation": lambda p, q, s, x: distances.total_variation(rows(p), rows(q)),
    "l_infinity": lambda p, q, s, x: distances.l_infinity(rows(p), rows(q)),
    "kolmogorov_smirnov": lambda p, q, s, x: distances.kolmogorov_smirnov(rows(p), rows(q)),
    "wasserstein": lambda p, q, s, x: distances.wasserstein(rows(p), rows(q), x),
    "chi_square": lambda p, q, s, x: distances.chi_square(rows(q), rows(p)).statistic,
    "expected_jensen_shannon": lambda p, q, s, x: distances.expected_jensen_shannon(rows(p), rows(q).sum(axis=-1)),
    "auc": lambda p, q, s, x: auc_module.auc(q[..., 1], q[..., 0], s),
    "auc_interval": lambda p, q, s, x: auc_module.auc_interval(q[..., 1], q[..., 0], s).value,
    "leave_pair_out": lambda p, q, s, x: auc_module.area(
        q[..., 1], leave_pair_out.leave_pair_out(q[..., 1], q[..., 0])
    ),
    "relation": lambda p, q, s, x: shrinkage.relation(q)[..., 1].max(axis=-1),
    "empirical_strength": lambda p, q, s, x: shrinkage.empirical_strength(q),
    "learned_power": lambda p, q, s, x: power.learned_power(q, shrinkage.relation(p), 1).value,
    "available_power": lambda p, q, s, x: power.available_power(q, ordered=False, minimum_labels=1).value,
    "expected_power": lambda p, q, s, x: power.expected_power(rows(q), shrinkage.relation(p), None, 1).value,
    "binary_power": lambda p, q, s, x: power.binary_power(p, q, minimum_labels=1).learned.value,
    "gain of binary_power": lambda p, q, s, x: power.binary_power(p, q, ordered=False, minimum_labels=1).gain.value,
    "multiclass_power": lambda p, q, s, x: power.multiclass_power(p, q, minimum_labels=1).expected.value,
    "information_value": lambda p, q, s, x: information.information_value(q[..., 1], q[..., 0]),
    "normalised_mutual_information": lambda p, q, s, x: information.normalised_mutual_information(q),
    "mean_relation": lambda p, q, s, x: explained_variance.mean_relation(moments(q)).max(axis=-1),
    "learned_explained_variance": lambda p, q, s, x: explained_variance.learned_explained_variance(
        moments(q), explained_variance.mean_relation(moments(p)), 1
    ).value,
    "available_explained_variance": lambda p, q, s, x: explained_variance.available_explained_variance(
        moments(q), ordered=False, minimum_labels=1
    ).value,
    "expected_explained_variance": lambda p, q, s, x: explained_variance.expected_explained_variance(
        rows(q), moments(p), 1
    ).value,
    "regression_power": lambda p, q, s, x: explained_variance.regression_power(
        moments(p), moments(q), minimum_labels=1
    ).learned.value,
    "auc_from_score_bins": lambda p, q, s, x: performance.auc_from_score_bins(q).value,
    "log_loss": lambda p, q, s, x: performance.log_loss(loss(q, s), q, s).value,
    "brier": lambda p, q, s, x: performance.brier((q * losses.squared_errors(s)).sum(axis=-1), q, s).value,
    "accuracy": lambda p, q, s, x: performance.accuracy(q[..., 1].sum(axis=-1), rows(q).sum(axis=-1)).value,
    "accuracy_f1": lambda p, q, s, x: performance.accuracy_f1(q, s > 0.5).f1.value,
    "calibration_error": lambda p, q, s, x: performance.calibration_error(q, s).value,
    "calibration_error_by_chance": lambda p, q, s, x: performance.calibration_error_by_chance(q, s),
    "mae": lambda p, q, s, x: performance.mae(q[..., 1] * s, q[..., 1] * s**2, rows(q)).value,
    "rmse": lambda p, q, s, x: performance.rmse(q[..., 1] * s, q[..., 1] * s**2, rows(q)).value,
    "r2": lambda p, q, s, x: performance.r2(
        (q * losses.squared_errors(s)).sum(axis=-1), q[..., 1], q[..., 1], rows(q)
    ).value,
    "expected_performance": lambda p, q, s, x: cbpe.expected_performance(
        rows(q), s**2, s, reference_n=rows(p)
    ).brier.value,
    "disde": lambda p, q, s, x: decomposition.disde(rows(p), loss(p, s), rows(q), loss(q, s), 1).total.value,
    "squares_from_bins": lambda p, q, s, x: losses.squares_from_bins(q, losses.log_losses(s)).sum(axis=-1),
    "wilson": lambda p, q, s, x: intervals.wilson(q[..., 1].sum(axis=-1), rows(q).sum(axis=-1)).value,
    "poisson": lambda p, q, s, x: intervals.poisson(rows(q).sum(axis=-1)).value,
    "mean_interval": lambda p, q, s, x: intervals.mean_interval(
        (q[..., 1] * s).sum(axis=-1), (q[..., 1] * s**2).sum(axis=-1), rows(q).sum(axis=-1)
    ).value,
}  # fmt: skip

SYMMETRIC = {
    "jensen_shannon", "psi", "hellinger", "total_variation", "l_infinity", "kolmogorov_smirnov", "wasserstein",
}  # fmt: skip
ZERO_BETWEEN_EQUALS = SYMMETRIC | {"disde"}
IN_UNIT_INTERVAL = {
    "shares", "jensen_shannon", "hellinger", "total_variation", "l_infinity", "kolmogorov_smirnov",
    "expected_jensen_shannon", "auc", "auc_interval", "auc_from_score_bins", "leave_pair_out", "relation",
    "mean_relation", "learned_power", "available_power", "expected_power", "binary_power", "multiclass_power",
    "normalised_mutual_information", "expected_explained_variance", "brier", "accuracy", "accuracy_f1",
    "calibration_error", "calibration_error_by_chance", "expected_performance", "wilson",
}  # fmt: skip
AT_LEAST_ZERO = {
    "psi", "wasserstein", "chi_square", "information_value", "log_loss", "mae", "rmse", "empirical_strength",
    "squares_from_bins", "poisson", "mean_interval",
}  # fmt: skip
AT_MOST_ONE = {
    "gain of binary_power", "learned_explained_variance", "available_explained_variance", "regression_power", "r2",
}  # fmt: skip
ORDER_OF_BINS_MATTERS = {"kolmogorov_smirnov", "auc_from_score_bins", "expected_performance"}
ROWS_DOUBLED_SAME = SYMMETRIC | {
    "shares", "auc", "auc_interval", "auc_from_score_bins", "learned_explained_variance", "log_loss", "brier",
    "accuracy", "accuracy_f1", "calibration_error", "mae", "rmse", "r2", "expected_performance", "disde",
    "normalised_mutual_information", "mean_interval", "wilson", "expected_power", "expected_explained_variance",
    "learned_power", "binary_power", "multiclass_power", "regression_power",
}  # fmt: skip
"""Doubling the window's rows changes what is sure, not what is estimated."""

NOT_OF_COUNTS = {
    "normal_quantile": "of a level", "symmetric": "of a value and its error",
    "logit_interval": "of a value and its error",
    "log_losses": "of a score", "squared_errors": "of a score", "flatten": "of shapes", "over_classes": "a sum",
    "shared": "of shapes",
    "class_totals": "a sum", "placements": "seen through auc", "area": "seen through auc",
    "delong": "test_auc.py, against DeLong's formula",
    "score_interval": "of a value and its error",
    "learning_inflation": "test_power.py, by simulation", "cross_fitted": "seen through available_power",
    "order_variance": "test_leave_pair_out.py, by simulation",
    "gather": "a sum", "expand": "test_leave_pair_out.py", "join_bins": "test_leave_pair_out.py",
    "levelled": "test_levelling.py", "classes_first": "of shapes",
    "against_rest": "seen through multiclass_power", "class_weights": "seen through multiclass_power",
    "mean_auc": "seen through multiclass_power", "expected_mean_auc": "seen through multiclass_power",
    "split_by_bins": "test_decomposition.py", "input_errors": "test_cbpe.py",
    "slope": "test_trends.py", "half_life": "test_trends.py", "date_of_floor": "test_trends.py",
    "habit_variance": "test_trends.py", "decay": "test_trends.py",
    "points_of": "of shapes", "line": "seen through slope", "persistence": "seen through slope",
    "spread_between_bins": "test_spread.py", "diversity": "test_spread.py",
}  # fmt: skip

MODULES = (
    "auc", "auc_bounds", "cbpe", "decomposition", "distances", "explained_variance", "halving", "information",
    "intervals", "leave_pair_out", "joining", "levelling", "losses", "noise_floor", "one_vs_rest", "performance",
    "power", "shrinkage", "spread", "trends",
)  # fmt: skip


@pytest.mark.parametrize("module", MODULES)
def test_every_statistic_says_what_holds_of_it(module):
    found = import_module(f"monitors.statistics.{module}")
    public = {
        name for name, value in vars(found).items()
        if inspect.isroutine(value) and not name.startswith("_") and value.__module__ == found.__name__
    }  # fmt: skip
    promised = public & set(CASES)
    assert public - promised == public & set(NOT_OF_COUNTS), "add it to CASES and to the sets that hold of it"
    for name in promised:
        assert name in SYMMETRIC | IN_UNIT_INTERVAL | AT_LEAST_ZERO | AT_MOST_ONE | ROWS_DOUBLED_SAME, name


def test_no_promise_without_a_statistic():
    named = SYMMETRIC | ZERO_BETWEEN_EQUALS | IN_UNIT_INTERVAL | AT_LEAST_ZERO | AT_MOST_ONE
    assert named | ORDER_OF_BINS_MATTERS | ROWS_DOUBLED_SAME <= set(CASES)


tables = arrays(np.float64, (BINS, 2), elements=st.integers(0, 60).map(float)).filter(
    lambda x: (x.sum(axis=0) >= 2).all()
)


def apply(name: str, p: np.ndarray, q: np.ndarray, order: np.ndarray | slice = slice(None)) -> np.ndarray:
    case = CASES[name]
    return case(p[..., order, :], q[..., order, :], SCORE[order], PLACES[order])


@pytest.mark.parametrize("name", sorted(CASES))
@settings(max_examples=10)
@given(p=tables, q=tables, order=st.permutations(range(BINS)))
def test_bounds_and_order_of_bins(name, p, q, order):
    value = apply(name, p, q)
    assert np.shape(value) == ()
    if name in IN_UNIT_INTERVAL:
        assert -1e-12 <= value <= 1 + 1e-12
    if name in AT_LEAST_ZERO:
        assert value >= 0
    if name in AT_MOST_ONE:
        assert value <= 1
    if name not in ORDER_OF_BINS_MATTERS:
        assert apply(name, p, q, np.array(order)) == pytest.approx(value, rel=1e-7, abs=1e-7, nan_ok=True)


@pytest.mark.parametrize("name", sorted(SYMMETRIC))
@settings(max_examples=10)
@given(p=tables, q=tables)
def test_symmetry(name, p, q):
    assert apply(name, p, q) == pytest.approx(apply(name, q, p), abs=1e-9)


@pytest.mark.parametrize("name", sorted(ZERO_BETWEEN_EQUALS))
@settings(max_examples=10)
@given(p=tables, times=st.integers(1, 9))
def test_nothing_moved(name, p, times):
    assert apply(name, p, p * times) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("name", sorted(ROWS_DOUBLED_SAME))
@settings(max_examples=10)
@given(p=tables, q=tables)
def test_the_estimate_is_of_shares_and_not_of_rows(name, p, q):
    assert apply(name, p, 2 * q) == pytest.approx(apply(name, p, q), rel=1e-9, abs=1e-7, nan_ok=True)


@pytest.mark.parametrize("name", sorted(CASES))
@settings(max_examples=3)
@given(p=tables, q=arrays(np.float64, (2, 3, BINS, 2), elements=st.integers(0, 60).map(float)))
def test_windows_do_not_see_each_other(name, p, q):
    together = apply(name, p, q)
    assert together.shape == (2, 3) or name == "expected_jensen_shannon"
    for w in np.ndindex(2, 3):
        assert apply(name, p, q[w]) == pytest.approx(together[w], rel=1e-9, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", sorted(set(CASES) - {"shares", "expected_jensen_shannon"}))
@settings(max_examples=10)
@given(p=tables, q=tables)
def test_an_empty_bin_changes_nothing(name, p, q):
    def wider(counts: np.ndarray) -> np.ndarray:
        return np.concatenate([counts, np.zeros((1, 2))])

    value = CASES[name](wider(p), wider(q), np.append(SCORE, 0.99), np.append(PLACES, 40))
    assert value == pytest.approx(apply(name, p, q), rel=1e-6, abs=1e-4, nan_ok=True)


A_BIN_CUT_ALIKE = (
    "jensen_shannon", "hellinger", "total_variation", "kolmogorov_smirnov", "wasserstein", "chi_square", "auc",
    "log_loss", "brier", "accuracy_f1", "calibration_error", "disde", "r2", "mean_interval", "expected_performance",
)  # fmt: skip
"""What bins are for: to cut one into parts that are alike tells nothing new."""


@pytest.mark.parametrize("name", A_BIN_CUT_ALIKE)
@settings(max_examples=10)
@given(p=tables, q=tables, bin_cut=st.integers(0, BINS - 1))
def test_a_bin_cut_into_two_alike_changes_nothing(name, p, q, bin_cut):
    doubled = np.insert(np.arange(BINS), bin_cut, bin_cut)
    half = np.where(doubled == bin_cut, 0.5, 1.0)[:, None]
    value = CASES[name](p[doubled] * half, q[doubled] * half, SCORE[doubled], PLACES[doubled])
    expected = apply(name, p, q)
    if name == "disde" and not (p[bin_cut].sum() >= 2 or p[bin_cut].sum() == 0):
        return  # halves of one row are bins that the reference hardly knew
    assert value == pytest.approx(expected, rel=1e-7, abs=1e-7, nan_ok=True)
