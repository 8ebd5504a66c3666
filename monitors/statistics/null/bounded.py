"""Numbers that cannot leave a range, shares above all: their tails are those of a beta distribution."""

from __future__ import annotations

import numpy as np
from scipy import special

from monitors.statistics.null.habit import Deviations, deviations, score_of_t, t_of_score


def bounded(
    found: Deviations, reference: np.ndarray, values: np.ndarray, errors: tuple[np.ndarray, np.ndarray],
    low: np.ndarray, high: np.ndarray, grain: tuple[np.ndarray, np.ndarray],
) -> Deviations:  # fmt: skip
    """The deviations of numbers that cannot leave a range, with the tails that such numbers have.

    A share that varies by chance has the tail of a binomial; one that varies by habit that of a beta distribution with
    its moments: a category that comes in bursts has a long upper tail and none below. So does a mean between the least
    and the greatest value. Between the two the logarithms are mixed as the variance is. The chance of a deviation is
    taken over what the variance may be when it was estimated with so many degrees of freedom; it is given as the t
    that has it.

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
_VARIANCES = np.array([0.7, 0.4, 0.2, 0.08, 0.025, 6e-3, 1e-3, 1e-4, 1e-5])
"""Chances that a variance is larger than what is tried."""
_WEIGHTS = -np.diff([1.0, *np.sqrt(_VARIANCES[:-1] * _VARIANCES[1:]), 0.0])


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def _tailed(
    t: np.ndarray, value: np.ndarray, expected: np.ndarray, spread: np.ndarray, error: np.ndarray, grain: np.ndarray,
    least: np.ndarray, dof: np.ndarray,
) -> np.ndarray:  # fmt: skip
    out = t.copy()
    with np.errstate(invalid="ignore"):
        d, w = np.nonzero((np.abs(t) > _FAR) & np.isfinite(expected))
    q, sd, chance, floor, step = (np.broadcast_to(x, t.shape)[d, w] for x in (expected, spread, error, least, grain))
    above = t[d, w] > 0
    x = np.clip(value[d, w] + np.where(above, -0.5, 0.5) * step, 0.0, 1.0)
    free = np.broadcast_to(dof, (len(t), 1))
    larger = np.sqrt(free / special.chdtri(free, 1 - _VARIANCES))  # (D, nodes): quantiles of the standard deviation
    tail = np.zeros(len(d))
    for node, part in enumerate(_WEIGHTS):
        wide = sd * larger[d, node]
        tail += part * _tail(x, above, *_shape(q, wide, floor), 1 - np.minimum(chance / wide, 1.0) ** 2)
    score = np.maximum(-special.ndtri(np.maximum(tail, 1e-300)), 0.0)
    out[d, w] = np.where(above, 1.0, -1.0) * t_of_score(score, free[d, 0])
    return out


@np.errstate(under="ignore", over="ignore", divide="ignore")
def _tail(x: np.ndarray, above: np.ndarray, first: np.ndarray, second: np.ndarray, habit: np.ndarray) -> np.ndarray:
    """Chance of x or further out, binomial and beta tails mixed by the part that habit has in the variance."""
    # the upper tail is the lower one of what is left of the range
    a, b, rest = (np.where(above, *pair) for pair in ((second, first), (first, second), (1 - x, x)))
    size = first + second + 1
    beta = special.betainc(a, b, rest)
    binomial = special.betainc((1 - rest) * size + 0.5, rest * size + 0.5, b / (a + b))
    return np.asarray(np.exp(_mixed(np.log(np.maximum(binomial, 1e-300)), np.log(np.maximum(beta, 1e-300)), habit)))


def _mixed(chance: np.ndarray, habit: np.ndarray, part: np.ndarray) -> np.ndarray:
    return (1 - part) * chance + part * habit


def _shape(expected: np.ndarray, spread: np.ndarray, least: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both parameters of the beta distribution with this mean and standard deviation."""
    q = np.clip(expected, least, 1 - least)
    strength = q * (1 - q) / np.minimum(spread**2, 0.95 * q * (1 - q)) - 1
    return q * strength, (1 - q) * strength


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
