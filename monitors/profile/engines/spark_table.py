"""A table on Spark: whatever ``spark.table`` takes, a view or parquet.`hdfs://…` included.

Its rows have no place in a file and come in no order. So the ledger keeps windows, each with the number of its rows and
a fingerprint of them: times, ids, predictions, labels, and, of a table made of files, which ones they are and when they
were written. A row is named, for sampling, by a hash of its time and id, else of all its values.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from monitors import clock
from monitors.errors import UserError, clause
from monitors.logs.files import LogFile
from monitors.logs.prepare import Layout, Scan, rows_of, times_of
from monitors.logs.progress import Progress, silent
from monitors.logs.read import table_batches
from monitors.logs.timestamps import to_micros
from monitors.profile.engines import Engine, Reading
from monitors.profile.engines.session import Session
from monitors.profile.engines.spark import SparkEngine, Work, travelling
from monitors.profile.engines.spark_files import SparkFiles
from monitors.profile.engines.travel import SCHEMA
from monitors.profile.rows import UNKNOWN_TIME, Rows
from monitors.windows import Grain

if TYPE_CHECKING:
    from monitors.config import Config

_OWN = "__driftmeter_"
_KEY, _FILE, _PRINT, _LABEL_TIME = (f"{_OWN}{name}" for name in ("key", "file", "print", "label_time"))
_COUNTED = "start long, rows long, print long, last long, reason string"
_SPANS = 40
"""Stretches of windows that a filter names; more are read as one."""
_DAY = 86_400_000_000


class SparkTable(SparkEngine):
    """The log is a table.

    Parameters
    ----------
    name : as Spark SQL knows it
    """

    by_file = False

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(session)
        self.name = name
        self.frame: Any = None
        self.own: list[str] = []  # the table's columns, without labels that are joined to it
        self.scans: dict[str, Scan] = {}
        self.latest = clock.micros(dt.datetime.now(dt.UTC)) + _DAY

    @property
    def for_files(self) -> Engine:
        """See ``Engine.for_files``."""
        return SparkFiles(self.session)

    def log(self, config: Config, layout: Layout) -> list[LogFile]:
        """See ``Engine.log``: one piece a window."""
        if layout.grain.kind == "rows":
            raise UserError(
                f"{config.source}: windows.size is {layout.grain.size}, but a table's rows have no order to count "
                "windows by: name the column of times in logs.timestamp, and give a size such as 1d"
            )
        if config.offline is not None:
            raise UserError(f"{config.source}: [offline] needs the log's files: give logs.path, or remove [offline]")
        frame = self._table(config.source, "logs.table", self.name)
        self.own = _names(frame)
        config.check_columns(self.own)
        frame = _with_files(frame)
        self.frame = self._labelled(frame, config) if config.labels is not None and config.labels.table else frame
        found, bad = self._count(layout)
        files = []
        for start, (rows, fingerprint, last) in sorted(found.items()):
            file = LogFile(f"{self.name}/{layout.grain.iso(start)}", self.name, rows, fingerprint)
            self.scans[file.key] = Scan(rows, Counter({start: rows}), last)
            files.append(file)
        total = sum(rows for rows, _, _ in found.values()) + sum(bad.values())
        if bad or not files:
            notes = [f"{count:,} of {total:,} rows {reason}; they are in no window" for reason, count in bad.items()]
            files.append(LogFile(self.name, self.name, sum(bad.values()), 0))
            self.scans[self.name] = Scan(sum(bad.values()), notes=notes)
        return files

    def scan(self, files: Sequence[LogFile], layout: Layout, progress: Progress) -> dict[str, Scan]:
        """See ``Engine.scan``: the table was looked through for its windows."""
        progress("reading times", len(files), len(files))
        return {file.key: self.scans[file.key] for file in files}

    def names(self, files: Sequence[LogFile]) -> list[str]:
        """See ``Engine.names``."""
        return self.own

    def rows(self, reading: Reading, only_ids: bool = False) -> Iterator[Rows]:
        """See ``Engine.rows``: those of a table stay where they are."""
        raise UserError(f"the rows of the table {self.name} are counted where they lie, and cannot be looked at here")

    def _table(self, source: str, key: str, name: str) -> Any:
        try:
            frame = self.session.spark.table(name)
            frame.schema  # noqa: B018 - Spark Connect looks the table up only now
        except Exception as error:  # noqa: BLE001 - PySpark's errors have one root in each of two kinds of session
            raise UserError(f"{source}: {key} is {name}, which Spark cannot read: {clause(error)}") from None
        return frame

    def _labelled(self, frame: Any, config: Config) -> Any:
        """The table with each row's label: of an id the one that came last, of several at once the greatest."""
        from pyspark.sql import functions as F  # noqa: N812 - its usual name

        section = config.labels
        assert section is not None and section.table is not None
        labels = self._table(config.source, "labels.table", section.table)
        config.check_columns(_names(frame), _names(labels))
        label, own = F.col(_quoted(section.label)), f"{_OWN}id"
        time = F.col(_quoted(section.timestamp)) if section.timestamp else F.lit(None).cast("timestamp")
        known = labels.where(label.isNotNull()).select(
            F.col(_quoted(section.id)).cast("string").alias(own),
            F.struct(time.alias("time"), label.alias("label")).alias("told"),
        )
        known = known.groupBy(own).agg(F.max("told").alias("told"))
        left = frame.drop(section.label).join(
            known, F.col(_quoted(str(config.logs.id))).cast("string") == F.col(own), "left"
        )
        return left.withColumns({section.label: F.col("told.label"), _LABEL_TIME: F.col("told.time")}).drop(own, "told")

    def _count(self, layout: Layout) -> tuple[dict[int, tuple[int, int, int]], Counter[str]]:
        """By window its rows, their fingerprint and last instant; rows in no window by reason."""
        from pyspark.sql import functions as F  # noqa: N812

        columns, latest = layout.columns, self.latest
        have = set(self.frame.columns)
        parts = (columns.timestamp, columns.id, columns.prediction, columns.label, _LABEL_TIME, _FILE)
        roles = [name for name in parts if name is not None and name in have]
        # 31 bits, so that the sum over a window of four billion rows is exact
        told = F.xxhash64(*(F.col(_quoted(name)) for name in roles)).bitwiseAND(F.lit(2**31 - 1))
        frame = self.frame.select(F.col(_quoted(str(columns.timestamp))), told.alias(_PRINT))

        def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            return _counted(batches, layout, latest)

        with self.session.batches():
            whole = frame.mapInArrow(run, _COUNTED).groupBy("start", "reason")
            rows = whole.agg(F.sum("rows"), F.sum("print"), F.max("last")).collect()
        found = {int(row[0]): (int(row[2]), int(row[3]), int(row[4])) for row in rows if row[1] == ""}
        return found, Counter({str(row[1]): int(row[2]) for row in rows if row[1]})

    def _tasks(
        self, reading: Reading, work: Work, keys: bool = False, only_ids: bool = False
    ) -> tuple[Any, int | None]:
        from pyspark.sql import functions as F  # noqa: N812

        columns, name, latest = reading.layout.columns, self.name, self.latest
        frame = self._within(self.frame, reading)
        have = [name for name in frame.columns if not name.startswith(_OWN)]
        if keys:
            identity = [columns.timestamp, columns.id] if columns.id else [c for c in have if _hashable(frame, c)]
            frame = frame.withColumn(_KEY, F.xxhash64(*(F.col(_quoted(str(c))) for c in identity)))
        frame = frame.select(*(F.col(_quoted(c)) for c in _to_read(frame.columns, reading.layout, only_ids)))
        labels, every = self.session.share(reading.labels), frozenset(self.own)
        plain = replace(reading, files=(), labels=None, progress=silent, trouble={}, touching=None)

        def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            from pyspark import TaskContext

            context = TaskContext.get()
            task = context.partitionId() if context is not None else 0
            given = replace(plain, labels=labels.value)
            return travelling(task, work(rows_from(batches, given, name, latest, every)))

        return frame.mapInArrow(run, SCHEMA), None

    def _within(self, frame: Any, reading: Reading) -> Any:
        """The rows that may lie in the windows wanted: a filter on the time that Spark pushes down to files."""
        from pyspark.sql import functions as F  # noqa: N812

        if reading.windows is None:
            return frame
        name = str(reading.layout.columns.timestamp)
        kind, column = dict(frame.dtypes)[name], F.col(_quoted(name))
        if kind not in ("timestamp", "timestamp_ntz", "date"):
            return frame
        kept = F.lit(False)
        # what has no zone of its own is as much as a day from what it would be in UTC
        slack = 0 if kind == "timestamp" else _DAY
        for begin, end in spans(sorted(reading.windows), reading.layout.grain):
            low, high = (F.timestamp_micros(F.lit(at)) for at in (begin - slack, end + slack))
            if kind != "timestamp":
                low, high = (F.lit(_wall(at)).cast(kind) for at in (begin - slack, end + slack))
            kept = kept | ((column >= low) & ((column < high) if kind != "date" else (column <= high)))
        return frame.where(kept)


def _with_files(frame: Any) -> Any:
    """The table with a column that tells which file a row lies in and when it was written, if it is made of files."""
    from pyspark.sql import functions as F  # noqa: N812

    meta = ("_metadata.file_path", "_metadata.file_modification_time")
    logger = logging.getLogger("DataFrameQueryContextLogger")  # PySpark's: what is tried here is no error to log
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        told = frame.withColumn(_FILE, F.xxhash64(*(F.col(name).cast("string") for name in meta)))
        told.schema  # noqa: B018 - Spark Connect looks columns up only now
    except Exception:  # noqa: BLE001 - a view, a join, a table of another kind
        return frame
    finally:
        logger.setLevel(level)
    return told


def rows_from(
    batches: Iterator[pa.RecordBatch], reading: Reading, name: str, latest: int, every: frozenset[str]
) -> Iterator[Rows]:
    """A task's batches as rows: what is known of places in a file is left out."""
    windows = None if reading.windows is None else set(reading.windows)
    layout, zone = reading.layout, reading.layout.grain.timezone
    for batch in batches:
        for rows in rows_of(table_batches(batch), layout, name, latest, 0, windows, reading.labels):
            if not len(rows):
                continue
            keys = label_times = None
            apart = set[str | None]()
            if _KEY in rows.batch.schema.names:
                keys = _mixed(rows.batch.column(_KEY).to_numpy(zero_copy_only=False))
            if _LABEL_TIME in rows.batch.schema.names:
                micros, good = to_micros(rows.batch.column(_LABEL_TIME), zone)
                label_times = np.where(good, micros, UNKNOWN_TIME)
                apart.add(layout.columns.label)  # a label that was joined is none of the table's columns
            kept = rows.batch.select([c for c in rows.batch.schema.names if not c.startswith(_OWN) and c not in apart])
            yield replace(
                rows, batch=kept, keys=keys, descents=None, future={}, names=every,
                label_times=rows.label_times if label_times is None else label_times,
            )  # fmt: skip


def _counted(batches: Iterator[pa.RecordBatch], layout: Layout, latest: int) -> Iterator[pa.RecordBatch]:
    """Rows, fingerprint and last instant by window, and rows in no window by reason."""
    found: dict[int, list[int]] = {}
    bad = Counter[str]()
    for batch in batches:
        times, good, _ = times_of(batch, latest, layout, bad)
        code, starts = pd.factorize(layout.grain.starts(times[good]))
        prints = batch.column(1).to_numpy(zero_copy_only=False)[good]
        for i, start in enumerate(starts.tolist()):
            own = code == i
            have = found.setdefault(start, [0, 0, -(2**63)])
            have[:] = [have[0] + int(own.sum()), have[1] + int(prints[own].sum()),
                       max(have[2], int(times[good][own].max()))]  # fmt: skip
    rows = [(start, *have, "") for start, have in found.items()]
    rows += [(0, count, 0, 0, reason) for reason, count in bad.items()]
    names = ("start", "rows", "print", "last", "reason")
    kinds = (*[pa.int64()] * 4, pa.string())
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    yield pa.RecordBatch.from_arrays([pa.array(c, k) for c, k in zip(columns, kinds, strict=True)], names=list(names))


def spans(starts: Sequence[int], grain: Grain) -> list[tuple[int, int]]:
    """Stretches (begin, end) of windows that follow one another; one for all where there are very many.

    Parameters
    ----------
    starts : ascending
    """
    out: list[tuple[int, int]] = []
    for start, end in zip(starts, grain.ends(np.array(starts, np.int64)).tolist(), strict=True):
        if out and out[-1][1] == start:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out if len(out) <= _SPANS else [(out[0][0], out[-1][1])]


def _to_read(have: Sequence[str], layout: Layout, only_ids: bool) -> list[str]:
    """All columns but excluded ones, which are read only if they have another part."""
    columns = layout.columns
    if only_ids:
        return [name for name in have if name in (columns.timestamp, columns.id)]
    have = [name for name in have if name != _FILE]
    needed = {columns.timestamp, columns.id, columns.prediction, columns.label, columns.position, columns.latency,
              *columns.groups}  # fmt: skip
    return [name for name in have if name not in set(columns.exclude) or name in needed]


def _names(frame: Any) -> list[str]:
    """Names of the columns as they are counted: those of structures one by one."""

    def below(field: Any, prefix: str) -> list[str]:
        inner = getattr(field.dataType, "fields", None)
        name = f"{prefix}{field.name}"
        return [name] if inner is None else [leaf for part in inner for leaf in below(part, f"{name}.")]

    return [name for field in frame.schema.fields for name in below(field, "")]


def _hashable(frame: Any, name: str) -> bool:
    kinds: Mapping[str, str] = dict(frame.dtypes)
    return "map<" not in kinds[name] and "variant" not in kinds[name]


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _wall(micros: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=micros)


def _mixed(hashes: np.ndarray) -> np.ndarray:
    """SplitMix64's last step: every bit of a key depends on every bit of a hash."""
    z = hashes.astype(np.int64).view(np.uint64)
    with np.errstate(over="ignore"):
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)))
