"""Relation tests: outcomes by a feature's bins, against what the reference's relation leads to expect there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monitors.grouping import group_names, grouped, scored_groups
from monitors.maturity import mature
from monitors.measurement import in_reference, mean_inside, rest_of, table
from monitors.position import Curve, curve, held_fixed, place_names
from monitors.profile.cube import ColumnCube, Cube
from monitors.settings import Settings
from monitors.statistics.null import Verdict, deviations, judge, reach, t_of_score

_LEAST_INFORMATION = 3.0
"""Least n·r(1-r) of a group of bins whose outcome rate is judged."""
_LEAST_ROWS = 8
_SAME = 0.9
_BURST = 3.0
"""Slope of one window's tail, ``null.tails``: rows that belong together, a group's bookings, have one outcome."""
_SPANS = {1: 0.2, 2: 0.4, 3: 0.2, 5: 0.2}
"""A relation that has changed stays changed: see ``null.SPANS``."""
_TOLD = 0.05
"""Windows that look this strange say where the outcome moved."""


def relation(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    """Root mean square difference of the outcome's mean by bin, beyond chance, for every feature.

    The outcome's overall level is taken out first (a common shift on the logit or additive scale), so that a change of
    the base rate is not laid at every feature's door: what is left is *where* the concept moved. The detail names the
    bins. Where the log has positions they are held fixed (``position.held_fixed``): another layout of the page is no
    other relation.
    """
    columns = windows.bins.feature_places
    groups = []
    for i in columns:
        ref = reference.column(i)
        groups.append(scored_groups(ref.counts[:, :, :-3].sum(axis=(0, 2)), ref.bins))
    texts = [group_names(windows.bins.columns[i], group) for i, group in zip(columns, groups, strict=True)]
    names = [windows.bins.columns[i].name for i in columns]
    return _judged(windows, reference, settings, _Family("relation", "relation", names, columns, groups, texts))


def position_curve(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    """The same for the curve of outcomes by position: whether attention to places has moved (``position_curve``)."""
    column = windows.bins.position("", "position")
    family = _Family(
        "position_curve", "position", [None], [column], [windows.bins.places], [place_names(windows.bins)], held=False
    )
    return _judged(windows, reference, settings, family)


class _Family(NamedTuple):
    """Columns that are judged side by side: their bins' groups, and the groups' names."""

    metric: str
    budget: str
    names: Sequence[str | None]
    columns: list[int]
    groups: list[np.ndarray]
    texts: list[list[str]]
    held: bool = True


def _judged(windows: Cube, reference: Cube, settings: Settings, family: _Family) -> pd.DataFrame:
    names, names_of = family.names, family.texts
    inside = in_reference(windows, reference)
    curves = (curve(windows), curve(reference)) if family.held else (None, None)
    values, noise, tested, labels = [], [], [], []
    for i, group in zip(family.columns, family.groups, strict=True):
        now, ref = windows.column(i), reference.column(i)
        pair = (
            Outcomes.of(now, group, windows.bins.task, curves[0]),
            Outcomes.of(ref, group, windows.bins.task, curves[1]),
        )
        effect, chance = _effect(*pair, inside)
        values.append(effect)
        noise.append(chance)
        tested.append(_Tested(pair, *_numbers(*pair)))
        labels.append(pair[0].n.sum(axis=1))
    owner = np.repeat(np.arange(len(names)), [len(test.kind) for test in tested])
    kind = np.concatenate([test.kind for test in tested])
    parts = [np.concatenate([test[i] for test in tested]) for i in range(1, 5)]
    events = np.concatenate([test.events for test in tested])
    # a feature that is the same in nearly all rows has outcomes that come in bursts
    alike = kind + 2 * np.repeat([test.scarce for test in tested], [len(test.kind) for test in tested])
    found = deviations(*parts, kind=kind, owner=owner, events=events)
    judged = mature(windows, reference, settings) & ~inside
    found = found._replace(windows=np.where(judged, found.windows, np.nan))
    # half of a feature's chance is spent on its slope, half on its bins
    share = np.bincount(2 * owner + kind, minlength=2 * len(names))[2 * owner + kind]
    verdict = judge(
        found.reference, found.windows, found.dof, settings.rate("concept", family.budget), owner=owner, kind=alike,
        weight=1.0 / share, usual=np.full(len(owner), _BURST), spans=_SPANS,
    )  # fmt: skip
    p = verdict.p
    first = np.searchsorted(owner, np.arange(len(names)))
    value, chance = np.array(values), np.array(noise)
    with np.errstate(invalid="ignore"):
        seen = np.sqrt(value**2 + chance**2)
        band = np.sqrt(np.maximum((seen * reach(found, verdict.limit, owner)) ** 2 - chance**2, 0.0))
        # no deviation has no shape to enlarge, and a rate cannot differ by more than one
        band = np.where(np.isfinite(band) & (seen > 0) & (band <= _most(windows)), band, np.nan)
    far = np.where(kind[:, None] == 0, np.abs(found.windows) / t_of_score(verdict.limit, found.dof), 0.0)
    usual = mean_inside(value, inside) if inside.any() else 0.0
    text = [
        [
            _moved(test, names_of[f], w, _place(verdict, far, first, f, w) - int(first[f]), int(verdict.span[f, w]))
            if p[f, w] < _TOLD else None
            for w in range(len(windows))
        ]
        for f, test in enumerate(tested)
    ]  # fmt: skip
    return table(
        "concept",
        family.metric,
        names,
        windows,
        reference,
        value=value,
        expected=usual,
        n=np.array(labels),
        p_value=p,
        band_low=0.0,
        band_high=np.where(inside, np.nan, band),
        detail=text,
    )


def _place(verdict: Verdict, far: np.ndarray, first: np.ndarray, f: int, w: int) -> int:
    """The strangest number, or a group that would raise an alert by itself where that is the slope: it has a place."""
    mine = slice(int(first[f]), int(first[f + 1]) if f + 1 < len(first) else None)
    height = np.nan_to_num(far[mine, w])
    return int(first[f] + height.argmax()) if height.max(initial=0.0) >= 1 else int(verdict.strangest[f, w])


def _most(windows: Cube) -> float:
    """The most that outcomes can differ by."""
    return np.inf if windows.bins.task == "regression" else 1.0


class Outcomes:
    """Labelled rows and outcome sums by group of bins.

    Attributes
    ----------
    n : shape (W, G); total : shape (W, G, K'): rows of each class but the first, or the sum of the label;
    variance : shape (W, G, K') of one row's outcome about its bin's mean (None: of a share, r(1 - r))
    placed : shape (W, G, P), rows by group of positions, and the curve by position; None: positions are let be
    """

    def __init__(
        self, n: np.ndarray, total: np.ndarray, square: np.ndarray | None,
        placed: tuple[np.ndarray, Curve] | None = None,
    ) -> None:  # fmt: skip
        self.n, self.total, self.square, self.placed = n, total, square, placed

    @classmethod
    def of(cls, column: ColumnCube, group: np.ndarray, task: str, by_position: Curve | None = None) -> Outcomes:
        """Of one column."""
        labelled = column.by_outcome
        n = grouped(labelled.sum(axis=2), group)
        placed = None
        if by_position is not None:
            rows = grouped(column.placed.transpose(0, 2, 1), group).transpose(0, 2, 1)
            placed = rows, by_position
        if task == "regression":
            label, square = (grouped(column.sum(name), group)[..., None] for name in ("label", "label2"))
            return cls(n, label, square, placed)
        total = np.stack([grouped(labelled[..., k], group) for k in range(1, labelled.shape[2])], axis=-1)
        return cls(n, total, None, placed)

    def summed(self) -> Outcomes:
        """All windows as one."""
        square = None if self.square is None else self.square.sum(axis=0)
        placed = None if self.placed is None else (self.placed[0].sum(axis=0), self.placed[1].summed())
        return Outcomes(self.n.sum(axis=0), self.total.sum(axis=0), square, placed)


def _rates(of: Outcomes) -> np.ndarray:
    """Mean outcome by group, empty ones at the overall mean; shape (..., G, K')."""
    n = of.n[..., None]
    overall = of.total.sum(axis=-2, keepdims=True) / np.maximum(n.sum(axis=-2, keepdims=True), 1)
    # one row's worth of the overall mean: a bin with a handful of rows is no certainty
    return (of.total + overall) / (n + 1)


def _expected(past: Outcomes, of: Outcomes) -> np.ndarray:
    """What the reference's relation leads to expect of the windows, group by group, (W, G, K')."""
    rates = _rates(past)
    if past.placed is not None and of.placed is not None:
        (were, before), (are, now) = past.placed, of.placed
        rates = held_fixed(rates, (were, past.n, before), (are, of.n, now), of.square is not None)
    return _levelled(rates, of)


def _levelled(rates: np.ndarray, window: Outcomes) -> np.ndarray:
    """The reference's rates shifted alike in every group so that the window's overall mean comes out; (W, G, K')."""
    n = window.n[..., None]
    rows = np.maximum(n.sum(axis=1, keepdims=True), 1e-9)
    level = window.total.sum(axis=1, keepdims=True) / rows
    if window.square is not None:
        return rates + level - (n * rates).sum(axis=1, keepdims=True) / rows
    with np.errstate(divide="ignore", invalid="ignore"):
        base = np.log(np.clip(rates, 1e-6, 1 - 1e-6) / (1 - np.clip(rates, 1e-6, 1 - 1e-6)))
        shift = np.zeros(level.shape)
        for _ in range(8):  # Newton's steps on the overall rate
            moved = 1 / (1 + np.exp(-(base + shift)))
            slope = (n * moved * (1 - moved)).sum(axis=1, keepdims=True) / rows
            shift = shift + np.clip(
                (level - (n * moved).sum(axis=1, keepdims=True) / rows) / np.maximum(slope, 1e-6), -2, 2
            )
    return 1 / (1 + np.exp(-(base + shift)))


def _variance(of: Outcomes, rates: np.ndarray) -> np.ndarray:
    """Variance of one row's outcome by group, shape (..., G, K')."""
    if of.square is None:
        return np.asarray(np.clip(rates * (1 - rates), 1e-6, None))
    n = np.maximum(of.n[..., None], 1)
    within = np.maximum(of.square / n - (of.total / n) ** 2, 0.0)
    pooled = (of.n[..., None] * within).sum(axis=-2, keepdims=True) / np.maximum(n.sum(axis=-2, keepdims=True), 1)
    return np.asarray(np.maximum(within, 0.1 * pooled) + 1e-12)


class _Tested(NamedTuple):
    """What is judged of one feature: its groups' deviations and, last of all, its slope's, by window."""

    pair: tuple[Outcomes, Outcomes]
    reference: np.ndarray
    reference_error: np.ndarray
    windows: np.ndarray
    errors: np.ndarray
    kind: np.ndarray
    events: np.ndarray
    scarce: bool


def _numbers(window: Outcomes, reference: Outcomes) -> tuple[Any, ...]:
    """Each group's outcome less what the levelled reference relation gives there, and the slope on that relation.

    The slope is the covariance of outcomes with what the reference leads to expect, less the one expected:
    Σ n (e - ē)(y - e) / Σ n. It is negative where the relation is weaker or reversed, in all groups together.

    Returns
    -------
    numbers and errors of the reference (D, R), of the windows (D, W), kind (D,): 0 group, 1 slope, the rows of the
    reference behind each (D,), and whether nearly all rows are in one group
    """
    pooled = reference.summed()
    variance = _variance(pooled, _rates(pooled))
    groups, classes = variance.size, variance.shape[-1]
    kind = np.repeat([0, 1], [groups, classes])
    everywhere = np.ones(len(reference.n), bool)
    # a slope on a relation that the window itself helped to make would be too steep
    # where nearly all rows are alike, the slope is what the few others' own groups say, by way of noise
    scarce = bool(pooled.n.max(initial=0) > _SAME * pooled.n.sum())
    parts = [
        _join(_by_group(of, pooled, variance), _slope(of, others, variance, scarce))
        for of, others in ((reference, _others(reference, reference, everywhere)), (window, pooled))
    ]
    # rows that could tell: a group's own, and for the slope those that are not in the fullest group
    rows = np.repeat(pooled.n, classes)
    events = np.append(rows, np.full(classes, pooled.n.sum() - pooled.n.max(initial=0)))
    return (*parts[0], *parts[1], kind, events, scarce)


def _others(of: Outcomes, reference: Outcomes, inside: np.ndarray) -> Outcomes:
    """The reference without the window itself where it is part of it, for every window."""
    past = reference.summed()
    placed = None
    if past.placed is not None and of.placed is not None:
        (were, before), (are, now) = past.placed, of.placed
        placed = rest_of(were, are, inside), Curve(*(rest_of(a, b, inside) for a, b in zip(before, now, strict=True)))
    return Outcomes(
        rest_of(past.n, of.n, inside), rest_of(past.total, of.total, inside),
        None if past.square is None or of.square is None else rest_of(past.square, of.square, inside), placed,
    )  # fmt: skip


def _join(*blocks: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    values, errors = zip(*blocks, strict=True)
    return np.concatenate(values, axis=1).T, np.concatenate(errors, axis=1).T


def _row_variance(of: Outcomes, expected: np.ndarray, variance: np.ndarray) -> np.ndarray:
    return np.asarray(expected * (1 - expected) if of.square is None else np.broadcast_to(variance, expected.shape))


@np.errstate(divide="ignore", invalid="ignore")
def _by_group(of: Outcomes, past: Outcomes, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes less what is expected, and their sampling errors, (W, G·K')."""
    expected, n = _expected(past, of), of.n[..., None]
    row = _row_variance(of, expected, variance)
    # a handful of rows, or of either class, is not normal: such a group is not judged in this window
    enough = n * row >= _LEAST_INFORMATION if of.square is None else n >= _LEAST_ROWS
    seen = np.where(enough, of.total / np.maximum(n, 1) - expected, np.nan)
    error = np.where(enough, np.sqrt(row / n), np.nan)
    flat = (len(seen), variance.size)
    return seen.reshape(flat), error.reshape(flat)


@np.errstate(divide="ignore", invalid="ignore")
def _slope(of: Outcomes, past: Outcomes, variance: np.ndarray, scarce: bool) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of outcomes with expectations, less the one expected, and its sampling error, (W, K')."""
    expected, n = _expected(past, of), of.n[..., None]
    row = _row_variance(of, expected, variance)
    rows = np.maximum(n.sum(axis=1), 1)
    lean = expected - (n * expected).sum(axis=1, keepdims=True) / rows[:, None]
    slope = (lean * (of.total - n * expected)).sum(axis=1) / rows
    error = np.sqrt((n * lean**2 * row).sum(axis=1)) / rows
    enough = (n * row).sum(axis=1) >= 2 * _LEAST_INFORMATION if of.square is None else rows >= _LEAST_ROWS
    known = enough & (error > 0) & (not scarce)
    return np.where(known, slope, np.nan), np.where(known, error, np.nan)


def _effect(window: Outcomes, reference: Outcomes, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Root mean square deviation over rows, beyond what chance gives, and chance's part; both shape (W,)."""
    rest = _others(window, reference, inside)
    expected, n = _expected(rest, window), window.n[..., None]
    variance = _variance(rest, _rates(rest))
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = np.where(n >= 1, window.total / np.maximum(n, 1) - expected, 0.0)
        due = np.where(n >= 1, variance / np.maximum(n, 1) + variance / np.maximum(rest.n[..., None], 1), 0.0)
        rows = window.n.sum(axis=1)
        square = (n * seen**2).sum(axis=(1, 2)) / rows
        chance = (n * due).sum(axis=(1, 2)) / rows
    return np.where(rows > 0, np.sqrt(np.maximum(square - chance, 0.0)), np.nan), np.sqrt(chance)


def _moved(test: _Tested, names: list[str], w: int, which: int, span: int) -> str | None:
    """Where the outcome differs most, in words; of several windows in a row all together."""
    window, past = test.pair[0], test.pair[1].summed()
    last = slice(w - span + 1, w + 1)
    together = f" over {span} windows" if span > 1 else ""
    if which >= past.total.size:
        weaker = float(np.nanmean(test.windows[which, last])) < 0
        return f"all values: the outcome follows them {'less' if weaker else 'more'} than before{together}"
    g, k = divmod(which, window.total.shape[2])
    rows = window.n[last, g]
    now = window.total[last, g, k].sum() / max(rows.sum(), 1)
    before = past.total[g, k] / max(past.n[g], 1)
    if window.placed is not None:
        before = (rows * _expected(past, window)[last, g, k]).sum() / max(rows.sum(), 1)
        together = f" at the same positions{together}"
    shown = "{:.1%}" if window.square is None else "{:.3g}"
    return f"{names[g]}: {shown.format(before)} to {shown.format(now)}{together}"
