"""Learned, available and expected power of classes: oracles, no optimism on noise, honest intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit, softmax
from sklearn.metrics import roc_auc_score

from monitors.statistics.auc import auc, auc_interval
from monitors.statistics.power import (
    available_power,
    binary_power,
    expected_power,
    learned_power,
    multiclass_power,
)
from monitors.statistics.shrinkage import empirical_strength, relation
from tests.statistics.rows import draw, expand, inside

X = (np.arange(64) + 0.5) / 64
NOISE = np.full(64, 0.3)
SLOPE = expit(2.5 * (X - 0.5) - 1)


def true_auc(rates: np.ndarray, score: np.ndarray) -> np.ndarray:
    """AUC of a score (..., B) where outcomes have these rates in bins of equal size."""
    return auc(rates, 1 - rates, score)


def test_learned_is_the_auc_of_the_reference_rate():
    rng = np.random.default_rng(0)
    reference, windows = draw(rng, 1, 5000, SLOPE)[0], draw(rng, 3, 300, SLOPE)
    rates = relation(reference)
    estimate = learned_power(windows, rates)
    for w, window in enumerate(windows):
        bins, classes = expand(window)
        assert estimate.value[w] == pytest.approx(roc_auc_score(classes, rates[bins, 1]), abs=1e-12)
    assert np.array(estimate) == pytest.approx(np.array(auc_interval(windows[..., 1], windows[..., 0], rates[:, 1])))


def test_learned_of_classes_is_scikit_learns_weighted_one_vs_rest():
    rng = np.random.default_rng(1)
    rates = softmax(np.stack([X, 2 * X, -X, np.sin(5 * X)], axis=-1), axis=-1)
    reference, window = draw(rng, 1, 8000, rates)[0], draw(rng, 1, 500, rates)[0]
    learned = relation(reference)
    bins, classes = expand(window)
    expected = roc_auc_score(classes, learned[bins], multi_class="ovr", average="weighted")
    assert learned_power(window, learned).value == pytest.approx(expected, abs=1e-12)


def test_two_classes_are_the_same_either_way():
    rng = np.random.default_rng(2)
    reference, windows = draw(rng, 1, 5000, SLOPE)[0], draw(rng, 5, 400, SLOPE)
    third = np.zeros((5, 64, 1))
    two = binary_power(reference, windows)
    three = multiclass_power(np.concatenate([reference, third[0]], axis=-1), np.concatenate([windows, third], axis=-1))
    for name in ("learned", "available", "expected"):
        # A relation and its mirror image have the same AUC; a third class that never occurs does not count.
        assert getattr(three, name).value == pytest.approx(getattr(two, name).value, abs=1e-9), name
        assert getattr(three, name).error == pytest.approx(getattr(two, name).error, rel=0.05), name


@pytest.mark.parametrize("ordered", [True, False])
def test_available_is_a_half_on_noise(ordered):
    windows = draw(np.random.default_rng(3), 4000, 500, NOISE)
    assert available_power(windows, ordered).value.mean() == pytest.approx(0.5, abs=0.0025)  # sd of the mean .0007


def test_available_is_a_half_on_noise_of_classes():
    windows = draw(np.random.default_rng(4), 1000, 500, np.tile([0.6, 0.3, 0.1], (64, 1)))
    assert available_power(windows).value.mean() == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize(("rows", "loss"), [(200, 0.04), (500, 0.025), (2000, 0.015), (10_000, 0.008)])
def test_available_loses_little_of_a_signal(rows, loss):
    windows = draw(np.random.default_rng(5), 400, rows, SLOPE)
    value = available_power(windows).value.mean()
    assert true_auc(SLOPE, SLOPE) - loss < value < true_auc(SLOPE, SLOPE)


def test_available_is_what_relearning_reaches():
    windows = draw(np.random.default_rng(6), 600, 500, SLOPE)
    reached = true_auc(SLOPE, relation(windows, 1.0)[..., 1]).mean()
    assert available_power(windows, ordered=False).value.mean() == pytest.approx(reached, abs=0.006)


@pytest.mark.parametrize("rates", [NOISE, SLOPE, expit(8 * (X - 0.5))], ids=["noise", "signal", "strong"])
@pytest.mark.parametrize("rows", [300, 3000])
def test_intervals_of_available_hold_its_expectation(rates, rows):
    estimate = available_power(draw(np.random.default_rng(7), 2000, rows, rates))
    assert 0.92 < inside(estimate, estimate.value.mean()) < 0.975


@pytest.mark.parametrize("rows", [300, 3000])
def test_intervals_of_learned_and_expected_hold_what_the_relation_is_worth(rows):
    rng = np.random.default_rng(8)
    reference, windows = draw(rng, 1000, 20 * rows, SLOPE), draw(rng, 1000, rows, SLOPE)
    worth = true_auc(SLOPE, relation(reference)[..., 1])
    power = binary_power(reference, windows)
    assert inside(power.learned, worth) == pytest.approx(0.95, abs=0.025)
    assert 0.92 < inside(power.expected, worth) < 0.99


@pytest.mark.parametrize("rows", [1000, 10_000])
def test_expected_promises_no_more_than_the_relation_holds(rows):
    # Unshrunk rates of a feature that says nothing promise .55 from 1000 rows.
    rng = np.random.default_rng(9)
    for rates, tolerance in ((NOISE, 0.015), (SLOPE, 0.01)):
        reference, windows = draw(rng, 300, rows, rates), draw(rng, 300, 2000, rates)
        learned = relation(reference)
        value = expected_power(windows.sum(axis=-1), learned).value.mean()
        assert value == pytest.approx(true_auc(rates, learned[..., 1]).mean(), abs=tolerance)


def test_what_the_three_tell_apart():
    rng = np.random.default_rng(10)
    reference = draw(rng, 1, 50_000, SLOPE)[0]
    narrow = np.where((X > 0.45) & (X < 0.55), 1.0, 0.0)
    cases = {
        "quiet": draw(rng, 1, 5000, SLOPE)[0],
        "relation changed": draw(rng, 1, 5000, SLOPE[::-1])[0],
        "signal lost": draw(rng, 1, 5000, NOISE)[0],
        "input vanished": draw(rng, 1, 5000, SLOPE, narrow / narrow.sum())[0],
    }
    high = {
        name: [bool(estimate.value > 0.6) for estimate in binary_power(reference, window)[:3]]
        for name, window in cases.items()
    }
    assert high == {
        "quiet": [True, True, True],
        "relation changed": [False, True, True],
        "signal lost": [False, False, True],
        "input vanished": [False, False, False],
    }


def test_a_reference_of_each_windows_own():
    rng = np.random.default_rng(11)
    windows = draw(rng, 6, 400, SLOPE)
    others = windows.sum(axis=0) - windows
    together = binary_power(others, windows)
    for w in range(6):
        alone = binary_power(others[w], windows[w])
        for estimate, expected in zip(together, alone, strict=True):
            assert np.array(estimate)[:, w] == pytest.approx(np.array(expected), abs=1e-9)


def test_expected_of_rows_without_labels():
    rng = np.random.default_rng(12)
    reference = draw(rng, 1, 20_000, SLOPE)[0]
    power = binary_power(reference, np.zeros((64, 2)), window_n=np.full(64, 50))
    assert np.isnan(power.learned.value)
    assert np.isnan(power.available.value)
    assert power.expected.value == pytest.approx(true_auc(SLOPE, SLOPE), abs=0.01)


def test_rare_labels_give_nothing_rather_than_nonsense():
    window = np.tile([100, 0], (64, 1))
    window[5, 1] = 9
    reference = np.tile([100, 10], (64, 1))
    assert np.isnan(binary_power(reference, window).learned.value)
    assert np.isnan(binary_power(reference, window).available.value)
    window[6, 1] = 1
    assert np.isfinite(binary_power(reference, window).learned.value)
    few = binary_power(reference, window, minimum_labels=11)
    assert np.isnan(few.learned.value)
    assert np.isnan(few.available.value)


def test_rare_classes_are_left_out_of_the_mean():
    rng = np.random.default_rng(13)
    rates = softmax(np.stack([X, 3 * X, -X], axis=-1), axis=-1)
    reference, window = draw(rng, 1, 8000, rates)[0], draw(rng, 1, 900, rates)[0]
    rare = np.zeros((64, 1))
    with_rare = multiclass_power(np.concatenate([reference, rare + 1], -1), np.concatenate([window, rare], -1))
    without = multiclass_power(reference, window)
    for estimate, expected in zip(with_rare, without, strict=True):
        assert estimate.value == pytest.approx(expected.value, abs=0.01)


def test_binary_wants_two_classes():
    with pytest.raises(ValueError, match=r"\(\.\.\., bins, 2\), got \(5, 3\)"):
        binary_power(np.ones((5, 3)), np.ones((5, 3)))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("windows", [
    pytest.param((0, 5), id="no windows"), pytest.param((2, 0), id="no bins"), pytest.param((2, 5), id="no rows"),
])  # fmt: skip
def test_nothing_gives_nothing(windows, classes):
    for reference in (np.zeros((windows[1], classes)), np.ones((windows[1], classes))):
        for estimate in multiclass_power(reference, np.zeros((*windows, classes))):
            assert estimate.value.shape == windows[:1]
            assert np.isnan(np.stack(estimate)).all()


def test_a_constant_feature_has_no_power():
    constant = np.zeros((3, 10, 2))
    constant[:, 4] = [80, 30]
    for estimate in binary_power(constant.sum(axis=0), constant)[:3]:
        assert np.array(estimate) == pytest.approx(0.5)


@given(arrays(np.int64, (5, 3), elements=st.integers(0, 30)), st.one_of(st.none(), st.floats(0.1, 50)))
def test_relation_is_shares_between_the_bins_and_the_overall(counts, strength):
    rates = relation(counts, strength)
    if not counts.sum():
        assert np.isnan(rates).all()
        return
    assert rates.sum(axis=-1) == pytest.approx(1)
    overall = counts.sum(axis=0) / counts.sum()
    for n, rate in zip(counts, rates, strict=True):
        own = n / n.sum() if n.sum() else overall
        assert (rate >= np.minimum(own, overall) - 1e-12).all()
        assert (rate <= np.maximum(own, overall) + 1e-12).all()


def test_strength_finds_the_spread_of_rates():
    rng = np.random.default_rng(14)
    rates = rng.beta(0.3 * 20, 0.7 * 20, (400, 64))  # beta-binomial with α + β = 20
    counts = np.stack([rng.binomial(200, 1 - rates), rng.binomial(200, rates)], axis=-1)
    counts[..., 0] = 200 - counts[..., 1]
    assert np.median(empirical_strength(counts)) == pytest.approx(20, rel=0.1)
    noise = draw(rng, 200, 6400, NOISE)
    assert np.median(empirical_strength(noise)) > 500
