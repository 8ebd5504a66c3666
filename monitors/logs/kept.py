"""Text files and queries that a run reads twice, kept from the first time as long as that takes little memory."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

import pyarrow as pa

MOST_BYTES = 256 << 20
"""Memory that kept files may take, all together."""


class Kept:
    """Batches of files that were read to their ends, each handed out once.

    Parameters
    ----------
    most : bytes; what does not fit is read again
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.most, self.size = most, 0
        self._files: dict[Hashable, list[pa.RecordBatch]] = {}

    def keeping(self, key: Hashable, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Batches as they come, to be asked for again under a key; none of a file that breaks off or is too large."""
        taken: list[pa.RecordBatch] = []
        size, fits = 0, True
        for batch in batches:
            size += batch.nbytes
            fits = fits and self.size + size <= self.most
            taken = [*taken, batch] if fits else []
            yield batch
        if fits and key not in self._files:
            self._files[key] = taken
            self.size += size

    def pop(self, key: Hashable, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What is kept under a key, let go of batch by batch; ``batches`` where nothing is."""
        taken = self._files.pop(key, None)
        if taken is None:
            yield from batches
            return
        while taken:
            batch = taken.pop(0)
            self.size -= batch.nbytes
            yield batch

    def clear(self) -> None:
        """Let go of everything."""
        self._files.clear()
        self.size = 0
