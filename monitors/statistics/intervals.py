"""Estimates with their confidence intervals."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from scipy.special import gammaincinv, stdtrit

LEVEL = 0.95
"""Confidence level of every interval unless told otherwise."""


class Estimate(NamedTuple):
    """A value and its confidence interval; arrays of one shape, NaN where there is nothing to estimate from."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def error(self) -> np.ndarray:
        """Standard error that a 95% interval of this width stands for: (high − low) / 3.92."""
        return (self.high - self.low) / (2 * normal_quantile(LEVEL))


class Power(NamedTuple):
    """Learned, available and expected power of a feature, each an Estimate of shape (...)."""

    learned: Estimate
    available: Estimate
    expected: Estimate


class BinaryPower(NamedTuple):
    """Power for two classes, and what retraining promises: available less learned power; each of shape (...)."""

    learned: Estimate
    available: Estimate
    expected: Estimate
    gain: Estimate


@lru_cache(maxsize=32)
def normal_quantile(level: float = LEVEL) -> float:
    """z such that a standard normal lies within ±z with probability ``level``."""
    if not 0 < level < 1:
        raise ValueError(f"a confidence level lies between 0 and 1, not {level!r}; 0.95 is usual")
    return NormalDist().inv_cdf(0.5 + level / 2)


def symmetric(value: np.ndarray, error: np.ndarray, level: float = LEVEL) -> Estimate:
    """value ± z·error.

    Parameters
    ----------
    value, error : any shapes that broadcast; error is one standard error, in the value's unit
    """
    margin = normal_quantile(level) * error
    return Estimate(value, value - margin, value + margin)


@np.errstate(divide="ignore", invalid="ignore")
def wilson(k: np.ndarray, n: np.ndarray, level: float = LEVEL) -> Estimate:
    """Share k/n with Wilson's score interval, which holds its level near 0 and 1 and for small n.

    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n)

    Parameters
    ----------
    k, n : successes and trials, any shapes that broadcast; fractions are allowed (expected counts)

    Returns
    -------
    Estimate, NaN where n is 0.

    References
    ----------
    Wilson 1927, doi:10.1080/01621459.1927.10502953
    """
    k, n = np.asarray(k, float), np.asarray(n, float)
    z2 = normal_quantile(level) ** 2
    share = k / n
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    margin = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    # Rounding would leave 1e-17 where the bound is exactly the value.
    low = np.where(k <= 0, np.minimum(share, 0.0), centre - margin)
    high = np.where(k >= n, np.maximum(share, 1.0), centre + margin)
    return Estimate(share, low, high)


def poisson(k: np.ndarray, level: float = LEVEL) -> Estimate:
    """Count k with Garwood's exact interval for its expectation.

    [χ²(α/2; 2k)/2, χ²(1−α/2; 2k+2)/2]; the lower bound of 0 is 0.

    Parameters
    ----------
    k : counts, any shape

    References
    ----------
    Garwood 1936, doi:10.1093/biomet/28.3-4.437
    """
    normal_quantile(level)
    k = np.asarray(k, float)
    tail = (1 - level) / 2
    low = np.where(k > 0, gammaincinv(np.maximum(k, 1e-9), tail), k)
    return Estimate(k, low, gammaincinv(k + 1, 1 - tail))


@np.errstate(divide="ignore", invalid="ignore")
def mean_interval(total: np.ndarray, total2: np.ndarray, n: np.ndarray, level: float = LEVEL) -> Estimate:
    """Mean of n numbers, given their sum and their sum of squares, with Student's interval.

    m = Σx/n ± t(n−1)·√(s²/n), s² = (Σx² − (Σx)²/n)/(n−1)

    Parameters
    ----------
    total, total2, n : Σx, Σx² and count, any shapes that broadcast

    Returns
    -------
    Estimate; NaN without rows, bounds NaN for a single row.
    """
    normal_quantile(level)
    total, total2, n = (np.asarray(x, float) for x in (total, total2, n))
    mean = total / n
    freedom = np.where(n > 1, n - 1, np.nan)
    variance = np.maximum(total2 - total * mean, 0) / freedom
    margin = stdtrit(freedom, 0.5 + level / 2) * np.sqrt(variance / n)
    return Estimate(mean, mean - margin, mean + margin)
