"""Where the rows of a log come from when they are in no file of this machine."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
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
    fields : names that a table has for its columns, by their field ids in Parquet files; a column with an id that is
        not among them is none of the table's. None: names are the file's own.
    values : columns that the table, not the file, holds for all of its rows; None: those in the file's path
    """

    written: int | None
    filesystem: Any = None
    reader: Reader | None = None
    fields: Mapping[int, str] | None = None
    values: Mapping[str, pa.Scalar] | None = None
