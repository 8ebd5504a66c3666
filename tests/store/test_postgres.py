"""PostgreSQL as the store, on a real server: the same store as SQLite's, whoever else writes or reads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from dashboard import data
from monitors.config import Config
from monitors.errors import UserError
from monitors.store import SCHEMA, Store, engine, meta
from monitors.views import Look
from tests.pipeline.logs import DAYS, TOML, Log, copy

pytestmark = pytest.mark.postgres

FIRST_DAYS = 14
PATIENCE = 60


@pytest.fixture(scope="module")
def in_time(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """The log with every file there from the beginning, in a SQLite store."""
    log = Log(tmp_path_factory.mktemp("in-time") / "log")
    for day in range(DAYS):
        log.day(day)
    log.run()
    return log


def halfway(home: Path, url: str) -> Log:
    """A log whose first days were run, and whose other days are there to be."""
    log = Log(home, store={"url": url})
    for day in range(FIRST_DAYS):
        log.day(day)
    log.run()
    for day in range(FIRST_DAYS, DAYS):
        log.day(day)
    return log


class Held:
    """A run that waits in the midst of its transaction, having written profiles, until it may go on."""

    def __init__(self) -> None:
        self.there, self.go_on = threading.Event(), threading.Event()

    def __call__(self, step: str, done: int, total: int) -> None:
        if step == "measuring" and not self.there.is_set():
            self.there.set()
            assert self.go_on.wait(PATIENCE)


@contextmanager
def held(log: Log) -> Iterator[tuple[Held, Future]]:
    """Another thread that runs a log and waits before it is done."""
    stop = Held()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(log.run, stop)
        try:
            while not stop.there.wait(0.05):
                assert not future.done(), future.exception()
            yield stop, future
        finally:
            stop.go_on.set()


def test_it_is_the_same_store_as_a_file(in_time: Log, tmp_path: Path, database: str) -> None:
    log = copy(in_time, tmp_path / "log", database)
    log.run()
    assert log.store() == in_time.store()
    assert log.run().files_read == 0
    assert log.store() == in_time.store()
    stores = [Store.open(each.config.store.url, read_only=True) for each in (log, in_time)]
    for frame in ("findings", "incidents", "runs"):  # in the same order too
        ours, theirs = (getattr(store, frame)("m") for store in stores)
        if frame == "runs":
            assert len(ours) == 2
        else:
            pd.testing.assert_frame_equal(ours, theirs)
    for store in stores:
        store.close()


def test_day_by_day_ends_in_the_same_store(in_time: Log, tmp_path: Path, database: str) -> None:
    log = halfway(tmp_path / "log", database)
    log.run()
    assert log.store() == in_time.store()


def test_a_second_run_of_a_model_waits_for_the_first(in_time: Log, tmp_path: Path, database: str) -> None:
    log = halfway(tmp_path / "log", database)
    before = log.store()
    with held(log) as (stop, first), ThreadPoolExecutor(1) as pool:
        second = pool.submit(log.run)
        wait_for(waiting, database)
        assert not second.done()
        assert log.store() == before  # who reads meanwhile waits for nobody, and sees nothing of it
        stop.go_on.set()
        assert first.result(PATIENCE).windows_profiled == DAYS - FIRST_DAYS
        assert second.result(PATIENCE).windows_profiled == 0
    assert log.store() == in_time.store()


def test_who_has_waited_long_enough_says_so(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    log = halfway(tmp_path / "log", database)
    monkeypatch.setattr(engine, "PATIENCE", 1)
    with held(log), pytest.raises(UserError, match=r"another run is writing to postgresql.*try again when it has"):
        log.run()


def test_runs_of_two_models_do_not_wait_for_each_other(in_time: Log, tmp_path: Path, database: str) -> None:
    log, other = (copy(in_time, tmp_path / name, database, name) for name in ("m", "n"))
    with held(log) as (stop, first):
        other.run()
        assert not first.done()
        stop.go_on.set()
        first.result(PATIENCE)
    both, alone = log.store(), in_time.store()
    for name in ("profiles", "measurements", "findings", "incidents", "files", "touches"):
        assert len(both[name]) == 2 * len(alone[name])
        assert [row for row in both[name] if row[0] == "m"] == alone[name]


def test_a_run_whose_connection_is_cut_leaves_no_trace(in_time: Log, tmp_path: Path, database: str) -> None:
    log = halfway(tmp_path / "log", database)
    before = log.store()
    with held(log) as (stop, run):
        said = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'driftmeter'"
        assert asked(database, said) == 1
        stop.go_on.set()
        with pytest.raises(UserError, match="was lost: .*; nothing was written, run again"):
            run.result(PATIENCE)
    assert log.store() == before
    log.run()
    assert log.store() == in_time.store()


def test_a_page_is_of_one_moment(in_time: Log, tmp_path: Path, database: str) -> None:
    log = halfway(tmp_path / "log", database)
    path = tmp_path / "driftmeter.toml"
    path.write_text("")
    store = Store.open(database, read_only=True)
    with store.snapshot() as seen:
        version = seen.model("m")["version"]  # type: ignore[index]
        log.run()
        assert seen.model("m")["version"] == version  # type: ignore[index]
        assert len(seen.profiles("m")) == FIRST_DAYS
        assert set(seen.starts("m")) == set(seen.measurements("m")["window_start"])
    assert len(store.profiles("m")) == DAYS
    store.close()


def test_pages_are_read_from_it(in_time: Log, tmp_path: Path, database: str) -> None:
    log = halfway(tmp_path / "log", database)
    path = tmp_path / "log" / "driftmeter.toml"
    path.write_text(TOML.format(url=database))
    assert Config.load(path).hash == log.config.hash
    assert len(data.page(str(path), Look("1d")).windows) == FIRST_DAYS
    log.run()
    page = data.page(str(path), Look("1d"))
    assert len(page.windows) == DAYS
    assert set(page.found["feature"]) >= {"old"}
    with pytest.raises(sa.exc.DBAPIError, match="read-only"), data.store(database).writing("m") as connection:
        connection.execute(sa.delete(meta))


def test_an_empty_database_is_opened_by_many_at_once(database: str) -> None:
    with pytest.raises(UserError, match="holds no store yet"):
        Store.open(database, read_only=True)
    with ThreadPoolExecutor(6) as pool:
        done = wait([pool.submit(Store.open, database) for _ in range(6)]).done
    for each in done:
        each.result().close()
    assert asked(database, "SELECT string_agg(key || value, ',') FROM meta") == f"schema{SCHEMA}"


def test_long_names_and_nul_are_stored(tmp_path: Path, database: str) -> None:
    log = Log(tmp_path / "log", store={"url": database})
    name, place, strange = "f" * 300, "p" * 700, "a\0b"
    for day in range(DAYS):
        log.day(day)
        path = log.home / f"logs/{day:03}.parquet"
        frame = pd.read_parquet(path).rename(columns={"x": name})
        frame["place"] = np.where(frame["place"] == "north", place, strange)
        if day > 18:
            frame["kind"] = "new\0kind"
        frame.to_parquet(path, index=False)
    log.run()
    store = Store.open(database, read_only=True)
    assert {f"place={place}", "place=a␀b"} <= set(store.segments("m"))
    assert name in set(store.measurements("m")["feature"])
    assert store.findings("m")["message"].str.contains("new␀kind").any()
    store.close()


def test_notes_and_runs_are_kept(in_time: Log, tmp_path: Path, database: str) -> None:
    log = copy(in_time, tmp_path / "log", database)
    log.run()
    store = Store.open(database)
    store.add_event("m", 1, "deploy", "new\0checkout", "person")
    assert store.events("m")["text"].tolist()[0] == "new␀checkout"
    at = int(store.runs("m")["at"].iloc[-1])
    store.add_told("m", at, 2, 1)
    assert store.runs("m").iloc[-1][["told", "untold"]].tolist() == [2, 1]
    store.close()
    assert log.run().windows_profiled == 0


def test_a_server_that_is_not_there(postgres_server: str) -> None:
    with pytest.raises(UserError, match=r"the store postgresql\+psycopg://u:\*\*\*@127.0.0.1:1/x cannot be opened"):
        Store.open("postgresql://u:secret@127.0.0.1:1/x")
    with pytest.raises(UserError, match='database "nothere" does not exist'):
        Store.open(f"{postgres_server}/nothere")


def wait_for(condition: Callable[[str], bool], database: str) -> None:
    """Until a condition holds."""
    for _ in range(PATIENCE * 20):
        if condition(database):
            return
        threading.Event().wait(0.05)
    raise AssertionError("it never came to that")


def waiting(database: str) -> bool:
    """Whether some connection waits for the lock of a model."""
    return bool(asked(database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))


def asked(database: str, question: str) -> object:
    """What the database itself says."""
    own = sa.create_engine(database.replace("://", "+psycopg://"))
    with own.connect() as connection:
        said = connection.exec_driver_sql(question).scalar()
    own.dispose()
    return said
