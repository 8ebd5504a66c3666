"""The profile against counting row by row, and the properties that everything else leans on."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.profile.bins import FIRST, MISSING, Bins
from monitors.profile.cube import Profile, sum_profiles
from monitors.profile.freeze import Model
from monitors.windows import Grain
from tests.cubes import FIRST_DAY, ID, LABEL, SCORE, TIME, binary_log, day_of, freeze, profile
from tests.profile.oracle import expected, unseen

NUMBERS = st.one_of(
    st.none(), st.just(float("nan")), st.sampled_from([float("inf"), -float("inf"), 0.0, -0.0, -1.0]),
    st.integers(-3, 3).map(float), st.floats(-1e6, 1e6, allow_nan=False),
)  # fmt: skip
WORDS = st.one_of(st.none(), st.sampled_from(["a", "b", "c", "d", "", "null", "ä b", "<b>"]))
LABELS = {"binary": st.sampled_from([0.0, 1.0, None, 7.0]), "multiclass": st.sampled_from(["a", "b", "c", None, "z"]),
          "regression": st.one_of(st.none(), st.floats(-100, 100))}  # fmt: skip
PREDICTIONS = {
    "probability": st.one_of(st.none(), st.just(float("nan")), st.floats(0, 1)),
    "score": st.one_of(st.none(), st.floats(-50, 50)),
    "number": st.one_of(st.none(), st.just(float("inf")), st.floats(-100, 100)),
    "class": st.sampled_from(["a", "b", "c", None, "q"]),
}
KINDS = [("binary", "probability"), ("binary", "score"), ("regression", "number"), ("multiclass", "class"),
         ("binary", None), (None, "probability"), (None, None)]  # fmt: skip


def a_reference(task: str | None, kind: str | None) -> pd.DataFrame:
    """Rows that freeze bins of the task and the kind of prediction asked for."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({
        TIME: np.repeat(FIRST_DAY, 90),
        "x": rng.normal(size=90).round(2),
        "few": rng.integers(-2, 3, 90).astype(float),
        "word": np.resize(["a", "b", "c"], 90),
    })  # fmt: skip
    score = {"probability": rng.random(90), "score": rng.normal(0, 9, 90), "number": rng.normal(0, 9, 90)}
    if kind is not None:
        frame[SCORE] = score.get(kind, np.resize(["a", "b", "c"], 90))
    label = {"binary": np.resize([0.0, 1.0], 90), "regression": rng.normal(0, 9, 90)}
    if task is not None:
        frame[LABEL] = label.get(task, np.resize(["a", "b", "c"], 90))
    return frame


BINS: dict[tuple[str | None, str | None], Bins] = {
    (task, kind): freeze([a_reference(task, kind)], Model(task)) for task, kind in KINDS
}


@st.composite
def logs(draw: Any, task: str | None, kind: str | None) -> pd.DataFrame:
    """Rows of up to three days as columns of Python objects."""
    n = draw(st.integers(1, 40))

    def values(of: st.SearchStrategy[Any]) -> pd.Series:
        return pd.Series(draw(st.lists(of, min_size=n, max_size=n)), dtype=object)

    frame = pd.DataFrame({"x": values(NUMBERS), "few": values(NUMBERS), "word": values(WORDS)})
    if kind is not None:
        frame[SCORE] = values(PREDICTIONS[kind])
    if task is not None:
        frame[LABEL] = values(LABELS[task])
    frame[TIME] = FIRST_DAY + np.array(draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))).astype("m8[D]")
    return frame


@pytest.mark.parametrize(("task", "kind"), KINDS)
@settings(max_examples=25)
@given(data=st.data())
def test_counts_and_sums_are_those_of_counting_row_by_row(task: str | None, kind: str | None, data: Any) -> None:
    frame, bins = data.draw(logs(task, kind)), BINS[task, kind]
    found = profile([frame], bins)
    assert [p.start for p in found] == sorted(set(frame[TIME].to_numpy().astype("M8[us]").astype(np.int64).tolist()))
    for each in found:
        window = frame[frame[TIME].to_numpy().astype("M8[us]").astype(np.int64) == each.start]
        counts, sums = expected(window, bins)
        np.testing.assert_array_equal(each.counts, counts)
        np.testing.assert_allclose(each.sums, sums, rtol=1e-9, atol=1e-9)
        assert each.facts["rows"] == len(window)
        finite = [v for v in window["x"] if v is not None and np.isfinite(v)]
        place = bins.position("x")
        assert each.low[place] == min(finite, default=np.inf)
        assert each.high[place] == max(finite, default=-np.inf)
        assert each.facts.get("unseen", {}).get("word", {}) == dict(unseen(window, bins.columns[bins.position("word")]))


@settings(max_examples=25)
@given(data=st.data(), seed=st.integers(0, 99))
def test_halves_add_up_and_the_order_of_rows_does_not_matter(data: Any, seed: int) -> None:
    frame, bins = data.draw(logs("binary", "probability")), BINS["binary", "probability"]
    frame[TIME] = FIRST_DAY
    whole = profile([frame], bins)[0]
    shuffled = profile([frame.sample(frac=1, random_state=seed)], bins)[0]
    half = len(frame) // 2
    parts = [p for part in (frame.iloc[:half], frame.iloc[half:]) if len(part) for p in profile([part], bins)]
    for other in (shuffled, sum_profiles(parts, "")):
        np.testing.assert_array_equal(other.counts, whole.counts)
        np.testing.assert_allclose(other.sums, whole.sums, rtol=1e-12, atol=1e-9)
        np.testing.assert_array_equal(other.low, whole.low)
        np.testing.assert_array_equal(other.high, whole.high)
        assert other.facts == whole.facts


def equal_bits(a: Profile, b: Profile) -> bool:
    return (a.start, a.segment, a.facts) == (b.start, b.segment, b.facts) and all(
        getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in ("counts", "sums", "low", "high")
    )


@settings(max_examples=15)
@given(cuts=st.lists(st.integers(1, 1199), max_size=6, unique=True))
def test_batches_may_be_cut_anywhere(cuts: list[int]) -> None:
    frame = LOG.iloc[:1200]
    edges = [0, *sorted(cuts), 1200]
    batches = [frame.iloc[a:b] for a, b in pairwise(edges)]
    bins = freeze([LOG], segments=("place",))
    for one, other in zip(profile([frame], bins), profile(batches, bins), strict=True):
        assert equal_bits(one, other)


LOG = binary_log(seed=3, count=4, rows=400)


def test_segments_add_up_to_all_rows() -> None:
    frame = LOG.assign(place=LOG["place"].where(LOG.index % 50 != 0, None), version=np.where(LOG.index % 2, "v1", "v2"))
    bins = freeze([frame[day_of(frame) < 2]], segments=("place", "device"), version="version")
    late = frame.assign(device=frame["device"].where(day_of(frame) < 3, "watch"))
    found = profile([late], bins)
    starts = sorted({p.start for p in found})
    for start in starts:
        here = {p.segment: p for p in found if p.start == start}
        for column in ("place", "device", "version"):
            parts = [p for name, p in here.items() if name.startswith(f"{column}=")]
            np.testing.assert_array_equal(sum(p.counts for p in parts), here[""].counts)
            np.testing.assert_allclose(sum(p.sums for p in parts), here[""].sums, rtol=1e-12, atol=1e-8)
            assert sum(p.facts["rows"] for p in parts) == here[""].facts["rows"]
    assert {p.segment for p in found if p.segment.startswith("place=")} == {
        "place=north", "place=south", "place=east", "place=west", "place=(null)"}  # fmt: skip
    assert {p.segment for p in found if p.segment.startswith("version=")} == {"version=v1", "version=v2"}
    last = {p.segment for p in found if p.start == starts[-1] and p.segment.startswith("device=")}
    assert last == {"device=(other)"}  # a value that the reference did not have is no segment of its own


def test_a_version_that_is_new_is_a_segment_of_its_own() -> None:
    frame = LOG.assign(version=np.where(day_of(LOG) < 3, 1.0, 2.0))
    frame.loc[frame.index[-1], "version"] = np.nan
    bins = freeze([frame[day_of(frame) < 2]], version="version")
    assert "version" not in [column.name for column in bins.features]
    names = {p.segment for p in profile([frame], bins)}
    assert names == {"", "version=1", "version=2", "version=(null)"}


def test_rows_are_counted_without_any_column_to_count() -> None:
    frame = LOG[[TIME, "place"]]
    bins = freeze([frame], segments=("place",), include=[])
    assert bins.columns == ()
    found = profile([frame], bins)
    assert sum(p.facts["rows"] for p in found if p.segment == "") == len(frame)
    assert sum(p.facts["rows"] for p in found if p.segment.startswith("place=")) == len(frame)


def test_unseen_values_are_named_most_frequent_first_and_only_twenty() -> None:
    bins = freeze([LOG])
    names = [f"new{i:02}" for i in range(30)]
    values = np.repeat(names, range(30, 0, -1))
    frame = LOG.iloc[: len(values)].assign(place=values, **{TIME: LOG[TIME].iloc[0]})
    facts = profile([frame], bins)[0].facts
    assert list(facts["unseen"]["place"].items()) == [(name, 30 - i) for i, name in enumerate(names[:20])]


def test_a_column_that_one_file_lacks_is_absent_in_its_rows_alone() -> None:
    bins = freeze([LOG])
    first, second = LOG[day_of(LOG) < 1], LOG[day_of(LOG) == 1].drop(columns=["x", "place", SCORE, LABEL])
    for name, role in (("x", "feature"), ("place", "feature"), ("", "prediction")):
        place = bins.position(name, role)
        begin = int(bins.offsets[place])
        one, other = profile([first, second], bins)
        assert one.counts[begin].sum() == 0
        assert other.counts[begin, :-2].sum() == len(second)
    place = int(bins.offsets[bins.position("", "label")])
    assert other.counts[place + MISSING.index("null"), :-2].sum() == len(second)  # not yet known, not absent
    assert other.counts[: bins.columns[0].size, bins.outcomes - 1].sum() == len(second)


def test_ids_that_come_again_are_duplicates_within_the_window() -> None:
    frame = LOG.iloc[:500].assign(**{TIME: FIRST_DAY})
    bins = freeze([frame])
    again = pd.concat([frame, frame.iloc[:30], frame.iloc[:10].assign(**{ID: None})])
    facts = profile([again.iloc[:300], again.iloc[300:]], bins)[0].facts
    assert (facts["rows"], facts["identified"], facts["duplicates"]) == (540, 530, 30)
    tomorrow = frame.assign(**{TIME: FIRST_DAY + np.timedelta64(1, "D")})
    assert [p.facts["duplicates"] for p in profile([frame, tomorrow], bins)] == [0, 0]


def test_types_that_change_and_columns_that_are_new_are_facts() -> None:
    bins = freeze([LOG[day_of(LOG) < 2]])
    late = LOG[day_of(LOG) == 2]
    late = late.assign(x=late["x"].astype(str), clicks=late["clicks"].astype(float), fresh=1, noise=None)
    facts = profile([late], bins)[0].facts
    assert facts["types"] == {"x": {"text": len(late)}}  # int to float is no change, nor is a file of nulls
    assert facts["new"] == {"fresh": len(late)}
    x = bins.offsets[bins.position("x")]
    assert profile([late], bins)[0].counts[x : x + FIRST].sum() == 0  # numbers that come as text are numbers


def test_label_delays_are_counted_by_hour() -> None:
    frame = LOG.iloc[:6].assign(**{TIME: FIRST_DAY})
    begin = FIRST_DAY.astype(np.int64)
    unknown = np.iinfo(np.int64).min
    hour = 3_600_000_000
    times = np.array([begin, begin + hour // 2, begin + 30 * hour, begin - hour, unknown, begin + 5000 * hour])
    delays = profile([frame], freeze([LOG]), label_times=times)[0].facts["delays"]
    assert (sum(delays), delays[0], delays[2], delays[8], delays[-1]) == (5, 2, 1, 1, 1)


def test_windows_of_rows_need_no_times() -> None:
    frame = LOG.drop(columns=TIME)
    grain = Grain.parse("300 rows")
    bins = freeze([frame], grain=grain)
    found = profile([frame], bins, grain)
    assert [p.start for p in found] == list(range(0, len(frame), 300))
    assert sum(p.facts["rows"] for p in found) == len(frame)
    assert "first" not in found[0].facts
