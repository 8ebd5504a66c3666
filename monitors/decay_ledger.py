"""The decay ledger: what each feature told in the reference, what it tells now, how fast that changes, and why."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from monitors.clock import DAY
from monitors.findings import decay_kind
from monitors.settings import MINIMUM_EFFECT
from monitors.statistics.intervals import LEVEL, Estimate, normal_quantile, symmetric
from monitors.statistics.trends import date_of_floor, half_life, slope
from monitors.windows import Grain

STABLE, POWERLESS, UNKNOWN = "stable", "never_had_power", "unknown"
VERDICTS = ("lost_signal", "relation_changed", "input_vanished", STABLE, POWERLESS, UNKNOWN)
"""What the ledger says of a feature; the first three as ``findings.decay_kind``. Unknown: no labels then or now."""

LEAST_POWER = 0.01
"""A feature whose power in the reference is surely above nothing by no more than this has none to lose."""

MONTH = 365.25 / 12 * DAY
"""Microseconds of a mean month, the unit of a trend over calendar windows."""
ROWS = 1000
"""The unit of a trend over windows of rows."""

_MANY = 1e6
"""Degrees of freedom of an error that is known."""

_POWERS = ("learned", "available", "expected")
_TOLD = ("information_value", "mutual_information")


def floor_of(task: str) -> float:
    """Power of a feature that tells nothing: AUC ½, or explained variance 0."""
    return 0.0 if task == "regression" else 0.5


def default_recent(judged: int) -> int:
    """How many of the last windows "now" is: a quarter of those after the reference, at most four."""
    return max(1, min(4, judged // 4))


def ledger(
    measured: pd.DataFrame,
    grain: Grain,
    task: str,
    *,
    recent: int | None = None,
    mature: Collection[int] | None = None,
    rolling: bool = False,
    least: float = MINIMUM_EFFECT["learned_power"],
) -> pd.DataFrame:
    """One row a feature, those that lost most first.

    Powers of several windows are means weighted by labelled rows; their intervals hold the windows' sampling errors or,
    where it is larger, the spread between windows. A drop counts when it is ``least`` or more and beyond chance at 5%
    over all features together (Bonferroni; Student's t, windows differing as in the reference), or when half of the
    windows that are now raised an alert of their own.

    Parameters
    ----------
    measured : measurements of one model and segment (``measurement.COLUMNS``); those of other monitors are ignored.
        With a column ``severity`` the windows' own alerts count as well.
    recent : the last so many judged windows are "now"; left out, ``default_recent``
    mature : starts of the windows whose labels are in; left out, all of them
    rolling : each window has a reference of its own: "before" is what those of the last windows lead to expect

    Returns
    -------
    ``feature``, ``verdict`` (``VERDICTS``), ``alerts`` (windows of now with one); learned power ``before``, ``after``
    with ``_low`` and ``_high``; ``drop`` with both; ``available``, ``expected`` (now, with both), ``available_before``,
    ``expected_before``; ``gain``, what retraining promises (available less learned, now), with both; ``rank_before``,
    ``rank_after``, ``rank_change`` (positive: up); ``slope`` (by month, or by 1,000 rows) and ``half_life`` (months, or
    1,000 rows), both since the reference, with both; ``floor_start``, the window from which nothing of a loss is left;
    ``information_value``, ``mutual_information`` (now) and ``…_before``; ``windows`` (how many are now) and
    their labelled rows ``n``
    """
    rows = measured[measured["monitor"] == "decay"]
    features, starts = list(dict.fromkeys(rows["feature"])), np.unique(rows["window_start"].to_numpy(np.int64))
    table = {metric: _grid(part, features, starts) for metric, part in rows.groupby("metric")}
    if "learned_power" not in table:
        return pd.DataFrame({name: pd.Series(dtype=float) for name in _COLUMNS})
    powers = [table.get(f"{name}_power", _unknown(table["learned_power"])) for name in _POWERS]
    learned = powers[0]
    inside = np.isin(starts, rows.loc[rows["reference"].astype(bool), "window_start"])
    ripe = np.ones(len(starts), bool) if mature is None else np.isin(starts, list(mature))
    judged = ~inside & ripe & np.isfinite(learned.value).any(axis=0)
    now = np.flatnonzero(judged)[-(recent or default_recent(int(judged.sum()))) :]
    past = np.flatnonzero(inside)
    before, after = [_pooled(power, past) for power in powers], [_pooled(power, now) for power in powers]
    if rolling or not len(past):
        before = [_due(power, now) for power in powers]
    drop = _difference(before[0], after[0])
    floor = floor_of(task)
    able = before[0].value - normal_quantile(LEVEL) * np.nan_to_num(before[0].error) > floor + LEAST_POWER
    alerts = _alerts(rows, features, starts[now])
    error, freedom = _habitual_error(learned, past[:0] if rolling else past, now)
    with np.errstate(invalid="ignore"):
        surely = drop.value > stdtrit(freedom, 1 - (1 - LEVEL) / max(int(able.sum()), 1)) * error
    lost = able & ((surely & (drop.value >= least)) | ((alerts > 0) & (2 * alerts >= len(now))))
    drops = np.array([b.value - a.value for b, a in zip(before, after, strict=True)])
    known = np.isfinite(before[0].value) & np.isfinite(after[0].value)
    out: dict[str, object] = {"feature": features, "verdict": _verdicts(drops, known, able, lost), "alerts": alerts}
    out |= _columns("before", before[0]) | _columns("after", after[0]) | _columns("drop", drop)
    out |= _columns("available", after[1]) | _columns("expected", after[2])
    out |= {"available_before": before[1].value, "expected_before": before[2].value}
    out |= _columns("gain", _gain(powers[1], learned, now))
    out |= _ranks(before[0].value, after[0].value)
    out |= _trends(learned, starts, np.flatnonzero(judged), grain, floor, able, lost)
    for name in _TOLD:
        there = table.get(name)
        for suffix, places in (("", now), ("_before", past)):
            out[name + suffix] = np.nan if there is None else _pooled(there, places).value
    out |= {"windows": len(now), "n": np.nansum(learned.n[:, now], axis=1)}
    return _order(pd.DataFrame(out, columns=list(_COLUMNS)))


# ----- arrays by feature and window ---------------------------------------------------------------------------------


class _Grid(NamedTuple):
    """One metric, arrays of shape (F, W); NaN where it was not measured."""

    value: np.ndarray
    error: np.ndarray
    n: np.ndarray
    expected: np.ndarray


def _grid(part: pd.DataFrame, features: list[str], starts: np.ndarray) -> _Grid:
    f = pd.Index(features).get_indexer(pd.Index(part["feature"]))
    w = np.searchsorted(starts, part["window_start"].to_numpy(np.int64))

    def filled(values: pd.Series) -> np.ndarray:
        out = np.full((len(features), len(starts)), np.nan)
        out[f, w] = values.to_numpy(float)
        return out

    error = (part["high"] - part["low"]) / (2 * normal_quantile(LEVEL))
    return _Grid(filled(part["value"]), filled(error), filled(part["n"]), filled(part["expected"]))


def _unknown(like: _Grid) -> _Grid:
    """A metric that no window has."""
    nothing = np.full(like.value.shape, np.nan)
    return _Grid(nothing, nothing, like.n, nothing)


@np.errstate(divide="ignore", invalid="ignore")
def _pooled(grid: _Grid, places: np.ndarray) -> Estimate:
    """Mean over windows by labelled rows, shape (F,): Σnv/Σn, with the larger of two errors.

    √(Σn²e²)/Σn is what the windows' own errors add up to; √(Σn²(v−m)²·k/(k−1))/Σn what their differences show.
    """
    value = grid.value[:, places]
    weight = np.where(np.isfinite(value), np.nan_to_num(grid.n[:, places]), 0.0)
    total, count = weight.sum(axis=1), (weight > 0).sum(axis=1)
    mean = (weight * np.nan_to_num(value)).sum(axis=1) / total
    sampled = (weight**2 * np.nan_to_num(grid.error[:, places]) ** 2).sum(axis=1)
    apart = np.where(weight > 0, np.nan_to_num(value) - mean[:, None], 0.0)
    spread = (weight**2 * apart**2).sum(axis=1) * np.where(count > 1, count / (count - 1), 0.0)
    return symmetric(np.where(total > 0, mean, np.nan), np.sqrt(np.maximum(sampled, spread)) / total)


@np.errstate(divide="ignore", invalid="ignore")
def _due(grid: _Grid, places: np.ndarray) -> Estimate:
    """Mean of what the windows' references lead to expect, shape (F,); nothing says how sure it is."""
    expected = grid.expected[:, places]
    mean = np.nansum(expected, axis=1) / np.isfinite(expected).sum(axis=1)
    return Estimate(mean, np.full(len(mean), np.nan), np.full(len(mean), np.nan))


def _difference(before: Estimate, after: Estimate) -> Estimate:
    error = np.sqrt(np.nan_to_num(before.error) ** 2 + after.error**2)
    return symmetric(before.value - after.value, error)


@np.errstate(divide="ignore", invalid="ignore")
def _habitual_error(grid: _Grid, past: np.ndarray, now: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Error of the drop if nothing has changed, and its degrees of freedom (Satterthwaite's), both shape (F,).

    The windows of now may differ from each other because the power falls; how much quiet windows differ beyond sampling
    is estimated from the reference, h² = max(s² − mean e², 0). Without a reference of several windows h is 0.

    References
    ----------
    Satterthwaite 1946, doi:10.2307/3002019
    """
    value, error2 = grid.value[:, past], grid.error[:, past] ** 2
    count = np.isfinite(value).sum(axis=1)
    mean = np.nansum(value, axis=1) / count
    spread = np.nansum((value - mean[:, None]) ** 2, axis=1) / (count - 1)
    habit = np.where(count > 1, np.maximum(spread - np.nansum(error2, axis=1) / count, 0.0), 0.0)
    sampled, weights = np.zeros(len(value)), np.zeros(len(value))
    for places in (past, now):
        n = np.where(np.isfinite(grid.value[:, places]), np.nan_to_num(grid.n[:, places]), 0.0)
        part = n / np.maximum(n.sum(axis=1, keepdims=True), 1.0)
        sampled += (part**2 * np.nan_to_num(grid.error[:, places]) ** 2).sum(axis=1)
        weights += (part**2).sum(axis=1)
    by_habit = habit * weights
    freedom = np.where(by_habit > 0, (count - 1) * ((sampled + by_habit) / by_habit) ** 2, _MANY)
    return np.sqrt(sampled + by_habit), np.clip(freedom, 1.0, _MANY)


@np.errstate(divide="ignore", invalid="ignore")
def _gain(available: _Grid, learned: _Grid, places: np.ndarray) -> Estimate:
    """Available less learned power over the same rows, shape (F,).

    Both come from the same labels, so that their errors mostly cancel: from three windows on the windows' differences
    say how much they vary (Student's t); before that the two errors are taken as independent, which is too wide.
    """
    apart = available.value[:, places] - learned.value[:, places]
    both = np.sqrt(available.error[:, places] ** 2 + learned.error[:, places] ** 2)
    pooled = _pooled(_Grid(apart, both, learned.n[:, places], apart), np.arange(len(places)))
    count = np.isfinite(apart).sum(axis=1)
    mean = np.nansum(apart, axis=1) / count
    spread = np.sqrt(np.nansum((apart - mean[:, None]) ** 2, axis=1) / (count - 1) / count)
    margin = stdtrit(np.maximum(count - 1.0, 1.0), 0.5 + LEVEL / 2) * spread
    margin = np.where(count >= 3, margin, normal_quantile(LEVEL) * pooled.error)
    return Estimate(pooled.value, pooled.value - margin, pooled.value + margin)


# ----- verdicts, ranks, trends --------------------------------------------------------------------------------------


def _alerts(rows: pd.DataFrame, features: list[str], starts: np.ndarray) -> np.ndarray:
    """Windows of ``starts`` in which learned power raised an alert, shape (F,)."""
    if "severity" not in rows:
        return np.zeros(len(features), int)
    loud = rows[(rows["metric"] == "learned_power") & (rows["severity"] == "alert") & rows["window_start"].isin(starts)]
    return loud.groupby("feature").size().reindex(features, fill_value=0).to_numpy(int)


def _verdicts(drops: np.ndarray, known: np.ndarray, able: np.ndarray, lost: np.ndarray) -> list[str]:
    return [
        UNKNOWN if not known[f] else POWERLESS if not able[f] else decay_kind(*drops[:, f]) if lost[f] else STABLE
        for f in range(len(known))
    ]


def _ranks(before: np.ndarray, after: np.ndarray) -> dict[str, np.ndarray]:
    """Rank 1 is the most powerful; equals share the better rank; NaN has none."""
    first, last = (pd.Series(-v).rank(method="min").to_numpy() for v in (before, after))
    return {"rank_before": first, "rank_after": last, "rank_change": first - last}


def _trends(
    learned: _Grid,
    starts: np.ndarray,
    places: np.ndarray,
    grain: Grain,
    floor: float,
    able: np.ndarray,
    lost: np.ndarray,
) -> dict[str, np.ndarray]:
    """Slope, half-life and the window where nothing is left, over the windows since the reference."""
    value, error = learned.value[:, places], learned.error[:, places]
    time = starts[places] / (ROWS if grain.kind == "rows" else MONTH)
    life = half_life(time, np.where(able[:, None], value, np.nan), error, floor)
    # small windows cannot tell a weak feature from none: only of one that lost its power is this news
    reached = date_of_floor(time, np.where(lost[:, None], value, np.nan), error, floor)
    began = np.full(len(value), np.nan)
    there = np.isfinite(reached)
    began[there] = starts[places][reached[there].astype(int)]
    return _columns("slope", slope(time, value, error)) | _columns("half_life", life) | {"floor_start": began}


def _columns(name: str, estimate: Estimate) -> dict[str, np.ndarray]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def _order(out: pd.DataFrame) -> pd.DataFrame:
    """Losses first, the largest on top; then the stable by their power; those without a say last."""
    place = out["verdict"].map({**dict.fromkeys(VERDICTS[:3], 0), STABLE: 1, POWERLESS: 2, UNKNOWN: 3})
    key = np.where(place == 0, -out["drop"], -out["before"])
    return (
        out.assign(_place=place, _key=key)
        .sort_values(["_place", "_key"], kind="stable")
        .drop(columns=["_place", "_key"])
        .reset_index(drop=True)
    )


def _three(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"


_COLUMNS = (
    "feature",
    "verdict",
    "alerts",
    *_three("before"),
    *_three("after"),
    *_three("drop"),
    *_three("available"),
    *_three("expected"),
    "available_before",
    "expected_before",
    *_three("gain"),
    "rank_before",
    "rank_after",
    "rank_change",
    *_three("slope"),
    *_three("half_life"),
    "floor_start",
    "information_value",
    "information_value_before",
    "mutual_information",
    "mutual_information_before",
    "windows",
    "n",
)
