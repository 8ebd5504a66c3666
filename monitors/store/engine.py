"""Databases that can be a store: a SQLite file, or PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from monitors.errors import UserError

PATIENCE = 60
"""Seconds that a writer waits for another to end."""

LOCK = ""
"""What is locked while tables are made; a model's name while a run of it writes."""

_POSTGRES = {"connect_timeout": "10", "application_name": "driftmeter", "keepalives_idle": "60"}
"""What a connection to PostgreSQL is asked for where the URL says nothing: an answer within ten seconds, and signs of
life each minute, for a run may read logs for an hour between two statements."""


def make(url: str, read_only: bool) -> sa.Engine:
    """An engine for a store's URL.

    Raises
    ------
    UserError
        when the URL is none, is of another kind of database, is of a file that is not there (read only), or its
        driver is not installed.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database not in {None, "", ":memory:"}:
            _folder(Path(str(parsed.database)), read_only)
        engine = sa.create_engine(parsed, connect_args={"timeout": PATIENCE})
        _prepare_sqlite(engine, read_only)
        return engine
    options = {key: value for key, value in _POSTGRES.items() if key not in parsed.query}
    try:
        engine = sa.create_engine(parsed, connect_args=options, pool_pre_ping=True)
    except ModuleNotFoundError:
        raise UserError(
            "store.url is PostgreSQL's, whose driver is not installed: pip install 'driftmeter[postgres]'"
        ) from None
    _prepare_postgres(engine)
    if read_only:  # of every transaction the first statement fixes what is seen
        engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine


@contextmanager
def beginning(engine: sa.Engine, lock: str) -> Iterator[sa.Connection]:
    """One transaction that alone writes what is locked; others wait for it up to a minute, readers do not.

    SQLite has one lock for the whole file. In PostgreSQL runs of different models write side by side.

    Raises
    ------
    UserError
        when the database cannot be reached, another writer does not end in time, or the connection is lost.
    """
    where = engine.url.render_as_string()
    try:
        connection = engine.connect()
    except sa.exc.OperationalError as error:
        raise UserError(f"the store {where} cannot be written: {reason(error)}.") from None
    with connection:
        if connection.dialect.name == "sqlite":
            connection = connection.execution_options(driftmeter_begin="IMMEDIATE")
        try:
            transaction = connection.begin()
            if connection.dialect.name == "postgresql":
                _lock(connection, lock)
        except sa.exc.OperationalError as error:
            raise UserError(
                f"another run is writing to {where}: {reason(error)}; try again when it has ended."
            ) from None
        try:
            with transaction:
                yield connection
        except sa.exc.DBAPIError as error:
            if not error.connection_invalidated:
                raise
            raise UserError(
                f"the connection to the store {where} was lost: {reason(error)}; nothing was written, run again."
            ) from None


def reason(error: sa.exc.DBAPIError) -> str:
    """What the database said, its first line."""
    lines = str(error.orig).strip().splitlines() if error.orig else []
    return lines[0].rstrip(".") if lines else type(error).__name__


def _parse(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise UserError(
            f'store.url "{url}" is no database URL: write sqlite:///driftmeter.db or postgresql://…'
        ) from None
    backend, _, driver = parsed.drivername.partition("+")
    if backend in {"postgres", "postgresql"} and driver in {"", "psycopg"}:
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and driver in {"", "pysqlite"}:
        return parsed
    raise UserError(
        f'store.url begins with "{parsed.drivername}": write sqlite:///driftmeter.db or postgresql://USER@HOST/DATABASE'
    )


def _folder(path: Path, read_only: bool) -> None:
    if read_only and not path.exists():
        raise UserError(f"there is no store at {path} yet: `driftmeter run` makes it.")
    if not read_only:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"the store's folder {path.parent} cannot be made: {error.strerror}.") from None


def _lock(connection: sa.Connection, name: str) -> None:
    """Wait for other writers of the same; the lock ends with the transaction, however that ends."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}s'")
    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")  # a run reads its logs meanwhile
    space = connection.exec_driver_sql("SELECT current_schema()").scalar()
    digest = hashlib.blake2b(f"driftmeter/{space}/{name}".encode(), digest_size=8).digest()
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({int.from_bytes(digest, 'big', signed=True)})")


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


def _prepare_postgres(engine: sa.Engine) -> None:
    """Text may hold NUL in a log and in SQLite, but not in PostgreSQL: there it is written as its symbol."""
    from psycopg.types.string import StrDumper

    class Text(StrDumper):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "␀"))

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.adapters.register_dumper(str, Text)
