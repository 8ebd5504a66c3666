"""Rows in, profiles out: the accumulator that every engine runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pyarrow as pa

from monitors.profile.bins import ABSENT, Bins
from monitors.profile.cells import Cells
from monitors.profile.course import NO_COURSE, Follower
from monitors.profile.cube import Profile
from monitors.profile.facts import Facts
from monitors.profile.kernel import add_rows, add_sizes, follow_codes, place_numbers
from monitors.profile.outcomes import Outcomes, marked_outcomes, outcomes_of
from monitors.profile.parts import Part
from monitors.profile.repeats import Sample, salts, text_hashes
from monitors.profile.rows import Rows, attributed, is_attribution
from monitors.profile.times import add_delays, add_times
from monitors.profile.values import bins_of, distinct, to_codes, to_floats, type_class

_TASKS = 8
"""Pieces of work a thread is given with a batch: enough to share it evenly, few enough to cost nothing."""


class Accumulator:
    """Adds batches of rows up to profiles.

    Sums are taken in the order of the rows, so the same rows in the same order give the same profile bit by bit,
    however they are cut into batches.

    Parameters
    ----------
    bins : what to count into
    known : names of the log's columns that are no features (id, timestamp, excluded ones ...), so not news
    threads : columns counted at a time
    windows : how many are expected: room for them is made at once
    """

    def __init__(self, bins: Bins, known: Iterable[str] = (), threads: int = 2, windows: int = 0) -> None:
        self.bins = bins
        self.parts = sorted(set(known) - {column.name for column in bins.columns if column.role == "feature"})
        self.known = {*known, *(column.name for column in bins.columns)}
        self.groups: list[str | None] = [name for name, _ in bins.segments] or [None]
        self.cells = [Cells(bins, windows) for _ in self.groups]
        self.unseen: list[dict[int, Counter[str]]] = [{} for _ in bins.columns]
        self.windows: dict[int, Facts] = {}
        self.ids: dict[int, list[np.ndarray]] = {}
        self.by_id: dict[int, Sample] = {}
        self.by_values: dict[int, Sample] = {}
        self.salts = salts(len(bins.columns))
        self.follower = Follower(len(bins.features))
        self.threads = threads
        self.places = {column.name: i for i, column in enumerate(bins.features)}
        self.attributed: dict[str, int | None] = {}  # place of the feature whose attributions a column holds, by name
        self.found: dict[str, int] = {}  # the batch's columns by name
        self.pool = ThreadPoolExecutor(threads)

    def add(self, rows: Rows) -> None:
        """Count a batch."""
        for start, count in rows.future.items():
            facts = self.windows.setdefault(start, {"rows": 0})
            facts["future"] = facts.get("future", 0) + count
        if not len(rows):
            return
        self.found = {name: place for place, name in enumerate(rows.batch.schema.names)}
        outcomes = outcomes_of(self.bins, rows.prediction, rows.label, len(rows))
        placed = []
        for group, cells in zip(self.groups, self.cells, strict=True):
            names, codes = self._segment(group, rows.batch)
            placed.append(cells.of_rows(rows.starts, names, codes, outcomes.state))
        marks = self._marks(rows, outcomes)
        # a hash of each row's values, where rows have ids to be told apart by
        prints = None if rows.ids is None else np.zeros(len(rows), np.uint64)
        if rows.slots is not None:
            self.follower.begin(rows.starts, rows.slots)
        count = len(self.bins.columns)
        step = max(1, count // (_TASKS * self.threads))
        tasks = [range(i, min(i + step, count)) for i in range(0, count, step)]

        def count_some(some: range) -> np.ndarray:
            own = np.zeros(0 if rows.ids is None else len(rows), np.uint64)
            for i in some:
                self._count(i, rows, outcomes.row, placed, marks, own)
            return own

        for own in self.pool.map(count_some, tasks):
            if prints is not None:
                prints += own
        if rows.slots is not None:
            self.follower.end(rows.source)
        if self.bins.attributions:
            self._size(rows.batch, placed)
        self._note(rows, outcomes.outcome, prints)

    def _size(self, batch: pa.RecordBatch, placed: list[np.ndarray]) -> None:
        """Add the sizes of attributions; of several columns of one feature all count."""
        for name in batch.schema.names:
            if name not in self.attributed:
                feature = attributed(self.bins.attributions, name, self.places.keys())
                self.attributed[name] = None if feature is None else self.places[feature]
            place = self.attributed[name]
            if place is not None:
                values, flags = to_floats(batch.column(name))
                for cells, cell in zip(self.cells, placed, strict=True):
                    add_sizes(values, flags, cell, cells.sizes[place])

    def _segment(self, group: str | None, batch: pa.RecordBatch) -> tuple[np.ndarray, np.ndarray]:
        """Names of a grouping's values and each row's index among them."""
        if group is None:
            return np.array([""], object), np.zeros(batch.num_rows, np.int64)
        if group not in batch.schema.names:
            return np.array([f"{group}=(absent)"], object), np.zeros(batch.num_rows, np.int64)
        codes, nulls, values = distinct(batch.column(group))
        kept = dict(self.bins.segments)[group]
        # an empty tuple keeps every value: versions are not known beforehand
        names = [f"{group}={_segment_name(value, kept)}" for value in values]
        if nulls is not None:
            codes = np.where(nulls, len(names), codes)
        return np.array([*names, f"{group}=(null)"], object), codes

    def _marks(self, rows: Rows, outcomes: Outcomes) -> np.ndarray:
        """What rows are also counted by, shape (n, J), int64: the outcome, where there are many; the group of positions
        of each labelled row, -1 of others.
        """  # fmt: skip
        marked, marks = marked_outcomes(self.bins), []
        if marked:
            marks.append(outcomes.outcome)
        column = self.bins.of_role("position")
        if column is not None:
            at = self.found.get(column.name)
            group = np.int64(0) if at is None else self.bins.places[bins_of(rows.batch.column(at), column)]
            marks.append(np.where(outcomes.outcome < len(self.bins.classes), marked + group, -1))
        return np.stack(marks, axis=1) if marks else np.empty((len(rows), 0), np.int64)

    def _count(
        self, index: int, rows: Rows, row: np.ndarray, placed: list[np.ndarray], marks: np.ndarray, prints: np.ndarray
    ) -> None:
        """Count one column into every grouping: runs in a thread, touches this column's bins alone."""
        column, offset = self.bins.columns[index], int(self.bins.offsets[index])
        array = self._values(index, rows)
        followed = rows.slots is not None and column.role == "feature"
        if column.role == "label":  # labels may come later, to one row and not yet the other
            prints = prints[:0]
        values, unseen_code = np.empty(0), np.empty(0, np.int64)
        if array is not None and column.kind == "numeric":
            values, flags = to_floats(array)
            bins = np.empty(len(rows), np.int32)
            slot, missing, low, high = self.follower.of_numbers(index) if followed else NO_COURSE
            place_numbers(
                values, flags, *column.search, slot, missing, low, high, self.salts[index], prints, bins
            )  # fmt: skip
        else:
            if array is None:
                bins = np.full(len(rows), ABSENT, np.int32)
            else:
                encoded = distinct(array)
                bins, unseen, unseen_code = to_codes(array, column, encoded)
                if len(prints):
                    prints += text_hashes(encoded, self.salts[index])
            if followed:
                follow_codes(bins, *self.follower.of_codes(index))
        for cells, cell in zip(self.cells, placed, strict=True):
            add_rows(bins, values, column.centre, offset, cell, row, cells.lanes, cells.low[index], cells.high[index],
                     marks, cells.marks)  # fmt: skip
        if len(unseen_code):
            hit = unseen_code >= 0
            pairs, counts = np.unique(np.stack([rows.starts[hit], unseen_code[hit]]), axis=1, return_counts=True)
            for start, code, count in zip(*pairs.tolist(), counts.tolist(), strict=True):
                self.unseen[index].setdefault(start, Counter())[unseen[code]] += count

    def _values(self, index: int, rows: Rows) -> pa.Array | None:
        column = self.bins.columns[index]
        if column.role == "prediction":
            return rows.prediction
        if column.role == "label":
            # a label that has not come yet is null, not absent
            return rows.label if rows.label is not None else pa.nulls(len(rows))
        place = self.found.get(column.name)
        return None if place is None else rows.batch.column(place)

    def _note(self, rows: Rows, outcome: np.ndarray, prints: np.ndarray | None) -> None:
        """Facts of the windows in this batch."""
        schema = rows.batch.schema
        known = dict(zip(schema.names, schema.types, strict=True))
        types = {c.name: type_class(known[c.name]) for c in self.bins.features if c.name in known}
        changed = {c.name: types[c.name] for c in self.bins.features if types.get(c.name, "null") != "null"
                   and c.type_class != "null" and types[c.name] != c.type_class}  # fmt: skip
        new = [
            name for name in schema.names if name not in self.known and not is_attribution(self.bins.attributions, name)
        ]
        names = {*schema.names, *(rows.names or ())}
        lacking = [name for name in self.parts if name not in names]
        codes, starts = pd.factorize(rows.starts)
        for code, start in enumerate(starts):
            mask = codes == code
            facts = self.windows.setdefault(int(start), {"rows": 0})
            count = int(mask.sum())
            facts["rows"] += count
            if rows.times is not None:
                add_times(facts, rows.times[mask], None if rows.descents is None else rows.descents[mask], rows.hourly)
            if rows.positions is not None and rows.source:
                where = rows.positions[mask]
                span = facts.setdefault("files", {}).setdefault(rows.source, [int(where[0]), int(where[0]), 0])
                span[:] = [min(span[0], int(where.min())), max(span[1], int(where.max())), span[2] + count]
            for name, kind in changed.items():
                kinds = facts.setdefault("types", {}).setdefault(name, {})
                kinds[kind] = kinds.get(kind, 0) + count
                typed = facts.setdefault("typed_in", {}).setdefault(name, {})
                typed[rows.source] = typed.get(rows.source, 0) + count
            for name in new:
                facts.setdefault("new", {})[name] = facts.get("new", {}).get(name, 0) + count
            for name in lacking:
                facts.setdefault("lacking", {})[name] = facts.get("lacking", {}).get(name, 0) + count
            if rows.label_times is not None and rows.times is not None:
                add_delays(facts, rows.label_times[mask], rows.times[mask], outcome[mask], len(self.bins.classes))
            if rows.ids is not None:
                ids = rows.ids[mask]
                known = ids != 0
                self.ids.setdefault(int(start), []).append(ids[known])
                if prints is not None:
                    own = prints[mask]
                    self.by_id.setdefault(int(start), Sample()).add(ids[known], own[known])
                    if rows.times is not None:
                        self.by_values.setdefault(int(start), Sample()).add(own, rows.times[mask], ids)

    def profiles(self) -> Iterator[list[Profile]]:
        """A window's profiles at a time, in order of start: of all rows, then by segment in order."""
        return (part.profiles(self.bins) for part in self.window_parts())

    def window_parts(self) -> Iterator[Part]:
        """What the rows come to, window by window in order, ready to be added to that of other rows."""
        self.pool.shutdown()
        groups = [(cells, cells.windows()) for cells in self.cells]
        for start in sorted(self.windows):
            yield Part(
                start,
                tuple({segment: cells.profile(start, segment, own) for segment, own in places.get(start, {}).items()}
                      for cells, places in groups),
                self.windows[start], {i: counts[start] for i, counts in enumerate(self.unseen) if start in counts},
                self.ids.get(start), self.by_id.get(start), self.by_values.get(start), self.follower.course(start),
                self.follower.lost.get(start, {}),
            )  # fmt: skip


def _segment_name(value: str | None, kept: tuple[str, ...]) -> str:
    if value is None:  # NaN
        return "(null)"
    return value if not kept or value in kept else "(other)"
