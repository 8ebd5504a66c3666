"""Logs that a query gives: as many pieces as there are windows, each known by a count and a checksum, as files are.

The data base counts the rows of each window on every run; rows come over the wire of windows that changed alone.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from monitors.clock import DAY, SECOND
from monitors.errors import UserError
from monitors.logs.bounds import Literal, literals
from monitors.logs.columns import leaves, nearest
from monitors.logs.databases import Database, database
from monitors.logs.files import LogFile
from monitors.logs.origin import Origin
from monitors.logs.timestamps import to_micros
from monitors.windows import Grain

_PLACE = re.compile(r"(?<![:\w]):(start|end)\b")
_AT_ONCE = 1000
_BACKTICKS = ("bigquery", "mysql", "mariadb", "databricks", "hive", "spark")
_EARLIEST, _LATEST = "'1900-01-01 00:00:00'", "'2200-01-01 00:00:00'"
_WINDOW = "driftmeter_window"


class Span(NamedTuple):
    """Rows with ``low <= time < high``, as literals; None is open. ``low`` alone as "null": rows without a time."""

    low: str | None = None
    high: str | None = None


@dataclass(frozen=True)
class Query:
    """A query and what its columns mean.

    Attributes
    ----------
    key : of the configuration, for errors: ``logs`` or ``labels``
    text : SQL; may have the placeholders ``:start`` and ``:end``
    timestamp, id, label : names of columns
    checksum : SQL expression over a window's rows that changes when any row does
    """

    key: str
    base: Database
    text: str
    timestamp: str | None = None
    id: str | None = None
    label: str | None = None
    checksum: str | None = None
    timezone: str = "UTC"

    @property
    def grows(self) -> bool:
        """Whether its pieces tell rows that were added from rows that were changed: labels with a time do."""
        return self.key == "labels" and None not in (self.timestamp, self.label) and self.checksum is None

    @cached_property
    def schema(self) -> pa.Schema:
        """Columns of the query, with types where the driver knows them before it has rows."""
        return next(self.base.batches(f"SELECT * FROM {self.table(Span())} WHERE 1 = 0")).schema

    def name(self, column: str) -> str:
        """A column's name, quoted."""
        quote = "`" if self.base.uri.startswith(_BACKTICKS) else '"'
        return quote + column.replace(quote, quote * 2) + quote

    def table(self, span: Span) -> str:
        """The query as a table, its placeholders filled."""
        filled = {"start": _EARLIEST if span.low in (None, "null") else span.low, "end": span.high or _LATEST}
        text = _PLACE.sub(lambda match: filled[match[1]], self.text.strip().rstrip(";"))
        return f"(\n{text}\n) q"

    def where(self, span: Span) -> str:
        """The condition of a span, with its WHERE."""
        if self.timestamp is None:
            return ""
        at = self.name(self.timestamp)
        if span.low == "null":
            return f" WHERE {at} IS NULL"
        bounds = [f"{at} {sign} {value}" for sign, value in ((">=", span.low), ("<", span.high)) if value is not None]
        return f" WHERE {' AND '.join(bounds)}" if bounds else ""


@dataclass(frozen=True)
class Piece:
    """Some of the rows of a query: what reads them."""

    query: Query
    span: Span
    literal: Literal | None = field(default=None, compare=False)

    def only_grew(self, size: int, modified: int) -> bool:
        """Whether all that its file knew, as the ledger has it, is there as it was: what is new is later."""
        query = self.query
        if not query.grows or self.literal is None:
            return False
        before = f"{query.name(str(query.timestamp))} < {self.literal(modified + SECOND)}"
        where = query.where(self.span)
        text = (
            f"SELECT count({query.name(str(query.label))}) AS n FROM {query.table(self.span)}"
            f"{where + ' AND' if where else ' WHERE'} {before}"
        )
        return bool(next(query.base.batches(text)).column(0)[0].as_py() == size)

    def schema(self) -> pa.Schema:
        """Columns of the query."""
        return self.query.schema

    def batches(self, columns: Collection[str] | None) -> Iterator[pa.RecordBatch]:
        """Rows in the order of their times, those of one time by id, so that two readings are alike."""
        query = self.query
        tops = [query.schema.field(leaf.top).name for leaf in leaves(query.schema)
                if columns is None or leaf.name in columns]  # fmt: skip
        names = list(dict.fromkeys(tops))
        shown = "*" if columns is None else ", ".join(map(query.name, names)) or "1 AS driftmeter_row"
        order = [query.name(name) for name in (query.timestamp, query.id) if name is not None]
        text = f"SELECT {shown} FROM {query.table(self.span)}{query.where(self.span)}"
        if query.timestamp is None and not _PLACE.search(query.text):
            text = text if columns is not None else query.text.strip().rstrip(";")
        elif order:
            text += f" ORDER BY {', '.join(order)}"
        for batch in query.base.batches(text):
            if batch.num_rows:
                yield batch if names or columns is None else batch.select([])


def query_files(
    key: str, uri: str, text: str, base: Path, grain: Grain, timestamp: str | None = None, id: str | None = None,  # noqa: A002
    label: str | None = None, checksum: str | None = None, required: bool = True,
) -> list[LogFile]:  # fmt: skip
    """The pieces of a query's rows, each in the place of a file.

    Parameters
    ----------
    key : of the configuration's table, ``logs`` or ``labels``
    uri, base : see `databases.database`
    text, timestamp, id, label, checksum : see `Query`
    required : refuse a query without these columns; a payload format makes them of others
    grain : a piece for each window of time, by `timestamp`. Windows of rows, or rows without a time: one for all.

    Returns
    -------
    Pieces with rows. Their size is the number of rows, and ``modified`` sums up their last time, the number of their
    labels and the checksum. Of labels with a time and without a checksum it is their last time (µs), and the size the
    number of those that are not null, so that `Piece.only_grew` can tell what was added. Rows without a time, and
    those more than a day ahead of the clock, are pieces of their own.

    Raises
    ------
    UserError
        The data base refuses, or the query has no such column.
    """
    query = Query(key, database(uri, base), text, timestamp, id, label, checksum, grain.timezone)
    known, named = query.schema.names, {"timestamp": timestamp, "id": id, "label": label}
    if not required:
        there = [column if column in known else None for column in named.values()]
        query = replace(query, timestamp=there[0], id=there[1], label=there[2])
    for name, column in named.items() if required else ():
        if column is not None and column not in known:
            raise UserError(f"{key}.{name} is '{column}', but the query has no such column{nearest(column, known)}.")
    if query.timestamp is None or grain.kind == "rows":
        found = _asked(query, Span(), "1", 0)
        return [_piece(query, "", Span(), found[0])] if found else []
    return _by_time(query, grain, query.name(query.timestamp), time.time_ns() // 1000 + DAY)


class Counted(NamedTuple):
    """What tells whether rows have changed."""

    window: int
    rows: int
    revision: int


def _by_time(query: Query, grain: Grain, at: str, limit: int) -> list[LogFile]:
    whole = next(query.base.batches(
        f"SELECT count(*) AS n, count({at}) AS k, min({at}) AS low, max({at}) AS high FROM {query.table(Span())}"
    ))  # fmt: skip
    rows, known, low, high = (column[0].as_py() for column in whole.columns)
    pieces = []
    if known:
        times, good = to_micros(pa.concat_arrays([whole.column(2), whole.column(3)]), grain.timezone)
        if not good.all():
            raise UserError(f'{query.key}.timestamp: its values, such as "{high if good[0] else low}", are no times.')
        try:
            literal = literals(low, high, whole.column(2).type, grain.timezone)
        except UserError as error:
            raise UserError(f"{query.key}.timestamp: {error}.") from None
        end = literal(limit)
        starts = grain.range(int(times.min()), min(int(times.max()), limit - 1)).tolist()
        if starts:
            pieces = _cut(query, grain, literal, starts, Span(None, end))
        if times.max() >= limit:
            counted = _asked(query, Span(end, None), "1", 0)
            pieces += [_piece(query, ", rows ahead of their time", Span(end, None), c, limit - DAY) for c in counted]
    if rows > known:
        pieces += [_piece(query, ", rows without a time", Span("null"), c) for c in _asked(query, Span("null"), "1", 0)]
    return sorted(pieces)


def _cut(query: Query, grain: Grain, literal: Literal, starts: list[int], span: Span) -> list[LogFile]:
    """Pieces of the windows within a span; where there are very many, groups of them are counted first."""
    edges = {literal(start): start for start in starts}  # of windows that the column cannot tell apart the last
    bounds, names = list(edges), list(edges.values())
    size = -(-len(bounds) // _AT_ONCE)
    groups = range(0, len(bounds), size)
    pieces = []
    for found in _asked(query, span, _case([bounds[i] for i in groups], query.name(str(query.timestamp))), len(groups)):
        begin, end = found.window * size, min((found.window + 1) * size, len(bounds))
        low = span.low if begin == 0 else bounds[begin]
        part = Span(low, span.high if end == len(bounds) else bounds[end])
        if end - begin == 1:
            pieces.append(_piece(query, f" {grain.label(names[begin])}", part, found, literal=literal))
        else:
            pieces += _cut(query, grain, literal, names[begin:end], part)
    return pieces


def _case(bounds: list[str], at: str, first: int = 0) -> str:
    """The number of the span in which a time lies, found by halving; what is before all bounds is of the first."""
    if len(bounds) == 1:
        return str(first)
    half = len(bounds) // 2
    low, high = _case(bounds[:half], at, first), _case(bounds[half:], at, first + half)
    return f"CASE WHEN {at} < {bounds[half]} THEN {low} ELSE {high} END"


def _asked(query: Query, span: Span, window: str, windows: int) -> list[Counted]:
    """Rows of a span counted by an expression that numbers their windows; in order."""
    at = query.timestamp
    marks = [f"max({query.name(at)})" if at else "0", f"count({query.name(query.label)})" if query.label else "0"]
    marks.append(query.checksum or "0")
    chosen = ", ".join(f"{mark} AS driftmeter_{i}" for i, mark in enumerate(marks))
    text = (
        f"SELECT {_WINDOW}, count(*) AS driftmeter_rows, {chosen} FROM (SELECT {window} AS {_WINDOW}, q.* "
        f"FROM {query.table(span)}{query.where(span)}) s GROUP BY {_WINDOW} ORDER BY {_WINDOW}"
    )
    found: list[Counted] = []
    for batch in query.base.batches(text):
        if query.grows and batch.num_rows:
            times, _ = to_micros(batch.column(2), query.timezone)
            numbers = batch.column(0).to_pylist() if windows else [0] * batch.num_rows
            found += map(Counted, map(int, numbers), map(int, batch.column(3).to_pylist()), map(int, times))
            continue
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            found.append(Counted(int(row[0]) if windows else 0, int(row[1]), _revision(row[2:])))
    return found


def _revision(marks: tuple[Any, ...]) -> int:
    digest = hashlib.blake2b(repr([str(mark) for mark in marks]).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def _piece(
    query: Query, name: str, span: Span, counted: Counted, written: int | None = None, literal: Literal | None = None
) -> LogFile:
    what = hashlib.blake2b(repr((query.base.shown, query.text, span)).encode(), digest_size=8).hexdigest()
    origin = Origin(None if written is None else written * 1000, reader=Piece(query, span, literal))
    return LogFile(f"query{name}", f"{query.base.shown}#{what}", counted.rows, counted.revision, origin)
