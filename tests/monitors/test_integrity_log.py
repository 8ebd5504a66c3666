"""Integrity, what a log does that its rows' values do not show: each kind is told in its window, and quiet logs are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from monitors.assess import stack
from monitors.integrity import measure
from monitors.ledger import late_rows
from monitors.log_shares import SHARES
from monitors.logs.prepare import Scan
from monitors.profile.cube import Cube
from monitors.sampling import same_mix
from monitors.settings import Settings
from monitors.windows import Grain
from tests.cubes import FIRST_DAY, ID, LABEL, TIME, Built, binary_log, build, day_of, days, freeze, profile
from tests.monitors.found import alerts, config, findings

DAY = 86_400_000_000
REFERENCE, STRANGE = 28, 33
LOG = binary_log(seed=5, count=40, rows=1500)
DAYS = day_of(LOG)


def of_day(day: int, share: float = 1.0, seed: int = 0) -> np.ndarray:
    """Rows of a day, a part of them at random, bool."""
    return (day == DAYS) & (np.random.default_rng(seed).random(len(LOG)) < share)


def told(frame: pd.DataFrame | list[pd.DataFrame], **equal: object) -> pd.DataFrame:
    return alerts(findings(build(frame, REFERENCE, segments=("place",)), measure), **equal)


def measured(frame: pd.DataFrame, metric: str, size: str = "1d") -> pd.DataFrame:
    found = measure(*build(frame, REFERENCE, size))
    return found[found["metric"] == metric].sort_values("window_start").reset_index(drop=True)


def test_a_quiet_log_is_quiet() -> None:
    assert not len(told(LOG))


# ----- rows that repeat, and their order ----------------------------------------------------------------------------


def written_twice(day: int) -> pd.DataFrame:
    again = LOG[of_day(day, 0.05)].assign(**{ID: lambda f: f[ID] + 10**7})
    again[TIME] += np.timedelta64(3, "s")
    return pd.concat([LOG, again]).sort_values(TIME, kind="stable").reset_index(drop=True)


def retried(day: int) -> pd.DataFrame:
    again = LOG[of_day(day, 0.05)].assign(x=lambda f: f["x"] + 1)
    return pd.concat([LOG, again]).sort_values(TIME, kind="stable").reset_index(drop=True)


def shuffled(day: int) -> pd.DataFrame:
    rows = np.arange(len(LOG))
    rows[day == DAYS] = np.random.default_rng(0).permutation(rows[day == DAYS])
    return LOG.iloc[rows].reset_index(drop=True)


@pytest.mark.parametrize(
    ("broken", "kinds"),
    [(written_twice, {"bursts"}), (retried, {"conflicting", "duplicates"}), (shuffled, {"disorder"})],
)
def test_rows_that_repeat_or_stand_in_disorder_are_told(
    broken: Callable[[int], pd.DataFrame], kinds: set[str]
) -> None:  # fmt: skip
    found = told(broken(STRANGE))
    assert set(found["kind"]) == kinds
    assert set(found["window"]) == {STRANGE}
    assert not len(told(broken(STRANGE - 20)))  # in the reference it is a habit


def test_rows_that_are_lost_ahead_of_their_time_are_told() -> None:
    built = build(LOG, REFERENCE)
    facts = [{**f, **({"future": 60} if w == STRANGE else {})} for w, f in enumerate(built.cube.facts)]
    found = alerts(findings(Built(with_facts(built.cube, facts), built.reference, built.settings), measure))
    assert found[["kind", "window"]].to_numpy().tolist() == [["future", STRANGE]]
    assert found["value"].iloc[0] == pytest.approx(60 / (60 + (DAYS == STRANGE).sum()))


def test_late_rows_are_told_against_the_habit() -> None:
    built = build(LOG, REFERENCE)
    facts = [{**f, "late": 40 if w == STRANGE else w % 3} for w, f in enumerate(built.cube.facts)]
    cube = with_facts(built.cube, facts)
    found = findings(Built(cube, cube.select(np.arange(REFERENCE)), built.settings), measure)
    assert alerts(found)[["kind", "window"]].to_numpy().tolist() == [["late", STRANGE]]


def with_facts(cube: Cube, facts: list[dict]) -> Cube:
    return Cube(cube.bins, cube.segment, cube.starts, cube.ends, cube.counts, cube.sums, cube.low, cube.high,
                tuple(facts))  # fmt: skip


def test_rows_are_late_in_files_of_later_windows() -> None:
    def scan(**rows: int) -> Scan:
        found = Scan()
        found.starts.update({int(day[1:]) * DAY: n for day, n in rows.items()})
        return found

    daily = Grain.parse("1d")
    # the day before is how uploads are cut
    assert late_rows([scan(d1=90, d2=80), scan(d1=30, d2=8, d3=100)], daily) == {DAY: 30}
    assert not late_rows([scan(d1=100, d2=100, d3=90, d4=95), scan(d5=9)], daily)
    assert not late_rows([scan(d1=3, d2=4, d3=100)], daily)  # a log that begins with few rows
    assert late_rows([scan(d1=2, d9=50), scan(d1=50, d2=40), scan(d1=1, d5=20)], daily) == {DAY: 3}
    assert late_rows([], daily) == {}


# ----- hours --------------------------------------------------------------------------------------------------------


def without_hours(day: int, first: int, last: int) -> pd.DataFrame:
    hour = LOG[TIME].dt.hour
    return LOG[~((day == DAYS) & (hour >= first) & (hour < last))].reset_index(drop=True)


@pytest.mark.parametrize("size", ["1d", "12h", "1w"])
def test_hours_without_rows_are_told_to_the_hour(size: str) -> None:
    built = build(without_hours(STRANGE, 13, 15), {"1d": 28, "12h": 56, "1w": 4}[size], size)
    (row,) = alerts(findings(built, measure), kind="gap").itertuples()
    assert row.metric == "gap_hours"
    assert row.value == 2
    assert "13:00–15:00" in row.message
    assert row.window == {"1d": STRANGE, "12h": 2 * STRANGE + 1, "1w": STRANGE // 7}[size]


def test_hours_are_those_of_the_local_clock() -> None:
    frame = without_hours(STRANGE, 13, 15)
    bins = freeze([frame])
    grain = Grain.parse("1d", "America/New_York")
    cube = stack(bins, profile([frame], bins, grain), grain)
    reference = cube.select(np.arange(1, REFERENCE))
    found = measure(cube, reference, Settings(grain, observed_until=int(cube.facts[-1]["last"])))
    row = found[(found["metric"] == "gap_hours") & (found["p_value"] < 1e-4)]
    assert row["detail"].str.startswith("08:00–10:00").tolist() == [True]


def test_nights_are_no_gaps_and_few_rows_no_proof() -> None:
    hour = LOG[TIME].dt.hour
    nights = LOG[(hour > 5) | (np.random.default_rng(0).random(len(LOG)) < 0.02)].reset_index(drop=True)
    assert not len(told(nights, kind="gap"))
    assert measured(nights, "gap_hours")["value"].max() == 0
    thin = days(np.random.default_rng(0), 40, 40).assign(x=1.0)
    assert not len(told(thin.assign(place="a"), kind="gap"))


def test_an_outage_that_the_reference_has_too_is_no_surprise() -> None:
    hour = LOG[TIME].dt.hour
    sundays = LOG[~((DAYS % 7 == 6) & (hour >= 2) & (hour < 4))].reset_index(drop=True)
    assert not len(told(sundays, kind="gap"))


# ----- sampling -----------------------------------------------------------------------------------------------------


def test_a_log_that_is_sampled_is_told_from_one_with_less_traffic() -> None:
    rng = np.random.default_rng(1)
    big = binary_log(seed=6, count=36, rows=4000)
    day, hour = day_of(big), big[TIME].dt.hour.to_numpy()
    sampled = big[(day < STRANGE) | (rng.random(len(big)) < 0.3)]
    quieter = big[(day < STRANGE) | (rng.random(len(big)) < np.where(hour < 12, 0.55, 0.05))]
    kinds = [set(told(frame.reset_index(drop=True))["kind"]) for frame in (sampled, quieter)]
    assert kinds[0] >= {"sampling", "volume"}
    assert "volume" in kinds[1]
    assert "sampling" not in kinds[1]


def test_one_segment_that_is_sampled_is_named() -> None:
    rng = np.random.default_rng(1)
    kept = (DAYS < STRANGE) | (LOG["place"] != "north") | (rng.random(len(LOG)) < 0.2)
    found = told(LOG[kept].reset_index(drop=True), kind="sampling")
    first = found.sort_values("window").iloc[0]
    assert (first["window"], first["feature"]) == (STRANGE, "place")
    assert 0.1 < first["value"] < 0.3
    assert '"place" = north' in first["message"]


def test_one_class_that_is_sampled_is_named_and_a_shift_of_the_mix_is_not_one() -> None:
    rng = np.random.default_rng(1)
    negatives = (DAYS < STRANGE) | (LOG[LABEL] == 1) | (rng.random(len(LOG)) < 0.2)
    found = told(LOG[negatives].reset_index(drop=True), kind="sampling")
    assert set(found["window"]) >= {STRANGE}
    assert found["feature"].isna().all()
    assert found["message"].str.startswith("Outcome 0").all()
    flipped = LOG.assign(**{LABEL: LOG[LABEL].where((DAYS < STRANGE) | (rng.random(len(LOG)) < 0.3), 1)})
    assert not len(told(flipped, kind="sampling"))


def test_a_mix_is_the_same_as_often_as_it_should_be() -> None:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.full(8, 200.0), 300)  # each window has a habit of its own
    counts = np.array([rng.multinomial(2000, share) for share in shares])
    p = same_mix(counts[50:], counts[:50])
    assert 0.02 < (p < 0.05).mean() < 0.1
    assert (same_mix(np.roll(counts[50:], 1, axis=1) + np.arange(8) * 100, counts[:50]) < 1e-6).all()
    assert same_mix(counts[:3], counts[:0]).tolist() == [1, 1, 1]


# ----- labels -------------------------------------------------------------------------------------------------------


def test_labels_that_do_not_come_are_told_once_they_should_have() -> None:
    lost = LOG.assign(**{LABEL: LOG[LABEL].astype(object).mask(of_day(STRANGE, 0.3), None)})
    found = told(lost, kind="label_coverage")
    assert found["window"].tolist() == [STRANGE]
    assert found["value"].iloc[0] == pytest.approx(0.7, abs=0.05)
    waiting = LOG.assign(**{LABEL: LOG[LABEL].astype(object).mask(DAYS >= 38, None)})
    assert not len(told(waiting, kind="label_coverage"))  # the last days' labels are on their way


def test_labels_that_take_longer_are_told() -> None:
    times = LOG[TIME].to_numpy().astype("M8[us]").astype(np.int64)
    hours = np.random.default_rng(0).gamma(4.0, 1.5, len(LOG)) * np.where(DAYS == STRANGE, 3, 1)
    built = build(LOG, REFERENCE, label_times=times + (hours * 3.6e9).astype(np.int64))
    found = alerts(findings(built, measure), kind="late")
    assert found["window"].tolist() == [STRANGE]
    assert "usual" in found["message"].iloc[0]


# ----- columns ------------------------------------------------------------------------------------------------------


def test_columns_that_go_are_told_parts_as_alerts_others_to_watch() -> None:
    other = LOG.assign(trace=1)
    built = build([other[DAYS < STRANGE], LOG[DAYS >= STRANGE]], REFERENCE, include=["x", "z"])
    found = findings(built, measure)
    gone = found[found["feature"] == "trace"]
    assert set(gone["kind"]) == {"removed_column"}
    assert set(gone["severity"]) == {"watch"}
    assert gone["window"].min() == STRANGE
    facts = [{**f, "lacking": {"model_version": f["rows"]}} if w >= STRANGE else f
             for w, f in enumerate(built.cube.facts)]  # fmt: skip
    cube = with_facts(built.cube, facts)
    found = alerts(findings(Built(cube, built.reference, built.settings), measure), kind="removed_column")
    assert set(found["feature"]) == {"model_version"}
    assert found["onset"].unique().tolist() == [built.start(STRANGE)]


# ----- what is to be known of all -----------------------------------------------------------------------------------


def test_when_the_log_broke_all_else_of_that_window_is_watched() -> None:
    frame = written_twice(STRANGE)
    frame["z"] = frame["z"].mask(day_of(frame) >= STRANGE, None)
    found = findings(build(frame, REFERENCE))
    other = found[(found["monitor"] != "integrity") & (found["window"] == STRANGE)]
    assert len(other)
    assert set(other["severity"]) == {"watch"}
    assert other["message"].str.contains("the log itself was broken in this window").all()
    assert "alert" in set(found[(found["feature"] == "z") & (found["window"] == STRANGE + 1)]["severity"])


def test_labels_that_are_lacking_hold_back_what_is_made_of_labels_alone() -> None:
    frame = LOG.assign(**{LABEL: LOG[LABEL].astype(object).mask(of_day(STRANGE, 0.3) & (LOG[LABEL] == 0), None)})
    frame["z"] = frame["z"].mask(DAYS == STRANGE, None)
    found = findings(build(frame, REFERENCE))
    own = found[found["window"] == STRANGE]
    assert "alert" in set(own[own["kind"] == "label_coverage"]["severity"])
    assert set(own[own["monitor"].isin(["concept", "decay"])]["severity"]) == {"watch"}
    assert "alert" in set(own[own["monitor"] == "missing"]["severity"])


def test_false_alarms_keep_to_the_budget() -> None:
    """Quiet logs with habits of every kind: the windows that any of these numbers alarms are fewer than promised."""
    rng = np.random.default_rng(7)
    alarmed = judged = 0
    base = build(days(rng, 60, 300).assign(x=1.0, **{ID: 1}), 30)
    for _ in range(25):
        habit = {count: rng.beta(2, 60, len(base.cube)) for _, count, _, _ in SHARES}
        facts = []
        for w, own in enumerate(base.cube.facts):
            rows = own["rows"]
            drawn = {count: int(rng.binomial(rows, habit[count][w])) for count in habit}
            facts.append({**own, **drawn, "identified": rows, "compared": rows, "sampled": rows, "to_seconds": 1})
        cube = with_facts(base.cube, facts)
        found = alerts(findings(Built(cube, cube.select(np.arange(30)), base.settings), measure))
        alarmed += found["window"].nunique()
        judged += 30
    assert alarmed <= 0.05 * judged * 0.2  # they spend a fifth of all at most


def test_the_first_day_is_a_monday() -> None:
    assert FIRST_DAY.astype("M8[D]").astype(np.int64) % 7 == 4
    assert config().alerts.false_alarm_rate == 0.05
