"""KServe's inference logger: CloudEvents of requests and of responses, which share their ``id``.

https://kserve.github.io/website/docs/model-serving/predictive-inference/logger/basic-logger (types
``org.kubeflow.serving.inference.request`` and ``….response``, extension ``inferenceservicename``). The records that
the logger writes to a blob store (``reqType``, ``bytes`` in base64) are read too; they have no time.
"""

from __future__ import annotations

from monitors.logs.formats.cloudevents import attributes, event
from monitors.logs.formats.payload import Exchange, Format, Record

_TYPES = ("org.kubeflow.serving.inference.", "org.kserve.serving.inference.")


def _recognises(record: Record) -> bool:
    found = attributes(record)
    return str(found.get("type", found.get("reqtype"))).startswith(_TYPES)


def _exchange(record: Record) -> Exchange | None:
    return event(record, _TYPES, ("id", "requestid"))


FORMAT = Format("kserve", _recognises, _exchange, about=("service",), apart=True)
