"""Feast feature logs: a row a call of the feature server, in Parquet.

https://docs.feast.dev/reference/feature-servers/go-feature-server and Feast's ``feature_logging.py``: join keys,
then ``{view}__{feature}`` with ``…__timestamp`` and ``…__status``, and ``__log_timestamp``, ``__log_date``,
``__request_id``. A status becomes the word of Feast's protocol (``serving_service.proto``), and a feature's timestamp
its age when it was served, in seconds, as ``…__age``: the instant itself would drift for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitors.logs.formats.payload import ID, TIMESTAMP, Format, Record

if TYPE_CHECKING:
    import pyarrow as pa

_STATUS = ("INVALID", "PRESENT", "NULL_VALUE", "NOT_FOUND", "OUTSIDE_MAX_AGE")
_TIME, _DATE, _ID = "__log_timestamp", "__log_date", "__request_id"


def _recognises(record: Record) -> bool:
    return _TIME in record and any(name.endswith("__status") for name in record)


def _flat(batch: pa.RecordBatch) -> pa.RecordBatch:
    import pyarrow as pa

    from monitors.logs.columns import batch_of
    from monitors.logs.text import canonical_text

    found = dict(zip(batch.schema.names, batch.columns, strict=True))
    logged = found.get(_TIME, pa.nulls(batch.num_rows))
    columns = {TIMESTAMP: logged, ID: canonical_text(found.get(_ID, pa.nulls(batch.num_rows, pa.string())))}
    for name, array in found.items():
        feature, _, kind = name.rpartition("__")
        if name in (_TIME, _DATE, _ID):
            continue
        if feature in found and kind == "status":
            columns[name] = _words(array)
        elif feature in found and kind == "timestamp":
            columns[f"{feature}__age"] = _age(logged, array)
        else:
            columns[name if name not in columns else f"{name} (2)"] = array
    return batch_of(list(columns.values()), list(columns), batch.num_rows)


def _words(status: pa.Array) -> pa.Array:
    import pyarrow as pa

    if not pa.types.is_integer(status.type):
        return status
    texts = [_STATUS[k] if k is not None and 0 <= k < len(_STATUS) else None for k in status.to_pylist()]
    return pa.array(texts, pa.string())


def _age(logged: pa.Array, made: pa.Array) -> pa.Array:
    """Seconds between two instants; null where either is none."""
    import numpy as np
    import pyarrow as pa

    from monitors.logs.timestamps import to_micros

    now, known = to_micros(logged, "UTC")
    then, told = to_micros(made, "UTC")
    good = known & told & (then > 0)  # a feature that was not found has the epoch
    return pa.array(np.where(good, (now - then) / 1e6, np.nan), pa.float64(), mask=~good)


FORMAT = Format("feast", _recognises, flat=_flat)
