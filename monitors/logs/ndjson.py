"""JSON, one object a line, as Arrow record batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pyarrow as pa
import pyarrow.json as pajson

from monitors.errors import LogFileError
from monitors.logs.blocks import bytes_of, line_blocks, reported
from monitors.logs.columns import batch_of, leaves, normalised
from monitors.logs.files import LogFile
from monitors.logs.notes import ReadNotes
from monitors.logs.records import array_records, line_records, records_batch
from monitors.logs.text import canonical_text, is_utf8

_WHAT = "cannot be read as JSON lines"
_MOST_COLUMNS = 20_000


def ndjson_batches(
    file: LogFile, columns: Collection[str] | None, text_columns: Collection[str], notes: ReadNotes
) -> Iterator[pa.RecordBatch]:
    """Read newline-delimited JSON (or one JSON array of objects) block by block.

    Nested objects become columns with dots, lists JSON text. A key that holds numbers here and text there is text
    from that block on; a key that was seen once stays a column of the file, null where a line lacks it. Lines that
    are no JSON objects are skipped and counted.

    Raises
    ------
    LogFileError
        The file cannot be read to its end, or holds one object by column instead of one by row.
    """
    types: dict[str, pa.DataType] = {}
    with reported(file, _WHAT):
        for batch in _batches(file, text_columns, notes):
            if batch.num_columns > _MOST_COLUMNS:
                raise LogFileError(
                    file.key,
                    f"has {batch.num_columns:,} keys in one object, so it is JSON by column: write one object a "
                    "line (pandas: to_json(orient='records', lines=True))",
                )
            whole = steady(batch, types, text_columns)
            yield whole if columns is None else whole.select([n for n in whole.schema.names if n in columns])


def ndjson_schema(file: LogFile) -> pa.Schema:
    """Columns and types of the first block."""
    return next((batch.schema for batch in ndjson_batches(file, None, (), ReadNotes())), pa.schema([]))


def _batches(file: LogFile, text_columns: Collection[str], notes: ReadNotes) -> Iterator[pa.RecordBatch]:
    if next(bytes_of(file, 1 << 12), b"").lstrip().startswith(b"["):
        for records in array_records(file, notes):
            yield records_batch(records, text_columns)
        return
    # Ids are asked for as text, which Arrow does for JSON strings alone; numbers are turned into text afterwards.
    ways = [pa.schema([(name, pa.string()) for name in text_columns])] if text_columns else []
    ways.append(None)
    row = 1
    for block in line_blocks(file):
        batch = _parsed(block, ways, text_columns) if is_utf8(block) else None
        if batch is None:
            records, lines = line_records(block, row, notes)
            batch = records_batch(records, text_columns)
        else:
            lines = batch.num_rows
        row += lines
        yield batch


def _parsed(block: bytes, ways: list[pa.Schema | None], text_columns: Collection[str]) -> pa.RecordBatch | None:
    """A block in Arrow's own reader; None when it holds anything that takes line by line to sort out."""
    for schema in list(ways):
        try:
            table = pajson.read_json(
                pa.BufferReader(block),
                read_options=pajson.ReadOptions(block_size=1 << 20),
                parse_options=pajson.ParseOptions(explicit_schema=schema),
            )
        except pa.ArrowInvalid:
            continue
        if not table.num_rows:
            return None
        ways[:] = ways[ways.index(schema) :]
        batch = table.combine_chunks().to_batches()[0]
        flat = normalised(batch, leaves(batch.schema), text_columns)
        # A float may be an id too large for an integer that has lost digits.
        lossy = (pa.types.is_floating(part.type) for part in flat.schema if part.name in text_columns)
        return None if any(lossy) else flat
    return None


def steady(batch: pa.RecordBatch, types: dict[str, pa.DataType], text_columns: Collection[str]) -> pa.RecordBatch:
    """The batch with every column of the file so far, each as wide as it has been; `types` remembers them."""
    found = dict(zip(batch.schema.names, batch.columns, strict=True))
    for name, array in found.items():
        types[name] = pa.string() if name in text_columns else _wider(types.get(name, pa.null()), array.type)
    arrays = [
        _as_type(found[name], kind) if name in found else pa.nulls(batch.num_rows, kind) for name, kind in types.items()
    ]
    return batch_of(arrays, list(types), batch.num_rows)


def _wider(known: pa.DataType, new: pa.DataType) -> pa.DataType:
    if known == new or pa.types.is_null(new):
        return known
    if pa.types.is_null(known):
        return new
    numbers = (pa.int64(), pa.float64())
    return pa.float64() if known in numbers and new in numbers else pa.string()


def _as_type(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if array.type == kind:
        return array
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), kind)
    return canonical_text(array) if pa.types.is_string(kind) else array.cast(kind, safe=False)
