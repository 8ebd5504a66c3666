"""The benchmark's metrics: see the package's own words for their definitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tests.benchmarks.detectors.streams import WIDTH


class Trial(NamedTuple):
    """One stream: where its drift began, how many rows it has, and at which rows a detector raised an alarm."""

    onset: int
    length: int
    alarms: Sequence[int]


class Figures(NamedTuple):
    """Of one detector over trials."""

    f1: float
    precision: float
    recall: float
    episode_recall: float
    far: float
    mdt: float


def evaluate(trials: Sequence[Trial], max_delay: int = WIDTH) -> Figures:
    """Figures over all trials together; ``far`` per 1,000 rows of one stream, ``mdt`` in rows (NaN: none detected)."""
    right = wrong = missed = 0
    delays = []
    for trial in trials:
        since = np.asarray(trial.alarms, np.int64) - trial.onset
        hits = since[(since >= 0) & (since <= max_delay)]
        right, wrong, missed = right + len(hits), wrong + len(since) - len(hits), missed + (not len(hits))
        delays += [int(hits.min())] if len(hits) else []
    precision = right / (right + wrong) if right + wrong else 0.0
    recall = right / (right + missed) if right + missed else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    rows = sum(trial.length for trial in trials)
    return Figures(f1, precision, recall, len(delays) / len(trials), 1000 * wrong / rows,
                   float(np.mean(delays)) if delays else float("nan"))  # fmt: skip


def mean_over_types(figures: Sequence[Figures]) -> Figures:
    """As the benchmark averages: the types' figures, each with the same weight; types without detection have no mdt."""
    table = np.array(figures, float)
    known = np.isfinite(table)
    count = np.maximum(known.sum(axis=0), 1)
    return Figures(*np.where(known.any(axis=0), np.where(known, table, 0).sum(axis=0) / count, np.nan).tolist())
