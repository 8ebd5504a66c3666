"""Values that are all converted: found with the conversion's name, and nothing else is taken for one."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from monitors import drift
from monitors.assess import measure_all
from monitors.incidents import group
from monitors.missing import measure
from monitors.reference import Plan
from monitors.unit_change import UNITS, said, unit_of
from tests.cubes import binary_log, build, day_of
from tests.monitors.found import alerts, findings

LOG = binary_log(seed=5, count=30, rows=300)
DAY = day_of(LOG)
RNG = np.random.default_rng(0)
LOG = LOG.assign(
    metres=RNG.lognormal(3, 0.5, len(LOG)), celsius=RNG.normal(15, 8, len(LOG)), signed=RNG.normal(0, 2, len(LOG)),
    share=RNG.beta(2, 5, len(LOG)), whole=RNG.poisson(8, len(LOG)).astype(float),
)  # fmt: skip
NEW = DAY >= 22


def converted(name: str, how: Callable[[pd.Series], pd.Series]) -> pd.DataFrame:
    return LOG.assign(**{name: LOG[name].where(~NEW, how(LOG[name]))})


@pytest.mark.parametrize(
    ("name", "how", "detail"),
    [
        ("metres", lambda x: x * 100, "×100 (as shares and percentages, or metres and centimetres)"),
        ("metres", lambda x: x / 1000, "÷1000 (as kilo and plain, or milli)"),
        ("metres", lambda x: x / 1.609344, "÷1.609 (as miles and kilometres)"),
        ("metres", lambda x: x * 37, None),
        ("share", lambda x: x * 100, "×100 (as shares and percentages, or metres and centimetres)"),
        ("signed", lambda x: x * 1000, "×1000 (as kilo and plain, or milli)"),
        ("celsius", lambda x: x * 1.8 + 32, "×1.8 + 32 (as °C and °F)"),
        ("celsius", lambda x: x + 273.15, "+ 273.1 (as °C and K)"),
        ("whole", lambda x: x * 60, "×60 (as minutes and seconds)"),
    ],
)
def test_a_conversion_is_found_in_its_first_window_and_named(
    name: str, how: Callable[[pd.Series], pd.Series], detail: str | None
) -> None:
    found = findings(build(converted(name, how), 14), measure)
    rows = alerts(found, kind="unit_changed")
    assert set(rows["feature"]) == {name}
    assert rows["window"].min() == 22
    assert rows["window"].nunique() >= 6
    if detail is not None:
        assert rows["message"].str.contains(detail, regex=False).all()


def test_the_few_values_beside_one_that_most_rows_have_are_told_by_themselves() -> None:
    few = RNG.random(len(LOG)) < 0.04
    count = pd.Series(np.where(few, RNG.poisson(1, len(LOG)) + 1.0, 0.0))
    log = LOG.assign(sparse=count)
    assert not len(alerts(findings(build(log, 14), measure), kind="unit_changed"))
    rows = alerts(findings(build(log.assign(sparse=count.where(~NEW, count * 100)), 14), measure), kind="unit_changed")
    assert set(rows["feature"]) == {"sparse"}
    assert rows["window"].min() == 22
    # of a dozen values the scale is known roughly: no conversion is named that three others would explain as well
    named = rows["message"].str.extract(r"×([0-9.]+) \((.*?)[),]")
    assert set(named[1]) <= {"about", "as shares and percentages"}
    assert named[0].astype(float).between(30, 300).all()


@pytest.mark.parametrize("bursts", range(3))
def test_a_burst_of_one_large_value_is_no_conversion(bursts: int) -> None:
    rng = np.random.default_rng(bursts)
    count = np.where(rng.random(len(LOG)) < 0.02, rng.lognormal(3, 1, len(LOG)).round(), 0.0)
    group = (DAY == 24) & (rng.random(len(LOG)) < 0.1)
    count[group] = 7 * np.median(count[count > 0])
    assert not len(alerts(findings(build(LOG.assign(sparse=count), 14), measure), kind="unit_changed"))


@pytest.mark.parametrize(
    "how",
    [
        lambda x: x + 3 * x.std(),  # moved, not converted
        lambda x: x * RNG.lognormal(0, 1, len(x)) * 5,  # scaled, each row by its own
        lambda x: x.where(RNG.random(len(x)) < 0.5, x * 100),  # half of the rows
        lambda x: pd.Series(RNG.uniform(0, 1000, len(x)), x.index),
        lambda x: x * 1.1,
        lambda x: (x - x.mean()) * 1.6 + x.mean(),  # a spread that grew
        lambda x: x * 0,
        lambda x: x * np.nan,
    ],
)
def test_other_changes_are_no_conversion(how: Callable[[pd.Series], pd.Series]) -> None:
    assert not len(alerts(findings(build(converted("metres", how), 14), measure), kind="unit_changed"))


def test_a_spread_around_zero_that_grew_a_little_is_no_conversion() -> None:
    frame = converted("signed", lambda x: x * 1.609344)
    assert not len(alerts(findings(build(frame, 14), measure), kind="unit_changed"))


def test_quiet_windows_have_a_factor_of_one() -> None:
    found = measure(*build(LOG, 14))
    part = found[found["metric"] == "unit_factor"]
    assert set(part["value"]) == {1.0}
    assert not part["detail"].notna().any()


def test_few_reference_windows_judge_nothing() -> None:
    assert not len(alerts(findings(build(converted("metres", lambda x: x * 100), 2), measure), kind="unit_changed"))


def test_it_leads_the_shift_that_it_makes() -> None:
    built = build(converted("metres", lambda x: x * 100), 14)
    cube, reference, settings = built
    measured = measure_all(cube, Plan(tuple(reference.starts.tolist())), settings, monitors=[drift.measure, measure])
    found = findings(built, measure, drift.measure)
    assert "shift" in set(found.loc[found["feature"] == "metres", "kind"])
    _, incidents = group(found, settings.grain, measured)
    row = incidents.iloc[0]
    assert (row["kind"], row["feature"], row["severity"]) == ("unit_changed", "metres", "alert")
    assert json.loads(row["features"]) == ["metres"]
    assert "×100" in row["title"]
    assert len(incidents[incidents["feature"] == "metres"]) == 1


def test_every_conversion_has_words_that_lead_back_to_it() -> None:
    assert all(unit_of(unit.factor, said(unit)) == unit for unit in UNITS)
    assert len({said(unit) for unit in UNITS}) == len(UNITS)
    assert unit_of(37.0, "×37") == (37.0, 0.0, "")
