"""Outcomes by group of a feature's bins, and what a relation leads to expect of them; features side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from monitors.grouping import grouped
from monitors.position import Curve, held_fixed
from monitors.profile.alike import Alike
from monitors.statistics.levelling import levelled

_LEAST_INFORMATION = 3.0
"""Least n·r(1-r) of a group of bins whose outcome rate is judged."""
_LEAST_ROWS = 8
_SAME = 0.9
_ROUNDED = 1e-20


class Outcomes(NamedTuple):
    """Labelled rows and outcome sums by group of bins, of F features in W windows.

    Attributes
    ----------
    n : shape (F, W, G); total : shape (F, W, G, K'): rows of each class but the first, or the sum of the label
    square : shape (F, W, G, 1), the sum of the label's square; None: of a share, whose row varies as r(1 - r)
    placed : shape (F, W, G, P), rows by group of positions, and the curve by position; None: positions are let be
    """

    n: np.ndarray
    total: np.ndarray
    square: np.ndarray | None = None
    placed: tuple[np.ndarray, Curve] | None = None

    @classmethod
    def of(cls, block: Alike, group: np.ndarray, task: str, by_position: Curve | None = None) -> Outcomes:
        """Of columns whose bins are in groups (F, B)."""
        labelled, placed = block.by_outcome, None
        rows = [grouped(labelled[..., k], group) for k in range(labelled.shape[-1])]
        n = np.asarray(sum(rows))
        if by_position is not None:
            placed = grouped(block.placed.swapaxes(2, 3), group[:, None]).swapaxes(2, 3), by_position
        if task == "regression":
            label, square = (grouped(block.sum(name), group)[..., None] for name in ("label", "label2"))
            return cls(n, label, square, placed)
        return cls(n, np.stack(rows[1:], axis=-1), None, placed)

    def summed(self) -> Outcomes:
        """All windows as one."""
        square = None if self.square is None else self.square.sum(axis=1, keepdims=True)
        placed = None if self.placed is None else (self.placed[0].sum(axis=1, keepdims=True), self.placed[1].summed())
        return Outcomes(self.n.sum(axis=1, keepdims=True), self.total.sum(axis=1, keepdims=True), square, placed)

    def less(self, own: Outcomes) -> Outcomes:
        """What is left of the whole without each of its windows."""
        square = None if self.square is None or own.square is None else self.square - own.square
        placed = None
        if self.placed is not None and own.placed is not None:
            curve = Curve(*(a - b for a, b in zip(self.placed[1], own.placed[1], strict=True)))
            placed = self.placed[0] - own.placed[0], curve
        return Outcomes(self.n - own.n, self.total - own.total, square, placed)


def expected(past: Outcomes, of: Outcomes) -> np.ndarray:
    """What the reference's relation leads to expect of the windows, group by group, (F, W, G, K')."""
    rates = _rates(past)
    if past.placed is not None and of.placed is not None:
        (were, before), (are, now) = past.placed, of.placed
        rates = held_fixed(rates, (were, past.n, before), (are, of.n, now), of.square is not None)
    return levelled(rates, of.n, of.total, additive=of.square is not None)


class Numbers(NamedTuple):
    """What is judged of each feature: its groups' deviations and, last of all, its slope's, by window.

    Attributes
    ----------
    reference, reference_error : shape (F, R, D), of the reference's own windows
    windows, errors : shape (F, R + L, D), of those, and of the L others
    events : shape (F, D), rows of the reference that could tell
    scarce : shape (F,), whether nearly all rows of a feature are in one group
    effect, chance : shape (F, R + L), of ``_effect``
    """

    reference: np.ndarray
    reference_error: np.ndarray
    windows: np.ndarray
    errors: np.ndarray
    events: np.ndarray
    scarce: np.ndarray
    effect: np.ndarray
    chance: np.ndarray


def numbers(past: Outcomes, later: Outcomes) -> Numbers:
    """Each group's outcome less what the levelled reference relation gives there, and the slope on that relation.

    The slope is the covariance of outcomes with what the reference leads to expect, less the one expected:
    Σ n (e - ē)(y - e) / Σ n. It is negative where the relation is weaker or reversed, in all groups together.

    Parameters
    ----------
    past : of the reference's windows; later : of those that are not part of it
    """
    pooled = past.summed()
    # a slope on a relation that the window itself helped to make would be too steep
    others = pooled.less(past)
    own, left, new = expected(pooled, past), expected(others, past), expected(pooled, later)
    variance = _variance(pooled, _rates(pooled))
    # where nearly all rows are alike, the slope is what the few others' own groups say, by way of noise
    fullest, rows = pooled.n.max(axis=(1, 2), initial=0), pooled.n.sum(axis=(1, 2))
    scarce = fullest > _SAME * rows
    groups = [_by_group(of, due, variance) for of, due in ((past, own), (later, new))]
    slopes = [_slope(of, due, variance, scarce) for of, due in ((past, left), (past, own), (later, new))]
    # rows that could tell: a group's own, and for the slope those that are not in the fullest group
    classes = variance.shape[-1]
    events = np.append(
        np.repeat(pooled.n[:, 0], classes, axis=1), np.repeat((rows - fullest)[:, None], classes, axis=1), axis=1
    )
    effect = [_effect(of, rest, due) for of, rest, due in ((past, others, left), (later, pooled, new))]
    joined = [
        [np.concatenate(pair, axis=-1) for pair in zip(groups[i], slopes[j], strict=True)]
        for i, j in ((0, 0), (0, 1), (1, 2))
    ]
    windows = [np.concatenate(pair, axis=1) for pair in zip(joined[1], joined[2], strict=True)]
    beyond = [np.concatenate(pair, axis=1) for pair in zip(*effect, strict=True)]
    return Numbers(joined[0][0], joined[0][1], windows[0], windows[1], events, scarce, beyond[0], beyond[1])


def _rates(of: Outcomes) -> np.ndarray:
    """Mean outcome by group, empty ones at the overall mean; shape (..., G, K')."""
    n = of.n[..., None]
    overall = of.total.sum(axis=-2, keepdims=True) / np.maximum(n.sum(axis=-2, keepdims=True), 1)
    # one row's worth of the overall mean: a bin with a handful of rows is no certainty
    return (of.total + overall) / (n + 1)


def _variance(of: Outcomes, rates: np.ndarray) -> np.ndarray:
    """Variance of one row's outcome by group, shape (..., G, K')."""
    if of.square is None:
        return np.asarray(np.clip(rates * (1 - rates), 1e-6, None))
    n = np.maximum(of.n[..., None], 1)
    within = np.maximum(of.square / n - (of.total / n) ** 2, 0.0)
    pooled = (of.n[..., None] * within).sum(axis=-2, keepdims=True) / np.maximum(n.sum(axis=-2, keepdims=True), 1)
    return np.asarray(np.maximum(within, 0.1 * pooled) + 1e-12)


def _row_variance(of: Outcomes, due: np.ndarray, variance: np.ndarray) -> np.ndarray:
    return np.asarray(due * (1 - due) if of.square is None else np.broadcast_to(variance, due.shape))


@np.errstate(divide="ignore", invalid="ignore")
def _by_group(of: Outcomes, due: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes less what is expected, and their sampling errors, (F, W, G·K')."""
    n, row = of.n[..., None], _row_variance(of, due, variance)
    # a handful of rows, or of either class, is not normal: such a group is not judged in this window
    enough = n * row >= _LEAST_INFORMATION if of.square is None else n >= _LEAST_ROWS
    seen = np.where(enough, of.total / np.maximum(n, 1) - due, np.nan)
    error = np.where(enough, np.sqrt(row / n), np.nan)
    flat = (*of.n.shape[:2], due.shape[2] * due.shape[3])
    return seen.reshape(flat), error.reshape(flat)


@np.errstate(divide="ignore", invalid="ignore")
def _slope(of: Outcomes, due: np.ndarray, variance: np.ndarray, scarce: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of outcomes with expectations, less the one expected, and its sampling error, (F, W, K')."""
    n, row = of.n[..., None], _row_variance(of, due, variance)
    rows = np.maximum(n.sum(axis=2), 1)
    lean = due - ((n * due).sum(axis=2) / rows)[:, :, None]
    slope = (lean * (of.total - n * due)).sum(axis=2) / rows
    error = np.sqrt((n * lean**2 * row).sum(axis=2)) / rows
    enough = (n * row).sum(axis=2) >= 2 * _LEAST_INFORMATION if of.square is None else rows >= _LEAST_ROWS
    # where all rows are in one group there is no slope, but for what rounding leaves
    some = (n * lean**2).sum(axis=2) > _ROUNDED * (n * due**2).sum(axis=2)
    known = enough & some & (error > 0) & ~scarce[:, None, None]
    return np.where(known, slope, np.nan), np.where(known, error, np.nan)


@np.errstate(divide="ignore", invalid="ignore")
def _effect(of: Outcomes, rest: Outcomes, due: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Root mean square deviation over rows, beyond what chance gives, and chance's part; both shape (F, W)."""
    n, variance = of.n[..., None], _variance(rest, _rates(rest))
    some, rows = np.maximum(n, 1), of.n.sum(axis=2)
    seen = np.where(n >= 1, of.total / some - due, 0.0)
    noise = np.where(n >= 1, variance / some + variance / np.maximum(rest.n[..., None], 1), 0.0)
    square, chance = ((n * part).sum(axis=(2, 3)) / rows for part in (seen**2, noise))
    return np.where(rows > 0, np.sqrt(np.maximum(square - chance, 0.0)), np.nan), np.sqrt(chance)
