"""A store that is open: what pages and commands ask of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import sqlalchemy as sa

from monitors.errors import UserError
from monitors.profile.bins import Bins
from monitors.profile.cube import Stored
from monitors.store import engine as databases
from monitors.store.measured import decoded
from monitors.store.migrations import bring_up_to_date
from monitors.store.tables import events, files, findings, incidents, measurements, models, profiles, runs, touches
from monitors.windows import Grain


class Store:
    """A store that is open. Get one by ``Store.open``."""

    def __init__(self, engine: sa.Engine, connection: sa.Connection | None = None) -> None:
        self.engine = engine
        self._connection = connection

    @classmethod
    def open(cls, url: str, read_only: bool = False) -> Store:
        """Open a store by SQLAlchemy URL, make it where it is not there, migrate it where it is older.

        Raises
        ------
        UserError
            when it cannot be opened, is not there (read only), or was made by a newer Driftmeter.
        """
        engine = databases.make(url, read_only)
        try:
            bring_up_to_date(engine, read_only)
        except sa.exc.DatabaseError as error:
            engine.dispose()
            raise UserError(
                f"the store {engine.url.render_as_string()} cannot be opened: {databases.reason(error)}."
            ) from None
        except UserError:
            engine.dispose()
            raise
        return cls(engine)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    @contextmanager
    def writing(self, model: str) -> Iterator[sa.Connection]:
        """One transaction that alone writes a model; others wait for it up to a minute, readers do not."""
        with databases.beginning(self.engine, model) as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Store]:
        """The store as it is at one moment: whatever is read of it, a run that ends meanwhile is not seen."""
        if self._connection is not None:
            yield self
            return
        with self.engine.connect() as connection, connection.begin():
            yield Store(self.engine, connection)

    # ----- reading: what pages and commands ask for ---------------------------------------------------------------

    def models(self) -> list[str]:
        """Names of the models in the store."""
        return [row["model"] for row in self._rows(sa.select(models.c.model).order_by(models.c.model), None)]

    def model(self, model: str, connection: sa.Connection | None = None) -> dict[str, Any] | None:
        """A model's row as a dict, None where it has none. ``reference`` is read from JSON."""
        query = sa.select(models).where(models.c.model == model)
        row = self._rows(query, connection)
        return dict(row[0], reference=json.loads(row[0]["reference"])) if row else None

    def _rows(self, query: sa.Select[Any], connection: sa.Connection | None) -> list[dict[str, Any]]:
        connection = connection or self._connection
        if connection is not None:
            return [dict(row) for row in connection.execute(query).mappings()]
        with self.engine.connect() as own:
            return [dict(row) for row in own.execute(query).mappings()]

    def grain(self, model: str) -> Grain:
        """The finest grain that the store holds."""
        row = self.model(model)
        if row is None:
            raise UserError(f'the store has no model "{model}": it has {", ".join(self.models()) or "none yet"}.')
        return Grain.parse(row["grain_size"], row["timezone"])

    def bins(self, model: str, connection: sa.Connection | None = None) -> Bins | None:
        """The model's frozen bins."""
        row = self.model(model, connection)
        return Bins.from_json(row["bins"]) if row and row["bins"] else None

    def segments(self, model: str, connection: sa.Connection | None = None) -> list[str]:
        """Segments with profiles, ``""`` (all) first."""
        query = sa.select(profiles.c.segment).where(profiles.c.model == model).distinct()
        return sorted(row["segment"] for row in self._rows(query, connection))

    def segments_by_window(self, model: str, connection: sa.Connection | None = None) -> dict[str, list[int]]:
        """Starts of the windows of each segment, in order."""
        query = sa.select(profiles.c.segment, profiles.c.start).where(profiles.c.model == model)
        found: dict[str, list[int]] = {}
        for row in self._rows(query.order_by(profiles.c.segment, profiles.c.start), connection):
            found.setdefault(row["segment"], []).append(row["start"])
        return found

    def starts(self, model: str, connection: sa.Connection | None = None) -> dict[int, int]:
        """Rows by window, in order of time."""
        query = (sa.select(profiles.c.start, profiles.c.rows)
                 .where(profiles.c.model == model, profiles.c.segment == "").order_by(profiles.c.start))  # fmt: skip
        return {row["start"]: row["rows"] for row in self._rows(query, connection)}

    def profiles(
        self, model: str, segment: str = "", starts: Iterable[int] | None = None,
        connection: sa.Connection | None = None,
    ) -> Stored:  # fmt: skip
        """Profiles of a segment in order of time: all, or those of the windows asked for."""
        query = (
            sa.select(profiles.c.start, profiles.c.profile)
            .where(profiles.c.model == model, profiles.c.segment == segment)
            .order_by(profiles.c.start)
        )
        wanted = None if starts is None else {int(start) for start in starts}
        if wanted is not None and len(wanted) <= 500:
            query = query.where(profiles.c.start.in_(sorted(wanted)))
        rows = [row for row in self._rows(query, connection) if wanted is None or row["start"] in wanted]
        return Stored(segment, [row["start"] for row in rows], [row["profile"] for row in rows])

    def ledger(self, model: str, role: str, connection: sa.Connection | None = None) -> dict[str, dict[str, Any]]:
        """Files by key with size, modified, rows, notes (list) and ``starts`` {window: rows}."""
        query = sa.select(files).where(files.c.model == model, files.c.role == role)
        found = {
            row["key"]: dict(row, notes=json.loads(row["notes"]), starts={}) for row in self._rows(query, connection)
        }
        query = sa.select(touches).where(touches.c.model == model, touches.c.role == role)
        for row in self._rows(query, connection):
            found[row["key"]]["starts"][row["start"]] = row["rows"]
        return found

    def measurements(self, model: str, connection: sa.Connection | None = None) -> pd.DataFrame:
        """All measurements of a model, oldest window first."""
        return self._measured(measurements.c.model == model, connection=connection)

    def _measured(self, *where: sa.ColumnElement[bool], connection: sa.Connection | None = None) -> pd.DataFrame:
        query = sa.select(measurements).where(*where)
        return decoded(self._rows(query.order_by(*measurements.primary_key.columns), connection))

    def findings(self, model: str, connection: sa.Connection | None = None) -> pd.DataFrame:
        """All findings of a model, newest window first, alerts before watches."""
        query = (
            sa.select(findings)
            .where(findings.c.model == model)
            .order_by(
                findings.c.window_start.desc(),
                findings.c.severity,
                findings.c.p_value.nulls_first(),
                findings.c.monitor,
                findings.c.metric,
                findings.c.feature.nulls_first(),
                findings.c.segment.nulls_first(),
            )
        )
        return self._frame(query, findings, connection)

    def incidents(self, model: str, connection: sa.Connection | None = None) -> pd.DataFrame:
        """All incidents of a model, in the order of their ranks."""
        query = sa.select(incidents).where(incidents.c.model == model)
        return self._frame(query.order_by(incidents.c.rank, incidents.c.incident), incidents, connection)

    def events(self, model: str, connection: sa.Connection | None = None) -> pd.DataFrame:
        """Events of a model in order of time: at (µs), kind, text, source."""
        query = sa.select(events).where(events.c.model == model).order_by(events.c.at, events.c.id)
        return self._frame(query, events, connection)

    def judged(self, model: str) -> pd.DataFrame:
        """What was judged of all rows, a row for each monitor and metric: numbers, features, windows, last window."""
        found = self._measured(measurements.c.model == model, measurements.c.segment == "")
        groups = found[found["p_value"].notna()].groupby(["monitor", "metric"])
        return groups.agg(
            numbers=("window_start", "size"), features=("feature", "nunique"), windows=("window_start", "nunique"),
            last=("window_start", "max"),
        ).reset_index()  # fmt: skip

    def measured_whole(self, model: str) -> pd.DataFrame:
        """Measurements of the model and the log as a whole, no feature's and no segment's, oldest window first."""
        column = measurements.c
        return self._measured(column.model == model, column.segment == "", ~column.of_features)

    def rows_by_segment(self, model: str, column: str) -> pd.DataFrame:
        """Rows of every window and value of a segment column: value, start, rows, in order of time."""
        prefix = f"{column}="
        query = sa.select(profiles.c.segment, profiles.c.start, profiles.c.rows).where(
            profiles.c.model == model, profiles.c.segment.startswith(prefix, autoescape=True)
        )  # fmt: skip
        found = self._rows(query.order_by(profiles.c.start, profiles.c.segment), None)
        rows = [(row["segment"][len(prefix) :], row["start"], row["rows"]) for row in found]
        return pd.DataFrame(rows, columns=["value", "start", "rows"])

    def runs(self, model: str) -> pd.DataFrame:
        """When the model was run, in order: at (µs), told, untold."""
        return self._frame(sa.select(runs).where(runs.c.model == model).order_by(runs.c.at), runs, None)

    def _frame(self, query: sa.Select[Any], table: sa.Table, connection: sa.Connection | None) -> pd.DataFrame:
        frame = pd.DataFrame(self._rows(query, connection), columns=[column.name for column in table.columns])
        for column in table.columns:
            if isinstance(column.type, sa.Float):
                frame[column.name] = frame[column.name].astype(float)
            elif isinstance(column.type, sa.BigInteger):
                frame[column.name] = frame[column.name].astype("int64")
            elif isinstance(column.type, sa.Boolean):
                frame[column.name] = frame[column.name].astype(bool)
            else:
                frame[column.name] = frame[column.name].astype(object).where(frame[column.name].notna(), None)
        return frame

    # ----- writing ------------------------------------------------------------------------------------------------

    def add_event(self, model: str, at: int, kind: str, text: str, source: str = "person") -> None:
        """Note an event at a time (µs, or a row number)."""
        with self.writing(model) as connection:
            connection.execute(
                events.insert(), {"model": model, "at": at, "kind": kind, "text": text, "source": source}
            )
            connection.execute(sa.update(models).where(models.c.model == model).values(version=models.c.version + 1))

    def add_told(self, model: str, at: int, told: int, untold: int) -> None:
        """Note how many addresses the message of a run reached, and how many it did not."""
        with self.writing(model) as connection:
            connection.execute(
                sa.update(runs).where(runs.c.model == model, runs.c.at == at).values(told=told, untold=untold)
            )
