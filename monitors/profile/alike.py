"""Columns of a cube side by side: those that have as many bins as each other, so that one array holds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import EllipsisType

import numpy as np

from monitors.profile.bins import ColumnBins
from monitors.profile.cube import Cube
from monitors.profile.sums import SUMS

_CELLS = 400_000
"""Windows × bins that a block of columns may have: what is computed of it stays in the processor's cache."""


@dataclass(frozen=True)
class Alike:
    """F columns of one cube, alike in kind and number of bins B; as ``ColumnCube``, with an axis of columns before it.

    Attributes
    ----------
    index : shape (F,), their places in ``cube.bins.columns``
    windows : shape (W,), bool: which of the cube's windows; all of them when left out
    """

    cube: Cube
    index: np.ndarray
    windows: np.ndarray | EllipsisType = ...

    def __len__(self) -> int:
        return len(self.index)

    @property
    def bins(self) -> list[ColumnBins]:
        """Their bins, F of them."""
        return [self.cube.bins.columns[i] for i in self.index]

    @property
    def kind(self) -> str:
        """``numeric`` or ``categorical``."""
        return self.cube.bins.columns[int(self.index[0])].kind

    @cached_property
    def n(self) -> np.ndarray:
        """Rows by bin, shape (F, W, B), int64."""
        return self._taken(self.cube.n)

    @cached_property
    def by_outcome(self) -> np.ndarray:
        """Labelled rows by bin and class, shape (F, W, B, K), int64; each class lies together in memory."""
        classes = range(self.cube.counts.shape[2] - 3)
        return np.moveaxis(np.stack([self._taken(self.cube.counts[:, :, k]) for k in classes]), 0, -1)

    @property
    def scored(self) -> np.ndarray:
        """Rows with a prediction by bin, shape (F, W, B), int64."""
        return self._taken(self.cube.counts[:, :, -2])

    @property
    def paired(self) -> np.ndarray:
        """Rows with prediction and label by bin, shape (F, W, B), int64."""
        return self._taken(self.cube.counts[:, :, -1])

    def sum(self, name: str) -> np.ndarray:
        """One of ``SUMS`` by bin, shape (F, W, B). ``value`` and ``value2`` are of the value less ``bins.centre``."""
        return self._taken(self.cube.sums[:, :, SUMS.index(name)])

    @property
    def placed(self) -> np.ndarray:
        """Labelled rows by bin and group of positions, shape (F, W, B, P)."""
        return self._taken(self.cube.sums[:, :, len(SUMS) :])

    @property
    def low(self) -> np.ndarray:
        """Least number, shape (F, W)."""
        return self.cube.low.T[self.index][:, self.windows]

    @property
    def high(self) -> np.ndarray:
        """Greatest number, shape (F, W)."""
        return self.cube.high.T[self.index][:, self.windows]

    def of(self, other: Cube) -> Alike:
        """The same columns of another cube with the same bins, the reference's."""
        return Alike(other, self.index)

    def at(self, windows: np.ndarray) -> Alike:
        """The same columns in some of the windows, shape (W,), bool."""
        return Alike(self.cube, self.index, windows)

    @cached_property
    def _rows(self) -> np.ndarray:
        first, size = self.cube.bins.offsets[self.index], self.cube.bins.columns[int(self.index[0])].size
        return np.asarray(first[:, None] + np.arange(size))

    def _taken(self, array: np.ndarray) -> np.ndarray:
        """Cells of all columns, shape (W, R, ...), to those of these columns, (F, W, B, ...)."""
        rows, count = self._rows, self._rows.size
        if count and rows[-1, -1] - rows[0, 0] == count - 1:  # they lie next to each other
            near = array[:, rows[0, 0] : rows[-1, -1] + 1]
            near = near.reshape(len(array), *rows.shape, *array.shape[2:])
        else:
            near = array[:, rows]
        return np.ascontiguousarray(np.moveaxis(near[self.windows], 1, 0))


def blocks(cube: Cube, index: Sequence[int], more: int = 1) -> Iterator[tuple[np.ndarray, Alike]]:
    """Columns in blocks that are alike, each with the places that its columns have in ``index``.

    Parameters
    ----------
    index : places in ``cube.bins.columns``
    more : cells that are held for each of the cube's, such as its classes; a block has so many columns fewer
    """
    alike: dict[tuple[str, int], list[int]] = {}
    for place, i in enumerate(index):
        column = cube.bins.columns[i]
        alike.setdefault((column.kind, column.size), []).append(place)
    chosen = np.asarray(index, np.int64)
    for (_, size), places in alike.items():
        most = max(_CELLS // max(len(cube) * size * more, 1), 1)
        for begin in range(0, len(places), most):
            block = np.array(places[begin : begin + most], np.int64)
            yield block, Alike(cube, chosen[block])
