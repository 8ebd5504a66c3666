"""A store of an earlier Driftmeter opens, and the next run completes it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from monitors import store as tables
from monitors.errors import UserError
from monitors.store import SCHEMA, Store

FIRST = """
CREATE TABLE meta (key VARCHAR(64) NOT NULL PRIMARY KEY, value TEXT);
INSERT INTO meta VALUES ('schema', '1');
CREATE TABLE models (model VARCHAR(255) NOT NULL PRIMARY KEY, layout TEXT NOT NULL, judged TEXT NOT NULL,
    config_hash VARCHAR(64) NOT NULL, grain_size VARCHAR(32) NOT NULL, timezone VARCHAR(64) NOT NULL, bins TEXT,
    reference TEXT NOT NULL, observed_until BIGINT, version INTEGER NOT NULL);
INSERT INTO models VALUES ('m', '{}', 'abc', 'abc', '1d', 'UTC', NULL, '{}', NULL, 3);
CREATE TABLE incidents (model VARCHAR(255) NOT NULL, incident VARCHAR(64) NOT NULL, onset BIGINT NOT NULL,
    last_window BIGINT NOT NULL, severity VARCHAR(16) NOT NULL, state VARCHAR(16) NOT NULL, findings INTEGER NOT NULL,
    title TEXT NOT NULL, PRIMARY KEY (model, incident));
INSERT INTO incidents VALUES ('m', 'a1', 0, 86400000000, 'alert', 'ongoing', 2, 'x moved.');
"""
"""The tables of schema 1 that have changed since, as it made them, with a row each."""


@pytest.fixture
def old(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.executescript(FIRST)
    connection.close()
    return f"sqlite:///{tmp_path / 'old.db'}"


def test_an_old_store_opens_with_what_it_held(old: str) -> None:
    store = Store.open(old)
    kept = store.incidents("m")
    assert kept[["incident", "title", "findings"]].to_numpy().tolist() == [["a1", "x moved.", 2]]
    assert kept["features"].tolist() == [None]
    assert store.models() == ["m"]
    with store.engine.connect() as connection:
        assert connection.scalar(sa.select(tables.meta.c.value)) == str(SCHEMA)
        judged = connection.scalar(sa.select(tables.models.c.judged))
    assert judged == ""  # no configuration has this fingerprint: the next run groups anew
    store.close()


def test_who_only_reads_is_told_what_to_do(old: str) -> None:
    with pytest.raises(UserError, match="an earlier Driftmeter: `driftmeter run` brings it up to date"):
        Store.open(old, read_only=True)
    Store.open(old).close()
    Store.open(old, read_only=True).close()


def test_it_is_migrated_once(old: str) -> None:
    for _ in range(2):
        store = Store.open(old)
        assert len(store.incidents("m")) == 1
        store.close()


def test_a_migrated_table_has_the_columns_of_a_new_one(old: str, tmp_path: Path) -> None:
    stores = [Store.open(old), Store.open(f"sqlite:///{tmp_path / 'new.db'}")]
    columns = [{c["name"]: (str(c["type"]), c["nullable"]) for c in sa.inspect(s.engine).get_columns("incidents")}
               for s in stores]  # fmt: skip
    assert {name: nullable for name, (_, nullable) in columns[0].items()} == {
        name: nullable for name, (_, nullable) in columns[1].items()
    }
    for store in stores:
        store.close()
