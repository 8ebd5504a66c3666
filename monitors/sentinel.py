"""Sentinels: values such as −999 or "unknown" that stand for 'missing' without saying so."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from monitors.measurement import Block, table
from monitors.profile.alike import Alike, blocks
from monitors.profile.bins import FIRST
from monitors.profile.cube import Cube
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


class Suspects(NamedTuple):
    """The most suspicious value of each window, of F columns.

    Attributes
    ----------
    rows : shape (F, W), at it; 0 where nothing is suspicious
    place : shape (F, W), int: its bin among those with values; -1: the reference had none of it
    names : by column and window
    """

    rows: np.ndarray
    place: np.ndarray
    names: dict[tuple[int, int], str]


def sentinels(columns: list[int], windows: Cube, reference: Cube, settings: Settings) -> Block:
    """Share of values at one that stands for 'missing' or is new, beyond the most that the reference had there.

    The rows at it are judged by the rate and the habit of the reference's windows (``null.of_counts``), corrected for
    the number of features and of values that might have been suspected.
    """
    tries = _TRIES * len(columns)
    rate = settings.rate("missing", "sentinel_share") / tries
    n, count, most, usual = (np.zeros((len(columns), len(windows))) for _ in range(4))
    tail, limit = np.ones(n.shape), np.full(n.shape, np.nan)
    names: dict[tuple[int, int], str] = {}
    asked: list[tuple[np.ndarray, ...]] = []
    for f, now in blocks(windows, columns):
        past = now.of(reference)
        found = _numbers(now, past) if now.kind == "numeric" else _words(now, past, windows.facts)
        n[f], count[f] = now.n[:, :, FIRST:].sum(axis=2), found.rows
        seen = past.n[:, :, FIRST:].astype(float)
        at, known = np.maximum(found.place, 0), found.place >= 0
        for into, by_bin in zip((usual, most), _usual_and_most(seen), strict=True):
            into[f] = np.where(known, np.take_along_axis(by_bin, at, axis=1), 0.0)
        # few windows have a suspect, and where none is there is nothing to judge
        k, w = np.nonzero(found.rows > 0)
        asked.append((f[k], w, np.where(known[k, w, None], seen[k, :, at[k, w]], 0.0), seen.sum(axis=2)[k]))
        names |= {(int(f[k]), w): name for (k, w), name in found.names.items()}
    f, w, before, rows = (np.concatenate(parts) for parts in zip(*asked, strict=True))
    if len(f):
        tail[f, w], limit[f, w] = _tail(count[f, w], before, rows, n[f, w], rate)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(n > 0, count / n, np.nan)
    p = np.where(share > most, np.minimum(tries * tail, 1.0), np.where(n > 0, 1.0, np.nan))
    band = np.fmax(limit, most)
    details: list[list[str | None]] = [[None] * len(windows) for _ in columns]
    for (i, j), name in names.items():
        details[i][j] = name if p[i, j] < 1 else None
    if not len(reference):
        p[:] = np.nan
    _, low, high = wilson(share * n, n)
    return table(
        "missing", "sentinel_share", [windows.bins.columns[i].name for i in columns], windows, reference, value=share,
        low=low, high=high, expected=usual, n=n, p_value=p, band_low=0.0, band_high=np.minimum(band, 1.0),
        detail=details,
    )  # fmt: skip


def _usual_and_most(seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of the reference's values by bin, of all and the most that a window had; seen : shape (F, R, B)."""
    rows = seen.sum(axis=2)
    usual = seen.sum(axis=1) / np.maximum(rows.sum(axis=1), 1)[:, None]
    return usual, (seen / np.maximum(rows, 1)[:, :, None]).max(axis=1, initial=0.0)


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


@np.errstate(invalid="ignore", over="ignore")
def _numbers(now: Alike, past: Alike) -> Suspects:
    """A number known to be a sentinel, far outside the reference's range, or alone in a bin that used to hold many."""
    counts, seen = now.n[:, :, FIRST:].astype(float), past.n[:, :, FIRST:].astype(float)
    total = counts.sum(axis=2)
    every, most = _usual_and_most(seen)
    share = counts / np.maximum(total, 1)[:, :, None]
    # the reference's windows have clumps too, as prices do; a value for every row is told as constant
    clump = (share > (2 * largest_clump(past) + 0.05)[:, None, None]) & (share < 1)
    clump &= (total >= _LEAST_ROWS)[:, :, None] & (every <= _UNCOMMON)[:, None]
    f, w, b = np.nonzero(clump | ((counts >= _LEAST_COUNT) & (every <= _RARE)[:, None]))
    value, single = _single(*(x[f, w, b + FIRST] for x in (now.n, now.sum("value"), now.sum("value2"))))
    value += np.array([bins.centre for bins in now.bins])[f]
    low, high = (np.array([bins.edges[end] if len(bins.edges) else none for bins in now.bins])[f]
                 for end, none in ((0, -np.inf), (-1, np.inf)))  # fmt: skip
    width, usual = high - low, every[f, b]
    far = (value < low - _FAR * width) | (value > high + _FAR * width)
    nearest = _SORTED[np.abs(value[:, None] - _SORTED).argmin(axis=1)]
    # a mean is right to some digits of the column's own size
    known = np.abs(value - nearest) <= 1e-9 * np.maximum(np.abs(nearest), np.minimum(width, 1.0))
    strange = (far & (usual <= _RARE)) | ~own_value_bins(past)[f, b]
    suspicious = single & ((known & (usual <= _RARE) & (counts[f, w, b] >= _LEAST_COUNT)) | (clump[f, w, b] & strange))
    excess = np.full(share.shape, -np.inf)
    excess[f, w, b] = np.where(suspicious, share[f, w, b] - most[f, b], -np.inf)
    place = excess.argmax(axis=2)
    told = (place[f, w] == b) & (excess[f, w, b] > 0)
    rows = np.zeros(total.shape)
    rows[f[told], w[told]] = counts[f, w, b][told]
    cells = zip(f[told], w[told], np.where(known, nearest, value)[told], strict=True)
    return Suspects(rows, place, {(int(k), int(j)): f"{x:.6g}" for k, j, x in cells})


def _words(now: Alike, past: Alike, facts: tuple[Facts, ...]) -> Suspects:
    """A word for 'missing' that the reference did not have or had rarely."""
    counts, seen = now.n[:, :, FIRST:].astype(float), past.n[:, :, FIRST:].astype(float)
    total = counts.sum(axis=2)
    usual, most = (x[:, None] for x in _usual_and_most(seen))
    share = counts / np.maximum(total, 1)[:, :, None]
    word = np.array([[*map(_for_missing, bins.categories), False, False] for bins in now.bins])[:, None]
    suspicious = word & (usual <= _RARE) & (share > 2 * most + 0.01)
    excess = np.where(suspicious, share - most, 0.0)
    at, excess = excess.argmax(axis=2), excess.max(axis=2)
    there = excess > 0
    rows = np.where(there, np.take_along_axis(counts, at[:, :, None], axis=2)[:, :, 0], 0.0)
    place = np.where(there, at, -1)
    names = {(int(f), int(w)): now.bins[f].categories[at[f, w]] or "empty text" for f, w in np.argwhere(there)}
    for w, known in enumerate(facts):
        new = known.get("unseen", {})
        for f, bins in enumerate(now.bins):
            words = [(count, value) for value, count in new.get(bins.name, {}).items() if _for_missing(value)]
            count, value = max(words, default=(0, ""))
            if count > excess[f, w] * total[f, w]:
                rows[f, w], place[f, w], names[f, w] = count, -1, value or "empty text"
    return Suspects(rows, place, names)


def _for_missing(value: str) -> bool:
    return value.strip().lower() in WORDS


def largest_clump(past: Alike) -> np.ndarray:
    """Greatest share of a window that one uncommon value has alone in its bin, over the reference's windows; (F,)."""
    counts = past.n[:, :, FIRST:].astype(float)
    every = counts.sum(axis=1)
    uncommon = every <= _UNCOMMON * every.sum(axis=1, keepdims=True)
    alone = np.where(single_values(past)[1] & uncommon[:, None], counts, 0.0).max(axis=2, initial=0.0)
    return np.asarray((alone / np.maximum(counts.sum(axis=2), 1)).max(axis=1, initial=0.0))


def single_values(of: Alike) -> tuple[np.ndarray, np.ndarray]:
    """Mean value of each bin, and whether all its rows hold that one value: shapes (F, W, B - 4)."""
    centre = np.array([bins.centre for bins in of.bins])[:, None, None]
    mean, single = _single(*(x[:, :, FIRST:] for x in (of.n, of.sum("value"), of.sum("value2"))))
    return mean + centre, single


@np.errstate(invalid="ignore", divide="ignore", over="ignore")
def _single(n: np.ndarray, value: np.ndarray, value2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of rows, of the value less the centre, and whether all of them hold that one value."""
    mean, square = value / n, value2 / n
    single = (n > 0) & (square - mean**2 <= 1e-12 * np.maximum(square, 1e-300))
    return mean, single


def own_value_bins(past: Alike) -> np.ndarray:
    """Numeric bins that are one value's own: by their edges, or as the reference had no other there; (F, B - 4)."""
    edges = np.array([bins.edges for bins in past.bins])
    own = np.zeros((len(past), edges.shape[1] + 1), bool)
    own[:, 1:-1] = edges[:, 1:] == np.nextafter(edges[:, :-1], np.inf)
    n, value, value2 = (x[:, :, FIRST:].sum(axis=1) for x in (past.n, past.sum("value"), past.sum("value2")))
    return own | (_single(n, value, value2)[1] & (n >= _LEAST_OWN))
