"""Incidents of labels and scores: another base rate, scores on another scale."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import optimize, special
from sklearn.linear_model import LogisticRegression

from tests.benchmarks.alarms.kinds import Changed, Kind, Make, means, numbers
from tests.benchmarks.alarms.quiet import Quiet
from tests.benchmarks.alarms.relations import Relation


def base_rate(log: Quiet, column: str, rng: np.random.Generator) -> Kind | None:
    """Labels more often positive or more seldom, by the same number of logits whatever the features say.

    Labels flipped without regard to features would weaken every relation too. Numbers are all higher or lower.
    """

    def quantity(frame: pd.DataFrame) -> np.ndarray:
        return means(numbers(frame["label"]), frame["window"].to_numpy(), log.windows)

    if log.task == "regression":
        return Kind(quantity, lambda part, amount, by: Changed(part.assign(label=part["label"] + amount * by)))
    usual = float(log.frame["label"].mean())

    def flipped(part: pd.DataFrame, amount: np.ndarray, by: float) -> Changed | None:
        up = (usual + abs(by) < 0.98, usual - abs(by) > 0.005)
        if not any(up):
            return None
        more = up[0] if by > 0 else not up[1]
        logit = _logits(log, part)
        before = special.expit(logit)
        wanted = abs(by) if more else -abs(by)
        shift = optimize.brentq(lambda c: float((special.expit(logit + c) - before).mean()) - wanted, -40, 40)
        after = special.expit(logit + amount * shift)
        chance = (after - before) / (1 - before) if more else (before - after) / before
        chosen = (part["label"] == (0 if more else 1)).to_numpy() & (rng.uniform(size=len(part)) < chance)
        return Changed(part.assign(label=part["label"].mask(chosen, float(more))))

    return Kind(quantity, flipped, share=True)


def _logits(log: Quiet, part: pd.DataFrame) -> np.ndarray:
    """What a logistic regression on the reference's rows expects of each row."""
    past = log.frame.iloc[: log.first[log.reference]]
    known = past["label"].notna()
    relations = [Relation(log, name) for name in log.types]

    def inputs(frame: pd.DataFrame) -> np.ndarray:
        scores = [np.nan_to_num(r.score(frame[r.column]), nan=r.overall) for r in relations]
        return np.stack([special.logit(np.clip(x, 0.01, 0.99)) for x in scores], axis=1)

    model = LogisticRegression(max_iter=500).fit(inputs(past[known]), past["label"][known])
    return np.asarray(model.decision_function(inputs(part)))


def score_scale(log: Quiet, column: str, rng: np.random.Generator) -> Kind | None:
    """Scores multiplied by a number."""
    if "score" not in log.frame:
        return None
    usual = float(log.frame["score"].mean())

    def apply(part: pd.DataFrame, amount: np.ndarray, by: float) -> Changed | None:
        if abs(by) > 0.9 * usual:
            return None
        return Changed(part.assign(score=(part["score"] * (1 + amount * by / usual)).clip(0, 1)))

    return Kind(lambda f: means(numbers(f["score"]), f["window"].to_numpy(), log.windows), apply)


OUTCOME_KINDS: Mapping[str, Make] = {"base_rate": base_rate, "score_scale": score_scale}
