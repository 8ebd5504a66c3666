"""Windows in a row below all of the reference's: a fade that no single window shows."""

from __future__ import annotations

import numpy as np
from scipy import special

from monitors.statistics.null.habit import FEW_WINDOWS

SHORTEST_RUN = 5
"""Fewer windows in a row under all of the reference's are a season, for all we know."""


def run_below(reference: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Chance that so many windows in a row lie under every window of the reference, if nothing has changed.

    k exchangeable windows after R others are the k least of all with chance 1 / C(R + k, k), whatever the
    distribution. All windows of a run are told, back to its first: that is where the change began; each lies in k
    stretches of k windows, so its chance is k times that.

    Parameters
    ----------
    reference : shape (F, R); values : shape (F, W), in order of time; NaN is skipped in ``reference`` and ends a run
    in ``values``

    Returns
    -------
    shape (F, W): 1 where there is no run of ``SHORTEST_RUN`` windows
    """
    known = np.isfinite(reference)
    least = np.where(known, reference, np.inf).min(axis=1, initial=np.inf)
    count = known.sum(axis=1)
    out = np.ones(values.shape)
    for f in np.flatnonzero(count >= FEW_WINDOWS):
        below = np.concatenate([[False], values[f] < least[f], [False]])
        edges = np.flatnonzero(np.diff(below.astype(np.int8)))
        for first, last in edges.reshape(-1, 2):
            k = int(last - first)
            if k >= SHORTEST_RUN:
                out[f, first:last] = min(k / special.binom(count[f] + k, k), 1.0)
    return out
