"""The local engine: files one after another, columns counted in threads. Memory is bounded by passes over the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from monitors import sources
from monitors.errors import LogFileError
from monitors.logs.ahead import ahead
from monitors.logs.files import LogFile
from monitors.logs.kept import Kept
from monitors.logs.prepare import Layout, Scan, read_rows, scan
from monitors.logs.progress import Progress
from monitors.logs.read import schema
from monitors.profile.engines import Engine, Reading
from monitors.windows import Grain

if TYPE_CHECKING:
    from monitors.config import Config
    from monitors.profile.bins import Bins
    from monitors.profile.cube import Profile
    from monitors.profile.freeze import Collector
    from monitors.profile.rows import Rows

_HOURS = {"h": 1, "d": 24, "w": 168, "mo": 744, "rows": 0}
_CELLS_AT_ONCE = 600_000_000
"""Bytes of counts that one pass over the log may hold; more windows take more passes."""


class LocalEngine:
    """Everything in this process."""

    by_file = True

    def __init__(self) -> None:
        self.kept = Kept()  # the reference's text files, between freezing bins and counting

    @property
    def for_files(self) -> Engine:
        """See ``Engine.for_files``."""
        return self

    def log(self, config: Config, layout: Layout) -> list[LogFile]:
        """See ``Engine.log``."""
        return sources.log_files(config)

    def scan(self, files: Sequence[LogFile], layout: Layout, progress: Progress) -> dict[str, Scan]:
        """See ``Engine.scan``."""
        found = {}
        for done, file in enumerate(files, 1):
            found[file.key] = scan(file, layout)
            progress("reading times", done, len(files))
        return found

    def names(self, files: Sequence[LogFile]) -> list[str]:
        """See ``Engine.names``."""
        return column_names(files)

    def place(self, reading: Reading) -> set[int]:
        """See ``Engine.place``."""
        found: set[int] = set()
        for rows in self.rows(reading, only_ids=True):
            found |= labelled_windows(rows)
        return found

    def collect(self, reading: Reading, names: Sequence[str]) -> Collector:
        """See ``Engine.collect``."""
        collector = self._collect(reading, sufficient_for(names, reading))
        return self._collect(reading) if collector.lacks(reading.rows) else collector

    def _collect(self, reading: Reading, *bound: int) -> Collector:
        from monitors.profile.freeze import Collector

        collector = Collector(reading.layout.columns, *bound)
        for rows in self._read(reading, keys=True, kept=self.kept):
            collector.add(rows)
        return collector

    def profile(self, reading: Reading, bins: Bins, known: frozenset[str]) -> Iterator[list[Profile]]:
        """See ``Engine.profile``."""
        return ahead(self._profile(reading, bins, known))

    def _profile(self, reading: Reading, bins: Bins, known: frozenset[str]) -> Iterator[list[Profile]]:
        from monitors.profile.local import profile_windows

        if reading.windows is None:
            yield from profile_windows(self._read(reading, kept=self.kept), bins, known)
            return
        at_once = max(1, _CELLS_AT_ONCE // max(window_bytes(bins, reading.layout.grain), 1))
        wanted = sorted(reading.windows)
        for begin in range(0, len(wanted), at_once):
            part = frozenset(wanted[begin : begin + at_once])
            files = reading.files if reading.touching is None else reading.touching(set(part))
            rows = self._read(replace(reading, windows=part, files=files), kept=self.kept)
            yield from profile_windows(rows, bins, known, windows=len(part))
        self.kept.clear()

    def rows(self, reading: Reading, only_ids: bool = False) -> Iterator[Rows]:
        """See ``Engine.rows``."""
        return self._read(reading, only_ids=only_ids)

    def close(self) -> None:
        """See ``Engine.close``."""
        self.kept.clear()

    def _read(
        self, reading: Reading, keys: bool = False, only_ids: bool = False, kept: Kept | None = None
    ) -> Iterator[Rows]:
        return ahead(self._rows(reading, keys, only_ids, kept))

    def _rows(self, reading: Reading, keys: bool, only_ids: bool, kept: Kept | None) -> Iterator[Rows]:
        for done, file in enumerate(reading.files, 1):
            yield from read_file(reading, file, keys, only_ids, reading.trouble.get(file.key), kept)
            reading.progress(reading.step, done, len(reading.files))


def read_file(
    reading: Reading, file: LogFile, keys: bool = False, only_ids: bool = False, trouble: list[str] | None = None,
    kept: Kept | None = None,
) -> Iterator[Rows]:  # fmt: skip
    """The rows of one of the files."""
    windows = None if reading.windows is None else set(reading.windows)
    first = reading.first_rows.get(file.key, 0)
    return read_rows(file, reading.layout, first, windows, reading.labels, keys, only_ids, trouble, kept)


def sufficient_for(names: Sequence[str], reading: Reading) -> int:
    """The key up to which enough rows of a reading are sampled for a log of these columns."""
    from monitors.profile.freeze import sample_rows
    from monitors.profile.sampled import sufficient

    return sufficient(sample_rows(sum(map(reading.layout.columns.is_seen, names))), reading.rows)


def labelled_windows(rows: Rows) -> set[int]:
    """Windows in which rows have a label."""
    if rows.label is None:
        return set()
    return set(np.unique(rows.starts[rows.label.is_valid().to_numpy(zero_copy_only=False)]).tolist())


def window_bytes(bins: Bins, grain: Grain) -> int:
    """Memory that a window's counts take while they are taken, all segments included."""
    from monitors.profile.outcomes import lanes, marked_outcomes

    cells = 1 + sum(max(len(values), 2) for _, values in bins.segments)
    states = 2 if marked_outcomes(bins) else bins.outcomes
    counts = int(bins.offsets[-1]) * (states * lanes(bins) + marked_outcomes(bins)) * 8 * cells
    return counts + _HOURS.get(grain.unit, 100) * grain.count * len(bins.features) * 12


def column_names(files: Sequence[LogFile]) -> list[str]:
    """Names of the columns of any file that can be read."""
    names: dict[str, None] = {}
    for file in files:
        try:
            names.update(dict.fromkeys(schema(file).names))
        except LogFileError:
            continue
    return list(names)
