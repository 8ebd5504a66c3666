"""Files on Spark: each task opens some, neighbours in order and much of one size, with the readers of the local engine.

So every format is read, rows have the same place in their file, and a store comes out the same. Files must lie where
executors reach them by the same path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from monitors.errors import UserError
from monitors.logs.files import LogFile
from monitors.logs.prepare import Layout, Scan, scan
from monitors.logs.progress import Progress, silent
from monitors.profile.engines import Engine, Reading
from monitors.profile.engines.counting import Found
from monitors.profile.engines.local import LocalEngine, column_names, read_file
from monitors.profile.engines.spark import SparkEngine, Work, travelling
from monitors.profile.engines.travel import SCHEMA, TROUBLE, values
from monitors.profile.rows import Rows

if TYPE_CHECKING:
    from monitors.config import Config

_WAVES = 4
"""Tasks by place to run one in: enough to even out what some take longer."""
_BYTES = 256 << 20
"""Most bytes of files in a task, unless one file has more."""


class SparkFiles(SparkEngine):
    """The log is files."""

    by_file = True

    @property
    def for_files(self) -> Engine:
        """See ``Engine.for_files``."""
        return self

    def log(self, config: Config, layout: Layout) -> list[LogFile]:
        """See ``Engine.log``."""
        if config.offline is not None:
            raise UserError(
                f"{config.source}: [offline] compares row by row, which the local engine alone does: remove [offline], "
                'or set engine.kind = "local"'
            )
        if config.labels is not None and config.labels.table is not None:
            raise UserError(
                f"{config.source}: labels.table is joined to a table, and the log is files: give logs.table too, or "
                "labels.path"
            )
        return LocalEngine().log(config, layout)

    def scan(self, files: Sequence[LogFile], layout: Layout, progress: Progress) -> dict[str, Scan]:
        """See ``Engine.scan``."""
        if not files:
            return {}
        tasks = shared_out(files, self.session.parallelism * _WAVES)

        def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for task in _numbers(batches):
                found = ((i, 0, (file.key, scan(file, layout))) for i, file in enumerate(tasks[task]))
                yield from travelling(task, found)

        with self.session.batches():
            rows = sorted(self._range(len(tasks)).mapInArrow(run, SCHEMA).collect(), key=lambda row: row["nth"])
            found = values(bytes(row["blob"]) for row in rows)
        progress("reading times", len(files), len(files))
        return dict(found)

    def names(self, files: Sequence[LogFile]) -> list[str]:
        """See ``Engine.names``."""
        return column_names(files)

    def rows(self, reading: Reading, only_ids: bool = False) -> Iterator[Rows]:
        """See ``Engine.rows``: files can be read here as well."""
        return LocalEngine().rows(reading, only_ids)

    def _range(self, tasks: int) -> Any:
        return self.session.spark.range(0, tasks, 1, tasks)

    def _tasks(
        self, reading: Reading, work: Work, keys: bool = False, only_ids: bool = False
    ) -> tuple[Any, int | None]:
        tasks = shared_out(reading.files, self.session.parallelism * _WAVES)
        labels = self.session.share(reading.labels)
        plain = replace(reading, files=(), labels=None, progress=silent, trouble={}, touching=None)

        def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            given = replace(plain, labels=labels.value)
            for task in _numbers(batches):
                yield from travelling(task, _found(tasks[task], given, work, keys, only_ids))

        return self._range(len(tasks)).mapInArrow(run, SCHEMA), len(tasks)


def _found(files: Sequence[LogFile], reading: Reading, work: Work, keys: bool, only_ids: bool) -> Iterator[Found]:
    """What a task makes of its files, and why it could not read some to their end."""
    trouble: list[tuple[str, str]] = []

    def rows() -> Iterator[Rows]:
        for file in files:
            reasons: list[str] = []
            yield from read_file(reading, file, keys, only_ids, reasons)
            trouble.extend((file.key, reason) for reason in reasons)

    yield from work(rows())
    if trouble:
        yield TROUBLE, 0, trouble


def _numbers(batches: Iterator[pa.RecordBatch]) -> Iterator[int]:
    for batch in batches:
        yield from batch.column(0).to_pylist()


def shared_out(files: Sequence[LogFile], tasks: int) -> list[list[LogFile]]:
    """Files by task: neighbours together, for they are of the same windows, and much of one size.

    >>> [[file.key for file in some] for some in shared_out([LogFile(k, k, s, 0) for k, s in
    ...     (("a", 5), ("b", 1), ("c", 1), ("d", 5))], 3)]
    [['a'], ['b', 'c'], ['d']]
    """
    share = min(max(1, sum(file.size for file in files) / max(tasks, 1)), _BYTES)
    out: list[list[LogFile]] = []
    held = 0
    for file in files:
        if not out or held + file.size > share:
            out.append([])
            held = 0
        out[-1].append(file)
        held += file.size
    return out or [[]]
