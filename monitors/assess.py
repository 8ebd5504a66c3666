"""Profiles to measurements: cubes are put together, monitors are asked, segment by segment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import entry_points

import numpy as np
import pandas as pd

from monitors import concept, decay, drift, integrity, loss_gap, missing
from monitors.measurement import combine
from monitors.profile.bins import Bins
from monitors.profile.cube import Cube, Profile
from monitors.profile.kernel import SUMS
from monitors.reference import FEWEST, Plan
from monitors.settings import Settings
from monitors.windows import Grain

Measure = Callable[[Cube, Cube, Settings], pd.DataFrame]

MONITORS: tuple[Measure, ...] = (
    drift.measure, concept.measure, decay.measure, missing.measure, loss_gap.measure, integrity.measure,
)  # fmt: skip

_MOST_GAPS = 4
"""Empty windows are filled in as long as they are no more than this many times the others: one row of 1970 in a log of
today makes no 20,000 windows."""


@lru_cache(maxsize=1)
def all_monitors() -> tuple[Measure, ...]:
    """Ours, and those that other packages bring by the entry-point group ``driftmeter.monitors``."""
    return (*MONITORS, *(point.load() for point in entry_points(group="driftmeter.monitors")))


def empty_profile(bins: Bins, start: int, segment: str) -> Profile:
    """A window without rows."""
    rows, columns = int(bins.offsets[-1]), len(bins.columns)
    return Profile(
        start, segment, np.zeros((rows, bins.outcomes + 2), np.int64), np.zeros((rows, len(SUMS))),
        np.full(columns, np.inf), np.full(columns, -np.inf), {"rows": 0},
    )  # fmt: skip


def stack(bins: Bins, profiles: Sequence[Profile], grain: Grain, segment: str = "", fill: bool = True) -> Cube:
    """A cube of profiles in order of time; windows of the calendar without rows are filled in between."""
    kept = list(profiles)
    if fill and grain.kind == "calendar" and len(kept) > 1:
        between = grain.range(kept[0].start, kept[-1].start)
        if len(between) <= (_MOST_GAPS + 1) * len(kept):
            have = {profile.start: profile for profile in kept}
            kept = [have.get(int(s)) or empty_profile(bins, int(s), segment) for s in between]
    ends = grain.ends(np.array([profile.start for profile in kept], np.int64))
    return Cube.stack(bins, kept, ends.tolist(), segment)


def coarsen(cube: Cube, fine: Grain, coarse: Grain) -> Cube:
    """The same rows in coarser windows."""
    if fine == coarse or not len(cube):
        return cube
    starts = fine.regroup(cube.starts, coarse)
    unique = np.unique(starts)
    ends = dict(zip(unique.tolist(), coarse.ends(unique).tolist(), strict=True))
    return cube.regroup(starts, ends)


def measure_all(
    cube: Cube, plan: Plan, settings: Settings, reference: Cube | None = None,
    monitors: Sequence[Measure] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Ask every monitor about every window of a cube.

    Parameters
    ----------
    cube : windows of one segment, those of the reference included
    plan : which windows are compared with which
    reference : a cube of its own (training data); None takes the plan's windows from ``cube``
    """
    asked = all_monitors() if monitors is None else monitors
    if not len(cube):
        return combine([])
    if reference is None and plan.rolls:
        return _rolling(cube, plan, settings, asked)
    if reference is None:
        reference = cube.select(np.isin(cube.starts, plan.frozen))
    return combine([measure(cube, reference, settings) for measure in asked])


def _rolling(cube: Cube, plan: Plan, settings: Settings, asked: Sequence[Measure]) -> pd.DataFrame:
    """Each window against its own earlier ones; windows with too short a past are shown, not judged."""
    starts = [int(s) for s, rows in zip(cube.starts, cube.rows, strict=True) if rows > 0]
    blocks = []
    for w, start in enumerate(cube.starts):
        earlier = plan.of(int(start), starts, settings.grain)
        window = cube.select(np.array([w]))
        if len(earlier) < max(FEWEST, (plan.previous or plan.count) // 2):
            own = cube.select(np.isin(cube.starts, plan.frozen))
            block = combine([measure(window, own, settings) for measure in asked])
            block["reference"], block["p_value"] = True, np.nan
        else:
            past = np.isin(cube.starts, earlier)
            # what came before is needed to tell what stands still and when nothing ever comes: it is left out after
            empty = (cube.rows == 0) & (cube.starts >= earlier[0]) & (cube.starts < start)
            context, own = cube.select(past | empty), cube.select(past)
            block = combine([measure(_joined(context, window), own, settings) for measure in asked])
            block = block[block["window_start"] == start]
        blocks.append(block)
    return combine(blocks)


def _joined(past: Cube, window: Cube) -> Cube:
    return replace(
        past, starts=np.concatenate([past.starts, window.starts]), ends=np.concatenate([past.ends, window.ends]),
        counts=np.concatenate([past.counts, window.counts]), sums=np.concatenate([past.sums, window.sums]),
        low=np.concatenate([past.low, window.low]), high=np.concatenate([past.high, window.high]),
        facts=past.facts + window.facts,
    )  # fmt: skip
