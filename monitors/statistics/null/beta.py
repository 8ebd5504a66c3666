"""Tails of shares, compiled: a null model asks for them by the million."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numba import njit
from scipy import special

from monitors.statistics.null.student import FARTHEST

_VARIANCES = np.array([0.7, 0.4, 0.2, 0.08, 0.025, 6e-3, 1e-3, 1e-4, 1e-5])
"""Chances that a variance is larger than what is tried."""
_WEIGHTS = -np.diff([1.0, *np.sqrt(_VARIANCES[:-1] * _VARIANCES[1:]), 0.0])
_SLIGHT = 0.01
"""Variances that are left to be tried make no difference when they could add no more than this part."""
_TERMS, _NEAR = 500, 1e-8
"""The fraction ends after so many terms, or when one changes it by less: in a tail after about ten."""
_LEAST = -FARTHEST
"""Log of the smallest chance that is told from none."""


def log_tails(
    number: np.ndarray, x: np.ndarray, above: np.ndarray, expected: np.ndarray, spread: np.ndarray, error: np.ndarray,
    least: np.ndarray, dof: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Log of the chance that a share lies as far out as x, or further.

    By chance it has the tail of a binomial, by habit that of a beta distribution with its moments; between the two the
    logarithms are mixed as the variance is, and the chance is taken over what the variance may be when it was estimated
    with so many degrees of freedom.

    Parameters
    ----------
    number : shape (N,), int: which of D numbers each is of; all shapes below are (N,) but those of two
    x : in [0, 1]; above : bool, which tail
    expected, spread, error : mean and standard deviation, and of this the part by chance
    least : shape (D,): a mean is held so far from 0 and 1
    dof : shape (D,), degrees of freedom of the spread

    Returns
    -------
    shape (N,)
    """
    at, logs = _spreads()
    larger = np.exp(np.stack([np.interp(np.log(dof), at, of) for of in logs.T], axis=1))
    out = np.empty(len(x))
    _log_tails(number, x, above, expected, spread, error, least, larger, _WEIGHTS, out)
    return out


@lru_cache(maxsize=1)
def _spreads() -> tuple[np.ndarray, np.ndarray]:
    """Logs of degrees of freedom, and of what a standard deviation may be over what it was estimated as, by node."""
    dof = np.geomspace(0.1, 1e5, 800)[:, None]
    return np.log(dof[:, 0]), np.log(dof / special.chdtri(dof, 1 - _VARIANCES)) / 2


@njit(nogil=True, cache=True, error_model="numpy")
def _log_tails(
    number: np.ndarray, x: np.ndarray, above: np.ndarray, expected: np.ndarray, spread: np.ndarray, error: np.ndarray,
    least: np.ndarray, larger: np.ndarray, weights: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    for i in range(len(x)):
        if math.isnan(x[i] + expected[i] + spread[i] + error[i]):
            out[i] = np.nan
            continue
        d = number[i]
        q = min(max(expected[i], least[d]), 1 - least[d])
        tail, left = 0.0, 1.0
        for node in range(len(weights)):  # from the likely variances to the unlikely ones
            if left <= _SLIGHT * tail:
                break
            left -= weights[node]
            wide = spread[i] * larger[d, node]
            tail += weights[node] * math.exp(_mixed(x[i], above[i], q, wide, error[i]))
        out[i] = math.log(tail) if tail > 0 else _LEAST


@njit(nogil=True, cache=True, error_model="numpy")
def _mixed(x: float, above: bool, q: float, spread: float, error: float) -> float:
    """Log of the tail when the standard deviation is known."""
    if above:  # the upper tail is the lower one of what is left of the range
        x, q = 1 - x, 1 - q
    # the beta distribution with this mean and standard deviation; a binomial of as many rows
    rows = q * (1 - q) / min(spread * spread, 0.95 * q * (1 - q))
    habit = 1 - min(error / spread, 1.0) ** 2
    mixed = 0.0
    if habit > 0:
        mixed += habit * max(log_betainc(q * (rows - 1), (1 - q) * (rows - 1), x), _LEAST)
    if habit < 1:
        mixed += (1 - habit) * max(log_betainc((1 - x) * rows + 0.5, x * rows + 0.5, 1 - q), _LEAST)
    return mixed


@njit(nogil=True, cache=True, error_model="numpy")
def log_betainc(a: float, b: float, x: float) -> float:
    """Log of the regularised incomplete beta function I_x(a, b): to 3e-3 where a and b are 0.1 or more, mostly 1e-4."""
    if x * (a + b) > a:
        return math.log1p(-min(math.exp(_below_mean(b, a, 1 - x)), 1.0))
    return _below_mean(a, b, x)


@njit(nogil=True, cache=True, error_model="numpy")
def _below_mean(a: float, b: float, x: float) -> float:
    """log I_x(a, b), https://dlmf.nist.gov/8.17.E22, the continued fraction summed by Steed's algorithm."""
    if x <= 0:
        return -np.inf
    whole, part, ratio = 1.0, 1.0, 1.0
    for m in range(_TERMS):
        ratio = 1 / (1 - (a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)) * ratio)
        part *= ratio - 1
        whole += part
        n = m + 1
        ratio = 1 / (1 + n * (b - n) * x / ((a + 2 * n - 1) * (a + 2 * n)) * ratio)
        part *= ratio - 1
        whole += part
        if abs(part) < _NEAR * whole:
            break
    scale = _log_gamma(a + b) - _log_gamma(a) - _log_gamma(b)
    return a * math.log(x) + b * math.log1p(-x) + scale + math.log(whole / a)


@njit(nogil=True, cache=True, error_model="numpy")
def _log_gamma(z: float) -> float:
    """Stirling's series, shifted to where it has ten digits."""
    product = 1.0
    while z < 8:
        product *= z
        z += 1
    r = 1 / (z * z)
    series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r / 1680))) / z
    return (z - 0.5) * math.log(z) - z + 0.9189385332046727 + series - math.log(product)
