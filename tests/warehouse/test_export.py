"""`driftmeter export`, read by DuckDB and compared with the store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from monitors import export as public
from monitors.errors import UserError
from monitors.profile.sums import SUMS
from monitors.store import Store
from monitors.warehouse import write
from monitors.warehouse.schema import TABLES
from monitors.windows import Grain
from tests.pipeline.logs import DAYS, Log
from tests.stored import write_store
from tests.test_cli import call

Ask = Callable[[str], Any]
TYPES = {"text": "VARCHAR", "time": "TIMESTAMP WITH TIME ZONE", "integer": "BIGINT", "number": "DOUBLE",
         "boolean": "BOOLEAN"}  # fmt: skip


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    log = Log(tmp_path_factory.mktemp("export") / "log", windows={"size": "1d", "timezone": "America/New_York"})
    for day in range(DAYS):
        log.day(day, labels=day < DAYS - 2)
    log.run()
    return log


@pytest.fixture(scope="module")
def store(log: Log) -> Store:
    return Store.open(log.config.store.url, read_only=True)


@pytest.fixture(scope="module")
def out(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "new" / "folder"
    write.export(store, "m", out)
    return out


def asker(out: Path) -> Ask:
    """Questions to DuckDB in which each table is a view by its name."""
    database = duckdb.connect()
    for table in TABLES:
        database.execute(f"CREATE VIEW {table.name} AS FROM '{out / table.name}.parquet'")
    return lambda question: database.execute(question)


@pytest.fixture(scope="module")
def ask(out: Path) -> Ask:
    return asker(out)


def test_files_have_the_schema_that_help_tells(
    out: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert {path.name for path in out.iterdir()} == {f"{table.name}.parquet" for table in TABLES}
    assert call("export", "--help", monkeypatch=monkeypatch) == 0
    told = capsys.readouterr().out
    for table in TABLES:
        assert f"\n  {table.name}.parquet: " in told
        found = ask(f"DESCRIBE {table.name}").fetchall()
        assert [(name, kind) for name, kind, *_ in found] == [(each.name, TYPES[each.type]) for each in table.columns]
        fields = pq.read_schema(out / f"{table.name}.parquet")
        for column in table.columns:
            assert f"\n    {column.name} {column.type} " in told
            assert fields.field(column.name).metadata[b"description"] == column.meaning.encode()
    assert max(map(len, told.splitlines())) <= 80


def test_tables_have_all_that_is_public_and_stored(store: Store) -> None:
    columns = {table.name: {column.name for column in table.columns} for table in TABLES}
    assert set(public.FINDING_KEYS) <= columns["findings"]
    assert set(public.MEASUREMENT_KEYS) <= columns["measurements"]
    assert set(SUMS) <= columns["sums"]
    for name in ("measurements", "findings", "incidents", "events"):
        assert columns[name] == set(getattr(store, name)("m").columns) - {"id"}


def test_counts_are_those_of_the_store(store: Store, ask: Ask) -> None:
    bins = store.bins("m")
    assert bins is not None
    for segment in store.segments("m"):
        where = "segment IS NULL" if not segment else f"segment = '{segment}'"
        for profile in store.profiles("m", segment)[:: DAYS - 1]:
            at = f"epoch_us(window_start) = {profile.start} AND {where}"
            expected = {
                (column.name if column.role == "feature" else None, column.role, b, outcome): n
                for i, column in enumerate(bins.columns)
                for b in range(column.size)
                for outcome, n in zip([*bins.classes, None], profile.counts[bins.offsets[i] + b, :-2], strict=True)
                if n
            }
            rows = ask(f"SELECT feature, role, bin, outcome, n FROM profiles WHERE {at}").fetchall()
            assert {tuple(row[:4]): row[4] for row in rows} == expected
            assert len(rows) == len(expected)
            summed = ask(
                f"SELECT sum(loss), sum(prediction2), sum(scored), sum(paired) FROM sums WHERE {at}"
            ).fetchone()
            loss, squares = (profile.sums[:, SUMS.index(name)].sum() for name in ("loss", "prediction2"))
            assert summed == pytest.approx((loss, squares, *profile.counts[:, -2:].sum(axis=0)))


def test_it_adds_up(ask: Ask) -> None:
    total = DAYS * 120
    assert ask("SELECT sum(rows) FROM windows WHERE segment IS NULL").fetchone() == (total,)
    by_feature = ask("SELECT feature, sum(n) FROM profiles WHERE segment IS NULL AND role = 'feature' GROUP BY 1")
    assert dict(by_feature.fetchall()) == dict.fromkeys(["kind", "old", "place", "x"], total)
    both = ask("""
        SELECT sum(abs(p.n - s.n)) FROM (SELECT window_start, segment, role, feature, bin, sum(n) AS n
            FROM profiles GROUP BY ALL) p
        FULL JOIN sums s ON (s.window_start, s.segment, s.role, s.feature, s.bin)
            IS NOT DISTINCT FROM (p.window_start, p.segment, p.role, p.feature, p.bin)
    """)
    assert both.fetchone() == (0,)
    assert ask("SELECT sum(n) FROM profiles WHERE outcome IS NULL AND role = 'prediction' AND segment IS NULL"
               ).fetchone() == (2 * 120,)  # fmt: skip


def test_the_schema_says_how_to_get_a_mean(log: Log, ask: Ask) -> None:
    frame = pd.concat([pd.read_parquet(path) for path in sorted((log.home / "logs").glob("*.parquet"))])
    told = ask("""
        SELECT any_value(s.centre) + sum(s.value) / sum(s.n) FROM sums s JOIN bins b USING (feature, role, bin)
        WHERE feature = 'x' AND segment IS NULL AND b.missing IS NULL
    """)
    assert told.fetchone()[0] == pytest.approx(frame["x"].mean(), rel=1e-12)
    [(lower, upper, n)] = ask("""
        SELECT lower, upper, sum(n) FROM profiles JOIN bins USING (feature, role, bin)
        WHERE feature = 'x' AND segment IS NULL AND lower <= 0.1 AND upper > 0.1 GROUP BY ALL
    """).fetchall()
    assert n == ((frame["x"] >= lower) & (frame["x"] < upper)).sum() > 0


@pytest.mark.parametrize("name", ["measurements", "findings", "incidents", "events"])
def test_plain_tables_are_those_of_the_store(store: Store, out: Path, ask: Ask, name: str) -> None:
    stored = getattr(store, name)("m")
    told = pd.read_parquet(out / f"{name}.parquet")
    assert len(told) == len(stored) == ask(f"SELECT count(*) FROM {name}").fetchone()[0]
    assert len(stored)
    for column in told:
        ours, theirs = told[column], stored[column]
        if isinstance(ours.dtype, pd.DatetimeTZDtype):
            assert str(ours.dtype.tz) == "America/New_York"
            ours = ours.dt.tz_convert("UTC").astype("int64")
        if theirs.dtype == float:
            np.testing.assert_array_equal(ours.to_numpy(float), theirs.to_numpy(float))
        else:
            known = ours.notna().to_numpy()
            assert (known == theirs.notna().to_numpy()).all()
            assert ours[known].tolist() == theirs[known].tolist()


def test_findings_join_their_measurements(store: Store, ask: Ask) -> None:
    joined = ask("""
        SELECT count(*) FROM findings f JOIN measurements m
        ON (m.monitor, m.metric, m.window_start) = (f.monitor, f.metric, f.window_start)
            AND m.feature IS NOT DISTINCT FROM f.feature AND m.segment IS NOT DISTINCT FROM f.segment
            AND m.value = f.value
    """)
    assert joined.fetchone()[0] == len(store.findings("m")) > 0


def test_the_command_replaces_what_is_there(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_store(tmp_path, Grain.parse("100 rows"), [], [], [])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sums.parquet").write_text("old")
    (tmp_path / "out" / "notes.txt").write_text("kept")
    assert call("export", "-c", config, "--out", tmp_path / "out", monkeypatch=monkeypatch) == 0
    assert "0 windows, 0 bins, 0 profiles, 0 sums, 0 measurements" in capsys.readouterr().out
    assert (tmp_path / "out" / "notes.txt").read_text() == "kept"
    ask = asker(tmp_path / "out")
    assert ask("FROM sums").fetchall() == []
    kinds = dict(ask("SELECT column_name, column_type FROM (DESCRIBE findings)").fetchall())
    assert kinds["window_start"] == kinds["onset"] == "BIGINT"  # row numbers
    assert call("export", "-c", config, "--out", tmp_path / "out" / "notes.txt", monkeypatch=monkeypatch) == 2
    assert "which cannot be a folder: File exists" in capsys.readouterr().err


def test_windows_of_rows_and_numbers_as_labels(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", labels_apart=False, windows={"size": "300 rows"}, reference={"start": 0, "end": 1200},
              model={"name": "m", "task": "regression"})  # fmt: skip
    for day in range(DAYS):
        log.day(day)
    log.run()
    store = Store.open(log.config.store.url, read_only=True)
    write.export(store, "m", tmp_path / "out")
    store.close()
    ask = asker(tmp_path / "out")
    spans = ask("SELECT min(window_start), max(window_end), sum(rows) FROM windows WHERE segment IS NULL")
    assert spans.fetchone() == (0, 3000, DAYS * 120)
    assert ask("SELECT DISTINCT outcome FROM profiles").fetchall() == [("labelled",)]
    label = ask("SELECT sum(label) FROM sums WHERE feature = 'kind' AND segment IS NULL").fetchone()[0]
    frames = [pd.read_parquet(path) for path in (log.home / "logs").glob("*.parquet")]
    assert label == pd.concat(frames)["y"].sum()


def test_whatever_fails_leaves_what_was_there(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write.export(store, "m", tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write, "bins_table", fails)
    with pytest.raises(UserError, match="cannot be written to: No space left on device"):
        write.export(store, "m", tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_it_is_written_piece_by_piece(store: Store, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "BINS_AT_ONCE", 1)
    rows = write.export(store, "m", tmp_path)
    assert pq.ParquetFile(tmp_path / "sums.parquet").num_row_groups == rows["windows"]
    for name, count in rows.items():
        assert asker(tmp_path)(f"SELECT count(*) FROM {name}").fetchone() == (count,)
        assert ask(f"(FROM {name}) EXCEPT ALL (FROM '{tmp_path / name}.parquet')").fetchall() == []
