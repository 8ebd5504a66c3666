"""Which windows are compared with which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monitors.config import Config
from monitors.errors import UserError
from monitors.windows import Grain

DEFAULT_WINDOWS = {"h": 14 * 24, "d": 28, "w": 12, "mo": 6, "rows": 10}
"""Windows that are the reference when none is configured; at most half of the log's."""

FEWEST = 3
"""A rolling reference of fewer windows judges nothing."""


@dataclass(frozen=True)
class Plan:
    """The reference of every window.

    Attributes
    ----------
    frozen : starts of the windows that bins are frozen on; empty when they are frozen on a data set of their own
    previous : a rolling reference of that many windows, 0 when it does not roll
    season, count : a reference of the same season's windows, ``""`` when it is none
    words : the reference as a caption says it
    """

    frozen: tuple[int, ...]
    previous: int = 0
    season: str = ""
    count: int = 0
    words: str = ""

    @property
    def rolls(self) -> bool:
        """Whether each window has a reference of its own."""
        return bool(self.previous or self.season)

    def of(self, start: int, starts: Sequence[int], grain: Grain) -> list[int]:
        """The reference of the window at ``start``, of those that exist (``starts``, ascending), oldest first."""
        if self.previous:
            place = int(np.searchsorted(starts, start))
            return [int(s) for s in starts[max(0, place - self.previous) : place]]
        if self.season:
            season = Grain.parse(self.season, grain.timezone)
            have, begin, found = set(starts), int(season.starts(np.array([start]))[0]), []
            offset = start - begin
            for _ in range(self.count):
                begin = int(season.starts(np.array([begin - 1]))[0])
                # a day of clock change moves the hour: the window that holds the instant is meant
                moment = int(grain.starts(np.array([begin + offset]))[0])
                if moment in have:
                    found.append(moment)
            return found[::-1]
        return list(self.frozen)


def plan(config: Config, grain: Grain, starts: Sequence[int]) -> Plan:
    """Resolve the configured reference against the windows that have rows.

    Raises
    ------
    UserError
        when the reference holds no window of the log, or is the whole of it.
    """
    reference = config.reference
    if reference.kind == "path":
        return Plan((), words="training data")
    if not starts:
        raise UserError(f"{config.source}: the log has no rows that lie in a window, so there is nothing to measure.")
    if reference.kind == "previous":
        count = int(reference.previous or 1)
        return Plan(tuple(starts[:count]), previous=count, words=f"previous {count} windows")
    if reference.kind == "season":
        season = Grain.parse(str(reference.season), grain.timezone)
        count = int(reference.count or 4)
        begin = int(season.starts(np.array([starts[0]]))[0])
        end = begin
        for _ in range(count):
            end = season.end(end)
        frozen = tuple(start for start in starts if start < end)
        return Plan(frozen, season=season.size, count=count, words=f"same time of the {count} earlier {season.size}")
    if reference.kind == "default":
        count = max(1, min(DEFAULT_WINDOWS[grain.unit], len(starts) // 2))
        frozen = tuple(starts[:count])
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
