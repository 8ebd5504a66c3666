"""Expected performance is what comes true while nothing changes, and not when the relation does."""

from __future__ import annotations

import numpy as np
import pytest

from monitors.statistics.cbpe import input_errors
from monitors.statistics.performance import (
    accuracy_f1,
    auc_from_score_bins,
    brier,
    expected_performance,
    log_loss,
)
from tests.statistics.rows import inside
from tests.statistics.scores import POSITIVE, many

METRICS = ("auc", "log_loss", "brier", "accuracy", "f1")


def expect(reference, windows):
    return expected_performance(
        windows.n, reference.by_outcome[0, :, 1] / reference.n[0], reference.mean[0], POSITIVE, reference.n[0]
    )


def realise(windows):
    found = accuracy_f1(windows.by_outcome, POSITIVE)
    return {
        "auc": auc_from_score_bins(windows.by_outcome).value,
        "log_loss": log_loss(windows.loss, windows.by_outcome, windows.mean).value,
        "brier": brier(windows.error2, windows.by_outcome, windows.mean).value,
        "accuracy": found.accuracy.value,
        "f1": found.f1.value,
    }


@pytest.mark.parametrize("moved", [0.0, 0.6])
@pytest.mark.parametrize("metric", METRICS)
def test_realised_performance_falls_inside(metric, moved):
    # Inputs may move: the expectation moves with them.
    windows = many(1, 800, 500, moved)
    expected = getattr(expect(many(0, 1, 200_000), windows), metric)
    assert inside(expected, realise(windows)[metric]) == pytest.approx(0.95, abs=0.03)


def test_a_small_reference_widens():
    windows = many(2, 300, 500)
    wide, narrow = expect(many(3, 1, 1000), windows), expect(many(4, 1, 100_000), windows)
    for metric in METRICS:
        assert getattr(wide, metric).error.mean() > 1.1 * getattr(narrow, metric).error.mean()


def test_a_changed_relation_falls_outside():
    windows = many(5, 50, 2000, slope=-0.5)
    expected, realised = expect(many(0, 1, 200_000), windows), realise(windows)
    for metric in METRICS:
        assert inside(getattr(expected, metric), realised[metric]) == 0, metric


def test_unknown_bins_do_not_count():
    known = expected_performance(np.array([4, 6]), np.array([0.2, 0.7]), np.array([0.25, 0.75]))
    rates, scores = np.array([0.2, np.nan, 0.7, 0.9]), np.array([0.25, 0.5, 0.75, np.nan])
    with_unknown = expected_performance(np.array([4, 99, 6, 99]), rates, scores)
    for estimate, expected in zip(with_unknown, known, strict=True):
        assert np.array(estimate) == pytest.approx(np.array(expected))


def test_by_hand():
    found = expected_performance(np.array([60, 40]), np.array([0.25, 0.75]), np.array([0.2, 0.8]))
    # 15 and 30 positives, 45 and 10 negatives: TP 30, FP 10, FN 15.
    assert found.accuracy.value == pytest.approx(0.75)
    assert found.f1.value == pytest.approx(60 / 85)
    assert found.brier.value == pytest.approx(0.25 * 0.64 + 0.75 * 0.04)
    assert found.log_loss.value == pytest.approx(-0.25 * np.log(0.2) - 0.75 * np.log(0.8))
    assert found.auc.value == pytest.approx((30 * 45 + 0.5 * (15 * 45 + 30 * 10)) / (45 * 55))


@pytest.mark.parametrize("shape", [(0, 5), (3, 0), (3, 5)], ids=["no windows", "no bins", "no rows"])
def test_nothing_gives_nothing(shape):
    rates = np.full(shape[1], 0.3)
    for estimate in expected_performance(np.zeros(shape), rates, rates):
        assert estimate.value.shape == shape[:1]
        assert np.isnan(np.stack(estimate)).all()


@pytest.mark.parametrize("moved", [0.0, 0.6])
def test_the_expectations_own_error_is_its_spread_over_windows_of_the_same_inputs(moved):
    reference, windows = many(0, 1, 200_000), many(6, 1500, 500, moved)
    rate = reference.by_outcome[0, :, 1] / reference.n[0]
    found, errors = expect(reference, windows), input_errors(windows.n, rate, reference.mean[0])
    for metric, error in errors.items():
        values = getattr(found, metric).value
        assert error.mean() == pytest.approx(values.std(), rel=0.08), metric
        assert error.mean() < getattr(found, metric).error.mean()  # labels add their own chance


@pytest.mark.parametrize("shape", [(0, 5), (3, 0), (3, 5)], ids=["no windows", "no bins", "no rows"])
def test_no_rows_have_no_error(shape):
    rates = np.full(shape[1], 0.3)
    for error in input_errors(np.zeros(shape), rates, rates).values():
        assert error.shape == shape[:1]
        assert not (error > 0).any()
