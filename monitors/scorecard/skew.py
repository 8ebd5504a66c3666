"""Monitor 3: training and serving features compute the same values."""

from __future__ import annotations

from monitors.messages import share
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
    open. *Pass*: what was compared agrees. Rows compared one by one say more than distributions: without them the
    evidence says so. How a model's attributions differ is no matter of values, and not asked here.
    """
    config = evidence.config
    by_row, by_shape = config.offline is not None, config.reference.path is not None
    of = evidence.judged_of("skew")
    of = of[~of["metric"].str.contains("attribution")]
    found = evidence.open[(evidence.open["monitor"] == "skew") & evidence.open["kind"].isin(KINDS)]
    more = [] if by_row else [_BY_ROW]
    if len(found):
        return ASKED.answer("fail", evidence.how, [alarms(found, evidence)], more)
    if not (by_row or by_shape):
        said = "the log is compared with earlier windows of itself, not with what the model was trained on"
        return ASKED.answer("not covered", evidence.how, [said], [_BY_ROW, _BY_SHAPE])
    if of.empty:
        said = "nothing was compared with training yet"
        return ASKED.answer("not covered", evidence.how, [said], ["run `driftmeter run`"])
    rows = of[of["metric"] == "mismatch_share"]
    if len(rows):
        said = f"values are compared with those computed offline, row by row: {judged(rows, evidence)}"
        return ASKED.answer("pass", evidence.how, [f"{said}; no alert is open", _joined(evidence)], more)
    said = f"distributions, not rows, are held to the training data: {judged(of, evidence)}; no alert is open"
    return ASKED.answer("pass", evidence.how, [said], more)


def _joined(evidence: Evidence) -> str:
    """How many of the log's rows the offline log has."""
    rows = evidence.series("skew", "offline_matched")
    if rows.empty:
        return ""
    return f"{share(float((rows['value'] * rows['n']).sum() / max(rows['n'].sum(), 1)))} of rows are in both logs"
