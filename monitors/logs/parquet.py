"""Parquet files as Arrow record batches."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from monitors.logs.blocks import reported
from monitors.logs.columns import Leaf, leaves, normalised, plain_schema
from monitors.logs.files import LogFile

_WHAT = "is no readable Parquet file (truncated, corrupt or something else)"
# Without a buffer size Arrow holds a whole row group: 700 MB instead of 200 for one of 4 million rows × 20 columns,
# and is slower too.
_BUFFER = 1 << 20
_BATCH_BYTES = 128 << 20
# Of two cores one reads while the other counts: parting a batch's columns among threads would cost a third more.
_THREADS = (os.cpu_count() or 1) > 2


def parquet_batches(
    file: LogFile, columns: Collection[str] | None, text_columns: Collection[str], batch_rows: int
) -> Iterator[pa.RecordBatch]:
    """Read a Parquet file in batches that never hold a whole row group, text with few values as dictionaries.

    Raises
    ------
    LogFileError
        Truncated, corrupt or not Parquet, also when that shows only in a later row group.
    """
    far = _is_far(file)
    with reported(file, _WHAT), contextlib.ExitStack() as stack:
        opened = stack.enter_context(_opened(file, buffer_size=_BUFFER, pre_buffer=far))
        meta, schema = opened.metadata, opened.schema_arrow
        coded = _coded_columns(meta, schema, text_columns)
        if coded:
            options = {"metadata": meta, "read_dictionary": coded, "buffer_size": _BUFFER, "pre_buffer": far}
            opened = stack.enter_context(_opened(file, **options))
            schema = opened.schema_arrow
        wanted = [leaf for leaf in _leaves(schema, file) if columns is None or leaf.name in columns]
        tops = list(dict.fromkeys(schema.field(leaf.top).name for leaf in wanted))
        rows = max(1024, min(batch_rows, _BATCH_BYTES // (8 * max(1, len(wanted)))))
        # Every look at an object store takes long: a row group is fetched whole, one at a time.
        groups = [[group] for group in range(meta.num_row_groups)] if far else [None]
        kept: list[Leaf] = []
        for group in groups:
            for batch in opened.iter_batches(rows, row_groups=group, columns=tops, use_threads=_THREADS):
                if not kept:  # one batch of a file is laid out as all others
                    place = _places(schema.names, batch.schema.names)
                    kept = [leaf._replace(top=place[leaf.top]) for leaf in wanted]
                yield normalised(batch, kept, text_columns)


def parquet_schema(file: LogFile) -> pa.Schema:
    """Flat, plainly typed schema, from the footer alone."""
    with reported(file, _WHAT), _opened(file) as opened:
        schema = opened.schema_arrow
        return plain_schema(schema, _leaves(schema, file))


def parquet_rows(file: LogFile) -> int:
    """Number of rows, from the footer alone."""
    with reported(file, _WHAT), _opened(file) as opened:
        return int(opened.metadata.num_rows)


def _leaves(schema: pa.Schema, file: LogFile) -> list[Leaf]:
    """Columns of the file, called as the table that it belongs to calls them."""
    fields = None if file.origin is None else file.origin.fields
    if fields is None:
        return leaves(schema)
    ids = [int((part.metadata or {}).get(b"PARQUET:field_id", -1)) for part in schema]
    named = pa.schema([part.with_name(fields.get(i, part.name)) for i, part in zip(ids, schema, strict=True)])
    return [leaf for leaf in leaves(named) if ids[leaf.top] < 0 or ids[leaf.top] in fields]


def _is_far(file: LogFile) -> bool:
    return file.origin is not None and file.origin.filesystem is not None


def _opened(file: LogFile, pre_buffer: bool = False, **options: Any) -> pq.ParquetFile:
    return pq.ParquetFile(file.open() if _is_far(file) else file.path, pre_buffer=pre_buffer, **options)


def _places(names: list[str], read: list[str]) -> dict[int, int]:
    """Where each column of the file stands in a batch.

    Arrow hands columns out in the order of the request, all columns of one name together, and beside a column
    ``a.b`` also the field ``b`` of a struct ``a``.
    """
    held: dict[str, list[int]] = {}
    for place, name in enumerate(read):
        held.setdefault(name, []).append(place)
    places = {}
    for index, name in enumerate(names):
        if held.get(name):
            places[index] = held[name].pop(0)
    return places


def _coded_columns(metadata: pq.FileMetaData, schema: pa.Schema, text_columns: Collection[str]) -> list[str]:
    """Text columns that the file itself holds as dictionaries: handing those on costs less than spelling them out.

    A writer that met too many values fell back to plain text within the column; what tells is that such a column
    takes more bytes than indices into a dictionary would. (Ids read as dictionaries take 4 times as long.)
    """
    if not metadata.num_row_groups:
        return []
    texts = {
        part.name for part in schema if pa.types.is_string(part.type) or pa.types.is_large_string(part.type)
    } - set(text_columns)
    if not texts:
        return []
    coded = []
    groups = {0, metadata.num_row_groups - 1}
    for i in range(metadata.num_columns):
        if metadata.schema.column(i).path in texts:
            chunks = [metadata.row_group(g).column(i) for g in groups]
            if all(c.has_dictionary_page and c.total_uncompressed_size < 3 * c.num_values + (1 << 16) for c in chunks):
                coded.append(chunks[0].path_in_schema)
    return coded
