"""The bins of the prediction: what performance is computed from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from monitors.profile.cube import ColumnCube


class Score(NamedTuple):
    """The prediction's bins that hold values, rows with prediction and label, by window and bin."""

    by_outcome: np.ndarray  # (W, B, K)
    n: np.ndarray  # (W, B) rows, labelled or not
    paired: np.ndarray  # (W, B)
    total: np.ndarray  # (W, B) sum of the score over all rows with one
    loss: np.ndarray
    error2: np.ndarray
    label: np.ndarray
    label2: np.ndarray
    mean: np.ndarray  # (W, B) mean score, NaN in empty bins


def score_bins(column: ColumnCube) -> Score:
    """The prediction's bins without the missing ones."""
    part = column.values

    def cut(name: str) -> np.ndarray:
        return column.sum(name)[:, part]

    n, scored = column.n[:, part], column.scored[:, part]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(scored > 0, cut("prediction") / scored, np.nan)
    return Score(
        column.by_outcome[:, part],
        n,
        column.paired[:, part],
        cut("prediction"),
        cut("loss"),
        cut("error2"),
        cut("label"),
        cut("label2"),
        mean,
    )
