"""Logs and labels that a query gives end in the store that the same rows in files make."""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import sqlalchemy as sa

from monitors.config import Config
from monitors.errors import UserError
from monitors.logs.databases import Database, database
from monitors.logs.read import open_batches
from monitors.logs.secrets import without_secrets
from monitors.logs.sql import query_files
from monitors.logs.values import column_of
from monitors.pipeline import run
from monitors.windows import Grain
from tests.pipeline.logs import contents, day_frame

DAYS = 14


def stored(url: str) -> dict[str, list[str]]:
    """A store's content but for how files are called, and what the configuration said of them."""
    found = {name: rows for name, rows in contents(url).items() if name not in ("models", "files", "touches")}
    return {
        name: sorted(repr(row).replace("query ", "").replace("logs/", "").replace(".parquet", "") for row in rows)
        for name, rows in found.items()
    }


def frame(day: int) -> pd.DataFrame:
    """A day's rows; times without equals, for a data base knows no order among those."""
    rows = day_frame(day).drop(columns="old", errors="ignore")
    return rows.assign(ts=rows["ts"] + pd.to_timedelta(range(len(rows)), unit="us"))


class Table:
    """The rows of the log in a data base, and in files beside it."""

    def __init__(self, home: Path, uri: str) -> None:
        self.home, self.uri = home, uri
        self.url = uri.replace("postgresql:", "postgresql+psycopg:")  # what fills the table

    def write(self, *days: int, label: bool = True) -> None:
        """Add days to the table."""
        rows = pd.concat([frame(day) for day in days])
        if not label:
            rows = rows.assign(y=None)
        if self.uri.startswith("duckdb"):
            with duckdb.connect(self.path) as connection:
                connection.execute("SET TimeZone = 'UTC'")
                there = connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall()[0][0]
                connection.execute("INSERT INTO log SELECT * FROM rows" if there else
                                   "CREATE TABLE log AS SELECT * FROM rows")  # fmt: skip
            return
        engine = sa.create_engine(self.url)
        rows.to_sql("log", engine, if_exists="append", index=False)
        engine.dispose()

    def do(self, statement: str) -> None:
        """Run a statement."""
        if self.uri.startswith("duckdb"):
            with duckdb.connect(self.path) as connection:
                connection.execute(statement)
            return
        engine = sa.create_engine(self.url)
        with engine.begin() as connection:
            connection.execution_options(no_parameters=True).exec_driver_sql(statement)
        engine.dispose()

    @property
    def path(self) -> str:
        """Of the file."""
        return self.uri.partition(":///")[2]

    def config(self, query: str = "SELECT * FROM log", store: str = "store", size: str = "1d", **logs: Any) -> Config:
        """A configuration that reads the table."""
        return Config.from_dict({
            "model": {"name": "m", "task": "binary", "positive": 1},
            "logs": {"uri": self.uri, "query": query, "timestamp": "ts", "id": "id", "prediction": "score",
                     "label": "y", **logs},
            "features": {"version": "version"},
            "windows": {"size": size},
            "reference": {"start": "2025-01-01", "end": "2025-01-08"} if size == "1d" else {"start": 0, "end": 200},
            "store": {"url": f"sqlite:///{store}.db"},
        }, self.home)  # fmt: skip


SERVER = [pytest.param(scheme, marks=pytest.mark.postgres) for scheme in ("postgresql", "postgresql+psycopg")]


@pytest.fixture(params=["sqlite", "duckdb", *SERVER])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Table:
    """An empty data base; PostgreSQL's is read by ADBC and by SQLAlchemy."""
    if request.param.startswith("postgresql"):
        return Table(tmp_path, request.getfixturevalue("database").replace("postgresql", request.param))
    return Table(tmp_path, f"{request.param}:///{tmp_path / 'log'}.{request.param}")


@pytest.fixture(scope="module")
def in_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The store that files with the same rows make."""
    home = tmp_path_factory.mktemp("files")
    (home / "logs").mkdir()
    for day in range(DAYS):
        frame(day).to_parquet(home / f"logs/2025-01-{day + 1:02}.parquet", index=False)
    content = Table(home, "sqlite:///x").config().model_dump(exclude_unset=True)
    del content["logs"]["uri"], content["logs"]["query"]
    content["logs"]["path"] = "logs/*.parquet"
    config = Config.from_dict(content, home)
    run(config)
    return stored(config.store.url)


def test_a_table_and_files_make_one_store(table: Table, in_files: dict[str, list[str]]) -> None:
    table.write(*range(DAYS - 1))
    table.do("DELETE FROM log WHERE id LIKE '3-%' AND x > 0")
    config = table.config()
    first = run(config)
    assert (first.files_read, first.windows_profiled) == (DAYS - 1, DAYS - 1)
    assert run(config).files_read == 0
    table.do("DELETE FROM log WHERE id LIKE '3-%'")
    table.write(3, DAYS - 1)  # rows that come late, and a new day
    assert run(config).files_read == 2
    table.do("UPDATE log SET y = NULL WHERE id LIKE '12-%'")
    assert run(config).windows_profiled == 1
    table.do("DELETE FROM log WHERE id LIKE '12-%'")
    assert run(config).windows_total == DAYS - 1
    table.write(12)
    run(config)
    assert run(config).files_read == 0
    assert stored(config.store.url) == in_files


def test_the_database_is_asked_for_changed_windows_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(tmp_path, f"sqlite:///{tmp_path / 'log.sqlite'}")
    table.write(*range(10))
    config = table.config("SELECT ts, id, x, kind, place, version, score, y FROM log WHERE ts >= :start AND ts < :end;")
    assert run(config).windows_profiled == 10
    table.write(10)
    asked: list[str] = []
    real = Database.batches
    monkeypatch.setattr(Database, "batches", lambda base, query: (asked.append(query), real(base, query))[1])
    assert run(config).windows_profiled == 1
    rows = [query for query in asked if "count(" not in query and "1 = 0" not in query]
    assert rows
    for query in rows:
        assert "ts >= '2025-01-11' AND ts < '" in query
        assert 'WHERE "ts" >= \'2025-01-11\' AND "ts" < \'' in query
    assert config.logs.query is not None
    assert not any(":start" in query or ":end" in query for query in asked)


def test_labels_of_a_query_that_come_later(tmp_path: Path, in_files: dict[str, list[str]]) -> None:
    table = Table(tmp_path, f"duckdb:///{tmp_path / 'log.duckdb'}")
    table.write(*range(DAYS))
    table.do("CREATE TABLE late AS SELECT id, y, ts + INTERVAL 2 HOUR AS label_ts FROM log")
    content = table.config("SELECT * EXCLUDE (y) FROM log").model_dump(exclude_unset=True)
    del content["logs"]["label"]
    content["labels"] = {"uri": table.uri, "query": "SELECT * FROM late", "label": "y", "timestamp": "label_ts"}
    whole = Config.from_dict({**content, "store": {"url": "sqlite:///whole.db"}}, tmp_path)
    run(whole)
    piecewise = Config.from_dict({**content, "store": {"url": "sqlite:///piecewise.db"}}, tmp_path)
    table.do("CREATE TABLE kept AS SELECT * FROM late WHERE label_ts >= '2025-01-12 13:00:00'")
    table.do("DELETE FROM late WHERE label_ts >= '2025-01-12 13:00:00'")
    run(piecewise)
    table.do("INSERT INTO late SELECT * FROM kept")
    assert 0 < run(piecewise).windows_profiled <= 5
    assert run(piecewise).windows_profiled == 0
    table.do("INSERT INTO late SELECT id, y, '2025-01-11 12:00:00' FROM log WHERE id = '10-5'")
    assert run(piecewise).windows_profiled == DAYS  # no later than what was there: any label may differ
    table.do("DELETE FROM late WHERE label_ts = '2025-01-11 12:00:00'")
    assert run(piecewise).windows_profiled == DAYS
    assert run(piecewise).windows_profiled == 0
    assert stored(piecewise.store.url) == stored(whole.store.url)


def _rows(uri: str, query: str, grain: str = "1d", **columns: Any) -> list[tuple[str, int, int]]:
    """Pieces with their number of rows, and of those read."""
    files = query_files("logs", uri, query, Path(), Grain.parse(grain), **columns)
    return [(file.key, file.size, sum(batch.num_rows for batch in open_batches(file, ["ts"]))) for file in files]


def test_rows_without_a_time_and_ahead_of_it_are_pieces_of_their_own(tmp_path: Path) -> None:
    table = Table(tmp_path, f"duckdb:///{tmp_path / 'log.duckdb'}")
    table.write(0, 1)
    table.do("UPDATE log SET ts = NULL WHERE id LIKE '0-1_'")
    table.do("UPDATE log SET ts = '2150-01-01 12:00:00' WHERE id LIKE '1-1_'")
    assert _rows(table.uri, "SELECT * FROM log", timestamp="ts") == [
        ("query 2025-01-01", 110, 110), ("query 2025-01-02", 110, 110),
        ("query, rows ahead of their time", 10, 10), ("query, rows without a time", 10, 10),
    ]  # fmt: skip
    table.write(*range(2, 10))
    result = run(table.config())
    assert result.windows_total == 10
    told = " ".join(result.notes)
    assert "query, rows ahead of their time: 10 of 10 rows have a time" in told
    assert 'query, rows without a time: 10 of 10 rows have no time in "ts"' in told


@pytest.mark.parametrize(("made", "first"), [
    ("CAST(epoch(ts) AS BIGINT)", "query 2025-01-01"),
    ("epoch_ns(ts)", "query 2025-01-01"),
    ("strftime(ts, '%Y-%m-%dT%H:%M:%SZ')", "query 2025-01-01"),
    ("CAST(ts AS DATE)", "query 2025-01-01"),
    ("CAST(ts AS TIMESTAMPTZ)", "query 2025-01-01"),
    ("CAST(strftime(ts, '%Y%m%d') AS INTEGER)", "query 2025-01-01"),
])  # fmt: skip
def test_times_of_every_type(tmp_path: Path, made: str, first: str) -> None:
    table = Table(tmp_path, f"duckdb:///{tmp_path / 'log.duckdb'}")
    table.write(0, 1, 4)
    found = _rows(table.uri, f"SELECT {made} AS ts, x FROM log", timestamp="ts")
    assert [rows for _, rows, _ in found] == [120] * 3 == [read for _, _, read in found]
    assert [key for key, _, _ in found] == [first, "query 2025-01-02", "query 2025-01-05"]


def test_many_windows_are_counted_in_groups(tmp_path: Path) -> None:
    table = Table(tmp_path, f"sqlite:///{tmp_path / 'log.sqlite'}")
    table.write(0, 300)
    table.do("INSERT INTO log (ts, id) VALUES ('2020-05-05 10:11:12.000000', 'old')")
    found = _rows(table.uri, "SELECT * FROM log", "1h", timestamp="ts", id="id")
    assert found[0] == ("query 2020-05-05 10:00", 1, 1)
    assert len(found) == 49
    assert sum(rows for _, rows, _ in found) == 241


def test_windows_of_rows_are_one_piece(tmp_path: Path) -> None:
    table = Table(tmp_path, f"duckdb:///{tmp_path / 'log.duckdb'}")
    table.write(*range(6))
    query = "SELECT * EXCLUDE (ts) FROM log ORDER BY ts"
    config = table.config(query, size="50 rows", timestamp=None)
    assert _rows(table.uri, "SELECT * FROM log ORDER BY ts", "50 rows") == [("query", 720, 720)]
    assert run(config).windows_total == 15
    assert run(config).files_read == 0


def test_a_checksum_tells_of_values_that_change(tmp_path: Path) -> None:
    table = Table(tmp_path, f"sqlite:///{tmp_path / 'log.sqlite'}")
    table.write(*range(10))
    plain, summed = table.config(), table.config(store="summed", checksum="sum(x)")
    run(plain), run(summed)
    table.do("UPDATE log SET x = x + 1 WHERE id = '9-7'")
    assert run(plain).windows_profiled == 0
    assert run(summed).windows_profiled == 1


@pytest.mark.parametrize(("logs", "said"), [
    ({"uri": "nothing"}, 'uri is "nothing"; give an address such as'),
    ({"uri": "sqlite:///no.sqlite"}, "there is no file"),
    ({"uri": "duckdb:///text.txt"}, "text.txt does not answer: "),
    ({"query": "SELECT * FRM log"}, 'does not answer: near "FRM": syntax error.'),
    ({"query": "SELECT * FROM lgo"}, "does not answer: no such table: lgo."),
    ({"query": "SELECT * FROM log WHERE 1 = 0"}, "logs.query gives no row."),
    ({"timestamp": "tss"}, "logs.timestamp is 'tss', but the query has no such column; did you mean 'ts'."),
    ({"timestamp": "kind"}, "logs.timestamp: its values, such as "),
    ({"checksum": "sum(nope)"}, "does not answer: no such column: nope."),
    ({"uri": "oracle+none://me:hush@host/x"}, "'oracle+none://host/x' has no driver here ("),
    ({"uri": "postgresql://me:hush@127.0.0.1:9/x"}, "postgresql://127.0.0.1:9/x does not answer: "),
    ({"uri": "postgresql+psycopg://me:hush@127.0.0.1:9/x"}, "postgresql+psycopg://127.0.0.1:9/x does not answer: "),
    ({"uri": None}, "logs.uri is missing beside logs.query; give the address of a data base"),
    ({"query": None}, "logs.query is missing beside logs.uri; give a SELECT"),
    ({"path": "logs"}, "logs.path and logs.uri are given; keep path for files"),
])  # fmt: skip
def test_a_mistake_is_one_sentence(tmp_path: Path, logs: dict[str, Any], said: str) -> None:
    table = Table(tmp_path, f"sqlite:///{tmp_path / 'log.sqlite'}")
    table.write(0)
    (tmp_path / "text.txt").write_text("a,b\n1,2\n")
    with pytest.raises(UserError) as error:
        run(table.config(**logs))
    assert said in str(error.value)
    assert "hush" not in str(error.value)
    assert "\n" not in str(error.value)


def test_secrets_are_not_stored_nor_part_of_the_hash(tmp_path: Path) -> None:
    one, other = (Table(tmp_path, f"postgresql://me:{word}@db/x?sslpassword={word}").config() for word in ("aa", "bb"))
    assert one.hash == other.hash
    assert "aa" not in str(one.model_dump(mode="json"))
    assert one.logs.uri == "postgresql://me:aa@db/x?sslpassword=aa"


@pytest.mark.parametrize(("address", "message", "clean"), [
    ("pg://u:p%40ss@h/d", "for u with p@ss at h", "for u with *** at h"),
    ("pg://u:p@ss@h/d", "pg://u:p@ss@h/d is down", "pg://h/d is down"),
    ("snowflake://h?private_key=abc&role=r", "abc is bad", "*** is bad"),
    ("pg://h/d", "fine", "fine"),
])  # fmt: skip
def test_messages_lose_their_secrets(address: str, message: str, clean: str) -> None:
    assert without_secrets(message, address) == clean


def test_a_missing_driver_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("adbc_driver_postgresql.dbapi", "psycopg", "duckdb"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError, match=r"^'postgresql://h/d' has no driver here .*pip install driftmeter\[sql\]$"):
        database("postgresql://me:hush@h/d", tmp_path)
    with pytest.raises(UserError, match="^'snowflake://h/d' has no driver here .*install adbc-driver-snowflake$"):
        database("snowflake://h/d", tmp_path)
    (tmp_path / "x.duckdb").touch()
    with pytest.raises(UserError, match=r"needs the package duckdb: pip install driftmeter\[sql\]$"):
        database("duckdb:///x.duckdb", tmp_path)


def test_values_of_a_driver() -> None:
    east = dt.timezone(dt.timedelta(hours=1))
    for values, expected in [
        ([1, None, 2.5], [1.0, None, 2.5]),
        ([1, 2**70], [1.0, 2.0**70]),
        ([Decimal("1.50"), 2], [1.5, 2.0]),
        ([True, None], [True, None]),
        ([1, "a"], ["1", "a"]),
        ([2.0, "a"], ["2", "a"]),
        ([b"ab", b"\xff"], ["ab", "ff"]),
        ([{"a": [1]}, None], ['{"a":[1]}', None]),
        ([None, None], [None, None]),
        ([dt.datetime(2025, 1, 1, 2, tzinfo=east)], [dt.datetime(2025, 1, 1, 1, tzinfo=dt.UTC)]),
    ]:  # fmt: skip
        assert column_of(values).to_pylist() == expected


@pytest.mark.postgres
@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg"])
def test_types_of_postgresql(database: str, tmp_path: Path, driver: str) -> None:
    table = Table(tmp_path, database.replace("postgresql", driver))
    table.do(
        "CREATE TABLE log AS SELECT TIMESTAMPTZ '2025-01-01 00:30+01' + n * INTERVAL '1 hour' AS ts,"
        " n::numeric / 4 AS price, n::smallint AS small, (n % 2 = 0) AS flag, jsonb_build_object('k', n) AS body,"
        " 'ä' || n AS word, NULL::float8 AS nothing, gen_random_uuid() AS id,"
        " 'NaN'::numeric AS nan FROM generate_series(1, 48) n"
    )  # fmt: skip
    query = "SELECT * FROM log -- all of it"
    files = query_files("logs", table.uri, query, Path(), Grain.parse("1d"), timestamp="ts", id="id")
    assert [(file.key, file.size) for file in files] == [
        ("query 2025-01-01", 24), ("query 2025-01-02", 24)
    ]  # fmt: skip
    rows = [row for batch in open_batches(files[0]) for row in batch.to_pylist()]
    first = rows[0]
    assert first["ts"] == dt.datetime(2025, 1, 1, 0, 30, tzinfo=dt.UTC)
    assert (first["price"], first["small"], first["flag"], first["word"]) == (0.25, 1, False, "ä1")
    assert (first["body"].replace(" ", ""), first["nothing"]) == ('{"k":1}', None)
    assert len(first["id"]) == 36
    assert str(first["nan"]) == "nan"
