"""Data bases as Arrow record batches: DuckDB's own, by ADBC where there is a driver of its, else rows by SQLAlchemy."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from monitors.errors import UserError, clause
from monitors.logs.ndjson import steady
from monitors.logs.secrets import masked, without_secrets
from monitors.logs.values import column_of

_ADBC = {
    "postgresql": "adbc_driver_postgresql", "postgres": "adbc_driver_postgresql",
    "snowflake": "adbc_driver_snowflake", "bigquery": "adbc_driver_bigquery",
    "flightsql": "adbc_driver_flightsql", "grpc": "adbc_driver_flightsql", "grpc+tls": "adbc_driver_flightsql",
}  # fmt: skip
_ROWS, _CELLS = 16_384, 400_000
_DUCKDB_MEMORY = "512MB"
_FILE = re.compile(r"(sqlite|duckdb)(?:\+\w+)?:///?(.*)")
Batches = Iterator[pa.RecordBatch]


class Database(NamedTuple):
    """A data base that answers queries.

    Attributes
    ----------
    uri : of the data base, with its secrets
    shown : the same without them
    ask : a query's rows as batches, as the driver types them; at least one batch
    """

    uri: str
    shown: str
    ask: Callable[[str], Batches]

    def batches(self, query: str) -> Batches:
        """The rows of a query; raises UserError for whatever the data base or its driver has against it."""
        try:
            yield from self.ask(query)
        except UserError:
            raise
        except Exception as error:  # noqa: BLE001  (each driver has a root of errors of its own)
            raise UserError(f"{self.shown} does not answer: {without_secrets(clause(error), self.uri)}.") from None


def database(uri: str, base: Path) -> Database:
    """Find what answers for an address.

    Parameters
    ----------
    uri : such as ``postgresql://user:password@host/name``, ``sqlite:///logs.db``, ``duckdb:///logs.duckdb``; any
        scheme with a driver of ADBC's or a dialect of SQLAlchemy's that is installed
    base : folder that relative paths of files start from

    Raises
    ------
    UserError
        There is no such file, or no driver for the scheme.
    """
    scheme, mark, _ = uri.partition("://")
    if not mark:
        raise UserError(f'uri is "{masked(uri)}"; give an address such as "postgresql://host/name" or "sqlite:///file"')
    local = _FILE.fullmatch(uri)
    if local:
        path = (base / Path(local[2].partition("?")[0]).expanduser()).resolve()
        if not path.is_file():
            raise UserError(f"'{masked(uri)}': there is no file {path}.")
        return Database(uri, str(path), _duckdb(path) if local[1] == "duckdb" else _sqlite(path))
    driver = _driver(scheme)
    return Database(uri, masked(uri), _adbc(driver, uri) if driver else _sqlalchemy(uri, scheme))


def _driver(scheme: str) -> Any:
    """ADBC's driver for a scheme; None when it is not installed or there is none."""
    if scheme not in _ADBC:
        return None
    try:
        return importlib.import_module(f"{_ADBC[scheme]}.dbapi")
    except ImportError:
        return None


def _duckdb(path: Path) -> Callable[[str], Batches]:
    try:
        import duckdb
    except ImportError:
        raise UserError("reading DuckDB files needs the package duckdb: pip install driftmeter[sql]") from None

    def ask(query: str) -> Batches:
        with TemporaryDirectory() as spill, duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"SET memory_limit = '{_DUCKDB_MEMORY}'")  # left alone it takes most of the machine's
            connection.execute(f"SET temp_directory = '{spill}'")
            yield from _read(pa.RecordBatchReader.from_stream(connection.sql(query)))

    return ask


def _sqlite(path: Path) -> Callable[[str], Batches]:
    import sqlite3

    def ask(query: str) -> Batches:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            cursor = connection.execute(query)
            yield from _of_rows([part[0] for part in cursor.description], cursor.fetchmany)

    return ask


def _adbc(driver: Any, uri: str) -> Callable[[str], Batches]:
    def ask(query: str) -> Batches:
        options = {} if uri.startswith("bigquery:") else {"uri": uri}
        with driver.connect(**options) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            yield from map(_numbers, _read(cursor.fetch_record_batch()))

    return ask


def _sqlalchemy(uri: str, scheme: str) -> Callable[[str], Batches]:
    import sqlalchemy as sa

    shown = masked(uri)
    try:
        if scheme in ("postgresql", "postgres"):
            uri = "postgresql+psycopg" + uri[len(scheme) :]
        engine = sa.create_engine(uri, poolclass=sa.NullPool)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError) as error:
        hint = "pip install driftmeter[sql]" if scheme.startswith("postgres") else (
            f"install {_ADBC[scheme].replace('_', '-')}" if scheme in _ADBC else
            f'install the SQLAlchemy dialect of "{scheme}", or give another address'
        )  # fmt: skip
        reason = without_secrets(clause(error), uri)
        raise UserError(f"'{shown}' has no driver here ({reason}): {hint}") from None

    def ask(query: str) -> Batches:
        with engine.connect() as connection:
            # what the query has of colons and percent signs is the data base's to read
            plain = connection.execution_options(no_parameters=True, stream_results=True, max_row_buffer=_ROWS)
            with plain.exec_driver_sql(query) as result:
                yield from _of_rows(list(result.keys()), result.fetchmany)

    return ask


def _read(reader: pa.RecordBatchReader) -> Batches:
    """Batches of a reader; one without rows where there are none."""
    batch = None
    for batch in reader:
        yield batch
    if batch is None:
        schema = reader.schema
        yield pa.RecordBatch.from_arrays([pa.array([], part.type) for part in schema], schema=schema)


def _of_rows(names: list[str], fetch: Callable[[int], Any]) -> Batches:
    """Batches of a cursor's rows, their columns as wide as the values so far ask for."""
    rows_at_once = max(256, min(_ROWS, _CELLS // max(len(names), 1)))
    types: dict[str, pa.DataType] = {}
    first = True
    while (rows := fetch(rows_at_once)) or first:
        arrays = [column_of(values) for values in zip(*rows, strict=True)] if rows else [pa.nulls(0) for _ in names]
        batch = pa.RecordBatch.from_arrays(arrays, names=names)
        yield steady(batch, types, ()) if len(set(names)) == len(names) else batch
        first = False


def _numbers(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with PostgreSQL's NUMERIC, which the driver spells out, as numbers."""
    for place, part in enumerate(batch.schema):
        if (part.metadata or {}).get(b"ADBC:postgresql:typname") == b"numeric":
            spelt = batch.column(place)
            spelt = (spelt.storage if isinstance(spelt, pa.ExtensionArray) else spelt).cast(pa.string())
            batch = batch.set_column(place, part.name, pc.cast(spelt, pa.float64()))
    return batch
