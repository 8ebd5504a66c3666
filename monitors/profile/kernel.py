"""The counting kernel: one pass over a column, every count and sum at once.

All arrays are preallocated; the functions release the interpreter's lock, so columns are counted in threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from monitors.profile.bins import FIRST, INVALID, NAN
from monitors.profile.sums import LANES

_BLOCK = 512
"""Values that are searched for side by side: step by step over all of them, so that none waits for its own last step
and the processor takes several at once."""


def _lanes(_: Any, into: Any, at: Any, row: Any, begin: Any, value: Any) -> Any:
    """Add eight numbers of ``row`` to eight of ``into``, and ``value`` and its square to the first two.

    One instruction where the processor has such (1.6 ns a row); numba by itself makes eight of it (3.3 ns).
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        to, place, of, first, x = arguments
        eight, lane = ir.VectorType(ir.DoubleType(), LANES), ir.IntType(32)

        def pointer(kind: Any, array: Any, index: Any) -> Any:
            data = context.make_array(kind)(context, builder, array).data
            return builder.bitcast(builder.gep(data, [index]), eight.as_pointer())

        target = pointer(signature.args[0], to, place)
        own = builder.insert_element(ir.Constant(eight, [0.0] * LANES), x, lane(0))
        own = builder.insert_element(own, builder.fmul(x, x), lane(1))
        own = builder.fadd(own, builder.load(pointer(signature.args[2], of, first), align=8))
        builder.store(builder.fadd(builder.load(target, align=8), own), target, align=8)
        return context.get_dummy_value()

    return types.void(into, at, row, begin, value), generate


_add_lanes: Any = intrinsic(_lanes)


@njit(nogil=True, cache=True)
def _search(
    values: np.ndarray, edges: np.ndarray, begins: np.ndarray, first: float, scale: float, steps: int, above: np.ndarray
) -> None:
    """How many edges are no greater than each value, into ``above``; anything for NaN. See ``ColumnBins.search``."""
    last = len(begins) - 1.0
    for i in range(len(values)):
        x = (values[i] - first) * scale
        above[i] = begins[np.int32(min(last, max(0.0, x)))]
    step = np.int32(1 << steps >> 1)
    while step > 0:
        for i in range(len(values)):
            above[i] += step if edges[np.uint32(above[i] + step - 1)] <= values[i] else np.int32(0)
        step >>= 1


@njit(nogil=True, cache=True)
def _follow(
    values: np.ndarray, bins: np.ndarray, slot: np.ndarray, missing: np.ndarray, low: np.ndarray, high: np.ndarray
) -> None:
    """Add rows to a column's course."""
    for i in range(len(bins)):
        x, s = values[i], slot[i]
        if bins[i] < FIRST:
            missing[s] += 1
            continue
        if x < low[s]:
            low[s] = x
        if x > high[s]:
            high[s] = x


@njit(nogil=True, cache=True)
def mix_numbers(values: np.ndarray, flags: np.ndarray, salt: np.uint64, prints: np.ndarray) -> None:
    """Add a hash of a column's numbers to the hash of their rows.

    Parameters
    ----------
    values : shape (n,), float64; flags : shape (n,) or (0,), uint8; prints : shape (n,), uint64, is written
    """
    bits = values.view(np.uint64)
    flagged = len(flags) > 0
    for i in range(len(bits)):
        x = bits[i]
        if flagged and flags[i] > 0:
            x = np.uint64(flags[i])
        elif values[i] != values[i]:  # NaN has many patterns of bits
            x = np.uint64(255)
        x = (x ^ salt) * np.uint64(0xBF58476D1CE4E5B9)
        x ^= x >> np.uint64(32)
        x *= np.uint64(0x94D049BB133111EB)
        prints[i] += x ^ (x >> np.uint64(29))


@njit(nogil=True, cache=True)
def place_numbers(
    values: np.ndarray,  # (n,) float64
    flags: np.ndarray,  # (n,) uint8 missing bin, or (0,)
    edges: np.ndarray,  # as ``ColumnBins.search`` has them, as the next four
    begins: np.ndarray,
    first: float,
    scale: float,
    steps: int,
    slot: np.ndarray,  # (n,) int64 where the column has a course, or (0,)
    missing: np.ndarray,  # (S,) int32
    low: np.ndarray,  # (S,) float64
    high: np.ndarray,  # (S,) float64
    salt: np.uint64,
    prints: np.ndarray,  # (n,) uint64: takes a hash of each value, or (0,)
    bins: np.ndarray,  # (n,) int32: the result
) -> None:
    """The bin of each row of a numeric column, within the column; its course and its hashes on the way."""
    for begin in range(0, len(values), _BLOCK):
        end = min(begin + _BLOCK, len(values))
        part, own, flag = values[begin:end], bins[begin:end], flags[begin:end]
        _search(part, edges, begins, first, scale, steps, own)
        for i in range(len(part)):
            own[i] = own[i] + FIRST if abs(part[i]) < np.inf else NAN if np.isnan(part[i]) else INVALID
        for i in range(len(flag)):
            own[i] = flag[i] if flag[i] > 0 else own[i]
        if len(slot) > 0:
            _follow(part, own, slot[begin:end], missing, low, high)
        if len(prints) > 0:
            mix_numbers(part, flag, salt, prints[begin:end])


@njit(nogil=True, cache=True)
def follow_codes(
    codes: np.ndarray,  # (n,) int32: bin of the row
    slot: np.ndarray,  # (n,) int64
    missing: np.ndarray,  # (S,) int32
    low: np.ndarray,  # (S,) float64
    high: np.ndarray,  # (S,) float64
    seen: np.ndarray,  # (S,) uint64: one bit a category
) -> None:
    """Add a categorical column's rows to its course, each value as its bin."""
    _follow(codes, codes, slot, missing, low, high)
    for i in range(len(codes)):
        if FIRST <= codes[i] < FIRST + 64:
            seen[slot[i]] |= np.uint64(1) << np.uint64(codes[i] - FIRST)


@njit(nogil=True, cache=True)
def add_rows(
    bins: np.ndarray,  # (n,) int32: bin of the row within the column
    values: np.ndarray,  # (n,) float64 of a numeric column, or (0,)
    centre: float,
    offset: int,  # where the column's bins begin
    cell: np.ndarray,  # (n,) int64
    row: np.ndarray,  # (n, L) float64, see ``outcomes``; L is 8 or 16
    lanes: np.ndarray,  # (cells, R, L) float64
    low: np.ndarray,  # (cells,) float64: the column's least value
    high: np.ndarray,  # (cells,) float64: the column's greatest value
    mark: np.ndarray,  # (n, J) int64: up to two things that a row is also counted by, -1 for none
    marks: np.ndarray,  # (cells, R, M) int64
) -> None:
    """Add a column's rows to the counts and sums of their bins."""
    stride, width = lanes.shape[1], row.shape[1]
    # flat, with indices that cannot be negative: a third faster
    flat, flat_row, flat_marks = lanes.reshape(-1), row.reshape(-1), marks.reshape(-1)
    for i in range(len(bins)):
        at, x = cell[i] * stride + offset + bins[i], 0.0
        if len(values) > 0 and bins[i] >= FIRST:
            v, c = values[i], cell[i]
            x = v - centre
            if v < low[c]:
                low[c] = v
            if v > high[c]:
                high[c] = v
        _add_lanes(flat, np.uint64(at * width), flat_row, np.uint64(i * width), x)
        if width > LANES:
            _add_lanes(flat, np.uint64(at * width + LANES), flat_row, np.uint64(i * width + LANES), 0.0)
        for j in range(mark.shape[1]):
            if mark[i, j] >= 0:
                flat_marks[np.uint64(at * marks.shape[2] + mark[i, j])] += 1


@njit(nogil=True, cache=True)
def add_sizes(
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
