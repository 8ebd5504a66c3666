"""Features that move together: by their reference, and by their names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from monitors.together import CHANCE, LEAST, alike, begin_alike, correlated
from tests.monitors.incident_rows import measured, number


def held(values: dict[str, np.ndarray], **other: object) -> pd.DataFrame:
    return measured(*(number(day, "jensen_shannon", value, feature=name, reference=True, **other)
                      for name, of in values.items() for day, value in enumerate(of)))  # fmt: skip


def test_features_that_rose_and_fell_together_are_alike() -> None:
    rng = np.random.default_rng(1)
    common = rng.normal(size=28)
    values = {"a": common, "b": np.exp(common), "c": rng.normal(size=28), "d": -common}
    assert correlated(held(values)) == {"a": {"b"}, "b": {"a"}}  # one that falls when the other rises is not


@pytest.mark.parametrize("windows", [6, 8, 12, 28, 90])
def test_the_rule_is_scipys_test(windows: int) -> None:
    rng = np.random.default_rng(windows)
    for _ in range(20):
        a = rng.normal(size=windows)
        b = 1.5 * a + rng.normal(size=windows)
        tested = stats.spearmanr(a, b, alternative="greater")
        expected = tested.statistic >= LEAST and tested.pvalue <= CHANCE
        assert bool(correlated(held({"a": a, "b": b}))) == expected


def test_features_that_have_nothing_to_do_with_each_other_are_seldom_alike() -> None:
    rng = np.random.default_rng(0)
    found = correlated(held({f"f{i:02}": rng.normal(size=14) for i in range(40)}))
    assert sum(map(len, found.values())) / 2 <= 5  # of 780 pairs; 0.8 are to be expected


@pytest.mark.parametrize("windows", [0, 1, 3])
def test_few_windows_say_nothing(windows: int) -> None:
    same = np.arange(windows, dtype=float)
    assert correlated(held({"a": same, "b": same})) == {}


def test_a_constant_moves_with_nothing() -> None:
    rising = np.arange(20.0)
    assert correlated(held({"a": rising, "b": np.ones(20), "c": rising})) == {"a": {"c"}, "c": {"a"}}


def test_names_that_begin_alike() -> None:
    names = ["user_age", "user_city", "price", "hour", "embedding0", "embedding1", "DayOfWeek", "x1", "x2", "weather"]
    found = begin_alike(names)
    assert found["user_age"] == {"user_city"}
    assert found["embedding1"] == {"embedding0"}
    assert not {"price", "hour", "DayOfWeek", "x1", "weather"} & set(found)  # one letter is no name


def test_how_all_names_begin_says_nothing() -> None:
    assert begin_alike([f"feature_{i}" for i in range(20)]) == {}
    assert begin_alike([]) == {}


def test_segments_and_windows_that_are_judged_do_not_count() -> None:
    rising = np.arange(20.0)
    assert alike(held({"a": rising, "b": rising}, segment="s=1")) == {}
    judged = held({"a": rising, "b": rising}).assign(reference=False)
    assert alike(judged) == {}
    assert alike(held({"a": rising, "b": rising})) == {"a": {"b"}, "b": {"a"}}
