"""Information value and mutual information against scikit-learn and a worked table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import normalized_mutual_info_score

from monitors.statistics.information import information_value, normalised_mutual_information
from tests.statistics.rows import draw, expand


@given(arrays(np.int64, (4, 3), elements=st.integers(0, 9)).filter(lambda x: x.any()))
def test_mutual_information_is_scikit_learns(counts):
    bins, classes = expand(counts)
    if len(set(bins)) == 1 and len(set(classes)) == 1:  # scikit-learn calls one class by one bin a perfect match
        assert normalised_mutual_information(counts) == 0
    else:
        expected = normalized_mutual_info_score(classes, bins)
        assert normalised_mutual_information(counts) == pytest.approx(expected, abs=1e-9)


def test_information_value_of_a_table():
    # Σ (p − q) ln(p/q) by hand, with half a row added to each count: the definition.
    positives, negatives = np.array([10, 30, 60]), np.array([50, 30, 20])
    p, q = (positives + 0.5) / 101.5, (negatives + 0.5) / 101.5
    assert information_value(positives, negatives) == pytest.approx(((p - q) * np.log(p / q)).sum())


def test_information_value_by_chance_is_what_the_docstring_says():
    counts = draw(np.random.default_rng(0), 500, 20_000, np.full(64, 0.3))
    total = counts.sum(axis=1)
    by_chance = 63 * (1 / total[:, 0] + 1 / total[:, 1]).mean()
    assert information_value(counts[..., 1], counts[..., 0]).mean() == pytest.approx(by_chance, rel=0.05)


@pytest.mark.parametrize("shape", [(0, 5, 2), (2, 0, 2), (2, 5, 2)], ids=["no windows", "no bins", "no rows"])
def test_nothing_gives_nothing(shape):
    counts = np.zeros(shape)
    for value in (information_value(counts[..., 1], counts[..., 0]), normalised_mutual_information(counts)):
        assert value.shape == shape[:1]
        assert np.isnan(value).all()


def test_one_class_tells_nothing():
    counts = np.array([[5, 0], [7, 0]])
    assert np.isnan(information_value(counts[:, 1], counts[:, 0]))
    assert normalised_mutual_information(counts) == 0
