"""What a run writes: rows of a table that give way to others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from monitors.store.tables import measurements, runs

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


def replace_measurements(connection: sa.Connection, model: str, frame: pd.DataFrame) -> None:
    """A model's measurements give way to others."""
    from monitors.store.measured import encoded

    replace_rows(connection, measurements, {"model": model}, [{"model": model, **row} for row in encoded(frame)])


def replace_frame(connection: sa.Connection, table: sa.Table, model: str, frame: pd.DataFrame) -> None:
    """A model's rows of a table give way to a frame's: NaN and None become NULL."""
    names = [column.name for column in table.columns if column.name != "model"]
    values = zip(*(_values(frame[name], table.c[name]) for name in names), strict=True) if len(frame) else ()
    rows = [{"model": model, **dict(zip(names, row, strict=True))} for row in values]
    replace_rows(connection, table, {"model": model}, rows)


def _values(column: pd.Series, kind: sa.Column[Any]) -> list[Any]:
    """A column's values as the driver takes them."""
    if isinstance(kind.type, sa.Float):
        return [value if math.isfinite(value) else None for value in column.to_numpy(float).tolist()]
    if isinstance(kind.type, sa.BigInteger | sa.Integer):
        return column.to_numpy("int64").tolist()
    if isinstance(kind.type, sa.Boolean):
        return column.to_numpy(bool).tolist()
    return [value if isinstance(value, str) else None for value in column.tolist()]
