"""Latency: slower, faster, a slow leak, its habit by weekday, and a log without any."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from monitors import integrity
from monitors.assess import coarsen
from monitors.latency import QUANTILES
from monitors.profile.bins import NULL
from monitors.profile.cube import Cube
from monitors.settings import Settings
from monitors.windows import Grain
from tests.cubes import TIME, Built, build, day_of, days

COUNT, REFERENCE = 60, 35


def log(seed: int = 0, rows: int = 800, weekend: float = 1.0, count: int = COUNT) -> pd.DataFrame:
    """Days of durations whose level differs from day to day by habit, and by ``weekend`` on weekends."""
    rng = np.random.default_rng(seed)
    frame = days(rng, count, rows)
    day = day_of(frame)
    level = 3.0 + rng.normal(0, 0.03, count)[day] + np.where(day % 7 >= 5, np.log(weekend), 0.0)
    frame["x"] = rng.normal(size=len(frame))
    frame["ms"] = np.exp(level + rng.normal(0, 0.6, len(frame)))
    return frame


def measure(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    measured = integrity.measure(windows, reference, settings)
    return measured[measured["metric"].isin(QUANTILES)]


def built(frame: pd.DataFrame, reference: int = REFERENCE, size: str = "1d") -> Built:
    return build(frame, reference, size, latency="ms")


def of(measured: pd.DataFrame, metric: str) -> pd.DataFrame:
    return measured[measured["metric"] == metric].reset_index(drop=True)


def alerts(found: Built) -> pd.DataFrame:
    measured = measure(*found)
    return measured[measured["p_value"] < found.settings.rate("integrity", "latency")]


def test_quantiles_are_those_of_the_rows():
    frame = log()
    measured = measure(*built(frame))
    for metric, at in QUANTILES.items():
        rows = of(measured, metric)
        true = frame.groupby(day_of(frame))["ms"].quantile(at).to_numpy()
        assert len(rows) == COUNT
        # between the eight rows beyond it, a 99th percentile of 800 rows is a matter of definition
        assert rows["value"].to_numpy(float) == pytest.approx(true, rel=0.1 if at > 0.98 else 0.04)
        assert rows["p_value"].isna().sum() == REFERENCE
        assert (rows["low"] <= rows["value"]).all()
        assert (rows["value"] <= rows["high"]).all()


def test_it_is_no_feature():
    found = built(log(count=12), 8)
    assert [column.name for column in found.bins.features] == ["x"]
    assert found.bins.columns[-1].role == "latency"


def test_quiet_days_seldom_alarm():
    alarmed = [alerts(built(log(seed)))["window_start"].nunique() for seed in range(12)]
    # the family's own rate is 0.0004 a window: 0.1 alarms are to be expected in 300
    assert sum(alarmed) <= 1


@pytest.mark.parametrize(("factor", "sign"), [(1.35, 1), (0.7, -1)])
def test_a_step_is_found_on_its_first_day(factor, sign):
    frame = log(1)
    frame.loc[day_of(frame) >= 45, "ms"] *= factor
    found = alerts(built(frame))
    first = found[found["metric"] == "latency_p50"].iloc[0]
    assert int(first["window_start"]) == built(frame).start(45)
    assert np.sign(first["value"] - first["expected"]) == sign


def test_a_tail_that_grows_is_found_where_the_median_holds():
    frame = log(2)
    rng = np.random.default_rng(5)
    slow = (day_of(frame) >= 45) & (rng.random(len(frame)) < 0.04)
    frame.loc[slow, "ms"] *= 30
    found = alerts(built(frame))
    assert set(found["metric"]) <= {"latency_p95", "latency_p99"}
    assert found.loc[found["metric"] == "latency_p99", "window_start"].min() == built(frame).start(45)


def test_weekends_that_are_always_slow_are_no_news():
    measured = measure(*built(log(3, weekend=1.6)))
    p50 = of(measured, "latency_p50")
    assert not (p50["p_value"] < 0.01).any()
    assert p50["expected"].iloc[40] == pytest.approx(1.6 * p50["expected"].iloc[42], rel=0.1)


def test_rows_without_a_duration_do_not_count():
    frame = log(4, count=20)
    frame["ms"] = frame["ms"].astype(object).where(np.arange(len(frame)) % 2 == 0, None)
    found = built(frame, 12)
    column = found.cube.of_role("latency")
    assert column is not None
    rows = of(measure(*found), "latency_p50")
    assert rows["n"].tolist() == (found.cube.rows - column.n[:, NULL]).tolist()


def test_weeks_are_the_sum_of_days():
    found = built(log(5, count=56))
    week = Grain.parse("1w")
    cubes = [coarsen(cube, Grain.parse("1d"), week) for cube in (found.cube, found.reference)]
    weekly = of(measure(*cubes, Settings(week)), "latency_p95")
    frame = log(5, count=56)
    true = frame.groupby(day_of(frame) // 7)["ms"].quantile(0.95).to_numpy()
    assert weekly["value"].to_numpy(float) == pytest.approx(true, rel=0.04)


@pytest.mark.parametrize("reference", [0, 1, 2])
def test_a_short_reference_judges_nothing(reference):
    found = built(log(count=10), max(reference, 1))
    measured = measure(found.cube, found.cube.select(np.arange(reference)), found.settings)
    assert len(of(measured, "latency_p50")) == 10
    assert measured["p_value"].isna().all()


def test_a_reference_without_durations_is_measured_and_not_judged():
    frame = log(count=20)
    late = frame[day_of(frame) >= 14]
    early = frame[day_of(frame) < 14].drop(columns="ms")
    found = build([early, late], 10, latency="ms")
    measured = measure(*found)
    rows = of(measured, "latency_p50")
    assert len(rows) == 6
    assert rows["p_value"].isna().all()
    true = late.groupby(day_of(late))["ms"].median().to_numpy()
    assert rows["value"].to_numpy(float) == pytest.approx(true, rel=0.1)


def test_without_the_column_there_is_nothing_to_say():
    frame = log(count=12)
    assert measure(*build(frame.drop(columns="ms"), 8)).empty
    assert measure(*build(frame, 8)).empty  # a feature like others where nobody says what it is


def test_zeros_and_rows_as_windows():
    frame = log(count=12).drop(columns=TIME)
    frame.loc[::7, "ms"] = 0.0
    measured = measure(*built(frame, 20, "200 rows"))
    assert of(measured, "latency_p50")["p_value"].notna().any()
    nothing = measure(*built(frame.assign(ms=0.0), 20, "200 rows"))
    assert (nothing["value"] == 0).all()
    assert nothing["p_value"].isna().all()
