"""Bins frozen on the reference: what a column's values are counted into."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from monitors.profile.sums import SUMS

MISSING = ("absent", "null", "nan", "invalid")
"""The first four bins of every column: no such column in the file, null, NaN, infinite or not of the column's type."""

ABSENT, NULL, NAN, INVALID = range(4)
FIRST = len(MISSING)
"""Index of the first bin that holds values."""

_PLACES = np.array([0, 1, 2, 3, *(width * 2**k for k in range(2, 30) for width in (1, 1.5))])
"""Where groups of positions begin, counted from the top: 0, 1, 2, 3, 4, 6, 8, 12, 16, 24 ..."""

SPELLINGS = {"1": "true", "0": "false", "true": "1", "false": "0"}
"""Two files of one log may write a label as a boolean and as a number: a class is known by either."""


_PIECES = 256
"""Of the scale on which values are looked up: four times the usual bins, so that few edges share one."""

_TINY = float(np.finfo(float).tiny)


def shown(edge: float) -> float:
    """An edge as people read it: the number next to zero, where a bin of its own for zero ends, is zero."""
    return 0.0 if abs(edge) < _TINY else edge


class Search(NamedTuple):
    """Edges as the kernel searches them: where a value falls on an even scale tells to a few edges where it belongs.

    The scale goes from the second edge to the last but one, so that far values do not stretch it. Rounding keeps order:
    an edge on an earlier piece of it is less than the value and one on a later piece greater, whatever the numbers are.

    Attributes
    ----------
    edges : shape (E + 2^steps,), float64, padded with +inf
    begins : shape (pieces,), int32: edges on earlier pieces of the scale
    first, scale : a value less ``first`` times ``scale`` is its piece
    steps : by halves, from the first edge of a piece to the value's
    """

    edges: np.ndarray
    begins: np.ndarray
    first: float
    scale: float
    steps: int


@dataclass(frozen=True)
class ColumnBins:
    """The bins of one column.

    Numeric: after the four missing bins, bin ``i`` holds ``edges[i-1] <= x < edges[i]``; the first lies below
    every reference value and the last above (of a large reference: of the rows sampled). A value with a
    bin of its own has the edges ``v`` and the next float. Categorical: one bin a category, then ``other`` (rare
    values of the reference), then ``unseen``.

    Attributes
    ----------
    role : ``feature``, ``position``, ``prediction``, ``label`` or ``latency``
    kind : ``numeric`` or ``categorical``
    type_class : the type it had in the reference: ``number``, ``text``, ``boolean``, ``time`` or ``null``
    edges : shape (E,), ascending (numeric)
    centre : subtracted before value and value² are summed, so that large offsets lose no digits
    categories : the values with a bin of their own (categorical)
    known : the reference's other values; empty with ``complete=False`` when there were too many to keep
    unseen_rate : chance that a row of an unchanged log brings a value the reference never had
        (Good and Turing's estimate: share of values that occurred once; doi:10.1093/biomet/40.3-4.237)
    """

    name: str
    role: str
    kind: str
    type_class: str
    edges: np.ndarray = field(default_factory=lambda: np.empty(0))
    centre: float = 0.0
    categories: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()
    complete: bool = True
    unseen_rate: float = 0.0

    @property
    def size(self) -> int:
        """Number of bins, the four missing ones included."""
        return FIRST + (len(self.edges) + 1 if self.kind == "numeric" else len(self.categories) + 2)

    @cached_property
    def search(self) -> Search:
        """How the kernel finds a value's bin."""
        edges = self.edges
        first, last = (float(edges[1]), float(edges[-2])) if len(edges) > 2 else (0.0, 0.0)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            scale = _PIECES / (last - first) if last > first else 0.0
            places = np.nan_to_num((edges - first) * scale, nan=0.0).clip(0, _PIECES - 1).astype(np.int64)
        steps = int(np.bincount(places, minlength=1).max()).bit_length()
        begins = np.searchsorted(places, np.arange(_PIECES)).astype(np.int32)
        return Search(np.append(edges, np.full(1 << steps, np.inf)), begins, first, scale, steps)

    @cached_property
    def lookup(self) -> dict[str, int]:
        """Bin of each value of the reference (categorical)."""
        other = FIRST + len(self.categories)
        table = dict.fromkeys(self.known, other)
        table.update({value: FIRST + i for i, value in enumerate(self.categories)})
        if self.role != "feature":
            for i, value in enumerate(self.categories):
                if value in SPELLINGS:
                    table.setdefault(SPELLINGS[value], FIRST + i)
        return table

    @property
    def unknown_bin(self) -> int:
        """Where a value goes that the reference did not show: ``unseen``, or ``other`` if its values were too many."""
        return FIRST + len(self.categories) + (1 if self.complete else 0)

    def labels(self) -> list[str]:
        """One short label a bin, for people."""
        return [*MISSING, *self._value_labels]

    @cached_property
    def _value_labels(self) -> list[str]:
        if self.kind == "categorical":
            return [*self.categories, "other", "unseen"]
        edges = self.edges
        if not len(edges):
            return ["any value"]
        inner = [
            f"{low:.6g}" if high == after else f"{shown(low):.4g} to {high:.4g}"
            for (low, high), after in zip(pairwise(edges.tolist()), np.nextafter(edges[:-1], np.inf), strict=True)
        ]
        return [f"below {edges[0]:.4g}", *inner, f"above {np.nextafter(edges[-1], -np.inf):.4g}"]

    def to_dict(self) -> dict[str, object]:
        """Plain data for the store."""
        return {
            "name": self.name, "role": self.role, "kind": self.kind, "type_class": self.type_class,
            "edges": [float(edge) for edge in self.edges], "centre": self.centre,
            "categories": list(self.categories), "known": sorted(self.known), "complete": self.complete,
            "unseen_rate": self.unseen_rate,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: dict) -> ColumnBins:
        """The inverse of ``to_dict``."""
        return cls(**{
            **data, "edges": np.array(data["edges"], dtype=float), "categories": tuple(data["categories"]),
            "known": frozenset(data["known"]),
        })  # fmt: skip


@dataclass(frozen=True)
class Bins:
    """Every column's bins and what the outcomes are.

    Attributes
    ----------
    task : ``binary``, ``multiclass`` or ``regression``
    classes : outcome names; binary: (negative, positive); regression: (``labelled``,); empty without labels
    prediction_kind : ``probability``, ``score`` (any number that ranks), ``class``, ``number`` (regression) or None
    segments : by segment column, the values that are kept apart; the rest are ``other``
    attributions : names or globs of the columns with attributions (``rows.attributed``)
    partners : by feature, those that go along with it and how strongly (``stand_ins``); no bin depends on it
    """

    columns: tuple[ColumnBins, ...]
    task: str
    classes: tuple[str, ...] = ()
    prediction_kind: str | None = None
    segments: tuple[tuple[str, tuple[str, ...]], ...] = ()
    attributions: tuple[str, ...] = ()
    partners: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = ()

    @property
    def outcomes(self) -> int:
        """Number of outcomes, ``unlabelled`` (the last) included."""
        return len(self.classes) + 1

    @cached_property
    def offsets(self) -> np.ndarray:
        """Shape (C + 1,): where each column's bins begin when all are stacked."""
        return np.concatenate([[0], np.cumsum([column.size for column in self.columns])]).astype(np.int64)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {column.name: i for i, column in enumerate(self.columns) if column.role == "feature"}

    @property
    def features(self) -> tuple[ColumnBins, ...]:
        """The columns that are features."""
        return tuple(column for column in self.columns if column.role == "feature")

    @property
    def feature_places(self) -> list[int]:
        """Where the features are among the columns."""
        return list(self._index.values())

    def of_role(self, role: str) -> ColumnBins | None:
        """The prediction's or the label's bins, where there is one."""
        return next((column for column in self.columns if column.role == role), None)

    @cached_property
    def places(self) -> np.ndarray:
        """Group of positions of each of the position column's bins, shape (B,); (0,) where the log has no positions.

        Group 0 are rows without one. The first four positions are groups of their own, further down they widen, two
        groups to each doubling: attention falls off fast at first and slowly later.
        """
        column = self.of_role("position")
        if column is None:
            return np.empty(0, np.int64)
        # the open bin below the reference's least value goes with that value, as the open one above does
        order = np.arange(column.size - FIRST) - (column.kind == "numeric")
        most = max(len(column.edges) - 2, 0) if column.kind == "numeric" else len(column.categories)
        order = np.clip(order, 0, most)
        groups = order if most < 12 else np.searchsorted(_PLACES, order, side="right") - 1
        return np.concatenate([np.zeros(FIRST, np.int64), 1 + groups])

    @property
    def sums(self) -> int:
        """How many sums a bin has."""
        return len(SUMS) + (int(self.places.max()) + 1 if len(self.places) else 0)

    def position(self, name: str, role: str = "feature") -> int:
        """Index of a column among ``columns``; KeyError when there is none."""
        if role == "feature":
            return self._index[name]
        return next(i for i, column in enumerate(self.columns) if column.role == role)

    def to_json(self) -> str:
        """Text that ``from_json`` reads back exactly (floats by their shortest exact form)."""
        return json.dumps({
            "columns": [column.to_dict() for column in self.columns], "task": self.task,
            "classes": list(self.classes), "prediction_kind": self.prediction_kind,
            "segments": [[name, list(values)] for name, values in self.segments],
            **({"attributions": list(self.attributions)} if self.attributions else {}),
            **({"partners": [[name, [list(pair) for pair in of]] for name, of in self.partners]}
               if self.partners else {}),
        }, sort_keys=True)  # fmt: skip

    @classmethod
    def from_json(cls, text: str) -> Bins:
        """The inverse of ``to_json``."""
        data = json.loads(text)
        return cls(
            columns=tuple(ColumnBins.from_dict(column) for column in data["columns"]),
            task=data["task"], classes=tuple(data["classes"]), prediction_kind=data["prediction_kind"],
            segments=tuple((name, tuple(values)) for name, values in data["segments"]),
            attributions=tuple(data.get("attributions", ())),
            partners=tuple((name, tuple((other, strength) for other, strength in of))
                           for name, of in data.get("partners", ())),
        )  # fmt: skip

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits that change when any bin does."""
        return hashlib.sha256(replace(self, partners=()).to_json().encode()).hexdigest()[:16]
