"""Latency: does the service answer as fast as it did? Quantiles of a window's durations against the reference's."""

from __future__ import annotations

import numpy as np

from monitors.measurement import Block, in_reference, table
from monitors.profile.cube import ColumnCube, Cube
from monitors.settings import Settings
from monitors.statistics.intervals import Estimate, normal_quantile
from monitors.statistics.null import deviations, judge
from monitors.statistics.quantiles import quantile_estimates

QUANTILES = {"latency_p50": 0.5, "latency_p95": 0.95, "latency_p99": 0.99}
"""Metrics, and the share of answers that took no longer."""
_BEYOND = 5
"""Rows that must lie beyond a quantile for it to be judged."""
_PER_PHASE = 3
"""Reference windows of the same weekday (and hour) that make a habit of their own."""


def latency(
    windows: Cube, reference: Cube, settings: Settings, phases: tuple[np.ndarray, np.ndarray]
) -> list[Block]:  # fmt: skip
    """Median, 95th and 99th percentile of the column ``[logs] latency``, in its own unit.

    Each is judged by its logarithm, both ways (answers that come at once are no answers), against windows of the same
    weekday or hour of the week where the reference has enough of them. A row without a duration does not count.

    Parameters
    ----------
    phases : which windows are alike by habit, of the reference (R,) and of all (W,), see ``monitors.integrity.phase``
    """
    now, ref = windows.of_role("latency"), reference.of_role("latency")
    if now is None or ref is None or windows.segment:
        return []
    at = np.array(list(QUANTILES.values()))
    seen, before = _estimates(now, at), _estimates(ref, at)
    n = now.n[:, now.values].sum(axis=1).astype(float)
    level, error = _logs(seen, n, at)
    known, known_error = _logs(before, ref.n[:, ref.values].sum(axis=1).astype(float), at)
    centre, own, spent = _centres(known, level, *_phases(*phases, known))
    inside = in_reference(windows, reference)
    scores = deviations(
        known - own, known_error, np.where(inside, np.nan, level - centre), error, spent=spent, moderated=False
    )
    verdict = judge(scores.reference, scores.windows, scores.dof, settings.rate("integrity", "latency"))
    band = scores.band(verdict.limit)
    blocks = []
    for q, metric in enumerate(QUANTILES):
        with np.errstate(over="ignore", invalid="ignore"):
            due = np.exp(centre[q] + scores.expected[q])
            low, high = due * np.exp(-band[q]), due * np.exp(band[q])
        blocks.append(
            table(
                "integrity", metric, [None], windows, reference, value=seen.value[q], low=seen.low[q],
                high=seen.high[q], expected=due, n=n, p_value=verdict.p[q], band_low=low, band_high=high,
            )
        )  # fmt: skip
    return blocks


def _estimates(column: ColumnCube, at: np.ndarray) -> Estimate:
    return quantile_estimates(column.n[:, column.values], column.bins.edges, column.low, column.high, at)


def _logs(seen: Estimate, n: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of quantiles and their standard errors, (P, W); NaN where too few rows lie beyond."""
    enough = n * np.minimum(at, 1 - at)[:, None] >= _BEYOND
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(enough & (seen.value > 0), np.log(seen.value), np.nan)
        error = (np.log(seen.high) - np.log(seen.low)) / (2 * normal_quantile())
    return level, np.where(np.isfinite(error), np.maximum(error, 1e-4), np.nan)


def _phases(past: np.ndarray, now: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The phases, or one for all where the reference has too few windows of any."""
    had = past[np.isfinite(known[0])]
    if min(((had == k).sum() for k in np.union1d(had, now)), default=0) >= _PER_PHASE:
        return past, now
    return np.zeros_like(past), np.zeros_like(now)


def _centres(
    known: np.ndarray, level: np.ndarray, past: np.ndarray, now: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:  # fmt: skip
    """Mean of the windows that are alike: for each window, for each of the reference's own without it, and means spent.

    A window of the reference helped to make its own mean: its distance from it is widened by √(k / (k − 1)).
    """
    centre, own = np.full(level.shape, np.nan), np.full(known.shape, np.nan)
    for k in np.unique(past):
        members = known[:, past == k]
        count = np.isfinite(members).sum(axis=1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(count > 0, np.nansum(members, axis=1, keepdims=True) / np.maximum(count, 1), np.nan)
        centre[:, now == k] = mean
        own[:, past == k] = members - (members - mean) * np.sqrt(count / np.maximum(count - 1, 1))
    return centre, own, len(np.unique(past)) - 1
