"""What each row predicted and what came true, in the form that the kernel adds up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from monitors.profile.bins import SPELLINGS, Bins
from monitors.profile.sums import ROW_SUMS
from monitors.profile.values import distinct, to_floats

_TINY = 1e-15


class Outcomes(NamedTuple):
    """Per row: outcome index, whether it has a prediction, whether it has both, and its eight sums."""

    outcome: np.ndarray  # (n,) int64
    scored: np.ndarray  # (n,) int64
    paired: np.ndarray  # (n,) int64
    row: np.ndarray  # (n, 8) float64


def outcomes_of(bins: Bins, prediction: pa.Array | None, label: pa.Array | None, rows: int) -> Outcomes:
    """Outcomes of a batch.

    The loss is the log loss (probabilities), 0/1 (classes) or the absolute error (numbers); 0 for scores that
    only rank, where no loss is defined. ``error2`` is (prediction - label)².
    """
    outcome, label_value = _labels(bins, label, rows)
    score, hit = _predictions(bins, prediction, outcome, rows)
    labelled = outcome < len(bins.classes)
    scored = np.isfinite(score)
    paired = labelled & scored
    p = np.where(scored, score, 0.0)
    y = np.where(labelled, label_value, 0.0)
    loss = np.zeros(rows)
    error2 = np.zeros(rows)
    row = np.empty((rows, ROW_SUMS))
    with np.errstate(over="ignore", invalid="ignore"):  # squares of numbers beyond 1e154 are infinite: so be it
        if bins.prediction_kind == "probability":
            clipped = np.clip(p, _TINY, 1 - _TINY)
            loss = -np.where(y > 0.5, np.log(clipped), np.log1p(-clipped))
            error2 = (p - y) ** 2
        elif bins.prediction_kind == "class":
            loss = 1.0 - hit
            error2 = (p - y) ** 2 if bins.task == "binary" else loss
        elif bins.prediction_kind == "number":
            loss = np.abs(p - y)
            error2 = (p - y) ** 2
        for k, values in enumerate((p, p * p, y, y * y, p * y, loss, error2, p)):
            row[:, k] = values if k < 4 else np.where(paired, values, 0.0)
    return Outcomes(outcome, scored.astype(np.int64), paired.astype(np.int64), row)


def _labels(bins: Bins, label: pa.Array | None, rows: int) -> tuple[np.ndarray, np.ndarray]:
    unlabelled = len(bins.classes)
    if label is None or not unlabelled:
        return np.full(rows, unlabelled, np.int64), np.zeros(rows)
    if bins.task == "regression":
        values, flags = to_floats(label)
        known = np.isfinite(values)
        if len(flags):
            known &= flags == 0
        return np.where(known, 0, 1).astype(np.int64), np.where(known, values, 0.0)
    outcome = class_codes(label, bins.classes)
    return outcome, (outcome == 1).astype(float) if bins.task == "binary" else np.zeros(rows)


def _predictions(
    bins: Bins, prediction: pa.Array | None, outcome: np.ndarray, rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """Score of each row (NaN: none) and, for predicted classes, whether it hit."""
    if prediction is None or bins.prediction_kind is None:
        return np.full(rows, np.nan), np.zeros(rows)
    if bins.prediction_kind == "class":
        predicted, given = _places(prediction, bins.classes or ("0", "1"))
        # a predicted class that the reference never had is a prediction all the same, and a wrong one
        hit = (predicted == outcome) & (predicted < len(bins.classes))
        score = (predicted == 1).astype(float) if bins.task == "binary" else hit.astype(float)
        return np.where(given, score, np.nan), hit.astype(float)
    values, flags = to_floats(prediction)
    if len(flags):
        values = np.where(flags > 0, np.nan, values)
    return values, np.zeros(rows)


def class_codes(values: pa.Array, classes: tuple[str, ...]) -> np.ndarray:
    """Index of each value in ``classes``, ``len(classes)`` where it is missing or none of them: shape (n,), int64."""
    return _places(values, classes)[0]


def _places(values: pa.Array, classes: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Index of each value in ``classes`` as in ``class_codes``, and which values are there at all (no null, no NaN)."""
    codes, nulls, names = distinct(values)
    index = {SPELLINGS[name]: i for i, name in enumerate(classes) if name in SPELLINGS}
    index |= {name: i for i, name in enumerate(classes)}
    table = np.array([index.get(name, len(classes)) if name is not None else len(classes) for name in names] + [0])
    there = np.array([name is not None for name in names] + [False])
    found, given = table[codes].astype(np.int64), there[codes]
    if nulls is not None:
        found[nulls], given[nulls] = len(classes), False
    return found, given
