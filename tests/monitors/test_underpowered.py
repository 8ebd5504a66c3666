"""Which windows were too small to show a change that matters, and the smallest that they could have shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.rules import RULES
from monitors.settings import MINIMUM_EFFECT, SIZE_THAT_MATTERS
from monitors.underpowered import mark, size_that_matters, smallest_shift, summary
from tests.monitors.found import config
from tests.monitors.incident_rows import measured, number


def row(metric: str = "jensen_shannon", **other: Any) -> dict[str, Any]:
    given_ = {"expected": 0.1, "band_low": 0.0, "band_high": 0.28, "p_value": 0.5}
    return number(5, metric, 0.12, **{**given_, **other})


def smallest(**other: Any) -> float:
    return float(smallest_shift(measured(row(**other))).iloc[0])


def test_the_smallest_shift_is_the_way_from_what_is_expected_to_the_band() -> None:
    assert smallest() == pytest.approx(0.18)
    assert smallest(band_low=np.nan) == pytest.approx(0.18)


def test_of_two_sides_the_harder_one_counts() -> None:
    assert smallest(metric="label_rate", band_low=0.07, band_high=0.12) == pytest.approx(0.03)
    assert smallest(metric="auc", expected=0.8, band_low=0.7, band_high=np.nan) == pytest.approx(0.1)


def test_a_side_that_nothing_can_lie_beyond_is_none() -> None:
    assert smallest(metric="null_share", expected=0.4, band_low=0.0, band_high=0.45) == pytest.approx(0.05)


def test_numbers_under_zero_have_a_lower_side() -> None:
    rows = measured({**row("r2", expected=-0.1, band_low=-0.5, band_high=np.nan), "value": -0.2})
    assert float(smallest_shift(rows).iloc[0]) == pytest.approx(0.4)


@pytest.mark.parametrize("other", [{"p_value": np.nan}, {"band_high": np.nan}, {"expected": np.nan}])
def test_what_is_not_judged_has_none(other: dict[str, Any]) -> None:
    marked = mark(measured(row(**other)), {})
    assert np.isnan(marked["smallest_shift"].iloc[0])
    assert not marked["underpowered"].iloc[0]


def test_nothing_measured_is_nothing_marked() -> None:
    marked = mark(measured(), {})
    assert {"smallest_shift", "underpowered"} <= set(marked.columns)
    assert summary(marked).empty


def test_what_matters_decides() -> None:
    rows = measured(row())
    assert mark(rows, {})["underpowered"].tolist() == [True]  # 0.18 where 0.1 matters
    assert mark(rows, {"jensen_shannon": 0.2})["underpowered"].tolist() == [False]
    assert mark(rows, {"jensen_shannon:z": 0.2})["underpowered"].tolist() == [True]
    assert mark(rows, {"jensen_shannon:x": 0.2})["underpowered"].tolist() == [False]


def test_the_number_of_rows_counts_as_a_part_of_what_was_expected() -> None:
    rows = measured(row("rows", feature=None, expected=1000.0, band_low=750.0, band_high=1250.0))
    assert mark(rows, {})[["smallest_shift", "underpowered"]].to_numpy().tolist() == [[250.0, False]]
    assert mark(rows, {"rows": 0.2})["underpowered"].tolist() == [True]


def test_the_configuration_says_what_matters() -> None:
    alerts = {"matters": {"auc": 0.02}, "features": {"x": {"matters": 0.3}}}
    given_ = config(alerts=alerts).alerts.sizes_that_matter()
    assert given_ == {"auc": 0.02, "*:x": 0.3}
    assert size_that_matters(given_, "auc") == 0.02
    assert size_that_matters(given_, "jensen_shannon", "x") == 0.3
    assert size_that_matters(given_, "jensen_shannon", "z") == SIZE_THAT_MATTERS["jensen_shannon"]
    assert np.isnan(size_that_matters(given_, "rmse"))
    assert config(alerts={"matters": 0.5}).alerts.sizes_that_matter() == {"*": 0.5}


def test_what_matters_is_no_less_than_what_is_worth_an_alert() -> None:
    judged = {metric for _, metric in RULES}
    assert set(SIZE_THAT_MATTERS) <= judged
    assert all(size >= MINIMUM_EFFECT.get(metric, 0.0) for metric, size in SIZE_THAT_MATTERS.items())


def test_a_summary_counts_windows_and_features() -> None:
    rows = [row(feature=name, band_high=high) for name, high in (("x", 0.28), ("z", 0.15))]
    rows.append(row("auc", feature=None, expected=0.8, band_low=0.6, band_high=np.nan))
    told = summary(mark(measured(*rows), {}))
    assert told.to_numpy().tolist() == [["drift", "auc", 0, 1, 1, pytest.approx(0.2)],
                                        ["drift", "jensen_shannon", 2, 2, 1, pytest.approx(0.18)]]  # fmt: skip


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_number_beyond_the_band_is_further_off_than_the_smallest_shift(due: float, low: float, high: float) -> None:
    low, high = min(low, due), max(high, due)
    rows = pd.concat([measured(row(expected=due, band_low=low, band_high=high))])
    found = float(smallest_shift(rows).iloc[0])
    assert found >= high - due - 1e-12
    assert low <= 0 or found >= due - low - 1e-12
