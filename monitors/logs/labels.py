"""Labels that arrive in a log of their own, found by id."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from monitors.errors import LogFileError, UserError
from monitors.logs.columns import nearest
from monitors.logs.files import LogFile
from monitors.logs.hashing import id_hashes
from monitors.logs.label_index import ABSENT, buckets, choose, find
from monitors.logs.label_values import LabelValues
from monitors.logs.notes import ReadNotes
from monitors.logs.read import open_batches, schema
from monitors.logs.timestamps import to_micros

__all__ = ["UNKNOWN_TIME", "Labels", "id_hashes"]

UNKNOWN_TIME = int(np.iinfo(np.int64).min)
_CHECK_SEED = 0x44726966  # any seed but id_hashes' own


@dataclass(frozen=True, eq=False)
class Labels:
    """The label of each id, in 14 to 30 bytes apiece however long the ids are.

    An id is kept as 96 bits of two independent hashes of its canonical text: among n labels and m lookups the chance
    that any id is taken for another is below n(n + m)/2**96, or 1e-11 for a hundred million labels and ten billion
    lookups.

    Attributes
    ----------
    hashes, checks : uint64 and uint32 (n,), sorted by hash
    values : (n,) numbers, booleans, or int32 codes into `words`
    words : distinct labels where they are text
    times : int64 (n,), µs when the label became known; empty where the log does not tell
    conflicts : ids that came with more than one label
    duplicates : rows beyond the first of their id
    without_label, without_id : rows that were left out for a null (or NaN) in these columns
    errors : files, or rests of files, that could not be read
    notes : by file key, what was skipped in it
    """

    hashes: np.ndarray
    checks: np.ndarray
    values: np.ndarray
    words: pa.Array | None
    times: np.ndarray
    starts: np.ndarray
    shift: int
    conflicts: int
    duplicates: int
    without_label: int
    without_id: int
    errors: tuple[LogFileError, ...]
    notes: dict[str, list[str]]

    def __len__(self) -> int:
        return len(self.hashes)

    @classmethod
    def load(cls, files: list[LogFile], id: str, label: str, timestamp: str | None, timezone: str) -> Labels:  # noqa: A002
        """Read a log of labels.

        Of several labels of one id the one with the latest time counts; without times, or at the same one, the one
        that comes last in the order of files and rows. A row without a label is no news about its id.

        Parameters
        ----------
        files : their order does not matter
        id, label, timestamp : columns; the time (None: there is none) is when the label became known
        timezone : of times without an offset

        Raises
        ------
        UserError
            Files can be read, and none of them has the id or the label column, or the timestamp column.
        """
        rows = _Rows(id, label, timestamp, timezone)
        for file in sorted(files):
            notes = ReadNotes()
            try:
                rows.read(file, notes)
            except LogFileError as error:
                rows.errors.append(error)
            if notes.messages:
                rows.notes[file.key] = notes.messages
        rows.check_columns()
        return rows.index()

    def lookup(self, ids: pa.Array) -> tuple[pa.Array, np.ndarray]:
        """Labels of ids.

        Parameters
        ----------
        ids : (m,) of any type

        Returns
        -------
        labels : (m,) in the labels' type (text as dictionary<int32, string>), null where the id has none
        times : int64 (m,), µs since the epoch; UNKNOWN_TIME where the id has no label or the label no time
        """
        wanted = id_hashes(ids)
        found = find(wanted, _checks(ids), self.hashes, self.checks, self.starts, self.shift)
        missing = found == ABSENT
        times = np.full(len(found), UNKNOWN_TIME, np.int64)
        if len(self.times):
            times[~missing] = self.times[found[~missing]]
        if not len(self):
            return pa.nulls(len(found)), times
        values = self.values[np.where(missing, 0, found)]
        if self.words is not None:
            return pa.DictionaryArray.from_arrays(pa.array(values, mask=missing), self.words), times
        return pa.array(values.astype(np.int64) if values.dtype.kind in "iu" else values, mask=missing), times


def _checks(ids: pa.Array) -> np.ndarray:
    return (id_hashes(ids, _CHECK_SEED) >> np.uint64(32)).astype(np.uint32)


class _Rows:
    """Label rows as they are read."""

    def __init__(self, id_: str, label: str, timestamp: str | None, timezone: str) -> None:
        self.columns = [name for name in (id_, label, timestamp) if name is not None]
        self.id, self.label, self.timestamp, self.timezone = id_, label, timestamp, timezone
        self.hashes: list[np.ndarray] = []
        self.checks: list[np.ndarray] = []
        self.times: list[np.ndarray] = []
        self.values = LabelValues()
        self.without_label = self.without_id = 0
        self.errors: list[LogFileError] = []
        self.notes: dict[str, list[str]] = {}
        self.seen: dict[str, None] = {}

    def read(self, file: LogFile, notes: ReadNotes) -> None:
        names = schema(file).names
        self.seen.update(dict.fromkeys(names))
        for name in (self.id, self.label):
            if name not in names:
                raise LogFileError(file.key, f"has no column '{name}'{nearest(name, names)}")
        if self.timestamp is not None and self.timestamp not in names:
            notes.say(f"has no column '{self.timestamp}', so when its labels came is unknown")
        for batch in open_batches(file, self.columns, text_columns=[self.id], notes=notes):
            self._add(batch)

    def _add(self, batch: pa.RecordBatch) -> None:
        names = batch.schema.names
        if self.id not in names or self.label not in names:  # a key that JSON lines have not shown so far
            self.without_id += batch.num_rows if self.id not in names else 0
            self.without_label += batch.num_rows if self.id in names else 0
            return
        ids = batch.column(self.id)
        hashes = id_hashes(ids)
        named = hashes != 0
        self.without_id += int((~named).sum())
        known = self.values.add(batch.column(self.label).filter(pa.array(named)))
        self.without_label += int((~known).sum())
        named[named] = known
        self.hashes.append(hashes[named])
        self.checks.append(_checks(ids)[named])
        if self.timestamp is not None:
            times = np.full(len(hashes), UNKNOWN_TIME, np.int64)
            if self.timestamp in names:
                micros, valid = to_micros(batch.column(self.timestamp), self.timezone)
                times[valid] = micros[valid]
            self.times.append(times[named])

    def check_columns(self) -> None:
        """Refuse a column that no file has: that is a slip of the configuration, not of a file."""
        for key, name in (("id", self.id), ("label", self.label), ("timestamp", self.timestamp)):
            if name is not None and self.seen and name not in self.seen:
                raise UserError(
                    f"labels.{key} is '{name}', but no file of the labels has such a column"
                    f"{nearest(name, list(self.seen))}."
                )

    def index(self) -> Labels:
        hashes = np.concatenate([np.empty(0, np.uint64), *self.hashes])
        checks = np.concatenate([np.empty(0, np.uint32), *self.checks])
        times = np.concatenate([np.empty(0, np.int64), *self.times])
        self.hashes, self.checks, self.times = [], [], []
        values, words = self.values.finish()
        exact = values.view(np.int64) if values.dtype == np.float64 else values
        kept, conflicts, duplicates = choose(np.argsort(hashes), hashes, checks, exact, times)
        hashes = hashes[kept]
        starts, shift = buckets(hashes)
        return Labels(
            hashes=hashes,
            checks=checks[kept],
            values=values[kept],
            words=words,
            times=times[kept] if times.size else times,
            starts=starts,
            shift=shift,
            conflicts=conflicts,
            duplicates=duplicates,
            without_label=self.without_label,
            without_id=self.without_id,
            errors=tuple(self.errors),
            notes=self.notes,
        )
