"""Instants as SQL literals that compare with a column of times, whatever its type is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from monitors import clock
from monitors.errors import UserError
from monitors.logs.timestamps import to_micros
from monitors.logs.zones import to_utc

Literal = Callable[[int], str]
_ISO = re.compile(r"\d{4}([-/]?)\d\d\1\d\d(?:([ T])\d\d(:?)\d\d(?:\3\d\d(?:[.,]\d+)?)?)?\s*(Z|[+-]00:?(?:00)?)?"
                  r"(?:[+-]\d\d:?(?:\d\d)?)?")  # fmt: skip
_PER_SECOND = (1, 10**3, 10**6, 10**9)
_EPOCH = dt.datetime(1970, 1, 1)


def literals(low: Any, high: Any, kind: pa.DataType, timezone: str) -> Literal:
    """How to write an instant so that the data base compares it with its column of times.

    Parameters
    ----------
    low, high : least and greatest value of the column, as the driver gives them
    kind : their type
    timezone : of times without an offset

    Returns
    -------
    Function of an instant (µs): the literal of the least value that is not before it. Literals of instants in order
    are in order, so that they part the rows; where a clock goes back, or text has several offsets, they part them a
    little beside the instants.

    Raises
    ------
    UserError
        Values do not sort by time: text that does not begin with a year, or no times at all.
    """
    if pa.types.is_timestamp(kind):
        if kind.tz is not None:
            return lambda at: f"'{_written(at)}+00:00'"
        return lambda at: f"'{_written(_wall(at, timezone))}'"
    if pa.types.is_date(kind):
        return lambda at: f"'{_date(_wall(at, timezone)):%Y-%m-%d}'"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _of_number(low or high, kind, timezone)
    match = _ISO.fullmatch(str(low).strip())
    if match is None or _ISO.fullmatch(str(high).strip()) is None:
        raise UserError(
            f'its values, such as "{low}", do not sort by time in a data base; make them times in the query, with CAST'
        )
    dash, mark, colon, zone = match[1], match[2] or " ", match[3] if match[2] else ":", match[4]

    def text(at: int) -> str:
        wall = _moment(at if zone else _wall(at, timezone))
        # what is zero at the end is left out: a shorter text comes before all that it begins
        day = f"{wall:%Y}{dash}{wall:%m}{dash}{wall:%d}"
        time = f"{mark}{wall:%H}{colon}{wall:%M}" if wall.time() != dt.time() else ""
        return f"'{day}{time}{f'{colon}{wall:%S}' if wall.second else ''}'"

    return text


def _of_number(value: float, kind: pa.DataType, timezone: str) -> Literal:
    micros, valid = to_micros(pa.array([value], kind), "UTC")
    if valid[0]:
        for ticks in _PER_SECOND:
            if abs(value * 10**6 / ticks - int(micros[0])) <= 1:
                return partial(_ticks, ticks, pa.types.is_floating(kind))
        if len(str(int(value))) == 8:
            return lambda at: f"{_date(_wall(at, timezone)):%Y%m%d}"
        return lambda at: f"{_moment(_wall(at, timezone)):%Y%m%d%H%M%S}"
    raise UserError(f"its values, such as {value}, are no times; make them times in the query")


def _ticks(per_second: int, fractions: bool, at: int) -> str:
    return repr(at / 10**6 * per_second) if fractions else str(-(-at * per_second // 10**6))


def _wall(at: int, timezone: str) -> int:
    """The least time on the wall, as µs, that is read as this instant or a later one."""
    wall = at + clock.offset(timezone, at)
    # An hour that the clock shows twice is read as its first showing: the second begins where both are over.
    return wall + (at - int(to_utc(np.array([wall]), timezone)[0]))


def _moment(wall: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=wall)


def _written(wall: int) -> str:
    return f"{_moment(wall):%Y-%m-%d %H:%M:%S.%f}"


def _date(wall: int) -> dt.date:
    """The first day that does not begin before this time."""
    return _moment(-(-wall // clock.DAY) * clock.DAY).date()
