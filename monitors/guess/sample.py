"""A sample of a log, in the log's order and from end to end, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from monitors.errors import LogFileError, UserError
from monitors.logs.files import LogFile, discover
from monitors.logs.formats.registry import formatted, joined
from monitors.logs.read import open_batches

KEPT = 100_000  # rows in the sample, at most
CELLS = 10_000_000  # values in the sample, at most: wide logs are sampled more thinly
READ = 3_000_000  # rows looked at, at most: a large log is sampled by files first
FILES = 48  # files looked at, at most


class Sample(NamedTuple):
    """Rows of a log and what they stand for.

    Attributes
    ----------
    table : every k-th row of the files looked at, in the log's order; a column's values of different types are text
    rows : about how many rows the whole log has
    files : how many files it has
    is_whole : whether every row of the log was counted, so that `rows` is exact
    """

    table: pa.Table
    rows: int
    files: int
    is_whole: bool


def sample(patterns: Sequence[str], base: Path, payload: str | None = None) -> Sample:
    """Read a sample of the log; raises UserError when no file of it can be read or none has a row.

    Parameters
    ----------
    payload : name of the format that its files are in; None: they are tables
    """
    files = formatted(discover(list(patterns), base), payload)
    chosen = joined(spread(files, FILES), files)
    kept: list[pa.Table] = []
    rows, stride, read_bytes, failures = 0, 1, 0, []
    whole = len(chosen) == len(files)
    for file in chosen:
        try:
            for batch in _some(file, READ // len(chosen)):
                # Row number 0, stride, 2·stride … of the log: the sample keeps the log's order and density.
                offset = -rows % stride
                rows += batch.num_rows
                part = pa.Table.from_batches([batch])
                kept.append(part.take(pa.array(range(offset, batch.num_rows, stride), pa.int64())))
                most = min(KEPT, CELLS // max(batch.num_columns, 1))
                while sum(table.num_rows for table in kept) > most:
                    stride *= 2
                    kept = _thinned(kept)
            read_bytes += file.size
        except LogFileError as error:
            failures.append(str(error))
    if rows == 0:
        raise UserError(
            failures[0] if failures else f"{_named(patterns)} holds no row to learn from; give a log that does"
        )
    share = read_bytes / max(sum(file.size for file in files), 1)
    stopped = rows >= READ // len(chosen) * len(chosen)
    total = rows if whole else round(rows / max(share, 1e-9))
    return Sample(_together(kept), total, len(files), whole and not stopped and not failures)


def _some(file: LogFile, most: int) -> Iterator[pa.RecordBatch]:
    """A file's batches until it has given `most` rows."""
    seen = 0
    for batch in open_batches(file):
        yield batch
        seen += batch.num_rows
        if seen >= most:
            return


def spread(files: list[LogFile], most: int) -> list[LogFile]:
    """At most `most` files, the first, the last, and evenly between them."""
    if len(files) <= most:
        return files
    return [files[round(i * (len(files) - 1) / (most - 1))] for i in range(most)]


def _thinned(tables: list[pa.Table]) -> list[pa.Table]:
    """Every second row of the tables taken as one."""
    out, offset = [], 0
    for table in tables:
        out.append(table.take(pa.array(range(offset, table.num_rows, 2), pa.int64())))
        offset = (offset + table.num_rows) % 2
    return out


def _together(tables: list[pa.Table]) -> pa.Table:
    """One table of all columns of any file; where two differ in a column's type, the wider one or text."""
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        pass
    types: dict[str, set[pa.DataType]] = {}
    for table in tables:
        for field in table.schema:
            if not pa.types.is_null(field.type):
                types.setdefault(field.name, set()).add(field.type)
    text = {name for name, found in types.items() if len(found) > 1}
    return pa.concat_tables([_as_text(table, text) for table in tables], promote_options="permissive")


def _as_text(table: pa.Table, names: set[str]) -> pa.Table:
    for i, field in enumerate(table.schema):
        if field.name in names and not pa.types.is_nested(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(pa.string()))
        elif field.name in names:
            values = [None if value is None else str(value) for value in table.column(i).to_pylist()]
            table = table.set_column(i, field.name, pa.array(values, pa.string()))
    return table


def _named(patterns: Sequence[str]) -> str:
    return patterns[0] if len(patterns) == 1 else f"{patterns[0]} and {len(patterns) - 1} more"
