"""Missing: shares by kind, values that say nothing, sentinels, and what is habit and no news."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from monitors.missing import measure
from monitors.profile.alike import Alike
from monitors.profile.bins import FIRST
from monitors.sentinel import largest_clump, own_value_bins, single_values
from tests.cubes import TIME, binary_log, build, day_of
from tests.monitors.found import alerts, findings

LOG = binary_log(seed=5, count=30, rows=300)
DAY = day_of(LOG)
REFERENCE = 14
RNG = np.random.default_rng(0)


def of(frame: pd.DataFrame, metric: str, feature: str) -> pd.DataFrame:
    part = frame[(frame["metric"] == metric) & (frame["feature"] == feature)]
    return part.sort_values("window_start").reset_index(drop=True)


def flagged(frame: pd.DataFrame, **columns: object) -> pd.DataFrame:
    return alerts(findings(build(frame, REFERENCE), measure), **columns)


# ----- shares -------------------------------------------------------------------------------------------------------


def test_shares_are_those_of_the_rows() -> None:
    mixed = LOG["x"].astype(object).mask(RNG.random(len(LOG)) < 0.1, None).mask(RNG.random(len(LOG)) < 0.05, np.nan)
    frame = LOG.assign(x=mixed.mask(RNG.random(len(LOG)) < 0.02, np.inf))
    found = measure(*build(frame, REFERENCE))
    values = frame["x"]
    floats = pd.Series([isinstance(v, float) and np.isnan(v) for v in values])
    shares = {"null_share": values.map(lambda v: v is None), "nan_share": floats, "invalid_share": values == np.inf}
    for metric, hit in shares.items():
        part = of(found, metric, "x")
        assert part["value"][20] == pytest.approx(hit[DAY == 20].mean())
        assert part["expected"][20] == pytest.approx(hit[DAY < REFERENCE].mean())
        assert part["expected"][3] == pytest.approx(hit[(DAY < REFERENCE) & (DAY != 3)].mean())
    assert not len(of(found, "absent_share", "x"))  # only of features that ever had it


def test_a_habit_of_nulls_is_no_news_and_more_of_them_is() -> None:
    rng = np.random.default_rng(1)
    daily = rng.beta(4, 36, 30)
    daily[24] = 0.5
    frame = LOG.assign(x=LOG["x"].mask(rng.random(len(LOG)) < daily[DAY]))
    assert flagged(frame)[["window", "kind"]].to_numpy().tolist() == [[24, "null_rate"]]


def test_one_null_among_many_rows_is_no_alert() -> None:
    frame = LOG.assign(x=LOG["x"].mask(LOG.index == LOG.index[DAY == 20][5]))
    assert not len(flagged(frame))


@pytest.mark.parametrize("window", [14, 22, 29])
def test_a_column_that_one_days_file_lacks_is_absent_that_day(window: int) -> None:
    built = build([LOG[window != DAY], LOG[window == DAY].drop(columns="place")], REFERENCE)
    found = alerts(findings(built, measure))
    assert found[["kind", "feature", "window", "value"]].to_numpy().tolist() == [["absent", "place", window, 1.0]]


def test_absence_needs_no_long_reference_but_one() -> None:
    built = build([LOG[DAY < 20], LOG[DAY >= 20].drop(columns="place")], 1)
    assert alerts(findings(built, measure), kind="absent")["window"].min() == 20
    cube, _, settings = built
    nothing = cube.select(np.array([], int))
    assert measure(cube, nothing, settings).query("metric == 'absent_share'")["p_value"].isna().all()


def test_a_feature_that_comes_and_goes_is_missing_once_it_stays_away_longer_than_it_used_to() -> None:
    away = (DAY % 4 == 0) | (DAY >= 18)
    found = flagged(LOG.assign(x=LOG["x"].mask(away)))
    assert found["window"].min() >= 18
    assert set(found["feature"]) == {"x"}
    assert set(found["kind"]) == {"null_rate"}


# ----- constants and standing values --------------------------------------------------------------------------------


def test_the_constant_is_named_and_a_small_window_is_none() -> None:
    same = LOG.assign(clicks=LOG["clicks"].where(DAY < 20, 7))
    found = of(measure(*build(same, REFERENCE)), "constant_share", "clicks")
    assert found["detail"][20:].tolist() == ["7"] * 10
    assert (found["value"][20:] == 1).all()
    assert found["detail"][:20].isna().all()
    few = pd.concat([same[DAY < 20], same[DAY >= 20].groupby(DAY[DAY >= 20]).head(9)])
    assert not len(flagged(few, kind="constant"))


def test_what_was_constant_before_is_no_news_nor_what_is_nearly_so() -> None:
    rare = LOG.assign(always=1, flag=np.where(RNG.random(len(LOG)) < 0.001, "yes", "no"))
    assert not len(flagged(rare, kind="constant"))


def test_a_number_that_stands_still_is_stale_after_a_while_and_a_holiday_flag_is_not() -> None:
    rate = np.random.default_rng(2).normal(1.1, 0.01, 30).round(4)
    rate[18:] = rate[18]
    holiday = np.isin(np.arange(30), [3, 9, 16]).astype(int)
    found = flagged(LOG.assign(rate=rate[DAY], holiday=holiday[DAY]))
    assert set(found["feature"]) == {"rate"}
    assert 20 <= found["window"].min() <= 25
    assert found["value"].tolist() == list(range(int(found["value"].min()), 13))


def test_days_without_rows_do_not_set_a_standing_value_in_motion() -> None:
    rate = np.random.default_rng(2).normal(1.1, 0.01, 30).round(4)
    rate[18:] = rate[18]
    closed = LOG.assign(rate=rate[DAY])[DAY % 7 != 6].reset_index(drop=True)
    found = alerts(findings(build(closed, 12), measure), kind="stale")
    assert found["value"].max() == 10  # of days 18 to 29, the 20th and the 27th are closed


# ----- sentinels ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [-1.0, -999.0, 9999.0, 0.0])
def test_numbers_that_stand_for_missing_are_sentinels(value: float) -> None:
    frame = LOG.assign(z=(LOG["z"] + 0.5).mask((DAY >= 20) & (RNG.random(len(LOG)) < 0.06), value))
    found = flagged(frame, kind="sentinel")
    assert set(found["feature"]) == {"z"}
    assert found["window"].min() == 20
    assert f"is {value:g} in" in found["message"].iloc[0]


def test_zero_where_zero_is_usual_is_a_count() -> None:
    assert not len(flagged(LOG, kind="sentinel"))
    more = LOG.assign(clicks=LOG["clicks"].mask((DAY >= 20) & (RNG.random(len(LOG)) < 0.06), 0))
    assert not len(flagged(more, kind="sentinel"))


@pytest.mark.parametrize("word", ["unknown", "N/A", "", "None", " - "])
def test_words_for_missing_are_sentinels_whether_they_were_known_or_not(word: str) -> None:
    new = LOG.assign(place=LOG["place"].mask((DAY >= 20) & (RNG.random(len(LOG)) < 0.06), word))
    found = flagged(new, kind="sentinel")
    assert found["window"].min() == 20
    assert (word or "empty text") in found["message"].iloc[0]
    before = LOG["place"].mask((DAY < 20) & (RNG.random(len(LOG)) < 0.005), word)
    known = LOG.assign(place=before.mask((DAY >= 20) & (RNG.random(len(LOG)) < 0.1), word))
    assert flagged(known, kind="sentinel")["window"].min() == 20


def test_a_word_that_comes_in_bursts_is_a_habit() -> None:
    rng = np.random.default_rng(3)
    bursts = np.where(np.arange(30) % 5 == 2, 0.03, 0.001)
    frame = LOG.assign(place=LOG["place"].mask(rng.random(len(LOG)) < bursts[DAY], "undefined"))
    assert not len(flagged(frame, kind="sentinel"))


def test_groups_that_share_a_value_are_no_sentinel() -> None:
    # as the days on a waiting list of a booking of many rooms
    rng = np.random.default_rng(4)
    waiting = np.zeros(len(LOG))
    for day in range(30):
        for _ in range(2):
            hit = (day == DAY) & (rng.random(len(LOG)) < 0.05)
            waiting[hit] = rng.integers(1, 300)
    assert len(flagged(LOG.assign(waiting=waiting), kind="sentinel")) <= 1


def test_bins_of_one_value_are_known_by_their_edges_or_by_their_rows() -> None:
    few = np.tile(np.arange(20), 500)[: len(LOG)]
    frame = LOG.assign(few=few.astype(float), many=np.random.default_rng(5).uniform(5, 9, len(LOG)))
    built = build(frame, REFERENCE)
    few, many = (Alike(built.reference, np.array([built.bins.position(name)])) for name in ("few", "many"))
    assert own_value_bins(few)[0, 1:-1].all()
    assert not own_value_bins(many).any()
    values, single = single_values(few.of(built.cube))
    assert single[0, :, 1:-1].all()
    np.testing.assert_allclose(values[0, :, 1:-1], np.tile(np.arange(20.0), (30, 1)), atol=1e-9)
    assert largest_clump(few) == pytest.approx(0.05, abs=0.02)
    assert largest_clump(many) < 0.02


def test_means_of_bins_do_not_suffer_from_large_offsets() -> None:
    frame = pd.DataFrame({TIME: LOG[TIME], "big": 1e12 + np.tile([0.0, 1.0, 2.0], len(LOG))[: len(LOG)]})
    built = build(frame, REFERENCE)
    column = Alike(built.cube, np.array([built.bins.position("big")]))
    values, single = single_values(column)
    held = column.n[:, :, FIRST:] > 0
    assert single[held].all()
    assert set(values[held]) == {1e12, 1e12 + 1, 1e12 + 2}


# ----- types --------------------------------------------------------------------------------------------------------


def test_a_type_that_the_reference_had_too_is_no_news() -> None:
    text = LOG[DAY % 7 == 3].assign(clicks=LOG["clicks"].astype(str))
    built = build([LOG[DAY % 7 != 3], text], REFERENCE)
    found = measure(*built)
    assert of(found, "type_changed", "clicks")["value"].max() == 1
    assert not len(alerts(findings(built, measure)))
