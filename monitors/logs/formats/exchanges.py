"""A file of payloads as record batches: bodies taken apart, batches exploded, responses joined."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

import pyarrow as pa

from monitors.logs.blocks import BLOCK_BYTES, bytes_of, format_of, line_blocks, reported
from monitors.logs.columns import leaves, normalised
from monitors.logs.delimited import delimited_batches
from monitors.logs.files import LogFile
from monitors.logs.formats.bodies import aligned, count, items, named
from monitors.logs.formats.payload import (
    BOTH,
    ID,
    REQUEST,
    RESPONSE,
    TIMESTAMP,
    BrokenRecordError,
    Exchange,
    Payload,
    Record,
)
from monitors.logs.ndjson import steady
from monitors.logs.notes import ReadNotes
from monitors.logs.parquet import parquet_batches
from monitors.logs.records import array_records, numbered_records, records_batch

_WHAT = "cannot be read as payloads"
_TABLE_ROWS = 256  # of a table at a time: bodies can be a megabyte each
_BATCH_ROWS = 8192
_GLANCE_BYTES = 1 << 18  # for a look at the columns
_IDS = (ID, "id", "databricks_request_id", "client_request_id")  # numbers in them must keep their digits


def payload_batches(
    file: LogFile,
    columns: Collection[str] | None,
    text_columns: Collection[str],
    notes: ReadNotes,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[pa.RecordBatch]:
    """Read a file of payloads: a row for each instance of each request.

    Every batch has the columns ``timestamp`` and ``request_id``. The id of a batch's k-th row is the request's with
    ``_k`` behind it, where the batch has more than one. Records that are broken are skipped and counted; a response
    that is, or has another number of rows than its request, leaves the outputs null.

    Parameters
    ----------
    file : with a ``payload``
    columns : names wanted; None is all
    text_columns : columns never taken for numbers
    notes : filled with what was skipped
    block_bytes : of JSON lines taken apart at a time

    Raises
    ------
    LogFileError
        The file cannot be read to its end.
    """
    payload: Payload = file.payload  # type: ignore[assignment]
    types: dict[str, pa.DataType] = {}
    texts = {ID, *text_columns}
    bare = columns is not None and set(columns) <= {TIMESTAMP, ID}
    for rows in _rows(file, payload, notes, bare, block_bytes):
        for start in range(0, len(rows), _BATCH_ROWS):
            batch = records_batch(rows[start : start + _BATCH_ROWS], texts)
            whole = steady(batch, types, texts)
            yield whole if columns is None else whole.select([n for n in whole.schema.names if n in columns])


def flat_batches(
    file: LogFile, columns: Collection[str] | None, text_columns: Collection[str], notes: ReadNotes
) -> Iterator[pa.RecordBatch]:
    """Read a file of a format whose records are rows already, under our names."""
    flat = file.payload.format.flat  # type: ignore[union-attr]
    assert flat is not None
    for batch in _tables(file, text_columns, notes, 1 << 16):
        whole = flat(batch)
        yield whole if columns is None else whole.select([n for n in whole.schema.names if n in columns])


def payload_schema(file: LogFile) -> pa.Schema:
    """Columns and types of the first rows; of a file without any, those that all have."""
    if file.payload.format.flat:  # type: ignore[union-attr]
        first = next(flat_batches(file, None, (), ReadNotes()), None)
    else:
        first = next(payload_batches(file, None, (), ReadNotes(), _GLANCE_BYTES), None)
    return pa.schema([(TIMESTAMP, pa.null()), (ID, pa.string())]) if first is None else first.schema


def responses(file: LogFile) -> Iterator[list[tuple[str, str]]]:
    """Ids and bodies (JSON) of a file's responses that stand apart from their requests."""
    for found in _exchanges(file, ReadNotes()):
        yield [
            (each.id, json.dumps(each.outputs))
            for _, each in found
            if each.half == RESPONSE and each.id is not None
        ]  # fmt: skip


def response_times(file: LogFile) -> Iterator[pa.Array]:
    """Times of the same, as they are written."""
    for found in _exchanges(file, ReadNotes()):
        times = [{TIMESTAMP: _instant(each)} for _, each in found if each.half == RESPONSE and each.id is not None]
        if times:
            yield records_batch(times, ()).column(0)


def _rows(
    file: LogFile, payload: Payload, notes: ReadNotes, bare: bool, block_bytes: int
) -> Iterator[list[dict[str, Any]]]:
    """Rows of a file, block by block; ``bare`` ones have no more than time and id."""
    for some in _exchanges(file, notes, block_bytes):
        asked = [(row, each) for row, each in some if each.half in (REQUEST, BOTH)]
        bodies: dict[str, Any] = {}
        if payload.answers is not None and not bare:
            ids = {each.id for _, each in asked if each.half == REQUEST and each.id is not None}
            bodies = payload.answers.of(sorted(ids))
        rows: list[dict[str, Any]] = []
        for row, each in asked:
            answer = bodies.get(each.id or "") if each.half == REQUEST else each.outputs
            names = payload.columns or "input"
            try:
                found = items(each.inputs)
                heads = _heads(each, count(found, names))
            except BrokenRecordError as broken:
                notes.skip(1, str(broken), row)
                continue
            if not bare:
                outputs = _outputs(answer, len(heads), payload, notes)
                heads = _whole(each, heads, named(found, names), outputs)
            rows += heads
        if rows:
            yield rows


def _heads(each: Exchange, rows: int) -> list[dict[str, Any]]:
    time = _instant(each)
    if rows == 1 or each.id is None:
        return [{TIMESTAMP: time, ID: each.id} for _ in range(rows)]
    return [{TIMESTAMP: time, ID: f"{each.id}_{k}"} for k in range(rows)]


def _instant(each: Exchange) -> Any:
    """The time of an exchange as it is written, None where that is no single value."""
    return None if isinstance(each.time, (dict, list)) else each.time


def _outputs(body: Any, rows: int, payload: Payload, notes: ReadNotes) -> list[dict[str, Any]]:
    if body is None:
        return [{}] * rows
    try:
        found = aligned(items(body), rows)
        if found is None:
            raise BrokenRecordError("the response has another number of rows than its request")
        # The name of a protocol's only tensor is no name for a prediction.
        return named(found._replace(names=()) if len(found.names) == 1 else found, payload.outputs)
    except BrokenRecordError as broken:
        notes.say(f"responses are left out: {broken}")
        return [{}] * rows


def _whole(
    each: Exchange, heads: list[dict[str, Any]], inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Rows with all of their columns; the second of two equal names becomes ``name (2)``, as everywhere."""
    for head, given, said in zip(heads, inputs, outputs, strict=True):
        head.update(each.about)
        for values in (given, said):
            if head.keys().isdisjoint(values):
                head.update(values)
            else:
                head.update({name if name not in head else f"{name} (2)": value for name, value in values.items()})
    return heads


def _exchanges(file: LogFile, notes: ReadNotes, block_bytes: int = BLOCK_BYTES) -> Iterator[list[tuple[int, Exchange]]]:
    """Exchanges of a file with the rows at which they stand, block by block."""
    exchange = file.payload.format.exchange  # type: ignore[union-attr]
    assert exchange is not None
    for records in raw_records(file, notes, block_bytes):
        found = []
        for row, record in records:
            try:
                each = exchange(record)
            except BrokenRecordError as broken:
                notes.skip(1, str(broken), row)
                each = None
            if each is not None:
                found.append((row, each))
        yield found


def raw_records(file: LogFile, notes: ReadNotes, block_bytes: int = BLOCK_BYTES) -> Iterator[list[tuple[int, Record]]]:
    """Records as the file holds them, some at a time, each with its row: JSON lines, a JSON array, or a table."""
    row = 1
    if (file.origin is not None and file.origin.reader is not None) or format_of(file) in ("parquet", "csv"):
        for batch in _tables(file, _IDS, notes, _TABLE_ROWS):
            yield list(enumerate(batch.to_pylist(), row))
            row += batch.num_rows
        return
    with reported(file, _WHAT):
        if next(bytes_of(file, 1 << 12), b"").lstrip().startswith(b"["):
            for some in array_records(file, notes):
                yield list(enumerate(some, row))
                row += len(some)
            return
        for block in line_blocks(file, block_bytes):
            records, lines = numbered_records(block, row, notes)
            row += lines
            yield records


def _tables(file: LogFile, text_columns: Collection[str], notes: ReadNotes, rows: int) -> Iterator[pa.RecordBatch]:
    reader = None if file.origin is None else file.origin.reader
    if reader is not None:
        for batch in reader.batches(None):
            plain = normalised(batch, leaves(batch.schema), text_columns)
            for start in range(0, batch.num_rows, rows):
                yield plain.slice(start, rows)
    elif (kind := format_of(file)) == "parquet":
        yield from parquet_batches(file, None, text_columns, rows)
    elif kind == "csv":
        for batch in delimited_batches(file, None, text_columns, notes):
            for start in range(0, batch.num_rows, rows):
                yield batch.slice(start, rows)
    else:
        types: dict[str, pa.DataType] = {}
        for records in raw_records(file, notes):
            yield steady(records_batch([record for _, record in records], text_columns), types, text_columns)
