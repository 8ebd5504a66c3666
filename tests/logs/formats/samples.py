"""One log of calls, written as each platform writes it: samples by hand after the pages named in each format.

The log: `DAYS` days of calls with one or two rows each, of a number `x` and a category `kind`, answered with `score`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

DAYS, CALLS = 12, 30


class Call(NamedTuple):
    """A call of the model: its id, time (µs), rows and scores."""

    id: str
    at: int
    rows: list[tuple[float, str]]
    scores: list[float]

    @property
    def iso(self) -> str:
        """The time as most platforms write it."""
        return pd.Timestamp(self.at, unit="us").isoformat(timespec="milliseconds") + "Z"

    @property
    def later(self) -> str:
        """The time of the response."""
        return pd.Timestamp(self.at + 40_000, unit="us").isoformat(timespec="milliseconds") + "Z"


def calls(most: int = 2) -> list[Call]:
    """The log, the last call of each day a moment before midnight; `most` rows a call."""
    rng = np.random.default_rng(5)
    start = pd.Timestamp("2025-01-01").value // 1000
    made = []
    for day in range(DAYS):
        seconds = np.sort(rng.integers(0, 86_399, CALLS))
        seconds[-1] = 86_399
        for k, second in enumerate(seconds.tolist()):
            size = 1 if k % 3 else most
            x = rng.normal(size=size).round(3).tolist()
            rows = [(value, str(rng.choice(["a", "b"]))) for value in x]
            at = start + (day * 86_400 + second) * 1_000_000 + 990_000
            made.append(Call(f"c{day}-{k}", at, rows, rng.random(size).round(3).tolist()))
    return made


def plain(made: Iterable[Call]) -> pd.DataFrame:
    """The same as a table."""
    return pd.DataFrame(
        {
            "timestamp": pd.to_datetime(call.at, unit="us", utc=True),
            "request_id": call.id if len(call.rows) == 1 else f"{call.id}_{k}",
            "x": x,
            "kind": kind,
            "score": call.scores[k],
        }
        for call in made
        for k, (x, kind) in enumerate(call.rows)
    )


def lines(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def _named(call: Call) -> list[dict[str, Any]]:
    return [{"x": x, "kind": kind} for x, kind in call.rows]


def _lists(call: Call) -> list[list[Any]]:
    return [list(row) for row in call.rows]


NAMES = {"columns": ["x", "kind"], "output": "score"}


def sagemaker(home: Path, made: list[Call]) -> dict[str, Any]:
    """CSV in, and out as CSV, JSON and base64 by turns."""
    outs: list[Callable[[Call], dict[str, Any]]] = [
        lambda c: {"observedContentType": "text/csv; charset=utf-8", "data": "\n".join(map(str, c.scores)) + "\n",
                   "encoding": "CSV"},
        lambda c: {"observedContentType": "application/json", "data": json.dumps({"predictions": c.scores}),
                   "encoding": "JSON"},
        lambda c: {"observedContentType": "text/csv", "encoding": "BASE64",
                   "data": base64.b64encode(",".join(map(str, c.scores)).encode()).decode()},
    ]  # fmt: skip
    lines(home / "capture" / "11-24-000.jsonl", (
        {
            "captureData": {
                "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", "encoding": "CSV",
                                  "data": "\n".join(f"{x},{kind}" for x, kind in c.rows)},
                "endpointOutput": {"mode": "OUTPUT", **outs[k % 3](c)},
            },
            "eventMetadata": {"eventId": f"event-{k}", "inferenceId": c.id, "inferenceTime": c.iso},
            "eventVersion": "0",
        }
        for k, c in enumerate(made)
    ))  # fmt: skip
    return {"path": "capture/*.jsonl", **NAMES}


def kserve(home: Path, made: list[Call]) -> dict[str, Any]:
    """Structured CloudEvents, answers before questions as two workers send them."""

    def event(c: Call, kind: str, time: str, data: Any) -> dict[str, Any]:
        return {"specversion": "1.0", "type": f"org.kubeflow.serving.inference.{kind}", "source": "http://localhost:9081/",
                "id": c.id, "time": time, "datacontenttype": "application/json", "inferenceservicename": "m",
                "component": "predictor", "namespace": "default", "data": data}  # fmt: skip

    lines(home / "events.json", (
        each
        for c in made
        for each in (event(c, "response", c.later, {"predictions": c.scores}),
                     event(c, "request", c.iso, {"instances": _lists(c)}))
    ))  # fmt: skip
    return {"path": "events.json", **NAMES}


def seldon(home: Path, made: list[Call]) -> dict[str, Any]:
    """Headers and bodies as a sink prints them, bodies of either protocol, the two halves in files of their own."""

    def event(c: Call, kind: str, time: str, body: Any) -> dict[str, Any]:
        return {"path": "/", "method": "POST", "body": json.dumps(body),
                "headers": {"ce-id": f"{kind}-{c.id}", "ce-requestid": c.id, "ce-time": time, "ce-specversion": "1.0",
                            "Ce-Type": f"io.seldon.serving.inference.{kind}",
                            "ce-inferenceservicename": "m"}}  # fmt: skip

    def asked(k: int, c: Call) -> Any:
        if k % 2:
            return {"data": {"names": ["x", "kind"], "ndarray": _lists(c)}}
        return {"inputs": [
            {"name": "x", "datatype": "FP64", "shape": [len(c.rows), 1], "data": [row[0] for row in c.rows]},
            {"name": "kind", "datatype": "BYTES", "shape": [len(c.rows)], "data": [row[1] for row in c.rows]},
        ]}  # fmt: skip

    def told(k: int, c: Call) -> Any:
        if k % 2:
            return {"data": {"names": ["proba"], "tensor": {"shape": [len(c.rows), 1], "values": c.scores}}}
        return {"model_name": "m", "outputs": [
            {"name": "predict", "datatype": "FP64", "shape": [len(c.rows), 1], "data": c.scores}
        ]}  # fmt: skip

    feedback = {"headers": {"ce-type": "io.seldon.serving.feedback", "ce-id": "f"}, "body": '{"reward": 1}'}
    lines(
        home / "a" / "requests.jsonl",
        [*(event(c, "request", c.iso, asked(k, c)) for k, c in enumerate(made)), feedback],
    )
    lines(home / "b" / "responses.jsonl", (event(c, "response", c.later, told(k, c)) for k, c in enumerate(made)))
    return {"path": ["a/*.jsonl", "b/*.jsonl"], "output": "score"}


def databricks(home: Path, made: list[Call]) -> dict[str, Any]:
    """A Parquet export of the table."""
    pd.DataFrame({
        "client_request_id": [c.id if k % 2 else None for k, c in enumerate(made)],
        "databricks_request_id": [c.id for c in made],
        "date": [pd.Timestamp(c.at, unit="us").date() for c in made],
        "timestamp_ms": [c.at // 1000 for c in made],
        "status_code": 200,
        "execution_time_ms": 12,
        "request": [
            json.dumps({"dataframe_split": {"columns": ["x", "kind"], "data": _lists(c)}} if k % 2
                       else {"dataframe_records": _named(c)})
            for k, c in enumerate(made)
        ],
        "response": [json.dumps({"predictions": c.scores, "databricks_output": {"trace": None}}) for c in made],
        "sampling_fraction": 1.0,
        "request_metadata": [json.dumps({"endpoint_name": "e", "model_name": "m", "model_version": "3"})] * len(made),
    }).to_parquet(home / "payload.parquet")  # fmt: skip
    return {"path": "payload.parquet", "output": "score", "latency": "latency_ms"}


def azure(home: Path, made: list[Call]) -> dict[str, Any]:
    """A folder for inputs and one for outputs, an hour a file."""

    def event(c: Call, kind: str, time: str, data: Any) -> dict[str, Any]:
        return {"specversion": "1.0", "id": f"{kind}-{c.id}", "source": "/subscriptions/s/deployments/blue",
                "type": f"azureml.inference.{kind}", "datacontenttype": "application/json", "time": time, "data": data,
                "correlationid": c.id, "xrequestid": c.id, "modelversion": "default",
                "collectdatatype": "pandas.core.frame.DataFrame", "agent": "azureml-ai-monitoring/0.1.0b4",
                "contentrange": "bytes 0-116/117"}  # fmt: skip

    def hours(side: Callable[[Call], tuple[str, dict[str, Any]]], folder: str) -> None:
        files: dict[str, list[dict[str, Any]]] = {}
        for c in made:
            time, record = side(c)
            files.setdefault(time[:13].replace("-", "/").replace("T", "/"), []).append(record)
        for hour, records in files.items():
            lines(home / folder / hour / "instance.jsonl", records)

    hours(lambda c: (c.iso, event(c, "model_inputs", c.iso, _named(c))), "model_inputs")
    hours(lambda c: (c.later, event(c, "model_outputs", c.later, [{"score": s} for s in c.scores])), "model_outputs")
    return {"path": ["model_inputs", "model_outputs"], "prediction": "score"}


def vertex(home: Path, made: list[Call]) -> dict[str, Any]:
    """BigQuery's export as JSON lines: numbers as text, repeated columns as lists."""
    lines(home / "export.json", (
        {
            "endpoint": "projects/1/locations/l/endpoints/2", "deployed_model_id": "77",
            "logging_time": c.iso.replace("T", " "),
            "request_id": c.id, "request_payload": [json.dumps(row) for row in _named(c)],
            "response_payload": [json.dumps(score) for score in c.scores],
        }
        for c in made
    ))  # fmt: skip
    return {"path": "export.json", "output": "score"}


def feast(home: Path, made: list[Call]) -> dict[str, Any]:
    """Parquet as Feast's server writes it; it logs features, so there is no score."""
    at = pd.to_datetime([c.at for c in made], unit="us", utc=True)
    pd.DataFrame({
        "driver": np.arange(len(made)) % 7,
        "v__x": [c.rows[0][0] for c in made],
        "v__x__timestamp": at - pd.Timedelta("90s"),
        "v__x__status": np.ones(len(made), np.int32),
        "v__kind": [c.rows[0][1] for c in made],
        "v__kind__timestamp": at - pd.Timedelta("1h"),
        "v__kind__status": np.ones(len(made), np.int32),
        "__log_timestamp": at,
        "__log_date": at.date,
        "__request_id": [c.id for c in made],
    }).to_parquet(home / "features.parquet")  # fmt: skip
    return {"path": "features.parquet"}


def bentoml(home: Path, made: list[Call]) -> dict[str, Any]:
    """Two workers, a file each."""

    def record(c: Call) -> dict[str, Any]:
        return {**_named(c)[0], "score": c.scores[0], "timestamp": c.iso[:-1], "request_id": str(c.at * 9_007)}

    for worker in (0, 1):
        lines(home / "monitoring" / "m" / "data" / f"data.{worker + 1}.log", map(record, made[worker::2]))
    return {"path": "monitoring/m/data/*.log", "prediction": "score"}


def mlflow(home: Path, made: list[Call]) -> dict[str, Any]:
    """Bodies beside a time and an id, in each of the four shapes, as objects and as text."""

    def request(k: int, c: Call) -> Any:
        shapes: list[Any] = [
            {"dataframe_split": {"index": list(range(len(c.rows))), "columns": ["x", "kind"], "data": _lists(c)}},
            {"dataframe_records": _named(c)},
            {"instances": _named(c)},
            {"inputs": {"x": [row[0] for row in c.rows], "kind": [row[1] for row in c.rows]}},
        ]
        return shapes[k % 4] if k % 3 else json.dumps(shapes[k % 4])

    lines(home / "bodies.ndjson", (
        {"time": c.iso, "id": c.id, "request": request(k, c), "response": {"predictions": c.scores}}
        for k, c in enumerate(made)
    ))  # fmt: skip
    return {"path": "bodies.ndjson", "timestamp": "timestamp", "output": "score"}


SAMPLES = (sagemaker, kserve, seldon, databricks, azure, vertex, feast, bentoml, mlflow)
ONE_ROW = {"feast", "bentoml"}  # a call is a row by nature
