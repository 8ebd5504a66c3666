"""Times written as text or numbers, parsed by compiled code, one value at a time."""

from __future__ import annotations

import numpy as np
from numba import njit

INVALID, NAIVE, INSTANT = 0, 1, 2
UNDECIDED, DAY_FIRST, MONTH_FIRST = 0, 1, 2

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_ZERO, _NINE = ord("0"), ord("9")
_DASH, _SLASH, _DOT, _COMMA, _COLON, _PLUS = ord("-"), ord("/"), ord("."), ord(","), ord(":"), ord("+")
_SPACE, _TAB, _T, _Z = ord(" "), ord("\t"), ord("t"), ord("z")
_A, _P, _M, _U, _C, _G = ord("a"), ord("p"), ord("m"), ord("u"), ord("c"), ord("g")


@njit(cache=True, nogil=True)
def parse_texts(
    data: np.ndarray, offsets: np.ndarray, valid: np.ndarray, order: int, out: np.ndarray, kinds: np.ndarray
) -> tuple[int, int, int]:
    """Parse every text of a string array.

    Understood are ISO 8601 dates and times with ``T`` or a blank, any fraction, ``Z``, ``UTC``, ``±hh``, ``±hhmm``,
    ``±hh:mm`` or nothing; the same with slashes or without separators (``20150331T101500``); day.month.year;
    day/month/year or month/day/year with AM and PM; and epoch numbers (see `from_integer`). Digits past the
    microsecond are cut.

    Parameters
    ----------
    data, offsets, valid : uint8, integer (n + 1,) and bool (n,): the array's own buffers
    order : how to read 01/02/2015 and 01-02-2015
    out : int64 (n,), filled with µs: on the wall (NAIVE) or since the epoch (INSTANT)
    kinds : uint8 (n,), filled

    Returns
    -------
    day_first, month_first : values that can only be meant so
    open : values that could be either, INVALID as long as `order` is UNDECIDED
    """
    seen = np.zeros(3, np.int64)
    for i in range(valid.size):
        out[i], kinds[i] = 0, INVALID
        if valid[i]:
            out[i], kinds[i] = _parse(data, offsets[i], offsets[i + 1], order, seen)
    return seen[DAY_FIRST], seen[MONTH_FIRST], seen[UNDECIDED]


@njit(cache=True, nogil=True)
def parse_numbers(values: np.ndarray, valid: np.ndarray, out: np.ndarray, kinds: np.ndarray) -> None:
    """Read int64 or float64 (n,) as times, see `from_integer`; fills `out` and `kinds` as `parse_texts`."""
    for i in range(valid.size):
        out[i], kinds[i] = 0, INVALID
        if not valid[i]:
            continue
        value = values[i]
        if value == np.floor(value):
            if -9.2e18 < value < 9.2e18:
                out[i], kinds[i] = from_integer(int(value), 0)
        elif abs(value) < 9.2e18:  # no NaN, no infinity
            size = abs(value)
            scale = 1e6 if size < 1e11 else (1e3 if size < 1e14 else (1.0 if size < 1e17 else 1e-3))
            out[i], kinds[i] = int(np.rint(value * scale)), INSTANT


@njit(cache=True, nogil=True)
def from_integer(value: int, micros: int) -> tuple[int, int]:
    """Time that an integer stands for, by its size.

    Calendar digits (20150331, 20150331101500) where they are a date of the years 1900 to 2100; else the epoch's
    seconds below 1e11 (year 5138), milliseconds below 1e14, microseconds below 1e17, else nanoseconds.

    Parameters
    ----------
    value : the integer
    micros : the millionths that followed it, for seconds and milliseconds
    """
    if 19000101 <= value <= 21001231 and micros == 0:
        date, good = _date(value // 10000, value // 100 % 100, value % 100)
        if good:
            return date, NAIVE
    if 19000101000000 <= value <= 21001231235959:
        date, good = _date(value // 10**10, value // 10**8 % 100, value // 10**6 % 100)
        clock, right = _clock(value // 10000 % 100, value // 100 % 100, value % 100)
        if good and right:
            return date + clock + micros, NAIVE
    size = abs(value)
    sign = -1 if value < 0 else 1
    if size < 10**11:
        return sign * (size * _SECOND + micros), INSTANT
    if size < 10**14:
        return sign * (size * 1000 + micros // 1000), INSTANT
    if size < 10**17:
        return value, INSTANT
    return value // 1000, INSTANT


@njit(cache=True, nogil=True)
def _date(year: int, month: int, day: int) -> tuple[int, bool]:
    """Midnight in µs; days by H. Hinnant's days_from_civil (howardhinnant.github.io/date_algorithms.html)."""
    if not (1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= 31):
        return 0, False
    if day > 28:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        most = 31 if month in (1, 3, 5, 7, 8, 10, 12) else (30 if month != 2 else (29 if leap else 28))
        if day > most:
            return 0, False
    y = year - (1 if month <= 2 else 0)
    era = y // 400
    in_era = y - era * 400
    in_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    days = era * 146_097 + in_era * 365 + in_era // 4 - in_era // 100 + in_year - 719_468
    return days * _DAY, True


@njit(cache=True, nogil=True)
def _clock(hour: int, minute: int, second: int) -> tuple[int, bool]:
    good = (hour < 24 or (hour == 24 and minute == 0 and second == 0)) and minute < 60 and second <= 60
    return (hour * 3600 + minute * 60 + second) * _SECOND, good


@njit(cache=True, nogil=True)
def _digits(data: np.ndarray, i: int, end: int, most: int) -> tuple[int, int]:
    """Number made of at most `most` digits from position i, and the position after them."""
    value = 0
    stop = min(end, i + most)
    while i < stop and _ZERO <= data[i] <= _NINE:
        value = value * 10 + (data[i] - _ZERO)
        i += 1
    return value, i


@njit(cache=True, nogil=True)
def _fraction(data: np.ndarray, i: int, end: int) -> tuple[int, int]:
    """Millionths of the digits from position i, and the position after all of them."""
    value, stop = _digits(data, i, end, 6)
    for _ in range(6 - (stop - i)):
        value *= 10
    while stop < end and _ZERO <= data[stop] <= _NINE:
        stop += 1
    return value, stop


@njit(cache=True, nogil=True)
def _lower(data: np.ndarray, i: int, end: int) -> int:
    if i >= end:
        return 0
    byte = data[i]
    return byte + 32 if 65 <= byte <= 90 else byte


@njit(cache=True, nogil=True)
def _parse(data: np.ndarray, i: int, end: int, order: int, seen: np.ndarray) -> tuple[int, int]:
    while i < end and (data[i] == _SPACE or data[i] == _TAB):
        i += 1
    while end > i and (data[end - 1] == _SPACE or data[end - 1] == _TAB):
        end -= 1
    if end - i >= 19:
        # What nearly every log writes, YYYY-MM-DD?hh:mm:ss, place by place; it takes a third of the time.
        stamp, good = _stamp(data, i)
        if good:
            micros, at = 0, i + 19
            if at < end and data[at] == _DOT:
                micros, at = _fraction(data, at + 1, end)
            if data[at - 1] != _DOT:
                if at == end:
                    return stamp + micros, NAIVE
                when, kind = _parse_zone(data, _blanks(data, at, end), end, stamp + micros)
                if kind != INVALID:
                    return when, kind
    first, at = _digits(data, i, end, 19)
    run = at - i
    mark = _lower(data, at, end)
    if run == 0 or at == end or run > 8 or mark not in (_DASH, _SLASH, _DOT, _T, _SPACE):
        return _parse_number(data, i, end)

    if run == 8 and mark in (_T, _SPACE):
        date, good = _date(first // 10000, first // 100 % 100, first % 100)
    elif run == 4 or run <= 2:
        second, stop = _digits(data, at + 1, end, 2)
        if stop == at + 1 or mark in (_T, _SPACE):
            return 0, INVALID
        if stop == end or data[stop] != mark:
            if mark == _DOT:
                return _parse_number(data, i, end)
            # 2015-03 is a month.
            if run != 4 or mark != _DASH or stop < end:
                return 0, INVALID
            third, at = 1, stop
        else:
            third, at = _digits(data, stop + 1, end, 4)
            width = at - stop - 1
            if width == 0 or (run == 4 and width > 2) or (run != 4 and width != 4):
                return 0, INVALID
        if run == 4:
            date, good = _date(first, second, third)
        else:
            day, month = first, second
            if mark != _DOT and first != second:
                if first > 12:
                    seen[DAY_FIRST] += 1
                elif second > 12:
                    seen[MONTH_FIRST] += 1
                    day, month = second, first
                else:
                    seen[UNDECIDED] += 1
                    if order == UNDECIDED:
                        return 0, INVALID
                    if order == MONTH_FIRST:
                        day, month = second, first
            date, good = _date(third, month, day)
    else:
        return 0, INVALID
    if not good:
        return 0, INVALID
    if at == end:
        return date, NAIVE
    if _lower(data, at, end) != _T and data[at] != _SPACE:
        return 0, INVALID
    return _parse_clock(data, at + 1, end, date)


@njit(cache=True, nogil=True)
def _stamp(data: np.ndarray, i: int) -> tuple[int, bool]:
    if not (
        data[i + 4] == _DASH
        and data[i + 7] == _DASH
        and (data[i + 10] == _SPACE or _lower(data, i + 10, i + 11) == _T)
        and data[i + 13] == _COLON
        and data[i + 16] == _COLON
    ):
        return 0, False
    for k in (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18):
        if not _ZERO <= data[i + k] <= _NINE:
            return 0, False
    date, good = _date(_pair(data, i) * 100 + _pair(data, i + 2), _pair(data, i + 5), _pair(data, i + 8))
    clock, right = _clock(_pair(data, i + 11), _pair(data, i + 14), _pair(data, i + 17))
    return date + clock, good and right


@njit(cache=True, nogil=True)
def _pair(data: np.ndarray, i: int) -> int:
    return (data[i] - _ZERO) * 10 + (data[i + 1] - _ZERO)


@njit(cache=True, nogil=True)
def _parse_number(data: np.ndarray, i: int, end: int) -> tuple[int, int]:
    negative = i < end and data[i] == _DASH
    start = i + 1 if negative else i
    value, at = _digits(data, start, end, 18)
    if at < end and _ZERO <= data[at] <= _NINE:  # a nineteenth digit: nanoseconds after September 2001
        if value > 922_337_203_685_477_579:
            return 0, INVALID
        value = value * 10 + (data[at] - _ZERO)
        at += 1
    if at == start:
        return 0, INVALID
    micros = 0
    if at < end and data[at] == _DOT:
        micros, at = _fraction(data, at + 1, end)
    if at != end:
        return 0, INVALID
    when, kind = from_integer(value, micros)
    if not negative:
        return when, kind
    return (-when, kind) if kind == INSTANT else (0, INVALID)


@njit(cache=True, nogil=True)
def _parse_clock(data: np.ndarray, i: int, end: int, date: int) -> tuple[int, int]:
    """Time of day and zone from position i on, added to the date."""
    minute = second = micros = 0
    hour, at = _digits(data, i, end, 6)
    run = at - i
    if run == 6:
        hour, minute, second = hour // 10000, hour // 100 % 100, hour % 100
    elif run == 4:
        hour, minute = hour // 100, hour % 100
    elif run == 0 or run > 2:
        return 0, INVALID
    elif at < end and data[at] == _COLON:
        minute, stop = _digits(data, at + 1, end, 2)
        if stop != at + 3:
            return 0, INVALID
        at = stop
        if at < end and data[at] == _COLON:
            second, stop = _digits(data, at + 1, end, 2)
            if stop != at + 3:
                return 0, INVALID
            at = stop
    if at < end and (data[at] == _DOT or data[at] == _COMMA):
        stop = at + 1
        micros, at = _fraction(data, stop, end)
        if at == stop:
            return 0, INVALID
    at = _blanks(data, at, end)
    half = _lower(data, at, end)
    if half in (_A, _P) and _lower(data, at + 1, end) == _M:
        if not 1 <= hour <= 12:
            return 0, INVALID
        hour = hour % 12 + (12 if half == _P else 0)
        at = _blanks(data, at + 2, end)
    clock, good = _clock(hour, minute, second)
    if not good:
        return 0, INVALID
    when = date + clock + micros
    if at == end:
        return when, NAIVE
    return _parse_zone(data, at, end, when)


@njit(cache=True, nogil=True)
def _parse_zone(data: np.ndarray, at: int, end: int, when: int) -> tuple[int, int]:
    mark = _lower(data, at, end)
    if mark == _Z and at + 1 == end:
        return when, INSTANT
    if at + 3 == end:
        middle, last = _lower(data, at + 1, end), _lower(data, at + 2, end)
        if (mark == _U and middle == _T and last == _C) or (mark == _G and middle == _M and last == _T):
            return when, INSTANT
    if mark not in (_PLUS, _DASH):
        return 0, INVALID
    hours, stop = _digits(data, at + 1, end, 4)
    run = stop - at - 1
    minutes = 0
    if run == 4:
        hours, minutes = hours // 100, hours % 100
    elif run != 2:
        return 0, INVALID
    elif stop < end and data[stop] == _COLON:
        minutes, at = _digits(data, stop + 1, end, 2)
        if at != stop + 3:
            return 0, INVALID
        stop = at
    # Go writes the zone's name after its offset ("+0200 CEST").
    stop = _blanks(data, stop, end)
    while stop < end and 97 <= _lower(data, stop, end) <= 122:
        stop += 1
    if stop != end or hours > 18 or minutes > 59:
        return 0, INVALID
    shift = (hours * 60 + minutes) * 60 * _SECOND
    return (when - shift, INSTANT) if mark == _PLUS else (when + shift, INSTANT)


@njit(cache=True, nogil=True)
def _blanks(data: np.ndarray, at: int, end: int) -> int:
    while at < end and data[at] == _SPACE:
        at += 1
    return at
