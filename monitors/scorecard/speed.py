"""Monitor 6: no regression in serving latency or throughput."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from monitors.scorecard.evidence import Evidence
from monitors.scorecard.result import Question, Result
from monitors.scorecard.words import alarms, counted
from monitors.sentences import day
from monitors.settings import SIZE_THAT_MATTERS
from monitors.statistics.intervals import normal_quantile
from monitors.statistics.trends import slope

ASKED = Question(
    6, "Speed and throughput", "Are latency and throughput free of dramatic and slow-leak regressions?", "log-health"
)
LATENCIES = {"latency_p50": "median latency", "latency_p95": "95% latency", "latency_p99": "99% latency"}
LATEST = 90
"""Windows over which a slow leak is looked for, at most."""
_FEWEST = 14
"""In fewer windows than this no leak is looked for."""
_SURE = 0.99


def speed(evidence: Evidence) -> Result:
    """Whether the service answers as fast, and as many requests, as it did: at once (dramatic) and over time (leaks).

    *Not covered*: the log does not say how long answers took (``[logs] latency``), or latency could not be judged; the
    number of rows alone does not cover the test, but can fail it. *Fail*: an alert of kind latency is open for slower
    answers, or of kind volume or gap for fewer rows; or something leaks: over the last ``LATEST`` windows the median or
    95th percentile of latency grew, or rows fell, steadily (99% interval of the slope of the logarithm, weekdays taken
    out) and by as much as matters (``alerts.matters``). *Pass*: neither. Training speed and memory, which the paper
    asks of too, are not in a log.
    """
    found = evidence.alarms(kinds=("latency", "volume", "gap"))
    found = found[(found["metric"] != "file") & ~_better(found)]
    wrong = ([alarms(found, evidence)] if len(found) else []) + _leaks(evidence)
    held = [_latency(evidence), _volume(evidence)]
    more = [] if evidence.config.logs.latency else ['name the column of durations: [logs] latency = "latency_ms"']
    if wrong:
        return ASKED.answer("fail", evidence.how, [*wrong, *held], more)
    timed = evidence.judged_of("integrity")
    if timed["metric"].isin(LATENCIES).any():
        return ASKED.answer("pass", evidence.how, [*held, "no alert is open and nothing leaks"])
    if more:
        return ASKED.answer("not covered", evidence.how, ["the log does not say how long answers took", *held], more)
    seen = [evidence.series("integrity", metric)["value"].notna().any() for metric in LATENCIES]
    if not any(seen):
        column = evidence.config.logs.latency
        said = f'no row has a number in "{column}"'
        return ASKED.answer("not covered", evidence.how, [said, *held], ["name a column of durations: [logs] latency"])
    then = ["give the reference at least three windows in which latency is logged"]
    return ASKED.answer("not covered", evidence.how, ["latency could not be judged yet", *held], then)


def _leaks(evidence: Evidence) -> list[str]:
    """A sentence for each number that goes the wrong way little by little."""
    sizes = {**SIZE_THAT_MATTERS, **evidence.config.alerts.sizes_that_matter()}
    said = []
    # of a 99th percentile so few rows are known that its course says little
    for metric, name in (*list(LATENCIES.items())[:2], ("rows", "rows per window")):
        seen = leak(evidence.series("integrity", metric))
        if seen is not None and seen.lasts(metric != "rows", sizes.get(metric, sizes.get("*", 0.2))):
            said.append(f"{name}: {seen.words()}")
    return said


def _better(found: pd.DataFrame) -> pd.Series:
    """Alerts that are no regression: faster answers, more rows."""
    faster = (found["kind"] == "latency") & (found["effect"].astype(float) < 0)
    return faster | ((found["kind"] == "volume") & (found["effect"].astype(float) > 0))


class Leak(NamedTuple):
    """Change from the first to the last of some windows, as a part of the first, with its interval."""

    change: float
    low: float
    high: float
    windows: int

    def lasts(self, up: bool, least: float) -> bool:
        """Whether it goes the wrong way, surely and by enough."""
        return self.low > 0 and self.change >= least if up else self.high < 0 and self.change <= -least

    def words(self) -> str:
        """In a sentence."""
        return (f"{self.change:+.0%} over {self.windows} windows, little by little "
                f"(99% interval {self.low:+.0%} to {self.high:+.0%})")  # fmt: skip


def leak(rows: pd.DataFrame) -> Leak | None:
    """Trend of a positive number over its last windows, what is expected of each (weekdays) divided out.

    Parameters
    ----------
    rows : measurements of one metric in order of time. The log's first and last window, which may not be whole, do not
        count, nor does one whose value or interval is not known.
    """
    part = rows.iloc[1:-1].iloc[-LATEST:]
    value, low, high = (part[name].to_numpy(float) for name in ("value", "low", "high"))
    due = part["expected"].to_numpy(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        level = np.log(value / np.where(np.isfinite(due) & (due > 0), due, np.nanmean(value) if len(value) else 1.0))
        error = (np.log(high) - np.log(low)) / (2 * normal_quantile())
    known = np.isfinite(level) & np.isfinite(error)
    if known.sum() < _FEWEST:
        return None
    time = np.arange(len(part), dtype=float)[known]
    line = slope(time, level[known], np.maximum(error[known], 1e-6), level=_SURE)
    if not np.isfinite(line.value):
        return None
    span = time[-1] - time[0]
    change, least, most = (float(np.expm1(x * span)) for x in line)
    return Leak(change, least, most, int(known.sum()))


def _latency(evidence: Evidence) -> str:
    series = {name: evidence.series("integrity", metric) for metric, name in LATENCIES.items()}
    if any(rows.empty for rows in series.values()):
        return ""
    told = ", ".join(f"{name} {rows['value'].iloc[-1]:.3g}" for name, rows in series.items())
    last = next(iter(series.values()))
    judged = counted(int(last["p_value"].notna().sum()), "window")
    return f"{told} in the window of {day(int(last['window_start'].iloc[-1]), evidence.grain)} ({judged} judged)"


def _volume(evidence: Evidence) -> str:
    rows = evidence.series("integrity", "rows")
    rows = rows[rows["p_value"].notna()]
    if rows.empty:
        return ""
    last = rows.iloc[-1]
    return (f"{last['value']:,.0f} rows in the last whole window, where {last['expected']:,.0f} were to be expected "
            f"({counted(len(rows), 'window')} judged)")  # fmt: skip
