"""Predictive power of one feature: what its bins say about the outcome.

Three numbers from counts by bin and class, each an AUC with its interval. *Learned*: bins scored by the
reference relation; *available*: by the window's own relation, each pair of rows judged by the others;
*expected*: what the reference relation leads to expect of the window's inputs. Two classes: the AUC of the
last one. More: the mean of the one-vs-rest AUCs, weighted by the classes' share of the window, as
``sklearn.metrics.roc_auc_score(multi_class="ovr", average="weighted")``. Regression:
``explained_variance.py``.
"""

from __future__ import annotations

import numpy as np

from monitors.statistics.auc import Placements, area, auc, auc_interval, delong, placements
from monitors.statistics.auc_bounds import Area, logit_interval, score_interval
from monitors.statistics.explained_variance import regression_power
from monitors.statistics.information import information_value, normalised_mutual_information
from monitors.statistics.intervals import LEVEL, BinaryPower, Estimate, Power, symmetric
from monitors.statistics.leave_pair_out import Learning, cross_fitted
from monitors.statistics.one_vs_rest import against_rest, classes_first, expected_mean_auc, mean_auc
from monitors.statistics.shrinkage import empirical_strength, over_classes, relation

__all__ = [
    "BinaryPower", "Power", "auc", "auc_interval", "available_power", "binary_power", "expected_power",
    "information_value", "learned_power", "multiclass_power", "normalised_mutual_information", "regression_power",
    "relation",
]  # fmt: skip

MINIMUM_LABELS = 10
"""Rows of a class below which its AUC is not estimated: its error would be about .1 or more."""


def _two_classes(
    counts: np.ndarray, placed: Placements, learning: Learning | None, minimum_labels: int, level: float
) -> tuple[Estimate, Area]:
    """AUC of class 1 against class 0 with DeLong's error, shape (...), and what that is made from."""
    found = delong(counts[..., 1], counts[..., 0], placed)
    factor, added = (1.0, 0.0) if learning is None else learning
    estimate = score_interval(found, factor, added, level)
    return _where(np.minimum(found.p, found.n) >= minimum_labels, estimate), found


def _where(valid: np.ndarray, estimate: Estimate) -> Estimate:
    """The estimate where ``valid``, else NaN."""
    if np.all(valid):
        return estimate
    return Estimate(*(np.where(valid, x, np.nan) for x in estimate))


def learned_power(
    window_by_outcome: np.ndarray,
    reference_relation: np.ndarray,
    minimum_labels: int = MINIMUM_LABELS,
    level: float = LEVEL,
) -> Estimate:
    """AUC in the window when bins are scored with the reference relation: what a model fitted then still gets.

    Parameters
    ----------
    window_by_outcome : labelled rows by bin and class, shape (..., B, K)
    reference_relation : outcome rates of the reference, shape (B, K) or (..., B, K), from ``relation``
    minimum_labels : a class with fewer rows has no AUC; NaN for two classes, left out of the mean for more

    Returns
    -------
    Estimate of shape (...), below ½ where the relation has turned round. The error is DeLong's: that of the
    window's rows alone, the relation being given.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595
    """
    counts, rates = np.asarray(window_by_outcome, float), np.asarray(reference_relation, float)
    if counts.shape[-1] == 2:
        placed = placements(counts[..., 1], counts[..., 0], rates[..., 1])
        estimate, _ = _two_classes(counts, placed, None, minimum_labels, level)
    else:
        by_class = classes_first(counts)
        estimate = mean_auc(by_class, against_rest(by_class, classes_first(rates)), minimum_labels, level)
    return _where(np.isfinite(rates).all(axis=(-2, -1)), estimate)


def available_power(
    window_by_outcome: np.ndarray,
    ordered: bool = True,
    prior_strength: float = 1.0,
    minimum_labels: int = MINIMUM_LABELS,
    level: float = LEVEL,
) -> Estimate:
    """AUC that the window's own relation reaches on rows it was not learned from: what retraining could get.

    Leave-pair-out cross-validation in closed form, without draws: see ``leave_pair_out``. On pure noise the
    mean is ½ exactly; with a signal it is the mean AUC of a relation learned from this many labels, so it
    lies below what a large window would reach (with 64 bins and a true AUC of .69, by .02 at 500 labels and
    .01 at 10,000). Ordered bins are first joined where labels are few, which keeps that loss small.

    Parameters
    ----------
    window_by_outcome : labelled rows by bin and class, shape (..., B, K)
    ordered : whether neighbouring bins are alike (numeric columns); False for categories
    prior_strength : rows at the overall rate that each bin is credited with
    minimum_labels : as in ``learned_power``

    Returns
    -------
    Estimate of shape (...). The error is DeLong's, widened for learning from the same rows.

    References
    ----------
    Airola et al. 2011, doi:10.1016/j.csda.2010.11.018
    """
    counts = np.asarray(window_by_outcome, float)
    if counts.shape[-1] == 2:
        placed, learning = cross_fitted(counts[..., 1], counts[..., 0], ordered, prior_strength)
        return _two_classes(counts, placed, learning, minimum_labels, level)[0]
    by_class = classes_first(counts)
    placed, learning = cross_fitted(by_class, by_class.sum(axis=0) - by_class, ordered, prior_strength)
    return mean_auc(by_class, placed, minimum_labels, level, learning)


@np.errstate(divide="ignore", invalid="ignore")
def expected_power(
    window_n: np.ndarray,
    reference_relation: np.ndarray,
    relation_rows: np.ndarray | None = None,
    minimum_labels: int = MINIMUM_LABELS,
    level: float = LEVEL,
) -> Estimate:
    """AUC that the reference relation would have on the window's marginals: what the inputs alone leave.

    Each bin's n rows count as n·r of the class and n·(1−r) of the others, and are scored by r.

    Parameters
    ----------
    window_n : rows by bin, labelled or not, shape (..., B)
    reference_relation : outcome rates of the reference, shape (B, K) or (..., B, K), from ``relation``: rates
        that were not shrunk would be their own proof and promise too much
    relation_rows : rows behind each rate, shape (B,) or (..., B); left out, the relation is taken as exact
    minimum_labels : as in ``learned_power``, of expected rows

    Returns
    -------
    Estimate of shape (...). The error is that of the window's marginals and of the relation, not that of
    outcomes: it says how well the expectation is known.
    """
    n, rates = np.asarray(window_n, float), np.asarray(reference_relation, float)
    if rates.shape[-1] != 2:
        return expected_mean_auc(n, classes_first(rates), relation_rows, minimum_labels, level)
    rate = rates[..., 1]
    positives = n * rate
    negatives = n - positives
    placed = placements(positives, negatives, rate)
    p, q = positives.sum(axis=-1), negatives.sum(axis=-1)
    value = area(positives, placed)
    # The change of P·N·AUC by one more row of each class in a bin, and so by one more row and by the rate.
    slope, of_row = (at - value[..., None] for at in placed)
    slope /= p[..., None]
    of_row /= q[..., None]
    slope -= of_row
    of_row += rate * slope
    of_row *= of_row
    of_row *= n
    variance = of_row.sum(axis=-1)
    if relation_rows is not None:
        slope *= n
        slope *= slope
        slope *= rate * (1 - rate) / (np.asarray(relation_rows, float) + 1)
        variance += slope.sum(axis=-1)
    estimate = logit_interval(value, np.sqrt(variance), np.minimum(p, q), level)
    return _where(np.minimum(p, q) >= minimum_labels, estimate)


def multiclass_power(
    reference_by_outcome: np.ndarray,
    window_by_outcome: np.ndarray,
    window_n: np.ndarray | None = None,
    ordered: bool = True,
    minimum_labels: int = MINIMUM_LABELS,
    level: float = LEVEL,
) -> Power:
    """Learned, available and expected power of a feature for any number of classes.

    Parameters
    ----------
    reference_by_outcome : labelled rows by bin and class, shape (B, K), or (..., B, K) for a reference of its
        own for every window (such as the reference without that window)
    window_by_outcome : shape (..., B, K)
    window_n : rows by bin the expectation is for, shape (..., B); left out, the labelled rows
    ordered : whether neighbouring bins are alike (numeric columns); False for categories
    minimum_labels : classes with fewer rows in the window are left out; none left gives NaN
    """
    window, n, rates, behind = _prepared(reference_by_outcome, window_by_outcome, window_n)
    return Power(
        learned_power(window, rates, minimum_labels, level),
        available_power(window, ordered, minimum_labels=minimum_labels, level=level),
        expected_power(n, rates, behind, minimum_labels, level),
    )


def _prepared(
    reference_by_outcome: np.ndarray, window_by_outcome: np.ndarray, window_n: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Counts of the window by bin and class and by bin, the reference's relation and the rows behind it."""
    reference, window = np.asarray(reference_by_outcome, float), np.asarray(window_by_outcome, float)
    strength = empirical_strength(reference)
    n = over_classes(window) if window_n is None else np.asarray(window_n, float)
    return window, n, relation(reference, strength), over_classes(reference) + strength[..., None]


def binary_power(
    reference_by_outcome: np.ndarray,
    window_by_outcome: np.ndarray,
    window_n: np.ndarray | None = None,
    ordered: bool = True,
    minimum_labels: int = MINIMUM_LABELS,
    level: float = LEVEL,
) -> BinaryPower:
    """Learned, available and expected power of a feature for two classes (negative, positive), and the gain.

    The gain, available less learned power, is of the same rows: its variance is DeLong's of the differences of their
    placements, and what learning adds to that of available power. It is below 0 where the window is too small to learn
    as much as the reference taught.

    Parameters as in ``multiclass_power`` with K = 2.

    Raises
    ------
    ValueError
        when the last axis does not have two classes.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595 (correlated areas)
    """
    classes = np.shape(window_by_outcome)[-1:]
    if classes != (2,):
        raise ValueError(
            f"binary_power wants counts of shape (..., bins, 2), got {np.shape(window_by_outcome)}; "
            "use multiclass_power for other numbers of classes"
        )
    window, n, rates, behind = _prepared(reference_by_outcome, window_by_outcome, window_n)
    negatives, positives = window[..., 0], window[..., 1]
    then = placements(positives, negatives, rates[..., 1])
    now, learning = cross_fitted(positives, negatives, ordered)
    learned, _ = _two_classes(window, then, None, minimum_labels, level)
    available, own = _two_classes(window, now, learning, minimum_labels, level)
    gain = delong(positives, negatives, Placements(now.positive - then.positive, now.negative - then.negative))
    variance = gain.variance + (learning.factor - 1) * own.variance + learning.added
    known = np.isfinite(rates).all(axis=(-2, -1))
    return BinaryPower(
        _where(known, learned), available, expected_power(n, rates, behind, minimum_labels, level),
        _where(known & np.isfinite(available.value), symmetric(gain.value, np.sqrt(variance), level)),
    )  # fmt: skip
