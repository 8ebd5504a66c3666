"""Relation tests: outcomes by a feature's bins, against what the reference's relation leads to expect there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from monitors.grouping import group_names, scored_groups
from monitors.maturity import mature
from monitors.measurement import Block, in_reference, mean_inside, reference_first, table
from monitors.position import Curve, curve, place_names
from monitors.profile.alike import Alike, blocks
from monitors.profile.cube import Cube
from monitors.relation_numbers import Outcomes, expected, numbers
from monitors.settings import Settings
from monitors.statistics.null import Verdict, deviations, judge, reach, t_of_score

_BURST = 3.0
"""Slope of one window's tail, ``null.tails``: rows that belong together, a group's bookings, have one outcome."""
_SPANS = {1: 0.2, 2: 0.4, 3: 0.2, 5: 0.2}
"""A relation that has changed stays changed: see ``null.SPANS``."""
_NO_SHAPE = 1e9
"""A deviation that would have to grow so many times over is none."""
_TOLD = 0.05
"""Windows that look this strange say where the outcome moved."""


def relation(windows: Cube, reference: Cube, settings: Settings) -> Block:
    """Root mean square difference of the outcome's mean by bin, beyond chance, for every feature.

    The outcome's overall level is taken out first (a common shift on the logit or additive scale), so that a change of
    the base rate is not laid at every feature's door: what is left is *where* the concept moved. The detail names the
    bins. Where the log has positions they are held fixed (``position.held_fixed``): another layout of the page is no
    other relation.
    """
    columns, bins = windows.bins.feature_places, windows.bins.columns
    groups: list[np.ndarray] = [np.empty(0)] * len(columns)
    for where, block in blocks(reference, columns):
        labelled = block.by_outcome.sum(axis=(1, 3))
        for f, place in enumerate(where):
            groups[place] = scored_groups(labelled[f], block.bins[f])
    return _judged(windows, reference, settings, _Family(
        "relation", "relation", [bins[i].name for i in columns], columns, groups,
        lambda f: group_names(bins[columns[f]], groups[f]),
    ))  # fmt: skip


def position_curve(windows: Cube, reference: Cube, settings: Settings) -> Block:
    """The same for the curve of outcomes by position: whether attention to places has moved (``position_curve``)."""
    column = windows.bins.position("", "position")
    return _judged(windows, reference, settings, _Family(
        "position_curve", "position", [None], [column], [windows.bins.places], lambda _: place_names(windows.bins),
        held=False,
    ))  # fmt: skip


class _Family(NamedTuple):
    """Columns that are judged side by side: their bins' groups, and what gives the groups' names."""

    metric: str
    budget: str
    names: Sequence[str | None]
    columns: list[int]
    groups: list[np.ndarray]
    texts: Callable[[int], list[str]]
    held: bool = True

    def curves(self, windows: Cube, reference: Cube) -> tuple[Curve | None, Curve | None]:
        """Outcomes by position, where they are held fixed."""
        now, past = (curve(windows), curve(reference)) if self.held else (None, None)
        return (None, None) if now is None or past is None else (now, past)


class _Found(NamedTuple):
    """Of all features, D numbers one below the other.

    Attributes
    ----------
    parts : numbers and errors of the reference, (D, R), and of the windows, (D, W)
    owner, kind : shape (D,), whose and what number it is: 0 group, 1 slope; scarce : its feature's rows are alike
    first : shape (F,), each feature's first number
    value, chance : shape (F, W)
    """

    parts: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    owner: np.ndarray
    kind: np.ndarray
    scarce: np.ndarray
    events: np.ndarray
    first: np.ndarray
    value: np.ndarray
    chance: np.ndarray

    @property
    def windows(self) -> np.ndarray:
        return self.parts[2]


def _measured(windows: Cube, reference: Cube, family: _Family) -> _Found:
    later, place = reference_first(windows, reference)
    task = windows.bins.task
    curves = family.curves(windows, reference)
    after = None if curves[0] is None else Curve(*(part[later] for part in curves[0]))
    value, chance = np.full((2, len(family.names), len(windows)), np.nan)
    rows: list[list[np.ndarray]] = []
    groups = np.array([group.max() for group in family.groups])
    for count in np.unique(groups):
        same = np.flatnonzero(groups == count)
        for where, now in blocks(windows, [family.columns[f] for f in same], max(len(windows.bins.classes), 1)):
            features = same[where]
            group = np.stack([family.groups[f] for f in features])
            past, rest = (
                Outcomes.of(block, group, task, by)
                for block, by in ((now.of(reference), curves[1]), (now.at(later), after))
            )
            found = numbers(past, rest)
            value[features], chance[features] = found.effect[:, place], found.chance[:, place]
            size, classes = found.events.shape[1], past.total.shape[-1]
            parts = found.reference, found.reference_error, found.windows[:, place], found.errors[:, place]
            rows.append([
                *(np.moveaxis(part, 1, 2).reshape(len(features) * size, part.shape[1]) for part in parts),
                np.repeat(features, size), np.tile(np.arange(size) >= size - classes, len(features)).astype(np.int64),
                np.repeat(found.scarce, size), found.events.ravel(),
            ])  # fmt: skip
    whole = [np.concatenate(part) for part in zip(*rows, strict=True)]
    order = np.argsort(whole[4], kind="stable")
    first, second, third, fourth, owner, kind, scarce, events = (part[order] for part in whole)
    return _Found(
        (first, second, third, fourth), owner, kind, scarce, events,
        np.searchsorted(owner, np.arange(len(family.names))), value, chance,
    )  # fmt: skip


def _judged(windows: Cube, reference: Cube, settings: Settings, family: _Family) -> Block:
    inside = in_reference(windows, reference)
    seen = _measured(windows, reference, family)
    owner, kind = seen.owner, seen.kind
    found = deviations(*seen.parts, kind=kind, owner=owner, events=seen.events)
    judged = mature(windows, reference, settings) & ~inside
    found = found._replace(windows=np.where(judged, found.windows, np.nan))
    # half of a feature's chance is spent on its slope, half on its bins
    share = np.bincount(2 * owner + kind, minlength=2 * len(family.names))[2 * owner + kind]
    # a feature that is the same in nearly all rows has outcomes that come in bursts
    verdict = judge(
        found.reference, found.windows, found.dof, settings.rate("concept", family.budget), owner=owner,
        kind=kind + 2 * seen.scarce, weight=1.0 / share, usual=np.full(len(owner), _BURST), spans=_SPANS,
    )  # fmt: skip
    value, chance = seen.value, seen.chance
    with np.errstate(invalid="ignore"):
        whole, factor = np.sqrt(value**2 + chance**2), reach(found, verdict.limit, owner)
        band = np.sqrt(np.maximum((whole * factor) ** 2 - chance**2, 0.0))
        # no deviation, but for rounding, has no shape to enlarge, and a rate cannot differ by more than one
        band = np.where((factor < _NO_SHAPE) & (whole > 0) & (band <= _most(windows)), band, np.nan)
    far = np.where(kind[:, None] == 0, np.abs(found.windows) / t_of_score(verdict.limit, found.dof), 0.0)
    return table(
        "concept",
        family.metric,
        family.names,
        windows,
        reference,
        value=value,
        expected=mean_inside(value, inside) if inside.any() else 0.0,
        n=windows.column(family.columns[0]).by_outcome.sum(axis=(1, 2)),
        p_value=verdict.p,
        band_low=0.0,
        band_high=np.where(inside, np.nan, band),
        detail=_texts(windows, reference, family, verdict, seen, far),
    )


def _place(verdict: Verdict, far: np.ndarray, first: np.ndarray, f: int, w: int) -> int:
    """The strangest number, or a group that would raise an alert by itself where that is the slope: it has a place."""
    mine = slice(int(first[f]), int(first[f + 1]) if f + 1 < len(first) else None)
    height = np.nan_to_num(far[mine, w])
    return int(first[f] + height.argmax()) if height.max(initial=0.0) >= 1 else int(verdict.strangest[f, w])


def _most(windows: Cube) -> float:
    """The most that outcomes can differ by."""
    return np.inf if windows.bins.task == "regression" else 1.0


def _texts(
    windows: Cube, reference: Cube, family: _Family, verdict: Verdict, found: _Found, far: np.ndarray
) -> list[list[str | None]]:
    """Where the outcome differs most, in words, of windows that look strange; of several in a row all together."""
    text: list[list[str | None]] = [[None] * len(windows) for _ in family.names]
    curves = family.curves(windows, reference)
    for f in np.flatnonzero((verdict.p < _TOLD).any(axis=1)).tolist():
        one, group = Alike(windows, np.array([family.columns[f]])), family.groups[f][None]
        window = Outcomes.of(one, group, windows.bins.task, curves[0])
        past = Outcomes.of(one.of(reference), group, windows.bins.task, curves[1]).summed()
        due, names = expected(past, window)[0], family.texts(f)
        for w in np.flatnonzero(verdict.p[f] < _TOLD).tolist():
            which, span = _place(verdict, far, found.first, f, w) - int(found.first[f]), int(verdict.span[f, w])
            last = slice(w - span + 1, w + 1)
            together = f" over {span} windows" if span > 1 else ""
            if which >= past.total.size:
                weaker = float(np.nanmean(found.windows[found.first[f] + which, last])) < 0
                text[f][w] = (
                    f"all values: the outcome follows them {'less' if weaker else 'more'} than before{together}"
                )
                continue
            g, k = divmod(which, window.total.shape[-1])
            rows = window.n[0, last, g]
            now = window.total[0, last, g, k].sum() / max(rows.sum(), 1)
            before = past.total[0, 0, g, k] / max(past.n[0, 0, g], 1)
            if window.placed is not None:
                before = (rows * due[last, g, k]).sum() / max(rows.sum(), 1)
                together = f" at the same positions{together}"
            shown = "{:.1%}" if window.square is None else "{:.3g}"
            text[f][w] = f"{names[g]}: {shown.format(before)} to {shown.format(now)}{together}"
    return text
