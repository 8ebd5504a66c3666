"""Predictive power of one feature for a number: the share of its variance that the feature's bins explain.

``moments`` are (n, Σy, Σy²) of the labelled rows by bin, shape (..., B, 3). The explained variance is
1 − Var(y − r)/Var(y), as ``sklearn.metrics.explained_variance_score``: R² without the penalty for a shift of
all outcomes together, so that, like an AUC, it is about the feature and not about the level. Without a shift
it is R².

Errors take outcomes for normal within a bin, for the sums hold no fourth moments; outcomes with heavy tails
make them too small.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from monitors.statistics.auc import flatten
from monitors.statistics.intervals import LEVEL, Estimate, Power, normal_quantile
from monitors.statistics.joining import gather, join_bins

LOWEST = -1.0
"""Values are cut here: below it the number says no more than "much worse than the mean"."""

MINIMUM_ROWS = 10

ROWS_PER_GROUP = 4
"""Ordered bins are joined until groups have about so many labelled rows: fewer leave a bin's own variance unknown, more
lose the shape of a relation."""

PRIOR_FREEDOM = 4
"""Degrees of freedom at the pooled variance that each bin's own is credited with: a bin of two rows has no
variance worth the name."""


class _Spread(NamedTuple):
    """Labelled rows by bin (..., B) about their overall mean (...), and how they vary."""

    n: np.ndarray
    rows: np.ndarray  # (...)
    centre: np.ndarray  # (...) overall mean
    mean: np.ndarray  # by bin, less the centre; 0 in empty bins
    within: np.ndarray  # squares about the bin's mean, summed by bin
    variance: np.ndarray  # of a row in its bin, shrunk to the pooled one
    pooled: np.ndarray  # (...)


@np.errstate(divide="ignore", invalid="ignore")
def _spread(moments: np.ndarray) -> _Spread:
    n, total, total2 = (np.asarray(moments, float)[..., i] for i in range(3))
    rows = n.sum(axis=-1)
    centre = total.sum(axis=-1) / rows
    shift = centre[..., None]
    occupied = n > 0
    mean = np.where(occupied, total / np.where(occupied, n, 1.0) - shift, 0.0)
    squares = total2 - 2 * shift * total + n * shift * shift
    within = np.maximum(squares - n * mean * mean, 0)
    # What is left of equal outcomes after rounding is no variance.
    within = np.where(within > 1e-12 * total2, within, 0.0)
    freedom = np.maximum(n - 1, 0)
    pooled = within.sum(axis=-1) / np.where(freedom.sum(axis=-1) > 0, freedom.sum(axis=-1), np.nan)
    variance = (within + PRIOR_FREEDOM * pooled[..., None]) / (freedom + PRIOR_FREEDOM)
    return _Spread(n, rows, centre, mean, within, variance, pooled)


@np.errstate(divide="ignore", invalid="ignore")
def _total(spread: _Spread) -> np.ndarray:
    """Squares about the overall mean (...), NaN where the outcome is constant."""
    total = (spread.within + spread.n * spread.mean**2).sum(axis=-1)
    return np.where(total > 1e-12 * spread.rows * spread.centre**2, total, np.nan)


@np.errstate(divide="ignore", invalid="ignore")
def _between(spread: _Spread) -> np.ndarray:
    """Squares between bins (...), free of the bias that the noise of their means adds."""
    noise = spread.variance * (1 - spread.n / spread.rows[..., None])
    return np.where(spread.n > 0, spread.n * spread.mean**2 - noise, 0.0).sum(axis=-1)


def _estimate(value: np.ndarray, variance: np.ndarray, valid: np.ndarray, level: float) -> Estimate:
    margin = normal_quantile(level) * np.sqrt(np.maximum(variance, 0))
    bounds = (value, value - margin, value + margin)
    return Estimate(*(np.where(valid, np.clip(x, LOWEST, 1.0), np.nan) for x in bounds))


def _row_variance(spread: _Spread, value: np.ndarray, error: np.ndarray, least: float = 0.25) -> np.ndarray:
    """Σ n E[ψ²] for the influence ψ = (error + z)² − (1−R²)(y − ȳ)² of a row, z normal within its bin.

    The bins' means are noisy themselves, which adds about 6R⁴v² + 4(error − (1−R²)·mean)²v in each; that is taken off
    again, down to ``least`` of the whole.
    """
    missed = 1 - value[..., None]
    square = value[..., None]
    slope = 2 * error - 2 * missed * spread.mean
    level = error**2 - missed * spread.mean**2
    v = spread.variance
    terms = 3 * square**2 * v * v + 2 * square * level * v + slope**2 * v + level**2
    noise = 6 * square**2 * v * v + slope**2 * v
    found = np.where(spread.n > 0, spread.n * terms, 0.0).sum(axis=-1)
    return np.maximum(found - np.where(spread.n > 0, noise, 0.0).sum(axis=-1), least * found)


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def _by_ratio(value: np.ndarray, variance: np.ndarray, valid: np.ndarray, level: float) -> Estimate:
    """Interval on the scale of ln(1 − R²), the logarithm of a ratio of two variances."""
    missed = 1 - np.maximum(value, LOWEST)
    factor = np.exp(normal_quantile(level) * np.sqrt(np.maximum(variance, 0)) / missed)
    bounds = (value, 1 - missed * factor, 1 - missed / factor)
    return Estimate(*(np.where(valid, np.clip(x, LOWEST, 1.0), np.nan) for x in bounds))


_HALVINGS = 40


@np.errstate(divide="ignore", invalid="ignore")
def _by_score(
    value: np.ndarray, of_rows: np.ndarray, of_bins: np.ndarray, rows: np.ndarray, valid: np.ndarray, level: float
) -> Estimate:
    """Every share θ of variance with (R² − θ)² ≤ z²(1−θ)²(cθ + e): what a share of 0 or more would show.

    e is the noise of learning bins that say nothing, ``of_bins``/(1−R²)²; c is taken from ``of_rows``, the variance of
    what rows say, and where R² is within noise from 4/n, what it is for any small share of normal outcomes.

    Parameters
    ----------
    value, of_rows, of_bins, rows, valid : shape (...)
    """
    missed2 = np.maximum(1 - value, 1e-12) ** 2
    e = of_bins / missed2
    small = np.sqrt(np.maximum(e, 0))
    c = (of_rows / missed2 + 4 / rows * small) / (np.maximum(value, 0) + small)
    z2 = normal_quantile(level) ** 2

    def bound(end: float) -> np.ndarray:
        inner, outer = np.array(value, float), np.full(np.shape(value), end)
        for _ in range(_HALVINGS):
            middle = (inner + outer) / 2
            variance = (1 - middle) ** 2 * (c * np.maximum(middle, 0) + e)
            holds = (middle - value) ** 2 <= z2 * variance
            inner, outer = np.where(holds, middle, inner), np.where(holds, outer, middle)
        return inner

    bounds = (value, bound(LOWEST), bound(1.0))
    return Estimate(*(np.where(valid, np.clip(x, LOWEST, 1.0), np.nan) for x in bounds))


@np.errstate(divide="ignore", invalid="ignore")
def mean_relation(moments: np.ndarray, prior_strength: float | None = None) -> np.ndarray:
    """Mean outcome by bin, (Σy + α·ȳ)/(n_b + α): what the feature says about the outcome.

    Parameters
    ----------
    moments : (n, Σy, Σy²), shape (..., B, 3)
    prior_strength : α, rows at the overall mean that each bin is credited with; left out, variance within
        bins over variance between them (method of moments), between 1 and all rows

    Returns
    -------
    Shape (..., B); empty bins have the overall mean; NaN without rows.

    References
    ----------
    Morris 1983, doi:10.1080/01621459.1983.10477920
    """
    spread = _spread(moments)
    strength = _strength(spread) if prior_strength is None else np.asarray(prior_strength, float)
    weight = spread.n / np.where(spread.n > 0, spread.n + strength[..., None], 1.0)
    return spread.centre[..., None] + weight * spread.mean


@np.errstate(divide="ignore", invalid="ignore")
def _strength(spread: _Spread) -> np.ndarray:
    room = spread.rows - (spread.n**2).sum(axis=-1) / spread.rows
    strength = spread.pooled * room / np.maximum(_between(spread), 1e-300)
    return np.clip(np.where(np.isfinite(strength), strength, spread.rows), 1.0, np.maximum(spread.rows, 1.0))


@np.errstate(divide="ignore", invalid="ignore")
def learned_explained_variance(
    window_moments: np.ndarray, reference_mean: np.ndarray, minimum_labels: int = MINIMUM_ROWS, level: float = LEVEL
) -> Estimate:
    """Variance in the window that the reference's mean outcome by bin explains, 1 − Var(y − r_b)/Var(y).

    Parameters
    ----------
    window_moments : shape (..., B, 3)
    reference_mean : shape (B,) or (..., B), from ``mean_relation``
    minimum_labels : fewer labelled rows give NaN

    Returns
    -------
    Estimate of shape (...), cut to [−1, 1]; negative where the reference relation misleads.
    """
    spread = _spread(window_moments)
    total = _total(spread)
    relation = np.asarray(reference_mean, float) - spread.centre[..., None]
    error = np.where(spread.n > 0, spread.mean - relation, 0.0)
    error = error - ((spread.n * error).sum(axis=-1) / spread.rows)[..., None]
    value = 1 - (spread.within + spread.n * error**2).sum(axis=-1) / total
    variance = _row_variance(spread, value, error) / total**2
    return _by_ratio(value, variance, spread.rows >= minimum_labels, level)


@np.errstate(divide="ignore", invalid="ignore")
def available_explained_variance(
    window_moments: np.ndarray, ordered: bool = True, minimum_labels: int = MINIMUM_ROWS, level: float = LEVEL
) -> Estimate:
    """Variance that the window's own means by bin explain, free of the optimism of judging them on their own rows.

    (SSB − Σ s²_b(1 − n_b/n)) / (that + Σ n_b s²_b): Kelley's ε² with a variance of its own in every bin. It
    is 0 on average where bins say nothing, and unlike cross-validation it does not charge for learning from
    few rows: it estimates what the population's own means by bin explain, what retraining on many such windows could
    get. Ordered bins are first joined where rows are few, which steadies it.

    Parameters
    ----------
    window_moments : shape (..., B, 3)
    ordered : whether neighbouring bins are alike (numeric columns); False for categories
    minimum_labels : fewer labelled rows give NaN, as do rows that are each alone in their bin

    References
    ----------
    Kelley 1935, doi:10.1073/pnas.21.9.554
    """
    moments = np.asarray(window_moments, float)
    if ordered:
        flat = [flatten(moments[..., i], moments.shape[:-1]) for i in range(3)]
        rows = flat[0].sum(axis=1)
        group = join_bins(flat[0], rows, rows / ROWS_PER_GROUP)
        joined = np.stack([gather(x, group) for x in flat], axis=-1)
        moments = joined.reshape(*moments.shape[:-2], *joined.shape[1:])
    spread = _spread(moments)
    between = _between(spread)
    within = np.where(spread.n > 0, spread.n * spread.variance, 0.0).sum(axis=-1)
    total = np.where(np.isnan(_total(spread)), np.nan, between + within)
    value = between / total
    # Noise of the bins' means, which the first term holds twice, and of their variances, which it lacks.
    missed = 2 * (1 - value) ** 2
    of_means = missed * np.where(spread.n > 0, spread.variance**2, 0.0).sum(axis=-1)
    bins = (spread.n > 0).sum(axis=-1) - 1
    of_variances = missed * spread.pooled**2 * bins**2 / np.maximum(spread.n - 1, 0).sum(axis=-1)
    signal = _row_variance(spread, value, np.zeros_like(spread.mean), least=0.0)
    of_bins = (of_means + of_variances) / total**2
    return _by_score(value, signal / total**2, of_bins, spread.rows, spread.rows >= minimum_labels, level)


@np.errstate(divide="ignore", invalid="ignore")
def expected_explained_variance(
    window_n: np.ndarray, reference_moments: np.ndarray, minimum_labels: int = MINIMUM_ROWS, level: float = LEVEL
) -> Estimate:
    """Variance that the reference relation would explain on the window's marginals: what the inputs alone leave.

    Var_q(r) / (Var_q(r) + Σ q_b(s²_b + v_b)): q the window's shares, r and s² the reference's means (shrunk)
    and variances by bin, v the means' own uncertainty.

    Parameters
    ----------
    window_n : rows by bin, labelled or not, shape (..., B)
    reference_moments : shape (B, 3) or (..., B, 3)

    Returns
    -------
    Estimate of shape (...); its error is that of the marginals and of the relation.
    """
    n = np.asarray(window_n, float)
    rows = n.sum(axis=-1)
    share = n / rows[..., None]
    spread = _spread(reference_moments)
    strength = _strength(spread)[..., None]
    uncertainty = spread.pooled[..., None] / (spread.n + strength)
    relation = np.where(spread.n > 0, spread.n / (spread.n + strength) * spread.mean, 0.0)
    gap = relation - (share * relation).sum(axis=-1)[..., None]
    unexplained = spread.variance + uncertainty
    explained = (share * gap**2).sum(axis=-1)
    rest = (share * unexplained).sum(axis=-1)
    total = explained + rest
    total = np.where(total > 1e-12 * spread.centre**2, total, np.nan)
    value = explained / total
    missed = (1 - value)[..., None]
    influence = missed * (gap**2 - explained[..., None]) - value[..., None] * (unexplained - rest[..., None])
    of_relation = (2 * missed * share * gap) ** 2 * uncertainty
    variance = ((share * influence**2).sum(axis=-1) / rows + of_relation.sum(axis=-1)) / total**2
    return _estimate(value, variance, rows >= minimum_labels, level)


def regression_power(
    reference_moments: np.ndarray,
    window_moments: np.ndarray,
    window_n: np.ndarray | None = None,
    ordered: bool = True,
    minimum_labels: int = MINIMUM_ROWS,
    level: float = LEVEL,
) -> Power:
    """Learned, available and expected explained variance of a feature.

    Parameters
    ----------
    reference_moments : (n, Σy, Σy²) by bin, shape (B, 3), or (..., B, 3) for a reference of its own for every
        window (such as the reference without that window)
    window_moments : shape (..., B, 3)
    window_n : rows by bin the expectation is for, shape (..., B); left out, the labelled rows
    ordered : whether neighbouring bins are alike (numeric columns); False for categories
    minimum_labels : fewer labelled rows give NaN
    """
    window = np.asarray(window_moments, float)
    n = window[..., 0] if window_n is None else np.asarray(window_n, float)
    return Power(
        learned_explained_variance(window, mean_relation(reference_moments), minimum_labels, level),
        available_explained_variance(window, ordered, minimum_labels, level),
        expected_explained_variance(n, reference_moments, minimum_labels, level),
    )
