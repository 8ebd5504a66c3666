"""Rows behind counts, for oracles that want rows; and counts drawn from known relations."""

from __future__ import annotations

import numpy as np


def expand(by_outcome: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bin and class of every row behind counts of shape (B, K)."""
    counts = np.asarray(by_outcome, int)
    bins, classes = np.indices(counts.shape)
    return np.repeat(bins.ravel(), counts.ravel()), np.repeat(classes.ravel(), counts.ravel())


def draw(
    rng: np.random.Generator, windows: int, rows: int, rates: np.ndarray, shares: np.ndarray | None = None
) -> np.ndarray:
    """Counts (W, B, K) of windows whose bins have the shares (B,) and class rates (B,) or (B, K)."""
    rates = np.asarray(rates, float)
    if rates.ndim == 1:
        rates = np.stack([1 - rates, rates], axis=-1)
    if shares is None:
        shares = np.full(len(rates), 1 / len(rates))
    return rng.multinomial(rng.multinomial(rows, shares, size=windows), rates)


def inside(estimate: tuple[np.ndarray, np.ndarray, np.ndarray], truth: float | np.ndarray) -> float:
    """Share of intervals that hold the truth."""
    _, low, high = estimate
    return float(np.mean((low <= truth) & (truth <= high)))
