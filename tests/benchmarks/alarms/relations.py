"""Incidents of a feature's relation to the label: reversed or halved, while both keep their own distributions.

A row's score is the reference's mean label in its value's bin. *Reversed*: within each window the value with the
highest score changes places with that of the lowest, and so on. *Halved*: half of the rows, drawn at random, have
their values shuffled among each other. The moved quantity is the slope of the label on the score: about 1 before.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.benchmarks.alarms.kinds import Changed, Kind, means, numbers, pick
from tests.benchmarks.alarms.quiet import Quiet

_BINS = 20
_PRIOR = 10.0
"""Rows of the overall mean that every bin's mean is given."""


class Relation:
    """What the reference's rows say of a feature and the label."""

    def __init__(self, log: Quiet, column: str) -> None:
        past = log.frame.iloc[: log.first[log.reference]]
        self.column, self.log = column, log
        self.numeric = past[column].dtype.kind in "if"
        if self.numeric:
            self.edges = np.unique(np.nanquantile(numbers(past[column]), np.linspace(0, 1, _BINS + 1)[1:-1]))
        known = past["label"].notna() & past[column].notna()
        label = numbers(past["label"])[known]
        groups = pd.Series(label).groupby(self._bins(past[column][known]))
        self.overall = float(label.mean())
        self.means = (groups.sum() + _PRIOR * self.overall) / (groups.count() + _PRIOR)

    def _bins(self, values: pd.Series) -> np.ndarray:
        return np.searchsorted(self.edges, numbers(values), side="right") if self.numeric else values.to_numpy(object)

    def score(self, values: pd.Series) -> np.ndarray:
        """The reference's mean label where each value lies; NaN where there is none."""
        scores = pd.Series(self._bins(values)).map(self.means).fillna(self.overall).to_numpy(float)
        return np.where(values.notna(), scores, np.nan)

    def slope(self, frame: pd.DataFrame) -> np.ndarray:
        """Of the label on the score by window, shape (W,)."""
        x, y, w = self.score(frame[self.column]), numbers(frame["label"]), frame["window"].to_numpy()
        x = np.where(np.isfinite(y), x, np.nan)
        y = np.where(np.isfinite(x), y, np.nan)
        x, y = (v - means(v, w, self.log.windows)[w] for v in (x, y))
        with np.errstate(invalid="ignore", divide="ignore"):
            return means(x * y, w, self.log.windows) / means(x * x, w, self.log.windows)


def reversed_relation(log: Quiet, column: str, rng: np.random.Generator) -> Kind | None:
    """The feature's relation to the label turned round; when gradual in a growing share of rows."""
    known = Relation(log, column)

    def apply(part: pd.DataFrame, amount: np.ndarray, by: float) -> Changed:
        there = part[column].notna().to_numpy()
        chosen = pick(part, there, amount, rng)
        rows = part[chosen]
        score, tie = known.score(rows[column]), rng.uniform(size=len(rows))
        up, down = np.lexsort([tie, score, rows["window"]]), np.lexsort([tie, -score, rows["window"]])
        return _exchanged(part, column, np.flatnonzero(chosen)[up], np.flatnonzero(chosen)[down])

    return Kind(known.slope, apply, sized=False)


def halved_relation(log: Quiet, column: str, rng: np.random.Generator) -> Kind | None:
    """Half as much of the feature's relation to the label; when gradual less and less."""
    known = Relation(log, column)

    def apply(part: pd.DataFrame, amount: np.ndarray, by: float) -> Changed:
        there = part[column].notna().to_numpy()
        chosen = np.flatnonzero(pick(part, there, amount * there.mean() / 2, rng))
        window = part["window"].to_numpy()[chosen]
        shuffled = np.lexsort([rng.uniform(size=len(chosen)), window])
        return _exchanged(part, column, chosen, chosen[shuffled])

    return Kind(known.slope, apply, sized=False)


def _exchanged(part: pd.DataFrame, column: str, to: np.ndarray, come_from: np.ndarray) -> Changed:
    place = np.arange(len(part))
    place[to] = come_from
    return Changed(part.assign(**{column: part[column].array[place]}))


RELATION_KINDS = {"relation_reversed": reversed_relation, "relation_halved": halved_relation}
