"""From a configuration to findings in the store: the only place where the steps are wired together.

files ─ ledger ─> dirty windows ─ profile ─> store ─ monitors ─> measurements ─ findings ─> store

What only a run with something new needs, is imported where it is used: SciPy alone takes a second.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from monitors import clock, sources
from monitors import store as tables
from monitors.config import Config
from monitors.errors import UserError
from monitors.events import noted, version_events
from monitors.job import TRAINING, Job, columns_of, settings_of
from monitors.ledger import LogState, examine, windows_of_ids, windows_of_labels
from monitors.logs.files import LogFile, discover
from monitors.logs.prepare import AHEAD, Layout
from monitors.logs.progress import Progress, silent
from monitors.profile.bins import Bins
from monitors.profile.engines import Engine, engine_of
from monitors.profile.facts import COUNTS, COURSE, DELAY_HOURS
from monitors.recorded import forget, write_ledger, write_model
from monitors.reference import Plan, first_windows, plan
from monitors.settings import segment_share
from monitors.store import Store, replace_frame, replace_measurements, replace_rows
from monitors.windows import Grain

if TYPE_CHECKING:
    from monitors.logs.labels import Labels
    from monitors.logs.offline import Offline

_JUDGED_SEGMENT_ROWS = 30


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    Attributes
    ----------
    files_read, windows_profiled : in this run; windows_total : in the store
    findings : the whole findings frame; new : those of alerts that were not there before the run
    incidents : all of them; changes : those with alerts that are new, worse or resolved since the run before
    notes : sentences on files and rows that could not be used
    at : when it ran (µs), as the store's list of runs has it
    """

    model: str
    files_read: int
    windows_profiled: int
    windows_total: int
    findings: pd.DataFrame
    new: pd.DataFrame
    notes: list[str] = field(default_factory=list)
    incidents: pd.DataFrame = field(default_factory=pd.DataFrame)
    changes: pd.DataFrame = field(default_factory=pd.DataFrame)
    at: int = 0


def run(config: Config, report: Progress = silent, spark: Any = None) -> RunResult:
    """Profile what is new, measure, find, and write it all in one transaction.

    Running again without new files or labels changes nothing. Files that come late, are rewritten or go away end in the
    store that they would have made in time.

    Parameters
    ----------
    spark : a SparkSession to read and count the rows with, in the place of what ``[engine]`` says

    Raises
    ------
    UserError
        for what the configuration or the log as a whole has wrong. One bad file or column is a finding instead.
    """
    label_files = sources.label_files(config)
    training = discover(config.reference.path, config.base) if config.reference.path else []
    offline = discover(config.offline.path, config.base) if config.offline else []
    layout = Layout(columns_of(config), config.grain)
    engine = engine_of(config, spark)
    store = None
    try:
        files = engine.log(config, layout)
        store = Store.open(config.store.url)
        with store.writing(config.model.name) as connection:
            result = _run(config, engine, store, connection, layout, files, label_files, training, offline, report)
            now = clock.micros(dt.datetime.now(dt.UTC))
            return replace(result, at=tables.add_run(connection, config.model.name, now))
    finally:
        if store is not None:
            store.close()
        engine.close()


def _run(
    config: Config, engine: Engine, store: Store, connection: sa.Connection, layout: Layout,
    files: list[LogFile], label_files: list[LogFile], training: list[LogFile], offline_files: list[LogFile],
    progress: Progress,
) -> RunResult:  # fmt: skip
    name = config.model.name
    old = store.model(name, connection)
    counted, judged = _counted(config), f"{config.hash} {_noted(store, name, connection)}"
    if old is not None and old["layout"] != counted:
        forget(connection, name)  # rows are counted otherwise now: begin anew
        old = None
    ledgers = {role: store.ledger(name, role, connection) for role in tables.ROLES}
    bins = store.bins(name, connection)
    log = examine(files, ledgers["log"], layout, progress, engine)
    if not log.starts:
        names = [name for found in log.scans.values() for name in found.names]
        if names:
            config.check_columns(names)  # a misspelt timestamp is why no row has a window
        raise UserError(_nothing(config, log))
    told = noted(store.events(name, connection), config, layout.grain, log.starts)
    chosen = plan(config, layout.grain, log.starts, *told)
    labels = _labels(config, engine, label_files, ledgers["label"], log, layout, progress)
    offline = _offline(config, offline_files, ledgers["offline"], log, layout, progress)
    job = Job(config, layout, log, chosen, labels, progress, engine, offline)
    stale_bins = bins is None or bool(log.dirty & set(chosen.frozen)) or _differ(training, ledgers["training"])
    stale_bins = stale_bins or old is None or old["reference"]["frozen"] != list(chosen.frozen)
    # where the training set has no positions, their bins are those of the log's first windows
    stale_bins = stale_bins or bool(training and config.logs.position and log.dirty)
    if stale_bins:
        from monitors.profiling import freeze_bins

        frozen = freeze_bins(job, training)
        if bins is None or frozen.fingerprint != bins.fingerprint:
            log.dirty |= set(log.starts)
            connection.execute(sa.delete(tables.profiles).where(tables.profiles.c.model == name))
        bins = frozen
    assert bins is not None
    if log.dirty or stale_bins:
        from monitors.profiling import profile_dirty, profile_training

        profile_dirty(job, bins, connection)
        profile_training(job, bins, training, connection)
        write_ledger(job, label_files, training, offline_files, connection)
    files_changed = bool(log.changed or log.dirty)
    before, incidents_before = store.findings(name, connection), store.incidents(name, connection)
    if not (files_changed or stale_bins or old is None or old["judged"] != judged):
        notes = _notes(log, labels, offline)
        return RunResult(name, 0, 0, len(log.starts), before, before.iloc[:0], notes, incidents_before)
    from monitors.findings import find
    from monitors.incidents import changed, group

    if not log.dirty:
        write_ledger(job, label_files, training, offline_files, connection)
    measured, chosen = _measure(job, bins, store, connection)
    write_model(job, chosen, bins, counted, judged, old, connection)
    found = find(measured, config, layout.grain, _file_facts(log, labels, offline), chosen)
    events = _events(config, store, connection)
    found, incidents = group(found, layout.grain, measured, events, bins.task)
    replace_measurements(connection, name, measured)
    for table, frame in ((tables.findings, found), (tables.incidents, incidents)):
        replace_frame(connection, table, name, frame)
    after, now = store.findings(name, connection), store.incidents(name, connection)
    return RunResult(
        name, len(log.changed), len(log.dirty & set(log.starts)), len(log.starts), after, _new_alerts(before, after),
        _notes(log, labels, offline), now, changed(incidents_before, now, after),
    )  # fmt: skip


def _noted(store: Store, model: str, connection: sa.Connection) -> str:
    """A fingerprint of what people noted: an event may be what an incident began with."""
    noted = store.events(model, connection)
    told = noted.loc[noted["source"] == "person", ["at", "kind", "text"]].to_dict("records")
    return hashlib.blake2b(json.dumps(told, default=int).encode(), digest_size=8).hexdigest()


def _events(config: Config, store: Store, connection: sa.Connection) -> pd.DataFrame:
    """All events, those that the log itself shows written anew."""
    name = config.model.name
    happened = version_events(store.segments_by_window(name, connection), config.features.version)
    replace_rows(connection, tables.events, {"model": name, "source": "log"},
                 [{"model": name, "source": "log", **event} for event in happened])  # fmt: skip
    return store.events(name, connection)


def _counted(config: Config) -> str:
    """All of the configuration that decides how rows are counted."""
    content = config.model_dump(mode="json", include={"logs", "labels", "features", "windows", "reference"})
    content["reference"] = config.reference.model_dump(mode="json", exclude={"lag", "holidays"})
    content["model"] = config.model.model_dump(mode="json", exclude={"name", "max_age"})
    content["delay_hours"], content["facts"], content["course"] = DELAY_HOURS, COUNTS, COURSE
    if config.offline is not None:
        content["offline"] = config.offline.model_dump(mode="json")
    return json.dumps(content, sort_keys=True)


def _nothing(config: Config, log: LogState) -> str:
    reasons = [f"{key} {'; '.join(found.notes)}" for key, found in log.scans.items() if found.notes]
    told = f" ({reasons[0]}{f' and {len(reasons) - 1} more' if len(reasons) > 1 else ''})" if reasons else ""
    files = f"{len(log.files)} file{'s' if len(log.files) != 1 else ''}"
    where = "logs.path has" if config.logs.path is not None else "logs.query gives rows in"
    return f"{config.source}: {where} {files} and no row that lies in a window{told}."


def _differ(files: list[LogFile], ledger: dict[str, dict[str, Any]]) -> bool:
    now = {file.key: (file.size, file.modified) for file in files}
    return now != {key: (row["size"], row["modified"]) for key, row in ledger.items()}


def _labels(
    config: Config,
    engine: Engine,
    files: list[LogFile],
    ledger: dict[str, dict[str, Any]],
    log: LogState,
    layout: Layout,
    progress: Progress,
) -> Labels | None:
    """The label log, where there is one; windows that its new files belong to become dirty."""
    if config.labels is None or config.labels.table is not None:
        return None
    from monitors.logs.labels import Labels

    section = config.labels

    def load(some: list[LogFile]) -> Labels:
        progress("reading labels", 0, len(some))
        return Labels.load(some, section.id, section.label, section.timestamp, layout.grain.timezone)

    now = {file.key: (file.size, file.modified) for file in files}
    then = {key: (row["size"], row["modified"]) for key, row in ledger.items()}
    grown = {file.key for file in files if file.key in then and sources.only_grew(file, *then[file.key])}
    if any(now.get(key) != value for key, value in then.items() if key not in grown):
        log.dirty |= set(log.starts)  # a label file was rewritten or has gone: any label may differ
    new = [file for file in files if file.key not in then or file.key in grown]
    if new and then:
        log.dirty |= windows_of_labels(log, layout, load(new), progress, engine)
    return load(files) if log.dirty else None


def _offline(
    config: Config,
    files: list[LogFile],
    ledger: dict[str, dict[str, Any]],
    log: LogState,
    layout: Layout,
    progress: Progress,
) -> Offline | None:
    """The offline log, where there is one; windows that its new files belong to become dirty."""
    if config.offline is None:
        return None
    from monitors.logs.offline import Offline

    offline = Offline(files, config.offline.id, config.offline.tolerance)
    offline.names()
    now = {file.key: (file.size, file.modified) for file in files}
    if any(now.get(key) != (row["size"], row["modified"]) for key, row in ledger.items()):
        log.dirty |= set(log.starts)  # a file was rewritten or has gone: any value may differ
    new = [file for file in files if file.key not in ledger]
    if new and ledger:
        log.dirty |= windows_of_ids(log, layout, offline.ids(new), progress)
    return offline


def _measure(job: Job, bins: Bins, store: Store, connection: sa.Connection) -> tuple[pd.DataFrame, Plan]:
    """Measurements of all rows and of each segment, half of the false-alarm budget being the segments', evenly.

    The plan comes back as it was worked out for all rows.
    """
    from monitors.assess import assess, stack
    from monitors.findings import judge_of
    from monitors.maturity import immature_starts
    from monitors.measurement import concat
    from monitors.rules import KEPT

    name, grain = job.model, job.layout.grain
    wanted, immature = dict(bins.segments).keys() - {job.config.features.version}, frozenset[int]()
    segments = [s for s in store.segments(name, connection) if s and s.split("=", 1)[0] in wanted]
    blocks: list[pd.DataFrame] = []
    chosen = job.plan
    judge = judge_of(job.config, grain, chosen, len(segments)) if chosen.rolls else None
    for done, segment in enumerate(["", *segments], 1):
        cube = stack(bins, store.profiles(name, segment, connection=connection), grain, segment, fill=not segment)
        share = segment_share(segment, len(segments))
        own = store.profiles(name, TRAINING + segment, connection=connection) if job.config.reference.path else []
        own = own or (store.profiles(name, TRAINING, connection=connection) if job.config.reference.path else [])
        training = stack(bins, own, Grain.parse("1 rows"), TRAINING, fill=False) if own else None
        held = job.plan.learned if training is None else first_windows(job.log.starts, grain)
        if segment and not _enough(cube, held):
            continue
        settings = replace(settings_of(job.config, grain, job.log.last, share), immature=immature)
        block, resolved = assess(cube, job.plan, settings, training, judge=judge, whole=chosen if segment else None)
        if not segment:
            chosen, immature = resolved, immature_starts(block)
        # of a segment only what can become a finding: the rest is computed when somebody looks at it
        blocks.append(
            block if not segment else block[[key in KEPT for key in zip(block.monitor, block.metric, strict=True)]]
        )
        job.progress("measuring", done, len(segments) + 1)
    return concat(blocks), chosen


def _enough(cube: Any, held: Sequence[int]) -> bool:
    """Whether a segment has rows enough in the windows that are learned from to be judged by itself."""
    rows = cube.rows[np.isin(cube.starts, held)]
    return bool((rows >= _JUDGED_SEGMENT_ROWS).sum() >= 3)


def _file_facts(log: LogState, labels: Labels | None, offline: Offline | None) -> list[str]:
    """One sentence a file of which rows are lost that no window counts, as it does rows ahead of their time."""
    ahead = {
        f"{key}: {note}" for key, found in log.scans.items() if found.starts for note in found.notes if AHEAD in note
    }
    return [note for note in _notes(log, labels, offline) if note not in ahead]


def _notes(log: LogState, labels: Labels | None, offline: Offline | None) -> list[str]:
    """One sentence a file that could not be read whole."""
    facts = [f"{key}: {note}" for key, found in log.scans.items() for note in found.notes]
    errors = [*(labels.errors if labels else []), *(offline.errors if offline else [])]
    return facts + [f"{error.path}: {error.reason}" for error in errors]


def _new_alerts(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Alerts of incidents that had none before."""
    known = set(before.loc[before["severity"] == "alert", "incident"])
    return after[(after["severity"] == "alert") & ~after["incident"].isin(known)]
