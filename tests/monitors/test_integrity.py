"""Integrity: rows against the habit of their weekday and hour, gaps, duplicates, delays, columns nobody knows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from monitors.assess import stack
from monitors.integrity import measure, median_delay, phase, whole
from monitors.profile.facts import DELAY_HOURS
from monitors.settings import Settings
from monitors.windows import Grain
from tests.cubes import FIRST_DAY, ID, TIME, Built, build, day_of, days, freeze, profile
from tests.monitors.found import alerts, findings

HOUR = 3_600_000_000


def weekly(count: int = 42, rows: int = 400, weekend: float = 0.5, seed: int = 0) -> pd.DataFrame:
    """A log with half as many rows on weekends."""
    return days(np.random.default_rng(seed), count, rows, weekend).assign(x=1.0)


def of(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    return frame[frame["metric"] == metric].sort_values("window_start").reset_index(drop=True)


def flagged(frame: pd.DataFrame, reference: int = 28, size: str = "1d", **equal: object) -> pd.DataFrame:
    return alerts(findings(build(frame, reference, size), measure), **equal)


def thinned(frame: pd.DataFrame, day: int, share: float) -> pd.DataFrame:
    keep = (day_of(frame) != day) | (np.random.default_rng(1).random(len(frame)) < share)
    keep[[0, -1]] = True
    return frame[keep].reset_index(drop=True)


# ----- volume -------------------------------------------------------------------------------------------------------


def test_weekends_are_expected_to_be_weekends() -> None:
    built = build(weekly(), 28)
    found = of(measure(*built), "rows")
    expected = found["expected"].to_numpy().reshape(6, 7)
    assert (expected[:, 5:] < 0.6 * expected[:, :1]).all()
    assert not len(flagged(weekly()))


@pytest.mark.parametrize(("day", "share", "found"), [(30, 0.5, True), (33, 0.5, True), (30, 0.95, False)])
def test_half_of_a_days_rows_is_told_on_any_day(day: int, share: float, found: bool) -> None:
    own = flagged(thinned(weekly(), day, share), kind="volume")
    assert own["window"].tolist() == ([day] if found else [])


def test_a_saturday_like_a_weekday_is_strange() -> None:
    frame = weekly()
    more = frame[day_of(frame) == 35 - 3].assign(**{TIME: lambda f: f[TIME] + np.timedelta64(1, "D")})
    busy = pd.concat([frame, more]).sort_values(TIME).reset_index(drop=True)
    assert flagged(busy, kind="volume")["window"].tolist() == [33]


def test_with_a_short_reference_all_days_are_alike() -> None:
    found = of(measure(*build(weekly(), 13)), "rows")
    assert found["expected"].nunique() == 1
    assert not len(flagged(weekly(), 13, kind="volume"))  # and weekends are its habit


def test_the_first_and_the_last_day_may_be_cut_short() -> None:
    frame = weekly()
    late, early = np.timedelta64(13, "h"), np.timedelta64(11, "h")
    cut = frame[(frame[TIME] > FIRST_DAY + late) & (frame[TIME] < FIRST_DAY + np.timedelta64(41, "D") + early)]
    built = build(cut.reset_index(drop=True), 28)
    assert whole(built.cube, built.settings).tolist() == [False, *[True] * 40, False]
    found = of(measure(*built), "rows")
    assert found["p_value"].isna().tolist()[-2:] == [False, True]
    assert not len(flagged(cut.reset_index(drop=True)))


def test_windows_of_rows_have_no_volume() -> None:
    found = measure(*build(weekly().drop(columns=TIME), 10, "500 rows"))
    assert not {"rows", "gap"} & set(found["metric"])


def test_segments_have_no_integrity_of_their_own() -> None:
    built = build(weekly().assign(place="north"), 28, segments=("place",))
    (cube,) = built.segments.values()
    assert not len(measure(cube, cube, built.settings))


def test_phases_are_weekdays_and_hours_of_the_week_by_the_local_clock() -> None:
    start = int(FIRST_DAY.astype(np.int64))
    hours = start + HOUR * np.arange(24 * 14)
    assert phase(hours, Grain.parse("1h"))[:25].tolist() == list(range(25))
    assert (phase(hours, Grain.parse("1h"))[168:] == phase(hours, Grain.parse("1h"))[:168]).all()
    assert phase(hours[23:25], Grain.parse("1h", "Europe/Berlin")).tolist() == [24, 25]
    assert phase(hours[::24], Grain.parse("1d"))[:8].tolist() == [0, 1, 2, 3, 4, 5, 6, 0]
    for size in ("1w", "1mo", "2d", "100 rows"):
        assert set(phase(hours, Grain.parse(size))) == {0}


# ----- gaps ---------------------------------------------------------------------------------------------------------


def test_an_hour_without_rows_is_a_gap_unless_nights_always_are() -> None:
    frame = weekly(21, 2400, 0.0)
    hour = frame[TIME].dt.hour.to_numpy()
    nights = frame[(hour > 4) & ~((day_of(frame) == 17) & (hour == 12))].reset_index(drop=True)
    own = flagged(nights, 19 * 14, "1h", kind="gap")
    assert own["window"].tolist() == [17 * 24 + 12 - 5]


def test_a_gap_in_the_reference_is_not_judged() -> None:
    frame = weekly()
    found = of(measure(*build(frame[day_of(frame) != 10].reset_index(drop=True), 27)), "gap")
    assert found["value"].tolist() == [float(d == 10) for d in range(42)]
    assert found["p_value"][10] == 1


# ----- duplicates and delays ----------------------------------------------------------------------------------------


def test_ids_that_repeat_more_than_usual_are_told() -> None:
    frame = weekly().assign(**{ID: lambda f: np.arange(len(f))})
    rng = np.random.default_rng(2)
    usual = frame[rng.random(len(frame)) < 0.01]
    burst = frame[(day_of(frame) == 33) & (rng.random(len(frame)) < 0.1)]
    doubled = pd.concat([frame, usual, burst]).sort_values(TIME, kind="stable").reset_index(drop=True)
    assert flagged(doubled, kind="duplicates")["window"].tolist() == [33]
    found = of(measure(*build(doubled, 28)), "duplicate_share")
    day = doubled[day_of(doubled) == 33]
    assert found["value"][33] == pytest.approx(day[ID].duplicated().mean())


def test_without_ids_nothing_is_said_of_duplicates() -> None:
    assert "duplicate_share" not in set(measure(*build(weekly(), 28))["metric"])


def test_the_median_delay_is_interpolated_in_its_bin() -> None:
    counts = np.zeros((4, len(DELAY_HOURS)))
    counts[0, 3] = 10  # one to two hours
    counts[1, [0, 3]] = 5
    counts[2, -1] = 4
    found = median_delay(counts)
    assert found[[0, 2, 3]] == pytest.approx([1.5, 1.5 * DELAY_HOURS[-1], np.nan], nan_ok=True)
    assert 0.25 <= found[1] <= 1


def test_delays_of_labels_are_measured() -> None:
    frame = weekly(5, 50).assign(y=1)
    grain = Grain.parse("1d")
    bins = freeze([frame], grain=grain)
    times = frame[TIME].to_numpy().astype("M8[us]").astype(np.int64)
    cube = stack(bins, profile([frame], bins, label_times=times + 3 * HOUR), grain)
    found = of(measure(*Built(cube, cube, Settings(grain))), "label_delay_hours")
    assert found["value"].tolist() == pytest.approx([3.0] * 5)


# ----- columns ------------------------------------------------------------------------------------------------------


def test_a_new_column_is_told_with_its_share_and_one_that_the_reference_had_at_times_is_not() -> None:
    frame = weekly()
    day = day_of(frame)
    files = [frame[day < 20], frame[(day >= 20) & (day < 35)].assign(fresh=1.0), frame[day >= 35]]
    found = findings(build(files, 14), measure)
    fresh = found[found["kind"] == "new_column"]
    assert fresh["window"].tolist() == [*range(20, 35)]
    assert set(fresh["severity"]) == {"watch"}
    assert not len(of(measure(*build(files, 25)), "new_column"))
