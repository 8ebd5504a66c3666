"""Mean ranks against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from monitors.statistics.ranks import mean_ranks


@pytest.mark.parametrize("values", [[], [3.0], [2.0, 2.0, 2.0], [3, 1, 2], [1.0, -np.inf, 1.0, np.inf, 0.0, -0.0]])
def test_ranks_are_those_of_scipy(values: list[float]) -> None:
    assert mean_ranks(np.array(values)).tolist() == stats.rankdata(np.array(values)).tolist()


def test_ranks_of_many_with_ties() -> None:
    values = np.random.default_rng(0).integers(0, 50, 2_000).astype(float)
    assert (mean_ranks(values) == stats.rankdata(values)).all()
