"""Spark and this process write one store: from files the same, from tables in all but what only files have."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitors.config import Config
from monitors.errors import UserError
from monitors.job import columns_of
from monitors.logs.prepare import Layout
from monitors.pipeline import run
from monitors.profile.engines import Reading, engine_of
from monitors.profile.freeze import Model
from monitors.store import Store
from tests.pipeline.logs import Log, contents, copy, day_frame

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore::FutureWarning:pyspark"),  # about pandas, which is not used on executors
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # PySpark's sockets
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

DAYS = 12
FROM_FILES = {"files", "late", "descents", "lost_in", "typed_in", "future"}
"""Facts that rows of a table do not have: it has no files, and its rows no order."""


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[2,4]").appName("tests")
        settings = {
            "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.sql.shuffle.partitions": "3",
            "spark.sql.adaptive.enabled": "false", "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1", "spark.sql.session.timeZone": "America/New_York",
            "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
            "spark.python.daemon.module": "tests.profile.engines.spark_daemon",
        }  # fmt: skip
        for key, value in settings.items():
            builder = builder.config(key, value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


def test_a_store_from_files_is_the_local_one(spark: Any, tmp_path: Path) -> None:
    here = Log(tmp_path / "here")
    for day in range(DAYS):
        here.day(day, labels=day < DAYS - 2)
    pq.write_table(pa.table({"ts": pa.array([], pa.timestamp("us"))}), here.home / "logs/100.parquet")
    (here.home / "logs/101.parquet").write_bytes(b"PAR1 and no more")
    frame = pd.concat([day_frame(11, rows=6_000, seed=7), day_frame(3, rows=50, seed=8)])  # skewed, and partly late
    frame.drop(columns="y").to_parquet(here.home / "logs/102.parquet", index=False)
    there = copy(here, tmp_path / "there")

    local, cluster = here.run(), run(there.config, spark=spark)
    assert cluster.windows_profiled == local.windows_profiled == DAYS
    assert [note for note in cluster.notes if "101" in note] == [note for note in local.notes if "101" in note] != []
    _same_counts(here.config, there.config, apart=set())
    assert _told(there) == _told(here)

    for log in (here, there):
        log.labels(DAYS - 2)
        log.drop(11)
    local, cluster = here.run(), run(there.config, spark=spark)
    assert (
        cluster.windows_profiled == local.windows_profiled == 2
    )  # the labels' own; that of the file that went is gone
    _same_counts(here.config, there.config, apart=set())
    assert _told(there) == _told(here)
    assert run(there.config, spark=spark).windows_profiled == 0


def test_a_sample_of_the_reference_is_the_same_rows(
    spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitors.profile.freeze.MOST_SAMPLE", 400)
    monkeypatch.setattr("monitors.profile.freeze.LEAST_SAMPLE", 400)
    log = Log(tmp_path, labels_apart=False)
    for day in range(8):
        log.day(day)
    frozen = []
    for engine in (engine_of(log.config), engine_of(log.config, spark)):
        layout = Layout(columns_of(log.config), log.config.grain)
        files = engine.log(log.config, layout)
        reading = Reading(files, {}, layout, rows=8 * 120)
        collector = engine.collect(reading, engine.names(files))
        frozen.append(collector.freeze(Model("binary", 1)).to_json())
    assert frozen[0] == frozen[1]


def test_counts_from_a_table_are_the_local_ones(spark: Any, tmp_path: Path) -> None:
    here = Log(tmp_path, labels_apart=False)
    for day in range(DAYS):
        here.day(day)
    here.run()
    _flaky(spark, tmp_path)
    frame = spark.read.parquet(str(tmp_path / "logs"))
    skewed = frame.where("ts < '2025-01-10'").coalesce(1).unionByName(frame.where("ts >= '2025-01-10'").repartition(3))
    empty = frame.where("false").repartition(2)
    skewed.unionByName(empty).selectExpr("*", "flaky(version) as flaked").drop("version").withColumnRenamed(
        "flaked", "version"
    ).select(frame.columns).createOrReplaceTempView("served")
    config = _of_table(here.config, "served", tmp_path)
    result = run(config, spark=spark)
    assert result.windows_profiled == DAYS
    assert (tmp_path / "failed once").exists()
    _same_counts(here.config, config)
    assert run(config, spark=spark).windows_profiled == 0


def test_labels_join_from_a_table_and_make_their_windows_dirty(spark: Any, tmp_path: Path) -> None:
    here = Log(tmp_path)
    for day in range(DAYS):
        here.day(day, labels=day != DAYS - 2)
    here.run()
    spark.read.parquet(str(tmp_path / "logs")).createOrReplaceTempView("requests")

    def labels() -> None:
        spark.read.parquet(str(tmp_path / "labels")).createOrReplaceTempView("outcomes")

    config = _of_table(here.config, "requests", tmp_path, labels="outcomes")
    labels()
    run(config, spark=spark)
    _same_counts(here.config, config)
    here.labels(DAYS - 2)
    here.run()
    labels()
    assert run(config, spark=spark).windows_profiled == 1
    _same_counts(here.config, config)


def test_windows_are_pushed_down_to_the_files_of_a_table(spark: Any, tmp_path: Path) -> None:
    log = Log(tmp_path, labels_apart=False)
    frames = pd.concat([day_frame(day) for day in range(6)])
    frames.assign(ts=frames["ts"].dt.tz_localize("UTC")).to_parquet(tmp_path / "logs/all.parquet", index=False)
    spark.read.parquet(str(tmp_path / "logs")).createOrReplaceTempView("pushed")
    config = _of_table(log.config, "pushed", tmp_path)
    engine, layout = engine_of(config, spark), Layout(columns_of(config), config.grain)
    files = engine.log(config, layout)
    starts = [next(iter(found.starts)) for found in engine.scan(files, layout, lambda *_: None).values()]
    frame = engine._within(engine.frame, Reading(files, {}, layout, frozenset(starts[2:4])))
    assert frame.count() == 240
    plan = frame._jdf.queryExecution().toString()
    assert "PushedFilters" in plan and "GreaterThanOrEqual(ts,2025-01-0" in plan and "LessThan(ts,2025-01-0" in plan


def test_tasks_of_one_window_are_added_up_in_two_steps(
    spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Log(tmp_path / "here", labels_apart=False)
    for day in range(DAYS):
        here.day(day)
    there = copy(here, tmp_path / "there")
    here.run()
    monkeypatch.setattr("monitors.profile.engines.spark.FAN", 2)
    run(there.config, spark=spark)
    assert there.store() == here.store()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"logs": {"table": "no_such_table"}}, "no_such_table, which Spark cannot read"),
        ({"logs": {"table": "five"}, "windows": {"size": "100 rows"}}, "rows have no order"),
        ({"logs": {"table": "five", "timestamp": "when"}}, 'logs.timestamp names the column "when"'),
    ],
)
def test_what_a_table_cannot_do_is_said(spark: Any, tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    spark.range(5).selectExpr("timestamp_seconds(id) as ts", "id as x").createOrReplaceTempView("five")
    logs = {"timestamp": "ts", **changes["logs"]}
    config = Config.from_dict({"store": {"url": "sqlite:///s.db"}, **changes, "logs": logs}, tmp_path)
    with pytest.raises(UserError, match=told):
        run(config, spark=spark)


def _flaky(spark: Any, folder: Path) -> None:
    """A function of SQL that fails the first time it is called, in whichever task."""
    marker = str(folder / "failed once")

    def flaky(value: str) -> str:
        import os

        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return value
        raise RuntimeError("an executor was lost")

    spark.udf.register("flaky", flaky)


def _of_table(config: Config, table: str, base: Path, labels: str | None = None) -> Config:
    content = config.model_dump(exclude_unset=True)
    content["store"] = {"url": f"sqlite:///{table}.db"}
    content["logs"] = {**{k: v for k, v in content["logs"].items() if k != "path"}, "table": table}
    if labels is not None:
        content["labels"] = {**{k: v for k, v in content["labels"].items() if k != "path"}, "table": labels}
    return Config.from_dict(content, base)


def _told(log: Log) -> dict[str, Any]:
    """Everything in the store but profiles, numbers to ten digits."""
    return {
        table: [tuple(float(f"{v:.10g}") if isinstance(v, float) else v for v in row) for row in rows]
        for table, rows in log.store().items() if table != "profiles"
    }  # fmt: skip


def _same_counts(one: Config, other: Config, apart: Collection[str] = FROM_FILES) -> None:
    stores = [Store.open(config.store.url, read_only=True) for config in (one, other)]
    try:
        bins = [store.bins("m") for store in stores]
        assert bins[0] is not None and bins[1] is not None and bins[0].to_json() == bins[1].to_json()
        segments = [store.segments("m") for store in stores]
        assert segments[0] == segments[1] and len(segments[0]) > 3
        for segment in segments[0]:
            pairs = list(zip(*(store.profiles("m", segment) for store in stores), strict=True))
            assert pairs
            for ours, theirs in pairs:
                assert ours.start == theirs.start
                assert np.array_equal(ours.counts, theirs.counts)
                np.testing.assert_allclose(ours.sums, theirs.sums, rtol=1e-12, atol=1e-12)
                assert np.array_equal(ours.low, theirs.low) and np.array_equal(ours.high, theirs.high)
                told = [{k: v for k, v in p.facts.items() if k not in apart} for p in (ours, theirs)]
                assert told[0] == told[1]
                if not segment:
                    assert ours.course is not None and theirs.course is not None
                    assert ours.course.encode() == theirs.course.encode()
    finally:
        for store in stores:
            store.close()


def test_contents_see_a_difference(tmp_path: Path) -> None:
    logs = [Log(tmp_path / name, labels_apart=False) for name in "ab"]
    for log, seed in zip(logs, (0, 1), strict=True):
        for day in range(12):
            log.day(day, seed=seed if day == 11 else 0)
        log.run()
    assert contents(logs[0].config.store.url)["profiles"] != contents(logs[1].config.store.url)["profiles"]
