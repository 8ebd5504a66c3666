"""Null models: quiet windows stay quiet, changes show, and nothing breaks at the ends.

False-alarm rates are held against the rate asked for plus three standard errors of the simulation (windows judged by
one reference are not independent: the error is that of the references' own shares). Power is held against what the
change would give a test that knew the habit, less a margin.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from monitors.statistics.null import (
    FEW_WINDOWS,
    SHORTEST_RUN,
    bin_scores,
    count_scores,
    gamma_rates,
    largest_score,
    lasting,
    log_chance_of_none,
    moderate,
    run_below,
    scalar_scores,
    standardise,
    upper_deviation,
)

NAN = np.nan


def family_wise(judge: Callable[[np.random.Generator], np.ndarray], rate: float, trials: int, seed: int = 0) -> None:
    """The share of windows with any p value under the rate keeps to the rate; ``judge`` gives p of shape (F, W)."""
    rng = np.random.default_rng(seed)
    flagged = np.array([(np.nanmin(judge(rng), axis=0) < rate).mean() for _ in range(trials)])
    assert flagged.mean() <= rate + 3 * flagged.std() / np.sqrt(trials)


# ----- moderation ---------------------------------------------------------------------------------------------------


def test_equal_variances_become_one() -> None:
    rng = np.random.default_rng(0)
    shrunk, prior = moderate(rng.chisquare(8, 500) / 8, 8)
    assert prior > 100
    assert shrunk.std() < 0.05
    assert shrunk.mean() == pytest.approx(1, abs=0.05)


def test_the_prior_is_that_which_variances_were_drawn_with() -> None:
    # variances from a scaled inverse chi square with 6 degrees of freedom about 2, as in Smyth's model
    rng = np.random.default_rng(1)
    true = 2 * 6 / rng.chisquare(6, 4000)
    seen = true * rng.chisquare(10, 4000) / 10
    shrunk, prior = moderate(seen, 10)
    assert prior == pytest.approx(6, rel=0.15)
    assert np.mean((np.log(shrunk / true)) ** 2) < 0.7 * np.mean((np.log(seen / true)) ** 2)
    assert ((shrunk > seen) == (seen < seen.min() + (shrunk - seen)[seen.argmin()] + seen.min())).any()


def test_few_features_are_left_as_they_are_and_unknown_ones_stay_unknown() -> None:
    few, prior = moderate(np.array([1.0, 4.0, NAN]), 5)
    np.testing.assert_array_equal(few, [1.0, 4.0, NAN])
    assert prior == 0
    with_none, _ = moderate(np.array([1.0, 4.0, NAN, 2.0, 3.0, 0.0, 1.5]), 5)
    assert np.isfinite(with_none[[0, 1, 3, 4, 5, 6]]).all()


# ----- single numbers -----------------------------------------------------------------------------------------------


def quiet_numbers(
    rng: np.random.Generator, shape: tuple[int, int], habit: float, error: float, together: float
) -> np.ndarray:
    own, common = rng.normal(size=shape), rng.normal(size=shape[1])
    varied = np.sqrt(1 - together) * own + np.sqrt(together) * common
    return 0.7 + habit * varied + error * rng.normal(size=shape)


@pytest.mark.parametrize(
    ("features", "windows", "habit", "together"),
    [
        (1, 5, 0.05, 0.0),
        (1, 60, 0.05, 0.0),
        (4, 12, 0.05, 0.0),
        (20, 12, 0.0, 0.0),
        (20, 12, 0.05, 0.8),
        (20, 60, 0.05, 0.0),
    ],
)
@pytest.mark.parametrize("rate", [0.05, 0.01])
def test_quiet_numbers_are_quiet(features: int, windows: int, habit: float, together: float, rate: float) -> None:
    def judge(rng: np.random.Generator) -> np.ndarray:
        x = quiet_numbers(rng, (features, windows + 20), habit, 0.01, together)
        error = np.full(x.shape, 0.01)
        found = scalar_scores(x[:, :windows], error[:, :windows], x[:, windows:], error[:, windows:])
        standard = standardise(found.reference, found.windows)
        return largest_score(np.maximum(standard.reference, 0), standard.windows, rate).p

    family_wise(judge, rate, 80)


def test_scores_are_normal_and_a_change_of_six_deviations_is_seen() -> None:
    rng = np.random.default_rng(2)
    x = quiet_numbers(rng, (30, 160), 0.05, 0.02, 0.0)
    error = np.full(x.shape, 0.02)
    found = scalar_scores(x[:, :60], error[:, :60], x[:, 60:], error[:, 60:])
    assert np.std(found.windows) == pytest.approx(1, abs=0.1)
    assert np.std(found.reference) == pytest.approx(1, abs=0.1)
    assert found.expected.ravel() == pytest.approx(0.7, abs=0.05)
    deviation = np.hypot(0.05, 0.02)
    assert found.spread == pytest.approx(deviation, rel=0.25)
    moved = scalar_scores(x[:, :60], error[:, :60], x[:, 60:] + 6 * deviation, error[:, 60:])
    standard = standardise(moved.reference, moved.windows)
    p = largest_score(np.maximum(standard.reference, 0), standard.windows, 0.01).p
    assert (p < 0.01).mean() > 0.9


def test_small_windows_are_judged_by_chance_and_large_ones_by_habit() -> None:
    rng = np.random.default_rng(3)
    x = quiet_numbers(rng, (1, 40), 0.05, 0.0, 0.0)
    found = scalar_scores(x, np.full(x.shape, 1e-6), np.array([[0.9, 0.9]]), np.array([[1e-6, 0.2]]))
    assert found.windows[0, 0] > 2.5 > 1 > found.windows[0, 1]


def test_the_band_is_where_the_score_is_reached() -> None:
    rng = np.random.default_rng(4)
    x = quiet_numbers(rng, (3, 20), 0.05, 0.01, 0.0)
    error = np.full((3, 20), 0.01)
    wanted = np.array([[0.5], [2.0], [3.5]])
    first = scalar_scores(x, error, x[:, :1], error[:, :1])
    edge = first.expected + first.band(wanted)
    assert scalar_scores(x, error, edge, error[:, :1]).windows == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("known", range(FEW_WINDOWS))
def test_with_too_few_windows_nothing_is_judged(known: int) -> None:
    reference = np.full((1, 4), NAN)
    reference[0, :known] = 0.5 + np.arange(known)
    found = scalar_scores(reference, np.where(np.isnan(reference), NAN, 0.1), np.array([[9.0]]), np.array([[0.1]]))
    assert np.isnan(found.windows).all()
    assert np.isnan(largest_score(found.reference, found.windows, 0.05).p).all()


@pytest.mark.parametrize("shape", [(1, 0, 0), (1, 0, 3), (1, 5, 0), (1, 1, 1), (3, 4, 2), (7, 4, 0)])
def test_any_shape_has_scores(shape: tuple[int, int, int]) -> None:
    features, past, now = shape
    x, y = np.ones((features, past)), np.ones((features, now))
    found = scalar_scores(x, x, y, y)
    assert found.reference.shape == x.shape
    assert found.windows.shape == y.shape
    standard = standardise(found.reference, found.windows)
    family = largest_score(standard.reference, standard.windows, 0.01)
    assert family.p.shape == y.shape
    assert family.threshold.shape == (now,)
    counted = count_scores(x, x, y, y)
    assert (counted.reference.shape, counted.windows.shape) == (x.shape, y.shape)
    binned = bin_scores(x.T, x.T, y.T, y.T, np.ones(features))
    assert (binned.reference.shape, binned.windows.shape, binned.z.shape) == ((2, past), (2, now), (now, features))
    assert binned.reach(np.ones((2, now))).shape == (now,)


def test_numbers_that_never_vary_make_no_noise_and_a_change_from_them_is_certain() -> None:
    found = scalar_scores(np.full((1, 10), 0.5), np.zeros((1, 10)), np.array([[0.5, 0.6]]), np.zeros((1, 2)))
    assert found.windows[0, 0] == 0
    assert found.windows[0, 1] > 7


# ----- counts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mean", "habit"), [(0.002, None), (0.05, None), (0.05, 20.0), (0.002, 2.0)])
def test_counts_of_a_habit_are_quiet(mean: float, habit: float | None) -> None:
    rng = np.random.default_rng(5)
    shape = (400, 80)
    rate = np.full(shape, mean) if habit is None else rng.gamma(habit, mean / habit, shape)
    rows = np.full(shape, 1000.0)
    counts = rng.poisson(rate * rows).astype(float)
    found = count_scores(counts[:, :60], rows[:, :60], counts[:, 60:], rows[:, 60:])
    tail = stats.norm.sf(found.windows)
    for level, most in ((0.05, 0.055), (0.01, 0.013), (0.001, 0.0025)):
        assert ((tail < level) & (counts[:, 60:] > 0)).mean() < most


def test_where_the_reference_has_none_the_chance_is_that_of_jeffreys() -> None:
    # negative binomial with shape 1/2 and mean n/(2N), the posterior predictive of Jeffreys' prior
    found = count_scores(np.zeros((1, 5)), np.full((1, 5), 200.0), np.array([[0.0, 1.0, 5.0]]), np.full((1, 3), 300.0))
    exact = stats.nbinom.sf([0, 4], 0.5, 1000 / 1300)
    assert found.windows[0, 0] == 0
    assert stats.norm.sf(found.windows[0, 1:]) == pytest.approx(exact, rel=1e-9)


def test_more_counts_are_stranger_and_no_rows_are_not_strange() -> None:
    found = count_scores(
        np.full((1, 8), 3.0),
        np.full((1, 8), 100.0),
        np.array([[0, 5, 9, 50, 0.0]]),
        np.array([[100, 100, 100, 100, 0.0]]),
    )
    assert (np.diff(found.windows[0, :4]) > 0).all()
    assert found.windows[0, 4] == 0
    assert found.band(2.0)[0, 4] == 0
    reached = found.band(3.0)[0, 0]
    assert 9 < reached < 50


def test_bursts_in_the_reference_are_a_habit() -> None:
    steady, bursty = np.full(12, 5.0), np.array([0.0] * 11 + [60.0])
    shape, rate = gamma_rates(np.stack([steady, bursty]), np.full((2, 12), 1000.0))
    assert rate == pytest.approx([60.5 / 12_000] * 2)
    assert shape[0] > 40
    assert shape[1] < 0.2


# ----- bins ---------------------------------------------------------------------------------------------------------


def shares(rng: np.random.Generator, windows: int, bins: int, rows: int, habit: float) -> np.ndarray:
    logits = rng.normal(0, habit, (windows, bins))
    p = special.softmax(logits, axis=1)
    return np.array([rng.multinomial(rows, each) for each in p]) / rows


def scored(x: np.ndarray, y: np.ndarray, rows: int) -> object:
    q = x.mean(axis=0)
    weight = q * (1 - q)
    return bin_scores(x, np.tile(weight / rows, (len(x), 1)), y, np.tile(weight / rows, (len(y), 1)), weight)


@pytest.mark.parametrize(("windows", "habit"), [(5, 0.1), (12, 0.0), (12, 0.1), (60, 0.1)])
@pytest.mark.parametrize("rate", [0.05, 0.01])
def test_quiet_bins_are_quiet(windows: int, habit: float, rate: float) -> None:
    def judge(rng: np.random.Generator) -> np.ndarray:
        found = [scored(*np.split(shares(rng, windows + 20, 20, 1000, habit), [windows]), 1000) for _ in range(6)]
        standard = standardise(np.concatenate([f.reference for f in found]), np.concatenate([f.windows for f in found]))
        return largest_score(standard.reference, standard.windows, rate).p

    family_wise(judge, rate, 25)


def test_by_chance_alone_both_scores_are_normal() -> None:
    rng = np.random.default_rng(6)
    found = scored(shares(rng, 200, 20, 2000, 0.0), shares(rng, 2000, 20, 2000, 0.0), 2000)
    for score in found.windows:
        assert stats.norm.sf(score).mean() == pytest.approx(0.5, abs=0.04)
        for level in (0.05, 0.01):
            assert (stats.norm.sf(score) < level).mean() == pytest.approx(level, abs=0.6 * level)


def test_a_bin_that_moves_is_seen_in_the_largest_and_all_that_move_in_the_sum() -> None:
    rng = np.random.default_rng(7)
    reference = shares(rng, 40, 20, 1000, 0.05)
    moved = shares(rng, 1, 20, 1000, 0.05)
    moved[0, 3] += 0.06
    one = scored(reference, moved, 1000)
    assert np.abs(one.z[0]).argmax() == 3
    assert one.windows[1, 0] > 4
    tilted = reference.mean(axis=0) * np.exp(np.linspace(-0.5, 0.5, 20))
    every = scored(reference, tilted[None] / tilted.sum(), 1000)
    assert every.windows[0, 0] > 3


@given(st.lists(st.floats(0, 1), min_size=6, max_size=6), st.integers(0, 5))
def test_the_order_of_bins_and_of_reference_windows_does_not_matter(window: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = shares(rng, 8, 6, 200, 0.2), np.array([window])
    base = scored(x, y, 200)
    bins, windows = rng.permutation(6), rng.permutation(8)
    other = scored(x[windows][:, bins], y[:, bins], 200)
    assert other.windows == pytest.approx(base.windows, abs=1e-9)
    assert other.reference == pytest.approx(base.reference[:, windows], abs=1e-9)


def test_bins_that_nobody_knows_are_left_out() -> None:
    x = np.array([[0.5, 0.5, NAN], [0.4, 0.6, NAN], [0.6, 0.4, NAN], [0.5, 0.5, NAN]])
    y = np.array([[0.5, 0.5, 0.9], [NAN, NAN, NAN]])
    found = bin_scores(x, 0.001 + 0 * x, y, 0.001 + 0 * y, np.array([0.25, 0.25, 0.25]))
    assert np.isnan(found.z[0, 2])
    assert found.windows[:, 0].max() < 1
    assert np.isnan(found.windows[:, 1]).all()
    assert np.isnan(found.reach(np.full((2, 2), 2.0))[1])


def test_reach_is_the_factor_that_makes_the_score() -> None:
    rng = np.random.default_rng(8)
    found = scored(shares(rng, 30, 10, 500, 0.1), shares(rng, 1, 10, 500, 0.4), 500)
    wanted = np.array([[3.0], [3.5]])
    factor = found.reach(wanted)[0]
    z = found.z * factor
    d = 9
    whole = (np.cbrt((z**2).sum() / d) - (1 - 2 / (9 * d))) / np.sqrt(2 / (9 * d))
    top = stats.norm.isf(-np.expm1(10 * np.log1p(-2 * stats.norm.sf(np.abs(z).max()))))
    assert max(whole - 3.0, top - 3.5) == pytest.approx(0, abs=1e-4)
    assert min(whole - 3.0, top - 3.5) < 0


# ----- families -----------------------------------------------------------------------------------------------------


def test_a_small_family_is_corrected_by_sidaks_formula() -> None:
    scores = np.array([[2.0], [0.0]])
    found = largest_score(np.zeros((2, 10)), scores, 0.05)
    alone = stats.norm.sf([2.0, 0.0])
    assert found.p[:, 0] == pytest.approx(1 - (1 - alone) ** 2)
    assert 1 - (1 - stats.norm.sf(found.threshold[0])) ** 2 == pytest.approx(0.05)


@pytest.mark.parametrize("features", [1, 4, 5, 30])
def test_the_threshold_is_the_score_whose_p_is_the_rate(features: int) -> None:
    rng = np.random.default_rng(9)
    reference = np.abs(rng.normal(size=(features, 20)))
    limit = largest_score(reference, np.zeros((features, 1)), 0.01).threshold
    assert largest_score(reference, np.tile(limit, (features, 1)), 0.01).p == pytest.approx(0.01, rel=1e-6)


def test_features_that_nothing_is_known_of_are_not_judged_and_do_not_count() -> None:
    rng = np.random.default_rng(10)
    reference = np.abs(rng.normal(size=(6, 20)))
    unknown = np.concatenate([reference, np.full((3, 20), NAN)])
    windows = np.full((9, 2), 2.0)
    windows[2, 1] = NAN
    found = largest_score(unknown, windows, 0.01)
    assert np.isnan(found.p[6:]).all()
    assert np.isnan(found.p[2, 1])
    assert found.p[:6, 0] == pytest.approx(largest_score(reference, windows[:6], 0.01).p[:, 0])


def test_a_reference_window_without_any_score_is_left_out() -> None:
    rng = np.random.default_rng(11)
    reference = np.abs(rng.normal(size=(6, 20)))
    with_gap = np.concatenate([reference, np.full((6, 1), NAN)], axis=1)
    one, other = (largest_score(x, np.full((6, 1), 3.0), 0.01).p for x in (reference, with_gap))
    assert one == pytest.approx(other)


def test_heavier_tails_upwards_widen_and_downwards_do_not() -> None:
    rng = np.random.default_rng(12)
    x = rng.exponential(size=500)
    assert upper_deviation(x) > 1.2 * x.std() > 0
    assert upper_deviation(-x) == pytest.approx(x.std(), rel=0.01)
    assert (upper_deviation(np.array([])), upper_deviation(np.array([3.0]))) == (1.0, 1.0)


def test_no_feature_is_taken_as_quieter_than_chance() -> None:
    rng = np.random.default_rng(13)
    calm = standardise(0.1 * rng.normal(size=(8, 30)) - 0.3, np.full((8, 1), 3.0))
    assert (calm.deviation == 1).all()
    assert (calm.mean == 0).all()
    wild = standardise(3 * rng.normal(size=(8, 30)) + 1, np.full((8, 1), 3.0))
    assert wild.deviation == pytest.approx(3, rel=0.3)
    assert (wild.windows < 1.5).all()


# ----- over windows -------------------------------------------------------------------------------------------------


def test_evidence_adds_up() -> None:
    rng = np.random.default_rng(14)
    quiet = rng.normal(size=(200, 300))
    lifted = lasting(quiet, 60)
    assert (lifted >= quiet).all()
    for level in (2.0, 2.5, 3.0):
        assert (lifted > level).mean() < 1.7 * stats.norm.sf(level)
    stayed = lasting(quiet + 1.5, 60)
    assert (stayed[:, 11:] > 3).mean() > 0.6 > 5 * (quiet[:, 11:] + 1.5 > 3).mean()


def test_one_window_or_unknown_ones_are_left_as_they_are() -> None:
    assert lasting(np.array([[4.0]]), 10).tolist() == [[4.0]]
    assert lasting(np.empty((2, 0)), 10).shape == (2, 0)
    holes = lasting(np.array([[3.0, NAN, 3.0, 3.0]]), 10)
    np.testing.assert_array_equal(holes, [[3.0, NAN, 3.0, 3.0]])


def test_runs_under_all_of_the_reference_have_the_chance_of_exchangeable_windows() -> None:
    reference = np.arange(1.0, 13.0)[None]
    values = np.array([[5.0, *[0.0] * SHORTEST_RUN, 7.0, *[0.0] * (SHORTEST_RUN - 1)]])
    p = run_below(reference, values)
    assert p[0, 1 : 1 + SHORTEST_RUN] == pytest.approx(1 / special.binom(12 + SHORTEST_RUN, SHORTEST_RUN))
    assert (p[0, [0, 6, 7, 8, 9, 10]] == 1).all()
    assert (run_below(reference[:, :2], values) == 1).all()
    assert (run_below(np.full((1, 5), NAN), values) == 1).all()


def test_a_category_that_stays_away_is_the_stranger_the_longer() -> None:
    rows = np.full(10, 100.0)
    before = np.array([[5.0, 4.0, 6.0, 5.0]])
    counts = np.array([[5, 0, 4, 0, 0, 0, 0, 0, 0, 0.0]])
    chance = log_chance_of_none(counts, rows, before, np.full(4, 100.0))
    assert chance[0, [0, 2]].tolist() == [0, 0]
    assert chance[0, 1] == pytest.approx(-5, rel=0.2)
    assert chance[0, 3] == pytest.approx(7 * chance[0, 1])
    assert len(set(chance[0, 3:])) == 1


def test_one_that_stayed_away_before_must_stay_away_twice_as_long() -> None:
    before = np.array([[50.0, 0, 0, 0, 40, 60, 50, 40]])
    counts = np.array([[40.0, *[0] * 6, 40.0, *[0] * 7]])
    chance = log_chance_of_none(counts, np.full(15, 100.0), before, np.full(8, 100.0))
    assert (chance[0, 1:7] == 0).all()
    assert (chance[0, 8:] < 0).all()


def test_windows_without_rows_say_nothing_about_what_is_lost() -> None:
    chance = log_chance_of_none(np.zeros((1, 3)), np.zeros(3), np.array([[5.0, 5.0, 5.0]]), np.full(3, 100.0))
    assert (chance == 0).all()
