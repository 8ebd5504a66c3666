"""Shares of rows that say what is wrong with the log: doubled, conflicting, repeated, out of order, ahead, late."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from monitors.measurement import Block, in_reference, table
from monitors.profile.cube import Cube
from monitors.settings import Settings
from monitors.statistics.intervals import wilson
from monitors.statistics.null import FEW_WINDOWS, few_windows, judge, of_counts, share_limit


class Judged(NamedTuple):
    """Shares that are strange when large.

    Attributes
    ----------
    share, low, high : shape (W,), with a 95% interval
    usual : the reference's
    p, band : shape (W,), of the window, and the share from which on it is an alert
    """

    share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    usual: float
    p: np.ndarray
    band: np.ndarray


SHARES = (
    # metric, fact that is counted, fact that it is a part of, fact that says that it was looked for
    ("duplicate_share", "duplicates", "identified", "identified"),
    ("conflicting_share", "conflicting", "compared", "compared"),
    ("burst_share", "repeated", "sampled", "to_seconds"),
    ("disorder_share", "descents", "rows", "descents"),
    ("future_share", "future", "rows", "rows"),
    ("late_share", "late", "rows", "late"),
)


def shares(windows: Cube, reference: Cube, settings: Settings) -> list[Block]:
    """Each of ``SHARES`` that the log's rows were looked through for.

    ``duplicate_share``: rows whose id came before in the same window; ``conflicting_share``: those of them that have
    other values than the rows before; ``burst_share``: rows alike one of seconds before in all but id and time;
    ``disorder_share``: rows whose time is before that of the row before in their file; ``future_share``: rows lost
    because their time is after their file was written; ``late_share``: rows in a file whose other rows are of windows
    further on.
    """
    blocks = []
    for metric, count, total, known in SHARES:
        some = any(known in facts for facts in windows.facts)
        # of nothing, nothing need be said where it was only looked for in passing
        if some and (metric != "future_share" or any("future" in facts for facts in windows.facts)):
            (k, n), (k0, n0) = counts(windows, count, total), counts(reference, count, total)
            if metric == "future_share":
                n, n0 = n + k, n0 + k0
            found = judge_shares(k, n, k0, n0, ~in_reference(windows, reference), settings.rate("integrity", metric))
            blocks.append(table(
                "integrity", metric, [None], windows, reference, value=found.share, low=found.low, high=found.high,
                expected=found.usual, n=n, p_value=found.p, band_low=0.0, band_high=found.band,
            ))  # fmt: skip
    return blocks


def counts(cube: Cube, count: str, total: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows that a fact counts and those that it is a part of, both shape (W,)."""
    k = np.array([float(facts.get(count, 0)) for facts in cube.facts])
    return k, np.array([float(facts.get(total, 0)) for facts in cube.facts])


def judge_shares(
    k: np.ndarray, n: np.ndarray, k0: np.ndarray, n0: np.ndarray, judged: np.ndarray, rate: float
) -> Judged:  # fmt: skip
    """Judge shares by those of the reference, by chance alone where it has too few windows to know its habit.

    Parameters
    ----------
    k, n : shape (W,), rows that count and rows in all; k0, n0 : shape (R,), the reference's
    judged : shape (W,), bool; rate : chance of a false alarm in a quiet window
    """
    k, n, k0, n0 = k[None], n[None], k0[None], n0[None]
    with np.errstate(invalid="ignore", divide="ignore"):
        share, usual = np.where(n > 0, k / n, np.nan), float(k0.sum() / n0.sum()) if n0.sum() else np.nan
    if not k.any() and not k0.any():  # as of most logs: nothing to judge
        p, band = np.where(judged & (n > 0), 1.0, np.nan), np.full(n.shape, np.nan)
    elif n0.shape[1] < FEW_WINDOWS:
        p, band = few_windows(k0, n0, k, n, rate)
        p = np.where(judged & (n > 0), p, np.nan)
    else:
        found = of_counts(k0, n0, k, n)
        verdict = judge(found.reference, np.where(judged, found.windows, np.nan), found.dof, rate, sides=1)
        p, band = verdict.p, share_limit(found, n, n0.sum(axis=1), verdict.limit)
    _, low, high = wilson(k, n)
    return Judged(share[0], low[0], high[0], usual, p[0], band[0])
