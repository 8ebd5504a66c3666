"""What a format is, and what its records hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

    from monitors.logs.formats.answers import Answers

Record = dict[str, Any]

REQUEST, RESPONSE, BOTH = "request", "response", "both"
TIMESTAMP, ID = "timestamp", "request_id"


class BrokenRecordError(ValueError):
    """A record that is none of its format: one clause, without any of the log's values."""


class Exchange(NamedTuple):
    """What a record says about one call of the model.

    Attributes
    ----------
    half : REQUEST, RESPONSE or BOTH
    id : of the call; None: not known
    time : of the event, as the record writes it
    inputs, outputs : the bodies, as JSON values; None: not logged
    about : further columns, of the call and not of its rows
    """

    half: str
    id: str | None
    time: Any
    inputs: Any = None
    outputs: Any = None
    about: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Format:
    """A payload format.

    Attributes
    ----------
    name : as in ``logs.format``
    recognises : whether a record, as JSON lines or a table hold it, is of this format
    exchange : what a record holds; None: nothing of interest here; raises BrokenRecordError
    flat : for formats whose records are rows already: a batch with the format's names in ours
    timestamp, id : the columns that hold an event's time and a row's identity; None: the format promises none
    about : columns that are about the call; no features
    apart : requests and responses are records of their own, joined by id
    """

    name: str
    recognises: Callable[[Record], bool]
    exchange: Callable[[Record], Exchange | None] | None = None
    flat: Callable[[pa.RecordBatch], pa.RecordBatch] | None = None
    timestamp: str | None = TIMESTAMP
    id: str | None = ID
    about: tuple[str, ...] = ()
    apart: bool = False


@dataclass(frozen=True)
class Payload:
    """How a file's records become rows.

    Attributes
    ----------
    format : of the file
    columns : names of positional inputs; empty: they are numbered
    outputs : names of positional outputs, or one name for all of them
    answers : responses that stand in other records; None: rows come without them
    """

    format: Format
    columns: tuple[str, ...] = ()
    outputs: tuple[str, ...] | str = "prediction"
    answers: Answers | None = None


def json_value(value: Any) -> Any:
    """A body as a JSON value: text and bytes are parsed, anything else is one already.

    Raises
    ------
    BrokenRecordError
        The text is no JSON.
    """
    if not isinstance(value, (str, bytes)):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise BrokenRecordError("a body is no JSON") from None


def id_text(value: Any) -> str | None:
    """An id as text, None for what is none: 7, 7.0 and the decimal 7.000 are all "7"."""
    if value is None or value == "" or isinstance(value, (dict, list)):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def part(record: Record, key: str) -> Record:
    """An object within a record, or an empty one."""
    found = record.get(key)
    return found if isinstance(found, dict) else {}
