"""Who reads the rows and counts them: this process (local), or the executors of a Spark cluster.

Both run the same readers, kernel and accumulators, and differ in who calls them and in what is added to what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from monitors.errors import UserError
from monitors.logs.files import LogFile
from monitors.logs.progress import Progress, silent

if TYPE_CHECKING:
    from monitors.config import Config
    from monitors.logs.labels import Labels
    from monitors.logs.prepare import Layout, Scan
    from monitors.profile.bins import Bins
    from monitors.profile.cube import Profile
    from monitors.profile.freeze import Collector
    from monitors.profile.rows import Rows


@dataclass(frozen=True)
class Reading:
    """Which rows are to be read, and how.

    Attributes
    ----------
    files : in order
    first_rows : number of each file's first row in the log, by key (windows of rows)
    layout : which column is what, and which windows there are
    windows : starts of those wanted; None is all
    labels : the second log, where labels come from there
    rows : in the windows wanted, as far as known; 0: not known
    step : what progress calls it
    trouble : by file key, takes reasons why a file could not be read to its end
    touching : the files with rows of some windows, where all are more than these need
    """

    files: Sequence[LogFile]
    first_rows: Mapping[str, int]
    layout: Layout
    windows: frozenset[int] | None = None
    labels: Labels | None = None
    rows: int = 0
    step: str = "reading"
    progress: Progress = silent
    trouble: Mapping[str, list[str]] = field(default_factory=dict)
    touching: Callable[[set[int]], Sequence[LogFile]] | None = None


class Engine(Protocol):
    """What a run asks of the rows. All else is a function of counts."""

    by_file: bool
    """Whether rows lie in files that were written when their rows were new: then some may come late."""

    @property
    def for_files(self) -> Engine:
        """What reads files that are not the log's, such as training data."""

    def log(self, config: Config, layout: Layout) -> list[LogFile]:
        """The pieces of the log that a ledger keeps: files, or windows of a table.

        Raises
        ------
        UserError
            The log is not there, or the engine cannot read it as it is configured.
        """

    def scan(self, files: Sequence[LogFile], layout: Layout, progress: Progress) -> dict[str, Scan]:
        """Which windows of the calendar the pieces touch, by key."""

    def names(self, files: Sequence[LogFile]) -> list[str]:
        """Names of the columns of any of the pieces."""

    def place(self, reading: Reading) -> set[int]:
        """Windows of rows whose id has a label in ``reading.labels``."""

    def collect(self, reading: Reading, names: Sequence[str]) -> Collector:
        """What the rows of the reference show, ready to freeze bins; ``names`` are the columns of the log."""

    def rows(self, reading: Reading, only_ids: bool = False) -> Iterator[Rows]:
        """The rows themselves, brought here."""

    def profile(self, reading: Reading, bins: Bins, known: frozenset[str]) -> Iterator[list[Profile]]:
        """Profiles of all rows and of each segment, some windows at a time; a window's come together."""

    def close(self) -> None:
        """Let go of what was taken for the run."""


def engine_of(config: Config, spark: Any = None) -> Engine:
    """The engine that the configuration names.

    Parameters
    ----------
    spark : a SparkSession, or the URL of a master or of Spark Connect, in the place of what ``[engine]`` says; the
        session is left open

    Raises
    ------
    UserError
        PySpark is not installed, or the configuration asks for what this engine cannot do.
    """
    if spark is None and config.engine.kind == "local":
        if config.logs.table is not None:
            raise UserError(
                f'{config.source}: logs.table is "{config.logs.table}", which Spark reads: set engine.kind = "spark", '
                "or give logs.path"
            )
        from monitors.profile.engines.local import LocalEngine

        return LocalEngine()
    from monitors.profile.engines.session import open_session
    from monitors.profile.engines.spark_files import SparkFiles
    from monitors.profile.engines.spark_table import SparkTable

    session = open_session(config, spark)
    return SparkFiles(session) if config.logs.table is None else SparkTable(session, config.logs.table)
