"""Decay's measurements as arrays by feature and window, and what several windows say together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from monitors.statistics.intervals import LEVEL, Estimate, normal_quantile, symmetric
from monitors.statistics.trends import habit_variance

_MANY = 1e6
"""Degrees of freedom of an error that is known."""


class Grid(NamedTuple):
    """One metric, arrays of shape (F, W); NaN where it was not measured."""

    value: np.ndarray
    error: np.ndarray
    n: np.ndarray
    expected: np.ndarray


def grid(part: pd.DataFrame, features: list[str], starts: np.ndarray) -> Grid:
    """Measurements of one metric, for these features and starts of windows."""
    f = pd.Index(features).get_indexer(pd.Index(part["feature"]))
    w = np.searchsorted(starts, part["window_start"].to_numpy(np.int64))

    def filled(values: pd.Series) -> np.ndarray:
        out = np.full((len(features), len(starts)), np.nan)
        out[f, w] = values.to_numpy(float)
        return out

    error = (part["high"] - part["low"]) / (2 * normal_quantile(LEVEL))
    return Grid(filled(part["value"]), filled(error), filled(part["n"]), filled(part["expected"]))


def unknown(like: Grid) -> Grid:
    """A metric that no window has."""
    nothing = np.full(like.value.shape, np.nan)
    return Grid(nothing, nothing, like.n, nothing)


@np.errstate(divide="ignore", invalid="ignore")
def pooled(grid: Grid, places: np.ndarray) -> Estimate:
    """Mean over windows by labelled rows, shape (F,): Σnv/Σn, with the larger of two errors.

    √(Σn²e²)/Σn is what the windows' own errors add up to; √(Σn²(v−m)²·k/(k−1))/Σn what their differences show.
    """
    value = grid.value[:, places]
    weight = np.where(np.isfinite(value), np.nan_to_num(grid.n[:, places]), 0.0)
    total, count = weight.sum(axis=1), (weight > 0).sum(axis=1)
    mean = (weight * np.nan_to_num(value)).sum(axis=1) / total
    sampled = (weight**2 * np.nan_to_num(grid.error[:, places]) ** 2).sum(axis=1)
    apart = np.where(weight > 0, np.nan_to_num(value) - mean[:, None], 0.0)
    spread = (weight**2 * apart**2).sum(axis=1) * np.where(count > 1, count / (count - 1), 0.0)
    return symmetric(np.where(total > 0, mean, np.nan), np.sqrt(np.maximum(sampled, spread)) / total)


@np.errstate(divide="ignore", invalid="ignore")
def due(grid: Grid, places: np.ndarray) -> Estimate:
    """Mean of what the windows' references lead to expect, shape (F,); nothing says how sure it is."""
    expected = grid.expected[:, places]
    mean = np.nansum(expected, axis=1) / np.isfinite(expected).sum(axis=1)
    return Estimate(mean, np.full(len(mean), np.nan), np.full(len(mean), np.nan))


def difference(before: Estimate, after: Estimate) -> Estimate:
    """Before less after, as of estimates that know nothing of each other."""
    error = np.sqrt(np.nan_to_num(before.error) ** 2 + after.error**2)
    return symmetric(before.value - after.value, error)


@np.errstate(divide="ignore", invalid="ignore")
def habitual_error(grid: Grid, past: np.ndarray, now: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Error of the drop if nothing has changed, its degrees of freedom (Satterthwaite's), and habit's part of it.

    The part is of the variance; all are of shape (F,).

    The windows of now may differ from each other because the power falls; how much quiet windows differ beyond sampling
    is estimated from the reference, h² = max(s² − mean e², 0). Without a reference of several windows h is 0.

    References
    ----------
    Satterthwaite 1946, doi:10.2307/3002019
    """
    count = np.isfinite(grid.value[:, past]).sum(axis=1)
    habit = habit_variance(grid.value[:, past], grid.error[:, past])
    sampled, weights = np.zeros(len(habit)), np.zeros(len(habit))
    for places in (past, now):
        n = np.where(np.isfinite(grid.value[:, places]), np.nan_to_num(grid.n[:, places]), 0.0)
        part = n / np.maximum(n.sum(axis=1, keepdims=True), 1.0)
        sampled += (part**2 * np.nan_to_num(grid.error[:, places]) ** 2).sum(axis=1)
        weights += (part**2).sum(axis=1)
    by_habit = habit * weights
    freedom = np.where(by_habit > 0, (count - 1) * ((sampled + by_habit) / by_habit) ** 2, _MANY)
    part_of = np.where(by_habit > 0, by_habit / (sampled + by_habit), 0.0)
    return np.sqrt(sampled + by_habit), np.clip(freedom, 1.0, _MANY), part_of


@np.errstate(divide="ignore", invalid="ignore")
def gain(available: Grid, learned: Grid, places: np.ndarray) -> Estimate:
    """Available less learned power over the same rows, shape (F,).

    Both come from the same labels: of numbers and of several classes the error of their difference is not measured, and
    the two are taken as independent, which can be too wide.
    """
    apart = available.value - learned.value
    both = np.sqrt(available.error**2 + learned.error**2)
    return mean_gain(Grid(apart, both, learned.n, apart), places)


@np.errstate(divide="ignore", invalid="ignore")
def mean_gain(gains: Grid, places: np.ndarray) -> Estimate:
    """Mean gain; from three windows on their differences say how much they vary (Student's t)."""
    mean_of = pooled(gains, places)
    value = gains.value[:, places]
    count = np.isfinite(value).sum(axis=1)
    mean = np.nansum(value, axis=1) / count
    spread = np.sqrt(np.nansum((value - mean[:, None]) ** 2, axis=1) / (count - 1) / count)
    margin = stdtrit(np.maximum(count - 1.0, 1.0), 0.5 + LEVEL / 2) * spread
    margin = np.where(count >= 3, margin, normal_quantile(LEVEL) * mean_of.error)
    return Estimate(mean_of.value, mean_of.value - margin, mean_of.value + margin)
