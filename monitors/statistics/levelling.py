"""A relation at another overall level: rates by group moved alike until their mean is what came true."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from monitors.statistics.auc import shared

_STEPS = 8
_NEAR = 1e-12
"""Newton's steps end when they are smaller: the next would be of this squared."""


@njit(nogil=True, cache=True, error_model="numpy")
def _shift(
    odds: np.ndarray,  # (S, G, K) of S different relations
    of: np.ndarray,  # (W,) which of them
    n: np.ndarray,  # (W, G)
    level: np.ndarray,  # (W, K)
    out: np.ndarray,  # (W, G, K)
) -> None:
    windows, groups, classes = out.shape
    for w in range(windows):
        rows = 0.0
        for g in range(groups):
            rows += n[w, g]
        rows = max(rows, 1e-9)
        for k in range(classes):
            shift = 0.0
            for _ in range(_STEPS):
                factor, mean, slope = np.exp(shift), 0.0, 0.0
                for g in range(groups):
                    moved = odds[of[w], g, k] * factor
                    due = n[w, g] * moved / (1 + moved)
                    mean += due
                    slope += due / (1 + moved)
                step = (level[w, k] - mean / rows) / max(slope / rows, 1e-6)
                step = min(max(step, -2.0), 2.0)
                shift += step
                if abs(step) < _NEAR:
                    break
            factor = np.exp(shift)
            for g in range(groups):
                moved = odds[of[w], g, k] * factor
                out[w, g, k] = moved / (1 + moved)


def levelled(rates: np.ndarray, n: np.ndarray, total: np.ndarray, additive: bool) -> np.ndarray:
    """Rates shifted alike in every group so that the window's overall mean comes out.

    On the logit scale, each class by itself: logit e_g = logit r_g + s with Σ n_g e_g = Σ total_g; or, for means of
    numbers, e_g = r_g + s.

    Parameters
    ----------
    rates : shape (..., G, K), kept 1e-6 from 0 and 1 on the logit scale; its leading axes may be 1 where n's are not
    n : rows of the window by group, shape (..., G)
    total : sum of the outcome by group, shape (..., G, K)

    Returns
    -------
    shape (..., G, K)
    """
    level = total.sum(axis=-2) / np.maximum(n.sum(axis=-1), 1e-9)[..., None]
    if additive:
        rows, own = np.maximum(n.sum(axis=-1), 1e-9)[..., None], n[..., None]
        return np.asarray(rates + (level - (own * rates).sum(axis=-2) / rows)[..., None, :])
    kept = np.clip(rates, 1e-6, 1 - 1e-6)
    lead, shape = rates.shape[:-2], total.shape
    count, windows = math.prod(lead), math.prod(shape[:-2])
    out = np.empty((windows, *shape[-2:]))
    _shift(
        (kept / (1 - kept)).reshape(count, *shape[-2:]), shared(lead, shape[:-2]), n.reshape(windows, shape[-2]),
        level.reshape(windows, shape[-1]), out,
    )  # fmt: skip
    return out.reshape(shape)
