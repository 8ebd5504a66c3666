"""How long each version of the model has served, and how well it did at each age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from monitors.clock import DAY
from monitors.performance import positive_bins, realised_metrics
from monitors.profile.bins import Bins
from monitors.profile.cube import ColumnCube, Profile
from monitors.scores import score_bins
from monitors.windows import Grain

if TYPE_CHECKING:
    from monitors.config import Config
    from monitors.store import Store

COLUMNS = ("version", "window_start", "window_end", "age", "metric", "value", "low", "high", "n")
"""Of performance by age; ``age`` of the version at the window's start, in days (rows where windows are of rows)."""

UNNAMED = ("(absent)", "(null)")
"""What stands for rows that name no version."""

_METRICS = ("auc", "accuracy", "rmse")
"""The metric that speaks for a model: the first that there is."""
_LEAST_ROWS = 30
"""A window in which a version has fewer labelled rows than this says nothing of it."""


@dataclass(frozen=True)
class Lives:
    """When each version served.

    Attributes
    ----------
    frame : a row for each version in the order of their first windows: version, first, last (starts of windows), rows,
        ``from_start`` (it served in the log's first window: nobody knows since when)
    serving : the version with the most rows in the last window that names any; None where versions are not named
    age : of that version at the log's end, in days (rows), at least; NaN without
    """

    frame: pd.DataFrame
    serving: str | None = None
    age: float = np.nan

    @property
    def of_serving(self) -> pd.Series:
        """The serving version's row."""
        return self.frame[self.frame["version"] == self.serving].iloc[0]


def lives(store: Store, config: Config) -> Lives:
    """When each version of a model served, by the column ``[features] version``."""
    column, name = config.features.version, config.model.name
    rows = store.rows_by_segment(name, column) if column else pd.DataFrame(columns=["value", "start", "rows"])
    rows = rows[~rows["value"].isin(UNNAMED)]
    if rows.empty:
        return Lives(pd.DataFrame(columns=["version", "first", "last", "rows", "from_start"]))
    grain, starts = store.grain(name), list(store.starts(name))
    groups = rows.groupby("value", sort=False)
    frame = pd.DataFrame({"first": groups["start"].min(), "last": groups["start"].max(), "rows": groups["rows"].sum()})
    frame = frame.rename_axis("version").reset_index()
    frame["from_start"] = frame["first"] == starts[0]
    newest = rows[rows["start"] == rows["start"].max()]
    serving = str(newest.loc[newest["rows"].astype(float).idxmax(), "value"])
    first = int(frame.loc[frame["version"] == serving, "first"].iloc[0])
    return Lives(
        frame.sort_values(["first", "last", "version"], kind="stable").reset_index(drop=True), serving,
        age_of(first, grain.end(starts[-1]), grain),
    )  # fmt: skip


def age_of(first: int, at: int, grain: Grain) -> float:
    """Days between two instants, or rows between two row numbers."""
    return (at - first) / (1 if grain.kind == "rows" else DAY)


def ages(store: Store, config: Config, alive: Lives) -> pd.DataFrame:
    """Performance of each version by its age, a row for each window in which it served and whose labels are in.

    A function of the profiles of the version's segments: the rows that other versions answered are not in it.

    Returns
    -------
    columns ``COLUMNS``; empty without versions, predictions or labels
    """
    name, column = config.model.name, config.features.version
    bins = store.bins(name)
    predicted = bins.of_role("prediction") if bins else None
    if bins is None or predicted is None or not bins.classes or alive.serving is None:
        return _nothing()
    grain = store.grain(name)
    measured = store.measured_whole(name)
    unripe = measured[(measured["metric"] == "label_maturity") & (measured["detail"] == "immature")]
    immature = set(unripe["window_start"].astype(int))
    blocks = []
    for version, first in alive.frame[["version", "first"]].itertuples(index=False):
        profiles = [p for p in store.profiles(name, f"{column}={version}") if p.start not in immature]
        if profiles:
            blocks.append(_by_age(str(version), int(first), profiles, bins, grain, config.model.threshold))
    return pd.concat(blocks, ignore_index=True) if blocks else _nothing()


def _nothing() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=object if name in ("version", "metric") else float) for name in COLUMNS})


def _by_age(
    version: str, first: int, profiles: list[Profile], bins: Bins, grain: Grain, threshold: float
) -> pd.DataFrame:  # fmt: skip
    index = bins.position("", "prediction")
    part = slice(*(int(edge) for edge in bins.offsets[index : index + 2]))
    column = ColumnCube(
        bins.columns[index], np.stack([p.counts[part] for p in profiles]), np.stack([p.sums[part] for p in profiles]),
        np.array([p.low[index] for p in profiles]), np.array([p.high[index] for p in profiles]),
    )  # fmt: skip
    kind = str(bins.prediction_kind)
    found = realised_metrics(score_bins(column), positive_bins(column, threshold, bins.classes), bins.task, kind)
    metric = next(metric for metric in _METRICS if metric in found)
    starts = np.array([p.start for p in profiles], np.int64)
    frame = pd.DataFrame({
        "version": version, "window_start": starts, "window_end": grain.ends(starts),
        "age": [age_of(first, int(start), grain) for start in starts], "metric": metric,
        "value": found[metric].value, "low": found[metric].low, "high": found[metric].high,
        "n": column.paired.sum(axis=1),
    }, columns=list(COLUMNS))  # fmt: skip
    return frame[frame["value"].notna() & (frame["n"] >= _LEAST_ROWS)]
