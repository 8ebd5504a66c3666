"""How a measured power goes: whether it halves in a fixed time, falls straight, broke at once, or does none of that.

Shapes are those of ``trends``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from monitors.statistics.intervals import LEVEL, Estimate
from monitors.statistics.trends import FEWEST_WINDOWS, Points, line, persistence, points_of

GRID = 240
"""Decay rates tried; half-lives from half the shortest gap between windows to ten times the whole span."""

CLEARLY = 6.0
"""Difference of the Bayesian information criterion from which one course fits clearly better than another."""


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def _step_residual(points: Points, weight: np.ndarray) -> np.ndarray:
    """Weighted squares left by the best single step from one level to another, shape (...)."""
    first = np.cumsum(weight, axis=-1)
    second = np.cumsum(weight * points.value, axis=-1)
    squares = (weight * points.value**2).sum(axis=-1)
    before = second**2 / np.where(first > 0, first, np.nan)
    rest = first[..., -1:] - first
    after = (second[..., -1:] - second) ** 2 / np.where(rest > 1e-12 * first[..., -1:], rest, np.nan)
    explained = np.nan_to_num((before + after)[..., :-1], nan=0.0).max(axis=-1, initial=0.0)
    return squares - explained


COURSES = ("halves", "straight", "step", "steady", "unknown")
"""How a power goes: its excess halves in a fixed time; it falls by as much in every window; it fell at once; nothing of
that is beyond chance; too few windows."""


class Decay(NamedTuple):
    """A half-life, and how the power goes: one of ``COURSES`` by index, shape (...)."""

    half_life: Estimate
    course: np.ndarray


def half_life(
    time: np.ndarray, power: np.ndarray, error: np.ndarray, floor: float = 0.5, level: float = LEVEL
) -> Estimate:
    """Time in which the power's excess over the floor halves, where it decays exponentially.

    floor + a·2^(−t/h) is fitted by weighted least squares over a grid of h, for which a has a closed form;
    the interval holds every h whose squares exceed the least ones by no more than t²(k−2) residual variances,
    which are taken as at least 1, and as more where neighbouring residuals are alike.

    Parameters
    ----------
    time : shape (W,)
    power, error : shape (..., W)
    floor : ½ for an AUC, 0 for explained variance

    Returns
    -------
    Estimate of shape (...), in the unit of ``time``; ``high`` is infinite where ten times the span still
    fits. NaN with fewer than four windows, where a constant fits as well or the power rises, and where one
    step down or a straight line fits clearly better (by 6 in the Bayesian information criterion): that power
    broke, or falls by as much in every window, and does not halve in any fixed time.

    References
    ----------
    Bates and Watts 1988, doi:10.1002/9780470316757 (profile intervals);
    Kass and Raftery 1995, doi:10.1080/01621459.1995.10476572 (the size of a BIC difference)
    """
    return decay(time, power, error, floor, level).half_life


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def decay(time: np.ndarray, power: np.ndarray, error: np.ndarray, floor: float = 0.5, level: float = LEVEL) -> Decay:
    """``half_life``, and where there is none, why.

    Parameters
    ----------
    time, power, error, floor : as there
    """
    time = np.asarray(time, float)
    points = points_of(np.asarray(power, float) - floor, error)
    shape = points.windows.shape
    gaps = np.diff(time)
    if len(time) < FEWEST_WINDOWS or not (gaps > 0).all():
        return Decay(Estimate(*(np.full(shape, np.nan) for _ in range(3))), np.full(shape, COURSES.index("unknown")))
    weight = np.where(points.used, 1 / points.variance, 0.0)
    lives = np.geomspace(gaps.min() / 2, 10 * (time[-1] - time[0]), GRID)
    decay = np.exp2(-(time[:, None] - time[0]) / lives)  # (W, GRID)
    curve = np.column_stack([decay, np.ones(len(time))])  # the last: no decay at all
    cross, spread = (weight * points.value) @ curve, weight @ curve**2
    squares = (weight * points.value**2).sum(axis=-1)[..., None]
    left = squares - np.where(cross > 0, cross**2 / spread, 0.0)  # an excess below 0 explains nothing
    best = left[..., :-1].argmin(axis=-1)
    least = np.take_along_axis(left, best[..., None], axis=-1)[..., 0]
    freedom = np.where(points.windows >= FEWEST_WINDOWS, points.windows - 2.0, np.nan)
    fitted = decay.T[best] * np.take_along_axis(cross / spread, best[..., None], axis=-1)
    alike = persistence(points.value - fitted, weight, points.windows)
    scale = np.maximum(least / freedom, 1) * alike
    limit = least + scale * stdtrit(np.maximum(freedom / alike, 2), 0.5 + level / 2) ** 2
    inside = left[..., :-1] <= limit[..., None]
    first, last = inside.argmax(axis=-1), GRID - 1 - inside[..., ::-1].argmax(axis=-1)
    low = _crossing(lives, left, limit, first, -1)
    high = np.where(inside[..., -1], np.inf, _crossing(lives, left, limit, last, 1))
    step, straight_left = _step_residual(points, weight), line(time, points, weight)[1]
    noise = np.maximum(np.minimum(np.minimum(step, straight_left), least) / freedom, 1)
    broke = step / noise + np.log(points.windows) < least / noise - CLEARLY
    straight = straight_left / noise < least / noise - CLEARLY
    falls = left[..., -1] > limit
    decaying = falls & ~broke & ~straight
    # what a step explains is a change as well, though no decay of the whole may show
    flat = line(time, points, weight)
    steady = flat[1] + flat[0] ** 2 * flat[2]  # squares about the mean
    stepped = broke & (step / noise + 2 * np.log(points.windows) < steady / noise - CLEARLY)
    course = np.select(
        [~np.isfinite(freedom), stepped, falls & straight & ~broke, decaying],
        [COURSES.index(name) for name in ("unknown", "step", "straight", "halves")],
        COURSES.index("steady"),
    )
    life = Estimate(*(np.where(decaying, x, np.nan) for x in (_vertex(lives, left, best), low, high)))
    return Decay(life, course)


@np.errstate(divide="ignore", invalid="ignore")
def _vertex(lives: np.ndarray, left: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Where the parabola through the best point of the grid and its neighbours is least, shape (...)."""
    middle = np.clip(best, 1, GRID - 2)
    before, at, after = (np.take_along_axis(left, (middle + i)[..., None], -1)[..., 0] for i in (-1, 0, 1))
    shift = np.nan_to_num((before - after) / (2 * (before - 2 * at + after)))
    step = np.log(lives[1] / lives[0])
    return np.where(best == middle, lives[middle] * np.exp(np.clip(shift, -1, 1) * step), lives[best])


@np.errstate(divide="ignore", invalid="ignore")
def _crossing(lives: np.ndarray, left: np.ndarray, limit: np.ndarray, index: np.ndarray, side: int) -> np.ndarray:
    """Where the squares reach the limit between the grid's point at ``index`` and its neighbour, shape (...)."""
    beyond = np.clip(index + side, 0, GRID - 1)
    here, there = (np.take_along_axis(left, i[..., None], axis=-1)[..., 0] for i in (index, beyond))
    part = np.clip(np.nan_to_num((limit - here) / (there - here)), 0, 1)
    return lives[index] * (lives[beyond] / lives[index]) ** part
