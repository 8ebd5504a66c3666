"""The store's content as Parquet files, all of one moment."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from monitors.errors import UserError
from monitors.job import TRAINING
from monitors.store import Store
from monitors.warehouse.cells import CellTables, bins_table
from monitors.warehouse.schema import TABLES, Table
from monitors.windows import Grain

BINS_AT_ONCE = 400_000
"""Bins, over all windows, that are in memory at a time: about 100 MB."""

_TYPES = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}


def arrow_schema(table: Table, grain: Grain) -> pa.Schema:
    """A table's schema; each field says what it means, as its metadata does."""
    time = pa.timestamp("us", tz=grain.timezone) if grain.kind == "calendar" else pa.int64()
    types = {**_TYPES, "time": time}
    fields = [pa.field(each.name, types[each.type], metadata={"description": each.meaning}) for each in table.columns]
    return pa.schema(fields, metadata={"description": f"a row is {table.row}"})


def export(store: Store, model: str, out: Path) -> dict[str, int]:
    """Write a model's profiles, measurements, findings, incidents and events to a folder; rows by table.

    Files that are there give way to new ones at the end, when all are written.

    Raises
    ------
    UserError
        when the folder cannot be made or written to
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--out is {out}, which cannot be a folder: {error.strerror or error}") from None
    places = {table.name: out / f".{table.name}.parquet.tmp" for table in TABLES}
    try:
        with store.snapshot() as seen:
            rows = _write(seen, model, places)
        for name, place in places.items():
            os.replace(place, out / f"{name}.parquet")
    except OSError as error:
        raise UserError(f"{out} cannot be written to: {error.strerror or error}") from None
    finally:
        for place in places.values():
            with contextlib.suppress(OSError):
                place.unlink()
    return rows


def _write(store: Store, model: str, places: dict[str, Path]) -> dict[str, int]:
    grain = store.grain(model)
    rows = dict.fromkeys(places, 0)
    with contextlib.ExitStack() as stack:
        writers = {
            table.name: stack.enter_context(
                pq.ParquetWriter(places[table.name], arrow_schema(table, grain), compression="zstd")
            )
            for table in TABLES
        }

        def put(name: str, columns: dict[str, pa.Array]) -> None:
            schema = writers[name].schema
            columns = {"model": pa.repeat(pa.scalar(model), len(next(iter(columns.values())))), **columns}
            # whole numbers become times as they are: µs since 1970 UTC
            table = pa.table([columns[field.name].cast(field.type) for field in schema], schema=schema)
            writers[name].write_table(table)
            rows[name] += len(table)

        for name in ("measurements", "findings", "incidents", "events"):
            frame: pd.DataFrame = getattr(store, name)(model)
            put(name, {field.name: pa.array(frame[field.name], from_pandas=True) for field in writers[name].schema})
        for name, columns in _cells(store, model, grain):
            put(name, columns)
    return rows


def _cells(store: Store, model: str, grain: Grain) -> Iterator[tuple[str, dict[str, pa.Array]]]:
    """Pieces of the tables that hold profiles, so many windows at a time."""
    bins = store.bins(model)
    if bins is None:
        return
    yield "bins", bins_table(bins)
    tables, at_once = CellTables(bins), int(np.clip(BINS_AT_ONCE // max(int(bins.offsets[-1]), 1), 1, 500))
    for segment, starts in store.segments_by_window(model).items():
        if segment.startswith(TRAINING):
            continue
        for i in range(0, len(starts), at_once):
            some = list(store.profiles(model, segment, starts[i : i + at_once]))
            ends = grain.ends(np.array([profile.start for profile in some], np.int64))
            yield from tables.pieces(some, ends, segment)
