"""Rules of today on the same logs, windows and incidents, and their recall at the false-alarm rate of Driftmeter.

Each rule has one number by column and window (see ``rules``). A window raises a false alarm when any of its columns
does. The threshold that gives a rule another false-alarm rate is a quantile of quiet windows' largest numbers, taken by
log and grain on the very permutations that incidents are put into: the rules are tuned better than anyone could.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from tests.benchmarks.alarms.incidents import JUDGED, LATER, MODES, SOON, Incident
from tests.benchmarks.alarms.quiet import Quiet
from tests.benchmarks.alarms.rules import PULL, RULES, SIGMAS, Score, adjusted, of_series

QUIET = 100
"""Quiet windows after the reference that rules are asked about."""
_SERIES = ("rows", "performance")
"""What some rules know besides columns."""
_SIGMA = {"mean_3sd": (SIGMAS, _SERIES), "popmon_7sd": (PULL, ("rows",))}


class Rivals(NamedTuple):
    """Rules fitted to a quiet log.

    Attributes
    ----------
    columns : names of features, label and perhaps score, then of ``_SERIES``
    scores : by rule the columns' scoring functions
    quiet : by rule shape (C, W'), of the windows after the reference
    series : shape (2, W): rows and realised performance of every window (NaN: not known)
    """

    log: Quiet
    columns: list[str]
    scores: dict[str, dict[str, Score]]
    quiet: dict[str, np.ndarray]
    series: np.ndarray


def fit(log: Quiet, names: list[str]) -> Rivals:
    """Fit rules and ask them about quiet windows."""
    past = log.frame.iloc[: log.first[log.reference]]
    end = min(log.reference + QUIET, log.windows)
    now = log.part(log.reference, end)
    columns = [*log.types, "label", *(["score"] if "score" in log.frame else [])]
    series = _series(log.frame, log.windows)
    scores = {rule: {name: RULES[rule](past[name], past["window"].to_numpy()) for name in columns} for rule in names}
    quiet: dict[str, np.ndarray] = {}
    for rule in names:
        same = _same(rule, quiet)
        if same is not None:
            quiet[rule] = quiet[same]
            continue
        window = now["window"].to_numpy() - log.reference
        rows = [scores[rule][name](now[name], window, end - log.reference) for name in columns]
        rows += [_of_series(rule, i, series[i, : log.reference], series[i, log.reference : end]) for i in range(2)]
        quiet[rule] = np.stack(rows)
    return Rivals(log, [*columns, *_SERIES], scores, quiet, series)


def _same(rule: str, known: Iterable[str]) -> str | None:
    """A rule that has the same numbers by column: the adjusted one is another view of them."""
    return next((other for other in known if RULES[other] is RULES[rule]), None)


def _of_series(rule: str, i: int, reference: np.ndarray, values: np.ndarray) -> np.ndarray:
    sigma, known = _SIGMA.get(rule, (1.0, ()))
    least = 1.0 if (rule, _SERIES[i]) == ("mean_3sd", "rows") else 0.0
    return of_series(reference, values, sigma, least) if _SERIES[i] in known else np.zeros(len(values))


def _series(frame: pd.DataFrame, windows: int) -> np.ndarray:
    rows = np.bincount(frame["window"], minlength=windows).astype(float)
    auc = np.full(windows, np.nan)
    if "score" in frame:
        known = frame[frame["label"].notna() & frame["score"].notna()]
        for w, part in known.groupby("window"):
            ranks, positive = stats.rankdata(part["score"]), part["label"].to_numpy() == 1
            k = int(positive.sum())
            if 0 < k < len(part):
                auc[int(w)] = (ranks[positive].sum() - k * (k + 1) / 2) / (k * (len(part) - k))
    return np.stack([rows, auc])


def any_column(rule: str, scores: np.ndarray) -> np.ndarray:
    """Largest number of each window, shape (W',)."""
    return _final(rule, scores).max(axis=0)


def _final(rule: str, scores: np.ndarray) -> np.ndarray:
    return adjusted(scores) if rule.endswith("_bh") else scores


_ABOUT = {"base_rate": ["label", "performance"], "score_scale": ["score", "performance"],
          "duplicates": ["rows"], "volume": ["rows"]}  # fmt: skip
"""Which numbers are about an incident that is not of one feature."""


def of_incident(rivals: Rivals, incident: Incident) -> dict[str, float]:
    """Each rule's largest number about what the incident touched.

    Within two windows of its full size (``…_soon``), and within five (``…_later``).
    """
    log, start = rivals.log, incident.start
    end = min(start + JUDGED, log.windows)
    frame = incident.changed.frame
    if incident.changed.absent is not None:
        frame = frame.assign(**{incident.column: frame[incident.column].mask(incident.changed.absent)})
    window = frame["window"].to_numpy() - start
    relation = ["performance"] if incident.kind.startswith("relation") else []
    about = _ABOUT.get(incident.kind, [incident.column, *relation])
    series = _series(frame, log.windows)[:, start:end]
    out: dict[str, float] = {}
    grown = MODES[incident.mode] - 1
    known: dict[str, np.ndarray] = {}
    for rule, quiet in rivals.quiet.items():
        same = _same(rule, known)
        scores = quiet[:, start - log.reference : end - log.reference].copy() if same is None else known[same]
        for name in about if same is None else []:
            place = rivals.columns.index(name)
            if name in _SERIES:
                i = _SERIES.index(name)
                scores[place] = _of_series(rule, i, rivals.series[i, : log.reference], series[i])
            else:
                scores[place] = rivals.scores[rule][name](frame[name], window, end - start)
        known[rule] = scores
        own = _final(rule, scores)[[rivals.columns.index(name) for name in about]].max(axis=0)
        out[f"{rule}_soon"], out[f"{rule}_later"] = (float(own[: grown + n].max()) for n in (SOON, LATER))
    return out
