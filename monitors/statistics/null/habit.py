"""Habit and chance: how far a window's number lies from the reference's, in units of what quiet windows differ by."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special, stats

from monitors.statistics.null.moderate import common

FEW_WINDOWS = 3
"""With fewer reference windows, habit cannot be estimated and nothing is judged."""
CEILING = 38.0
"""Standard deviations; beyond, a double holds no smaller tail probability."""
_PRIOR_CAP = 30.0
"""Features in common are worth no more windows than this: a habit of one's own always counts."""
_EXACT = 1000.0
"""Degrees of freedom of a spread that is known."""


class Deviations(NamedTuple):
    """How far numbers lie from what the reference leads to expect, as Student's t.

    Attributes
    ----------
    reference : shape (D, R), each reference window against the others, with ``dof - 1`` degrees of freedom
    windows : shape (D, W)
    expected : shape (D, 1)
    spread : shape (D, W), the standard deviation of a quiet window's number, habit and chance together
    dof : shape (D, 1), degrees of freedom of that spread
    left_expected, left_spread : shape (D, R), the same for each reference window without itself
    """

    reference: np.ndarray
    windows: np.ndarray
    expected: np.ndarray
    spread: np.ndarray
    dof: np.ndarray
    left_expected: np.ndarray
    left_spread: np.ndarray

    def band(self, score: np.ndarray | float) -> np.ndarray:
        """Distance from ``expected`` at which a number has this normal score, shape (D, W)."""
        return np.asarray(t_of_score(score, self.dof) * self.spread)


def deviations(
    reference: np.ndarray, reference_error: np.ndarray, values: np.ndarray, errors: np.ndarray,
    kind: np.ndarray | None = None, owner: np.ndarray | None = None, events: np.ndarray | None = None,
    spent: int = 0, moderated: bool = True,
) -> Deviations:  # fmt: skip
    """Deviations of numbers (shares, AUCs, log counts) from the reference's, D of them side by side.

    A quiet window's number has variance habit² + error² around the reference's mean, more habit where its error is larger
    than the reference's: the habit's variance is what the reference windows vary beyond their own errors (method of moments, DerSimonian and Laird 1986,
    doi:10.1016/0197-2456(86)90046-2), the whole moderated across numbers of one ``kind`` as a multiple of chance.

    Parameters
    ----------
    reference, reference_error : shape (D, R); NaN where a window has no number
    values, errors : shape (D, W)
    kind : shape (D,), int: numbers that are alike; left out, all are
    owner : shape (D,), int: numbers of one feature, which have much of their habit in common; left out, none have
    events : shape (D,): rows of the reference that do not have the usual value; of few, a variance says little: it is
        worth 2 / (2 / (R - 1) + c / events) degrees of freedom where c of them come together; inf: none ever, so that
        the spread is that of chance and known
    spent : degrees of freedom that went into making the numbers, beyond their mean
    moderated : whether the numbers have habit in common; if not, each has its own alone
    """
    reference, reference_error = np.atleast_2d(reference), np.atleast_2d(reference_error)
    values, errors = np.atleast_2d(values), np.atleast_2d(errors)
    kind = np.zeros(len(reference), np.int64) if kind is None else kind
    known = np.isfinite(reference) & np.isfinite(reference_error)
    count = known.sum(axis=1)
    x = np.where(known, reference, 0.0)
    error2 = np.where(known, reference_error, 0.0) ** 2
    # rough weights: a window with a large error counts less, none counts for nearly all
    floor = np.maximum(error2.sum(axis=1) / np.maximum(count, 1), 1e-300)[:, None]
    weight = known / (error2 + floor)
    total = np.maximum(weight.sum(axis=1), 1e-300)
    mean = (weight * x).sum(axis=1) / total
    away = np.where(known, x - mean[:, None], 0.0)
    square = (weight * away**2).sum(axis=1)
    mean_error2 = (weight * error2).sum(axis=1) / total

    ratio = _ratio(square, total, count, mean_error2)
    free = np.maximum(count - 1.0 - spent, 1.0)
    base = _base(ratio[:, None], owner)[:, 0]
    if events is not None:
        free = 2 / (2 / free + np.maximum(base, 1.0) / np.maximum(events, 0.5))
    prior = np.zeros(len(x))
    for k in np.unique(kind) if moderated else ():
        prior[kind == k] = common(ratio[kind == k] / base[kind == k], free[kind == k])[1]
    habit2 = _habit2(ratio[:, None], free[:, None], kind, owner, prior, mean_error2[:, None])[:, 0]
    dof = free + np.minimum(prior, _PRIOR_CAP)
    if events is not None:
        dof = np.where(np.isinf(events), _EXACT, dof)
    n = np.maximum(count, 1)
    # a window of fewer rows, or of few that count, has more habit too where rows come in clumps
    beyond = (habit2 / np.maximum(mean_error2, 1e-300))[:, None] * np.maximum(errors**2, mean_error2[:, None])
    spread = np.sqrt(np.maximum(beyond + ((habit2 + mean_error2) / n)[:, None] + errors**2, 1e-300))
    expected = np.where(count > 0, mean, np.nan)
    with np.errstate(invalid="ignore"):
        windows = (values - expected[:, None]) / spread

    # the same for each reference window with itself left out, in closed form
    left_total = np.where(known & (count > 1)[:, None], np.maximum(total[:, None] - weight, 1e-12 * total[:, None]), 1.0)
    left_mean = (total * mean)[:, None] - weight * x
    left_mean /= left_total
    left_square = np.maximum(square[:, None] - weight * away**2 * (total[:, None] / left_total), 0.0)
    left_error2 = np.maximum((total * mean_error2)[:, None] - weight * error2, 0.0) / left_total
    left_count = np.maximum(count - 1, 1)[:, None]
    floor = np.maximum(left_error2, error2)
    left_ratio = _ratio(left_square, left_total, left_count, left_error2)
    left_free = free[:, None] * np.maximum(left_count - 1.0 - spent, 1.0)
    left_free /= np.maximum(count - 1.0 - spent, 1.0)[:, None]
    left_habit2 = _habit2(np.where(known, left_ratio, np.nan), left_free, kind, owner, prior, left_error2)
    left_beyond = left_habit2 / np.maximum(left_error2, 1e-300) * floor
    own = left_beyond + (left_habit2 + left_error2) / left_count + error2
    left_spread = np.sqrt(np.maximum(own, 1e-300))
    left_out = np.where(known, (x - left_mean) / left_spread, np.nan)
    few = count < FEW_WINDOWS
    windows[few], left_out[few] = np.nan, np.nan
    return Deviations(left_out, windows, expected[:, None], spread, dof[:, None], left_mean, left_spread)


def _base(ratio: np.ndarray, owner: np.ndarray | None) -> np.ndarray:
    """What a feature's numbers vary beyond chance on the whole: the geometric mean of its own; (D, R) to (D, R)."""
    return np.exp(_means_by(np.log(np.maximum(ratio, 1e-3)), ratio > 0, owner)) if owner is not None else np.ones(ratio.shape)


def _means_by(values: np.ndarray, known: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Mean of what is known over numbers of one group, for each of them, column by column; 0 where nothing is."""
    count = int(group.max(initial=-1)) + 1
    total, n = np.zeros((count, values.shape[1])), np.zeros((count, values.shape[1]))
    np.add.at(total, group, np.where(known, values, 0.0))
    np.add.at(n, group, known)
    return (total / np.maximum(n, 1))[group]


def _ratio(square: np.ndarray, total: np.ndarray, count: np.ndarray, error2: np.ndarray) -> np.ndarray:
    """Observed variance over that of chance."""
    variance = square / total * count / np.maximum(count - 1, 1)
    return np.asarray(variance / np.maximum(error2, 1e-300))


def _habit2(
    ratio: np.ndarray, free: np.ndarray, kind: np.ndarray, owner: np.ndarray | None, prior: np.ndarray,
    error2: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Variance of the habit: what is left of the moderated variance when chance is taken off it; (D, R) to (D, R)."""
    base = _base(ratio, owner)
    strength = np.minimum(prior, 1e9)[:, None]
    half = np.maximum(free, 1e-3) / 2
    logs = np.log(np.maximum(ratio / base, 1e-300)) - special.digamma(half) + np.log(half)
    centre = np.exp(_means_by(logs, ratio > 0, kind))
    worth = np.maximum(strength, 1e-3) / 2
    centre = base * centre * np.where(np.isfinite(prior[:, None]), np.exp(special.digamma(worth)) / worth, 1.0)
    with np.errstate(invalid="ignore"):
        shrunk = np.where(strength > 0, (strength * centre + free * ratio) / (strength + free), ratio)
        return np.asarray(np.maximum(np.nan_to_num(shrunk) - 1.0, 0.0) * error2)


def bounded(
    found: Deviations, reference: np.ndarray, values: np.ndarray, low: np.ndarray, high: np.ndarray,
    grain: tuple[np.ndarray, np.ndarray],
) -> Deviations:  # fmt: skip
    """The deviations of numbers that cannot leave a range, with the tails that such numbers have.

    A share that varies around q with variance s² follows a beta distribution with these moments: a category that comes
    in bursts, or is rare beside the number of rows, has a long upper tail and none below. So does a mean between the
    least and the greatest value. The chance of a deviation is that tail's, over what the variance may be when it was
    estimated with so many degrees of freedom; it is given as the t that has it.

    Parameters
    ----------
    found : of D numbers
    reference : shape (D, R); values : shape (D, W)
    low, high : shape (D, 1), the range; infinite: none
    grain : shapes (D, R) and (D, W): the least step, half of which is taken as chance
    """
    width = np.where(np.isfinite(high - low), high - low, np.nan)
    with np.errstate(divide="ignore"):
        # what the reference never had has a chance of its own: half a row
        rows = np.where(grain[0] > 0, width / grain[0], 0.0).sum(axis=1, keepdims=True)
        least = np.where(rows > 0, 0.5 / np.maximum(rows, 1.0), 1e-6)
    return found._replace(
        reference=_beta(
            found.reference, (reference - low) / width, (found.left_expected - low) / width,
            found.left_spread / width, grain[0] / width, least, np.maximum(found.dof - 1, 1.0),
        ),
        windows=_beta(
            found.windows, (values - low) / width, (found.expected - low) / width, found.spread / width,
            grain[1] / width, least, found.dof,
        ),
    )  # fmt: skip


_FAR = 1.5
"""Nearer to what is expected than this, the tails make no difference."""
_VARIANCES = np.array([0.7, 0.4, 0.2, 0.08, 0.025, 6e-3, 1e-3, 1e-4, 1e-5])
"""Chances that a variance is larger than what is tried."""
_WEIGHTS = -np.diff([1.0, *np.sqrt(_VARIANCES[:-1] * _VARIANCES[1:]), 0.0])


def _beta(
    t: np.ndarray, value: np.ndarray, expected: np.ndarray, spread: np.ndarray, grain: np.ndarray, least: np.ndarray,
    dof: np.ndarray,
) -> np.ndarray:  # fmt: skip
    out = t.copy()
    with np.errstate(invalid="ignore"):
        d, w = np.nonzero((np.abs(t) > _FAR) & np.isfinite(expected))
    q, sd, floor = (np.broadcast_to(x, t.shape)[d, w] for x in (expected, spread, least))
    above = t[d, w] > 0
    step = np.where(above, -0.5, 0.5) * np.broadcast_to(grain, t.shape)[d, w]
    x = np.clip(value[d, w] + step, 0.0, 1.0)
    free = np.broadcast_to(dof, (len(t), 1))
    larger = np.sqrt(free / special.chdtri(free, 1 - _VARIANCES))  # (D, nodes): quantiles of the standard deviation
    tail = np.zeros(len(d))
    for node, part in enumerate(_WEIGHTS):
        first, second = _shape(q, sd * larger[d, node], floor)
        with np.errstate(under="ignore", over="ignore", divide="ignore"):
            # the upper tail is the lower one of what is left of the range
            tail += part * special.betainc(
                np.where(above, second, first), np.where(above, first, second), np.where(above, 1 - x, x)
            )
    score = np.maximum(-special.ndtri(np.maximum(tail, 1e-300)), 0.0)
    out[d, w] = np.where(above, 1.0, -1.0) * t_of_score(score, free[d, 0])
    return out


def _shape(expected: np.ndarray, spread: np.ndarray, least: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both parameters of the beta distribution with this mean and standard deviation."""
    q = np.clip(expected, least, 1 - least)
    strength = q * (1 - q) / np.minimum(spread**2, 0.95 * q * (1 - q)) - 1
    return q * strength, (1 - q) * strength


def of_counts(
    counts: np.ndarray, rows: np.ndarray, now: np.ndarray, now_rows: np.ndarray, *, moderated: bool = True
) -> Deviations:
    """Deviations of shares: of rows that are null, or doubled.

    Parameters
    ----------
    counts, rows : shape (D, R); now, now_rows : shape (D, W); no rows: not known
    moderated : see ``deviations``
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        seen, share = counts / rows, now / now_rows
        total = np.maximum(rows.sum(axis=1), 1.0)
        pooled = (counts.sum(axis=1) + 0.5) / (total + 1)
        weight = (pooled * (1 - pooled))[:, None]
        found = deviations(
            seen, np.sqrt(weight / rows), share, np.sqrt(weight / now_rows), events=np.where(counts.sum(axis=1) > 0, total * weight[:, 0], np.inf),
            moderated=moderated,
        )
        return bounded(
            found, seen, share, np.zeros((len(counts), 1)), np.ones((len(counts), 1)), (1 / rows, 1 / now_rows)
        )


def share_limit(found: Deviations, rows: np.ndarray, total: np.ndarray, score: np.ndarray) -> np.ndarray:
    """The share, above what is expected, that has this normal score; the inverse of ``of_counts``.

    Parameters
    ----------
    rows : shape (D, W); total : shape (D,), rows of the reference; score : shape (D, 1)
    """
    tail = stats.norm.sf(np.minimum(t_of_score(score, found.dof), CEILING))
    least = np.broadcast_to(0.5 / np.maximum(total, 1.0)[:, None], found.spread.shape)
    first, second = _shape(np.broadcast_to(found.expected, found.spread.shape), found.spread, least)
    with np.errstate(divide="ignore", invalid="ignore"):
        tail = np.broadcast_to(tail, first.shape)
        keys = np.round(np.log(np.maximum(np.stack([first.ravel(), second.ravel(), tail.ravel()]), 1e-300)), 6)
        _, place, inverse = np.unique(keys, axis=1, return_index=True, return_inverse=True)
        solved = special.betainccinv(first.ravel()[place], second.ravel()[place], tail.ravel()[place])
        return np.asarray(solved[inverse.ravel()].reshape(first.shape) + 0.5 / rows)


def score_of_t(t: np.ndarray, dof: np.ndarray) -> np.ndarray:
    """The normal score with the same tail probability as Student's t."""
    with np.errstate(invalid="ignore", over="ignore"):
        # the tail of the absolute value: exact far out where a cdf near one is not
        score = -special.ndtri_exp(np.log(np.maximum(special.stdtr(dof, -np.abs(t)), 1e-300)))
    return np.asarray(np.sign(t) * np.minimum(score, CEILING))


def t_of_score(score: np.ndarray | float, dof: np.ndarray) -> np.ndarray:
    """Student's t with the tail probability of a normal score; the inverse of ``score_of_t``."""
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(stats.t.isf(stats.norm.sf(np.minimum(score, CEILING)), np.maximum(dof, 1.0)))
