"""What is known of a column before anyone says what it means: its type, values, spread and order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@dataclass(frozen=True)
class Column:
    """A column of the sample.

    Parameters
    ----------
    name : as in the log
    values : rows in the log's order
    """

    name: str
    values: pa.ChunkedArray

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The name's words in lower case: "isCanceled" and "IS_CANCELED" are ("is", "canceled")."""
        return words(self.name)

    @cached_property
    def joined(self) -> str:
        """The name's words with one underscore between them."""
        return "_".join(self.words)

    @cached_property
    def kind(self) -> str:
        """ "number", "bool", "text", "time", "empty" or "other"."""
        kind = self.values.type
        if pa.types.is_null(kind) or self.known.sum() == 0:
            return "empty"
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if pa.types.is_boolean(kind):
            return "bool"
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return "number"
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            return "text"
        return "time" if pa.types.is_temporal(kind) and not pa.types.is_duration(kind) else "other"

    @cached_property
    def known(self) -> np.ndarray:
        """Which rows have a value: neither null nor NaN, bool [n]."""
        valid = self.values.is_valid()
        if pa.types.is_floating(self.values.type):
            valid = pc.and_(valid, pc.invert(pc.fill_null(pc.is_nan(self.values), True)))
        return valid.to_numpy(zero_copy_only=False)

    @cached_property
    def codes(self) -> np.ndarray:
        """Each row's value as a number 0… by first appearance, −1 where there is none, int64 [n]."""
        if self.kind in ("other", "empty"):
            return np.where(self.known, 0, -1).astype(np.int64)
        array = self.values.combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = array.chunk(0)
        if not pa.types.is_dictionary(array.type):
            array = array.dictionary_encode()
        codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        return np.where(self.known, codes, -1)

    @cached_property
    def categories(self) -> list[object]:
        """The values that `codes` count, as Python's own."""
        if self.kind in ("other", "empty"):
            return []
        array = self.values.combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = array.chunk(0)
        encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
        return encoded.dictionary.to_pylist()

    @cached_property
    def distinct(self) -> int:
        """How many different values there are."""
        return len(np.unique(self.codes[self.known]))

    @cached_property
    def uniqueness(self) -> float:
        """Different values by rows with a value; 1 means that each row has its own."""
        return self.distinct / max(int(self.known.sum()), 1)

    @cached_property
    def coverage(self) -> float:
        """Share of rows with a value."""
        return float(self.known.mean()) if len(self.known) else 0.0

    @cached_property
    def numbers(self) -> np.ndarray | None:
        """The values as float64 with NaN for none; None for columns that are neither number nor bool."""
        if self.kind not in ("number", "bool"):
            return None
        values = self.values
        if pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        return values.cast(pa.float64()).to_numpy(zero_copy_only=False)

    @cached_property
    def is_integral(self) -> bool:
        """Whether all numbers are whole."""
        numbers = self.numbers
        if numbers is None:
            return False
        finite = numbers[np.isfinite(numbers)]
        return bool(len(finite)) and bool((finite == np.floor(finite)).all())

    @cached_property
    def mean_length(self) -> float:
        """Characters of a text on average."""
        if self.kind != "text":
            return 0.0
        return float(pc.mean(pc.utf8_length(self.values.cast(pa.string()))).as_py() or 0.0)

    @cached_property
    def is_probability(self) -> bool:
        """Whether all numbers lie in [0, 1], and not only at its ends."""
        if self.numbers is None or self.kind == "bool":
            return False
        finite = self.numbers[np.isfinite(self.numbers)]
        inside = bool(len(finite)) and bool(((finite >= 0) & (finite <= 1)).all())
        return inside and bool(((finite > 0) & (finite < 1)).any())

    def has(self, *words: str) -> bool:
        """Whether the name has one of these words."""
        return any(word in self.words for word in words)


def words(name: str) -> tuple[str, ...]:
    """A name's words in lower case."""
    return tuple(word.lower() for word in _WORD.findall(name))


def columns(table: pa.Table) -> list[Column]:
    """All columns of a sample."""
    return [Column(name, table.column(i)) for i, name in enumerate(table.column_names)]
