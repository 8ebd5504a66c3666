"""The seven tests in order, and what they add up to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from monitors.config import Config
from monitors.scorecard.ages import Lives
from monitors.scorecard.dependencies import dependencies
from monitors.scorecard.evidence import Evidence
from monitors.scorecard.invariants import invariants
from monitors.scorecard.practice import Practice
from monitors.scorecard.quality import quality
from monitors.scorecard.result import Result
from monitors.scorecard.skew import skew
from monitors.scorecard.speed import speed
from monitors.scorecard.stability import stability
from monitors.scorecard.staleness import staleness
from monitors.store import Store

TESTS: tuple[Callable[[Evidence], Result], ...] = (
    dependencies, invariants, skew, staleness, stability, speed, quality,
)  # fmt: skip
"""Monitor 1 to 7 of the paper, each a pure function of the evidence."""

SECTION = (
    "One of four sections: the ML Test Score is the least of the sums of data, model, infrastructure and monitoring "
    "tests, so it is at most this."
)


@dataclass(frozen=True)
class Scorecard:
    """The Monitoring section of a model.

    Attributes
    ----------
    results : of the seven tests, in the paper's order
    practice : how they are run
    lives, ages : see ``monitors.scorecard.ages``
    """

    model: str
    results: tuple[Result, ...]
    practice: Practice
    lives: Lives
    ages: pd.DataFrame

    @property
    def points(self) -> float:
        """Sum of the tests' points."""
        return sum(result.points for result in self.results)

    @property
    def most(self) -> float:
        """The points that the section has at most."""
        return float(len(TESTS))

    def count(self, status: str) -> int:
        """How many tests have a status."""
        return sum(result.status == status for result in self.results)


def scorecard(store: Store, config: Config, now: int) -> Scorecard:
    """The scorecard of a model.

    Parameters
    ----------
    now : µs since 1970, by which runs are regular or have stopped
    """
    with store.snapshot() as at_once:
        return judge(Evidence.gather(at_once, config, now))


def judge(evidence: Evidence) -> Scorecard:
    """The scorecard by evidence that was gathered."""
    results = tuple(test(evidence) for test in TESTS)
    return Scorecard(evidence.config.model.name, results, evidence.practice, evidence.lives, evidence.ages)
