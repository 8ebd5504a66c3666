"""Rows in, profiles out: the accumulator that every engine runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from monitors.profile.bins import ABSENT, Bins
from monitors.profile.course import Follower, follow_codes, follow_numbers
from monitors.profile.cube import Profile
from monitors.profile.facts import Facts
from monitors.profile.kernel import count_codes, count_numeric, count_sizes
from monitors.profile.outcomes import Outcomes, outcomes_of
from monitors.profile.parts import Part
from monitors.profile.repeats import Sample, mix_numbers, salts, text_hashes
from monitors.profile.rows import Rows, attributed, is_attribution
from monitors.profile.times import add_delays, add_times
from monitors.profile.values import bins_of, distinct, to_codes, to_floats, type_class

_TASKS = 8
"""Pieces of work a thread is given with a batch: enough to share it evenly, few enough to cost nothing."""


class _Cells:
    """Counts of one grouping (all rows, or a segment column) by cell: a window and a segment's value."""

    def __init__(self, bins: Bins, expected: int = 0) -> None:
        self.bins, self.expected = bins, expected
        self.index: dict[tuple[int, str], int] = {}
        self.rows: Counter[tuple[int, str]] = Counter()
        self.counts = np.zeros((0, int(bins.offsets[-1]), bins.outcomes + 2), np.int64)
        self.sums = np.zeros((0, int(bins.offsets[-1]), bins.sums))
        # by column first, so that a column's slice is contiguous and each thread writes its own
        self.low = np.full((len(bins.columns), 0), np.inf)
        self.high = np.full((len(bins.columns), 0), -np.inf)
        # of the features' attributions: rows, sum of |value|, sum of value²
        self.sizes = np.zeros((len(bins.features) if bins.attributions else 0, 0, 3))

    def rows_of(self, starts: np.ndarray, names: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Cell of each row, shape (n,), int64; new cells are made."""
        window, windows = pd.factorize(starts)
        combined, pairs = pd.factorize(window * len(names) + codes)
        cells = np.empty(len(pairs), np.int64)
        for i, (pair, count) in enumerate(zip(pairs, np.bincount(combined), strict=True)):
            key = (int(windows[pair // len(names)]), str(names[pair % len(names)]))
            cells[i] = self.index.setdefault(key, len(self.index))
            self.rows[key] += int(count)
        self._grow(len(self.index))
        return cells[combined]

    def _grow(self, cells: int) -> None:
        have = self.counts.shape[0]
        if cells <= have:
            return
        more = max(cells - have, have // 2, self.expected - have)
        self.counts = np.concatenate([self.counts, np.zeros((more, *self.counts.shape[1:]), np.int64)])
        self.sums = np.concatenate([self.sums, np.zeros((more, *self.sums.shape[1:]))])
        self.low = np.concatenate([self.low, np.full((self.low.shape[0], more), np.inf)], axis=1)
        self.high = np.concatenate([self.high, np.full((self.high.shape[0], more), -np.inf)], axis=1)
        self.sizes = np.concatenate([self.sizes, np.zeros((len(self.sizes), more, 3))], axis=1)


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
        self.cells = [_Cells(bins, windows) for _ in self.groups]
        self.unseen: list[dict[int, Counter[str]]] = [{} for _ in bins.columns]
        self.windows: dict[int, Facts] = {}
        self.ids: dict[int, list[np.ndarray]] = {}
        self.by_id: dict[int, Sample] = {}
        self.by_values: dict[int, Sample] = {}
        self.salts = salts(len(bins.columns))
        self.lock = Lock()
        self.follower = Follower(len(bins.features))
        self.threads = threads
        self.places = {column.name: i for i, column in enumerate(bins.features)}
        self.attributed: dict[str, int | None] = {}  # place of the feature whose attributions a column holds, by name
        self.pool = ThreadPoolExecutor(threads)

    def add(self, rows: Rows) -> None:
        """Count a batch."""
        for start, count in rows.future.items():
            facts = self.windows.setdefault(start, {"rows": 0})
            facts["future"] = facts.get("future", 0) + count
        if not len(rows):
            return
        outcomes = outcomes_of(self.bins, rows.prediction, rows.label, len(rows))
        placed = []
        for group, cells in zip(self.groups, self.cells, strict=True):
            names, codes = self._segment(group, rows.batch)
            placed.append(cells.rows_of(rows.starts, names, codes))
        place = self._places(rows, outcomes)
        # a hash of each row's values, where rows have ids to be told apart by
        prints = None if rows.ids is None else np.zeros(len(rows), np.uint64)
        if rows.slots is not None:
            self.follower.begin(rows.starts, rows.slots)
        count = len(self.bins.columns)
        step = max(1, count // (_TASKS * self.threads))
        tasks = [range(i, min(i + step, count)) for i in range(0, count, step)]

        def count_some(some: range) -> None:
            for i in some:
                self._count(i, rows, outcomes, placed, place, prints)

        list(self.pool.map(count_some, tasks))
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
                    count_sizes(values, flags, cell, cells.sizes[place])

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

    def _places(self, rows: Rows, outcomes: Outcomes) -> np.ndarray:
        """Group of positions of each labelled row, -1 of others; (0,) where the log has no positions."""
        column = self.bins.of_role("position")
        if column is None:
            return np.empty(0, np.int64)
        at = rows.batch.schema.get_field_index(column.name)
        group = self.bins.places[bins_of(rows.batch.column(at), column)] if at >= 0 else np.zeros(len(rows), np.int64)
        return np.where(outcomes.outcome < len(self.bins.classes), group, -1)

    def _count(
        self, index: int, rows: Rows, outcomes: Outcomes, placed: list[np.ndarray], place: np.ndarray,
        prints: np.ndarray | None,
    ) -> None:  # fmt: skip
        """Count one column into every grouping: runs in a thread, touches this column's bins alone."""
        column, offset = self.bins.columns[index], int(self.bins.offsets[index])
        array = self._values(index, rows)
        if array is None:
            codes, unseen_code = np.full(len(rows), ABSENT, np.int64), np.empty(0, np.int64)
        elif column.kind == "numeric":
            values, flags = to_floats(array)
            for cells, cell in zip(self.cells, placed, strict=True):
                count_numeric(
                    values, flags, column.search_edges, column.centre, offset, cell, *outcomes[:3], outcomes.row,
                    cells.counts, cells.sums, cells.low[index], cells.high[index], place,
                )  # fmt: skip
            if rows.slots is not None and column.role == "feature":
                follow_numbers(values, flags, *self.follower.of_numbers(index))
            if prints is not None and column.role != "label":  # labels may come later, to one row and not yet the other
                with self.lock:
                    mix_numbers(np.ascontiguousarray(values), flags, self.salts[index], prints)
            return
        else:
            encoded = distinct(array)
            codes, unseen, unseen_code = to_codes(array, column, encoded)
            if prints is not None and column.role != "label":
                hashes = text_hashes(encoded, self.salts[index])
                with self.lock:
                    prints += hashes
        if rows.slots is not None and column.role == "feature":
            follow_codes(codes, *self.follower.of_codes(index))
        for cells, cell in zip(self.cells, placed, strict=True):
            count_codes(codes, offset, cell, *outcomes[:3], outcomes.row, cells.counts, cells.sums, place)
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
        place = rows.batch.schema.get_field_index(column.name)
        return rows.batch.column(place) if place >= 0 else None

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

    def profiles(self) -> list[Profile]:
        """Every window's profile, all rows and by segment, in order of start and segment."""
        return [profile for part in self.window_parts() for profile in part.profiles(self.bins)]

    def window_parts(self) -> list[Part]:
        """What the rows come to, window by window in order, ready to be added to that of other rows."""
        self.pool.shutdown()
        groups: dict[int, list[dict[str, Profile]]] = {start: [{} for _ in self.groups] for start in self.windows}
        for group, cells in enumerate(self.cells):
            for key, i in cells.index.items():
                groups[key[0]][group][key[1]] = self._profile(cells, i, key)
        return [
            Part(
                start, tuple(groups[start]), self.windows[start],
                {i: counts[start] for i, counts in enumerate(self.unseen) if start in counts},
                self.ids.get(start), self.by_id.get(start), self.by_values.get(start), self.follower.course(start),
                self.follower.lost.get(start, {}),
            )
            for start in sorted(self.windows)
        ]  # fmt: skip

    def _profile(self, cells: _Cells, i: int, key: tuple[int, str]) -> Profile:
        facts: dict[str, Any] = {"rows": cells.rows[key]}
        sizes = {
            column.name: cells.sizes[f, i].tolist()
            for f, column in enumerate(self.bins.features)
            if len(cells.sizes) and cells.sizes[f, i, 0]
        }
        return Profile(
            key[0], key[1], cells.counts[i], cells.sums[i], cells.low[:, i].copy(), cells.high[:, i].copy(),
            facts | ({"attributions": sizes} if sizes else {}),
        )  # fmt: skip


def _segment_name(value: str | None, kept: tuple[str, ...]) -> str:
    if value is None:  # NaN
        return "(null)"
    return value if not kept or value in kept else "(other)"
