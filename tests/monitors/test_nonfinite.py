"""Predictions that are no numbers: a first one is a fact; what a log always had is judged by its habit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from monitors.measurement import combine
from monitors.nonfinite import nonfinite
from tests.cubes import SCORE, Built, binary_log, build, day_of

LOG = binary_log(seed=3, count=30, rows=300)
DAY = day_of(LOG)
REFERENCE = 20


def measure(found: Built) -> pd.DataFrame:
    return combine(nonfinite(*found))


def alarming(found: Built, metric: str) -> list[int]:
    """Numbers of the days that alarm."""
    rows = measure(found)
    rows = rows[(rows["metric"] == metric) & (rows["p_value"] < found.settings.rate("concept", "nonfinite"))]
    return [int(np.flatnonzero(found.cube.starts == start)[0]) for start in rows["window_start"]]


def changed(rows: np.ndarray, value: object) -> pd.DataFrame:
    frame = LOG.copy()
    scores = frame[SCORE].astype(object) if value is None else frame[SCORE].copy()
    scores[rows] = value
    frame[SCORE] = scores
    return frame


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_first_one_is_a_fact(value):
    rows = np.flatnonzero(DAY == 24)[:1]
    found = build(changed(rows, value), REFERENCE)
    assert alarming(found, "nonfinite_share") == [24]
    assert alarming(found, "unscored_share") == []


def test_the_share_is_counted():
    rows = np.flatnonzero(DAY == 26)[:30]
    measured = measure(build(changed(rows, np.nan), REFERENCE))
    row = measured[(measured["metric"] == "nonfinite_share") & (measured["value"] > 0)].iloc[0]
    assert row["value"] * row["n"] == pytest.approx(30)
    assert row["expected"] == 0
    assert row["low"] < row["value"] < row["high"]


def test_nulls_that_come_more_often_than_they_used_to():
    rng = np.random.default_rng(0)
    usual = rng.random(len(LOG)) < 0.05
    more = usual | ((DAY == 25) & (rng.random(len(LOG)) < 0.3))
    assert alarming(build(changed(np.flatnonzero(usual), None), REFERENCE), "unscored_share") == []
    assert alarming(build(changed(np.flatnonzero(more), None), REFERENCE), "unscored_share") == [25]


def test_a_model_that_always_had_some_is_judged_by_its_habit():
    rng = np.random.default_rng(1)
    usual = rng.random(len(LOG)) < 0.03
    more = usual | ((DAY == 23) & (rng.random(len(LOG)) < 0.3))
    assert alarming(build(changed(np.flatnonzero(usual), np.nan), REFERENCE), "nonfinite_share") == []
    assert alarming(build(changed(np.flatnonzero(more), np.nan), REFERENCE), "nonfinite_share") == [23]


def test_a_quiet_log_says_none():
    measured = measure(build(LOG, REFERENCE))
    assert (measured["value"] == 0).all()
    assert set(measured["p_value"].dropna()) == {1.0}


def test_without_predictions_there_is_nothing_to_say():
    assert measure(build(LOG.drop(columns=SCORE), REFERENCE)).empty
