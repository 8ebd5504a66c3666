"""What passes from the log to the profile: a batch of rows with their windows and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

    @cached_property
    def parts(self) -> frozenset[str]:
        """Columns that are no features because they have another part or are excluded."""
        named = (self.timestamp, self.id, self.prediction, self.label, self.version, *self.exclude)
        return frozenset(name for name in named if name is not None)

    def is_feature(self, name: str) -> bool:
        """Whether a column of this name is a feature."""
        return name not in self.parts if self.include is None else name in self.include

    @property
    def groups(self) -> tuple[str, ...]:
        """Columns by whose values rows are also counted apart."""
        return (*self.segments, *([self.version] if self.version else []))


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
    """

    batch: pa.RecordBatch
    starts: np.ndarray
    times: np.ndarray | None = None
    prediction: pa.Array | None = None
    label: pa.Array | None = None
    label_times: np.ndarray | None = None
    ids: np.ndarray | None = None
    keys: np.ndarray | None = None

    def __len__(self) -> int:
        return self.batch.num_rows
