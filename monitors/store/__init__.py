"""The store: profiles and their ledger, measurements, findings, events. SQLAlchemy Core; SQLite unless told otherwise.

A run writes everything in one transaction, so a reader sees either the state before it or the state after, and a run
that is killed leaves no trace.
"""

from monitors.store.migrations import SCHEMA
from monitors.store.opened import Store
from monitors.store.tables import (
    ROLES,
    events,
    files,
    findings,
    incidents,
    measurements,
    meta,
    metadata,
    models,
    profiles,
    runs,
    touches,
)
from monitors.store.writing import RUNS_KEPT, add_run, replace_frame, replace_measurements, replace_rows

__all__ = [
    "ROLES", "RUNS_KEPT", "SCHEMA", "Store", "add_run", "events", "files", "findings", "incidents", "measurements",
    "meta", "metadata", "models", "profiles", "replace_frame", "replace_measurements", "replace_rows", "runs",
    "touches",
]  # fmt: skip
