"""Which column says when a row was written, and which ones only repeat parts of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from monitors.guess.columns import Column
from monitors.logs.timestamps import to_micros

NAMES = (
    "timestamp", "ts", "event_timestamp", "event_time", "request_time", "prediction_time", "logged_at",
    "datetime", "time", "created_at", "date", "day", "dt",
)  # fmt: skip
WORDS = {
    "timestamp",
    "ts",
    "time",
    "datetime",
    "date",
    "day",
    "dt",
    "at",
    "when",
    "created",
    "epoch",
    "logged",
}
# Times of something else than the row's writing.
OTHER = {
    "label", "outcome", "status", "birth", "dob", "update", "updated", "modified", "expiry", "expires",
    "end", "due", "closed", "resolved", "deleted", "booking", "signup", "registered", "last", "first",
    "previous", "prev",
}  # fmt: skip
INVENTED = {"nominal", "dummy", "fake", "pseudo", "synthetic"}
SPELT = {
    "year": {"year", "yr", "yyyy"},
    "month": {"month", "mnth", "mon", "mm"},
    "quarter": {"quarter", "qtr"},
    "day of the month": {"day", "dom", "dd"},
    "day of the year": {"day", "doy"},
    "week": {"week", "wk", "kw"},
    "weekday": {"weekday", "day", "dow", "wday"},
    "hour": {"hour", "hr", "hh"},
}
_YEAR_1980, _YEAR_2100 = 315_532_800, 4_102_444_800


class Clock(NamedTuple):
    """A column of times.

    Attributes
    ----------
    column : the column
    micros : each row's time, int64 [n]
    valid : which rows have one, bool [n]
    order : how far rows stand in the order of these times, 0 (shuffled) to 1 (sorted)
    is_daily : whether it holds dates without a time of day
    """

    column: Column
    micros: np.ndarray
    valid: np.ndarray
    order: float
    is_daily: bool


class Choice(NamedTuple):
    """The clock that was chosen, if any, and why."""

    clock: Clock | None
    why: str


def clocks(columns: list[Column]) -> list[Clock]:
    """Every column that can be read as times."""
    return [clock for column in columns if (clock := as_clock(column)) is not None]


def as_clock(column: Column) -> Clock | None:
    """A column as times; None when nineteen of twenty values are not, or when numbers are not seconds of our age."""
    if column.kind == "number" and not _is_epoch(column):
        return None
    if column.kind not in ("time", "text", "number") or column.uniqueness == 0:
        return None
    values = column.values.combine_chunks()
    array = values.chunk(0) if isinstance(values, pa.ChunkedArray) else values
    if pa.types.is_time(array.type):
        return None
    if column.kind == "text" and to_micros(array[:200], "UTC")[1].sum() < 0.5 * column.known[:200].sum():
        return None  # before every text of a large column is tried as a time
    micros, valid = to_micros(array, "UTC")
    if valid.sum() < 0.95 * column.known.sum() or column.coverage < 0.5:
        return None
    times = micros[valid]
    return Clock(column, micros, valid, _order(times), bool((times % 86_400_000_000 == 0).all()))


def _is_epoch(column: Column) -> bool:
    numbers = column.numbers
    if numbers is None or not (WORDS & set(column.words)):
        return False
    finite = numbers[np.isfinite(numbers)]
    scales = (1, 1e3, 1e6, 1e9)
    return any(bool(((finite > _YEAR_1980 * k) & (finite < _YEAR_2100 * k)).mean() > 0.95) for k in scales)


def _order(times: np.ndarray) -> float:
    """Rank correlation of times with the rows' places, floored at 0."""
    if len(times) < 2 or times.min() == times.max():
        return 0.0
    _, ranks = np.unique(times, return_inverse=True)
    return max(0.0, float(np.corrcoef(ranks, np.arange(len(times)))[0, 1]))


def choose(candidates: list[Clock]) -> Choice:
    """The clock by which the log is cut into windows."""
    scored = sorted(((_score(clock), clock) for clock in candidates), key=lambda pair: -pair[0])
    usable = [clock for score, clock in scored if score > 1]
    if not usable:
        invented = [clock.column.name for clock in candidates if INVENTED & set(clock.column.words)]
        if invented:
            return Choice(None, f"{invented[0]} calls itself {_word(invented[0])}, so rows are counted in their order")
        if candidates:
            name = candidates[0].column.name
            return Choice(None, f"{name} holds times, but neither name nor order says that rows were written then")
        return Choice(None, "no column holds times, so rows are counted in their order")
    best = usable[0]
    reasons = [f"times {_span(best)}"]
    if best.order > 0.99:
        reasons.append("rows stand in their order")
    if len(usable) > 1:
        others = ", ".join(clock.column.name for clock in usable[1:3])
        reasons.append(f"by name and order a better clock than {others}")
    return Choice(best, "; ".join(reasons))


def choose_any(candidates: list[Clock]) -> Choice:
    """The clock of a log whose rows are not cut into windows by it: whichever is best, if there is any."""
    if not candidates:
        return Choice(None, "no column holds times")
    best = max(candidates, key=lambda clock: (clock.column.coverage, clock.order))
    return Choice(best, f"times {_span(best)}")


def _score(clock: Clock) -> float:
    words = set(clock.column.words)
    if INVENTED & words:
        return 0.0
    name = (
        2.0 - 0.05 * NAMES.index(clock.column.joined) if clock.column.joined in NAMES else 1.0 if WORDS & words else 0.0
    )
    other = 1.5 if OTHER & words else 0.0
    spread = 0.5 if clock.column.distinct >= 3 else -1.0
    return name - other + 2 * clock.order + spread - 2 * (1 - clock.column.coverage)


def _span(clock: Clock) -> str:
    times = clock.micros[clock.valid].view("M8[us]").astype("M8[D]")
    return f"from {times.min()} to {times.max()}"


def _word(name: str) -> str:
    return next(word for word in INVENTED if word in name.lower())


def parts(clock: Clock, columns: list[Column], size: str) -> dict[str, str]:
    """Columns that repeat a part of the clock which windows of `size` do not go round in, with the reason.

    A year, a month or a week number has one value in a window and another in the next: it would drift for ever. The
    hour is a feature where windows hold whole days, the weekday where they hold whole weeks.
    """
    moments = clock.micros.view("M8[us]")
    days, months = moments.astype("M8[D]"), moments.astype("M8[M]")
    found = {
        "year": moments.astype("M8[Y]").astype(int) + 1970,
        "month": months.astype(int) % 12 + 1,
        "quarter": months.astype(int) % 12 // 3 + 1,
        "day of the month": (days - months).astype(int) + 1,
        "day of the year": (days - moments.astype("M8[Y]")).astype(int) + 1,
        "week": _iso_week(days),
    }
    if size.endswith(("h", "d")):
        found["weekday"] = (days.astype(int) + 3) % 7
    if size.endswith("h"):
        found["hour"] = (moments - days).astype("m8[h]").astype(int)
    out = {}
    for column in columns:
        if column is clock.column or not 1 < column.distinct <= 366:
            continue
        both = column.known & clock.valid
        for part, values in found.items():
            if _repeats(column.codes[both], values[both]) and (_says(column, part) or column.distinct > 7):
                out[column.name] = f"the {part} of {clock.column.name}: it changes with every window by itself"
                break
    return out


def _repeats(codes: np.ndarray, part: np.ndarray) -> bool:
    """Whether each value of the part goes with one code and each code with one value, but for one row in fifty.

    Week numbers are counted in several ways, so neighbours may mix at the edges.
    """
    if len(codes) == 0:
        return False
    part = part - part.min()
    table = np.zeros((codes.max() + 1, part.max() + 1), dtype=np.int64)
    np.add.at(table, (codes, part), 1)
    limit = 0.98 * len(codes)
    return bool((table > 0).any(0).sum() > 1 and table.max(0).sum() > limit and table.max(1).sum() > limit)


def _says(column: Column, part: str) -> bool:
    return bool(SPELT[part] & set(column.words))


def _iso_week(days: np.ndarray) -> np.ndarray:
    thursdays = days + (3 - (days.astype(int) + 3) % 7)
    return (thursdays - thursdays.astype("M8[Y]").astype("M8[D]")).astype(int) // 7 + 1
