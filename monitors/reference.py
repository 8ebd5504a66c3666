"""Which windows are compared with which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from monitors.config import Config
from monitors.errors import UserError
from monitors.windows import Grain

DEFAULT_WINDOWS = {"h": 14 * 24, "d": 60, "w": 26, "mo": 6, "rows": 10}
"""Windows that are the reference when none is configured; at most half of the log's."""

FEWEST = 3
"""A rolling reference of fewer windows judges nothing."""

RENEWED = 2
"""A reference of the windows before is renewed each time that this part of it (a half) could be new: windows in between
share it, and are measured at once."""

HOLIDAY, ALERT = "holiday", "alert"
"""Why a window is not learned from."""

_POOLED = {("1d", "h"), ("1w", "h"), ("1w", "d")}
"""Seasons within which windows are compared by weekday and hour (``integrity.phase``)."""


@dataclass(frozen=True)
class Plan:
    """The reference of every window.

    Attributes
    ----------
    frozen : starts of the windows that bins are frozen on; empty when they are frozen on a data set of their own
    previous : a rolling reference of that many windows, 0 when it does not roll
    season, count : a reference of the same season's windows, ``""`` when it is none
    words : the reference as a caption says it
    lag : windows that lie at least between a rolling reference and the window that it judges
    holidays : name by start of the windows that are holidays: nothing is learned from them
    accepted : instants (or row numbers) from which people said that what is new is normal: ``rolling.roll``
    references, left_out, standing : of a rolling reference that was worked out: each judged window's reference; the
        windows that later ones do not learn from, and why (``HOLIDAY`` or ``ALERT``); and, where alerts keep a
        reference from being renewed, since which window
    renewed : starts of the windows from which a rolling reference began anew, because people accepted what was new
    pooled : a season's reference holds windows of all its weekdays and hours, not of the judged window's alone: for
        monitors that compare each with its own. Without that, weekdays' differences would pass for habit and hide a
        Monday that looks like a Sunday
    """

    frozen: tuple[int, ...]
    previous: int = 0
    season: str = ""
    count: int = 0
    words: str = ""
    lag: int = 0
    holidays: Mapping[int, str] = field(default_factory=dict)
    accepted: tuple[int, ...] = ()
    references: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    left_out: Mapping[int, str] = field(default_factory=dict)
    standing: Mapping[int, int] = field(default_factory=dict)
    renewed: tuple[int, ...] = ()
    pooled: bool = False

    @property
    def rolls(self) -> bool:
        """Whether each window has a reference of its own."""
        return bool(self.previous or self.season)

    @property
    def learned(self) -> tuple[int, ...]:
        """The frozen windows that are no holidays: what a reference that does not roll is; all, when few are left."""
        kept = tuple(start for start in self.frozen if start not in self.holidays)
        return kept if len(kept) >= min(FEWEST, len(self.frozen)) else self.frozen

    @property
    def told(self) -> str:
        """The reference as a caption says it, with what is left out of it and why."""
        if self.rolls:
            reasons = list(self.left_out.values())
            counts = {why: reasons.count(why) for why in (HOLIDAY, ALERT)}
        else:
            counts = {HOLIDAY: len(self.frozen) - len(self.learned), ALERT: 0}
        names = {HOLIDAY: ("holiday", "holidays"), ALERT: ("window with open alerts", "windows with open alerts")}
        parts = [f"{n} {names[why][n > 1]}" for why, n in counts.items() if n]
        return f"{self.words} ({', '.join(parts)} not learned from)" if parts else self.words

    def of(self, start: int, starts: Sequence[int], grain: Grain) -> list[int]:
        """The reference of the window at ``start``, oldest first.

        Parameters
        ----------
        starts : windows that can be learned from, ascending; what is not before ``start`` is passed over
        """
        if start in self.references:
            return list(self.references[start])
        if not self.rolls:
            return list(self.learned)
        past = np.asarray(starts, np.int64)
        if self.previous:
            return past[past < start][-self.previous :].tolist()
        season = Grain.parse(self.season, grain.timezone)
        # the season that the window lies in is not over: none of its windows is part of the reference
        past = past[past < season.starts(np.array([start]))[0]]
        phases = season_phase(np.append(past, start), grain, season)
        if not self.pools(grain):
            return past[phases[:-1] == phases[-1]][-self.count :].tolist()
        later = pd.Series(phases[:-1][::-1]).groupby(phases[:-1][::-1]).cumcount().to_numpy()[::-1]
        return past[later < self.count].tolist()

    def pools(self, grain: Grain) -> bool:
        """Whether the reference holds windows of all weekdays and hours, each of which is compared with its own."""
        return self.pooled and (self.season, grain.unit) in _POOLED and not (grain.unit == "d" and grain.count > 1)

    def enough(self, chosen: Sequence[int], grain: Grain) -> bool:
        """Whether a rolling reference has windows enough to judge by: half of what it should have, at least three."""
        if not self.pools(grain):
            return len(chosen) >= max(FEWEST, (self.previous or self.count) // 2)
        season = Grain.parse(self.season, grain.timezone)
        seasons = len(np.unique(season.starts(np.asarray(chosen, np.int64))))
        return seasons >= max(2, min(FEWEST, self.count), self.count // 2)

    def cells(self, starts: np.ndarray, grain: Grain) -> np.ndarray:
        """Numbers of the stretches of windows that share a reference, shape (W,), ascending from 0."""
        if self.pools(grain):
            season = Grain.parse(self.season, grain.timezone).starts(starts)
            return np.unique(season, return_inverse=True)[1]
        return np.arange(len(starts)) // max(1, self.previous // RENEWED)


def season_phase(starts: np.ndarray, grain: Grain, season: Grain) -> np.ndarray:
    """Where in its season each window begins, in µs of the wall clock since the season's beginning, shape (W,).

    A day on which the clock changes moves no phase: nine o'clock is nine o'clock.
    """

    def wall(micros: np.ndarray) -> np.ndarray:
        moment = pd.DatetimeIndex(pd.to_datetime(micros, unit="us", utc=True)).tz_convert(grain.timezone)
        return np.asarray(moment.tz_localize(None).to_numpy().astype("M8[us]").astype(np.int64))

    return wall(starts) - wall(season.starts(starts))


def plan(
    config: Config, grain: Grain, starts: Sequence[int], holidays: Mapping[int, str] | None = None,
    accepted: Sequence[int] = (),
) -> Plan:  # fmt: skip
    """Resolve the configured reference against the windows that have rows.

    Parameters
    ----------
    holidays : name by start of windows that are holidays
    accepted : instants (or row numbers) of deploys and changes of the product that people noted, ascending

    Raises
    ------
    UserError
        when the reference holds no window of the log, or is the whole of it.
    """
    chosen = _plan(config, grain, starts)
    return replace(chosen, holidays=dict(holidays or {}), accepted=tuple(accepted) if chosen.rolls else ())


def first_windows(starts: Sequence[int], grain: Grain) -> tuple[int, ...]:
    """The log's first windows, as many as are a reference where none is configured."""
    return tuple(starts[: max(1, min(DEFAULT_WINDOWS[grain.unit], len(starts) // 2))])


def _plan(config: Config, grain: Grain, starts: Sequence[int]) -> Plan:
    reference = config.reference
    if reference.kind == "path":
        begin = len(first_windows(starts, grain))
        changes = f"the first {begin} windows" if begin > 1 else "the first window"
        return Plan((), words=f"training data; change against {changes}")
    if not starts:
        raise UserError(f"{config.source}: the log has no rows that lie in a window, so there is nothing to measure.")
    if reference.kind == "previous":
        return previous_plan(starts, int(reference.previous or 1), reference.lag)
    if reference.kind == "season":
        season = Grain.parse(str(reference.season), grain.timezone)
        return season_plan(starts, season, int(reference.count or 4), reference.lag)
    if reference.kind == "default":
        frozen = first_windows(starts, grain)
    else:
        low, high = reference.bounds(grain)
        inside = [s for s in starts if (low is None or s >= low) and (high is None or s < high)]
        frozen = tuple(s for s in inside if high is None or grain.end(s) <= high) or tuple(inside)
        wanted = f"{config.source}: the reference {reference.start or 'from the beginning'} to {reference.end}"
        if not frozen:
            whole = f"{grain.label(starts[0])} to {grain.label(starts[-1])}"
            raise UserError(f"{wanted} holds no window of the log, which runs from {whole}: choose dates inside it.")
        if len(frozen) == len(starts) and len(starts) > 1:
            raise UserError(
                f"{wanted} covers all of the log's {len(starts)} windows, so none is left to judge: end it earlier."
            )
    first, last = grain.label(frozen[0]), grain.label(frozen[-1])
    return Plan(frozen, words=first if first == last else f"{first} to {last}")


DEFAULT_LAG = 5
"""Windows between a reference of the windows before and the one that it judges, unless configured otherwise, and at
most as many as it has: with fewer, a slow change is learned as fast as it goes (``tests/benchmarks/rolling.py``)."""


def previous_plan(starts: Sequence[int], count: int, lag: int | None = None) -> Plan:
    """The windows before; bins are frozen on the log's first."""
    lag = min(DEFAULT_LAG, count) if lag is None else lag
    return Plan(tuple(starts[:count]), previous=count, lag=lag, words=f"previous {count} windows")


def season_plan(starts: Sequence[int], season: Grain, count: int, lag: int | None = None) -> Plan:
    """The same time of earlier seasons; bins are frozen on the log's first seasons."""
    end = int(season.starts(np.array([starts[0]]))[0])
    for _ in range(count):
        end = season.end(end)
    frozen = tuple(start for start in starts if start < end)
    words = f"same time of the {count} earlier {season.size}"
    return Plan(frozen, season=season.size, count=count, lag=lag or 0, words=words)
