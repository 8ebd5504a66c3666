"""The AUC of outcome rates on rows they were not learned from, in closed form."""

from __future__ import annotations

import numpy as np

from monitors.statistics.auc import Placements, count_pairs, flatten
from monitors.statistics.joining import gather, join_bins

SCORE_STEP = 2.0**-40
"""Rates closer than this tie: equal fractions must not differ by the rounding of their division."""


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
    below, above = count_pairs(k, m, np.rint((k - 1 + prior) * weight), np.rint((k + prior) * weight))
    # A positive scores below the negatives of its own bin, always: those pairs came out lost, and tie instead.
    positive, negative = (below + m / 2) / n, (above + k / 2) / p
    return Placements(positive.reshape(shape), negative.reshape(shape))


@np.errstate(divide="ignore", invalid="ignore")
def learning_inflation(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """Factor on DeLong's variance because the relation is learned from the rows it judges, shape (W,).

    The estimate behaves like (S − d)/√S, S = Σ n_b (rate_b − rate)²/var a noncentral χ² on d degrees of
    freedom: with ρ = 1 − d/S the share of the spread that is real, the variance is (2−ρ)²(1+ρ)/2 times that
    at ρ = 1, which is DeLong's: twice on noise, once where learning adds nothing. (1 + 3(1−ρ)/d) was found by
    simulation.

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
    return (2 - real) ** 2 * (1 + real) / 2 * (1 + 3 * (1 - real) / freedom)


@np.errstate(divide="ignore", invalid="ignore")
def cross_fitted(
    positives: np.ndarray, negatives: np.ndarray, ordered: bool, prior_strength: float
) -> tuple[Placements, np.ndarray]:
    """Leave-pair-out placements by bin, shape (..., B), and the inflation of their variance, shape (...).

    Parameters
    ----------
    positives, negatives : counts, shape (..., B)
    ordered : whether neighbouring bins may be joined
    prior_strength : as in ``leave_pair_out``
    """
    shape = positives.shape
    p, n = flatten(positives, shape), flatten(negatives, shape)
    if not ordered:
        return leave_pair_out(positives, negatives, prior_strength), learning_inflation(p, n).reshape(shape[:-1])
    rows = p.sum(axis=1), n.sum(axis=1)
    group = join_bins(p + n, 4 * rows[0] * rows[1] / (rows[0] + rows[1]))
    p, n = gather(p, group), gather(n, group)
    placed = leave_pair_out(p, n, prior_strength)
    positive, negative = (np.take_along_axis(x, group, axis=1).reshape(shape) for x in placed)
    return Placements(positive, negative), learning_inflation(p, n).reshape(shape[:-1])
