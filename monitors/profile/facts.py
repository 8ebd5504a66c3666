"""What is known of a window as a whole, beside its counts: plain data that merges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

Facts = dict[str, Any]
"""Keys, each left out when empty: ``rows``; ``first``, ``last`` (µs); ``duplicates`` (rows whose id came before in
the same finest window); ``identified`` (rows with an id); ``types`` {column: {type class other than the reference's:
rows}}; ``typed_in`` {column: {file: rows of another type}};
``files`` {file: [first, last position, rows]};
``lost_in`` {column: {file: rows without a value}};
``unseen`` {column: {value: rows}} of the most frequent unseen values; ``new`` {column: rows} of columns that
the reference did not have; ``delays`` rows by label delay (``DELAY_HOURS``); ``outcome_delays`` the same by outcome,
a list of such lists in the order of ``Bins.classes``; ``labels_until`` (µs, when the last label came); ``attributions``
{feature: [rows, sum of |attribution|, sum of its square]}; ``offline`` {``rows``, ``matched``: rows with a partner in
the offline log, ``features``: {feature: [rows that differ, that have none here, that have none there, examples as
[hash of the id, id]]}};
``hours`` {hour since 1970: rows}; ``to_seconds`` (1: some time is not of a whole minute); ``descents`` (rows whose time
is before that of the row before in their file); ``future`` (rows whose time is after their file was written: they are
in no window, and counted in that of the row before them); ``late`` (rows in files of later windows); ``compared`` and
``conflicting`` (rows whose id was compared with others, and that have other values than those); ``sampled`` and
``repeated`` (rows whose values and times were compared, and that are alike one of seconds before); ``lacking``
{column: rows} of columns with a part (id, label ...) that files do not have."""

COUNTS = (
    "rows", "duplicates", "identified", "descents", "future", "late", "compared", "conflicting", "sampled", "repeated",
)  # fmt: skip
"""Facts that are numbers of rows. A store whose profiles were made without one of them counts its log anew."""

COURSE = 1
"""Version of what a course holds: a store that was written with another is counted anew."""

EXAMPLES = 3
"""Ids kept by feature and window of rows whose values are not those of the offline log: the smallest by hash."""

DELAY_HOURS = (
    0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 24.0, 36.0, 48.0, 72.0, 96.0, 120.0, 144.0, 168.0, 180.0, 192.0, 240.0,
    336.0, 360.0, 504.0, 720.0, 744.0, 1080.0, 1440.0, 1464.0, 2160.0, 2184.0, 4320.0,
)  # fmt: skip
"""Lower ends, in hours, of the bins that label delays are counted in; the last is open. Narrow ones follow 7, 14, 30,
60 and 90 days, for many outcomes are known after exactly that long."""

UNSEEN_KEPT = 20
"""Unseen values kept by name, column and window: the most frequent, ties by name."""


def merge_facts(parts: Sequence[Facts]) -> Facts:
    """Facts of all windows together. Counts add; the named unseen values are again cut to the most frequent."""
    merged: Facts = {}
    for key in COUNTS:
        if any(key in part for part in parts):
            merged[key] = sum(part.get(key, 0) for part in parts)
    for key, pick in (("first", min), ("last", max), ("labels_until", max), ("to_seconds", max)):
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
    for key in ("new", "lacking", "hours"):
        added: Counter[str] = Counter()
        for part in parts:
            added.update(part.get(key, {}))
        if added:
            merged[key] = dict(sorted(added.items()))
    for key in ("typed_in", "lost_in"):
        table = {}
        for part in parts:
            for column, counts in part.get(key, {}).items():
                table.setdefault(column, Counter()).update(counts)
        if table:
            merged[key] = {column: dict(sorted(counts.items())) for column, counts in sorted(table.items())}
    files: dict[str, list[int]] = {}
    for part in parts:
        for name, (first, last, rows) in part.get("files", {}).items():
            old = files.get(name, [first, last, 0])
            files[name] = [min(old[0], first), max(old[1], last), old[2] + rows]
    if files:
        merged["files"] = dict(sorted(files.items()))
    delays = [part["delays"] for part in parts if "delays" in part]
    if delays:
        merged["delays"] = [sum(values) for values in zip(*delays, strict=True)]
    by_outcome = [part["outcome_delays"] for part in parts if "outcome_delays" in part]
    if by_outcome:
        merged["outcome_delays"] = [
            [sum(values) for values in zip(*outcome, strict=True)] for outcome in zip(*by_outcome, strict=True)
        ]
    offline = _merge_offline([part["offline"] for part in parts if "offline" in part])
    if offline:
        merged["offline"] = offline
    sizes: dict[str, list[float]] = {}
    for part in parts:
        for feature, three in part.get("attributions", {}).items():
            sizes[feature] = [a + b for a, b in zip(sizes.get(feature, [0.0] * 3), three, strict=True)]
    if sizes:
        merged["attributions"] = dict(sorted(sizes.items()))
    return merged


def _merge_offline(parts: Sequence[Facts]) -> Facts:
    if not parts:
        return {}
    features: dict[str, list[Any]] = {}
    for part in parts:
        for name, told in part["features"].items():
            old = features.get(name, [0, 0, 0, []])
            counts = [a + b for a, b in zip(old[:3], told[:3], strict=True)]
            features[name] = [*counts, sorted([*old[3], *told[3]])[:EXAMPLES]]
    totals = {key: sum(part[key] for part in parts) for key in ("rows", "matched")}
    return {**totals, "features": dict(sorted(features.items()))}


def most_frequent(counts: Counter[str]) -> dict[str, int]:
    """The ``UNSEEN_KEPT`` most frequent values, ties by name: the same whatever order they were counted in."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:UNSEEN_KEPT])
