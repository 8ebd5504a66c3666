"""What each row predicted and what came true, in the form that the kernel adds up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from monitors.profile.bins import SPELLINGS, Bins
from monitors.profile.sums import LANES, SUMS
from monitors.profile.values import distinct, to_floats

_TINY = 1e-15

_OWN = 3
"""Lanes before those of ``row_sums``: the column's value, its square, and 1 for the row itself."""


class Outcomes(NamedTuple):
    """Per row, what it predicted and what came true, and what the kernel adds to its bins.

    Attributes
    ----------
    outcome : shape (n,), int64: index of the outcome
    scored, paired : shape (n,), bool: whether there is a prediction; whether there are both
    state : shape (n,), int64: outcome (of many classes: whether it is none of them) and ``scored`` in one number; rows
        that differ in it are counted in different cells
    row : shape (n, L), float64: two lanes for the column's value, 1, and ``row_sums``; L is a multiple of ``LANES``
    """

    outcome: np.ndarray
    scored: np.ndarray
    paired: np.ndarray
    state: np.ndarray
    row: np.ndarray


def row_sums(bins: Bins) -> tuple[str, ...]:
    """Which of ``SUMS`` rows are added up in: those that neither the column nor the row's state tells."""
    known = ("prediction", "prediction2", "loss", "error2")
    return (*known, "label", "label2", "prediction_label") if bins.task == "regression" else known


def lanes(bins: Bins) -> int:
    """Numbers that the kernel adds for a row."""
    return -(-(_OWN + len(row_sums(bins))) // LANES) * LANES


def marked_outcomes(bins: Bins) -> int:
    """Outcomes that the kernel counts one by one: of many classes each would else have cells of its own."""
    return bins.outcomes if bins.task == "multiclass" else 0


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
        known = {"prediction": p, "prediction2": p * p, "loss": np.where(paired, loss, 0.0),
                 "error2": np.where(paired, error2, 0.0)}  # fmt: skip
        if bins.task == "regression":
            known |= {"label": y, "label2": y * y, "prediction_label": np.where(paired, p * y, 0.0)}
    row = np.zeros((rows, lanes(bins)))
    row[:, _OWN - 1] = 1.0
    for k, name in enumerate(row_sums(bins), _OWN):
        row[:, k] = known[name]
    state = 2 * np.where(labelled, 0, 1) if marked_outcomes(bins) else 2 * outcome
    return Outcomes(outcome, scored, paired, state + scored, row)


def counts_and_sums(bins: Bins, cells: Mapping[int, tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """What the kernel added up of some rows, as profiles have it.

    Parameters
    ----------
    cells : by state, lanes (R, L) and marks (R, M): first those of ``marked_outcomes``, then groups of positions

    Returns
    -------
    counts : shape (R, O + 2), int64; sums : shape (R, 10 + P); both lie in memory column by column
    """
    size, marked = int(bins.offsets[-1]), marked_outcomes(bins)
    counts, sums = np.zeros((bins.outcomes + 2, size), np.int64), np.zeros((bins.sums, size))
    for state, (found, marks) in sorted(cells.items()):
        outcome, scored = divmod(state, 2)
        labelled = outcome == 0 if marked else outcome < len(bins.classes)
        value, value2, ones, *own = np.ascontiguousarray(found.T)
        told = {"value": value, "value2": value2, **dict(zip(row_sums(bins), own, strict=False))}
        rows = ones.astype(np.int64)
        if marked:
            counts[:marked] += marks[:, :marked].T
        else:
            counts[outcome] += rows
        if scored:
            counts[-2] += rows
        if scored and labelled:
            counts[-1] += rows
            told["prediction_paired"] = told["prediction"]
        if bins.task == "binary" and labelled and outcome:  # the label is 1, and so is its square
            told |= {"label": ones, "label2": ones, "prediction_label": told["prediction"]}
        for name, values in told.items():
            sums[SUMS.index(name)] += values
        sums[len(SUMS) :] += marks[:, marked:].T
    return counts.T, sums.T


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
