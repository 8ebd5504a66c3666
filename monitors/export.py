"""What leaves Driftmeter: the store's frames in the words of the public interface."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from monitors.windows import Grain

FINDING_KEYS = (
    "model",
    "monitor",
    "kind",
    "feature",
    "segment",
    "window_start",
    "window_end",
    "onset",
    "value",
    "expected",
    "low",
    "high",
    "p_value",
    "effect",
    "n",
    "severity",
    "state",
    "incident",
    "message",
)
MEASUREMENT_KEYS = (
    "model",
    "monitor",
    "metric",
    "feature",
    "segment",
    "window_start",
    "window_end",
    "value",
    "low",
    "high",
    "expected",
    "n",
    "p_value",
)
TIMES = ("window_start", "window_end", "onset")
COUNTS = ("n",)


def findings_json(frame: pd.DataFrame, grain: Grain) -> list[dict[str, Any]]:
    """Findings as plain objects, newest window first; in a window alerts first, the surest first.

    Parameters
    ----------
    frame : findings as the store keeps them, with int64 bounds
    grain : of the windows; bounds become ISO 8601 in its time zone, or stay row numbers

    Returns
    -------
    one dict a finding, with exactly the keys of `FINDING_KEYS`; what is missing is None
    """
    ordered = frame.assign(_watch=frame["severity"] != "alert").sort_values(
        ["window_start", "_watch", "p_value"], ascending=[False, True, True], kind="stable"
    )
    columns = {key: _plain(ordered[key], grain) for key in FINDING_KEYS}
    return [dict(zip(FINDING_KEYS, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def measurements_public(frame: pd.DataFrame, grain: Grain, model: str | None = None) -> pd.DataFrame:
    """Measurements with exactly the columns of `MEASUREMENT_KEYS`.

    Parameters
    ----------
    frame : measurements as the store keeps them, with int64 bounds
    grain : of the windows; bounds become datetimes in its time zone, or stay row numbers
    model : the model's name, where the frame has no such column
    """
    named = frame if "model" in frame else frame.assign(model=model)
    out = named[list(MEASUREMENT_KEYS)].reset_index(drop=True)
    if grain.kind == "calendar":
        for key in ("window_start", "window_end"):
            utc = pd.DatetimeIndex(out[key].to_numpy(np.int64).view("M8[us]")).tz_localize("UTC")
            out[key] = utc.tz_convert(grain.timezone)
    return out


def text_times(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with datetimes as ISO 8601 text, for formats that have no type for them."""
    out = frame.copy()
    for name in frame.select_dtypes("datetimetz").columns:
        out[name] = [moment.isoformat() for moment in frame[name]]
    return out


def _plain(column: pd.Series, grain: Grain) -> Iterable[Any]:
    """Python's own values: None for missing, int for counts, text for times."""
    missing = column.isna()
    values = column.astype(object).where(~missing, None)
    if column.name in TIMES:
        words = {value: grain.iso(int(value)) for value in values[~missing].unique()}
        return [words.get(value) for value in values]
    if column.name in COUNTS:
        return [None if value is None else int(value) for value in values]
    return [_scalar(value) for value in values]


def _scalar(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    # JSON has no word for infinity.
    return None if isinstance(value, float) and not np.isfinite(value) else value
