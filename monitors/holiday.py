"""Holidays: days that people noted, and those of a country where the configuration names one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from monitors.errors import UserError
from monitors.windows import Grain, instant

_MOST = 0.5
"""Part of a window's time that makes it a holiday: a week with one holiday in it is a week like others."""


def holiday_windows(
    starts: Sequence[int], grain: Grain, noted: Iterable[tuple[int, str]] = (), country: str | None = None
) -> dict[int, str]:
    """Which windows are holidays, by their start, with the holiday's name.

    A holiday lasts from midnight to midnight of the grain's time zone. Windows of a day or less that lie in it are
    holidays; longer ones where half of their time or more is.

    Parameters
    ----------
    starts : of the windows, ascending
    noted : instants (µs; row numbers for windows of rows) and names of holidays that people noted
    country : a code such as ``US`` or ``DE-BY``, as the package ``holidays`` has it

    Raises
    ------
    UserError
        when a country is given and the package is not installed or does not know it
    """
    at = np.asarray(starts, np.int64)
    if not len(at):
        return {}
    if grain.kind == "rows":
        marked = {int(grain.starts(np.array([row]))[0]): name for row, name in noted}
        return {start: marked[start] for start in at.tolist() if start in marked}
    ends = grain.ends(at)
    day = Grain("calendar", "1d", grain.timezone)
    days = {int(day.starts(np.array([when]))[0]): name for when, name in noted}
    if country is not None:
        days = country_days(country, int(at[0]), int(ends[-1]), grain.timezone) | days
    covered = np.zeros(len(at), np.int64)
    names: dict[int, str] = {}
    for start in sorted(days):
        end = day.end(start)
        for w in range(int(np.searchsorted(ends, start, "right")), int(np.searchsorted(at, end, "left"))):
            covered[w] += min(end, int(ends[w])) - max(start, int(at[w]))
            names.setdefault(w, days[start])
    whole = covered >= _MOST * (ends - at)
    return {int(at[w]): name for w, name in names.items() if whole[w]}


def country_days(country: str, first: int, last: int, timezone: str) -> dict[int, str]:
    """Public holidays of a country between two instants: the start of each day (µs) and its name."""
    try:
        import holidays
    except ImportError:
        raise UserError(
            f'reference.holidays is "{country}", for which the package "holidays" is needed: '
            "pip install 'driftmeter[holidays]', or leave it out and note holidays by hand"
        ) from None
    code, _, part = country.partition("-")
    years = range(_year(first) - 1, _year(last) + 2)
    try:
        known = holidays.country_holidays(code, subdiv=part or None, years=years)
    except NotImplementedError:
        raise UserError(
            f'reference.holidays is "{country}", which is no country that the package "holidays" knows; '
            "give a code such as US, DE or DE-BY"
        ) from None
    return {instant(date, timezone): str(name) for date, name in sorted(known.items())}


def _year(micros: int) -> int:
    return int(np.datetime64(micros, "us").astype("M8[Y]").astype(int)) + 1970
