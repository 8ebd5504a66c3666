"""Missing: which features disappear, and how: no column, nulls, NaN, values that are none, one value for all."""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitors.measurement import combine, in_reference, table
from monitors.profile.bins import FIRST, MISSING
from monitors.profile.cube import ColumnCube, Cube
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
    names = [windows.bins.columns[i].name for i in columns]
    cubes = [(windows.column(i), reference.column(i)) for i in columns]
    return combine([
        *_shares(names, cubes, windows, reference, settings),
        _constant(names, cubes, windows, reference),
        sentinels(names, cubes, windows, reference, settings),
        _stale(names, cubes, windows, reference),
        _type_changed(names, windows, reference),
        unit_changes(names, cubes, windows, reference),
    ])  # fmt: skip


def _shares(
    names: list[str], cubes: list[tuple[ColumnCube, ColumnCube]], windows: Cube, reference: Cube, settings: Settings
) -> list[pd.DataFrame]:
    count = np.array([now.n[:, :FIRST].T for now, _ in cubes]).astype(float)  # (F, 4, W)
    rows = np.array([now.n.sum(axis=1) for now, _ in cubes]).astype(float)[:, None, :]
    before = np.array([ref.n[:, :FIRST].T for _, ref in cubes]).astype(float)
    before_rows = np.array([ref.n.sum(axis=1) for _, ref in cubes]).astype(float)[:, None, :]
    shape = (len(names) * FIRST, -1)

    def flat(x: np.ndarray) -> np.ndarray:
        return np.broadcast_to(x, (len(names), FIRST, x.shape[2])).reshape(shape)

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


def _constant(
    names: list[str], cubes: list[tuple[ColumnCube, ColumnCube]], windows: Cube, reference: Cube
) -> pd.DataFrame:
    """Share of values in the fullest bin, 1 only when every value is the same."""
    shape = (len(names), len(windows))
    value, p, n, expected = (np.full(shape, np.nan) for _ in range(4))
    detail: list[list[str | None]] = []
    for f, (now, ref) in enumerate(cubes):
        counts = now.n[:, FIRST:]
        n[f] = counts.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            value[f] = counts.max(axis=1) / n[f]
            seen = ref.n[:, FIRST:]
            usual = (seen.max(axis=1) / seen.sum(axis=1))[seen.sum(axis=1) > 0]
        expected[f] = usual.mean() if len(usual) else np.nan
        same = constant(now)
        value[f] = np.where((value[f] == 1) & ~same, np.nextafter(1, 0), value[f])
        # constant in the reference too: nothing new
        top = 1.0 if not len(usual) or constant(ref).any() else min(usual.max(), 1 - 1e-9)
        with np.errstate(invalid="ignore", under="ignore"):
            alone = n[f] / _clump(seen)
            p[f] = np.where(same & (n[f] >= _LEAST_ROWS), np.power(top, alone), 1.0)
        detail.append([_only_value(now, w) if same[w] else None for w in range(len(windows))])
    p = np.minimum(np.where(np.isfinite(value), p * len(names), np.nan), 1.0)
    return table(
        "missing", "constant_share", names, windows, reference, value=value, expected=expected, n=n, p_value=p,
        detail=detail,
    )  # fmt: skip


def _clump(seen: np.ndarray) -> float:
    """How many rows say what one does: the variance of the fullest bin's share beside that of chance, 1 or more.

    Parameters
    ----------
    seen : shape (R, B), rows of the reference's windows by bin
    """
    rows = seen.sum(axis=1)
    seen, rows = seen[rows > 0], rows[rows > 0]
    if len(rows) < FEW_WINDOWS:
        return 1.0
    share = seen[:, seen.sum(axis=0).argmax()] / rows
    chance = share.mean() * (1 - share.mean()) / rows.mean()
    return float(max(share.var(ddof=1) / chance, 1.0)) if chance > 0 else 1.0


def constant(column: ColumnCube) -> np.ndarray:
    """Windows in which every value is the same one, shape (W,), bool."""
    counts = column.n[:, FIRST:]
    if column.bins.kind == "numeric":
        return (counts.sum(axis=1) > 0) & (column.low == column.high)
    named = counts[:, : len(column.bins.categories)]
    return (counts.sum(axis=1) > 0) & (named.max(axis=1, initial=0) == counts.sum(axis=1))


def _only_value(column: ColumnCube, w: int) -> str:
    if column.bins.kind == "numeric":
        return f"{column.low[w]:.6g}"
    return column.bins.categories[int(column.n[w, FIRST : FIRST + len(column.bins.categories)].argmax())]


def _stale(
    names: list[str], cubes: list[tuple[ColumnCube, ColumnCube]], windows: Cube, reference: Cube
) -> pd.DataFrame:
    """For features with one value a window (a daily table, a rate): windows in a row with the same value."""
    kept, value, usual, p = [], [], [], []
    for name, (now, ref) in zip(names, cubes, strict=True):
        if now.bins.kind != "numeric" or len(ref.low) < 3 or not constant(ref).all():
            continue
        changes, steps = int((np.diff(ref.low) != 0).sum()), len(ref.low) - 1
        if not changes:
            continue  # it never changed in the reference either
        runs, longest = _runs(np.where(constant(now), now.low, np.nan)), float(_runs(ref.low).max())
        kept.append(name)
        value.append(runs)
        usual.append(np.full(len(runs), longest))
        # chance that a value which changes as seldom as the reference allows stands that long; holidays do
        seldom = float(wilson(np.array(changes), np.array(steps)).low)
        p.append(np.where(runs > 2 * longest, (1 - seldom) ** np.maximum(runs - 1, 0), 1.0))
    if not kept:
        return combine([])
    n = np.array([now.n[:, FIRST:].sum(axis=1) for name, (now, _) in zip(names, cubes, strict=True) if name in kept])
    p_value = np.minimum(np.array(p) * len(kept), 1.0)
    return table("missing", "stale_windows", kept, windows, reference, value=np.array(value), expected=np.array(usual),
                 n=n, p_value=p_value)  # fmt: skip


def _runs(values: np.ndarray) -> np.ndarray:
    """How many windows each value has stood, itself included: 1 where it is new, 0 at NaN (passed over); (W,)."""
    out = np.zeros(len(values))
    last, count = np.nan, 0
    for i in np.flatnonzero(np.isfinite(values)):
        count = count + 1 if values[i] == last else 1
        last, out[i] = values[i], count
    return out


def _type_changed(names: list[str], windows: Cube, reference: Cube) -> pd.DataFrame:
    """Share of rows whose file gives the column another type than the reference."""
    usual = {name for facts in reference.facts for name in facts.get("types", {})}
    chosen = [name for name in names if any(name in facts.get("types", {}) for facts in windows.facts)]
    if not chosen:
        return combine([])
    kinds = {column.name: column.type_class for column in windows.bins.features}
    rows = windows.rows.astype(float)
    found = [[facts.get("types", {}).get(name, {}) for facts in windows.facts] for name in chosen]
    count = np.array([[sum(types.values()) for types in row] for row in found])
    detail = [[_types(kinds[name], types) for types in row] for name, row in zip(chosen, found, strict=True)]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(rows > 0, count / rows, np.nan)
    known = np.array([name in usual for name in chosen])[:, None]
    p = np.where((count > 0) & ~known, 0.0, 1.0)
    return table("missing", "type_changed", chosen, windows, reference, value=share, expected=0.0, n=rows, p_value=p,
                 detail=detail)  # fmt: skip


def _types(before: str, now: dict[str, int] | None) -> str | None:
    return f"{before} to {max(now, key=lambda kind: (now[kind], kind))}" if now else None
