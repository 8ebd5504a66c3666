"""A file's batches as rows with their windows, labels and ids: what the profile counts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from monitors.errors import LogFileError
from monitors.logs.files import LogFile
from monitors.logs.formats.exchanges import response_times
from monitors.logs.formats.payload import TIMESTAMP
from monitors.logs.formats.registry import is_apart
from monitors.logs.kept import Kept
from monitors.logs.labels import Labels, id_hashes
from monitors.logs.notes import ReadNotes
from monitors.logs.passed import Passed
from monitors.logs.read import is_slow, open_batches, row_count, schema
from monitors.logs.timestamps import to_micros
from monitors.profile.rows import Columns, Rows
from monitors.windows import Grain

_DAY = 86_400_000_000
AHEAD = "after the file was written"
"""How the note on rows ahead of their time ends: they are counted by window, and judged by the integrity monitor."""
_SLOWEST = 3_600_000_000
"""A response in another file counts when it came within an hour of its request."""


@dataclass(frozen=True)
class Layout:
    """How rows are read: which column is what, and which windows there are."""

    columns: Columns
    grain: Grain


@dataclass
class Scan:
    """What one look at a file's timestamps tells.

    Attributes
    ----------
    rows : in the file, placed in a window or not
    starts : rows by window; 0 where the file has no row, but may have responses to rows of other files
    last : latest instant (µs), None without timestamps
    names : of its columns
    notes : sentences on what could not be read or placed
    """

    rows: int = 0
    starts: Counter[int] = field(default_factory=Counter)
    last: int | None = None
    names: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


def scan(file: LogFile, layout: Layout, first_row: int = 0) -> Scan:
    """Which windows a file touches. A file that cannot be read is a note, not an error."""
    found, bad = Scan(), Counter[str]()
    columns, notes = layout.columns, ReadNotes()
    try:
        found.names = tuple(schema(file).names)
        if columns.timestamp is not None and columns.timestamp not in found.names:
            found.notes.append(f'has no column "{columns.timestamp}" to tell its rows\' times; none of its rows counts')
            return found
        if columns.timestamp is None:
            known = row_count(file)
            wanted = list(found.names[:1])
            counts = [known] if known is not None else [b.num_rows for b in open_batches(file, wanted, notes=notes)]
            found.rows = sum(counts)
            numbers = np.arange(first_row, first_row + found.rows, dtype=np.int64)
            _count(found.starts, layout.grain.starts(numbers))
        else:
            number = first_row
            for batch in open_batches(file, [columns.timestamp], notes=notes):
                found.rows += batch.num_rows
                times, good, _ = times_of(batch, _latest(file), layout, bad)
                place = np.arange(number, number + batch.num_rows, dtype=np.int64)
                number += batch.num_rows
                if good.any():
                    found.last = max(
                        int(times[good].max()), found.last if found.last is not None else int(times[good].max())
                    )
                    _count(
                        found.starts, layout.grain.starts((times if layout.grain.kind == "calendar" else place)[good])
                    )
        if is_apart(file) and columns.timestamp is not None and layout.grain.kind == "calendar":
            for start in _answered(file, layout) - found.starts.keys():
                found.starts[start] = 0
    except LogFileError as error:
        found.notes.append(error.reason)
    if file.payload is not None and not found.rows:
        found.names = ()  # those that every payload has tell nothing of a file without any
    for reason, count in bad.items():
        found.notes.append(f"{count:,} of {found.rows:,} rows {reason}; they are in no window")
    found.notes += notes.messages
    return found


def _answered(file: LogFile, layout: Layout) -> set[int]:
    """Windows in which requests may lie whose responses this file has."""
    found: set[int] = set()
    latest = _latest(file)
    for times in response_times(file):
        micros, good = to_micros(times, layout.grain.timezone)
        if latest is not None:
            good &= micros <= latest
        for shift in (-_SLOWEST, 0, _SLOWEST):
            found.update(np.unique(layout.grain.starts(micros[good] + shift)).tolist())
    return found


def read_rows(
    file: LogFile, layout: Layout, first_row: int = 0, wanted: set[int] | None = None, labels: Labels | None = None,
    keys: bool = False, only_ids: bool = False, trouble: list[str] | None = None, kept: Kept | None = None,
) -> Iterator[Rows]:  # fmt: skip
    """The rows of a file that lie in windows wanted, in order, batch by batch.

    Where the file cannot be read any further this stops, and says so in ``trouble``.

    Parameters
    ----------
    first_row : number of the file's first row in the whole log (windows of rows)
    wanted : starts of windows; None is all
    labels : the second log, where labels come from there
    keys : give each row a number that names it whatever order files come in
    only_ids : read no more than what places a row and its label
    trouble : takes the reason why the file could not be read to its end, unless it is there already
    kept : where a file that is read for its keys stays until it is read for its rows
    """
    text = () if layout.columns.id is None else (layout.columns.id,)
    notes = ReadNotes()
    try:
        # Payloads are taken apart whole: their columns are those that turn up.
        names = [TIMESTAMP] if file.payload is not None else schema(file).names
        columns = _to_read(names, layout.columns, only_ids) if file.payload is None or only_ids else None
        batches = open_batches(file, columns, text_columns=text, notes=notes)
        every = None if file.payload is not None else frozenset(names)
        if kept is not None and is_slow(file):
            which = (file, None if columns is None else tuple(columns), text)
            batches = kept.keeping(which, batches) if keys else kept.pop(which, batches)
        for rows in rows_of(batches, layout, file.key, _latest(file), first_row, wanted, labels, keys):
            yield replace(rows, names=every)
    except LogFileError as error:
        if trouble is not None and error.reason not in trouble:
            trouble.append(error.reason)
    if trouble is not None and file.payload is not None:  # what is wrong with responses shows when they are joined
        trouble += [message for message in notes.messages if message not in trouble]


def rows_of(
    batches: Iterable[pa.RecordBatch], layout: Layout, name: str, latest: int | None = None, first_row: int = 0,
    wanted: set[int] | None = None, labels: Labels | None = None, keys: bool = False,
) -> Iterator[Rows]:  # fmt: skip
    """The rows of a stream of batches that lie in windows wanted, in order; see ``read_rows``.

    Parameters
    ----------
    name : of the stream, behind the rows' keys
    latest : instant (µs) from which on a timestamp is a mistake
    """
    seed = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
    number, passed = 0, Passed()
    for batch in batches:
        place = np.arange(number, number + batch.num_rows, dtype=np.int64)
        number += batch.num_rows
        found = _prepare(batch, latest, layout, place, first_row, wanted, labels, passed)
        if found is not None:
            rows, kept = found
            rows = replace(rows, source=name)
            yield _keyed(rows, seed, kept) if keys else rows
    ahead = passed.told(wanted)  # the file's last rows
    if ahead:
        yield Rows(batch.slice(0, 0), np.empty(0, np.int64), future=ahead)


def _latest(file: LogFile) -> int | None:
    """A time later than a day after the file was written is a mistake."""
    return None if file.written is None else file.written // 1000 + _DAY


def _to_read(names: list[str], columns: Columns, only_ids: bool) -> list[str] | None:
    """All columns but excluded ones, which are read only if they have another part."""
    if only_ids:
        return [name for name in (columns.timestamp, columns.id) if name is not None] or names[:1]
    needed = {columns.timestamp, columns.id, columns.prediction, columns.label, columns.position, columns.latency,
              *columns.groups}  # fmt: skip
    wanted = [name for name in names if name not in set(columns.exclude) or name in needed]
    return None if len(wanted) == len(names) else wanted


def _prepare(
    batch: pa.RecordBatch,
    latest: int | None,
    layout: Layout,
    place: np.ndarray,
    first_row: int,
    wanted: set[int] | None,
    labels: Labels | None,
    passed: Passed,
) -> tuple[Rows, np.ndarray] | None:
    columns, grain = layout.columns, layout.grain
    times, good, descents = None, np.ones(batch.num_rows, bool), None
    if columns.timestamp is not None:
        if columns.timestamp not in batch.schema.names:
            return None
        times, good, ahead = times_of(batch, latest, layout, Counter())
        if ahead.any():
            passed.count_ahead(grain, times, good, ahead, first_row + place)
        descents = passed.descents(grain, times, good)
    position = times if times is not None and grain.kind == "calendar" else first_row + place
    starts = np.zeros(len(place), np.int64)
    starts[good] = grain.starts(position[good])
    if wanted is not None:
        codes, unique = pd.factorize(starts)
        good &= np.array([int(start) in wanted for start in unique], bool)[codes] if len(unique) else good
    if not good.any():
        return None
    if not good.all():
        batch, starts, place = batch.filter(pa.array(good)), starts[good], place[good]
        times = None if times is None else times[good]
        descents = None if descents is None else descents[good]
        position = position[good]

    def column(name: str | None) -> pa.Array | None:
        return batch.column(name) if name is not None and name in batch.schema.names else None

    ids, label, label_times, hashes = column(columns.id), column(columns.label), None, None
    if ids is not None:
        hashes = np.where(ids.is_null().to_numpy(zero_copy_only=False), 0, id_hashes(ids)).astype(np.uint64)
        if labels is not None:
            label, label_times = labels.lookup(ids)
    hourly = grain.kind == "calendar" and grain.size != "1h"
    rows = Rows(batch, starts, times, column(columns.prediction), label, label_times, hashes, descents=descents,
                future=passed.told(wanted), hourly=hourly, slots=grain.slots(position, starts),
                positions=position)  # fmt: skip
    return rows, place


def times_of(
    batch: pa.RecordBatch, latest: int | None, layout: Layout, bad: Counter[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Instants of a batch, which of them place a row, and which lie ahead of the file's own time.

    Those that place none are counted in ``bad`` by reason.
    """
    name = str(layout.columns.timestamp)
    values = batch.column(name)
    times, good = to_micros(values, layout.grain.timezone)
    nulls = values.null_count
    future = good & (times > latest) if latest is not None else np.zeros(len(times), bool)
    if nulls:
        bad[f'have no time in "{name}"'] += nulls
    if (~good).sum() > nulls:
        bad[f'have a time in "{name}" that is none'] += int((~good).sum()) - nulls
    if future.any():
        bad[f'have a time in "{name}" {AHEAD}'] += int(future.sum())
    return times, good & ~future, future


def _count(starts: Counter[int], found: np.ndarray) -> None:
    values, counts = np.unique(found, return_counts=True)
    starts.update({int(value): int(count) for value, count in zip(values, counts, strict=True)})


def _keyed(rows: Rows, seed: int, place: np.ndarray) -> Rows:
    """SplitMix64 of the file and the row's place in it (doi:10.1145/2660193.2660195)."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (place.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return replace(rows, keys=z)
