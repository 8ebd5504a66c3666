"""Area under the ROC curve of counts by bin, with DeLong's error.

``positives`` and ``negatives`` are counts of shape (..., B); fractions are allowed (expected counts). Rows of
one bin, and of bins with one score, tie, and tied pairs count half.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.special import expit, logit, stdtrit

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
    which = np.broadcast_to(np.arange(len(scores)).reshape(score.shape[:-1]), shape[:-1]).ravel()
    order = np.argsort(scores, axis=1)
    ranked = np.take_along_axis(scores, order, axis=1)
    tied = np.zeros(scores.shape, bool)
    tied[:, 1:] = ranked[:, 1:] == ranked[:, :-1]
    p, n = (np.ascontiguousarray(flatten(x, shape)) for x in (positives, negatives))
    below, above = np.empty(p.shape), np.empty(p.shape)
    _count_ranked(p, n, order, tied, which, below, above)
    below /= n.sum(axis=1, keepdims=True)
    above /= p.sum(axis=1, keepdims=True)
    return Placements(below.reshape(shape), above.reshape(shape))


@np.errstate(divide="ignore", invalid="ignore")
def area(positives: np.ndarray, placed: Placements) -> np.ndarray:
    """AUC of placements: the mean placement of the positives, shape (...)."""
    return (positives * placed.positive).sum(axis=-1) / positives.sum(axis=-1)


class Variances(NamedTuple):
    """DeLong's variance of an AUC in two parts, each shape (...): s²₁₀/P of the positives, s²₀₁/N of the negatives."""

    of_positives: np.ndarray
    of_negatives: np.ndarray


@njit(nogil=True, cache=True, error_model="numpy")
def _delong(
    positives: np.ndarray, negatives: np.ndarray, at_positive: np.ndarray, at_negative: np.ndarray, out: np.ndarray
) -> None:  # (W, B) each; out: (3, W)
    windows, bins = positives.shape
    for w in range(windows):
        p, n, won = 0.0, 0.0, 0.0
        for b in range(bins):
            p += positives[w, b]
            n += negatives[w, b]
            won += positives[w, b] * at_positive[w, b]
        value, of_positives, of_negatives = won / p, 0.0, 0.0
        for b in range(bins):
            of_positives += positives[w, b] * (at_positive[w, b] - value) ** 2
            of_negatives += negatives[w, b] * (at_negative[w, b] - value) ** 2
        out[0, w] = value
        out[1, w] = of_positives / (p - 1) / p if p > 1 else np.nan
        out[2, w] = of_negatives / (n - 1) / n if n > 1 else np.nan


def delong(positives: np.ndarray, negatives: np.ndarray, placed: Placements) -> tuple[np.ndarray, Variances]:
    """AUC of placements and its variance from the variances of the placements.

    Counts stand for rows, so their sum equals DeLong's formula on the rows, ties included. The variance is NaN for
    fewer than two rows of a class.

    Parameters
    ----------
    positives, negatives : counts, shape (..., B)
    """
    shape = placed.positive.shape
    out = np.empty((3, math.prod(shape[:-1])))
    p, n, at_p, at_n = (np.ascontiguousarray(flatten(x, shape)) for x in (positives, negatives, *placed))
    _delong(p, n, at_p, at_n, out)
    value, of_positives, of_negatives = out.reshape(3, *shape[:-1])
    return value, Variances(of_positives, of_negatives)


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


PRIOR_ROWS = 5
"""Rows of the rarer class that Hanley and McNeil's variance counts for beside DeLong's: ten positives near the top of
the ranking say little of the few that lie far below, and DeLong's interval at an AUC of .97 held it in 74% of
simulations; with five rows in 97%."""

_MOST_STEPS = 60
_CLOSE = 1e-12


def _exponential_variance(value: np.ndarray, p: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Variance of an AUC whose scores are exponential (Hanley and McNeil), mirrored below ½.

    The class with the longer tail, whose part is the larger, is taken to be the rarer one.
    """
    theta = np.maximum(value, 1 - value)
    return (2 * theta**2 / (1 + theta) - theta**2) / np.minimum(p, n) + (theta / (2 - theta) - theta**2) / np.maximum(
        p, n
    )


@njit(nogil=True, cache=True, error_model="numpy")
def _bounds(
    value: np.ndarray, fewest: np.ndarray, most: np.ndarray, size: np.ndarray, added: np.ndarray, reach: np.ndarray,
    end: float,
) -> np.ndarray:  # fmt: skip
    """The area farthest towards ``end`` that each value (n,) does not contradict.

    Newton's steps on (θ − A)² − t²·V(θ), which is all but convex, from where V(A) would put it; halves of what is left
    where a step would leave that.
    """
    out = np.empty(len(value))
    for i in range(len(value)):
        inner, outer, place = value[i], end, value[i]
        rarer, commoner = size[i] / fewest[i], size[i] / most[i]
        for step in range(_MOST_STEPS):
            theta = max(place, 1 - place)
            up, down = 1 / (1 + theta), 1 / (2 - theta)
            variance = rarer * (2 * up - 1) * theta**2 + commoner * (down - theta) * theta + added[i]
            if step == 0:
                far = np.sqrt(reach[i] * variance)
                moved = min(value[i] + far, end) if end > value[i] else max(value[i] - far, end)
            else:
                excess = (place - value[i]) ** 2 - reach[i] * variance
                if excess <= 0:
                    inner = place
                else:
                    outer = place
                rise = rarer * ((4 + 2 * theta) * up**2 - 2) * theta + commoner * 2 * (down**2 - theta)
                moved = place - excess / (2 * (place - value[i]) - reach[i] * (rise if place > 0.5 else -rise))
                if not min(inner, outer) < moved < max(inner, outer):
                    moved = (inner + outer) / 2
            close = abs(moved - place) < _CLOSE
            place = moved
            if close:
                break
        out[i] = place
    return out


@np.errstate(divide="ignore", invalid="ignore")
def untied(rows: np.ndarray) -> np.ndarray:
    """What ties leave of the variance that ranks would have, 1 − Σ (n_b/n)³, shape (...): 0 where all rows tie.

    References
    ----------
    Hollander, Wolfe and Chicken 2014, doi:10.1002/9781119196037, section 4.1 (Wilcoxon's test with ties)
    """
    share = rows / rows.sum(axis=-1, keepdims=True)
    return np.asarray(1 - (share * share * share).sum(axis=-1))


@np.errstate(divide="ignore", invalid="ignore")
def score_interval(
    value: np.ndarray,
    variances: Variances,
    p: np.ndarray,
    n: np.ndarray,
    ties: np.ndarray,
    factor: np.ndarray | float = 1.0,
    added: np.ndarray | float = 0.0,
    level: float = LEVEL,
) -> Estimate:
    """An AUC with every area that it does not contradict, as Wilson's interval is for a share.

    An area θ is inside when |A − θ| ≤ t·√V(θ). V takes its shape in θ from Hanley and McNeil's formula, and its size
    from DeLong's estimate at A, which counts for its own degrees of freedom, P − 1 of the rarer class, beside the
    formula's ``PRIOR_ROWS``; t has Satterthwaite's degrees of freedom. So an interval stays in [0, 1], is longer on the
    side of ½, and does not shrink because the few rows of a small window happen to lie together. An area of exactly 0
    or 1 has no error to go by: the rows of the rarer class bound it as a share of n successes in n trials is bounded,
    at ((1−level)/2)^(1/n).

    Parameters
    ----------
    value : shape (...)
    variances : DeLong's, shape (...)
    p, n : rows of the two classes, shape (...)
    ties : of ``untied``, shape (...)
    factor, added : the variance is DeLong's times ``factor`` plus ``added``

    References
    ----------
    Newcombe 2006, doi:10.1002/sim.2324 (method 5); Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747;
    Brunner and Munzel 2000, doi:10.1002/(SICI)1521-4036(200001)42:1<17::AID-BIMJ17>3.0.CO;2-U (degrees of freedom);
    Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404 (all successes)
    """
    fewest = np.minimum(p, n)
    own = np.maximum(fewest - 1, 0)
    total = variances.of_positives + variances.of_negatives
    parts = variances.of_positives**2 / (p - 1 + PRIOR_ROWS) + variances.of_negatives**2 / (n - 1 + PRIOR_ROWS)
    freedom = np.where(parts > 0, total**2 / parts, fewest - 1 + PRIOR_ROWS)
    shape = _exponential_variance(value, p, n)
    drawn = _exponential_variance((fewest * value + 0.5) / (fewest + 1), p, n)  # of an area that is never 0 or 1
    size = (own * total + PRIOR_ROWS * ties * drawn) / (own * shape + PRIOR_ROWS * drawn)
    reach = stdtrit(np.maximum(freedom, 1), 0.5 + level / 2) ** 2
    parts = np.broadcast_arrays(value, fewest, np.maximum(p, n), factor * size, added, reach)
    mid, few, many, sized, more, far = (np.ascontiguousarray(x, float).ravel() for x in parts)

    def bound(end: float) -> np.ndarray:
        return np.asarray(_bounds(mid, few, many, sized, more, far, end)).reshape(np.shape(value))

    least = ((1 - level) / 2) ** (1 / fewest)
    low = np.where(value >= 1, least, np.where(value <= 0, value, bound(0.0)))
    high = np.where(value <= 0, 1 - least, np.where(value >= 1, value, bound(1.0)))
    known = np.isfinite(total)
    return Estimate(value, np.where(known, low, np.nan), np.where(known, high, np.nan))


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
    placed = placements(positives, negatives, score)
    value, variances = delong(positives, negatives, placed)
    p, n = positives.sum(axis=-1), negatives.sum(axis=-1)
    return score_interval(value, variances, p, n, untied(positives + negatives), level=level)
