"""NDCG against scikit-learn's, and what holds of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from monitors.statistics.ranking import ndcg

NUMBERS = st.lists(st.tuples(st.floats(0, 100), st.integers(0, 6)), min_size=2, max_size=12)


@given(NUMBERS)
def test_it_is_scikit_learns(pairs: list[tuple[float, int]]) -> None:
    """Ties among the scores included: both give equal scores the mean of their places."""
    gains, scores = np.array(pairs, float).T
    if gains.max() < 1e-6:
        return
    assert ndcg(gains, scores) == pytest.approx(ndcg_score(gains[None], scores[None]), abs=1e-9)


def test_the_college_admissions_of_the_clarify_documentation() -> None:
    """SAT score, GPA, class rank: the order is reversed, and NDCG falls to 0.69, under its 0.90."""
    before, live = np.array([0.70, 0.50, 0.05]), np.array([0.10, 0.20, 0.70])
    by_hand = (0.05 + 0.5 / np.log2(3) + 0.7 / 2) / (0.7 + 0.5 / np.log2(3) + 0.05 / 2)
    assert ndcg(before, live) == pytest.approx(by_hand) == pytest.approx(0.69, abs=0.005)


@given(NUMBERS, st.floats(0.1, 10))
def test_only_the_order_of_scores_counts(pairs: list[tuple[float, int]], times: float) -> None:
    gains, scores = np.array(pairs, float).T
    assert ndcg(gains, scores * times + 1) == pytest.approx(float(ndcg(gains, scores)), nan_ok=True)
    assert np.isnan(ndcg(gains, gains)) or ndcg(gains, gains) == pytest.approx(1)


def test_many_windows_at_once_and_none() -> None:
    rng = np.random.default_rng(0)
    gains, scores = rng.random(5), rng.random((7, 5))
    assert ndcg(gains, scores) == pytest.approx([float(ndcg(gains, row)) for row in scores])
    assert ndcg(gains, scores[:0]).shape == (0,)
    assert np.isnan(ndcg(np.zeros(3), np.ones(3)))
    assert ndcg(np.array([2.0]), np.array([5.0])) == 1
