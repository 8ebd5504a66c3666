"""Performance that the scores alone lead to expect, before labels are in and beside what came true once they are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from monitors.maturity import mature, mature_reference
from monitors.measurement import Block, in_reference, rest_of, table
from monitors.profile.cube import Cube
from monitors.scores import Score
from monitors.settings import Settings
from monitors.statistics.cbpe import ExpectedPerformance, expected_performance, input_errors
from monitors.statistics.intervals import symmetric
from monitors.statistics.null import deviations, judge
from monitors.statistics.performance import auc_from_score_bins

SHOWN = {"probability": ("auc", "log_loss", "brier", "accuracy", "f1"), "score": ("auc",)}
"""What is expected, by kind of prediction."""
_WORSE = {"auc": -1.0, "log_loss": 1.0}
"""Which way is worse, of those that are judged before labels are in."""


class Verdict(NamedTuple):
    """Each of shape (M, W): p value, what quiet windows are around, and the band's edge on the worse side."""

    p: np.ndarray
    expected: np.ndarray
    edge: np.ndarray


def expectation(
    current: Score, past: Score, positive: np.ndarray, windows: Cube, reference: Cube, settings: Settings,
    kind: str,
) -> list[Block]:  # fmt: skip
    """``expected_auc`` and the like, and ``auc_gap``.

    What is expected rests on the reference's outcomes by bin of the score, so it moves with the inputs. Two things are
    judged. While a window's labels are not in: whether the expectation is worse than quiet windows' expectations are
    (the detail says that labels are to come). Once they are: ``auc_gap``, realised less expected; the inputs' part is
    gone from it, and what is left below zero is a relation that moved.

    Parameters
    ----------
    current, past : of the windows and of the reference
    positive : bins that count as positive predictions, shape (B,)
    """
    inside, whole = in_reference(windows, reference), np.ones(len(reference), bool)
    ripe, ripe_before = mature(windows, reference, settings), mature_reference(windows, reference, settings)
    found, errors = due(current, past, current.n, inside, positive, kind)
    before, errors_before = due(past, past, past.n, whole, positive, kind)
    judged = [name for name in SHOWN[kind] if name in _WORSE]
    verdict = _judge(
        np.array([np.where(ripe_before, getattr(before, name).value, np.nan) for name in judged]),
        np.array([errors_before[name] for name in judged]),
        np.array([np.where(ripe | inside, np.nan, getattr(found, name).value) for name in judged]),
        np.array([errors[name] for name in judged]),
        np.array([_WORSE[name] for name in judged]), settings.rate("concept", "expectation"),
    )  # fmt: skip
    blocks, n = [], current.n.sum(axis=1)
    for name in SHOWN[kind]:
        estimate, more = getattr(found, name), {}
        if name in judged:
            i = judged.index(name)
            side = "band_low" if _WORSE[name] < 0 else "band_high"
            more = {"p_value": verdict.p[i], "expected": verdict.expected[i],
                    side: np.where(ripe, np.nan, verdict.edge[i])}  # fmt: skip
        blocks.append(table("concept", f"expected_{name}", [None], windows, reference, value=estimate.value,
                            low=estimate.low, high=estimate.high, n=n, **more))  # fmt: skip
    return [*blocks, _gap(current, past, ripe, ripe_before, windows, reference, settings, kind)]


def due(
    score: Score, past: Score, n: np.ndarray, inside: np.ndarray, positive: np.ndarray, kind: str
) -> tuple[ExpectedPerformance, dict[str, np.ndarray]]:  # fmt: skip
    """Expected performance of n rows by window and bin, and how much it varies with the rows that happened to come."""
    own = score.by_outcome.sum(axis=2)
    paired = rest_of(past.by_outcome.sum(axis=(0, 2)), own, inside)
    positives = rest_of(past.by_outcome[..., 1].sum(axis=0), score.by_outcome[..., 1], inside)
    scored, total = (rest_of(getattr(past, k).sum(axis=0), getattr(score, k), inside) for k in ("n", "total"))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(scored > 0, total / scored, np.nan)
        # half a row at the bin's own mean keeps empty bins from promising certainty
        overall = positives.sum(axis=1, keepdims=True) / paired.sum(axis=1, keepdims=True)
        prior = mean if kind == "probability" else overall
        rate = (positives + 0.5 * prior) / (paired + 0.5)
    found = expected_performance(n, rate, mean, np.broadcast_to(positive, n.shape), paired)
    return found, input_errors(n, rate, mean)


def _gap(
    current: Score, past: Score, ripe: np.ndarray, ripe_before: np.ndarray, windows: Cube, reference: Cube,
    settings: Settings, kind: str,
) -> Block:  # fmt: skip
    """Realised less expected AUC of the labelled rows."""

    def differ(score: Score, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        realised = auc_from_score_bins(score.by_outcome).value
        positive = np.zeros(score.n.shape[1], dtype=bool)
        expected = due(score, past, score.by_outcome.sum(axis=2), inside, positive, kind)[0].auc
        return realised, expected.value, expected.error

    realised, expected, error = differ(current, in_reference(windows, reference))
    before, expected_before, error_before = differ(past, np.ones(len(reference), bool))
    judged = ripe & ~in_reference(windows, reference)
    verdict = _judge(
        np.where(ripe_before, before - expected_before, np.nan)[None], error_before[None],
        np.where(judged, realised - expected, np.nan)[None], error[None], np.array([-1.0]),
        settings.rate("concept", "expectation"),
    )  # fmt: skip
    said = [f"{a:.3g} where the scores lead to expect {b:.3g}" if np.isfinite(a) and np.isfinite(b) else None
            for a, b in zip(realised, expected, strict=True)]  # fmt: skip
    estimate = symmetric(realised - expected, error)
    return table(
        "concept", "auc_gap", [None], windows, reference, value=np.where(ripe, estimate.value, np.nan),
        low=estimate.low, high=estimate.high, expected=verdict.expected, n=current.paired.sum(axis=1),
        p_value=verdict.p, band_low=verdict.edge, detail=[said],
    )  # fmt: skip


def _judge(
    reference: np.ndarray, reference_error: np.ndarray, values: np.ndarray, errors: np.ndarray, sign: np.ndarray,
    rate: float,
) -> Verdict:  # fmt: skip
    """M numbers against the reference's, the side where ``sign`` (M,) points being worse; shapes (M, R) and (M, W)."""
    scores = deviations(reference, reference_error, values, errors)
    side = sign[:, None]
    verdict = judge(side * scores.reference, side * scores.windows, scores.dof, rate, sides=1)
    expected = np.broadcast_to(scores.expected, values.shape)
    return Verdict(verdict.p, expected, expected + side * scores.band(verdict.limit))
