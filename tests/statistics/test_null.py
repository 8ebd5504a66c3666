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
    SLOW,
    SPANS,
    Deviations,
    common,
    deviations,
    few_windows,
    gamma_rates,
    judge,
    log_chance_of_none,
    of_counts,
    reach,
    run_below,
    score_of_t,
    share_limit,
    t_of_score,
)
from monitors.statistics.null.lasting import sums
from monitors.statistics.null.tails import START, tails, together

NAN = np.nan


def family_wise(p_of: Callable[[np.random.Generator], np.ndarray], rate: float, trials: int, seed: int = 0) -> None:
    """The share of windows with any p value under the rate keeps to the rate; ``p_of`` gives p of shape (F, W)."""
    rng = np.random.default_rng(seed)
    flagged = np.array([(np.nanmin(p_of(rng), axis=0) < rate).mean() for _ in range(trials)])
    assert flagged.mean() <= rate + 3 * flagged.std() / np.sqrt(trials)


# ----- moderation ---------------------------------------------------------------------------------------------------


def test_equal_variances_are_one() -> None:
    rng = np.random.default_rng(0)
    variance, dof = common(rng.chisquare(8, 500) / 8, 8)
    assert dof > 100
    assert variance == pytest.approx(1, abs=0.05)


def test_the_prior_is_that_which_variances_were_drawn_with() -> None:
    # variances from a scaled inverse chi square with 6 degrees of freedom about 2, as in Smyth's model
    rng = np.random.default_rng(1)
    true = 2 * 6 / rng.chisquare(6, 4000)
    seen = true * rng.chisquare(10, 4000) / 10
    variance, dof = common(seen, 10)
    assert dof == pytest.approx(6, rel=0.15)
    assert variance == pytest.approx(2, rel=0.05)
    shrunk = (dof * variance + 10 * seen) / (dof + 10)
    assert np.mean((np.log(shrunk / true)) ** 2) < 0.7 * np.mean((np.log(seen / true)) ** 2)


def test_few_variances_have_nothing_in_common() -> None:
    assert common(np.array([1.0, 4.0, NAN, 0.0]), 5)[1] == 0
    assert common(np.array([1.0, 4.0, NAN, 2.0, 3.0, 0.0, 1.5]), 5)[1] > 0


# ----- deviations ---------------------------------------------------------------------------------------------------


def exact(reference: np.ndarray, values: np.ndarray) -> Deviations:
    """Numbers without a sampling error worth the name, each by itself."""
    small = 1e-6
    return deviations(reference, np.full(reference.shape, small), values, np.full(values.shape, small), moderated=False)


def test_without_sampling_error_it_is_the_t_of_a_prediction() -> None:
    rng = np.random.default_rng(0)
    past, now = rng.normal(5, 2, (3, 9)), rng.normal(5, 2, (3, 4))
    found = exact(past, now)
    mean, spread = past.mean(axis=1, keepdims=True), past.std(axis=1, ddof=1, keepdims=True) * np.sqrt(1 + 1 / 9)
    np.testing.assert_allclose(found.windows, (now - mean) / spread, rtol=1e-5)
    np.testing.assert_allclose(found.expected, mean)
    assert (found.dof == 8).all()


@given(st.integers(0, 10**6), st.integers(4, 12))
def test_a_reference_window_is_judged_as_if_it_came_after_the_others(seed: int, windows: int) -> None:
    rng = np.random.default_rng(seed)
    past, error = rng.normal(0, 1, (4, windows)), rng.uniform(0.1, 2, (4, windows))
    whole = deviations(past, error, past[:, :0], error[:, :0], moderated=False)
    for r in range(windows):
        rest = np.arange(windows) != r
        alone = deviations(past[:, rest], error[:, rest], past[:, [r]], error[:, [r]], moderated=False)
        # the rough weights are those of all windows, the tests' differ in the third digit
        np.testing.assert_allclose(whole.reference[:, r], alone.windows[:, 0], rtol=0.25, atol=0.1)


def test_small_windows_are_judged_by_chance_and_large_ones_by_habit() -> None:
    rng = np.random.default_rng(3)
    past = rng.normal(0, 1.0, (20, 30)) + rng.normal(0, 0.1, (20, 30))
    found = deviations(past, np.full((20, 30), 0.1), np.full((20, 2), 3.0), np.full((20, 2), [0.1, 10.0]))
    assert found.spread[:, 0].mean() == pytest.approx(1.02, abs=0.15)
    assert (found.spread[:, 1] > 10).all()
    assert (np.abs(found.windows[:, 1]) < 0.31).all()


@pytest.mark.parametrize("known", range(FEW_WINDOWS))
def test_with_too_few_windows_nothing_is_judged(known: int) -> None:
    past = np.full((2, 5), NAN)
    past[:, :known] = np.arange(known)
    found = exact(past, np.ones((2, 3)))
    assert np.isnan(found.windows).all()
    assert np.isnan(judge(found.reference, found.windows, found.dof, 0.05).p).all()


@pytest.mark.parametrize("shape", [(1, 0, 0), (1, 0, 3), (1, 5, 0), (1, 1, 1), (3, 4, 2), (7, 4, 0), (0, 4, 4)])
def test_any_shape_is_judged(shape: tuple[int, int, int]) -> None:
    count, references, windows = shape
    rng = np.random.default_rng(1)
    found = exact(rng.normal(size=(count, references)), rng.normal(size=(count, windows)))
    verdict = judge(found.reference, found.windows, found.dof, 0.05)
    assert verdict.p.shape == verdict.span.shape == (count, windows)
    assert reach(found, verdict.limit, np.arange(count)).shape == (count, windows)


def test_numbers_that_never_vary_are_judged_by_chance() -> None:
    past = np.full((1, 8), 0.5)
    found = deviations(past, np.full((1, 8), 0.1), np.array([[0.5, 0.9]]), np.full((1, 2), 0.1), moderated=False)
    np.testing.assert_allclose(found.windows, [[0, 4 / np.sqrt(1 + 1 / 8)]], rtol=1e-6)


@given(st.floats(-30, 30), st.floats(1, 200))
def test_normal_scores_and_t_have_the_same_tails(t: float, dof: float) -> None:
    score = score_of_t(np.array([[t]]), np.array([[dof]])).item()
    assert stats.norm.sf(abs(score)) == pytest.approx(stats.t.sf(abs(t), dof), rel=1e-4)
    assert t_of_score(abs(score), np.array(dof)) == pytest.approx(abs(t), rel=1e-4, abs=1e-4)


# ----- shares -------------------------------------------------------------------------------------------------------


def test_counts_by_chance_have_the_tails_of_a_binomial() -> None:
    rng = np.random.default_rng(5)
    past = rng.binomial(400, 0.02, (200, 40)).astype(float)
    now = np.arange(0, 31.0)[None].repeat(200, axis=0)
    found = of_counts(past, np.full(past.shape, 400.0), now, np.full(now.shape, 400.0))
    p = stats.norm.sf(score_of_t(found.windows, found.dof))
    exact_p = stats.binom.sf(now[0] - 1, 400, 0.02)
    # the spread is not known but estimated: somewhat longer tails, never shorter
    for count, digits in ((14, 0.2), (18, 0.5), (24, 1.3)):
        beyond = np.log10(np.median(p[:, count])) - np.log10(exact_p[count])
        assert 0 <= beyond <= digits


def test_where_the_reference_has_none_a_few_are_enough() -> None:
    found = of_counts(np.zeros((1, 12)), np.full((1, 12), 2000.0), np.array([[0.0, 1, 6]]), np.full((1, 3), 2000.0))
    p = stats.norm.sf(score_of_t(found.windows, found.dof))[0]
    assert p[0] >= 0.3
    assert p[1] > 0.01
    assert p[2] < 1e-6


def test_bursts_in_the_reference_are_a_habit() -> None:
    steady, bursts = np.full(20, 10.0), np.array([0, 0, 90, 0, 0, 60, 0, 0, 0, 50] * 2, float)
    rows = np.full((1, 20), 500.0)
    now, now_rows = np.array([[60.0]]), np.array([[500.0]])
    calm, wild = (of_counts(x[None], rows, now, now_rows) for x in (steady, bursts))
    p = [float(stats.norm.sf(score_of_t(found.windows, found.dof))[0, 0]) for found in (calm, wild)]
    assert p[0] < 1e-6
    assert p[1] > 0.01


def test_the_limit_of_a_share_is_where_its_score_is_reached() -> None:
    rng = np.random.default_rng(6)
    rows = rng.integers(200, 900, (4, 15)).astype(float)
    past = rng.binomial(rows.astype(int), rng.beta(4, 60, (4, 15))).astype(float)
    some = np.full((4, 1), 600.0)
    found = of_counts(past, rows, np.zeros((4, 1)), some)
    limit = share_limit(found, some, rows.sum(axis=1), np.full((4, 1), 4.0))
    there = of_counts(past, rows, limit * some, some)
    np.testing.assert_allclose(score_of_t(there.windows, there.dof), 4.0, atol=0.6)


@pytest.mark.parametrize(("mean", "habit"), [(0.002, None), (0.05, None), (0.05, 20.0), (0.01, 4.0)])
def test_counts_of_a_habit_are_quiet(mean: float, habit: float | None) -> None:
    def p_of(rng: np.random.Generator) -> np.ndarray:
        rate = mean if habit is None else rng.gamma(habit, mean / habit, (10, 70))
        counts = rng.poisson(np.broadcast_to(300 * np.asarray(rate), (10, 70))).astype(float)
        rows = np.full((10, 70), 300.0)
        found = of_counts(counts[:, :20], rows[:, :20], counts[:, 20:], rows[:, 20:])
        return judge(found.reference, found.windows, found.dof, 0.05, sides=1).p

    family_wise(p_of, 0.05, 40)


def test_few_windows_are_judged_by_chance() -> None:
    now = np.array([[0.0, 9], [0, 0]])
    p, band = few_windows(np.zeros((2, 1)), np.full((2, 1), 5000.0), now, np.full((2, 2), 500.0), 0.01)
    assert p[0, 1] < 1e-6
    assert (p[:, 0] > 0.9).all()
    assert (band < 0.01).all()
    nothing, _ = few_windows(np.zeros((2, 0)), np.zeros((2, 0)), np.ones((2, 2)), np.ones((2, 2)), 0.01)
    assert np.isnan(nothing).all()


def test_rates_of_a_gamma_are_found() -> None:
    rng = np.random.default_rng(2)
    rows = np.full((30, 400), 1000.0)
    shape, rate = gamma_rates(rng.poisson(rows * rng.gamma(5, 0.02 / 5, (30, 400))).astype(float), rows)
    assert np.median(shape) == pytest.approx(5, rel=0.15)
    assert np.median(rate) == pytest.approx(0.02, rel=0.05)


# ----- families -----------------------------------------------------------------------------------------------------


def drawn(rng: np.random.Generator, features: int, windows: int, tails_of: str, together_by: float) -> np.ndarray:
    """Windows that differ by habit, features that move together."""

    def noise(shape: tuple[int, int]) -> np.ndarray:
        return rng.standard_t(4, shape) if tails_of == "heavy" else rng.normal(size=shape)

    return np.sqrt(1 - together_by) * noise((features, windows)) + np.sqrt(together_by) * noise((1, windows))


@pytest.mark.parametrize(
    ("features", "windows", "tails_of", "together_by", "rate"),
    [(1, 12, "normal", 0.0, 0.01), (10, 12, "normal", 0.0, 0.05), (10, 12, "normal", 0.0, 0.01),
     (10, 60, "normal", 0.7, 0.01), (40, 12, "normal", 0.5, 0.05), (40, 12, "normal", 0.5, 0.01),
     (10, 60, "heavy", 0.0, 0.05), (40, 60, "heavy", 0.3, 0.05)],
)  # fmt: skip
def test_quiet_windows_are_quiet(features: int, windows: int, tails_of: str, together_by: float, rate: float) -> None:
    def p_of(rng: np.random.Generator) -> np.ndarray:
        x = drawn(rng, features, windows + 40, tails_of, together_by)
        error = np.full(x.shape, 0.3)
        found = deviations(x[:, :windows], error[:, :windows], x[:, windows:], error[:, windows:])
        return judge(found.reference, found.windows, found.dof, rate).p

    family_wise(p_of, rate, 60)


def test_numbers_of_one_feature_share_its_chance() -> None:
    def p_of(rng: np.random.Generator) -> np.ndarray:
        x = rng.normal(size=(60, 52))
        found = exact(x[:, :12], x[:, 12:])
        return judge(found.reference, found.windows, found.dof, 0.05, owner=np.repeat(np.arange(6), 10)).p

    family_wise(p_of, 0.05, 60)


@pytest.mark.parametrize(("size", "within", "share"), [(6.0, 2, 0.95), (3.0, 5, 0.8)])
@pytest.mark.parametrize("windows", [12, 60])
def test_changes_that_stay_are_found(size: float, within: int, share: float, windows: int) -> None:
    rng = np.random.default_rng(8)
    found = []
    for _ in range(60):
        x = rng.normal(size=(15, windows + 8))
        x[4, windows:] += size
        seen = deviations(x[:, :windows], np.full((15, windows), 0.3), x[:, windows:], np.full((15, 8), 0.3))
        p = judge(seen.reference, seen.windows, seen.dof, 0.01).p
        found.append((p[4, :within] < 0.01).any())
    assert np.mean(found) >= share


def test_one_strange_window_does_not_alarm_in_those_after_it() -> None:
    rng = np.random.default_rng(9)
    after = []
    for _ in range(60):
        x = rng.normal(size=(10, 40))
        x[3, 30] += 25
        found = exact(x[:, :30], x[:, 30:])
        p = judge(found.reference, found.windows, found.dof, 0.05).p
        assert p[3, 0] < 0.05
        after.append((p[3, 1:6] < 0.05).any())
    assert np.mean(after) <= 0.15


def test_the_fewest_windows_that_raise_an_alert_tell_what_moved() -> None:
    rng = np.random.default_rng(10)
    x = rng.normal(size=(6, 48))
    x[2, 40:] += np.array([30.0, *[3.2] * 7])
    found = exact(x[:, :40], x[:, 40:])
    verdict = judge(found.reference, found.windows, found.dof, 0.05)
    assert verdict.span[2, 0] == 1
    assert (verdict.strangest[2] == 2).all()
    assert verdict.span[2, 7] in SPANS


def test_one_side_alone_is_strange_where_it_is_asked_for() -> None:
    rng = np.random.default_rng(11)
    past, now = rng.normal(size=(3, 20)), np.array([[9.0, -9.0], [0, 0], [0, 0]])
    found = exact(past, now)
    p = judge(found.reference, found.windows, found.dof, 0.05, sides=1).p
    assert p[0, 0] < 0.001
    assert p[0, 1] > 0.5


@pytest.mark.parametrize("features", [1, 4, 30])
def test_a_number_at_its_limit_has_the_rate_for_p(features: int) -> None:
    rng = np.random.default_rng(12)
    past = rng.normal(size=(features, 25))
    found = exact(past, np.zeros((features, 1)))
    limit = judge(found.reference, found.windows, found.dof, 0.01, spans={1: 1.0}).limit
    t = t_of_score(limit, found.dof)
    p = judge(found.reference, t, found.dof, 0.01, spans={1: 1.0}).p
    np.testing.assert_allclose(p, 0.01, rtol=1e-3)
    there = found._replace(windows=t)
    np.testing.assert_allclose(reach(there, limit, np.arange(features)), 1.0, rtol=1e-6)


def test_features_that_nothing_is_known_of_do_not_count() -> None:
    rng = np.random.default_rng(13)
    past, now = rng.normal(size=(3, 20)), np.array([[4.0], [0.0], [0.0]])
    found = exact(past, now)
    past, now = (np.vstack([x, np.full((9, x.shape[1]), NAN)]) for x in (found.reference, found.windows))
    more = judge(past, now, 19.0, 0.05)
    np.testing.assert_allclose(more.p[:3], judge(found.reference, found.windows, 19.0, 0.05).p)
    assert np.isnan(more.p[3:]).all()


# ----- tails --------------------------------------------------------------------------------------------------------


def test_tails_of_a_normal_are_left_and_longer_ones_are_found() -> None:
    rng = np.random.default_rng(14)
    surprise = rng.exponential(1.0, (20, 60))
    surprise[10:] *= 3
    found, left = tails(surprise, np.repeat([0, 1], 10))
    assert found.slope[:10].mean() == pytest.approx(1, abs=0.15)
    assert found.slope[10:].mean() == pytest.approx(3, rel=0.2)
    assert left.slope.shape == (20, 60)
    # a window's own surprise does not lengthen the tail that it is judged by
    surprise[0, 0] = 40.0
    assert tails(surprise, np.repeat([0, 1], 10))[0].slope[0] > found.slope[0] + 1
    np.testing.assert_allclose(tails(surprise, np.repeat([0, 1], 10))[1].slope[0, 0], left.slope[0, 0], rtol=0.05)
    far = np.array([[START + 5]])
    np.testing.assert_allclose(found.surprise(found.log_p(np.repeat(far, 20, axis=0))), START + 5)


def test_features_that_go_their_own_ways_need_no_more_than_sidak() -> None:
    rng = np.random.default_rng(15)
    apart = together(np.log(rng.uniform(size=(12, 200))), 12)
    assert apart.slope == pytest.approx(1, abs=0.15)
    bursts = np.log(rng.uniform(size=(12, 200))) * np.where(rng.random(200) < 0.1, 6.0, 0.4)
    one = together(bursts, 12)
    assert one.slope > 1.5
    wild = np.array([-12.0])
    assert one.log_p(wild)[0] > apart.log_p(wild)[0]
    assert one.log_p(np.array([one.alone(-9.0)]))[0] == pytest.approx(-9.0, abs=1e-6)


# ----- windows in a row ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", sorted({*SPANS, *SLOW} - {1}))
def test_sums_of_quiet_windows_have_the_tail_of_one(span: int) -> None:
    rng = np.random.default_rng(16)
    x = rng.normal(size=(6000, 40 + span))
    found = exact(x[:, :40], x[:, 40:])
    cap = np.full((6000, 1), 99.0)
    after = sums(found.windows, span, 40, cap)
    for t in (after[:, -1], sums(found.reference, span, 40, cap, inside=True)[:, -1]):
        assert 0.35 * stats.t.sf(2, 39) < np.mean(t > 2) <= 1.15 * stats.t.sf(2, 39)
    assert np.isnan(after[:, : span - 1]).all()


def test_what_is_over_is_over() -> None:
    t = np.array([[0.0, 5.0, 5.0, 5.0, 0.2, -3.0]])
    added = sums(t, 3, 30, np.full((1, 1), 9.0))[0]
    assert added[3] > 7
    assert (added[4:] == 0).all()


def test_a_window_that_is_not_known_ends_a_row() -> None:
    t = np.array([[1.0, 2.0, NAN, 2.0, 2.0, 2.0]])
    assert np.isfinite(sums(t, 2, 30, np.full((1, 1), 9.0)))[0].tolist() == [False, True, False, False, True, True]


@pytest.mark.parametrize(("last", "goes_on"), [(-2.5, False), (0.9, False), (1.9, False), (2.3, True)])
def test_a_window_that_is_a_little_strange_is_no_more_of_what_was_very(last: float, goes_on: bool) -> None:
    t = np.array([[5.0, 5.0, 5.0, 5.0, last]])
    assert (sums(t, 5, 30, np.full((1, 1), 9.0))[0, -1] > 0) == goes_on
    # of small shifts each window need not be as large as the others
    assert sums(np.array([[2.0, 2.0, 2.0, 2.0, 1.1]]), 5, 30, np.full((1, 1), 9.0))[0, -1] > 0


def test_runs_under_all_of_the_reference_have_the_chance_of_exchangeable_windows() -> None:
    reference = np.arange(1.0, 13.0)[None]
    values = np.array([[5.0, *[0.0] * SHORTEST_RUN, 7.0, *[0.0] * (SHORTEST_RUN - 1)]])
    p = run_below(reference, values)
    assert p[0, 1 : 1 + SHORTEST_RUN] == pytest.approx(SHORTEST_RUN / special.binom(12 + SHORTEST_RUN, SHORTEST_RUN))
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


@pytest.mark.parametrize("seed", range(6))
def test_a_verdict_does_not_hang_on_the_last_digits_of_sums(seed: int) -> None:
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(6), 4)
    values, errors = rng.normal(0.3, 0.02, (24, 20)), np.full((24, 20), 0.02)
    values[::4] = 0.3  # a number that never moves, but for rounding
    values[1, :12] = 0.3
    values[1, 3] = 0.35  # one window moves, the others are as each other
    errors[2, :12], errors[2, 5] = 1e3, 1e-6  # one window knows nearly all
    errors[5, 2:12] = np.nan  # only two are known

    def found(jitter: float) -> Deviations:
        x, e = (of * (1 + jitter * rng.normal(size=of.shape)) for of in (values, errors))
        return deviations(x[:, :12], e[:, :12], x[:, 12:], e[:, 12:], owner=owner, kind=np.tile([0, 1, 2, 2], 6))

    for one, other in zip(found(0.0), found(1e-14), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)
