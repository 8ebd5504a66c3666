"""A change in loss split into what the inputs did and what the relation did."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from monitors.statistics.intervals import LEVEL, Estimate, symmetric, wilson

MINIMUM = 10
"""Rows of the reference below which it hardly knew a bin."""


class Decomposition(NamedTuple):
    """Change of the mean loss and its parts, in the loss's unit, and a share; each an Estimate of shape (...)."""

    total: Estimate
    inputs: Estimate
    relation: Estimate
    unknown_share: Estimate


class _Losses(NamedTuple):
    """Labelled rows by bin: n, mean loss and its variance of a row, 0 in bins without rows."""

    n: np.ndarray
    mean: np.ndarray
    variance: np.ndarray


@np.errstate(divide="ignore", invalid="ignore")
def _losses(n: np.ndarray, loss: np.ndarray, loss2: np.ndarray | None, known: np.ndarray) -> _Losses:
    n = np.where(known, n, 0.0)
    some = n > 0
    rows = np.where(some, n, 1.0)
    mean = np.where(some, loss, 0.0) / rows
    if loss2 is None:
        return _Losses(n, mean, np.where(some, np.nan, 0.0))
    squares = np.where(some, np.maximum(np.where(some, loss2, 0.0) - rows * mean**2, 0), 0.0)
    freedom = np.maximum(n - 1, 0)
    pooled = squares.sum(axis=-1, keepdims=True) / np.maximum(freedom.sum(axis=-1, keepdims=True), 1)
    # A bin of few rows borrows the pooled variance: its own may well be 0 by chance.
    return _Losses(n, mean, np.where(some, (squares + 4 * pooled) / (freedom + 4), 0.0))


@np.errstate(divide="ignore", invalid="ignore")
def disde(
    reference_n: np.ndarray,
    reference_loss: np.ndarray,
    window_n: np.ndarray,
    window_loss: np.ndarray,
    minimum: float = MINIMUM,
    reference_loss2: np.ndarray | None = None,
    window_loss2: np.ndarray | None = None,
    window_rows: np.ndarray | None = None,
    level: float = LEVEL,
) -> Decomposition:
    """Distribution shift decomposition of the change in mean loss, over bins of the score or of a feature.

    With p, q the shares and ℓ the mean losses of reference and window by bin,
    total = Σ q·ℓ_win − Σ p·ℓ_ref = Σ (q−p)·ℓ_ref [inputs: the rows moved to easier or harder bins]
    + Σ q·(ℓ_win − ℓ_ref) [relation: the same bins became harder], exactly. Only *known* bins, those where the
    reference has ``minimum`` rows, take part, and shares are renormalised over them: in the others nothing
    says what the loss would have been. The share of the window's rows there is ``unknown_share``; where it is
    large, ``total`` is not the whole change.

    Labels may be lacking: with ``window_rows`` q is the share of all rows, and a bin that has rows but no
    labels is taken to have changed as the bins with labels did on average (their q renormalised). The total
    is then the change expected of all rows, still inputs + relation.

    Parameters
    ----------
    reference_n, reference_loss : labelled rows and their sum of losses by bin, shape (B,) or (..., B)
    window_n, window_loss : the same of the window, shape (..., B)
    minimum : rows
    reference_loss2, window_loss2 : sums of squared losses, for the intervals (of log losses:
        ``losses.squares_from_bins``; of absolute errors: the sum of squared errors; of 0/1 losses: the sum
        itself); without both the intervals are NaN
    window_rows : rows by bin, labelled or not, shape (..., B); left out, ``window_n``

    Returns
    -------
    Decomposition; NaN where reference or window has no labelled rows in known bins.

    References
    ----------
    Cai, Namkoong and Yadlowsky 2023, arXiv:2303.02011
    """
    reference_n = np.asarray(reference_n, float)
    window_n = np.asarray(window_n, float)
    rows = window_n if window_rows is None else np.asarray(window_rows, float)
    known = reference_n >= max(minimum, 1)
    both = reference_loss2 is not None and window_loss2 is not None
    reference = _losses(reference_n, reference_loss, reference_loss2 if both else None, known)
    window = _losses(window_n, window_loss, window_loss2 if both else None, known)
    in_known = np.where(known, rows, 0.0)
    p_rows, q_rows = reference.n.sum(axis=-1), in_known.sum(axis=-1)
    p, q = reference.n / p_rows[..., None], in_known / q_rows[..., None]

    inputs = ((q - p) * reference.mean).sum(axis=-1)
    weight = np.where(window.n > 0, q, 0.0)
    weight = weight / weight.sum(axis=-1, keepdims=True)
    change = np.where(window.n > 0, window.mean - reference.mean, 0.0)
    relation = (weight * change).sum(axis=-1)
    compared = (p_rows > 0) & (q_rows > 0)
    inputs, relation = np.where(compared, inputs, np.nan), np.where(compared, relation, np.nan)

    of_reference = reference.variance / np.maximum(reference.n, 1)
    of_window = window.variance / np.maximum(window.n, 1)
    of_mix = _mix_variance(q, reference.mean) / q_rows
    of_reference_mix = _mix_variance(p, reference.mean) / p_rows
    inputs_variance = ((q - p) ** 2 * of_reference).sum(axis=-1) + of_mix + of_reference_mix
    relation_variance = (weight**2 * (of_window + of_reference)).sum(axis=-1)
    relation_variance = relation_variance + _mix_variance(weight, change) / q_rows
    # The reference's bin means stand in both parts with opposite signs: they add up to p·ℓ_ref.
    shared = ((p**2 - (q - p) ** 2 - weight**2) * of_reference).sum(axis=-1)
    mixed = _mix_variance(q, reference.mean + change) - _mix_variance(q, reference.mean) - _mix_variance(q, change)
    total_variance = np.maximum(inputs_variance + relation_variance + shared + mixed / q_rows, 0)
    total_rows = rows.sum(axis=-1)
    return Decomposition(
        total=symmetric(inputs + relation, np.sqrt(total_variance), level),
        inputs=symmetric(inputs, np.sqrt(inputs_variance), level),
        relation=symmetric(relation, np.sqrt(relation_variance), level),
        unknown_share=wilson(total_rows - np.where(known, rows, 0.0).sum(axis=-1), total_rows, level),
    )


def _mix_variance(share: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Variance (...) of a bin's value over bins drawn by their shares (..., B)."""
    mean = (share * value).sum(axis=-1)
    return np.maximum((share * value**2).sum(axis=-1) - mean**2, 0)


class Split(NamedTuple):
    """The change of the mean loss split by the bins of a feature.

    Attributes
    ----------
    total : shape (...), the same whatever the feature
    inputs, relation : Estimates of shape (...)
    unknown : shape (...), what rows in bins that the reference hardly knew add; the three add up to ``total``
    by_inputs, by_relation : what each bin adds to the first two, shape (..., B)
    """

    total: np.ndarray
    inputs: Estimate
    relation: Estimate
    unknown: np.ndarray
    by_inputs: np.ndarray
    by_relation: np.ndarray


@np.errstate(divide="ignore", invalid="ignore")
def split_by_bins(
    reference_n: np.ndarray,
    reference_loss: np.ndarray,
    window_n: np.ndarray,
    window_loss: np.ndarray,
    row_variance: np.ndarray | float,
    minimum: float = MINIMUM,
    level: float = LEVEL,
) -> Split:
    """``disde`` over the bins of a feature, all of whose rows take part.

    With ℓ̄ the reference's mean loss, a bin adds (q−p)·(ℓ_ref − ℓ̄) to the inputs' part and q·(ℓ_win − ℓ_ref) to the
    relation's. In a bin that the reference hardly knew nothing says what the loss should have been: the two cannot be
    told apart there, and what the bin adds, q·(ℓ_win − ℓ̄) − p·(ℓ_ref − ℓ̄), is a third part. For every feature the
    three add up to the whole change. A feature's missing values are bins like others. Features that move together
    explain the same change; their parts do not add up.

    Parameters
    ----------
    reference_n, reference_loss : labelled rows with a prediction and their sum of losses by bin, (B,) or (..., B)
    window_n, window_loss : the same of the windows, shape (..., B)
    row_variance : variance of one row's loss within a bin, about, scalar or shape (...)
    minimum : rows of the reference below which it hardly knew a bin

    Returns
    -------
    Split; NaN where reference or window has no rows.

    References
    ----------
    Cai, Namkoong and Yadlowsky 2023, arXiv:2303.02011
    """
    reference_n, reference_loss = np.asarray(reference_n, float), np.asarray(reference_loss, float)
    window_n, window_loss = np.asarray(window_n, float), np.asarray(window_loss, float)
    before, now = reference_n.sum(axis=-1), window_n.sum(axis=-1)
    p, q = reference_n / before[..., None], window_n / now[..., None]
    mean_before, mean_now = reference_loss.sum(axis=-1) / before, window_loss.sum(axis=-1) / now
    known = reference_n >= max(minimum, 1)
    was = np.where(reference_n > 0, reference_loss / reference_n, 0.0) - mean_before[..., None]
    some = window_n > 0
    here = np.where(some, window_loss / window_n - mean_before[..., None], 0.0)
    due = np.where(known, was, 0.0)
    moved = np.where(known, q - p, 0.0)
    both = known & some
    change = np.where(both, here - was, 0.0)
    by_inputs, by_relation = moved * due, q * change
    compared = (before > 0) & (now > 0)
    inputs, relation, unknown = (
        np.where(compared, part.sum(axis=-1), np.nan)
        for part in (by_inputs, by_relation, np.where(known, 0.0, q * here - p * was))
    )

    noise = np.asarray(row_variance, float)
    of_bin = noise[..., None] / np.maximum(reference_n, 1)
    mixed = ((q * due**2).sum(axis=-1) - (q * due).sum(axis=-1) ** 2) / now
    mixed_before = ((p * was**2).sum(axis=-1) - (p * was).sum(axis=-1) ** 2) / before
    input_variance = (moved**2 * of_bin).sum(axis=-1) + mixed + mixed_before
    spread = (by_relation * change).sum(axis=-1) - by_relation.sum(axis=-1) ** 2 - noise * both.sum(axis=-1) / now
    of_reference = (np.where(known, q, 0.0) ** 2 * of_bin).sum(axis=-1)
    relation_variance = noise / now + of_reference + np.maximum(spread, 0.0) / now
    return Split(
        mean_now - mean_before,
        symmetric(inputs, np.sqrt(np.maximum(input_variance, 0)), level),
        symmetric(relation, np.sqrt(np.maximum(relation_variance, 0)), level),
        unknown, by_inputs, by_relation,
    )  # fmt: skip
