"""A compact index from hashed ids to positions, and the rule by which one label of several is chosen."""

from __future__ import annotations

import numpy as np
from numba import njit

ABSENT = -1
_BUCKET = 4  # labels by bucket on average: together they fill half a cache line


@njit(cache=True, nogil=True)
def choose(
    order: np.ndarray, hashes: np.ndarray, checks: np.ndarray, values: np.ndarray, times: np.ndarray
) -> tuple[np.ndarray, int, int]:
    """Keep one label by id: the one with the latest time, among equals the one that came last.

    Parameters
    ----------
    order : int64 (n,), positions sorted by hash
    hashes, checks : uint64 and uint32 (n,); two rows have one id when both are equal
    values : int64 (n,), equal for equal labels
    times : int64 (n,), or (0,) when no label has a time

    Returns
    -------
    kept : int64 (k,), positions of the chosen labels, sorted by hash
    conflicts : ids that came with different labels
    duplicates : rows beyond the first of their id
    """
    kept = np.empty(order.size, np.int64)
    clash = np.zeros(order.size, np.bool_)
    count = duplicates = 0
    first = 0  # first of `kept` with the hash at hand
    for position in order:
        if count and hashes[kept[count - 1]] != hashes[position]:
            first = count
        place = ABSENT
        for k in range(first, count):
            if checks[kept[k]] == checks[position]:
                place = k
                break
        if place == ABSENT:
            kept[count] = position
            count += 1
            continue
        duplicates += 1
        held = kept[place]
        if values[held] != values[position]:
            clash[place] = True
        if times.size and times[held] != times[position]:
            later = times[position] > times[held]
        else:
            later = position > held
        if later:
            kept[place] = position
    return kept[:count].copy(), int(clash.sum()), duplicates


def buckets(hashes: np.ndarray) -> tuple[np.ndarray, int]:
    """Where the hashes with each leading bits begin in a sorted array.

    Returns
    -------
    starts : uint32 or uint64 (2**bits + 1,)
    shift : 64 - bits, what a hash is shifted right by to give its bucket
    """
    bits = max(1, (len(hashes) // _BUCKET).bit_length())
    firsts = np.arange(2**bits, dtype=np.uint64) << np.uint64(64 - bits)
    kind = np.uint32 if len(hashes) < 2**32 else np.uint64
    starts = np.empty(2**bits + 1, kind)
    starts[:-1] = np.searchsorted(hashes, firsts)
    starts[-1] = len(hashes)
    return starts, 64 - bits


@njit(cache=True, nogil=True)
def find(
    wanted: np.ndarray, wanted_checks: np.ndarray, hashes: np.ndarray, checks: np.ndarray, starts: np.ndarray,
    shift: int,
) -> np.ndarray:  # fmt: skip
    """Position of each wanted hash among the sorted ones, ABSENT where there is none (or the id is null: 0)."""
    out = np.full(wanted.size, ABSENT, np.int64)
    for i in range(wanted.size):
        hashed = wanted[i]
        if hashed == 0:
            continue
        bucket = np.int64(hashed >> np.uint64(shift))
        for k in range(np.int64(starts[bucket]), np.int64(starts[bucket + 1])):
            if hashes[k] == hashed and checks[k] == wanted_checks[i]:
                out[i] = k
                break
    return out
