"""Rows of a binary model's log, and the sums by score bin that a profile would hold."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from monitors.statistics.losses import log_losses, squared_errors

EDGES = np.unique(np.r_[np.quantile(expit(np.linspace(-4, 2.5, 400)), np.arange(1, 40) / 40), 0.5])
MIDDLES = np.r_[EDGES[0] / 2, (EDGES[:-1] + EDGES[1:]) / 2, (1 + EDGES[-1]) / 2]
POSITIVE = MIDDLES >= 0.5


class Sums(NamedTuple):
    by_outcome: np.ndarray  # (..., B, 2)
    loss: np.ndarray  # (..., B) log loss, and so on
    loss2: np.ndarray
    error2: np.ndarray
    score: np.ndarray

    @property
    def n(self) -> np.ndarray:
        return self.by_outcome.sum(axis=-1)

    @property
    def mean(self) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return self.score / self.n


def rows(rng: np.random.Generator, count: int, moved: float = 0.0, slope: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Scores and outcomes: ``moved`` moves the scores, a ``slope`` other than 1 changes what they mean."""
    logit = rng.normal(moved - 1, 1.2, count)
    return expit(logit), (rng.random(count) < expit(slope * logit)).astype(int)


def sums(score: np.ndarray, outcome: np.ndarray) -> Sums:
    """What the bins of the score hold."""
    bins = np.searchsorted(EDGES, score, side="right")
    loss = np.take_along_axis(log_losses(score), outcome[:, None], axis=1)[:, 0]
    error2 = np.take_along_axis(squared_errors(score), outcome[:, None], axis=1)[:, 0]

    def by_bin(weight: np.ndarray) -> np.ndarray:
        return np.bincount(bins, weight, len(MIDDLES))

    return Sums(
        np.stack([by_bin(1 - outcome), by_bin(outcome)], axis=-1), by_bin(loss), by_bin(loss**2), by_bin(error2),
        by_bin(score),
    )  # fmt: skip


def many(seed: int, windows: int, count: int, moved: float = 0.0, slope: float = 1.0) -> Sums:
    """Sums of windows that are alike, stacked."""
    rng = np.random.default_rng(seed)
    return Sums(
        *(np.stack(x) for x in zip(*(sums(*rows(rng, count, moved, slope)) for _ in range(windows)), strict=True))
    )
