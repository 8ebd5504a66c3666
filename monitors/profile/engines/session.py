"""A Spark session: handed over, or opened from ``[engine]``; classic or Spark Connect."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from monitors.errors import UserError, clause

if TYPE_CHECKING:
    from monitors.config import Config

_TASKS = 64
"""Tasks at a time where a remote cluster does not say how many it can run."""
_BATCHES = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
    "spark.sql.execution.arrow.maxBytesPerBatch": str(64 << 20),
}
"""Rows and bytes that Spark hands to a task at a time."""


class Carried:
    """A value that travels with the function that uses it."""

    def __init__(self, value: Any) -> None:
        self.value = value


@dataclass
class Session:
    """A session and how it is used.

    Attributes
    ----------
    spark : the SparkSession
    own : whether it was opened here, so is to be stopped here
    remote : Spark Connect, where there is no SparkContext
    """

    spark: Any
    own: bool
    remote: bool
    shared: list[Any] = field(default_factory=list)

    @property
    def parallelism(self) -> int:
        """Tasks that run at a time."""
        return _TASKS if self.remote else max(1, int(self.spark.sparkContext.defaultParallelism))

    def share(self, value: Any) -> Any:
        """Something whose ``value`` is this on every executor, sent there once."""
        if self.remote or value is None:
            return Carried(value)
        self.shared.append(self.spark.sparkContext.broadcast(value))
        return self.shared[-1]

    @contextmanager
    def batches(self) -> Iterator[None]:
        """Spark hands over bounded batches meanwhile; the session's own settings come back."""
        before = {key: self.spark.conf.get(key) for key in _BATCHES}
        for key, value in _BATCHES.items():
            self.spark.conf.set(key, value)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # PySpark's about pandas, which is not used here
                yield
        finally:
            for key, value in before.items():
                self.spark.conf.set(key, value)

    def close(self) -> None:
        """Let go of what was sent, and stop the session if it is ours."""
        for value in self.shared:
            value.unpersist()
        self.shared.clear()
        if self.own:
            self.spark.stop()


def open_session(config: Config, given: Any = None) -> Session:
    """The session of a run.

    Parameters
    ----------
    given : a SparkSession, or a URL in the place of ``engine.master``

    Raises
    ------
    UserError
        PySpark is not installed, or no session can be opened.
    """
    if given is not None and not isinstance(given, str):
        if not hasattr(given, "createDataFrame"):
            raise UserError(f"spark is a {type(given).__name__}; give a SparkSession, or the URL of a master")
        return Session(given, own=False, remote=_is_remote(given))
    master = given or config.engine.master
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            from pyspark.sql import SparkSession
    except ImportError:
        raise UserError(
            f"{config.source}: engine.kind is \"spark\" but PySpark is not installed; pip install 'driftmeter[spark]'"
        ) from None
    builder = SparkSession.builder.appName(f"driftmeter {config.model.name}")
    for key, value in config.engine.options.items():
        builder = builder.config(key, value)
    remote = str(master or "").startswith("sc://")
    if remote:
        builder = builder.remote(master)
    else:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = builder.master(master) if master else builder
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            own = remote or SparkSession.getActiveSession() is None
            return Session(builder.getOrCreate(), own=own, remote=remote)
    except Exception as error:  # noqa: BLE001 - Java's, gRPC's and PySpark's have no common root
        raise UserError(
            f"{config.source}: no Spark session at engine.master {master or '(of spark-defaults.conf)'} "
            f"({clause(error)}); a local one needs Java 17 or later (Debian: openjdk-17-jre-headless)"
        ) from None


def _is_remote(session: Any) -> bool:
    return ".connect." in type(session).__module__
