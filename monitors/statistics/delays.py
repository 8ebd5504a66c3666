"""How labels come in: the share that is known by age, from windows of which some are too young to tell."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_FEWEST = 20
"""Labels of an outcome that its curve is drawn from; of rarer ones nothing is known apart."""


class Incidence(NamedTuple):
    """Share of rows whose label has come by age.

    Attributes
    ----------
    ages : shape (J + 1,), ascending from 0, in the unit of the delays
    share : shape (K, J + 1), of all rows those known by that age to have outcome k; the last is what comes at all, as
        far as windows are old enough to tell
    labels : shape (K,), labels that each curve is drawn from
    beyond : part of the labels that came later than the last age: where it is large the curve has no end yet
    """

    ages: np.ndarray
    share: np.ndarray
    labels: np.ndarray
    beyond: float


def incidence(counts: np.ndarray, rows: np.ndarray, age: np.ndarray, lower: np.ndarray) -> Incidence:
    """Aalen and Johansen's estimate of the cumulative incidence of each outcome, from delays counted by bin.

    A row waits until its label comes. Of those still waiting at the start of a delay bin, h_k = labels of outcome k in
    the bin / rows waiting, in windows all of whose rows are older than the bin's end (the younger ones are censored);
    S falls by the sum of h, and G_k grows by S·h_k. With one outcome, 1 − G is Kaplan and Meier's estimate. A part of
    the rows may never have a label: then G ends below 1.

    Parameters
    ----------
    counts : labels by window, outcome and delay bin, shape (W, K, D)
    rows : shape (W,), labelled or not
    age : of the window's youngest row, when the log was last seen; shape (W,), in the unit of ``lower``
    lower : lower ends of the delay bins, shape (D,); the last bin is open, and of it nothing can be said

    Returns
    -------
    Incidence of J <= D - 1 bins; J is 0 when no window is old enough for the first.

    References
    ----------
    Aalen and Johansen 1978, Scandinavian Journal of Statistics 5:141 (competing risks); Kaplan and Meier 1958,
    doi:10.1080/01621459.1958.10501452
    """
    counts, rows, age = np.asarray(counts, float), np.asarray(rows, float), np.asarray(age, float)
    lower = np.asarray(lower, float)
    old = age[:, None] >= lower[None, 1:]  # (W, D - 1)
    came = counts[:, :, :-1]
    waiting = np.maximum(rows[:, None] - (came.sum(axis=1).cumsum(axis=1) - came.sum(axis=1)), 0.0)
    waits = np.where(old, waiting, 0.0).sum(axis=0)
    known = int(np.argmin(np.append(waits > 0, False)))  # a bin that no window is old enough for ends the curve
    events = np.where(old[:, None, :], came, 0.0).sum(axis=0)[:, :known]
    hazard = events / waits[:known]
    alive = np.cumprod(1 - np.minimum(hazard.sum(axis=0), 1.0))
    before = np.concatenate([[1.0], alive[:-1]]) if known else alive
    share = np.concatenate([np.zeros((len(hazard), 1)), np.cumsum(before * hazard, axis=1)], axis=1)
    total = counts.sum()
    beyond = float(counts[:, :, known:].sum() / total) if total else 0.0
    return Incidence(lower[: known + 1], share, events.sum(axis=1), beyond)


def share_in(curve: Incidence, youngest: np.ndarray, oldest: np.ndarray, points: int = 65) -> np.ndarray:
    """Share of a window's rows whose label is expected to be in, by outcome, shape (W, K).

    Rows are taken as spread evenly over the window, and labels over a delay bin.

    Parameters
    ----------
    curve : of K outcomes
    youngest, oldest : ages of the window's last and first row, shape (W,); negative ones are 0
    """
    place = (np.arange(points) + 0.5) / points
    ages = np.maximum(youngest[:, None] + (oldest - youngest)[:, None] * place, 0.0)
    return np.stack([np.interp(ages, curve.ages, share).mean(axis=1) for share in curve.share], axis=1)


def maturity(curve: Incidence, youngest: np.ndarray, oldest: np.ndarray) -> np.ndarray:
    """Share of the labels that will ever come which is in by now, of the outcome that lags most; shape (W,).

    The outcome that lags counts: when negatives come at once and positives late, nearly all labels are in while the
    rate of positives is still far too low. Outcomes with fewer than 20 labels are passed over; NaN when all are.
    """
    judged = (curve.labels >= _FEWEST) & (curve.share[:, -1] > 0)
    if not judged.any():
        return np.full(len(youngest), np.nan)
    return np.asarray((share_in(curve, youngest, oldest)[:, judged] / curve.share[judged, -1]).min(axis=1))
