"""Monitor 7: no regression in prediction quality on served data."""

from __future__ import annotations

from monitors.messages import METRICS, number
from monitors.scorecard.evidence import Evidence
from monitors.scorecard.result import Question, Result
from monitors.scorecard.words import alarms, counted
from monitors.sentences import day

ASKED = Question(7, "Prediction quality", "Has prediction quality on served data held?", "concept")
KINDS = ("performance", "calibration")
_LEADING = ("auc", "accuracy", "rmse", "mae", "brier", "r2", "f1", "log_loss", "calibration_error")


def quality(evidence: Evidence) -> Result:
    """Whether the model still predicts what it served as well as it did.

    *Not covered*: no window's performance was judged by labels: none are named or in yet, or the reference is too
    short. *Fail*: an alert of kind performance or calibration is open. *Pass*: none is. What is expected of scores
    whose labels are not in yet is watched, and covers nothing by itself.
    """
    found = evidence.alarms(kinds=KINDS)
    if len(found):
        return ASKED.answer("fail", evidence.how, [alarms(found, evidence)])
    known = set(evidence.judged_of("concept")["metric"])
    metric = next((metric for metric in _LEADING if metric in known), None)
    if metric is None:
        return ASKED.answer("not covered", evidence.how, *_lacking(evidence))
    rows = evidence.series("concept", metric)
    judged = rows[rows["p_value"].notna()]
    last = judged.iloc[-1]
    value, due = number(float(last["value"])), number(float(last["expected"]))
    when = day(int(last["window_start"]), evidence.grain)
    said = f"{METRICS[metric]} is {value} in the last window whose labels are in ({when}), expected {due}"
    return ASKED.answer("pass", evidence.how, [f"{said}; {counted(len(judged), 'window')} judged, no alert is open"])


def _lacking(evidence: Evidence) -> tuple[list[str], list[str]]:
    """Why quality is not judged, and what would help."""
    config = evidence.config
    if config.logs.prediction is None:
        return ["the log names no prediction"], ['name the prediction: [logs] prediction = "score"']
    if config.labels is None and config.logs.label is None:
        return (["nobody says what came true: no label is named"],
                ["name the label: [logs] label, or [labels] path of a log that comes later"])  # fmt: skip
    said = "no window has been judged by its labels yet"
    return [said], ["wait for labels, or give the reference at least three windows: [reference] start and end"]
