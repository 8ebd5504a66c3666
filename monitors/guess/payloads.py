"""A log in a payload format: which one, and what a person must add to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from monitors.guess.sample import spread
from monitors.guess.write import Entry
from monitors.logs.files import discover
from monitors.logs.formats.registry import recognised

_FILES = 5  # of each argument
_NUMBERED = re.compile(r"input(_\d+)?")


class Payloads(NamedTuple):
    """Arguments that hold payloads of one format, and those that do not: labels."""

    format: str
    log: list[str]
    labels: list[str]


def split(patterns: Sequence[str], base: Path) -> Payloads | None:
    """The payload format of a log where one is evident; None where files are tables, or of several formats."""
    formats = {pattern: recognised(spread(discover(pattern, base), _FILES)) for pattern in patterns}
    found = {name for name in formats.values() if name is not None}
    if len(found) != 1:
        return None
    log = [pattern for pattern in patterns if formats[pattern] is not None]
    return Payloads(found.pop(), log, [pattern for pattern in patterns if pattern not in log])


def told(entries: list[Entry], name: str, columns: Sequence[str]) -> list[Entry]:
    """The entries with the format, and with the keys that name what it has no names for."""
    more = [Entry("logs", "format", name, "every record looked at is one of this format")]
    numbered = [column for column in columns if _NUMBERED.fullmatch(column)]
    if numbered:
        why = "requests are lists without names: these are the columns' numbers, name them in this order"
        more.append(Entry("logs", "columns", None, why, numbered))
    at = next(i for i, entry in enumerate(entries) if (entry.table, entry.key) == ("logs", "path")) + 1
    return [*entries[:at], *more, *entries[at:]]
