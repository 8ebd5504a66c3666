"""Labels that are late, or do not come at all, in windows whose labels should be in."""

from __future__ import annotations

import numpy as np

from monitors.log_shares import judge_shares
from monitors.maturity import due
from monitors.measurement import Block, in_reference, labelled_share, table
from monitors.profile.cube import Cube
from monitors.profile.facts import DELAY_HOURS
from monitors.settings import Settings
from monitors.statistics.null import FEW_WINDOWS, deviations, judge

_QUARTER = 0.25
"""Hours that are added to a delay before its logarithm is taken: the width of the narrowest bin of delays."""
_ALL = 0.999
"""Part of the labels that should be in before those that are not are missed."""


def arrivals(windows: Cube, reference: Cube, settings: Settings) -> list[Block]:
    """``label_delay_hours`` (median) and ``label_coverage`` (share of rows with a label).

    Both are judged where labels should be in; those of younger windows are only measured.
    """
    if not windows.bins.classes or not len(windows):
        return []
    judged = due(windows, reference, settings, _ALL) & ~in_reference(windows, reference)
    ripe = due(reference, reference, settings) if len(reference) else np.zeros(0, bool)
    return [*_delays(windows, reference, judged, ripe, settings),
            *_coverage(windows, reference, judged, ripe, settings)]  # fmt: skip


def _delays(
    windows: Cube, reference: Cube, judged: np.ndarray, ripe: np.ndarray, settings: Settings
) -> list[Block]:  # fmt: skip
    if not any("delays" in facts for facts in windows.facts):
        return []
    now, before = _by_delay(windows), _by_delay(reference)
    value, known = median_delay(now), np.where(ripe, median_delay(before), np.nan)
    p = limit = np.full(len(windows), np.nan)
    usual = float(np.exp(np.nanmean(np.log(known + _QUARTER))) - _QUARTER) if np.isfinite(known).any() else np.nan
    if np.isfinite(known).sum() >= FEW_WINDOWS:
        found = deviations(np.log(known + _QUARTER)[None], _error(before), np.log(value + _QUARTER)[None], _error(now))
        verdict = judge(
            found.reference, np.where(judged, found.windows, np.nan), found.dof,
            settings.rate("integrity", "label_delay_hours"), sides=1,
        )  # fmt: skip
        p = verdict.p[0]
        limit = (np.exp(found.expected + found.band(verdict.limit)) - _QUARTER)[0]
    return [table(
        "integrity", "label_delay_hours", [None], windows, reference, value=value, expected=usual, n=now.sum(axis=1),
        p_value=p, band_low=0.0, band_high=limit,
    )]  # fmt: skip


def _by_delay(cube: Cube) -> np.ndarray:
    """Labels by delay, shape (W, D)."""
    return np.array([facts.get("delays", [0] * len(DELAY_HOURS)) for facts in cube.facts], float).reshape(
        len(cube), len(DELAY_HOURS)
    )


def _error(counts: np.ndarray) -> np.ndarray:
    """Standard error of the logarithm of a median, (W, D) to (1, W): that of a log-normal spread of one."""
    labels = counts.sum(axis=1)
    return np.where(labels > 0, 1.2533 / np.sqrt(np.maximum(labels, 1.0)), np.nan)[None]


def median_delay(counts: np.ndarray) -> np.ndarray:
    """Median of delays counted by ``DELAY_HOURS``, interpolated within its bin. (W, D) to (W,), NaN without any."""
    total = counts.sum(axis=1)
    edges = np.array([*DELAY_HOURS, 2 * DELAY_HOURS[-1]])
    cumulative = np.concatenate([np.zeros((len(counts), 1)), counts.cumsum(axis=1)], axis=1)
    out = np.full(len(counts), np.nan)
    for w in np.flatnonzero(total > 0):
        out[w] = np.interp(total[w] / 2, cumulative[w], edges)
    return out


def _coverage(
    windows: Cube, reference: Cube, judged: np.ndarray, ripe: np.ndarray, settings: Settings
) -> list[Block]:  # fmt: skip
    """Rows without a label are what is judged: too many of them are strange, too few are not."""
    n, share = windows.rows.astype(float), labelled_share(windows)
    if not np.nansum(share * n):
        return []
    n0 = np.where(ripe, reference.rows, 0).astype(float)
    lacking = np.rint(n * (1 - np.nan_to_num(share)))
    before = np.rint(n0 * (1 - np.nan_to_num(labelled_share(reference))))
    found = judge_shares(lacking, n, before[ripe], n0[ripe], judged, settings.rate("integrity", "label_coverage"))
    return [table(
        "integrity", "label_coverage", [None], windows, reference, value=1 - found.share, low=1 - found.high,
        high=1 - found.low, expected=1 - found.usual, n=n, p_value=found.p, band_low=1 - found.band, band_high=1.0,
    )]  # fmt: skip
