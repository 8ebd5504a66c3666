"""Formats record by record, and logs told apart by their records."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.guess import init
from monitors.logs.files import LogFile, discover
from monitors.logs.formats import answers, azure, databricks, exchanges, feast, kserve, mlflow, sagemaker, vertex
from monitors.logs.formats.payload import BrokenRecordError, Exchange
from monitors.logs.formats.registry import FORMATS, checked, formatted, joined, recognised
from monitors.logs.notes import ReadNotes
from monitors.logs.origin import Origin
from monitors.logs.read import open_batches, row_count, schema
from monitors.logs.words import scalar
from tests.logs.formats.samples import SAMPLES, calls, lines
from tests.test_cli import call

AZURE = {
    "specversion": "1.0", "id": "725aa8af", "type": "azureml.inference.inputs", "time": "2022-12-01T08:51:30Z",
    "data": [{"label": "DRUG", "pattern": "aspirin"}, {"label": "DRUG", "pattern": "trazodone"}],
    "correlationid": "3711655d", "modelversion": "default",
}  # fmt: skip


def one(path: Path, records: list[dict[str, Any]], name: str, **given: Any) -> LogFile:
    """A file of records in a format."""
    lines(path, records)
    return formatted([LogFile.at(path, path.parent)], name, **given)[0]


def rows(file: LogFile, notes: ReadNotes | None = None, **options: Any) -> list[dict[str, Any]]:
    """All rows of a file."""
    return [row for batch in open_batches(file, notes=notes, **options) for row in batch.to_pylist()]


def test_azure_joins_halves_by_correlationid(tmp_path: Path) -> None:
    answer = {**AZURE, "type": "azureml.inference.outputs", "data": [{"class": 1}, {"class": 0}]}
    own = {**AZURE, "type": "azureml.inference.my_collection"}
    first = one(tmp_path / "in.jsonl", [AZURE, own, {**AZURE, "correlationid": "x"}], "azure")
    second = one(tmp_path / "out.jsonl", [answer], "azure")
    assert [row.keys() for row in rows(first)] == [{"timestamp", "request_id", "model_version", "label", "pattern"}] * 4
    found = rows(joined([first, second], [first, second])[0])
    assert [(row["request_id"], row["class"]) for row in found] == [
        ("3711655d_0", 1), ("3711655d_1", 0), ("x_0", None), ("x_1", None),
    ]  # fmt: skip
    assert rows(joined([first, second], [first, second])[1]) == []
    assert schema(second).names == ["timestamp", "request_id"]


@pytest.mark.parametrize(
    "change",
    [{"correlationid": None}, {"data": None}, {"datainblob": "true"}, {"type": "x"}, {"data": "{"}],
)
def test_azure_says_what_is_wrong(change: dict[str, Any]) -> None:
    with pytest.raises(BrokenRecordError):
        azure.FORMAT.exchange({**AZURE, **change})  # type: ignore[misc]


def test_the_last_of_several_responses_counts(tmp_path: Path) -> None:
    def event(kind: str, data: Any) -> dict[str, Any]:
        return {
            "type": f"org.kubeflow.serving.inference.{kind}",
            "id": "i",
            "time": "2025-01-01T00:00:00Z",
            "data": data,
        }

    file = one(
        tmp_path / "a.jsonl",
        [event("response", [1]), event("request", {"instances": [[5]]}), event("response", [2])],
        "kserve",
    )
    (row,) = rows(joined([file], [file])[0])
    assert (row["input"], row["prediction"]) == (5, 2)


def test_kserve_reads_what_it_writes_to_blob_stores() -> None:
    found = kserve.FORMAT.exchange(  # type: ignore[misc]
        {"reqType": "org.kubeflow.serving.inference.request", "id": "0123", "inferenceService": "s",
         "bytes": "eyJpbnN0YW5jZXMiOiBbWzFdXX0="}
    )  # fmt: skip
    assert found == Exchange("request", "0123", None, {"instances": [[1]]}, None, {"service": "s"})


def test_a_call_that_failed_has_no_prediction() -> None:
    record = {"databricks_request_id": "d", "timestamp_ms": 1, "request": '{"instances": [1]}', "status_code": "400",
              "response": '{"error_code": "BAD_REQUEST"}'}  # fmt: skip
    found = databricks.FORMAT.exchange(record)  # type: ignore[misc]
    assert found is not None
    assert (found.outputs, found.about["status_code"]) == (None, "400")


def test_ids_of_bigquery_keep_their_digits(tmp_path: Path) -> None:
    from decimal import Decimal

    pq.write_table(
        pa.table({
            "request_id": pa.array([Decimal("12345678901234567890.000000000")], pa.decimal128(38, 9)),
            "logging_time": ["2025-01-01 00:00:00 UTC"], "deployed_model_id": ["7"],
            "request_payload": pa.array([['{"a": 1}', '{"a": 2}']], pa.list_(pa.string())),
            "response_payload": pa.array([["[0.1, 0.9]", "[0.3, 0.7]"]], pa.list_(pa.string())),
        }),
        tmp_path / "a.parquet",
    )  # fmt: skip
    file = formatted([LogFile.at(tmp_path / "a.parquet", tmp_path)], "vertex", (), ["no", "yes"])[0]
    assert [(row["request_id"], row["a"], row["no"], row["yes"]) for row in rows(file)] == [
        ("12345678901234567890_0", 1, 0.1, 0.9), ("12345678901234567890_1", 2, 0.3, 0.7),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        (['{"a": 1}'], [{"a": 1}]),
        (['{"instances": [[1], [2]]}'], {"instances": [[1], [2]]}),
        (["[1, 2]"], [[1, 2]]),
        (["[[1], [2]]"], [[1], [2]]),
        (["0.5"], [0.5]),
        ('["0.5", "0.7"]', [0.5, 0.7]),
    ],
)
def test_vertex_payloads(payload: Any, wanted: Any) -> None:
    found = vertex.FORMAT.exchange(  # type: ignore[misc]
        {"request_id": 1, "logging_time": "t", "request_payload": payload, "response_payload": None}
    )
    assert found is not None
    assert found.inputs == wanted


def test_feast_statuses_and_ages() -> None:
    us = pa.timestamp("us", "UTC")
    batch = pa.record_batch({
        "__log_timestamp": pa.array([100_000_000, 200_000_000], us), "__request_id": ["a", "b"],
        "v__x": [1.5, None], "v__x__timestamp": pa.array([90_000_000, 0], us),
        "v__x__status": pa.array([1, 3], pa.int32()),
        "free__status": ["kept", "kept"],
    })  # fmt: skip
    assert feast.FORMAT.flat is not None
    assert feast.FORMAT.flat(batch).to_pylist() == [
        {"timestamp": batch["__log_timestamp"][0].as_py(), "request_id": "a", "v__x": 1.5, "v__x__age": 10.0,
         "v__x__status": "PRESENT", "free__status": "kept"},
        {"timestamp": batch["__log_timestamp"][1].as_py(), "request_id": "b", "v__x": None, "v__x__age": None,
         "v__x__status": "NOT_FOUND", "free__status": "kept"},
    ]  # fmt: skip


def test_mlflow_bodies_alone_and_beside_a_response() -> None:
    exchange = mlflow.FORMAT.exchange
    assert exchange is not None
    bare = exchange({"dataframe_records": [{"a": 1}], "predictions": [2], "timestamp": 5, "params": {"t": 1}})
    assert bare == Exchange("both", None, 5, {"dataframe_records": [{"a": 1}]}, [2])
    with pytest.raises(BrokenRecordError):
        exchange({"request": '{"a": 1}'})


def test_second_of_two_equal_names_is_kept_apart(tmp_path: Path) -> None:
    record = {"inputs": {"timestamp": [3], "prediction": [4]}, "predictions": [5], "time": "2025-01-01"}
    (row,) = rows(one(tmp_path / "a.jsonl", [record], "mlflow"))
    assert row == {
        "timestamp": "2025-01-01", "request_id": None, "timestamp (2)": 3, "prediction": 4, "prediction (2)": 5,
    }  # fmt: skip


def test_columns_asked_for_and_types_that_widen(tmp_path: Path) -> None:
    records = [{"inputs": {"a": [1], "b": ["x"]}}, {"inputs": {"a": [0.5]}}, {"inputs": {"a": []}}]
    file = one(tmp_path / "a.jsonl", records, "mlflow")
    assert rows(file, columns=["a", "nowhere"]) == [{"a": 1.0}, {"a": 0.5}]
    assert [batch.num_rows for batch in open_batches(file, columns=["timestamp"])] == [2]
    assert row_count(file) is None
    assert schema(file).names == ["timestamp", "request_id", "a", "b"]


def test_memory_of_a_join_is_bounded_by_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Responses of more bytes than the cache are on disk, and found all the same."""
    monkeypatch.setattr(answers, "CACHE_BYTES", 1 << 16)
    seen: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def watched(*given: Any, **options: Any) -> sqlite3.Connection:
        seen.append(connect(*given, **options))
        return seen[-1]

    monkeypatch.setattr(sqlite3, "connect", watched)
    answer = {**AZURE, "type": "azureml.inference.outputs"}
    file = one(
        tmp_path / "a.jsonl",
        [{**answer, "correlationid": f"c{k}", "data": [{"score": k, "text": "x" * 400}]} for k in range(3000)],
        "azure",
    )
    found = answers.Answers([file]).of([f"c{k}" for k in range(0, 3000, 7)])
    assert {key: body[0]["score"] for key, body in found.items()} == {f"c{k}": k for k in range(0, 3000, 7)}
    (database,) = seen
    assert database.execute("PRAGMA cache_size").fetchone() == (-64,)
    assert database.execute("PRAGMA page_count").fetchone()[0] * 4096 > 1_000_000


def test_a_response_file_that_cannot_be_read_leaves_the_rest(tmp_path: Path) -> None:
    first = one(tmp_path / "in.jsonl", [AZURE], "azure")
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"PAR1 and nothing more")
    files = joined([first], [first, *formatted([LogFile.at(bad, tmp_path)], "azure")])
    assert len(rows(files[0])) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["captureData", "eventMetadata", "endpointInput", "endpointOutput", "data", "encoding", "type", "time", "id",
     "correlationid", "request", "response", "timestamp", "timestamp_ms", "request_payload", "response_payload",
     "request_id", "headers", "ce-type", "ce-id", "body", "data_base64", "instances", "inputs", "request_metadata"]
)  # fmt: skip
RECORD = st.dictionaries(
    KEYS,
    JSON
    | st.sampled_from(["CSV", "BASE64", "io.seldon.serving.inference.request", "azureml.inference.request",
                       "org.kubeflow.serving.inference.response", '{"instances": [[1]]}', "[", "1,2"])
    | st.dictionaries(KEYS, JSON | st.dictionaries(KEYS, JSON, max_size=3), max_size=4),
    max_size=8,
)  # fmt: skip


@given(record=RECORD)
@pytest.mark.parametrize("name", [name for name, each in FORMATS.items() if each.exchange])
def test_any_record_is_an_exchange_or_broken(name: str, record: dict[str, Any]) -> None:
    kind = FORMATS[name]
    assert kind.recognises(record) in (True, False)
    assert kind.exchange is not None
    try:
        found = kind.exchange(record)
    except BrokenRecordError as broken:
        assert str(broken)
        return
    assert found is None or found.half in ("request", "response", "both")
    assert found is None or found.id is None or isinstance(found.id, str)


@settings(max_examples=40)
@given(records=st.lists(RECORD, max_size=6))
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_any_file_is_rows_and_notes(
    name: str, records: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records) + "\n{")
    file = formatted([LogFile.at(path, path.parent)], name)[0]
    file = joined([file], [file])[0]
    whole = sum(batch.num_rows for batch in open_batches(file))
    assert whole == sum(batch.num_rows for batch in open_batches(file, columns=["timestamp"]))
    assert "timestamp" in schema(file).names


@pytest.mark.parametrize("write", SAMPLES, ids=lambda write: write.__name__)
def test_formats_are_told_by_their_records(write: Any, tmp_path: Path) -> None:
    given = write(tmp_path, calls(1))
    assert recognised(discover(given["path"], tmp_path)) == write.__name__


def test_plain_logs_are_of_no_format(tmp_path: Path) -> None:
    lines(tmp_path / "a.jsonl", [{"timestamp": "2025-01-01", "request_id": "r1", "x": 1}])
    lines(tmp_path / "b.jsonl", [{"request": "GET /", "response": "200", "type": "access", "id": 1, "data": [1]}])
    (tmp_path / "c.csv").write_text("a,b\n1,2\n")
    (tmp_path / "d.csv").write_text("")
    for name in ("a.jsonl", "b.jsonl", "c.csv", "d.csv"):
        assert recognised([LogFile.at(tmp_path / name, tmp_path)]) is None


@pytest.mark.parametrize("write", SAMPLES, ids=lambda write: write.__name__)
def test_init_names_the_format_and_what_it_writes_runs(
    write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = write(tmp_path, calls(1))
    paths = [given["path"]] if isinstance(given["path"], str) else given["path"]
    init(paths, Path("driftmeter.toml"))
    text = Path("driftmeter.toml").read_text()
    assert f'format = "{write.__name__}"' in text
    assert 'timestamp = "timestamp"' in text
    assert ('# columns = ["input_0", "input_1"]' in text) == (write.__name__ in ("sagemaker", "kserve"))
    if write.__name__ != "feast":
        assert "\nprediction = " in text
    if write.__name__ == "databricks":
        assert 'latency = "latency_ms"' in text
    assert call("run", monkeypatch=monkeypatch) == 0


def test_a_label_log_beside_payloads_is_told_from_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = calls(1)
    sagemaker_log = SAMPLES[0](tmp_path, made)["path"]
    Path("labels.csv").write_text("request_id,label\n" + "".join(f"{c.id},{k % 2}\n" for k, c in enumerate(made)))
    init([sagemaker_log, "labels.csv"], Path("driftmeter.toml"))
    text = Path("driftmeter.toml").read_text()
    assert '[labels]\n# few columns, one of them the log\'s\npath = "labels.csv"' in text


@pytest.mark.parametrize(
    ("word", "value"),
    [("3", 3), ("-3", -3), (" 0.5", 0.5), ("1e3", 1000.0), ("", None), (" ", None), ("007", "007"), ("0x1f", "0x1f"),
     ("abc", "abc"), ("12345678901234567890", 12345678901234567890.0), ("1.", 1.0)],
)  # fmt: skip
def test_fields_of_csv(word: str, value: Any) -> None:
    assert scalar(word) == value
    assert type(scalar(word)) is type(value)


def test_every_format_names_its_page_and_itself() -> None:
    import importlib

    for name, each in FORMATS.items():
        module = importlib.import_module(f"monitors.logs.formats.{name}")
        assert module.FORMAT is each
        assert "https://" in (module.__doc__ or "")
        assert checked(name) == name
        assert (each.exchange is None) != (each.flat is None)


def test_sagemaker_keeps_codes_and_reads_json_lines() -> None:
    exchange = sagemaker.FORMAT.exchange
    assert exchange is not None
    found = exchange({
        "captureData": {
            "endpointInput": {"data": "007,x\n\n,2.5\n", "encoding": "CSV"},
            "endpointOutput": {"data": '{"score": 1}\n{"score": 2}\n', "encoding": "JSON",
                               "observedContentType": "application/jsonlines"},
        },
        "eventMetadata": {"eventId": "e", "inferenceTime": "2022-02-14T17:25:49Z"},
    })  # fmt: skip
    assert found == Exchange(
        "both", "e", "2022-02-14T17:25:49Z", [["007", "x"], [None, 2.5]], [{"score": 1}, {"score": 2}]
    )


def test_exchanges_have_no_use_for_payloads_of_others(tmp_path: Path) -> None:
    notes = ReadNotes()
    file = one(tmp_path / "a.jsonl", [AZURE], "sagemaker")
    assert rows(file, notes) == []
    assert notes.skipped_rows == 1
    assert list(exchanges.responses(replace(file, payload=file.payload))) == [[]]


def test_rows_of_a_table_or_query_are_payloads_too(tmp_path: Path) -> None:
    """An inference table is a Delta table: its rows come from a reader, not from a file."""

    class Table:
        def schema(self) -> pa.Schema:
            return next(self.batches(None)).schema

        def batches(self, columns: Any) -> Iterator[pa.RecordBatch]:
            assert columns is None
            yield pa.record_batch({
                "databricks_request_id": ["d1", "d2"],
                "timestamp_ms": [1735689600000, 1735689601000],
                "request": ['{"dataframe_records": [{"x": 1}, {"x": 2}]}', "{"],
                "response": ['{"predictions": [0.1, 0.2]}', "{}"],
                "request_metadata": pa.array([[("model_version", "3")], None], pa.map_(pa.string(), pa.string())),
            })  # fmt: skip

    file = LogFile("table", str(tmp_path), 1, 1, origin=Origin(written=None, reader=Table()))
    notes = ReadNotes()
    found = rows(formatted([file], "databricks")[0], notes)
    assert [(row["request_id"], row["x"], row["prediction"], row["model_version"]) for row in found] == [
        ("d1_0", 1, 0.1, "3"), ("d1_1", 2, 0.2, "3"),
    ]  # fmt: skip
    assert notes.messages == ["1 row skipped: a body is no JSON (first at row 2)"]
