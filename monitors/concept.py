"""Concept: does the model still say what comes true? P(y|x), as a whole and feature by feature."""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitors import maturity
from monitors.directions import judge_moves
from monitors.drift import expected_distance
from monitors.loss_by_feature import loss_by_feature
from monitors.measurement import Block, combine, in_reference, labelled_share, rest_of, table
from monitors.nonfinite import nonfinite
from monitors.performance import performance
from monitors.position import curve
from monitors.profile.cube import ColumnCube, Cube
from monitors.relation import position_curve, relation
from monitors.settings import Settings
from monitors.statistics.distances import expected_jensen_shannon, jensen_shannon
from monitors.statistics.intervals import mean_interval, wilson
from monitors.statistics.null import deviations, judge


def measure(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    """Everything about the model's outcome and its predictions.

    The outcome: ``label_rate`` (share of positives, or mean label), ``labelled_share``. The predictions:
    ``prediction_mean``, ``prediction_shift`` (Jensen–Shannon distance), ``nonfinite_share`` and ``unscored_share`` (see
    ``nonfinite``). The model: realised performance with intervals, expected performance from the scores alone
    (``expected_…``, CBPE), calibration, and the change in loss split in two (``loss_inputs``, ``loss_relation``;
    DISDE). The labels: ``label_maturity``, ``labels_to_come``.
    Where the log has positions: ``position_curve``, how far outcomes by position differ from the reference's.
    By feature: ``relation``, the outcome by bin against what the reference relation leads to expect there; and the
    change in loss split by its bins.
    """
    if not len(windows):
        return combine([])
    blocks: list[Block] = []
    if windows.bins.classes:
        blocks += [*_label(windows, reference, settings), *performance(windows, reference, settings)]
        # a training set may well not say where its rows stood
        if curve(windows) is not None and curve(reference) is not None:
            blocks.append(position_curve(windows, reference, settings))
        if windows.bins.features:
            blocks.append(relation(windows, reference, settings))
            if windows.bins.prediction_kind not in {None, "score"}:
                blocks += loss_by_feature(windows, reference, settings)
    blocks += [*_prediction(windows, reference, settings), *nonfinite(windows, reference, settings)]
    return combine(blocks)


def _label(windows: Cube, reference: Cube, settings: Settings) -> list[Block]:
    task = windows.bins.task
    now, ref = labelled_totals(windows), labelled_totals(reference)
    blocks = [
        table("concept", "labelled_share", [None], windows, reference, value=labelled_share(windows), n=windows.rows),
        *maturity.measured(windows, reference, settings),
    ]
    if task == "multiclass":
        return blocks
    if task == "binary":
        estimate = wilson(now.total, now.n)
        before = ref.total / np.maximum(ref.n, 1)
        pooled = ref.total.sum() / max(ref.n.sum(), 1)
        errors = [np.sqrt(np.maximum(pooled * (1 - pooled), 1e-9) / np.maximum(x.n, 1)) for x in (ref, now)]
    else:
        estimate = mean_interval(now.total, now.square, now.n)
        before = ref.total / np.maximum(ref.n, 1)
        errors = [np.sqrt(_spread2(x) / np.maximum(x.n, 1)) for x in (ref, now)]
    judged = maturity.mature(windows, reference, settings) & ~in_reference(windows, reference)
    scores = deviations(
        np.where((ref.n > 0) & maturity.mature_reference(windows, reference, settings), before, np.nan)[None],
        errors[0][None], np.where(judged, estimate.value, np.nan)[None], errors[1][None],
    )  # fmt: skip
    verdict = judge(scores.reference, scores.windows, scores.dof, settings.rate("concept", "label_rate"))
    band = scores.band(verdict.limit)
    lowest, highest = (0.0, 1.0) if task == "binary" else (-np.inf, np.inf)
    blocks.append(table(
        "concept", "label_rate", [None], windows, reference, value=estimate.value, low=estimate.low, high=estimate.high,
        expected=scores.expected, n=now.n, p_value=verdict.p,
        band_low=np.maximum(scores.expected - band, lowest), band_high=np.minimum(scores.expected + band, highest),
    ))  # fmt: skip
    return blocks


class Totals:
    """Labelled rows, sum and sum of squares of the label (binary: 1 for the positive class), each shape (W,)."""

    def __init__(self, n: np.ndarray, total: np.ndarray, square: np.ndarray) -> None:
        self.n, self.total, self.square = n, total, square


def labelled_totals(cube: Cube) -> Totals:
    """Of the whole window: any column's bins hold every row."""
    column = cube.column(0)
    return Totals(
        column.by_outcome.sum(axis=(1, 2)).astype(float),
        column.sum("label").sum(axis=1),
        column.sum("label2").sum(axis=1),
    )


def _spread2(of: Totals) -> np.ndarray:
    n = np.maximum(of.n, 1)
    return np.asarray(np.maximum(of.square / n - (of.total / n) ** 2, 0.0) + 1e-12)


def _prediction(windows: Cube, reference: Cube, settings: Settings) -> list[Block]:
    now, ref = windows.of_role("prediction"), reference.of_role("prediction")
    if now is None or ref is None:
        return []
    inside = in_reference(windows, reference)
    other = rest_of(ref.n.sum(axis=0), now.n, inside)
    n = now.n.sum(axis=1)
    distance, noise = jensen_shannon(other, now.n), expected_jensen_shannon(other, n, other.sum(axis=1))
    column = windows.bins.position("", "prediction")
    moved = judge_moves(windows, reference, [column], inside, settings.rate("concept", "prediction_shift"))
    expected = expected_distance(distance, noise, inside)
    blocks = [table(
        "concept", "prediction_shift", [None], windows, reference, value=distance, expected=expected, n=n,
        p_value=moved.p, band_low=0.0, detail=moved.detail,
        band_high=np.where(inside, np.nan, np.maximum(distance * moved.reach, expected)),
    )]  # fmt: skip
    if now.bins.kind == "numeric":
        blocks.append(_mean(now, ref, windows, reference))
    return blocks


def _mean(now: ColumnCube, ref: ColumnCube, windows: Cube, reference: Cube) -> Block:
    """Mean prediction, for the eye."""
    scored = now.scored.sum(axis=1)
    estimate = mean_interval(now.sum("prediction").sum(axis=1), now.sum("prediction2").sum(axis=1), scored)
    usual = ref.sum("prediction").sum() / max(ref.scored.sum(), 1)
    return table("concept", "prediction_mean", [None], windows, reference, value=estimate.value, low=estimate.low,
                 high=estimate.high, expected=usual, n=scored)  # fmt: skip
