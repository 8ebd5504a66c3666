"""Concept's numbers are those of scikit-learn on the same rows, within what bins hide; its details name the place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from monitors.concept import measure
from monitors.profile.freeze import Model
from tests.cubes import LABEL, SCORE, Built, binary_log, build, day_of

LOG = binary_log(seed=3, count=30, rows=600)
DAY = day_of(LOG)
REFERENCE = 14
BUILT = build(LOG, REFERENCE)
MEASURED = measure(*BUILT)


def of(metric: str, frame: pd.DataFrame = MEASURED, feature: str | None = None) -> pd.DataFrame:
    mine = frame["feature"].isna() if feature is None else frame["feature"] == feature
    return frame[(frame["metric"] == metric) & mine].sort_values("window_start").reset_index(drop=True)


ORACLES = {
    "auc": (lambda y, s: metrics.roc_auc_score(y, s), 0.004),
    "log_loss": (lambda y, s: metrics.log_loss(y, s), 1e-9),
    "brier": (lambda y, s: metrics.brier_score_loss(y, s), 1e-9),
    "accuracy": (lambda y, s: metrics.accuracy_score(y, s >= 0.5), 1e-9),
    "f1": (lambda y, s: metrics.f1_score(y, s >= 0.5), 1e-9),
    "label_rate": (lambda y, s: y.mean(), 1e-9),
    "prediction_mean": (lambda y, s: s.mean(), 1e-9),
    "labelled_share": (lambda y, s: 1.0, 1e-9),
}


@pytest.mark.parametrize("metric", ORACLES)
def test_realised_performance_is_that_of_the_rows(metric: str) -> None:
    oracle, tolerance = ORACLES[metric]
    found = of(metric)
    for w in (0, REFERENCE, 29):
        rows = LOG[w == DAY]
        assert found["value"][w] == pytest.approx(oracle(rows[LABEL], rows[SCORE]), abs=tolerance)
    if metric != "labelled_share":
        assert ((found["low"] <= found["value"]) & (found["value"] <= found["high"])).all()


@pytest.mark.parametrize("metric", ["auc", "log_loss", "brier", "accuracy", "f1"])
def test_expected_performance_is_near_what_is_realised_while_the_concept_holds(metric: str) -> None:
    expected, realised = of(f"expected_{metric}"), of(metric)
    assert (expected["value"] - realised["value"]).abs().mean() < 0.03
    inside = (expected["low"] <= realised["value"]) & (realised["value"] <= expected["high"])
    assert inside.mean() > 0.8


def test_regression_and_classes_have_their_metrics() -> None:
    rng = np.random.default_rng(0)
    numbers = LOG.assign(**{LABEL: LOG["x"] + rng.normal(0, 1, len(LOG)) + 50, SCORE: LOG["x"] + 50})
    found = measure(*build(numbers, REFERENCE, task="regression"))
    rows = numbers[DAY == 20]
    assert of("rmse", found)["value"][20] == pytest.approx(metrics.root_mean_squared_error(rows[LABEL], rows[SCORE]))
    assert of("mae", found)["value"][20] == pytest.approx(metrics.mean_absolute_error(rows[LABEL], rows[SCORE]))
    assert of("r2", found)["value"][20] == pytest.approx(metrics.r2_score(rows[LABEL], rows[SCORE]))
    classes = LOG.assign(**{LABEL: LOG["place"], SCORE: LOG["place"].where(LOG.index % 4 > 0, "north")})
    found = measure(*build(classes, REFERENCE, task="multiclass"))
    rows = classes[DAY == 20]
    assert of("accuracy", found)["value"][20] == pytest.approx((rows[LABEL] == rows[SCORE]).mean())


@pytest.mark.parametrize("kind", ["boolean", "number", "text"])
def test_predicted_classes_are_right_or_wrong_however_they_are_written(kind: str) -> None:
    positive = LOG[SCORE] >= 0.5
    spelled = {"boolean": positive, "number": positive.astype(int), "text": positive.map({True: "1", False: "0"})}[kind]
    found = measure(*build(LOG.assign(**{SCORE: spelled}), REFERENCE))
    rows = LOG[DAY == 20]
    assert of("accuracy", found)["value"][20] == pytest.approx(metrics.accuracy_score(rows[LABEL], rows[SCORE] >= 0.5))
    assert of("f1", found)["value"][20] == pytest.approx(metrics.f1_score(rows[LABEL], rows[SCORE] >= 0.5))


def test_a_class_that_the_reference_never_predicted_counts_when_it_comes() -> None:
    shy = (LOG[SCORE] >= 0.5) & (DAY >= REFERENCE)
    found = measure(*build(LOG.assign(**{SCORE: shy.astype(int)}), REFERENCE))
    rows = LOG[DAY == 20]
    assert of("accuracy", found)["value"][0] == pytest.approx((LOG.loc[DAY == 0, LABEL] == 0).mean())
    assert of("f1", found)["value"][20] == pytest.approx(metrics.f1_score(rows[LABEL], rows[SCORE] >= 0.5))


def test_the_threshold_is_the_models_even_where_no_reference_score_reaches_it() -> None:
    low = LOG.assign(**{SCORE: LOG[SCORE] * np.where(DAY < REFERENCE, 0.4, 1.0)})
    found = measure(*build(low, REFERENCE, model=Model(threshold=0.6), threshold=0.6))
    rows = low[DAY == 20]
    assert of("f1", found)["value"][20] == pytest.approx(metrics.f1_score(rows[LABEL], rows[SCORE] >= 0.6))


def test_the_change_in_loss_is_split_in_two_that_add_up() -> None:
    harder = LOG[(DAY < 20) | (np.abs(LOG[SCORE] - 0.5) < 0.3)].reset_index(drop=True)
    found = measure(*build(harder, REFERENCE))
    late = slice(20, None)
    inputs, relation, loss = (of(name, found)["value"][late] for name in ("loss_inputs", "loss_relation", "log_loss"))
    usual = harder[day_of(harder) < REFERENCE]
    before = metrics.log_loss(usual[LABEL], usual[SCORE])
    assert (inputs > 0.05).all()
    assert relation.abs().mean() < 0.03
    np.testing.assert_allclose(inputs + relation, loss - before, atol=0.02)
    assert (of("unknown_share", found)["value"] < 0.02).all()


def test_a_relation_that_changes_in_one_place_is_told_with_the_place() -> None:
    east = LOG["place"] == "east"
    flipped = LOG[LABEL].where((DAY < 20) | ~east, 1)
    found = of("relation", measure(*build(LOG.assign(**{LABEL: flipped}), REFERENCE)), "place")
    assert all(text.startswith("east: ") and text.endswith(" to 100.0%") for text in found["detail"][20:])
    assert f"east: {flipped[east & (DAY < REFERENCE)].mean():.1%}" in found["detail"][25]
    assert (found["value"][20:] > 4 * found["expected"][20:]).all()


def test_a_higher_base_rate_is_not_laid_at_every_features_door() -> None:
    rng = np.random.default_rng(1)
    logit = np.log(LOG[SCORE] / (1 - LOG[SCORE])) + np.where(DAY >= 20, 0.8, 0)
    risen = LOG.assign(**{LABEL: (rng.random(len(LOG)) < 1 / (1 + np.exp(-logit))).astype(int)})
    built = build(risen, REFERENCE)
    found = measure(*built)
    rate = built.settings.rate("concept", "relation")
    assert of("label_rate", found)["p_value"][20:].max() < 5 * built.settings.rate("concept", "label_rate")
    flagged = found[(found["metric"] == "relation") & (found["p_value"] < rate)]
    assert len(flagged) <= 2


def test_moved_inputs_do_not_move_the_relation() -> None:
    # x shifts, and the outcome follows it as it did before
    rng = np.random.default_rng(2)
    x = LOG["x"] + np.where(DAY >= 20, 0.7, 0)
    logit = 1.5 * x - 0.5
    score = 1 / (1 + np.exp(-logit))
    moved = LOG.assign(x=x, **{SCORE: score, LABEL: (rng.random(len(LOG)) < score).astype(int)})
    built = build(moved, REFERENCE)
    found = of("relation", measure(*built), "x")
    assert (found["p_value"][20:] > built.settings.rate("concept", "relation")).mean() >= 0.9


def test_segments_are_compared_with_their_own_reference() -> None:
    built = build(LOG, REFERENCE, segments=("place",))
    for name, cube in built.segments.items():
        own = Built(cube, cube.select(np.isin(cube.starts, built.reference.starts)), built.settings)
        rows = LOG[(DAY == 20) & (LOG["place"] == name.split("=")[1])]
        assert of("label_rate", measure(*own))["value"][20] == pytest.approx(rows[LABEL].mean())
