"""Performance of the model by window: realised, expected from the scores alone, and why it changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from monitors.expectation import expectation
from monitors.maturity import mature, mature_reference
from monitors.measurement import Block, in_reference, rest_of, table
from monitors.profile.bins import FIRST
from monitors.profile.cube import ColumnCube, Cube
from monitors.scores import Score, score_bins
from monitors.settings import Settings
from monitors.statistics import performance as measures
from monitors.statistics.decomposition import disde
from monitors.statistics.intervals import Estimate
from monitors.statistics.losses import log_losses, squares_from_bins
from monitors.statistics.null import deviations, judge

BETTER_HIGH = frozenset({"auc", "accuracy", "f1", "r2"})
"""Metrics of which more is better; of the others less is."""

JUDGED = {
    "probability": ("auc", "brier", "calibration_error"),
    "score": ("auc",),
    "class": ("accuracy", "f1"),
    "number": ("rmse", "mae", "r2"),
}
"""Metrics whose worsening is judged, by kind of prediction. Accuracy and F1 of a probability are shown, and so is its
log loss: one sure miss weighs as much as a hundred rows, and quiet windows' log losses have tails that no reference
tells."""


def performance(windows: Cube, reference: Cube, settings: Settings) -> list[Block]:
    """Realised and expected performance and the split of the change in loss; see ``concept.measure``."""
    now, ref = windows.of_role("prediction"), reference.of_role("prediction")
    kind = windows.bins.prediction_kind
    if now is None or ref is None or kind is None:
        return []
    inside = in_reference(windows, reference)
    current, past = score_bins(now), score_bins(ref)
    positive = positive_bins(now, settings.threshold, windows.bins.classes)
    realised, before = (realised_metrics(score, positive, windows.bins.task, kind) for score in (current, past))
    blocks = _judge(realised, before, current, windows, reference, settings, kind)
    if windows.bins.task == "binary" and kind in {"probability", "score"}:
        blocks += expectation(current, past, positive, windows, reference, settings, kind)
    if kind != "score":
        blocks += _split(current, past, inside, windows, reference, settings, kind)
    return blocks


def realised_metrics(score: Score, positive: np.ndarray, task: str, kind: str) -> dict[str, Estimate]:
    """Every metric that the task and the kind of prediction allow, each an Estimate of shape (W,).

    Parameters
    ----------
    positive : shape (B - 4,), bool: bins that count as positive predictions
    """
    if task == "regression":
        return {
            "rmse": measures.rmse(score.loss, score.error2, score.paired),
            "mae": measures.mae(score.loss, score.error2, score.paired),
            "r2": measures.r2(score.error2, score.label, score.label2, score.paired),
        }
    if task == "multiclass":
        return {"accuracy": measures.accuracy(score.loss.sum(axis=1), score.paired.sum(axis=1))}
    found: dict[str, Estimate] = {}
    if kind != "class":
        found["auc"] = measures.auc_from_score_bins(score.by_outcome)
    if kind == "probability":
        found["log_loss"] = measures.log_loss(score.loss, score.by_outcome, score.mean)
        found["brier"] = measures.brier(score.error2, score.by_outcome, score.mean)
        found["calibration_error"] = measures.calibration_error(score.by_outcome, score.mean)
    if kind != "score":
        found |= measures.accuracy_f1(score.by_outcome, positive)._asdict()
    return found


def positive_bins(column: ColumnCube, threshold: float, classes: Sequence[str] = ()) -> np.ndarray:
    """Bins that are positive predictions, shape (B - 4,), bool: the last class, or scores from ``threshold`` on."""
    if column.bins.kind == "categorical":
        positive = column.bins.lookup.get(classes[-1]) if classes else None
        return np.asarray(np.arange(FIRST, column.bins.size) == positive)
    lower = np.concatenate([[-np.inf], column.bins.edges])
    return np.asarray(lower >= threshold)


def _judge(
    realised: dict[str, Estimate],
    before: dict[str, Estimate],
    score: Score,
    windows: Cube,
    reference: Cube,
    settings: Settings,
    kind: str,
) -> list[Block]:
    names = [name for name in realised if name in JUDGED[kind]]
    sign = np.array([-1.0 if name in BETTER_HIGH else 1.0 for name in names])[:, None]
    ripe, known = mature(windows, reference, settings), mature_reference(windows, reference, settings)
    scores = deviations(
        np.where(known, np.array([before[name].value for name in names]), np.nan),
        np.array([before[name].error for name in names]),
        np.where(ripe, np.array([realised[name].value for name in names]), np.nan),
        np.array([realised[name].error for name in names]),
    )  # fmt: skip
    worse = np.where(in_reference(windows, reference), np.nan, sign * scores.windows)
    verdict = judge(sign * scores.reference, worse, scores.dof, settings.rate("concept", "performance"), sides=1)
    limit = scores.band(verdict.limit)
    rows = score.paired.sum(axis=1)
    blocks = []
    for name, estimate in realised.items():
        judged: dict[str, Any]
        if name in names:
            i = names.index(name)
            edge = scores.expected[i] + sign[i] * limit[i]
            judged = {"p_value": verdict.p[i], "expected": scores.expected[i],
                      "band_low" if name in BETTER_HIGH else "band_high": edge}  # fmt: skip
        else:
            judged = {"expected": np.nanmean(before[name].value) if np.isfinite(before[name].value).any() else np.nan}
        blocks.append(table("concept", name, [None], windows, reference, value=estimate.value, low=estimate.low,
                            high=estimate.high, n=rows, **judged))  # fmt: skip
    return blocks


def _split(
    current: Score, past: Score, inside: np.ndarray, windows: Cube, reference: Cube, settings: Settings, kind: str
) -> list[Block]:
    """The change in mean loss over bins of the score: inputs moved, relation moved."""

    def squares(score: Score) -> np.ndarray:
        if kind == "probability":
            return squares_from_bins(score.by_outcome, log_losses(score.mean))
        return score.error2 if kind == "number" else score.loss

    def rest(name: str) -> np.ndarray:
        return rest_of(getattr(past, name).sum(axis=0), getattr(current, name), inside)

    own2 = squares(current)
    past2 = rest_of(np.nansum(squares(past), axis=0), np.nan_to_num(own2), inside)
    found = disde(rest("paired"), rest("loss"), current.paired, current.loss, reference_loss2=past2, window_loss2=own2,
                  window_rows=current.n)  # fmt: skip
    n = current.paired.sum(axis=1)
    ripe = mature(windows, reference, settings)
    blocks = [
        table("concept", f"loss_{name}", [None], windows, reference, value=np.where(ripe, estimate.value, np.nan),
              low=estimate.low, high=estimate.high, expected=0.0, n=n)
        for name, estimate in (("inputs", found.inputs), ("relation", found.relation))
    ]  # fmt: skip
    return [*blocks, table("concept", "unknown_share", [None], windows, reference, value=found.unknown_share.value,
                           low=found.unknown_share.low, high=found.unknown_share.high, n=n)]  # fmt: skip
