"""Vertex AI request–response logging: a row of a BigQuery table a call, exported as JSON lines or Parquet.

https://cloud.google.com/vertex-ai/docs/predictions/online-prediction-logging#request-response-logging
(``endpoint``, ``deployed_model_id``, ``logging_time``, ``request_id``, and the repeated strings ``request_payload``
and ``response_payload``).
"""

from __future__ import annotations

import re
from typing import Any

from monitors.logs.formats.bodies import items
from monitors.logs.formats.payload import BOTH, Exchange, Format, Record, id_text, json_value

_ZEROS = re.compile(r"\.0+$")


def _recognises(record: Record) -> bool:
    return {"logging_time", "request_payload", "response_payload"} <= record.keys()


def _exchange(record: Record) -> Exchange:
    key = id_text(record.get("request_id"))
    about = {"deployed_model_id": id_text(record.get("deployed_model_id"))}
    return Exchange(
        BOTH, key and _ZEROS.sub("", key), record.get("logging_time"), _body(record.get("request_payload")) or [],
        _body(record.get("response_payload")), about,
    )  # fmt: skip


def _body(payload: Any) -> Any:
    """One body of a repeated column: each string is an instance, or a whole body with several."""
    value = json_value(payload) if isinstance(payload, str) and payload.lstrip().startswith("[") else payload
    strings = value if isinstance(value, list) else [value]
    parts = [json_value(each) for each in strings if each is not None]
    if not parts:
        return None
    if len(parts) == 1 and isinstance(parts[0], dict):
        found = items(parts[0])
        return parts[0] if found.names or found.values != [parts[0]] else parts
    return parts[0] if len(parts) == 1 and isinstance(parts[0], list) and _is_rows(parts[0]) else parts


def _is_rows(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(each, (list, dict)) for each in value)


FORMAT = Format("vertex", _recognises, _exchange, about=("deployed_model_id",))
