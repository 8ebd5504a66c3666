"""The prediction bin by bin, one window beside its reference: where scores lie, and what came true of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dashboard.data import Page
from monitors.profile.bins import FIRST, MISSING
from monitors.profile.cube import ColumnCube, Cube
from monitors.statistics.intervals import mean_interval, wilson

GROUPS = 12
"""Groups of neighbouring scores of which the outcome is shown; fewer in small windows."""

_LEAST = 30
"""Labelled rows that a group should hold in the smaller of window and reference, about."""


def compared(page: Page, start: int) -> Cube:
    """The windows that the one at ``start`` is compared with."""
    seen = page.seen
    if not seen.plan.rolls:
        return seen.reference
    have = [int(s) for s, rows in zip(seen.cube.starts, seen.cube.rows, strict=True) if rows > 0]
    return seen.cube.select(np.isin(seen.cube.starts, seen.plan.of(start, have, seen.grain)))


def _columns(page: Page, start: int) -> tuple[ColumnCube, ColumnCube] | None:
    """The prediction in the window, and in its reference; None in a log without predictions."""
    now = page.seen.cube.select(page.seen.cube.starts == start).of_role("prediction")
    past = compared(page, start).of_role("prediction")
    return None if now is None or past is None else (now, past)


def shares(page: Page, start: int) -> pd.DataFrame:
    """Shares of rows by bin: `label`, `kind`, `reference`, `window`; of scores also `left`, `right` (values alone)."""
    columns = _columns(page, start)
    if columns is None:
        return pd.DataFrame()
    now, past = columns
    n, n0 = now.n.sum(axis=0).astype(float), past.n.sum(axis=0).astype(float)
    kind = ["missing"] * FIRST + ["value"] * (len(n) - FIRST)
    if now.bins.kind == "categorical":
        kind[-2:] = ["other", "unseen"]
    frame = pd.DataFrame({"label": now.bins.labels(), "kind": kind})
    frame["reference"], frame["window"] = n0 / max(n0.sum(), 1.0), n / max(n.sum(), 1.0)
    if now.bins.kind == "numeric":
        edges = np.concatenate([[-np.inf], now.bins.edges, [np.inf]])
        frame = frame.iloc[FIRST:].assign(left=edges[:-1], right=edges[1:]).reset_index(drop=True)
    return frame


def missing(page: Page, start: int) -> float:
    """Share of the window's rows without a prediction."""
    columns = _columns(page, start)
    n = columns[0].n.sum(axis=0) if columns else np.zeros(len(MISSING))
    return float(n[:FIRST].sum() / max(n.sum(), 1))


def outcomes(page: Page, start: int) -> pd.DataFrame:
    """What came true by groups of neighbouring scores; empty without scores or labels.

    Returns
    -------
    `label`, `kind`, `left`; of the window `score`, `rate`, `low`, `high`, `n` (labelled), `window` (share of rows);
    of its reference the same as `reference_score` … `reference_n`, and `reference` (share of rows). The rate is the
    share of the last class, or the mean label.
    """
    columns = _columns(page, start)
    if columns is None or columns[0].bins.kind != "numeric" or not page.seen.bins.classes:
        return pd.DataFrame()
    now, past = columns
    edges = now.bins.edges
    group = _groups(
        now.n[:, FIRST:].sum(axis=0), past.n[:, FIRST:].sum(axis=0), *(_labelled(c).sum() for c in (now, past))
    )
    parts = [_sums(column, group, page.seen.bins.task) for column in (now, past)]
    first = np.searchsorted(group, np.arange(group.max() + 1))  # each group's first bin
    left = np.concatenate([[np.nan], edges])[first]
    right = np.concatenate([left[1:], [np.nan]])
    frame = pd.DataFrame(
        {"label": [_label(a, b) for a, b in zip(left, right, strict=True)], "kind": "value", "left": left}
    )
    for part, prefix, rows in zip(parts, ("", "reference_"), ("window", "reference"), strict=True):
        for name in ("score", "rate", "low", "high", "n"):
            frame[prefix + name] = part[name]
        frame[rows] = part["rows"] / max(part["rows"].sum(), 1.0)
    return frame[(frame["window"] > 0) | (frame["reference"] > 0)].reset_index(drop=True)


def curve(outcome: pd.DataFrame) -> pd.DataFrame:
    """`outcomes` as `charts.calibration` wants them: a row per group and period."""
    if outcome.empty:
        return pd.DataFrame({"period": [], "score": [], "rate": []})
    names = ["score", "rate", "low", "high", "n"]
    parts = [
        outcome[[prefix + name for name in names]].set_axis(names, axis=1).assign(period=period)
        for period, prefix in (("window", ""), ("reference", "reference_"))
    ]
    both = pd.concat(parts, ignore_index=True)
    return both[both["n"] > 0]


def _labelled(column: ColumnCube) -> np.ndarray:
    return np.asarray(column.by_outcome[:, FIRST:].sum(axis=(0, 2)))


def _groups(now: np.ndarray, past: np.ndarray, labelled: float, labelled_before: float) -> np.ndarray:
    """The group of each bin, shape (B,), from 0: groups hold about equal shares of window and reference together."""
    fewest = min(labelled, labelled_before) if labelled else labelled_before
    wanted = int(np.clip(fewest / _LEAST, 2, GROUPS))
    both = now / max(now.sum(), 1) + past / max(past.sum(), 1)
    middle = (np.cumsum(both) - both / 2) / max(both.sum(), 1e-12)
    group = np.minimum((middle * wanted).astype(int), wanted - 1)
    return np.unique(group, return_inverse=True)[1]


@np.errstate(divide="ignore", invalid="ignore")
def _sums(column: ColumnCube, group: np.ndarray, task: str) -> dict[str, np.ndarray]:
    member = (group[:, None] == np.arange(group.max() + 1)).astype(float)

    def added(values: np.ndarray) -> np.ndarray:
        return np.asarray(values[:, FIRST:].sum(axis=0) @ member)

    n = _labelled(column) @ member
    if task == "regression":
        rate = mean_interval(added(column.sum("label")), added(column.sum("label2")), n)
    else:
        rate = wilson(added(column.by_outcome[:, :, -1]), n)
    return {
        "rows": added(column.n),
        "n": n,
        "score": added(column.sum("prediction_paired")) / added(column.paired),
        "rate": rate.value,
        "low": rate.low,
        "high": rate.high,
    }


def _label(left: float, right: float) -> str:
    if np.isnan(left):
        return f"below {right:.4g}" if np.isfinite(right) else "any score"
    return f"{left:.4g} to {right:.4g}" if np.isfinite(right) else f"{left:.4g} and more"
