"""Which findings have one cause: every rule of the table, and what holds whatever is found."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitors.causes import DEPTH, TABLE, assign, runs_of
from monitors.findings import COLUMNS
from monitors.rules import RULES
from tests.monitors.incident_rows import BEGIN, DAY, DAYS, LOG, MODEL, absent, finding, run

ALIKE = {"a": frozenset({"b"}), "b": frozenset({"a"})}
Row = dict[str, Any]


def rules(*rows: Row, alike: dict[str, frozenset[str]] | None = None, moments: list[int] | None = None) -> list[str]:
    """By which rule each finding joined; "" for what began an incident."""
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS))
    joined = assign(frame, DAYS, alike or {}, [BEGIN + day * DAY + 5 for day in moments or []])
    return [joined[run].rule for run in runs_of(frame)]


def count(*rows: Row, **more: Any) -> int:
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS))
    moments = [BEGIN + day * DAY + 5 for day in more.pop("moments", [])]
    return len({each.incident for each in assign(frame, DAYS, more.get("alike", {}), moments).values()})


DECAY = {"monitor": "decay", "kind": "lost_signal", "metric": "learned_power"}
RELATION = {"monitor": "concept", "kind": "relation", "metric": "relation"}
AUC = {**MODEL, "kind": "performance", "metric": "auc"}
SCORES = {**MODEL, "kind": "prediction_shift", "metric": "prediction_shift"}
VOLUME = {**LOG, "kind": "volume", "metric": "rows"}
NULLS = {"monitor": "missing", "kind": "null_rate", "metric": "null_share"}

BY_RULE: dict[str, list[tuple[list[Row], dict[str, Any]]]] = {
    "goes on": [
        ([finding(3, severity="watch"), finding(4, 4)], {}),
        ([finding(3, severity="watch"), finding(3, 3, state="ongoing"), finding(4, 4)], {}),
    ],
    "log": [
        ([finding(5, **VOLUME), finding(5, severity="watch")], {}),
        ([finding(5, **VOLUME), finding(6, 5, state="ongoing", **VOLUME), finding(6)], {}),
        ([finding(5, **VOLUME), finding(5, **AUC)], {}),
    ],
    "one log": [
        ([finding(5, **VOLUME), finding(5, **{**LOG, "kind": "duplicates", "metric": "duplicate_share"})], {}),
        ([finding(5, **VOLUME), finding(6, **{**LOG, "kind": "gap", "metric": "gap"})], {}),
    ],
    "vanish": [([absent("a", 5), absent("b", 5)], {}), ([finding(5, feature=f, **NULLS) for f in "abc"], {})],
    "feature": [
        ([absent("x", 5), finding(5)], {}),
        ([absent("x", 5), finding(6, **DECAY)], {}),
        ([finding(5), absent("x", 6)], {}),
        ([finding(5), finding(6, segment="a=1")], {}),
    ],
    "follows": [
        ([*run(5, 9, kind="lost_category", metric="lost_share"), finding(9, **RELATION)], {}),
        ([*run(5, 9), finding(10, **DECAY)], {}),
        ([*run(5, 9, segment="a=1"), finding(9)], {}),
    ],
    "moves": [
        ([finding(5, feature="a"), finding(6, feature="b")], {"alike": ALIKE}),
        ([finding(5, feature="b"), finding(6, feature="a")], {"alike": ALIKE}),
    ],
    "kind": [
        ([finding(5, feature="a"), finding(5, feature="b")], {}),
        ([finding(5, feature="a", **DECAY), finding(5, feature="b", **{**DECAY, "kind": "input_vanished"})], {}),
    ],
    "model": [
        ([finding(5), finding(5, **SCORES)], {}),
        ([finding(5), finding(6, **AUC)], {}),
        ([finding(5, **AUC), finding(6)], {}),
        ([finding(5, **SCORES), finding(5, **AUC)], {}),
        ([finding(5, **AUC), finding(5, **{**SCORES, "segment": "a=1"})], {}),
    ],
    "segment": [([finding(5, segment="a=1"), finding(6, feature="z", segment="a=1", **RELATION)], {})],
    "event": [
        ([finding(5), finding(6, feature="z", **RELATION)], {"moments": [5]}),
        ([finding(5, segment="a=1"), finding(6, feature="z", segment="a=2", **RELATION)], {"moments": [5]}),
    ],
}  # fmt: skip


def test_every_rule_of_the_table_has_a_case() -> None:
    assert list(BY_RULE) == [rule.name for rule in TABLE]
    assert {rule.kind for rule in RULES.values() if rule.kind} <= set(DEPTH)


@pytest.mark.parametrize("name", BY_RULE)
def test_what_a_rule_joins(name: str) -> None:
    for rows, given_ in BY_RULE[name]:
        assert set(rules(*rows, **given_)) == {"", name}
        assert count(*rows, **given_) == 1


APART: dict[str, tuple[list[Row], dict[str, Any]]] = {
    "two features with different onsets": ([finding(5, feature="a"), finding(6, feature="b")], {}),
    "two features that do different things at once": ([finding(5, feature="a"), absent("b", 5)], {}),
    "one feature, long after": ([finding(5), finding(8, **DECAY)], {}),
    "a cause that comes while its consequence lasts": ([*run(5, 9, **DECAY), absent("x", 8)], {}),
    "features that move together, in different weeks": ([finding(5, feature="a"), finding(12, feature="b")],
                                                        {"alike": ALIKE}),
    "the model, long after a feature": ([*run(5, 9), finding(9, **AUC)], {}),
    "segments of different things": ([finding(5, segment="a=1"), finding(6, feature="z", segment="a=2")], {}),
    "an event long before": ([finding(5), finding(8, feature="z")], {"moments": [3]}),
    "the log before and a feature that breaks after it is mended": ([finding(5, **VOLUME), finding(7)], {}),
    "the same again after it was over": ([finding(5), finding(7, 5, state="resolved"), finding(9)], {}),
}  # fmt: skip


@pytest.mark.parametrize("name", APART)
def test_what_is_not_one(name: str) -> None:
    rows, given_ = APART[name]
    assert count(*rows, **given_) == 2


def test_the_model_does_not_join_two_features_to_each_other() -> None:
    rows = [finding(5, **AUC), finding(6, feature="a"), absent("b", 6)]
    assert count(*rows) == 2
    assert rules(*rows) == ["", "", "model"]  # what is nearer to a cause comes first


def test_the_model_goes_with_the_feature_that_alerts() -> None:
    rows = [finding(5, feature="a", severity="watch"), finding(5, feature="b", **RELATION), finding(5, **AUC)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    joined = assign(frame, DAYS, {})
    names = [joined[run].incident for run in runs_of(frame)]
    assert names[1] == names[2] != names[0]


def test_a_feature_that_trembled_the_day_before_vanishes_with_the_others() -> None:
    rows = [finding(4, feature="c", severity="watch"), *(absent(name, 5) for name in "abcd")]
    assert rules(*rows) == ["", "", "vanish", "vanish", "vanish"]


def test_a_lost_category_brings_its_shift_and_what_shifts_with_it() -> None:
    lost = finding(5, feature="topic", kind="lost_category", metric="lost_share")
    assert rules(finding(5, feature="locale"), lost, finding(5, feature="topic")) == ["kind", "", "feature"]


def test_what_begins_with_a_consequence_joins_its_incident() -> None:
    lost = run(3, 6, feature="topic", kind="lost_category", metric="lost_share")
    rows = [*lost, finding(6, feature="locale"), finding(6, feature="topic")]
    assert rules(*rows)[-2:] == ["kind", "follows"]
    assert count(*rows) == 1


def test_a_consequence_that_comes_again_draws_no_other_feature_in() -> None:
    rows = [*run(3, 30), finding(25, **DECAY), finding(25, feature="other", **DECAY)]
    assert rules(*rows)[-2:] == ["follows", ""]


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    """Runs of findings as ``findings.find`` tells them: windows of a run follow each other, some end as resolved."""
    rows: list[Row] = []
    for _ in range(draw(st.integers(0, 7))):
        what = draw(st.sampled_from([{}, NULLS, DECAY, RELATION, AUC, SCORES, VOLUME]))
        about: dict[str, Any] = {} if "feature" in what else {"feature": draw(st.sampled_from("abc"))}
        if "monitor" not in what or what["monitor"] != "integrity":
            about["segment"] = draw(st.sampled_from([None, None, "s=1", "s=2"]))
        first, length = draw(st.integers(0, 12)), draw(st.integers(1, 5))
        loud = draw(st.integers(0, length))
        for k in range(length):
            rows.append(finding(first + k, first, severity="alert" if k >= loud else "watch",
                                state="ongoing" if k else "new", **{**what, **about}))  # fmt: skip
        if loud < length and draw(st.booleans()):
            rows.append(finding(first + length + 1, first, severity="watch", state="resolved", **{**what, **about}))
    unique = {(r["monitor"], r["kind"], r["feature"], r["segment"], r["window_start"]): r for r in rows}
    return list(unique.values())


@settings(max_examples=150, deadline=None)
@given(histories(), st.randoms(), st.lists(st.integers(0, 14), max_size=2))
def test_every_finding_has_one_incident_whatever_the_order(rows: list[Row], random: Any, moments: list[int]) -> None:
    at = [BEGIN + day * DAY for day in moments]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    joined = assign(frame, DAYS, ALIKE, at)
    assert set(joined) == set(runs_of(frame))
    mixed = rows.copy()
    random.shuffle(mixed)
    assert assign(pd.DataFrame(mixed, columns=list(COLUMNS)), DAYS, ALIKE, at) == joined
    # whatever has the name of an incident, the run that gave it the name is there, and has joined nothing
    founders = {each.incident for each in joined.values() if not each.rule}
    assert founders == {each.incident for each in joined.values()}


@settings(max_examples=150, deadline=None)
@given(histories(), st.integers(0, 18))
def test_names_stay_when_later_windows_are_added(rows: list[Row], until: int) -> None:
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    early = frame[frame["window_start"] < BEGIN + until * DAY]
    before, after = assign(early, DAYS, ALIKE), assign(frame, DAYS, ALIKE)
    # what hung on a broken log and went on when the log was well again has got a cause of its own meanwhile
    assume(all(after[run].rule == "log" for run in before if before[run].rule == "log"))
    assert {run: after[run] for run in before} == before


@pytest.mark.parametrize(("until", "own"), [(5, False), (6, False), (7, True)])
def test_what_goes_on_when_the_log_is_well_again_has_its_own_incident(until: int, own: bool) -> None:
    rows = [finding(5, severity="watch"), *(finding(day, 5, state="ongoing") for day in range(6, until + 1))]
    found = rules(finding(5, **VOLUME), *rows)
    assert found == ["", *(["" if own else "log"] * len(rows))]
    assert count(finding(5, **VOLUME), *rows) == (2 if own else 1)
    # while the log stays broken nobody can tell
    lasting = [finding(5, **VOLUME), *(finding(day, 5, state="ongoing", **VOLUME) for day in range(6, until + 1))]
    assert count(*lasting, *rows) == 1


def test_what_is_only_worth_a_look_when_the_log_is_well_again_still_hangs_on_it() -> None:
    assert count(finding(5, **VOLUME), finding(5, severity="watch"), finding(8, 5, severity="watch")) == 1


PLANNED = run(5, 9, kind="absent", monitor="missing", metric="absent_share")


def test_an_end_that_was_planned_explains_its_feature_and_silences_no_other() -> None:
    silenced = [{**row, "state": "silenced", "severity": "watch"} for row in PLANNED]
    for rows, more in (
        ([finding(6, **SCORES)], {}),
        ([finding(5, feature="z", segment="a=1"), finding(6, segment="a=1", **AUC)], {}),
        ([absent("z", 5)], {}),
        ([finding(5, feature="z", **RELATION)], {"moments": [5], "alike": {"z": frozenset({"x"})}}),
    ):
        assert count(*silenced, *rows, **more) == 1 + count(*rows, **more)
    for follows in (finding(5, **DECAY), finding(9, **RELATION), finding(6, segment="a=1")):
        assert count(*silenced, follows) == 1


def test_a_feature_that_left_early_is_silenced_from_its_date_on_alone() -> None:
    early = [{**row, "state": "silenced"} if row["window_start"] >= BEGIN + 8 * DAY else row for row in PLANNED]
    assert count(*early, absent("z", 5)) == 1
