"""Frames that charts ask for, made from what was measured and from profiles."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dashboard.data import Page
from monitors.maturity import immature_starts
from monitors.profile.bins import FIRST, ColumnBins, shown
from monitors.profile.cube import ColumnCube
from monitors.statistics.intervals import mean_interval, wilson

PERFORMANCE = {
    "auc": ("AUC", "higher"),
    "accuracy": ("accuracy", "higher"),
    "rmse": ("RMSE", "lower"),
    "mae": ("MAE", "lower"),
    "log_loss": ("log loss", "lower"),
    "brier": ("Brier score", "lower"),
    "f1": ("F1", "higher"),
    "r2": ("R²", "higher"),
}
"""Metrics of performance, the one that leads first: in words, and which way is better."""


def leading_metric(measured: pd.DataFrame) -> str | None:
    """The metric of performance that speaks for a model: the first of `PERFORMANCE` that was measured or expected."""
    have = set(measured.loc[measured["monitor"] == "concept", "metric"])
    return next((metric for metric in PERFORMANCE if metric in have or f"expected_{metric}" in have), None)


def performance(page: Page, metric: str) -> pd.DataFrame:
    """A window a row, in order, as `charts.performance` wants it: one without labels has an expectation alone.

    Columns: `value` realised with `low` and `high`, `expected` with `expected_low` and `expected_high`, `band_low`,
    `band_high`, `n`, `labelled_share`, `mature`, and the finding's `severity`, `state` and `message`.
    """
    realised = page.metric("concept", metric)
    due = page.metric("concept", f"expected_{metric}")[["window_start", "value", "low", "high"]]
    due.columns = ["window_start", "expected", "expected_low", "expected_high"]
    came = page.metric("concept", "labelled_share")[["window_start", "value"]]
    came.columns = ["window_start", "labelled_share"]
    rows = page.windows[["window_start", "x", "x_end", "reference"]]
    kept = ["window_start", "value", "low", "high", "n", "band_low", "band_high", "severity", "state", "message"]
    rows = rows.merge(realised[kept], on="window_start", how="left").merge(due, on="window_start", how="left")
    rows = rows.merge(came, on="window_start", how="left")
    rows["mature"] = ~rows["window_start"].isin(immature_starts(page.seen.measured))
    some = rows["value"].notna() | rows["expected"].notna() | rows["labelled_share"].notna()
    return rows[some].reset_index(drop=True)


# ----- a feature bin by bin -----------------------------------------------------------------------------------------

_LEAST = 25
"""Rows that a shown bin should hold in a window, about: finer bins would show chance."""
_FEWEST, _MOST = 6, 40


def bins(page: Page, feature: str, start: int, outcome: int | None = None) -> pd.DataFrame:
    """A feature's bins, one row each, in the window at `start` and in its reference.

    Neighbouring numeric bins are joined where the window is too small for all of them.

    Parameters
    ----------
    outcome : which class's share is the rate; the last one when left out. Regression: the rate is the mean label.

    Returns
    -------
    `label`, `kind`, `left` (numeric); `reference`, `window` (shares of rows); `n` (labelled rows), `rate` with `low`
    and `high`, `reference_rate`
    """
    seen = page.seen
    cube = seen.cube
    place = int(np.flatnonzero(cube.starts == start)[0])
    now = cube.feature(feature)
    if seen.plan.rolls:
        have = [int(s) for s, rows in zip(cube.starts, cube.rows, strict=True) if rows > 0]
        past = cube.select(np.isin(cube.starts, seen.plan.of(start, have, seen.grain))).feature(feature)
    else:
        past = seen.reference.feature(feature)
    group = _groups(past.n.sum(axis=0), float(now.n[place].sum()), now.bins)
    here, before = _sums(now, group, [place]), _sums(past, group, None)
    task, k = seen.bins.task, -1 if outcome is None else outcome
    frame = pd.DataFrame(_names(now.bins, group))
    for name, part in (("window", here), ("reference", before)):
        frame[name] = part["rows"] / max(part["rows"].sum(), 1.0)
    frame["n"] = here["labelled"]
    if not seen.bins.classes:
        return frame.assign(rate=np.nan, low=np.nan, high=np.nan, reference_rate=np.nan)
    if task == "regression":
        estimate, held = mean_interval(here["label"], here["label2"], here["labelled"]), before["label"]
    else:
        estimate, held = wilson(here["classes"][:, k], here["labelled"]), before["classes"][:, k]
    frame["rate"], frame["low"], frame["high"] = estimate.value, estimate.low, estimate.high
    with np.errstate(divide="ignore", invalid="ignore"):
        frame["reference_rate"] = held / before["labelled"]
    return frame


def _groups(held: np.ndarray, rows: float, column: ColumnBins) -> np.ndarray:
    """Which shown bin each bin belongs to, shape (B,), from 0; those of missing values and categories stay apart."""
    group = np.arange(len(held))
    if column.kind == "categorical":
        return group
    values = held[FIRST:].astype(float)
    wanted = int(np.clip(rows / _LEAST, _FEWEST, _MOST))
    share = max(values.sum(), 1.0) / wanted
    current, filled = FIRST, 0.0
    for i, own in enumerate(values):
        single = i > 0 and i < len(column.edges) and column.edges[i] == np.nextafter(column.edges[i - 1], np.inf)
        if filled and (filled + own / 2 > share or single):
            current, filled = current + 1, 0.0
        group[FIRST + i] = current
        filled += own
        if i == 0 and len(values) > 1:  # below the reference's range: nothing of it lies there
            current, filled = current + 1, 0.0
        if i == len(values) - 2:  # so above
            current, filled = current + 1, 0.0
    return group


def _sums(column: ColumnCube, group: np.ndarray, places: list[int] | None) -> dict[str, np.ndarray]:
    """Rows, labelled rows, labels by shown bin, windows added."""
    member = (group[:, None] == np.arange(group.max() + 1)).astype(float)
    at = slice(None) if places is None else places
    classes = column.by_outcome[at].sum(axis=0).astype(float)
    return {
        "rows": column.n[at].sum(axis=0) @ member,
        "classes": member.T @ classes,
        "labelled": classes.sum(axis=1) @ member,
        "label": column.sum("label")[at].sum(axis=0) @ member,
        "label2": column.sum("label2")[at].sum(axis=0) @ member,
    }


def _names(column: ColumnBins, group: np.ndarray) -> dict[str, list[object]]:
    labels = column.labels()
    if column.kind == "categorical":
        kinds = ["missing"] * FIRST + ["value"] * len(column.categories) + ["other", "unseen"]
        return {"label": list(labels), "kind": list(kinds)}
    edges = column.edges
    out: dict[str, list[object]] = {
        "label": list(labels[:FIRST]),
        "kind": ["missing"] * FIRST,
        "left": [np.nan] * FIRST,
    }
    for g in range(FIRST, int(group.max()) + 1):
        members = np.flatnonzero(group == g)
        first, last = int(members[0]) - FIRST, int(members[-1]) - FIRST
        low = shown(edges[first - 1]) if first > 0 else np.nan
        if first == last:
            label = labels[FIRST + first]
        else:
            label = f"{low:.4g} to {edges[last]:.4g}" if last < len(edges) else f"{low:.4g} and more"
        out["label"].append(label)
        out["kind"].append("value")
        out["left"].append(low)
    return out
