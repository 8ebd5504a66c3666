"""Frames as cubes, in memory and without the log reader: what tests of the profile and of the monitors start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from monitors.assess import stack
from monitors.profile.bins import Bins
from monitors.profile.cube import Cube, Profile
from monitors.profile.freeze import Collector, Model
from monitors.profile.local import profile_rows
from monitors.profile.rows import Columns, Rows
from monitors.settings import Settings
from monitors.windows import Grain

TIME, SCORE, LABEL, ID = "ts", "score", "y", "id"
"""Names that stand for the parts of a log in these frames; every other column is a feature or a segment."""
FIRST_DAY = np.datetime64("2025-01-06", "us")
"""A Monday."""


@dataclass(frozen=True)
class Built:
    """What monitors are asked about."""

    cube: Cube
    reference: Cube
    settings: Settings
    segments: dict[str, Cube] = field(default_factory=dict)

    @property
    def bins(self) -> Bins:
        return self.cube.bins

    def __iter__(self) -> Any:
        """``measure(*built)``."""
        return iter((self.cube, self.reference, self.settings))

    def start(self, window: int) -> int:
        return int(self.cube.starts[window])


def record_batch(frame: pd.DataFrame) -> pa.RecordBatch:
    """Arrow columns as a Parquet file of the frame would have them: NaN stays NaN, None is null."""
    arrays = [_array(frame[name]) for name in frame.columns]
    if not arrays:
        return pa.RecordBatch.from_arrays([pa.nulls(len(frame))], names=[""]).select([])
    return pa.RecordBatch.from_arrays(arrays, names=list(frame.columns))


def _array(values: pd.Series) -> pa.Array:
    if values.dtype == object:
        return pa.array(values.tolist(), from_pandas=False)
    if isinstance(values.dtype, np.dtype):
        return pa.array(values.to_numpy())
    array = pa.array(values)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def rows_of(
    frame: pd.DataFrame, grain: Grain, keys: np.ndarray | None = None, label_times: np.ndarray | None = None,
    source: str = "",
) -> Rows:  # fmt: skip
    """A frame as one batch; keys that name the rows are made of their index."""
    times = frame[TIME].to_numpy().astype("M8[us]").astype(np.int64) if TIME in frame else None
    place = times if grain.kind == "calendar" else frame.index.to_numpy().astype(np.int64)
    apart = [name for name in (TIME, SCORE, LABEL, ID) if name in frame]
    ids = None
    if ID in frame:
        known = frame[ID].notna().to_numpy()
        ids = np.where(known, pd.util.hash_array(frame[ID].astype(str).to_numpy(object)), 0).astype(np.uint64)
    if keys is None:
        keys = pd.util.hash_array(frame.index.to_numpy().astype(np.int64)).astype(np.uint64)
    starts = grain.starts(place)
    return Rows(
        record_batch(frame.drop(columns=apart)), starts, times,
        _array(frame[SCORE]) if SCORE in frame else None, _array(frame[LABEL]) if LABEL in frame else None,
        label_times, ids, keys, None if times is None else np.diff(times, prepend=times[:1]) < 0, {},
        grain.kind == "calendar" and grain.size != "1h", grain.slots(place, starts), place, source,
    )  # fmt: skip


def columns_of(**parts: Any) -> Columns:
    return Columns(timestamp=TIME, id=ID, prediction=SCORE, label=LABEL, **parts)


def freeze(frames: Sequence[pd.DataFrame], model: Model = Model(), grain: Grain | None = None, **parts: Any) -> Bins:  # noqa: B008
    """Bins frozen on frames, each a batch."""
    collector = Collector(columns_of(**parts))
    for frame in frames:
        collector.add(rows_of(frame, grain or Grain.parse("1d")))
    return collector.freeze(model)


def profile(frames: Sequence[pd.DataFrame], bins: Bins, grain: Grain | None = None, **rows: Any) -> list[Profile]:
    """Profiles of frames, each a batch."""
    return profile_rows([rows_of(frame, grain or Grain.parse("1d"), **rows) for frame in frames], bins, {TIME, ID})


def build(
    frame: pd.DataFrame | Sequence[pd.DataFrame], reference: int, size: str = "1d", task: str | None = None,
    positive: object | None = None, threshold: float = 0.5, model: Model | None = None, false_alarm_rate: float = 0.05,
    minimum_effect: dict[str, float] | None = None, label_times: np.ndarray | None = None, **parts: Any,
) -> Built:  # fmt: skip
    """A cube of all windows, the reference (its first ``reference`` windows) and settings.

    Parameters
    ----------
    frame : one, or several that are batches of one log, as files with other columns are
    label_times : of a single frame's rows (µs)
    parts : of ``Columns``: segments, version, include, exclude
    """
    frames = [frame] if isinstance(frame, pd.DataFrame) else list(frame)
    grain = Grain.parse(size)
    batches = [rows_of(each, grain, label_times=label_times, source=f"{i}.csv") for i, each in enumerate(frames)]
    starts = np.unique(np.concatenate([batch.starts for batch in batches]))
    inside = starts[:reference]
    collector = Collector(columns_of(**parts))
    for batch in batches:
        collector.add(_only(batch, np.isin(batch.starts, inside)))
    bins = collector.freeze(model or Model(task, positive, threshold))
    profiles = profile_rows(batches, bins, {TIME, ID})
    times = [batch.times.max() for batch in batches if batch.times is not None]
    settings = Settings(
        grain, false_alarm_rate, threshold=threshold, minimum_effect=minimum_effect or {},
        observed_until=int(max(times)) if times else None,
    )  # fmt: skip
    names = sorted({p.segment for p in profiles})
    cubes = {
        name: stack(bins, [p for p in profiles if p.segment == name], grain, name, fill=not name) for name in names
    }
    cube = cubes.pop("")
    return Built(cube, cube.select(np.isin(cube.starts, inside)), settings, cubes)


def _only(rows: Rows, keep: np.ndarray) -> Rows:
    mask = pa.array(keep)

    def cut(array: pa.Array | None) -> pa.Array | None:
        return None if array is None else array.filter(mask)

    return Rows(
        rows.batch.filter(mask), rows.starts[keep], None if rows.times is None else rows.times[keep],
        cut(rows.prediction), cut(rows.label), None if rows.label_times is None else rows.label_times[keep],
        None if rows.ids is None else rows.ids[keep], None if rows.keys is None else rows.keys[keep],
        None if rows.descents is None else rows.descents[keep], {}, rows.hourly,
    )  # fmt: skip


def days(rng: np.random.Generator, count: int, rows: int, weekly: float = 0.1, first: int = 0) -> pd.DataFrame:
    """Days of about ``rows`` rows each, fewer on weekends, with times that cover each day from end to end."""
    parts = []
    for day in range(first, first + count):
        n = int(rows * (1 - (weekly if day % 7 >= 5 else 0)) * np.exp(rng.normal(0, 0.03)))
        seconds = np.sort(rng.integers(0, 86_400, n))
        seconds[[0, -1]] = 0, 86_399
        parts.append(FIRST_DAY + np.timedelta64(day, "D") + seconds.astype("m8[s]").astype("m8[us]"))
    return pd.DataFrame({TIME: np.concatenate(parts)})


def day_of(frame: pd.DataFrame) -> np.ndarray:
    """Number of the day of each row."""
    return ((frame[TIME].to_numpy() - FIRST_DAY) // np.timedelta64(1, "D")).astype(int)


def binary_log(seed: int = 0, count: int = 40, rows: int = 600) -> pd.DataFrame:
    """A quiet log with habit: two informative numbers, noise, a count, two categories, a flag, ids, score and label.

    The model's score is the true probability; ``x`` carries most of the signal, ``z`` some, ``place`` some.
    """
    rng = np.random.default_rng(seed)
    frame = days(rng, count, rows)
    n, day = len(frame), day_of(frame)
    habit = rng.normal(0, 0.05, (count, 4))
    frame["x"] = rng.normal(habit[day, 0], 1)
    frame["z"] = rng.gamma(2.0, np.exp(habit[day, 1]))
    frame["noise"] = rng.normal(0, 1, n)
    frame["clicks"] = rng.poisson(3 * np.exp(habit[day, 2]))
    places = np.array(["north", "south", "east", "west"])
    odds = np.log([0.4, 0.3, 0.2, 0.1]) + habit[day, 3][:, None] * np.array([1, -1, 0.5, 0])
    frame["place"] = places[(odds + rng.gumbel(size=(n, 4))).argmax(axis=1)]
    frame["device"] = rng.choice(["phone", "desktop", "tablet"], n, p=[0.6, 0.35, 0.05])
    frame["flag"] = rng.random(n) < 0.3
    logit = 1.5 * frame["x"] + 0.5 * (frame["z"] - 2) + np.where(frame["place"] == "north", 0.8, -0.4) - 0.5
    frame[SCORE] = 1 / (1 + np.exp(-logit))
    frame[LABEL] = (rng.random(n) < frame[SCORE]).astype(int)
    frame[ID] = np.arange(n)
    return frame
