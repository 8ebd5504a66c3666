"""Profiles of windows, and profiles stacked by window: plain counts that add."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import overload

import numpy as np
import pyarrow as pa

from monitors.profile.bins import FIRST, Bins, ColumnBins
from monitors.profile.course import Course, merged
from monitors.profile.facts import Facts, merge_facts
from monitors.profile.sums import SUMS


@dataclass(frozen=True)
class Profile:
    """One window and segment of the log, reduced to counts and sums.

    Attributes
    ----------
    start : first instant (µs since 1970 UTC) or row number of the window
    segment : ``""`` for all rows, else ``column=value``
    counts : shape (R, O + 2), int64: rows by stacked bin and outcome, then scored, then paired
    sums : shape (R, 10 + P), float64, in the order of ``SUMS``, then labelled rows by group of positions
    low, high : shape (C,), float64: least and greatest number by column (+inf, -inf where there is none)
    facts : what is known of the window as a whole
    course : what its features do by hour; None of a segment, and of windows of an hour
    """

    start: int
    segment: str
    counts: np.ndarray
    sums: np.ndarray
    low: np.ndarray
    high: np.ndarray
    facts: Facts = field(default_factory=dict)
    course: Course | None = None

    def __add__(self, other: Profile) -> Profile:
        """The profile of both sets of rows together; bounds and segment are the first's."""
        return replace(
            self, start=min(self.start, other.start), counts=self.counts + other.counts, sums=self.sums + other.sums,
            low=np.minimum(self.low, other.low), high=np.maximum(self.high, other.high),
            facts=merge_facts([self.facts, other.facts]), course=merged([self.course, other.course]),
        )  # fmt: skip

    def encode(self) -> bytes:
        """A compressed Arrow stream that ``decode`` reads back bit by bit; columns that are alike are in it once."""
        kind = np.int32 if self.counts.max(initial=0) < 2**31 else np.int64
        named = [(f"n{i}", column.astype(kind)) for i, column in enumerate(self.counts.T)]
        named += [(_sum_name(k), column) for k, column in enumerate(self.sums.T)]
        own: dict[str, np.ndarray] = {}
        alike: dict[str, str] = {}
        for name, column in named:
            before = next((other for other, known in own.items() if np.array_equal(known, column)), None)
            if before is None:
                own[name] = np.ascontiguousarray(column)
            else:
                alike[name] = before
        meta = {b"low": self.low.tobytes(), b"high": self.high.tobytes(), b"facts": json.dumps(self.facts).encode(),
                b"alike": json.dumps(alike).encode()}  # fmt: skip
        if self.course is not None:
            meta[b"course"] = self.course.encode()
        batch = pa.record_batch(own).replace_schema_metadata(meta)
        sink = pa.BufferOutputStream()
        # most of it are the last digits of sums, which nothing makes smaller: zstd takes four times as long over them
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_stream(sink, batch.schema, options=options) as writer:
            writer.write_batch(batch)
        return sink.getvalue().to_pybytes()

    @classmethod
    def decode(cls, start: int, segment: str, blob: bytes) -> Profile:
        """The inverse of ``encode``."""
        with pa.ipc.open_stream(blob) as reader:
            batch = reader.read_next_batch()
        meta = batch.schema.metadata
        columns = {name: column.to_numpy() for name, column in zip(batch.schema.names, batch.columns, strict=True)}
        columns |= {name: columns[other] for name, other in json.loads(meta.get(b"alike", b"{}")).items()}
        counted = sum(f"n{i}" in columns for i in range(len(columns)))
        counts = np.array([columns[f"n{i}"] for i in range(counted)], np.int64)
        sums = np.array([columns[_sum_name(k)] for k in range(len(columns) - counted)], float)
        return cls(
            start=start, segment=segment, counts=counts.T, sums=sums.T,
            low=np.frombuffer(meta[b"low"]), high=np.frombuffer(meta[b"high"]), facts=json.loads(meta[b"facts"]),
            course=Course.decode(meta[b"course"]) if b"course" in meta else None,
        )  # fmt: skip


class Stored(Sequence[Profile]):
    """Profiles of a segment as they are stored, in order of time; each is decoded when it is asked for, and not kept.

    Attributes
    ----------
    starts : of their windows
    """

    def __init__(self, segment: str, starts: Sequence[int], blobs: Sequence[bytes]) -> None:
        self.segment, self.starts, self._blobs = segment, starts, blobs

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, at: int) -> Profile: ...
    @overload
    def __getitem__(self, at: slice) -> Stored: ...
    def __getitem__(self, at: int | slice) -> Profile | Stored:
        if isinstance(at, slice):
            return Stored(self.segment, self.starts[at], self._blobs[at])
        return Profile.decode(self.starts[at], self.segment, self._blobs[at])


@dataclass(frozen=True)
class ColumnCube:
    """One column of a cube.

    Attributes
    ----------
    counts : shape (W, B, O + 2); sums : shape (W, B, 10 + P); low, high : shape (W,)
    """

    bins: ColumnBins
    counts: np.ndarray
    sums: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @cached_property
    def n(self) -> np.ndarray:
        """Rows by bin, shape (W, B)."""
        return self.counts[:, :, :-2].sum(axis=2)

    @property
    def by_outcome(self) -> np.ndarray:
        """Labelled rows by bin and class, shape (W, B, K)."""
        return self.counts[:, :, :-3]

    @property
    def scored(self) -> np.ndarray:
        """Rows with a prediction by bin, shape (W, B)."""
        return self.counts[:, :, -2]

    @property
    def paired(self) -> np.ndarray:
        """Rows with prediction and label by bin, shape (W, B)."""
        return self.counts[:, :, -1]

    def sum(self, name: str) -> np.ndarray:
        """One of ``SUMS`` by bin, shape (W, B). ``value`` and ``value2`` are of the value less ``bins.centre``."""
        return self.sums[:, :, SUMS.index(name)]

    @property
    def placed(self) -> np.ndarray:
        """Labelled rows by bin and group of positions, shape (W, B, P); P is 0 where the log has no positions."""
        return self.sums[:, :, len(SUMS) :]

    @property
    def values(self) -> slice:
        """The bins that hold values, not missing ones."""
        return slice(FIRST, None)


@dataclass(frozen=True)
class Cube:
    """Profiles of one segment, stacked by window.

    Attributes
    ----------
    starts, ends : shape (W,), int64, ascending
    counts : shape (W, R, O + 2); sums : shape (W, R, 10 + P); both lie in memory outcome by outcome and sum by sum,
        as they are stored and as they are asked for
    low, high : shape (W, C)
    facts : one dict a window; courses : one a window, or none at all
    """

    bins: Bins
    segment: str
    starts: np.ndarray
    ends: np.ndarray
    counts: np.ndarray
    sums: np.ndarray
    low: np.ndarray
    high: np.ndarray
    facts: tuple[Facts, ...]
    courses: tuple[Course | None, ...] = ()

    @classmethod
    def stack(
        cls, bins: Bins, profiles: Iterable[Profile], starts: Sequence[int], ends: Sequence[int], segment: str = ""
    ) -> Cube:  # fmt: skip
        """A cube of windows, in order of time; those that have no profile are empty."""
        rows, columns, count = int(bins.offsets[-1]), len(bins.columns), len(starts)
        counts = np.empty((bins.outcomes + 2, count, rows), np.int64).transpose(1, 2, 0)
        sums = np.empty((bins.sums, count, rows)).transpose(1, 2, 0)
        low, high = np.full((count, columns), np.inf), np.full((count, columns), -np.inf)
        facts: list[Facts] = [{"rows": 0} for _ in starts]
        courses: list[Course | None] = [None] * count
        places, empty = {int(start): i for i, start in enumerate(starts)}, np.ones(count, bool)
        for profile in profiles:
            i = places[profile.start]
            empty[i] = False
            counts[i], sums[i], low[i], high[i] = profile.counts, profile.sums, profile.low, profile.high
            facts[i], courses[i] = profile.facts, profile.course
        counts[empty], sums[empty] = 0, 0
        return cls(
            bins=bins, segment=segment, starts=np.array(starts, np.int64), ends=np.array(ends, np.int64),
            counts=counts, sums=sums, low=low, high=high, facts=tuple(facts), courses=tuple(courses),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def n(self) -> np.ndarray:
        """Rows by stacked bin, shape (W, R), int64."""
        return np.asarray(sum(self.counts[:, :, k] for k in range(self.counts.shape[2] - 2)))

    @cached_property
    def rows(self) -> np.ndarray:
        """Rows by window, shape (W,), int64."""
        return np.array([facts.get("rows", 0) for facts in self.facts], np.int64)

    def column(self, index: int) -> ColumnCube:
        """The column at ``index`` of ``bins.columns``; arrays are views."""
        begin, end = self.bins.offsets[index : index + 2]
        return ColumnCube(
            self.bins.columns[index], self.counts[:, begin:end], self.sums[:, begin:end],
            self.low[:, index], self.high[:, index],
        )  # fmt: skip

    def feature(self, name: str) -> ColumnCube:
        """A feature by name; KeyError when there is none."""
        return self.column(self.bins.position(name))

    def of_role(self, role: str) -> ColumnCube | None:
        """The position, the prediction or the label, where the log has one."""
        return self.column(self.bins.position("", role)) if self.bins.of_role(role) else None

    def select(self, keep: np.ndarray) -> Cube:
        """The windows where ``keep`` (bool mask or indices) says so; of windows in a row the arrays are views."""
        index = np.flatnonzero(keep) if np.asarray(keep).dtype == bool else np.asarray(keep, dtype=np.int64)
        in_a_row = len(index) > 0 and int(index[0]) >= 0 and bool((np.diff(index) == 1).all())
        some = slice(int(index[0]), int(index[-1]) + 1) if in_a_row else index
        return replace(
            self, starts=self.starts[some], ends=self.ends[some], counts=self.counts[some],
            sums=self.sums[some], low=self.low[some], high=self.high[some],
            facts=tuple(self.facts[i] for i in index),
            courses=tuple(self.courses[i] for i in index) if self.courses else (),
        )  # fmt: skip

    def regroup(self, starts: np.ndarray, ends: dict[int, int]) -> Cube:
        """Coarser windows: ``starts`` (W,) names each window's coarse window, ``ends`` gives its end."""
        groups, inverse = np.unique(starts, return_inverse=True)
        first = np.searchsorted(inverse, np.arange(len(groups)))
        if not len(groups):
            return self
        members = [np.flatnonzero(inverse == g) for g in range(len(groups))]
        return replace(
            self, starts=groups.astype(np.int64), ends=np.array([ends[int(g)] for g in groups], np.int64),
            counts=np.add.reduceat(self.counts, first, axis=0), sums=np.add.reduceat(self.sums, first, axis=0),
            low=np.minimum.reduceat(self.low, first, axis=0), high=np.maximum.reduceat(self.high, first, axis=0),
            facts=tuple(merge_facts([self.facts[i] for i in member]) for member in members),
            courses=tuple(merged([self.courses[i] for i in member]) for member in members) if self.courses else (),
        )  # fmt: skip

    def total(self) -> Cube:
        """One window that holds all of them; itself when it has none."""
        if not len(self):
            return self
        start = int(self.starts[0])
        return self.regroup(np.full(len(self), start, np.int64), {start: int(self.ends[-1])})


def _sum_name(k: int) -> str:
    return SUMS[k] if k < len(SUMS) else f"place{k - len(SUMS)}"


def sum_profiles(profiles: Iterable[Profile], segment: str) -> Profile:
    """All rows of several profiles as one of ``segment``."""
    total: Profile | None = None
    for profile in profiles:
        total = profile if total is None else total + profile
    if total is None:
        raise ValueError("no profiles to add")
    return replace(total, segment=segment)
