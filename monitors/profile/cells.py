"""Counts and sums of rows by cell: a window, a segment's value, and what rows there predicted and what came true."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import NamedTuple

import numpy as np
import pandas as pd

from monitors.profile.bins import Bins
from monitors.profile.cube import Profile
from monitors.profile.facts import Facts
from monitors.profile.outcomes import counts_and_sums, lanes, marked_outcomes
from monitors.profile.sums import SUMS


class Cell(NamedTuple):
    """Rows that are counted together; ``state`` as ``Outcomes`` has it."""

    start: int
    segment: str
    state: int


class Cells:
    """Counts of one grouping: of all rows, or by a segment column.

    Attributes
    ----------
    lanes : shape (cells, R, L), float64: what the kernel adds up by bin
    marks : shape (cells, R, M), int64: rows by outcome, where there are many, and by group of positions
    low, high : shape (C, cells): by column first, so that a column's slice is contiguous and each thread writes its own
    sizes : shape (F, cells, 3): of the features' attributions: rows, sum of |value|, sum of value²
    """

    def __init__(self, bins: Bins, windows: int = 0) -> None:
        self.bins = bins
        self.index: dict[Cell, int] = {}
        self.rows: Counter[tuple[int, str]] = Counter()
        rows, marks = int(bins.offsets[-1]), marked_outcomes(bins) + bins.sums - len(SUMS)
        self.lanes, self.marks = np.zeros((0, rows, lanes(bins))), np.zeros((0, rows, marks), np.int64)
        self.low, self.high = np.full((len(bins.columns), 0), np.inf), np.full((len(bins.columns), 0), -np.inf)
        self.sizes = np.zeros((len(bins.features) if bins.attributions else 0, 0, 3))
        self._grow(windows * bins.outcomes)

    def of_rows(self, starts: np.ndarray, names: np.ndarray, codes: np.ndarray, states: np.ndarray) -> np.ndarray:
        """Cell of each row, shape (n,), int64; new cells are made.

        Parameters
        ----------
        starts, states : shape (n,), int64; names : of the segments; codes : shape (n,), each row's among them
        """
        window, windows = pd.factorize(starts)
        width = 2 * self.bins.outcomes
        combined, found = pd.factorize((window * len(names) + codes) * width + states)
        cells = np.empty(len(found), np.int64)
        for i, (key, count) in enumerate(zip(found.tolist(), np.bincount(combined).tolist(), strict=True)):
            pair, state = divmod(key, width)
            cell = Cell(int(windows[pair // len(names)]), str(names[pair % len(names)]), state)
            cells[i] = self.index.setdefault(cell, len(self.index))
            self.rows[cell.start, cell.segment] += count
        if len(self.index) > len(self.lanes):
            self._grow(max(len(self.index), 2 * len(self.lanes)))
        return cells[combined]

    def _grow(self, cells: int) -> None:
        """Make room for so many cells. (Zeros take no memory before they are written to.)"""
        more = cells - len(self.lanes)
        self.lanes, self.marks = (_longer(part, 0, more) for part in (self.lanes, self.marks))
        self.low, self.high = _longer(self.low, 1, more, np.inf), _longer(self.high, 1, more, -np.inf)
        self.sizes = _longer(self.sizes, 1, more)

    @property
    def nbytes(self) -> int:
        """Bytes that the counts take."""
        return len(self.index) * self.lanes.shape[1] * (self.lanes.shape[2] + self.marks.shape[2]) * 8

    def windows(self) -> dict[int, dict[str, dict[int, int]]]:
        """Places of cells by window, segment and state."""
        out: dict[int, dict[str, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
        for cell, i in self.index.items():
            out[cell.start][cell.segment][cell.state] = i
        return out

    def profile(self, start: int, segment: str, own: dict[int, int]) -> Profile:
        """Of some cells, by state; its facts hold ``rows`` and ``attributions``."""
        counts, sums = counts_and_sums(self.bins, {state: (self.lanes[i], self.marks[i]) for state, i in own.items()})
        places = [own[state] for state in sorted(own)]
        facts: Facts = {"rows": self.rows[start, segment]}
        sizes = self.sizes[:, places].sum(axis=1).tolist()
        sizes = {column.name: three for column, three in zip(self.bins.features, sizes, strict=False) if three[0]}
        return Profile(
            start, segment, counts, sums, self.low[:, places].min(axis=1), self.high[:, places].max(axis=1),
            facts | ({"attributions": sizes} if sizes else {}),
        )  # fmt: skip


def _longer(array: np.ndarray, axis: int, more: int, value: float = 0.0) -> np.ndarray:
    shape = list(array.shape)
    shape[axis] += more
    out = np.zeros(shape, array.dtype) if value == 0 else np.full(shape, value)
    out[tuple(slice(size) for size in array.shape)] = array
    return out
