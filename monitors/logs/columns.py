"""Columns as every monitor expects them: flat, plainly typed, each with a name of its own."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

CODED = pa.dictionary(pa.int32(), pa.string())
_PLAIN = {
    kind.id for kind in (
        pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
        pa.float32(), pa.float64(), pa.date32(), pa.date64(), pa.timestamp("us"), pa.null(),
    )
}  # fmt: skip
"""Types that are plain as they are, text apart: files of thousands of columns have hardly any other."""


class Leaf(NamedTuple):
    """One flat column of a file: where it comes from and what it is called here."""

    top: int  # position of the file's own column
    path: tuple[int, ...]  # positions of the fields below it
    name: str


def unique_names(names: Sequence[str]) -> list[str]:
    """Names kept verbatim; the second of two equal ones becomes ``name (2)``, the third ``name (3)``.

    >>> unique_names(["a", "b", "a"])
    ['a', 'b', 'a (2)']
    """
    if len(set(names)) == len(names):
        return list(names)
    taken: set[str] = set()
    given = set(names)
    unique = []
    for name in names:
        chosen, k = name, 1
        while chosen in taken or (k > 1 and chosen in given):
            k += 1
            chosen = f"{name} ({k})"
        taken.add(chosen)
        unique.append(chosen)
    return unique


def nearest(name: str, names: Sequence[str]) -> str:
    """The rest of a sentence about a column that is not there: the nearest one that is, or what there is."""
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f"; did you mean '{near[0]}'"
    return f"; it has {', '.join(names[:8])}{' and others' if len(names) > 8 else ''}"


def leaves(schema: pa.Schema) -> list[Leaf]:
    """Flat columns of a schema in its order: a struct ``a`` with a field ``b`` gives ``a.b``, at any depth."""
    flat = [found for i, part in enumerate(schema) for found in _descend(i, (), part.name, part.type)]
    names = unique_names([name for _, _, name in flat])
    return [Leaf(index, path, name) for (index, path, _), name in zip(flat, names, strict=True)]


def _descend(
    index: int, path: tuple[int, ...], name: str, kind: pa.DataType
) -> Iterator[tuple[int, tuple[int, ...], str]]:
    if pa.types.is_struct(kind):
        for i in range(kind.num_fields):
            part = kind.field(i)
            yield from _descend(index, (*path, i), f"{name}.{part.name}", part.type)
    else:
        yield index, path, name


def normalised(batch: pa.RecordBatch, kept: Sequence[Leaf], text_columns: Collection[str] = ()) -> pa.RecordBatch:
    """Batch of the kept leaves with plain types (see `plain`); leaves index into `batch`."""
    parts: dict[tuple[int, ...], list[pa.Array]] = {}
    arrays = [_part(batch, leaf.top, leaf.path, parts) for leaf in kept]
    for i, array in enumerate(arrays):
        if array.type.id not in _PLAIN:
            arrays[i] = _legible(plain(array, kept[i].name in text_columns))
    return batch_of(arrays, [leaf.name for leaf in kept], batch.num_rows)


def plain_schema(schema: pa.Schema, kept: Sequence[Leaf]) -> pa.Schema:
    """The schema that batches of the kept leaves of this one have when they are ``normalised``."""
    empty = pa.RecordBatch.from_arrays([pa.nulls(0, part.type) for part in schema], schema=schema)
    return normalised(empty, kept).schema


def _part(
    batch: pa.RecordBatch, top: int, path: tuple[int, ...], parts: dict[tuple[int, ...], list[pa.Array]]
) -> pa.Array:
    """A column, or a field within it; `parts` keeps what structs were taken apart into, so that each is once.

    (No inner function: one that calls itself is a cycle, which holds on to its batch until the collector comes by.)
    """
    if not path:
        return batch.column(top)
    above = (top, *path[:-1])
    if above not in parts:
        # Unlike `field`, `flatten` hands a null struct down to its fields.
        parts[above] = _part(batch, top, path[:-1], parts).flatten()
    return parts[above][path[-1]]


def batch_of(arrays: Sequence[pa.Array], names: Sequence[str], rows: int) -> pa.RecordBatch:
    """Record batch that knows its number of rows even without a column: rows without any wanted column count too."""
    if not arrays:
        return pa.RecordBatch.from_arrays([pa.nulls(rows)], names=[""]).select([])
    return pa.RecordBatch.from_arrays(list(arrays), names=list(names))


def plain(array: pa.Array, as_text: bool = False) -> pa.Array:
    """Give a column one of the types that monitors know.

    They are: bool, integers, float32/64, string, dictionary<int32, string>, date32/64, timestamp, null. Decimals
    become float64 (int64 where they are integers that fit, text where `as_text`), durations seconds, times of day
    and intervals text, binary text where it is UTF-8 and hexadecimal text elsewhere, lists and maps JSON text.
    """
    kind = array.type
    is_ = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            return pa.array([None if x is None else str(x) for x in array.to_pylist()], pa.string())
        return plain(array.storage, as_text)
    if is_.is_dictionary(kind):
        if is_.is_string(kind.value_type) or is_.is_large_string(kind.value_type):
            words = pa.DictionaryArray.from_arrays(array.indices.cast(pa.int32()), array.dictionary.cast(pa.string()))
            return words.cast(pa.string()) if as_text else words
        return plain(array.dictionary_decode(), as_text)
    if is_.is_run_end_encoded(kind):
        return plain(pc.run_end_decode(array), as_text)
    if is_.is_large_string(kind) or is_.is_string_view(kind) or is_.is_time(kind):
        return array.cast(pa.string())
    if is_.is_decimal(kind):
        if as_text:
            return array.cast(pa.string())
        return array.cast(pa.int64() if kind.scale == 0 and kind.precision <= 18 else pa.float64())
    if is_.is_float16(kind):
        return array.cast(pa.float32())
    if is_.is_duration(kind):
        per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.unit]
        return pc.divide(array.cast(pa.int64()).cast(pa.float64(), safe=False), float(per_second))
    if _is_bytes(kind):
        return _from_bytes(array)
    if is_.is_nested(kind) or is_.is_interval(kind):
        return _as_json(array)
    return array


def _legible(array: pa.Array) -> pa.Array:
    """Text that is UTF-8 throughout. Arrow takes a file's word for that, and fails far from here when it is not so."""
    if pa.types.is_dictionary(array.type):
        words = _legible(array.dictionary)
        return array if words is array.dictionary else pa.DictionaryArray.from_arrays(array.indices, words)
    if not pa.types.is_string(array.type):
        return array
    raw = array.cast(pa.binary())
    try:
        raw.cast(pa.string())
    except pa.ArrowInvalid:
        return decoded(raw)
    return array


def decoded(raw: pa.Array) -> pa.Array:
    """Text of a binary array: UTF-8, and Windows-1252 for the values that are not. Distinct values are decoded once."""
    coded = raw.dictionary_encode()
    words = pa.array([decoded_value(value) for value in coded.dictionary.to_pylist()], pa.string())
    return words.take(coded.indices)


def decoded_value(value: bytes) -> str:
    """UTF-8, else Windows-1252 with a mark for what is neither."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("cp1252", errors="replace")


def _is_bytes(kind: pa.DataType) -> bool:
    is_ = pa.types
    return bool(
        is_.is_binary(kind) or is_.is_large_binary(kind) or is_.is_binary_view(kind) or is_.is_fixed_size_binary(kind)
    )


def _from_bytes(array: pa.Array) -> pa.Array:
    # Older writers (Hive, Impala, Spark's binaryAsString) leave text unmarked; Arrow's cast checks that it is UTF-8.
    if not pa.types.is_fixed_size_binary(array.type):
        try:
            return array.cast(pa.binary()).cast(pa.string())
        except pa.ArrowInvalid:
            pass
    return pa.array([None if x is None else x.hex() for x in array.to_pylist()], pa.string())


def _as_json(array: pa.Array) -> pa.Array:
    values = array.to_pylist(maps_as_pydicts="lossy")
    return pa.array([None if value is None else json_text(value) for value in values], pa.string())


def json_text(value: Any) -> str:
    """Compact JSON of a nested value; what JSON does not know is written as text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
