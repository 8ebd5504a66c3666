"""Columns that stand in a file's path instead of in the file, as Hive and Spark write them."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pyarrow as pa

from monitors.logs.files import LogFile

_NULL = "__HIVE_DEFAULT_PARTITION__"
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")


def partitions(file: LogFile) -> dict[str, pa.Scalar]:
    """Columns of a path such as ``day=2015-01-01/region=EU/part-0.parquet``: one value each for the whole file.

    Digits become int64, all else text. Where a table keeps such columns itself, its word counts.
    """
    if file.origin is not None and file.origin.values is not None:
        return dict(file.origin.values)
    found: dict[str, pa.Scalar] = {}
    for folder in file.key.split("/")[:-1]:
        name, equals, value = folder.partition("=")
        if not equals or not name:
            continue
        value = unquote(value)
        if value == _NULL:
            found[unquote(name)] = pa.scalar(None, pa.string())
        elif _INTEGER.fullmatch(value):
            found[unquote(name)] = pa.scalar(int(value), pa.int64())
        else:
            found[unquote(name)] = pa.scalar(value, pa.string())
    return found


def with_partitions(batch: pa.RecordBatch, values: dict[str, pa.Scalar]) -> pa.RecordBatch:
    """The batch with the path's columns appended; a column of the file's own by that name wins."""
    for name, value in values.items():
        if name not in batch.schema.names:
            batch = batch.append_column(name, _constant(value, batch.num_rows))
    return batch


def _constant(value: pa.Scalar, rows: int) -> pa.Array:
    if not value.is_valid:
        return pa.nulls(rows, value.type)
    if pa.types.is_string(value.type):
        # One word for all rows: a dictionary costs next to nothing.
        zeros = pa.repeat(pa.scalar(0, pa.int32()), rows)
        return pa.DictionaryArray.from_arrays(zeros, pa.array([value.as_py()], pa.string()))
    return pa.repeat(value, rows)
