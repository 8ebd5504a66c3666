"""What rows predicted and what came true: spellings, classes that nobody knew, predictions that are none."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics

from monitors.profile.bins import Bins
from monitors.profile.outcomes import Outcomes, class_codes, outcomes_of, row_sums

YES_NO = Bins((), "binary", ("0", "1"), "class")


def sums(outcomes: Outcomes, task: str = "binary") -> dict[str, float]:
    return dict(zip(row_sums(Bins((), task)), outcomes.row.sum(axis=0)[3:], strict=False))


@pytest.mark.parametrize(
    "array",
    [
        pa.array([0, 1, None]), pa.array([0.0, 1.0, None]), pa.array([False, True, None]), pa.array(["0", "1", None]),
        pa.array(["False", "True", None]), pa.array(["false", "true", None]), pa.array([0.0, 1.0, float("nan")]),
        pa.array(["0", "1", None]).dictionary_encode(),
    ],
)  # fmt: skip
def test_a_class_is_known_by_any_of_its_spellings(array: pa.Array) -> None:
    assert class_codes(array, ("0", "1")).tolist() == [0, 1, 2]
    assert class_codes(array, ("false", "true")).tolist() == [0, 1, 2]


def test_a_class_that_the_reference_never_had_is_unlabelled() -> None:
    assert class_codes(pa.array(["a", "z", "b"]), ("a", "b")).tolist() == [0, 2, 1]
    assert class_codes(pa.array([], pa.string()), ("a",)).tolist() == []


def test_sums_of_probabilities_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    p, y = rng.random(50), rng.integers(0, 2, 50)
    found = outcomes_of(Bins((), "binary", ("0", "1"), "probability"), pa.array(p), pa.array(y), 50)
    assert sums(found)["loss"] / 50 == pytest.approx(metrics.log_loss(y, p))
    assert sums(found)["error2"] / 50 == pytest.approx(metrics.brier_score_loss(y, p))
    assert found.outcome.tolist() == y.tolist()


def test_sums_of_numbers_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    p, y = rng.normal(size=50), rng.normal(size=50)
    found = outcomes_of(Bins((), "regression", ("labelled",), "number"), pa.array(p), pa.array(y), 50)
    assert sums(found, "regression")["loss"] / 50 == pytest.approx(metrics.mean_absolute_error(y, p))
    assert sums(found, "regression")["error2"] / 50 == pytest.approx(metrics.mean_squared_error(y, p))
    assert sums(found, "regression")["prediction_label"] == pytest.approx(p @ y)


def test_certain_and_wrong_costs_much_but_not_infinitely_much() -> None:
    found = outcomes_of(Bins((), "binary", ("0", "1"), "probability"), pa.array([0.0, 1.0]), pa.array([1, 0]), 2)
    assert sums(found)["loss"] == pytest.approx(2 * -np.log(1e-15), rel=0.01)


def test_classes_as_booleans_hit_labels_as_numbers() -> None:
    found = outcomes_of(YES_NO, pa.array([True, False, True]), pa.array([1, 1, 0]), 3)
    assert (sums(found)["loss"], sums(found)["prediction"], found.paired.sum()) == (2, 2, 3)


def test_a_predicted_class_that_nobody_knew_is_a_wrong_prediction_and_nan_is_none() -> None:
    found = outcomes_of(YES_NO, pa.array([7.0, float("nan"), None, 1.0]), pa.array([1, 1, 1, 1]), 4)
    assert found.scored.tolist() == [1, 0, 0, 1]
    assert sums(found)["loss"] == 1
    several = Bins((), "multiclass", ("a", "b"), "class")
    found = outcomes_of(several, pa.array(["z", "a", None]), pa.array(["a", "a", "b"]), 3)
    assert (found.scored.tolist(), sums(found)["loss"]) == ([1, 1, 0], 1)


def test_predicted_classes_are_counted_before_any_label_is_known() -> None:
    unlabelled = Bins((), "multiclass", (), "class")
    found = outcomes_of(unlabelled, pa.array(["a", None, "b"]), None, 3)
    assert found.scored.tolist() == [1, 0, 1]
    assert found.outcome.tolist() == [0, 0, 0]
    binary = outcomes_of(Bins((), "binary", (), "class"), pa.array([1, 0, 1]), None, 3)
    assert sums(binary)["prediction"] == 2


def test_numbers_too_large_to_be_squared_do_no_harm_to_other_rows() -> None:
    bins = Bins((), "regression", ("labelled",), "number")
    found = outcomes_of(bins, pa.array([1e200, 2.0]), pa.array([None, 1.0]), 2)
    assert sums(found, "regression")["error2"] == 1
    assert sums(found, "regression")["prediction_label"] == 2


def test_numbers_that_are_none_are_no_labels_and_no_predictions() -> None:
    bins = Bins((), "regression", ("labelled",), "number")
    values = pa.array([float("inf"), float("nan"), None, 1.0])
    found = outcomes_of(bins, values, values, 4)
    assert found.scored.tolist() == [False, False, False, True]
    assert found.outcome.tolist() == [1, 1, 1, 0]
    text = outcomes_of(bins, pa.array(["1.5", "x"]), pa.array(["2.5", ""]), 2)
    assert (sums(text)["loss"], text.paired.tolist()) == (1, [1, 0])
