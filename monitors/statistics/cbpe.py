"""Performance to expect of a window whose labels are not in yet."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from monitors.statistics.auc import area, placements
from monitors.statistics.auc_bounds import logit_interval
from monitors.statistics.intervals import LEVEL, Estimate, normal_quantile
from monitors.statistics.losses import log_losses, squared_errors


@np.errstate(divide="ignore", invalid="ignore")
def input_errors(
    window_score_counts: np.ndarray, reference_rate_by_bin: np.ndarray, reference_mean_score_by_bin: np.ndarray
) -> dict[str, np.ndarray]:  # fmt: skip
    """Standard error of the expectation itself: how much it varies with the rows that happened to come.

    Two windows of the same inputs and the same relation have expectations that differ by this; their realised values
    differ by the interval of ``expected_performance``. With d the change of the metric by one row more in a bin, the
    variance is Σ n d².

    Parameters
    ----------
    as of ``expected_performance``

    Returns
    -------
    ``auc`` and ``log_loss``, each of shape (...)
    """
    n = np.asarray(window_score_counts, float)
    rate, score = np.asarray(reference_rate_by_bin, float), np.asarray(reference_mean_score_by_bin, float)
    known = np.isfinite(rate) & np.isfinite(score)
    n = np.where(known, n, 0.0)
    rate, score = np.where(known, np.clip(rate, 0, 1), 0.5), np.where(known, score, 0.5)
    positives, negatives = n * rate, n * (1 - rate)
    placed = placements(positives, negatives, np.arange(n.shape[-1], dtype=float))
    ranked = area(positives, placed)[..., None]
    p, q = (part.sum(axis=-1, keepdims=True) for part in (positives, negatives))
    by_row = rate * (placed.positive - ranked) / p + (1 - rate) * (placed.negative - ranked) / q
    losses = log_losses(score)
    loss = rate * losses[..., 1] + (1 - rate) * losses[..., 0]
    rows = n.sum(axis=-1, keepdims=True)
    by_loss = (loss - (n * loss).sum(axis=-1, keepdims=True) / rows) / rows
    return {name: np.sqrt((n * d**2).sum(axis=-1)) for name, d in (("auc", by_row), ("log_loss", by_loss))}


class ExpectedPerformance(NamedTuple):
    """What the scores lead to expect, each an Estimate of shape (...)."""

    auc: Estimate
    log_loss: Estimate
    brier: Estimate
    accuracy: Estimate
    f1: Estimate


@np.errstate(divide="ignore", invalid="ignore")
def expected_performance(
    window_score_counts: np.ndarray,
    reference_rate_by_bin: np.ndarray,
    reference_mean_score_by_bin: np.ndarray,
    predicted_positive: np.ndarray | None = None,
    reference_n: np.ndarray | None = None,
    level: float = LEVEL,
) -> ExpectedPerformance:
    """Performance if the outcome rate of every score bin is still the reference's (CBPE).

    Of the n rows in a bin with calibrated rate c, n·c are expected to be positive. That fills the confusion
    matrix, the ROC curve and the losses, without a label of the window. NannyML calibrates each score and
    adds up single rows; here the bins of the score are the calibration, and bins are added up. The gap
    between this and the realised performance is concept drift.

    The interval is for the *realised* value: with probability ``level`` it will lie inside once all labels
    are in, if nothing has changed. With k positives in a bin binomial and g = ∂metric/∂k, its variance is Σ
    g² n c(1−c) (1 + n/m), m the reference's rows behind c.

    Parameters
    ----------
    window_score_counts : rows by bin of the score, labelled or not, without the missing bins, shape (..., B)
    reference_rate_by_bin : share of positives among the reference's rows of the bin, shape (B,) or (..., B)
    reference_mean_score_by_bin : their mean score, same shape, ascending
    predicted_positive : bins at or above the threshold, bool (B,) or (..., B); left out, mean scores of ½ and
        up
    reference_n : the reference's labelled rows by bin; left out, its rates are taken as exact

    Returns
    -------
    ExpectedPerformance. Bins without a finite rate and score count as if they had no rows; without rows NaN.

    References
    ----------
    NannyML, "Confidence-based Performance Estimation",
    https://nannyml.readthedocs.io/en/stable/how_it_works/performance_estimation.html
    """
    n = np.asarray(window_score_counts, float)
    rate, score = np.asarray(reference_rate_by_bin, float), np.asarray(reference_mean_score_by_bin, float)
    known = np.isfinite(rate) & np.isfinite(score)
    n = np.where(known, n, 0.0)
    rate, score = np.where(known, np.clip(rate, 0, 1), 0.5), np.where(known, score, 0.5)
    positive = score >= 0.5 if predicted_positive is None else np.asarray(predicted_positive, bool)
    rows = n.sum(axis=-1)
    spread = n * rate * (1 - rate)
    if reference_n is not None:
        spread = spread * (1 + n / np.maximum(np.asarray(reference_n, float), 1))
    positives, negatives = n * rate, n * (1 - rate)

    def error(slope: np.ndarray) -> np.ndarray:
        return np.sqrt((slope**2 * spread).sum(axis=-1))

    def mean(losses: np.ndarray, highest: float) -> Estimate:
        value = (positives * losses[..., 1] + negatives * losses[..., 0]).sum(axis=-1) / rows
        margin = normal_quantile(level) * error((losses[..., 1] - losses[..., 0]) / rows[..., None])
        return Estimate(value, np.maximum(value - margin, 0), np.minimum(value + margin, highest))

    order = np.arange(n.shape[-1], dtype=float)
    placed = placements(positives, negatives, order)
    p, q = positives.sum(axis=-1), negatives.sum(axis=-1)
    ranked = area(positives, placed)
    as_positive = (placed.positive - ranked[..., None]) / p[..., None]
    as_negative = (placed.negative - ranked[..., None]) / q[..., None]

    right = np.stack([~positive, positive], axis=-1).astype(float)
    true_positive = np.where(positive, positives, 0.0).sum(axis=-1)
    either = np.where(positive, n, 0.0).sum(axis=-1) + p
    f1 = 2 * true_positive / either
    margin = normal_quantile(level) * error((2 * positive - f1[..., None]) / either[..., None])
    return ExpectedPerformance(
        auc=logit_interval(ranked, error(as_positive - as_negative), np.maximum(np.minimum(p, q), 1), level),
        log_loss=mean(log_losses(score), np.inf),
        brier=mean(squared_errors(score), 1.0),
        accuracy=mean(right, 1.0),
        f1=Estimate(f1, np.maximum(f1 - margin, 0), np.minimum(f1 + margin, 1)),
    )
