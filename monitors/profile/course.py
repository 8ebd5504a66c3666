"""What happens inside a window: features' missing rows and range by hour, so that an onset is known to the hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd
import pyarrow as pa


@dataclass(frozen=True)
class Course:
    """A window's features by slot: an hour of a calendar window, a hundredth of a window of rows.

    Attributes
    ----------
    at : shape (S,), int64, ascending: where each slot begins (µs or row number); slots without rows are left out
    rows : shape (S,), int64
    missing : shape (S, F), int32: rows in which the feature has no value, of whatever kind
    low, high : shape (S, F), float32: least and greatest number, or bin of a category (+inf, -inf where there is none)
    seen : shape (S, F), uint64: bit k is set where the k-th category came
    """

    at: np.ndarray
    rows: np.ndarray
    missing: np.ndarray
    low: np.ndarray
    high: np.ndarray
    seen: np.ndarray

    def __len__(self) -> int:
        return len(self.at)

    def __add__(self, other: Course) -> Course:
        """The course of both sets of rows together."""
        if not len(self) or not len(other):
            return self if len(self) else other
        if self.at[-1] < other.at[0]:
            return Course(*(np.concatenate(pair) for pair in zip(self._parts, other._parts, strict=True)))
        at = np.union1d(self.at, other.at)
        features = self.missing.shape[1]
        out = Course(at, np.zeros(len(at), np.int64), np.zeros((len(at), features), np.int32),
                     np.full((len(at), features), np.inf, np.float32),
                     np.full((len(at), features), -np.inf, np.float32),
                     np.zeros((len(at), features), np.uint64))  # fmt: skip
        for part in (self, other):
            place = np.searchsorted(at, part.at)
            out.rows[place] += part.rows
            out.missing[place] += part.missing
            out.low[place] = np.minimum(out.low[place], part.low)
            out.high[place] = np.maximum(out.high[place], part.high)
            out.seen[place] |= part.seen
        return out

    @property
    def _parts(self) -> tuple[np.ndarray, ...]:
        return self.at, self.rows, self.missing, self.low, self.high, self.seen

    def encode(self) -> bytes:
        """Compressed bytes that ``decode`` reads back exactly."""
        head = np.array([len(self.at), self.missing.shape[1]], np.int64).tobytes()
        body = b"".join(np.ascontiguousarray(part).tobytes() for part in self._parts)
        size = np.int64(len(body)).tobytes()
        return head + size + bytes(pa.compress(body, codec="zstd", asbytes=True))

    @classmethod
    def decode(cls, blob: bytes) -> Course:
        """The inverse of ``encode``."""
        slots, features, size = (int(x) for x in np.frombuffer(blob, np.int64, 3))
        body = pa.decompress(blob[24:], size, codec="zstd", asbytes=True)
        parts: list[np.ndarray] = []
        begin = 0
        for kind, width in ((np.int64, 1), (np.int64, 1), (np.int32, features), (np.float32, features),
                            (np.float32, features), (np.uint64, features)):  # fmt: skip
            part = np.frombuffer(body, kind, slots * width, begin)
            begin += part.nbytes
            parts.append(part if width == 1 and len(parts) < 2 else part.reshape(slots, width))
        return cls(*parts)


def merged(courses: Sequence[Course | None]) -> Course | None:
    """The course of all windows together; None where none is known."""
    known = [course for course in courses if course is not None]
    return reduce(Course.__add__, known) if known else None


NO_COURSE = np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0), np.empty(0)
"""What stands for ``Follower.of_numbers`` where a column is not followed."""


class Follower:
    """The courses of many windows, added up batch by batch."""

    _PIECES = 8

    def __init__(self, features: int) -> None:
        self.features = features
        self.pieces: dict[int, list[Course]] = {}
        self.lost: dict[int, dict[str, np.ndarray]] = {}  # by window and file, rows without each feature (F,)
        self.slot = np.empty(0, np.int64)

    def begin(self, starts: np.ndarray, slots: np.ndarray) -> None:
        """Take a batch's windows and slots, both (n,)."""
        code, found = pd.factorize(slots)  # slots of two windows differ
        order = np.argsort(found)
        self._at, self.slot = found[order], np.argsort(order)[code]
        self._start = np.empty(len(self._at), np.int64)
        self._start[self.slot] = starts
        shape = (self.features, len(self._at))
        self.missing = np.zeros(shape, np.int32)
        self.low, self.high = np.full(shape, np.inf), np.full(shape, -np.inf)
        self.seen = np.zeros(shape, np.uint64)

    def of_numbers(self, i: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Each row's slot, and where to count feature ``i``: arguments of ``place_numbers``."""
        return self.slot, self.missing[i], self.low[i], self.high[i]

    def of_codes(self, i: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The same for ``follow_codes``."""
        return *self.of_numbers(i), self.seen[i]

    def end(self, source: str) -> None:
        """Put away the batch's counts."""
        rows = np.bincount(self.slot, minlength=len(self._at))
        with np.errstate(over="ignore"):
            low, high = self.low.T.astype(np.float32), self.high.T.astype(np.float32)
        missing, seen = self.missing.T, self.seen.T
        for start in np.unique(self._start).tolist():
            own = np.flatnonzero(self._start == start)
            pieces = self.pieces.setdefault(start, [])
            pieces.append(Course(self._at[own], rows[own], missing[own], low[own], high[own], seen[own]))
            if len(pieces) > self._PIECES:
                self.pieces[start] = [reduce(Course.__add__, pieces)]
            by_file = self.lost.setdefault(start, {})
            lost = missing[own].sum(axis=0, dtype=np.int64)
            by_file[source] = by_file[source] + lost if source in by_file else lost

    def course(self, start: int) -> Course | None:
        """A window's course."""
        return merged(self.pieces.get(start, []))
