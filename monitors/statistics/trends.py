"""Whether and how fast a measured power falls.

``time`` is shape (W,) in any unit and in order; ``value`` and ``error`` (standard errors) are (..., W).
Windows whose value or error is not finite do not count.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from monitors.statistics.intervals import LEVEL, Estimate

FEWEST_WINDOWS = 4
"""Windows below which no trend is estimated: two parameters and their spread need more than that to be seen."""


class Points(NamedTuple):
    """Value, squared error and whether the window counts, shape (..., W); unused windows hold harmless numbers."""

    value: np.ndarray
    variance: np.ndarray
    used: np.ndarray
    windows: np.ndarray  # (...) how many count


@np.errstate(divide="ignore", invalid="ignore")
def points_of(value: np.ndarray, error: np.ndarray | None) -> Points:
    """The windows that count, of value and standard error of shape (..., W); left out, all are as exact."""
    value = np.asarray(value, float)
    if error is None:
        used = np.isfinite(value)
        return Points(np.where(used, value, 0.0), np.where(used, 0.0, 1.0), used, used.sum(axis=-1))
    variance = np.broadcast_to(np.asarray(error, float), value.shape) ** 2
    used = np.isfinite(value) & np.isfinite(variance)
    positive = used & (variance > 0)
    # An error of 0 means that the window's interval degenerated, not that its value is certain.
    typical = np.where(positive, variance, 0.0).sum(axis=-1) / np.maximum(positive.sum(axis=-1), 1)
    variance = np.where(positive, variance, typical[..., None])
    return Points(np.where(used, value, 0.0), np.where(used, variance, 1.0), used, used.sum(axis=-1))


@np.errstate(divide="ignore", invalid="ignore")
def line(time: np.ndarray, points: Points, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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
def persistence(residual: np.ndarray, weight: np.ndarray, windows: np.ndarray) -> np.ndarray:
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
    points = points_of(value, error)
    freedom = np.where(points.windows >= FEWEST_WINDOWS, points.windows - 2.0, np.nan)
    known = np.where(points.variance > 0, points.variance, 1.0)
    weight = np.where(points.used, 1 / known, 0.0)
    estimate, residual, spread = line(time, points, weight)
    if error is not None:
        # tr(H) of the squared weights: what each residual's weight counts for in Q.
        total, double = weight.sum(axis=-1), weight**2
        centred = time - ((weight * time).sum(axis=-1) / total)[..., None]
        used_up = double.sum(axis=-1) / total + (double * centred**2).sum(axis=-1) / spread
        extra = np.maximum((residual - freedom) / (total - used_up), 0)
        weight = np.where(points.used, 1 / (known + np.nan_to_num(extra)[..., None]), 0.0)
        estimate, residual, spread = line(time, points, weight)
    scale = residual / freedom
    if error is not None:
        scale = np.maximum(scale, 1)
    centred = time - ((weight * time).sum(axis=-1) / weight.sum(axis=-1))[..., None]
    about = points.value - ((weight * points.value).sum(axis=-1) / weight.sum(axis=-1))[..., None]
    if error is not None:
        alike = persistence(about - estimate[..., None] * centred, weight, points.windows)
        scale, freedom = scale * alike, np.fmax(freedom / alike, np.minimum(freedom, 2))
    estimate = np.where((spread > 0) & (freedom > 0), estimate, np.nan)
    margin = stdtrit(freedom, 0.5 + level / 2) * np.sqrt(scale / spread)
    return Estimate(estimate, estimate - margin, estimate + margin)
