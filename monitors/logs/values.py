"""Python values of a data base's driver as Arrow columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from monitors.logs.columns import json_text

_INT64 = 2**63


def column_of(values: Sequence[Any]) -> pa.Array:
    """Column of plain type: numbers stay numbers, times times; values of kinds that do not mix become text.

    Integers beyond 64 bits and decimals are float64.
    """
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return pa.nulls(len(values))
    if Decimal in kinds and kinds <= {int, float, Decimal}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if kinds <= {int, float}:
        whole = kinds == {int} and all(value is None or -_INT64 <= value < _INT64 for value in values)
        return pa.array([None if v is None else v if whole else float(v) for v in values],
                        pa.int64() if whole else pa.float64())  # fmt: skip
    if len(kinds) == 1 and kinds <= {str, bool, dt.date, dt.time, dt.timedelta}:
        return pa.array(values)
    if kinds == {dt.datetime}:
        zoned = {value.tzinfo is not None for value in values if value is not None}
        if len(zoned) == 1:
            return pa.array(values, pa.timestamp("us", "UTC" if zoned.pop() else None))
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: Any) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        raw = bytes(value)
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw.hex()
    if isinstance(value, (dict, list, tuple)):
        return json_text(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
