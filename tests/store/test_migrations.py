"""A store of an earlier Driftmeter opens, and the next run completes it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from monitors import store as tables
from monitors.errors import UserError
from monitors.pipeline import run
from monitors.store import SCHEMA, Store
from tests.pipeline.logs import DAYS, Log, contents

SCHEMAS = {
    1: Path(__file__).with_name("schema1.sql").read_text(),  # the tables of schema 1 as it made them in PostgreSQL
    2: """
        DROP TABLE incidents;
        CREATE TABLE incidents (model VARCHAR(255) NOT NULL, incident VARCHAR(64) NOT NULL, onset BIGINT NOT NULL,
            last_window BIGINT NOT NULL, severity VARCHAR(16) NOT NULL, state VARCHAR(16) NOT NULL,
            findings INTEGER NOT NULL, title TEXT NOT NULL, rank INTEGER NOT NULL, alerts INTEGER NOT NULL,
            cost FLOAT(53), weight FLOAT(53), cost_unit TEXT, monitor TEXT, kind TEXT, feature TEXT, segment TEXT,
            features TEXT, segments TEXT, cause TEXT, joined TEXT, PRIMARY KEY (model, incident));
    """,
    3: """
        CREATE TABLE runs (model VARCHAR(255) NOT NULL, at BIGINT NOT NULL, told INTEGER NOT NULL,
            untold INTEGER NOT NULL, PRIMARY KEY (model, at));
    """,
}
"""What made each schema of the one before."""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """A log and its store of today."""
    log = Log(tmp_path_factory.mktemp("log") / "log")
    for day in range(DAYS):
        log.day(day)
    log.run()
    return log


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where there is no store yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'old.db'}"
    return request.getfixturevalue("database")


def make_old(url: str, version: int, log: Log | None = None) -> None:
    """A store of an earlier schema, with what a log's store of today holds, so far as it had a place for it then."""
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for step in range(1, version + 1):
            text = SCHEMAS[step]
            if engine.dialect.name == "sqlite":
                text = text.replace("SERIAL NOT NULL", "INTEGER NOT NULL").replace("BYTEA", "BLOB")
            for statement in text.split(";"):
                if statement.strip():
                    connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"INSERT INTO meta VALUES ('schema', '{version}')")
        if log is not None:
            _fill(connection, log)
    engine.dispose()


def _fill(connection: sa.Connection, log: Log) -> None:
    store = Store.open(log.config.store.url, read_only=True)
    with store.engine.connect() as source:
        for table in tables.metadata.sorted_tables:
            if table.name == "meta" or not sa.inspect(connection).has_table(table.name):
                continue
            had = [column["name"] for column in sa.inspect(connection).get_columns(table.name)]
            if table.name == "measurements":
                _fill_measurements(connection, store.measurements("m"))
                continue
            then = sa.Table(table.name, sa.MetaData(), *(sa.Column(name, table.c[name].type) for name in had))
            rows = [dict(row) for row in source.execute(sa.select(*(table.c[name] for name in had))).mappings()]
            if rows:
                connection.execute(then.insert(), rows)
    store.close()


def _fill_measurements(connection: sa.Connection, measured: pd.DataFrame) -> None:
    """A row each, as they were until schema 4."""
    then = sa.Table("measurements", sa.MetaData(), *(sa.Column(name) for name in measured.columns))
    rows = measured.astype(object).where(measured.notna(), None).to_dict("records")
    connection.execute(then.insert(), rows)


@pytest.mark.parametrize("version", SCHEMAS)
def test_the_next_run_completes_an_old_store(log: Log, url: str, version: int) -> None:
    make_old(url, version, log)
    store = Store.open(url)
    assert store.models() == ["m"]
    assert len(store.profiles("m")) == DAYS
    old, incidents = store.findings("m"), store.incidents("m")
    assert len(old)
    assert incidents["title"].notna().all()
    store.close()
    result = run(log.config.model_copy(update={"store": type(log.config.store)(url=url)}))
    assert (result.files_read, result.windows_profiled) == (0, 0)  # nothing is read again
    assert contents(url) == log.store()


@pytest.mark.parametrize("version", SCHEMAS)
def test_migrated_tables_are_those_of_a_new_store(url: str, version: int) -> None:
    make_old(url, version)
    found = []
    for _ in range(2):  # migrated, and opened again
        store = Store.open(url)
        found.append(shape(store.engine))
        with store.engine.connect() as connection:
            assert connection.scalar(sa.select(tables.meta.c.value)) == str(SCHEMA)
        with store.engine.begin() as connection:
            tables.metadata.drop_all(connection)
        store.close()
    assert found[0] == found[1]


def shape(engine: sa.Engine) -> dict[str, object]:
    """Every table's columns, whether they may be NULL, and the primary key; in PostgreSQL the type too."""
    seen = sa.inspect(engine)
    return {
        table: {
            "key": seen.get_pk_constraint(table)["constrained_columns"],
            **{column["name"]: (column["nullable"], _type(column["type"], engine.dialect.name))
               for column in seen.get_columns(table)},
        }
        for table in seen.get_table_names()
    }  # fmt: skip


def _type(kind: sa.types.TypeEngine, dialect: str) -> tuple[str, str | None] | None:
    # SQLite enforces no length: its columns keep the types that they were made with
    return (type(kind).__name__, getattr(kind, "collation", None)) if dialect == "postgresql" else None


def test_an_old_store_marks_what_is_to_be_grouped_anew(log: Log, url: str) -> None:
    make_old(url, 1, log)
    store = Store.open(url)
    kept = store.incidents("m")
    assert kept["features"].isna().all()
    assert (kept["rank"] == 0).all()
    with store.engine.connect() as connection:
        assert connection.scalar(sa.select(tables.models.c.judged)) == ""  # no configuration has this fingerprint
    store.close()


def test_who_only_reads_is_told_what_to_do(url: str) -> None:
    make_old(url, 1)
    with pytest.raises(UserError, match="an earlier Driftmeter: `driftmeter run` brings it up to date"):
        Store.open(url, read_only=True)
    Store.open(url).close()
    Store.open(url, read_only=True).close()


def test_a_newer_store_is_left_alone(url: str) -> None:
    store = Store.open(url)
    with store.engine.begin() as connection:
        connection.execute(sa.update(tables.meta).values(value=str(SCHEMA + 1)))
    store.close()
    with pytest.raises(UserError, match=f"newer Driftmeter .schema {SCHEMA + 1}, this one knows {SCHEMA}"):
        Store.open(url)
