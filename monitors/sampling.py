"""Is the log written for fewer rows than before, evenly: all of them, those of one segment, or those of one class?

Traffic that falls away changes the mix of what is left and the course of the day. A log that is sampled has fewer rows
by one factor, and the same in all else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import special

from monitors.log_hours import by_hour
from monitors.maturity import due
from monitors.measurement import Block, in_reference, labelled_share, table
from monitors.profile.bins import FIRST
from monitors.profile.cube import Cube
from monitors.settings import Settings
from monitors.statistics.null import FEW_WINDOWS, judge, of_counts
from monitors.volume import Volume

FEWER = 0.6
"""Rows by less than this factor of what was due may be a sample of them; and their inverse more."""
_TELLING = 500
"""With fewer rows a window cannot show that the day's course and the mix are as ever: a quiet day looks alike."""
_MOST_APART = 0.15
"""The root of the others' number of rows may differ from what was due by this part at the very most."""
_SAME = 0.01
"""The rest of the log counts as unchanged when it differs at least as much with this chance in quiet windows."""
_RARE = 0.01
"""A category with a smaller part of the reference's rows is not looked at alone."""


class Mix(NamedTuple):
    """Rows by category. ``names`` (B,); ``now`` (W, B); ``before`` (R, B); ``due`` (W,), rows that were due in all."""

    column: str | None
    names: list[str]
    now: np.ndarray
    before: np.ndarray
    due: np.ndarray


def sampling(windows: Cube, reference: Cube, settings: Settings, found: Volume) -> list[Block]:
    """``sampling``: rows as a part of those due, where the day's course, scores and segments are as ever.

    And ``category_sampling``, by segment column and for the classes of the outcome: the factor by which one category
    has fewer rows (or more), where the others have as many as were due.
    """
    if settings.grain.kind != "calendar" or len(reference) < FEW_WINDOWS or not len(windows):
        return []
    blocks = [block for mix in _mixes(windows, reference, settings, found)
              for block in _category(mix, windows, reference, settings, found)]  # fmt: skip
    # rows that one category lacks are not lacking evenly
    named = [[name is not None for name in of] for block in blocks for of in block.detail or ()]
    apart = np.asarray(np.array(named, bool).reshape(len(named), len(windows)).any(axis=0))
    return [*_whole(windows, reference, settings, found, apart), *blocks]


def _whole(
    windows: Cube, reference: Cube, settings: Settings, found: Volume, explained: np.ndarray
) -> list[Block]:  # fmt: skip
    day = 24 * 3_600_000_000
    if not (windows.ends - windows.starts >= 0.9 * day).all():
        return []  # an hour is too short to have a course
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = windows.rows / found.expected
    apart = np.isfinite(found.p) & ((factor <= FEWER) | (factor >= 1 / FEWER)) & (windows.rows >= _TELLING) & ~explained
    p = np.where(np.isfinite(found.p), 1.0, np.nan)
    if apart.any():
        alike = apart.copy()
        timezone = settings.grain.timezone
        shapes = [(_course(windows, timezone), _course(reference, timezone))]
        for name, column in enumerate(windows.bins.columns):
            if column.role == "prediction" or column.name in dict(windows.bins.segments):
                shapes.append((windows.column(name).n, reference.column(name).n))
        for now, before in shapes:
            own = now[alike].astype(float)
            same = np.maximum(same_mix(own, before), same_mix(own, before, _recent(now, ~apart)[alike]))
            alike[alike] &= same >= _SAME
        p = np.where(alike, found.p, p)
    return [table("integrity", "sampling", [None], windows, reference, value=np.where(windows.rows > 0, factor, np.nan),
                  expected=1.0, n=windows.rows, p_value=p)]  # fmt: skip


def _recent(counts: np.ndarray, usual: np.ndarray, last: int = 7) -> np.ndarray:
    """Counts of the last windows before each that are as usual, (W, B) to (W, B): what else went on goes on."""
    out = np.zeros(counts.shape)
    for w in range(len(counts)):
        out[w] = counts[np.flatnonzero(usual[:w])[-last:]].sum(axis=0)
    return out


def _course(cube: Cube, timezone: str) -> np.ndarray:
    """Rows by hour of the day, shape (W, 24)."""
    hours = by_hour(cube, timezone, None)
    out = np.zeros((len(cube) + 1, 24))
    np.add.at(out, (hours.window, np.broadcast_to(np.arange(24), hours.window.shape)), hours.counts)
    return out[:-1]


def same_mix(now: np.ndarray, before: np.ndarray, centre: np.ndarray | None = None) -> np.ndarray:
    """Chance that a quiet window's rows are spread over categories as differently as these, shape (W,).

    Pearson's X² over its degrees of freedom is 1 + n·ρ on average, ρ being what the reference's windows differ by
    habit; the ratio to that has an F distribution. No window is stranger than what the reference itself has shown.

    Parameters
    ----------
    now : shape (W, B), counts; before : shape (R, B)
    centre : shape (W, B), counts that each window is compared with; left out, the reference's
    """
    before = before[before.sum(axis=1) > 0]
    kept = before.sum(axis=0) > 0
    if kept.sum() < 2 or len(before) < FEW_WINDOWS:
        return np.ones(len(now))
    elsewhere = now[:, ~kept].sum(axis=1)
    now, before = now[:, kept], before[:, kept]
    free, n, total = kept.sum() - 1.0, now.sum(axis=1), before.sum(axis=0)
    ratio = _pearson(before, total - before) / free
    habit = max(float(np.mean((ratio - 1) / before.sum(axis=1))), 0.0)
    centre = total[None] if centre is None else centre[:, kept]
    with np.errstate(divide="ignore"):
        x = _pearson(now, centre) / free / (1 + n * habit) / (1 + n / centre.sum(axis=1))
    chance = special.fdtrc(free, free * (len(before) - 1), x)
    seen = x <= (ratio / (1 + before.sum(axis=1) * habit)).max()
    chance = np.where(seen, np.maximum(chance, 1 / (len(before) + 1)), chance)
    return np.where(elsewhere > 0.01 * n, 0.0, chance)


def _pearson(own: np.ndarray, others: np.ndarray) -> np.ndarray:
    """X² of each row of counts against the shares of others, (W, B) to (W,)."""
    share = (others + 0.5) / (others + 0.5).sum(axis=1, keepdims=True)
    expected = np.maximum(share * own.sum(axis=1, keepdims=True), 1e-12)
    return np.asarray(((own - expected) ** 2 / expected).sum(axis=1))


def _mixes(windows: Cube, reference: Cube, settings: Settings, found: Volume) -> Iterator[Mix]:
    bins = windows.bins
    for i, column in enumerate(bins.columns):
        if column.role == "feature" and column.name in dict(bins.segments) and column.kind == "categorical":
            now, before = windows.column(i).n[:, FIRST:], reference.column(i).n[:, FIRST:]
            yield Mix(column.name, [*column.categories], now[:, : len(column.categories)],
                      before[:, : len(column.categories)], found.expected)  # fmt: skip
    if len(bins.classes) > 1:
        ripe, before_ripe = due(windows, reference, settings), due(reference, reference, settings)
        now = np.where(ripe[:, None], windows.column(0).by_outcome.sum(axis=1), 0)
        before = reference.column(0).by_outcome.sum(axis=1)[before_ripe]
        if before.sum():
            with np.errstate(invalid="ignore"):
                usual = np.nanmean(labelled_share(reference)[before_ripe])
            yield Mix(None, list(bins.classes), now, before, found.expected * usual)


def _category(mix: Mix, windows: Cube, reference: Cube, settings: Settings, found: Volume) -> list[Block]:
    share = mix.before.sum(axis=0) / max(mix.before.sum(), 1)
    kept = np.flatnonzero((share >= _RARE) & (share <= 1 - _RARE))
    if not len(kept) or len(mix.before) < FEW_WINDOWS or len(share) < 2:
        return []

    k, k0 = mix.now[:, kept].T.astype(float), mix.before[:, kept].T.astype(float)
    n, n0 = (np.broadcast_to(counts.sum(axis=1).astype(float), own.shape)
             for counts, own in ((mix.now, k), (mix.before, k0)))  # fmt: skip
    apart, judged = of_counts(k0, n0, k, n), ~in_reference(windows, reference) & (n[0] > 0)
    verdict = judge(
        apart.reference, np.where(judged, apart.windows, np.nan), apart.dof,
        settings.rate("integrity", "category_sampling"),
    )  # fmt: skip
    due = share[kept] / (1 - share[kept])
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = k / (n - k) / due[:, None]
    value, p = np.where(n[0] > 0, 1.0, np.nan), np.where(judged, 1.0, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        rows = windows.rows / found.expected
    detail: list[str | None] = [None] * len(windows)
    for w in np.flatnonzero(np.nanmin(np.where(np.isfinite(verdict.p), verdict.p, 1.0), axis=0) < 0.01):
        for b in np.argsort(verdict.p[:, w]):
            f = factor[b, w]
            if (
                (f <= FEWER or f >= 1 / FEWER)
                and k[b, w] > 0
                and _rest_as_due(mix, int(kept[b]), int(w), found)
                and _all_follow(rows[w], share[kept[b]] * (1 - f))
            ):
                value[w], p[w] = f, verdict.p[b, w]
                detail[w] = mix.names[kept[b]]
                break
    return [table("integrity", "category_sampling", [mix.column], windows, reference, value=value, expected=1.0,
                  n=windows.rows, p_value=p, detail=[detail])]  # fmt: skip


def _all_follow(rows: float, fewer: float) -> bool:
    """Whether the log's rows, as a part of those due, are nearer to what the category's lack makes of them than to all.

    Where only labels are flipped there are as many rows as ever.
    """
    return abs(rows - (1 - fewer)) < abs(rows - 1)


def _rest_as_due(mix: Mix, b: int, w: int, found: Volume) -> bool:
    """Whether all other categories have as many rows as were due, and in the usual mix."""
    others = np.arange(mix.now.shape[1]) != b
    share = mix.before[:, others].sum() / mix.before.sum()
    rows, expected = mix.now[w, others].sum(), mix.due[w] * share
    if not np.isfinite(expected) or expected <= 0:
        return False
    # on the scale of roots: what volume varies by, and what the others' part of it does
    part = np.sqrt(mix.before[:, others].sum(axis=1) / np.maximum(mix.before.sum(axis=1), 1) / share)
    usual = 3 * np.hypot(found.spread[w] / np.sqrt(max(found.expected[w], 1.0)), part.std())
    near = abs(np.sqrt(rows / expected) - 1) <= min(max(usual, 0.05), _MOST_APART)
    return bool(near and (others.sum() < 2 or same_mix(mix.now[w][None, others], mix.before[:, others])[0] >= _SAME))
