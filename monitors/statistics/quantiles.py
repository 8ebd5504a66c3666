"""Quantiles from counts by bin, and bins in which they keep their digits."""

from __future__ import annotations

import numpy as np

from monitors.statistics.intervals import Estimate, normal_quantile

RATIO = 1.05
"""An edge over the one before it: a quantile is off by no more than 5%."""
MOST_EDGES = 255
"""With more, edges lie further apart."""
_BELOW, _ABOVE = 4.0, 32.0
"""How far edges reach beyond the values they are made from."""
_ANY = (1e-3, 1e7)
"""Where nothing is known: from a microsecond in milliseconds to an hour in microseconds."""


def ratio_edges(values: np.ndarray) -> np.ndarray:
    """Edges in equal ratio that cover positive values and more on either side, shape (E,), ascending.

    Each bin is ``RATIO`` times as wide as the one before it, so that any quantile has the same relative accuracy
    (Masson, Rim and Lee 2019, doi:10.14778/3352063.3352135).

    Parameters
    ----------
    values : shape (n,), positive and finite; empty where none are known
    """
    known = values[np.isfinite(values) & (values > 0)]
    low, high = (known.min() / _BELOW, known.max() * _ABOVE) if len(known) else _ANY
    low, high = max(float(low), 1e-300), min(float(high), 1e300)
    wanted = int(np.ceil(np.log(high / low) / np.log(RATIO))) + 1
    return np.asarray(np.geomspace(low, high, min(wanted, MOST_EDGES)))


def quantiles(
    counts: np.ndarray, edges: np.ndarray, low: np.ndarray, high: np.ndarray, at: np.ndarray
) -> np.ndarray:  # fmt: skip
    """Quantiles of binned values, linear within a bin and never outside what was seen.

    Parameters
    ----------
    counts : shape (W, E + 1), rows below the first edge, between edges, from the last one on
    edges : shape (E,), ascending
    low, high : shape (W,), least and greatest value
    at : shape (P,) or (P, W), probabilities

    Returns
    -------
    shape (P, W); NaN without rows
    """
    wanted = np.broadcast_to(np.atleast_2d(np.asarray(at, float).T).T, (len(at), len(counts)))
    out = np.full(wanted.shape, np.nan)
    for w in np.flatnonzero(counts.sum(axis=1) > 0):
        bounds = np.clip(np.concatenate([[low[w]], edges, [high[w]]]), low[w], high[w])
        filled = np.flatnonzero(counts[w] > 0)
        total = np.concatenate([[0.0], counts[w, filled].cumsum()])
        target = np.clip(wanted[:, w], 0.0, 1.0) * total[-1]
        place = np.clip(np.searchsorted(total, target, side="left") - 1, 0, len(filled) - 1)
        within = (target - total[place]) / (total[place + 1] - total[place])
        begin, end = bounds[filled[place]], bounds[filled[place] + 1]
        out[:, w] = np.minimum(begin + within * (end - begin), end)  # which rounding may pass
    return out


def quantile_estimates(
    counts: np.ndarray, edges: np.ndarray, low: np.ndarray, high: np.ndarray, at: np.ndarray
) -> Estimate:  # fmt: skip
    """The same with 95% intervals, by the order statistics between which they lie: at ± z √(at (1 − at) / n).

    Parameters
    ----------
    at : shape (P,)

    Returns
    -------
    Estimate of shape (P, W). The upper end of a quantile with fewer rows beyond it than its error is the greatest value

    References
    ----------
    Conover 1999, Practical Nonparametric Statistics, section 3.2 (large samples)
    """
    p = np.asarray(at, float)[:, None]
    n = np.maximum(counts.sum(axis=1), 1)[None]
    margin = normal_quantile() * np.sqrt(p * (1 - p) / n)
    return Estimate(*(quantiles(counts, edges, low, high, x) for x in (p + 0 * margin, p - margin, p + margin)))
