"""The rules that people use today, each as one number by column and window: 1 is where it would raise an alarm.

A rule is fitted to a column's reference rows and then asked about windows; ``Fit`` and ``Score`` are the two steps. A
column of which a window holds nothing at all makes Evidently's report, SciPy's tests and their like raise an error:
somebody will see that, so it counts as an alarm. Evidently's numbers come from its own functions, chosen as it
chooses them (by type, rows and distinct values). NannyML's and popmon's are written after their documentation:

- NannyML 0.13: each window's Jensen–Shannon distance to the whole reference, its shares of missing and of unseen
  values, realised AUC or RMSE, rows; thresholds at the mean ± 3 standard deviations of the reference's windows.
- popmon 1.4: pulls, (value - mean) / standard deviation over the reference's windows, of each window's count, filled,
  nan, distinct, mean, std, min, max, percentiles and Jensen–Shannon divergence; red from 7 on. Where the reference's
  windows do not differ at all popmon has no pull.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy import stats

os.environ["DO_NOT_TRACK"] = "1"
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from evidently.core.datasets import infer_column_type
    from evidently.legacy.calculations.stattests import get_stattest

Score = Callable[[pd.Series, np.ndarray, int], np.ndarray]
"""Values, each one's window (0 to W - 1) and W; to the rule's number by window, shape (W,)."""
Fit = Callable[[pd.Series, np.ndarray], Score]
"""The reference's values and windows (0 to R - 1)."""

PSI, P, SIGMAS, PULL = 0.2, 0.05, 3.0, 7.0
_LEAST_SHARE = 1e-4
_LEAST_P = 1e-300


def is_numeric(values: pd.Series) -> bool:
    """Whether a tool would take the column for numbers."""
    return values.dtype.kind in "if"


def of_p(p: np.ndarray | float) -> np.ndarray:
    """Chances as numbers of which 1 stands for ``P``."""
    return np.asarray(np.log(np.maximum(p, _LEAST_P)) / np.log(P))


def evidently(reference: pd.Series, window: np.ndarray) -> Score:
    """Evidently's default test of a column, each window's drift score over its default threshold."""
    kind, known = infer_column_type(reference), reference.dropna()

    def score(values: pd.Series, window: np.ndarray, windows: int) -> np.ndarray:
        out = np.full(windows, np.inf)
        for w, rows in values.groupby(window):
            current = rows.dropna()
            if len(current) and len(known):
                test = get_stattest(known, current, kind, None)
                number, least = test(known, current, kind, None).drift_score, test.default_threshold
                out[int(w)] = np.log(max(number, _LEAST_P)) / np.log(least) if _is_p(test.name) else number / least
        return out

    return score


def _is_p(test: str) -> bool:
    return test in {"ks", "chisquare", "z"}


def psi(reference: pd.Series, window: np.ndarray) -> Score:
    """Population stability index over ten reference quantiles (or categories), with a bin for missing, over 0.2."""
    place, bins = _bins(reference, np.linspace(0, 1, 11)[1:-1])
    past = _shares(place(reference), np.zeros(len(reference), np.int64), 1, bins)[0]

    def score(values: pd.Series, window: np.ndarray, windows: int) -> np.ndarray:
        now = np.maximum(_shares(place(values), window, windows, bins), _LEAST_SHARE)
        before = np.maximum(past, _LEAST_SHARE)
        return ((now - before) * np.log(now / before)).sum(axis=1) / PSI

    return score


def tests(reference: pd.Series, window: np.ndarray) -> Score:
    """Kolmogorov–Smirnov's p of numbers, χ²'s of categories."""
    if is_numeric(reference):
        known = reference.dropna().to_numpy(float)

        def of_numbers(values: pd.Series, window: np.ndarray, windows: int) -> np.ndarray:
            out, x = np.zeros(windows), values.to_numpy(float, na_value=np.nan)
            for w in range(windows):
                now = x[(window == w) & np.isfinite(x)]
                out[w] = stats.ks_2samp(known, now, method="asymp").pvalue if len(now) and len(known) else 0.0
            return of_p(out)

        return of_numbers
    place, bins = _bins(reference, None)
    past = np.bincount(place(reference), minlength=bins)[:-1]

    def of_categories(values: pd.Series, window: np.ndarray, windows: int) -> np.ndarray:
        out, codes = np.zeros(windows), place(values)
        for w in range(windows):
            both = np.stack([past, np.bincount(codes[window == w], minlength=bins)[:-1]])
            both = both[:, both.any(axis=0)]
            if both[1].any():
                out[w] = stats.chi2_contingency(both, correction=False).pvalue if both.shape[1] > 1 else 1.0
        return of_p(out)

    return of_categories


def adjusted(scores: np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg's adjustment over the columns of each window; (C, W) of ``of_p`` to the same."""
    p = np.exp(scores * np.log(P))
    order = np.argsort(p, axis=0)
    ranked = np.take_along_axis(p, order, axis=0) * len(p) / np.arange(1, len(p) + 1)[:, None]
    ranked = np.minimum.accumulate(ranked[::-1], axis=0)[::-1]
    out = np.empty_like(p)
    np.put_along_axis(out, order, np.minimum(ranked, 1.0), axis=0)
    return of_p(out)


def sigmas(reference: pd.Series, window: np.ndarray) -> Score:
    """Mean ± 3 standard deviations of the reference's windows (NannyML's measures of a column).

    Where the windows' share does not vary (no missing value at all) one row is taken for the deviation, so that there
    is something to sweep.
    """
    numeric, windows_before = is_numeric(reference), int(window.max()) + 1
    known = reference.dropna().to_numpy(float) if numeric else np.empty(0)
    edges = np.histogram_bin_edges(known, "doane")[1:-1] if len(known) else np.empty(0)
    place, bins = _bins(reference, edges if numeric else None, edges=True)
    past = _counted(place(reference), np.zeros(len(reference), np.int64), 1, bins)[0, :-1]
    row = windows_before / len(reference)

    def measures(values: pd.Series, window: np.ndarray, windows: int) -> np.ndarray:
        counts = _counted(place(values), window, windows, bins)
        n = np.maximum(counts.sum(axis=1), 1)
        unseen = np.zeros(windows) if numeric else counts[:, -2] / n
        return np.stack([_jensen_shannon(past, counts[:, :-1]), counts[:, -1] / n, unseen])

    usual = measures(reference, window, windows_before)
    mean, deviation = usual.mean(axis=1, keepdims=True), usual.std(axis=1, ddof=1, keepdims=True)
    deviation = np.maximum(deviation, [[1e-6], [row], [row]])

    def score(values: pd.Series, window: np.ndarray, windows: int) -> np.ndarray:
        return ((measures(values, window, windows) - mean) / deviation).max(axis=0) / SIGMAS

    return score


def pulls(reference: pd.Series, window: np.ndarray) -> Score:
    """popmon's pulls of a column's profile, over 7."""
    numeric, windows_before = is_numeric(reference), int(window.max()) + 1
    place, bins = _bins(reference, np.linspace(0, 1, 41)[1:-1])
    past = _counted(place(reference), np.zeros(len(reference), np.int64), 1, bins)[0, :-1]

    def profile(values: pd.Series, window: np.ndarray, windows: int) -> np.ndarray:
        counts = _counted(place(values), window, windows, bins)
        distance = _jensen_shannon(past, counts[:, :-1])
        rows = [counts.sum(axis=1), counts[:, :-1].sum(axis=1), counts[:, -1], distance**2]
        by_window = values.groupby(window)
        more = [by_window.nunique()]
        if numeric:
            more += [by_window.mean(), by_window.std(), by_window.min(), by_window.max()]
            table = by_window.quantile([0.01, 0.05, 0.16, 0.5, 0.84, 0.95, 0.99]).unstack()
            more += [table[q] for q in table]
        return np.stack([*rows, *(x.reindex(range(windows)).to_numpy(float) for x in more)])

    usual = profile(reference, window, windows_before)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        mean, deviation = (f(usual, axis=1, keepdims=True) for f in (np.nanmean, np.nanstd))

    def score(values: pd.Series, window: np.ndarray, windows: int) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            pull = np.abs(profile(values, window, windows) - mean) / deviation
        # rounding leaves a little of a deviation that is none
        flat = deviation <= 1e-9 * np.maximum(np.abs(mean), 1e-9)
        return np.where(flat | ~np.isfinite(pull), 0.0, pull).max(axis=0) / PULL

    return score


def of_series(reference: np.ndarray, values: np.ndarray, sigma: float, least: float = 0.0) -> np.ndarray:
    """One number a window (rows, AUC): its distance from the reference windows' mean over ``sigma`` deviations.

    ``least`` is the smallest deviation that is taken (of rows: one); 0 says nothing where the reference does not vary.
    """
    known = reference[np.isfinite(reference)]
    deviation = max(float(known.std(ddof=1)), least) if len(known) > 1 else 0.0
    if not deviation > 0:
        return np.zeros(len(values))
    return np.nan_to_num(np.abs(values - known.mean()) / (sigma * deviation))


RULES: Mapping[str, Fit] = {
    "evidently": evidently, "psi": psi, "ks_chi2": tests, "ks_chi2_bh": tests, "mean_3sd": sigmas, "popmon_7sd": pulls,
}  # fmt: skip
"""By the name that tables give them; ``ks_chi2_bh`` is ``adjusted`` afterwards, window by window."""


def _bins(
    reference: pd.Series, quantiles: np.ndarray | None, edges: bool = False
) -> tuple[Callable[[pd.Series], np.ndarray], int]:
    """A function from values to bins, and how many there are: the last is for missing, of categories the last but one
    for unseen."""
    if is_numeric(reference) and quantiles is not None:
        known = reference.dropna().to_numpy(float)
        cuts = quantiles if edges else np.unique(np.quantile(known, quantiles)) if len(known) else np.empty(0)

        def number(values: pd.Series) -> np.ndarray:
            x = values.to_numpy(float, na_value=np.nan)
            return np.where(np.isfinite(x), np.searchsorted(cuts, x, side="right"), len(cuts) + 1)

        return number, len(cuts) + 2
    names = pd.Index(reference.dropna().astype(str).unique())

    def category(values: pd.Series) -> np.ndarray:
        there = values.notna().to_numpy()
        found = names.get_indexer(values.astype(str))
        return np.where(there, np.where(found >= 0, found, len(names)), len(names) + 1)

    return category, len(names) + 2


def _counted(codes: np.ndarray, window: np.ndarray, windows: int, bins: int) -> np.ndarray:
    """Rows by window and bin, shape (W, B)."""
    return np.bincount(window * bins + codes, minlength=windows * bins).reshape(windows, bins)


def _shares(codes: np.ndarray, window: np.ndarray, windows: int, bins: int) -> np.ndarray:
    counts = _counted(codes, window, windows, bins)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def _jensen_shannon(past: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Distance in base 2 of each window's values from the reference's; 1 where there are none."""
    q = now / np.maximum(now.sum(axis=1, keepdims=True), 1)
    p = np.broadcast_to(past / max(past.sum(), 1), q.shape)
    middle = (p + q) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        square = sum(np.nansum(x * np.log2(x / middle), axis=1) for x in (p, q)) / 2
    return np.where(now.sum(axis=1) > 0, np.sqrt(np.maximum(square, 0.0)), 1.0)
