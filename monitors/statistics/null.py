"""Null models: how much do quiet windows differ from each other, and is this window beyond that?

Windows differ by chance and by habit (weekdays, weather). Both are estimated from the reference windows, each judged
against the others, so that a window is called strange only when it is stranger than the reference's windows are to
one another. Arrays are (F, R) over features and reference windows and (F, W) over features and windows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special, stats

FEW_WINDOWS = 3
"""With fewer reference windows, habit cannot be estimated and nothing is judged."""
SMALL_FAMILY = 5
"""Families of fewer numbers are corrected by Šidák's formula instead of by their largest scores."""
_LIVELY = 0.5
"""A score under this is nothing strange, however far under."""
_CEILING = 38.0  # standard deviations; beyond, a double holds no smaller tail probability


class Scores(NamedTuple):
    """How far numbers lie from what the reference leads to expect, in standard deviations of a normal.

    Attributes
    ----------
    reference : shape (F, R), each reference window against the others
    windows : shape (F, W)
    expected : shape (F, 1)
    spread : shape (F, W), the standard deviation of a quiet window's number, habit and chance together
    dof : shape (F, 1), degrees of freedom of that spread
    """

    reference: np.ndarray
    windows: np.ndarray
    expected: np.ndarray
    spread: np.ndarray
    dof: np.ndarray

    def band(self, score: np.ndarray | float) -> np.ndarray:
        """Distance from ``expected`` at which a number has this score, shape (F, W)."""
        tail = stats.norm.sf(np.minimum(score, _CEILING))
        with np.errstate(invalid="ignore", over="ignore"):
            return stats.t.isf(tail, np.maximum(self.dof, 1.0)) * self.spread


class Family(NamedTuple):
    """Verdict over all features of one window together.

    Attributes
    ----------
    p : shape (F, W): chance that a quiet window's largest score reaches this one
    threshold : shape (W,): the score that a quiet window's largest exceeds with the chance asked for
    """

    p: np.ndarray
    threshold: np.ndarray


def moderate(variance: np.ndarray, dof: np.ndarray | float) -> tuple[np.ndarray, float]:
    """Variances shrunk towards what features have in common, as limma does.

    Parameters
    ----------
    variance : shape (F,), each with ``dof`` degrees of freedom (scalar or (F,))

    Returns
    -------
    shrunk : shape (F,); prior_dof : the strength of the prior (0: no shrinkage, inf: one variance for all)

    References
    ----------
    Smyth 2004, doi:10.2202/1544-6115.1027, section 6.2.
    """
    variance = np.asarray(variance, float)
    dof = np.broadcast_to(np.asarray(dof, float), variance.shape)
    good = np.isfinite(variance) & (variance > 0) & (dof > 0)
    if good.sum() < SMALL_FAMILY:
        return variance.copy(), 0.0
    d = dof[good]
    e = np.log(variance[good]) - special.digamma(d / 2) + np.log(d / 2)
    centre = e.mean()
    excess = ((e - centre) ** 2).sum() / (good.sum() - 1) - special.polygamma(1, d / 2).mean()
    if excess <= 0:
        return np.where(np.isfinite(variance), np.exp(centre), variance), np.inf
    half = _trigamma_inverse(excess)
    prior = np.exp(centre + special.digamma(half) - np.log(half))
    return (2 * half * prior + dof * np.nan_to_num(variance)) / (2 * half + dof), float(2 * half)


def _trigamma_inverse(x: float) -> float:
    y = 0.5 + 1.0 / x
    for _ in range(50):
        tri = special.polygamma(1, y)
        step = tri * (1 - tri / x) / special.polygamma(2, y)
        y += step
        if -step / y < 1e-8:
            break
    return float(y)


def scalar_scores(reference: np.ndarray, reference_error: np.ndarray, values: np.ndarray, errors: np.ndarray) -> Scores:
    """Scores of single numbers (a share, an AUC, a log count) against the reference's.

    A quiet window's number is normal around the reference's mean with variance habit² + error², where the habit's
    variance is what the reference windows vary beyond their own errors (method of moments, DerSimonian and Laird
    1986, doi:10.1016/0197-2456(86)90046-2), moderated across features; t tails with R - 1 degrees of freedom and the
    prior's.

    Parameters
    ----------
    reference, reference_error : shape (F, R); NaN where a window has no number
    values, errors : shape (F, W)
    """
    reference, reference_error = np.atleast_2d(reference), np.atleast_2d(reference_error)
    values, errors = np.atleast_2d(values), np.atleast_2d(errors)
    count = np.isfinite(reference).sum(axis=1)
    mean, habit2, dof, mean_error2 = _habit(reference, reference_error)
    spread = _spread(habit2, mean_error2, count, errors)
    windows = _normal_score((values - mean[:, None]) / spread, dof[:, None])
    left_out = np.full(reference.shape, np.nan)
    for r in range(reference.shape[1]):
        rest = np.delete(np.arange(reference.shape[1]), r)
        m, h2, d, e2 = _habit(reference[:, rest], reference_error[:, rest])
        s = _spread(h2, e2, np.maximum(count - 1, 1), reference_error[:, [r]])
        left_out[:, r] = _normal_score((reference[:, [r]] - m[:, None]) / s, d[:, None])[:, 0]
    few = count < FEW_WINDOWS
    windows[few] = np.nan
    left_out[few] = np.nan
    return Scores(left_out, windows, mean[:, None], spread, dof[:, None])


def _habit(values: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean, habit variance, degrees of freedom and mean squared error, each shape (F,)."""
    known = np.isfinite(values) & np.isfinite(errors)
    count = np.maximum(known.sum(axis=1), 1)
    clean = np.where(known, values, 0.0)
    error2 = np.where(known, errors, 0.0) ** 2
    # rough weights: a window with a large error counts less, none counts for nearly all
    floor = np.maximum(np.where(known, error2, 0).sum(axis=1) / count, 1e-300)[:, None]
    weight = known / (error2 + floor)
    total = np.maximum(weight.sum(axis=1), 1e-300)
    mean = (weight * clean).sum(axis=1) / total
    deviation2 = (weight * (clean - mean[:, None]) ** 2).sum(axis=1) / total * count / np.maximum(count - 1, 1)
    mean_error2 = (weight * error2).sum(axis=1) / total
    dof = np.maximum(count - 1.0, 1.0)
    observed, prior = moderate(np.where(deviation2 > 0, deviation2 / np.maximum(mean_error2, 1e-300), np.nan), dof)
    moderated = np.where(np.isfinite(observed), observed * mean_error2, deviation2)
    habit2 = np.maximum(moderated - mean_error2, 0.0)
    mean = np.where(known.any(axis=1), mean, np.nan)
    dof = dof + (0 if not np.isfinite(prior) else min(prior, 30.0))
    return mean, habit2, np.minimum(dof, _tail_dof(clean, known, mean, habit2 + mean_error2)), mean_error2


def _tail_dof(values: np.ndarray, known: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Degrees of freedom of Student's t with the values' kurtosis: 4 + 6/excess, inf for normal tails."""
    count = known.sum(axis=1)
    fourth = np.where(known, (values - mean[:, None]) ** 4, 0.0).sum(axis=1) / np.maximum(count, 1)
    excess = fourth / np.maximum(variance, 1e-140) ** 2 - 3.0
    # with few values a large kurtosis is mere chance: its standard error is the root of 24/n
    return np.where(excess > np.sqrt(24.0 / np.maximum(count, 1)), 4.0 + 6.0 / np.maximum(excess, 1e-9), np.inf)


def _spread(habit2: np.ndarray, mean_error2: np.ndarray, count: np.ndarray, errors: np.ndarray) -> np.ndarray:
    count = np.maximum(count, 1)
    own = (habit2 * (1 + 1 / count) + mean_error2 / count)[:, None]
    return np.sqrt(np.maximum(own + errors**2, 1e-300))


def _normal_score(t: np.ndarray, dof: np.ndarray) -> np.ndarray:
    """The normal score with the same tail probability as Student's t."""
    with np.errstate(invalid="ignore", over="ignore"):
        # the tail of the absolute value: exact far out where a cdf near one is not
        score = -special.ndtri_exp(np.log(np.maximum(special.stdtr(dof, -np.abs(t)), 1e-300)))
    return np.sign(t) * np.minimum(score, _CEILING)


class CountScores(NamedTuple):
    """How strange counts are beside the reference's, as normal scores (0 and below: not at all).

    Attributes
    ----------
    reference : shape (F, R), each reference window against the others; windows : shape (F, W)
    mean, shape : shape (F, W), (F, 1): of the negative binomial that a quiet window's count follows
    """

    reference: np.ndarray
    windows: np.ndarray
    mean: np.ndarray
    shape: np.ndarray

    def band(self, score: np.ndarray | float) -> np.ndarray:
        """The count with this score, shape (F, W)."""
        tail = stats.norm.sf(np.minimum(score, _CEILING))
        return np.asarray(stats.nbinom.isf(tail, self.shape, self.shape / (self.shape + self.mean)))


def count_scores(
    reference: np.ndarray, reference_rows: np.ndarray, counts: np.ndarray, rows: np.ndarray
) -> CountScores:
    """Scores of counts among rows (nulls, duplicates) that are too many.

    A quiet window's count is negative binomial with mean n·p and variance n·p + (n·p)²/a: Poisson counts whose rate
    varies from window to window (habit, from the reference's windows by moments) and is known from a finite reference
    (Jeffreys'
    half count). Exact where the reference has none at all.

    Parameters
    ----------
    reference, reference_rows : shape (F, R); counts, rows : shape (F, W); rows may be 0
    """
    shape, rate = gamma_rates(reference, reference_rows)
    mean = rows * rate[:, None]
    left_out = np.zeros(reference.shape)
    for r in range(reference.shape[1]):
        rest = np.delete(np.arange(reference.shape[1]), r)
        if len(rest):
            a, p = gamma_rates(reference[:, rest], reference_rows[:, rest])
            left_out[:, r] = _count_score(reference[:, r], reference_rows[:, r] * p, a)
    return CountScores(left_out, _count_score(counts, mean, shape[:, None]), mean, shape[:, None])


def gamma_rates(counts: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shape and mean of the gamma-distributed rates that windows have, both (F,), by moments.

    Parameters
    ----------
    counts, rows : shape (F, R)
    """
    total = np.maximum(rows.sum(axis=1), 1.0)
    rate = (counts.sum(axis=1) + 0.5) / total
    due = rows * rate[:, None]
    beyond = ((counts - due) ** 2 - due).sum(axis=1)
    habit = np.maximum(beyond, 0.0) / np.maximum((due**2).sum(axis=1), 1e-300)
    return 1.0 / (habit + 1.0 / (counts.sum(axis=1) + 0.5)), rate


def _count_score(counts: np.ndarray, mean: np.ndarray, shape: np.ndarray) -> np.ndarray:
    mean = np.maximum(mean, 1e-12)
    tail = stats.nbinom.sf(counts - 1, shape, shape / (shape + mean))
    return np.where(counts > 0, np.minimum(stats.norm.isf(np.maximum(tail, 1e-300)), _CEILING), 0.0)


class BinScores(NamedTuple):
    """Normal scores of one feature's bins: of all of them together, and of the one that moved most.

    Attributes
    ----------
    reference : shape (2, R): all together, most moved; each reference window against the others
    windows : shape (2, W)
    z : shape (W, B): each bin's deviation in standard deviations of habit and chance
    """

    reference: np.ndarray
    windows: np.ndarray
    z: np.ndarray

    def reach(self, score: np.ndarray) -> np.ndarray:
        """Factor by which each window's deviations would have to grow or shrink for either score to reach this one.

        Parameters
        ----------
        score : shape (2, W) or (2, 1)

        Returns
        -------
        shape (W,): the smaller of the two factors
        """
        known = np.isfinite(self.z)
        count = known.sum(axis=1)
        square = np.where(known, self.z, 0.0) ** 2
        d = np.maximum(count - 1, 1)
        wanted = np.maximum(1 - 2 / (9 * d) + score[0] * np.sqrt(2 / (9 * d)), 0.0) ** 3
        with np.errstate(divide="ignore", invalid="ignore"):
            whole = np.sqrt(wanted * d / square.sum(axis=1))
            tail = -np.expm1(special.log_ndtr(score[1]) / np.maximum(count, 1))
            top = -special.ndtri(np.maximum(tail / 2, 1e-300)) / np.sqrt(square.max(axis=1, initial=0.0))
        reach = np.fmin(whole, top)
        return np.where(np.isfinite(reach), reach, np.nan)


def bin_scores(
    reference: np.ndarray, reference_chance: np.ndarray, values: np.ndarray, chance: np.ndarray,
    weight: np.ndarray, prior: float = 6.0,
) -> BinScores:  # fmt: skip
    """Each bin's number (its share of rows, its outcome rate) against its own habit.

    z = (value - mean) / sqrt(chance + habit²), habit² the variance of the reference windows beyond chance, shrunk
    to a common multiple of ``weight`` with the strength of ``prior`` windows.

    Parameters
    ----------
    reference, reference_chance : shape (R, B): numbers and their sampling variances; NaN where a bin is empty
    values, chance : shape (W, B)
    weight : shape (B,): the variance that one row would have (for shares q(1 - q))
    """
    windows = _bin_z(reference, reference_chance, values, chance, weight, prior)
    left_out = np.empty(reference.shape)
    everything = np.arange(len(reference))
    for r in everything:
        rest = everything != r
        left_out[r] = _bin_z(
            reference[rest], reference_chance[rest], reference[[r]], reference_chance[[r]], weight, prior
        )[0]
    return BinScores(_summaries(left_out), _summaries(windows), windows)


def _bin_z(
    reference: np.ndarray, reference_chance: np.ndarray, values: np.ndarray, chance: np.ndarray,
    weight: np.ndarray, prior: float,
) -> np.ndarray:  # fmt: skip
    known = np.isfinite(reference) & np.isfinite(reference_chance)
    count = known.sum(axis=0)
    precision = np.where(known, 1.0 / np.maximum(np.nan_to_num(reference_chance), 1e-12), 0.0)
    # windows weigh by their rows, but habit makes large windows less different in weight than chance alone would
    precision = np.sqrt(precision)
    total = np.maximum(precision.sum(axis=0), 1e-300)
    mean = (precision * np.nan_to_num(reference)).sum(axis=0) / total
    squared = np.where(known, (reference - mean) ** 2, 0.0) * (count / np.maximum(count - 1, 1))
    raw = np.where(known, squared - np.nan_to_num(reference_chance), 0.0).sum(axis=0) / np.maximum(count, 1)
    scale = max(float(raw.sum() / max(weight.sum(), 1e-300)), 0.0)
    habit2 = np.maximum((prior * scale * weight + count * raw) / (prior + count), 0.0)
    uncertainty = np.where(known, np.nan_to_num(reference_chance), 0.0).sum(axis=0) / np.maximum(count, 1) ** 2
    spread2 = chance + habit2 * (1 + 1 / np.maximum(count, 1)) + uncertainty
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (values - mean) / np.sqrt(spread2)
    return np.where((count >= 2) & (spread2 > 0), z, np.nan)


def _summaries(z: np.ndarray) -> np.ndarray:
    """Normal scores of the sum of squares and of the largest absolute value over bins, shape (2, W); NaN without bins.

    Σz² is χ² with one degree of freedom less than bins (shares add up to one); Wilson and Hilferty's cube root
    (doi:10.1073/pnas.17.12.684) makes it normal. The largest |z| of B has P = 1 - (1 - 2Φ(-z))^B.
    """
    known = np.isfinite(z)
    clean = np.where(known, z, 0.0)
    count = known.sum(axis=1)
    d = np.maximum(count - 1, 1)
    whole = (np.cbrt((clean**2).sum(axis=1) / d) - (1 - 2 / (9 * d))) / np.sqrt(2 / (9 * d))
    top = np.abs(clean).max(axis=1, initial=0.0)
    with np.errstate(divide="ignore", under="ignore"):
        near = np.log(-np.expm1(count * np.log1p(-2 * special.ndtr(-np.maximum(top, 1e-9)))))
        log_tail = np.where(top < 6, near, np.log(2.0 * np.maximum(count, 1)) + special.log_ndtr(-top))
    scores = np.stack([whole, -special.ndtri_exp(np.minimum(log_tail, -1e-12))])
    return np.where(count > 0, np.minimum(scores, 1e6), np.nan)


class Standard(NamedTuple):
    """Normal scores standardised by what the reference's own look like.

    Attributes
    ----------
    reference : shape (F, R); windows : shape (F, W)
    mean, deviation : shape (F, 1): at least 0 and 1, what chance alone would give
    """

    reference: np.ndarray
    windows: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray


def standardise(reference: np.ndarray, windows: np.ndarray) -> Standard:
    """Scores less their mean over the reference's windows, in their standard deviations, moderated across features.

    A feature whose bins move together, or that is quiet but for rare bursts, has scores with a larger mean or a
    longer upper
    tail than chance gives; the upper side alone counts where it is longer. No feature is taken as quieter than chance.

    Parameters
    ----------
    reference : shape (F, R), each reference window against the others; windows : shape (F, W)
    """
    known = np.isfinite(reference)
    count = known.sum(axis=1)
    clean = np.where(known, reference, 0.0)
    mean = np.maximum(clean.sum(axis=1) / np.maximum(count, 1), 0.0)
    squared = np.where(known, (clean - mean[:, None]) ** 2, 0.0)
    above = known & (clean > mean[:, None])
    upper = np.where(above, squared, 0.0).sum(axis=1) / np.maximum(above.sum(axis=1), 1)
    variance = np.maximum(squared.sum(axis=1) / np.maximum(count, 1), upper) * count / np.maximum(count - 1, 1)
    moderated, _ = moderate(np.where(variance > 0, variance, np.nan), np.maximum(count - 1, 1))
    deviation = np.sqrt(np.maximum(np.where(np.isfinite(moderated), moderated, variance), 1.0))[:, None]
    few = (count < FEW_WINDOWS)[:, None]
    return Standard(
        np.where(few, np.nan, (reference - mean[:, None]) / deviation),
        np.where(few, np.nan, (windows - mean[:, None]) / deviation), mean[:, None], deviation,
    )  # fmt: skip


def log_chance_of_none(counts: np.ndarray, rows: np.ndarray, before: np.ndarray, before_rows: np.ndarray) -> np.ndarray:
    """Log of the chance that none came in the whole stretch of windows around each, shape (C, W); 0 where some came.

    One window has none with the chance of a negative binomial's zero, with the habit of the reference; a stretch has
    the product. A stretch no longer than twice the longest that the reference had says nothing.

    Parameters
    ----------
    counts : shape (C, W); rows : shape (W,) or (C, W); before : shape (C, R); before_rows : shape (R,) or (C, R)
    """
    shape, rate = gamma_rates(before, np.broadcast_to(before_rows, before.shape))
    single = -shape[:, None] * np.log1p(rows * rate[:, None] / shape[:, None])
    out = np.zeros(counts.shape)
    for c in range(len(counts)):
        longest = max((last - first for first, last in _stretches(before[c] == 0)), default=0)
        for first, last in _stretches(counts[c] == 0):
            if last - first > 2 * longest:
                out[c, first:last] = single[c, first:last].sum()
    return out


def _stretches(flags: np.ndarray) -> list[tuple[int, int]]:
    """First (inclusive) and last (exclusive) index of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


LASTING = (3, 6, 12)
"""Windows in a row over which evidence is added up."""
_CHOICE = 0.8
"""What a score has to pay for being the best of several: it keeps quiet windows' tails where they were."""


def lasting(scores: np.ndarray, reference_windows: int) -> np.ndarray:
    """The larger of a window's score and that of a change which has stayed for some windows.

    The mean of k scores is compared with the same reference mean, whose own error does not shrink with k:
    score(k) = mean · sqrt((1 + 1/R) / (1/k + 1/R)). A change of two habit standard deviations is seen after a few
    windows
    that way, and one that came slowly.

    Parameters
    ----------
    scores : shape (F, W), in order of time, larger is stranger; NaN is skipped
    reference_windows : R

    Returns
    -------
    shape (F, W); NaN where ``scores`` is
    """
    best = scores.copy()
    known = np.isfinite(scores)
    sums = np.cumsum(np.where(known, scores, 0.0), axis=1)
    counts = np.cumsum(known, axis=1)
    r = 1.0 / max(reference_windows, 1)
    for k in LASTING:
        if scores.shape[1] < k:
            continue
        before = np.concatenate([np.zeros((len(scores), 1)), sums[:, :-k]], axis=1)
        n_before = np.concatenate([np.zeros((len(scores), 1)), counts[:, :-k]], axis=1)
        total, n = sums[:, k - 1 :] - before, counts[:, k - 1 :] - n_before
        added = total / k * np.sqrt((1 + r) / (1 / k + r)) - _CHOICE
        full = known[:, k - 1 :] & (n == k)
        best[:, k - 1 :] = np.where(full, np.fmax(best[:, k - 1 :], added), best[:, k - 1 :])
    return best


SHORTEST_RUN = 5
"""Fewer windows in a row under all of the reference's are a season, for all we know."""


def run_below(reference: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Chance that so many windows in a row lie under every window of the reference, if nothing has changed.

    k exchangeable windows after R others are the k least of all with chance 1 / C(R + k, k), whatever the
    distribution. All windows of a run are told, back to its first: that is where the change began.

    Parameters
    ----------
    reference : shape (F, R); values : shape (F, W), in order of time; NaN is skipped in ``reference`` and ends a run
    in ``values``

    Returns
    -------
    shape (F, W): 1 where there is no run of ``SHORTEST_RUN`` windows
    """
    known = np.isfinite(reference)
    least = np.where(known, reference, np.inf).min(axis=1, initial=np.inf)
    count = known.sum(axis=1)
    out = np.ones(values.shape)
    for f in np.flatnonzero(count >= FEW_WINDOWS):
        below = np.concatenate([[False], values[f] < least[f], [False]])
        edges = np.flatnonzero(np.diff(below.astype(np.int8)))
        for first, last in edges.reshape(-1, 2):
            k = int(last - first)
            if k >= SHORTEST_RUN:
                out[f, first:last] = 1.0 / special.binom(count[f] + k, k)
    return out


def upper_deviation(values: np.ndarray) -> float:
    """Standard deviation, or that of the upper side alone where it is longer: only long upper tails raise alarms."""
    if len(values) < 2:
        return 1.0
    above = values[values > values.mean()] - values.mean()
    upper = float((above**2).mean()) if len(above) else 0.0
    return float(np.sqrt(max(upper, values.var()) * len(values) / (len(values) - 1)))


def largest_score(reference: np.ndarray, windows: np.ndarray, rate: float) -> Family:
    """Judge every score against the largest that the reference's windows show.

    A quiet window's largest score is taken as log-normal with the mean and variance of the reference windows' own
    largest, predicted by Student's t: p = P(t_{R-1} >= (log s - m) / (sd sqrt(1 + 1/R))). That keeps the promise for
    features
    that move together and for heavy tails. It is never taken as less than Šidák's p = 1 - (1 - P(Z >= s))^F of normal
    tails, which stands alone for few features (under ``SMALL_FAMILY``): their largest score says little.

    Parameters
    ----------
    reference : shape (F, R), scores of reference windows against the others, larger is stranger; NaN: not known
    windows : shape (F, W)
    rate : chance of a false alarm in a quiet window that the threshold stands for
    """
    judged = np.isfinite(reference).any(axis=1)
    family = int(judged.sum())
    # most counts of nulls are 0 in every window of the reference: of these the largest score is not made
    lively = int((np.nan_to_num(reference, nan=0.0) > _LIVELY).any(axis=1).sum())
    if not family:
        return Family(np.full(windows.shape, np.nan), np.full(windows.shape[1], np.nan))
    with np.errstate(invalid="ignore"):
        p = -np.expm1(family * np.log1p(-np.minimum(stats.norm.sf(windows), 1 - 1e-16)))
    threshold = float(stats.norm.isf(-np.expm1(np.log1p(-rate) / family)))
    if lively >= SMALL_FAMILY:
        with np.errstate(invalid="ignore"):
            largest = np.where(np.isfinite(reference), reference, -np.inf).max(axis=0)
            # a score under a half is nothing strange, however far under: its logarithm must not widen the spread
            logs = np.log(np.maximum(largest[np.isfinite(largest)], _LIVELY))
            count = len(logs)
            mean, deviation = logs.mean(), max(upper_deviation(logs), 0.15)
            spread = deviation * np.sqrt(1 + 1 / count)
            p = np.fmax(p, stats.t.sf((np.log(np.maximum(windows, 1e-3)) - mean) / spread, max(count - 1, 1)))
        threshold = max(threshold, float(np.exp(mean + stats.t.isf(rate, max(count - 1, 1)) * spread)))
    known = judged[:, None] & np.isfinite(windows)
    return Family(np.where(known, p, np.nan), np.full(windows.shape[1], threshold))
