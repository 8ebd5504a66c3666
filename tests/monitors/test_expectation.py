"""What the scores lead to expect is judged before labels are in; what came true is judged beside it after."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from monitors import concept
from monitors.assess import measure_all
from monitors.config import Config
from monitors.findings import find
from monitors.incidents import group
from monitors.reference import Plan
from tests.cubes import LABEL, SCORE, Built, binary_log, build, day_of

DAYS, REFERENCE, CHANGE = 40, 20, 34
LOG = binary_log(seed=5, count=DAYS, rows=900)
DAY = day_of(LOG)
LATE = CHANGE <= DAY
RNG = np.random.default_rng(0)
CONFIG = Config.from_dict({"logs": {"path": "-"}})


def unlabelled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{LABEL: frame[LABEL].astype(float).where(~LATE)})


def lukewarm(frame: pd.DataFrame) -> pd.DataFrame:
    """Late inputs are such that scores, still probabilities, lie nearer to each other; labels follow."""
    logit = np.log(frame[SCORE] / (1 - frame[SCORE])) * np.where(LATE, 0.4, 1.0)
    score = 1 / (1 + np.exp(-logit))
    return frame.assign(**{SCORE: score, LABEL: (RNG.random(len(frame)) < score).astype(float)})


def turned(frame: pd.DataFrame) -> pd.DataFrame:
    """The same inputs and scores late, and a third of the labels a coin's."""
    coin = LATE & (RNG.random(len(frame)) < 0.35)
    return frame.assign(**{LABEL: np.where(coin, RNG.integers(0, 2, len(frame)), frame[LABEL]).astype(float)})


def found(built: Built) -> pd.DataFrame:
    plan = Plan(tuple(built.reference.starts.tolist()))
    measured = measure_all(built.cube, plan, built.settings, monitors=[concept.measure]).assign(model="")
    rows = find(measured, CONFIG, built.settings.grain, [])
    rows = rows[(rows["kind"] == "performance") & (rows["state"] != "resolved")]
    return rows[rows["window_start"] >= built.start(CHANGE)]


def of(built: Built, metric: str) -> pd.DataFrame:
    frame = concept.measure(*built)
    return frame[(frame["metric"] == metric) & frame["feature"].isna()].sort_values("window_start")


def test_a_worse_expectation_is_worth_a_look_while_labels_are_not_in() -> None:
    told = found(build(unlabelled(lukewarm(LOG)), REFERENCE, task="binary"))
    assert len(told) >= DAYS - CHANGE - 1
    assert set(told["severity"]) == {"watch"}
    assert told["metric"].str.startswith("expected_").all()
    assert told["message"].str.contains("expected from the scores, labels not in yet").all()


def test_once_labels_are_in_what_came_true_is_judged_and_not_the_expectation() -> None:
    built = build(lukewarm(LOG), REFERENCE)
    told = found(built)
    assert "alert" in set(told["severity"])
    assert not told["metric"].str.startswith("expected_").any()
    assert of(built, "expected_auc")["p_value"].isna().all()


def test_quiet_windows_without_labels_are_left_alone() -> None:
    assert found(build(unlabelled(LOG), REFERENCE, task="binary")).empty


def test_a_relation_that_moved_shows_as_realised_below_expected() -> None:
    built = build(turned(LOG), REFERENCE)
    gap, rate = of(built, "auc_gap"), built.settings.rate("concept", "expectation")
    late, early = gap.iloc[CHANGE:], gap.iloc[REFERENCE:CHANGE]
    assert (late["high"] < 0).all()
    assert (late["p_value"] < rate).mean() > 0.8
    assert (early["p_value"] > rate).all()
    assert ((early["low"] <= 0) & (early["high"] >= 0)).mean() >= 0.8
    expected, realised = of(built, "expected_auc").iloc[CHANGE:], of(built, "auc").iloc[CHANGE:]
    np.testing.assert_allclose(late["value"], realised["value"].to_numpy() - expected["value"].to_numpy(), atol=1e-9)
    assert late["detail"].iloc[0].startswith(f"{realised['value'].iloc[0]:.3g} where")


def test_inputs_that_moved_leave_no_gap() -> None:
    built = build(lukewarm(LOG), REFERENCE)
    gap = of(built, "auc_gap").iloc[CHANGE:]
    assert (gap["p_value"] > built.settings.rate("concept", "expectation")).all()
    assert of(built, "auc")["value"].iloc[CHANGE:].max() < of(built, "auc")["value"].iloc[:CHANGE].min()


def test_the_gap_waits_for_labels_and_its_interval_holds_nothing_in_quiet_windows() -> None:
    gap = of(build(LOG, REFERENCE), "auc_gap")
    assert ((gap["low"] <= 0) & (gap["high"] >= 0)).mean() > 0.85
    waiting = of(build(unlabelled(LOG), REFERENCE, task="binary"), "auc_gap")
    assert len(waiting) == CHANGE


@pytest.mark.parametrize("kind", ["score", "class"])
def test_scores_that_only_rank_have_a_gap_and_classes_have_none(kind: str) -> None:
    values = 100 * LOG[SCORE] if kind == "score" else (LOG[SCORE] > 0.5).astype(int)
    frame = concept.measure(*build(LOG.assign(**{SCORE: values}), REFERENCE))
    assert ("auc_gap" in set(frame["metric"])) == (kind == "score")
    assert "expected_log_loss" not in set(frame["metric"])


def test_one_window_and_a_short_reference_are_not_judged() -> None:
    one = build(LOG[DAY == 0], 1)
    frame = concept.measure(*one)
    assert frame["p_value"].isna().all()
    few = concept.measure(*build(LOG[DAY < 5].reset_index(drop=True), 2))
    assert few.loc[few["metric"].isin(["auc_gap", "expected_auc"]), "p_value"].isna().all()


def titles(built: Built, prefix: str) -> list[str]:
    """Of incidents made of these metrics alone."""
    plan = Plan(tuple(built.reference.starts.tolist()))
    measured = measure_all(built.cube, plan, built.settings, monitors=[concept.measure]).assign(model="")
    told = measured[measured["metric"].str.startswith(prefix)]
    _, incidents = group(find(told, CONFIG, built.settings.grain, []), built.settings.grain, told)
    return incidents["title"].tolist()


def test_incidents_say_what_is_expected_and_what_came_true() -> None:
    (waiting,) = titles(build(unlabelled(lukewarm(LOG)), REFERENCE, task="binary"), "expected_auc")
    assert "the model's AUC, as the scores alone lead to expect, is 0." in waiting
    (changed,) = titles(build(turned(LOG), REFERENCE), "auc_gap")
    assert re.search(r"the model's AUC is 0\.\d+ under what its scores promise", changed)
