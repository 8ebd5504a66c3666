"""Mean one-vs-rest AUC of several classes, with the error of its influence function.

Weighted by the classes' share of the rows, as ``sklearn.metrics.roc_auc_score(multi_class="ovr",
average="weighted")``. A class with too few rows is left out of the mean, not of the rest. Here the classes
are the first axis, which keeps every array that is summed over bins contiguous.
"""

from __future__ import annotations

import numpy as np

from monitors.statistics.auc import Placements, area, placements
from monitors.statistics.auc_bounds import logit_interval
from monitors.statistics.intervals import Estimate
from monitors.statistics.leave_pair_out import Learning


def classes_first(by_outcome: np.ndarray) -> np.ndarray:
    """(..., B, K) as a contiguous array (K, ..., B)."""
    return np.ascontiguousarray(np.moveaxis(np.asarray(by_outcome, float), -1, 0))


def against_rest(counts: np.ndarray, rates: np.ndarray) -> Placements:
    """Placements of each class against the others, scored by its rate.

    Parameters
    ----------
    counts : shape (K, ..., B)
    rates : shape (K, B) or (K, ..., B)
    """
    rest = counts.sum(axis=0) - counts
    placed = [placements(c, r, rate) for c, r, rate in zip(counts, rest, rates, strict=True)]
    return Placements(np.stack([at.positive for at in placed]), np.stack([at.negative for at in placed]))


@np.errstate(divide="ignore", invalid="ignore")
def class_weights(totals: np.ndarray, minimum_labels: float) -> np.ndarray:
    """Weight of each class in the mean, shape (K, ...); all NaN where none has enough rows on both sides.

    Parameters
    ----------
    totals : rows by class, shape (K, ...)
    """
    fewest = np.minimum(totals, totals.sum(axis=0) - totals)
    kept = np.where(fewest >= max(minimum_labels, 1), totals, 0.0)
    return kept / kept.sum(axis=0)


def _fewest_rows(totals: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Rows of the rarest class in the mean, or of the rest beside the commonest, at least 1; shape (...)."""
    fewest = np.minimum(totals, totals.sum(axis=0) - totals)
    return np.maximum(np.where(weights > 0, fewest, np.inf).min(axis=0), 1.0)


@np.errstate(divide="ignore", invalid="ignore")
def _mean_area(
    counts: np.ndarray, placed: Placements, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean AUC (...), and how much a row moves it.

    The latter in two parts: what any row of the bin moves (..., B), and what it moves besides for being of a
    class (K, ..., B), which is also the slope in that class's rate.
    """
    used = weights > 0
    weight = np.where(used, weights, 0.0)
    totals = counts.sum(axis=-1)
    share = np.where(used, totals / totals.sum(axis=0), 0.5)
    areas = np.where(used, area(counts, placed), 0.0)
    value = (weight * areas).sum(axis=0)
    kept = np.where(used, share, 0.0).sum(axis=0)
    mask, centre = used[..., None], areas[..., None]
    own = np.where(mask, (placed.positive - centre) * (weight / share)[..., None], 0.0)
    rest = np.where(mask, (placed.negative - centre) * (weight / (1 - share))[..., None], 0.0)
    # The weights move too: one more row of a class with a good AUC lifts the mean.
    lift = np.where(used, (areas - value) / kept, 0.0)
    return value + 0 * weights.sum(axis=0), rest.sum(axis=0), own - rest + lift[..., None]


@np.errstate(divide="ignore", invalid="ignore")
def mean_auc(
    counts: np.ndarray,
    placed: Placements,
    minimum_labels: float,
    level: float,
    learning: Learning | None = None,
) -> Estimate:
    """Mean AUC of labelled rows; variance Σ n_cb φ²_cb / N², φ the influence of a row.

    Parameters
    ----------
    counts : shape (K, ..., B)
    placed : shape (K, ..., B)
    learning : what learning adds to the variance by class, shape (K, ...): the factors are averaged with the classes'
        weights, what comes on top is taken as one for all of them
    """
    totals = counts.sum(axis=-1)
    weights = class_weights(totals, minimum_labels)
    value, common, own = _mean_area(counts, placed, weights)
    small_sample = np.where(totals > 1, totals / (totals - 1), 1.0)
    squares = (counts * (common + own) ** 2).sum(axis=-1)
    variance = (small_sample * squares).sum(axis=0) / totals.sum(axis=0) ** 2
    if learning is not None:
        added = np.where(weights > 0, weights * np.sqrt(learning.added), 0.0).sum(axis=0)
        variance = variance * np.where(weights > 0, weights * learning.factor, 0.0).sum(axis=0) + added**2
    return logit_interval(value, np.sqrt(variance), _fewest_rows(totals, weights), level)


@np.errstate(divide="ignore", invalid="ignore")
def expected_mean_auc(
    window_n: np.ndarray,
    rates: np.ndarray,
    relation_rows: np.ndarray | None,
    minimum_labels: float,
    level: float,
) -> Estimate:
    """Mean AUC where each bin's rows divide into classes by its rates; error of the marginals and of the rates.

    Parameters
    ----------
    window_n : shape (..., B)
    rates : shape (K, B) or (K, ..., B)
    relation_rows : rows behind the rates, shape (B,) or (..., B), or None
    """
    by_bin = rates.reshape(len(rates), *(1,) * (window_n.ndim - rates.ndim + 1), *rates.shape[1:])
    counts = window_n * by_bin
    totals, rows = counts.sum(axis=-1), window_n.sum(axis=-1)
    weights = class_weights(totals, minimum_labels)
    value, common, own = _mean_area(counts, against_rest(counts, rates), weights)
    first = (by_bin * own).sum(axis=0)
    variance = (window_n * (common + first) ** 2).sum(axis=-1) / rows**2
    if relation_rows is not None:
        spread = np.maximum((by_bin * own**2).sum(axis=0) - first**2, 0)
        of_rates = (window_n / rows[..., None]) ** 2 * spread / (np.asarray(relation_rows, float) + 1)
        variance = variance + of_rates.sum(axis=-1)
    return logit_interval(value, np.sqrt(variance), _fewest_rows(totals, weights), level)
