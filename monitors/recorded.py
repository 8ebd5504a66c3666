"""What a run leaves in the store besides profiles and findings: which files it read, and how it counted and judged."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from monitors import store as tables
from monitors.job import Job
from monitors.logs.files import LogFile
from monitors.profile.bins import Bins
from monitors.reference import Plan
from monitors.store import replace_rows


def forget(connection: sa.Connection, model: str) -> None:
    """Let go of all that the store has of a model but its events and runs."""
    for table in (tables.models, tables.files, tables.touches, tables.profiles, tables.measurements, tables.findings,
                  tables.incidents):  # fmt: skip
        connection.execute(sa.delete(table).where(table.c.model == model))


def write_ledger(
    job: Job, label_files: list[LogFile], training: list[LogFile], offline: list[LogFile], connection: sa.Connection
) -> None:  # fmt: skip
    """Write which files there are, as they were read, and which windows each touches."""
    name, log = job.model, job.log
    found_bad = [*(job.labels.errors if job.labels else []), *(job.offline.errors if job.offline else [])]
    errors = {error.path: error.reason for error in found_bad}
    rows = []
    for role, some in zip(tables.ROLES, (log.files, label_files, training, offline), strict=True):
        for file in some:
            found = log.scans[file.key] if role == "log" else None
            notes = found.notes if found else [errors[file.key]] if file.key in errors else []
            rows.append({
                "model": name, "role": role, "key": file.key, "size": file.size, "modified": file.modified,
                "rows": found.rows if found else 0, "last": found.last if found else None, "notes": json.dumps(notes),
            })  # fmt: skip
    replace_rows(connection, tables.files, {"model": name}, rows)
    replace_rows(connection, tables.touches, {"model": name}, [
        {"model": name, "role": "log", "key": key, "start": start, "rows": count}
        for key, found in log.scans.items() for start, count in sorted(found.starts.items())
    ])  # fmt: skip


def write_model(
    job: Job, chosen: Plan, bins: Bins, counted: str, judged: str, old: dict[str, Any] | None,
    connection: sa.Connection,
) -> None:  # fmt: skip
    """Write how rows are counted (``counted``) and numbers judged (``judged``), and against which windows."""
    grain = job.layout.grain
    reference = {"frozen": list(chosen.frozen), "previous": chosen.previous, "season": chosen.season,
                 "count": chosen.count, "words": chosen.words, "lag": chosen.lag,
                 "left_out": {str(start): why for start, why in chosen.left_out.items()},
                 "renewed": list(chosen.renewed)}  # fmt: skip
    replace_rows(connection, tables.models, {"model": job.model}, [{
        "model": job.model, "layout": counted, "judged": judged, "config_hash": job.config.hash,
        "grain_size": grain.size, "timezone": grain.timezone, "bins": bins.to_json(),
        "reference": json.dumps(reference), "observed_until": job.log.last,
        "version": (old["version"] if old else 0) + 1,
    }])  # fmt: skip
