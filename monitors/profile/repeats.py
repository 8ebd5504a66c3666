"""Rows that come again: under an id that came before, or alike in all but id and time within seconds.

All that is kept of a row is 24 bytes: the hash of its id, a hash of its values, and its time. Of a window with many
rows a sample is kept, chosen by the hash on which rows are compared: rows that repeat each other are in it together, or
not at all, so that shares in the sample are shares in the window. It depends on the set of rows, not on their order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from monitors.profile.values import Encoded

MOST = 16_384
"""Rows of a window that are kept for comparing them."""
SECONDS = 10
"""Rows alike in all but id and time within so many seconds are one event, written twice."""

_ODD = np.uint64(0x9E3779B97F4A7C15)
_NULL_HASH = np.uint64(0x85EBCA77C2B2AE63)


class Sample:
    """Rows whose key ends in so many zero bits that no more than ``MOST`` are kept.

    The number of bits is the least that suffices, whatever order rows come in.
    """

    def __init__(self) -> None:
        self.bits = 0
        self._kept: list[np.ndarray] = []
        self._count = 0

    def add(self, keys: np.ndarray, *more: np.ndarray) -> None:
        """Take rows: ``keys`` (n,), uint64, well mixed, and what is to be known of them, each (n,), of 64 bits."""
        self._keep([keys, *(column.view(np.uint64) for column in more)])
        while self._count > MOST and self.bits < 63:
            self.bits += 1
            whole, self._kept, self._count = np.concatenate(self._kept, axis=1), [], 0
            self._keep(list(whole))

    def __add__(self, other: Sample) -> Sample:
        """The sample of both sets of rows together: the same as if one had taken them all."""
        out = Sample()
        out.bits = max(self.bits, other.bits)
        for part in (self, other):
            out.add(*part.rows())
        return out

    def _keep(self, columns: Sequence[np.ndarray]) -> None:
        if self.bits:
            own = np.flatnonzero(columns[0] & np.uint64((1 << self.bits) - 1) == 0)
            columns = [column[own] for column in columns]
        self._kept.append(np.stack(columns))
        self._count += len(columns[0])

    def rows(self) -> np.ndarray:
        """What is kept, shape (1 + more, rows), uint64."""
        return np.concatenate(self._kept, axis=1)


def conflicting(ids: np.ndarray, prints: np.ndarray) -> int:
    """Rows whose id came with other values too, beyond the first kind of values of each id. Both shape (n,), uint64."""
    ids, prints = _several(ids, prints)
    order = np.lexsort((prints, ids))
    ids, prints = ids[order], prints[order]
    same = ids[1:] == ids[:-1]
    return int((same & (prints[1:] != prints[:-1])).sum())


def repeated(prints: np.ndarray, times: np.ndarray, ids: np.ndarray) -> int:
    """Rows alike another one no more than ``SECONDS`` before in all but time and id.

    The same id again is a duplicate, not an event that was written twice.

    Parameters
    ----------
    prints, ids : shape (n,), uint64, id 0: none; times : shape (n,), int64 µs
    """
    prints, times, ids = _several(prints, times, ids)
    order = np.lexsort((ids, times, prints))
    prints, times, ids = prints[order], times[order], ids[order]
    near = (prints[1:] == prints[:-1]) & (times[1:] - times[:-1] <= SECONDS * 1_000_000)
    return int((near & ((ids[1:] != ids[:-1]) | (ids[1:] == 0))).sum())


def _several(keys: np.ndarray, *more: np.ndarray) -> list[np.ndarray]:
    """The rows whose key is not theirs alone: few, and sorting by all columns takes long."""
    own = np.flatnonzero(pd.Series(keys).duplicated(keep=False).to_numpy())
    return [column[own] for column in (keys, *more)]


def text_hashes(encoded: Encoded, salt: np.uint64) -> np.ndarray:
    """Hash of each row's value of a categorical column, shape (n,), uint64."""
    codes, nulls, values = encoded
    known = np.array(["\0nan" if value is None else value for value in values], object)
    own = pd.util.hash_array(known, categorize=False) if len(known) else np.empty(0, np.uint64)
    with np.errstate(over="ignore"):
        hashes = (np.append(own, _NULL_HASH) ^ salt) * _ODD
    mixed = hashes ^ (hashes >> np.uint64(31))
    return np.asarray(mixed[codes if nulls is None else np.where(nulls, len(own), codes)])


def salts(columns: int) -> np.ndarray:
    """A number for each column, shape (columns,), uint64: equal values in two columns are not the same."""
    with np.errstate(over="ignore"):
        return (np.arange(columns, dtype=np.uint64) + np.uint64(1)) * _ODD
