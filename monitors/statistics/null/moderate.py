"""Variances of many features, each known from few windows: what they have in common."""

from __future__ import annotations

import numpy as np
from scipy import special

LEAST = 5
"""Fewer variances say nothing of what they have in common."""


def common(variance: np.ndarray, dof: np.ndarray | float) -> tuple[float, float]:
    """The variance that features have in common, and the degrees of freedom that knowing it is worth, as limma has it.

    Parameters
    ----------
    variance : shape (F,), each with ``dof`` degrees of freedom (scalar or (F,)); those not known or 0 are left out

    Returns
    -------
    variance, dof : 0 degrees where too few say anything, inf where all have the same

    References
    ----------
    Smyth 2004, doi:10.2202/1544-6115.1027, section 6.2.
    """
    variance = np.asarray(variance, float)
    dof = np.broadcast_to(np.asarray(dof, float), variance.shape)
    good = np.isfinite(variance) & (variance > 0) & (dof > 0)
    if good.sum() < LEAST:
        return np.nan, 0.0
    d = dof[good]
    e = np.log(variance[good]) - special.digamma(d / 2) + np.log(d / 2)
    centre = e.mean()
    excess = ((e - centre) ** 2).sum() / (good.sum() - 1) - special.polygamma(1, d / 2).mean()
    if excess <= 0:
        return float(np.exp(centre)), np.inf
    half = _trigamma_inverse(excess)
    return float(np.exp(centre + special.digamma(half) - np.log(half))), float(2 * half)


def _trigamma_inverse(x: float) -> float:
    y = 0.5 + 1.0 / x
    for _ in range(50):
        tri = special.polygamma(1, y)
        step = tri * (1 - tri / x) / special.polygamma(2, y)
        y += step
        if -step / y < 1e-8:
            break
    return float(y)
