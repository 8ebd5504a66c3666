"""Drift: have the inputs moved? P(x), feature by feature."""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitors.directions import judge_moves
from monitors.measurement import combine, in_reference, mean_inside, rest_of, table
from monitors.profile.bins import FIRST
from monitors.profile.cube import ColumnCube, Cube
from monitors.settings import Settings
from monitors.statistics.distances import expected_jensen_shannon, jensen_shannon, psi, wasserstein
from monitors.statistics.intervals import wilson
from monitors.statistics.null import log_chance_of_none

_SURE = 12.0
"""A category is lost when the chance of seeing none of it is under e^-12, six in a million, over all categories."""


def measure(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    """Distances of each window's distribution from the reference's.

    Jensen–Shannon distance (natural log; the judged one), PSI, and for numbers Wasserstein-1 in reference standard
    deviations; for categories the share of values that the reference never had, and the reference's share of
    categories that no longer come. Missing values are bins like others.

    The verdict does not rest on the distance, which cannot tell a habit from news: it rests on shares, ranks, means and
    spreads, each against its own chance and habit (``directions``), over one window or several in a row.

    Returns
    -------
    measurements, see ``monitors.measurement.COLUMNS``
    """
    columns = windows.bins.feature_places
    if not columns or not len(windows):
        return combine([])
    names = [windows.bins.columns[i].name for i in columns]
    cubes = [(windows.column(i), reference.column(i)) for i in columns]
    return combine([
        *_distances(names, cubes, windows, reference, settings),
        _unseen(windows, reference, settings),
        _lost(windows, reference),
    ])  # fmt: skip


def _distances(
    names: list[str], cubes: list[tuple[ColumnCube, ColumnCube]], windows: Cube, reference: Cube, settings: Settings
) -> list[pd.DataFrame]:
    inside = in_reference(windows, reference)
    shape = (len(names), len(windows))
    js, index, noise, shift = (np.full(shape, np.nan) for _ in range(4))
    for f, (now, ref) in enumerate(cubes):
        other = rest_of(ref.n.sum(axis=0), now.n, inside)
        js[f], index[f] = jensen_shannon(other, now.n), psi(other, now.n)
        noise[f] = expected_jensen_shannon(other, now.n.sum(axis=1), other.sum(axis=1))
        if now.bins.kind == "numeric":
            shift[f] = _wasserstein(now, ref, inside)
    moved = judge_moves(cubes, inside, settings.rate("drift", "jensen_shannon"))
    expected = expected_distance(js, noise, inside)
    # the distance at which this window's shape of deviation would have reached the limit
    band = np.where(inside, np.nan, np.maximum(js * moved.reach, expected))
    n = np.array([now.n.sum(axis=1) for now, _ in cubes])
    low, high = _distance_interval(js, noise)
    return [
        table("drift", "jensen_shannon", names, windows, reference, value=js, low=low, high=high, expected=expected,
              n=n, p_value=moved.p, band_low=0.0, band_high=band, detail=moved.detail),
        table("drift", "psi", names, windows, reference, value=index, n=n),
        _numeric_only(table("drift", "wasserstein", names, windows, reference, value=shift, n=n)),
    ]  # fmt: skip


def _numeric_only(block: pd.DataFrame) -> pd.DataFrame:
    return block[block["value"].notna().groupby(block["feature"]).transform("any")]


def _wasserstein(now: ColumnCube, ref: ColumnCube, inside: np.ndarray) -> np.ndarray:
    """Wasserstein-1 over reference standard deviation; each bin stands at the mean of its values in both."""
    other = rest_of(ref.n.sum(axis=0), now.n, inside)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        value = rest_of(ref.sum("value").sum(axis=0), now.sum("value"), inside) + now.sum("value")
        positions = value / (other + now.n)
        positions[:, :FIRST] = np.nan
        count, first, second = (x[FIRST:].sum() for x in (
            ref.n.sum(axis=0), ref.sum("value").sum(axis=0), ref.sum("value2").sum(axis=0)))  # fmt: skip
        variance = second / max(count, 1) - (first / max(count, 1)) ** 2
        if not np.isfinite(variance) or variance <= 0:
            return np.full(len(now.n), np.nan)
        return np.asarray(wasserstein(other, now.n, positions)) / np.sqrt(variance)


def expected_distance(js: np.ndarray, noise: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Distance that a quiet window shows: the reference's habit and this window's sampling noise together; (..., W)."""
    habit2 = np.maximum(np.nan_to_num(mean_inside(js**2 - noise**2, inside)), 0.0)
    return np.sqrt(habit2 + noise**2)


def _distance_interval(js: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rough 95% interval: the squared distance less its noise, give or take twice what noise makes of it."""
    true2 = np.maximum(js**2 - noise**2, 0.0)
    wide = 1.96 * np.sqrt(2 * noise**2 * (true2 + noise**2 / 2))
    return np.sqrt(np.maximum(true2 - wide, 0.0)), np.minimum(np.sqrt(true2 + wide + noise**2), np.sqrt(np.log(2)))


def _unseen(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    """Share of rows whose value the reference never had, against the chance of one (Good and Turing)."""
    chosen = [
        i for i, c in enumerate(windows.bins.columns)
        if c.kind == "categorical" and c.complete and c.role in {"feature", "label"} and c.type_class != "null"
    ]  # fmt: skip
    if not chosen:
        return combine([])
    bins = [windows.bins.columns[i] for i in chosen]
    count = np.array([windows.column(i).n[:, -1] for i in chosen]).astype(float)
    n = np.array([windows.column(i).n[:, FIRST:].sum(axis=1) for i in chosen]).astype(float)
    rate = np.array([c.unseen_rate for c in bins])[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(n > 0, count / n, np.nan)
        _, low, high = wilson(count, n)
        # values of one feature come in clumps, so the count is given the variance of a clumped one: twice its mean
        # and one more
        due = n * rate
        z = (count - due) / np.sqrt(2 * due + 1.0)
        p = np.minimum(len(chosen) * np.exp(-0.5 * np.maximum(z, 0) ** 2), 1.0)
        limit = np.sqrt(2 * np.log(len(chosen) / settings.rate("drift", "unseen_share")))
        band = (due + limit * np.sqrt(2 * due + 1.0)) / n
    detail = [
        [_named(facts.get("unseen", {}).get(c.name)) for facts in windows.facts] for c in bins
    ]  # fmt: skip
    return table(
        "drift", "unseen_share", [c.name for c in bins], windows, reference, value=share, low=low, high=high,
        expected=rate, n=n, p_value=p, band_low=0.0, band_high=band, detail=detail,
    )  # fmt: skip


def _named(values: dict[str, int] | None) -> str | None:
    if not values:
        return None
    shown = [f"{value} ({count:,})" for value, count in list(values.items())[:3]]
    return ", ".join(shown) + (f" and {len(values) - 3} more" if len(values) > 3 else "")


def _lost(windows: Cube, reference: Cube) -> pd.DataFrame:
    """Reference share of categories of which no row comes any more.

    Chance of none in a window is that of a negative binomial with the category's own habit; over windows in a row it
    multiplies, so a rare category is lost after more windows than a common one. All windows of such a row are told,
    back to
    the first without it. A category that stayed away in the reference is lost only after twice that long.
    """
    chosen = [i for i, c in enumerate(windows.bins.columns) if c.kind == "categorical" and c.role == "feature"]
    if not chosen:
        return combine([])
    shape = (len(chosen), len(windows))
    lost, p, n = np.zeros(shape), np.ones(shape), np.zeros(shape)
    detail: list[list[str | None]] = []
    for f, i in enumerate(chosen):
        now, ref = windows.column(i), reference.column(i)
        named = slice(FIRST, len(now.bins.categories) + FIRST)
        n[f] = now.n[:, FIRST:].sum(axis=1)
        share = ref.n[:, named].sum(axis=0) / max(ref.n[:, FIRST:].sum(), 1)
        none = log_chance_of_none(now.n[:, named].T, n[f], ref.n[:, named].T, ref.n[:, FIRST:].sum(axis=1))
        gone = none < -_SURE - np.log(len(chosen) * max(len(share), 1))
        lost[f] = (gone * share[:, None]).sum(axis=0)
        p[f] = np.exp(np.where(gone, none, 0.0).min(axis=0, initial=0.0))
        detail.append(
            [", ".join(now.bins.categories[c] for c in np.flatnonzero(column)[:5]) or None for column in gone.T]
        )
    names = [windows.bins.columns[i].name for i in chosen]
    return table(
        "drift", "lost_share", names, windows, reference, value=lost, expected=0.0, n=n, p_value=p, detail=detail
    )
