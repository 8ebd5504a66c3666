"""The rules that Driftmeter is measured against do what they are said to do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from monitors.statistics.distances import psi as our_psi
from tests.benchmarks.alarms import rules
from tests.benchmarks.alarms.comparison import compare, quiet_shares, threshold
from tests.benchmarks.alarms.rules import RULES

RNG = np.random.default_rng(5)
WINDOWS = np.repeat(np.arange(20), 60)
NUMBERS = pd.Series(RNG.normal(size=1200))
WORDS = pd.Series(RNG.choice(["a", "b", "c"], 1200, p=[0.6, 0.3, 0.1]))
NOW = np.repeat([0, 1], 100)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", ["numbers", "words"])
def test_every_rule_sees_a_gross_change_more_than_none(rule: str, kind: str) -> None:
    if kind == "numbers":
        reference, values = NUMBERS, pd.Series(np.random.default_rng(6).normal(4.0 * NOW))
    else:
        quiet = np.random.default_rng(6).choice(["a", "b", "c"], 100, p=[0.6, 0.3, 0.1])
        reference, values = WORDS, pd.Series([*quiet, *(["c"] * 100)])
    before, after = RULES[rule](reference, WINDOWS)(values, NOW, 2)
    assert after >= 1
    assert before < after


@pytest.mark.parametrize("rule", sorted(set(RULES) - {"popmon_7sd"}))
@pytest.mark.parametrize("reference", [NUMBERS, WORDS])
def test_a_window_without_values_is_an_alarm(rule: str, reference: pd.Series) -> None:
    nothing = reference.iloc[:200].mask(NOW == 1)
    assert RULES[rule](reference, WINDOWS)(nothing, NOW, 2)[1] >= 1


def test_evidently_is_asked_as_it_would_choose() -> None:
    values = pd.Series(np.random.default_rng(6).normal(0.5, 1, 100))
    window = np.zeros(100, np.int64)
    distance = stats.wasserstein_distance(NUMBERS, values) / NUMBERS.std(ddof=0)
    assert rules.evidently(NUMBERS, WINDOWS)(values, window, 1)[0] == pytest.approx(distance / 0.1)
    few = NUMBERS.iloc[:600]  # up to 1000 reference rows it takes a test
    p = stats.ks_2samp(few, values).pvalue
    score = rules.evidently(few, WINDOWS[:600])(values, window, 1)[0]
    assert score == pytest.approx(np.log(p) / np.log(0.05))


def test_psi_is_the_psi_of_ten_quantiles() -> None:
    values = pd.Series(np.random.default_rng(6).normal(0.3, 1, 500))
    cuts = np.quantile(NUMBERS, np.linspace(0, 1, 11)[1:-1])
    counts = [np.bincount(np.searchsorted(cuts, x, side="right"), minlength=10) for x in (NUMBERS, values)]
    score = rules.psi(NUMBERS, WINDOWS)(values, np.zeros(500, np.int64), 1)[0]
    assert score * rules.PSI == pytest.approx(float(our_psi(*counts)), rel=1e-6)


def test_p_values_are_scipys() -> None:
    values = pd.Series(np.random.default_rng(6).normal(0.3, 1, 200))
    seen = np.exp(rules.tests(NUMBERS, WINDOWS)(values, NOW, 2) * np.log(rules.P))
    assert seen[0] == pytest.approx(stats.ks_2samp(NUMBERS, values[:100], method="asymp").pvalue)
    words = pd.Series(["a"] * 50 + ["b"] * 50)
    table = [WORDS.value_counts()[list("abc")].to_numpy(), [50, 50, 0]]
    seen = np.exp(rules.tests(WORDS, WINDOWS)(words, np.zeros(100, np.int64), 1) * np.log(rules.P))
    assert seen[0] == pytest.approx(stats.chi2_contingency(table).pvalue)


def test_adjustment_is_scipys_by_window() -> None:
    p = np.random.default_rng(6).uniform(size=(7, 3)) ** 3
    expected = stats.false_discovery_control(p, axis=0)
    assert np.exp(rules.adjusted(rules.of_p(p)) * np.log(rules.P)) == pytest.approx(expected)


def test_mean_and_three_deviations_are_of_the_reference_windows() -> None:
    names = list("abc")
    shares = np.stack([WORDS[w == WINDOWS].value_counts().reindex(names, fill_value=0) for w in range(20)])
    distance = jensenshannon(WORDS.value_counts()[names].to_numpy()[:, None], shares.T, base=2)
    values = pd.Series(["a"] * 20 + ["b"] * 40)
    now = jensenshannon(WORDS.value_counts()[names].to_numpy(), [20, 40, 0], base=2)
    expected = (now - distance.mean()) / (3 * distance.std(ddof=1))
    score = rules.sigmas(WORDS, WINDOWS)(values, np.zeros(60, np.int64), 1)[0]
    assert score == pytest.approx(expected)


def test_popmon_has_no_pull_where_the_reference_does_not_vary() -> None:
    values = NUMBERS.iloc[:200].reset_index(drop=True)
    nulls = values.mask(np.arange(200) % 60 == 7)  # a few, which the reference never had
    score = rules.pulls(NUMBERS, WINDOWS)
    window = np.zeros(60, np.int64)
    assert score(nulls.iloc[:60], window, 1)[0] < 1
    mean = NUMBERS.groupby(WINDOWS).mean()
    moved = NUMBERS.iloc[:60] + 50 * mean.std(ddof=0)
    assert score(moved, window, 1)[0] * rules.PULL >= 40


def test_numbers_by_window_are_held_against_the_reference_windows() -> None:
    reference, values = np.array([10.0, 12, 14, np.nan]), np.array([12.0, 18, np.nan])
    assert rules.of_series(reference, values, 3).tolist() == [0.0, 1.0, 0.0]
    assert rules.of_series(np.full(5, 24.0), np.array([24.0, 21]), 3).tolist() == [0.0, 0.0]
    assert rules.of_series(np.full(5, 24.0), np.array([24.0, 21]), 3, least=1).tolist() == [0.0, 1.0]


def test_thresholds_give_the_share_asked_for() -> None:
    quiet = np.random.default_rng(6).normal(size=1000)
    assert (quiet > threshold(quiet, 0.05)).mean() == pytest.approx(0.05)
    assert (quiet > threshold(quiet, 0.0)).sum() == 0
    assert (np.ones(10) > threshold(np.ones(10), 0.5)).sum() == 0  # ties are not split


def test_recall_is_compared_at_the_same_rate() -> None:
    key = {"log": "a", "grain": "1d"}
    runs = pd.DataFrame([{**key, "windows": 100, "alarmed": 10}])
    quiet = pd.DataFrame([{**key, "rule": rule, "score": (i + 1) / 50} for rule in ("psi", "ks") for i in range(100)])
    ours = pd.DataFrame([{**key, "rule": "driftmeter", "score": float(i < 10)} for i in range(100)])
    quiet = pd.concat([ours, quiet])
    first = {**key, "kind": "scale", "size": "middle", "mode": "abrupt", "soon": True, "later": True}
    incidents = pd.DataFrame([
        {**first, "psi_soon": 1.85, "psi_later": 1.85, "ks_soon": 1.5, "ks_later": 1.9},
        {**first, "soon": False, "psi_soon": 1.85, "psi_later": 2.0, "ks_soon": 1.5, "ks_later": 1.9},
        {**first, "size": "under", "psi_soon": 0.0, "psi_later": 0.0, "ks_soon": 0.0, "ks_later": 0.0},
    ])  # fmt: skip
    shares = quiet_shares(runs, quiet).iloc[0]
    assert shares[["driftmeter", "psi", "always", "never"]].tolist() == [0.1, 0.51, 1.0, 0.0]
    table = compare(quiet, incidents).set_index("kind").loc["scale"]
    assert table[["n", "driftmeter", "psi", "ks", "psi@5%", "ks@default"]].tolist() == [2, 0.5, 1.0, 0.0, 0.0, 1.0]
    assert table["beaten_by"] == "psi"
    assert table["coin"] == pytest.approx(0.19)
