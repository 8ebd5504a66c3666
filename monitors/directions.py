"""In which ways a column's values can move: numbers by window that are judged side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from monitors.grouping import group_names, grouped, scored_groups
from monitors.profile.bins import FIRST
from monitors.profile.cube import ColumnCube
from monitors.statistics.null import Deviations, bounded, deviations, judge, reach

SHARE, RANK, MEAN, SPREAD = 0, 1, 2, 3
"""Kinds of number."""


DEVIATION = "standard deviation"

BURSTS = 4
"""Added to the kind of what is the same in nearly all rows: what is rare comes in bursts, and has longer tails."""
_SCARCE = 0.05
_BURST = 3.0
"""Slope of one window's tail, ``null.tails``, of what comes in bursts: a dozen windows often show none of them."""


class Directions(NamedTuple):
    """Numbers of one column by window, D of them.

    Attributes
    ----------
    reference, reference_error : shape (D, R); windows, errors : shape (D, W); NaN without a value
    low, high : shape (D,), bounds that they cannot leave
    events : shape (D,), rows of the reference that are not as most are
    rows : behind them, shapes (R,) and (W,)
    kind : shape (D,), int: ``SHARE``, ``RANK``, ``MEAN``, ``SPREAD``
    weight : shape (D,): part of the column's chance of a false alarm that each may spend
    names : D texts
    offset, unit : shape (D,): offset + unit · number is what a person knows it as
    """

    reference: np.ndarray
    reference_error: np.ndarray
    windows: np.ndarray
    errors: np.ndarray
    low: np.ndarray
    high: np.ndarray
    events: np.ndarray
    rows: tuple[np.ndarray, np.ndarray]
    kind: np.ndarray
    weight: np.ndarray
    names: list[str]
    offset: np.ndarray
    unit: np.ndarray


def directions(now: ColumnCube, ref: ColumnCube) -> Directions:
    """Shares of groups of bins among the values, and of numbers their mean rank and its spread.

    Missing values are not among them: they have a monitor of their own. A rank is the share of the reference's values
    below a bin and half of those in it (a ridit), so that the mean rank is the chance that a value of the window
    exceeds one of the reference; the spread is the mean of (rank - ½)² (Mood's).
    """
    total = ref.n.sum(axis=0)
    group = scored_groups(total, ref.bins)
    names = group_names(ref.bins, group)[1:]
    pooled = grouped(total, group)[1:]
    pooled = (pooled + 0.5) / (pooled.sum() + 0.5 * len(pooled))  # a group that never came has a chance of its own
    weight, kind = pooled * (1 - pooled), np.full(len(pooled), SHARE)
    low, high = np.zeros(len(pooled)), np.ones(len(pooled))
    offset, unit = np.zeros(len(pooled)), np.ones(len(pooled))
    blocks = [_shares(grouped(cube.n, group)[:, 1:], weight) for cube in (ref, now)]
    if ref.bins.kind == "numeric" and total[FIRST:].sum() > 0:
        numbers = _numbers(now, ref)
        blocks = [_join(block, other) for block, other in zip(blocks, numbers.blocks, strict=True)]
        low, high = np.append(low, numbers.low), np.append(high, numbers.high)
        kind = np.append(kind, [RANK, SPREAD, MEAN, SPREAD])
        names = [*names, "rank among the reference's values", "spread of ranks", "mean", DEVIATION]
        offset, unit = np.append(offset, numbers.offset), np.append(unit, numbers.unit)
    shares = kind == SHARE
    own = np.append(pooled, np.ones(len(kind) - len(pooled)))
    kind = kind + BURSTS * np.where(shares, own < _SCARCE, pooled.max() > 1 - 2 * _SCARCE)
    values = total[FIRST:].sum()
    events = np.where(shares, values * own * (1 - own), values - total[FIRST:].max(initial=0))
    weight = np.where(shares, 1.0 / shares.sum(), 1.0 / max((~shares).sum(), 1))
    rows = (ref.n[:, FIRST:].sum(axis=1), now.n[:, FIRST:].sum(axis=1))
    return Directions(*blocks[0], *blocks[1], low, high, events, rows, kind, weight, names, offset, unit)


def _join(*blocks: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([block[0] for block in blocks]), np.concatenate([block[1] for block in blocks])


class _Numbers(NamedTuple):
    """Values and sampling errors, of the reference and of the windows; the rest as ``Directions``."""

    blocks: list[tuple[np.ndarray, np.ndarray]]
    low: np.ndarray
    high: np.ndarray
    offset: np.ndarray
    unit: np.ndarray


@np.errstate(over="ignore", invalid="ignore")
def _numbers(now: ColumnCube, ref: ColumnCube) -> _Numbers:
    """Mean rank, its spread, mean, and standard deviation."""
    share = ref.n[:, FIRST:].sum(axis=0) / ref.n[:, FIRST:].sum()
    rank = np.cumsum(share) - share / 2
    scores = np.stack([rank, (rank - 0.5) ** 2])
    variance = (scores - (scores @ share)[:, None]) ** 2 @ share
    n, first, second = (x[:, FIRST:].sum() for x in (ref.n, ref.sum("value"), ref.sum("value2")))
    centre = first / n
    deviation = float(np.sqrt(max(second / n - centre**2, 0.0)))
    reach = _REACH * deviation
    least = max(float(ref.low.min()) - ref.bins.centre, centre - reach)
    most = min(float(ref.high.max()) - ref.bins.centre, centre + reach)
    edges = (np.array([least, most]) - centre) / max(deviation, 1e-300)
    low = np.array([scores[0].min(), 0.0, edges[0], 0.0])
    high = np.array([scores[0].max(), scores[1].max(), edges[1], np.inf])
    low[3] = -np.inf
    blocks = [
        _join(_ranks(cube.n[:, FIRST:], scores, variance), _moments(cube, centre, deviation)) for cube in (ref, now)
    ]
    offset = np.array([0.0, 0.0, centre + ref.bins.centre, 0.0])
    unit = np.array([1.0, 1.0, deviation, deviation])
    return _Numbers(blocks, low, np.maximum(high, low + 1e-9), offset, unit)


_REACH = 5.0
"""Standard deviations of the reference's values that a value may bring to a mean: one absurd value is no shift."""


@np.errstate(invalid="ignore", divide="ignore", over="ignore")
def _moments(column: ColumnCube, centre: float, deviation: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of values, each bin's rows held to ``_REACH``; in deviations of the reference."""
    n, first, second = (x[:, FIRST:] for x in (column.n, column.sum("value"), column.sum("value2")))
    rows, deviation = n.sum(axis=1), max(deviation, 1e-300)
    within = np.maximum(second / n - (first / n) ** 2, 0.0) / deviation**2
    middle = np.clip((first / n - centre) / deviation, -_REACH, _REACH)
    within, middle = np.where(n > 0, np.minimum(within, _REACH**2), 0.0), np.where(n > 0, middle, 0.0)
    mean = (n * middle).sum(axis=1) / rows
    variance = (n * (within + (middle - mean[:, None]) ** 2)).sum(axis=1) / np.maximum(rows - 1, 1)
    error = np.stack([np.sqrt(1.0 / rows), np.sqrt(0.5 / rows)])
    known = np.stack([rows > 0, rows > 1])
    value = np.stack([mean, np.sqrt(variance)])
    return np.where(known, value, np.nan), np.where(known, error, np.nan)


@np.errstate(invalid="ignore", divide="ignore")
def _shares(n: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows = n.sum(axis=1)
    error = np.sqrt(weight[:, None] / rows)
    return np.where(rows > 0, n.T / rows, np.nan), np.where(rows > 0, error, np.nan)


@np.errstate(invalid="ignore", divide="ignore")
def _ranks(n: np.ndarray, scores: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows = n.sum(axis=1)
    value = scores @ n.T / rows
    error = np.sqrt(variance[:, None] / rows)
    return np.where(rows > 0, value, np.nan), np.where(rows > 0, error, np.nan)


def stacked(columns: Sequence[Directions], inside: np.ndarray) -> tuple[Deviations, np.ndarray]:
    """Deviations of all columns' numbers, windows of the reference not judged, and the column that each is of."""
    owner = np.repeat(np.arange(len(columns)), [len(column.kind) for column in columns])
    parts = [np.concatenate([column[i] for column in columns]) for i in range(4)]
    kind = np.concatenate([column.kind for column in columns])
    events = np.concatenate([column.events for column in columns])
    found = deviations(*parts, kind=kind, owner=owner, events=events)
    low, high = (np.concatenate([column[i] for column in columns])[:, None] for i in (4, 5))
    width = high - low
    with np.errstate(divide="ignore"):
        grain = [width / np.stack([column.rows[i] for column in columns])[owner] for i in range(2)]
    found = bounded(found, parts[0], parts[2], (parts[1], parts[3]), low, high, (grain[0], grain[1]))
    return found._replace(windows=np.where(inside, np.nan, found.windows)), owner


class Moves(NamedTuple):
    """Verdict on F columns in W windows.

    Attributes
    ----------
    p : shape (F, W); reach : shape (F, W), the factor by which a window's deviations would have to grow (over 1) or
    shrink for one of them alone to raise an alert; NaN where nothing is judged
    detail : F lists of W texts, what moved most in windows that look strange
    """

    p: np.ndarray
    reach: np.ndarray
    detail: list[list[str | None]]


def judge_moves(cubes: Sequence[tuple[ColumnCube, ColumnCube]], inside: np.ndarray, rate: float) -> Moves:
    """Judge columns by what moved most in them; each is (windows, reference).

    Parameters
    ----------
    inside : shape (W,), bool: windows that are part of the reference
    rate : chance of a false alarm in a quiet window, over all columns
    """
    return judge_directions([directions(now, ref) for now, ref in cubes], inside, rate)


def judge_directions(columns: Sequence[Directions], inside: np.ndarray, rate: float, factor: float = 1.0) -> Moves:
    """Judge columns by their numbers, deviations from the reference first multiplied by ``factor``."""
    found, owner = stacked(columns, inside)
    found = found._replace(windows=factor * found.windows)
    kind, weight = (np.concatenate([getattr(column, name) for column in columns]) for name in ("kind", "weight"))
    verdict = judge(found.reference, found.windows, found.dof, rate, owner=owner, kind=kind, weight=weight,
                    usual=np.where(kind >= BURSTS, _BURST, 1.0))  # fmt: skip
    first = np.searchsorted(owner, np.arange(len(columns)))
    detail: list[list[str | None]] = [[None] * len(inside) for _ in columns]
    for f, w in zip(*np.nonzero(verdict.p < _TOLD), strict=True):
        which = int(verdict.strangest[f, w])
        detail[f][w] = _told(columns[f], which - int(first[f]), int(w), int(verdict.span[f, w]))
    return Moves(verdict.p, reach(found, verdict.limit, owner), detail)


_TOLD = 0.05
"""Windows that look this strange say what moved."""


def _told(column: Directions, which: int, w: int, span: int) -> str:
    """What moved, from what to what; of several windows the mean."""
    now, before = (
        float(column.offset[which] + column.unit[which] * np.nanmean(values))
        for values in (column.windows[which, w - span + 1 : w + 1], column.reference[which])
    )
    together = f" over {span} windows" if span > 1 else ""
    kind = int(column.kind[which]) % BURSTS
    name = column.names[which]
    if kind == SHARE:
        return f"{name}: {before:.1%} to {now:.1%} of values{together}"
    return f"{name}: {before:.3g} to {now:.3g}{together}"
