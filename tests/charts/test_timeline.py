"""Steps, ribbons, ranges, and what stands above the time axis."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dashboard.charts.strip import Mark, marks, shade, strip
from dashboard.charts.timeline import extent, finite, ribbon, steps, time_axis, windows
from dashboard.theme import LIGHT
from tests.charts import samples


def test_windows_are_put_in_order_and_completed():
    frame = samples.calendar(5).sample(frac=1, random_state=0).drop(columns="reference")
    frame.loc[frame.index[0], "x"] = pd.NaT
    out = windows(frame)
    assert len(out) == 4
    assert out["x"].is_monotonic_increasing
    assert not out["reference"].any()
    assert out["severity"].isna().all()
    assert windows(None).empty
    assert windows(pd.DataFrame({"value": [1.0]})).empty


def test_an_unknown_severity_is_none():
    frame = samples.calendar(3).assign(severity=["alert", "nonsense", np.nan])
    assert windows(frame)["severity"].tolist() == ["alert", None, None]


def test_finite_is_nan_where_nothing_is_known():
    frame = pd.DataFrame({"a": [1, np.inf, None], "b": ["x", "2", "3"]})
    np.testing.assert_array_equal(finite(frame, "a"), [1.0, np.nan, np.nan])
    np.testing.assert_array_equal(finite(frame, "b"), [np.nan, 2.0, 3.0])
    np.testing.assert_array_equal(finite(frame, "c"), [np.nan] * 3)


def test_a_step_per_window_with_a_gap_where_one_is_missing():
    frame = windows(samples.by_rows(4).drop(index=2))
    x, y = steps(frame, np.array([1.0, 2.0, 3.0]))
    assert x.tolist() == [0, 1000, 1000, 2000, 3000, 3000, 4000]
    np.testing.assert_array_equal(y, [1, 1, 2, 2, np.nan, 3, 3])


def test_a_ribbon_is_one_closed_ring_per_unbroken_run():
    frame = windows(samples.by_rows(6).drop(index=3))
    low = np.array([1.0, 1.0, np.nan, 3.0, 3.0])
    x, y = ribbon(frame, low, low + 1)
    assert np.isnan(y).sum() == 2
    first = slice(0, int(np.flatnonzero(np.isnan(y))[0]))
    assert (x[first].min(), x[first].max()) == (0, 2000)
    assert sorted(set(y[first])) == [1.0, 2.0]
    assert ribbon(frame, low * np.nan, low)[1].size == 0


def test_extent_holds_everything_and_survives_nothing():
    low, high = extent(np.array([0.2, np.nan]), np.array([0.9]))
    assert low < 0.2 < 0.9 < high
    assert extent(np.array([0.2, 0.9]), zero=True, top=1.0) == (0.0, pytest.approx(0.972))
    assert extent(np.array([1.0]), zero=True, top=1.0)[1] == 1.0
    assert extent(np.array([np.nan])) == (0.0, 1.0)
    low, high = extent(np.array([5.0, 5.0]))
    assert low < 5.0 < high


def test_the_axis_is_never_guessed():
    assert time_axis(windows(samples.calendar(3)), 500)["type"] == "date"
    assert time_axis(windows(samples.by_rows(3)), 500)["type"] == "linear"


def test_the_reference_is_shaded_run_by_run():
    frame = windows(samples.calendar(10).assign(reference=[1, 1, 0, 0, 1, 0, 0, 0, 0, 1]))
    frame["reference"] = [bool(v) for v in (1, 1, 0, 0, 1, 0, 0, 0, 0, 1)]
    assert [(s["x0"].day, s["x1"].day) for s in shade(frame, LIGHT)] == [(1, 3), (5, 6), (10, 11)]


def test_events_outside_the_period_or_of_the_other_kind_are_left_out():
    frame = windows(samples.calendar(40))
    events = pd.DataFrame({"x": pd.to_datetime(["2025-01-01", "2026-01-05", None]), "label": ["old", "in", "never"]})
    assert [m.text for m in marks(frame, events, LIGHT) if m.dash == "dot"] == ["in"]
    assert not [m for m in marks(windows(samples.by_rows()), events, LIGHT) if m.dash == "dot"]


@pytest.mark.parametrize("many", [1, 6, 30])
@pytest.mark.parametrize("width", [250.0, 500.0, 1100.0])
def test_events_never_touch_and_none_is_forgotten(many: int, width: float):
    frame = windows(samples.calendar(60))
    at = pd.date_range("2026-01-20", periods=many, freq="1D")
    listed = [Mark(x, f"deploy number {i} of the new ranker", True, "#000000", "dot") for i, x in enumerate(at)]
    laid = strip(frame, [*marks(frame, None, LIGHT), *listed], width, LIGHT, overhang=100)
    events = [a for a in laid.annotations if a["name"] == "event"]
    missed = [a["text"] for a in laid.annotations if a["text"].startswith("+")]
    counted = int(missed[0].split()[0]) if missed else 0
    assert len(events) + counted == many
    assert len([s for s in laid.shapes if s["name"] == "event"]) == many
    assert laid.height <= 8 * 17 + 8
