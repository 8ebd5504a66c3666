"""The store: profiles and their ledger, measurements, findings, events. SQLAlchemy Core; SQLite unless told otherwise.

A run writes everything in one transaction, so a reader sees either the state before it or the state after, and a run
that is killed leaves no trace. Window bounds are integers: µs since 1970 UTC, or row numbers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import sqlalchemy as sa

from monitors.errors import UserError
from monitors.profile.bins import Bins
from monitors.profile.cube import Profile
from monitors.windows import Grain

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = 3
"""Version of the tables. ``_MIGRATIONS[k]`` takes a store from version k to k + 1."""

_INCIDENT_TEXTS = ("cost_unit", "monitor", "kind", "feature", "segment", "features", "segments", "cause", "joined")
_INCIDENT_NUMBERS = ("cost", "weight")

_MIGRATIONS: dict[int, Sequence[str]] = {
    1: (  # incidents are ranked by what they cost, and say what belongs to them; the next run fills it in
        'ALTER TABLE incidents ADD COLUMN "rank" INTEGER DEFAULT 0 NOT NULL',
        "ALTER TABLE incidents ADD COLUMN alerts INTEGER DEFAULT 0 NOT NULL",
        *(f"ALTER TABLE incidents ADD COLUMN {name} DOUBLE PRECISION" for name in _INCIDENT_NUMBERS),
        *(f"ALTER TABLE incidents ADD COLUMN {name} TEXT" for name in _INCIDENT_TEXTS),
        "UPDATE models SET judged = ''",
    ),
    2: (  # when it ran, and who was told: what the scorecard takes for evidence that tests run by themselves
        """CREATE TABLE runs (model VARCHAR(255) NOT NULL, at BIGINT NOT NULL, told INTEGER NOT NULL,
            untold INTEGER NOT NULL, PRIMARY KEY (model, at))""",
    ),
}

metadata = sa.MetaData()
_big = sa.BigInteger()

meta = sa.Table("meta", metadata, sa.Column("key", sa.String(64), primary_key=True), sa.Column("value", sa.Text))

models = sa.Table(
    "models", metadata,
    sa.Column("model", sa.String(255), primary_key=True),
    sa.Column("layout", sa.Text, nullable=False),  # what decides how rows are counted: a change starts anew
    sa.Column("judged", sa.Text, nullable=False),  # what decides the verdicts: a change measures anew
    sa.Column("config_hash", sa.String(64), nullable=False),
    sa.Column("grain_size", sa.String(32), nullable=False),
    sa.Column("timezone", sa.String(64), nullable=False),
    sa.Column("bins", sa.Text),
    sa.Column("reference", sa.Text, nullable=False),  # JSON: how the reference was chosen, its windows
    sa.Column("observed_until", _big),
    sa.Column("version", sa.Integer, nullable=False),  # grows with every change: what caches are keyed by
)  # fmt: skip

files = sa.Table(
    "files", metadata,
    sa.Column("model", sa.String(255), primary_key=True),
    sa.Column("role", sa.String(8), primary_key=True),  # log, label, training or offline
    sa.Column("key", sa.String(1024), primary_key=True),
    sa.Column("size", _big, nullable=False),
    sa.Column("modified", _big, nullable=False),
    sa.Column("rows", _big, nullable=False),
    sa.Column("last", _big),  # latest instant
    sa.Column("notes", sa.Text, nullable=False),  # JSON list: what could not be read
)  # fmt: skip

touches = sa.Table(
    "touches", metadata,
    sa.Column("model", sa.String(255), primary_key=True),
    sa.Column("role", sa.String(8), primary_key=True),
    sa.Column("key", sa.String(1024), primary_key=True),
    sa.Column("start", _big, primary_key=True, autoincrement=False),
    sa.Column("rows", _big, nullable=False),
)  # fmt: skip

profiles = sa.Table(
    "profiles", metadata,
    sa.Column("model", sa.String(255), primary_key=True),
    sa.Column("start", _big, primary_key=True, autoincrement=False),
    sa.Column("segment", sa.String(512), primary_key=True),
    sa.Column("rows", _big, nullable=False),
    sa.Column("profile", sa.LargeBinary, nullable=False),
)  # fmt: skip


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Float(53)) for name in names]


measurements = sa.Table(
    "measurements", metadata,
    sa.Column("model", sa.String(255), nullable=False),
    sa.Column("monitor", sa.String(64), nullable=False),
    sa.Column("metric", sa.String(64), nullable=False),
    sa.Column("feature", sa.Text),
    sa.Column("segment", sa.String(512)),
    sa.Column("window_start", _big, nullable=False),
    sa.Column("window_end", _big, nullable=False),
    *_numbers("value", "low", "high", "expected", "n", "p_value", "band_low", "band_high"),
    sa.Column("detail", sa.Text),
    sa.Column("reference", sa.Boolean, nullable=False),
    sa.Index("measurements_by_window", "model", "window_start"),
)  # fmt: skip

findings = sa.Table(
    "findings", metadata,
    sa.Column("model", sa.String(255), nullable=False),
    sa.Column("monitor", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("metric", sa.String(64), nullable=False),
    sa.Column("feature", sa.Text),
    sa.Column("segment", sa.String(512)),
    sa.Column("window_start", _big, nullable=False),
    sa.Column("window_end", _big, nullable=False),
    sa.Column("onset", _big, nullable=False),
    *_numbers("value", "expected", "low", "high", "p_value", "effect", "n"),
    sa.Column("severity", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("incident", sa.String(64)),
    sa.Column("message", sa.Text, nullable=False),
    sa.Index("findings_by_model", "model", "window_start"),
)  # fmt: skip

incidents = sa.Table(
    "incidents", metadata,
    sa.Column("model", sa.String(255), primary_key=True),
    sa.Column("incident", sa.String(64), primary_key=True),
    sa.Column("onset", _big, nullable=False),
    sa.Column("last_window", _big, nullable=False),
    sa.Column("severity", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("findings", sa.Integer, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("alerts", sa.Integer, nullable=False),
    *_numbers(*_INCIDENT_NUMBERS),
    *(sa.Column(column, sa.Text) for column in _INCIDENT_TEXTS),
)  # fmt: skip

events = sa.Table(
    "events", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("model", sa.String(255), nullable=False),
    sa.Column("at", _big, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("source", sa.String(16), nullable=False),  # person, or log (a version that was first seen)
)  # fmt: skip

runs = sa.Table(
    "runs", metadata,
    sa.Column("model", sa.String(255), primary_key=True),
    sa.Column("at", _big, primary_key=True, autoincrement=False),  # µs, when the run ended
    sa.Column("told", sa.Integer, nullable=False),  # addresses that its message reached; 0 where nothing was to tell
    sa.Column("untold", sa.Integer, nullable=False),  # addresses that it did not reach
)  # fmt: skip

RUNS_KEPT = 400
"""Runs of a model that are remembered, the latest."""


class Store:
    """A store that is open. Get one by ``Store.open``."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str, read_only: bool = False) -> Store:
        """Open a store by SQLAlchemy URL, make it where it is not there, migrate it where it is older.

        Raises
        ------
        UserError
            when it cannot be opened, is not there (read only), or was made by a newer Driftmeter.
        """
        parsed = _parse(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database not in {None, "", ":memory:"}:
            path = Path(str(parsed.database))
            if read_only and not path.exists():
                raise UserError(f"there is no store at {path} yet: `driftmeter run` makes it.")
            if not read_only:
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    raise UserError(f"the store's folder {path.parent} cannot be made: {error.strerror}.") from None
        engine = sa.create_engine(parsed, **_engine_options(parsed))
        if parsed.get_backend_name() == "sqlite":
            _prepare_sqlite(engine, read_only)
        try:
            _bring_up_to_date(engine, read_only)
        except sa.exc.DatabaseError as error:
            raise UserError(f"the store {parsed.render_as_string()} cannot be opened: {_reason(error)}.") from None
        return cls(engine)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction that alone writes; others wait for it up to a minute, readers do not."""
        try:
            connection = self.engine.connect()
        except sa.exc.OperationalError as error:
            raise UserError(
                f"the store {self.engine.url.render_as_string()} cannot be written: {_reason(error)}."
            ) from None
        with connection:
            if self.engine.dialect.name == "sqlite":
                connection = connection.execution_options(driftmeter_begin="IMMEDIATE")
            try:
                transaction = connection.begin()
            except sa.exc.OperationalError as error:
                raise UserError(f"another run is writing to {self.engine.url.render_as_string()}: {_reason(error)}; "
                                "try again when it has ended.") from None  # fmt: skip
            with transaction:
                yield connection

    # ----- reading: what pages and commands ask for ---------------------------------------------------------------

    def models(self) -> list[str]:
        """Names of the models in the store."""
        with self.engine.connect() as connection:
            return list(connection.scalars(sa.select(models.c.model).order_by(models.c.model)))

    def model(self, model: str, connection: sa.Connection | None = None) -> dict[str, Any] | None:
        """A model's row as a dict, None where it has none. ``reference`` is read from JSON."""
        query = sa.select(models).where(models.c.model == model)
        row = self._rows(query, connection)
        return dict(row[0], reference=json.loads(row[0]["reference"])) if row else None

    def _rows(self, query: sa.Select[Any], connection: sa.Connection | None) -> list[dict[str, Any]]:
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
    ) -> list[Profile]:  # fmt: skip
        """Profiles of a segment in order of time: all, or those of the windows asked for."""
        query = (
            sa.select(profiles.c.start, profiles.c.profile)
            .where(profiles.c.model == model, profiles.c.segment == segment)
            .order_by(profiles.c.start)
        )
        wanted = None if starts is None else {int(start) for start in starts}
        if wanted is not None and len(wanted) <= 500:
            query = query.where(profiles.c.start.in_(sorted(wanted)))
        rows = self._rows(query, connection)
        return [Profile.decode(row["start"], segment, row["profile"])
                for row in rows if wanted is None or row["start"] in wanted]  # fmt: skip

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
        query = sa.select(measurements).where(measurements.c.model == model).order_by(measurements.c.window_start)
        return self._frame(query, measurements, connection)

    def findings(self, model: str, connection: sa.Connection | None = None) -> pd.DataFrame:
        """All findings of a model, newest window first, alerts before watches."""
        query = (
            sa.select(findings)
            .where(findings.c.model == model)
            .order_by(
                findings.c.window_start.desc(),
                findings.c.severity,
                findings.c.p_value,
                findings.c.monitor,
                findings.c.metric,
                findings.c.feature,
                findings.c.segment,
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
        column = measurements.c
        judged = (column.model == model, column.p_value.is_not(None), column.segment.is_(None))
        query = sa.select(
            column.monitor, column.metric, sa.func.count().label("numbers"),
            sa.func.count(column.feature.distinct()).label("features"),
            sa.func.count(column.window_start.distinct()).label("windows"),
            sa.func.max(column.window_start).label("last"),
        ).where(*judged).group_by(column.monitor, column.metric)  # fmt: skip
        names = ["monitor", "metric", "numbers", "features", "windows", "last"]
        return pd.DataFrame(self._rows(query, None), columns=names)

    def measured_whole(self, model: str) -> pd.DataFrame:
        """Measurements of the model and the log as a whole, no feature's and no segment's, oldest window first."""
        column = measurements.c
        query = sa.select(measurements).where(
            column.model == model, column.segment.is_(None), column.feature.is_(None)
        )  # fmt: skip
        return self._frame(query.order_by(column.window_start), measurements, None)

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
        with self.writing() as connection:
            connection.execute(
                events.insert(), {"model": model, "at": at, "kind": kind, "text": text, "source": source}
            )
            connection.execute(sa.update(models).where(models.c.model == model).values(version=models.c.version + 1))

    def add_told(self, model: str, at: int, told: int, untold: int) -> None:
        """Note how many addresses the message of a run reached, and how many it did not."""
        with self.writing() as connection:
            connection.execute(
                sa.update(runs).where(runs.c.model == model, runs.c.at == at).values(told=told, untold=untold)
            )


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


def _parse(url: str) -> sa.URL:
    try:
        return sa.make_url(url)
    except sa.exc.ArgumentError:
        raise UserError(
            f'store.url "{url}" is no database URL: write sqlite:///driftmeter.db or postgresql://…'
        ) from None


def _engine_options(url: sa.URL) -> dict[str, Any]:
    return {"connect_args": {"timeout": 60}} if url.get_backend_name() == "sqlite" else {}


def _prepare_sqlite(engine: sa.Engine, read_only: bool) -> None:
    """WAL, and transactions that begin when we say so (the driver would begin them late)."""

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA query_only=ON" if read_only else "PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('driftmeter_begin', 'DEFERRED')}")


def _bring_up_to_date(engine: sa.Engine, read_only: bool) -> None:
    with engine.connect() as connection:
        fresh = not sa.inspect(connection).has_table("meta")
        found = None if fresh else connection.scalar(sa.select(meta.c.value).where(meta.c.key == "schema"))
    if fresh and read_only:
        raise UserError(f"{engine.url.render_as_string()} holds no store yet: `driftmeter run` makes it.")
    if fresh:
        with engine.begin() as connection:
            metadata.create_all(connection)
            connection.execute(meta.insert(), {"key": "schema", "value": str(SCHEMA)})
        return
    version = int(found or 0)
    if version > SCHEMA:
        raise UserError(
            f"{engine.url.render_as_string()} was made by a newer Driftmeter (schema {version}, this one knows "
            f"{SCHEMA}): upgrade driftmeter."
        )
    if version < SCHEMA and read_only:
        where = engine.url.render_as_string()
        raise UserError(f"{where} was made by an earlier Driftmeter: `driftmeter run` brings it up to date.")
    if version < SCHEMA:
        with engine.begin() as connection:
            for step in range(version, SCHEMA):
                for statement in _MIGRATIONS[step]:
                    connection.exec_driver_sql(statement)
            connection.execute(sa.update(meta).where(meta.c.key == "schema").values(value=str(SCHEMA)))


def _reason(error: sa.exc.DBAPIError) -> str:
    return str(error.orig).strip().rstrip(".").splitlines()[0] if error.orig else type(error).__name__
