"""Columns that are no features, whatever the label: names of things, free text, calendars, marks of periods."""

from __future__ import annotations

import numpy as np

from monitors.guess.columns import Column
from monitors.guess.times import Clock, parts
from monitors.windows import Grain

LONG = 40  # characters on average: a sentence, not a category
CALENDAR = {"year", "yr", "quarter", "month", "mnth", "season", "semester", "week", "period", "epoch"}
PERIODS = {"part", "split", "partition", "dataset", "fold", "subset", "set", "phase"}
REFERENCE = {"reference", "ref", "train", "training", "baseline"}


def unfit(columns: list[Column], clock: Clock | None, size: str) -> dict[str, str]:
    """Columns that cannot be features, with the reason."""
    out: dict[str, str] = {}
    for column in columns:
        if column.kind == "other":
            out[column.name] = "holds lists or records, not values"
        elif column.kind == "text" and column.mean_length > LONG and column.uniqueness > 0.2:
            out[column.name] = "free text"
        elif column.kind == "text" and column.uniqueness > 0.5 and column.distinct > 100:
            out[column.name] = "nearly every row has a value of its own"
        elif column.kind == "number" and _is_name(column):
            out[column.name] = "a number that names a thing, not one that measures it"
    if clock is not None:
        rest = [column for column in columns if column.name not in out]
        out |= parts(clock, rest, size)
        out |= {
            column.name: "one value a window: it tells the season, which every window has by itself"
            for column in rest
            if column.name not in out and CALENDAR & set(column.words) and _is_slow(column, clock, size)
        }
    return out


def _is_name(column: Column) -> bool:
    """Whether a whole number is an id of something: by its name, when it has many values; or a count of the rows."""
    if not column.is_integral:
        return False
    steps = np.diff(column.numbers) if column.numbers is not None else np.empty(0)
    if column.uniqueness > 0.999 and column.distinct > 100 and len(steps) and bool((steps > 0).all()):
        return True
    return bool(column.words) and column.words[-1] in ("id", "uuid", "guid", "key") and column.distinct > 500


def _is_slow(column: Column, clock: Clock, size: str) -> bool:
    """Whether windows hold one value of the column, but for those in which it changes."""
    both = column.known & clock.valid
    if not both.any() or not 1 < column.distinct <= 60:
        return False
    window = np.unique(Grain.parse(size).starts(clock.micros[both]), return_inverse=True)[1]
    table = np.zeros((window.max() + 1, column.codes.max() + 1), dtype=np.int64)
    np.add.at(table, (window, column.codes[both]), 1)
    return bool(table.max(axis=1).sum() > 0.8 * table.sum())


def periods(columns: list[Column], clock: Clock | None) -> list[tuple[Column, object]]:
    """Columns such as "part" = reference, analysis: named so, each value in one run of rows; and the value that
    marks the reference, if one does."""
    found: list[tuple[Column, object]] = []
    order = np.argsort(clock.micros, kind="stable") if clock is not None else None
    for column in columns:
        if (
            not PERIODS & set(column.words)
            or column.kind not in ("text", "number", "bool")
            or not 2 <= column.distinct <= 6
        ):
            continue
        codes = column.codes if order is None else column.codes[order]
        runs = 1 + int((np.diff(codes) != 0).sum())
        if runs == column.distinct:
            marks = [value for value in column.categories if str(value).lower() in REFERENCE]
            found.append((column, marks[0] if marks else None))
    return found
