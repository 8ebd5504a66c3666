"""Where the rows of a log come from when they are in no file of this machine."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa


class Reader(Protocol):
    """Rows that only a library or a data base can read."""

    def schema(self) -> pa.Schema:
        """Columns and types as they come."""

    def batches(self, columns: Collection[str] | None) -> Iterator[pa.RecordBatch]:
        """The rows; columns by their flat names, those that are not there left out without a word."""


@dataclass(frozen=True)
class Origin:
    """What reading a file takes beyond its path.

    Parameters
    ----------
    written : nanoseconds since the epoch at which its last row can have been written; None: nobody knows
    filesystem : Arrow's, of an object store
    reader : what gives the rows, when they are no file to us
    names : by name in the file, the names that a table has for its columns; others are no columns of the table.
        None: names are the file's own.
    values : columns that the table, not the file, holds for all of its rows; None: those in the file's path
    """

    written: int | None
    filesystem: Any = None
    reader: Reader | None = None
    names: Mapping[str, str] | None = None
    values: Mapping[str, pa.Scalar] | None = None
