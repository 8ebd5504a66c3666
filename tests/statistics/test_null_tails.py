"""The compiled tails against SciPy's, which are slower."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from monitors.statistics.null.beta import log_betainc, log_tails
from monitors.statistics.null.student import FARTHEST, surprise

DOFS = [0.1, 0.3, 1, 2, 3.7, 10, 47.5, 300, 1e3, 1e5]


@pytest.mark.parametrize("dof", DOFS)
def test_a_surprise_is_that_of_scipys_t(dof):
    t = np.concatenate([-np.geomspace(1e-6, 1e3, 400), [0.0], np.geomspace(1e-6, 1e3, 400)])[None]
    exact = -np.log(np.maximum(special.stdtr(dof, -np.abs(t)), 1e-300))
    np.testing.assert_allclose(surprise(t, np.array([[dof]])), exact, atol=1e-4, rtol=2e-6)


@given(st.floats(0.1, 1e5), st.floats(1e-3, 30))
def test_a_surprise_between_the_tables_points_is_right(dof, t):
    exact = -np.log(special.stdtr(dof, -t))
    np.testing.assert_allclose(surprise(np.array([[t]]), np.array([[dof]])), exact, atol=1e-3)


def test_a_surprise_grows_with_the_deviation_up_to_the_smallest_chance():
    t = np.concatenate([np.linspace(0, 60, 20_000), [1e9, 1e200, np.inf]])
    for dof in DOFS:
        found = surprise(t[None], np.array([[dof]]))[0]
        assert found[0] == pytest.approx(np.log(2), abs=1e-6)
        assert (np.diff(found) >= -1e-9).all() and found[-1] == FARTHEST


def test_what_is_not_known_is_no_surprise():
    assert np.isnan(surprise(np.array([[np.nan]]), np.array([[5.0]]))).all()


def test_degrees_of_freedom_beyond_the_table_are_its_last():
    t = np.array([[3.0]])
    np.testing.assert_allclose(surprise(t, np.array([[1e9]])), -special.log_ndtr(-3.0), atol=1e-3)
    assert surprise(t, np.array([[0.0]])) == surprise(t, np.array([[0.1]]))


@given(st.floats(0.1, 1e6), st.floats(0.1, 1e6), st.floats(-8, 8))
def test_the_incomplete_beta_function_is_scipys(a, b, score):
    x = special.betaincinv(a, b, special.ndtr(score))
    exact = special.betainc(a, b, x)
    if x > 1e-290 and 1e-290 < exact < 1:
        assert log_betainc(a, b, x) == pytest.approx(np.log(exact), abs=3e-3)


def test_at_its_ends_the_incomplete_beta_function_is_none_and_all():
    assert log_betainc(2.0, 3.0, 0.0) == -np.inf
    assert log_betainc(2.0, 3.0, 1.0) == 0.0


def tail(x, above, expected, spread, error, dof):
    """Of one share."""
    one = (np.array([float(value)]) for value in (expected, spread, error))
    return log_tails(np.array([0]), np.array([x]), np.array([above]), *one, np.array([1e-9]), np.array([dof]))[0]


@pytest.mark.parametrize(("x", "above"), [(0.36, True), (0.24, False), (0.44, True), (0.18, False)])
def test_a_share_that_varies_by_chance_alone_has_a_binomials_tail(x, above):
    error = np.sqrt(0.3 * 0.7 / 400)
    exact = stats.binom.logsf(400 * x, 400, 0.3) if above else stats.binom.logcdf(400 * x, 400, 0.3)
    # between one count and the next
    assert tail(x + 0.5 / 400, above, 0.3, error, error, 1e5) == pytest.approx(exact, abs=0.05)


@pytest.mark.parametrize(("x", "above"), [(0.3, True), (0.01, False), (0.5, True)])
def test_a_share_that_varies_by_habit_alone_has_a_beta_distributions_tail(x, above):
    mean, sd = 0.1, 0.06
    strength = mean * (1 - mean) / sd**2 - 1
    beta = stats.beta(mean * strength, (1 - mean) * strength)
    exact = beta.logsf(x) if above else beta.logcdf(x)
    assert tail(x, above, mean, sd, 0.0, 1e5) == pytest.approx(exact, rel=0.01)


def test_the_less_is_known_of_a_spread_the_likelier_is_what_lies_far_out():
    tails = [tail(0.5, True, 0.3, 0.03, 0.01, dof) for dof in (1e5, 30.0, 10.0, 3.0)]
    assert (np.diff(tails) > 1).all()


def test_with_few_degrees_of_freedom_the_tail_is_near_that_of_t():
    # a share far from 0 and 1 is all but normal, and a normal over an estimated spread is t
    for dof, t in ((6.0, 3.0), (11.0, 4.0), (30.0, 5.0)):
        exact = np.log(special.stdtr(dof, -t))
        assert tail(0.5 + 0.001 * t, True, 0.5, 0.001, 0.0, dof) == pytest.approx(exact, rel=0.05)


def test_a_share_of_which_nothing_is_known_has_no_tail():
    assert np.isnan(tail(np.nan, True, 0.3, 0.03, 0.01, 10.0))
    assert np.isnan(tail(0.5, True, 0.3, np.nan, 0.01, 10.0))
