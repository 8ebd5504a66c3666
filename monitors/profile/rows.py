"""What passes from the log to the profile: a batch of rows with their windows and labels."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

UNKNOWN_TIME = np.iinfo(np.int64).min
"""Stands for a time that is not known."""


@dataclass(frozen=True)
class Columns:
    """Which column of the log plays which part. ``include`` None means every column with no other part."""

    timestamp: str | None = None
    id: str | None = None
    prediction: str | None = None
    label: str | None = None
    include: Sequence[str] | None = None
    exclude: Sequence[str] = ()
    segments: Sequence[str] = ()
    version: str | None = None
    position: str | None = None
    attributions: Sequence[str] = ()
    latency: str | None = None

    @cached_property
    def parts(self) -> frozenset[str]:
        """Columns that are no features because they have another part or are excluded."""
        named = (self.timestamp, self.id, self.prediction, self.label, self.version, self.position, self.latency,
                 *self.exclude)  # fmt: skip
        return frozenset(name for name in named if name is not None)

    @cached_property
    def _included(self) -> frozenset[str]:
        return frozenset(self.include or ())

    def is_feature(self, name: str) -> bool:
        """Whether a column of this name is a feature."""
        if self.include is not None:
            return name in self._included
        return name not in self.parts and not is_attribution(self.attributions, name)

    def is_seen(self, name: str) -> bool:
        """Whether the reference is looked through for what a column of this name holds, as it is in the file."""
        return self.is_feature(name) or name in (*self.groups, self.position, self.latency)

    @property
    def groups(self) -> tuple[str, ...]:
        """Columns by whose values rows are also counted apart."""
        return (*self.segments, *([self.version] if self.version else []))


def is_attribution(patterns: Sequence[str], name: str) -> bool:
    """Whether a column of this name holds attributions.

    Parameters
    ----------
    patterns : names, or globs with one star
    """
    return any(_stem(pattern, name) is not None for pattern in patterns)


def attributed(patterns: Sequence[str], name: str, features: Collection[str]) -> str | None:
    """The feature whose attributions a column holds, None where it holds none or those of something else.

    It is what the star of a glob stands for; of a name without a star, the longest feature that it begins or ends with.

    >>> attributed(["shap_*"], "shap_price", {"price", "age"})
    'price'
    >>> attributed(["contribution_of_price"], "contribution_of_price", {"price", "age"})
    'price'
    """
    for pattern in patterns:
        stem = _stem(pattern, name)
        if stem is None:
            continue
        if "*" in pattern:
            if stem in features:
                return stem
            continue
        near = [feature for feature in features if name != feature and (
            name.startswith(feature) or name.endswith(feature))]  # fmt: skip
        if near:
            return max(near, key=lambda feature: (len(feature), feature))
    return None


def _stem(pattern: str, name: str) -> str | None:
    """What a pattern's star stands for in a name, the name itself where it has none; None where it does not match."""
    before, star, after = pattern.partition("*")
    if not star:
        return name if name == pattern else None
    fits = len(name) > len(before) + len(after) and name.startswith(before) and name.endswith(after)
    return name[len(before) : len(name) - len(after)] if fits else None


@dataclass(frozen=True)
class Rows:
    """Rows of a batch, all inside windows that are wanted.

    Attributes
    ----------
    batch : the columns as the file has them
    starts : shape (n,), int64: each row's window
    times : shape (n,), int64 µs, or None (windows of rows without a timestamp)
    prediction, label : aligned with the rows, or None
    label_times : shape (n,), int64 µs, ``UNKNOWN_TIME`` where unknown, or None
    ids : shape (n,), uint64 hashes of the rows' ids, 0 where there is none; or None
    keys : shape (n,), uint64: a number that names the row whatever order files come in, for sampling; or None
    descents : shape (n,), bool: whose time is before that of the row right before it in its file; or None
    future : rows of the file, by window, whose time is after the file was written: they are not among these rows
    names : of all columns of the file, also of those that are not read; None: those of the batch
    hourly : whether windows are of the calendar and longer than an hour, so that their hours are counted too
    slots : shape (n,), int64: the part of its window (an hour) in which each row lies, see ``Grain.slots``; or None
    positions : shape (n,), int64: the row's time or number, whichever windows are made of; or None
    source : the file that the rows are of
    """

    batch: pa.RecordBatch
    starts: np.ndarray
    times: np.ndarray | None = None
    prediction: pa.Array | None = None
    label: pa.Array | None = None
    label_times: np.ndarray | None = None
    ids: np.ndarray | None = None
    keys: np.ndarray | None = None
    descents: np.ndarray | None = None
    future: Mapping[int, int] = field(default_factory=dict)
    hourly: bool = False
    slots: np.ndarray | None = None
    positions: np.ndarray | None = None
    source: str = ""
    names: frozenset[str] | None = None

    def __len__(self) -> int:
        return self.batch.num_rows
