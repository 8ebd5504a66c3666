"""Evidently's report of one window, on a bounded sample of its rows: the only place that reads the log again.

Profiles say that and where something moved; single rows sometimes say what it was.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from monitors.config import Config
from monitors.errors import UserError
from monitors.job import columns_of
from monitors.logs.files import LogFile
from monitors.logs.formats.registry import joined
from monitors.logs.prepare import Layout, read_rows
from monitors.profile.bins import Bins
from monitors.profile.values import text_of, to_floats
from monitors.sources import log_files
from monitors.store import Store

SAMPLE = 10_000
"""Rows of the window, and as many of the reference."""


def drilldown(config: Config, store: Store, starts: list[int], path: Path, features: list[str] | None = None) -> Path:
    """Write Evidently's drift report of some windows against the reference.

    Parameters
    ----------
    starts : of the windows, in the store's grain
    path : of the HTML file to write
    features : names of columns; None is all features. Columns without a value on either side are left out: one of
        them would end the whole report.

    Raises
    ------
    UserError
        when the windows have no rows left in the log, or no column has values on both sides.
    """
    row, bins = store.model(config.model.name), store.bins(config.model.name)
    if row is None or bins is None:
        raise UserError(f'the store has no model "{config.model.name}" yet: run `driftmeter run` first.')
    frozen = [int(start) for start in row["reference"]["frozen"]]
    current = sample(config, store, bins, starts)
    reference = sample(config, store, bins, [start for start in frozen if start not in set(starts)])
    wanted = [c.name for c in bins.features if features is None or c.name in features]
    kept = [name for name in wanted if _usable(reference, name) and _usable(current, name)]
    if not len(current) or not kept:
        raise UserError(
            "no feature has values both in these windows and in the reference, so there is nothing to compare."
        )
    os.environ["DO_NOT_TRACK"] = "1"
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    kinds = {column.name: column.kind for column in bins.features}
    definition = DataDefinition(
        numerical_columns=[name for name in kept if kinds[name] == "numeric"],
        categorical_columns=[name for name in kept if kinds[name] == "categorical"],
    )
    sides = [Dataset.from_pandas(frame[kept], data_definition=definition) for frame in (current, reference)]
    Report([DataDriftPreset()]).run(*sides).save_html(str(path))
    return path


def sample(config: Config, store: Store, bins: Bins, starts: list[int], rows: int = SAMPLE) -> pd.DataFrame:
    """Rows of some windows, at most ``rows`` of them, the same ones every time.

    Returns
    -------
    one column a feature, numbers as float64 and categories as text, None where missing
    """
    if config.logs.table is not None:
        raise UserError(
            f"the log is the table {config.logs.table}, whose rows stay on the cluster: a sample of them is taken from "
            "files alone (logs.path)."
        )
    ledger = store.ledger(config.model.name, "log")
    wanted, layout = set(starts), Layout(columns_of(config), config.grain)
    held: list[tuple[np.ndarray, pd.DataFrame]] = []
    files, firsts, first = log_files(config), {}, 0
    for file in files:
        firsts[file.key], first = first, first + (ledger[file.key]["rows"] if file.key in ledger else 0)
    touched = [f for f in files if f.key in ledger and not wanted.isdisjoint(ledger[f.key]["starts"])]
    for file in joined(touched, files if layout.grain.kind == "rows" else touched):
        held = _least(held + _read(file, layout, firsts[file.key], wanted, bins), rows)
    if not held:
        raise UserError(
            "the rows of these windows are not in the log any more: its files have changed since the last run."
        )
    return pd.concat([frame for _, frame in held], ignore_index=True)


def _read(
    file: LogFile, layout: Layout, first: int, wanted: set[int], bins: Bins
) -> list[tuple[np.ndarray, pd.DataFrame]]:
    return [
        (rows.keys, _frame(rows.batch, bins))
        for rows in read_rows(file, layout, first, wanted, keys=True)
        if rows.keys is not None
    ]


def _least(held: list[tuple[np.ndarray, pd.DataFrame]], rows: int) -> list[tuple[np.ndarray, pd.DataFrame]]:
    """The rows with the least keys."""
    total = sum(len(keys) for keys, _ in held)
    if total <= rows:
        return held
    bound = np.partition(np.concatenate([keys for keys, _ in held]), rows - 1)[rows - 1]
    return [(keys[keys <= bound], frame[keys <= bound]) for keys, frame in held if (keys <= bound).any()]


def _frame(batch: pa.RecordBatch, bins: Bins) -> pd.DataFrame:
    data: dict[str, object] = {}
    for column in bins.features:
        place = batch.schema.get_field_index(column.name)
        if place < 0:
            data[column.name] = [None] * batch.num_rows
        elif column.kind == "numeric":
            values, flags = to_floats(batch.column(place))
            good = np.isfinite(values) & ((flags == 0) if len(flags) else True)
            data[column.name] = np.where(good, values, np.nan)
        else:
            data[column.name] = [None if v is None else text_of(v) for v in batch.column(place).to_pylist()]
    return pd.DataFrame(data)


def _usable(frame: pd.DataFrame, name: str) -> bool:
    return bool(frame[name].notna().any())
