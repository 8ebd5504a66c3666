"""Training and serving: the log's windows against a training set, from the first on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from monitors.assess import assess, stack
from monitors.profile.cube import Cube
from monitors.reference import Plan
from monitors.settings import Settings
from monitors.skew import distribution, served, timed
from monitors.statistics.distances import jensen_shannon
from monitors.windows import Grain
from tests.cubes import FIRST_DAY, TIME, freeze, profile

ROWS, FEATURES = 400, 6
DAY, BY_ROWS = Grain.parse("1d"), Grain.parse(f"{ROWS} rows")
RATE = Settings(DAY).rate("skew", "training_distance")


def days(rng: np.random.Generator, count: int, habit: float = 0.15) -> pd.DataFrame:
    """Days that differ by habit, as large for one feature as for another or four times so."""
    parts = []
    for day in range(count):
        size = habit * 2.0 ** (np.arange(FEATURES) % 3)
        x = rng.standard_normal((ROWS, FEATURES)) + size * rng.standard_normal(FEATURES)
        parts.append(pd.DataFrame({
            TIME: FIRST_DAY + np.timedelta64(day, "D") + np.arange(ROWS).astype("m8[s]"),
            **{f"f{k}": x[:, k] for k in range(FEATURES)},
            "place": rng.choice(list("abcd"), ROWS, p=rng.dirichlet(60 * np.array([0.4, 0.3, 0.2, 0.1]))),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def both(log: pd.DataFrame, training: pd.DataFrame) -> tuple[Cube, Cube]:
    """The log's cube, and the training set's in windows of the calendar, or of rows when it has no times."""
    bins = freeze([training], grain=DAY if TIME in training else BY_ROWS)
    grain = DAY if TIME in training else BY_ROWS
    cubes = [stack(bins, profile([frame], bins, g), g, name, fill=False)
             for frame, g, name in ((log, DAY, ""), (training, grain, "#training"))]  # fmt: skip
    return cubes[0], cubes[1]


def shuffled(training: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Rows without times in any order, as training sets are."""
    return training.drop(columns=TIME).sample(frac=1, random_state=seed).reset_index(drop=True)


def judged(log: pd.DataFrame, training: pd.DataFrame) -> pd.DataFrame:
    rows = distribution(*both(log, training), Settings(DAY))
    return rows.assign(day=(rows["window_start"] - rows["window_start"].min()) // 86_400_000_000)


@pytest.mark.parametrize("count", [4, 10, 30])
def test_a_log_like_its_training_set_is_quiet(count: int) -> None:
    """Days differ by up to six tenths of a standard deviation, and shuffled rows do not show it."""
    alarms = windows = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        rows = judged(days(rng, count), shuffled(days(rng, 30)))
        alarms += rows.loc[rows["p_value"] < RATE, "window_start"].nunique()
        windows += count
    assert alarms <= max(1, 0.02 * windows)


def test_what_is_served_otherwise_from_the_first_day_is_told_of_that_day_on() -> None:
    rng = np.random.default_rng(1)
    training, log = shuffled(days(rng, 30)), days(rng, 12)
    log["f0"] += 2.0
    log.loc[log["place"] == "a", "place"] = "b"
    rows = judged(log, training)
    strange = rows[rows["p_value"] < RATE]
    assert set(strange["feature"]) == {"f0", "place"}
    assert strange.groupby("feature")["day"].agg(list).to_dict() == {"f0": [*range(12)], "place": [*range(12)]}
    assert strange["detail"].notna().all()
    assert (strange["band_high"] < strange["value"]).all()


def test_a_training_set_with_times_tells_on_the_first_day() -> None:
    rng = np.random.default_rng(2)
    training, log = days(rng, 30), days(rng, 1)
    log["f0"] += 2.0
    log[TIME] += np.timedelta64(100, "D")
    rows = judged(log, training)
    assert set(rows.loc[rows["p_value"] < RATE, "feature"]) == {"f0"}


@pytest.mark.parametrize("count", [1, 2])
def test_windows_too_few_to_know_a_habit_are_measured_and_not_judged(count: int) -> None:
    rng = np.random.default_rng(3)
    rows = judged(days(rng, count), shuffled(days(rng, 30)))
    assert len(rows) == count * (FEATURES + 1) and rows["p_value"].isna().all() and rows["value"].notna().all()


def test_the_distance_is_that_of_all_training_rows() -> None:
    rng = np.random.default_rng(4)
    log, training = both(days(rng, 3), shuffled(days(rng, 20)))
    rows = distribution(log, training, Settings(DAY))
    for name in ("f0", "place"):
        whole = training.feature(name).n.sum(axis=0)
        expected = [float(jensen_shannon(whole, n)) for n in log.feature(name).n]
        assert rows.loc[rows["feature"] == name, "value"].tolist() == pytest.approx(expected)


def test_a_training_set_of_one_day_tells_less_than_one_of_many() -> None:
    rng = np.random.default_rng(5)
    log = days(rng, 20)
    log["f0"] += 0.9
    far = days(rng, 30)
    rows = [judged(log, part) for part in (shuffled(far), shuffled(far).head(ROWS))]
    many, one = (part.loc[part["feature"] == "f0", "p_value"].median() for part in rows)
    assert many < one


def test_rows_with_times_have_windows_and_shuffled_ones_have_none() -> None:
    rng = np.random.default_rng(6)
    with_times = days(rng, 10)
    assert timed(both(with_times, with_times)[1])
    assert not timed(both(with_times, shuffled(with_times))[1])
    few = with_times[with_times[TIME] < FIRST_DAY + np.timedelta64(2, "D")]
    assert not timed(both(with_times, few)[1]), "two days show no habit"


def test_drift_is_change_of_the_log_and_skew_is_told_by_all_rows_alone() -> None:
    rng = np.random.default_rng(7)
    log, training = both(days(rng, 20), shuffled(days(rng, 20).assign(f0=lambda f: f["f0"] - 3)))
    measured, _ = assess(log, Plan((), words="training data"), Settings(DAY), training)
    strange = measured[measured["p_value"] < RATE]
    assert set(strange.loc[strange["feature"] == "f0", "metric"]) == {"training_distance"}
    drift = measured[measured["metric"] == "jensen_shannon"]
    first = served(log, DAY)
    assert set(drift.loc[drift["reference"], "window_start"]) == set(first.starts.tolist()) and len(first) == 10
    of_segment, _ = assess(replace(log, segment="place=a"), Plan((), words="training data"), Settings(DAY), training)
    assert "training_distance" not in set(of_segment["metric"])


def test_nothing_to_compare() -> None:
    rng = np.random.default_rng(8)
    log, training = both(days(rng, 3), shuffled(days(rng, 5)))
    none = np.zeros(0, np.int64)
    assert not len(distribution(log.select(none), training, Settings(DAY)))
    assert not len(distribution(log, training.select(none), Settings(DAY)))
