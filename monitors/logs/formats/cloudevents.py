"""CloudEvents as loggers and sinks write them down.

https://github.com/cloudevents/spec/blob/main/cloudevents/formats/json-format.md (attributes beside ``data`` or
``data_base64``) and https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/http-protocol-binding.md
(attributes as headers ``ce-…``, here in ``headers`` or as keys of the record, beside ``body`` or ``data``).
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from monitors.logs.formats.payload import (
    REQUEST,
    RESPONSE,
    BrokenRecordError,
    Exchange,
    Record,
    id_text,
    json_value,
    part,
)

_PREFIXES = ("ce-", "ce_")


def attributes(record: Record) -> dict[str, Any]:
    """Attributes by their names in lower case, without the prefix of a header."""
    found: dict[str, Any] = {}
    for key, value in {**record, **part(record, "headers")}.items():
        name = key.lower()
        found[name[3:] if name.startswith(_PREFIXES) else name] = value
    return found


def body(found: dict[str, Any]) -> Any:
    """The body of an event, as a JSON value.

    Raises
    ------
    BrokenRecordError
        There is none, or it is no JSON.
    """
    encoded = found.get("data_base64", found.get("bytes"))
    if encoded is not None:
        try:
            return json_value(base64.b64decode(str(encoded), validate=True))
        except binascii.Error:
            raise BrokenRecordError("a body is not in base64") from None
    for key in ("data", "json", "body"):
        if found.get(key) is not None:
            return json_value(found[key])
    raise BrokenRecordError("an event has no data")


def half(kind: Any) -> str | None:
    """Which half of an exchange an event's type names, None for events of another kind."""
    last = str(kind).rpartition(".")[2]
    return {"request": REQUEST, "response": RESPONSE}.get(last)


def event(record: Record, prefixes: tuple[str, ...], ids: tuple[str, ...]) -> Exchange | None:
    """A request or a response; None for feedback, outliers and whatever else goes by the same way.

    Parameters
    ----------
    prefixes : that the event's type may begin with
    ids : attributes of which the first that is there identifies the call

    Raises
    ------
    BrokenRecordError
        No CloudEvent, or one without an id or a body.
    """
    found = attributes(record)
    kind = found.get("type", found.get("reqtype"))
    if kind is None:
        raise BrokenRecordError("an event has no type")
    side = half(kind)
    if side is None or not str(kind).startswith(prefixes):
        return None
    key = next((text for name in ids if (text := id_text(found.get(name))) is not None), None)
    if key is None:
        raise BrokenRecordError("an event has no id")
    about = {"service": found.get("inferenceservicename", found.get("inferenceservice"))}
    value = body(found)
    if side == REQUEST:
        return Exchange(REQUEST, key, found.get("time"), value, None, about)
    return Exchange(RESPONSE, key, found.get("time"), None, value)
