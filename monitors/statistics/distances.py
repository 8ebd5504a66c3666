"""How far two distributions over the same bins lie apart.

``p`` and ``q`` are counts or shares of shape (..., B) that broadcast; the last axis is the bins, and both are
normalised first. A distribution without any rows gives NaN. Nothing here depends on the number of rows but
``chi_square`` and ``expected_jensen_shannon``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

TINY = 1e-300


class ChiSquare(NamedTuple):
    """Pearson's statistic and its degrees of freedom, shape (...)."""

    statistic: np.ndarray
    dof: np.ndarray


@np.errstate(divide="ignore", invalid="ignore")
def shares(counts: np.ndarray) -> np.ndarray:
    """Counts of shape (..., B) divided by their sum over the last axis; NaN where that is 0."""
    counts = np.asarray(counts, float)
    return counts / counts.sum(axis=-1, keepdims=True)


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Jensen–Shannon distance, natural logarithm, as ``scipy.spatial.distance.jensenshannon``.

    √(½ Σ p ln(p/m) + ½ Σ q ln(q/m)) with m = (p+q)/2. A metric, in [0, √ln 2 = 0.833].

    References
    ----------
    Endres and Schindelin 2003, doi:10.1109/TIT.2003.813506
    """
    p, q = shares(p), shares(q)
    middle = p + q + TINY
    divergence = p * np.log(np.maximum(2 * p / middle, TINY)) + q * np.log(np.maximum(2 * q / middle, TINY))
    return np.sqrt(np.maximum(divergence.sum(axis=-1) / 2, 0))


def psi(p: np.ndarray, q: np.ndarray, floor: float = 1e-4) -> np.ndarray:
    """Population stability index: Σ (p − q) ln(p/q), shares below ``floor`` raised to it. In [0, 9.2 for 1e-4].

    Equal to Evidently's on the same bins while every share that is not 0 exceeds 0.0001. It differs where one
    is smaller: Evidently then fills the empty bins with that share over a million, so that one rare value
    makes every empty bin count 14 nats more; here the floor stays, and a share just above 0 counts like 0.
    Evidently also lays its own bins, of equal width over reference and window together; ours are frozen on
    the reference.

    Parameters
    ----------
    floor : smallest share a bin is credited with; shares are not renormalised after it, as in Evidently

    References
    ----------
    Yurdakul 2018, https://scholarworks.wmich.edu/dissertations/3208
    """
    p, q = np.maximum(shares(p), floor), np.maximum(shares(q), floor)
    return ((p - q) * np.log(p / q)).sum(axis=-1)


def hellinger(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Hellinger distance √(½ Σ (√p − √q)²), in [0, 1]; a metric.

    References
    ----------
    Le Cam and Yang 2000, doi:10.1007/978-1-4612-1166-2
    """
    difference = np.sqrt(shares(p)) - np.sqrt(shares(q))
    return np.sqrt((difference * difference).sum(axis=-1) / 2)


def total_variation(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Total variation distance ½ Σ |p − q|: the share of rows that would have to change bins, in [0, 1]."""
    return np.abs(shares(p) - shares(q)).sum(axis=-1) / 2


def _largest(difference: np.ndarray) -> np.ndarray:
    """Largest absolute entry along the last axis; NaN where there are no bins."""
    return np.abs(difference).max(axis=-1) if difference.shape[-1] else difference.sum(axis=-1) * np.nan


def l_infinity(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Largest change of any bin's share, max |p − q|, in [0, 1]."""
    return _largest(shares(p) - shares(q))


def kolmogorov_smirnov(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Largest gap between the cumulative shares of ordered bins, in [0, 1].

    Never above the statistic of the rows themselves (``scipy.stats.ks_2samp``), and below it by at most the
    largest share that one bin holds.
    """
    return _largest(np.cumsum(shares(p) - shares(q), axis=-1))


def wasserstein(p: np.ndarray, q: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Wasserstein-1 (earth mover's) distance, as ``scipy.stats.wasserstein_distance`` with weights.

    ∫ |P(x) − Q(x)| dx with the mass of each bin at its position, in the unit of ``positions``. Divide by the
    reference standard deviation to compare with Evidently's normed distance. Each bin's rows move as one:
    movement within a bin is not seen.

    Parameters
    ----------
    positions : shape (B,) or (..., B), in any order, such as the bins' means. A bin whose position is not
        finite (the missing ones, an empty one) is left out and the other shares are renormalised.

    References
    ----------
    Ramdas, García Trillos and Cuturi 2017, doi:10.3390/e19020047
    """
    positions = np.asarray(positions, float)
    known = np.isfinite(positions)
    p, q = shares(np.where(known, p, 0.0)), shares(np.where(known, q, 0.0))
    positions = np.where(known, positions, np.nan)
    # a bin that is left out stands where the one before it does, so that there is no step to it
    difference, placed = p - q, np.fmax.accumulate(positions, axis=-1)
    if (placed > positions).any():
        order = np.argsort(positions, axis=-1)  # NaN last, where both cumulative shares are 1
        difference = np.take_along_axis(difference, np.broadcast_to(order, difference.shape), axis=-1)
        placed = np.take_along_axis(positions, order, axis=-1)
    gaps = np.nan_to_num(np.diff(placed, axis=-1), nan=0.0)
    # the last is nothing, but of a distribution without rows
    return (np.abs(np.cumsum(difference, axis=-1)[..., :-1]) * gaps).sum(axis=-1) + 0 * difference.sum(axis=-1)


@np.errstate(divide="ignore", invalid="ignore")
def chi_square(observed: np.ndarray, expected_shares: np.ndarray) -> ChiSquare:
    """Pearson's χ² of window counts against the reference's shares, as ``scipy.stats.chisquare``.

    Σ (O − N·p)² / (N·p) over bins with p > 0, and one degree of freedom less than there are such bins. Rows
    in a bin that the reference gives no chance at all make it infinite: smooth the reference first.

    Parameters
    ----------
    observed : counts, shape (..., B)
    expected_shares : shares or counts of the reference, shape (B,) or (..., B)

    References
    ----------
    Pearson 1900, doi:10.1080/14786440009463897
    """
    observed, expected = np.asarray(observed, float), shares(expected_shares)
    total = observed.sum(axis=-1, keepdims=True)
    possible = expected > 0
    # Σ O²/E − N loses digits where O ≈ E; the squares of the differences do not.
    mean = total * expected
    surprise = np.where(observed > 0, np.inf, 0.0)
    terms = np.where(possible, (observed - mean) ** 2 / mean, np.where(np.isnan(expected), np.nan, surprise))
    statistic = terms.sum(axis=-1)
    dof = np.maximum(possible.sum(axis=-1) - 1, 0).astype(float)
    return ChiSquare(statistic, np.broadcast_to(dof, statistic.shape))


@np.errstate(divide="ignore", invalid="ignore")
def expected_jensen_shannon(p: np.ndarray, n: np.ndarray, m: np.ndarray | None = None) -> np.ndarray:
    """Expectation of the Jensen–Shannon distance when nothing but chance separates a window from the reference.

    To second order the divergence is Σ (q−p)²/8p = χ²/8n, with B − 1 degrees of freedom. That fails in bins
    that expect few rows, so each bin's part is taken exactly for a Poisson count: with λ = n·p and K ~
    Poisson(λ), a bin adds p(1−p)·G(λ), G(λ) = E[½ ln(2/(1+K/λ)) + ½ (K/λ) ln(2K/(λ+K))], from ln 2 at λ = 0
    to 1/(8λ − 3) for large λ; a rational fit of 1/G is within 1.5% of it. The root then takes its mean over a
    χ² with as many degrees of freedom as the divergence has: E√χ²_d = √2 Γ((d+1)/2)/Γ(d/2). A reference that
    is itself a sample of m rows makes the window count like n·m/(n+m) rows. Against simulation: within 2% for
    ten bins or more and 20 rows or more, whatever their shares; within 11% for two very unequal bins; with m,
    within 4% where the reference has 20 rows a bin, too low where it has fewer (its empty bins hide what they
    hold).

    Parameters
    ----------
    p : counts or shares of the reference, shape (B,) or (..., B); empty bins add nothing
    n : rows of the window, shape () or (...)
    m : rows of the reference; left out, the reference is taken as exact

    Returns
    -------
    Shape of ``n`` and the leading axes of ``p``; NaN for n = 0.
    """
    p = shares(p)
    n = np.asarray(n, float)
    rows = n if m is None else n * np.asarray(m, float) / (n + np.asarray(m, float))
    rows = np.where(rows > 0, rows, np.nan)[..., None]
    rate = rows * p
    inverse = 1 / np.log(2) + 8 * rate - rate * (3.5587 + 1.8944 * rate) / (1 + rate * (0.0856 + 0.43054 * rate))
    divergence = (p * (1 - p) / inverse).sum(axis=-1)
    freedom = np.maximum(8 * rows[..., 0] * divergence, TINY)
    return np.sqrt(divergence * 2 / freedom) * np.exp(gammaln((freedom + 1) / 2) - gammaln(freedom / 2))
