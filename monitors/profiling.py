"""From the log to profiles in the store: bins are frozen, dirty windows are counted anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from monitors import store as tables
from monitors.errors import UserError
from monitors.job import TRAINING, Job
from monitors.ledger import late_rows
from monitors.logs.files import LogFile, discover
from monitors.logs.offline import compare, name_examples, wanted_examples
from monitors.logs.prepare import Layout, read_rows
from monitors.logs.read import schema
from monitors.profile.bins import Bins
from monitors.profile.cube import Profile
from monitors.profile.engines import Reading
from monitors.profile.engines.local import column_names
from monitors.profile.facts import Facts
from monitors.profile.freeze import Model
from monitors.profile.rows import Columns
from monitors.profile.seen import SeenColumn
from monitors.reference import first_windows
from monitors.windows import Grain


def freeze_bins(job: Job, training: list[LogFile]) -> Bins:
    """Bins from the reference's rows; the log's columns are checked on the way."""
    names, step = _check_columns(job, training), "freezing bins"
    if training:
        reading = Reading(training, {}, _training_layout(job), None, job.labels, 0, step, job.progress)
        collector = job.engine.for_files.collect(reading, names)
    else:
        collector = job.engine.collect(job.reading(set(job.plan.frozen), step, trouble=False), names)
    place, position = job.layout.columns.position, None
    if training and place is not None and place not in collector.seen:
        position = _position(job, place)
    model = job.config.model
    return collector.freeze(Model(model.task, model.positive, model.threshold), position)


def _position(job: Job, place: str) -> SeenColumn | None:
    """The log's own column of positions, as its first windows have it, where the training set has none."""
    reading = job.reading(set(first_windows(job.log.starts, job.layout.grain)), "freezing bins", trouble=False)
    alone = Columns(job.layout.columns.timestamp, include=(), position=place)
    return job.engine.collect(replace(reading, layout=replace(job.layout, columns=alone)), [place]).column(place)


def _training_layout(job: Job) -> Layout:
    """Training data often has no times: its windows are then of rows, so that chance can be told from drift."""
    names = {name for key in discover(job.config.reference.path or [], job.config.base) for name in schema(key).names}
    columns = job.layout.columns
    if columns.timestamp in names and job.layout.grain.kind == "calendar":
        return job.layout
    rows = max(200, int(np.median(list(job.log.scans[job.log.files[0].key].starts.values()) or [1000])))
    return Layout(replace(columns, timestamp=None), Grain.parse(f"{rows} rows"))


def _check_columns(job: Job, training: list[LogFile]) -> list[str]:
    """Names of the columns of the log and of the training data, which must have those that are configured."""
    names = list(dict.fromkeys([*job.engine.names(job.log.described()), *column_names(training)]))
    job.config.check_columns(names)
    return names


def profile_dirty(job: Job, bins: Bins, connection: sa.Connection) -> None:
    """Profile the dirty windows that have rows, and put them in the place of the old ones."""
    log, name = job.log, job.model
    dirty = sorted(log.dirty)
    for start in range(0, len(dirty), 500):
        connection.execute(sa.delete(tables.profiles).where(
            tables.profiles.c.model == name, tables.profiles.c.start.in_(dirty[start : start + 500]),
            tables.profiles.c.segment.not_like(f"{TRAINING}%"),
        ))  # fmt: skip
    wanted = set(dirty) & set(log.starts)
    if not wanted:
        return
    grain = job.layout.grain
    late = late_rows(log.scans.values(), grain) if grain.kind == "calendar" and job.engine.by_file else None
    offline = _compared(job, bins, wanted) if job.offline is not None else {}
    for profiles in job.engine.profile(job.reading(wanted, "profiling"), bins, job.layout.columns.parts):
        for profile in profiles:
            if not profile.segment and profile.start in offline:
                profile.facts["offline"] = offline[profile.start]
            if not profile.segment and late is not None:
                profile.facts["late"] = late[profile.start]
        _insert(connection, name, profiles)


def _compared(job: Job, bins: Bins, windows: set[int]) -> dict[int, Facts]:
    """How the windows' values compare with the offline log's, which is read once for all of them."""
    assert job.offline is not None
    there = set(job.offline.names())
    features = [column for column in bins.features if column.name in there and column.name != job.offline.id]
    if there and not features:
        shown = ", ".join(sorted(there)[:8])
        raise UserError(f"{job.config.source}: offline.path has none of the log's features; its columns are {shown}.")
    found = compare(job.engine.rows(job.reading(windows, "comparing")), job.offline, features)
    if len(wanted_examples(found)):
        name_examples(found, _ids(job, windows))
    return found


def _ids(job: Job, windows: set[int]) -> Iterator[tuple[np.ndarray, pa.Array]]:
    """Hashes and ids of the rows of windows."""
    for rows in job.engine.rows(job.reading(windows, "comparing", trouble=False), only_ids=True):
        if rows.ids is not None:
            yield rows.ids, rows.batch.column(str(job.layout.columns.id))


def profile_training(job: Job, bins: Bins, training: list[LogFile], connection: sa.Connection) -> None:
    """Profile the reference's own data set, in windows of its own."""
    if not training:
        return
    layout = _training_layout(job)
    number, firsts = 0, dict[str, int]()
    for file in training:
        firsts[file.key] = number
        if layout.grain.kind == "rows":
            number += sum(len(rows) for rows in read_rows(file, layout, only_ids=True))
    connection.execute(sa.delete(tables.profiles).where(
        tables.profiles.c.model == job.model, tables.profiles.c.segment.like(f"{TRAINING}%")))  # fmt: skip
    reading = Reading(training, firsts, layout, None, job.labels, 0, "profiling the training set", job.progress)
    for profiles in job.engine.for_files.profile(reading, bins, job.layout.columns.parts):
        _insert(connection, job.model, profiles, TRAINING)


def _insert(connection: sa.Connection, model: str, profiles: list[Profile], prefix: str = "") -> None:
    rows = [
        {"model": model, "start": p.start, "segment": prefix + p.segment, "rows": int(p.facts.get("rows", 0)),
         "profile": p.encode()}
        for p in profiles
    ]  # fmt: skip
    if rows:
        connection.execute(tables.profiles.insert(), rows)
