"""Sorting by digits against NumPy's sort."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.profile.sorting import ascending


@given(st.lists(st.floats(allow_nan=False)))
def test_numbers_are_in_numpys_order(values: list[float]) -> None:
    np.testing.assert_array_equal(ascending(np.array(values, float)), np.sort(np.array(values, float)))


@pytest.mark.parametrize(
    "values", [np.full(9, -3.5), np.arange(5_000.0)[::-1], np.random.default_rng(0).normal(size=5_000)]
)
def test_order_does_not_depend_on_how_numbers_came(values: np.ndarray) -> None:
    assert ascending(values).tobytes() == ascending(values[::-1].copy()).tobytes() == np.sort(values).tobytes()


def test_zero_loses_its_sign_and_what_is_given_stays_as_it_is() -> None:
    values = np.array([0.0, -0.0, 5e-324, -5e-324])
    assert [str(x) for x in ascending(values)] == ["-5e-324", "0.0", "0.0", "5e-324"]
    assert [str(x) for x in values] == ["0.0", "-0.0", "5e-324", "-5e-324"]
