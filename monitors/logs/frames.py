"""pandas frames, whose columns may hold what Arrow has no type for."""

from __future__ import annotations

import sys
from typing import Any

import pyarrow as pa

from monitors.logs.columns import json_text


def pandas_table(obj: Any) -> pa.Table | None:
    """Arrow table of a pandas frame, None for any other object.

    pandas' own export fails on two columns of one name and on columns of mixed types. Here the former keep their
    names (made unique later) and the latter become text. NaN is null, as in every file that pandas writes.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(obj, pandas.DataFrame):
        return None
    names: list[str] = []
    arrays: list[Any] = []
    for level in range(obj.index.nlevels):
        if obj.index.names[level] is not None:
            names.append(str(obj.index.names[level]))
            arrays.append(_array(obj.index.get_level_values(level)))
    for position, name in enumerate(obj.columns):
        names.append(".".join(map(str, name)) if isinstance(name, tuple) else str(name))
        arrays.append(_array(obj.iloc[:, position]))
    if not arrays:
        return pa.table({"": pa.nulls(len(obj))}).select([])
    return pa.Table.from_arrays(arrays, names=names)


def _array(values: Any) -> Any:
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        missing = values.isna()
        pairs = zip(values, missing, strict=True)
        return pa.array([None if gone else _text(value) for value, gone in pairs], pa.string())


def _text(value: Any) -> str:
    if isinstance(value, (list, dict, tuple)):
        return json_text(value)
    return str(value)
