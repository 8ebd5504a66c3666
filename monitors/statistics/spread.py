"""How widely a window's values spread over the bins: a feature whose range narrows tells less, its relation intact.

References
----------
Thorndike 1949, Personnel Selection (case 2: the correlation that a narrowed range leaves)
"""

from __future__ import annotations

import numpy as np


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def spread_between_bins(n: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Standard deviation of the bins' means, √(Σ n_b (m_b − m)² / n), for numbers.

    A value far out weighs no more than its bin: the spread is one of the bulk.

    Parameters
    ----------
    n, total : rows and sum of values by bin, shape (..., B)

    Returns
    -------
    Shape (...); NaN without rows.
    """
    n, total = np.asarray(n, float), np.asarray(total, float)
    rows = n.sum(axis=-1)
    mean = np.where(n > 0, total / np.where(n > 0, n, 1.0), 0.0)
    centre = total.sum(axis=-1) / rows
    apart = np.where(n > 0, mean - centre[..., None], 0.0)
    # in units of the largest, for values may be as large as a double holds
    unit = np.abs(apart).max(axis=-1, initial=0.0)
    part = apart / np.where(unit > 0, unit, 1.0)[..., None]
    return np.asarray(unit * np.sqrt((n * part**2).sum(axis=-1) / rows))


@np.errstate(divide="ignore", invalid="ignore")
def diversity(n: np.ndarray) -> np.ndarray:
    """√(1 − Σ q_b²), q the shares of the bins, for categories: the root of the chance that two rows differ.

    Parameters
    ----------
    n : rows by bin, shape (..., B)

    Returns
    -------
    Shape (...); 0 where all rows are in one bin, NaN without rows.

    References
    ----------
    Simpson 1949, doi:10.1038/163688a0
    """
    n = np.asarray(n, float)
    rows = n.sum(axis=-1)
    share = n / rows[..., None]
    return np.where(rows > 0, np.sqrt(np.maximum(1 - (share * share).sum(axis=-1), 0.0)), np.nan)
