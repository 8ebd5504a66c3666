"""Tails as they are: how much longer than a normal's, from the reference's own scores."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from monitors.statistics.null.habit import sums_by

START = float(-np.log(0.2))
"""Surprise beyond which a tail is looked at: one in five of a normal's."""
_POOLED, _KNOWN, _OWN = 20.0, 60.0, 10.0
"""Exceedances that a normal tail, and one that is known to be longer, are worth beside those of all numbers, and all
numbers' beside a number's own."""


class Tails(NamedTuple):
    """Exponential tails of surprise, -log p: P(E > e) = share · exp(-(e - START) / slope) beyond ``START``.

    Attributes
    ----------
    share, slope : shape (D, 1); at least those of a normal, 0.2 and 1
    """

    share: np.ndarray
    slope: np.ndarray

    def log_p(self, surprise: np.ndarray) -> np.ndarray:
        """Log of the chance of so much surprise or more in a quiet window, shape (D, W)."""
        start = np.log(self.share)
        with np.errstate(invalid="ignore"):
            beyond = start - (surprise - START) / self.slope
            return np.asarray(np.where(surprise > START, beyond, surprise * start / START))

    def surprise(self, log_p: np.ndarray | float) -> np.ndarray:
        """The inverse of ``log_p``, for chances smaller than ``share``; shape (D, 1)."""
        return np.asarray(START + self.slope * np.maximum(np.log(self.share) - log_p, 0.0))


def tails(reference: np.ndarray, kind: np.ndarray, usual: np.ndarray | None = None) -> tuple[Tails, Tails]:
    """Fit to the surprise of reference windows, each judged against the others.

    Mean excess over ``START``, pooled over numbers of one kind and shrunk towards a normal's, then each number's own
    shrunk towards the pooled one (maximum likelihood of an exponential with pseudo-counts). Never shorter than a
    normal's.

    Parameters
    ----------
    reference : shape (D, R), -log p under normal tails; NaN: not known
    kind : shape (D,), int
    usual : shape (D,): slope that a kind is known to have where the reference shows little; left out, a normal's 1

    Returns
    -------
    for windows after the reference, shapes (D, 1); and for each of its own windows without itself, shapes (D, R)
    """
    usual = np.ones(len(reference)) if usual is None else usual
    worth = np.where(usual > 1, _KNOWN, _POOLED)[:, None]
    before = worth * usual[:, None]
    known = np.isfinite(reference)
    over = known & (np.nan_to_num(reference) > START)
    excess = np.where(over, np.nan_to_num(reference) - START, 0.0)
    group = np.unique(kind, return_inverse=True)[1]

    def pooled(x: np.ndarray) -> np.ndarray:
        """Sums over numbers of one kind, for each of them."""
        return np.asarray(sums_by(x, group)[group])

    def fit(
        total: np.ndarray, count: np.ndarray, of: np.ndarray, own: np.ndarray, mine: np.ndarray, n: np.ndarray
    ) -> Tails:
        slope = np.maximum((total + before) / (count + worth), 1.0)
        often = (count + 0.2 * 50) / (of + 50)
        return Tails(
            np.maximum((mine + often * 20) / (n + 20), 0.2),
            np.maximum((own + _OWN * slope) / (mine + _OWN), 1.0),
        )

    parts = [x.sum(axis=1, keepdims=True) for x in (excess, over.astype(float), known.astype(float))]
    sums = [pooled(x) for x in parts]
    left = [
        *(total - pooled(x.astype(float)) for total, x in zip(sums, (excess, over, known), strict=True)),
        *(total - x for total, x in zip(parts, (excess, over, known), strict=True)),
    ]
    return fit(*sums, *parts), fit(*left)


_WINDOWS = 5.0
"""Strange windows that are expected of features which do not move together are worth this many seen."""


class Together(NamedTuple):
    """Tail of a whole window's surprise: that of its strangest feature, beyond what so many features would show.

    Attributes
    ----------
    family : how many features; slope, share : of the exponential tail beyond ``START``; 1 and 0.2 where features go
        their own ways
    """

    family: int
    slope: float
    share: float

    def log_p(self, log_p: np.ndarray) -> np.ndarray:
        """One feature's log p such that Šidák's correction gives the window's own tail; -inf and NaN stay."""
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            window = -_sidak(log_p, self.family)
            beyond = np.log(self.share) - (window - START) / self.slope
            return np.asarray(np.where(window > START, np.maximum(_single(beyond, self.family), log_p), log_p))

    def alone(self, log_p: float) -> float:
        """The inverse of ``log_p``."""
        window = START + self.slope * (np.log(self.share) - float(_sidak(np.array(log_p), self.family)))
        return min(float(_single(np.array(-window), self.family)), log_p)


def together(log_p: np.ndarray, family: int) -> Together:
    """Fit to reference windows, each judged against the others.

    Parameters
    ----------
    log_p : shape (F, R), of each feature; inf: not known
    """
    if family == 1:  # one feature by itself has tails of its own, and nothing to move with
        return Together(1, 1.0, 0.2)
    least = log_p.min(axis=0, initial=np.inf)
    surprise = -_sidak(least[np.isfinite(least)], family)
    over = surprise[surprise > START] - START
    slope = max((over.sum() + _WINDOWS) / (len(over) + _WINDOWS), 1.0)
    share = max((len(over) + 0.2 * 10) / (len(surprise) + 10), 0.2)
    return Together(family, float(slope), float(share))


def _sidak(log_p: np.ndarray, family: int) -> np.ndarray:
    """log(1 - (1 - p)^F)."""
    p = np.exp(np.minimum(log_p, -1e-12))
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(log_p < -30, np.log(family) + log_p, np.log(-np.expm1(family * np.log1p(-p)))))


def _single(log_p: np.ndarray, family: int) -> np.ndarray:
    """The inverse of ``_sidak``."""
    p = np.exp(np.minimum(log_p, -1e-12))
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(log_p < -30, log_p - np.log(family), np.log(-np.expm1(np.log1p(-p) / family))))
