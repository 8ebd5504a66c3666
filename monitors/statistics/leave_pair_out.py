"""The AUC of outcome rates on rows they were not learned from, in closed form."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from monitors.statistics.auc import Placements, flatten
from monitors.statistics.joining import expand, gather, join_bins

SCORE_STEP = 2.0**-40
"""Rates closer than this tie: equal fractions must not differ by the rounding of their division."""


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


@np.errstate(divide="ignore", invalid="ignore")
def leave_pair_out(positives: np.ndarray, negatives: np.ndarray, prior_strength: float = 1.0) -> Placements:
    """Placements when every pair of rows is judged by outcome rates learned from all rows but those two.

    A positive of bin a and a negative of bin b ≠ a are compared by (k_a − 1 + απ)/(n_a − 1 + α) and
    (k_b + απ)/(n_b − 1 + α), π = (P−1)/(P+N−2), the overall rate without the pair, which is the same for
    every pair; two rows of one bin always tie. So leaving out each of the P·N pairs in turn costs one
    comparison of the bins. Swapping the labels of a pair that was left out changes nothing it is judged by,
    hence on pure noise the expectation is exactly ½, and otherwise it is exactly the expected AUC of a
    relation learned from one row of each class less. (Leave-one-out with pooled scores is far below ½ on
    noise; folds need draws.)

    Parameters
    ----------
    positives, negatives : counts, shape (..., B)
    prior_strength : α, rows at the overall rate that each bin is credited with

    References
    ----------
    Airola et al. 2011, doi:10.1016/j.csda.2010.11.018
    """
    positives, negatives = np.asarray(positives, float), np.asarray(negatives, float)
    shape = np.broadcast_shapes(positives.shape, negatives.shape)
    k, m = flatten(positives, shape), flatten(negatives, shape)
    p, n = k.sum(axis=1, keepdims=True), m.sum(axis=1, keepdims=True)
    prior = prior_strength * (p - 1) / (p + n - 2)
    weight = 1 / SCORE_STEP / (np.maximum(k + m - 1, 0) + prior_strength)
    below, above = np.zeros(k.shape), np.zeros(k.shape)
    scores = np.rint((k - 1 + prior) * weight), np.rint((k + prior) * weight)
    _count_pairs(k, m, *scores, below, above)
    # A positive scores below the negatives of its own bin, always: those pairs came out lost, and tie instead.
    positive, negative = (below + m / 2) / n, (above + k / 2) / p
    return Placements(positive.reshape(shape), negative.reshape(shape))


class Learning(NamedTuple):
    """What learning from the rows it judges adds to DeLong's variance: V·factor + added, each shape (...)."""

    factor: np.ndarray
    added: np.ndarray


@np.errstate(divide="ignore", invalid="ignore")
def learning_inflation(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """Factor on DeLong's variance because the relation is learned from the rows it judges, shape (W,).

    The estimate behaves like (S − d)/√S, S = Σ n_b (rate_b − rate)²/var a noncentral χ² on d degrees of
    freedom: with ρ = 1 − d/S the share of the spread that is real, the variance is (2−ρ)²(1+ρ)/2 times that
    at ρ = 1, which is DeLong's: twice on noise, once where learning adds nothing. 1 + 3(1−ρ)²/d, for ρ is itself
    uncertain where bins are few, was found by simulation.

    Parameters
    ----------
    positives, negatives : counts, shape (W, B)
    """
    rows = positives + negatives
    rate = positives.sum(axis=1) / rows.sum(axis=1)
    occupied = rows > 0
    squares = (positives - rows * rate[:, None]) ** 2 / np.where(occupied, rows, 1.0)
    surprise = squares.sum(axis=1) / (rate * (1 - rate))
    freedom = np.maximum(occupied.sum(axis=1) - 1, 1)
    real = 1 - np.minimum(freedom / surprise, 1.0)
    return (2 - real) ** 2 * (1 + real) / 2 * (1 + 3 * (1 - real) ** 2 / freedom)


_FAR = 30.0
"""Squared standard errors between two rates beyond which their order is certain."""


@njit(nogil=True, cache=True)
def _order_variance(positives: np.ndarray, negatives: np.ndarray, out: np.ndarray) -> None:
    windows, bins = positives.shape
    for w in range(windows):
        p, n = positives[w].sum(), negatives[w].sum()
        if p <= 0 or n <= 0:
            continue
        overall = p / (p + n)
        for a in range(bins):
            first = positives[w, a] + negatives[w, a]
            if first <= 0:
                continue
            for b in range(a):
                second = positives[w, b] + negatives[w, b]
                if second <= 0:
                    continue
                rate = (positives[w, a] + positives[w, b] + overall) / (first + second + 1)
                spread, chance = rate * (1 - rate), (first + second) / (first * second)
                apart = (positives[w, a] * second - positives[w, b] * first) ** 2 / (
                    spread * (first + second) * first * second
                )
                if apart < _FAR:
                    lost = math.exp(-apart / 2) * math.sqrt(chance / (2 * math.pi * spread))
                    lost = min(lost, 1.0)
                    pairs = first * second * spread / (p * n)
                    out[w] += pairs * pairs * lost * (1 - lost)


def order_variance(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """Variance of the leave-pair-out AUC because bins with all but equal rates may come in either order, shape (W,).

    Two bins whose rates differ by less than 1/n_a + 1/n_b lose every pair between them whichever way round, for the
    rows that are left out turn the order. A pair of bins holds m = n_a n_b r(1−r)/(PN) of the pairs of rows, r
    their rate together, and lies so with chance q = φ(z)·σ/(r(1−r)), z the difference of the rates in its
    standard errors σ = √(r(1−r)(1/n_a + 1/n_b)): the variance is Σ m² q(1 − q) over pairs of bins. With half the
    rows in one bin it is half as much as DeLong's.

    Parameters
    ----------
    positives, negatives : counts, shape (W, B)
    """
    out = np.zeros(len(positives))
    _order_variance(np.ascontiguousarray(positives, float), np.ascontiguousarray(negatives, float), out)
    return out


@np.errstate(divide="ignore", invalid="ignore")
def cross_fitted(
    positives: np.ndarray, negatives: np.ndarray, ordered: bool, prior_strength: float = 1.0
) -> tuple[Placements, Learning]:
    """Leave-pair-out placements by bin, shape (..., B), and what learning adds to their variance, shape (...).

    Parameters
    ----------
    positives, negatives : counts, shape (..., B)
    ordered : whether neighbouring bins may be joined
    prior_strength : as in ``leave_pair_out``
    """
    shape = positives.shape
    p, n = flatten(positives, shape), flatten(negatives, shape)
    group = None
    if ordered:
        rows = p.sum(axis=1), n.sum(axis=1)
        group = join_bins(p + n, 4 * rows[0] * rows[1] / (rows[0] + rows[1]))
        p, n = gather(p, group), gather(n, group)
    placed = leave_pair_out(p, n, prior_strength)
    if group is not None:
        placed = Placements(*(expand(x, group) for x in placed))
    learning = Learning(*(x.reshape(shape[:-1]) for x in (learning_inflation(p, n), order_variance(p, n))))
    return Placements(*(x.reshape(shape) for x in placed)), learning
