"""Sentinels: values such as −999 or "unknown" that stand for 'missing' without saying so."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from monitors.measurement import table
from monitors.profile.bins import FIRST, ColumnBins
from monitors.profile.cube import ColumnCube, Cube
from monitors.profile.facts import Facts
from monitors.settings import Settings
from monitors.statistics.intervals import wilson
from monitors.statistics.null import FEW_WINDOWS, few_windows, of_counts, score_of_t, share_limit

NUMBERS = frozenset({0.0, -1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0, 999.0, 9999.0, 99999.0, 999999.0,
                     -32768.0, 2147483647.0, -2147483648.0})  # fmt: skip
_SORTED = np.array(sorted(NUMBERS))
WORDS = frozenset({"", " ", "-", "--", "?", ".", "na", "n/a", "nan", "null", "none", "nil", "missing", "unknown",
                   "undefined", "unspecified", "not set", "not available", "(none)", "(null)", "#n/a", "0", "-1",
                   "-999"})  # fmt: skip
_RARE = 0.01
"""A value with more than this share of the reference is no sentinel: more of it is drift."""
_UNCOMMON = 0.1
"""A bin with more than this share of the reference is where values lie anyway."""
_FAR = 0.25
"""A value outside the reference's range by this part of it may be a sentinel whatever it is."""
_LEAST_COUNT = 3
_LEAST_ROWS = 30
_LEAST_OWN = 5
"""Rows of the reference, all with one value, that make a bin this value's own."""
_TRIES = 10
"""Values of a feature that might have been suspected: what a feature's p value is multiplied by."""


class Suspect(NamedTuple):
    """The most suspicious value of each window.

    Attributes
    ----------
    rows : shape (W,), at it; 0 where nothing is suspicious
    before : shape (W, R), rows of the reference's windows at it
    name : W texts, None where nothing is suspicious
    """

    rows: np.ndarray
    before: np.ndarray
    name: list[str | None]


def sentinels(
    names: list[str], cubes: list[tuple[ColumnCube, ColumnCube]], windows: Cube, reference: Cube, settings: Settings
) -> pd.DataFrame:
    """Share of values at one that stands for 'missing' or is new, beyond the most that the reference had there.

    The rows at it are judged by the rate and the habit of the reference's windows (``null.of_counts``), corrected for
    the number of features and of values that might have been suspected.
    """
    tries = _TRIES * len(names)
    rate = settings.rate("missing", "sentinel_share") / tries
    suspects = [_numbers(*pair) if pair[0].bins.kind == "numeric" else _words(*pair, windows.facts) for pair in cubes]
    n = np.array([now.n[:, FIRST:].sum(axis=1) for now, _ in cubes], float)  # (F, W)
    count = np.array([found.rows for found in suspects])
    before = np.array([found.before for found in suspects])  # (F, W, R)
    rows = np.array([ref.n[:, FIRST:].sum(axis=1) for _, ref in cubes], float)[:, None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(n > 0, count / n, np.nan)
        most = (before / np.maximum(rows, 1)).max(axis=2, initial=0.0)
        usual = before.sum(axis=2) / np.maximum(rows.sum(axis=2), 1)
    # few windows have a suspect, and where none is there is nothing to judge
    asked = np.nonzero(count > 0)
    tail, limit = np.ones(share.shape), np.full(share.shape, np.nan)
    if asked[0].size:
        tail[asked], limit[asked] = _tail(
            count[asked], before[asked], np.broadcast_to(rows, before.shape)[asked], n[asked], rate
        )
    p = np.where(share > most, np.minimum(tries * tail, 1.0), np.where(n > 0, 1.0, np.nan))
    band = np.fmax(limit, most)
    details = [[name if p[f, w] < 1 else None for w, name in enumerate(found.name)] for f, found in enumerate(suspects)]
    if not len(reference):
        p[:] = np.nan
    _, low, high = wilson(share * n, n)
    return table(
        "missing", "sentinel_share", names, windows, reference, value=share, low=low, high=high, expected=usual, n=n,
        p_value=p, band_low=0.0, band_high=np.minimum(band, 1.0), detail=details,
    )  # fmt: skip


def _tail(
    count: np.ndarray, before: np.ndarray, rows: np.ndarray, n: np.ndarray, rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Chance of so many rows at the suspect in a quiet window, and the share whose chance is ``rate``, both (D,).

    Parameters
    ----------
    count, n : shape (D,), rows at the suspect and of all; before, rows : shape (D, R), the same of the reference
    """
    if rows.shape[1] < FEW_WINDOWS:
        now = zip(before[:, None], rows[:, None], count[:, None, None], n[:, None, None], strict=True)
        one = [few_windows(*window, rate) for window in now]
        return np.array([p[0, 0] for p, _ in one]), np.array([band[0, 0] for _, band in one])
    scores = of_counts(before, rows, count[:, None], n[:, None], moderated=False)
    score = score_of_t(scores.windows, scores.dof)[:, 0]
    wanted = np.full((len(n), 1), -special.ndtri(rate))
    return special.ndtr(-score), share_limit(scores, n[:, None], rows.sum(axis=1), wanted)[:, 0]


def _numbers(now: ColumnCube, ref: ColumnCube) -> Suspect:
    """A number known to be a sentinel, far outside the reference's range, or alone in a bin that used to hold many."""
    counts, seen = now.n[:, FIRST:].astype(float), ref.n[:, FIRST:].astype(float)
    total = counts.sum(axis=1, keepdims=True)
    usual = seen.sum(axis=0) / max(seen.sum(), 1)
    most = (seen / np.maximum(seen.sum(axis=1, keepdims=True), 1)).max(axis=0, initial=0.0)
    value, single = single_values(now)
    edges, own = now.bins.edges, own_value_bins(ref)
    with np.errstate(invalid="ignore", over="ignore"):
        low, high = (edges[0], edges[-1]) if len(edges) else (-np.inf, np.inf)
        width = high - low
        far = (value < low - _FAR * width) | (value > high + _FAR * width)
        nearest = _SORTED[np.abs(value[..., None] - _SORTED).argmin(axis=-1)]
        # a mean is right to some digits of the column's own size
        known = np.abs(value - nearest) <= 1e-9 * np.maximum(np.abs(nearest), np.minimum(width, 1.0))
        value = np.where(known, nearest, value)
        share = counts / np.maximum(total, 1)
    # the reference's windows have clumps too, as prices do; a value for every row is told as constant
    clump = single & (share > 2 * largest_clump(ref) + 0.05) & (share < 1) & (total >= _LEAST_ROWS)
    strange = (far & (usual <= _RARE)) | (~own & (usual <= _UNCOMMON))
    suspicious = (single & (usual <= _RARE) & (counts >= _LEAST_COUNT) & known) | (clump & strange)
    excess = np.where(suspicious, share - most, -np.inf)
    b = excess.argmax(axis=1)
    w = np.arange(len(counts))
    there = excess[w, b] > 0
    names = [f"{value[i, b[i]]:.6g}" if there[i] else None for i in w]
    return Suspect(np.where(there, counts[w, b], 0.0), seen[:, b].T, names)


def _words(now: ColumnCube, ref: ColumnCube, facts: tuple[Facts, ...]) -> Suspect:
    """A word for 'missing' that the reference did not have or had rarely."""
    counts, seen = now.n[:, FIRST:].astype(float), ref.n[:, FIRST:].astype(float)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    usual = seen.sum(axis=0) / max(seen.sum(), 1)
    most = (seen / np.maximum(seen.sum(axis=1, keepdims=True), 1)).max(axis=0, initial=0.0)
    categories = now.bins.categories
    word = np.array([*(value.strip().lower() in WORDS for value in categories), False, False])
    suspicious = word & (usual <= _RARE) & (share > 2 * most + 0.01)
    excess = np.where(suspicious, share - most, 0.0)
    b = excess.argmax(axis=1)
    w = np.arange(len(counts))
    there = excess[w, b] > 0
    count, before = np.where(there, counts[w, b], 0.0), np.where(there[:, None], seen[:, b].T, 0.0)
    names = [categories[b[i]] or "empty text" if there[i] else None for i in w]
    for i, known in enumerate(facts):
        new = known.get("unseen", {}).get(now.bins.name, {})
        words = [(rows, value) for value, rows in new.items() if value.strip().lower() in WORDS]
        rows, value = max(words, default=(0, ""))
        if rows > excess[i, b[i]] * counts[i].sum():
            count[i], before[i], names[i] = rows, 0.0, value or "empty text"
    return Suspect(count, before, names)


def largest_clump(reference: ColumnCube) -> float:
    """Greatest share of a window that one uncommon value has alone in its bin, over the reference's windows."""
    counts = reference.n[:, FIRST:].astype(float)
    uncommon = counts.sum(axis=0) <= _UNCOMMON * counts.sum()
    alone = np.where(single_values(reference)[1] & uncommon, counts, 0.0).max(axis=1, initial=0.0)
    return float((alone / np.maximum(counts.sum(axis=1), 1)).max(initial=0.0))


def single_values(column: ColumnCube) -> tuple[np.ndarray, np.ndarray]:
    """Mean value of each bin, and whether all its rows hold that one value: shapes (W, B - 4)."""
    return _single(column.n[:, FIRST:], column.sum("value")[:, FIRST:], column.sum("value2")[:, FIRST:], column.bins)


def _single(n: np.ndarray, value: np.ndarray, value2: np.ndarray, bins: ColumnBins) -> tuple[np.ndarray, np.ndarray]:
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        mean, square = value / n, value2 / n
        single = (n > 0) & (square - mean**2 <= 1e-12 * np.maximum(square, 1e-300))
    return mean + bins.centre, single


def own_value_bins(reference: ColumnCube) -> np.ndarray:
    """Numeric bins that are one value's own: by their edges, or because the reference had no other there; (B - 4,)."""
    own = np.zeros(reference.bins.size - FIRST, bool)
    edges = reference.bins.edges
    own[1:-1] = edges[1:] == np.nextafter(edges[:-1], np.inf)
    pooled = (reference.n, reference.sum("value"), reference.sum("value2"))
    n, value, value2 = (x[:, FIRST:].sum(axis=0) for x in pooled)
    return own | (_single(n, value, value2, reference.bins)[1] & (n >= _LEAST_OWN))
