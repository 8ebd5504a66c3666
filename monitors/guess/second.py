"""A second log that holds the labels: told apart from the log itself by its columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from monitors.errors import LogFileError
from monitors.guess import roles, times
from monitors.guess.columns import Column, columns
from monitors.guess.sample import Sample
from monitors.logs.files import discover
from monitors.logs.read import schema

MOST_COLUMNS = 6


class Labels(NamedTuple):
    """What a label log's columns mean; `label` None: no name says what came true."""

    id: Column
    label: roles.Label | None
    clock: times.Choice


def split(patterns: Sequence[str], base: Path) -> tuple[list[str], list[str]]:
    """The arguments that name the log, and those that name its labels: few columns, one of the log's among them."""
    names = {pattern: _names(pattern, base) for pattern in patterns}
    widest = max(names.values(), key=len, default=frozenset())
    labels = [
        pattern
        for pattern, found in names.items()
        if 2 <= len(found) <= MOST_COLUMNS and found & widest and found - widest and len(found) < len(widest)
    ]
    return [pattern for pattern in patterns if pattern not in labels], labels


def _names(pattern: str, base: Path) -> frozenset[str]:
    """Columns of the first file that can be read."""
    for file in discover(pattern, base):
        try:
            return frozenset(schema(file).names)
        except LogFileError:
            continue
    return frozenset()


def labels(taken: Sample, log: Sequence[Column]) -> Labels | None:
    """Roles of the label log's columns; None when no column of the log identifies its rows."""
    found = columns(taken.table)
    shared = [column for column in found if column.name in {each.name for each in log}]
    shared = [column for column in shared if column.kind in ("text", "number") and column.uniqueness > 0.5]
    if not shared:
        return None
    identity = max(shared, key=lambda column: (round(column.uniqueness, 2), column.joined in roles.IDS))
    clocks = times.clocks([column for column in found if column is not identity])
    rest = [column for column in found if column is not identity and column not in [each.column for each in clocks]]
    return Labels(identity, roles.label(rest, []), times.choose_any(clocks))
