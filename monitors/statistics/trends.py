"""Whether, how fast and until when a measured power falls.

``time`` is shape (W,) in any unit and in order; ``value`` and ``error`` (standard errors) are (..., W).
Windows whose value or error is not finite do not count.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, stdtrit

from monitors.statistics.intervals import LEVEL, Estimate, normal_quantile

FEWEST_WINDOWS = 4
"""Windows below which no trend is estimated: two parameters and their spread need more than that to be seen."""

GRID = 240
"""Decay rates tried; half-lives from half the shortest gap between windows to ten times the whole span."""

CLEARLY = 6.0
"""Difference of the Bayesian information criterion from which one course fits clearly better than another."""

STAY = 3
"""Windows that must lie at the floor for a power to count as having stayed there."""


class _Points(NamedTuple):
    """Value, squared error and whether the window counts, shape (..., W); unused windows hold harmless numbers."""

    value: np.ndarray
    variance: np.ndarray
    used: np.ndarray
    windows: np.ndarray  # (...) how many count


@np.errstate(divide="ignore", invalid="ignore")
def _points(value: np.ndarray, error: np.ndarray | None) -> _Points:
    value = np.asarray(value, float)
    if error is None:
        used = np.isfinite(value)
        return _Points(np.where(used, value, 0.0), np.where(used, 0.0, 1.0), used, used.sum(axis=-1))
    variance = np.broadcast_to(np.asarray(error, float), value.shape) ** 2
    used = np.isfinite(value) & np.isfinite(variance)
    positive = used & (variance > 0)
    # An error of 0 means that the window's interval degenerated, not that its value is certain.
    typical = np.where(positive, variance, 0.0).sum(axis=-1) / np.maximum(positive.sum(axis=-1), 1)
    variance = np.where(positive, variance, typical[..., None])
    return _Points(np.where(used, value, 0.0), np.where(used, variance, 1.0), used, used.sum(axis=-1))


@np.errstate(divide="ignore", invalid="ignore")
def _line(time: np.ndarray, points: _Points, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slope, weighted squares of the residuals and weighted squares of time about its mean, shape (...)."""
    total = weight.sum(axis=-1)
    t = time - ((weight * time).sum(axis=-1) / total)[..., None]
    y = points.value - ((weight * points.value).sum(axis=-1) / total)[..., None]
    spread = (weight * t * t).sum(axis=-1)
    slope = (weight * t * y).sum(axis=-1) / spread
    residual = (weight * (y - slope[..., None] * t) ** 2).sum(axis=-1)
    return slope, residual, spread


@np.errstate(divide="ignore", invalid="ignore")
def habit_variance(value: np.ndarray, error: np.ndarray) -> np.ndarray:
    """How much windows differ beyond their errors, max(s² − mean error², 0), shape (...).

    Parameters
    ----------
    value, error : of windows in which nothing changes, shape (..., W)

    Returns
    -------
    0 where fewer than two windows are known.
    """
    used = np.isfinite(value) & np.isfinite(error)
    count = used.sum(axis=-1)
    mean = np.where(used, value, 0.0).sum(axis=-1) / count
    spread = np.where(used, (value - mean[..., None]) ** 2, 0.0).sum(axis=-1) / (count - 1)
    sampled = np.where(used, np.square(error), 0.0).sum(axis=-1) / count
    return np.where(count > 1, np.maximum(np.nan_to_num(spread - sampled), 0.0), 0.0)


STRONGEST = 0.8
"""Correlation of neighbours that is believed at most: beyond it a course is not told from a trend anyway."""


@np.errstate(divide="ignore", invalid="ignore")
def _persistence(residual: np.ndarray, weight: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """Factor (1 + φ)/(1 − φ) on the variance of a trend because what is left of neighbours is alike, shape (...).

    φ is the correlation of neighbouring residuals, free of the bias −(2 + 4φ)/k that fitting a line leaves it with,
    and at least 0.

    Parameters
    ----------
    residual, weight : shape (..., W), weight 0 where the window does not count
    windows : shape (...), how many count

    References
    ----------
    Bartlett 1935, doi:10.1111/j.2397-2335.1935.tb04204.x; Marriott and Pope 1954, doi:10.1093/biomet/41.3-4.390
    """
    z = residual * np.sqrt(weight)
    # the neighbour of a window is the last one before it that counts
    at = np.maximum.accumulate(np.where(weight > 0, np.arange(z.shape[-1]), 0), axis=-1)
    earlier = np.take_along_axis(z, at[..., :-1], axis=-1)
    together = (z[..., 1:] * earlier).sum(axis=-1) / np.maximum(windows - 1, 1)
    alike = together / ((z * z).sum(axis=-1) / np.maximum(windows, 1))
    freed = (alike + 2 / windows) / np.maximum(1 - 4 / windows, 0.2)
    phi = np.clip(np.nan_to_num(freed), 0.0, STRONGEST)
    return (1 + phi) / (1 - phi)


@np.errstate(divide="ignore", invalid="ignore")
def slope(time: np.ndarray, value: np.ndarray, error: np.ndarray | None = None, level: float = LEVEL) -> Estimate:
    """Change of the value by unit of time: weighted least squares with room for habit.

    Windows differ by more than their errors. The extra variance τ² between windows is estimated by the method
    of moments, τ² = (Q − (k−2)) / tr(W − WX(X'WX)⁻¹X'W) with W = diag(1/error²), the line is fitted again
    with weights 1/(error² + τ²), and the interval takes t with k − 2 degrees of freedom, scaled by the
    residuals where these are larger than the weights say, and by how alike neighbouring ones are.

    Parameters
    ----------
    time : shape (W,)
    value : shape (..., W)
    error : standard errors, shape (..., W) or (W,); left out, all windows weigh the same

    Returns
    -------
    Estimate of shape (...); NaN with fewer than four windows, or all at one time.

    References
    ----------
    Knapp and Hartung 2003, doi:10.1002/sim.1482; DerSimonian and Laird 1986, doi:10.1016/0197-2456(86)90046-2
    """
    time = np.asarray(time, float)
    points = _points(value, error)
    freedom = np.where(points.windows >= FEWEST_WINDOWS, points.windows - 2.0, np.nan)
    known = np.where(points.variance > 0, points.variance, 1.0)
    weight = np.where(points.used, 1 / known, 0.0)
    estimate, residual, spread = _line(time, points, weight)
    if error is not None:
        # tr(H) of the squared weights: what each residual's weight counts for in Q.
        total, double = weight.sum(axis=-1), weight**2
        centred = time - ((weight * time).sum(axis=-1) / total)[..., None]
        used_up = double.sum(axis=-1) / total + (double * centred**2).sum(axis=-1) / spread
        extra = np.maximum((residual - freedom) / (total - used_up), 0)
        weight = np.where(points.used, 1 / (known + np.nan_to_num(extra)[..., None]), 0.0)
        estimate, residual, spread = _line(time, points, weight)
    scale = residual / freedom
    if error is not None:
        scale = np.maximum(scale, 1)
    centred = time - ((weight * time).sum(axis=-1) / weight.sum(axis=-1))[..., None]
    about = points.value - ((weight * points.value).sum(axis=-1) / weight.sum(axis=-1))[..., None]
    if error is not None:
        alike = _persistence(about - estimate[..., None] * centred, weight, points.windows)
        scale, freedom = scale * alike, np.fmax(freedom / alike, np.minimum(freedom, 2))
    estimate = np.where((spread > 0) & (freedom > 0), estimate, np.nan)
    margin = stdtrit(freedom, 0.5 + level / 2) * np.sqrt(scale / spread)
    return Estimate(estimate, estimate - margin, estimate + margin)


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def _step_residual(points: _Points, weight: np.ndarray) -> np.ndarray:
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
    points = _points(np.asarray(power, float) - floor, error)
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
    alike = _persistence(points.value - fitted, weight, points.windows)
    scale = np.maximum(least / freedom, 1) * alike
    limit = least + scale * stdtrit(np.maximum(freedom / alike, 2), 0.5 + level / 2) ** 2
    inside = left[..., :-1] <= limit[..., None]
    first, last = inside.argmax(axis=-1), GRID - 1 - inside[..., ::-1].argmax(axis=-1)
    low = _crossing(lives, left, limit, first, -1)
    high = np.where(inside[..., -1], np.inf, _crossing(lives, left, limit, last, 1))
    step, line = _step_residual(points, weight), _line(time, points, weight)[1]
    noise = np.maximum(np.minimum(np.minimum(step, line), least) / freedom, 1)
    broke = step / noise + np.log(points.windows) < least / noise - CLEARLY
    straight = line / noise < least / noise - CLEARLY
    falls = left[..., -1] > limit
    decaying = falls & ~broke & ~straight
    # what a step explains is a change as well, though no decay of the whole may show
    flat = _line(time, points, weight)
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


@np.errstate(divide="ignore", invalid="ignore")
def date_of_floor(
    time: np.ndarray,
    power: np.ndarray,
    error: np.ndarray,
    floor: float = 0.5,
    before: np.ndarray | None = None,
    level: float = LEVEL,
) -> np.ndarray:
    """Index of the first window from which the power cannot be told from the floor, and stays so.

    No mean from it onwards, over one window or any number, exceeds the floor by more than its interval; no later
    window exceeds it by more than the largest of so many would by chance (Šidák), nor does the mean from any later
    window to the end, so that a low power that lasts is not taken for none. At least three windows must lie there, and
    together they must leave less than half of what there was before.

    Parameters
    ----------
    time : shape (W,), in order; only the number of windows is used, so that the index is into it
    power, error : shape (..., W); the error with habit where there is any
    floor : ½ for an AUC, 0 for explained variance
    before : power that there was, shape (...); left out, it is not asked how much of it is left

    Returns
    -------
    Shape (...), float: an index into ``time``, or NaN where there is no such window.

    References
    ----------
    Šidák 1967, doi:10.1080/01621459.1967.10482935
    """
    windows = len(np.asarray(time))
    points = _points(np.asarray(power, float) - floor, error)
    if not windows:
        return np.full(points.windows.shape, np.nan)
    weight = np.where(points.used, 1 / points.variance, 0.0)
    z = np.where(points.used, points.value * np.sqrt(weight), -np.inf)

    def from_end(values: np.ndarray) -> np.ndarray:
        return np.cumsum(values[..., ::-1], axis=-1)[..., ::-1]

    quantile = normal_quantile(level)
    left = from_end(points.used.astype(float))
    bound = ndtri((0.5 + level / 2) ** (1 / np.maximum(left, 1)))
    highest = np.maximum.accumulate(z[..., ::-1], axis=-1)[..., ::-1]
    total, worth = from_end(weight * points.value), from_end(weight)
    lasting = np.maximum.accumulate(np.nan_to_num(total / np.sqrt(worth), nan=-np.inf)[..., ::-1], axis=-1)[..., ::-1]
    there = points.used & (left >= STAY) & (highest <= bound) & (lasting <= bound)
    there &= _highest_mean(weight * points.value, weight) <= quantile
    if before is not None:
        most = total / worth + quantile / np.sqrt(worth)
        there &= most < (np.asarray(before, float) - floor)[..., None] / 2
    first = there.argmax(axis=-1)
    return np.where(there.any(axis=-1), first.astype(float), np.nan)


@np.errstate(divide="ignore", invalid="ignore")
def _highest_mean(weighted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The largest mean, in its standard errors, of the windows from each one on over any number, shape (..., W)."""
    sums, worth = np.cumsum(weighted, axis=-1), np.cumsum(weight, axis=-1)
    out = np.full(weighted.shape, -np.inf)
    for w in range(weighted.shape[-1]):
        total = sums[..., w:] - sums[..., w, None] + weighted[..., w, None]
        value = total / np.sqrt(worth[..., w:] - worth[..., w, None] + weight[..., w, None])
        out[..., w] = np.nan_to_num(value, nan=-np.inf).max(axis=-1)
    return out
