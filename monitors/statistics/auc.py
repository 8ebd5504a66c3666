"""Area under the ROC curve of counts by bin, with DeLong's error.

``positives`` and ``negatives`` are counts of shape (..., B); fractions are allowed (expected counts). Rows of
one bin, and of bins with one score, tie, and tied pairs count half.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from monitors.statistics.auc_bounds import Area, score_interval
from monitors.statistics.intervals import LEVEL, Estimate


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
    """``values`` broadcast to ``shape`` (..., B) and cut into windows, shape (W, B), as kernels take them.

    Always contiguous and writable: for arrays of another sort a kernel would be compiled once more.
    """
    whole = values if values.shape == shape else np.broadcast_to(values, shape)
    return np.require(whole.reshape(math.prod(shape[:-1]), shape[-1]), float, ("C", "W"))


def shared(lead: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Which of the rows with leading axes ``lead`` each window of ``shape`` has when broadcast, shape (W,)."""
    return np.array(np.broadcast_to(np.arange(math.prod(lead)).reshape(lead), shape)).ravel()


@njit(nogil=True, cache=True)
def _count_ranked(
    positives: np.ndarray,  # (W, B) float64
    negatives: np.ndarray,  # (W, B) float64
    order: np.ndarray,  # (S, B) bins in order of their scores, S different ones
    tied: np.ndarray,  # (S, B) whether a bin in that order has the score of the one before it
    of: np.ndarray,  # (W,) which of the S
    below: np.ndarray,  # (W, B) out: negatives that a positive of the bin outranks
    above: np.ndarray,  # (W, B) out: positives that outrank a negative of the bin
) -> None:
    windows, bins = positives.shape
    for w in range(windows):
        rank, same = order[of[w]], tied[of[w]]
        all_positives = 0.0
        for i in range(bins):
            all_positives += positives[w, i]
        first, under_positives, under_negatives = 0, 0.0, 0.0
        while first < bins:
            last, p, n = first, 0.0, 0.0
            while last < bins and (last == first or same[last]):
                p += positives[w, rank[last]]
                n += negatives[w, rank[last]]
                last += 1
            for i in range(first, last):
                below[w, rank[i]] = under_negatives + 0.5 * n
                above[w, rank[i]] = all_positives - under_positives - 0.5 * p
            under_positives += p
            under_negatives += n
            first = last


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
    shape = np.broadcast_shapes(positives.shape, negatives.shape, score.shape)
    # windows that share a score are ranked once
    scores = score.reshape(math.prod(score.shape[:-1]), shape[-1])
    which = shared(score.shape[:-1], shape[:-1])
    order = np.argsort(scores, axis=1)
    ranked = np.take_along_axis(scores, order, axis=1)
    tied = np.zeros(scores.shape, bool)
    tied[:, 1:] = ranked[:, 1:] == ranked[:, :-1]
    p, n = flatten(positives, shape), flatten(negatives, shape)
    below, above = np.empty(p.shape), np.empty(p.shape)
    _count_ranked(p, n, order, tied, which, below, above)
    below /= n.sum(axis=1, keepdims=True)
    above /= p.sum(axis=1, keepdims=True)
    return Placements(below.reshape(shape), above.reshape(shape))


@np.errstate(divide="ignore", invalid="ignore")
def area(positives: np.ndarray, placed: Placements) -> np.ndarray:
    """AUC of placements: the mean placement of the positives, shape (...)."""
    return (positives * placed.positive).sum(axis=-1) / positives.sum(axis=-1)


@njit(nogil=True, cache=True, error_model="numpy")
def _delong(
    positives: np.ndarray, negatives: np.ndarray, at_positive: np.ndarray, at_negative: np.ndarray, out: np.ndarray
) -> None:  # (W, B) each; out: (6, W)
    windows, bins = positives.shape
    for w in range(windows):
        p, n, won = 0.0, 0.0, 0.0
        for b in range(bins):
            p += positives[w, b]
            n += negatives[w, b]
            won += positives[w, b] * at_positive[w, b]
        value, of_positives, of_negatives, untied = won / p, 0.0, 0.0, 1.0
        for b in range(bins):
            untied -= ((positives[w, b] + negatives[w, b]) / (p + n)) ** 3
            of_positives += positives[w, b] * (at_positive[w, b] - value) ** 2
            of_negatives += negatives[w, b] * (at_negative[w, b] - value) ** 2
        out[0, w] = value
        out[1, w] = of_positives / (p - 1) / p if p > 1 else np.nan
        out[2, w] = of_negatives / (n - 1) / n if n > 1 else np.nan
        out[3, w], out[4, w], out[5, w] = p, n, untied


def delong(positives: np.ndarray, negatives: np.ndarray, placed: Placements) -> Area:
    """AUC of placements and its variance from the variances of the placements.

    Counts stand for rows, so their sum equals DeLong's formula on the rows, ties included. The variance is NaN for
    fewer than two rows of a class.

    Parameters
    ----------
    positives, negatives : counts, shape (..., B)
    """
    shape = placed.positive.shape
    out = np.empty((6, math.prod(shape[:-1])))
    p, n, at_p, at_n = (flatten(x, shape) for x in (positives, negatives, *placed))
    _delong(p, n, at_p, at_n, out)
    return Area(*out.reshape(6, *shape[:-1]))


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
    """``auc`` with DeLong's error, exact for ties, and ``score_interval``.

    Parameters
    ----------
    positives, negatives : counts, shape (..., B)
    score : shape (B,) or (..., B)

    References
    ----------
    DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595
    """
    positives, negatives = np.asarray(positives, float), np.asarray(negatives, float)
    return score_interval(delong(positives, negatives, placements(positives, negatives, score)), level=level)
