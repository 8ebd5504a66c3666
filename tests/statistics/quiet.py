"""Windows in which nothing happened, drawn and judged."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from monitors.statistics.null import Deviations, deviations


def family_wise(p_of: Callable[[np.random.Generator], np.ndarray], rate: float, trials: int, seed: int = 0) -> None:
    """The share of windows with any p value under the rate keeps to the rate; ``p_of`` gives p of shape (F, W)."""
    rng = np.random.default_rng(seed)
    flagged = np.array([(np.nanmin(p_of(rng), axis=0) < rate).mean() for _ in range(trials)])
    assert flagged.mean() <= rate + 3 * flagged.std() / np.sqrt(trials)


def exact(reference: np.ndarray, values: np.ndarray) -> Deviations:
    """Numbers without a sampling error worth the name, each by itself."""
    small = 1e-6
    return deviations(reference, np.full(reference.shape, small), values, np.full(values.shape, small), moderated=False)
