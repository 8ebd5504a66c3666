"""Bins from the reference: the one pass that decides what everything later is counted into.

The result does not depend on the order in which files or batches come, so a late file ends in the same bins.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from monitors.profile.bins import Bins, ColumnBins
from monitors.profile.classes import classes_of, either_spelling, kind_of_prediction, task_of
from monitors.profile.rows import Columns, Rows
from monitors.profile.sampled import KEYS, Sampled, joined
from monitors.profile.seen import SeenColumn
from monitors.profile.stand_ins import partners
from monitors.statistics.quantiles import ratio_edges

NUMERIC_BINS = 64
PREDICTION_BINS = 128
"""The score has finer bins: performance is computed from them."""
CATEGORIES = 64
SEGMENTS_KEPT = 20
OWN_BIN_SHARE = 0.02
"""A value that alone holds this share of the reference has a bin of its own."""
SENTINELS = (0.0, -1.0)
"""Values that often stand for 'missing': they have bins of their own wherever they lie inside the range."""
SAMPLE_CELLS = 20_000_000
MOST_SAMPLE, LEAST_SAMPLE = 200_000, 20_000
"""Rows that quantiles are taken from: as many as make ``SAMPLE_CELLS`` values over all columns, within these."""


class Model(NamedTuple):
    """What the configuration says of the model; None is guessed from the reference."""

    task: str | None = None
    positive: object | None = None
    threshold: float = 0.5


def sample_rows(columns: int) -> int:
    """Rows that quantiles of so many columns are taken from."""
    return max(LEAST_SAMPLE, min(MOST_SAMPLE, SAMPLE_CELLS // max(columns, 1)))


class Collector:
    """Takes the reference's rows in any order and freezes bins on them.

    Parameters
    ----------
    columns : which column plays which part
    bound : rows with greater keys are not sampled
    """

    def __init__(self, columns: Columns, bound: int = KEYS - 1) -> None:
        self.columns = columns
        self.seen: dict[str, SeenColumn] = {}
        self.prediction, self.label = SeenColumn(), SeenColumn(exact=True)
        self.sample: list[Sampled] = []
        self.sampled = 0
        self.bound = bound

    def add(self, rows: Rows) -> None:
        """Take a batch of reference rows (``rows.keys`` set)."""
        if not len(rows):
            return
        if rows.keys is None:
            raise ValueError("rows without keys cannot be sampled")
        names = rows.batch.schema.names
        wanted = [place for place, name in enumerate(names) if self.columns.is_seen(name)]
        for place in wanted:
            self.seen.setdefault(names[place], SeenColumn()).add(rows.batch.column(place))
        for column, values in ((self.prediction, rows.prediction), (self.label, rows.label)):
            if values is not None:
                column.add(values)
        own = Sampled(rows.keys, rows.batch.select(wanted), rows.prediction, rows.label).up_to(self.bound)
        self.sample.append(own)
        self.sampled += len(own.keys)
        if self.sampled > 2 * self.limit:
            self._shrink()

    def __iadd__(self, other: Collector) -> Collector:
        """Take what another one gathered from other rows of the same reference."""
        for name, column in other.seen.items():
            self.seen.setdefault(name, SeenColumn()).merge(column)
        self.prediction.merge(other.prediction)
        self.label.merge(other.label)
        self.sample += other.sample
        self.sampled += other.sampled
        self.bound = min(self.bound, other.bound)
        if self.sampled > 2 * self.limit:
            self._shrink()
        return self

    @property
    def limit(self) -> int:
        """Rows in the sample; it only falls as columns are met, so a sample taken before is never too small."""
        return sample_rows(len(self.seen))

    def lacks(self, rows: int) -> bool:
        """Whether its bound left too few of so many rows: keys of some logs are not spread as by chance."""
        return self.sampled < min(self.limit, rows) and self.bound < KEYS - 1

    def _shrink(self) -> None:
        """Keep the rows with the smallest keys: which ones depends on the rows alone, not on when this is asked."""
        if self.sampled <= self.limit:
            return
        keys = np.concatenate([some.keys for some in self.sample])
        self.bound = int(np.partition(keys, self.limit - 1)[self.limit - 1])
        self.sample = [some.up_to(self.bound) for some in self.sample]
        self.sampled = sum(len(some.keys) for some in self.sample)

    def _hand_out(self) -> None:
        """Give every column its values of the sample."""
        for column in (*self.seen.values(), self.prediction, self.label):
            column.pieces = []
        for some in joined(self.sample):
            for name, values in zip(some.batch.schema.names, some.batch.columns, strict=True):
                self.seen[name].pieces.append((some.keys, values))
            for column, given in ((self.prediction, some.prediction), (self.label, some.label)):
                if given is not None:
                    column.pieces.append((some.keys, given))

    def column(self, name: str) -> SeenColumn | None:
        """One of its columns with its values of the sample, for another one to freeze."""
        self._shrink()
        self._hand_out()
        return self.seen.get(name)

    def freeze(self, model: Model = Model(), position: SeenColumn | None = None) -> Bins:  # noqa: B008 - a constant
        """The bins.

        Parameters
        ----------
        position : the column of positions, where it is of other rows

        Raises
        ------
        UserError
            when the label contradicts the task, or neither it nor the configuration says which class is positive.
        """
        self._shrink()
        self._hand_out()
        task = model.task or task_of(self.label, self.prediction)
        classes = classes_of(task, model.positive, self.label)
        kind = kind_of_prediction(task, classes, self.prediction)
        names = [name for name, column in sorted(self.seen.items())
                 if self.columns.is_feature(name) and self._wanted(column)]  # fmt: skip
        with ThreadPoolExecutor(2) as pool:  # sorting takes most of it, and lets others run
            columns = list(pool.map(lambda name: column_bins(name, "feature", self.seen[name]), names))
        if self.columns.include is not None:
            order = {name: i for i, name in enumerate(self.columns.include)}
            columns.sort(key=lambda column: order[column.name])
        place = str(self.columns.position)
        position = position or self.seen.get(place)
        if self.columns.position is not None and position is not None:
            columns.append(column_bins(place, "position", position))
        if kind is not None:
            categorical = kind == "class"
            predicted = column_bins(
                self.columns.prediction or "prediction", "prediction", self.prediction,
                numeric=not categorical, bins=PREDICTION_BINS, edges=(model.threshold,) if task == "binary" else (),
            )  # fmt: skip
            columns.append(_with_classes(predicted, classes) if categorical else predicted)
        if classes:
            columns.append(_label_bins(self.columns.label or "label", task, classes, self.label))
        if self.columns.latency:
            columns.append(_latency_bins(self.columns.latency, self.seen.get(self.columns.latency, SeenColumn())))
        segments = [(name, self._segment(name)) for name in self.columns.segments]
        if self.columns.version:
            segments.append((self.columns.version, ()))
        features = [column for column in columns if column.role == "feature"]
        keys = np.concatenate([np.empty(0, np.uint64), *(some.keys for some in self.sample)])
        return Bins(
            tuple(columns), task, classes, kind, tuple(segments), tuple(self.columns.attributions),
            partners(features, self.seen, keys),
        )  # fmt: skip

    def _wanted(self, column: SeenColumn) -> bool:
        """Times are no features unless they are asked for by name: they always drift."""
        return self.columns.include is not None or column.main_type != "time"

    def _segment(self, name: str) -> tuple[str, ...]:
        column = self.seen.get(name)
        if column is None:
            return ("",)
        return tuple(sorted(value for value, _ in column.ranked()[:SEGMENTS_KEPT])) or ("",)


def column_bins(
    name: str, role: str, column: SeenColumn, numeric: bool | None = None, bins: int = NUMERIC_BINS,
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
    ranked = column.ranked()
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
    extra : further edges wanted, inside the range or beyond it

    Returns
    -------
    shape (E,), strictly ascending. With at most ``bins`` distinct values, each begins a bin of its own. Otherwise
    quantiles, and both edges of every value that alone holds 2% or more, or may be a sentinel. The outer two bins lie
    outside the range of ``values``.
    """
    first = np.concatenate([[0], np.flatnonzero(values[1:] != values[:-1]) + 1])
    distinct_values, counts = values[first], np.diff(first, append=len(values))
    low, high = distinct_values[0], distinct_values[-1]
    outer = np.array([low, np.nextafter(high, np.inf)])
    further = np.asarray(extra, float)
    if len(distinct_values) <= bins:
        return np.unique(np.concatenate([distinct_values, outer, further]))
    ranks = (np.arange(1, bins) * len(values)) // bins
    own = distinct_values[counts >= OWN_BIN_SHARE * len(values)]
    own = np.concatenate([own, [v for v in SENTINELS if low < v < high]])
    return np.unique(np.concatenate([outer, further, values[ranks], own, np.nextafter(own, np.inf)]))


def _with_classes(column: ColumnBins, classes: tuple[str, ...]) -> ColumnBins:
    """Bins of a predicted class: every class has one, whether it was predicted in the reference or not."""
    lacking = [name for name in classes if name not in column.lookup]
    return replace(column, categories=(*column.categories, *lacking))


def _latency_bins(name: str, column: SeenColumn) -> ColumnBins:
    """Bins of equal ratio: quantiles far out, and of a service ten times as slow, are as exact as the median."""
    values = column.floats()
    return ColumnBins(name, "latency", "numeric", "number", ratio_edges(values[values > 0]))


def _label_bins(name: str, task: str, classes: tuple[str, ...], label: SeenColumn) -> ColumnBins:
    if task == "regression":
        return column_bins(name, "label", label, numeric=True)
    rest = frozenset(label.counted()) - either_spelling(classes)
    return ColumnBins(name, "label", "categorical", label.main_type, categories=classes, known=rest)
