"""Position: what comes true by the place at which a row was shown, and relations with that place held fixed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from monitors.profile.bins import FIRST, Bins, ColumnBins
from monitors.profile.cube import Cube

_PRIOR_ROWS = 20.0
"""The reference's curve is worth so many rows beside a window's own at a position: a handful of rows makes no curve."""


class Curve(NamedTuple):
    """Labelled rows and outcomes by group of positions (``Bins.places``).

    Attributes
    ----------
    n : shape (W, P); total : shape (W, P, K'), rows of each class but the first, or the sum of the label
    square : shape (W, P), the sum of the label's square (regression; else as ``total`` of one class)
    """

    n: np.ndarray
    total: np.ndarray
    square: np.ndarray

    def summed(self) -> Curve:
        """All windows as one, W being 1."""
        return Curve(*(part.sum(axis=0, keepdims=True) for part in self))


def curve(cube: Cube) -> Curve | None:
    """The outcome curve of every window, None where no labelled row has a position."""
    column = cube.of_role("position")
    if column is None or not cube.bins.classes:
        return None
    places = cube.bins.places
    member = (places[:, None] == np.arange(places.max() + 1)).astype(float)
    labelled = column.by_outcome.astype(float)
    n = labelled.sum(axis=2) @ member
    if not n[:, 1:].any():
        return None
    label, label2 = (column.sum(name) @ member for name in ("label", "label2"))
    if cube.bins.task == "regression":
        return Curve(n, label[..., None], label2)
    return Curve(n, np.stack([labelled[..., k] @ member for k in range(1, labelled.shape[2])], axis=-1), label2)


def place_names(bins: Bins) -> list[str]:
    """What to call each group of positions, ``missing`` first; none where the log has no positions."""
    column = bins.of_role("position")
    if column is None:
        return []
    return ["missing", *(_name(column, np.flatnonzero(bins.places == g)) for g in range(1, bins.places.max() + 1))]


def _name(column: ColumnBins, members: np.ndarray) -> str:
    if column.kind == "categorical":
        named = [name for b, name in enumerate(column.labels()) if b in members and b < column.size - 2]
        return named[0] if len(named) == 1 else f"{named[0]} and {len(named) - 1} more" if named else "other"
    edges, kept = column.edges, members[(members > FIRST) & (members < column.size - 1)]
    if not len(kept):
        return "any"
    low, start = edges[kept[0] - FIRST - 1], edges[kept[-1] - FIRST - 1]
    high = edges[kept[-1] - FIRST] if kept[-1] - FIRST < len(edges) else np.inf
    if column.size - 1 in members and len(kept) > 1:
        return f"{low:g} and more"
    # a bin of one value alone begins with it: positions are whole numbers as a rule
    last = start if high - start <= 1 or kept[-1] == column.size - 2 else high
    return f"{low:g}" if last == low else f"{low:g} to {last:g}"


def held_fixed(
    rates: np.ndarray, past: tuple[np.ndarray, np.ndarray, Curve], now: tuple[np.ndarray, np.ndarray, Curve],
    additive: bool,
) -> np.ndarray:  # fmt: skip
    """What the reference's relation leads to expect of each group of a feature's bins, at the positions of the window.

    Rows of one group stand at some positions, where the outcome is what the curve says. How far the group lies from
    its positions' curve is the relation, and is kept; the window's own positions and its own curve take the place of
    the reference's: logit e = logit r + logit Σ_p m_p c_p - logit Σ_p m⁰_p c⁰_p, with the shares m of the group's rows
    by position and the curves c; without logits for numbers.

    Parameters
    ----------
    rates : shape (..., G, K'), the reference's mean outcome by group
    past, now : labelled rows by group and group of positions, (..., G, P), rows by group, (..., G), and the curve; of
        the reference and of the windows

    Returns
    -------
    shape (W, G, K')
    """
    before = _smooth(past[2], None, additive)
    after = _smooth(now[2], _level(before, now[2]), additive)
    was = _at_positions(past[0], past[1], before, past[2])
    there = _at_positions(now[0], now[1], after, now[2])
    empty = (now[1] < 1)[..., None] | (past[1] < 1)[..., None]
    if additive:
        return np.asarray(np.where(empty, rates, rates + there - was))
    moved = _logit(rates) + _logit(there) - _logit(was)
    return np.asarray(np.where(empty, rates, 1 / (1 + np.exp(-moved))))


def _smooth(of: Curve, prior: np.ndarray | None, additive: bool) -> np.ndarray:
    """Mean outcome by position, pulled to ``prior`` (left out: to the overall mean, by one row), shape (..., P, K')."""
    n = of.n[..., None]
    if prior is None:
        prior, strength = of.total.sum(axis=-2, keepdims=True) / np.maximum(n.sum(axis=-2, keepdims=True), 1), 1.0
    else:
        strength = _PRIOR_ROWS
    rates = (of.total + strength * prior) / (n + strength)
    return rates if additive else np.clip(rates, 1e-6, 1 - 1e-6)


def _level(before: np.ndarray, now: Curve) -> np.ndarray:
    """The reference's curve moved as a whole to the windows' mean outcome: all that a window without rows can say."""
    n = now.n[..., None]
    rows = np.maximum(n.sum(axis=-2, keepdims=True), 1)
    level, due = now.total.sum(axis=-2, keepdims=True) / rows, (n * before).sum(axis=-2, keepdims=True) / rows
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(due > 0, before * level / due, before))


def _at_positions(placed: np.ndarray, n: np.ndarray, rates: np.ndarray, of: Curve) -> np.ndarray:
    """Mean outcome that positions alone lead to expect of each group, shape (..., G, K')."""
    overall = of.total.sum(axis=-2, keepdims=True) / np.maximum(of.n.sum(axis=-1)[..., None, None], 1)
    return (placed @ rates + overall) / (n[..., None] + 1)


def _logit(x: np.ndarray) -> np.ndarray:
    clipped = np.clip(x, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)))
