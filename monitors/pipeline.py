"""From a configuration to findings in the store: the only place where the steps are wired together.

    files ─ ledger ─> dirty windows ─ profile ─> store ─ monitors ─> measurements ─ findings ─> store
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from monitors import store as tables
from monitors.assess import measure_all, stack
from monitors.config import Config
from monitors.errors import LogFileError, UserError
from monitors.events import version_events
from monitors.findings import KEPT, find
from monitors.incidents import group
from monitors.ledger import LogState, examine, windows_of_labels
from monitors.logs.files import LogFile, discover
from monitors.logs.labels import Labels
from monitors.logs.prepare import Layout, read_rows
from monitors.logs.progress import Progress, silent
from monitors.logs.read import schema
from monitors.measurement import combine
from monitors.profile.bins import Bins
from monitors.profile.cube import Profile
from monitors.profile.freeze import Collector, Model
from monitors.profile.local import profile_rows
from monitors.profile.rows import Columns, Rows
from monitors.reference import Plan, plan
from monitors.settings import Settings, segment_share
from monitors.store import Store, replace_frame, replace_rows
from monitors.windows import Grain

TRAINING = "#training "
"""Before the segment of profiles that are of the reference's own data set, not of the log."""

_CELLS_AT_ONCE = 600_000_000
"""Bytes of counts that one pass over the log may hold; more windows take more passes."""

_JUDGED_SEGMENT_ROWS = 30


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    Attributes
    ----------
    files_read, windows_profiled : in this run; windows_total : in the store
    findings : the whole findings frame; new : those of alerts that were not there before the run
    notes : sentences on files and rows that could not be used
    """

    model: str
    files_read: int
    windows_profiled: int
    windows_total: int
    findings: pd.DataFrame
    new: pd.DataFrame
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Job:
    """What a run works on."""

    config: Config
    layout: Layout
    log: LogState
    plan: Plan
    labels: Labels | None
    progress: Progress

    @property
    def model(self) -> str:
        return self.config.model.name


def run(config: Config, report: Progress = silent) -> RunResult:
    """Profile what is new, measure, find, and write it all in one transaction.

    Running again without new files or labels changes nothing. Files that come late, are rewritten or go away end in the
    store that they would have made in time.

    Raises
    ------
    UserError
        for what the configuration or the log as a whole has wrong. One bad file or column is a finding instead.
    """
    log_files = discover(config.logs.path, config.base)
    label_files = discover(config.labels.path, config.base) if config.labels else []
    training = discover(config.reference.path, config.base) if config.reference.path else []
    layout = Layout(columns_of(config), config.grain)
    store = Store.open(config.store.url)
    try:
        with store.writing() as connection:
            return _run(config, store, connection, layout, log_files, label_files, training, report)
    finally:
        store.close()


def columns_of(config: Config) -> Columns:
    """Which column plays which part."""
    label = config.labels.label if config.labels else config.logs.label
    features = config.features
    return Columns(
        config.logs.timestamp, config.logs.id, config.logs.prediction, label, features.include, tuple(features.exclude),
        tuple(features.segments), features.version,
    )  # fmt: skip


def _run(
    config: Config, store: Store, connection: sa.Connection, layout: Layout, log_files: list[LogFile],
    label_files: list[LogFile], training: list[LogFile], progress: Progress,
) -> RunResult:  # fmt: skip
    name = config.model.name
    old = store.model(name, connection)
    counted, judged = _counted(config), config.hash
    if old is not None and old["layout"] != counted:
        _forget(connection, name)  # rows are counted otherwise now: begin anew
        old = None
    ledgers = {role: store.ledger(name, role, connection) for role in ("log", "label", "training")}
    bins = store.bins(name, connection)
    log = examine(log_files, ledgers["log"], layout, progress)
    if not log.starts:
        raise UserError(_nothing(config, log))
    chosen = plan(config, layout.grain, log.starts)
    labels = _labels(config, label_files, ledgers["label"], log, layout, progress)
    job = _Job(config, layout, log, chosen, labels, progress)
    stale_bins = bins is None or bool(log.dirty & set(chosen.frozen)) or _differ(training, ledgers["training"])
    stale_bins = stale_bins or old is None or old["reference"]["frozen"] != list(chosen.frozen)
    if stale_bins:
        frozen = _freeze(job, training)
        if bins is None or frozen.fingerprint != bins.fingerprint:
            log.dirty |= set(log.starts)
            connection.execute(sa.delete(tables.profiles).where(tables.profiles.c.model == name))
        bins = frozen
    assert bins is not None
    if log.dirty or stale_bins:
        _profile(job, bins, connection)
        _profile_training(job, bins, training, connection)
        _write_ledger(job, label_files, training, connection)
    files_changed = bool(log.changed or log.dirty)
    before = store.findings(name, connection)
    if not (files_changed or stale_bins or old is None or old["judged"] != judged):
        notes = _notes(log, labels)
        return RunResult(name, 0, 0, len(log.starts), before, before.iloc[:0], notes)
    if not log.dirty:
        _write_ledger(job, label_files, training, connection)
    _write_model(job, bins, counted, judged, old, connection)
    measured = _measure(job, bins, store, connection)
    found = find(measured, config, layout.grain, _file_facts(log, labels))
    found, incidents = group(found, layout.grain)
    for table, frame in ((tables.measurements, measured), (tables.findings, found), (tables.incidents, incidents)):
        replace_frame(connection, table, name, frame)
    happened = version_events(store.segments_by_window(name, connection), config.features.version)
    replace_rows(connection, tables.events, {"model": name, "source": "log"},
                 [{"model": name, "source": "log", **event} for event in happened])  # fmt: skip
    after = store.findings(name, connection)
    return RunResult(
        name, len(log.changed), len(log.dirty & set(log.starts)), len(log.starts), after, _new_alerts(before, after),
        _notes(log, labels),
    )  # fmt: skip


def _counted(config: Config) -> str:
    """All of the configuration that decides how rows are counted."""
    content = config.model_dump(mode="json", include={"logs", "labels", "features", "windows", "reference"})
    content["model"] = config.model.model_dump(mode="json", exclude={"name"})
    return json.dumps(content, sort_keys=True)


def _forget(connection: sa.Connection, model: str) -> None:
    for table in (tables.models, tables.files, tables.touches, tables.profiles, tables.measurements, tables.findings,
                  tables.incidents):  # fmt: skip
        connection.execute(sa.delete(table).where(table.c.model == model))


def _nothing(config: Config, log: LogState) -> str:
    reasons = [f"{key} {'; '.join(found.notes)}" for key, found in log.scans.items() if found.notes]
    told = f" ({reasons[0]}{f' and {len(reasons) - 1} more' if len(reasons) > 1 else ''})" if reasons else ""
    return f"{config.source}: logs.path has {len(log.files)} file{'s' if len(log.files) != 1 else ''} and no row that lies in a window{told}."


def _differ(files: list[LogFile], ledger: dict[str, dict[str, Any]]) -> bool:
    now = {file.key: (file.size, file.modified) for file in files}
    return now != {key: (row["size"], row["modified"]) for key, row in ledger.items()}


def _labels(
    config: Config, files: list[LogFile], ledger: dict[str, dict[str, Any]], log: LogState, layout: Layout,
    progress: Progress,
) -> Labels | None:  # fmt: skip
    """The label log, where there is one; windows that its new files belong to become dirty."""
    if config.labels is None:
        return None
    section = config.labels

    def load(some: list[LogFile]) -> Labels:
        progress("reading labels", 0, len(some))
        return Labels.load(some, section.id, section.label, section.timestamp, layout.grain.timezone)

    now = {file.key: (file.size, file.modified) for file in files}
    then = {key: (row["size"], row["modified"]) for key, row in ledger.items()}
    if any(now.get(key) != value for key, value in then.items()):
        log.dirty |= set(log.starts)  # a label file was rewritten or has gone: any label may differ
    new = [file for file in files if file.key not in then]
    if new and then:
        log.dirty |= windows_of_labels(log, layout, load(new), progress)
    return load(files) if log.dirty else None


def _freeze(job: _Job, training: list[LogFile]) -> Bins:
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
    model = config.model
    return collector.freeze(Model(model.task, model.positive, model.threshold))


def _reference_rows(job: _Job, file: LogFile, training: bool, windows: set[int]) -> Iterator[Rows]:
    if training:
        return read_rows(file, _training_layout(job), labels=job.labels, keys=True)
    return read_rows(file, job.layout, job.log.first_rows[file.key], windows, job.labels, keys=True)


def _training_layout(job: _Job) -> Layout:
    """Training data often has no times: its windows are then of rows, so that chance can be told from drift."""
    names = {name for key in discover(job.config.reference.path or [], job.config.base) for name in schema(key).names}
    columns = job.layout.columns
    if columns.timestamp in names and job.layout.grain.kind == "calendar":
        return job.layout
    rows = max(200, int(np.median([n for n in job.log.scans[job.log.files[0].key].starts.values()] or [1000])))
    plain = Columns(None, columns.id, columns.prediction, columns.label, columns.include, columns.exclude,
                    columns.segments, columns.version)  # fmt: skip
    return Layout(plain, Grain.parse(f"{rows} rows"))


def _check_columns(job: _Job, training: list[LogFile]) -> None:
    names: dict[str, None] = {}
    for file in [*job.log.files, *training]:
        try:
            names.update(dict.fromkeys(schema(file).names))
        except LogFileError:
            continue
    job.config.check_columns(list(names))


def _profile(job: _Job, bins: Bins, connection: sa.Connection) -> None:
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
    at_once = max(1, _CELLS_AT_ONCE // max(window_bytes, 1))
    known = job.layout.columns.parts
    for begin in range(0, len(wanted), at_once):
        part = set(wanted[begin : begin + at_once])
        profiles = profile_rows(_rows(job, part), bins, known)
        _insert(connection, name, profiles)


def _rows(job: _Job, windows: set[int]) -> Iterator[Rows]:
    files = job.log.touching(windows)
    for done, file in enumerate(files, 1):
        yield from read_rows(file, job.layout, job.log.first_rows[file.key], windows, job.labels)
        job.progress("profiling", done, len(files))


def _profile_training(job: _Job, bins: Bins, training: list[LogFile], connection: sa.Connection) -> None:
    if not training:
        return
    layout = _training_layout(job)
    numbers, batches = 0, []
    for file in training:
        batches.append((file, numbers))
        numbers += sum(len(rows) for rows in read_rows(file, layout, only_ids=True)) if layout.grain.kind == "rows" else 0
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


def _write_ledger(job: _Job, label_files: list[LogFile], training: list[LogFile], connection: sa.Connection) -> None:
    name, log = job.model, job.log
    errors = {error.path: error.reason for error in job.labels.errors} if job.labels else {}
    rows = []
    for role, some in (("log", log.files), ("label", label_files), ("training", training)):
        for file in some:
            found = log.scans[file.key] if role == "log" else None
            notes = found.notes if found else [errors[file.key]] if role == "label" and file.key in errors else []
            rows.append({
                "model": name, "role": role, "key": file.key, "size": file.size, "modified": file.modified,
                "rows": found.rows if found else 0, "last": found.last if found else None, "notes": json.dumps(notes),
            })  # fmt: skip
    replace_rows(connection, tables.files, {"model": name}, rows)
    replace_rows(connection, tables.touches, {"model": name}, [
        {"model": name, "role": "log", "key": key, "start": start, "rows": count}
        for key, found in log.scans.items() for start, count in sorted(found.starts.items())
    ])  # fmt: skip


def _write_model(
    job: _Job, bins: Bins, counted: str, judged: str, old: dict[str, Any] | None, connection: sa.Connection
) -> None:
    grain, chosen = job.layout.grain, job.plan
    reference = {"frozen": list(chosen.frozen), "previous": chosen.previous, "season": chosen.season,
                 "count": chosen.count, "words": chosen.words}  # fmt: skip
    replace_rows(connection, tables.models, {"model": job.model}, [{
        "model": job.model, "layout": counted, "judged": judged, "config_hash": job.config.hash,
        "grain_size": grain.size, "timezone": grain.timezone, "bins": bins.to_json(),
        "reference": json.dumps(reference), "observed_until": job.log.last,
        "version": (old["version"] if old else 0) + 1,
    }])  # fmt: skip


def settings_of(config: Config, grain: Grain, observed_until: int | None, share: float = 1.0) -> Settings:
    """What monitors are told."""
    return Settings(
        grain=grain, false_alarm_rate=config.alerts.false_alarm_rate, share=share, threshold=config.model.threshold,
        minimum_effect=config.alerts.minimum_effects(), observed_until=observed_until,
    )  # fmt: skip


def _measure(job: _Job, bins: Bins, store: Store, connection: sa.Connection) -> pd.DataFrame:
    """Measurements of all rows and of each segment; half of the false-alarm budget is the segments', evenly."""
    name, grain = job.model, job.layout.grain
    wanted = dict(bins.segments).keys() - {job.config.features.version}
    segments = [s for s in store.segments(name, connection) if s and s.split("=", 1)[0] in wanted]
    blocks = []
    for done, segment in enumerate(["", *segments], 1):
        profiles = store.profiles(name, segment, connection=connection)
        cube = stack(bins, profiles, grain, segment, fill=not segment)
        share = segment_share(segment, len(segments))
        own = store.profiles(name, TRAINING + segment, connection=connection) if job.config.reference.path else []
        own = own or (store.profiles(name, TRAINING, connection=connection) if job.config.reference.path else [])
        training = stack(bins, own, Grain.parse("1 rows"), TRAINING, fill=False) if own else None
        if segment and training is None and not _enough(cube, job.plan):
            continue
        block = measure_all(cube, job.plan, settings_of(job.config, grain, job.log.last, share), training)
        # of a segment only what can become a finding: the rest is computed when somebody looks at it
        blocks.append(block if not segment else block[[key in KEPT for key in zip(block.monitor, block.metric, strict=True)]])
        job.progress("measuring", done, len(segments) + 1)
    return combine(blocks)


def _enough(cube: Any, chosen: Plan) -> bool:
    """Whether a segment has rows enough in the reference to be judged by itself."""
    rows = cube.rows[np.isin(cube.starts, chosen.frozen)]
    return bool((rows >= _JUDGED_SEGMENT_ROWS).sum() >= 3)


def _file_facts(log: LogState, labels: Labels | None) -> list[str]:
    """One sentence a file that could not be read whole."""
    facts = [f"{key}: {note}" for key, found in log.scans.items() for note in found.notes]
    return facts + [f"{error.path}: {error.reason}" for error in (labels.errors if labels else [])]


_notes = _file_facts


def _new_alerts(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Alerts of incidents that had none before."""
    known = set(before.loc[before["severity"] == "alert", "incident"])
    return after[(after["severity"] == "alert") & ~after["incident"].isin(known)]
