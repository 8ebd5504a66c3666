"""What is known of a window as a whole, beside its counts: plain data that merges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

Facts = dict[str, Any]
"""Keys, each left out when empty: ``rows``; ``first``, ``last`` (µs); ``duplicates`` (rows whose id came before in
the same finest window); ``identified`` (rows with an id); ``types`` {column: {type class other than the reference's:
rows}}; ``unseen`` {column: {value: rows}} of the most frequent unseen values; ``new`` {column: rows} of columns that
the reference did not have; ``delays`` rows by label delay (``DELAY_HOURS``)."""

DELAY_HOURS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 24.0, 48.0, 72.0, 168.0, 336.0, 720.0)
"""Lower ends, in hours, of the bins that label delays are counted in; the last is open."""

UNSEEN_KEPT = 20
"""Unseen values kept by name, column and window: the most frequent, ties by name."""


def merge_facts(parts: Sequence[Facts]) -> Facts:
    """Facts of all windows together. Counts add; the named unseen values are again cut to the most frequent."""
    merged: Facts = {}
    for key in ("rows", "duplicates", "identified"):
        if any(key in part for part in parts):
            merged[key] = sum(part.get(key, 0) for part in parts)
    for key, pick in (("first", min), ("last", max)):
        values = [part[key] for part in parts if key in part]
        if values:
            merged[key] = pick(values)
    for key in ("types", "unseen"):
        table: dict[str, Counter[str]] = {}
        for part in parts:
            for column, counts in part.get(key, {}).items():
                table.setdefault(column, Counter()).update(counts)
        if table:
            merged[key] = {column: most_frequent(counts) for column, counts in sorted(table.items())}
    new: Counter[str] = Counter()
    for part in parts:
        new.update(part.get("new", {}))
    if new:
        merged["new"] = dict(sorted(new.items()))
    delays = [part["delays"] for part in parts if "delays" in part]
    if delays:
        merged["delays"] = [sum(values) for values in zip(*delays, strict=True)]
    return merged


def most_frequent(counts: Counter[str]) -> dict[str, int]:
    """The ``UNSEEN_KEPT`` most frequent values, ties by name: the same whatever order they were counted in."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:UNSEEN_KEPT])
