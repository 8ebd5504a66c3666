"""Wall clocks: the offsets of a time zone as spans of constant offset, and instants as text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def micros(moment: dt.datetime) -> int:
    """Microseconds since the epoch of an aware datetime, exactly."""
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


# Beyond these years a time zone keeps the offset that it has there: nobody's calendar is known so far out, and one
# stray timestamp in the year 9000 must not cost the making of seven thousand years of days.
FIRST = micros(dt.datetime(1900, 1, 1, tzinfo=dt.UTC))
LAST = micros(dt.datetime(2100, 1, 1, tzinfo=dt.UTC))


@lru_cache(maxsize=64)
def known(timezone: str) -> bool:
    """Whether the name is a time zone of the IANA data base."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a name such as "Europe" is a folder: OSError
        return False
    return True


@lru_cache(maxsize=64)
def fixed(timezone: str) -> bool:
    """Whether the zone is UTC by another name, for which plain arithmetic does."""
    return timezone in ("UTC", "Etc/UTC", "Zulu", "GMT", "Etc/GMT", "UCT", "Universal")


def covers(at: int) -> bool:
    """Whether an instant lies in the years whose offsets are known."""
    return FIRST <= at < LAST


def offset(timezone: str, at: int) -> int:
    """Microseconds that the wall clock is ahead of UTC at an instant."""
    moment = _EPOCH + dt.timedelta(microseconds=min(max(at, FIRST), LAST - 1))
    delta = moment.astimezone(ZoneInfo(timezone)).utcoffset() or dt.timedelta()
    return delta // dt.timedelta(microseconds=1)


@lru_cache(maxsize=4096)
def _changes(timezone: str, year: int) -> tuple[tuple[int, int], ...]:
    """The instants in a year (UTC) from which another offset holds, with that offset."""
    at = micros(dt.datetime(year, 1, 1, tzinfo=dt.UTC))
    final = micros(dt.datetime(year + 1, 1, 1, tzinfo=dt.UTC))
    before, changes = offset(timezone, at), []
    while at < final:
        after = min(at + DAY, final)
        if offset(timezone, after) != before:
            low, high = at, after  # the clock changes in (low, high]
            while high - low > SECOND:
                middle = (low + high) // 2 // SECOND * SECOND
                low, high = (middle, high) if offset(timezone, middle) == before else (low, middle)
            before = offset(timezone, high)
            changes.append((high, before))
        at = after
    return tuple(changes)


def spans(timezone: str, first: int, last: int) -> Iterator[tuple[int, int, int]]:
    """Cut [first, last] into spans (begin, end, offset) over which the clock runs evenly, in order."""
    begin, now = first, offset(timezone, first)
    years = (1970 + min(max(at, FIRST), LAST - 1) // (365.2425 * DAY) for at in (first, last))
    low, high = (int(y) for y in years)
    for year in range(low - 1, high + 2):
        for at, ahead in _changes(timezone, min(max(year, 1900), 2099)) if 1900 <= year < 2100 else ():
            if begin < at <= last:
                yield begin, at, now
                begin, now = at, ahead
    yield begin, last + 1, now


def local(at: int, timezone: str) -> dt.datetime | None:
    """The instant on the zone's wall clock; None where Python's calendar ends (before year 1, after 9999)."""
    try:
        return (_EPOCH + dt.timedelta(microseconds=int(at))).astimezone(ZoneInfo(timezone))
    except OverflowError:
        return None


def iso(at: int, timezone: str) -> str:
    """ISO 8601 with the zone's offset at that instant."""
    moment = local(at, timezone)
    return f"{at / SECOND:.6f}s" if moment is None else moment.isoformat()


def is_ambiguous(moment: dt.datetime) -> bool:
    """Whether the wall clock reads this time twice."""
    other = moment.replace(fold=1 - moment.fold)
    return other.utcoffset() != moment.utcoffset() and other.astimezone(dt.UTC).astimezone(moment.tzinfo) == other
