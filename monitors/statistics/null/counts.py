"""Counts that are too many or too few: nulls, duplicates, categories that no longer come."""

from __future__ import annotations

import numpy as np
from scipy import special


def few_windows(
    before: np.ndarray, before_rows: np.ndarray, counts: np.ndarray, rows: np.ndarray, rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Judge counts that are too many where the reference's windows are too few to know their habit, by chance alone.

    A count is negative binomial with mean n·p and variance n·p + (n·p)²/a, its rate known from a finite reference
    (Jeffreys' half count); Šidák's correction over all D.

    Parameters
    ----------
    before, before_rows : shape (D, R); counts, rows : shape (D, W)
    rate : chance of a false alarm in a quiet window

    Returns
    -------
    p, band : shape (D, W): of the window, and the share from which on it is an alert; NaN without a reference
    """
    if not before.shape[1]:
        return np.full(counts.shape, np.nan), np.full(counts.shape, np.nan)
    from scipy import stats  # slow to import, and seldom needed

    shape, share = gamma_rates(before, before_rows)
    mean = np.maximum(rows * share[:, None], 1e-12)
    chance = shape[:, None] / (shape[:, None] + mean)
    tail = np.where(counts > 0, stats.nbinom.sf(counts - 1, shape[:, None], chance), 1.0)
    alone = -np.expm1(np.log1p(-rate) / len(counts))
    with np.errstate(divide="ignore", invalid="ignore"):
        band = np.minimum(stats.nbinom.isf(alone, shape[:, None], chance) / rows, 1.0)
        return -np.expm1(len(counts) * np.log1p(-np.minimum(tail, 1 - 1e-16))), band


def gamma_rates(counts: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shape and mean of the gamma-distributed rates that windows have, both (F,), by moments.

    Parameters
    ----------
    counts, rows : shape (F, R)
    """
    total = np.maximum(rows.sum(axis=1), 1.0)
    rate = (counts.sum(axis=1) + 0.5) / total
    due = rows * rate[:, None]
    beyond = ((counts - due) ** 2 - due).sum(axis=1)
    habit = np.maximum(beyond, 0.0) / np.maximum((due**2).sum(axis=1), 1e-300)
    return 1.0 / (habit + 1.0 / (counts.sum(axis=1) + 0.5)), rate


def log_chance_of_none(counts: np.ndarray, rows: np.ndarray, before: np.ndarray, before_rows: np.ndarray) -> np.ndarray:
    """Log of the chance that none came in the whole stretch of windows around each, shape (C, W); 0 where some came.

    One window has none with the chance of a negative binomial's zero, with the habit of the reference; a stretch has
    the product. What was away in some windows of the reference comes in bursts: a stretch then has at least the chance
    that so many windows more are without it. One no longer than twice the longest of the reference says nothing.

    Parameters
    ----------
    counts : shape (C, W); rows : shape (W,) or (C, W); before : shape (C, R); before_rows : shape (R,) or (C, R)
    """
    shape, rate = gamma_rates(before, np.broadcast_to(before_rows, before.shape))
    single = -shape[:, None] * np.log1p(rows * rate[:, None] / shape[:, None])
    without, references = (before == 0).sum(axis=1), before.shape[1]
    out = np.zeros(counts.shape)
    for c in range(len(counts)):
        longest = max((last - first for first, last in _stretches(before[c] == 0)), default=0)
        for first, last in _stretches(counts[c] == 0):
            if last - first > 2 * longest:
                chance = single[c, first:last].sum()
                if without[c]:
                    chance = max(chance, _log_none_again(int(without[c]), references, last - first))
                out[c, first:last] = chance
    return out


def _log_none_again(without: int, references: int, windows: int) -> float:
    """Log chance that none comes in so many windows, when none came in ``without`` of ``references`` (Laplace).

    Π (z + 1 + j) / (R + 2 + j) over the windows: exchangeable ones, whose chance of none is not known but uniform.
    """
    z, r = without + 1.0, references + 2.0
    gain = special.gammaln(z + windows) - special.gammaln(z)
    return float(gain - special.gammaln(r + windows) + special.gammaln(r))


def _stretches(flags: np.ndarray) -> list[tuple[int, int]]:
    """First (inclusive) and last (exclusive) index of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]
