"""Windows of time or of rows: where each starts and ends, how it is called, what it adds up to.

A calendar window follows the wall clock of its time zone: a day in Berlin has 23, 24 or 25 hours, and every day
begins at the first instant at which the clock there reads that date. Sizes of more than one unit count from a fixed
origin, so that the same row falls into the same window whatever the log begins with:

====== ======================================================================================================
size   windows start
====== ======================================================================================================
``Nh`` where the clock reads a multiple of N hours since 1970-01-01 00:00 (N = 6: 00:00, 06:00, 12:00, 18:00)
``Nd`` at midnight, every N days from 1970-01-01
``Nw`` at midnight of a Monday, every N weeks from 1969-12-29
``Nmo`` at midnight of a first of a month, every N months from 1970-01 (N = 3: quarters of the year)
====== ======================================================================================================

An hour that the clock shows twice is two windows; an hour that it skips is none.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from monitors import clock
from monitors.clock import DAY, HOUR
from monitors.errors import UserError

Int64 = npt.NDArray[np.int64]

SIZES = "a number of hours, days, weeks or months such as 1h, 1d, 1w or 1mo, or a number of rows such as 1000 rows"
_SIZE = re.compile(r"(\d{1,12})\s*(h|d|w|mo|rows?)")
_FIXED = {"h": HOUR, "d": DAY, "w": 7 * DAY}
_ORIGIN = {"h": 0, "d": 0, "w": -3 * DAY}  # 1970-01-01 was a Thursday: the Monday before it
_ROW_SLOTS = 100
_COARSER = {"1h": ("1d", "1w", "1mo"), "1d": ("1w", "1mo", "3mo"), "1w": ("4w",), "1mo": ("3mo", "12mo")}


@dataclass(frozen=True)
class Grain:
    """The size of a window.

    Parameters
    ----------
    kind : "calendar" or "rows"
    size : canonical, such as "1d" or "1000 rows"
    timezone : IANA name; the wall clock that calendar windows follow
    """

    kind: str
    size: str
    timezone: str = "UTC"

    @classmethod
    def parse(cls, size: str, timezone: str = "UTC") -> Grain:
        """Read a size as written in the configuration; raises UserError on anything else."""
        match = _SIZE.fullmatch(size.strip().lower())
        count = int(match[1]) if match else 0
        if match is None or count == 0:
            raise UserError(f'the window size "{size}" is none; give {SIZES}')
        if not clock.known(timezone):
            raise UserError(f'there is no time zone "{timezone}"; give an IANA name such as Europe/Berlin')
        if match[2].startswith("row"):
            return cls("rows", f"{count} rows", timezone)
        if count * {"h": 1, "d": 24, "w": 168, "mo": 744}[match[2]] > 876_000:
            raise UserError(f'the window size "{size}" is longer than a hundred years; give {SIZES}')
        return cls("calendar", f"{count}{match[2]}", timezone)

    @property
    def count(self) -> int:
        """How many units a window spans."""
        return int(self._parts()[0])

    @property
    def unit(self) -> str:
        """ "h", "d", "w", "mo" or "rows"."""
        return self._parts()[1]

    def _parts(self) -> tuple[str, str]:
        match = _SIZE.fullmatch(self.size)
        if match is None:
            raise UserError(f'the window size "{self.size}" is none; give {SIZES}')
        return match[1], "rows" if match[2] == "row" else match[2]

    # ----- bounds -----------------------------------------------------------------------------------------------

    def starts(self, micros: npt.ArrayLike) -> Int64:
        """The start of the window in which each row lies.

        Parameters
        ----------
        micros : int64 [n], microseconds since the epoch in UTC (calendar) or row numbers (rows), in any order

        Returns
        -------
        int64 [n], in the same unit
        """
        times = np.asarray(micros, dtype=np.int64)
        if self.kind == "rows":
            return times // self.count * self.count
        if times.size == 0 or clock.fixed(self.timezone):
            return self._floor(times)
        first, last = int(times.min()), int(times.max())
        inside = clock.covers(first) and clock.covers(last)
        if inside:
            edges = self._edges(first, last)
            return edges[np.searchsorted(edges, times, side="right") - 1]
        return self._starts_beyond(times)

    def _starts_beyond(self, times: Int64) -> Int64:
        """As `starts`, when some rows lie before 1900 or after 2100: those by the offset of that year."""
        early, late = times < clock.FIRST, times >= clock.LAST
        out = np.empty_like(times)
        middle = ~(early | late)
        out[middle] = self.starts(times[middle])
        for mask, at in ((early, clock.FIRST), (late, clock.LAST - 1)):
            offset = clock.offset(self.timezone, at)
            out[mask] = self._floor(times[mask] + offset) - offset
        return out

    def ends(self, starts: npt.ArrayLike) -> Int64:
        """The end (exclusive) of each window that begins at `starts` [n]."""
        at = np.asarray(starts, dtype=np.int64)
        if self.kind == "rows":
            return at + self.count
        if clock.fixed(self.timezone):
            return self._next(at)
        if at.size == 0:
            return at
        # Two units on is past the next edge whatever the clock does; that edge is the last one at or before it.
        ahead = at + (self.count + 1) * (31 * DAY if self.unit == "mo" else _FIXED[self.unit]) + DAY
        first, last = int(at.min()), int(ahead.max())
        if clock.covers(first) and clock.covers(last):
            edges = self._edges(first, last)
            return edges[np.searchsorted(edges, at, side="right")]
        offset = np.array([clock.offset(self.timezone, int(t)) for t in at], dtype=np.int64)
        return self._next(self._floor(at + offset)) - offset

    def end(self, start: int) -> int:
        """The end (exclusive) of the window that begins at `start`."""
        return int(self.ends(np.array([start]))[0])

    def range(self, first: int, last: int) -> Int64:
        """The starts of all windows from the one that holds `first` to the one that holds `last`, both included."""
        if last < first:
            return np.empty(0, dtype=np.int64)
        begin, final = (int(x) for x in self.starts(np.array([first, last])))
        if self.kind == "rows":
            return np.arange(begin, final + 1, self.count, dtype=np.int64)
        if not clock.fixed(self.timezone) and clock.covers(begin) and clock.covers(last):
            edges = self._edges(begin, last)
            return edges[(edges >= begin) & (edges <= final)]
        if self.unit in _FIXED and clock.fixed(self.timezone):
            return np.arange(begin, final + 1, self.count * _FIXED[self.unit], dtype=np.int64)
        out = [begin]
        while out[-1] < final:
            out.append(self.end(out[-1]))
        return np.array(out, dtype=np.int64)

    def _floor(self, wall: Int64) -> Int64:
        """The latest multiple of the size at or before each wall-clock time (as if it were UTC)."""
        if self.unit == "mo":
            months = wall.view("M8[us]").astype("M8[M]").astype(np.int64) // self.count * self.count
            return months.astype("M8[M]").astype("M8[us]").astype(np.int64)
        size, origin = self.count * _FIXED[self.unit], _ORIGIN[self.unit]
        return (wall - origin) // size * size + origin

    def _next(self, wall: Int64) -> Int64:
        """The multiple of the size after each multiple."""
        if self.unit == "mo":
            months = wall.view("M8[us]").astype("M8[M]").astype(np.int64) + self.count
            return months.astype("M8[M]").astype("M8[us]").astype(np.int64)
        return wall + self.count * _FIXED[self.unit]

    def _edges(self, first: int, last: int) -> Int64:
        """Sorted starts of the windows that hold any instant of [first, last], and at least one more on each side."""
        margin = 2 * (self.count + 1) * (31 * DAY if self.unit == "mo" else _FIXED[self.unit]) + 2 * DAY
        pieces, reached = [], -(2**62)
        for begin, end, offset in clock.spans(self.timezone, first - margin, last + margin):
            low, high = begin + offset, end + offset  # what the clock reads over this span of constant offset
            walls = self._walls(low, high)
            # A multiple that the clock jumped over begins where the clock landed.
            skipped = self._floor(np.array([low]))[0] > reached > -(2**62)
            if skipped and (len(walls) == 0 or walls[0] > low):
                walls = np.concatenate([[low], walls])
            if self.unit != "h":  # a date begins once, however often the clock returns to its midnight
                walls = walls[self._floor(walls) > reached]
            pieces.append(walls - offset)
            reached = max(reached, int(self._floor(np.array([high - 1]))[0]))
        return np.concatenate(pieces)

    def _walls(self, low: int, high: int) -> Int64:
        """Multiples of the size in [low, high) of the wall clock."""
        if self.unit == "mo":
            a, b = self._floor(np.array([low, high])).view("M8[us]").astype("M8[M]").astype(np.int64)
            months = np.arange(a, b + 1, self.count, dtype=np.int64)
            walls: Int64 = months.astype("M8[M]").astype("M8[us]").astype(np.int64)
        else:
            a, b = self._floor(np.array([low, high]))
            walls = np.arange(a, b + 1, self.count * _FIXED[self.unit], dtype=np.int64)
        return walls[(walls >= low) & (walls < high)]

    # ----- what lies inside a window ----------------------------------------------------------------------------

    def slots(self, positions: npt.ArrayLike, starts: npt.ArrayLike) -> Int64 | None:
        """Where the part of its window begins in which each row lies: hours, or hundredths of a window of rows.

        Parameters
        ----------
        positions : int64 [n], instants or row numbers; starts : int64 [n], of their windows

        Returns
        -------
        int64 [n]; None where a window has no parts: it is one hour or one row
        """
        at, begin = np.asarray(positions, dtype=np.int64), np.asarray(starts, dtype=np.int64)
        if self.size in ("1h", "1 rows"):
            return None
        width = max(1, self.count // _ROW_SLOTS) if self.kind == "rows" else HOUR
        return begin + (at - begin) // width * width

    def slot_end(self, slot: int) -> int:
        """The end (exclusive) of the part of a window that begins at `slot`."""
        return slot + (max(1, self.count // _ROW_SLOTS) if self.kind == "rows" else HOUR)

    # ----- coarser grains ---------------------------------------------------------------------------------------

    def coarser(self) -> list[Grain]:
        """The grains offered on top of this one whose windows are exact sums of its windows, finest first."""
        if self.kind == "rows":
            return [Grain("rows", f"{self.count * k} rows", self.timezone) for k in (2, 5, 10)]
        if self.unit == "h" and 24 % self.count == 0:
            sizes: tuple[str, ...] = _COARSER["1h"]
        elif self.count > 1 and self.unit in ("d", "w"):
            sizes = (f"{self.count * 2}{self.unit}", f"{self.count * 4}{self.unit}")
        elif self.unit == "mo":
            sizes = tuple(s for s in _COARSER["1mo"] if int(s[:-2]) > self.count and int(s[:-2]) % self.count == 0)
        else:
            sizes = _COARSER.get(self.size, ())
        return [Grain("calendar", size, self.timezone) for size in sizes]

    def regroup(self, starts: npt.ArrayLike, coarse: Grain) -> Int64:
        """The start of the coarse window to which each of this grain's windows (`starts` [n]) belongs."""
        if coarse != self and coarse not in self.coarser():
            raise UserError(f"windows of {self.size} do not add up to windows of {coarse.size}")
        return coarse.starts(starts)

    # ----- words ------------------------------------------------------------------------------------------------

    def label(self, start: int) -> str:
        """A window's name for people: "2015-03-01", "2015-03", "week of 2015-03-02", "rows 1,000–1,999"."""
        if self.kind == "rows":
            return f"rows {start:,}–{start + self.count - 1:,}"
        moment = clock.local(start, self.timezone)
        if moment is None:
            return str(np.datetime64(start, "us"))
        if self.unit == "h":
            twice = clock.is_ambiguous(moment)
            return f"{moment:%Y-%m-%d %H:%M}" + (f" {moment:%Z}" if twice else "")
        style = "%Y-%m" if self.unit == "mo" else "%Y-%m-%d"
        if self.count == 1:
            return ("week of " if self.unit == "w" else "") + moment.strftime(style)
        final = clock.local(self.end(start) - 1, self.timezone) or moment
        return f"{moment.strftime(style)} – {final.strftime(style)}"

    def iso(self, start: int) -> str | int:
        """A bound as ISO 8601 with the zone's offset; the row number itself for windows of rows."""
        return int(start) if self.kind == "rows" else clock.iso(int(start), self.timezone)


def instant(value: Any, timezone: str, *, end: bool = False) -> int:
    """Microseconds since the epoch of a date or time as a person writes it.

    Parameters
    ----------
    value : a date, a datetime, or ISO 8601 text; read in `timezone` unless it carries an offset
    end : a date without a time means the end of that day (exclusive), not its beginning

    Raises
    ------
    UserError : when it is not a date or time
    """
    if isinstance(value, str):
        try:
            value = dt.date.fromisoformat(value.strip())
        except ValueError:
            try:
                value = dt.datetime.fromisoformat(value.strip())
            except ValueError:
                raise UserError(f'"{value}" is no date or time; write 2015-03-31 or 2015-03-31T12:00') from None
    if isinstance(value, dt.datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=ZoneInfo(timezone))
        return clock.micros(moment)
    if isinstance(value, dt.date):
        day = Grain("calendar", "1d", timezone)
        midday = clock.micros(dt.datetime.combine(value, dt.time(12), ZoneInfo(timezone)))
        start = int(day.starts(np.array([midday]))[0])
        return day.end(start) if end else start
    raise UserError(f"{value!r} is no date or time; write 2015-03-31 or 2015-03-31T12:00")
