"""Skew: is what the model is served, and what it leans on, what it was trained on?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitors import attributions, offline
from monitors.directions import DEVIATION, Directions, Moves, directions, judge_directions
from monitors.drift import expected_distance
from monitors.measurement import combine, table
from monitors.profile.cube import ColumnCube, Cube
from monitors.reference import DEFAULT_WINDOWS, FEWEST, first_windows
from monitors.settings import Settings
from monitors.statistics.distances import expected_jensen_shannon, jensen_shannon
from monitors.windows import Grain


def measure(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    """Attributions (``attributions``) and values computed offline (``offline``), where the log has them.

    A training set is compared by ``distribution``.

    Returns
    -------
    measurements, see ``monitors.measurement.COLUMNS``
    """
    return combine([
        *attributions.measure(windows, reference, settings), offline.measure(windows, reference, settings),
    ])  # fmt: skip


def distribution(windows: Cube, training: Cube, settings: Settings) -> pd.DataFrame:
    """Distance of every window from a training set, feature by feature (``training_distance``), from the first on.

    Judged as drift is (``directions``), against what windows differ by. A training set whose rows have no times has no
    windows to learn that from, and shuffled rows show chance alone: how far the log's first windows lie from their own
    mean stands for it, put where the training set is. It is no more certain where that is than so many windows would
    be as its rows make, so a training set of one day tells less than one of a year.

    Parameters
    ----------
    windows : of all rows; training : a cube of its own

    Returns
    -------
    measurements, see ``monitors.measurement.COLUMNS``
    """
    columns = windows.bins.feature_places
    if not columns or not len(windows) or not len(training):
        return combine([])
    names = [windows.bins.columns[i].name for i in columns]
    cubes = [(windows.column(i), training.column(i)) for i in columns]
    distance, noise, n = (np.full((len(names), len(windows)), np.nan) for _ in range(3))
    for f, (now, ref) in enumerate(cubes):
        whole = ref.n.sum(axis=0)
        n[f] = now.n.sum(axis=1)
        distance[f] = jensen_shannon(whole[None], now.n)
        noise[f] = expected_jensen_shannon(whole[None], n[f], np.full(len(windows), whole.sum()))
    moved = _judge(cubes, windows, training, settings)
    outside = np.zeros(len(windows), bool)
    expected = expected_distance(distance, noise, outside)
    return table(
        "skew", "training_distance", names, windows, training, value=distance, expected=expected, n=n, p_value=moved.p,
        band_low=0.0, band_high=np.maximum(distance * moved.reach, expected), detail=moved.detail,
    )  # fmt: skip


def _judge(cubes: list[tuple[ColumnCube, ColumnCube]], windows: Cube, training: Cube, settings: Settings) -> Moves:
    rate, outside = settings.rate("skew", "training_distance"), np.zeros(len(windows), bool)
    columns = [directions(now, ref) for now, ref in cubes]
    if timed(training):
        return judge_directions(columns, outside, rate)
    held = habit_windows(windows, settings.grain)
    rows = windows.rows[held]
    worth = float(training.rows.sum() / max(np.median(rows), 1)) if len(rows) else 1.0
    # what is known of the training set's place is worth so many windows, not as many as tell the habit
    factor = np.sqrt((1 + 1 / max(len(held), 1)) / (1 + 1 / max(min(worth, len(held)), 1e-9)))
    return judge_directions([_placed(column, held) for column in columns], outside, rate, float(factor))


def _placed(column: Directions, held: np.ndarray) -> Directions:
    """The habit of some windows about their mean, put where the training set is."""
    with np.errstate(invalid="ignore"):
        known = np.isfinite(column.reference)
        centre = np.where(known, column.reference, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        own = column.windows[:, held]
        there = np.isfinite(own)
        mean = np.where(there, own, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
        moved = np.clip(own - mean[:, None] + centre[:, None], column.low[:, None], column.high[:, None])
    # what is a mean over rows is the same over windows; a deviation about each window's own mean is not, and rows that
    # were shuffled have it about the mean of all
    kept = np.array([name != DEVIATION for name in column.names])
    by_number = ("windows", "errors", "low", "high", "events", "kind", "weight", "offset", "unit")
    return column._replace(
        **{name: getattr(column, name)[kept] for name in by_number},
        reference=np.where(there, moved, np.nan)[kept], reference_error=column.errors[:, held][kept],
        rows=(column.rows[1][held], column.rows[1]), names=[n for n, k in zip(column.names, kept, strict=True) if k],
    )  # fmt: skip


def habit_windows(windows: Cube, grain: Grain) -> np.ndarray:
    """Places of the windows that a habit is learned from where the training set shows none: the first with rows."""
    return np.flatnonzero(windows.rows > 0)[: DEFAULT_WINDOWS[grain.unit]]


def served(windows: Cube, grain: Grain) -> Cube:
    """The first windows with rows, which later ones are compared with where a training set cannot be."""
    filled = windows.rows > 0
    return windows.select(np.isin(windows.starts, first_windows(windows.starts[filled].tolist(), grain)))


def timed(training: Cube) -> bool:
    """Whether a training set's rows have times, so that its windows show what windows differ by."""
    return len(training) >= FEWEST and all("first" in facts for facts in training.facts if facts.get("rows"))
