"""Numbers that cannot leave a range, shares above all: their tails are those of a beta distribution."""

from __future__ import annotations

import numpy as np
from scipy import special

from monitors.statistics.null.beta import log_tails
from monitors.statistics.null.habit import Deviations, deviations, score_of_t, t_of_score


def bounded(
    found: Deviations, reference: np.ndarray, values: np.ndarray, errors: tuple[np.ndarray, np.ndarray],
    low: np.ndarray, high: np.ndarray, grain: tuple[np.ndarray, np.ndarray],
) -> Deviations:  # fmt: skip
    """The deviations of numbers that cannot leave a range, with the tails that such numbers have.

    A share that varies by chance has the tail of a binomial; one that varies by habit that of a beta distribution with
    its moments: a category that comes in bursts has a long upper tail and none below. So does a mean between the least
    and the greatest value. The chance of a deviation (``beta.log_tails``) is given as the t that has it.

    Parameters
    ----------
    found : of D numbers
    reference : shape (D, R); values : shape (D, W); errors : of both, by chance
    low, high : shape (D, 1), the range; infinite: none
    grain : shapes (D, R) and (D, W): the least step, half of which is taken as chance
    """
    width = np.where(np.isfinite(high - low), high - low, np.nan)
    with np.errstate(divide="ignore"):
        # what the reference never had has a chance of its own: half a row
        rows = np.where(grain[0] > 0, width / grain[0], 0.0).sum(axis=1, keepdims=True)
        least = np.where(rows > 0, 0.5 / np.maximum(rows, 1.0), 1e-6)

    def tailed(
        t: np.ndarray, value: np.ndarray, expected: np.ndarray, spread: np.ndarray, error: np.ndarray,
        step: np.ndarray, dof: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        scaled = ((value - low) / width, (expected - low) / width, spread / width, error / width, step / width)
        return _tailed(t, *scaled, least, dof)

    return found._replace(
        reference=tailed(
            found.reference, reference, found.left_expected, found.left_spread, errors[0], grain[0],
            np.maximum(found.dof - 1, 1.0),
        ),
        windows=tailed(found.windows, values, found.expected, found.spread, errors[1], grain[1], found.dof),
    )  # fmt: skip


_FAR = 1.5
"""Nearer to what is expected than this, the tails make no difference."""


def _tailed(
    t: np.ndarray, value: np.ndarray, expected: np.ndarray, spread: np.ndarray, error: np.ndarray, grain: np.ndarray,
    least: np.ndarray, dof: np.ndarray,
) -> np.ndarray:  # fmt: skip
    out = t.copy()
    with np.errstate(invalid="ignore"):
        d, w = np.nonzero((np.abs(t) > _FAR) & np.isfinite(expected))
    x, q, sd, chance, step = (np.broadcast_to(of, t.shape)[d, w] for of in (value, expected, spread, error, grain))
    above = t[d, w] > 0
    x = np.clip(x + np.where(above, -0.5, 0.5) * step, 0.0, 1.0)
    floor, free = (np.broadcast_to(of, (len(t), 1))[:, 0] for of in (least, dof))
    score = np.maximum(-special.ndtri_exp(np.minimum(log_tails(d, x, above, q, sd, chance, floor, free), 0.0)), 0.0)
    out[d, w] = np.where(above, 1.0, -1.0) * t_of_score(score, free[d])
    return out


def of_counts(
    counts: np.ndarray, rows: np.ndarray, now: np.ndarray, now_rows: np.ndarray, *, moderated: bool = True
) -> Deviations:
    """Deviations of shares: of rows that are null, or doubled.

    Parameters
    ----------
    counts, rows : shape (D, R); now, now_rows : shape (D, W); no rows: not known
    moderated : see ``deviations``
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        seen, share = counts / rows, now / now_rows
        total = np.maximum(rows.sum(axis=1), 1.0)
        pooled = (counts.sum(axis=1) + 0.5) / (total + 1)
        weight = (pooled * (1 - pooled))[:, None]
        found = deviations(
            seen,
            np.sqrt(weight / rows),
            share,
            np.sqrt(weight / now_rows),
            events=np.where(counts.sum(axis=1) > 0, total * weight[:, 0], np.inf),
            moderated=moderated,
        )
        return bounded(
            found,
            seen,
            share,
            (np.sqrt(weight / rows), np.sqrt(weight / now_rows)),
            np.zeros((len(counts), 1)),
            np.ones((len(counts), 1)),
            (1 / rows, 1 / now_rows),
        )


@np.errstate(divide="ignore", invalid="ignore")
def share_limit(found: Deviations, rows: np.ndarray, total: np.ndarray, score: np.ndarray) -> np.ndarray:
    """The share, above what is expected, that has this normal score; the inverse of ``of_counts``.

    Parameters
    ----------
    rows : shape (D, W); total : shape (D,), rows of the reference; score : shape (D, 1)
    """
    lowest, highest = np.broadcast_to(found.expected, found.spread.shape), np.ones(found.spread.shape)
    total = np.maximum(total, 1.0)
    pooled = np.clip(found.expected, 0.5 / total[:, None], 1.0)
    error = np.sqrt(pooled * (1 - pooled) / rows)
    for _ in range(_HALVINGS):
        middle = (lowest + highest) / 2
        t = _tailed(
            np.full(middle.shape, 2 * _FAR), middle, found.expected, found.spread, error, 1 / rows,
            0.5 / total[:, None], found.dof,
        )  # fmt: skip
        under = score_of_t(t, found.dof) < score
        lowest, highest = np.where(under, middle, lowest), np.where(under, highest, middle)
    return highest


_HALVINGS = 12
"""Steps in which a limit is found: to 0.02 of a percentage point."""
