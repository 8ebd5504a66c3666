"""What a run writes: rows of a table that give way to others."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
    compiled = table.insert().compile(dialect=connection.dialect, column_keys=[c.name for c in table.columns])
    names = [column.name for column in table.columns]
    if connection.dialect.positional:
        order = [names.index(name) for name in compiled.positiontup or names]
        rows: list[Any] = list(zip(*(values[i] for i in order), strict=True))
    else:
        rows = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
    connection.exec_driver_sql(str(compiled), rows)


def _values(column: pd.Series, kind: sa.Column[Any]) -> list[Any]:
    """A column's values as the driver takes them."""
    if isinstance(kind.type, sa.Float):
        return [value if math.isfinite(value) else None for value in column.to_numpy(float).tolist()]
    if isinstance(kind.type, sa.BigInteger | sa.Integer):
        return column.to_numpy("int64").tolist()
    if isinstance(kind.type, sa.Boolean):
        return column.to_numpy(bool).tolist()
    return [value if isinstance(value, str) else None for value in column.tolist()]
