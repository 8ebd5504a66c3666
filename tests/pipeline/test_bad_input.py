"""Bad logs: one clear sentence, or a finding; nothing lost, nothing stopped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitors.config import Config
from monitors.errors import UserError
from monitors.pipeline import RunResult, run
from monitors.store import Store

DAYS, ROWS = 20, 60
START = pd.Timestamp("2025-03-01")


def table(days: int = DAYS, rows: int = ROWS) -> pd.DataFrame:
    """A quiet log."""
    rng = np.random.default_rng(5)
    n = days * rows
    x = rng.normal(size=n)
    return pd.DataFrame(
        {
            "ts": START
            + pd.to_timedelta(
                np.repeat(np.arange(days), rows) * 86_400 + np.tile(np.linspace(0, 86_000, rows), days), unit="s"
            ),
            "id": np.arange(n),
            "x": x,
            "kind": rng.choice(["a", "b", "c"], n),
            "score": 1 / (1 + np.exp(-x)),
            "y": (rng.uniform(size=n) < 1 / (1 + np.exp(-x))).astype(int),
        }
    )


def configured(home: Path, path: str = "log.parquet", **tables: Any) -> Config:
    """A configuration for it."""
    content: dict[str, Any] = {
        "model": {"name": "m", "task": "binary", "positive": 1},
        "logs": {"path": path, "timestamp": "ts", "id": "id", "prediction": "score", "label": "y"},
        "reference": {"start": "2025-03-01", "end": "2025-03-10"},
    }
    for name, table in tables.items():
        content[name] = {**content.get(name, {}), **table}
    return Config.from_dict(content, home)


def ran(home: Path, frame: pd.DataFrame, **tables: Any) -> RunResult:
    """Write it as Parquet and run."""
    frame.to_parquet(home / "log.parquet", index=False)
    return run(configured(home, **tables))


def kinds(result: RunResult, severity: str = "alert") -> set[tuple[str, Any]]:
    """Kinds and features of findings."""
    found = result.findings[result.findings["severity"] == severity]
    return {(kind, feature if isinstance(feature, str) else None)
            for kind, feature in zip(found["kind"], found["feature"], strict=True)}  # fmt: skip


def rows_stored(home: Path) -> int:
    """Rows that the store has counted."""
    store = Store.open(f"sqlite:///{home / 'driftmeter.db'}", read_only=True)
    total = sum(store.starts("m").values())
    store.close()
    return total


def test_the_quiet_log_is_quiet(tmp_path: Path) -> None:
    assert kinds(ran(tmp_path, table())) == set()
    assert rows_stored(tmp_path) == DAYS * ROWS


# ----- files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "words"),
    [("nothing.parquet", "nothing.parquet"), ("logs/*.parquet", "logs/*.parquet")],
)
def test_no_such_file_and_no_match(tmp_path: Path, path: str, words: str) -> None:
    with pytest.raises(UserError, match=words.replace("*", r"\*")):
        run(configured(tmp_path, path))


def _truncated(path: Path) -> None:
    table().to_parquet(path)
    path.write_bytes(path.read_bytes()[:-400])


@pytest.mark.parametrize(
    ("name", "spoil"),
    [("z.parquet", _truncated), ("z.parquet", lambda p: p.write_bytes(b"")), ("z.csv", lambda p: p.write_bytes(b"")),
     ("z.parquet", lambda p: p.write_text("not parquet at all"))],
)  # fmt: skip
def test_one_bad_file_is_a_finding(tmp_path: Path, name: str, spoil: Callable[[Path], Any]) -> None:
    (tmp_path / "logs").mkdir()
    table().to_parquet(tmp_path / "logs/a.parquet", index=False)
    spoil(tmp_path / "logs" / name)
    result = run(configured(tmp_path, "logs/*"))
    assert kinds(result) == {("gap", None)}
    message = result.findings.loc[result.findings["kind"] == "gap", "message"].item()
    assert name in message
    assert rows_stored(tmp_path) == DAYS * ROWS
    again = run(configured(tmp_path, "logs/*"))
    assert again.files_read == 0


def test_only_bad_files(tmp_path: Path) -> None:
    (tmp_path / "log.parquet").write_bytes(b"")
    with pytest.raises(UserError, match=r"log\.parquet"):
        run(configured(tmp_path))


def test_a_broken_line_is_told_and_the_rest_counted(tmp_path: Path) -> None:
    text = table().to_csv(index=False).splitlines()
    text.insert(100, "2025-03-02,broken,line,with,far,too,many,fields,in,it")
    (tmp_path / "log.csv").write_text("\n".join(text) + "\n")
    result = run(configured(tmp_path, "log.csv"))
    assert rows_stored(tmp_path) == DAYS * ROWS
    assert ("gap", None) in kinds(result)


def test_files_that_differ_in_columns_and_types(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    frame = table()
    day = frame["ts"].dt.date
    late = day >= dt.date(2025, 3, 15)
    frame[~late].to_parquet(tmp_path / "logs/a.parquet", index=False)
    changed = frame[late].drop(columns="kind").assign(x=lambda f: f["x"].astype(str), extra=1)
    changed.to_parquet(tmp_path / "logs/b.parquet", index=False)
    result = run(configured(tmp_path, "logs/*"))
    assert {("absent", "kind"), ("type_changed", "x")} <= kinds(result)
    assert ("new_column", "extra") in kinds(result, "watch")
    assert ("shift", "x") not in kinds(result)  # numbers that come as text are numbers all the same
    assert rows_stored(tmp_path) == DAYS * ROWS


# ----- configuration ----------------------------------------------------------------------------------------------


def test_a_misspelt_column_is_named_with_the_nearest(tmp_path: Path) -> None:
    table().to_parquet(tmp_path / "log.parquet", index=False)
    with pytest.raises(UserError, match=r'"scor".*"score"'):
        run(configured(tmp_path, logs={"prediction": "scor"}))


def test_a_reference_without_windows_and_one_without_an_end(tmp_path: Path) -> None:
    table().to_parquet(tmp_path / "log.parquet", index=False)
    with pytest.raises(UserError, match="2024-01-01.*2025-03-01 to 2025-03-20"):
        run(configured(tmp_path, reference={"start": "2024-01-01", "end": "2024-02-01"}))
    with pytest.raises(UserError, match="none is left to judge"):
        run(configured(tmp_path, reference={"start": "2025-01-01", "end": "2026-02-01"}))


# ----- timestamps -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelling",
    [
        lambda t: t.dt.strftime("%Y-%m-%d %H:%M:%S"),
        lambda t: t.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        lambda t: t.astype("int64") // 10**6 if t.dtype.name.endswith("[us]") else t.astype("int64") // 10**9,
        lambda t: (t.astype("datetime64[ms]").astype("int64")).astype(float),
        lambda t: [f"{x:%Y-%m-%dT%H:%M:%S}" + ("Z" if i % 2 else "+00:00") for i, x in enumerate(t)],
        lambda t: [f"{x + pd.Timedelta(hours=5, minutes=30):%Y-%m-%dT%H:%M:%S}+05:30" for x in t],
    ],
    ids=["text", "text with Z", "epoch seconds", "epoch milliseconds", "mixed zones", "another zone"],
)
def test_timestamps_however_they_are_written(tmp_path: Path, spelling: Callable[[pd.Series], Any]) -> None:
    frame = table()
    frame["ts"] = spelling(frame["ts"])
    assert kinds(ran(tmp_path, frame)) == set()
    store = Store.open(f"sqlite:///{tmp_path / 'driftmeter.db'}", read_only=True)
    assert list(store.starts("m").values()) == [ROWS] * DAYS
    store.close()


def test_timestamps_that_are_none_or_in_the_future(tmp_path: Path) -> None:
    frame = table()
    frame.loc[5:9, "ts"] = pd.NaT
    frame.loc[20:22, "ts"] = pd.Timestamp("2199-01-01")
    result = ran(tmp_path, frame)
    assert rows_stored(tmp_path) == DAYS * ROWS - 8
    told = " ".join(result.notes)
    assert "5 of 1,200 rows have no time" in told
    assert "3 of 1,200 rows" in told
    assert ("gap", None) in kinds(result)


def test_a_timestamp_that_is_no_time_at_all(tmp_path: Path) -> None:
    frame = table()
    frame["ts"] = "yesterday"
    with pytest.raises(UserError, match='time in "ts" that is none'):
        ran(tmp_path, frame)


# ----- values -----------------------------------------------------------------------------------------------------


def test_label_values_that_the_reference_never_had(tmp_path: Path) -> None:
    frame = table()
    frame.loc[frame["ts"] >= pd.Timestamp("2025-03-15"), "y"] = 7
    result = ran(tmp_path, frame)
    assert ("unseen_category", "y") in kinds(result)
    assert rows_stored(tmp_path) == DAYS * ROWS


def _spoilt(column: Any) -> pd.DataFrame:
    return table().assign(spoilt=column)


@pytest.mark.parametrize(
    "column",
    [
        None, 3.0, np.inf, "", "<b>&'\" 🎈</b>",
        np.where(np.arange(DAYS * ROWS) % 3 == 0, np.nan, np.inf),
        [f"category {i % 10_000}" for i in range(DAYS * ROWS)],
        pd.Series([None] * (DAYS * ROWS), dtype="float64"),
        pd.date_range("2020", periods=DAYS * ROWS, freq="h"),
        [b"\x00\xff"] * (DAYS * ROWS),
    ],
    ids=["all null", "constant", "infinite", "empty text", "html and emoji", "nan and infinite", "10,000 categories",
         "null floats", "times", "bytes"],
)  # fmt: skip
def test_a_column_that_is_odd_from_the_beginning_stops_nothing(tmp_path: Path, column: Any) -> None:
    result = ran(tmp_path, _spoilt(column))
    assert {feature for _, feature in kinds(result)} <= {"spoilt"}
    assert rows_stored(tmp_path) == DAYS * ROWS


@pytest.mark.parametrize(
    ("late", "kind"),
    [(None, "null_rate"), (np.inf, "null_rate"), (4.5, "constant"), (-999.0, "constant")],
)
def test_a_column_that_turns_odd_is_found(tmp_path: Path, late: Any, kind: str) -> None:
    frame = table()
    odd = frame["ts"] >= pd.Timestamp("2025-03-15")
    frame["x"] = frame["x"].where(~odd, late)
    result = ran(tmp_path, frame)
    assert (kind, "x") in kinds(result)
    first = result.findings[result.findings["kind"] == kind]["onset"].min()
    assert pd.Timestamp(first, unit="us") == pd.Timestamp("2025-03-15")


def test_mixed_types_in_one_column(tmp_path: Path) -> None:
    text = table().to_csv(index=False).splitlines()
    cells = [line.split(",") for line in text]
    for row in cells[1100:]:
        row[2] = "broken"
    (tmp_path / "log.csv").write_text("\n".join(",".join(row) for row in cells) + "\n")
    result = run(configured(tmp_path, "log.csv"))
    assert ("null_rate", "x") in kinds(result)
    assert rows_stored(tmp_path) == DAYS * ROWS


@pytest.mark.parametrize(
    "name", ["two words", 'it\'s "quoted"', "<script>alert(1)</script>", "🎈 balloon", "a" * 300, "x.y[0]"]
)
def test_names_of_columns_are_kept(tmp_path: Path, name: str) -> None:
    frame = table()
    frame[name] = np.random.default_rng(1).normal(size=len(frame)) + 9.0 * (frame["ts"] >= pd.Timestamp("2025-03-15"))
    result = ran(tmp_path, frame)
    assert ("shift", name) in kinds(result)


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    frame = table()
    arrays = [pa.array(frame[c]) for c in frame.columns] + [pa.array(np.zeros(len(frame)))]
    pq.write_table(pa.table(arrays, names=[*frame.columns, "x"]), tmp_path / "log.parquet")
    result = run(configured(tmp_path))
    assert kinds(result) == set()
    store = Store.open(f"sqlite:///{tmp_path / 'driftmeter.db'}", read_only=True)
    bins = store.bins("m")
    store.close()
    assert bins is not None
    assert {column.name for column in bins.features} == {"x", "x (2)", "kind"}


# ----- windows ----------------------------------------------------------------------------------------------------


def test_one_row(tmp_path: Path) -> None:
    result = ran(tmp_path, table().head(1), reference={"start": "2025-03-01", "end": "2025-03-01"})
    assert len(result.findings) == 0
    assert rows_stored(tmp_path) == 1


def test_one_row_in_the_last_window(tmp_path: Path) -> None:
    frame = table()
    result = ran(tmp_path, frame[frame["ts"] <= pd.Timestamp("2025-03-20")])
    assert rows_stored(tmp_path) == (DAYS - 1) * ROWS + 1
    assert kinds(result) == set()


def test_a_window_with_no_rows_is_a_gap(tmp_path: Path) -> None:
    frame = table()
    frame = frame[frame["ts"].dt.date != dt.date(2025, 3, 15)]
    result = ran(tmp_path, frame)
    assert kinds(result) == {("gap", None)}
    gap = result.findings[result.findings["severity"] == "alert"].iloc[0]
    assert pd.Timestamp(gap["window_start"], unit="us") == pd.Timestamp("2025-03-15")


def test_a_row_of_1970_makes_no_twenty_thousand_windows(tmp_path: Path) -> None:
    frame = table()
    frame.loc[0, "ts"] = pd.Timestamp("1970-01-01")
    ran(tmp_path, frame)
    store = Store.open(f"sqlite:///{tmp_path / 'driftmeter.db'}", read_only=True)
    assert len(store.measurements("m")["window_start"].unique()) == DAYS + 1
    store.close()


@pytest.mark.parametrize("task", ["none", "unlabelled", "regression", "multiclass", "multiclass score"])
def test_every_task_and_no_labels_at_all(tmp_path: Path, task: str) -> None:
    frame, model, logs = table(), {"task": "binary"}, {}
    if task == "none":
        frame, logs = frame.drop(columns=["y", "score"]), {"label": None, "prediction": None}
    elif task == "unlabelled":
        frame["y"] = None
    elif task == "regression":
        frame["y"], frame["score"] = (
            frame["x"] * 2 + 1,
            frame["x"] * 2 + np.random.default_rng(0).normal(size=len(frame)),
        )
        model = {"task": "regression", "positive": None}
    else:
        frame["y"] = frame["kind"].map({"a": "cat", "b": "dog", "c": "<i>bird</i>"})
        frame["score"] = frame["y"] if task == "multiclass" else frame["y"].iloc[::-1].to_numpy()
        model = {"task": "multiclass", "positive": None}
    logs = {"path": "log.parquet", "timestamp": "ts", "id": "id", "prediction": "score", "label": "y", **logs}
    frame.to_parquet(tmp_path / "log.parquet", index=False)
    config = Config.from_dict(
        {
            "model": {k: v for k, v in {"name": "m", "positive": 1, **model}.items() if v is not None},
            "logs": {k: v for k, v in logs.items() if v is not None},
            "reference": {"start": "2025-03-01", "end": "2025-03-10"},
        },
        tmp_path,
    )
    result = run(config)
    assert kinds(result) == set()
    store = Store.open(config.store.url, read_only=True)
    metrics = set(store.measurements("m")["metric"])
    store.close()
    wanted = {
        "none": {"jensen_shannon"},
        "unlabelled": {"prediction_shift"},
        "regression": {"rmse", "mae", "r2", "learned_power"},
        "multiclass": {"accuracy", "learned_power", "relation"},
        "multiclass score": {"accuracy"},
    }[task]
    assert wanted <= metrics


def test_a_column_damaged_in_mid_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    frame = table()
    frame[frame["ts"] < pd.Timestamp("2025-03-18")].to_parquet(tmp_path / "logs/a.parquet", index=False)
    late = tmp_path / "logs/b.parquet"
    pq.write_table(pa.Table.from_pandas(frame[frame["ts"] >= pd.Timestamp("2025-03-18")]), late, compression="none")
    column = pq.ParquetFile(late).metadata.row_group(0).column(2)  # x: the timestamps stay whole
    data = bytearray(late.read_bytes())
    begin = min(column.data_page_offset, column.dictionary_page_offset or column.data_page_offset)
    data[begin : begin + 40] = b"\xff" * 40
    late.write_bytes(bytes(data))
    result = run(configured(tmp_path, "logs/*"))
    assert ("gap", None) in kinds(result)
    assert any("b.parquet" in note for note in result.notes)
