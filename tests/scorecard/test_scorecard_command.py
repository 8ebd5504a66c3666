"""`driftmeter scorecard`, and the whole way from a log to it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from monitors import cli
from monitors.cli import running
from monitors.config import Config
from monitors.pipeline import run
from monitors.scorecard import KEYS, STATUSES, TEST_KEYS, Scorecard, scorecard
from monitors.scorecard.ages import COLUMNS as AGE_COLUMNS
from monitors.store import RUNS_KEPT, Store, add_run
from tests.pipeline.logs import DAYS, contents, day_frame

LATER = 1_900_000_000_000_000


def write_log(home: Path, change: Any = None, days: int = DAYS, extra: str = "") -> Path:
    """A log with a version, durations and labels, and its configuration."""
    (home / "logs").mkdir(parents=True)
    for day in range(days):
        frame = day_frame(day, rows=400)
        rng = np.random.default_rng([9, day])
        frame["ms"] = np.exp(3 + rng.normal(0, 0.02) + rng.normal(0, 0.5, len(frame)))
        frame = frame.drop(columns="old", errors="ignore")
        frame = change(day, frame) if change else frame
        frame.to_parquet(home / f"logs/{day:03}.parquet", index=False)
    config = home / "driftmeter.toml"
    config.write_text(
        '[model]\nname = "m"\ntask = "binary"\npositive = 1\n[logs]\npath = "logs/*.parquet"\ntimestamp = "ts"\n'
        'id = "id"\nprediction = "score"\nlabel = "y"\nlatency = "ms"\n[features]\nversion = "version"\n'
        f'[reference]\nstart = "2025-01-01"\nend = "2025-01-12"\n{extra}'
    )
    return config


def call(*arguments: str | Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["driftmeter", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    return int(left.value.code or 0)


def card_of(config: Path, now: int = LATER) -> Scorecard:
    current = Config.load(config)
    store = Store.open(current.store.url)
    try:
        return scorecard(store, current, now)
    finally:
        store.close()


def statuses(card: Scorecard) -> dict[int, str]:
    return {result.number: result.status for result in card.results}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = write_log(tmp_path_factory.mktemp("quiet") / "log")
    run(Config.load(config))
    return config


def test_a_quiet_log(quiet: Path):
    card = card_of(quiet)
    assert statuses(card) == {
        1: "not covered", 2: "pass", 3: "not covered", 4: "pass", 5: "pass", 6: "pass", 7: "pass",
    }  # fmt: skip
    assert card.points == 2.5
    assert [result.how for result in card.results] == ["none", "manual", "none", *["manual"] * 4]
    assert card.lives.serving == "v2"
    assert card.lives.age == DAYS - 15
    ages = card.ages.groupby("version")["age"].agg(["min", "max"])
    assert ages.loc["v1"].tolist() == [0, 14]
    assert ages.loc["v2"].tolist() == [0, DAYS - 16]


def test_performance_by_age_is_that_of_the_version_s_rows(quiet: Path):
    from sklearn.metrics import roc_auc_score

    card = card_of(quiet)
    row = card.ages[(card.ages["version"] == "v2") & (card.ages["age"] == 3)].iloc[0]
    frame = pd.read_parquet(quiet.parent / "logs/018.parquet")
    assert row["n"] == len(frame)
    assert row["value"] == pytest.approx(roc_auc_score(frame["y"], frame["score"]), abs=0.01)
    assert row["low"] < row["value"] < row["high"]


def test_the_command_says_it_in_a_table(quiet: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    assert call("scorecard", "-c", quiet, monkeypatch=monkeypatch) == 0
    out = capsys.readouterr().out
    assert "m: Monitoring, 2.5 of 7 points" in out
    for word in ("1 Dependencies", "○ not covered", "● pass", "7 Prediction quality", "least of the sums"):
        assert word in out


def test_the_command_says_it_in_json(quiet: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    assert call("scorecard", "-c", quiet, "--json", monkeypatch=monkeypatch) == 0
    said = json.loads(capsys.readouterr().out)
    assert tuple(said) == KEYS
    assert (said["section"], said["points"], said["most"], said["model"]) == ("Monitoring", 2.5, 7, "m")
    assert [tuple(test) for test in said["tests"]] == [TEST_KEYS] * 7
    assert {test["status"] for test in said["tests"]} <= set(STATUSES)
    assert said["practice"]["how"] == "manual"
    assert [(each["version"], each["first"], each["from_start"], each["serving"]) for each in said["versions"]] == [
        ("v1", "2025-01-01T00:00:00+00:00", True, False), ("v2", "2025-01-16T00:00:00+00:00", False, True),
    ]  # fmt: skip
    assert {tuple(each) for each in said["ages"]} == {AGE_COLUMNS}


@pytest.mark.parametrize("arguments", [["scorecard", "-c", "nowhere.toml"], ["scorecard", "--jsn"]])
def test_mistakes_leave_with_2(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    monkeypatch.chdir(tmp_path)
    assert call(*arguments, monkeypatch=monkeypatch) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_before_the_first_run_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    config = write_log(tmp_path / "log", days=1)
    assert call("scorecard", "-c", config, monkeypatch=monkeypatch) == 2
    assert "driftmeter run" in capsys.readouterr().err


def test_a_log_on_which_everything_goes_wrong(tmp_path: Path):
    def worse(day: int, frame: pd.DataFrame) -> pd.DataFrame:
        if day < 20:
            return frame
        frame["ms"] *= 3
        frame["score"] = 1 - frame["score"]
        frame.loc[frame.index[:4], "score"] = np.inf
        return frame.drop(columns="x")

    config = write_log(tmp_path / "log", worse)
    run(Config.load(config))
    card = card_of(config)
    assert statuses(card) == {1: "fail", 2: "fail", 3: "not covered", 4: "fail", 5: "fail", 6: "fail", 7: "fail"}
    said = {result.number: " ".join(result.evidence) for result in card.results}
    assert 'the last "x" (absent) on 21 Jan 2025' in said[1]
    assert "1.0% of rows have a prediction that is NaN or infinite, where the reference has none" in said[5]
    assert "slower" in said[6]


def test_runs_are_remembered_and_who_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def gone(day: int, frame: pd.DataFrame) -> pd.DataFrame:
        return frame.drop(columns="x") if day >= 20 else frame

    config = write_log(tmp_path / "log", gone, extra='[notify]\nurls = ["json://localhost"]\n')
    monkeypatch.setattr("monitors.notify.require", lambda config: None)
    answers = iter([["nobody was told by json: the message did not get through"], []])
    monkeypatch.setattr("monitors.notify.notify", lambda config, changes: next(answers))
    running.run(config)
    failed = next(result for result in card_of(config).results if result.number == 1)
    assert failed.status == "fail"
    assert "did not reach 1 of 1 address" in failed.evidence[0]
    running.run(config)  # nothing is new: nothing to tell, and the message that was lost stays lost
    store = Store.open(Config.load(config).store.url)
    told = store.runs("m")
    store.close()
    assert told[["told", "untold"]].astype(int).to_numpy().tolist() == [[0, 1], [0, 0]]
    assert told["at"].is_monotonic_increasing


def test_old_runs_are_forgotten(tmp_path: Path):
    store = Store.open(f"sqlite:///{tmp_path / 'store.db'}")
    with store.writing("m") as connection:
        for at in range(RUNS_KEPT + 5):
            add_run(connection, "m", at)
        assert add_run(connection, "m", 3) == RUNS_KEPT + 5  # no two at one time, whatever the clock says
        add_run(connection, "other", 1)
    kept = store.runs("m")["at"]
    store.close()
    assert len(kept) == RUNS_KEPT
    assert kept.max() == RUNS_KEPT + 5


def test_day_by_day_and_late_files_end_in_the_same_store(tmp_path: Path):
    whole = write_log(tmp_path / "whole")
    run(Config.load(whole))
    parts = write_log(tmp_path / "parts")
    away = tmp_path / "away"
    away.mkdir()
    files = sorted((parts.parent / "logs").iterdir())
    for file in [*files[17:], files[5]]:
        file.rename(away / file.name)
    run(Config.load(parts))
    for name in [files[20].name, files[5].name]:  # out of order, and one of the reference
        (away / name).rename(parts.parent / "logs" / name)
        run(Config.load(parts))
    for file in sorted(away.iterdir()):
        file.rename(parts.parent / "logs" / file.name)
    run(Config.load(parts))
    assert contents(Config.load(parts).store.url) == contents(Config.load(whole).store.url)
    assert statuses(card_of(parts)) == statuses(card_of(whole))


def test_another_greatest_age_counts_no_row_anew(tmp_path: Path):
    config = write_log(tmp_path / "log", days=14)
    run(Config.load(config))
    config.write_text(config.read_text().replace("[logs]", 'max_age = "1d"\n[logs]', 1))
    again = run(Config.load(config))
    assert again.windows_profiled == 0
    assert statuses(card_of(config))[4] == "fail"


def test_a_training_set_without_durations(tmp_path: Path):
    config = write_log(tmp_path / "log")
    train = pd.concat([day_frame(day, seed=7) for day in range(6)]).drop(columns=["old", "ts", "id", "version"])
    train.to_parquet(tmp_path / "log" / "train.parquet", index=False)
    text = config.read_text().split("[reference]")[0]
    config.write_text(f'{text}[reference]\npath = "train.parquet"\n')
    run(Config.load(config))
    found = statuses(card_of(config))
    assert found[3] == "pass"
    assert found[6] == "pass"  # the first windows of the log stand for what a training set cannot tell
