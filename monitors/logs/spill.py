"""Rows of fixed width, parted by the hash of their ids: in memory while they are few, in files when they are many."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import TracebackType

import numpy as np

PARTS = 128
"""Parts that rows are spread over by the first bits of their hash: one of each log is in memory at a time."""

MOST_BYTES = 128 * 2**20
"""Bytes that are held before they are written out."""

_SHIFT = np.uint64(64 - PARTS.bit_length() + 1)


class Spill:
    """Rows by part, in the order in which they came; a context that removes its files when it is left.

    Parameters
    ----------
    width : 64-bit words a row has, the first of which is the hash that it is parted by
    most_bytes : held in memory before rows are written out
    """

    def __init__(self, width: int, most_bytes: int = MOST_BYTES) -> None:
        self.width, self.most_bytes = width, most_bytes
        self.held: list[list[np.ndarray]] = [[] for _ in range(PARTS)]
        self.bytes = 0
        self.folder: Path | None = None

    def __enter__(self) -> Spill:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, rows: np.ndarray) -> None:
        """Take rows, shape (n, width), uint64."""
        if not len(rows):
            return
        part = (rows[:, 0] >> _SHIFT).astype(np.int64)
        order = np.argsort(part, kind="stable")
        bounds = np.searchsorted(part[order], np.arange(PARTS + 1))
        for k in range(PARTS):
            if bounds[k + 1] > bounds[k]:
                self.held[k].append(rows[order[bounds[k] : bounds[k + 1]]])
        self.bytes += rows.nbytes
        if self.bytes > self.most_bytes:
            self._write()

    def _write(self) -> None:
        if self.folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix="driftmeter-"))
        for k, rows in enumerate(self.held):
            if rows:
                with (self.folder / str(k)).open("ab") as file:
                    for piece in rows:
                        file.write(np.ascontiguousarray(piece).data)
        self.held, self.bytes = [[] for _ in range(PARTS)], 0

    def part(self, k: int) -> np.ndarray:
        """The rows of a part, shape (n, width), in the order in which they came."""
        pieces = self.held[k]
        if self.folder is not None and (self.folder / str(k)).exists():
            pieces = [np.fromfile(self.folder / str(k), np.uint64).reshape(-1, self.width), *pieces]
        return np.concatenate(pieces) if pieces else np.empty((0, self.width), np.uint64)
