"""The decay ledger: what each feature told in the reference, what it tells now, how fast that changes, and why."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from monitors.clock import DAY
from monitors.decay import TOO_FEW
from monitors.decay_grids import Grid, difference, due, gain, grid, habitual_error, mean_gain, pooled, unknown
from monitors.decay_notes import PART, Facts, notes
from monitors.findings import decay_kind
from monitors.settings import MINIMUM_EFFECT
from monitors.statistics.halving import COURSES, decay
from monitors.statistics.intervals import LEVEL, Estimate, normal_quantile
from monitors.statistics.noise_floor import date_of_floor
from monitors.statistics.trends import habit_variance, slope
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

_POWERS = ("learned", "available", "expected")
_TOLD = ("information_value", "mutual_information", "input_spread", "known_share")


def beyond_chance(freedom: np.ndarray, able: np.ndarray) -> np.ndarray:
    """Student's t that no feature of those able to lose reaches by chance at 5%, one side of two tests (Bonferroni)."""
    return np.asarray(stdtrit(freedom, 1 - (1 - LEVEL) / (2 * max(int(able.sum()), 1))))


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
    over all features together (Bonferroni; Student's t, windows differing as in the reference), when it is ``least`` or
    more and retraining gains more than it would have in the reference, beyond chance likewise, or when half of the
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
    ``feature``, ``verdict`` (``VERDICTS``), ``note`` (what it leaves unsaid: why inputs vanished, that labels are few),
    ``alerts`` (windows of now with one); learned power ``before``, ``after``
    with ``_low`` and ``_high``; ``drop`` with both; ``available``, ``expected`` (now, with both), ``available_before``,
    ``expected_before``; ``gain``, what retraining promises (available less learned, now), with both; ``rank_before``,
    ``rank_after``, ``rank_change`` (positive: up); ``slope`` (by month, or by 1,000 rows) and ``half_life`` (months, or
    1,000 rows), both since the reference, with both; ``course``, how the power goes (``trends.COURSES``);
    ``floor_start``, the window from which nothing of a loss is left; ``information_value``, ``mutual_information``,
    ``input_spread``, ``known_share`` (now) and ``…_before``; where attributions are logged ``attribution``, the
    feature's part of all of it, ``attribution_before``, and ``leans``: the model leans on it although its power is
    gone; ``windows`` (how many are now) and
    their labelled rows ``n``
    """
    attributions = measured[(measured["monitor"] == "skew") & (measured["metric"] == "attribution_share")]
    rows = measured[measured["monitor"] == "decay"]
    features, starts = list(dict.fromkeys(rows["feature"])), np.unique(rows["window_start"].to_numpy(np.int64))
    table = {metric: grid(part, features, starts) for metric, part in rows.groupby("metric")}
    if "learned_power" not in table:
        return pd.DataFrame({name: pd.Series(dtype=float) for name in _COLUMNS})
    powers = [table.get(f"{name}_power", unknown(table["learned_power"])) for name in _POWERS]
    learned = powers[0]
    inside = np.isin(starts, rows.loc[rows["reference"].astype(bool), "window_start"])
    ripe = np.ones(len(starts), bool) if mature is None else np.isin(starts, list(mature))
    judged = ~inside & ripe & np.isfinite(learned.value).any(axis=0)
    now = np.flatnonzero(judged)[-(recent or default_recent(int(judged.sum()))) :]
    past = np.flatnonzero(inside)
    before, after = [pooled(power, past) for power in powers], [pooled(power, now) for power in powers]
    if rolling or not len(past):
        before = [due(power, now) for power in powers]
    drop = difference(before[0], after[0])
    floor = floor_of(task)
    able = before[0].value - normal_quantile(LEVEL) * np.nan_to_num(before[0].error) > floor + LEAST_POWER
    alerts = _alerts(rows, features, starts[now])
    held = past[:0] if rolling else past
    error, freedom, by_habit = habitual_error(learned, held, now)
    gains = table.get("retraining_gain")
    promised = gain(powers[1], learned, now) if gains is None else mean_gain(gains, now)
    surely_gains = (promised.low > 0) & (promised.value >= least)
    reach = beyond_chance(freedom, able) * error
    with np.errstate(invalid="ignore"):
        surely = drop.value > reach
        if gains is not None and len(held):
            # learned against available power in the same rows: where the relation moved, this shows it first
            error, freedom, _ = habitual_error(gains, held, now)
            more = promised.value - pooled(gains, held).value
            surely |= surely_gains & (more > beyond_chance(freedom, able) * error)
    lost = able & ((surely & (drop.value >= least)) | ((alerts > 0) & (2 * alerts >= len(now))))
    drops = np.array([b.value - a.value for b, a in zip(before, after, strict=True)])
    known = np.isfinite(before[0].value) & np.isfinite(after[0].value)
    verdicts = _verdicts(drops, drop.error, np.where(surely_gains, promised.value, 0.0), known, able, lost)
    out: dict[str, object] = {"feature": features, "verdict": verdicts, "alerts": alerts}
    out |= _columns("before", before[0]) | _columns("after", after[0]) | _columns("drop", drop)
    out |= _columns("available", after[1]) | _columns("expected", after[2])
    out |= {"available_before": before[1].value, "expected_before": before[2].value}
    out |= _columns("gain", promised)
    out |= _ranks(before[0].value, after[0].value)
    habit = np.zeros(len(features)) if rolling else habit_variance(learned.value[:, past], learned.error[:, past])
    out |= _trends(learned, starts, np.flatnonzero(judged), grain, floor, before[0].value, able, lost, habit)
    told = {
        name + suffix: pooled(table[name], places).value if name in table else np.full(len(features), np.nan)
        for name in _TOLD
        for suffix, places in (("", now), ("_before", past))
    }
    out |= _leaning(attributions, features, starts[now], starts[held], verdicts)
    out |= told | {"windows": len(now), "n": np.nansum(learned.n[:, now], axis=1)}
    out["note"] = notes(
        Facts(
            verdicts=verdicts, drop=drop.value, by_inputs=drops[2], had=before[0].value - floor,
            reach=np.maximum(reach, least), habit=by_habit, spread=told["input_spread"],
            # a window's spread is measured in that of its reference
            spread_before=np.where(np.isnan(told["input_spread_before"]), 1.0, told["input_spread_before"]),
            known=told["known_share"], known_before=told["known_share_before"],
            few=_few(rows, features, starts[now]), windows=len(now), gain=promised.value, sure=surely_gains,
        )
    )  # fmt: skip
    return _order(pd.DataFrame(out, columns=list(_COLUMNS)))


# ----- verdicts, ranks, trends --------------------------------------------------------------------------------------


def _alerts(rows: pd.DataFrame, features: list[str], starts: np.ndarray) -> np.ndarray:
    """Windows of ``starts`` in which learned power raised an alert, shape (F,)."""
    if "severity" not in rows:
        return np.zeros(len(features), int)
    loud = rows[(rows["metric"] == "learned_power") & (rows["severity"] == "alert") & rows["window_start"].isin(starts)]
    return loud.groupby("feature").size().reindex(features, fill_value=0).to_numpy(int)


def _leaning(
    attributions: pd.DataFrame, features: list[str], now: np.ndarray, past: np.ndarray, verdicts: list[str]
) -> dict[str, object]:
    """Parts of all attribution, and whether the model leans more than on average on a feature that lost power."""
    parts = [attributions[attributions["window_start"].isin(starts)] for starts in (now, past)]
    after, before = (part.groupby("feature")["value"].mean().reindex(features).to_numpy(float) for part in parts)
    if not len(past):
        before = parts[0].groupby("feature")["expected"].mean().reindex(features).to_numpy(float)
    average = 1 / max(int(np.isfinite(after).sum()), 1)
    leans = [bool(share >= average) and verdict in VERDICTS[:3] for share, verdict in zip(after, verdicts, strict=True)]
    return {"attribution": after, "attribution_before": before, "leans": leans}


def _few(rows: pd.DataFrame, features: list[str], starts: np.ndarray) -> np.ndarray:
    """Windows of ``starts`` whose learned power is of too few labels to be judged, shape (F,)."""
    if "detail" not in rows:
        return np.zeros(len(features), int)
    few = rows[(rows["metric"] == "learned_power") & (rows["detail"] == TOO_FEW) & rows["window_start"].isin(starts)]
    return few.groupby("feature").size().reindex(features, fill_value=0).to_numpy(int)


def _verdicts(
    drops: np.ndarray, error: np.ndarray, gains: np.ndarray, known: np.ndarray, able: np.ndarray, lost: np.ndarray
) -> list[str]:
    """The inputs are asked first: where they explain a part, the rest is within chance and nothing is to gain.

    What retraining surely gives back at least half of is no lost signal, whatever was available before.

    Parameters
    ----------
    drops : of learned, available and expected power, shape (3, F)
    error : of the first, shape (F,)
    gains : what retraining surely gains, else 0, shape (F,)
    known, able, lost : shape (F,), bool
    """
    rest = drops[0] - drops[2]
    by_inputs = (drops[2] >= PART * drops[0]) & (rest < normal_quantile(LEVEL) * np.nan_to_num(error)) & (gains <= 0)
    return [
        UNKNOWN if not known[f]
        else POWERLESS if not able[f]
        else STABLE if not lost[f]
        else "input_vanished" if by_inputs[f]
        else decay_kind(drops[0, f], drops[1, f] if 2 * gains[f] < drops[0, f] else 0.0, drops[2, f])
        for f in range(len(known))
    ]  # fmt: skip


def _ranks(before: np.ndarray, after: np.ndarray) -> dict[str, np.ndarray]:
    """Rank 1 is the most powerful; equals share the better rank; NaN has none."""
    first, last = (pd.Series(-v).rank(method="min").to_numpy() for v in (before, after))
    return {"rank_before": first, "rank_after": last, "rank_change": first - last}


def _trends(
    learned: Grid,
    starts: np.ndarray,
    places: np.ndarray,
    grain: Grain,
    floor: float,
    before: np.ndarray,
    able: np.ndarray,
    lost: np.ndarray,
    habit: np.ndarray,
) -> dict[str, object]:
    """Slope, half-life and the window where nothing is left, over the windows since the reference."""
    value, error = learned.value[:, places], learned.error[:, places]
    time = starts[places] / (ROWS if grain.kind == "rows" else MONTH)
    fall = decay(time, np.where(able[:, None], value, np.nan), error, floor)
    # small windows cannot tell a weak feature from none: only of one that lost its power is this news
    wide = np.sqrt(error**2 + habit[:, None])
    reached = date_of_floor(time, np.where(lost[:, None], value, np.nan), wide, floor, before)
    began = np.full(len(value), np.nan)
    there = np.isfinite(reached)
    began[there] = starts[places][reached[there].astype(int)]
    course = np.array(COURSES, object)[fall.course]
    return {
        **_columns("slope", slope(time, value, error)), **_columns("half_life", fall.half_life),
        "course": course, "floor_start": began,
    }  # fmt: skip


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
    "note",
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
    "course",
    "floor_start",
    "information_value",
    "information_value_before",
    "mutual_information",
    "mutual_information_before",
    "input_spread",
    "input_spread_before",
    "known_share",
    "known_share_before",
    "attribution",
    "attribution_before",
    "leans",
    "windows",
    "n",
)
