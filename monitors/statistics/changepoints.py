"""When did the level of a series change? Dates with intervals, by exact segmentation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SHORTEST = 2
"""Windows that a level has to last."""
FEWEST = 8
"""Shorter series are given no date."""

_CRITICAL = {
    8: 2.6, 10: 3.0, 12: 4.95, 16: 5.1, 20: 5.2, 24: 6.3, 32: 6.9, 48: 7.25, 64: 7.9, 96: 8.5, 128: 8.75, 192: 9.35,
    256: 9.75, 512: 10.4, 1024: 11.2, 2048: 11.9, 4096: 12.6,
}  # fmt: skip
"""By windows of a series, what a change has to save so that 5% of quiet series are given any date. Simulated on normal
numbers: 95% quantiles of the greatest saving by one change, or by two a change (``critical_value`` in the tests)."""

_TRIMMED = 0.6230
"""Mean of the smallest nine tenths of squared standard normal numbers."""
_SPIKE = 3.0
"""A single window this many deviations off its neighbours is drawn in to that: a spike is no new level."""
_MOST_CORRELATED = 0.7


class Change(NamedTuple):
    """A new level.

    Attributes
    ----------
    at : index of its first window
    low, high : first and last index that it may have begun at, 95% interval
    before, after : mean level of the segments on either side, in the series' unit
    error : standard error of ``after - before``
    """

    at: int
    low: int
    high: int
    before: float
    after: float
    error: float

    @property
    def size(self) -> float:
        """after − before."""
        return self.after - self.before


def changes(values: np.ndarray, errors: np.ndarray | None = None) -> list[Change]:
    """Date every lasting change of a series' level.

    The segmentation that minimises Σ (x − mean of its segment)² / variance + β · changes, over all there are. The
    variance of a window is its own error² and the habit², windows' variation beyond their errors, estimated from the
    differences of neighbours so that changes do not count. Neighbours that resemble each other (weather, seasons) make
    levels wander, which ``spread`` takes into the variances. β is such that 5% of quiet series of the same length are
    given any date, by simulation of the whole procedure on normal numbers.

    A date's interval holds 95% of exp(−½ Σ (x − mean)²/variance) over all dates between the neighbouring changes.

    Parameters
    ----------
    values : shape (W,), in order of time; NaN is skipped
    errors : standard errors of the values, shape (W,); left out or NaN: 0

    Returns
    -------
    changes in order of time; none where fewer than 8 values are known or they do not vary

    References
    ----------
    Jackson et al. 2005, doi:10.1109/LSP.2001.838216 (optimal partitioning); Killick, Fearnhead and Eckley 2012,
    doi:10.1080/01621459.2012.737745 (the same, pruned); Hampel 1974, doi:10.1080/01621459.1974.10482962 (spikes)
    """
    values = np.asarray(values, float)
    error = np.zeros(len(values)) if errors is None else np.nan_to_num(np.asarray(errors, float))
    known = np.flatnonzero(np.isfinite(values))
    x, error = values[known], error[known]
    if len(x) < FEWEST or not np.ptp(x):
        return []
    x, variance = (part[0] for part in spread(x[None], error[None]))
    bounds = segments(x, 1 / variance, penalty(len(x)))
    out = []
    for left, at, right in zip(bounds, bounds[1:], bounds[2:], strict=False):
        low, high = _interval(x, 1 / variance, left, at, right)
        (before, before_error), (after, after_error) = (
            _level(x[part], variance[part]) for part in (slice(left, at), slice(at, right))
        )
        error_ = float(np.hypot(before_error, after_error))
        out.append(Change(int(known[at]), int(known[low]), int(known[high]), before, after, error_))
    return out


def segments(x: np.ndarray, weight: np.ndarray, beta: float) -> list[int]:
    """Bounds 0, ..., W of the segments of two windows or more that minimise Σ w (x − mean)² + beta · (segments − 1).

    Parameters
    ----------
    x, weight : shape (W,), finite, weights positive
    """
    count = len(x)
    sums = [np.concatenate([[0.0], np.cumsum(part)]) for part in (weight, weight * x, weight * x * x)]
    best, last = np.full(count + 1, np.inf), np.zeros(count + 1, int)
    best[0] = -beta
    for end in range(SHORTEST, count + 1):
        starts = np.arange(0, end - SHORTEST + 1)
        w, s, s2 = (part[end] - part[starts] for part in sums)
        total = best[starts] + (s2 - s * s / w) + beta
        last[end] = int(np.argmin(total))
        best[end] = total[last[end]]
    bounds = [count]
    while bounds[-1] > 0:
        bounds.append(int(last[bounds[-1]]))
    return bounds[::-1]


def penalty(count: int) -> float:
    """What a change has to save in a series of so many windows, interpolated on the log scale."""
    return float(np.interp(np.log(count), np.log(list(_CRITICAL)), list(_CRITICAL.values())))


def spread(x: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A series without its spikes, and the variance that its windows count with, both of shape (S, W).

    Variances are error² + habit², times what neighbours that resemble each other add: of an AR(1) process with
    correlation r the differences of neighbours have 2(1 − r) variances, those two apart 2(1 − r²), and the mean of a
    long stretch varies as that of independent windows with (1 + r)/(1 − r) times the variance.

    Parameters
    ----------
    x, error : shape (S, W): series of one length
    """
    habit2 = _habit(x, error, 1)
    # at either end the neighbours of one side count twice
    around = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((0, 0), (2, 2)), mode="reflect"), 5, axis=1)
    median, reach = np.median(around, axis=2), _SPIKE * np.sqrt(error**2 + habit2)
    x = np.clip(x, median - reach, median + reach)
    one, two = _habit(x, error, 1), _habit(x, error, 2)
    r = np.clip(two / np.maximum(one, 1e-300) - 1, 0.0, _MOST_CORRELATED)
    return x, (error**2 + one / (1 - r)) * (1 + r) / (1 - r)


def _habit(x: np.ndarray, error: np.ndarray, apart: int) -> np.ndarray:
    """Half the variance of differences of windows so far apart, beyond their errors, shape (S, 1).

    The habit² at which the smaller nine tenths of the squared differences, in variances, have the mean that normal
    numbers' have: the others may be changes.
    """
    step = (x[:, apart:] - x[:, :-apart]) ** 2
    noise = error[:, apart:] ** 2 + error[:, :-apart] ** 2
    kept = int(np.ceil(0.9 * step.shape[1]))
    ratio = step if not noise.any() else None
    if ratio is not None:  # without errors there is nothing to solve
        habit2 = np.sort(ratio, axis=1)[:, :kept].mean(axis=1, keepdims=True) / (2 * _TRIMMED)
    else:
        low, high = np.zeros((len(x), 1)), step.max(axis=1, keepdims=True) + 1e-300
        for _ in range(40):
            middle = (low + high) / 2
            found = np.sort(step / (noise + 2 * middle), axis=1)[:, :kept].mean(axis=1, keepdims=True)
            low, high = np.where(found > _TRIMMED, middle, low), np.where(found > _TRIMMED, high, middle)
        habit2 = high
    # a series that stands still for long has no differences, and yet every number an error
    return np.maximum(habit2, (1e-4 * np.ptp(x, axis=1, keepdims=True)) ** 2)


def _interval(x: np.ndarray, weight: np.ndarray, left: int, at: int, right: int) -> tuple[int, int]:
    """First and last date of those that hold 95% of the likelihood between the neighbouring changes."""
    dates = np.arange(left + SHORTEST, right - SHORTEST + 1)
    part = slice(left, right)
    sums = [np.concatenate([[0.0], np.cumsum(v)]) for v in (weight[part], (weight * x)[part])]
    w, s = (v[dates - left] for v in sums)
    saved = s**2 / w + (sums[1][-1] - s) ** 2 / (sums[0][-1] - w)  # less cost, but for a constant
    chance = np.exp((saved - saved.max()) / 2)
    order = np.argsort(-chance, kind="stable")
    enough = int(np.searchsorted(np.cumsum(chance[order]), 0.95 * chance.sum())) + 1
    kept = np.append(dates[order[:enough]], at)
    return int(kept.min()), int(kept.max())


def _level(x: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    """Weighted mean and its standard error."""
    weight = 1 / variance
    return float((weight * x).sum() / weight.sum()), float(weight.sum() ** -0.5)
