"""The command line on logs that are no files."""

from __future__ import annotations

import sqlite3
import sys
import tomllib
from pathlib import Path

import pytest
from deltalake import DeltaTable, write_deltalake
from typer.testing import CliRunner

from monitors.cli import main
from monitors.cli.app import app
from tests.sources.test_objects import Bucket, bucket  # noqa: F401  (a fixture)
from tests.sources.test_tables import day


def _init(log: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.chdir(home)
    result = CliRunner().invoke(app, ["init", log])
    assert result.exit_code == 0, result.output
    return tomllib.loads((home / "driftmeter.toml").read_text())["logs"]


def test_init_takes_a_delta_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        write_deltalake(tmp_path / "clicks", day(number), mode="append")
    DeltaTable(tmp_path / "clicks").delete("id LIKE '0-%'")
    logs = _init("clicks", tmp_path, monkeypatch)
    assert (logs["path"], logs["timestamp"], logs["id"]) == ("clicks", "ts", "id")
    result = CliRunner().invoke(app, ["run"])
    assert result.exit_code == 0
    assert "5 windows" in result.output


def test_init_takes_an_object_store(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    bucket.put("logs/a.csv", b"ts,x\n2025-01-01T10:00:00,1\n2025-01-02T10:00:00,2\n")
    logs = _init(f"s3://{bucket.name}/logs", tmp_path, monkeypatch)
    assert (logs["path"], logs["timestamp"]) == (f"s3://{bucket.name}/logs", "ts")


@pytest.mark.parametrize(("uri", "said"), [
    ("sqlite:///log.db", "log.db does not answer: no such table: lgo."),
    ("postgresql://me:hush@127.0.0.1:9/x", "postgresql://127.0.0.1:9/x does not answer: "),
    ("mssql://me:hush@host/x", "'mssql://host/x' has no driver here ("),
])  # fmt: skip
def test_a_mistake_ends_with_two(
    uri: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sqlite3.connect(tmp_path / "log.db").close()
    (tmp_path / "driftmeter.toml").write_text(f'[logs]\nuri = "{uri}"\nquery = "SELECT * FROM lgo"\ntimestamp = "ts"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["driftmeter", "run"])
    with pytest.raises(SystemExit) as left:
        main()
    told = capsys.readouterr()
    assert left.value.code == 2
    assert said in told.err
    assert "hush" not in told.err + told.out
    assert "Traceback" not in told.err
