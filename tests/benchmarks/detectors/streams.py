"""Streams with a drift at a known row."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

FEATURES = ("date", "day", "period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer")
TYPES = ("x_permutations", "y_swaps", "y_prior_skip", "x_exceed_skip")
MODES = ("ABRUPT", "GRADUAL")
WIDTH = 2500
"""Rows over which a gradual drift comes, and within which an alarm counts as a detection."""
REGION = (0.5, 0.8)
"""Part of the stream in which drifts begin."""
WATCHED_FROM = 0.25
_DROPPED = 0.75


class Stream(NamedTuple):
    """Rows as a service sees them.

    Attributes
    ----------
    rows : shape (n, F); label : shape (n,), 0 or 1
    clock : shape (n,): each row's number in the stream, dropped rows counted
    onset : number of the first row that may be changed; length : of the clock
    """

    rows: np.ndarray
    label: np.ndarray
    clock: np.ndarray
    onset: int
    length: int

    @property
    def watched(self) -> int:
        """Place of the first row that detectors see."""
        return int(np.searchsorted(self.clock, int(WATCHED_FROM * self.length), side="right"))


def electricity(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Features, shape (45312, 8), and label, in the file's order."""
    frame = pd.read_csv(folder / "elec2.csv.gz", parse_dates=["nominal_time"])
    time = frame["nominal_time"].dt
    # the original scales the number yymmdd; this gives its median and its last day
    number = (time.year - 1900) * 10_000 + time.month * 100 + time.day
    frame = frame.assign(date=(number - number.iloc[0]) / 22_604.3, day=time.weekday)
    return frame[list(FEATURES)].to_numpy(float), frame["class"].to_numpy(np.int64)


def inject(rows: np.ndarray, label: np.ndarray, kind: str, mode: str, rng: np.random.Generator) -> Stream:
    """Shuffle the rows and put a drift in.

    Parameters
    ----------
    rows : shape (n, F); label : shape (n,), 0 or 1
    kind : one of ``TYPES``; mode : one of ``MODES``
    """
    length, features = rows.shape
    order = rng.permutation(length)
    rows, label = rows[order], label[order]
    onset = int(length * rng.uniform(*REGION))
    width = WIDTH if mode == "GRADUAL" else 0
    clock = np.arange(length)
    progress = np.clip((clock - onset) / width, 0, 1) if width else (clock >= onset).astype(float)
    changed = rng.uniform(size=length) < progress
    chosen, feature, permutation = rng.integers(2), rng.integers(features), rng.permutation(features)
    kept = np.ones(length, bool)
    if kind == "x_permutations":
        rows = np.where(changed[:, None], rows[:, permutation], rows)
    elif kind == "y_swaps":
        label = np.where(changed & (label == chosen), 1 - chosen, label)
    elif kind == "y_prior_skip":
        kept = ~(changed & (label == chosen) & (rng.uniform(size=length) < _DROPPED))
    elif kind == "x_exceed_skip":
        kept = ~(changed & (rows[:, feature] > np.median(rows[:, feature])))
    else:
        raise ValueError(f"no type of drift is called {kind!r}; there are {', '.join(TYPES)}")
    return Stream(rows[kept], label[kept], clock[kept], onset, length)
