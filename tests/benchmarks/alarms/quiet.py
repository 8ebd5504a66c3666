"""Quiet logs: real ones with whole days permuted, so that habit and heavy tails stay and drift is gone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from monitors.profile.bins import Bins
from monitors.profile.cube import Cube, Profile
from monitors.profile.freeze import Collector, Model
from monitors.profile.local import profile_rows
from monitors.profile.rows import Columns, Rows
from monitors.reference import DEFAULT_WINDOWS, Plan
from monitors.settings import Settings
from monitors.windows import Grain

GRAINS = {"1d": DEFAULT_WINDOWS["d"], "1w": DEFAULT_WINDOWS["w"]}
"""Windows, and how many of them are the reference."""

PARTS = ("ts", "label", "score", "id", "window")
"""Columns of a quiet log's frame that are no features."""


@dataclass(frozen=True)
class Quiet:
    """A permuted log, cut into windows and profiled.

    Attributes
    ----------
    frame : rows in order of time, with ``ts``, ``label``, perhaps ``score``, ``id`` (unique, from 1) and ``window``
        (index of the row's window)
    types : the features' Arrow types, which an incident does not change
    first : shape (W + 1,), each window's first row, and how many rows there are
    reference : the windows before this one are the reference
    """

    name: str
    size: str
    seed: int
    task: str
    frame: pd.DataFrame
    types: dict[str, pa.DataType]
    first: np.ndarray
    reference: int
    bins: Bins
    profiles: list[Profile]
    ends: np.ndarray
    plan: Plan
    settings: Settings

    @property
    def windows(self) -> int:
        """W."""
        return len(self.profiles)

    @property
    def rows(self) -> np.ndarray:
        """Rows by window, shape (W,)."""
        return np.diff(self.first)

    def cube(self, profiles: list[Profile] | None = None) -> Cube:
        """The log's profiles stacked, or others that begin with the same windows."""
        chosen = self.profiles if profiles is None else profiles
        return Cube.stack(self.bins, chosen, [each.start for each in chosen], self.ends[: len(chosen)].tolist())

    def part(self, begin: int, end: int) -> pd.DataFrame:
        """A copy of the rows of windows from ``begin`` up to ``end``."""
        return self.frame.iloc[self.first[begin] : self.first[end]].copy()


def permuted(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The same days in another order."""
    days = frame["ts"].unique()
    order = np.random.default_rng(seed).permutation(len(days))
    moved = dict(zip(days, days[order], strict=True))
    return frame.assign(ts=frame["ts"].map(moved)).sort_values("ts", kind="stable")


def prepare(name: str, frame: pd.DataFrame, task: str, size: str, reference: int, seed: int) -> Quiet:
    """A log with its days permuted by ``seed`` (0: as they were), bins frozen on its first ``reference`` windows.

    Only whole windows are kept: a first or last one of two days would be held against rules that do not know rows.
    """
    types = pa.Schema.from_pandas(frame.drop(columns=[*PARTS], errors="ignore"), preserve_index=False)
    frame = permuted(frame, seed) if seed else frame.sort_values("ts", kind="stable")
    frame = frame.reset_index(drop=True)
    grain, day = Grain.parse(size), Grain.parse("1d")
    until = int(day.ends(_micros(frame)[-1:])[0])
    starts = grain.starts(_micros(frame))
    frame = frame[(starts >= _micros(frame)[0]) & (grain.ends(starts) <= until)]
    starts, window = np.unique(grain.starts(_micros(frame)), return_inverse=True)
    frame = frame.assign(window=window, id=np.arange(1, len(frame) + 1))
    kinds = {field.name: field.type for field in types}
    frozen = starts[:reference]
    first = np.searchsorted(window, np.arange(len(starts) + 1))
    collector = Collector(Columns())
    collector.add(_rows(frame.iloc[: first[reference]], kinds, starts))
    bins = collector.freeze(Model(task))
    profiles = profile_rows([_rows(frame, kinds, starts)], bins)
    return Quiet(
        name, size, seed, task, frame, kinds, first, reference, bins, profiles, grain.ends(starts),
        Plan(tuple(frozen.tolist())), Settings(grain, observed_until=int(grain.ends(starts)[-1])),
    )  # fmt: skip


def profiled(log: Quiet, part: pd.DataFrame, absent: dict[str, np.ndarray] | None = None) -> list[Profile]:
    """Profiles of changed rows, whose windows are as in the log.

    Parameters
    ----------
    absent : by column, shape (n,), bool: rows from files that have no such column
    """
    starts = np.array([profile.start for profile in log.profiles])
    if not absent:
        return profile_rows([_rows(part, log.types, starts)], log.bins)
    ((column, gone),) = absent.items()
    without = {name: kind for name, kind in log.types.items() if name != column}
    batches = [_rows(part[~gone], log.types, starts), _rows(part[gone], without, starts)]
    return profile_rows([batch for batch in batches if len(batch)], log.bins)


def _micros(frame: pd.DataFrame) -> np.ndarray:
    return frame["ts"].to_numpy().astype("M8[us]").astype(np.int64)


def _rows(frame: pd.DataFrame, types: dict[str, pa.DataType], starts: np.ndarray) -> Rows:
    arrays = {name: _array(frame[name], kind) for name, kind in types.items()}
    batch = pa.RecordBatch.from_pydict(arrays)
    ids = frame["id"].to_numpy().astype(np.uint64)
    # a number that looks random and names the row
    keys = ids * np.uint64(0x9E3779B97F4A7C15)
    return Rows(
        batch, starts[frame["window"].to_numpy()], _micros(frame),
        pa.array(frame["score"], from_pandas=True) if "score" in frame else None,
        pa.array(frame["label"], from_pandas=True), ids=ids, keys=keys,
    )  # fmt: skip


def _array(values: pd.Series, kind: pa.DataType) -> pa.Array:
    """The column in the type that the log gives it: an incident that leaves no integers makes floats of them."""
    if pa.types.is_integer(kind) and values.dtype.kind == "f" and (values.dropna() % 1 != 0).any():
        kind = pa.float64()
    array = pa.array(values, type=kind, from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
