"""Local times to instants, by the time zone database that Python itself uses."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numba import njit

from monitors.errors import UserError

_SECOND = 1_000_000
_STEP = 7 * 86_400
_FIRST = int(datetime(1900, 1, 1, tzinfo=UTC).timestamp())
_LAST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
_YEAR = 365 * 86_400 * _SECOND
_FROM, _YEARS = _FIRST * _SECOND, (_LAST - _FIRST) * _SECOND // _YEAR


def to_utc(local: np.ndarray, timezone: str) -> np.ndarray:
    """Instants of local wall-clock times.

    Where clocks go back, a time that occurs twice is its first occurrence; where they go forward, a time that never
    occurs is read with the offset before the change (02:30 becomes 03:30), as ``datetime`` with ``fold=0`` does.
    Offsets before 1900 and after 2100 are those of these years.

    Parameters
    ----------
    local : int64 (n,), µs since 1970-01-01 00:00 on the wall
    timezone : IANA name

    Returns
    -------
    int64 (n,), µs since the epoch in UTC

    Raises
    ------
    UserError
        There is no such time zone.
    """
    if not local.size:
        return local.copy()
    first, last = (min(max(int(wall) // _YEAR, 0), _YEARS) for wall in (local.min() - _FROM, local.max() - _FROM))
    walls, offsets = _changes(timezone, first, last)
    return _shift(local, walls, offsets)


@lru_cache(maxsize=64)
def _changes(timezone: str, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    """Wall-clock µs from which each next offset holds (k,), and the offsets in µs (k + 1,).

    Looked up with a year's margin around the years wanted, both counted from the first one there is.
    """
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        raise UserError(
            f"'{timezone}' is no time zone: give a name of the IANA database, such as 'Europe/Paris' or 'UTC'."
        ) from None

    def offset(second: int) -> int:
        shift = datetime.fromtimestamp(second, zone).utcoffset()
        return 0 if shift is None else round(shift.total_seconds())

    walls = []
    begin, end = (_FIRST + year * _YEAR // _SECOND // _STEP * _STEP for year in (max(first - 1, 0), last + 2))
    offsets = [offset(begin)]
    for second in range(begin, min(end, _LAST), _STEP):
        before, after = offsets[-1], offset(second + _STEP)
        if before == after:
            continue
        low, high = second, second + _STEP
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == before else (low, middle)
        walls.append((high + max(before, after)) * _SECOND)
        offsets.append(after)
    return np.array(walls, np.int64), np.array(offsets, np.int64) * _SECOND


@njit(cache=True, nogil=True)
def _shift(local: np.ndarray, walls: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    out = np.empty(local.size, np.int64)
    k = 0
    for i in range(local.size):
        wall = local[i]
        # Logs are nearly in order: the last one's offset is nearly always this one's.
        if (k > 0 and wall < walls[k - 1]) or (k < walls.size and wall >= walls[k]):
            k = np.searchsorted(walls, wall, side="right")
        out[i] = wall - offsets[k]
    return out
