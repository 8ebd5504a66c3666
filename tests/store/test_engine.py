"""What can be a store, and what is said of what cannot; one moment's view of it; many that open it at once."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from monitors.errors import UserError
from monitors.store import SCHEMA, Store, engine, meta, models

MODEL = {
    "model": "m", "layout": "", "judged": "", "config_hash": "0", "bins": None, "reference": "{}", "grain_size": "1d",
    "timezone": "UTC", "observed_until": None, "version": 1,
}  # fmt: skip


@pytest.mark.parametrize("url", ["driftmeter.db", "", "sqlite:", "postgresql://h:port/x"])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(UserError, match="is no database URL: write sqlite:///driftmeter.db or postgresql://"):
        Store.open(url)


@pytest.mark.parametrize("scheme", ["mysql", "mysql+pymysql", "postgresql+psycopg2", "sqlite+aiosqlite", "nonsense"])
def test_other_databases_and_drivers_are_refused(scheme: str) -> None:
    with pytest.raises(UserError) as told:
        Store.open(f"{scheme}://u:secret@h/x")
    assert f'store.url begins with "{scheme}": write ' in str(told.value)
    assert "secret" not in str(told.value)


def test_without_the_driver_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UserError, match=r"pip install 'driftmeter\[postgres\]'"):
        Store.open("postgresql://h/x")


def test_what_the_url_says_of_a_connection_stands() -> None:
    parsed = engine._parse("postgres://h/x?connect_timeout=3")
    assert parsed.drivername == "postgresql+psycopg"
    assert parsed.query["connect_timeout"] == "3"


def test_a_file_is_opened_by_many_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'folder' / 'store.db'}"
    with ThreadPoolExecutor(6) as pool:
        for store in pool.map(Store.open, [url] * 6):
            store.close()
    store = Store.open(url, read_only=True)
    with store.engine.connect() as connection:
        assert connection.execute(sa.select(meta)).all() == [("schema", str(SCHEMA))]
    store.close()


def test_a_snapshot_sees_nothing_that_comes_later(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'store.db'}")
    with store.snapshot() as seen:
        assert seen.models() == []
        with seen.snapshot() as same:
            assert same is seen
        with store.writing("m") as connection:
            connection.execute(models.insert(), MODEL)
        assert (seen.models(), store.models()) == ([], ["m"])
    with store.snapshot() as seen:
        assert seen.models() == ["m"]
    store.close()


def test_a_second_writer_of_a_file_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "PATIENCE", 0.1)
    store = Store.open(f"sqlite:///{tmp_path / 'store.db'}")
    with (
        store.writing("m"),
        pytest.raises(UserError, match="another run is writing to sqlite.*: database is locked; try again"),
        store.writing("n"),
    ):
        pass
    store.close()
