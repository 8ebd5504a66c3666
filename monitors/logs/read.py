"""Files and in-memory tables as Arrow record batches of bounded size."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any

import pyarrow as pa

from monitors.errors import UserError
from monitors.logs.blocks import format_of
from monitors.logs.columns import leaves, normalised, plain_schema
from monitors.logs.delimited import delimited_batches, delimited_schema
from monitors.logs.files import LogFile
from monitors.logs.formats.exchanges import flat_batches, payload_batches, payload_schema
from monitors.logs.frames import pandas_table
from monitors.logs.ndjson import ndjson_batches, ndjson_schema
from monitors.logs.notes import ReadNotes
from monitors.logs.origin import Reader
from monitors.logs.parquet import parquet_batches, parquet_rows, parquet_schema
from monitors.logs.partitions import partitions, with_partitions

__all__ = ["BATCH_ROWS", "ReadNotes", "is_slow", "open_batches", "row_count", "schema", "table_batches"]

BATCH_ROWS = 131_072


def open_batches(
    file: LogFile,
    columns: Iterable[str] | None = None,
    batch_rows: int = BATCH_ROWS,
    *,
    text_columns: Collection[str] = (),
    notes: ReadNotes | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read a file of the log.

    Parameters
    ----------
    file : what to read
    columns : names wanted; those that the file lacks are left out without a word. None reads all. A file that has
        none of them still gives its rows: batches without columns that know their number of rows.
    batch_rows : most rows in a batch; wide files come in smaller ones
    text_columns : columns whose values are names even where they look like numbers (ids): never rounded. CSV and
        JSON give them as text, Parquet as integers or text.
    notes : filled with what was skipped or changed, complete after the last batch

    Yields
    ------
    Batches in the file's order, their columns flat and plainly typed (`columns.plain`), at least one row each.
    Types of a column may differ between files and, in CSV and JSON, widen within one.

    Raises
    ------
    LogFileError
        The file is empty, truncated, corrupt, or not what its name says, also in mid-iteration.
    """
    notes = ReadNotes() if notes is None else notes
    wanted = None if columns is None else frozenset(columns)
    parts = partitions(file)
    if wanted is not None:
        parts = {name: value for name, value in parts.items() if name in wanted}
    reader = None if file.origin is None else file.origin.reader
    if file.payload is not None:
        read = flat_batches if file.payload.format.flat else payload_batches
        batches = read(file, wanted, text_columns, notes)
    elif reader is not None:
        batches = _from_reader(reader, wanted, text_columns)
    elif (kind := format_of(file)) == "parquet":
        batches = parquet_batches(file, wanted, text_columns, batch_rows)
    elif kind == "csv":
        batches = delimited_batches(file, wanted, text_columns, notes)
    else:
        batches = ndjson_batches(file, wanted, text_columns, notes)
    for batch in batches:
        for piece in _sliced(batch, batch_rows):
            yield with_partitions(piece, parts) if parts else piece


def schema(file: LogFile) -> pa.Schema:
    """Columns of a file and their types: from the footer (Parquet) or as the first block shows them.

    Raises
    ------
    LogFileError
        As `open_batches`.
    """
    if file.payload is not None and file.payload.answers is not None:
        return _schema.__wrapped__(file)  # not kept: the answers would be kept with it
    return _schema(file)


@lru_cache(maxsize=128)
def _schema(file: LogFile) -> pa.Schema:
    reader = None if file.origin is None else file.origin.reader
    if file.payload is not None:
        own = payload_schema(file)
    elif reader is not None:
        own = plain_schema(given := reader.schema(), leaves(given))
    elif (kind := format_of(file)) == "parquet":
        own = parquet_schema(file)
    else:
        own = delimited_schema(file) if kind == "csv" else ndjson_schema(file)
    parts = partitions(file)
    if not parts:
        return own
    empty = pa.RecordBatch.from_arrays([pa.array([], part.type) for part in own], schema=own)
    return with_partitions(empty, parts).schema


def is_slow(file: LogFile) -> bool:
    """Whether a file is read faster from memory than again: all but Parquet, which fills fresh memory no faster."""
    if file.payload is not None:
        return False  # what is taken apart depends on what is asked for
    reader = None if file.origin is None else file.origin.reader
    return reader is not None or format_of(file) != "parquet"


def row_count(file: LogFile) -> int | None:
    """Number of rows where the file's metadata tells it (Parquet), else None."""
    if file.payload is not None or (file.origin is not None and file.origin.reader is not None):
        return None
    return parquet_rows(file) if format_of(file) == "parquet" else None


def _from_reader(
    reader: Reader, wanted: frozenset[str] | None, text_columns: Collection[str]
) -> Iterator[pa.RecordBatch]:
    for batch in reader.batches(wanted):
        kept = [leaf for leaf in leaves(batch.schema) if wanted is None or leaf.name in wanted]
        yield normalised(batch, kept, text_columns)


def table_batches(
    obj: Any, batch_rows: int = BATCH_ROWS, columns: Iterable[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Read anything in memory that speaks Arrow, as if it were one file of a log.

    Parameters
    ----------
    obj : pandas or polars frame, DuckDB relation, PyArrow table, record batch or reader: any object with
        ``__arrow_c_stream__`` or ``__arrow_c_array__``. A pandas index with a name is a column.
    batch_rows : most rows in a batch
    columns : names wanted; None reads all

    Raises
    ------
    UserError
        The object is no table.
    """
    wanted = None if columns is None else frozenset(columns)
    reader = _reader(obj)
    kept = [leaf for leaf in leaves(reader.schema) if wanted is None or leaf.name in wanted]
    for batch in reader:
        for piece in _sliced(batch, batch_rows):
            yield normalised(piece, kept)


def _reader(obj: Any) -> pa.RecordBatchReader:
    table = pandas_table(obj)
    if table is not None:
        return table.to_reader()
    if hasattr(obj, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(obj)
    if hasattr(obj, "__arrow_c_array__"):
        batch = pa.record_batch(obj)
        return pa.RecordBatchReader.from_batches(batch.schema, [batch])
    raise UserError(
        f"An object of type {type(obj).__module__}.{type(obj).__qualname__} is no table: give a pandas or polars "
        "frame, a DuckDB relation, a PyArrow table, or anything else with __arrow_c_stream__."
    )


def _sliced(batch: pa.RecordBatch, rows: int) -> Iterator[pa.RecordBatch]:
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)
