"""Whatever order files and labels come in, and however often it runs: the same store."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitors import pipeline
from tests.pipeline.logs import DAYS, Log, contents, copy


@pytest.fixture(scope="module")
def in_time(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """The log with every file there from the beginning."""
    log = Log(tmp_path_factory.mktemp("in-time") / "log")
    for day in range(DAYS):
        log.day(day)
    log.run()
    return log


def test_running_twice_changes_nothing(in_time: Log) -> None:
    before = in_time.store()
    result = in_time.run()
    assert (result.files_read, result.windows_profiled) == (0, 0)
    assert in_time.store() == before
    assert len(result.new) == 0


def test_the_store_holds_what_was_put_in(in_time: Log) -> None:
    store = in_time.store()
    assert len({row[1] for row in store["profiles"]}) == DAYS
    found = in_time.run().findings
    absent = found[(found["kind"] == "absent") & (found["severity"] == "alert")]
    assert set(absent["feature"]) == {"old"}
    assert absent["window_start"].min() == 1_735_689_600_000_000 + 18 * 86_400_000_000
    assert [row[3] for row in store["events"]] == ["version v2"]


def test_day_by_day_ends_in_the_same_store(in_time: Log, tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    for day in range(DAYS):
        log.day(day)
        if day in (12, 15, 16, 18, 19, 21):  # before and in the days on which the version changes and a feature goes
            log.run()
    log.run()
    assert log.run().files_read == 0
    assert log.store() == in_time.store()


def test_a_late_file_ends_in_the_same_store(in_time: Log, tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    for day in range(DAYS):
        if day not in (4, 13):
            log.day(day)
    log.run()
    log.day(13)
    late = log.run()
    assert late.windows_profiled == 1
    log.day(4)  # of the reference: bins are frozen anew
    log.run()
    assert log.store() == in_time.store()


def test_late_labels_end_in_the_same_store(in_time: Log, tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    for day in range(DAYS):
        log.day(day, labels=day < 12)
    log.run()
    for day in (17, 12):
        log.labels(day)
        assert log.run().windows_profiled == 1
    for day in range(12, DAYS):
        log.labels(day)
    log.run()
    assert log.store() == in_time.store()


def test_labels_that_come_first_wait_for_their_rows(in_time: Log, tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    for day in range(DAYS):
        log.labels(day)
        if day != 20:
            log.day(day)
    log.run()
    log.day(20, labels=False)
    log.run()
    assert log.store() == in_time.store()


def test_a_rewritten_and_a_deleted_file(in_time: Log, tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    for day in range(DAYS):
        log.day(day)
    log.day(14, seed=9)
    log.day(DAYS)
    log.run()
    assert log.store() != in_time.store()
    log.day(14)
    log.drop(DAYS)
    (log.home / f"labels/{DAYS:03}.parquet").unlink()
    log.run()
    assert log.store() == in_time.store()


def test_windows_of_rows_follow_the_files(tmp_path: Path) -> None:
    tables = {"windows": {"size": "300 rows"}, "reference": {"start": 0, "end": 1200}}
    whole = Log(tmp_path / "whole", **tables)
    for day in range(DAYS):
        whole.day(day)
    whole.run()
    late = Log(tmp_path / "late", **tables)
    for day in range(DAYS):
        if day != 15:
            late.day(day)
    late.run()
    late.day(15)
    late.run()
    assert late.store() == whole.store()
    assert len({row[1] for row in whole.store()["profiles"]}) == DAYS * 120 / 300 + 0.4


@pytest.mark.parametrize("step", ["findings.find", "pipeline.replace_frame", "assess.assess"])
def test_a_run_that_is_killed_leaves_no_trace(
    in_time: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    log = Log(tmp_path / "log")
    for day in range(DAYS - 3):
        log.day(day)
    log.run()
    before = log.store()
    for day in range(DAYS - 3, DAYS):
        log.day(day)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"monitors.{step}", killed)
        with pytest.raises(KeyboardInterrupt):
            log.run()
    assert log.store() == before
    log.run()
    assert log.store() == in_time.store()


def test_another_configuration_begins_anew(in_time: Log, tmp_path: Path) -> None:
    log = copy(in_time, tmp_path / "log")
    log.run()
    assert log.store() == in_time.store()
    content = log.config.model_dump(exclude_unset=True)
    content["windows"] = {"size": "1w"}
    content["reference"] = {"start": "2025-01-01", "end": "2025-01-19"}
    content["store"] = {"url": "sqlite:///store.db"}
    weekly = type(log.config).from_dict(content, log.home)
    result = pipeline.run(weekly)
    assert result.windows_profiled == result.windows_total == 4
    assert {row[1] for row in contents(weekly.store.url)["models"]} != {row[1] for row in in_time.store()["models"]}


def test_two_models_share_a_store(in_time: Log, tmp_path: Path) -> None:
    log = copy(in_time, tmp_path / "log")
    log.run()
    alone = log.store()
    content = log.config.model_dump(exclude_unset=True)
    content["model"] = {**content["model"], "name": "other"}
    content["store"] = {"url": "sqlite:///store.db"}
    pipeline.run(type(log.config).from_dict(content, log.home))
    both = log.store()
    assert len(both["profiles"]) == 2 * len(alone["profiles"])
    assert [row for row in both["findings"] if row[0] == "m"] == alone["findings"]
