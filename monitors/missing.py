"""Missing: which features disappear, and how: no column, nulls, NaN, values that are none, one value for all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from monitors.measurement import Block, combine, in_reference, table
from monitors.profile.alike import Alike, blocks
from monitors.profile.bins import FIRST, MISSING
from monitors.profile.cube import Cube
from monitors.sentinel import sentinels
from monitors.settings import Settings
from monitors.statistics.intervals import wilson
from monitors.statistics.null import (
    FEW_WINDOWS,
    Deviations,
    few_windows,
    judge,
    log_chance_of_none,
    of_counts,
    share_limit,
)
from monitors.unit_change import unit_changes

_LEAST_ROWS = 10
"""A window with fewer values than this is not called constant or stale."""


def measure(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    """Shares of rows in which a feature is missing, by kind, and features that say nothing any more.

    ``absent_share``, ``null_share``, ``nan_share``, ``invalid_share`` (of all rows); ``constant_share`` (of values, at
    the most frequent one), ``sentinel_share`` (mass that came to one value that often stands for 'missing' or that the
    reference did not have), ``stale_windows`` (how many windows in a row a value has not changed that used to),
    ``type_changed`` (share of rows whose file gives the column another type), ``unit_factor`` (by what all values are
    multiplied).
    """
    columns = windows.bins.feature_places
    if not columns or not len(windows):
        return combine([])
    return combine([
        *_shares(columns, windows, reference, settings),
        _constant(columns, windows, reference),
        sentinels(columns, windows, reference, settings),
        *_stale(columns, windows, reference),
        *_type_changed(columns, windows, reference),
        *unit_changes(columns, windows, reference),
    ])  # fmt: skip


def _names(columns: Sequence[int], windows: Cube) -> list[str]:
    return [windows.bins.columns[i].name for i in columns]


def _shares(columns: list[int], windows: Cube, reference: Cube, settings: Settings) -> list[Block]:
    names = _names(columns, windows)
    count, rows = _counted(windows, columns)
    before, before_rows = _counted(reference, columns)

    def flat(x: np.ndarray) -> np.ndarray:
        return np.broadcast_to(x, (len(names), FIRST, x.shape[2])).reshape(len(names) * FIRST, x.shape[2])

    p, band = _judge(flat(before), flat(before_rows), flat(count), flat(rows), windows, reference, settings)
    p, band = p.reshape(count.shape), band.reshape(count.shape)
    inside = in_reference(windows, reference)
    own = np.where(inside, count, 0.0)
    rest = before.sum(axis=2, keepdims=True) - own
    rest_rows = before_rows.sum(axis=2, keepdims=True) - np.where(inside, rows, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.where(rest_rows > 0, rest / rest_rows, np.nan)
        share = np.where(rows > 0, count / rows, np.nan)
        _, low, high = wilson(count, np.broadcast_to(rows, count.shape))
    # a column that was in every file and is in none needs no statistics, nor many reference windows
    always = (before[:, 0].sum(axis=1) == 0) & (before_rows[:, 0].sum(axis=1) > 0)
    gone = always[:, None] & (count[:, 0] > 0)
    p[:, 0] = np.where(gone, 0.0, p[:, 0])
    # a feature that is often away is missing for good once it stays away far longer than it used to
    away = log_chance_of_none(
        rows[:, 0] - count.sum(axis=1), rows[:, 0], before_rows[:, 0] - before.sum(axis=1), before_rows[:, 0]
    )
    main = count.argmax(axis=1)[:, None] == np.arange(FIRST)[None, :, None]
    p = np.where(main & (rows > 0), np.fmin(p, np.minimum(np.exp(away) * len(names), 1.0)[:, None]), p)
    p = p if len(reference) else np.full(p.shape, np.nan)
    blocks = []
    for k, kind in enumerate(MISSING):
        # nulls are always told; the other kinds only of features that ever had them
        had = np.flatnonzero((kind == "null") | (count[:, k].sum(axis=1) + before[:, k].sum(axis=1) > 0))
        blocks.append(table(
            "missing", f"{kind}_share", [names[f] for f in had], windows, reference, value=share[had, k],
            low=low[had, k], high=high[had, k], expected=expected[had, k], n=rows[had, 0], p_value=p[had, k],
            band_low=0.0, band_high=band[had, k],
        ))  # fmt: skip
    return blocks


def _counted(cube: Cube, columns: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Rows in each of the missing bins (F, 4, W) and in all (F, 1, W), of some columns."""
    begin = cube.bins.offsets[:-1]
    missing = cube.n[:, begin[columns][:, None] + np.arange(FIRST)]
    rows = np.add.reduceat(cube.n, begin, axis=1)[:, columns, None]
    return missing.transpose(1, 2, 0).astype(float), rows.transpose(1, 2, 0).astype(float)


def _judge(
    before: np.ndarray, before_rows: np.ndarray, count: np.ndarray, rows: np.ndarray, windows: Cube, reference: Cube,
    settings: Settings,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """p value of too many missing in a window, and the share from which on it is an alert; both (D, W)."""
    rate = settings.rate("missing", "missing_share")
    if len(reference) < FEW_WINDOWS:  # a training set has no windows whose habit could be known: chance alone
        return few_windows(before, before_rows, count, rows, rate)
    found = of_counts(before, before_rows, count, rows)
    judged = np.where(in_reference(windows, reference), np.nan, found.windows)
    # a kind of missing that never came, then or now, is no chance of a false alarm
    came = (before.sum(axis=1) + count.sum(axis=1) > 0)[:, None]
    verdict = judge(np.where(came, found.reference, np.nan), judged, found.dof, rate, sides=1)
    # numbers that the reference never had are alike, and one stands for all
    never = np.flatnonzero(before.sum(axis=1) == 0)
    place = np.arange(len(before))
    place[never] = never[:1] if len(never) else never
    asked, back = np.unique(place, return_inverse=True)
    part = Deviations(*(x[asked] for x in found))
    limit = share_limit(part, rows[asked], before_rows[asked].sum(axis=1), verdict.limit[asked])
    band = np.minimum(limit, 1.0)[back]
    return np.where(came, verdict.p, 1.0), band


def _constant(columns: list[int], windows: Cube, reference: Cube) -> Block:
    """Share of values in the fullest bin, 1 only when every value is the same."""
    value, p, n, expected = (np.full((len(columns), len(windows)), np.nan) for _ in range(4))
    detail: list[list[str | None]] = [[None] * len(windows) for _ in columns]
    for f, now in blocks(windows, columns):
        counts, seen = (of.n[:, :, FIRST:] for of in (now, now.of(reference)))
        n[f], rows = counts.sum(axis=2), seen.sum(axis=2)
        known = rows > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            share = counts.max(axis=2) / n[f]
            usual = np.where(known, seen.max(axis=2) / rows, 0.0)
            expected[f] = (usual.sum(axis=1) / known.sum(axis=1))[:, None]
        same = constant(now)
        value[f] = np.where((share == 1) & ~same, np.nextafter(1, 0), share)
        # constant in the reference too: nothing new
        new = known.any(axis=1) & ~constant(now.of(reference)).any(axis=1)
        top = np.where(new, np.minimum(usual.max(axis=1, initial=0.0), 1 - 1e-9), 1.0)
        with np.errstate(under="ignore"):
            alone = np.power(top[:, None], n[f] / _clump(seen)[:, None])
        p[f] = np.where(same & (n[f] >= _LEAST_ROWS), alone, 1.0)
        for k, w in np.argwhere(same):
            detail[f[k]][w] = _only_value(now, k, w)
    p = np.minimum(np.where(np.isfinite(value), p * len(columns), np.nan), 1.0)
    return table(
        "missing", "constant_share", _names(columns, windows), windows, reference, value=value, expected=expected, n=n,
        p_value=p, detail=detail,
    )  # fmt: skip


@np.errstate(invalid="ignore", divide="ignore")
def _clump(seen: np.ndarray) -> np.ndarray:
    """How many rows say what one does: the variance of the fullest bin's share beside that of chance, 1 or more; (F,).

    Parameters
    ----------
    seen : shape (F, R, B), rows of the reference's windows by bin
    """
    rows, fullest = seen.sum(axis=2), seen.sum(axis=1).argmax(axis=1)
    known = rows > 0
    count = known.sum(axis=1)
    share = seen[np.arange(len(seen)), :, fullest] / rows
    mean = np.where(known, share, 0.0).sum(axis=1) / count
    variance = np.where(known, (share - mean[:, None]) ** 2, 0.0).sum(axis=1) / (count - 1)
    chance = mean * (1 - mean) / (rows.sum(axis=1) / count)
    return np.where((count >= FEW_WINDOWS) & (chance > 0), np.maximum(variance / chance, 1.0), 1.0)


def constant(of: Alike) -> np.ndarray:
    """Windows in which every value is the same one, shape (F, W), bool."""
    counts = of.n[:, :, FIRST:]
    rows = counts.sum(axis=2)
    if of.kind == "numeric":
        return (rows > 0) & (of.low == of.high)
    return (rows > 0) & (counts[:, :, :-2].max(axis=2, initial=0) == rows)


def _only_value(of: Alike, f: int, w: int) -> str:
    if of.kind == "numeric":
        return f"{of.low[f, w]:.6g}"
    return of.bins[f].categories[int(of.n[f, w, FIRST:-2].argmax())]


def _stale(columns: list[int], windows: Cube, reference: Cube) -> list[Block]:
    """For features with one value a window (a daily table, a rate): windows in a row with the same value."""
    steps = len(reference) - 1
    if steps < 2:
        return []
    changes = (reference.low[1:] != reference.low[:-1]).sum(axis=0)  # (C,)
    held = (changes > 0) & (reference.low == reference.high).all(axis=0)
    kept = [i for i in columns if held[i] and windows.bins.columns[i].kind == "numeric"]
    value, usual, p, n = (np.full((len(kept), len(windows)), np.nan) for _ in range(4))
    for f, now in blocks(windows, kept):
        n[f] = now.n[:, :, FIRST:].sum(axis=2)
        for k, standing in zip(f, np.where(constant(now), now.low, np.nan), strict=True):
            runs, longest = _runs(standing), float(_runs(reference.low[:, kept[k]]).max())
            value[k], usual[k] = runs, longest
            # chance that a value which changes as seldom as the reference allows stands that long; holidays do
            seldom = float(wilson(changes[kept[k]], np.array(steps)).low)
            p[k] = np.where(runs > 2 * longest, (1 - seldom) ** np.maximum(runs - 1, 0), 1.0)
    return [table("missing", "stale_windows", _names(kept, windows), windows, reference, value=value, expected=usual,
                  n=n, p_value=np.minimum(p * len(kept), 1.0))]  # fmt: skip


def _runs(values: np.ndarray) -> np.ndarray:
    """How many windows each value has stood, itself included: 1 where it is new, 0 at NaN (passed over); (W,)."""
    out = np.zeros(len(values))
    last, count = np.nan, 0
    for i in np.flatnonzero(np.isfinite(values)):
        count = count + 1 if values[i] == last else 1
        last, out[i] = values[i], count
    return out


def _type_changed(columns: list[int], windows: Cube, reference: Cube) -> list[Block]:
    """Share of rows whose file gives the column another type than the reference."""
    usual, here = ({name for facts in cube.facts for name in facts.get("types", {})} for cube in (reference, windows))
    chosen = [name for name in _names(columns, windows) if name in here]
    if not chosen:
        return []
    kinds = {column.name: column.type_class for column in windows.bins.features}
    rows = windows.rows.astype(float)
    found = [[facts.get("types", {}).get(name, {}) for facts in windows.facts] for name in chosen]
    count = np.array([[sum(types.values()) for types in row] for row in found])
    detail = [[_types(kinds[name], types) for types in row] for name, row in zip(chosen, found, strict=True)]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(rows > 0, count / rows, np.nan)
    known = np.array([name in usual for name in chosen])[:, None]
    p = np.where((count > 0) & ~known, 0.0, 1.0)
    return [table("missing", "type_changed", chosen, windows, reference, value=share, expected=0.0, n=rows, p_value=p,
                  detail=detail)]  # fmt: skip


def _types(before: str, now: dict[str, int] | None) -> str | None:
    return f"{before} to {max(now, key=lambda kind: (now[kind], kind))}" if now else None
