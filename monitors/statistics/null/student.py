"""Tails of Student's t at any degrees of freedom, from a table: a null model asks for them by the million."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit
from scipy import special

FARTHEST = float(-np.log(1e-300))
"""Surprise of the smallest chance that is told from none."""
_FEWEST, _MOST, _DOFS = 0.1, 1e5, 140
_WIDEST, _WIDTHS = 37.0, 130


def surprise(t: np.ndarray, dof: np.ndarray) -> np.ndarray:
    """-log of the chance of |t| or more, to one side; to 1e-4, most of them to 1e-6. NaN stays NaN.

    With w² = dof · log(1 + t² / dof), which is t² of a normal, -log P - w² / 2 is a smooth function of log(1 + w) and
    log(dof): it is tabulated, and interpolated by cubics.

    Parameters
    ----------
    t : shape (D, W)
    dof : shape (D, 1), from 0.1 to 1e5; beyond, the nearer of the two

    Returns
    -------
    shape (D, W), log 2 to ``FARTHEST``
    """
    out = np.empty(t.shape)
    _surprise(t, np.broadcast_to(dof, (len(t), 1))[:, 0], _table(), out)
    return out


@lru_cache(maxsize=1)
def _table() -> np.ndarray:
    """-log P - w² / 2 by degrees of freedom and width, shape (_DOFS, _WIDTHS)."""
    dof = np.geomspace(_FEWEST, _MOST, _DOFS)[:, None]
    half = np.expm1(np.linspace(0.0, np.log1p(_WIDEST), _WIDTHS)) ** 2 / dof
    half = np.minimum(half, 600.0)  # where t is all but infinite, nothing changes any more
    return np.asarray(-np.log(special.stdtr(dof, -np.sqrt(dof * np.expm1(half)))) - half * dof / 2)


@njit(nogil=True, cache=True, error_model="numpy")
def _surprise(t: np.ndarray, dof: np.ndarray, table: np.ndarray, out: np.ndarray) -> None:
    high, wide = np.log(_MOST / _FEWEST) / (_DOFS - 1), np.log1p(_WIDEST) / (_WIDTHS - 1)
    row = np.empty(_WIDTHS)
    for d in range(len(t)):
        free = min(max(dof[d], _FEWEST), _MOST)
        at, a, b, c, e = _cubic(np.log(free / _FEWEST) / high, _DOFS)
        for j in range(_WIDTHS):
            row[j] = a * table[at, j] + b * table[at + 1, j] + c * table[at + 2, j] + e * table[at + 3, j]
        for w in range(t.shape[1]):
            if np.isnan(t[d, w]):
                out[d, w] = np.nan
                continue
            square = free * np.log1p(t[d, w] ** 2 / free)
            at, a, b, c, e = _cubic(np.log1p(np.sqrt(square)) / wide, _WIDTHS)
            beside = a * row[at] + b * row[at + 1] + c * row[at + 2] + e * row[at + 3]
            out[d, w] = min(square / 2 + beside, FARTHEST)


@njit(nogil=True, cache=True, error_model="numpy")
def _cubic(place: float, length: int) -> tuple[int, float, float, float, float]:
    """Where the four points begin that a place lies among, and their weights in Lagrange's cubic."""
    place = min(place, length - 1.0)
    first = min(max(int(place) - 1, 0), length - 4)
    x = place - first
    return (
        first, (1 - x) * (2 - x) * (3 - x) / 6, x * (2 - x) * (3 - x) / 2, x * (x - 1) * (3 - x) / 2,
        x * (x - 1) * (x - 2) / 6,
    )  # fmt: skip
