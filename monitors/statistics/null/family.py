"""One verdict over many numbers: the chance that a quiet window shows anything as strange anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy import special

from monitors.statistics.null.habit import FEW_WINDOWS, Deviations, score_of_t, surprise_of_t, t_of_score
from monitors.statistics.null.lasting import SPANS, sums
from monitors.statistics.null.tails import tails, together

_CAP = 0.85
"""Part of the limit that one window would have with normal tails, which a window may bring to the evidence of several:
bursts make the tails of one window long, and do not come several in a row."""


class Verdict(NamedTuple):
    """Over all features of a family together.

    Attributes
    ----------
    p : shape (F, W): chance that a quiet window shows anything as strange as this in any feature of the family
    limit : shape (D, 1): normal score that a number has to reach in one window for an alert
    strangest : shape (F, W), int: which of all D numbers is the strangest; -1 where nothing is known
    span : shape (F, W), int: over how many windows in a row, the fewest that raise an alert
    """

    p: np.ndarray
    limit: np.ndarray
    strangest: np.ndarray
    span: np.ndarray


def judge(
    reference: np.ndarray, windows: np.ndarray, dof: np.ndarray | float, rate: float, *,
    owner: np.ndarray | None = None, kind: np.ndarray | None = None, weight: np.ndarray | None = None, sides: int = 2,
    usual: np.ndarray | None = None, spans: Mapping[int, float] = SPANS,
) -> Verdict:  # fmt: skip
    """Judge features by their strangest number, and windows by their strangest feature.

    A number's tail probability (Student's t, over one window or several in a row) is corrected for tails longer than a
    normal's as the reference's own windows show them (``tails``), then for how many numbers the feature has
    (Bonferroni), then for how many features there are (Šidák; features that move together make it the safer). A chance
    is spent on each number of windows in a row as ``spans`` says.

    Parameters
    ----------
    reference : shape (D, R), t of each reference window against the others, in order of time; NaN: not known
    windows : shape (D, W), t, in order of time; NaN: not judged
    dof : shape (D, 1) or scalar
    rate : chance of a false alarm in a quiet window that ``limit`` stands for
    owner : shape (D,), int, ascending: feature of each number, 0 to F - 1; left out, each is a feature of its own
    kind : shape (D,), int: numbers whose tails are alike
    weight : shape (D,): parts of a feature's chance that its numbers may spend, relative to each other
    usual : shape (D,), see ``tails``
    sides : 2, or 1 where only large numbers are strange
    spans : windows in a row that are taken together, and the part of the rate that each may spend
    """
    count = np.isfinite(reference).sum(axis=1)
    enough = (count >= FEW_WINDOWS)[:, None]
    owner = np.arange(len(windows)) if owner is None else owner
    kind = np.zeros(len(windows), np.int64) if kind is None else kind
    features = int(owner.max()) + 1 if len(owner) else 0
    dof = np.broadcast_to(np.asarray(dof, float), (len(windows), 1))
    part = _parts(owner, features, np.where(enough[:, 0], 1.0 if weight is None else weight, 0.0))
    own = np.where(enough, score_of_t(reference, np.maximum(dof - 1, 1.0)), np.nan)
    family = max(len(np.unique(owner[enough[:, 0]])), 1)
    longest = int(np.median(count[enough[:, 0]])) if enough.any() else 0
    best, strangest = np.full((features, windows.shape[1]), np.inf), np.full((features, windows.shape[1]), -1)
    span = np.ones(best.shape, np.int64)
    alone = np.log(-np.expm1(np.log1p(-rate) / family))
    limit, cap = np.full(dof.shape, np.nan), np.full(dof.shape, np.inf)
    for k, chance in sorted(spans.items()):
        t = windows if k == 1 else sums(windows, k, longest, cap)
        past = own if k == 1 else sums(own, k, longest, cap, inside=True)
        surprise = _surprise(past, sides)
        plain = tails(surprise, kind)
        # what comes once in a burst does not come again in the next window
        tail, left = plain if k > 1 or usual is None else tails(surprise, kind, usual)
        with np.errstate(divide="ignore"):
            parts = np.log(part)
            log_p = tail.log_p(surprise_of_t(np.where(enough, t, np.nan), dof, sides)) - parts
        least, which = _least(log_p, owner, features)
        whole = together(_least(left.log_p(surprise) - parts, owner, features)[0], family)
        least = whole.log_p(least) - np.log(chance)
        if k == 1:
            least_p = whole.alone(alone + np.log(chance)) + parts
            limit = _score(tail.surprise(least_p), sides)
            cap = t_of_score(_CAP * _score(-(alone + np.log(chance) + parts), sides), dof)
        # the fewest windows that raise an alert tell what moved
        better = (least < best) & (best > alone)
        strangest, span = np.where(better, which, strangest), np.where(better, k, span)
        best = np.fmin(best, least)
    known = np.isfinite(best)
    p = -np.expm1(family * np.log1p(-np.minimum(np.exp(np.minimum(best, 0.0)), 1 - 1e-16)))
    return Verdict(np.where(known, p, np.nan), limit, strangest, span)


def _parts(owner: np.ndarray, features: int, weight: np.ndarray) -> np.ndarray:
    """Each number's part of its feature's chance, shape (D, 1); they add up to one by feature."""
    total = np.bincount(owner, weight, minlength=features)
    return np.asarray((weight / np.maximum(total[owner], 1e-300))[:, None])


def _surprise(score: np.ndarray, sides: int) -> np.ndarray:
    """-log of the tail probability of normal scores."""
    return np.asarray(-special.log_ndtr(-np.abs(score)) - np.log(2.0) if sides == 2 else -special.log_ndtr(-score))


def _score(surprise: np.ndarray, sides: int) -> np.ndarray:
    """The inverse of ``_surprise``."""
    return np.asarray(-special.ndtri_exp(np.minimum(-surprise - np.log(sides), -1e-12)))


def _least(log_p: np.ndarray, owner: np.ndarray, features: int) -> tuple[np.ndarray, np.ndarray]:
    """The least of each feature's numbers, and which it is; shapes (F, W)."""
    filled = np.where(np.isfinite(log_p), log_p, np.inf)
    least, which = np.full((features, log_p.shape[1]), np.inf), np.full((features, log_p.shape[1]), -1)
    if len(owner):
        begins = np.flatnonzero(np.diff(owner, prepend=-1))
        least[owner[begins]] = np.minimum.reduceat(filled, begins, axis=0)
        place = np.where(filled == least[owner], np.arange(len(owner))[:, None], len(owner))
        which[owner[begins]] = np.minimum.reduceat(place, begins, axis=0)
    return least, which


def reach(found: Deviations, limit: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Factor by which a window's deviations would have to grow, or shrink, for one of them alone to reach its limit.

    Parameters
    ----------
    found : of D numbers; limit : shape (D, 1), normal scores; owner : shape (D,), ascending, the feature of each

    Returns
    -------
    shape (F, W); NaN where no number is known
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = t_of_score(limit, found.dof) / np.abs(found.windows)
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    least = np.minimum.reduceat(np.where(np.isfinite(factor), factor, np.inf), first, axis=0)
    return np.where(np.isfinite(least), least, np.nan)
