"""Measurements as the store keeps them: a compressed Arrow stream for each segment, monitor and metric.

A log of two thousand columns has a million of them, which nobody asks for one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

NUMBERS = ("value", "low", "high", "expected", "n", "p_value", "band_low", "band_high")
COLUMNS = (
    "model", "monitor", "metric", "feature", "segment", "window_start", "window_end", *NUMBERS, "detail", "reference",
)  # fmt: skip
"""Columns of a frame of measurements."""

_SCHEMA = pa.schema([
    ("feature", pa.dictionary(pa.int32(), pa.string())), ("window_start", pa.int64()), ("window_end", pa.int64()),
    *((name, pa.float64()) for name in NUMBERS), ("detail", pa.dictionary(pa.int32(), pa.string())),
    ("reference", pa.bool_()),
])  # fmt: skip
_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")


def encoded(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Rows of the table, but for the model: those of a model or log as a whole apart from those of features.

    Parameters
    ----------
    frame : with all of ``COLUMNS`` but the model; numbers that are infinite are kept as NaN
    """
    arrays: dict[str, Any] = {}
    for part in _SCHEMA:
        values = frame[part.name]
        if pa.types.is_dictionary(part.type):
            arrays[part.name] = pa.array(values.to_numpy(object), pa.string(), from_pandas=True)
        elif part.name in NUMBERS:
            numbers = values.to_numpy(float)
            arrays[part.name] = np.where(np.isfinite(numbers), numbers, np.nan)
        else:
            arrays[part.name] = values.to_numpy(part.type.to_pandas_dtype())
    keys = pd.DataFrame({
        "segment": frame["segment"].fillna(""), "monitor": frame["monitor"], "metric": frame["metric"],
        "of_features": frame["feature"].notna(),
    })  # fmt: skip
    group = keys.groupby(list(keys)).ngroup().to_numpy()
    order = np.lexsort((arrays["window_start"], group))
    for places in np.split(order, np.flatnonzero(np.diff(group[order])) + 1) if len(order) else ():
        segment, monitor, metric, of_features = keys.iloc[places[0]]
        columns = [
            array.take(pa.array(places)).dictionary_encode() if isinstance(array, pa.Array) else pa.array(array[places])
            for array in arrays.values()
        ]
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, _SCHEMA, options=_OPTIONS) as writer:
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=_SCHEMA))
        yield {
            "segment": str(segment), "monitor": str(monitor), "metric": str(metric), "of_features": bool(of_features),
            "content": sink.getvalue().to_pybytes(),
        }  # fmt: skip


def decoded(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """The inverse of ``encoded``, with the model; oldest window first."""
    rows = list(rows)
    batches = [pa.ipc.open_stream(row["content"]).read_next_batch() for row in rows]
    sizes = [batch.num_rows for batch in batches]
    frame: dict[str, np.ndarray] = {}
    for name in COLUMNS:
        if name in _SCHEMA.names:
            kind = _SCHEMA.field(name).type
            parts = [_values(batch.column(name)) for batch in batches]
            empty = np.empty(0, object if pa.types.is_dictionary(kind) else kind.to_pandas_dtype())
            frame[name] = np.concatenate([empty, *parts])
        else:
            frame[name] = np.repeat(np.array([row[name] or None for row in rows], object), sizes)
    order = np.argsort(frame["window_start"], kind="stable")
    return pd.DataFrame({name: pd.Series(values[order], dtype=values.dtype) for name, values in frame.items()})


def _values(column: pa.Array) -> np.ndarray:
    """A column as NumPy has it, texts as objects, None where there is none."""
    if not pa.types.is_dictionary(column.type):
        return column.to_numpy(zero_copy_only=False)
    words = np.array([*column.dictionary.to_pylist(), None], object)
    return words[column.indices.fill_null(len(words) - 1).to_numpy()]
