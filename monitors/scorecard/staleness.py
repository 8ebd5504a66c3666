"""Monitor 4: models are not too stale."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from monitors.messages import METRICS
from monitors.performance import BETTER_HIGH
from monitors.scorecard.evidence import Evidence
from monitors.scorecard.quality import KINDS
from monitors.scorecard.result import Question, Result
from monitors.scorecard.words import alarms, counted
from monitors.sentences import day
from monitors.settings import SIZE_THAT_MATTERS
from monitors.statistics.intervals import normal_quantile
from monitors.statistics.trends import slope

ASKED = Question(4, "Staleness", "Is the serving model not too stale?", "scorecard")
_LIMIT = 'say how old is too old: [model] max_age = "90d"'
_MATTERS = 0.05
"""Of a metric in the label's own unit: a change of this part of its mean matters."""
_FEWEST = 4
"""Windows with labels from which a model can be said to have aged, or not."""


def staleness(evidence: Evidence) -> Result:
    """Whether the serving model is too old, by its age and by how it did at each age.

    *Not covered*: the log does not name versions (``[features] version``), so nobody knows which model answered; or it
    does, but neither is a greatest age given (``[model] max_age``) nor any version's performance known. *Fail*: the
    serving version is older than ``max_age``; or its performance falls with its age, beyond chance (the 95% interval
    of the slope leaves out 0) and by as much as matters over its life (``alerts.matters``); or an alert about its
    performance is open that began later than it did (what began with it is no matter of age). *Pass*: none of it. A
    version that served in the log's first window is at least as old as said.
    """
    alive, most = evidence.lives, evidence.config.model.max_age_days
    if alive.serving is None:
        named = evidence.config.features.version is not None
        said = "no row names a version" if named else "the log does not say which version of the model answered"
        return ASKED.answer("not covered", evidence.how, [said], ['name it: [features] version = "model_version"'])
    unit = "rows" if evidence.grain.kind == "rows" else "days"
    age = _age(evidence, unit)
    if most is not None and alive.age > most:
        return ASKED.answer("fail", evidence.how, [f"{age}; [model] max_age allows {most:,.0f}"], ["retrain"])
    if evidence.ages.empty and most is None:
        said = f"{age}; how well it does at which age is not known"
        then = ["name the label: [logs] label or [labels] path", _LIMIT]
        return ASKED.answer("not covered", evidence.how, [said], then)
    fall = aging(evidence.ages, alive.serving, evidence.config.alerts.sizes_that_matter())
    if fall is not None and fall.fell:
        return ASKED.answer("fail", evidence.how, [fall.words(unit), age], ["retrain"])
    late = evidence.alarms(kinds=KINDS)
    late = late[late["onset"].astype("int64") > int(alive.of_serving["first"])]
    if len(late):
        return ASKED.answer("fail", evidence.how, [f"it did better when it was younger: {alarms(late, evidence)}", age],
                            ["retrain"])  # fmt: skip
    allowed = f"; [model] max_age allows {most:,.0f}" if most is not None else ""
    held = fall.words(unit) if fall is not None else "too few windows with labels to say whether it ages"
    return ASKED.answer("pass", evidence.how, [f"{age}{allowed}", held], [] if most is not None else [_LIMIT])


def _age(evidence: Evidence, unit: str) -> str:
    alive = evidence.lives
    row = alive.of_serving
    least = "at least " if row["from_start"] else ""
    since = day(int(row["first"]), evidence.grain)
    others = counted(len(alive.frame), "version")
    return f'version "{alive.serving}" is {least}{alive.age:,.0f} {unit} old (serving since {since}; {others} so far)'


class Aging(NamedTuple):
    """How a version's performance goes with its age.

    Attributes
    ----------
    change, low, high : from its first window to its last, with the 95% interval
    span : between the two, in days (rows); least : the smallest change that matters
    """

    metric: str
    change: float
    low: float
    high: float
    span: float
    least: float

    @property
    def fell(self) -> bool:
        """Whether it became worse, beyond chance and by enough."""
        worse = self.high < 0 if self.metric in BETTER_HIGH else self.low > 0
        return worse and abs(self.change) >= self.least

    def words(self, unit: str) -> str:
        """In a sentence, for the evidence."""
        name = METRICS[self.metric]
        interval = f"95% interval {self.low:+.2g} to {self.high:+.2g}"
        if self.fell:
            return f"{name} went by {self.change:+.2g} over {self.span:,.0f} {unit} of its life ({interval})"
        return f"no fall beyond chance over {self.span:,.0f} {unit} of its life: {name} {self.change:+.2g} ({interval})"


def aging(ages: pd.DataFrame, version: str, matters: dict[str, float]) -> Aging | None:
    """How one version's performance goes with its age, by weighted least squares; None with too few windows.

    Parameters
    ----------
    ages : see ``monitors.scorecard.ages.ages``
    matters : sizes that matter by metric, as configured
    """
    rows = ages[(ages["version"] == version) & np.isfinite(ages["value"].astype(float))].sort_values("age")
    if len(rows) < _FEWEST:
        return None
    metric, time, value = str(rows["metric"].iloc[0]), rows["age"].to_numpy(float), rows["value"].to_numpy(float)
    error = (rows["high"].to_numpy(float) - rows["low"].to_numpy(float)) / (2 * normal_quantile())
    line = slope(time, value, np.where(np.isfinite(error), error, np.nan))
    if not np.isfinite(line.value):
        return None
    span = float(time[-1] - time[0])
    size = {**SIZE_THAT_MATTERS, **matters}.get(metric, matters.get("*", _MATTERS * abs(float(np.mean(value)))))
    change, low, high = (float(part) * span for part in line)
    return Aging(metric, change, low, high, span, size)
