"""Null models: quiet windows stay quiet, changes show, and nothing breaks at the ends.

False-alarm rates are held against the rate asked for plus three standard errors of the simulation (windows judged by
one reference are not independent: the error is that of the references' own shares). Power is held against what the
change would give a test that knew the habit, less a margin.
"""

from __future__ import annotations

import numpy as np
import pytest

from monitors.statistics.null import (
    SPANS,
    deviations,
    judge,
    reach,
    t_of_score,
)
from monitors.statistics.null.tails import START, tails, together
from tests.statistics.quiet import exact, family_wise

NAN = np.nan


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
