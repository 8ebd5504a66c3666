"""Amazon SageMaker data capture: one JSON object a call, with both bodies as text.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
(``captureData.endpointInput`` and ``endpointOutput`` with ``data``, ``encoding`` and ``observedContentType``;
``eventMetadata`` with ``eventId``, ``inferenceId`` where the caller gave one, and ``inferenceTime``.)
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
from typing import Any

from monitors.logs.formats.payload import BOTH, BrokenRecordError, Exchange, Format, Record, id_text, json_value, part
from monitors.logs.words import scalar


def _recognises(record: Record) -> bool:
    captured = part(record, "captureData")
    return "endpointInput" in captured or "endpointOutput" in captured


def _exchange(record: Record) -> Exchange:
    captured, event = part(record, "captureData"), part(record, "eventMetadata")
    if not captured or not event:
        raise BrokenRecordError("no captureData with eventMetadata")
    inputs, outputs = part(captured, "endpointInput"), part(captured, "endpointOutput")
    if not inputs:
        raise BrokenRecordError("no endpointInput was captured")
    key = id_text(event.get("inferenceId")) or id_text(event.get("eventId"))
    return Exchange(BOTH, key, event.get("inferenceTime"), _body(inputs), _body(outputs) if outputs else None)


def _body(side: Record) -> Any:
    data, encoding = side.get("data"), str(side.get("encoding", "")).upper()
    kind = str(side.get("observedContentType") or "").split(";")[0].strip().lower()
    if encoding == "BASE64":
        try:
            data = base64.b64decode(str(data), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise BrokenRecordError("a body is no text in base64") from None
    if not isinstance(data, str):
        return data
    if encoding == "CSV" or kind == "text/csv":
        return [[scalar(word) for word in row] for row in csv.reader(io.StringIO(data)) if row]
    if "jsonlines" in kind:
        return [json_value(line) for line in data.splitlines() if line.strip()]
    return json_value(data)


FORMAT = Format("sagemaker", _recognises, _exchange)
