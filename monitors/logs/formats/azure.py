"""Azure Machine Learning data collector (MDC): CloudEvents, inputs and outputs in folders of their own.

https://learn.microsoft.com/en-us/azure/machine-learning/how-to-collect-production-data (collections
``model_inputs`` and ``model_outputs`` of pandas frames, or ``request`` and ``response`` of bodies; the two halves of a
call share ``correlationid``).
"""

from __future__ import annotations

from monitors.logs.formats.payload import (
    BOTH,
    REQUEST,
    RESPONSE,
    BrokenRecordError,
    Exchange,
    Format,
    Record,
    id_text,
    json_value,
)

_PREFIX = "azureml.inference."


def _recognises(record: Record) -> bool:
    return str(record.get("type")).startswith(_PREFIX)


def _half(kind: str) -> str | None:
    name = kind.removeprefix(_PREFIX)
    if name.endswith("inputs_outputs"):
        return BOTH
    if name.endswith("inputs") or name == "request":
        return REQUEST
    return RESPONSE if name.endswith("outputs") or name == "response" else None


def _exchange(record: Record) -> Exchange | None:
    if not _recognises(record):
        raise BrokenRecordError("an event has no type of Azure's data collector")
    half = _half(str(record["type"]))
    if half is None:  # a collection of the user's own
        return None
    key = id_text(record.get("correlationid")) or id_text(record.get("xrequestid"))
    if key is None:
        raise BrokenRecordError("an event has no correlationid")
    if str(record.get("datainblob")).lower() == "true":
        raise BrokenRecordError("a body stands in a blob of its own")
    if record.get("data") is None:
        raise BrokenRecordError("an event has no data")
    body, time = json_value(record["data"]), record.get("time")
    if half == RESPONSE:
        return Exchange(RESPONSE, key, time, None, body)
    return Exchange(half, key, time, body, None, {"model_version": id_text(record.get("modelversion"))})


FORMAT = Format("azure", _recognises, _exchange, about=("model_version",), apart=True)
