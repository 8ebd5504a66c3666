"""Bodies of requests and responses as rows: the shapes that prediction protocols have in common.

Instances of the V1 protocol of TensorFlow Serving and Vertex (``instances``, ``predictions``), tensors of the Open
Inference Protocol (``inputs``, ``outputs`` with ``shape`` and ``data``), MLflow's ``dataframe_split`` and
``dataframe_records``, Seldon's ``data`` with ``ndarray`` or ``tensor``, columns by name, and bare lists.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from monitors.logs.formats.payload import BrokenRecordError

_LISTS = ("instances", "predictions", "dataframe_records", "inputs", "outputs")


class Items(NamedTuple):
    """A body taken apart: one item a row.

    Attributes
    ----------
    values : objects by name, lists by position, or single values
    names : of positions, where the body says them
    beside : by name, lists with one value a row
    """

    values: list[Any]
    names: tuple[str, ...] = ()
    beside: Mapping[str, list[Any]] = {}


def items(body: Any) -> Items:
    """The rows of a body, not named yet.

    Raises
    ------
    BrokenRecordError
        The body contradicts itself: tensors of different lengths, rows longer than their names.
    """
    if body is None:
        return Items([])
    if isinstance(body, list):
        return Items(body)
    if not isinstance(body, Mapping):
        return Items([body])
    split = body.get("dataframe_split", body)
    if isinstance(split, Mapping) and isinstance(split.get("columns"), list) and isinstance(split.get("data"), list):
        return Items(split["data"], tuple(map(str, split["columns"])))
    for key in _LISTS:
        if isinstance(body.get(key), (list, Mapping)):
            return _listed(body, key)
    data = body.get("data")
    if isinstance(data, list):
        return Items(data)
    if isinstance(data, Mapping) and ("ndarray" in data or "tensor" in data):
        return _seldon(data)
    for key in ("jsonData", "strData"):
        if key in body:
            return items(body[key])
    return Items([body])


def _listed(body: Mapping[str, Any], key: str) -> Items:
    value = body[key]
    if isinstance(value, Mapping):
        return Items(_by_column(value))
    if key in ("inputs", "outputs") and value and all(_is_tensor(each) for each in value):
        return _tensors(value)
    beside = {
        name: other
        for name, other in body.items()
        if name != key and isinstance(other, list) and len(other) == len(value)
    }
    return Items(value, (), beside)


def _by_column(columns: Mapping[str, Any]) -> list[Any]:
    """Rows of a body that holds a list by column: {"a": [1, 2], "b": [3, 4]}; single values are one row."""
    lengths = {len(value) for value in columns.values() if isinstance(value, list)}
    if not lengths or any(not isinstance(value, list) for value in columns.values()):
        return [columns]
    if len(lengths) > 1:
        raise BrokenRecordError("a body's columns differ in length")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Mapping) and "name" in value and "data" in value


def _tensors(tensors: Sequence[Mapping[str, Any]]) -> Items:
    """Rows of tensors, whose first dimension counts them."""
    columns: dict[str, list[Any]] = {}
    rows = None
    for tensor in tensors:
        values = _flat(tensor["data"])
        length = _rows(tensor.get("shape"), values, len(tensor["data"]) if isinstance(tensor["data"], list) else 1)
        if rows is not None and length != rows:
            raise BrokenRecordError("a body's tensors differ in length")
        rows = length
        width = len(values) // length if length else 0
        if len(tensors) == 1 and width > 1:
            names = tuple(f"{tensor['name']}_{k}" for k in range(width))
            return Items([values[k * width : (k + 1) * width] for k in range(length)], names)
        for k in range(width):
            columns[str(tensor["name"]) if width == 1 else f"{tensor['name']}_{k}"] = values[k::width]
    if not columns:
        return Items([])
    return Items([list(row) for row in zip(*columns.values(), strict=True)], tuple(columns))


def _seldon(data: Mapping[str, Any]) -> Items:
    given = data.get("names")
    names = tuple(map(str, given)) if isinstance(given, list) else ()
    if "ndarray" in data:
        rows = data["ndarray"]
        if not isinstance(rows, list):
            raise BrokenRecordError("an ndarray is no list")
        flat = bool(rows) and bool(names) and len(rows) == len(names) and not isinstance(rows[0], (list, Mapping))
        return Items([rows] if flat else rows, names)
    tensor = data["tensor"]
    if not isinstance(tensor, Mapping):
        raise BrokenRecordError("a tensor is no object")
    values = _flat(tensor.get("values", []))
    length = _rows(tensor.get("shape"), values, len(values))
    width = len(values) // length if length else 0
    return Items([values[k * width : (k + 1) * width] for k in range(length)], names)


def _rows(shape: Any, values: list[Any], unsaid: int) -> int:
    """Rows of a tensor: its first dimension, `unsaid` where it has no shape."""
    if not isinstance(shape, list) or not shape:
        rows = unsaid
    elif all(isinstance(size, int) and size >= 0 for size in shape) and math.prod(shape) == len(values):
        rows = int(shape[0])
    else:
        raise BrokenRecordError("a tensor has not the shape that it says")
    if rows and len(values) % rows:
        raise BrokenRecordError("a tensor's rows differ in length")
    return rows


def _flat(values: Any) -> list[Any]:
    if not isinstance(values, list):
        return [values]
    if not any(isinstance(value, list) for value in values):
        return values
    return [inner for value in values for inner in _flat(value)]


def aligned(outputs: Items, rows: int) -> Items | None:
    """Outputs with one item a row; None where their number is another.

    A bare list for a single row is that row's values; one list of n values for n rows (as a line of CSV) one each.
    """
    values = outputs.values
    if len(values) == rows:
        return outputs
    if rows == 1 and len(values) > 1 and not any(isinstance(value, (list, Mapping)) for value in values):
        return Items([values], outputs.names)
    if len(values) == 1 and isinstance(values[0], list) and len(values[0]) == rows:
        return Items(values[0])
    return None


def named(found: Items, names: tuple[str, ...] | str) -> list[dict[str, Any]]:
    """Rows by name.

    Parameters
    ----------
    found : rows
    names : of positions; a single name is numbered where a row has more than one value. A list of names comes before
        those of the body itself.

    Raises
    ------
    BrokenRecordError
        A row has not as many values as there are names.
    """
    count(found, names)
    rows = [_row(value, names, found.names) for value in map(_spelt, found.values)]
    for name, values in found.beside.items():
        for row, value in zip(rows, values, strict=True):
            row.setdefault(name, value)
    return rows


def count(found: Items, names: tuple[str, ...] | str) -> int:
    """How many rows `named` gives; raises as it does."""
    wanted = names if isinstance(names, tuple) else found.names
    if wanted:
        whose = "[logs]" if isinstance(names, tuple) else "its body"
        for value in map(_spelt, found.values):
            if isinstance(value, list) and len(value) != len(wanted):
                raise BrokenRecordError(f"a row has {len(value)} values for {len(wanted)} names in {whose}")
    return len(found.values)


def _spelt(value: Any) -> Mapping[str, Any] | list[Any]:
    """A row by name or by position: {"features": [1, 2]} is by position."""
    if not isinstance(value, Mapping):
        return value if isinstance(value, list) else [value]
    inner = next(iter(value.values())) if len(value) == 1 else None
    return inner if isinstance(inner, list) and inner and not isinstance(inner[0], (list, Mapping)) else value


def _row(value: Mapping[str, Any] | list[Any], names: tuple[str, ...] | str, own: tuple[str, ...]) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(names, tuple) or own:
        return dict(zip(names if isinstance(names, tuple) else own, value, strict=True))
    if len(value) == 1:
        return {names: value[0]}
    return {f"{names}_{k}": each for k, each in enumerate(value)}
