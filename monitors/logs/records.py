"""JSON objects that Arrow's reader cannot take as they are: broken lines, keys of mixed types, arrays."""

from __future__ import annotations

import codecs
import json
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Any

import pyarrow as pa

from monitors.errors import LogFileError
from monitors.logs.blocks import LONGEST_LINE, bytes_of
from monitors.logs.columns import batch_of, decoded_value, json_text
from monitors.logs.files import LogFile
from monitors.logs.notes import ReadNotes

Record = dict[str, Any]
_DEEPEST = 32
_INT64 = 2**63
_BETWEEN = " \t\r\n,"
NO_JSON = "no JSON object"


def line_records(block: bytes, row: int, notes: ReadNotes) -> tuple[list[Record], int]:
    """Objects of a block's lines, and how many lines it has, blank ones apart; `row` numbers the first."""
    numbered, lines = numbered_records(block, row, notes)
    return [record for _, record in numbered], lines


def numbered_records(block: bytes, row: int, notes: ReadNotes) -> tuple[list[tuple[int, Record]], int]:
    """The same, each object with the row at which it stands."""
    records: list[tuple[int, Record]] = []
    lines = 0
    for line in block.split(b"\n"):
        if not line.strip():
            continue
        try:
            value = json.loads(_decoded(line, notes))
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            records.append((row + lines, value))
        else:
            notes.skip(1, NO_JSON, row + lines)
        lines += 1
    return records, lines


def array_records(file: LogFile, notes: ReadNotes) -> Iterator[list[Record]]:
    """Objects of a file that is one JSON array, piece by piece, without ever holding the whole file."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    parse = json.JSONDecoder().raw_decode
    text = ""
    row = 0
    for piece in chain(bytes_of(file, 1 << 20), [b""]):
        text += decode(piece, final=not piece)
        records: list[Record] = []
        at = 0
        if not row:
            at = text.index("[") + 1
            row = 1
        while True:
            while at < len(text) and text[at] in _BETWEEN:
                at += 1
            if at == len(text) or text[at] == "]":
                break
            try:
                value, at = parse(text, at)
            except (ValueError, RecursionError):
                break  # an object that goes on in the next piece, or a broken one
            if isinstance(value, dict):
                records.append(value)
            else:
                notes.skip(1, NO_JSON, row)
            row += 1
        text = text[at:]
        if len(text) > LONGEST_LINE:
            break
        if records:
            yield records
    if not text.startswith("]"):
        raise LogFileError(file.key, f"is a JSON array that breaks off or is no JSON after {row - 1:,} objects")


def records_batch(records: Sequence[Record], text_columns: Collection[str]) -> pa.RecordBatch:
    """Flat batch of JSON objects, in the order in which their keys first appear."""
    columns = _even(records)
    if columns is None:
        columns = _uneven(records)
    arrays = [_array(values, name in text_columns) for name, values in columns.items()]
    return batch_of(arrays, list(columns), len(records))


def _even(records: Sequence[Record]) -> dict[str, Sequence[Any]] | None:
    """Columns of objects that all have the same keys in the same order and no objects within; None of any others."""
    keys = list(records[0]) if records else []
    if not keys or any(list(record) != keys for record in records):
        return None
    columns = list(zip(*(record.values() for record in records), strict=True))
    return None if any(dict in set(map(type, values)) for values in columns) else dict(zip(keys, columns, strict=True))


def _uneven(records: Sequence[Record]) -> dict[str, Sequence[Any]]:
    flat: list[Record] = []
    names: dict[str, None] = {}
    for record in records:
        row: Record = {}
        _flatten(record, "", 0, row)
        names.update(dict.fromkeys(row))
        flat.append(row)
    columns: dict[str, Sequence[Any]] = {name: [row.get(name) for row in flat] for name in names}
    # {"o": null} beside {"o": {"p": 1}} is no column of its own.
    objects = {name[:at] for name in names for at, mark in enumerate(name) if mark == "."}
    for name in objects & columns.keys():
        if all(value is None for value in columns[name]):
            del columns[name]
    return columns


def _flatten(record: Record, prefix: str, depth: int, into: Record) -> None:
    for key, value in record.items():
        name = prefix + key
        if isinstance(value, dict) and depth < _DEEPEST:
            _flatten(value, name + ".", depth + 1, into)
        else:
            into[f"{name} (2)" if name in into else name] = value


def _array(values: Sequence[Any], as_text: bool) -> pa.Array:
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return pa.nulls(len(values), pa.string() if as_text else pa.null())
    if not as_text:
        if kinds == {bool}:
            return pa.array(values, pa.bool_())
        if kinds == {int} and all(value is None or -_INT64 <= value < _INT64 for value in values):
            return pa.array(values, pa.int64())
        if kinds == {float}:
            return pa.array(values, pa.float64())
        if kinds <= {int, float}:
            # By way of text, for float() itself refuses integers beyond 1e308.
            return pa.array([float(str(value)) if type(value) is int else value for value in values], pa.float64())
    texts = [None if value is None else _text(value) for value in values]
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:  # half of a surrogate pair, as a cut "\\ud83d" leaves it
        return pa.array([None if t is None else t.encode(errors="replace").decode() for t in texts], pa.string())


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json_text(value)


def _decoded(line: bytes, notes: ReadNotes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        notes.say("not everything is UTF-8; the rest was read as Windows-1252")
        return decoded_value(line)
