"""References that roll do not learn incidents; the walk in blocks does as one window after the other would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.assess import assess
from monitors.drift import measure as drift
from monitors.findings import find, judge_of
from monitors.measurement import combine, table
from monitors.open_alerts import OpenAlerts
from monitors.profile.cube import Cube
from monitors.reference import ALERT, HOLIDAY, RENEWED, Plan, previous_plan, season_plan
from monitors.settings import Settings
from monitors.windows import Grain
from tests.cubes import FIRST_DAY, binary_log, build, day_of
from tests.cubes import days as calendar_days
from tests.monitors.found import config

DAYS = Grain.parse("1d")
DAY = 86_400_000_000
BEGIN = int(FIRST_DAY.astype(np.int64))
ONE = build(binary_log(seed=1, count=1, rows=40), 1).cube
NOTHING = replace(ONE, facts=({"rows": 0},), counts=ONE.counts * 0, sums=ONE.sums * 0)


def at(day: float) -> int:
    return BEGIN + int(day * DAY)


def cube_of(levels: Sequence[float | None]) -> Cube:
    """A day a level, all of the same rows; None is a day without."""
    each = [ONE if level is not None else NOTHING for level in levels]
    return replace(
        ONE, starts=np.array([at(i) for i in range(len(levels))]),
        ends=np.array([at(i + 1) for i in range(len(levels))]),
        counts=np.concatenate([one.counts for one in each]), sums=np.concatenate([one.sums for one in each]),
        low=np.concatenate([one.low for one in each]), high=np.concatenate([one.high for one in each]),
        facts=tuple(one.facts[0] for one in each), courses=(),
    )  # fmt: skip


@dataclass
class Levels:
    """A monitor that knows each day's level: 1 away from the reference's mean is a watch, 2 an alert."""

    levels: Sequence[float | None]
    asked: list[tuple[list[int], list[int]]] = field(default_factory=list)

    def __call__(self, windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
        days = [int((start - BEGIN) // DAY) for start in windows.starts]
        past = [int((start - BEGIN) // DAY) for start in reference.starts]
        self.asked.append((days, past))
        usual = np.mean([self.levels[day] for day in past]) if past else np.nan
        value = np.array([np.nan if self.levels[day] is None else self.levels[day] - usual for day in days])
        rate = settings.rate("drift", "jensen_shannon")
        p = np.select([np.abs(value) >= 2, np.abs(value) >= 1], [rate / 2, rate * 2], 1.0)
        block = table("drift", "jensen_shannon", ["x"], windows, reference, value=value, expected=0.0, p_value=p)
        return combine([block])


def walked(levels: Sequence[float | None], plan: Plan) -> tuple[pd.DataFrame, Plan, Levels]:
    monitor = Levels(levels)
    judge = judge_of(config(), DAYS, plan)
    measured, after = assess(cube_of(levels), plan, Settings(DAYS), monitors=[monitor], judge=judge)
    return measured.assign(day=(measured["window_start"] - BEGIN) // DAY), after, monitor


def rolling(previous: int = 4, lag: int = 0, holidays: Sequence[int] = (), accepted: Sequence[float] = ()) -> Plan:
    chosen = previous_plan([at(i) for i in range(previous)], previous, lag)
    return replace(chosen, holidays={at(day): "a holiday" for day in holidays}, accepted=tuple(map(at, accepted)))


def days(starts: Sequence[int]) -> list[int]:
    return [int((start - BEGIN) // DAY) for start in starts]


def left_out(after: Plan, why: str = ALERT) -> list[int]:
    return days([start for start, reason in after.left_out.items() if reason == why])


def alerts(measured: pd.DataFrame, plan: Plan) -> list[int]:
    found = find(measured.assign(model="m"), config(), DAYS, [], plan)
    return sorted(days(found.loc[found["severity"] == "alert", "window_start"]))


def test_an_incident_is_not_learned_and_stays_open_until_it_is_over() -> None:
    levels = [0.0] * 8 + [5.0] * 10 + [0.0] * 6
    measured, after, _ = walked(levels, rolling())
    assert alerts(measured, after) == list(range(8, 18)) == left_out(after)
    assert days(after.references[at(17)]) == [4, 5, 6, 7]
    assert days(after.references[at(19)]) == [4, 5, 6, 7]  # one quiet day may not be the end
    assert days(after.references[at(20)]) == [6, 7, 18, 19]
    # learned, it would have been over after a few days, and its end an incident of its own
    plain = assess(cube_of(levels), rolling(), Settings(DAYS), monitors=[Levels(levels)])[0]
    learned = alerts(plain, rolling())
    assert 13 not in learned
    assert 18 in learned


def test_a_caption_says_what_is_left_out_and_why() -> None:
    assert rolling().told == "previous 4 windows"
    levels = [0.0] * 8 + [5.0] * 5 + [0.0] * 9
    _, after, _ = walked(levels, rolling(holidays=[3, 20]))
    assert after.told == "previous 4 windows (2 holidays, 5 windows with open alerts not learned from)"
    one = Plan(tuple(map(at, range(5))), words="the first days", holidays={at(2): "feast", at(9): "feast"})
    assert one.told == "the first days (1 holiday not learned from)"


def test_findings_say_since_when_nothing_was_learned() -> None:
    measured, after, _ = walked([0.0] * 8 + [5.0] * 6, rolling())
    found = find(measured.assign(model="m"), config(), DAYS, [], after)
    text = found.loc[found["window_start"] == at(12), "message"].item()
    assert text.endswith("; nothing was learned since 2025-01-14.")
    assert "learned" not in found.loc[found["window_start"] == at(8), "message"].item()


@pytest.mark.parametrize("noted", [7.5, 8.0, 8.9])
def test_a_deploy_in_the_window_of_the_onset_or_before_is_its_cause(noted: float) -> None:
    levels = [0.0] * 8 + [5.0] * 10
    measured, after, _ = walked(levels, rolling(accepted=[noted]))
    assert alerts(measured, after) == list(range(8, 18))
    assert not after.renewed


@pytest.mark.parametrize("noted", [10.0, 10.3])
def test_a_change_noted_after_the_onset_is_the_new_normal(noted: float) -> None:
    levels = [0.0] * 8 + [5.0] * 10 + [0.0]
    measured, after, _ = walked(levels, rolling(accepted=[noted]))
    first = int(np.ceil(noted))
    assert days(after.renewed) == [first]
    judged = measured[measured["p_value"].notna()]
    assert sorted(set(judged["day"])) == [*range(4, first), *range(14, 19)]  # three days are enough to judge by
    assert alerts(measured, after) == [*range(8, first), 18]  # what was normal is strange now
    assert days(after.references[at(14)]) == list(range(first, 14))


def test_a_change_noted_when_all_is_quiet_changes_nothing() -> None:
    levels = [0.1 * (i % 3) for i in range(20)]
    without, with_note = walked(levels, rolling())[0], walked(levels, rolling(accepted=[9, 12.5]))[0]
    pd.testing.assert_frame_equal(without, with_note)


def test_holidays_are_watched_and_never_learned() -> None:
    levels = [0.0] * 8 + [5.0] + [0.0] * 3 + [0.0] + [0.0] * 3
    plan = rolling(holidays=[8, 12])
    measured, after, monitor = walked(levels, plan)
    assert left_out(after, HOLIDAY) == [8, 12]
    assert not left_out(after)
    assert not alerts(measured, after)
    found = find(measured.assign(model="m"), config(), DAYS, [], after)
    assert found["severity"].tolist() == ["watch"]
    assert found["message"].item().endswith("(holiday: a holiday).")
    assert all(8 not in past and 12 not in past for _, past in monitor.asked)
    # nor are they evidence about the days around them
    assert all(set(asked) - set(past) in ({8}, {12}) for asked, past in monitor.asked if {8, 12} & set(asked))


def test_holidays_of_a_fixed_reference_are_not_part_of_it() -> None:
    levels = [0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 5.0, 0.0, 5.0]
    plan = Plan(tuple(at(i) for i in range(5)), holidays={at(2): "feast", at(6): "feast"})
    measured, after, monitor = walked(levels, plan)
    assert {tuple(past) for _, past in monitor.asked} == {(0, 1, 3, 4)}
    assert sorted(measured["day"]) == list(range(9))
    assert alerts(measured, after) == [8]
    few = replace(plan, holidays={at(i): "feast" for i in range(3)})
    assert few.learned == few.frozen  # two would be too few to judge by


@pytest.mark.parametrize(
    "levels",
    [[1.0], [None], [0.0, None, 0.0], [0.0] * 3, [None] * 5 + [0.0], [0.0, 5.0] * 8, [float(3**i) for i in range(12)]],
    ids=["one", "a gap", "three", "four", "gaps first", "to and fro", "always stranger"],
)
def test_every_window_is_told_once_whatever_the_log(levels: list[float | None]) -> None:
    for plan in (rolling(), rolling(lag=3), replace(season_plan([at(0)], Grain.parse("1w"), 2), frozen=(at(0),))):
        if levels[0] is None:
            plan = replace(plan, frozen=(at(len(levels) - 1),))
        measured, after, _ = walked(levels, plan)
        some = [i for i, level in enumerate(levels) if level is not None]
        assert sorted(measured["day"]) == some
        assert set(after.references) <= {at(i) for i in range(len(levels))}
        for start, chosen in after.references.items():
            assert max(chosen) < start


def test_windows_lie_between_when_a_lag_is_given() -> None:
    _, after, monitor = walked([0.0] * 20, rolling(previous=4, lag=5))
    assert days(after.references[at(14)]) == days(after.references[at(15)]) == [5, 6, 7, 8]
    asked = [seen for seen, past in monitor.asked if past == [5, 6, 7, 8]]
    assert asked == [list(range(5, 16))]  # those between are there as evidence


def test_a_slow_change_is_found_with_a_lag_and_learned_without() -> None:
    slow = [0.0] * 12 + [0.45 * i for i in range(1, 15)]
    assert not alerts(*walked(slow, rolling())[:2])
    found, after, _ = walked(slow, rolling(lag=4))
    assert alerts(found, after)[0] < 20
    assert left_out(after)[0] < alerts(found, after)[0]  # what was watched before the first alert is part of it


def test_a_segment_leaves_out_what_all_rows_do() -> None:
    levels = [0.0] * 8 + [5.0] * 4 + [0.0] * 6
    _, whole, _ = walked(levels, rolling(accepted=[10.0]))
    quiet = [0.0] * 18
    monitor = Levels(quiet)
    judge = judge_of(config(), DAYS, whole)
    _, after = assess(cube_of(quiet), rolling(), Settings(DAYS), monitors=[monitor], judge=judge, whole=whole)
    assert left_out(after) == left_out(whole)
    assert after.renewed == whole.renewed
    assert days(after.references[at(14)]) == [10, 11, 12, 13]


def naive(levels: Sequence[float | None], plan: Plan) -> dict[int, list[int]]:
    """Each judged day's reference, one day after the other, as the rule reads."""
    rolls = plan.previous
    step, need = max(1, rolls // RENEWED), max(3, rolls // 2)
    usable = [i for i, level in enumerate(levels) if level is not None and at(i) not in plan.holidays]
    open_alerts, begun, chosen, out = OpenAlerts(), 0, [], {}
    notes = {int(np.ceil((when - BEGIN) / DAY)): (when - BEGIN) // DAY for when in plan.accepted}
    for day in range(len(levels)):
        before = [i for i in usable if i < day]
        since = open_alerts.since()
        if day in notes and since is not None and notes[day] > usable[since]:
            open_alerts.accept()
            begun, chosen = day, []
        if not chosen or day % step == 0:
            held = open_alerts.out | open_alerts.held(len(before))
            filled = [i for i in range(day) if levels[i] is not None]
            young = filled[-plan.lag :] if plan.lag else []
            quiet = [i for n, i in enumerate(before) if n not in held and i >= begun and i not in young][-rolls:]
            fresh = day % step == 0 or day == begun
            if fresh and (len(quiet) >= need or not chosen):
                chosen = quiet if len(quiet) >= need else []
        if chosen:
            out[day] = list(chosen)
        if day in usable:
            flags: Mapping[str, bool] = {}
            if chosen:
                value = abs(levels[day] - np.mean([levels[i] for i in chosen]))
                flags = {"x": value >= 2} if value >= 1 else {}
            open_alerts.add(usable.index(day), flags)
    return out


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.5, 1.2, 5.0, 5.0, None]), min_size=1, max_size=40),
    st.integers(1, 9), st.integers(0, 4), st.sets(st.integers(0, 39), max_size=4),
    st.lists(st.floats(0, 39).map(lambda x: round(x, 1)), max_size=2),
)  # fmt: skip
def test_in_blocks_as_one_by_one(
    levels: list[float | None], previous: int, lag: int, holidays: set[int], noted: list[float]
) -> None:
    levels = [0.0, *levels]
    plan = rolling(previous, lag, sorted(holidays), sorted(noted))
    measured, after, _ = walked(levels, plan)
    assert {day: days(chosen) for start, chosen in after.references.items() for day in days([start])} == naive(
        levels, plan
    )
    assert sorted(measured["day"]) == [i for i, level in enumerate(levels) if level is not None]


def test_a_real_incident_is_not_learned() -> None:
    frame = binary_log(seed=3, count=45, rows=300)
    day = day_of(frame)
    frame.loc[day >= 30, "x"] += 1.0
    built = build(frame, 10)
    plan = previous_plan(built.cube.starts.tolist(), 10)
    for judge, still in ((None, False), (judge_of(config(), DAYS, plan), True)):
        measured, after = assess(built.cube, plan, built.settings, monitors=[drift], judge=judge)
        found = find(measured.assign(model="m"), config(), DAYS, [], after)
        told = found[(found["feature"] == "x") & (found["kind"] == "shift") & (found["severity"] == "alert")]
        alarmed = set(days(told["window_start"]))
        assert {30, 31} <= alarmed
        assert ({42, 43, 44} <= alarmed) is still


def test_a_monday_that_looks_like_a_sunday_is_found_among_mondays() -> None:
    rng = np.random.default_rng(0)
    frame = calendar_days(rng, 63, 400)
    day = day_of(frame)
    level = np.where(np.arange(63) % 7 >= 5, 1.0, 0.0)
    level[49] = 1.0
    habit = rng.normal(0, 0.08, (63, 2))
    frame["x"] = rng.normal(habit[day, 0] + level[day], 1)
    frame["z"] = rng.normal(habit[day, 1] + (day % 7 >= 5), 1)
    built = build(frame, 28)
    plan = season_plan(built.cube.starts.tolist(), Grain.parse("1w"), 4)
    judge = judge_of(config(), DAYS, plan)
    measured, after = assess(built.cube, plan, built.settings, monitors=[drift], judge=judge)
    found = find(measured.assign(model="m"), config(), DAYS, [], after)
    found = found[found["severity"] == "alert"]
    assert 49 in days(found.loc[found["feature"] == "x", "window_start"])
    assert len(set(days(found["window_start"]))) <= 4  # of 42 judged days, 41 of them quiet
