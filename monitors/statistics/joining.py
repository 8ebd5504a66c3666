"""Neighbouring bins joined where a window has too few labels to learn something from each.

Bins hold a reference of perhaps millions of rows; a window of 500 labels has eight of them in each of 64
bins.
"""

from __future__ import annotations

import numpy as np
from numba import njit

FEWEST_GROUPS = 8
GROUPS_PER_ROOT = 0.7
"""Bins are joined to about 0.7·√n groups. More groups learn noise, fewer lose detail; measured on logistic,
U-shaped and jagged relations of 64 bins and 200 to 10,000 labels."""


@njit(nogil=True, cache=True, error_model="numpy")
def _join(n: np.ndarray, wanted: np.ndarray, group: np.ndarray) -> None:
    windows, bins = n.shape
    for w in range(windows):
        rows = 0.0
        for b in range(bins):
            rows += n[w, b]
        held, before, current = 0.0, np.inf, 0
        for b in range(bins):
            held += n[w, b]
            place = wanted[w] / rows * (held - n[w, b] / 2)
            stretch = np.floor(place) + (place > 0.5) + (place > wanted[w] - 0.5)
            if stretch > before:
                current += 1
            before = stretch
            group[w, b] = current


@njit(nogil=True, cache=True)
def _gather(counts: np.ndarray, group: np.ndarray, out: np.ndarray) -> None:
    windows, bins = counts.shape
    for w in range(windows):
        for b in range(bins):
            out[w, group[w, b]] += counts[w, b]


def join_bins(n: np.ndarray, labels: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
    """Which group each of a window's ordered bins joins, from the bins' sizes alone.

    The rows are cut into equal stretches, the first and the last of them in halves (rates differ most at the ends, and
    a rare class lies there), and bins whose middle row lies in one stretch join. A bin larger than a stretch so stays
    by itself. Outcomes by bin are not looked at, or the groups would be fitted to noise.

    Parameters
    ----------
    n : rows by bin, shape (W, B)
    labels : how many rows the labels are worth, shape (W,)
    groups : how many groups to make of them, shape (W,); left out, about 0.7·√labels, at least 8

    Returns
    -------
    Shape (W, B), int64: 0 for a window's first group, and so on upwards.
    """
    # whole numbers: a part of a stretch at the end would hold a few rows or many by chance
    wanted = np.rint(GROUPS_PER_ROOT * np.sqrt(labels) if groups is None else groups)
    group = np.zeros(n.shape, np.int64)
    _join(np.ascontiguousarray(n, float), np.maximum(wanted, FEWEST_GROUPS) - 2.0, group)
    return group


def gather(counts: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Counts or sums (W, B) added up by group, shape (W, largest number of groups)."""
    out = np.zeros((len(counts), int(group.max(initial=0)) + 1))
    _gather(np.ascontiguousarray(counts, float), group, out)
    return out


@njit(nogil=True, cache=True)
def _expand(values: np.ndarray, group: np.ndarray, out: np.ndarray) -> None:
    windows, bins = group.shape
    for w in range(windows):
        for b in range(bins):
            out[w, b] = values[w, group[w, b]]


def expand(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """What each bin's group has: values (W, G) to (W, B), as ``np.take_along_axis`` without its index arrays."""
    out = np.empty(group.shape)
    _expand(np.ascontiguousarray(values, float), group, out)
    return out
