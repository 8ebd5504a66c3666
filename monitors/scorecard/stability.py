"""Monitor 5: the model is numerically stable."""

from __future__ import annotations

import pandas as pd

from monitors.messages import share
from monitors.scorecard.evidence import Evidence
from monitors.scorecard.result import Question, Result
from monitors.scorecard.words import alarms, counted
from monitors.sentences import day

ASKED = Question(5, "Numerical stability", "Is the model numerically stable?", "concept")


def stability(evidence: Evidence) -> Result:
    """Whether predictions are numbers: neither NaN nor infinite, nor missing more often than usual.

    *Not covered*: the log's predictions are not named (``[logs] prediction``) or were not measured. *Fail*: an alert of
    kind ``nonfinite`` is open (a first NaN or infinity is a fact and needs no statistics). *Pass*: none is. Weights and
    layers, which the paper asks of too, are not in a log.
    """
    rows = evidence.series("concept", "nonfinite_share")
    found = evidence.alarms(kinds=("nonfinite",))
    if len(found):
        return ASKED.answer("fail", evidence.how, [alarms(found, evidence)])
    if rows.empty:
        named = evidence.config.logs.prediction is not None
        said = "the log's predictions were not measured" if named else "the log names no prediction"
        then = "run `driftmeter run`" if named else 'name the prediction: [logs] prediction = "score"'
        return ASKED.answer("not covered", evidence.how, [said], [then])
    lacking, some = evidence.series("concept", "unscored_share"), rows[rows["value"] > 0]
    when = f", the last on {day(int(some['window_start'].iloc[-1]), evidence.grain)}" if len(some) else ""
    of = f"{_rows(rows):,} of {int(rows['n'].sum()):,} rows in {counted(len(rows), 'window')}"
    without = f"{share(_rows(lacking) / max(float(lacking['n'].sum()), 1.0))} have none"
    said = f"{of} have a NaN or infinite prediction{when}; {without}; no alert is open"
    return ASKED.answer("pass", evidence.how, [said])


def _rows(rows: pd.DataFrame) -> int:
    """How many rows shares are of."""
    return round(float((rows["value"] * rows["n"]).sum()))
