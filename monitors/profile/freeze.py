"""Bins from the reference: the one pass that decides what everything later is counted into.

The result does not depend on the order in which files or batches come, so a late file ends in the same bins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from monitors.errors import UserError
from monitors.profile.bins import Bins, ColumnBins
from monitors.profile.rows import Columns, Rows
from monitors.profile.values import count_values, text_of, to_floats, type_class

NUMERIC_BINS = 64
PREDICTION_BINS = 128
"""The score has finer bins: performance is computed from them."""
CATEGORIES = 64
SEGMENTS_KEPT = 20
OWN_BIN_SHARE = 0.02
"""A value that alone holds this share of the reference has a bin of its own."""
SENTINELS = (0.0, -1.0)
"""Values that often stand for 'missing': they have bins of their own wherever they lie inside the range."""
KNOWN_VALUES = 20_000
"""Distinct values of a categorical column that are remembered; with more, unseen values cannot be told."""
SAMPLE_CELLS = 20_000_000
MOST_SAMPLE, LEAST_SAMPLE = 200_000, 20_000
"""Rows that quantiles are taken from: as many as make ``SAMPLE_CELLS`` values over all columns, within these."""


class Model(NamedTuple):
    """What the configuration says of the model; None is guessed from the reference."""

    task: str | None = None
    positive: object | None = None
    threshold: float = 0.5


@dataclass
class _Column:
    """What the reference shows of one column.

    ``exact`` counts numbers by value too, as text is always counted: a label's rare class must not depend on a sample.
    """

    exact: bool = False
    types: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    open: bool = False  # more distinct values than are remembered
    pieces: list[tuple[np.ndarray, pa.Array]] = field(default_factory=list)  # sampled (keys, values)

    def add(self, array: pa.Array, keys: np.ndarray, chosen: np.ndarray) -> None:
        kind = type_class(array.type)
        self.types[kind] += len(array) - array.null_count
        if (kind in {"text", "boolean"} or (self.exact and kind == "number")) and not self.open:
            self.values.update(count_values(array))
            if len(self.values) > KNOWN_VALUES:
                self.open, self.values = True, Counter()
        self.pieces.append((keys[chosen], array.take(pa.array(chosen))))

    def keep(self, bound: int) -> None:
        kept = []
        for keys, values in self.pieces:
            mask = keys <= bound
            if mask.any():
                kept.append((keys[mask], values.filter(pa.array(mask))))
        self.pieces = kept

    @property
    def kind(self) -> str:
        present = self.types.total()
        numbers = self.types["number"] + self.types["time"]
        if present and numbers * 2 >= present:
            return "numeric"
        if self.types["text"] * 2 >= present and present and len(self.values) > NUMERIC_BINS:
            floats = self.floats()
            if len(floats) >= 0.99 * sum(len(values) - values.null_count for _, values in self.pieces):
                return "numeric"  # numbers that came as text
        return "categorical"

    @property
    def main_type(self) -> str:
        known = [(count, name) for name, count in self.types.items() if count]
        return max(known)[1] if known else "null"

    def floats(self) -> np.ndarray:
        """The sampled finite values, in order."""
        parts = []
        for _, array in self.pieces:
            values, flags = to_floats(array)
            good = np.isfinite(values) if not len(flags) else np.isfinite(values) & (flags == 0)
            parts.append(values[good])
        return np.sort(np.concatenate(parts)) if parts else np.empty(0)

    def counted(self) -> Counter[str]:
        """Rows by value as text: exact, or from the sample where values were numbers or too many."""
        if not self.open and not self.types["time"] and (self.exact or not self.types["number"]):
            return Counter(self.values)
        counts: Counter[str] = Counter()
        for _, array in self.pieces:
            counts.update(count_values(array))
        return counts


class Collector:
    """Takes the reference's rows in any order and freezes bins on them."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.seen: dict[str, _Column] = {}
        self.prediction, self.label = _Column(), _Column(exact=True)
        self.keys: list[np.ndarray] = []  # of the sampled rows
        self.sampled = 0
        self.bound = int(np.iinfo(np.uint64).max)

    def add(self, rows: Rows) -> None:
        """Take a batch of reference rows (``rows.keys`` set)."""
        if not len(rows):
            return
        if rows.keys is None:
            raise ValueError("rows without keys cannot be sampled")
        chosen = np.flatnonzero(rows.keys <= self.bound)
        self.keys.append(rows.keys[chosen])
        self.sampled += len(chosen)
        for name in rows.batch.schema.names:
            if self.columns.is_feature(name) or name in self.columns.groups:
                self.seen.setdefault(name, _Column()).add(rows.batch.column(name), rows.keys, chosen)
        for column, values in ((self.prediction, rows.prediction), (self.label, rows.label)):
            if values is not None:
                column.add(values, rows.keys, chosen)
        if self.sampled > 2 * self._limit:
            self._shrink()

    @property
    def _limit(self) -> int:
        """Rows in the sample; it only falls as columns are met, so a sample taken before is never too small."""
        most = SAMPLE_CELLS // max(len(self.seen), 1)
        return max(LEAST_SAMPLE, min(MOST_SAMPLE, most))

    def _shrink(self) -> None:
        """Keep the rows with the smallest keys: which ones depends on the rows alone, not on when this is asked."""
        if self.sampled <= self._limit:
            return
        keys = np.concatenate(self.keys)
        self.bound = int(np.partition(keys, self._limit - 1)[self._limit - 1])
        for column in self._all():
            column.keep(self.bound)
        self.keys = [keys[keys <= self.bound]]
        self.sampled = len(self.keys[0])

    def _all(self) -> list[_Column]:
        return [*self.seen.values(), self.prediction, self.label]

    def freeze(self, model: Model = Model()) -> Bins:  # noqa: B008 - a NamedTuple is a constant
        """The bins.

        Raises
        ------
        UserError
            when the task is binary and neither the configuration nor the values say which class is positive.
        """
        self._shrink()
        task = model.task or _task(self.label, self.prediction)
        classes = _classes(task, model.positive, self.label)
        kind = _prediction_kind(task, classes, self.prediction)
        columns = [
            column_bins(name, "feature", column)
            for name, column in sorted(self.seen.items())
            if self.columns.is_feature(name) and self._wanted(column)
        ]
        if self.columns.include is not None:
            order = {name: i for i, name in enumerate(self.columns.include)}
            columns.sort(key=lambda column: order[column.name])
        if kind is not None:
            categorical = kind == "class"
            columns.append(column_bins(
                self.columns.prediction or "prediction", "prediction", self.prediction,
                numeric=not categorical, bins=PREDICTION_BINS, edges=(model.threshold,) if task == "binary" else (),
            ))  # fmt: skip
        if classes:
            columns.append(_label_bins(self.columns.label or "label", task, classes, self.label))
        segments = [(name, self._segment(name)) for name in self.columns.segments]
        if self.columns.version:
            segments.append((self.columns.version, ()))
        return Bins(tuple(columns), task, classes, kind, tuple(segments))

    def _wanted(self, column: _Column) -> bool:
        """Times are no features unless they are asked for by name: they always drift."""
        return self.columns.include is not None or column.main_type != "time"

    def _segment(self, name: str) -> tuple[str, ...]:
        column = self.seen.get(name)
        if column is None:
            return ("",)
        counts = column.counted()
        return tuple(sorted(value for value, _ in _ranked(counts)[:SEGMENTS_KEPT])) or ("",)


def column_bins(
    name: str, role: str, column: _Column, numeric: bool | None = None, bins: int = NUMERIC_BINS,
    edges: Sequence[float] = (),
) -> ColumnBins:  # fmt: skip
    """Bins of one column from what the reference shows of it."""
    kind = column.kind if numeric is None else ("numeric" if numeric else "categorical")
    if kind == "numeric":
        values = column.floats()
        if not len(values):
            return ColumnBins(name, role, "numeric", column.main_type)
        return ColumnBins(
            name, role, "numeric", column.main_type, numeric_edges(values, bins, edges),
            float(values[len(values) // 2]),
        )  # fmt: skip
    ranked = _ranked(column.counted())
    total = sum(count for _, count in ranked)
    top, rest = ranked[:CATEGORIES], ranked[CATEGORIES:]
    once = sum(1 for _, count in ranked if count == 1)
    return ColumnBins(
        name, role, "categorical", column.main_type, categories=tuple(value for value, _ in top),
        known=frozenset(value for value, _ in rest) if not column.open else frozenset(),
        complete=not column.open, unseen_rate=once / total if total else 0.0,
    )  # fmt: skip


def numeric_edges(values: np.ndarray, bins: int = NUMERIC_BINS, extra: Sequence[float] = ()) -> np.ndarray:
    """Edges of the bins of a numeric column.

    Parameters
    ----------
    values : shape (n,), finite, ascending, n > 0
    bins : quantile bins wanted
    extra : further edges wanted inside the range

    Returns
    -------
    shape (E,), strictly ascending. With at most ``bins`` distinct values, each begins a bin of its own. Otherwise
    quantiles, and both edges of every value that alone holds 2% or more, or may be a sentinel. The outer two bins lie outside
    the range of ``values``.
    """
    distinct_values, counts = np.unique(values, return_counts=True)
    low, high = distinct_values[0], distinct_values[-1]
    outer = np.array([low, np.nextafter(high, np.inf)])
    inside = np.array([edge for edge in extra if low < edge < high])
    if len(distinct_values) <= bins:
        return np.unique(np.concatenate([distinct_values, outer, inside]))
    ranks = (np.arange(1, bins) * len(values)) // bins
    own = distinct_values[counts >= OWN_BIN_SHARE * len(values)]
    own = np.concatenate([own, [v for v in SENTINELS if low < v < high]])
    return np.unique(np.concatenate([outer, inside, values[ranks], own, np.nextafter(own, np.inf)]))


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _task(label: _Column, prediction: _Column) -> str:
    for column in (label, prediction):
        if not column.types.total():
            continue
        values = column.counted()
        if len(values) <= 2:
            return "binary"
        if column.kind == "categorical" or (column is label and len(values) <= 20):
            return "multiclass"
        floats = column.floats()
        if column is prediction and floats[0] >= 0 and floats[-1] <= 1:
            return "binary"
        return "regression"
    return "binary"


def _classes(task: str, positive: object | None, label: _Column) -> tuple[str, ...]:
    values = [value for value, _ in _ranked(label.counted())]
    if not values:
        return ()
    if task == "regression":
        return ("labelled",)
    if task == "multiclass":
        return tuple(sorted(values[:CATEGORIES]))
    wanted = None if positive is None else text_of(positive)
    spelled = {"1": "true", "0": "false", "true": "1", "false": "0"}
    if wanted is not None and wanted not in values and spelled.get(wanted) in values:
        wanted = spelled[wanted]
    if wanted is None:
        wanted = next((v for v in ("1", "true", "yes", "Yes", "YES", "y", "Y", "t", "T") if v in values), None)
    if wanted is None:
        raise UserError(
            f"model.positive is missing: the label has the values {', '.join(repr(v) for v in sorted(values)[:5])}; "
            "say which of them counts as positive."
        )
    others = [value for value in values if value != wanted]
    if len(others) > 1:
        shown = ", ".join(repr(v) for v in sorted(values)[:6])
        raise UserError(
            f"model.task is binary, but the label has {len(values)} values ({shown}): "
            'say task = "multiclass", or "regression" if it is a number.'
        )
    default = {"1": "0", "true": "false"}.get(wanted, f"not {wanted}")
    return (others[0] if others else default, wanted)


def _prediction_kind(task: str, classes: tuple[str, ...], prediction: _Column) -> str | None:
    if not prediction.types.total():
        return None
    if task == "regression":
        return "number"
    if task == "multiclass" or prediction.kind == "categorical":
        return "class"
    values = prediction.floats()
    if len(np.unique(values)) <= 2 and set(prediction.counted()) <= set(classes or ("0", "1")):
        return "class"
    return "probability" if len(values) and values[0] >= 0 and values[-1] <= 1 else "score"


def _label_bins(name: str, task: str, classes: tuple[str, ...], label: _Column) -> ColumnBins:
    if task == "regression":
        return column_bins(name, "label", label, numeric=True)
    return ColumnBins(name, "label", "categorical", label.main_type, categories=classes)
