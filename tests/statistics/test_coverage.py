"""The study of intervals in short: ``tests.benchmarks.coverage`` has more repeats, and says what is of what."""

from __future__ import annotations

import pytest

from tests.benchmarks.coverage import features, of_classes, of_numbers

REPEATS = 1500
MARGIN = 0.018
"""Three standard errors of a share of .95 in so many repeats are .017."""

FEATURES = features()


@pytest.mark.parametrize("name", ["informative", "powerless", "ties", "30% missing", "5 categories"])
@pytest.mark.parametrize(("positive", "rows"), [(0.5, 500), (0.5, 5000), (0.02, 5000)])
def test_intervals_of_classes(name, positive, rows):
    for power, found in of_classes(FEATURES[name], positive, rows, REPEATS, seed=1).items():
        assert 0.93 - MARGIN < found.held < 0.97 + MARGIN, power
        assert abs(found.bias) < 0.1 * found.width, power


@pytest.mark.parametrize("name", ["informative", "strong", "u-shaped", "200 categories"])
@pytest.mark.parametrize("rows", [500, 5000])
def test_intervals_of_numbers(name, rows):
    for power, found in of_numbers(FEATURES[name], rows, REPEATS, seed=1).items():
        assert 0.93 - MARGIN < found.held < 0.97 + MARGIN, power
        assert abs(found.bias) < 0.1 * found.width, power


def test_ten_positives_are_judged_with_caution():
    # about ten positives of 500 labels, most of them near the top: DeLong's interval would hold the truth in 75%
    for found in of_classes(FEATURES["strong"], 0.02, 500, REPEATS, seed=1).values():
        assert found.held > 0.95
