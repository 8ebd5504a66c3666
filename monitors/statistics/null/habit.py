"""Habit and chance: how far a window's number lies from the reference's, in units of what quiet windows differ by."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse, special

from monitors.statistics.null.moderate import common
from monitors.statistics.null.student import surprise

FEW_WINDOWS = 3
"""With fewer reference windows, habit cannot be estimated and nothing is judged."""
CEILING = 38.0
"""Standard deviations; beyond, a double holds no smaller tail probability."""
_PRIOR_CAP = 30.0
"""Features in common are worth no more windows than this: a habit of one's own always counts."""
_ROUNDING = 1e-9
"""What is smaller than this part of what it is left of says nothing: a verdict does not hang on a last digit."""
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
    reference: np.ndarray, reference_error: np.ndarray, values: np.ndarray, errors: np.ndarray, *,
    kind: np.ndarray | None = None, owner: np.ndarray | None = None, events: np.ndarray | None = None,
    spent: int = 0, moderated: bool = True,
) -> Deviations:  # fmt: skip
    """Deviations of numbers (shares, AUCs, log counts) from the reference's, D of them side by side.

    A quiet window's number has variance habit² + error² around the reference's mean, more habit where its error is
    larger than the reference's: the habit's variance is what the reference windows vary beyond their own errors (method
    of moments, DerSimonian and Laird 1986, doi:10.1016/0197-2456(86)90046-2), the whole moderated across numbers of one
    ``kind`` as a multiple of chance.

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
    mean_error2 = (weight * error2).sum(axis=1) / total
    away = np.where(known, x - mean[:, None], 0.0)
    away[np.abs(away) < _ROUNDING * (np.abs(x).max(axis=1, initial=0.0) + np.sqrt(mean_error2))[:, None]] = 0.0
    square = (weight * away**2).sum(axis=1)

    ratio = _ratio(square, total, count, mean_error2)
    free = np.maximum(count - 1.0 - spent, 1.0)
    base = _base(ratio[:, None], owner)[:, 0]
    if events is not None:
        free = 2 / (2 / free + np.maximum(base, 1.0) / np.maximum(events, 0.5))
    prior = np.zeros(len(x))
    for k in np.unique(kind) if moderated else ():
        prior[kind == k] = common(ratio[kind == k] / base[kind == k], free[kind == k])[1]
    habit2 = _habit2(ratio[:, None], free[:, None], kind, owner, prior, mean_error2[:, None])[:, 0]
    # what numbers have in common is worth no more than the windows of those that go their own ways
    others, in_errors = np.zeros(len(x)), np.sqrt(weight) * away
    for k in np.unique(kind) if moderated else ():
        others[kind == k] = _going_own_ways(in_errors[kind == k]) - 1.0
    # (which few windows cannot tell), than two windows' of each feature, and than the feature's own numbers, of which
    # its level is made: a column of two values has one number, and none that vouches for it
    features = len(x) if owner is None else len(np.unique(owner))
    others = np.minimum(others, 2.0 * features)
    if owner is not None and moderated:
        others = np.minimum(others, _ways_by(in_errors, owner) - 1.0)
    most = others * np.maximum(count - 1.0, 1.0)
    dof = free + np.minimum(prior, np.minimum(_PRIOR_CAP, most))
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
    several = known & (count > 1)[:, None]
    left_total = np.where(several, np.maximum(total[:, None] - weight, 1e-12 * total[:, None]), 1.0)
    left_mean = (total * mean)[:, None] - weight * x
    left_mean /= left_total
    left_square = _less(square[:, None], weight * away**2 * (total[:, None] / left_total))
    left_error2 = _less((total * mean_error2)[:, None], weight * error2) / left_total
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


def _going_own_ways(away: np.ndarray) -> float:
    """How many numbers' worth of variances D numbers give that move together, D / (1 + (D - 1) · mean ρ²), 1 to D.

    ρ² is taken over windows, less 1 / (R - 1) that chance makes of it; squares of numbers correlate as ρ².

    Parameters
    ----------
    away : shape (D, R), deviations from their means; 0 where not known
    """
    length = np.sqrt((away**2).sum(axis=1))
    unit = away[length > 0] / length[length > 0, None]
    numbers, free = len(unit), away.shape[1] - 1
    if numbers < 2 or free < 2:
        return 1.0
    among = unit.T @ unit
    seen = ((among**2).sum() - numbers) / (numbers * (numbers - 1))
    alike = min(max((seen * free - 1) / (free - 1), 0.0), 1.0)
    return float(numbers / (1 + (numbers - 1) * alike))


def _ways_by(away: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """The same among the numbers of each feature, for each number, shape (D,)."""
    order = np.argsort(owner, kind="stable")
    ways = np.empty(len(owner))
    for mine in np.split(order, np.flatnonzero(np.diff(owner[order])) + 1):
        ways[mine] = _going_own_ways(away[mine])
    return ways


def _base(ratio: np.ndarray, owner: np.ndarray | None) -> np.ndarray:
    """What a feature's numbers vary beyond chance on the whole: the geometric mean of its own; (D, R) to (D, R)."""
    if owner is None:
        return np.ones(ratio.shape)
    return np.asarray(np.exp(_means_by(np.log(np.maximum(ratio, 1e-3)), ratio > 0, owner)))


def _means_by(values: np.ndarray, known: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Mean of what is known over numbers of one group, for each of them, column by column; 0 where nothing is."""
    total, n = sums_by(np.where(known, values, 0.0), group), sums_by(known.astype(float), group)
    return np.asarray((total / np.maximum(n, 1))[group])


def sums_by(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Sums over rows of one group, (D, W) to (groups, W): a sparse product, in a tenth of the time of ``np.add.at``."""
    shape = int(group.max(initial=-1)) + 1, len(group)
    return np.asarray(sparse.csr_array((np.ones(len(group)), (group, np.arange(len(group)))), shape=shape) @ values)


def _less(total: np.ndarray, part: np.ndarray) -> np.ndarray:
    """What is left of a sum of squares without a part of it: nothing, where it is no more than rounding."""
    rest = total - part
    return np.where(rest > _ROUNDING * total, rest, 0.0)


def _ratio(square: np.ndarray, total: np.ndarray, count: np.ndarray, error2: np.ndarray) -> np.ndarray:
    """Observed variance over that of chance; 0 where one window, or no chance, tells nothing of it."""
    variance = square / total * count / np.maximum(count - 1, 1)
    return np.asarray(np.where((count > 1) & (error2 > 0), variance / np.maximum(error2, 1e-300), 0.0))


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


def score_of_t(t: np.ndarray, dof: np.ndarray) -> np.ndarray:
    """The normal score with the same tail probability as Student's t, shapes (D, W) and (D, 1)."""
    return np.asarray(np.sign(t) * np.minimum(-special.ndtri_exp(-surprise(t, dof)), CEILING))


def surprise_of_t(t: np.ndarray, dof: np.ndarray, sides: int) -> np.ndarray:
    """-log of the tail probability of Student's t: of as much to either side, or (``sides`` 1) of t or more."""
    one = surprise(t, dof)
    return one - np.log(2.0) if sides == 2 else np.where(t < 0, -np.log1p(-np.exp(-one)), one)


def t_of_score(score: np.ndarray | float, dof: np.ndarray) -> np.ndarray:
    """Student's t with the tail probability of a normal score; the inverse of ``score_of_t``."""
    with np.errstate(invalid="ignore", over="ignore"):
        tail = special.ndtr(-np.minimum(score, CEILING))
        return np.where(tail == 0, np.inf, -special.stdtrit(np.maximum(dof, 1.0), tail))
