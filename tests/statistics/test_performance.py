"""Realised performance against scikit-learn, and its intervals by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from monitors.statistics.performance import (
    accuracy,
    accuracy_f1,
    auc_from_score_bins,
    brier,
    calibration_error,
    calibration_error_by_chance,
    log_loss,
    mae,
    r2,
    rmse,
)
from tests.statistics.rows import inside
from tests.statistics.scores import POSITIVE, many, rows, sums


@pytest.fixture(scope="module")
def log():
    score, outcome = rows(np.random.default_rng(0), 3000)
    return score, outcome, sums(score, outcome)


def test_losses_are_scikit_learns(log):
    score, outcome, binned = log
    assert log_loss(binned.loss, binned.by_outcome, binned.mean).value == pytest.approx(
        metrics.log_loss(outcome, score)
    )
    expected = metrics.brier_score_loss(outcome, score)
    assert brier(binned.error2, binned.by_outcome, binned.mean).value == pytest.approx(expected)


def test_accuracy_and_f1_are_scikit_learns(log):
    score, outcome, binned = log
    found = accuracy_f1(binned.by_outcome, POSITIVE)
    predicted = score >= 0.5
    assert found.accuracy.value == pytest.approx(metrics.accuracy_score(outcome, predicted))
    assert found.f1.value == pytest.approx(metrics.f1_score(outcome, predicted))
    wrong = (predicted != outcome).sum()
    assert np.array(accuracy(wrong, len(outcome))) == pytest.approx(np.array(found.accuracy))


def test_auc_of_bins_is_all_but_that_of_rows(log):
    score, outcome, binned = log
    expected = metrics.roc_auc_score(outcome, score)
    assert auc_from_score_bins(binned.by_outcome).value == pytest.approx(expected, abs=0.005)


def test_calibration_error_by_definition(log):
    _, _, binned = log
    n, rate = binned.n, binned.by_outcome[:, 1] / np.maximum(binned.n, 1)
    expected = (n / n.sum() * np.abs(rate - np.nan_to_num(binned.mean))).sum()
    assert calibration_error(binned.by_outcome, binned.mean).value == pytest.approx(expected)


def test_calibration_error_by_chance_is_what_a_calibrated_score_shows():
    binned = many(1, 300, 2000)
    by_chance = calibration_error_by_chance(binned.by_outcome, binned.mean)
    estimate = calibration_error(binned.by_outcome, binned.mean)
    assert by_chance.mean() == pytest.approx(estimate.value.mean(), rel=0.05)
    assert inside(estimate, 0.0) > 0.97
    assert calibration_error(*(lambda b: (b.by_outcome, b.mean))(many(2, 20, 2000, slope=-1))).low.min() > 0.1


def test_intervals_hold_as_often_as_they_say():
    score, outcome = rows(np.random.default_rng(3), 500_000)
    predicted = score >= 0.5
    binned = many(4, 1500, 300)
    found = accuracy_f1(binned.by_outcome, POSITIVE)
    for estimate, truth in (
        (auc_from_score_bins(binned.by_outcome), metrics.roc_auc_score(outcome, score)),
        (log_loss(binned.loss, binned.by_outcome, binned.mean), metrics.log_loss(outcome, score)),
        (brier(binned.error2, binned.by_outcome, binned.mean), metrics.brier_score_loss(outcome, score)),
        (found.accuracy, metrics.accuracy_score(outcome, predicted)),
        (found.f1, metrics.f1_score(outcome, predicted)),
    ):
        assert inside(estimate, truth) == pytest.approx(0.95, abs=0.025)


def test_regression_is_scikit_learns():
    rng = np.random.default_rng(5)
    y = rng.normal(10, 2, 400)
    p = y + rng.laplace(size=400)
    bins = rng.integers(0, 7, 400)
    loss, error2, n, label, label2 = (np.bincount(bins, w, 7) for w in (np.abs(y - p), (y - p) ** 2, None, y, y * y))
    assert mae(loss, error2, n).value == pytest.approx(metrics.mean_absolute_error(y, p))
    assert rmse(loss, error2, n).value == pytest.approx(metrics.root_mean_squared_error(y, p))
    assert r2(error2, label, label2, n).value == pytest.approx(metrics.r2_score(y, p))


@pytest.mark.parametrize("tails", ["normal", "laplace"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_intervals_of_regression_hold_as_often_as_they_say(tails, share):
    rng = np.random.default_rng(6)
    size = (2000, 400)
    errors = rng.standard_normal(size) if tails == "normal" else rng.laplace(size=size) / np.sqrt(2)
    prediction, errors = np.sqrt(share) * rng.standard_normal(size), np.sqrt(1 - share) * errors
    y = prediction + errors
    loss, error2, label, label2 = (x.sum(axis=1, keepdims=True) for x in (np.abs(errors), errors**2, y, y * y))
    n = np.full_like(loss, 400)
    mean = np.sqrt(1 - share) * (np.sqrt(2 / np.pi) if tails == "normal" else 1 / np.sqrt(2))
    assert inside(mae(loss, error2, n), mean) == pytest.approx(0.95, abs=0.02)
    assert inside(rmse(loss, error2, n), np.sqrt(1 - share)) == pytest.approx(0.95, abs=0.02)
    assert inside(r2(error2, label, label2, n, loss), share) == pytest.approx(0.95, abs=0.025)


def test_r2_below_zero_has_an_interval():
    y = np.random.default_rng(7).normal(size=(500, 100))
    error2, label, label2 = (x.sum(axis=1, keepdims=True) for x in ((y - 3) ** 2, y, y * y))
    estimate = r2(error2, label, label2, np.full((500, 1), 100))
    assert estimate.value.mean() == pytest.approx(-9, abs=0.6)
    assert inside(estimate, -9.0) > 0.93


@pytest.mark.parametrize("windows", [(0, 5), (3, 0), (3, 5)], ids=["no windows", "no bins", "no rows"])
def test_nothing_gives_nothing(windows):
    zeros, counts = np.zeros(windows), np.zeros((*windows, 2))
    nan = np.full(windows, np.nan)
    found = [
        auc_from_score_bins(counts), log_loss(zeros, counts, nan), brier(zeros, counts, nan),
        *accuracy_f1(counts, np.ones(windows[1], bool)), calibration_error(counts, nan),
        mae(zeros, zeros, zeros), rmse(zeros, zeros, zeros), r2(zeros, zeros, zeros, zeros),
        r2(zeros, zeros, zeros, zeros, zeros), accuracy(zeros.sum(axis=1), zeros.sum(axis=1)),
    ]  # fmt: skip
    for estimate in found:
        assert estimate.value.shape == windows[:1]
        assert np.isnan(np.stack(estimate)).all()
    assert np.isnan(calibration_error_by_chance(counts, nan)).all()


def test_perfect_and_constant():
    one = np.array([[0.0, 50]])
    assert rmse(np.zeros(1), np.zeros(1), np.array([9])).value == 0
    assert np.array(mae(np.zeros(1), np.zeros(1), np.array([9]))) == pytest.approx(0)
    assert np.isnan(r2(np.array([3.0]), np.array([9 * 0.1]), np.array([9 * 0.01]), np.array([9])).value)
    assert np.isnan(auc_from_score_bins(one).value)
    assert accuracy_f1(one, np.array([True])).f1.value == 1
    assert np.isnan(accuracy_f1(one[:, ::-1], np.array([False])).f1.value)
