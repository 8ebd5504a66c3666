"""How well a model did, from the bins of its prediction, every number with an interval.

Arrays are by bin of the prediction, shape (..., B), for rows that have both prediction and label; leave the
four missing bins out (``column.values``). ``by_outcome`` is (..., B, 2): negatives, positives.
``prediction_mean`` is the mean score of a bin's rows; NaN is fine in an empty bin.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from monitors.statistics.auc import auc_interval
from monitors.statistics.cbpe import ExpectedPerformance, expected_performance
from monitors.statistics.intervals import LEVEL, Estimate, mean_interval, normal_quantile, wilson
from monitors.statistics.losses import log_losses, squared_errors

__all__ = [
    "AccuracyF1", "ExpectedPerformance", "accuracy", "accuracy_f1", "auc_from_score_bins", "brier",
    "calibration_error", "calibration_error_by_chance", "expected_performance", "log_loss", "mae", "r2",
    "rmse",
]  # fmt: skip


class AccuracyF1(NamedTuple):
    """Accuracy and F1 at one threshold, each an Estimate of shape (...)."""

    accuracy: Estimate
    f1: Estimate


def auc_from_score_bins(by_outcome: np.ndarray, level: float = LEVEL) -> Estimate:
    """AUC of a score whose bins are in ascending order, with DeLong's error.

    Rows of one bin tie, which costs at most half the chance that a positive and a negative share a bin: with
    64 bins of equal size less than .01, and less the better the score.

    Parameters
    ----------
    by_outcome : shape (..., B, 2)

    Returns
    -------
    Estimate of shape (...); NaN where a class has no rows.
    """
    counts = np.asarray(by_outcome, float)
    return auc_interval(counts[..., 1], counts[..., 0], np.arange(counts.shape[-2], dtype=float), level)


@np.errstate(divide="ignore", invalid="ignore")
def _mean_loss(total: np.ndarray, by_outcome: np.ndarray, row_loss: np.ndarray, level: float) -> Estimate:
    """Σ loss / n, with the spread that the rows' losses have when all rows of a bin score its mean."""
    counts = np.asarray(by_outcome, float)
    n = counts.sum(axis=(-2, -1))
    spread = mean_interval(
        np.where(counts > 0, counts * row_loss, 0.0).sum(axis=(-2, -1)),
        np.where(counts > 0, counts * row_loss**2, 0.0).sum(axis=(-2, -1)),
        n,
        level,
    )
    value = np.asarray(total, float).sum(axis=-1) / n
    margin = spread.high - spread.value
    return Estimate(value, np.maximum(value - margin, 0), value + margin)


def log_loss(loss: np.ndarray, by_outcome: np.ndarray, prediction_mean: np.ndarray, level: float = LEVEL) -> Estimate:
    """Mean of −ln p(outcome), from exact sums; as ``sklearn.metrics.log_loss``.

    The sums hold no squares of the loss. Its variance is taken from the bins, where a row of class 1 in a bin
    of mean score s lost −ln s, and of class 0 −ln(1−s); the spread of scores within a bin is left out.

    Parameters
    ----------
    loss : sum of log losses by bin, shape (..., B)
    by_outcome : shape (..., B, 2)
    prediction_mean : shape (..., B)
    """
    return _mean_loss(loss, by_outcome, log_losses(prediction_mean), level)


def brier(error2: np.ndarray, by_outcome: np.ndarray, prediction_mean: np.ndarray, level: float = LEVEL) -> Estimate:
    """Mean of (score − outcome)², from exact sums; variance from the bins as in ``log_loss``.

    Parameters
    ----------
    error2 : sum of squared errors by bin, shape (..., B)
    by_outcome : shape (..., B, 2)
    prediction_mean : shape (..., B)

    References
    ----------
    Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2
    """
    return _mean_loss(error2, by_outcome, squared_errors(prediction_mean), level)


def accuracy(wrong: np.ndarray, n: np.ndarray, level: float = LEVEL) -> Estimate:
    """Share of rows predicted right, 1 − wrong/n, with Wilson's interval; for any number of classes.

    Parameters
    ----------
    wrong, n : wrongly predicted rows (the sum of 0/1 losses) and all rows, any shapes that broadcast
    """
    n = np.asarray(n, float)
    return wilson(n - np.asarray(wrong, float), n, level)


@np.errstate(divide="ignore", invalid="ignore")
def accuracy_f1(by_outcome: np.ndarray, predicted_positive: np.ndarray, level: float = LEVEL) -> AccuracyF1:
    """Accuracy, and F1 = 2TP/(2TP + FP + FN), of the bins that count as positive predictions.

    Accuracy has Wilson's interval. So has the share J = TP/(TP + FP + FN) of rows that either side calls
    positive, and F1 = 2J/(1 + J) inherits it.

    Parameters
    ----------
    by_outcome : shape (..., B, 2)
    predicted_positive : bool, shape (B,) or (..., B)

    Returns
    -------
    AccuracyF1; NaN without rows, F1 also without positives on either side.
    """
    counts = np.asarray(by_outcome, float)
    positive = np.asarray(predicted_positive, bool)
    true_positive = np.where(positive, counts[..., 1], 0.0).sum(axis=-1)
    false_positive = np.where(positive, counts[..., 0], 0.0).sum(axis=-1)
    total = counts.sum(axis=-2)
    false_negative = total[..., 1] - true_positive
    wrong = false_positive + false_negative
    jaccard = wilson(true_positive, true_positive + wrong, level)
    return AccuracyF1(
        accuracy(wrong, total.sum(axis=-1), level), Estimate(*(2 * share / (1 + share) for share in jaccard))
    )


@np.errstate(divide="ignore", invalid="ignore")
def _calibration(by_outcome: np.ndarray, prediction_mean: np.ndarray) -> tuple[np.ndarray, ...]:
    """Weight of each bin, its gap |rate − mean score|, and the gap's standard error if calibrated or as seen."""
    counts = np.asarray(by_outcome, float)
    n = counts.sum(axis=-1)
    some = n > 0
    rows = np.where(some, n, 1.0)
    rate = counts[..., 1] / rows
    mean = np.where(some, prediction_mean, 0.0)
    gap = np.where(some, np.abs(rate - mean), 0.0)
    expected = np.clip(mean, 0, 1)
    by_chance = np.sqrt(np.where(some, expected * (1 - expected) / rows, 0.0))
    seen = (counts[..., 1] + expected) / (rows + 1)
    error = np.sqrt(np.where(some, seen * (1 - seen) / rows, 0.0))
    return n / n.sum(axis=-1, keepdims=True), gap, by_chance, error


def _weighted(weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Σ weight·values over bins; NaN where there are none."""
    return np.asarray((weight * values).sum(axis=-1) if weight.shape[-1] else np.full(weight.shape[:-1], np.nan))


def calibration_error_by_chance(by_outcome: np.ndarray, prediction_mean: np.ndarray) -> np.ndarray:
    """Calibration error that a perfectly calibrated score shows on this many rows: Σ (n_b/N) √(2 s(1−s)/(π n_b)).

    Parameters
    ----------
    by_outcome : shape (..., B, 2)
    prediction_mean : shape (..., B)

    References
    ----------
    Bröcker and Smith 2007, doi:10.1175/WAF993.1
    """
    weight, _, by_chance, _ = _calibration(by_outcome, prediction_mean)
    return _weighted(weight, by_chance) * np.sqrt(2 / np.pi)


def calibration_error(by_outcome: np.ndarray, prediction_mean: np.ndarray, level: float = LEVEL) -> Estimate:
    """Expected calibration error: Σ (n_b/N) |outcome rate − mean score| over the bins of the score.

    Never 0, even for a perfect score: chance alone gives ``calibration_error_by_chance``, so the lower bound
    of the interval is taken that much lower.

    Parameters
    ----------
    by_outcome : shape (..., B, 2)
    prediction_mean : shape (..., B)

    References
    ----------
    Naeini, Cooper and Hauskrecht 2015, doi:10.1609/aaai.v29i1.9602; Guo et al. 2017, arXiv:1706.04599
    """
    weight, gap, by_chance, error = _calibration(by_outcome, prediction_mean)
    value = _weighted(weight, gap)
    bias = _weighted(weight, by_chance) * np.sqrt(2 / np.pi)
    margin = normal_quantile(level) * np.sqrt((weight**2 * error**2).sum(axis=-1))
    return Estimate(value, np.maximum(value - bias - margin, 0), np.minimum(value + margin, 1))


@np.errstate(divide="ignore", invalid="ignore")
def mae(loss: np.ndarray, error2: np.ndarray, n: np.ndarray, level: float = LEVEL) -> Estimate:
    """Mean absolute error with Student's interval; exact, for error² is the square of the absolute error.

    Parameters
    ----------
    loss, error2, n : Σ|error|, Σ error² and rows, by bin, shape (..., B)
    """
    total, total2, rows = (np.asarray(x, float).sum(axis=-1) for x in (loss, error2, n))
    estimate = mean_interval(total, total2, rows, level)
    return estimate._replace(low=np.maximum(estimate.low, 0))


SHAPES = np.linspace(0.4, 8, 120)
"""Shapes of the generalised normal distribution: 1 Laplace, 2 normal, large uniform."""


def _kurtosis(geary: np.ndarray) -> np.ndarray:
    """Kurtosis of a generalised normal error by its mean absolute over its root mean square deviation."""
    first, third, fifth = (gammaln(i / SHAPES) for i in (1, 3, 5))
    ratio = np.exp(gammaln(2 / SHAPES) - (first + third) / 2)
    return np.interp(geary, ratio, np.exp(fifth + first - 2 * third))


@np.errstate(divide="ignore", invalid="ignore")
def rmse(loss: np.ndarray, error2: np.ndarray, n: np.ndarray, level: float = LEVEL) -> Estimate:
    """Root mean squared error √(Σ error²/n), with an interval on the log scale.

    var ln MSE = (κ − 1)/n. The sums hold no fourth power; the kurtosis κ is that of the generalised normal
    distribution with the same ratio of mean absolute to root mean squared error, so heavy tails widen it.

    Parameters
    ----------
    loss, error2, n : Σ|error|, Σ error² and rows, by bin, shape (..., B)

    References
    ----------
    Geary 1935, doi:10.1093/biomet/27.3-4.310 (the ratio)
    """
    total, total2, rows = (np.asarray(x, float).sum(axis=-1) for x in (loss, error2, n))
    value = np.sqrt(total2 / rows)
    margin = normal_quantile(level) * np.sqrt((_kurtosis(total / rows / value) - 1) / rows) / 2
    wide = np.where(value > 0, np.exp(margin), 1.0)
    return Estimate(value, value / wide, value * wide)


@np.errstate(divide="ignore", invalid="ignore")
def r2(
    error2: np.ndarray,
    label: np.ndarray,
    label2: np.ndarray,
    n: np.ndarray,
    loss: np.ndarray | None = None,
    level: float = LEVEL,
) -> Estimate:
    """Coefficient of determination 1 − Σ error²/Σ (y − ȳ)², as ``sklearn.metrics.r2_score``.

    The interval is Fisher's for the multiple correlation R, tanh(atanh R ± z √((1 + (κ−3)R²/4)/n)), squared
    with its sign; κ is the kurtosis of the errors as in ``rmse``. At or below 0, where there is no R, it is
    that of ln(1−R²) with variance 4·min(1, |R²| + 1/n)/n.

    Parameters
    ----------
    error2, label, label2, n : Σ error², Σy, Σy² and rows with prediction and label, by bin, shape (..., B)
    loss : Σ|error|, for the kurtosis; left out, errors are taken as normal

    Returns
    -------
    Estimate of shape (...); NaN where the outcome is constant.

    References
    ----------
    Olkin and Finn 1995, doi:10.1037/0033-2909.118.1.155
    """
    errors, total, total2, rows = (np.asarray(x, float).sum(axis=-1) for x in (error2, label, label2, n))
    squares = total2 - total**2 / rows
    value = 1 - errors / np.where(squares > 1e-12 * total2, squares, np.nan)
    z = normal_quantile(level) / np.sqrt(rows)
    excess = np.zeros(())
    if loss is not None:
        absolute = np.asarray(loss, float).sum(axis=-1)
        excess = np.where(errors > 0, _kurtosis(absolute / np.sqrt(errors * rows)) - 3, 0.0)
    correlation = np.sqrt(np.clip(value, 0, 1))
    margin = z * np.sqrt(1 + excess * correlation**2 / 4)
    low, high = (np.tanh(np.arctanh(correlation) + side * margin) for side in (-1, 1))
    wide = np.exp(2 * z * np.sqrt(np.minimum(1, np.abs(value) + 1 / rows)))
    return Estimate(
        value,
        np.where(value > 0, low * np.abs(low), 1 - (1 - value) * wide),
        np.where(value > 0, high * np.abs(high), 1 - (1 - value) / wide),
    )
