"""Databricks inference tables: a row a call, with both bodies as JSON text.

https://docs.databricks.com/aws/en/machine-learning/model-serving/inference-tables (``client_request_id``,
``databricks_request_id``, ``timestamp_ms``, ``status_code``, ``execution_time_ms``, ``request``, ``response``,
``request_metadata``), and the tables of AI Gateway (``request_time``, ``execution_duration_ms``):
https://docs.databricks.com/aws/en/ai-gateway/inference-tables
"""

from __future__ import annotations

from monitors.logs.formats.payload import BOTH, BrokenRecordError, Exchange, Format, Record, id_text, json_value

_OK = range(200, 300)


def _recognises(record: Record) -> bool:
    return "databricks_request_id" in record and "request" in record


def _exchange(record: Record) -> Exchange:
    key = id_text(record.get("client_request_id")) or id_text(record.get("databricks_request_id"))
    time = record.get("timestamp_ms")
    metadata = record.get("request_metadata")
    try:
        served = json_value(metadata)
    except BrokenRecordError:
        served = None
    about = {
        "status_code": record.get("status_code"),
        "latency_ms": record.get("execution_time_ms", record.get("execution_duration_ms")),
        "model_version": id_text(served.get("model_version")) if isinstance(served, dict) else None,
    }
    return Exchange(
        BOTH, key, record.get("request_time") if time is None else time, json_value(record.get("request")),
        _response(record), about,
    )  # fmt: skip


def _response(record: Record) -> object:
    """The response, None where the call failed: its body is then a message."""
    status = id_text(record.get("status_code"))
    if status is not None and status.isdecimal() and int(status) not in _OK:
        return None
    return json_value(record.get("response"))


FORMAT = Format("databricks", _recognises, _exchange, about=("status_code", "latency_ms", "model_version"))
