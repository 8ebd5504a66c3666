"""Windows in a row: evidence adds up, what is over is over, runs below all of the reference, lost categories."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from monitors.statistics.null import (
    SHORTEST_RUN,
    SLOW,
    SPANS,
    Deviations,
    deviations,
    log_chance_of_none,
    run_below,
)
from monitors.statistics.null.lasting import sums
from tests.statistics.quiet import exact

NAN = np.nan


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
