"""How much a feature's bins tell about the outcome, as scorecards and information theory count it."""

from __future__ import annotations

import numpy as np

from monitors.statistics.distances import TINY, shares
from monitors.statistics.shrinkage import class_totals, over_classes


@np.errstate(divide="ignore", invalid="ignore")
def information_value(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """Information value of credit scoring: Σ (p − q) ln(p/q), p and q the shares of positives and negatives by bin.

    Half a row is added to both counts of every occupied bin, so that a bin with one class stays finite.
    Chance alone gives about (B − 1)(1/P + 1/N). The usual reading: below .02 nothing, .1 weak, .3 medium,
    above strong.

    Parameters
    ----------
    positives, negatives : counts, shape (..., B)

    Returns
    -------
    Shape (...), at least 0; NaN where a class has no rows.

    References
    ----------
    Siddiqi 2006, Credit Risk Scorecards, doi:10.1002/9781119201731
    """
    positives, negatives = np.asarray(positives, float), np.asarray(negatives, float)
    occupied = positives + negatives > 0
    p = shares(np.where(occupied, positives + 0.5, 0.0))
    q = shares(np.where(occupied, negatives + 0.5, 0.0))
    ratio = np.where(occupied, p, 1.0) / np.where(occupied, q, 1.0)
    value = ((p - q) * np.log(ratio)).sum(axis=-1)
    known = (positives.sum(axis=-1) > 0) & (negatives.sum(axis=-1) > 0)
    return np.where(known, value, np.nan)


def _entropy(p: np.ndarray) -> np.ndarray:
    """−Σ p ln p over the last axis."""
    return np.asarray(-(p * np.log(np.maximum(p, TINY))).sum(axis=-1))


@np.errstate(divide="ignore", invalid="ignore")
def normalised_mutual_information(by_outcome: np.ndarray) -> np.ndarray:
    """Mutual information of bin and class over the mean of their entropies, in [0, 1].

    As ``sklearn.metrics.normalized_mutual_info_score`` (arithmetic mean). Chance alone makes the mutual
    information about (B − 1)(K − 1)/2N rather than 0.

    Parameters
    ----------
    by_outcome : counts, shape (..., B, K)

    Returns
    -------
    Shape (...); 0 where bins or classes are all one, NaN without rows.

    References
    ----------
    Vinh, Epps and Bailey 2010, https://jmlr.org/papers/v11/vinh10a.html
    """
    counts = np.asarray(by_outcome, float)
    total = class_totals(counts).sum(axis=-1)[..., None, None]
    joint = counts / total
    of_bin, of_class = _entropy(over_classes(joint)), _entropy(class_totals(joint))
    together = _entropy(joint.reshape(*joint.shape[:-2], -1) if joint.size else over_classes(joint))
    mutual = np.maximum(of_bin + of_class - together, 0)
    mean = (of_bin + of_class) / 2
    share = np.where(mean > 0, np.minimum(mutual / np.where(mean > 0, mean, 1.0), 1.0), 0.0)
    return np.where(total[..., 0, 0] > 0, share, np.nan)
