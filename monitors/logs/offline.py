"""A second log that holds the same features computed offline: row by row against what was served, joined by id.

Both logs are parted by the hashes of their ids and joined part by part, so that no more than a part of each is in
memory. A value is 64 bits: a number as it is, anything else the hash of its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from monitors.errors import LogFileError, UserError
from monitors.logs.files import LogFile
from monitors.logs.hashing import id_hashes
from monitors.logs.read import open_batches, schema
from monitors.logs.spill import MOST_BYTES, PARTS, Spill
from monitors.profile.bins import ColumnBins
from monitors.profile.facts import EXAMPLES, Facts
from monitors.profile.rows import Rows
from monitors.profile.values import distinct, to_floats

_FILTER_BITS = 24
"""Bits of a hash that tell which offline rows can have a partner: sixteen megabytes."""
_IDS_AT_ONCE = 8_000_000
_LONGEST_ID = 100


@dataclass
class Offline:
    """The second log.

    Attributes
    ----------
    files : in order; of rows with one id the last counts
    id : its column of ids
    tolerance : numbers a and b differ when |a - b| > tolerance · max(1, |a|, |b|)
    errors : files, or rests of files, that could not be read, filled in as they are
    """

    files: list[LogFile]
    id: str
    tolerance: float
    errors: list[LogFileError] = field(default_factory=list)

    def names(self) -> list[str]:
        """Names of the columns of any file.

        Raises
        ------
        UserError
            Files can be read, and none has the column of ids.
        """
        found: dict[str, None] = {}
        for file in self.files:
            try:
                found.update(dict.fromkeys(schema(file).names))
            except LogFileError:
                continue  # reading it will say why
        if found and self.id not in found:
            shown = ", ".join(list(found)[:8]) + (" and others" if len(found) > 8 else "")
            raise UserError(
                f"offline.id is '{self.id}', but no file of the offline log has such a column: it has {shown}."
            )
        return list(found)

    def batches(self, columns: list[str] | None, files: Iterable[LogFile] | None = None) -> Iterator[pa.RecordBatch]:
        """Batches that have the column of ids; a file that cannot be read is noted and left."""
        for file in self.files if files is None else files:
            try:
                for batch in open_batches(file, columns, text_columns=[self.id]):
                    if self.id in batch.schema.names:
                        yield batch
            except LogFileError as error:
                if error.reason not in {known.reason for known in self.errors if known.path == error.path}:
                    self.errors.append(error)

    def ids(self, files: Iterable[LogFile]) -> Iterator[np.ndarray]:
        """Sorted hashes of the ids of some files, a bounded number at a time."""
        held: list[np.ndarray] = []
        for batch in self.batches([self.id], files):
            held.append(id_hashes(batch.column(self.id)))
            if sum(map(len, held)) >= _IDS_AT_ONCE:
                yield np.unique(np.concatenate(held))
                held = []
        if held:
            yield np.unique(np.concatenate(held))


def compare(
    served: Iterable[Rows], offline: Offline, features: list[ColumnBins], most_bytes: int = MOST_BYTES
) -> dict[int, Facts]:
    """Compare what was served with what was computed offline, window by window.

    Parameters
    ----------
    served : the log's rows, with the hashes of their ids
    features : those that both logs have
    most_bytes : of each log, held in memory before rows are written to files

    Returns
    -------
    by window: ``rows``, ``matched`` (rows with a partner), and ``features``: by name the rows whose values differ, that
    have none here, that have none there, and examples as [hash of the id, None]: those with the smallest hashes
    """
    width = len(features)
    with Spill(width + 2, most_bytes) as here, Spill(width + 1, most_bytes) as there:
        likely = np.zeros(2**_FILTER_BITS, bool)
        counts: dict[int, int] = {}
        for rows in served:
            starts, sizes = np.unique(rows.starts, return_counts=True)
            for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
                counts[start] = counts.get(start, 0) + size
            if rows.ids is None:
                continue
            known = rows.ids != 0
            likely[rows.ids[known] >> np.uint64(64 - _FILTER_BITS)] = True
            words = [rows.ids, rows.starts.view(np.uint64), *_words(rows.batch, features)]
            here.add(np.stack(words, axis=1)[known])
        for batch in offline.batches([offline.id, *(column.name for column in features)]):
            hashes = id_hashes(batch.column(offline.id))
            kept = likely[hashes >> np.uint64(64 - _FILTER_BITS)] & (hashes != 0)
            batch, hashes = batch.filter(pa.array(kept)), hashes[kept]
            there.add(np.stack([hashes, *_words(batch, features)], axis=1))
        found: dict[int, Facts] = {
            start: {"rows": size, "matched": 0, "features": {c.name: [0, 0, 0, []] for c in features}}
            for start, size in sorted(counts.items())
        }
        for k in range(PARTS):
            _join(here.part(k), there.part(k), features, offline.tolerance, found)
    return found


def _words(batch: pa.RecordBatch, features: list[ColumnBins]) -> list[np.ndarray]:
    """Values of each feature as 64 bits, shape (n,), uint64: of what is missing NaN's, or zero for text."""
    return [
        _word(batch.column(column.name), column) if column.name in batch.schema.names
        else _nothing(batch.num_rows, column)
        for column in features
    ]  # fmt: skip


def _nothing(rows: int, column: ColumnBins) -> np.ndarray:
    return np.full(rows, np.nan).view(np.uint64) if column.kind == "numeric" else np.zeros(rows, np.uint64)


def _word(array: pa.Array, column: ColumnBins) -> np.ndarray:
    if column.kind == "numeric":
        values, flags = to_floats(array)
        values = np.where(np.isfinite(values), values, np.nan)
        return (np.where(flags > 0, np.nan, values) if len(flags) else values).view(np.uint64)
    codes, nulls, names = distinct(array)
    hashes = id_hashes(pa.array([*names, None], pa.string()))
    return hashes[codes if nulls is None else np.where(nulls, len(names), codes)]


def _join(
    here: np.ndarray, there: np.ndarray, features: list[ColumnBins], tolerance: float,
    found: dict[int, Facts],
) -> None:  # fmt: skip
    """Join the rows of one part and add up what differs."""
    if not len(here) or not len(there):
        return
    there = there[np.argsort(there[:, 0], kind="stable")]
    # the last of those with one id
    place = np.searchsorted(there[:, 0], here[:, 0], side="right") - 1
    hit = (place >= 0) & (there[np.maximum(place, 0), 0] == here[:, 0])
    here, place = here[hit], place[hit]
    here, place = (x[np.argsort(here[:, 0], kind="stable")] for x in (here, place))
    window, starts = pd.factorize(here[:, 1].view(np.int64))
    for start, count in zip(starts.tolist(), np.bincount(window).tolist(), strict=True):
        of = found[start]
        of["matched"] += count
    for f, column in enumerate(features):
        ours, theirs = here[:, f + 2], there[place, f + 1]
        kinds = _kinds(ours, theirs, column.kind == "numeric", tolerance)
        wrong = np.flatnonzero(kinds)
        if not len(wrong):
            continue
        table = np.zeros((len(starts), 4), np.int64)
        np.add.at(table, (window[wrong], kinds[wrong]), 1)
        for w, start in enumerate(starts.tolist()):
            told = found[start]["features"][column.name]
            for kind in (1, 2, 3):
                told[kind - 1] += int(table[w, kind])
            if len(told[3]) < EXAMPLES and table[w].any():
                mine = np.unique(here[wrong[window[wrong] == w], 0])[: EXAMPLES - len(told[3])]
                told[3] += [[int(hashed), None] for hashed in mine]


def _kinds(ours: np.ndarray, theirs: np.ndarray, numeric: bool, tolerance: float) -> np.ndarray:
    """0 where values agree, 1 where they differ, 2 where it is missing here alone, 3 where there alone; shape (n,)."""
    if numeric:
        a, b = ours.view(np.float64), theirs.view(np.float64)
        none, neither = np.isnan(a), np.isnan(b)
        with np.errstate(invalid="ignore", over="ignore"):
            differ = np.abs(a - b) > tolerance * np.maximum(1.0, np.maximum(np.abs(a), np.abs(b)))
    else:
        none, neither, differ = ours == 0, theirs == 0, ours != theirs
    return np.where(none & neither, 0, np.where(none, 2, np.where(neither, 3, differ.astype(np.int64))))


def wanted_examples(found: dict[int, Facts]) -> np.ndarray:
    """Hashes of the examples' ids, sorted."""
    hashes = {pair[0] for of in found.values() for told in of["features"].values() for pair in told[3]}
    return np.array(sorted(hashes), np.uint64)


def name_examples(found: dict[int, Facts], batches: Iterable[tuple[np.ndarray, pa.Array]]) -> None:
    """Put the ids of the examples beside their hashes.

    Parameters
    ----------
    batches : hashes of ids, and the ids
    """
    wanted, names = wanted_examples(found), dict[int, str]()
    for hashes, ids in batches:
        for i in np.flatnonzero(np.isin(hashes, wanted)):
            names.setdefault(int(hashes[i]), str(ids[int(i)].as_py())[:_LONGEST_ID])
    for of in found.values():
        for told in of["features"].values():
            told[3] = [[hashed, names.get(hashed, "")] for hashed, _ in told[3]]
