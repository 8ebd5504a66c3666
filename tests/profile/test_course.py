"""The courses of windows: what features do by hour adds up, whatever batches and files the rows come in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from monitors.profile.course import Course, merged
from monitors.windows import Grain
from tests.cubes import TIME, binary_log, freeze, profile

LOG = binary_log(seed=2, count=4, rows=400)
RNG = np.random.default_rng(0)
LOG = LOG.assign(x=LOG["x"].mask(RNG.random(len(LOG)) < 0.1))
HOUR = LOG[TIME].to_numpy().astype("M8[h]").astype("M8[us]").astype(np.int64)
BINS = freeze([LOG])


def courses(frames: list[pd.DataFrame], size: str = "1d") -> list[Course]:
    found = [p.course for p in profile(frames, BINS, Grain.parse(size)) if not p.segment]
    return [course for course in found if course is not None]


def same(one: Course, other: Course) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one._parts, other._parts, strict=True))


def test_a_course_counts_missing_rows_and_keeps_the_range_of_every_hour() -> None:
    whole = merged(courses([LOG]))
    assert whole is not None
    place = BINS.position("x")
    by_hour = LOG.assign(hour=HOUR).groupby("hour")["x"]
    assert whole.at.tolist() == sorted(by_hour.groups)
    assert whole.rows.tolist() == by_hour.size().tolist()
    assert whole.missing[:, place].tolist() == by_hour.apply(lambda s: int(s.isna().sum())).tolist()
    assert whole.low[:, place] == pytest.approx(by_hour.min().to_numpy(), rel=1e-6)
    assert whole.high[:, place] == pytest.approx(by_hour.max().to_numpy(), rel=1e-6)


def test_a_course_knows_the_categories_of_every_hour() -> None:
    whole = merged(courses([LOG]))
    assert whole is not None
    place = BINS.position("place")
    names = BINS.columns[place].categories
    for at, bits in zip(whole.at, whole.seen[:, place], strict=True):
        came = {name for k, name in enumerate(names) if int(bits) >> k & 1}
        assert came == set(LOG.loc[at == HOUR, "place"].dropna()) & set(names)


def test_courses_add_up_whatever_order_and_batches_rows_come_in() -> None:
    expected = courses([LOG])
    shuffled = LOG.sample(frac=1, random_state=1)
    pieces = [shuffled.iloc[i : i + 97] for i in range(0, len(LOG), 97)]
    assert all(same(a, b) for a, b in zip(expected, courses(pieces), strict=True))
    apart = [profile([piece], BINS) for piece in (shuffled.iloc[:700], shuffled.iloc[700:])]
    for start in sorted({p.start for part in apart for p in part}):
        both = [p for part in apart for p in part if p.start == start and not p.segment]
        added = (both[0] + both[1]).course if len(both) > 1 else both[0].course
        whole = next(p.course for p in profile([LOG], BINS) if p.start == start and not p.segment)
        assert added is not None
        assert whole is not None
        assert same(added, whole)


def test_days_add_up_to_a_week() -> None:
    days, week = merged(courses([LOG])), merged(courses([LOG], "1w"))
    assert days is not None
    assert week is not None
    assert same(days, week)


def test_a_course_survives_the_store() -> None:
    for course in courses([LOG]):
        assert same(Course.decode(course.encode()), course)


def test_windows_of_an_hour_or_a_row_have_no_parts() -> None:
    assert courses([LOG], "1h") == []
    assert Grain.parse("1 rows").slots([0, 1], [0, 1]) is None
    assert merged([None, None]) is None


@pytest.mark.parametrize(("size", "position", "start", "slot"), [
    ("1000 rows", 2_345, 2_000, 2_340), ("50 rows", 49, 0, 49), ("1d", 3_600_000_001, 0, 3_600_000_000),
])  # fmt: skip
def test_slots_are_counted_from_the_windows_start(size: str, position: int, start: int, slot: int) -> None:
    slots = Grain.parse(size).slots([position], [start])
    assert slots is not None
    assert slots.tolist() == [slot]
    assert Grain.parse(size).slot_end(slot) > position
