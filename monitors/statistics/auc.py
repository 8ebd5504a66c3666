"""Area under the ROC curve of counts by bin, with DeLong's error.

``positives`` and ``negatives`` are counts of shape (..., B); fractions are allowed (expected counts). Rows of
one bin, and of bins with one score, tie, and tied pairs count half.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.special import expit, logit

from monitors.statistics.intervals import LEVEL, Estimate, normal_quantile


class Placements(NamedTuple):
    """DeLong's structural components by bin, shape (..., B).

    Attributes
    ----------
    positive : share of negatives that a positive of this bin outranks
    negative : share of positives that outrank a negative of this bin
    """

    positive: np.ndarray
    negative: np.ndarray


def flatten(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """``values`` broadcast to ``shape`` (..., B) and cut into windows, shape (W, B)."""
    return np.broadcast_to(values, shape).reshape(math.prod(shape[:-1]), shape[-1])


def _by_matrix(positives: np.ndarray, negatives: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number of negatives below and of positives above each bin, for one score (B,)."""
    wins = (score[:, None] > score) + 0.5 * (score[:, None] == score)  # row outranks column
    return negatives @ wins.T, positives @ wins


@njit(nogil=True, cache=True)
def _count_pairs(
    positives: np.ndarray,  # (W, B) float64
    negatives: np.ndarray,  # (W, B) float64
    positive_score: np.ndarray,  # (W, B) float64
    negative_score: np.ndarray,  # (W, B) float64
    below: np.ndarray,  # (W, B) zeros: negatives that a positive of the bin outranks
    above: np.ndarray,  # (W, B) zeros: positives that outrank a negative of the bin
) -> None:
    # Comparing all pairs of bins takes a quarter of the time of ranking them, up to hundreds of bins.
    windows, bins = positives.shape
    for w in range(windows):
        for a in range(bins):
            rows = positives[w, a]
            if rows > 0:
                score = positive_score[w, a]
                for b in range(bins):
                    other = negative_score[w, b]
                    above[w, b] += rows if score > other else (0.5 * rows if score == other else 0.0)
        for b in range(bins):
            rows = negatives[w, b]
            if rows > 0:
                score = negative_score[w, b]
                for a in range(bins):
                    other = positive_score[w, a]
                    below[w, a] += rows if other > score else (0.5 * rows if other == score else 0.0)


def count_pairs(
    positives: np.ndarray, negatives: np.ndarray, positive_score: np.ndarray, negative_score: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Number of negatives below and of positives above each bin, shapes (W, B).

    Parameters
    ----------
    positives, negatives, positive_score, negative_score : shape (W, B), float64; the rows of one bin may be
        scored differently by class
    """
    below, above = np.zeros(positives.shape), np.zeros(positives.shape)
    p, n = np.ascontiguousarray(positives), np.ascontiguousarray(negatives)
    s, t = np.ascontiguousarray(positive_score), np.ascontiguousarray(negative_score)
    _count_pairs(p, n, s, t, below, above)
    return below, above


@np.errstate(divide="ignore", invalid="ignore")
def placements(positives: np.ndarray, negatives: np.ndarray, score: np.ndarray) -> Placements:
    """Where each bin's rows stand among the rows of the other class.

    Parameters
    ----------
    positives, negatives : counts, shape (..., B)
    score : shape (B,) or (..., B); higher means more likely positive

    References
    ----------
    DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595
    """
    positives, negatives = np.asarray(positives, float), np.asarray(negatives, float)
    score = np.asarray(score, float)
    if score.ndim == 1:
        below, above = _by_matrix(positives, negatives, score)
    else:
        shape = np.broadcast_shapes(positives.shape, negatives.shape, score.shape)
        scores = flatten(score, shape)
        counted = count_pairs(flatten(positives, shape), flatten(negatives, shape), scores, scores)
        below, above = (x.reshape(shape) for x in counted)
    return Placements(below / negatives.sum(axis=-1, keepdims=True), above / positives.sum(axis=-1, keepdims=True))


@np.errstate(divide="ignore", invalid="ignore")
def area(positives: np.ndarray, placed: Placements) -> np.ndarray:
    """AUC of placements: the mean placement of the positives, shape (...)."""
    return (positives * placed.positive).sum(axis=-1) / positives.sum(axis=-1)


@np.errstate(divide="ignore", invalid="ignore")
def delong_error(positives: np.ndarray, negatives: np.ndarray, placed: Placements, value: np.ndarray) -> np.ndarray:
    """Standard error √(s²₁₀/P + s²₀₁/N) of the AUC ``value``, from the variances of the placements.

    Counts stand for rows, so it equals DeLong's formula on the rows, ties included. NaN for fewer than two
    rows of a class.
    """
    total = value[..., None]
    p, n = positives.sum(axis=-1), negatives.sum(axis=-1)
    spread_p = (positives * (placed.positive - total) ** 2).sum(axis=-1) / np.where(p > 1, p - 1, np.nan)
    spread_n = (negatives * (placed.negative - total) ** 2).sum(axis=-1) / np.where(n > 1, n - 1, np.nan)
    return np.sqrt(spread_p / p + spread_n / n)


@np.errstate(divide="ignore", invalid="ignore")
def logit_interval(value: np.ndarray, error: np.ndarray, fewest: np.ndarray, level: float = LEVEL) -> Estimate:
    """An AUC with the interval expit(logit A ± z·error/(A(1−A))), which stays in [0, 1] and suits large areas.

    An area of exactly 0 or 1 has no error to go by: the rows of the rarer class then bound it as a share of n
    successes in n trials is bounded, at ((1−level)/2)^(1/n).

    Parameters
    ----------
    value, error : shape (...)
    fewest : rows of the rarer class, shape (...)

    References
    ----------
    Pepe 2003, The Statistical Evaluation of Medical Tests (logit scale);
    Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404 (all successes)
    """
    margin = normal_quantile(level) * error / (value * (1 - value))
    bound = ((1 - level) / 2) ** (1 / fewest)
    low = np.where(value >= 1, bound, np.where(value <= 0, value, expit(logit(value) - margin)))
    high = np.where(value <= 0, 1 - bound, np.where(value >= 1, value, expit(logit(value) + margin)))
    return Estimate(value, low, high)


def auc(positives: np.ndarray, negatives: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Area under the ROC curve when every row of a bin has the bin's score.

    Σ_ab positives_a · negatives_b · (1{s_a > s_b} + ½·1{s_a = s_b}) / (P·N), as
    ``sklearn.metrics.roc_auc_score``.

    Parameters
    ----------
    positives, negatives : counts, shape (..., B)
    score : shape (B,) or (..., B); higher means more likely positive; only its order matters

    Returns
    -------
    Shape (...); NaN where a class has no rows.

    References
    ----------
    Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747
    """
    positives = np.asarray(positives, float)
    return area(positives, placements(positives, negatives, score))


def auc_interval(positives: np.ndarray, negatives: np.ndarray, score: np.ndarray, level: float = LEVEL) -> Estimate:
    """``auc`` with DeLong's error, exact for ties, and an interval on the logit scale.

    Parameters
    ----------
    positives, negatives : counts, shape (..., B)
    score : shape (B,) or (..., B)

    References
    ----------
    DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595
    """
    positives, negatives = np.asarray(positives, float), np.asarray(negatives, float)
    placed = placements(positives, negatives, score)
    value = area(positives, placed)
    error = delong_error(positives, negatives, placed, value)
    return logit_interval(value, error, np.minimum(positives.sum(axis=-1), negatives.sum(axis=-1)), level)
