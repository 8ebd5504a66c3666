"""Monitor 3: training and serving features compute the same values."""

from __future__ import annotations

import pandas as pd

from monitors.scorecard.evidence import Evidence
from monitors.scorecard.result import Question, Result
from monitors.scorecard.words import alarms, judged

KINDS = ("distribution", "value_mismatch")
ASKED = Question(3, "Training = serving", "Do training and serving features compute the same values?", "feature")
_BY_ROW = "keep the features recomputed offline and compare them row by row: [offline] path and id"
_BY_SHAPE = "name the training data: [reference] path"


def skew(evidence: Evidence) -> Result:
    """Whether a feature is the same number in training and in serving.

    *Not covered*: neither training data (``[reference] path``) nor features recomputed offline (``[offline]``) are
    named, or nothing was compared with them yet. *Fail*: an alert of the skew monitor about values or distributions is
    open (where only training data are named and the skew monitor had nothing to judge, one about drift from them).
    *Pass*: what was compared agrees. Rows compared one by one say more than distributions: without them the evidence
    says so.
    """
    config = evidence.config
    by_row, by_shape = getattr(config, "offline", None) is not None, config.reference.path is not None
    of = evidence.judged_of("skew")
    of = of[~of["metric"].str.contains("attribution")]
    found = evidence.open[(evidence.open["monitor"] == "skew") & evidence.open["kind"].isin(KINDS)]
    if by_shape and of.empty and found.empty:
        of = evidence.judged_of("drift")
        found = evidence.alarms(monitors=("drift",))
    more = [] if by_row else [_BY_ROW]
    if len(found):
        return ASKED.answer("fail", evidence.how, [alarms(found, evidence)], more)
    if not (by_row or by_shape):
        said = "the log is compared with earlier windows of itself, not with what the model was trained on"
        return ASKED.answer("not covered", evidence.how, [said], [_BY_ROW, _BY_SHAPE])
    if of.empty:
        said = "nothing was compared with training yet"
        return ASKED.answer("not covered", evidence.how, [said], ["run `driftmeter run`"])
    said = f"{_compared(of, by_row)}: {judged(of, evidence)}; no alert is open"
    return ASKED.answer("pass", evidence.how, [said], more)


def _compared(of: pd.DataFrame, by_row: bool) -> str:
    rows = by_row and of["metric"].str.contains("mismatch").any()
    return "values are compared with training row by row" if rows else "distributions, not rows, are held to training"
