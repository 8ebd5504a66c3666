"""From when on a measured power cannot be told from none. Shapes are those of ``trends``."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from monitors.statistics.intervals import LEVEL, normal_quantile
from monitors.statistics.trends import points_of

STAY = 3
"""Windows that must lie at the floor for a power to count as having stayed there."""


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
    points = points_of(np.asarray(power, float) - floor, error)
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
