"""The counting kernel: one pass over a column, every count and sum at once.

All arrays are preallocated; the functions release the interpreter's lock, so columns are counted in threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_BLOCK = 512
"""Values that are searched for side by side: step by step over all of them, so that none waits for its own last step
and the processor takes several at once (4 ns a value; one after another 27)."""


@njit(nogil=True, cache=True)
def _search(values: np.ndarray, edges: np.ndarray, above: np.ndarray) -> None:
    """How many edges are no greater than each value, into ``above``; anything for NaN."""
    for i in range(len(values)):
        above[i] = 0
    step = (len(edges) + 1) // 2
    while step > 0:
        for i in range(len(values)):
            above[i] += step if edges[above[i] + step - 1] <= values[i] else 0
        step >>= 1


@njit(nogil=True, cache=True)
def count_numeric(
    values: np.ndarray,  # (n,) float64
    flags: np.ndarray,  # (n,) uint8 missing bin, or (0,)
    edges: np.ndarray,  # (2^k - 1,) float64, padded with +inf
    centre: float,
    offset: int,  # where the column's bins begin
    cell: np.ndarray,  # (n,) int64: window and segment of the row
    outcome: np.ndarray,  # (n,) int64
    scored: np.ndarray,  # (n,) int64, 0 or 1
    paired: np.ndarray,  # (n,) int64, 0 or 1
    row: np.ndarray,  # (n, ROW_SUMS) float64
    counts: np.ndarray,  # (cells, R, O + 2) int64: outcomes, scored, paired
    sums: np.ndarray,  # (cells, R, 10 + P) float64
    low: np.ndarray,  # (cells,) float64, least value
    high: np.ndarray,  # (cells,) float64, greatest value
    place: np.ndarray,  # (n,) int64: position group of a labelled row, -1 of others; or (0,)
) -> None:
    """Add a numeric column's rows to the counts."""
    outcomes = counts.shape[2] - 2
    flagged, placed = len(flags) > 0, len(place) > 0
    above = np.empty(_BLOCK, np.int64)
    for begin in range(0, len(values), _BLOCK):
        end = min(begin + _BLOCK, len(values))
        _search(values[begin:end], edges, above)
        for i in range(begin, end):
            c = cell[i]
            x = values[i]
            if flagged and flags[i] > 0:
                b = offset + flags[i]
            elif abs(x) < np.inf:
                b = offset + 4 + above[i - begin]
                low[c] = min(low[c], x)
                high[c] = max(high[c], x)
                shifted = x - centre
                sums[c, b, 8] += shifted
                sums[c, b, 9] += shifted * shifted
            else:
                b = offset + (2 if np.isnan(x) else 3)
            counts[c, b, outcome[i]] += 1
            counts[c, b, outcomes] += scored[i]
            counts[c, b, outcomes + 1] += paired[i]
            for k in range(8):
                sums[c, b, k] += row[i, k]
            if placed and place[i] >= 0:
                sums[c, b, 10 + place[i]] += 1.0


@njit(nogil=True, cache=True)
def count_codes(
    codes: np.ndarray,  # (n,) int64: bin of the row
    offset: int,
    cell: np.ndarray,
    outcome: np.ndarray,
    scored: np.ndarray,
    paired: np.ndarray,
    row: np.ndarray,
    counts: np.ndarray,
    sums: np.ndarray,
    place: np.ndarray,
) -> None:
    """Add a categorical column's rows to the counts."""
    outcomes = counts.shape[2] - 2
    placed = len(place) > 0
    for i in range(len(codes)):
        c = cell[i]
        b = offset + codes[i]
        counts[c, b, outcome[i]] += 1
        counts[c, b, outcomes] += scored[i]
        counts[c, b, outcomes + 1] += paired[i]
        for k in range(8):
            sums[c, b, k] += row[i, k]
        if placed and place[i] >= 0:
            sums[c, b, 10 + place[i]] += 1.0


@njit(nogil=True, cache=True)
def count_sizes(
    values: np.ndarray,  # (n,) float64
    flags: np.ndarray,  # (n,) uint8, not 0 where there is no value; or (0,)
    cell: np.ndarray,  # (n,) int64
    sums: np.ndarray,  # (cells, 3) float64: rows, sum of |value|, sum of value²
) -> None:
    """Add the absolute values of a column's finite numbers."""
    flagged = len(flags) > 0
    for i in range(len(values)):
        x = abs(values[i])
        if x < np.inf and not (flagged and flags[i] > 0):
            sums[cell[i], 0] += 1.0
            sums[cell[i], 1] += x
            sums[cell[i], 2] += x * x
