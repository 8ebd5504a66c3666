"""What a profile should hold, counted row by row in plain Python."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from monitors.profile.bins import FIRST, Bins, ColumnBins
from monitors.profile.sums import SUMS
from tests.cubes import LABEL, SCORE

ABSENT, NULL, NAN, INVALID = range(4)


def bin_of(value: Any, column: ColumnBins) -> int:
    """Bin of one value that the file had."""
    if value is None or value is pd.NA:
        return NULL
    if isinstance(value, float) and math.isnan(value):
        return NAN
    if column.kind == "numeric":
        if math.isinf(value):
            return INVALID
        return FIRST + sum(edge <= value for edge in column.edges)
    text = _text(value)
    if text in column.categories:
        return FIRST + column.categories.index(text)
    return FIRST + len(column.categories) + (0 if text in column.known else 1)


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, int | float) else str(value)


def outcome_of(value: Any, bins: Bins) -> int:
    """Index of the outcome; the last is unlabelled."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return len(bins.classes)
    if bins.task == "regression":
        return 0
    text = _text(value)
    return bins.classes.index(text) if text in bins.classes else len(bins.classes)


def expected(frame: pd.DataFrame, bins: Bins) -> tuple[np.ndarray, np.ndarray]:
    """Counts (R, O + 2) and sums (R, 10) of the rows of a frame of object columns."""
    counts = np.zeros((int(bins.offsets[-1]), bins.outcomes + 2), np.int64)
    sums = np.zeros((int(bins.offsets[-1]), len(SUMS)))
    for row in frame.to_dict("records"):
        outcome = outcome_of(row.get(LABEL), bins)
        score, loss, error2 = _score_loss(row, bins, outcome)
        labelled, scored = outcome < len(bins.classes), score is not None
        truth = _truth(row, bins, outcome) if labelled else 0.0
        p = score or 0.0
        both = labelled and scored
        own = [p, p * p, truth, truth * truth, *([p * truth, loss, error2, p] if both else [0, 0, 0, 0])]
        for offset, column in zip(bins.offsets, bins.columns, strict=False):
            name = {"prediction": SCORE, "label": LABEL}.get(column.role, column.name)
            value = row.get(name)
            place = int(offset) + (bin_of(value, column) if name in frame else ABSENT)
            counts[place, outcome] += 1
            counts[place, -2] += scored
            counts[place, -1] += both
            number = column.kind == "numeric" and place - offset >= FIRST
            shifted = value - column.centre if number else 0.0
            sums[place] += [*own, shifted, shifted**2]
    return counts, sums


def _truth(row: dict[str, Any], bins: Bins, outcome: int) -> float:
    if bins.task == "regression":
        return float(row[LABEL])
    return float(outcome == 1) if bins.task == "binary" else 0.0


def _score_loss(row: dict[str, Any], bins: Bins, outcome: int) -> tuple[float | None, float, float]:
    value = row.get(SCORE)
    if bins.prediction_kind is None or value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None, 0.0, 0.0
    if bins.prediction_kind == "class":
        text = _text(value)
        hit = outcome < len(bins.classes) and bins.classes[outcome] == text
        score = float(text == bins.classes[1]) if bins.task == "binary" else float(hit)
        truth = float(outcome == 1)
        return score, float(not hit), (score - truth) ** 2 if bins.task == "binary" else float(not hit)
    truth = _truth(row, bins, outcome) if outcome < len(bins.classes) else 0.0
    if bins.prediction_kind == "probability":
        clipped = min(max(value, 1e-15), 1 - 1e-15)
        return value, -math.log(clipped) if truth else -math.log1p(-clipped), (value - truth) ** 2
    if bins.prediction_kind == "number":
        return value, abs(value - truth), (value - truth) ** 2
    return value, 0.0, 0.0


def unseen(frame: pd.DataFrame, column: ColumnBins) -> Counter[str]:
    """Values that the reference never had, by rows."""
    last = column.size - 1
    return Counter(value for value in frame[column.name] if bin_of(value, column) == last)
