"""Null models: how much do quiet windows differ from each other, and is this window beyond that?

Windows differ by chance and by habit (weekdays, weather). Both are estimated from the reference windows, each judged
against the others (``habit``), several windows in a row together (``lasting``); a window is called strange only when
its strangest number is stranger than tails as long as the reference's own lead to expect (``tails``, ``family``).
"""

from monitors.statistics.null.bounded import bounded, of_counts, share_limit
from monitors.statistics.null.counts import few_windows, gamma_rates, log_chance_of_none
from monitors.statistics.null.family import Verdict, judge, reach
from monitors.statistics.null.habit import CEILING, FEW_WINDOWS, Deviations, deviations, score_of_t, t_of_score
from monitors.statistics.null.lasting import SLOW, SPANS
from monitors.statistics.null.moderate import common
from monitors.statistics.null.runs import SHORTEST_RUN, run_below

__all__ = [
    "CEILING",
    "FEW_WINDOWS",
    "SHORTEST_RUN",
    "SLOW",
    "SPANS",
    "Deviations",
    "Verdict",
    "bounded",
    "common",
    "deviations",
    "few_windows",
    "gamma_rates",
    "judge",
    "log_chance_of_none",
    "of_counts",
    "reach",
    "run_below",
    "score_of_t",
    "share_limit",
    "t_of_score",
]
