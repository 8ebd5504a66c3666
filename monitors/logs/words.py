"""Values that a format writes as text."""

from __future__ import annotations

import re

_USUAL = re.compile(r"-?(?:0|[1-9]\d{0,17})(\.\d+)?")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(nan|inf|infinity)", re.IGNORECASE)
_CODE = re.compile(r"[-+]?0\d")


def scalar(word: str) -> int | float | str | None:
    """A field of CSV: a whole number, a number, text, or None where it is empty. "007" is text.

    >>> [scalar(word) for word in ("3", " 0.5", "", "abc", "007")]
    [3, 0.5, None, 'abc', '007']
    """
    usual = _USUAL.fullmatch(word)
    if usual:
        return float(word) if usual[1] else int(word)
    trimmed = word.strip()
    if not trimmed:
        return None
    if trimmed != word and _USUAL.fullmatch(trimmed):
        return scalar(trimmed)
    if _NUMBER.fullmatch(trimmed) and not _CODE.match(trimmed):
        return float(trimmed)
    return trimmed
