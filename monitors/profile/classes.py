"""What the reference's labels and predictions say of the model where the configuration does not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monitors.errors import UserError
from monitors.profile.bins import SPELLINGS
from monitors.profile.seen import SeenColumn
from monitors.profile.values import text_of

MOST_CLASSES = 64
"""Outcomes that are told apart; labels of further classes have bins, but no relation to features."""


def task_of(label: SeenColumn, prediction: SeenColumn) -> str:
    """``binary``, ``multiclass`` or ``regression``, by the label's values, else by the prediction's."""
    for column in (label, prediction):
        if not column.types.total():
            continue
        values = column.counted()
        if len(values) <= 2:
            return "binary"
        if column.kind == "categorical" or (column is label and len(values) <= 20):
            return "multiclass"
        floats = column.floats()
        if column is prediction and len(floats) and floats[0] >= 0 and floats[-1] <= 1:
            return "binary"
        return "regression"
    return "binary"


_POSITIVE = ("1", "true", "yes", "Yes", "YES", "y", "Y", "t", "T")
_NEGATIVE = ("0", "false", "no", "No", "NO", "n", "N", "f", "F")


def classes_of(task: str, positive: object | None, label: SeenColumn) -> tuple[str, ...]:
    """Names of the outcomes as ``Bins.classes`` has them; empty when the reference has no labels.

    Raises
    ------
    UserError
        when the values contradict the task, or do not say which of two is the positive one.
    """
    values = _spelled_alike([value for value, _ in label.ranked()])
    if not values:
        return ()
    if task == "regression":
        if not len(label.floats()):
            raise UserError(
                f"model.task is regression, but no value of the label is a number ({_some(values)}): "
                'say task = "binary" or "multiclass", or name the column that holds the number.'
            )
        return ("labelled",)
    if task == "multiclass":
        return tuple(sorted(values[:MOST_CLASSES]))
    if len(values) > 2:
        raise UserError(
            f"model.task is binary, but the label has {len(values):,} values ({_some(values)}): "
            'say task = "multiclass", or "regression" if it is a number.'
        )
    wanted = None if positive is None else text_of(positive)
    if wanted is not None and wanted not in values and SPELLINGS.get(wanted) in values:
        wanted = SPELLINGS[wanted]
    if wanted is None:
        wanted = next((value for value in _POSITIVE if value in values), None)
    if wanted is None and len(values) == 1:  # nothing but "no" so far
        wanted = dict(zip(_NEGATIVE, _POSITIVE, strict=True)).get(values[0])
    if wanted is None:
        raise UserError(
            f"model.positive is missing: the label has the values {_some(values)}; "
            "say which of them counts as positive."
        )
    others = [value for value in values if value != wanted]
    if len(others) > 1:
        raise UserError(
            f"model.positive is {positive!r}, but the label's values are {_some(values)}: "
            "name the one that counts as positive."
        )
    default = dict(zip(_POSITIVE, _NEGATIVE, strict=True)).get(wanted, f"not {wanted}")
    return (others[0] if others else default, wanted)


def _spelled_alike(values: list[str]) -> list[str]:
    """Values once each, where some files have booleans and others 0 and 1."""
    if {"true", "false"} & set(values) and {"0", "1"} & set(values):
        values = [{"true": "1", "false": "0"}.get(value, value) for value in values]
    return list(dict.fromkeys(values))


def _some(values: Sequence[str]) -> str:
    """A few values, in quotes."""
    return ", ".join(repr(value) for value in sorted(values)[:5]) + (", ..." if len(values) > 5 else "")


def kind_of_prediction(task: str, classes: tuple[str, ...], prediction: SeenColumn) -> str | None:
    """``probability``, ``score``, ``class`` or ``number``; None without predictions."""
    if not prediction.types.total():
        return None
    if task == "regression":
        return "number"
    if task == "multiclass" or prediction.kind == "categorical":
        return "class"
    values = prediction.floats()
    if (
        len(values)
        and np.count_nonzero(np.diff(values)) <= 1
        and set(prediction.counted()) <= either_spelling(classes or ("0", "1"))
    ):
        return "class"
    return "probability" if len(values) and values[0] >= 0 and values[-1] <= 1 else "score"


def either_spelling(classes: Sequence[str]) -> set[str]:
    """Names by which these classes may come: as booleans or as numbers."""
    return {*classes, *(SPELLINGS[name] for name in classes if name in SPELLINGS)}
