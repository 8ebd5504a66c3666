"""What a run writes: rows of a table that give way to others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from monitors.store.tables import runs

if TYPE_CHECKING:
    import pandas as pd

RUNS_KEPT = 400
"""Runs of a model that are remembered, the latest."""


def add_run(connection: sa.Connection, model: str, at: int) -> int:
    """Note that the model was run; when, as it stands in the store: no two runs of a model are at one time."""
    kept = list(connection.scalars(sa.select(runs.c.at).where(runs.c.model == model).order_by(runs.c.at)))
    at = max(at, kept[-1] + 1) if kept else at
    connection.execute(runs.insert(), {"model": model, "at": at, "told": 0, "untold": 0})
    if len(kept) >= RUNS_KEPT:
        connection.execute(sa.delete(runs).where(runs.c.model == model, runs.c.at <= kept[-RUNS_KEPT]))
    return at


def replace_rows(
    connection: sa.Connection, table: sa.Table, where: dict[str, Any], rows: Sequence[dict[str, Any]]
) -> None:
    """Rows of a table that match ``where`` give way to others."""
    connection.execute(sa.delete(table).where(*(table.c[key] == value for key, value in where.items())))
    if rows:
        connection.execute(table.insert(), list(rows))


def replace_frame(connection: sa.Connection, table: sa.Table, model: str, frame: pd.DataFrame) -> None:
    """A model's rows of a table give way to a frame's: NaN and None become NULL.

    Half a million measurements: the driver takes them as they are, without SQLAlchemy's work on every row.
    """
    connection.execute(sa.delete(table).where(table.c.model == model))
    if not len(frame):
        return
    values = [[model] * len(frame) if c.name == "model" else _values(frame[c.name], c) for c in table.columns]
    rows = zip(*values, strict=True)
    names = [column.name for column in table.columns]
    if connection.dialect.name == "postgresql":
        _copy(connection, table, names, rows)
        return
    compiled = table.insert().compile(dialect=connection.dialect, column_keys=names)
    assert compiled.positiontup == names
    connection.exec_driver_sql(str(compiled), list(rows))


def _copy(connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Rows into a table of PostgreSQL by COPY, several times faster than by INSERT."""
    quote = connection.dialect.identifier_preparer.quote
    statement = f"COPY {quote(table.name)} ({', '.join(map(quote, names))}) FROM STDIN"
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as to:
            for row in rows:
                to.write_row(row)
    except connection.dialect.loaded_dbapi.OperationalError as error:
        raise sa.exc.OperationalError(statement, None, error, connection_invalidated=driver.closed) from error


def _values(column: pd.Series, kind: sa.Column[Any]) -> list[Any]:
    """A column's values as the driver takes them."""
    if isinstance(kind.type, sa.Float):
        return [value if math.isfinite(value) else None for value in column.to_numpy(float).tolist()]
    if isinstance(kind.type, sa.BigInteger | sa.Integer):
        return column.to_numpy("int64").tolist()
    if isinstance(kind.type, sa.Boolean):
        return column.to_numpy(bool).tolist()
    return [value if isinstance(value, str) else None for value in column.tolist()]
