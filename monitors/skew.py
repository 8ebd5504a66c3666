"""Skew: is what the model is served, and what it leans on, what it was trained on?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitors import attributions, offline
from monitors.directions import BURSTS, DEVIATION, SHARE, Directions, Moves, directions, judge_directions
from monitors.drift import expected_distance
from monitors.measurement import combine, table
from monitors.profile.alike import blocks
from monitors.profile.cube import Cube
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
        *attributions.measure(windows, reference, settings), *offline.measure(windows, reference, settings),
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
    distance, noise, n = (np.full((len(names), len(windows)), np.nan) for _ in range(3))
    for f, now in blocks(windows, columns):
        whole, n[f] = now.of(training).n.sum(axis=1), now.n.sum(axis=2)
        distance[f] = jensen_shannon(whole[:, None], now.n)
        noise[f] = expected_jensen_shannon(whole[:, None], n[f], whole.sum(axis=1, keepdims=True))
    moved = _judge(directions(windows, training, columns), windows, training, settings)
    outside = np.zeros(len(windows), bool)
    expected = expected_distance(distance, noise, outside)
    return combine([table(
        "skew", "training_distance", names, windows, training, value=distance, expected=expected, n=n, p_value=moved.p,
        band_low=0.0, band_high=np.maximum(distance * moved.reach, expected), detail=moved.detail,
    )])  # fmt: skip


def _judge(columns: Directions, windows: Cube, training: Cube, settings: Settings) -> Moves:
    rate, outside = settings.rate("skew", "training_distance"), np.zeros(len(windows), bool)
    if timed(training):
        return judge_directions(columns, outside, rate)
    held = habit_windows(windows, settings.grain)
    rows = windows.rows[held]
    worth = float(training.rows.sum() / max(np.median(rows), 1)) if len(rows) else 1.0
    # what is known of the training set's place is worth so many windows, not as many as tell the habit
    factor = np.sqrt((1 + 1 / max(len(held), 1)) / (1 + 1 / max(min(worth, len(held)), 1e-9)))
    return judge_directions(_placed(columns, held), outside, rate, float(factor))


def _placed(columns: Directions, held: np.ndarray) -> Directions:
    """The habit of some windows about their mean, put where the training set is."""
    # what is a mean over rows is the same over windows; a deviation about each window's own mean is not, and rows that
    # were shuffled have it about the mean of all
    of = columns.numbers.at((columns.numbers.kind % BURSTS == SHARE) | (columns.numbers.place != DEVIATION))
    own = of.windows[:, held]
    there = np.isfinite(own)
    centre, mean = (
        np.where(known, x, 0.0).sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
        for x, known in ((of.reference, np.isfinite(of.reference)), (own, there))
    )
    with np.errstate(invalid="ignore"):
        moved = np.clip(own - mean + centre, of.low[:, None], of.high[:, None])
    now = columns.rows[1]
    return columns._replace(
        numbers=of._replace(reference=np.where(there, moved, np.nan), reference_error=of.errors[:, held]),
        rows=(now[:, held], now),
    )


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
