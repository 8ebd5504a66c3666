"""The three powers: what a model still gets, what retraining could get, what the inputs alone leave."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from monitors.decay import TOO_FEW, measure
from tests.cubes import LABEL, SCORE, TIME, binary_log, build, day_of
from tests.monitors.found import alerts, findings

LOG = binary_log(seed=4, count=30, rows=800)
DAY = day_of(LOG)
REFERENCE = 14


def of(frame: pd.DataFrame, metric: str, feature: str) -> pd.DataFrame:
    part = frame[(frame["metric"] == metric) & (frame["feature"] == feature)]
    return part.sort_values("window_start").reset_index(drop=True)


def powers(frame: pd.DataFrame, feature: str) -> list[float]:
    return [of(frame, f"{kind}_power", feature)["value"].mean() for kind in ("learned", "available", "expected")]


MEASURED = measure(*build(LOG, REFERENCE))


@pytest.mark.parametrize("feature", ["x", "z", "noise"])
def test_learned_power_is_the_auc_of_a_model_of_that_feature_fitted_on_the_reference(feature: str) -> None:
    early = LOG[DAY < REFERENCE]
    tree = DecisionTreeClassifier(max_leaf_nodes=40, min_samples_leaf=100).fit(early[[feature]], early[LABEL])
    late = LOG[DAY >= REFERENCE]
    model = roc_auc_score(late[LABEL], tree.predict_proba(late[[feature]])[:, 1])
    found = of(MEASURED, "learned_power", feature)
    assert found["value"][REFERENCE:].mean() == pytest.approx(model, abs=0.012)
    assert ((found["low"] <= model) & (model <= found["high"])).mean() > 0.85


def test_learned_power_of_a_number_is_the_variance_that_a_model_explains() -> None:
    rng = np.random.default_rng(0)
    frame = LOG.assign(**{LABEL: np.sin(2 * LOG["x"]) + rng.normal(0, 0.5, len(LOG)), SCORE: 0.0})
    found = measure(*build(frame, REFERENCE, task="regression"))
    early, late = frame[DAY < REFERENCE], frame[DAY >= REFERENCE]
    tree = DecisionTreeRegressor(max_leaf_nodes=60, min_samples_leaf=80).fit(early[["x"]], early[LABEL])
    model = r2_score(late[LABEL], tree.predict(late[["x"]]))
    for metric in ("learned_power", "available_power", "expected_power"):
        assert of(found, metric, "x")["value"][REFERENCE:].mean() == pytest.approx(model, abs=0.04)
        assert of(found, metric, "noise")["value"][REFERENCE:].mean() == pytest.approx(0, abs=0.03)
    assert set(found["metric"]) == {
        "learned_power", "available_power", "expected_power", "input_spread", "known_share"
    }  # fmt: skip


def test_categories_have_no_order_in_regression_either() -> None:
    # neighbours in the list of categories differ most: joining them would lose the signal
    rng = np.random.default_rng(1)
    words = np.array([f"w{i:02}" for i in range(40)])
    code = rng.integers(0, 40, len(LOG))
    frame = pd.DataFrame({TIME: LOG[TIME], "word": words[code], LABEL: (code % 2) + rng.normal(0, 0.5, len(LOG))})
    found = measure(*build(frame, REFERENCE, task="regression"))
    assert of(found, "available_power", "word")["value"].mean() == pytest.approx(0.5, abs=0.05)


def test_in_quiet_times_the_three_agree_and_noise_has_none() -> None:
    for feature, power in (("x", 0.79), ("z", 0.62), ("place", 0.6), ("noise", 0.5)):
        assert powers(MEASURED, feature) == pytest.approx([power] * 3, abs=0.03)
    for metric in ("information_value", "mutual_information"):
        means = MEASURED[MEASURED["metric"] == metric].groupby("feature")["value"].mean()
        assert means["x"] > 3 * means["noise"] > 0


def test_a_reference_window_is_measured_with_the_relation_of_the_others() -> None:
    # a feature of pure noise would look good in the windows that its relation was learned from
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({TIME: LOG[TIME], "noise": rng.normal(size=len(LOG)), LABEL: LOG[LABEL]})
    frame = frame[frame.index % 8 == 0].reset_index(drop=True)
    found = of(measure(*build(frame, REFERENCE)), "learned_power", "noise")
    assert found["value"][:REFERENCE].mean() == pytest.approx(0.5, abs=0.03)


def test_a_feature_that_never_told_anything_has_nothing_to_lose() -> None:
    flat = MEASURED[(MEASURED["metric"] == "learned_power") & (MEASURED["feature"] == "noise")]
    assert flat["p_value"].isna().all()
    assert flat["band_low"].isna().all()


def test_power_that_fades_slowly_is_found_before_it_is_gone() -> None:
    rng = np.random.default_rng(6)
    kept = np.clip(1 - (DAY - 16) / 40, 0, 1)  # loses 2.5% of its rows' signal a day
    fading = LOG["x"].where(rng.random(len(LOG)) < kept, rng.permutation(LOG["x"]))
    found = alerts(findings(build(LOG.assign(x=fading), REFERENCE), measure), feature="x")
    assert 17 <= found["window"].min() <= 26
    assert set(found["kind"]) == {"lost_signal"}


def test_one_window_alone_needs_more_than_many_in_a_row() -> None:
    rng = np.random.default_rng(7)
    for days, flagged in (([20], False), (range(20, 30), True)):
        hit = np.isin(DAY, list(days)) & (rng.random(len(LOG)) < 0.2)
        mixed = LOG.assign(x=LOG["x"].where(~hit, rng.permutation(LOG["x"])))
        found = alerts(findings(build(mixed, REFERENCE), measure), feature="x")
        assert bool(len(found)) is flagged


def test_several_classes_have_powers_too() -> None:
    rng = np.random.default_rng(8)
    logits = np.stack([1.5 * LOG["x"], -1.5 * LOG["x"], np.zeros(len(LOG))], axis=1) + rng.gumbel(size=(len(LOG), 3))
    frame = LOG.assign(**{LABEL: np.array(["up", "down", "flat"])[logits.argmax(axis=1)]}).drop(columns=SCORE)
    found = measure(*build(frame, REFERENCE))
    values = powers(found, "x")
    assert values == pytest.approx([values[0]] * 3, abs=0.02)
    assert values[0] > 0.75
    assert "information_value" not in set(found["metric"])


def test_few_labels_of_a_class_are_told_but_not_judged() -> None:
    rng = np.random.default_rng(9)
    for kept, told in ((6, True), (1, False)):
        late = np.zeros(len(LOG), bool)
        for day in range(REFERENCE, DAY.max() + 1):
            late[rng.choice(np.flatnonzero((day == DAY) & (LOG[LABEL] == 1)), kept, replace=False)] = True
        rare = LOG.assign(**{LABEL: (late | ((DAY < REFERENCE) & (LOG[LABEL] == 1))).astype(int)})
        found = of(measure(*build(rare, REFERENCE)), "learned_power", "x")
        assert (len(found) > REFERENCE) is told
        after = found[REFERENCE:]
        assert after["p_value"].isna().all()
        assert (after["detail"] == TOO_FEW).all()
        assert found["detail"][:REFERENCE].isna().all()


def test_how_widely_values_spread_and_how_many_there_are() -> None:
    rng = np.random.default_rng(10)
    late = DAY >= REFERENCE
    narrow = LOG["x"].where(~late, 0.4 * LOG["x"]).where(~late | (rng.random(len(LOG)) < 0.7))
    one = LOG["place"].where(~late, LOG["place"].mode()[0])
    found = measure(*build(LOG.assign(x=narrow, place=one), REFERENCE))
    for metric, feature, then, now in (
        ("input_spread", "x", 1.0, 0.4), ("known_share", "x", 1.0, 0.7), ("input_spread", "place", 1.0, 0.0),
        ("input_spread", "z", 1.0, 1.0), ("known_share", "z", 1.0, 1.0),
    ):  # fmt: skip
        values = of(found, metric, feature)["value"]
        assert values[:REFERENCE].mean() == pytest.approx(then, abs=0.03), (metric, feature)
        assert values[REFERENCE:].mean() == pytest.approx(now, abs=0.05), (metric, feature)
