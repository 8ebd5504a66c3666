"""One way of looking at a model's profiles: a grain, a reference, a segment. No read of the log, no Streamlit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from monitors.assess import assess, coarsen, measure_all, stack
from monitors.cards import Card, cards
from monitors.config import Config
from monitors.errors import UserError
from monitors.events import noted
from monitors.findings import find, judge_of
from monitors.incidents import group
from monitors.job import TRAINING, settings_of
from monitors.maturity import immature_starts, labels
from monitors.profile.bins import Bins
from monitors.profile.cube import Cube
from monitors.reference import Plan, previous_plan, season_plan
from monitors.settings import segment_share
from monitors.store import Store
from monitors.windows import Grain, instant

CONFIGURED = "configured"


@dataclass(frozen=True)
class Look:
    """What is looked at.

    Attributes
    ----------
    grain : a size that the store's grain adds up to
    reference : ``configured``, ``previous K``, ``season SIZE COUNT``, or ``START..END`` (dates or row numbers, both
    included)
    segment : ``""`` for all rows, else ``column=value``
    """

    grain: str
    reference: str = CONFIGURED
    segment: str = ""


@dataclass(frozen=True)
class Seen:
    """What a look shows.

    Attributes
    ----------
    cube : every window of the segment; reference : those it is compared with (empty when it rolls)
    measured, found, incidents : as in the store, for this look
    words : the reference as a caption says it
    """

    grain: Grain
    bins: Bins
    cube: Cube
    reference: Cube
    plan: Plan
    measured: pd.DataFrame
    found: pd.DataFrame
    incidents: pd.DataFrame
    words: str


def grains(store: Store, model: str) -> list[Grain]:
    """Grains that can be looked at, finest first."""
    fine = store.grain(model)
    return [fine, *fine.coarser()]


def look(store: Store, config: Config, wanted: Look) -> Seen:
    """Measure the stored profiles as wanted.

    Raises
    ------
    UserError
        when the store has no such grain or segment, or the reference holds no window.
    """
    with store.snapshot() as at_once:
        return _look(at_once, config, wanted)


def _look(store: Store, config: Config, wanted: Look) -> Seen:
    name = config.model.name
    row, bins = store.model(name), store.bins(name)
    if row is None or bins is None:
        raise UserError(f'the store has no model "{name}" yet: run `driftmeter run` first.')
    fine = Grain.parse(row["grain_size"], row["timezone"])
    coarse = next((grain for grain in grains(store, name) if grain.size == wanted.grain), None)
    if coarse is None:
        raise UserError(f"windows of {wanted.grain} cannot be shown: the store's windows are of {fine.size}.")
    profiles = store.profiles(name, wanted.segment)
    if not profiles:
        raise UserError(f'the store has no segment "{wanted.segment}" of "{name}".')
    # all rows' windows tell which ones are empty in a segment
    cube = coarsen(stack(bins, profiles, fine, wanted.segment), fine, coarse)
    plan = plan_of(wanted, row["reference"], cube, fine, coarse)
    told = noted(store.events(name), config, coarse, cube.starts.tolist())
    plan = replace(plan, holidays=told.holidays, accepted=told.accepted if plan.rolls else ())
    training = (
        _training(store, name, bins, wanted) if config.reference.path and wanted.reference == CONFIGURED else None
    )
    reference = training if training is not None else cube.select(np.isin(cube.starts, plan.learned))
    kept = dict(bins.segments).keys() - {config.features.version}
    judged = sum(1 for segment in store.segments(name) if segment and segment.split("=", 1)[0] in kept)
    share = segment_share(wanted.segment, judged)
    settings = settings_of(config, coarse, row["observed_until"], share)
    if wanted.segment and bins.classes:
        whole = coarsen(stack(bins, store.profiles(name, ""), fine), fine, coarse)
        settings = replace(settings, immature=immature_starts(measure_all(whole, plan, settings, training, [labels])))
    judge = judge_of(config, coarse, plan) if plan.rolls else None
    by_run = bool(wanted.segment) and wanted.reference == CONFIGURED and coarse == fine
    measured, plan = assess(
        cube, plan, settings, training, judge=judge, whole=as_run(plan, row["reference"]) if by_run else None
    )
    measured["model"] = name
    found, incidents = group(find(measured, config, coarse, [], plan), coarse, measured, store.events(name), bins.task)
    return Seen(coarse, bins, cube, reference, plan, measured, found, incidents, plan.told)


def as_run(plan: Plan, stored: dict[str, Any]) -> Plan:
    """A plan with what the run left out of it, looking at all rows."""
    left_out = {int(start): str(why) for start, why in stored.get("left_out", {}).items()}
    return replace(plan, left_out=left_out, renewed=tuple(stored.get("renewed", ())))


def _training(store: Store, name: str, bins: Bins, wanted: Look) -> Cube | None:
    profiles = store.profiles(name, TRAINING + wanted.segment) or store.profiles(name, TRAINING)
    return stack(bins, profiles, Grain.parse("1 rows"), TRAINING, fill=False) if profiles else None


def plan_of(wanted: Look, stored: dict[str, Any], cube: Cube, fine: Grain, coarse: Grain) -> Plan:
    """The reference that a look asks for, in windows of its grain."""
    starts = [int(start) for start, rows in zip(cube.starts, cube.rows, strict=True) if rows > 0]
    frozen = whole_windows([int(start) for start in stored["frozen"]], fine, coarse, starts)
    if wanted.reference == CONFIGURED:
        if stored["previous"] or stored["season"]:
            return Plan(
                frozen, stored["previous"], stored["season"], stored["count"], stored["words"], stored.get("lag", 0)
            )
        return Plan(frozen, words=stored["words"])
    if wanted.reference.startswith("previous "):
        return previous_plan(starts, int(wanted.reference.split()[1]))
    if wanted.reference.startswith("season "):
        _, size, text = wanted.reference.split()
        return season_plan(starts, Grain.parse(size, coarse.timezone), int(text))
    first, _, last = wanted.reference.partition("..")
    low, high = ((int(first), int(last) + 1) if coarse.kind == "rows"
                 else (instant(first, coarse.timezone), instant(last, coarse.timezone, end=True)))  # fmt: skip
    inside = tuple(start for start in starts if start >= low and coarse.end(start) <= high)
    if not inside:
        raise UserError(
            f"the reference {wanted.reference} holds no whole window of {coarse.size}: choose a longer one."
        )
    return Plan(inside, words=f"{coarse.label(inside[0])} to {coarse.label(inside[-1])}")


def whole_windows(frozen: list[int], fine: Grain, coarse: Grain, starts: list[int]) -> tuple[int, ...]:
    """Coarse windows that lie in the frozen ones from end to end; those that overlap where none does."""
    if not frozen:
        return ()
    low, high = min(frozen), fine.end(max(frozen))
    overlapping = set(coarse.starts(np.array(frozen)).tolist()) & set(starts)
    whole = {start for start in overlapping if start >= low and coarse.end(start) <= high}
    return tuple(sorted(whole or overlapping))


def missing_cards(store: Store, config: Config, seen: Seen, wanted: Look) -> list[Card]:
    """A card for each thing that went missing, as a look shows it; see ``monitors.cards``."""
    name, row = config.model.name, store.model(config.model.name)
    if row is None:
        return []
    fine = Grain.parse(row["grain_size"], row["timezone"])
    as_run = wanted == Look(fine.size)
    found = store.findings(name) if as_run else seen.found
    incidents = store.incidents(name) if as_run else seen.incidents

    def parts() -> dict[str, Cube]:
        if wanted.segment:
            return {}
        return {segment: coarsen(stack(seen.bins, store.profiles(name, segment), fine, segment, fill=False), fine,
                                 seen.grain)
                for segment in store.segments(name) if segment and not segment.startswith(TRAINING)}  # fmt: skip

    if wanted.segment:  # what a segment's look found it found of all its rows
        found = found.assign(segment=None)
    return cards(found, incidents, seen.cube, seen.reference, seen.measured, seen.grain, parts)
