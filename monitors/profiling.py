"""From the log to profiles in the store: bins are frozen, dirty windows are counted anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from monitors import store as tables
from monitors.errors import LogFileError, UserError
from monitors.job import TRAINING, Job
from monitors.ledger import late_rows
from monitors.logs.files import LogFile, discover
from monitors.logs.offline import compare, name_examples, wanted_examples
from monitors.logs.prepare import Layout, read_rows
from monitors.logs.read import schema
from monitors.profile.bins import Bins
from monitors.profile.cube import Profile
from monitors.profile.freeze import Collector, Model
from monitors.profile.local import profile_rows
from monitors.profile.rows import Columns, Rows
from monitors.profile.seen import SeenColumn
from monitors.reference import first_windows
from monitors.windows import Grain

_HOURS = {"h": 1, "d": 24, "w": 168, "mo": 744, "rows": 0}
_CELLS_AT_ONCE = 600_000_000
"""Bytes of counts that one pass over the log may hold; more windows take more passes."""


def freeze_bins(job: Job, training: list[LogFile]) -> Bins:
    """Bins from the reference's rows; the log's columns are checked on the way."""
    config, layout = job.config, job.layout
    _check_columns(job, training)
    collector = Collector(layout.columns)
    windows = set(job.plan.frozen)
    files = training or job.log.touching(windows)
    for done, file in enumerate(files, 1):
        for rows in _reference_rows(job, file, bool(training), windows):
            collector.add(rows)
        job.progress("freezing bins", done, len(files))
    place = layout.columns.position
    if training and place is not None and place not in collector.seen:
        collector.seen |= _positions(job, place)
    model = config.model
    return collector.freeze(Model(model.task, model.positive, model.threshold))


def _positions(job: Job, place: str) -> dict[str, SeenColumn]:
    """The log's own column of positions, as its first windows have it, where the training set has none."""
    first = set(first_windows(job.log.starts, job.layout.grain))
    alone = Collector(Columns(job.layout.columns.timestamp, include=(), position=place))
    for file in job.log.touching(first):
        for rows in read_rows(file, job.layout, job.log.first_rows[file.key], first, keys=True):
            alone.add(rows)
    return alone.seen


def _reference_rows(job: Job, file: LogFile, training: bool, windows: set[int]) -> Iterator[Rows]:
    if training:
        return read_rows(file, _training_layout(job), labels=job.labels, keys=True)
    return read_rows(file, job.layout, job.log.first_rows[file.key], windows, job.labels, keys=True)


def _training_layout(job: Job) -> Layout:
    """Training data often has no times: its windows are then of rows, so that chance can be told from drift."""
    names = {name for key in discover(job.config.reference.path or [], job.config.base) for name in schema(key).names}
    columns = job.layout.columns
    if columns.timestamp in names and job.layout.grain.kind == "calendar":
        return job.layout
    rows = max(200, int(np.median(list(job.log.scans[job.log.files[0].key].starts.values()) or [1000])))
    return Layout(replace(columns, timestamp=None), Grain.parse(f"{rows} rows"))


def _check_columns(job: Job, training: list[LogFile]) -> None:
    names: dict[str, None] = {}
    for file in [*job.log.described(), *training]:
        try:
            names.update(dict.fromkeys(schema(file).names))
        except LogFileError:
            continue
    job.config.check_columns(list(names))


def profile_dirty(job: Job, bins: Bins, connection: sa.Connection) -> None:
    """Profile the dirty windows that have rows, and put them in the place of the old ones."""
    log, name = job.log, job.model
    dirty = sorted(log.dirty)
    for start in range(0, len(dirty), 500):
        connection.execute(sa.delete(tables.profiles).where(
            tables.profiles.c.model == name, tables.profiles.c.start.in_(dirty[start : start + 500]),
            tables.profiles.c.segment.not_like(f"{TRAINING}%"),
        ))  # fmt: skip
    wanted = sorted(set(dirty) & set(log.starts))
    cells = 1 + sum(max(len(values), 2) for _, values in bins.segments)
    window_bytes = int(bins.offsets[-1]) * (bins.outcomes + 12) * 8 * cells
    window_bytes += _HOURS.get(job.layout.grain.unit, 100) * job.layout.grain.count * len(bins.features) * 12
    at_once = max(1, _CELLS_AT_ONCE // max(window_bytes, 1))
    known = job.layout.columns.parts
    grain = job.layout.grain
    late = late_rows(log.scans.values(), grain) if grain.kind == "calendar" else None
    for begin in range(0, len(wanted), at_once):
        part = set(wanted[begin : begin + at_once])
        profiles = profile_rows(_rows(job, part), bins, known, windows=len(part))
        if job.offline is not None:
            profiles = _compared(job, bins, part, profiles)
        for profile in profiles:
            if not profile.segment and late is not None:
                profile.facts["late"] = late[profile.start]
        _insert(connection, name, profiles)


def _compared(job: Job, bins: Bins, windows: set[int], profiles: list[Profile]) -> list[Profile]:
    """The profiles of all rows, with how the windows' values compare with the offline log's."""
    assert job.offline is not None
    there = set(job.offline.names())
    features = [column for column in bins.features if column.name in there and column.name != job.offline.id]
    if there and not features:
        shown = ", ".join(sorted(there)[:8])
        raise UserError(f"{job.config.source}: offline.path has none of the log's features; its columns are {shown}.")
    found = compare(_rows(job, windows), job.offline, features)
    if len(wanted_examples(found)):
        name_examples(found, _ids(job, windows))
    return [
        replace(p, facts={**p.facts, "offline": found[p.start]}) if not p.segment and p.start in found else p
        for p in profiles
    ]


def _ids(job: Job, windows: set[int]) -> Iterator[tuple[np.ndarray, pa.Array]]:
    """Hashes and ids of the rows of windows."""
    for file in job.log.touching(windows):
        for rows in read_rows(file, job.layout, job.log.first_rows[file.key], windows, only_ids=True):
            if rows.ids is not None:
                yield rows.ids, rows.batch.column(str(job.layout.columns.id))


def _rows(job: Job, windows: set[int]) -> Iterator[Rows]:
    files = job.log.touching(windows)
    for done, file in enumerate(files, 1):
        # a damaged column may come to light only now: the timestamps were whole
        trouble = job.log.scans[file.key].notes
        yield from read_rows(file, job.layout, job.log.first_rows[file.key], windows, job.labels, trouble=trouble)
        job.progress("profiling", done, len(files))


def profile_training(job: Job, bins: Bins, training: list[LogFile], connection: sa.Connection) -> None:
    """Profile the reference's own data set, in windows of its own."""
    if not training:
        return
    layout = _training_layout(job)
    numbers, batches = 0, []
    for file in training:
        batches.append((file, numbers))
        numbers += (
            sum(len(rows) for rows in read_rows(file, layout, only_ids=True)) if layout.grain.kind == "rows" else 0
        )
    rows = (batch for file, first in batches for batch in read_rows(file, layout, first, labels=job.labels))
    connection.execute(sa.delete(tables.profiles).where(
        tables.profiles.c.model == job.model, tables.profiles.c.segment.like(f"{TRAINING}%")))  # fmt: skip
    _insert(connection, job.model, profile_rows(rows, bins, job.layout.columns.parts), TRAINING)


def _insert(connection: sa.Connection, model: str, profiles: list[Profile], prefix: str = "") -> None:
    rows = [
        {"model": model, "start": p.start, "segment": prefix + p.segment, "rows": int(p.facts.get("rows", 0)),
         "profile": p.encode()}
        for p in profiles
    ]  # fmt: skip
    if rows:
        connection.execute(tables.profiles.insert(), rows)
