"""What has changed since the last run: files, windows, labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from monitors.logs.files import LogFile
from monitors.logs.formats.registry import is_apart, joined
from monitors.logs.labels import Labels
from monitors.logs.prepare import Layout, Scan, read_rows, scan
from monitors.logs.progress import Progress
from monitors.profile.engines import Engine, Reading
from monitors.windows import Grain


@dataclass
class LogState:
    """The log as it is now.

    Attributes
    ----------
    files : in order
    scans : by file key, of every file: fresh for new and changed ones, from the ledger for the others
    first_rows : number of each file's first row, by key
    changed : keys of files that are new or changed
    dirty : starts of windows whose rows are not those of the last run
    by_rows : windows are of rows, so no time tells which files hold the responses to their requests
    """

    files: list[LogFile]
    scans: dict[str, Scan] = field(default_factory=dict)
    first_rows: dict[str, int] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    dirty: set[int] = field(default_factory=set)
    by_rows: bool = False

    @property
    def starts(self) -> list[int]:
        """Windows that have rows, in order."""
        return sorted({start for found in self.scans.values() for start, rows in found.starts.items() if rows})

    @property
    def last(self) -> int | None:
        """Latest instant of the log."""
        known = [found.last for found in self.scans.values() if found.last is not None]
        return max(known) if known else None

    def touching(self, windows: set[int]) -> list[LogFile]:
        """Files that hold rows of any of the windows, joined with the responses to them that other files hold."""
        found = [file for file in self.files if not windows.isdisjoint(self.scans[file.key].starts)]
        if not found or not is_apart(found[0]):
            return found
        asked = [file for file in found if self.scans[file.key].rows]
        return joined(asked, self.files if self.by_rows else found)

    def described(self) -> list[LogFile]:
        """Files that together show every column: those of some windows come with the responses to them."""
        starts = self.starts
        some = self.touching({starts[0], starts[-1]}) if starts and is_apart(self.files[0]) else []
        return [*some, *self.files]


def examine(
    files: list[LogFile], ledger: dict[str, dict[str, Any]], layout: Layout, progress: Progress, engine: Engine
) -> LogState:
    """Compare files with the ledger; look at the timestamps of those that are new or changed."""
    state = LogState(files, by_rows=layout.grain.kind == "rows")
    number, moved = 0, False
    progress("reading times", 0, len(files))
    looked: dict[str, Scan] = {}
    if layout.grain.kind == "calendar":
        looked = engine.scan([file for file in files if not _same(file, ledger.get(file.key))], layout, progress)
    for file in files:
        old = ledger.get(file.key)
        state.first_rows[file.key] = number
        # windows of rows count through all files: one that grew moves the rows of those after it
        if old is not None and _same(file, old) and not (moved and layout.grain.kind == "rows"):
            found = Scan(rows=old["rows"], notes=old["notes"], last=old["last"], names=())
            found.starts.update(old["starts"])
        else:
            found = looked[file.key] if file.key in looked else scan(file, layout, number)
            state.changed.add(file.key)
            state.dirty |= set(found.starts) | set(old["starts"] if old else ())
            moved = moved or old is None or old["rows"] != found.rows
        state.scans[file.key] = found
        number += found.rows
    for key in ledger.keys() - state.scans.keys():
        state.dirty |= set(ledger[key]["starts"])
    if state.by_rows and state.changed and is_apart(files[0]):
        state.dirty |= set(state.starts)  # any row's response may be new
    return state


def _same(file: LogFile, old: dict[str, Any] | None) -> bool:
    return old is not None and (old["size"], old["modified"]) == (file.size, file.modified)


def windows_of_ids(log: LogState, layout: Layout, ids: Iterable[np.ndarray], progress: Progress) -> set[int]:
    """Windows that are not dirty yet and hold rows with some ids, given as sorted hashes, so many at a time."""
    found: set[int] = set()
    for hashes in ids:
        clean = set(log.starts) - log.dirty - found
        files = log.touching(clean)
        for done, file in enumerate(files, 1):
            for rows in read_rows(file, layout, log.first_rows[file.key], clean, only_ids=True):
                if rows.ids is not None:
                    place = np.minimum(np.searchsorted(hashes, rows.ids), len(hashes) - 1)
                    hit = (hashes[place] == rows.ids) & (rows.ids != 0)
                    found.update(np.unique(rows.starts[hit]).tolist())
            progress("placing offline rows", done, len(files))
    return found


def windows_of_labels(log: LogState, layout: Layout, new: Labels, progress: Progress, engine: Engine) -> set[int]:
    """Windows that are not dirty yet and hold rows which labels of new files belong to, looked up by id."""
    clean = set(log.starts) - log.dirty
    if not clean or not len(new):
        return set()
    return engine.place(
        Reading(log.touching(clean), log.first_rows, layout, frozenset(clean), new, 0, "placing labels", progress)
    )


_BODY = 0.5
"""A file is of the windows in which it has at least this part of the rows that it has in its fullest one."""


def late_rows(scans: Iterable[Scan], grain: Grain) -> Counter[int]:
    """Rows by window that came late: in files of later windows, with a whole window or more between, while most came
    in others.

    What a file is of, its own rows tell: an upload that begins a little before midnight has no late rows.
    """
    found = [scan.starts for scan in scans]
    rows = sum(found, Counter[int]())
    late: Counter[int] = Counter()
    for starts in found:
        if len(starts) > 1:
            most = max(starts.values())
            begin = min(start for start, count in starts.items() if count >= _BODY * most)
            late.update({start: count for start, count in starts.items()
                         if grain.end(grain.end(start)) <= begin and 2 * count < rows[start]})  # fmt: skip
    return late
