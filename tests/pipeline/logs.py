"""Small logs on disk, and stores as plain data to compare."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from monitors.config import Config
from monitors.logs.progress import Progress, silent
from monitors.pipeline import RunResult, run
from monitors.profile.cube import Profile
from monitors.store import Store, metadata

DAYS = 24
REFERENCE = {"start": "2025-01-01", "end": "2025-01-10"}

TOML = """
[model]
name = "m"
task = "binary"
positive = 1
[logs]
path = "logs/*.parquet"
timestamp = "ts"
id = "id"
prediction = "score"
[labels]
path = "labels/*.parquet"
label = "y"
timestamp = "label_ts"
[features]
segments = ["place"]
version = "version"
[windows]
size = "1d"
[reference]
start = "2025-01-01"
end = "2025-01-10"
[store]
url = "{url}"
"""
"""The configuration of a ``Log`` as a file."""


def day_frame(day: int, rows: int = 120, seed: int = 0) -> pd.DataFrame:
    """One day of a log with a signal, a segment, a version and a deprecated feature."""
    rng = np.random.default_rng([seed, day])
    start = np.datetime64("2025-01-01", "us") + np.timedelta64(day, "D")
    seconds = np.sort(rng.integers(0, 86_400, rows))
    x = rng.normal(size=rows)
    probability = 1 / (1 + np.exp(-x))
    frame = pd.DataFrame({
        "ts": start + seconds.astype("m8[s]"),
        "id": [f"{day}-{i}" for i in range(rows)],
        "x": x,
        "kind": rng.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1]),
        "place": rng.choice(["north", "south"], rows),
        "version": "v1" if day < 15 else "v2",
        "old": rng.integers(0, 5, rows),
        "score": probability,
        "y": (rng.uniform(size=rows) < probability).astype(int),
    })  # fmt: skip
    return frame.drop(columns="old") if day >= 18 else frame


class Log:
    """A log in a folder: one file a day, labels in a log of their own (or in the log)."""

    def __init__(
        self, home: Path, labels_apart: bool = True, windows: dict[str, str] | None = None, **tables: Any
    ) -> None:
        self.home, self.labels_apart = home, labels_apart
        (home / "logs").mkdir(parents=True)
        (home / "labels").mkdir()
        logs: dict[str, Any] = {"path": "logs/*.parquet", "timestamp": "ts", "id": "id", "prediction": "score"}
        content: dict[str, Any] = {
            "model": {"name": "m", "task": "binary", "positive": 1}, "logs": logs, "windows": windows or {"size": "1d"},
            "features": {"segments": ["place"], "version": "version"}, "reference": REFERENCE,
            "store": {"url": "sqlite:///store.db"}, **tables,
        }  # fmt: skip
        if labels_apart:
            content["labels"] = {"path": "labels/*.parquet", "id": "id", "label": "y", "timestamp": "label_ts"}
        else:
            logs["label"] = "y"
        self.config = Config.from_dict(content, home)

    def day(self, day: int, labels: bool = True, seed: int = 0) -> None:
        """Write a day's file, and its labels."""
        frame = day_frame(day, seed=seed)
        _write(frame.drop(columns="y") if self.labels_apart else frame, self.home / f"logs/{day:03}.parquet")
        if labels and self.labels_apart:
            self.labels(day, seed)

    def labels(self, day: int, seed: int = 0) -> None:
        """Write a day's labels, two hours late."""
        frame = day_frame(day, seed=seed)
        labels = frame[["id", "y"]].assign(label_ts=frame["ts"] + pd.Timedelta(hours=2))
        _write(labels, self.home / f"labels/{day:03}.parquet")

    def drop(self, day: int) -> None:
        """Take a day's log file away."""
        (self.home / f"logs/{day:03}.parquet").unlink()

    def run(self, report: Progress = silent) -> RunResult:
        """Run the pipeline."""
        return run(self.config, report)

    def store(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that the store holds, but for when files were written and how often the store was."""
        return contents(self.config.store.url)


def _write(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False)
    # files of a test are written within the clock's grain: what was rewritten must look so
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + int(frame.shape[0] * 1_000)))


def contents(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but when it ran, profiles and measurements decoded."""
    store = Store.open(url, read_only=True)
    found: dict[str, list[tuple[Any, ...]]] = {}
    with store.engine.connect() as connection:
        for table in (table for table in metadata.sorted_tables if table.name not in {"runs", "measurements"}):
            columns = [c for c in table.columns if (table.name, c.name) not in
                       {("files", "modified"), ("models", "version"), ("events", "id")}]  # fmt: skip
            rows = [tuple(row) for row in connection.execute(sa.select(*columns))]
            if table.name == "profiles":
                at = [c.name for c in columns].index("profile")
                rows = [(*row[:at], _plain(row[at]), *row[at + 1 :]) for row in rows]
            found[table.name] = sorted(rows, key=repr)
    measured = pd.concat([store.measurements(model) for model in store.models()])
    measured = measured.astype(object).where(measured.notna(), None)
    found["measurements"] = sorted(measured.itertuples(index=False, name=None), key=repr)
    store.close()
    return found


def _plain(blob: bytes) -> tuple[Any, ...]:
    profile = Profile.decode(0, "", blob)
    arrays = (profile.counts, profile.sums, profile.low, profile.high)
    return (*(array.tobytes() for array in arrays), repr(profile.facts))


def copy(log: Log, home: Path, url: str = "sqlite:///store.db", name: str = "m") -> Log:
    """The same files in another folder, without the store."""
    other = Log.__new__(Log)
    shutil.copytree(log.home, home, ignore=shutil.ignore_patterns("store.db*"))
    other.home, other.labels_apart = home, log.labels_apart
    content = log.config.model_dump(exclude_unset=True)
    content["store"], content["model"]["name"] = {"url": url}, name
    other.config = Config.from_dict(content, home)
    return other
