"""What a missing feature costs: the loss of rows without it against the loss of rows that have it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitors.maturity import mature
from monitors.measurement import combine, in_reference, table
from monitors.profile.bins import FIRST
from monitors.profile.cube import Cube
from monitors.scores import score_bins
from monitors.settings import Settings
from monitors.statistics.intervals import symmetric
from monitors.statistics.losses import log_losses, squares_from_bins

FEWEST = 10
"""Labelled rows on either side below which their mean losses are not compared."""


def measure(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    """``missing/loss_gap``: mean loss of labelled rows without a feature less that of rows that have it.

    Its interval takes every row's loss to vary as much as all rows' do. Windows of the reference are left out, those
    whose labels are not in yet too. It is shown and priced, not judged.
    """
    score, kind = windows.of_role("prediction"), windows.bins.prediction_kind
    columns = windows.bins.feature_places
    if score is None or kind in {None, "score"} or not windows.bins.classes or not columns or not len(windows):
        return combine([])
    spread = _spread(windows, str(kind))
    told = mature(windows, reference, settings) & ~in_reference(windows, reference)
    names, gaps, errors, rows = [], [], [], []
    for i in columns:
        column = windows.column(i)
        n, loss = column.paired.astype(float), column.sum("loss")
        away, here = n[:, :FIRST].sum(axis=1), n[:, FIRST:].sum(axis=1)
        known = told & (away >= FEWEST) & (here >= FEWEST)
        if not known.any():
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            gap = loss[:, :FIRST].sum(axis=1) / away - loss[:, FIRST:].sum(axis=1) / here
            error = np.sqrt(spread * (1 / away + 1 / here))
        names.append(windows.bins.columns[i].name)
        gaps.append(np.where(known, gap, np.nan))
        errors.append(error)
        rows.append(away)
    if not names:
        return combine([])
    found = symmetric(np.array(gaps), np.array(errors))
    return combine([table("missing", "loss_gap", names, windows, reference, value=found.value, low=found.low,
                          high=found.high, expected=0.0, n=np.array(rows))])  # fmt: skip


def _spread(windows: Cube, kind: str) -> np.ndarray:
    """Variance of a row's loss in each window, (W,)."""
    column = windows.of_role("prediction")
    assert column is not None
    score = score_bins(column)
    squares = {"probability": lambda: squares_from_bins(score.by_outcome, log_losses(score.mean)),
               "number": lambda: score.error2}.get(kind, lambda: score.loss)()  # fmt: skip
    n = np.maximum(score.paired.sum(axis=1), 1)
    mean = np.nansum(score.loss, axis=1) / n
    return np.asarray(np.maximum(np.nansum(squares, axis=1) / n - mean**2, 0.0))
