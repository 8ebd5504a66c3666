"""Which features carry the same signal: how strongly each goes along with the others, on a sample of the reference.

Bounded whatever the log: a sample of rows, and for each feature the few that go along with it most.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from monitors.profile.bins import FIRST, ColumnBins
from monitors.profile.seen import SeenColumn
from monitors.profile.values import to_codes, to_floats
from monitors.statistics.ranks import mean_ranks

MOST_ROWS, LEAST_ROWS, CELLS = 4_000, 1_000, 4_000_000
"""Rows of the sample: as many as make ``CELLS`` values over all features, within these."""
KEPT, KEPT_ELSEWHERE = 5, 3
"""Features kept by name: of all, and of those whose names begin otherwise (those of one source vanish together)."""
LEAST = 0.3
"""Strength from which on a feature goes along with another: it shares a tenth of its variance."""
_FEWEST = 100
"""Rows with both features, under which nothing is said."""
_CATEGORIES = 8
_WORD = re.compile(r"[^\W\d_]+")

Partners = tuple[tuple[str, tuple[tuple[str, float], ...]], ...]
"""By feature, the names of those that go along with it and how strongly, strongest first."""


def partners(columns: Sequence[ColumnBins], seen: Mapping[str, SeenColumn], keys: np.ndarray) -> Partners:
    """The features that go along with each.

    Parameters
    ----------
    columns : of the features
    seen : by name; keys : shape (n,), uint64, of all sampled rows: those with the smallest are taken, so the result
        does not depend on the order of files
    """
    if len(columns) < 2 or not len(keys):
        return ()
    wanted = max(LEAST_ROWS, min(MOST_ROWS, CELLS // len(columns)))
    chosen = np.unique(keys)[:wanted]
    places = _Places(chosen)
    with ThreadPoolExecutor(2) as pool:
        blocks = list(pool.map(lambda column: _block(column, seen[column.name], places), columns))
    found = strengths(blocks)
    np.fill_diagonal(found, 0.0)
    names = np.array([column.name for column in columns], object)
    words = np.array([_source(name) for name in names], object)
    out = []
    for i, row in enumerate(np.round(found, 2)):
        strong = np.flatnonzero(row >= LEAST)
        order = strong[np.argsort(-row[strong], kind="stable")]
        elsewhere = order[words[order] != words[i]][:KEPT_ELSEWHERE]
        kept = dict.fromkeys([*order[:KEPT].tolist(), *elsewhere.tolist()])
        if kept:
            out.append((str(names[i]), tuple((str(names[j]), float(row[j])) for j in kept)))
    return tuple(out)


def strengths(blocks: Sequence[np.ndarray]) -> np.ndarray:
    """How strongly each pair of features goes together, from 0 to 1, shape (F, F).

    Numbers are ranks: two of them give the size of Spearman's rank correlation. A number and a category give the
    correlation ratio, two categories Cramér's V, both less what chance gives. Rows with both features count.

    Parameters
    ----------
    blocks : one a feature, shape (n, k): a number's rank (k = 1) or a category's indicators, NaN where it is missing
    """
    n, full = len(blocks[0]), [i for i, block in enumerate(blocks) if block.shape[1]]
    if len(full) < len(blocks):  # a feature that says nothing goes with none
        out = np.zeros((len(blocks), len(blocks)))
        if full:
            out[np.ix_(full, full)] = strengths([blocks[i] for i in full])
        return out
    widths = [block.shape[1] for block in blocks]
    flat = np.nan_to_num(np.concatenate(blocks, axis=1)).astype(np.float32)
    known = np.isfinite(np.stack([block[:, 0] for block in blocks], axis=1))
    owner = np.repeat(np.arange(len(blocks)), widths)
    both = np.full((len(blocks), len(blocks)), float(n))
    gaps = np.flatnonzero(~known.all(axis=0))
    if len(gaps):
        have = known.astype(np.float32)
        both[gaps] = have[:, gaps].T @ have
        both[:, gaps] = both[gaps].T
    square = (flat.T @ flat).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        square /= both if len(owner) == len(blocks) else both[owner][:, owner]
    square **= 2
    if len(owner) != len(blocks):
        first = np.concatenate([[0], np.cumsum(widths)[:-1]])
        square = np.add.reduceat(np.add.reduceat(square, first, axis=0), first, axis=1)
    k = np.array(widths, float)
    dim, least = np.outer(k, k), np.minimum.outer(k, k)
    with np.errstate(divide="ignore", invalid="ignore"):
        due = np.where(dim > 1, dim / both, 0.0)
        share = np.clip((square - due) / (least - due), 0.0, 1.0)
    share = np.where(both >= _FEWEST, share, 0.0)
    return np.asarray(np.sqrt(np.nan_to_num(share)))


def _source(name: str) -> str:
    found = _WORD.match(name)
    return found[0].lower() if found else name


class _Places:
    """Where sampled rows stand among the chosen ones: found once for the columns that have the same rows."""

    def __init__(self, chosen: np.ndarray) -> None:
        self.chosen = chosen
        self._known: dict[int, tuple[np.ndarray, tuple[pa.Array, np.ndarray]]] = {}

    def of(self, piece: int, keys: np.ndarray) -> tuple[pa.Array, np.ndarray]:
        """Indices of the piece's rows that are chosen, and their places."""
        known = self._known.get(piece)
        if known is None or known[0] is not keys:
            own = np.flatnonzero(keys <= self.chosen[-1])
            known = self._known[piece] = keys, (pa.array(own), np.searchsorted(self.chosen, keys[own]))
        return known[1]


def _block(column: ColumnBins, seen: SeenColumn, places: _Places) -> np.ndarray:
    """A feature's values in the chosen rows as standardised ranks, or as orthonormal indicators; (n, k)."""
    chosen = places.chosen
    numeric = column.kind == "numeric"
    out = np.full(len(chosen), np.nan)
    for piece, (keys, array) in enumerate(seen.pieces):
        own, place = places.of(piece, keys)
        part = array.take(own)
        if numeric:
            values, flags = to_floats(part)
            out[place] = np.where(np.isfinite(values) & ((flags == 0) if len(flags) else True), values, np.nan)
        else:
            codes = to_codes(part, column)[0].astype(float)
            out[place] = np.where(codes >= FIRST, codes, np.nan)
    known = np.isfinite(out)
    if known.sum() < _FEWEST:
        return np.empty((len(chosen), 0))
    if numeric:
        out[known] = mean_ranks(out[known])
        spread = out[known].std()
        return ((out - out[known].mean()) / spread)[:, None] if spread > 0 else np.empty((len(chosen), 0))
    values, counts = np.unique(out[known], return_counts=True)
    top = values[np.argsort(-counts, kind="stable")][:_CATEGORIES]
    table = (out[known][:, None] == top[None, :]).astype(float)
    table -= table.mean(axis=0)
    left, size, _ = np.linalg.svd(table, full_matrices=False)
    left = left[:, size > 1e-6 * max(size.max(initial=0.0), 1.0)]
    block = np.full((len(chosen), left.shape[1]), np.nan)
    block[known] = left * np.sqrt(known.sum())
    return block
