"""Hours without rows inside a longer window: is it night, or was the log off?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from monitors.measurement import Block, table
from monitors.profile.cube import Cube
from monitors.settings import Settings
from monitors.statistics.null import FEW_WINDOWS, gamma_rates
from monitors.volume import PER_PHASE

_HOUR = 3_600_000_000
_FEWEST = 5.0
"""Rows that must have been due in a stretch of hours before its being empty says anything."""
_STRANGE = 1e-3
"""A stretch less likely than this is counted among the hours that a window lacks."""


class Hours(NamedTuple):
    """Days of the local clock, hour by hour.

    Attributes
    ----------
    day : shape (D,), days since 1970; counts : shape (D, 24), rows
    seen : shape (D, 24), bool: hours that the log covers and the clock has
    window : shape (D, 24), the window of each hour, -1 for none
    """

    day: np.ndarray
    counts: np.ndarray
    seen: np.ndarray
    window: np.ndarray


def missing_hours(windows: Cube, reference: Cube, settings: Settings) -> list[Block]:
    """``gap_hours``: hours without a row where rows were due, by the habit of the hour (and the weekday).

    How likely a stretch of hours is empty follows from the rows that it had on the reference's days, a gamma-Poisson
    count with their mean and variance; where some of those days were empty there too, it is at least as likely as that
    they were. The window's least likely stretch is its p value, times how many hours there are.
    """
    if settings.grain.kind != "calendar" or not any("hours" in facts for facts in windows.facts):
        return []
    timezone = settings.grain.timezone
    now, past = by_hour(windows, timezone, settings.observed_until), by_hour(reference, timezone, None)
    good = (past.seen | (past.window < 0)).all(axis=1) & (past.counts.sum(axis=1) > 0)
    before, weekday = past.counts[good], _weekday(past.day[good])
    if len(before) < FEW_WINDOWS:
        return []
    by_weekday = min(np.bincount(weekday, minlength=7)) >= PER_PHASE
    lost, p = np.zeros(len(windows)), np.ones(len(windows))
    told: list[list[str]] = [[] for _ in range(len(windows))]
    for d in np.flatnonzero(((now.counts == 0) & now.seen).any(axis=1) & (now.counts.sum(axis=1) > 0)):
        held = before[weekday == _weekday(now.day[d])] if by_weekday else before
        for first, last in _stretches((now.counts[d] == 0) & now.seen[d], now.window[d]):
            due, chance = _empty(held, now.counts[d].sum(), now.seen[d], slice(first, last))
            w = now.window[d, first]
            p[w] = min(p[w], chance * 24)
            if chance < _STRANGE:
                lost[w] += last - first
                day = f"{pd.Timestamp(int(now.day[d]), unit='D'):%Y-%m-%d} " if _days(windows, w) > 1 else ""
                told[w].append(f"{day}{first:02d}:00–{last:02d}:00, where about {due:,.0f} rows were due")
    p = np.minimum(p * np.maximum(_days(windows, np.arange(len(windows))), 1), 1.0)
    detail = [["; ".join(text[:3]) + (f"; {len(text) - 3} more" if len(text) > 3 else "") or None for text in told]]
    return [table(
        "integrity", "gap_hours", [None], windows, reference, value=np.where(windows.rows > 0, lost, np.nan),
        expected=0.0, n=windows.rows, p_value=p, detail=detail,
    )]  # fmt: skip


def by_hour(cube: Cube, timezone: str, until: int | None) -> Hours:
    """Rows by local day and hour of a cube whose windows have hours; ``until`` is the last instant of the log (µs)."""
    hours, window, counts = [], [], []
    for w, facts in enumerate(cube.facts):
        known = facts.get("hours", {})
        every = np.arange(-(-int(cube.starts[w]) // _HOUR), int(cube.ends[w]) // _HOUR)
        hours.append(every)
        window.append(np.full(len(every), w))
        counts.append([known.get(str(hour), 0) for hour in every.tolist()])
    if not hours:
        return Hours(np.empty(0, np.int64), np.empty((0, 24)), np.empty((0, 24), bool), np.empty((0, 24), np.int64))
    at, number = np.concatenate(hours), np.concatenate(counts)
    local = pd.to_datetime(at * 3600, unit="s", utc=True).tz_convert(timezone).tz_localize(None)
    day, place = np.unique(local.to_numpy().astype("M8[D]").astype(np.int64), return_inverse=True)
    hour = np.asarray(local.hour)
    out = Hours(day, np.zeros((len(day), 24)), np.zeros((len(day), 24), bool), np.full((len(day), 24), -1))
    np.add.at(out.counts, (place, hour), number)
    out.window[place, hour] = np.concatenate(window)
    firsts = [facts["first"] for facts in cube.facts if "first" in facts]
    begin = min(firsts, default=0) // _HOUR
    end = max((facts["last"] for facts in cube.facts if "last" in facts), default=0) if until is None else until
    out.seen[place, hour] = (at >= begin) & (at < end // _HOUR)
    return out


def _weekday(day: np.ndarray) -> np.ndarray:
    return np.asarray((day + 3) % 7)  # 1970-01-01 was a Thursday


def _days(windows: Cube, w: np.ndarray | int) -> np.ndarray:
    return np.rint((windows.ends[w] - windows.starts[w]) / (24 * _HOUR))


def _stretches(empty: np.ndarray, window: np.ndarray) -> list[tuple[int, int]]:
    """First (inclusive) and last (exclusive) hour of each stretch of empty ones in one window."""
    runs: list[tuple[int, int]] = []
    for hour in np.flatnonzero(empty).tolist():
        if runs and runs[-1][1] == hour and window[hour] == window[runs[-1][0]]:
            runs[-1] = (runs[-1][0], hour + 1)
        else:
            runs.append((hour, hour + 1))
    return runs


def _empty(before: np.ndarray, rows: float, seen: np.ndarray, hours: slice) -> tuple[float, float]:
    """Rows due in a stretch of hours of a day, and the chance that it is empty.

    Parameters
    ----------
    before : shape (R, 24), rows of the reference's days; rows : of this day; seen : shape (24,), hours that count
    """
    within, whole = before[:, hours].sum(axis=1), before[:, seen].sum(axis=1)
    share = within.sum() / max(whole.sum(), 1.0)
    if share >= 0.5:  # what is left of the day says little of what it was to be
        rows = float(np.median(whole)) * (1 - share)
    whole_day = rows / max(1 - share, 1e-9)
    if whole_day * share < _FEWEST:
        return float(whole_day * share), 1.0
    shape, rate = gamma_rates(within[None], whole[None])
    log_p = float(-shape[0] * np.log1p(whole_day * rate[0] / shape[0]))
    none = int((within == 0).sum())
    if none:
        log_p = max(log_p, float(np.log((none + 1) / (len(before) + 2))))
    return float(whole_day * rate[0]), float(np.exp(log_p))
