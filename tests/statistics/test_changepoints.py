"""Dates of changes: against ruptures' exact search, at the promised rate on quiet series, and where the change was."""

from __future__ import annotations

import numpy as np
import pytest
import ruptures
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from monitors.statistics.changepoints import Change, changes, penalty, segments, spread


def critical_value(count: int, series: int, seed: int = 0) -> float:
    """95% quantile of the greatest saving by one change, or by two a change: where ``_CRITICAL`` is from.

    Its lines are of 20,000 series up to 192 windows (60,000 under 16), 4,000 up to 512, then 1,500, 600 and 200.
    """
    x = np.random.default_rng(seed).normal(size=(series, count))
    x, variance = spread(x, np.zeros_like(x))
    total = np.concatenate([np.zeros((series, 1)), np.cumsum(x, axis=1)], axis=1)
    saved, whole = np.zeros(series), total[:, -1] ** 2 / count
    for i in range(count - 1):
        for j in range(i + 2, count + 1):
            rest = count - (j - i)
            if rest < 2 or i == 1 or count - j == 1:
                continue
            inner = (total[:, j] - total[:, i]) ** 2 / (j - i)
            if i == 0 or j == count:
                gain = inner + (total[:, -1] - (total[:, j] - total[:, i])) ** 2 / rest - whole
            else:
                outer = total[:, i] ** 2 / i + (total[:, -1] - total[:, j]) ** 2 / (count - j)
                gain = (inner + outer - whole) / 2
            saved = np.maximum(saved, gain)
    return float(np.quantile(saved / variance[:, 0], 0.95))


@pytest.mark.parametrize("count", [10, 20])
def test_the_penalty_is_what_chance_saves(count):
    assert penalty(count) == pytest.approx(critical_value(count, 3000), rel=0.12)


def test_the_penalty_grows_with_the_series():
    values = [penalty(n) for n in (8, 9, 15, 40, 100, 365, 5000)]
    assert values == sorted(values)


@pytest.mark.parametrize("seed", range(12))
def test_the_segments_are_those_of_ruptures(seed):
    rng = np.random.default_rng(seed)
    levels = np.repeat(rng.normal(0, 2, 5), rng.integers(3, 25, 5))
    x = levels + rng.normal(size=len(levels))
    for beta in (2.0, 8.0, 30.0):
        oracle = ruptures.Dynp(model="l2", min_size=2, jump=1).fit(x)
        costs = [ruptures.costs.CostL2().fit(x).sum_of_costs([len(x)])]
        costs += [oracle.cost.sum_of_costs(oracle.predict(k)) for k in range(1, 7)]
        best = int(np.argmin(np.array(costs) + beta * np.arange(7)))
        expected = [len(x)] if best == 0 else oracle.predict(best)
        if best < 6:  # the search of ruptures goes no further here
            assert segments(x, np.ones(len(x)), beta)[1:] == expected
        pruned = ruptures.Pelt(model="l2", min_size=2, jump=1).fit(x).predict(pen=beta)
        mine = segments(x, np.ones(len(x)), beta)[1:]  # PELT may prune too much where levels have to last
        assert oracle.cost.sum_of_costs(mine) + beta * len(mine) <= (
            oracle.cost.sum_of_costs(pruned) + beta * len(pruned) + 1e-9
        )


@pytest.mark.parametrize("count", [8, 12, 30, 90])
@pytest.mark.parametrize("error", [0.0, 0.8])
def test_one_quiet_series_in_twenty_is_given_a_date(count, error):
    rng = np.random.default_rng(count)
    x = rng.normal(0, np.sqrt(1 - error**2), (600, count)) + rng.normal(0, error, (600, count))
    found = np.mean([bool(changes(row, np.full(count, error) if error else None)) for row in x])
    assert found < 0.085


def test_quiet_series_that_wander_are_given_few_dates():
    rng = np.random.default_rng(0)
    kernel = 0.4 ** np.arange(20)
    x = [np.convolve(rng.normal(size=80), kernel)[20:80] for _ in range(300)]
    assert np.mean([bool(changes(row)) for row in x]) < 0.2


@pytest.mark.parametrize("size", [3.0, 5.0])
def test_a_change_is_dated_with_an_interval_that_holds_it(size):
    rng = np.random.default_rng(1)
    hit, held, width, sizes = [], [], [], []
    for _ in range(300):
        at = int(rng.integers(20, 40))
        found = changes(rng.normal(size=60) + size * (np.arange(60) >= at))
        if len(found) == 1:
            hit.append(abs(found[0].at - at) <= 1)
            held.append(found[0].low <= at <= found[0].high)
            width.append(found[0].high - found[0].low)
            sizes.append(abs(found[0].size - size) <= 2.5 * found[0].error)
    assert len(hit) > 0.85 * 300
    assert np.mean(hit) > 0.95
    assert np.mean(held) >= 0.95
    assert np.mean(width) < 6
    assert np.mean(sizes) > 0.93


def test_several_changes_are_dated_each():
    rng = np.random.default_rng(3)
    x = np.repeat([0.0, 4.0, 1.0], [25, 20, 30]) + rng.normal(size=75)
    assert [c.at for c in changes(x)] == pytest.approx([25, 45], abs=1)
    assert [np.sign(c.size) for c in changes(x)] == [1, -1]


def test_a_spike_is_no_new_level():
    rng = np.random.default_rng(4)
    x = rng.normal(size=40)
    x[22] += 15
    assert changes(x) == []
    x[-1] += 15
    assert changes(x) == []


def test_errors_say_what_a_difference_is_worth():
    x = np.tile([0.0, 1.0], 20) * 0.2 + np.repeat([0.0, 1.0], 20)
    assert len(changes(x)) == 1
    assert changes(x, np.full(40, 3.0)) == []
    rough = np.where(np.arange(40) < 20, 0.05, 3.0)  # labels are few after the change
    assert changes(x, rough) == []


finite = st.floats(-1e6, 1e6, allow_nan=False).map(lambda v: round(v, 3))


@given(arrays(float, st.integers(0, 30), elements=st.one_of(st.just(np.nan), finite)))
def test_any_series_has_ordered_dates_inside_it(x):
    found = changes(x)
    known = np.flatnonzero(np.isfinite(x))
    dates = [c.at for c in found]
    assert dates == sorted(set(dates))
    for change in found:
        assert {change.at, change.low, change.high} <= set(known.tolist())
        assert known[0] < change.low <= change.at <= change.high <= known[-1]
        assert np.isfinite([change.before, change.after, change.error]).all()


def test_dates_do_not_depend_on_unit_offset_or_holes():
    rng = np.random.default_rng(5)
    x = rng.normal(size=50) + 5 * (np.arange(50) >= 30)
    dates = [(c.at, c.low, c.high) for c in changes(x)]
    assert [(c.at, c.low, c.high) for c in changes(1e-4 * x + 7)] == dates
    holed = np.insert(x, 10, np.nan)
    assert [(c.at - 1, c.low - 1, c.high - 1) for c in changes(holed)] == dates
    back = changes(x[::-1])
    assert [50 - c.at for c in back] == [c.at for c in changes(x)]


@pytest.mark.parametrize("x", [[], [1.0], [1.0] * 7, [2.0] * 50, [np.nan] * 50, [1.0, 9.0] * 3])
def test_nothing_gives_no_date(x):
    assert changes(np.array(x)) == []


def test_a_step_without_any_noise_is_dated_exactly():
    assert changes(np.repeat([1.0, 2.0], [12, 9])) == [Change(12, 12, 12, 1.0, 2.0, pytest.approx(0, abs=1e-3))]
