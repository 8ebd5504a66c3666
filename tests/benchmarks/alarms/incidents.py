"""Incidents drawn at random, put into quiet logs, and judged.

A size is 3, 6 or 12 times the standard deviation that the moved quantity has from window to window in the quiet log, at
this grain. A share's is not taken as less than what one window resolves, sqrt(max(q(1 - q), 1/n) / n) with n the median
number of rows in a window: three times the habit of a column without any null is three rows, not none. A count of
rows' is not taken as less than its root. Kinds without a
size are measured instead: by how many standard deviations the quantity came to lie elsewhere.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from monitors.profile.cube import Profile
from tests.benchmarks.alarms.judge import verdict
from tests.benchmarks.alarms.kinds import FEATURE_KINDS, LOG_KINDS, Changed, Kind
from tests.benchmarks.alarms.outcomes import OUTCOME_KINDS
from tests.benchmarks.alarms.quiet import Quiet, profiled
from tests.benchmarks.alarms.relations import RELATION_KINDS

KINDS = {**FEATURE_KINDS, **RELATION_KINDS, **OUTCOME_KINDS, **LOG_KINDS}
SIZES = {"small": 3.0, "middle": 6.0, "large": 12.0}
MODES = {"abrupt": 1, "gradual": 10}
"""Windows until an incident has its full size."""
JUDGED = 16
"""Windows that are looked at from an incident's first one on."""
_REACHED = 0.8
"""An incident is only used when its quantity moves by this part of its size at least."""
EARLIEST = 24
"""Windows after the reference within which an incident begins: days are permuted, so later ones are no different."""
SOON, LATER = 2, 5
"""Windows within which an incident should be found: abrupt, and small or (from its full size on) gradual."""


class Incident(NamedTuple):
    """What was done to a log.

    Attributes
    ----------
    size : small, middle, large (for kinds without a size: how it turned out), or under where it is less than small
    deviations : by how many standard deviations the quantity has moved where the incident has its full size
    """

    kind: str
    column: str
    size: str
    mode: str
    start: int
    deviations: float
    changed: Changed


def draw(log: Quiet, kind: str, size: str | None, mode: str, draw: int = 0) -> Incident | None:
    """One incident, the same for the same arguments; None where none fits the log."""
    seed = zlib.crc32(f"{log.name} {log.size} {log.seed} {kind} {size} {mode} {draw}".encode())
    rng = np.random.default_rng(seed)
    last = min(log.windows - JUDGED, log.reference + EARLIEST)
    start = int(rng.integers(log.reference, max(last, log.reference) + 1))
    end = min(start + JUDGED, log.windows)
    part = log.part(start, end)
    grow = MODES[mode]
    amount = np.minimum((part["window"].to_numpy() - start + 1) / grow, 1.0)
    columns = [""] if kind in {**OUTCOME_KINDS, **LOG_KINDS} else list(log.types)
    weak: Incident | None = None
    for column in rng.permutation(np.array(columns, object)):
        made = KINDS[kind](log, column, rng)
        if made is None or made.sized != (size is not None):
            continue
        deviation = spread(log, made)
        by = SIZES.get(size or "", 0.0) * deviation * (1 if rng.uniform() < 0.5 else -1)
        full, moved = slice(start + grow - 1, end), 0.0
        for change in (by, -by):  # where scores end at 1, they can only be made smaller
            changed = made.apply(part, amount, change)
            if changed is None or not deviation > 0:
                continue
            with np.errstate(invalid="ignore"):
                moved = float(np.nanmean((made.quantity(changed.frame) - made.quantity(part))[full]))
            moved = abs(moved) / deviation
            if moved >= _REACHED * SIZES.get(size or "", 0.0):
                break
        else:
            continue
        incident = Incident(kind, str(column), size or _reached(moved), mode, start, moved, changed)
        if size is None and moved < SIZES["small"]:
            weak = weak or incident  # a column that has hardly a relation has none to lose: another one first
            continue
        return incident
    return weak


def _reached(deviations: float) -> str:
    return max((name for name, least in SIZES.items() if deviations >= least), key=SIZES.__getitem__, default="under")


def spread(log: Quiet, kind: Kind) -> float:
    """Standard deviation of the moved quantity from window to window."""
    values = kind.quantity(log.frame)
    values = values[np.isfinite(values)]
    deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    if not kind.share:
        return max(deviation, kind.least)
    n, q = float(np.median(log.rows)), float(values.mean())
    return max(deviation, float(np.sqrt(max(q * (1 - q), 1 / n) / n)))


def after(log: Quiet, incident: Incident) -> list[Profile]:
    """The log's profiles up to some windows after the incident began."""
    changed = incident.changed
    gone = None if changed.absent is None else {incident.column: changed.absent}
    new = {profile.start: profile for profile in profiled(log, changed.frame, gone)}
    end = min(incident.start + JUDGED, log.windows)
    return [*log.profiles[: incident.start], *(new.get(p.start, p) for p in log.profiles[incident.start : end])]


def cases(kinds: list[str], modes: list[str], draws: int) -> Iterator[tuple[str, str | None, str, int]]:
    """Kind, size (None: it has none, and is drawn as often as all sizes of others), mode, and number of the draw."""
    unsized = {"absent", "constant", "unit_change", *RELATION_KINDS}
    for kind in kinds:
        for mode in modes:
            for size in (None,) if kind in unsized else SIZES:
                for i in range(draws * (len(SIZES) if size is None else 1)):
                    yield kind, size, mode, i


def judged(log: Quiet, incident: Incident) -> dict[str, object]:
    """One row of incidents.csv."""
    grow = MODES[incident.mode]
    seen = verdict(log, after(log, incident), incident.kind, incident.column, incident.start, grow - 1)
    full = incident.start + grow - 1
    delay = np.nan if seen.found is None else seen.found - full
    return {
        "log": log.name, "grain": log.size, "seed": log.seed, "kind": incident.kind, "size": incident.size,
        "mode": incident.mode, "column": incident.column, "start": incident.start,
        "deviations": round(incident.deviations, 2), "found": seen.found is not None, "delay": delay,
        "soon": bool(delay < SOON), "later": bool(delay < LATER),
        "feature_first": seen.feature, "kind_first": seen.kind, "called": seen.called,
        "elsewhere": round(seen.elsewhere, 4),
    }  # fmt: skip


def recall(incidents: pd.DataFrame) -> pd.DataFrame:
    """By kind, size, mode and grain (and over all kinds): how many were found, when, and what was shown first.

    Incidents of less than the small size are told, not counted in the rows over all kinds.
    """
    everything = incidents[incidents["size"] != "under"].assign(kind="all kinds")
    rows = pd.concat([incidents, everything], ignore_index=True)
    rows["right"] = rows["kind_first"].where(rows["found"])
    rows["feature_right"] = rows["feature_first"].where(rows["found"])
    rows["order"] = rows["size"].map({"under": 0, "small": 1, "middle": 2, "large": 3})
    keys = ["kind", "order", "size", "mode", "grain"]
    table = rows.groupby(keys).agg(
        n=("found", "size"), within_2=("soon", "mean"), within_5=("later", "mean"), delay=("delay", "median"),
        feature_first=("feature_right", "mean"), kind_first=("right", "mean"), elsewhere=("elsewhere", "mean"),
    )  # fmt: skip
    return table.reset_index().drop(columns="order")
