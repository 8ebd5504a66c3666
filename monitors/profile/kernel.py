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
def _add(
    bins: np.ndarray,  # (m,) int64, of the rows from ``begin`` on, within the column
    shifted: np.ndarray,  # (m,) float64: value less the centre, 0 where there is none
    begin: int,
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
    """Add rows to the counts of their bins; see ``count_numeric``."""
    stride, wide, high = counts.shape[1], np.uint64(counts.shape[2]), np.uint64(sums.shape[2])
    # flat, with indices that cannot be negative: a third faster
    flat, flat_sums, flat_row = counts.reshape(-1), sums.reshape(-1), row.reshape(-1)
    placed = len(place) > 0
    for j in range(len(bins)):
        i = begin + j
        at = np.uint64(cell[i] * stride + offset + bins[j])
        n, s, r = at * wide, at * high, np.uint64(i * 8)
        flat[n + np.uint64(outcome[i])] += 1
        flat[n + wide - np.uint64(2)] += scored[i]
        flat[n + wide - np.uint64(1)] += paired[i]
        for k in range(8):
            flat_sums[s + np.uint64(k)] += flat_row[r + np.uint64(k)]
        flat_sums[s + np.uint64(8)] += shifted[j]
        flat_sums[s + np.uint64(9)] += shifted[j] * shifted[j]
        if placed and place[i] >= 0:
            flat_sums[s + np.uint64(10 + place[i])] += 1.0


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
    bins, shifted = np.empty(_BLOCK, np.int64), np.empty(_BLOCK)
    for begin in range(0, len(values), _BLOCK):
        part = values[begin : begin + _BLOCK]
        _search(part, edges, bins)
        for i in range(len(part)):
            x = part[i]
            if len(flags) > 0 and flags[begin + i] > 0:
                bins[i], shifted[i] = flags[begin + i], 0.0
            elif abs(x) < np.inf:
                bins[i] += 4
                shifted[i] = x - centre
                c = cell[begin + i]
                if x < low[c]:
                    low[c] = x
                if x > high[c]:
                    high[c] = x
            else:
                bins[i], shifted[i] = 2 if np.isnan(x) else 3, 0.0
        _add(bins[: len(part)], shifted, begin, offset, cell, outcome, scored, paired, row, counts, sums, place)


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
    nothing = np.zeros(len(codes))
    _add(codes, nothing, 0, offset, cell, outcome, scored, paired, row, counts, sums, place)


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
