"""What the reference shows of one column, gathered batch by batch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from monitors.profile.sorting import ascending
from monitors.profile.values import count_values, to_floats, type_class

KNOWN_VALUES = 20_000
"""Distinct values of a categorical column that are remembered; with more, unseen values cannot be told."""
NUMBERS_AS_TEXT = 64
"""Text of more distinct values than this that are all numbers is a numeric column."""


@dataclass
class SeenColumn:
    """What the reference shows of one column.

    ``exact`` counts numbers by value too, as text is always counted: a label's rare class must not depend on a sample.
    """

    exact: bool = False
    types: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    open: bool = False  # more distinct values than are remembered
    pieces: list[tuple[np.ndarray, pa.Array]] = field(default_factory=list)  # sampled (keys, values), when all is seen

    def add(self, array: pa.Array) -> None:
        """Take a batch."""
        kind = type_class(array.type)
        self.types[kind] += len(array) - array.null_count
        if (kind in {"text", "boolean"} or (self.exact and kind == "number")) and not self.open:
            # a number to predict: so many values need not be spelled out to know that they are too many
            many = kind == "number" and len(array.unique()) > KNOWN_VALUES
            if not many:
                self.values.update(count_values(array))
            if many or len(self.values) > KNOWN_VALUES:
                self.open, self.values = True, Counter()

    def merge(self, other: SeenColumn) -> None:
        """Take what other rows show."""
        self.types.update(other.types)
        self.values.update(other.values)
        if self.open or other.open or len(self.values) > KNOWN_VALUES:
            self.open, self.values = True, Counter()

    @property
    def kind(self) -> str:
        """``numeric`` or ``categorical``, as most values are."""
        present = self.types.total()
        numbers = self.types["number"] + self.types["time"]
        if present and numbers * 2 >= present:
            return "numeric"
        if self.types["text"] * 2 >= present and present and (self.open or len(self.values) > NUMBERS_AS_TEXT):
            floats = self.floats()
            if len(floats) >= 0.99 * sum(len(values) - values.null_count for _, values in self.pieces):
                return "numeric"  # numbers that came as text
        return "categorical"

    @property
    def main_type(self) -> str:
        """The type class that most values have, ``null`` when there are none."""
        known = [(count, name) for name, count in self.types.items() if count]
        return max(known)[1] if known else "null"

    def floats(self) -> np.ndarray:
        """The sampled finite values, in order."""
        parts = []
        for _, array in self.pieces:
            values, flags = to_floats(array)
            good = np.isfinite(values) if not len(flags) else np.isfinite(values) & (flags == 0)
            parts.append(values[good])
        return ascending(np.concatenate(parts)) if parts else np.empty(0)

    def counted(self) -> Counter[str]:
        """Rows by value as text: exact, or from the sample where values were numbers or too many."""
        if not self.open and not self.types["time"] and (self.exact or not self.types["number"]):
            return Counter(self.values)
        counts: Counter[str] = Counter()
        for _, array in self.pieces:
            counts.update(count_values(array))
        return counts

    def ranked(self) -> list[tuple[str, int]]:
        """``counted``, most frequent first, ties by name."""
        return sorted(self.counted().items(), key=lambda item: (-item[1], item[0]))
