"""The kernel's search against NumPy's, on edges and values that leave it no room."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.profile.bins import FIRST, INVALID, NAN, NULL, ColumnBins
from monitors.profile.course import NO_COURSE
from monitors.profile.kernel import add_rows, place_numbers
from monitors.profile.sums import LANES

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
NONE = np.empty(0, np.uint64)


def placed(edges: list[float], values: np.ndarray, flags: np.ndarray | None = None) -> np.ndarray:
    column = ColumnBins("x", "feature", "numeric", "number", np.unique(np.array(edges, float)))
    bins, flags = np.empty(len(values), np.int32), np.empty(0, np.uint8) if flags is None else flags
    place_numbers(values, flags, *column.search, *NO_COURSE, np.uint64(0), NONE, bins)
    return bins


def expected(edges: list[float], values: np.ndarray) -> list[int]:
    found = FIRST + np.searchsorted(np.unique(np.array(edges, float)), values, side="right")
    return np.where(np.isnan(values), NAN, np.where(np.isinf(values), INVALID, found)).tolist()


def around(edges: list[float]) -> np.ndarray:
    """The edges, the next numbers on both sides, and what is no number."""
    known = np.array(edges, float)
    with np.errstate(over="ignore"):
        return np.concatenate([known, np.nextafter(known, np.inf), np.nextafter(known, -np.inf), [0.0, -0.0, np.nan],
                               [np.inf, -np.inf, 5e-324, np.finfo(float).max, np.finfo(float).min]])  # fmt: skip


@given(st.lists(NUMBERS, max_size=80))
def test_numbers_fall_where_numpy_puts_them(edges: list[float]) -> None:
    values = around(edges)
    assert placed(edges, values).tolist() == expected(edges, values)


@given(st.lists(st.integers(-60, 60), max_size=80), st.sampled_from([1e-310, 1e-9, 1.0, 1e9, 1e306]))
def test_edges_as_close_as_numbers_can_be_are_told_apart(steps: list[int], scale: float) -> None:
    edges = [scale * step for step in steps]
    edges += np.nextafter(edges, np.inf).tolist()
    values = around(edges)
    assert placed(edges, values).tolist() == expected(edges, values)


@pytest.mark.parametrize("spread", ["even", "one far away", "exponential", "all but one alike"])
def test_edges_of_any_spread(spread: str) -> None:
    rng = np.random.default_rng(0)
    edges = {
        "even": np.linspace(0, 1, 65), "one far away": np.append(np.linspace(0, 1, 64), 1e12),
        "exponential": 10.0 ** np.arange(-150, 150, 4), "all but one alike": 1.0 + np.arange(64) * 2**-52,
    }[spread].tolist()  # fmt: skip
    values = np.concatenate([around(edges), rng.choice(edges, 2_000) * rng.uniform(0.9, 1.1, 2_000)])
    assert placed(edges, values).tolist() == expected(edges, values)


def test_a_flag_counts_more_than_the_number_under_it() -> None:
    values, flags = np.array([0.0, 1.0, np.nan]), np.array([0, NULL, INVALID], np.uint8)
    assert placed([0.0], values, flags).tolist() == [FIRST + 1, NULL, INVALID]


@pytest.mark.parametrize("width", [LANES, 2 * LANES])
def test_rows_are_added_to_their_bins_lane_by_lane(width: int) -> None:
    rng = np.random.default_rng(0)
    bins, cell = rng.integers(3, 6, 50).astype(np.int32), rng.integers(0, 2, 50)
    values, row = rng.normal(size=50), rng.normal(size=(50, width))
    mark = rng.integers(-1, 3, (50, 2))
    lanes, marks = np.zeros((2, 9, width)), np.zeros((2, 9, 3), np.int64)
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    add_rows(bins, values, 0.5, 2, cell, row, lanes, low, high, mark, marks)
    shifted = np.where(bins >= FIRST, values - 0.5, 0.0)
    row[:, 0] += shifted
    row[:, 1] += shifted**2
    for at in np.ndindex(2, 9):
        own = (cell == at[0]) & (bins + 2 == at[1])
        np.testing.assert_allclose(lanes[at], row[own].sum(axis=0), atol=1e-12)
        assert marks[at].tolist() == [(mark[own] == m).sum() for m in range(3)]
    for c in range(2):
        assert (low[c], high[c]) == (
            values[(cell == c) & (bins >= FIRST)].min(),
            values[(cell == c) & (bins >= FIRST)].max(),
        )
