"""Values as text that does not depend on the file format they came in."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_INT64 = 2.0**63


def canonical_text(values: pa.Array) -> pa.Array:
    """Text under which equal values of different types are equal: ``12``, ``12.0``, ``"12"`` and ``"12.0"``.

    Whole numbers lose their fraction, NaN is null, timestamps are written to the microsecond in UTC, and all else
    is Arrow's own spelling. Text is kept as it is but for a fraction of zeros after digits alone.

    Parameters
    ----------
    values : array of any plain type, or a dictionary of one

    Returns
    -------
    string array of the same length
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        return canonical_text(values.dictionary).take(values.indices)
    if pa.types.is_floating(kind):
        return _from_floats(values.cast(pa.float64()))
    if pa.types.is_timestamp(kind):
        return values.cast(pa.timestamp("us", kind.tz), safe=False).cast(pa.string())
    text = values.cast(pa.string())
    if pa.types.is_integer(kind):
        return text
    return pc.replace_substring_regex(text, r"^(-?\d+)\.0+$", r"\1")


def _from_floats(values: pa.Array) -> pa.Array:
    numbers = values.to_numpy(zero_copy_only=False)
    whole = (np.floor(numbers) == numbers) & (np.abs(numbers) < _INT64)
    missing = np.isnan(numbers)
    integers = pa.array(np.where(whole, numbers, 0).astype(np.int64), mask=missing).cast(pa.string())
    if (whole | missing).all():
        return integers
    return pc.if_else(pa.array(whole), integers, pa.array(numbers, mask=missing).cast(pa.string()))


def is_utf8(data: bytes) -> bool:
    """Whether bytes are valid UTF-8 (Arrow's check, about 10 GB/s)."""
    try:
        pa.array([data], pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def text_buffers(text: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Bytes (uint8) and offsets (int32, n + 1) of a string array, without copying."""
    _, offsets, data = text.buffers()
    if offsets is None or offsets.size == 0:
        return np.empty(0, np.uint8), np.zeros(len(text) + 1, np.int32)
    bounds = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1]
    return (np.empty(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)), bounds
