"""References that roll: each window against earlier ones that were quiet.

A reference of the windows before must not learn an incident, or the incident is over as soon as it fills the
reference. So windows are judged in order of time, and those with an alert are left out of the references of later
ones (``open_alerts``): while an alert is open, the reference stays the last quiet windows, for however long. It learns
again when the alert is over, which two quiet windows in a row say, or when a person says that what is new is normal:
a deploy or a change of the product that was noted after the window in which the oldest open alert began lets the
reference start anew, from the first window that begins at that moment or later. A deploy in that very window, or
before it, is the alert's likely cause and changes nothing. Until there are enough windows since then, none is judged.
Holidays are never learned from, whatever they show.

All of it follows from the profiles, what was noted and the configuration: never from when a run took place.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from monitors.measurement import concat
from monitors.open_alerts import OpenAlerts
from monitors.profile.cube import Cube
from monitors.reference import ALERT, HOLIDAY, Plan
from monitors.settings import Settings

Ask = Callable[[Cube, Cube], pd.DataFrame]
"""Measurements of a cube's windows against a reference."""

Judge = Callable[[pd.DataFrame], Mapping[int, Mapping[Hashable, bool]]]
"""Of measurements: by start of a window the numbers that are worth a look, and whether they are alerts."""

CONTEXT = 32
"""Windows right before the judged ones, none of the reference's, over which evidence may be added up."""


def roll(
    cube: Cube, plan: Plan, settings: Settings, ask: Ask, judge: Judge | None = None, whole: Plan | None = None
) -> tuple[pd.DataFrame, Plan]:
    """Measure each window against its own earlier ones; windows with too short a past are shown, not judged.

    Windows that share a reference are measured at once. While alerts keep a reference from being renewed, more and
    more windows are measured ahead; those after a renewal are measured again.

    Parameters
    ----------
    cube : windows of one segment, in order of time, empty ones included
    judge : what is worth a look; left out, windows are learned from whatever they show
    whole : of a segment, the plan of all rows: what that leaves out, the segment leaves out too

    Returns
    -------
    measurements, and the plan with its ``references``, ``left_out``, ``standing`` and ``renewed``
    """
    walk = _Walk(cube, plan, settings, whole)
    bounds, blocks = walk.bounds(), []
    i, ahead, last = 0, 1, len(walk.bounds()) - 1
    chosen: list[int] = []
    while i < last:
        if walk.accepts(bounds[i]):
            walk.begin_anew(bounds[i])
            chosen = []
        renewed = walk.reference(bounds[i]) if walk.renews(bounds[i]) else chosen
        # what an alert has taken out of the reference since must not end the judging
        chosen = renewed if plan.enough(renewed, settings.grain) or not chosen else chosen
        j = min(i + ahead, last)
        flags: Mapping[int, Mapping[Hashable, bool]] = {}
        if not plan.enough(chosen, settings.grain):
            chosen, j = [], walk.unjudged_until(i, bounds)
            block = walk.shown(ask, bounds[i], bounds[j])
        else:
            block = walk.measured(ask, bounds[i], bounds[j], chosen)
            flags = judge(block) if judge is not None else {}
        k = walk.take(i, j, bounds, chosen, flags)
        blocks.append(block[block["window_start"] < walk.starts[bounds[k] - 1] + 1])
        ahead = ahead * 2 if k == j and chosen and walk.same(bounds[j], chosen) else 1
        i = k
    return concat(blocks), walk.plan_after()


class _Walk:
    """Along the windows in order of time, and what was learned on the way."""

    def __init__(self, cube: Cube, plan: Plan, settings: Settings, whole: Plan | None) -> None:
        self.cube, self.plan, self.settings = cube, plan, settings
        self.starts, self.rows = cube.starts, cube.rows
        self.holiday = np.isin(self.starts, list(plan.holidays))
        self.usable = (self.rows > 0) & ~self.holiday
        self.places = np.flatnonzero(self.usable)
        """Of the windows that alerts are looked for in: these are what ``open`` counts."""
        self.ordinal = np.cumsum(self.usable) - 1
        alerts = [start for start, why in whole.left_out.items() if why == ALERT] if whole else []
        self.blocked = np.isin(self.starts, alerts)
        self.forced = {int(np.searchsorted(self.starts, at)) for at in (whole.renewed if whole else ())}
        self.open = OpenAlerts()
        self.begun = 0
        self.regular: set[int] = set()
        self.references: dict[int, tuple[int, ...]] = {}
        self.standing: dict[int, int] = {}
        self.renewed: list[int] = []
        noted = np.asarray(plan.accepted, np.int64)
        # a note holds from the first window that begins then or later; what it was noted in is the window before
        self.notes = {
            int(first): int(own)
            for first, own in zip(
                np.searchsorted(self.starts, noted, "left"), np.searchsorted(self.starts, noted, "right") - 1,
                strict=True,
            )
        }  # fmt: skip

    def bounds(self) -> list[int]:
        """Places at which another reference may begin, and the end."""
        cells = self.plan.cells(self.starts, self.settings.grain)
        self.regular = {0, *(np.flatnonzero(np.diff(cells)) + 1).tolist()}
        inside = {place for place in (*self.notes, *self.forced) if place < len(self.starts)}
        return sorted({*self.regular, *inside, len(self.starts)})

    def renews(self, at: int) -> bool:
        """Whether the reference is renewed at a place; a note that changes nothing is no reason to."""
        return at in self.regular or (at == self.begun and at > 0)

    def accepts(self, at: int) -> bool:
        """Whether the window at a place is where an open alert is said to be normal."""
        if at in self.forced and (not self.renewed or self.renewed[-1] != self.starts[at]):
            return True
        first = self.open.since()
        return at in self.notes and first is not None and self.notes[at] > self.places[first]

    def begin_anew(self, at: int) -> None:
        """Learn from the window at a place on, and from none before."""
        self.open.accept()
        self.begun = at
        self.renewed.append(int(self.starts[at]))

    def _held(self, at: int) -> np.ndarray:
        """Places of windows that alerts keep from being learned from at a place."""
        count = int(self.ordinal[at - 1]) + 1 if at else 0
        out = sorted(self.open.out | self.open.held(count))
        return self.places[out] if out else np.empty(0, np.int64)

    def _young(self, at: int) -> int:
        """The place from which on windows are too young to be learned from at a place."""
        some = np.flatnonzero(self.rows[:at] > 0)
        return int(some[max(len(some) - self.plan.lag, 0)]) if self.plan.lag and len(some) else at

    def reference(self, at: int) -> list[int]:
        """Starts of the windows that the one at a place is compared with, quiet ones alone."""
        keep = self.usable & ~self.blocked
        keep[self._held(at)] = False
        keep[: self.begun] = False
        keep[self._young(at) :] = False
        return self.plan.of(int(self.starts[at]), self.starts[keep].tolist(), self.settings.grain)

    def same(self, at: int, chosen: Sequence[int]) -> bool:
        """Whether the reference at a place is still this one."""
        if at >= len(self.starts) or self.accepts(at):
            return False
        return not self.renews(at) or self.reference(at) == list(chosen)

    def unjudged_until(self, i: int, bounds: Sequence[int]) -> int:
        """Index of the bound at which there are windows enough to judge by."""
        j = i + 1
        while j < len(bounds) - 1 and not (
            self.accepts(bounds[j])
            or (self.renews(bounds[j]) and self.plan.enough(self.reference(bounds[j]), self.settings.grain))
        ):
            j += 1
        return j

    def shown(self, ask: Ask, begin: int, end: int) -> pd.DataFrame:
        """Measurements of windows that are not judged, beside the first that will be a reference."""
        places = np.arange(len(self.starts))
        some = self.usable if (self.usable & (places >= begin)).any() else self.rows > 0
        own = np.flatnonzero(some & (places >= begin))[: max(len(self.plan.frozen), 1)]
        block = self._measure(ask, (places >= begin) & (places < end), np.isin(places, own))
        block["reference"], block["p_value"] = True, np.nan
        return block

    def measured(self, ask: Ask, begin: int, end: int, chosen: Sequence[int]) -> pd.DataFrame:
        """Measurements of the windows of some places against a reference; holidays each by itself."""
        places, past = np.arange(len(self.starts)), np.isin(self.starts, chosen)
        judged = (places >= begin) & (places < end)
        newest, oldest = np.flatnonzero(past)[[-1, 0]]
        context = ~self.holiday & (places > max(newest, self.begun - 1, begin - CONTEXT - 1)) & (places < begin)
        # days on which nothing ever comes are told from gaps by those that were
        context |= (self.rows == 0) & ~self.holiday & (places >= oldest) & (places < begin)
        blocks = [self._measure(ask, judged & ~self.holiday, past, context)]
        if (judged & self.holiday).any():
            blocks.append(self._measure(ask, judged & self.holiday, past))
        return concat(blocks)

    def _measure(
        self, ask: Ask, judged: np.ndarray, past: np.ndarray, context: np.ndarray | None = None
    ) -> pd.DataFrame:
        if not judged.any():
            return concat([])
        seen = judged | past if context is None else judged | past | context
        block = ask(self.cube.select(seen), self.cube.select(past))
        return block[np.isin(block["window_start"].to_numpy(np.int64), self.starts[judged])].copy()

    def take(
        self, i: int, j: int, bounds: Sequence[int], chosen: list[int],
        flags: Mapping[int, Mapping[Hashable, bool]],
    ) -> int:  # fmt: skip
        """Heed what windows show, until the reference changes or j: the bound up to which they were measured right."""
        for k in range(i, j):
            if k > i and chosen and not self.same(bounds[k], chosen):
                return k
            since = self._stands(bounds[k], chosen)
            for place in range(bounds[k], bounds[k + 1]):
                start = int(self.starts[place])
                if chosen:
                    self.references[start] = tuple(chosen)
                if since is not None:
                    self.standing[start] = since
                if self.usable[place]:
                    self.open.add(int(self.ordinal[place]), flags.get(start, {}))
        return j

    def _stands(self, at: int, chosen: Sequence[int]) -> int | None:
        """Start of the first window that would have been learned from since, were it not for alerts."""
        if not chosen:
            return None
        held = self._held(at)
        held = held[(self.starts[held] > chosen[-1]) & (held < self._young(at)) & (held >= self.begun)]
        return int(self.starts[held[0]]) if len(held) else None

    def plan_after(self) -> Plan:
        """The plan with all that was worked out."""
        out = np.flatnonzero(self.blocked).tolist() + self._held(len(self.starts)).tolist()
        left_out = {int(self.starts[place]): ALERT for place in sorted({*out})}
        left_out |= {int(start): HOLIDAY for start in self.starts[self.holiday & (self.rows > 0)]}
        return replace(self.plan, references=self.references, left_out=dict(sorted(left_out.items())),
                       standing=self.standing, renewed=tuple(self.renewed))  # fmt: skip
