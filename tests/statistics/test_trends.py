"""Slopes, half-lives and the date of the floor: oracles, honest intervals, and silence where there is no trend."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from monitors.statistics.halving import COURSES as NAMES
from monitors.statistics.halving import decay, half_life
from monitors.statistics.noise_floor import date_of_floor
from monitors.statistics.trends import habit_variance, slope
from tests.benchmarks.half_lives import HABITS, courses, tell
from tests.statistics.rows import inside

TIME = np.arange(30.0)


def noisy(seed: int, value: np.ndarray, error: float = 0.015, habit: float = 0.0, number: int = 600) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return value + rng.standard_normal((number, len(value))) * np.hypot(error, habit)


def test_slope_without_errors_is_least_squares():
    value = noisy(0, 0.7 - 0.01 * TIME, number=1)[0]
    expected = stats.linregress(TIME, value)
    estimate = slope(TIME, value)
    assert estimate.value == pytest.approx(expected.slope)
    margin = stats.t.ppf(0.975, 28) * expected.stderr
    assert np.array(estimate) == pytest.approx([expected.slope, expected.slope - margin, expected.slope + margin])


def test_slope_weighs_by_error():
    error = np.where(TIME == 0, 1.0, 0.001)
    value = np.where(TIME == 0, 9.0, 0.7 - 0.01 * TIME)
    assert slope(TIME, value, error).value == pytest.approx(-0.01, abs=1e-3)


@pytest.mark.parametrize("habit", [0.0, 0.02])
def test_slope_holds_as_often_as_it_says(habit):
    for truth in (0.0, -0.004):
        estimate = slope(TIME, noisy(1, 0.7 + truth * TIME, habit=habit, number=2000), np.full(30, 0.015))
        assert estimate.value.mean() == pytest.approx(truth, abs=2e-4)
        assert 0.93 < inside(estimate, truth) < 0.985


def test_slope_uses_the_windows_there_are():
    value = noisy(2, 0.7 - 0.01 * TIME, number=1)[0]
    gaps = value.copy()
    gaps[[3, 9, 20]] = np.nan
    kept = np.isfinite(gaps)
    for error in (None, np.full(30, 0.015)):
        expected = slope(TIME[kept], value[kept], None if error is None else error[kept])
        assert np.array(slope(TIME, gaps, error)) == pytest.approx(np.array(expected))


@pytest.mark.parametrize(("life", "habit"), [(6, 0.0), (6, 0.02), (15, 0.0)])
def test_half_life_holds_as_often_as_it_says(life, habit):
    time = np.arange(40.0)
    estimate = half_life(
        time, noisy(3, 0.5 + 0.25 * 2 ** (-time / life), habit=habit, number=800)[:, :40], np.full(40, 0.015)
    )
    assert np.nanmedian(estimate.value) == pytest.approx(life, rel=0.05)
    assert inside(estimate, life) > 0.92


def test_half_life_is_in_the_unit_of_time():
    value = noisy(4, 0.5 + 0.3 * 2 ** (-TIME / 5), number=1)[0]
    days, weeks = (np.array(half_life(TIME * unit, value, np.full(30, 0.015))) for unit in (1, 7))
    assert weeks == pytest.approx(7 * days)


def test_half_life_of_explained_variance():
    estimate = half_life(TIME, noisy(5, 0.4 * 2 ** (-TIME / 8)), np.full(30, 0.015), floor=0.0)
    assert np.median(estimate.value) == pytest.approx(8, rel=0.05)


@pytest.mark.parametrize("value", [
    pytest.param(0.7 + 0 * TIME, id="constant"), pytest.param(0.5 + 0 * TIME, id="at the floor"),
    pytest.param(0.6 + 0.004 * TIME, id="rising"), pytest.param(np.where(TIME < 15, 0.7, 0.5), id="broken at once"),
    pytest.param(0.45 + 0 * TIME, id="below the floor"),
])  # fmt: skip
def test_no_half_life_where_nothing_decays(value):
    estimate = half_life(TIME, noisy(6, value), np.full(30, 0.015))
    assert np.isnan(estimate.value).mean() > 0.95


def test_date_of_floor():
    found = date_of_floor(TIME, noisy(7, np.where(TIME < 12, 0.7, 0.5)), np.full(30, 0.015))
    assert np.isnan(found).mean() < 0.06
    assert np.nanmedian(found) == 12
    assert (np.nan_to_num(found, nan=12) >= 12).all()


def test_date_of_floor_from_the_first_window_on():
    found = date_of_floor(TIME, noisy(8, 0.5 + 0 * TIME), np.full(30, 0.015))
    assert np.isnan(found).mean() < 0.06
    assert np.nanmedian(found) == 0


@pytest.mark.parametrize("value", [
    pytest.param(0.7 - 0.004 * TIME, id="still above"),
    pytest.param(np.where((TIME > 10) & (TIME < 20), 0.5, 0.7), id="came back"),
    pytest.param(np.where(TIME < 28, 0.7, 0.5), id="two windows are too few to stay"),
    pytest.param(0.53 + 0 * TIME, id="low but lasting"),
])  # fmt: skip
def test_no_date_of_floor(value):
    found = date_of_floor(TIME, noisy(9, value), np.full(30, 0.01))
    assert np.isnan(found).mean() > 0.95


@pytest.mark.parametrize("time", [[], [1.0], [1.0, 2.0, 3.0]])
@pytest.mark.parametrize("function", [slope, half_life, date_of_floor])
def test_too_few_windows_give_nothing(function, time):
    value = np.full((4, len(time)), 0.9)
    assert np.isnan(np.array(function(np.array(time), value, np.full(value.shape, 0.01)))).all()


@pytest.mark.parametrize("function", [slope, half_life, date_of_floor])
def test_windows_without_a_value_give_nothing(function):
    nothing = np.full((2, 30), np.nan)
    assert np.isnan(np.array(function(TIME, nothing, nothing))).all()
    assert np.array(function(TIME, np.empty((0, 30)), np.empty((0, 30)))).shape[-1] == 0


def test_one_time_has_no_slope():
    assert np.isnan(slope(np.ones(30), TIME, np.full(30, 0.1)).value)


COURSES = courses(40)


@pytest.mark.parametrize("habit", sorted(HABITS))
@pytest.mark.parametrize("name", ["half-life 3", "half-life 10", "half-life 20"])
def test_half_life_of_measured_powers(name, habit):
    told = tell(COURSES[name], 500, HABITS[habit], 150, seed=1)
    assert told.told > 0.9
    assert told.error < 0.15
    assert told.held > 0.88
    assert told.slope_held > 0.9


@pytest.mark.parametrize("name", ["none", "none, powerless", "step to half", "step to nothing", "rising"])
def test_no_half_life_of_measured_powers(name):
    told = tell(COURSES[name], 500, HABITS["habit, correlated"], 150, seed=2)
    assert told.told < 0.1


def test_a_straight_fall_has_no_half_life():
    told = tell(COURSES["linear to nothing"], 5000, HABITS["habit"], 100, seed=3)
    assert told.told < 0.1


@pytest.mark.parametrize("name", ["none", "none, weak", "linear to half", "step to half", "step and back"])
def test_no_floor_while_power_is_left(name):
    assert tell(COURSES[name], 500, HABITS["habit"], 150, seed=4).floor < 0.05


def test_floor_of_measured_powers():
    told = tell(COURSES["step to nothing"], 500, HABITS["habit"], 150, seed=5)
    assert told.floor > 0.9
    assert told.floor_error == 0
    assert tell(COURSES["half-life 3"], 5000, HABITS["no habit"], 150, seed=6).false < 0.05


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_slopes_hold_where_neighbours_are_alike(correlation):
    told = tell(COURSES["none"], 5000, (0.015, correlation), 400, seed=7)
    assert told.slope_held > 0.9


def test_habit_is_what_errors_do_not_explain():
    rng = np.random.default_rng(10)
    value = 0.7 + rng.standard_normal((4000, 12)) * np.hypot(0.01, 0.02)
    assert habit_variance(value, np.full(value.shape, 0.01)).mean() == pytest.approx(0.02**2, rel=0.05)
    assert habit_variance(value[:, :1], np.full((4000, 1), 0.01)).max() == 0
    assert habit_variance(np.full((2, 5), 0.7), np.full((2, 5), 0.1)).tolist() == [0, 0]
    assert habit_variance(np.full((2, 0), 0.7), np.full((2, 0), 0.1)).tolist() == [0, 0]


@pytest.mark.parametrize(("name", "course"), [
    ("half-life 5", "halves"), ("none", "steady"), ("linear to nothing", "straight"), ("step to half", "step"),
    ("step to nothing", "step"),
])  # fmt: skip
def test_courses_have_words(name, course):
    rng = np.random.default_rng(11)
    value = 0.5 + COURSES[name].excess + 0.008 * rng.standard_normal((300, 40))
    found = decay(np.arange(40.0), value, np.full(40, 0.008))
    assert (np.array(NAMES)[found.course] == course).mean() > 0.9
    assert (np.isfinite(found.half_life.value) == (found.course == NAMES.index("halves"))).all()


def test_few_windows_have_a_course_that_is_not_known():
    assert NAMES[int(decay(np.arange(3.0), np.full(3, 0.7), np.full(3, 0.01)).course)] == "unknown"
    assert NAMES[int(decay(np.arange(9.0), np.full(9, np.nan), np.full(9, 0.01)).course)] == "unknown"
