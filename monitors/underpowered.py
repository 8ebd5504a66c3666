"""Windows too small to show a change of the size that matters: which, and the smallest that they could have shown."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from monitors.settings import RELATIVE, SIZE_THAT_MATTERS


def smallest_shift(measured: pd.DataFrame) -> pd.Series:
    """The smallest change of each judged number that would have been an alert: max |band - expected| over its sides.

    A side that no number can lie beyond (a band from 0 for a share or a distance) is none. NaN where nothing is judged.

    Parameters
    ----------
    measured : see ``monitors.measurement.COLUMNS``
    """
    expected = measured["expected"].to_numpy(float)
    low, high = measured["band_low"].to_numpy(float), measured["band_high"].to_numpy(float)
    with np.errstate(invalid="ignore"):
        below = np.where(low > 0, expected - low, np.nan)
        below = np.where((low < 0) & (measured["value"].to_numpy(float) < 0), expected - low, below)
        size = np.fmax(below, high - expected)
    judged = measured["p_value"].notna().to_numpy()
    return pd.Series(np.where(judged, np.maximum(size, 0.0), np.nan), index=measured.index)


def size_that_matters(given: Mapping[str, float], metric: str, feature: str | None = None) -> float:
    """What matters for a metric; NaN where nobody has said so.

    Parameters
    ----------
    given : by ``metric``, ``metric:feature``, ``*:feature`` or ``*``; overrides ``SIZE_THAT_MATTERS``
    """
    for key in (f"{metric}:{feature}", f"*:{feature}", metric, "*"):
        if key in given:
            return given[key]
    return SIZE_THAT_MATTERS.get(metric, float("nan"))


def summary(marked: pd.DataFrame) -> pd.DataFrame:
    """How many judged numbers are underpowered, by monitor and metric: the largest part first.

    Parameters
    ----------
    marked : as ``mark`` returns it

    Returns
    -------
    columns monitor, metric, features (how many are judged; 0 for the model or the log), judged (windows, of all these
    features), underpowered (of them), smallest (the median of the smallest changes that these could have shown);
    metrics without any are left out
    """
    judged = marked[marked["smallest_shift"].notna()]
    rows = []
    for (monitor, metric), part in judged.groupby(["monitor", "metric"], sort=True):
        weak = part[part["underpowered"]]
        if len(weak):
            rows.append((monitor, metric, part["feature"].nunique(), len(part), len(weak),
                         float(weak["smallest_shift"].median())))  # fmt: skip
    out = pd.DataFrame(rows, columns=["monitor", "metric", "features", "judged", "underpowered", "smallest"])
    order = out.assign(_part=out["underpowered"] / out["judged"]) if len(out) else out.assign(_part=[])
    order = order.sort_values(["_part", "monitor", "metric"], ascending=[False, True, True])
    return order[list(out.columns)].reset_index(drop=True)


def mark(measured: pd.DataFrame, given: Mapping[str, float]) -> pd.DataFrame:
    """Measurements with ``smallest_shift`` and ``underpowered`` (bool)."""
    names = measured[["metric", "feature"]].drop_duplicates()
    sizes = {
        (metric, feature if isinstance(feature, str) else None): size_that_matters(
            given, metric, feature if isinstance(feature, str) else None
        )
        for metric, feature in names.itertuples(index=False, name=None)
    }
    keys = zip(measured["metric"], measured["feature"], strict=True)
    matters = np.array([sizes[metric, name if isinstance(name, str) else None] for metric, name in keys], float)
    matters = np.where(measured["metric"].isin(RELATIVE), matters * measured["expected"].to_numpy(float), matters)
    smallest = smallest_shift(measured)
    with np.errstate(invalid="ignore"):
        return measured.assign(smallest_shift=smallest, underpowered=(smallest.to_numpy() > matters))
