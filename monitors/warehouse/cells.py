"""Profiles in long form: a row for each bin that holds anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from monitors.profile.bins import MISSING, Bins
from monitors.profile.cube import Profile
from monitors.profile.sums import SUMS

Columns = dict[str, pa.Array]


def bins_table(bins: Bins) -> Columns:
    """All bins of all columns, in the order in which profiles stack them."""
    lower, upper = [], []
    for column in bins.columns:
        missing, values = np.full(len(MISSING), np.nan), column.size - len(MISSING)
        edges = column.edges if column.kind == "numeric" else np.full(values - 1, np.nan)
        lower.append(np.concatenate([missing, [np.nan], edges]))
        upper.append(np.concatenate([missing, edges, [np.nan]]))
    sizes = [column.size for column in bins.columns]
    number = np.concatenate([np.arange(size) for size in sizes]) if sizes else np.empty(0, np.int64)
    return {
        **_names(bins),
        "kind": pa.array([column.kind for column in bins.columns], pa.string()).take(_owner(bins)),
        "missing": pa.array([MISSING[i] if i < len(MISSING) else None for i in number], pa.string()),
        "lower": _numbers(np.concatenate(lower) if lower else np.empty(0)),
        "upper": _numbers(np.concatenate(upper) if upper else np.empty(0)),
    }


def _owner(bins: Bins) -> pa.Array:
    """Which column each stacked bin belongs to, shape (R,)."""
    return pa.array(np.repeat(np.arange(len(bins.columns)), [column.size for column in bins.columns]))


def _names(bins: Bins) -> Columns:
    """What each stacked bin is called: feature, role, number among its column's, label; each of length R."""
    owner = _owner(bins)
    features = [column.name if column.role == "feature" else None for column in bins.columns]
    labels = [label for column in bins.columns for label in column.labels()]
    numbers = [i for column in bins.columns for i in range(column.size)]
    return {
        "feature": pa.array(features, pa.string()).take(owner),
        "role": pa.array([column.role for column in bins.columns], pa.string()).take(owner),
        "bin": pa.array(numbers, pa.int64()),
        "bin_label": pa.array(labels, pa.string()),
    }


def _numbers(values: np.ndarray) -> pa.Array:
    """Numbers, NULL where there is none."""
    return pa.array(values, pa.float64(), from_pandas=True)


class CellTables:
    """Makes the tables of profiles that are counted into the same bins."""

    def __init__(self, bins: Bins) -> None:
        self.names = _names(bins)
        known = bins.classes or ()
        self.outcomes = pa.array([*known, None], pa.string())
        numeric = np.array([column.kind == "numeric" for column in bins.columns], bool)
        owner = _owner(bins).to_numpy()
        self.numeric = numeric[owner] if len(owner) else np.empty(0, bool)
        centres = np.array([column.centre for column in bins.columns])
        self.centres = np.where(self.numeric, centres[owner], np.nan) if len(owner) else np.empty(0)

    def pieces(self, profiles: Sequence[Profile], ends: np.ndarray, segment: str) -> Iterator[tuple[str, Columns]]:
        """Rows of ``windows``, ``profiles`` and ``sums`` of some windows of a segment; ends : shape (W,)."""
        starts = np.array([profile.start for profile in profiles], np.int64)
        yield "windows", {**_place(starts, ends, segment), **_facts(profiles)}
        counts = np.stack([profile.counts for profile in profiles])  # (W, R, O + 2)
        outcomes = counts[:, :, :-2]
        window, row, outcome = np.nonzero(outcomes)
        yield "profiles", {
            **_place(starts[window], ends[window], segment), **self._named(row),
            "outcome": self.outcomes.take(pa.array(outcome)), "n": pa.array(outcomes[window, row, outcome]),
        }  # fmt: skip
        n = outcomes.sum(axis=2)
        window, row = np.nonzero(n)
        sums = np.stack([profile.sums for profile in profiles])[window, row]  # (cells, 10 + P)
        own = {"value", "value2"}  # of no meaning for categories
        yield "sums", {
            **_place(starts[window], ends[window], segment), **self._named(row),
            "n": pa.array(n[window, row]), "scored": pa.array(counts[window, row, -2]),
            "paired": pa.array(counts[window, row, -1]),
            **{name: _numbers(np.where(self.numeric[row], sums[:, k], np.nan) if name in own else sums[:, k])
               for k, name in enumerate(SUMS)},
            "centre": _numbers(self.centres[row]),
        }  # fmt: skip

    def _named(self, row: np.ndarray) -> Columns:
        index = pa.array(row)
        return {name: values.take(index) for name, values in self.names.items()}


def _place(starts: np.ndarray, ends: np.ndarray, segment: str) -> Columns:
    return {
        "window_start": pa.array(starts),
        "window_end": pa.array(ends),
        "segment": pa.repeat(pa.scalar(segment or None, pa.string()), len(starts)),
    }


def _facts(profiles: Sequence[Profile]) -> Columns:
    def of(key: str, default: Any) -> pa.Array:
        return pa.array([profile.facts.get(key, default) for profile in profiles], pa.int64())

    return {
        "rows": of("rows", 0), "first": of("first", None), "last": of("last", None),
        "duplicates": of("duplicates", 0), "late": of("late", 0),
    }  # fmt: skip
