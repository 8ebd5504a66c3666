"""The Spark engine: rows are counted where they lie, what they come to is added up there, and profiles come back.

Tasks run the accumulators of the local engine through ``mapInArrow``. Windows are added up by a shuffle on their
start, of many tasks in two steps. A task that fails is run again by Spark: it gives the same again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from monitors.profile.bins import Bins
from monitors.profile.cube import Profile
from monitors.profile.engines import Reading
from monitors.profile.engines.counting import Found, count, gather, profiles_of
from monitors.profile.engines.local import labelled_windows, sufficient_for
from monitors.profile.engines.session import Session
from monitors.profile.engines.travel import (
    FAN,
    PROFILES,
    SCHEMA,
    TROUBLE,
    as_batches,
    finisher,
    merge_branches,
    numbered,
    unpack,
    values,
)
from monitors.profile.freeze import Collector
from monitors.profile.rows import Rows
from monitors.profile.sampled import KEYS

Work = Callable[[Iterator[Rows]], Iterator[Found]]
"""What a task makes of its rows."""


class SparkEngine(ABC):
    """What both sources, files and tables, have in common. They say how tasks come to their rows.

    ``_tasks`` gives a frame of what each task found and how many tasks there are, None where Spark decides.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

    def close(self) -> None:
        """See ``Engine.close``."""
        self.session.close()

    @abstractmethod
    def _tasks(
        self, reading: Reading, work: Work, keys: bool = False, only_ids: bool = False
    ) -> tuple[Any, int | None]:
        """How rows come to tasks."""

    def place(self, reading: Reading) -> set[int]:
        """See ``Engine.place``."""

        def work(rows: Iterator[Rows]) -> Iterator[Found]:
            starts: set[int] = set()
            for some in rows:
                starts |= labelled_windows(some)
            yield from ((start, 0, None) for start in sorted(starts))

        with self.session.batches():
            frame, _ = self._tasks(reading, work, only_ids=True)
            found = {int(row[0]) for row in frame.select("start").distinct().collect()}
        return found - {TROUBLE}

    def collect(self, reading: Reading, names: Sequence[str]) -> Collector:
        """See ``Engine.collect``. Of the rows only those travel whose keys will be among the least."""
        bound = sufficient_for(names, reading)
        collector = self._collect(reading, bound)
        return self._collect(reading, KEYS - 1) if collector.lacks(reading.rows) else collector

    def _collect(self, reading: Reading, bound: int) -> Collector:
        columns = reading.layout.columns

        def work(rows: Iterator[Rows]) -> Iterator[Found]:
            return gather(rows, columns, bound)

        collector = Collector(columns, bound)
        with self.session.batches():
            frame, tasks = self._tasks(reading, work, keys=True)
            frame = self._branches(frame, tasks)
            found = [row for row in frame.collect() if row["start"] != TROUBLE]
            for value in values(bytes(row["blob"]) for row in sorted(found, key=lambda row: row["nth"])):
                collector += value
        reading.progress(reading.step, 1, 1)
        return collector

    def profile(self, reading: Reading, bins: Bins, known: frozenset[str]) -> Iterator[list[Profile]]:
        """See ``Engine.profile``. One window's profiles at a time are in memory here."""
        work = _counting(self.session.share(bins), known)
        with self.session.batches():
            frame, tasks = self._tasks(reading, work)
            whole = self._branches(frame, tasks)
            whole = whole.repartition(self._parts(tasks), "start").sortWithinPartitions("start", "shard", "nth")
            done, start, held = 0, None, list[Profile]()
            for row in whole.mapInArrow(finisher(profiles_of(bins)), PROFILES).toLocalIterator():
                if row["start"] == TROUBLE:
                    _note(reading, unpack(row["profile"]))
                    continue
                if held and row["start"] != start:
                    done += 1
                    reading.progress(reading.step, done, max(done, len(reading.windows or ())))
                    yield held
                    held = []
                start = row["start"]
                held.append(Profile.decode(start, row["segment"], row["profile"]))
            if held:
                reading.progress(reading.step, done + 1, done + 1)
                yield held

    def _branches(self, frame: Any, tasks: int | None) -> Any:
        """Of many tasks, what some have found of one window added up."""
        if tasks is not None and tasks <= FAN:
            return frame
        keys = ("start", "shard", "branch")
        some = frame.repartition(self._parts(tasks), *keys).sortWithinPartitions(*keys, "nth")
        return some.mapInArrow(merge_branches, SCHEMA)

    def _parts(self, tasks: int | None) -> int:
        most = 4 * self.session.parallelism
        return most if tasks is None else min(tasks, most)


def _counting(bins: Any, known: frozenset[str]) -> Work:
    def work(rows: Iterator[Rows]) -> Iterator[Found]:
        return count(rows, bins.value, known)

    return work


def _note(reading: Reading, reasons: Iterable[tuple[str, str]]) -> None:
    for key, reason in reasons:
        notes = reading.trouble.get(key)
        if notes is not None and reason not in notes:
            notes.append(reason)


def travelling(task: int, found: Iterator[Found]) -> Iterator[pa.RecordBatch]:
    """What a task found, as batches."""
    return as_batches(numbered(task, found))
