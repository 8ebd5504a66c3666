"""In which ways columns' values can move: numbers by window that are judged side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from monitors.grouping import group_names, grouped, scored_groups
from monitors.profile.alike import Alike, blocks
from monitors.profile.bins import FIRST, ColumnBins
from monitors.profile.cube import Cube
from monitors.statistics.null import Deviations, bounded, deviations, judge, reach

SHARE, RANK, MEAN, SPREAD = 0, 1, 2, 3
"""Kinds of number."""

_KINDS = np.array([RANK, SPREAD, MEAN, SPREAD])
_NAMES = ("rank among the reference's values", "spread of ranks", "mean", "standard deviation")
"""Of the numbers of a numeric column that are no shares."""
DEVIATION = 3
"""Place of the standard deviation among them."""

BURSTS = 4
"""Added to the kind of what is the same in nearly all rows: what is rare comes in bursts, and has longer tails."""
_SCARCE = 0.05
_BURST = 3.0
"""Slope of one window's tail, ``null.tails``, of what comes in bursts: a dozen windows often show none of them."""


class Numbers(NamedTuple):
    """Numbers of columns by window, D of them.

    Attributes
    ----------
    owner : shape (D,), int: place of the column that each is of
    place : shape (D,), int: of a share its group of bins, from 1 on; of another number which of a column's four
    reference, reference_error : shape (D, R); windows, errors : shape (D, W); NaN without a value
    low, high : shape (D,), bounds that they cannot leave
    events : shape (D,), rows of the reference that are not as most are
    kind : shape (D,), int: ``SHARE``, ``RANK``, ``MEAN``, ``SPREAD``
    weight : shape (D,): part of the column's chance of a false alarm that each may spend
    offset, unit : shape (D,): offset + unit · number is what a person knows it as
    """

    owner: np.ndarray
    place: np.ndarray
    reference: np.ndarray
    reference_error: np.ndarray
    windows: np.ndarray
    errors: np.ndarray
    low: np.ndarray
    high: np.ndarray
    events: np.ndarray
    kind: np.ndarray
    weight: np.ndarray
    offset: np.ndarray
    unit: np.ndarray

    def at(self, index: np.ndarray) -> Numbers:
        """Those of an index or a mask."""
        return Numbers(*(values[index] for values in self))


class Directions(NamedTuple):
    """In which ways F columns can move.

    Attributes
    ----------
    numbers : in order of the columns
    rows : with a value, shapes (F, R) and (F, W)
    bins : of the columns; groups : F arrays of shape (B,), the groups of bins that shares are of
    """

    numbers: Numbers
    rows: tuple[np.ndarray, np.ndarray]
    bins: list[ColumnBins]
    groups: list[np.ndarray]


def directions(windows: Cube, reference: Cube, columns: Sequence[int]) -> Directions:
    """Shares of groups of bins among the values, and of numbers their mean rank and its spread.

    Missing values are not among them: they have a monitor of their own. A rank is the share of the reference's values
    below a bin and half of those in it (a ridit), so that the mean rank is the chance that a value of the window
    exceeds one of the reference; the spread is the mean of (rank - ½)² (Mood's).

    Parameters
    ----------
    columns : places in ``windows.bins.columns``, at least one
    """
    rows = np.zeros((len(columns), len(reference))), np.zeros((len(columns), len(windows)))
    groups: list[np.ndarray] = [np.empty(0, np.int64)] * len(columns)
    found: list[Numbers] = []
    for places, now in blocks(windows, columns):
        past = now.of(reference)
        group = np.array([scored_groups(n, bins) for n, bins in zip(past.n.sum(axis=1), now.bins, strict=True)])
        for place, own in zip(places, group, strict=True):
            groups[place] = own
        rows[0][places], rows[1][places] = (of.n[:, :, FIRST:].sum(axis=2) for of in (past, now))
        found += [part._replace(owner=places[part.owner]) for part in _numbers(now, past, group)]
    every = Numbers(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
    bins = [windows.bins.columns[i] for i in columns]
    return Directions(every.at(np.argsort(every.owner, kind="stable")), rows, bins, groups)


def _numbers(now: Alike, past: Alike, group: np.ndarray) -> list[Numbers]:
    """Numbers of a block, their owners' places those in the block; group : shape (F, B)."""
    total = past.n.sum(axis=1)
    values = total[:, FIRST:].sum(axis=1)
    there = np.arange(1, group.max() + 1) <= group.max(axis=1, keepdims=True)  # (F, G), of them those that it has
    owner, place = np.nonzero(there)
    count = there.sum(axis=1)
    pooled = grouped(total[:, None], group)[:, 0, 1:]
    pooled = (pooled + 0.5) / (pooled.sum(axis=1) + 0.5 * count)[:, None]  # one that never came has a chance of its own
    share = pooled[there]
    variance, ones, zeros = share * (1 - share), np.ones(len(share)), np.zeros(len(share))
    found = [Numbers(
        owner, place + 1, *_shares(past, group, there, variance), *_shares(now, group, there, variance), zeros, ones,
        values[owner] * share * (1 - share), SHARE + BURSTS * (share < _SCARCE), ones / count[owner], zeros, ones,
    )]  # fmt: skip
    if now.kind == "numeric" and values.any():
        bursts = np.where(there, pooled, 0.0).max(axis=1) > 1 - 2 * _SCARCE
        others = _of_values(now, past, values - total[:, FIRST:].max(axis=1), bursts)
        # of two values the share says it all, and their deviation is nothing where a window has one of them alone
        several = (total[:, FIRST:] > 0).sum(axis=1)[others.owner] > 2
        found.append(others.at((values[others.owner] > 0) & (several | (others.kind % BURSTS == MEAN))))
    return found


@np.errstate(invalid="ignore", divide="ignore")
def _shares(of: Alike, group: np.ndarray, there: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the groups that there are, shape (F, G), and their errors; (D, W) each."""
    n = grouped(of.n, group)[:, :, 1:]
    rows = n.sum(axis=2)[np.nonzero(there)[0]]
    share, error = n.transpose(0, 2, 1)[there] / rows, np.sqrt(variance[:, None] / rows)
    return np.where(rows > 0, share, np.nan), np.where(rows > 0, error, np.nan)


_REACH = 5.0
"""Standard deviations of the reference's values that a value may bring to a mean: one absurd value is no shift."""


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _of_values(now: Alike, past: Alike, events: np.ndarray, bursts: np.ndarray) -> Numbers:
    """Mean rank, its spread, mean and standard deviation of a block's columns; events, bursts : shape (F,)."""
    n, first, second = (x[:, :, FIRST:].sum(axis=(1, 2)) for x in (past.n, past.sum("value"), past.sum("value2")))
    share = past.n[:, :, FIRST:].sum(axis=1) / n[:, None]
    rank = np.cumsum(share, axis=1) - share / 2
    scores = np.stack([rank, (rank - 0.5) ** 2], axis=1)  # (F, 2, B - 4)
    variance = ((scores - scores @ share[:, :, None]) ** 2 @ share[:, :, None])[:, :, 0]
    mean = first / n
    deviation = np.sqrt(np.maximum(second / n - mean**2, 0.0))
    centre = np.array([bins.centre for bins in now.bins])
    least = np.fmax(past.low.min(axis=1) - centre, mean - _REACH * deviation)
    most = np.fmin(past.high.max(axis=1) - centre, mean + _REACH * deviation)
    zero, one = np.zeros(len(n)), np.ones(len(n))
    low = [scores[:, 0].min(axis=1), zero, (least - mean) / np.maximum(deviation, 1e-300), zero - np.inf]
    high = [*scores.max(axis=2).T, (most - mean) / np.maximum(deviation, 1e-300), zero + np.inf]
    (before, before_error), (value, error) = (
        (np.concatenate(both, axis=1).reshape(4 * len(n), -1) for both in zip(
            _ranks(of, scores, variance), _moments(of, mean, deviation), strict=True))
        for of in (past, now)
    )  # fmt: skip
    by_column = (
        low, np.maximum(high, np.array(low) + 1e-9), [events] * 4, _KINDS[:, None] + BURSTS * bursts, [one / 4] * 4,
        [zero, zero, mean + centre, zero], [one, one, deviation, deviation],
    )  # fmt: skip
    owner, place = (x.ravel() for x in np.indices((len(n), 4)))
    return Numbers(owner, place, before, before_error, value, error, *(np.array(x).T.ravel() for x in by_column))


@np.errstate(invalid="ignore", divide="ignore")
def _ranks(of: Alike, scores: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean scores and their errors, (F, 2, W)."""
    n = of.n[:, :, FIRST:]
    rows = n.sum(axis=2)[:, None]
    value, error = scores @ n.transpose(0, 2, 1) / rows, np.sqrt(variance[:, :, None] / rows)
    return np.where(rows > 0, value, np.nan), np.where(rows > 0, error, np.nan)


@np.errstate(invalid="ignore", divide="ignore", over="ignore")
def _moments(of: Alike, centre: np.ndarray, deviation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of values, each bin's rows held to ``_REACH``; in deviations of the reference."""
    n, first, second = (x[:, :, FIRST:] for x in (of.n, of.sum("value"), of.sum("value2")))
    rows, centre, deviation = n.sum(axis=2), centre[:, None, None], np.maximum(deviation, 1e-300)[:, None, None]
    within = np.maximum(second / n - (first / n) ** 2, 0.0) / deviation**2
    middle = np.clip((first / n - centre) / deviation, -_REACH, _REACH)
    within, middle = np.where(n > 0, np.minimum(within, _REACH**2), 0.0), np.where(n > 0, middle, 0.0)
    mean = (n * middle).sum(axis=2) / rows
    variance = (n * (within + (middle - mean[:, :, None]) ** 2)).sum(axis=2) / np.maximum(rows - 1, 1)
    value, known = np.stack([mean, np.sqrt(variance)], axis=1), np.stack([rows > 0, rows > 1], axis=1)
    error = np.stack([np.sqrt(1.0 / rows), np.sqrt(0.5 / rows)], axis=1)
    return np.where(known, value, np.nan), np.where(known, error, np.nan)


def stacked(found: Directions, inside: np.ndarray) -> Deviations:
    """Deviations of all columns' numbers, windows of the reference not judged."""
    x = found.numbers
    away = deviations(x.reference, x.reference_error, x.windows, x.errors, kind=x.kind, owner=x.owner, events=x.events)
    low, high = x.low[:, None], x.high[:, None]
    with np.errstate(divide="ignore"):
        before, now = ((high - low) / rows[x.owner] for rows in found.rows)
    away = bounded(away, x.reference, x.windows, (x.reference_error, x.errors), low, high, (before, now))
    return away._replace(windows=np.where(inside, np.nan, away.windows))


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


def judge_moves(
    windows: Cube, reference: Cube, columns: Sequence[int], inside: np.ndarray, rate: float
) -> Moves:  # fmt: skip
    """Judge columns by what moved most in them.

    Parameters
    ----------
    columns : places in ``windows.bins.columns``, at least one
    inside : shape (W,), bool: windows that are part of the reference
    rate : chance of a false alarm in a quiet window, over all columns
    """
    return judge_directions(directions(windows, reference, columns), inside, rate)


def judge_directions(columns: Directions, inside: np.ndarray, rate: float, factor: float = 1.0) -> Moves:
    """Judge columns by their numbers, deviations from the reference first multiplied by ``factor``."""
    found, of = stacked(columns, inside), columns.numbers
    found = found._replace(windows=factor * found.windows)
    verdict = judge(found.reference, found.windows, found.dof, rate, owner=of.owner, kind=of.kind, weight=of.weight,
                    usual=np.where(of.kind >= BURSTS, _BURST, 1.0))  # fmt: skip
    detail: list[list[str | None]] = [[None] * len(inside) for _ in columns.bins]
    told = np.argwhere(verdict.p < _TOLD)
    names = {f: group_names(columns.bins[f], columns.groups[f]) for f in np.unique(told[:, 0])}
    for f, w in told:
        detail[f][w] = _told(of, names[f], int(verdict.strangest[f, w]), w, int(verdict.span[f, w]))
    return Moves(verdict.p, reach(found, verdict.limit, of.owner), detail)


_TOLD = 0.05
"""Windows that look this strange say what moved."""


def _told(of: Numbers, groups: list[str], which: int, w: int, span: int) -> str:
    """What moved, from what to what; of several windows the mean."""
    now, before = (
        float(of.offset[which] + of.unit[which] * np.nanmean(values))
        for values in (of.windows[which, w - span + 1 : w + 1], of.reference[which])
    )
    together = f" over {span} windows" if span > 1 else ""
    if of.kind[which] % BURSTS == SHARE:
        return f"{groups[of.place[which]]}: {before:.1%} to {now:.1%} of values{together}"
    return f"{_NAMES[of.place[which]]}: {before:.3g} to {now:.3g}{together}"
