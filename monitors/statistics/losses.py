"""Loss of a row by the score it got and the class it turned out to be."""

from __future__ import annotations

import numpy as np

SMALLEST = 1e-15
"""Scores are kept this far from 0 and 1 before a logarithm is taken."""


def log_losses(score: np.ndarray) -> np.ndarray:
    """−ln(1−s) for a negative and −ln s for a positive, shape (..., 2).

    Parameters
    ----------
    score : probabilities of the positive class, shape (...); NaN stays NaN
    """
    s = np.clip(np.asarray(score, float), SMALLEST, 1 - SMALLEST)
    return np.stack([-np.log1p(-s), -np.log(s)], axis=-1)


def squared_errors(score: np.ndarray) -> np.ndarray:
    """s² for a negative and (1−s)² for a positive, shape (..., 2).

    Parameters
    ----------
    score : shape (...); NaN stays NaN
    """
    s = np.asarray(score, float)
    return np.stack([s * s, (1 - s) ** 2], axis=-1)


def squares_from_bins(by_outcome: np.ndarray, row_loss: np.ndarray) -> np.ndarray:
    """Σ loss² by bin where the sums lack it: every row of a bin and class takes the loss of the bin's mean score.

    Parameters
    ----------
    by_outcome : counts, shape (..., B, K)
    row_loss : loss by bin and class, shape (..., B, K); may be NaN where there are no rows

    Returns
    -------
    Shape (..., B).
    """
    counts = np.asarray(by_outcome, float)
    squares = np.where(counts > 0, counts * np.asarray(row_loss, float) ** 2, 0.0)
    return np.asarray(squares.sum(axis=-1))
