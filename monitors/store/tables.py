"""The store's tables. Window bounds are integers: µs since 1970 UTC, or row numbers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()
_big = sa.BigInteger()


def _text() -> sa.types.TypeEngine[str]:
    """Text of any length; sorted by code point in PostgreSQL too, whose default is the database's language."""
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


INCIDENT_TEXTS = ("cost_unit", "monitor", "kind", "feature", "segment", "features", "segments", "cause", "joined")
INCIDENT_NUMBERS = ("cost", "weight")
ROLES = ("log", "label", "training", "offline")
"""What files are, in the ledger."""

meta = sa.Table("meta", metadata, sa.Column("key", _text(), primary_key=True), sa.Column("value", _text()))

models = sa.Table(
    "models", metadata,
    sa.Column("model", _text(), primary_key=True),
    sa.Column("layout", _text(), nullable=False),  # what decides how rows are counted: a change starts anew
    sa.Column("judged", _text(), nullable=False),  # what decides the verdicts: a change measures anew
    sa.Column("config_hash", _text(), nullable=False),
    sa.Column("grain_size", _text(), nullable=False),
    sa.Column("timezone", _text(), nullable=False),
    sa.Column("bins", _text()),
    sa.Column("reference", _text(), nullable=False),  # JSON: how the reference was chosen, its windows
    sa.Column("observed_until", _big),
    sa.Column("version", sa.Integer, nullable=False),  # grows with every change: what caches are keyed by
)  # fmt: skip

files = sa.Table(
    "files", metadata,
    sa.Column("model", _text(), primary_key=True),
    sa.Column("role", _text(), primary_key=True),  # log, label, training or offline
    sa.Column("key", _text(), primary_key=True),
    sa.Column("size", _big, nullable=False),
    sa.Column("modified", _big, nullable=False),
    sa.Column("rows", _big, nullable=False),
    sa.Column("last", _big),  # latest instant
    sa.Column("notes", _text(), nullable=False),  # JSON list: what could not be read
)  # fmt: skip

touches = sa.Table(
    "touches", metadata,
    sa.Column("model", _text(), primary_key=True),
    sa.Column("role", _text(), primary_key=True),
    sa.Column("key", _text(), primary_key=True),
    sa.Column("start", _big, primary_key=True, autoincrement=False),
    sa.Column("rows", _big, nullable=False),
)  # fmt: skip

profiles = sa.Table(
    "profiles", metadata,
    sa.Column("model", _text(), primary_key=True),
    sa.Column("start", _big, primary_key=True, autoincrement=False),
    sa.Column("segment", _text(), primary_key=True),
    sa.Column("rows", _big, nullable=False),
    sa.Column("profile", sa.LargeBinary, nullable=False),
)  # fmt: skip


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Float(53)) for name in names]


measurements = sa.Table(
    "measurements", metadata,
    sa.Column("model", _text(), primary_key=True),
    sa.Column("segment", _text(), primary_key=True),  # "" is all rows
    sa.Column("monitor", _text(), primary_key=True),
    sa.Column("metric", _text(), primary_key=True),
    sa.Column("of_features", sa.Boolean, primary_key=True),  # or of the model and the log as a whole
    sa.Column("content", sa.LargeBinary, nullable=False),  # see ``measured``
)  # fmt: skip

findings = sa.Table(
    "findings", metadata,
    sa.Column("model", _text(), nullable=False),
    sa.Column("monitor", _text(), nullable=False),
    sa.Column("kind", _text(), nullable=False),
    sa.Column("metric", _text(), nullable=False),
    sa.Column("feature", _text()),
    sa.Column("segment", _text()),
    sa.Column("window_start", _big, nullable=False),
    sa.Column("window_end", _big, nullable=False),
    sa.Column("onset", _big, nullable=False),
    *_numbers("value", "expected", "low", "high", "p_value", "effect", "n"),
    sa.Column("severity", _text(), nullable=False),
    sa.Column("state", _text(), nullable=False),
    sa.Column("incident", _text()),
    sa.Column("message", _text(), nullable=False),
    sa.Index("findings_by_model", "model", "window_start"),
)  # fmt: skip

incidents = sa.Table(
    "incidents", metadata,
    sa.Column("model", _text(), primary_key=True),
    sa.Column("incident", _text(), primary_key=True),
    sa.Column("onset", _big, nullable=False),
    sa.Column("last_window", _big, nullable=False),
    sa.Column("severity", _text(), nullable=False),
    sa.Column("state", _text(), nullable=False),
    sa.Column("findings", sa.Integer, nullable=False),
    sa.Column("title", _text(), nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("alerts", sa.Integer, nullable=False),
    *_numbers(*INCIDENT_NUMBERS),
    *(sa.Column(column, _text()) for column in INCIDENT_TEXTS),
)  # fmt: skip

events = sa.Table(
    "events", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("model", _text(), nullable=False),
    sa.Column("at", _big, nullable=False),
    sa.Column("kind", _text(), nullable=False),
    sa.Column("text", _text(), nullable=False),
    sa.Column("source", _text(), nullable=False),  # person, or log (a version that was first seen)
)  # fmt: skip

runs = sa.Table(
    "runs", metadata,
    sa.Column("model", _text(), primary_key=True),
    sa.Column("at", _big, primary_key=True, autoincrement=False),  # µs, when the run ended
    sa.Column("told", sa.Integer, nullable=False),  # addresses that its message reached; 0 where nothing was to tell
    sa.Column("untold", sa.Integer, nullable=False),  # addresses that it did not reach
)  # fmt: skip
