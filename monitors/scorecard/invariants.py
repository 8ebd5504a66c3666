"""Monitor 2: data invariants hold in training and serving inputs."""

from __future__ import annotations

from monitors.scorecard.evidence import Evidence
from monitors.scorecard.result import Question, Result
from monitors.scorecard.words import alarms, judged

ASKED = Question(2, "Data invariants", "Do data invariants hold in training and serving inputs?", "missing")
ELSEWHERE = ("volume", "latency", "gap", "removed_column")
"""Kinds of integrity findings that another test answers for: what is not there breaks no invariant of what is."""


def invariants(evidence: Evidence) -> Result:
    """Whether inputs are what they were: present, of their type, distributed as in the reference; rows once each.

    *Not covered*: no feature was judged for missing values, drift or integrity, as without features or with fewer than
    three windows in the reference. *Fail*: an alert of these monitors is open. *Pass*: none is. The reference stands
    for the training inputs; name the training data (``[reference] path``), and it is these that the log is held to.
    """
    of = evidence.judged_of("missing", "drift")
    found = evidence.alarms(monitors=("missing", "drift", "integrity"))
    found = found[~(found["kind"].isin(ELSEWHERE) & (found["monitor"] == "integrity")) | (found["metric"] == "file")]
    trained = evidence.config.reference.path is not None
    more = [] if trained else ["name the training data, so that they are what serving is held to: [reference] path"]
    if len(found):
        return ASKED.answer("fail", evidence.how, [alarms(found, evidence)], more)
    if of.empty:
        said = "no feature was judged: there is none, or the reference is too short"
        more = ["give the reference at least three windows: [reference] start and end"]
        return ASKED.answer("not covered", evidence.how, [said], more)
    held = f"missing values, distributions and integrity are held to the reference: {judged(of, evidence)}"
    return ASKED.answer("pass", evidence.how, [f"{held}; no alert is open"], more)
