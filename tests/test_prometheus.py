"""Gauges for Prometheus, read back by Prometheus' own client."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitors import clock, prometheus
from monitors import store as tables
from monitors.config import Config
from monitors.errors import UserError
from monitors.store import Store, replace_rows
from monitors.windows import Grain
from tests.pipeline.logs import REFERENCE, Log
from tests.stored import finding, write_store
from tests.test_cli import call

DAY = 86_400_000_000
DAYS = Grain.parse("1d")
HOUR = 3600.0
Read = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(text: str) -> Read:
    """Samples by name and labels; fails on a sample that stands twice or a family that is no gauge."""
    found: Read = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found
            found[key] = sample.value
    return found


def value(found: Read, name: str, **labels: str) -> float:
    return found[f"driftmeter_{name}", tuple(sorted(labels.items()))]


def incident(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "model": "m", "incident": name, "onset": DAY, "last_window": DAY, "severity": "alert", "state": "ongoing",
        "findings": 1, "title": "t", "rank": 1, "alerts": 1, "monitor": "drift", **changes,
    }  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two days: on the last two open alerts of drift, one watch of decay, one resolved and one silenced."""
    findings = [
        finding(0, DAYS),
        finding(DAY, DAYS, state="ongoing"),
        finding(DAY, DAYS, feature="y"),
        finding(DAY, DAYS, monitor="decay", severity="watch"),
        finding(DAY, DAYS, monitor="missing", state="resolved"),
        finding(DAY, DAYS, monitor="missing", state="silenced"),
    ]
    config = Config.load(write_store(tmp_path, DAYS, [0, DAY], findings, []))
    store = Store.open(config.store.url)
    rows = [incident("a"), incident("b", monitor="elsewhere"), incident("c", state="resolved"),
            incident("d", severity="watch", state="new")]  # fmt: skip
    with store.writing("m") as connection:
        replace_rows(connection, tables.incidents, {"model": "m"}, rows)
        tables.add_run(connection, "m", 3 * DAY)
    return store


def test_what_is_open_by_monitor_and_severity(store: Store) -> None:
    found = read(prometheus.exposition(prometheus.gauges([(store, "m")], int(2.5 * DAY))))
    for monitor in ("drift", "concept", "decay", "missing", "integrity", "skew"):
        for severity in ("alert", "watch"):
            expected = {("drift", "alert"): 2, ("decay", "watch"): 1}.get((monitor, severity), 0)
            assert value(found, "findings", model="m", monitor=monitor, severity=severity) == expected
    assert value(found, "open_incidents", model="m", monitor="drift", severity="alert") == 1
    assert value(found, "open_incidents", model="m", monitor="drift", severity="watch") == 1
    assert value(found, "open_incidents", model="m", monitor="elsewhere", severity="alert") == 1
    assert value(found, "open_incidents", model="m", monitor="decay", severity="watch") == 0


def test_ages_and_sizes(store: Store) -> None:
    found = read(prometheus.exposition(prometheus.gauges([(store, "m")], int(2.5 * DAY))))
    assert value(found, "last_window_end_timestamp_seconds", model="m") == 48 * HOUR
    assert value(found, "last_window_age_seconds", model="m") == 12 * HOUR
    assert value(found, "last_window_rows", model="m") == 1000
    assert value(found, "windows", model="m") == 2
    assert value(found, "last_run_timestamp_seconds", model="m") == 72 * HOUR
    lasting = prometheus.exposition(prometheus.gauges([(store, "m")], int(1.5 * DAY)))
    assert value(read(lasting), "last_window_age_seconds", model="m") == 0


def test_windows_of_rows_have_no_age(tmp_path: Path) -> None:
    config = Config.load(write_store(tmp_path, Grain.parse("100 rows"), [0, 100], [], []))
    store = Store.open(config.store.url, read_only=True)
    found = read(prometheus.exposition(prometheus.gauges([(store, "m")], DAY)))
    assert not [name for name, _ in found if "age" in name or "end" in name]
    assert value(found, "windows", model="m") == 2
    store.close()


def test_no_model_and_no_window(store: Store) -> None:
    assert prometheus.exposition(prometheus.gauges([], 0)) == ""
    assert prometheus.exposition(prometheus.gauges([(store, "nobody")], 0)) == ""


@pytest.mark.parametrize("name", ['a "b"', "a\\b", "a\nb", "a\\nb", "ä{}=,# HELP", "long" * 200])
def test_any_name_survives(name: str) -> None:
    gauge = prometheus.Gauge("driftmeter_x", "Help.", [({"model": name}, 0.1)])
    assert value(read(prometheus.exposition([gauge])), "x", model=name) == 0.1


def test_a_file_is_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.prom"
    prometheus.write(path, "old\n")
    assert path.stat().st_mode & 0o777 == 0o644  # node exporter is another user
    seen: list[tuple[str, list[str]]] = []
    replaced = os.replace

    def watched(source: str, target: Path) -> None:
        seen.append((path.read_text(), [each.suffix for each in tmp_path.iterdir()]))
        replaced(source, target)

    monkeypatch.setattr(os, "replace", watched)
    prometheus.write(path, "new\n" * 100_000)
    assert seen[0][0] == "old\n"
    assert sorted(seen[0][1]) == [".prom", ".tmp"]  # what is half written, the collector does not read
    assert path.read_text() == "new\n" * 100_000
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(UserError, match=r"x.prom cannot be written: No space left"):
        prometheus.write(path, "newer\n")
    assert [each.name for each in tmp_path.iterdir()] == ["x.prom"]


TOML = """
[model]
name = "{name}"
[logs]
path = "logs/*.parquet"
timestamp = "ts"
prediction = "score"
label = "y"
[reference]
start = "{start}"
end = "{end}"
"""


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    log = Log(tmp_path / "log", labels_apart=False)
    for day in range(16):
        log.day(day)
    one, two = (log.home / f"{name}.toml" for name in ("one", "two"))
    one.write_text(TOML.format(name="one", **REFERENCE))
    two.write_text(TOML.format(name="two", **REFERENCE))
    out = tmp_path / "driftmeter.prom"
    before = clock.micros(dt.datetime.now(dt.UTC)) / 1e6
    assert call("run", "-c", one, "-c", two, "--prometheus", out, monkeypatch=monkeypatch) == 0
    found = read(out.read_text())
    assert f"{len(found)} gauges written to {out}" in capsys.readouterr().out
    end = pd.Timestamp("2025-01-17", tz="UTC").timestamp()
    for name in ("one", "two"):
        assert value(found, "windows", model=name) == 16
        assert value(found, "last_window_rows", model=name) == 120
        assert value(found, "last_window_end_timestamp_seconds", model=name) == end
        assert value(found, "last_window_age_seconds", model=name) == pytest.approx(before - end, abs=600)
        assert value(found, "last_run_timestamp_seconds", model=name) >= before

    two.write_text(TOML.format(name="one", **REFERENCE))
    out.unlink()
    assert call("run", "-c", one, "-c", two, "--prometheus", out, monkeypatch=monkeypatch) == 2
    assert 'two configurations are of a model named "one"' in capsys.readouterr().err
    for bad, words in ((tmp_path, "a folder; name a file"), (tmp_path / "no" / "x.prom", "there is no folder")):
        assert call("run", "-c", one, "--prometheus", bad, monkeypatch=monkeypatch) == 2
        said = capsys.readouterr()
        assert words in said.err
        assert not said.out  # told before the work, not after it
    assert not out.exists()
