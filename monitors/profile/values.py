"""Arrow columns as what the kernel counts: floats with flags, or bin codes."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal
from functools import lru_cache

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from monitors.profile.bins import FIRST, INVALID, NAN, NULL, ColumnBins

_EMPTY_FLAGS = np.empty(0, dtype=np.uint8)


@lru_cache
def type_class(kind: pa.DataType) -> str:
    """``number``, ``text``, ``boolean``, ``time`` or ``null``: the types that a person tells apart."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_null(kind):
        return "null"
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_temporal(kind):
        return "time"
    return "text"


def text_of(value: object) -> str:
    """One value as text, the same for 1, 1.0 and "1", and for True and "true"."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating | Decimal) and math.isfinite(value) and value == int(value):
        # beyond 2^63 files have no integers, and 1e300 is easier to read than its 301 digits
        return str(int(value)) if abs(int(value)) < 2**63 else repr(float(value))
    text = str(value)
    return text.lower() if text in {"True", "False"} else text


def to_floats(array: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Values as float64 and flags.

    Returns
    -------
    values : shape (n,), float64; NaN and infinities stand as they came
    flags : shape (n,) or (0,) when all are values, uint8: 0 a value, else the missing bin (null, invalid)
    """
    kind = array.type
    if pa.types.is_dictionary(kind):
        values, flags = to_floats(array.dictionary)
        codes = pc.fill_null(array.indices, 0).to_numpy(zero_copy_only=False)
        if not len(values):
            values = np.zeros(1)
        out = values[codes]
        taken = flags[codes] if len(flags) else np.zeros(len(codes), np.uint8)
        if array.indices.null_count:
            taken = taken.copy()
            taken[array.indices.is_null().to_numpy(zero_copy_only=False)] = NULL
        return out, taken
    name = type_class(kind)
    if name == "null":
        return np.zeros(len(array)), np.full(len(array), NULL, np.uint8)
    if name == "text":
        text = pl.Series(pl.from_arrow(array.cast(pa.large_string())))
        parsed = text.str.strip_chars().cast(pl.Float64, strict=False)
        nulls = text.is_null().to_numpy()
        flags = np.where(nulls, NULL, np.where(parsed.is_null().to_numpy(), INVALID, 0)).astype(np.uint8)
        return parsed.fill_null(0.0).to_numpy(), flags if flags.any() else _EMPTY_FLAGS
    if name == "time":
        array = _microseconds(array)
    if array.null_count:
        flags = np.where(array.is_null().to_numpy(zero_copy_only=False), NULL, 0).astype(np.uint8)
        array = pc.fill_null(array, pa.scalar(0, pa.int8()).cast(array.type) if name != "boolean" else False)
    else:
        flags = _EMPTY_FLAGS
    if pa.types.is_decimal(kind):
        array = array.cast(pa.float64())
    return array.to_numpy(zero_copy_only=False).astype(np.float64, copy=False), flags


def _microseconds(array: pa.Array) -> pa.Array:
    """Times as int64; what is finer than a microsecond is cut off."""
    kind = array.type
    if pa.types.is_time(kind):
        unit = pa.time64("us")
    else:
        unit = pa.duration("us") if pa.types.is_duration(kind) else pa.timestamp("us")
    return array.cast(unit, safe=False).cast(pa.int64())


def bins_of(array: pa.Array, column: ColumnBins) -> np.ndarray:
    """Bin of each row of a column, shape (n,), int32: the same that the kernel counts it into."""
    if column.kind == "categorical":
        return to_codes(array, column)[0]
    values, flags = to_floats(array)
    with np.errstate(invalid="ignore"):
        bins = FIRST + np.searchsorted(column.edges, values, side="right")
    bins = np.where(np.isnan(values), NAN, np.where(np.isinf(values), INVALID, bins))
    return (np.where(flags > 0, flags, bins) if len(flags) else bins).astype(np.int32)


Encoded = tuple[np.ndarray, np.ndarray | None, list[str | None]]
"""What ``distinct`` returns."""


def to_codes(
    array: pa.Array, column: ColumnBins, encoded: Encoded | None = None
) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Bin of each row of a categorical column; ``encoded`` as ``distinct`` returns its values, where that is known.

    Returns
    -------
    bins : shape (n,), int32
    unseen : distinct values that the reference never had
    unseen_code : shape (n,), int64: index into ``unseen``, -1 elsewhere; shape (0,) when nothing is unseen
    """
    codes, nulls, values = distinct(array) if encoded is None else encoded
    lookup, unknown = column.lookup, column.unknown_bin
    table = np.empty(len(values) + 1, dtype=np.int32)
    table[-1] = NULL
    unseen: list[str] = []
    unseen_index = np.full(len(values) + 1, -1, dtype=np.int64)
    for i, value in enumerate(values):
        if value is None:
            table[i] = NAN
            continue
        found = lookup.get(value)
        if found is None:
            unseen_index[i] = len(unseen)
            unseen.append(value)
            found = unknown
        table[i] = found
    codes = codes if nulls is None else np.where(nulls, len(values), codes)
    return table[codes], unseen, unseen_index[codes] if unseen else np.empty(0, np.int64)


def distinct(array: pa.Array) -> Encoded:
    """Codes (shape (n,), int64), nulls (shape (n,), bool, or None) and the distinct values as text (NaN is None)."""
    encoded = array if pa.types.is_dictionary(array.type) else pc.dictionary_encode(array)
    indices = encoded.indices
    nulls = None
    if indices.null_count:
        nulls = indices.is_null().to_numpy(zero_copy_only=False)
        indices = pc.fill_null(indices, 0)
    values = encoded.dictionary.to_pylist()
    codes = indices.to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    if any(value is None for value in values):  # a dictionary may itself hold a null
        holes = np.array([value is None for value in values])
        nulls = holes[codes] if nulls is None else nulls | holes[codes]
        values = ["" if value is None else value for value in values]
    if type_class(array.type) == "text":
        return codes, nulls, [text_of(value) if value in {"True", "False"} else str(value) for value in values]
    return codes, nulls, [None if isinstance(v, float) and math.isnan(v) else text_of(v) for v in values]


def count_values(array: pa.Array) -> Counter[str]:
    """Rows by value as text; nulls and NaN are not counted. Values that read the same (True and "true") are one."""
    codes, nulls, names = distinct(array)
    found: Counter[str] = Counter()
    counts = np.bincount(codes if nulls is None else codes[~nulls], minlength=len(names))
    for name, n in zip(names, counts, strict=True):
        if n and name is not None:
            found[name] += int(n)
    return found
