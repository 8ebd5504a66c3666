"""Seldon Core's payload logger: CloudEvents of requests and of responses, which share their ``requestid``.

https://docs.seldon.ai/seldon-core-1/tutorials/notebooks/payload_logging (types
``io.seldon.serving.inference.request`` and ``….response``; bodies of the Seldon protocol,
``{"data": {"names": […], "ndarray": [[…]]}}``, or of the Open Inference Protocol).
"""

from __future__ import annotations

from monitors.logs.formats.cloudevents import attributes, event
from monitors.logs.formats.payload import Exchange, Format, Record

_TYPES = ("io.seldon.serving.inference.",)


def _recognises(record: Record) -> bool:
    return str(attributes(record).get("type")).startswith(_TYPES)


def _exchange(record: Record) -> Exchange | None:
    return event(record, _TYPES, ("requestid", "id"))


FORMAT = Format("seldon", _recognises, _exchange, about=("service",), apart=True)
