"""Driftmeter without a store: any object that exports Arrow, in one call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from monitors.assess import assess, stack
from monitors.config import Config
from monitors.errors import UserError
from monitors.export import measurements_public
from monitors.findings import judge_of
from monitors.job import columns_of, settings_of
from monitors.logs.prepare import Layout, rows_of
from monitors.logs.read import table_batches
from monitors.profile.freeze import Collector, Model
from monitors.profile.local import profile_rows
from monitors.reference import plan

_ROWS = 131_072


def measure(
    data: Any,
    *,
    timestamp: str | None = None,
    prediction: str | None = None,
    label: str | None = None,
    id_column: str | None = None,
    position: str | None = None,
    attributions: str | list[str] | None = None,
    task: str | None = None,
    positive: object = None,
    features: list[str] | None = None,
    exclude: list[str] | None = None,
    windows: str | None = None,
    timezone: str = "UTC",
    reference: tuple[Any, Any] | int | None = None,
    false_alarm_rate: float = 0.05,
) -> pd.DataFrame:
    """Measure a table that is in memory.

    Parameters
    ----------
    data : pandas, polars, DuckDB, PyArrow: anything with ``__arrow_c_stream__``; it is read twice
    timestamp, prediction, label, id_column, position : names of columns; without a timestamp windows are of rows
    attributions : a glob such as ``shap_*``, whose star stands for the feature, or a list
    task : binary, multiclass or regression; guessed when left out. positive : the label's value that counts
    features, exclude : names of columns; left out, every other column is a feature
    windows : ``1h``, ``1d``, ``1w``, ``1mo`` or ``1000 rows`` (the default without a timestamp; ``1d`` with one)
    reference : (start, end) as dates or row numbers, both included; k for the k windows before; None for the first
    windows

    Returns
    -------
    one row a number, columns as ``driftmeter measurements`` writes them

    Raises
    ------
    UserError
        when a column is not there, or the reference holds no window.
    """
    logs = {"path": "-", "timestamp": timestamp, "prediction": prediction, "label": label, "id": id_column,
            "position": position, "attributions": attributions}  # fmt: skip
    given: dict[str, Any] = {
        "model": {"name": "model", "task": task, "positive": positive},
        "logs": {key: value for key, value in logs.items() if value is not None},
        "features": {"exclude": exclude or [], **({"include": features} if features else {})},
        "windows": {"timezone": timezone, **({"size": windows} if windows else {})},
        "alerts": {"false_alarm_rate": false_alarm_rate},
    }
    given["model"] = {key: value for key, value in given["model"].items() if value is not None}
    if isinstance(reference, tuple):
        given["reference"] = {"start": reference[0], "end": reference[1]}
    elif reference is not None:
        given["reference"] = {"previous": reference}
    config = Config.from_dict(given)
    layout, held = Layout(columns_of(config), config.grain), list(table_batches(data, _ROWS))
    config.check_columns(held[0].schema.names if held else [])
    starts: set[int] = set()
    last: int | None = None
    for rows in rows_of(held, layout, "data"):
        starts.update(np.unique(rows.starts).tolist())
        if rows.times is not None:
            last = max(int(rows.times.max()), last) if last is not None else int(rows.times.max())
    if not starts:
        raise UserError("the table has no rows that lie in a window.")
    chosen = plan(config, config.grain, sorted(starts))
    collector = Collector(layout.columns)
    for rows in rows_of(held, layout, "data", wanted=set(chosen.frozen), keys=True):
        collector.add(rows)
    bins = collector.freeze(Model(task, positive, config.model.threshold))
    profiles = profile_rows(rows_of(held, layout, "data"), bins, layout.columns.parts)
    cube = stack(bins, [profile for profile in profiles if not profile.segment], config.grain)
    judge = judge_of(config, config.grain, chosen)
    measured, _ = assess(cube, chosen, settings_of(config, config.grain, last), judge=judge)
    return measurements_public(measured, config.grain, config.model.name)
