"""Logs of serving platforms through `driftmeter run`: each ends in the numbers of the same log as a table."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from monitors.config import Config
from monitors.drilldown import sample
from monitors.logs.formats.registry import FORMATS
from monitors.pipeline import run
from monitors.store import Store
from tests.logs.formats.samples import (
    DAYS,
    ONE_ROW,
    SAMPLES,
    Call,
    azure,
    calls,
    databricks,
    lines,
    plain,
    sagemaker,
    seldon,
)
from tests.test_cli import call

REFERENCE = {"start": "2025-01-01", "end": "2025-01-06"}
NUMBERS = ["value", "low", "high", "expected", "n", "p_value"]


def config_of(home: Path, logs: dict[str, Any], **tables: Any) -> Config:
    """A configuration in Python, its store in `home`."""
    content = {"model": {"name": "m"}, "logs": logs, "windows": {"size": "1d"}, "reference": REFERENCE, **tables}
    return Config.from_dict({**content, "store": {"url": "sqlite:///store.db"}}, home)


def measured(config: Config) -> pd.DataFrame:
    """Measurements of the store, in a fixed order."""
    store = Store.open(config.store.url)
    try:
        frame = store.measurements(config.model.name)
    finally:
        store.close()
    keys = ["monitor", "metric", "feature", "segment", "window_start"]
    return frame.sort_values(keys)[[*keys, *NUMBERS]].reset_index(drop=True)


def table(home: Path, made: list[Call]) -> pd.DataFrame:
    """What the same log as a table comes to."""
    home.mkdir()
    plain(made).to_parquet(home / "log.parquet")
    config = config_of(
        home, {"path": "log.parquet", "timestamp": "timestamp", "id": "request_id", "prediction": "score"}
    )
    run(config)
    return measured(config)


def toml(home: Path, logs: dict[str, Any]) -> Path:
    """A configuration on disk; JSON's values are TOML's."""
    lines_ = [f"{key} = {json.dumps(value)}" for key, value in logs.items()]
    reference = "\n".join(f'{key} = "{value}"' for key, value in REFERENCE.items())
    path = home / "driftmeter.toml"
    path.write_text(
        "[model]\nname = 'm'\n[logs]\n" + "\n".join(lines_) + f"\n[windows]\nsize = '1d'\n[reference]\n{reference}\n"
        "[store]\nurl = 'sqlite:///store.db'\n"
    )
    return path


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[int, pd.DataFrame]:
    home = tmp_path_factory.mktemp("tables")
    return {most: table(home / str(most), calls(most)) for most in (1, 2)}


@pytest.mark.parametrize("write", SAMPLES, ids=lambda write: write.__name__)
def test_each_format_comes_to_the_numbers_of_a_table(
    write: Any, tables: dict[int, pd.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = write.__name__
    most = 1 if name in ONE_ROW else 2
    path = toml(tmp_path, {"format": name, **write(tmp_path, calls(most))})
    assert call("run", "-c", path, monkeypatch=monkeypatch) == 0
    found = measured(Config.load(path))
    wanted = tables[most]
    if (
        name == "feast"
    ):  # it logs what was served: no score, and columns beside the features that take a part of the budget
        found["feature"] = found["feature"].str.removeprefix("v__")
        found, wanted = (frame[frame["feature"].isin(["x", "kind"])] for frame in (found, wanted))
    if name == "databricks":
        assert (found["metric"] == "latency").any() or found["metric"].str.startswith("latency").any()
        found = found[~found["metric"].str.contains("latency")]
    pd.testing.assert_frame_equal(found.reset_index(drop=True), wanted.reset_index(drop=True))


def test_every_format_has_a_sample() -> None:
    assert {write.__name__ for write in SAMPLES} == set(FORMATS)


def test_unknown_format_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = toml(tmp_path, {"path": "x.jsonl", "format": "sagemakr"})
    assert call("run", "-c", path, monkeypatch=monkeypatch) == 2
    told = capsys.readouterr().err
    assert 'logs.format is "sagemakr"' in told
    assert 'did you mean "sagemaker"?' in told
    assert all(name in told for name in FORMATS)
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("logs", "wanted"),
    [
        ({"columns": ["a"]}, "logs.columns is given but logs.format is left out"),
        ({"output": "p"}, "logs.output is given but logs.format is left out"),
        ({"format": "mlflow", "timestamp": "timestamp", "columns": ["a", "b", "a"]}, 'logs.columns names "a" twice'),
        ({"format": "vertex", "columns": []}, "logs.columns is []; give a list of names"),
        ({"format": "vertex", "output": ""}, 'logs.output is ""; give a name'),
        ({"format": "quite else"}, "left out, files are plain tables"),
    ],
)
def test_wrong_keys_are_a_sentence(tmp_path: Path, logs: dict[str, Any], wanted: str) -> None:
    with pytest.raises(ValueError, match=re.escape(wanted)):
        config_of(tmp_path, {"path": "x", **logs})


def test_wrong_number_of_names_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logs = sagemaker(tmp_path, calls())
    path = toml(tmp_path, {"format": "sagemaker", **logs, "columns": ["x"]})
    assert call("run", "-c", path, monkeypatch=monkeypatch) == 2
    assert "a row has 2 values for 1 names in [logs]" in capsys.readouterr().err


def test_responses_that_come_later_end_in_the_same_store(tmp_path: Path) -> None:
    """A day at a time, outputs a run after their inputs; the last call of each day is answered on the next."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir(), parts.mkdir()
    logs = {"format": "azure", **azure(whole, calls())}
    run(config_of(whole, logs))
    files = sorted(path.relative_to(whole) for path in whole.rglob("*.jsonl"))
    (parts / "model_inputs").mkdir(), (parts / "model_outputs").mkdir()
    config, profiled = config_of(parts, {**logs, "prediction": None}), []
    for day in range(DAYS + 2):
        for file in files:
            of_day = int(file.parts[3]) - 1
            if of_day == (day - 1 if file.parts[0] == "model_outputs" else day):
                (parts / file).parent.mkdir(parents=True, exist_ok=True)
                os.link(whole / file, parts / file)
        if day == 6:
            config = config_of(parts, logs)
        if day >= 6:
            profiled.append(run(config).windows_profiled)
    pd.testing.assert_frame_equal(measured(config), measured(config_of(whole, logs)))
    # the day itself, the one whose outputs came, and the one whose last call they answer: never the whole log
    assert max(profiled[2:]) <= 3
    assert run(config).windows_profiled == 0


def test_responses_that_go_away_take_their_scores_along(tmp_path: Path) -> None:
    logs = {"format": "azure", **azure(tmp_path, calls())}
    config = config_of(tmp_path, logs)
    run(config)
    gone = min(tmp_path.glob("model_outputs/2025/01/09/1*/*.jsonl"))
    size = sum(len(json.loads(line)["data"]) for line in gone.read_text().splitlines())
    gone.unlink()
    assert run(config).windows_profiled == 1
    found = measured(config)
    share = found.loc[found["metric"] == "unscored_share", "value"].to_numpy()
    day = found.loc[found["metric"] == "rows", "value"].to_numpy()[8]
    assert share.tolist() == [0.0] * 8 + [pytest.approx(size / day)] + [0.0] * (DAYS - 9)


def test_windows_of_rows_join_whatever_file_the_response_is_in(tmp_path: Path) -> None:
    logs = {"format": "seldon", **seldon(tmp_path, calls())}
    config = config_of(tmp_path, logs, windows={"size": "60 rows"}, reference={"start": 0, "end": 240})
    held = (tmp_path / "b" / "responses.jsonl").read_text()
    (tmp_path / "b" / "responses.jsonl").write_text(held[: held.index("\n", len(held) // 2) + 1])
    run(config)
    (tmp_path / "b" / "responses.jsonl").write_text(held)
    run(config)
    found = measured(config)
    assert found.loc[found["metric"] == "unscored_share", "value"].tolist() == [0.0] * found["window_start"].nunique()


def test_a_windows_sample_has_its_responses(tmp_path: Path) -> None:
    config = config_of(tmp_path, {"format": "azure", **azure(tmp_path, calls())})
    run(config)
    store = Store.open(config.store.url)
    try:
        bins = store.bins("m")
        assert bins is not None
        start = pd.Timestamp("2025-01-10").value // 1000
        assert len(sample(config, store, bins, [start])) == 40
    finally:
        store.close()


def test_labels_join_on_the_id_of_a_row(tmp_path: Path) -> None:
    made = calls()
    logs = {"format": "databricks", **databricks(tmp_path, made)}
    frame = plain(made)
    frame.assign(label=(frame["score"] > 0.5).astype(int))[["request_id", "label"]].to_csv(tmp_path / "l.csv")
    config = config_of(tmp_path, logs, labels={"path": "l.csv", "label": "label"}, model={"name": "m", "positive": 1})
    run(config)
    found = measured(config)
    auc = found.loc[(found["metric"] == "auc") & found["feature"].isna() & (found["monitor"] == "concept"), "value"]
    assert len(auc) == DAYS
    assert (auc == 1).all()


def test_broken_payloads_are_notes(tmp_path: Path) -> None:
    logs = {"format": "sagemaker", **sagemaker(tmp_path, calls())}
    file = tmp_path / "capture" / "11-24-000.jsonl"
    record = json.loads(file.read_text().splitlines()[0])
    broken = json.loads(json.dumps(record))
    broken["captureData"]["endpointInput"].update(encoding="JSON", observedContentType="application/json", data="{")
    secret = json.loads(json.dumps(record))
    secret["captureData"]["endpointOutput"].update(encoding="CSV", data="1\n2\n3\n4")
    with file.open("a") as out:
        out.write("{\n" + json.dumps(broken) + "\n" + json.dumps(secret) + "\n[]\n" + '{"captureData": 5}\n')
    result = run(config_of(tmp_path, logs))
    told = " ".join(result.notes)
    rows = DAYS * 30
    assert f"2 rows skipped: no JSON object (first at row {rows + 1})" in told
    assert f"1 row skipped: a body is no JSON (first at row {rows + 2})" in told
    assert f"1 row skipped: no captureData with eventMetadata (first at row {rows + 5})" in told
    assert "responses are left out: the response has another number of rows than its request" in told


def test_a_log_of_something_else_is_a_sentence(tmp_path: Path) -> None:
    lines(tmp_path / "x.jsonl", [{"a": 1}])
    with pytest.raises(ValueError, match="no row that lies in a window .*an event has no type"):
        run(config_of(tmp_path, {"path": "x.jsonl", "format": "kserve"}))
