"""How large windows are to be, and which of them are the reference."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np

from monitors.guess.sample import Sample
from monitors.guess.times import Clock
from monitors.windows import Grain

ENOUGH_ROWS = 500  # below this a window shows only large shifts
FEW_ROWS = 100  # below this it shows hardly any
ENOUGH_WINDOWS = 24  # a third of them are the reference, and eight windows show what habit is
FEW_WINDOWS = 12
YEAR = dt.timedelta(days=366)


class Windows(NamedTuple):
    """Size of windows, and why."""

    size: str
    why: str


class Reference(NamedTuple):
    """First and last day (or first row and the row after the last) of the reference, and why."""

    start: str | int
    end: str | int
    why: str


def by_time(clock: Clock, taken: Sample) -> Windows:
    """The finest of day, week and month (and hour, for short logs) whose windows have enough rows and are enough."""
    sizes = ["1d", "1w", "1mo"] if clock.is_daily else ["1h", "1d", "1w", "1mo"]
    found = {}
    for size in sizes:
        windows = len(_windows(clock, taken, Grain.parse(size)))
        found[size] = windows, taken.rows / windows
    # Hours come last: their habits (night and day) hide what lasts, unless the log is too short for days.
    preferred = [size for size in ("1d", "1w", "1mo", "1h") if size in found]
    for least_rows, least_windows in (
        (ENOUGH_ROWS, ENOUGH_WINDOWS), (FEW_ROWS, ENOUGH_WINDOWS), (ENOUGH_ROWS, FEW_WINDOWS), (FEW_ROWS, FEW_WINDOWS),
    ):  # fmt: skip
        for size in preferred:
            windows, each = found[size]
            if each >= least_rows and windows >= least_windows:
                few = f", fewer than {ENOUGH_ROWS}: small shifts will not show" if each < ENOUGH_ROWS else ""
                return Windows(size, f"{windows:,} windows of about {each:,.0f} rows{few}")
    size = max(preferred, key=lambda s: min(found[s][0] / FEW_WINDOWS, 1) * min(found[s][1] / FEW_ROWS, 1))
    windows, each = found[size]
    return Windows(
        size,
        f"{windows:,} windows of about {each:,.0f} rows: the log is small, so only large shifts will show",
    )


def by_rows(rows: int) -> Windows:
    """A round number of rows: a thousand where that gives enough windows, up to ten thousand for long logs."""
    for size in (10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50):
        if rows / size >= (100 if size > 1_000 else ENOUGH_WINDOWS):
            return Windows(f"{size} rows", f"{rows / size:,.0f} windows")
    size = max(10, rows // FEW_WINDOWS)
    return Windows(
        f"{size} rows", f"{max(rows // size, 1):,} windows: the log is small, so only large shifts will show"
    )


def reference_by_time(clock: Clock, taken: Sample, size: str, marked: np.ndarray | None = None) -> Reference:
    """The first third of the windows, a year at most; or the rows that a column marks as reference.

    Parameters
    ----------
    marked : bool [n], rows that the log itself calls its reference
    """
    grain = Grain.parse(size)
    times = clock.micros[clock.valid]
    starts = _windows(clock, taken, grain)
    first = times.min()
    if marked is not None and marked[clock.valid].any():
        inside = times[marked[clock.valid]]
        first, last = inside.min(), inside.max()
        return Reference(_day(first), _day(last), "the log marks these rows as its reference")
    count = max(1, min(len(starts) - 1, round(len(starts) / 3)))
    count = max(count, min(8, len(starts) // 2))
    limit = first + YEAR // dt.timedelta(microseconds=1)
    in_a_year = int((starts < limit).sum())
    end = grain.end(int(starts[min(count, in_a_year) - 1])) - 1
    share = "year" if in_a_year < count else "third" if len(starts) >= 24 else f"{count}"
    why = f"the first {share} of {len(starts):,} windows: move it to a time when all was well"
    start, final = _day(first), _day(end)
    if size.endswith("h"):
        final = str(np.datetime64(end + 1, "us").astype("M8[s]"))  # as a time, the end is not part of it
    return Reference(start, final, why)


def reference_by_rows(rows: int, size: str) -> Reference:
    """The first third of the windows."""
    step = int(size.split()[0])
    windows = max(rows // step, 1)
    count = max(1, min(round(windows / 3), 60), min(8, windows // 2))
    return Reference(0, count * step, f"the first {count} of {windows:,} windows: move it to rows when all was well")


def _windows(clock: Clock, taken: Sample, grain: Grain) -> np.ndarray:
    """Starts of the log's windows: those seen, and where files were left out all between the first and the last."""
    times = clock.micros[clock.valid]
    if taken.is_whole:
        return np.unique(grain.starts(times))
    first, last = np.quantile(times, [0.001, 0.999])  # a stray timestamp is not a century of windows
    return grain.range(int(first), int(last))


def _day(micros: int) -> str:
    return str(np.datetime64(int(micros), "us").astype("M8[D]"))
