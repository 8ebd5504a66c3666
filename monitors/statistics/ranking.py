"""How well an order that was good once still is: NDCG."""

from __future__ import annotations

import numpy as np


def ndcg(gains: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Normalised discounted cumulative gain of the order that scores give.

    NDCG = Σ_i g(i') / log2(i + 1) over Σ_i g(i) / log2(i + 1), where i' is in place i by score and i by gain. Equal
    scores share what their places are worth. It is 1 when both orders agree, whatever the numbers are.

    SageMaker Clarify compares feature attributions so: gains are those of the reference, scores the live ones, and less
    than 0.90 raises an alert
    (https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-feature-attribution-drift.html).

    Parameters
    ----------
    gains : shape (..., F), not negative; scores : shape (..., F); both finite

    Returns
    -------
    shape (...); NaN where nothing is to be gained
    """
    gains, scores = np.broadcast_arrays(np.asarray(gains, float), np.asarray(scores, float))
    discount = 1 / np.log2(np.arange(gains.shape[-1]) + 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        best = (-np.sort(-gains, axis=-1) * discount).sum(axis=-1)
        # two sums of the same numbers in another order are equal
        return np.asarray(np.round((_shared(scores, discount) * gains).sum(axis=-1) / best, 12))


def _shared(scores: np.ndarray, discount: np.ndarray) -> np.ndarray:
    """What each one's place is worth, the mean of the places where several are equal; shape of ``scores``."""
    order = np.argsort(-scores, axis=-1, kind="stable")
    flat = np.take_along_axis(scores, order, axis=-1).reshape(-1, scores.shape[-1])
    worth = np.empty(flat.shape)
    for row, own in zip(flat, worth, strict=True):
        group = np.cumsum(np.concatenate([[0], np.diff(row) != 0])) if len(row) else np.zeros(0, np.int64)
        total, count = np.bincount(group, discount), np.bincount(group)
        own[:] = (total / np.maximum(count, 1))[group]
    out = np.empty(scores.shape)
    np.put_along_axis(out, order, worth.reshape(scores.shape), axis=-1)
    return out
