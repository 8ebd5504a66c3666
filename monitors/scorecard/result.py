"""What a test of the scorecard comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

STATUSES = ("pass", "fail", "not covered")

POINTS = {"automated": 1.0, "manual": 0.5, "none": 0.0}
"""The paper's points by how a test is run."""


@dataclass(frozen=True)
class Result:
    """One test's verdict.

    Attributes
    ----------
    number : 1 to 7, the paper's "Monitor 1" to "Monitor 7"
    name : in a few words; question : what the paper asks
    status : one of ``STATUSES``
    evidence : sentences with the numbers behind the verdict, the one that decided first
    configure : what to write into driftmeter.toml, or to do, to cover the test or to cover it better
    page : path of the dashboard's page that shows the evidence
    how : ``automated``, ``manual`` or ``none`` (nobody runs it)
    """

    number: int
    name: str
    question: str
    status: str
    evidence: tuple[str, ...]
    configure: tuple[str, ...]
    page: str
    how: str = "none"

    @property
    def points(self) -> float:
        """The paper's points: for running the test, whatever it says."""
        return POINTS[self.how]


class Question(NamedTuple):
    """What a test asks, and where the dashboard shows what it is answered from; see ``Result``."""

    number: int
    name: str
    question: str
    page: str

    def answer(self, status: str, how: str, evidence: list[str], configure: list[str] | None = None) -> Result:
        """The test's result: a test that is not covered is run by nobody."""
        practised = how if status != "not covered" else "none"
        said = tuple(text for text in evidence if text)
        return Result(self.number, self.name, self.question, status, said, tuple(configure or ()), self.page, practised)
