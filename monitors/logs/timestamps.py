"""Any column of times as microseconds since the epoch."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from monitors.logs.columns import plain
from monitors.logs.text import text_buffers
from monitors.logs.timeparse import (
    DAY_FIRST,
    INSTANT,
    INVALID,
    MONTH_FIRST,
    NAIVE,
    UNDECIDED,
    parse_numbers,
    parse_texts,
)
from monitors.logs.zones import to_utc

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY = 86_400_000_000
# Python's datetime knows the years 1 to 9999; a day's margin leaves room for any zone.
_LOW, _HIGH = -62_135_596_800_000_000 + _DAY, 253_402_300_800_000_000 - _DAY


def to_micros(
    values: pa.Array | pa.ChunkedArray, timezone: str, day_first: bool | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Instants of a column of times.

    Parameters
    ----------
    values : (n,) timestamps, dates, text (ISO 8601 and its relatives, see `timeparse.parse_texts`; forms may mix),
        or numbers (epoch seconds to nanoseconds or calendar digits, see `timeparse.from_integer`), also as
        dictionaries
    timezone : IANA name of the zone in which times without one were written. Where clocks go back the first
        occurrence is meant, where they go forward the offset before the change holds.
    day_first : how to read 01/02/2015. None: as the column's other values demand (31/01/2015 or 01/31/2015); if none
        or both do, such values are invalid rather than guessed.

    Returns
    -------
    micros : int64 (n,), µs since 1970-01-01 UTC; 0 where invalid
    valid : bool (n,); False for nulls, for what is no time, and outside of the years 1 to 9999

    Raises
    ------
    UserError
        There is no such time zone.
    """
    if isinstance(values, pa.ChunkedArray):
        values = values.unify_dictionaries().combine_chunks()
    values = plain(values)
    if pa.types.is_dictionary(values.type):
        return _of_dictionary(values, timezone, day_first)
    micros, kinds = _parsed(values, day_first)
    valid = (kinds != INVALID) & (micros >= _LOW) & (micros <= _HIGH)
    naive = valid & (kinds == NAIVE)
    if naive.all():
        micros = to_utc(micros, timezone)
    else:
        micros[naive] = to_utc(micros[naive], timezone)
        micros[~valid] = 0
    return micros, valid


def _of_dictionary(values: pa.Array, timezone: str, day_first: bool | None) -> tuple[np.ndarray, np.ndarray]:
    micros, valid = to_micros(values.dictionary, timezone, day_first)
    # One more entry, which nulls point to.
    codes = values.indices.fill_null(len(micros)).to_numpy(zero_copy_only=False)
    return np.append(micros, 0)[codes], np.append(valid, False)[codes]


def _parsed(values: pa.Array, day_first: bool | None) -> tuple[np.ndarray, np.ndarray]:
    """µs and kind of each value of a plain array."""
    kind = values.type
    known = values.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_string(kind):
        return _from_text(values, known, day_first)
    if pa.types.is_timestamp(kind):
        return _from_units(values.cast(pa.int64()), known, kind.unit, NAIVE if kind.tz is None else INSTANT)
    if pa.types.is_date(kind):
        days = values.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
        micros, kinds = _from_units(days, known, "s", NAIVE)
        return micros * 86_400, kinds
    out = np.zeros(len(values), np.int64)
    kinds = np.zeros(len(values), np.uint8)
    if pa.types.is_integer(kind):
        wide = values.cast(pa.int64(), safe=False).fill_null(0).to_numpy()
        # What an unsigned integer beyond int64 stands for is no time.
        known = known & (wide >= 0) if pa.types.is_uint64(kind) else known
        parse_numbers(wide, known, out, kinds)
    elif pa.types.is_floating(kind):
        parse_numbers(values.cast(pa.float64()).fill_null(0.0).to_numpy(), known, out, kinds)
    return out, kinds


def _from_units(values: pa.Array, known: np.ndarray, unit: str, kind: int) -> tuple[np.ndarray, np.ndarray]:
    ticks = values.fill_null(0).to_numpy()
    per_micro = _PER_SECOND[unit] / 1_000_000
    fits = known & (np.abs(ticks // max(1, round(per_micro))) <= _HIGH * min(1.0, per_micro) + 1)
    if per_micro >= 1:
        micros = ticks // round(per_micro)
    else:
        micros = np.where(fits, ticks, 0) * round(1 / per_micro)
    return micros, np.where(fits, kind, INVALID).astype(np.uint8)


def _from_text(values: pa.Array, known: np.ndarray, day_first: bool | None) -> tuple[np.ndarray, np.ndarray]:
    data, offsets = text_buffers(values)
    out = np.empty(len(values), np.int64)
    kinds = np.empty(len(values), np.uint8)
    order = UNDECIDED if day_first is None else (DAY_FIRST if day_first else MONTH_FIRST)
    days, months, undecided = parse_texts(data, offsets, known, order, out, kinds)
    if undecided and order == UNDECIDED and (days > 0) != (months > 0):
        parse_texts(data, offsets, known, DAY_FIRST if days else MONTH_FIRST, out, kinds)
    return out, kinds
