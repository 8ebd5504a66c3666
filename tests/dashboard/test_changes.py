"""Dates that charts draw: where something was found, in words that say how sure they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dashboard.changes import dated, last_change, with_changes

EVENTS = pd.DataFrame({"x": [pd.Timestamp("2025-01-09")], "label": ["v2"], "kind": ["deploy"], "text": ["v2"]})


def daily(values: np.ndarray, **more: object) -> pd.DataFrame:
    n = len(values)
    x = pd.Series(pd.date_range("2025-01-06", periods=n, freq="D"))
    frame = pd.DataFrame({"x": x, "x_end": x + pd.Timedelta(days=1), "value": values, "low": values - 0.5})
    frame = frame.assign(high=values + 0.5, reference=np.arange(n) < 14, p_value=0.5, severity=None)
    return frame.assign(**more)


def step(at: int = 30, size: float = 5.0, n: int = 50, noise: float = 1.0) -> np.ndarray:
    return np.random.default_rng(0).normal(0, noise, n) + size * (np.arange(n) >= at)


ALERTED = np.where(np.arange(50) >= 30, "alert", None)


def test_a_change_that_was_found_is_dated() -> None:
    rows = daily(step(), severity=ALERTED)
    found = dated(rows)
    assert found["x"].tolist() == [pd.Timestamp("2025-02-05")]
    assert found["label"].iloc[0].startswith("changed 5 Feb 2025")
    assert last_change(rows) == found["label"].iloc[0]


def blurred() -> pd.DataFrame:
    """A step whose first window lies in the middle of both levels."""
    values = np.array([0.0, 0.1, -0.1] * 10 + [0.55] + [1.0, 1.1, 0.9] * 6 + [1.0])
    rows = daily(values, severity=np.where(np.arange(50) > 30, "watch", None))
    return rows.assign(low=values - 0.3, high=values + 0.3)


@pytest.mark.parametrize(("step_days", "said"), [(1, "±1 day"), (7, "±7 days")])
def test_the_date_says_how_sure_it_is(step_days: int, said: str) -> None:
    rows = blurred()
    x = pd.Series(pd.date_range("2025-01-06", periods=50, freq=f"{step_days}D"))
    rows = rows.assign(x=x, x_end=x + pd.Timedelta(days=step_days))
    assert last_change(rows).endswith(said)


def test_windows_of_rows_are_counted_in_rows() -> None:
    rows = blurred().assign(x=np.arange(50) * 1000, x_end=np.arange(1, 51) * 1000)
    assert last_change(rows) in {"changed row 30,000 ±1,000 rows", "changed row 31,000 ±1,000 rows"}


def test_a_quiet_series_has_no_date_and_one_that_nobody_judges_has() -> None:
    assert dated(daily(step())).empty
    assert last_change(daily(step())) == ""
    assert len(dated(daily(step(), p_value=np.nan))) == 1


def test_changes_within_the_reference_and_far_from_any_finding_are_left_out() -> None:
    assert dated(daily(step(8), severity=ALERTED)).empty
    twice = step(20, 4.0, 80) + 6.0 * (np.arange(80) >= 60)
    late = np.where(np.arange(80) == 79, "alert", None)
    assert dated(daily(twice, severity=late))["x"].tolist() == [pd.Timestamp("2025-01-06") + pd.Timedelta(days=60)]


def test_windows_whose_labels_are_not_in_say_nothing() -> None:
    rows = daily(step(44), severity=np.where(np.arange(50) >= 44, "watch", None))
    assert len(dated(rows)) == 1
    assert dated(rows.assign(mature=np.arange(50) < 44)).empty


def test_events_stay_beside_the_dates() -> None:
    rows = daily(step(), severity=ALERTED)
    both = with_changes(EVENTS, rows)
    assert both["kind"].tolist() == ["deploy", "changed"]
    assert with_changes(EVENTS, daily(step())) is EVENTS
    assert with_changes(EVENTS.iloc[:0], rows)["kind"].tolist() == ["changed"]
    assert with_changes(EVENTS, rows.iloc[:0]) is EVENTS
