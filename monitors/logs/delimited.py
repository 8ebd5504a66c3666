"""CSV and its relatives as Arrow record batches."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from monitors.errors import LogFileError
from monitors.logs.blocks import BLOCK_BYTES, LONGEST_LINE, bytes_of, reported
from monitors.logs.columns import batch_of, decoded, decoded_value, unique_names
from monitors.logs.files import LogFile
from monitors.logs.infer import typed
from monitors.logs.notes import ReadNotes
from monitors.logs.quotes import scan_rows

DELIMITERS = ",;\t|"
# Where they stand without quotes; a quoted "NULL" was meant as the word. "NA" is Namibia and "None" a category
# unless the column turns out to hold numbers (see `infer`).
NULLS = ["", "NULL", "null", "\\N", "N/A", "n/a", "#N/A", "<NA>"]
_LONGEST_VALUE = 16 << 20  # a quoted value open for longer than this was never meant to be one
_COLUMN_BYTES = 32 << 10  # wide files are read in larger blocks, for every block costs a little by column


@dataclass
class _Layout:
    """How a file writes its rows, told by its first block."""

    delimiter: str
    names: list[str]
    header_bytes: int
    rows: int = 0  # read so far, bad ones included
    types: dict[int, pa.DataType] = field(default_factory=dict)


def delimited_batches(
    file: LogFile, columns: Collection[str] | None, text_columns: Collection[str], notes: ReadNotes
) -> Iterator[pa.RecordBatch]:
    """Read a CSV file block by block; a file of nothing but a header gives one batch without rows.

    Every value is parsed as text and then given its column's type (`infer.typed`), which widens when a later value
    asks for it: batches of one file may differ in types, no value is lost. ``a,,b`` holds a null; ``a,"",b`` an
    empty string in a column of text and a null in a column of numbers.

    Raises
    ------
    LogFileError
        The file cannot be read to its end; the batches that came before hold good rows.
    """
    with reported(file, "cannot be read as CSV"):
        pieces = bytes_of(file)
        first = next(pieces, b"")
        if b"\r" in first and b"\n" not in first:  # lines of the old Macintosh, which spreadsheets still offer
            first, pieces = first.replace(b"\r", b"\n"), (piece.replace(b"\r", b"\n") for piece in pieces)
        layout = _layout(file, first)
        kept = [i for i, name in enumerate(layout.names) if columns is None or name in columns]
        texts = {i for i in kept if layout.names[i] in text_columns}
        for block in _row_blocks(file, first[layout.header_bytes :], pieces, layout, notes):
            table = _parse(block, layout, kept, notes)
            arrays = [_column(table.column(k), i, layout, i in texts, notes) for k, i in enumerate(kept)]
            yield batch_of(arrays, [layout.names[i] for i in kept], table.num_rows)


def delimited_schema(file: LogFile) -> pa.Schema:
    """Names of the header and types of the first block (null where it holds no value)."""
    return next(delimited_batches(file, None, (), ReadNotes())).schema


def _layout(file: LogFile, first: bytes) -> _Layout:
    text = decoded_value(first[: 1 << 20])
    # Whole lines only, unless the file is a single line.
    text = text[: text.rfind("\n") + 1] or text
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter)
    try:
        names = next(row for row in reader if row)
    except (StopIteration, csv.Error):
        raise LogFileError(file.key, "has no header that could be read as CSV") from None
    # `line_num` counts physical lines, so that blank lines and names with line breaks are passed over too.
    lines = first.split(b"\n", reader.line_num)
    header = len(first) - len(lines[-1]) if len(lines) > reader.line_num else len(first)
    names = [name or f"column {i + 1}" for i, name in enumerate(names)]
    return _Layout(delimiter, unique_names(names), header)


def _delimiter(text: str) -> str:
    """The one that cuts most of the first lines into as many values as the header, and into most values."""
    head = [line.rstrip("\r") for line in text.split("\n", 50)[:50] if line.strip()]

    def score(delimiter: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in csv.reader(head, delimiter=delimiter) if row]
        except csv.Error:
            return 0.0, 0
        header = widths[0] if widths else 0
        return (0.0, 0) if header < 2 else (widths.count(header) / len(widths), header)

    return max(DELIMITERS, key=score)


def _row_blocks(
    file: LogFile, rest: bytes, pieces: Iterator[bytes], layout: _Layout, notes: ReadNotes
) -> Iterator[bytes]:
    """Blocks of whole rows; at least one, which may be empty."""
    wanted = min(max(BLOCK_BYTES, _COLUMN_BYTES * len(layout.names)), 8 * BLOCK_BYTES)
    last = False
    while not last:
        held = [rest]
        size = len(rest)
        while not last and size < wanted:
            piece = next(pieces, None)
            last = piece is None
            held.append(piece or b"")
            size += len(held[-1])
        rest = b"".join(held)
        if last and rest and not rest.endswith(b"\n"):
            rest += b"\n"
        if b'"' in rest:
            good, used = _without_stray_quotes(rest, layout, last or len(rest) > _LONGEST_VALUE, notes)
        else:
            used = rest.rfind(b"\n") + 1
            good = rest[:used]
        if good or last:
            yield good
        rest = rest[used:]
        wanted = max(wanted, len(rest) + BLOCK_BYTES)
        if len(rest) > LONGEST_LINE:
            raise LogFileError(file.key, f"has a line longer than {LONGEST_LINE >> 20} MB")


def _without_stray_quotes(block: bytes, layout: _Layout, last: bool, notes: ReadNotes) -> tuple[bytes, int]:
    """Whole rows of a block without those that open a quote and never close it, and the bytes that they took."""
    data = np.frombuffer(block, np.uint8)
    drops = np.empty((64, 2), np.int64)
    good = []
    start = 0
    while True:
        end, count = scan_rows(data[start:], ord(layout.delimiter), last, drops)
        done = start
        for left, right in drops[:count].tolist():
            good.append(block[done : start + left])
            row = layout.rows + block.count(b"\n", 0, start + left) + 1
            notes.skip(1, "a quote is opened and never closed", row)
            done = start + right
        good.append(block[done : start + end])
        start += end
        if count < len(drops):
            return b"".join(good), start


def _parse(block: bytes, layout: _Layout, kept: list[int], notes: ReadNotes) -> pa.Table:
    """Values of the kept columns, as bytes."""
    names = [str(i) for i in range(len(layout.names))]
    # Arrow takes an empty list for all columns; the rows of a file without any wanted column count all the same.
    wanted = [names[i] for i in kept] or names[:1]
    if not block.lstrip(b"\r\n"):
        return pa.table({name: pa.array([], pa.binary()) for name in wanted})
    wrong: list[int] = []

    def skip(bad: pacsv.InvalidRow) -> str:
        wrong.append(bad.number)
        return "skip"

    table = pacsv.read_csv(
        pa.BufferReader(block),
        read_options=pacsv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=names),
        parse_options=pacsv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True, invalid_row_handler=skip),
        convert_options=pacsv.ConvertOptions(
            include_columns=wanted,
            column_types=dict.fromkeys(wanted, pa.binary()),
            null_values=NULLS,
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    if wrong:
        notes.skip(len(wrong), f"not the {len(names)} values that the header names", layout.rows + wrong[0])
    layout.rows += table.num_rows + len(wrong)
    return table


def _column(values: pa.ChunkedArray, index: int, layout: _Layout, as_text: bool, notes: ReadNotes) -> pa.Array:
    raw = values.combine_chunks()
    try:
        text = raw.cast(pa.string())
    except pa.ArrowInvalid:
        text = decoded(raw)
        notes.say("not everything is UTF-8; the rest was read as Windows-1252")
    if as_text:
        return text
    known = layout.types.get(index, pa.null())
    array = typed(text, known, decimal_comma=layout.delimiter == ";")
    layout.types[index] = array.type
    return array
