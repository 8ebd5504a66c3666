"""Drift: have the inputs moved? P(x), feature by feature."""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitors.directions import judge_moves
from monitors.measurement import Block, combine, in_reference, mean_inside, rest_of, table
from monitors.profile.alike import Alike, blocks
from monitors.profile.bins import FIRST
from monitors.profile.cube import Cube
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
    return combine([
        *_distances(columns, windows, reference, settings),
        *_unseen(windows, reference, settings),
        *_lost(windows, reference),
    ])  # fmt: skip


def _distances(columns: list[int], windows: Cube, reference: Cube, settings: Settings) -> list[Block]:
    inside = in_reference(windows, reference)
    shape = (len(columns), len(windows))
    js, index, noise, shift, n = (np.full(shape, np.nan) for _ in range(5))
    for f, now in blocks(windows, columns):
        past, n[f] = now.of(reference), now.n.sum(axis=2)
        other = rest_of(past.n.sum(axis=1), now.n, inside, axis=1)
        js[f], index[f] = jensen_shannon(other, now.n), psi(other, now.n)
        noise[f] = expected_jensen_shannon(other, n[f], other.sum(axis=2))
        if now.kind == "numeric":
            shift[f] = _wasserstein(now, past, other, inside)
    moved = judge_moves(windows, reference, columns, inside, settings.rate("drift", "jensen_shannon"))
    expected = expected_distance(js, noise, inside)
    # the distance at which this window's shape of deviation would have reached the limit
    band = np.where(inside, np.nan, np.maximum(js * moved.reach, expected))
    low, high = _distance_interval(js, noise)
    names = [windows.bins.columns[i].name for i in columns]
    return [
        table("drift", "jensen_shannon", names, windows, reference, value=js, low=low, high=high, expected=expected,
              n=n, p_value=moved.p, band_low=0.0, band_high=band, detail=moved.detail),
        table("drift", "psi", names, windows, reference, value=index, n=n),
        table("drift", "wasserstein", names, windows, reference, value=shift, n=n),
    ]  # fmt: skip


@np.errstate(invalid="ignore", divide="ignore", over="ignore")
def _wasserstein(now: Alike, past: Alike, other: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Wasserstein-1 over reference standard deviation; each bin stands at the mean of its values in both; (F, W)."""
    own, before = now.sum("value"), past.sum("value").sum(axis=1)
    positions = (rest_of(before, own, inside, axis=1) + own) / (other + now.n)
    positions[:, :, :FIRST] = np.nan
    count, first, second = (x[:, FIRST:].sum(axis=1) for x in (
        past.n.sum(axis=1), before, past.sum("value2").sum(axis=1)))  # fmt: skip
    variance = second / np.maximum(count, 1) - (first / np.maximum(count, 1)) ** 2
    some = np.flatnonzero(np.isfinite(variance) & (variance > 0))
    out = np.full(now.n.shape[:2], np.nan)
    out[some] = wasserstein(other[some], now.n[some], positions[some]) / np.sqrt(variance[some, None])
    return out


def expected_distance(js: np.ndarray, noise: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Distance that a quiet window shows: the reference's habit and this window's sampling noise together; (..., W)."""
    habit2 = np.maximum(np.nan_to_num(mean_inside(js**2 - noise**2, inside)), 0.0)
    return np.sqrt(habit2 + noise**2)


def _distance_interval(js: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rough 95% interval: the squared distance less its noise, give or take twice what noise makes of it."""
    true2 = np.maximum(js**2 - noise**2, 0.0)
    wide = 1.96 * np.sqrt(2 * noise**2 * (true2 + noise**2 / 2))
    return np.sqrt(np.maximum(true2 - wide, 0.0)), np.minimum(np.sqrt(true2 + wide + noise**2), np.sqrt(np.log(2)))


def _unseen(windows: Cube, reference: Cube, settings: Settings) -> list[Block]:
    """Share of rows whose value the reference never had, against the chance of one (Good and Turing)."""
    chosen = [
        i for i, c in enumerate(windows.bins.columns)
        if c.kind == "categorical" and c.complete and c.role in {"feature", "label"} and c.type_class != "null"
    ]  # fmt: skip
    if not chosen:
        return []
    bins = [windows.bins.columns[i] for i in chosen]
    count, n = (np.zeros((len(chosen), len(windows))) for _ in range(2))
    for f, now in blocks(windows, chosen):
        count[f], n[f] = now.n[:, :, -1], now.n[:, :, FIRST:].sum(axis=2)
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
    return [table(
        "drift", "unseen_share", [c.name for c in bins], windows, reference, value=share, low=low, high=high,
        expected=rate, n=n, p_value=p, band_low=0.0, band_high=band, detail=detail,
    )]  # fmt: skip


def _named(values: dict[str, int] | None) -> str | None:
    if not values:
        return None
    shown = [f"{value} ({count:,})" for value, count in list(values.items())[:3]]
    return ", ".join(shown) + (f" and {len(values) - 3} more" if len(values) > 3 else "")


def _lost(windows: Cube, reference: Cube) -> list[Block]:
    """Reference share of categories of which no row comes any more.

    Chance of none in a window is that of a negative binomial with the category's own habit; over windows in a row it
    multiplies, so a rare category is lost after more windows than a common one. All windows of such a row are told,
    back to
    the first without it. A category that stayed away in the reference is lost only after twice that long.
    """
    chosen = [i for i, c in enumerate(windows.bins.columns) if c.kind == "categorical" and c.role == "feature"]
    if not chosen:
        return []
    shape = (len(chosen), len(windows))
    lost, p, n = np.zeros(shape), np.ones(shape), np.zeros(shape)
    detail: list[list[str | None]] = [[None] * len(windows) for _ in chosen]
    for f, now in blocks(windows, chosen):
        named, every = (of.n[:, :, FIRST:] for of in (now, now.of(reference)))
        n[f], rows = named.sum(axis=2), every.sum(axis=2)
        named, every = named[:, :, :-2].transpose(0, 2, 1), every[:, :, :-2].transpose(0, 2, 1)  # (F, C, W), (F, C, R)
        share = every.sum(axis=2) / np.maximum(rows.sum(axis=1), 1)[:, None]
        none = log_chance_of_none(*(x.reshape(share.size, x.shape[2]) for x in (
            named, np.broadcast_to(n[f][:, None], named.shape), every, np.broadcast_to(rows[:, None], every.shape),
        ))).reshape(named.shape)  # fmt: skip
        gone = none < -_SURE - np.log(len(chosen) * max(share.shape[1], 1))
        lost[f] = (gone * share[:, :, None]).sum(axis=1)
        p[f] = np.exp(np.where(gone, none, 0.0).min(axis=1, initial=0.0))
        for k, w in np.argwhere(gone.any(axis=1)):
            detail[f[k]][w] = ", ".join(now.bins[k].categories[c] for c in np.flatnonzero(gone[k, :, w])[:5])
    names = [windows.bins.columns[i].name for i in chosen]
    return [table(
        "drift", "lost_share", names, windows, reference, value=lost, expected=0.0, n=n, p_value=p, detail=detail
    )]  # fmt: skip
