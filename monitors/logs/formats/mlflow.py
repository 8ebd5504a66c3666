"""Bodies of MLflow's scoring server, one a line: a request alone, or beside its response.

https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/ (``dataframe_split``, ``dataframe_records``,
``instances``, ``inputs``; responses ``{"predictions": […]}``). A record is a body itself, or has it in ``request``
(or ``input``, ``body``) and the response in ``response`` (or ``output``), as objects or JSON text. MLflow writes
neither times nor ids: they are taken from where a service's own log usually has them.
"""

from __future__ import annotations

from typing import Any

from monitors.logs.formats.payload import BOTH, BrokenRecordError, Exchange, Format, Record, id_text, json_value

_BODIES = ("dataframe_split", "dataframe_records", "instances", "inputs")
_REQUEST, _RESPONSE = ("request", "input", "body"), ("response", "output")
_TIMES = ("timestamp", "timestamp_ms", "time", "ts", "request_time", "created_at", "date")
_IDS = ("request_id", "client_request_id", "id", "trace_id")


def _recognises(record: Record) -> bool:
    try:
        return _is_body(record) or _is_body(json_value(_first(record, _REQUEST)))
    except BrokenRecordError:
        return False


def _is_body(value: Any) -> bool:
    return isinstance(value, dict) and any(isinstance(value.get(key), (list, dict)) for key in _BODIES)


def _first(record: Record, names: tuple[str, ...]) -> Any:
    return next((record[name] for name in names if record.get(name) is not None), None)


def _exchange(record: Record) -> Exchange:
    request, response = record, _first(record, _RESPONSE)
    if not _is_body(request):
        request = json_value(_first(record, _REQUEST))
        if not _is_body(request):
            raise BrokenRecordError("no dataframe_split, dataframe_records, instances or inputs")
    else:
        request = {key: record[key] for key in _BODIES if key in record}
    outputs = json_value(response) if response is not None else record.get("predictions")
    return Exchange(BOTH, id_text(_first(record, _IDS)), _first(record, _TIMES), request, outputs)


FORMAT = Format("mlflow", _recognises, _exchange, timestamp=None)
