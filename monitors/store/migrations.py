"""Tables made where there are none, and those of an earlier Driftmeter brought up to date, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import sqlalchemy as sa

from monitors.errors import UserError
from monitors.store.engine import LOCK, beginning
from monitors.store.tables import meta, metadata
from monitors.store.writing import replace_measurements

SCHEMA = 5
"""Version of the tables. ``_MIGRATIONS[k]`` takes a store from version k to k + 1."""

_TEXTS = {
    "meta": ("key", "value"),
    "models": ("model", "layout", "judged", "config_hash", "grain_size", "timezone", "bins", "reference"),
    "files": ("model", "role", "key", "notes"),
    "touches": ("model", "role", "key"),
    "profiles": ("model", "segment"),
    "measurements": ("model", "monitor", "metric", "feature", "segment", "detail"),
    "findings": ("model", "monitor", "kind", "metric", "feature", "segment", "severity", "state", "incident",
                 "message"),
    "incidents": ("model", "incident", "severity", "state", "title", "cost_unit", "monitor", "kind", "feature",
                  "segment", "features", "segments", "cause", "joined"),
    "events": ("model", "kind", "text", "source"),
    "runs": ("model",),
}  # fmt: skip
"""Columns of text in schema 4, by table."""


def _in_streams(connection: sa.Connection) -> None:
    """Measurements, a row each until now, become streams of many."""
    table = "measurements_by_row"
    connection.exec_driver_sql(f"ALTER TABLE measurements RENAME TO {table}")
    texts, blob = (
        ('TEXT COLLATE "C"', "BYTEA") if connection.dialect.name == "postgresql" else ("TEXT", "BLOB")
    )  # fmt: skip
    key = ("model", "segment", "monitor", "metric")
    connection.exec_driver_sql(
        f"CREATE TABLE measurements ({', '.join(f'{name} {texts} NOT NULL' for name in key)}, "
        f"of_features BOOLEAN NOT NULL, content {blob} NOT NULL, PRIMARY KEY ({', '.join(key)}, of_features))"
    )
    for model in connection.exec_driver_sql(f"SELECT DISTINCT model FROM {table}").scalars().all():
        rows = connection.execute(sa.text(f"SELECT * FROM {table} WHERE model = :model"), {"model": model})
        replace_measurements(connection, model, pd.DataFrame(rows.mappings().all()))
    connection.exec_driver_sql(f"DROP TABLE {table}")


_MIGRATIONS: dict[int, Sequence[str | tuple[str, str] | Callable[[sa.Connection], None]]] = {
    1: (  # incidents are ranked by what they cost, and say what belongs to them; the next run fills it in
        'ALTER TABLE incidents ADD COLUMN "rank" INTEGER DEFAULT 0 NOT NULL',
        "ALTER TABLE incidents ADD COLUMN alerts INTEGER DEFAULT 0 NOT NULL",
        *(f"ALTER TABLE incidents ADD COLUMN {name} DOUBLE PRECISION" for name in ("cost", "weight")),
        *(f"ALTER TABLE incidents ADD COLUMN {name} TEXT" for name in (
            "cost_unit", "monitor", "kind", "feature", "segment", "features", "segments", "cause", "joined")),
        "UPDATE models SET judged = ''",
    ),
    2: (  # when it ran, and who was told: what the scorecard takes for evidence that tests run by themselves
        """CREATE TABLE runs (model VARCHAR(255) NOT NULL, at BIGINT NOT NULL, told INTEGER NOT NULL,
            untold INTEGER NOT NULL, PRIMARY KEY (model, at))""",
    ),
    3: tuple(  # PostgreSQL enforces lengths, and sorts by language: names and values of segments may be of any length
        ("postgresql", f"ALTER TABLE {table} " + ", ".join(
            f'ALTER COLUMN "{name}" TYPE TEXT COLLATE "C"' for name in names))
        for table, names in _TEXTS.items()
    ),
    4: (_in_streams,),
}  # fmt: skip
"""Statements, those of one kind of database with its name, and functions."""


def bring_up_to_date(engine: sa.Engine, read_only: bool) -> None:
    """Make or migrate the tables; two processes that open a store at once do so one after the other.

    Raises
    ------
    UserError
        when there are no tables or old ones and this is read only, or when they are of a newer Driftmeter.
    """
    with engine.connect() as connection:
        found = _version(connection)
    where = engine.url.render_as_string()
    if found is None and read_only:
        raise UserError(f"{where} holds no store yet: `driftmeter run` makes it.")
    if found is not None and found > SCHEMA:
        raise UserError(
            f"{where} was made by a newer Driftmeter (schema {found}, this one knows {SCHEMA}): upgrade driftmeter."
        )
    if found == SCHEMA:
        return
    if read_only:
        raise UserError(f"{where} was made by an earlier Driftmeter: `driftmeter run` brings it up to date.")
    with beginning(engine, LOCK) as connection:
        version = _version(connection)  # another process may have been faster
        if version is None:
            metadata.create_all(connection)
            connection.execute(meta.insert(), {"key": "schema", "value": str(SCHEMA)})
            return
        for step in range(version, SCHEMA):
            for given in _MIGRATIONS[step]:
                if callable(given):
                    given(connection)
                    continue
                dialect, statement = given if isinstance(given, tuple) else (connection.dialect.name, given)
                if dialect == connection.dialect.name:
                    connection.exec_driver_sql(statement)
        connection.execute(sa.update(meta).where(meta.c.key == "schema").values(value=str(SCHEMA)))


def _version(connection: sa.Connection) -> int | None:
    """Version of the tables; None where there are none."""
    if not sa.inspect(connection).has_table("meta"):
        return None
    return int(connection.scalar(sa.select(meta.c.value).where(meta.c.key == "schema")) or 0)
