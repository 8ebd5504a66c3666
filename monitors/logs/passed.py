"""What of a file has gone by: the order of its rows, and those whose time cannot be."""

from __future__ import annotations

from collections import Counter

import numpy as np

from monitors.windows import Grain


class Passed:
    """The order of one file's rows, batch by batch; the same however the file is cut into batches.

    Rows with a time that is none are no part of it: a row is compared with the last one before it that has a time.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        self._ahead: Counter[int] = Counter()
        self._waiting = 0  # rows ahead of their file's time before any row that says when that was

    def descents(self, grain: Grain, times: np.ndarray, good: np.ndarray) -> np.ndarray:
        """Rows whose time is before that of the row before, shape (n,), bool; (n,) times and which of them are."""
        out = np.zeros(len(times), bool)
        known = times[good]
        if len(known):
            if self._waiting:
                self._count(grain, np.full(self._waiting, known[0]))
                self._waiting = 0
            out[good] = np.diff(known, prepend=known[0] if self._last is None else self._last) < 0
            self._last = int(known[-1])
        return out

    def count_ahead(
        self, grain: Grain, times: np.ndarray, good: np.ndarray, ahead: np.ndarray, numbers: np.ndarray
    ) -> None:
        """Count rows whose time is ahead of the file's own in the window of the row before them.

        To be called before ``descents``. Windows of rows have places for them by their number.
        """
        if grain.kind == "rows":
            self._count(grain, numbers[ahead])
            return
        place = np.maximum.accumulate(np.where(good, np.arange(len(times)), -1))[ahead]
        before = np.where(place >= 0, times[place], self._last or 0)
        nowhere = (place < 0) & (self._last is None)
        self._waiting += int(nowhere.sum())
        self._count(grain, before[~nowhere])

    def _count(self, grain: Grain, positions: np.ndarray) -> None:
        starts, counts = np.unique(grain.starts(positions), return_counts=True)
        self._ahead.update(dict(zip(starts.tolist(), counts.tolist(), strict=True)))

    def told(self, wanted: set[int] | None) -> dict[int, int]:
        """Rows ahead of their time since this was last asked, by window."""
        told = {start: count for start, count in self._ahead.items() if wanted is None or start in wanted}
        self._ahead.clear()
        return told
