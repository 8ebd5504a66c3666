"""Profiles to measurements: cubes are put together, monitors are asked, segment by segment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from importlib.metadata import entry_points

import numpy as np
import pandas as pd

from monitors import concept, decay, deprecations, drift, integrity, loss_gap, missing, skew
from monitors.measurement import concat
from monitors.profile.bins import Bins
from monitors.profile.cube import Cube, Profile, Stored
from monitors.reference import Plan
from monitors.rolling import Judge, roll
from monitors.settings import Settings
from monitors.windows import Grain

Measure = Callable[[Cube, Cube, Settings], pd.DataFrame]

MONITORS: tuple[Measure, ...] = (
    drift.measure, concept.measure, decay.measure, missing.measure, loss_gap.measure, deprecations.measure,
    integrity.measure, skew.measure,
)  # fmt: skip

_OF_THE_LOG: tuple[Measure, ...] = (drift.measure, skew.measure)
"""Monitors that ask for change in the log itself, whatever the model was trained on."""

_AT_ONCE = 2
"""Monitors that work side by side: most of their time is NumPy's and the kernels', which need no lock."""

_MOST_GAPS = 4
"""Empty windows are filled in as long as they are no more than this many times the others: one row of 1970 in a log of
today makes no 20,000 windows."""


@lru_cache(maxsize=1)
def all_monitors() -> tuple[Measure, ...]:
    """Ours, and those that other packages bring by the entry-point group ``driftmeter.monitors``."""
    return (*MONITORS, *(point.load() for point in entry_points(group="driftmeter.monitors")))


def stack(bins: Bins, profiles: Sequence[Profile], grain: Grain, segment: str = "", fill: bool = True) -> Cube:
    """A cube of profiles in order of time; windows of the calendar without rows are filled in between."""
    have = profiles.starts if isinstance(profiles, Stored) else [profile.start for profile in profiles]
    starts = np.array(have, np.int64)
    if fill and grain.kind == "calendar" and len(have) > 1:
        between = grain.range(have[0], have[-1])
        if len(between) <= (_MOST_GAPS + 1) * len(have):
            starts = np.asarray(between, np.int64)
    return Cube.stack(bins, profiles, starts.tolist(), grain.ends(starts).tolist(), segment)


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
    """Ask every monitor about every window of a cube: ``assess`` without a judge."""
    return assess(cube, plan, settings, reference, monitors)[0]


def assess(
    cube: Cube, plan: Plan, settings: Settings, reference: Cube | None = None,
    monitors: Sequence[Measure] | None = None, judge: Judge | None = None, whole: Plan | None = None,
) -> tuple[pd.DataFrame, Plan]:  # fmt: skip
    """Ask every monitor about every window of a cube.

    Parameters
    ----------
    cube : windows of one segment, those of the reference included
    plan : which windows are compared with which
    reference : a cube of its own (training data); None takes the plan's windows from ``cube``
    judge : what is worth a look, so that a rolling reference does not learn it; left out, it learns every window
    whole : of a segment, the plan that came back for all rows

    Returns
    -------
    measurements, and the plan as it was worked out (``rolling.roll``)
    """
    asked = all_monitors() if monitors is None else monitors

    def ask(windows: Cube, past: Cube) -> pd.DataFrame:
        # drift is change while the log goes on, and nothing but that is known of habits where training rows have no
        # times; that the first windows are not like the training set is skew
        known = reference if reference is not None and skew.timed(reference) else past
        parts = [partial(measure, windows, past if measure in _OF_THE_LOG else known, settings) for measure in asked]
        if reference is not None and monitors is None and not windows.segment:
            parts.append(partial(skew.distribution, windows, reference, settings))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return concat(list(pool.map(lambda part: part(), parts)))

    if not len(cube):
        return concat([]), plan
    if reference is None and plan.rolls:
        return roll(cube, plan, settings, ask, judge, whole)
    past = cube.select(np.isin(cube.starts, plan.learned)) if reference is None else skew.served(cube, settings.grain)
    inside = np.isin(cube.starts, past.starts)
    holiday = np.isin(cube.starts, list(plan.holidays)) & ~inside
    if not holiday.any():
        return ask(cube, past), plan
    # a holiday is no evidence for or against the windows around it, so they are asked about without it
    feasts = ask(cube.select(holiday | inside), past)
    feasts = feasts[np.isin(feasts["window_start"].to_numpy(np.int64), cube.starts[holiday])]
    return concat([ask(cube.select(~holiday), past), feasts]), plan
