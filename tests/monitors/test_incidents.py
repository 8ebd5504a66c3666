"""Incidents: what they are about, their causes, state and rank. Which findings belong together: test_causes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from monitors.costs import POWER
from monitors.findings import COLUMNS
from monitors.incidents import changed, group, ranked
from monitors.windows import Grain
from tests.cubes import binary_log, build, day_of
from tests.monitors.found import findings, measured
from tests.monitors.incident_rows import (
    BEGIN,
    DAY,
    MODEL,
    absent,
    finding,
    grouped,
    noted,
    number,
    only,
    power,
    run,
)
from tests.monitors.incident_rows import measured as frame_of  # fmt: skip

NULLS = {"monitor": "missing", "kind": "null_rate", "metric": "null_share"}
AUC = {**MODEL, "kind": "performance", "metric": "auc", "value": 0.6, "expected": 0.8}
QUIET = [number(day, "psi", 0.1) for day in range(10)]


def test_nothing_found_is_no_incident() -> None:
    assert len(grouped()[1]) == 0
    assert len(ranked(pd.DataFrame(columns=list(COLUMNS)), grouped()[1])) == 0


# ----- what it is about ---------------------------------------------------------------------------------------------


def test_a_run_is_one_incident_and_another_run_is_another() -> None:
    names, incidents = grouped(finding(3), finding(4, 3, state="ongoing"), finding(20))
    assert names[0] == names[1] != names[2]
    first = incidents.set_index("incident").loc[names[0]]
    assert first[["onset", "last_window"]].tolist() == [BEGIN + 3 * DAY, BEGIN + 4 * DAY]


def test_what_is_nearest_to_a_cause_speaks_for_it() -> None:
    it = only(finding(5), absent("x", 5), finding(6, **AUC), finding(6, monitor="decay", kind="input_vanished"))
    assert (it["monitor"], it["kind"], it["feature"], it["onset"]) == ("missing", "absent", "x", BEGIN + 5 * DAY)
    assert it["joined"] == "one feature; the model as a whole"


def test_an_alert_speaks_before_a_watch_and_all_rows_before_a_segment() -> None:
    assert only(absent("x", 5, severity="watch"), finding(5))["kind"] == "shift"
    lost = {"kind": "lost_category", "metric": "lost_share", "segment": "a=1"}
    assert only(finding(5, **lost), finding(5))["segment"] is None
    assert only(finding(5, **{**NULLS, "segment": "a=1"}), finding(5, **AUC))["segment"] == "a=1"


def test_a_segment_that_alone_makes_up_what_all_rows_show_is_named() -> None:
    whole = finding(5, **NULLS, value=0.09, expected=0.005, effect=0.085, n=1000.0)
    part = finding(5, **NULLS, segment="locale=pt-BR", value=0.6, expected=0.005, effect=0.595, n=150.0)
    assert only(whole, part)["title"] == (
        'Since 11 Jan 2025 "x" is missing for 60% of rows with locale=pt-BR (usually 0.5%): '
        "check the pipeline that fills it."
    )
    small = finding(5, **NULLS, segment="locale=pt-BR", value=0.6, expected=0.005, effect=0.595, n=20.0)
    assert "9.0% of rows (usually" in only(whole, small)["title"]


def test_features_that_vanish_together_are_one_incident() -> None:
    it = only(*(absent(f"f{i}", 5) for i in range(40)))
    assert json.loads(it["features"]) == sorted(f"f{i}" for i in range(40))
    assert it["title"] == (
        'Since 11 Jan 2025 "f0" is not in the log\'s files: 100% of rows came without it; '
        'with it "f1", "f10" and 37 more: ask who stopped writing it.'
    )


def test_a_name_that_says_all_is_not_told_twice() -> None:
    assert json.loads(only(finding(5, feature="<b>ü🙂"), finding(5, feature="z"))["features"]) == ["<b>ü🙂", "z"]


# ----- causes -------------------------------------------------------------------------------------------------------


def test_an_event_beside_the_onset_is_named() -> None:
    events = noted((5, "deploy", "model_version 2025.2"), (9, "holiday", "long ago"))
    it = only(finding(5, **AUC), measured=frame_of(*(number(w, "psi", 0.1) for w in range(40))), events=events)
    assert it["cause"] == "model_version 2025.2"
    assert "; it began with deploy model_version 2025.2: " in it["title"]


@pytest.mark.parametrize(("day", "named"), [(3, False), (4, True), (5, True), (6, True), (7, False)])
def test_an_event_is_near_within_a_window(day: int, named: bool) -> None:
    known = frame_of(*(number(w, "psi", 0.1) for w in range(40)))
    it = only(finding(5), measured=known, events=noted((day, "other", "sale")))
    assert (it["cause"] == "sale") is named


def test_where_an_event_is_near_by_chance_none_is_named() -> None:
    daily = noted(*((day, "deploy", f"v{day}") for day in range(40)))
    known = frame_of(*(number(w, "psi", 0.1) for w in range(40)))
    assert only(finding(5), measured=known, events=daily)["cause"] is None


def test_what_there_is_not_is_none() -> None:
    _, incidents = grouped(finding(5), finding(9, **AUC), finding(20, segment="a=1"))
    for name in ("cause", "feature", "segment", "joined"):
        assert all(value is None or isinstance(value, str) for value in incidents[name])
    assert incidents["cause"].tolist() == [None] * 3


def test_a_deploy_is_named_before_a_holiday() -> None:
    events = noted((5, "holiday", "May Day"), (5, "deploy", "v2"))
    known = frame_of(*(number(w, "psi", 0.1) for w in range(40)))
    assert only(finding(5), measured=known, events=events)["cause"] == "v2"


def test_features_that_moved_together_in_the_reference_are_one_incident() -> None:
    rng = np.random.default_rng(0)
    common = rng.normal(size=28)
    held = [
        number(day, "jensen_shannon", 0.1 + scale * common[day] + 0.1 * rng.normal(), feature=name, reference=True)
        for day in range(28) for name, scale in (("speed", 1.0), ("effort", 1.0), ("other", 0.0))
    ]  # fmt: skip
    rows = [finding(30, feature="speed"), finding(31, feature="effort"), finding(31, feature="other", kind="sentinel")]
    names, incidents = grouped(*rows, measured=frame_of(*held))
    assert names[0] == names[1] != names[2]
    assert "these features move together" in set(incidents["joined"])


# ----- rank ---------------------------------------------------------------------------------------------------------


def test_alerts_come_first_then_what_is_open_then_what_costs_most() -> None:
    known = frame_of(*power(a=0.9, b=0.6, c=0.9, d=0.9))
    gone = {"state": "resolved", "severity": "watch"}
    rows = [
        *run(30, 40, feature="b"), *run(31, 40, feature="a", kind="sentinel", monitor="missing"),
        absent("c", 3), absent("c", 5, 3, **gone),
        finding(40, feature="d", severity="watch", monitor="concept", kind="relation", metric="relation"),
    ]  # fmt: skip
    names, incidents = grouped(*rows, measured=known)
    assert incidents["feature"].tolist() == ["a", "b", "c", "d"]
    assert incidents["rank"].tolist() == [1, 2, 3, 4]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).assign(incident=names)
    told = ranked(frame, incidents)
    assert list(told.columns) == list(COLUMNS)
    assert told["feature"].drop_duplicates().tolist() == ["a", "b", "c", "d"]
    assert told["window_start"].iloc[0] == BEGIN + 40 * DAY
    assert len(told) == len(rows)


def test_the_leading_finding_is_told_before_the_others_of_its_incident() -> None:
    rows = [finding(5, p_value=1e-12), finding(6, **AUC), absent("x", 5), absent("x", 6, 5, state="ongoing")]
    names, incidents = grouped(*rows)
    told = ranked(pd.DataFrame(rows, columns=list(COLUMNS)).assign(incident=names), incidents)
    assert told["kind"].tolist() == ["absent", "absent", "shift", "performance"]


# ----- states -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        ([finding(9)], "new"),
        ([finding(8)], "ongoing"),  # one quiet window is not the end
        ([finding(7), finding(9, 7, state="resolved", severity="watch")], "resolved"),
        ([finding(8), finding(9, 8, state="ongoing")], "ongoing"),
        ([finding(8), finding(9, 8, state="worse")], "worse"),
        ([finding(7), finding(8, 7, state="worse")], "ongoing"),
        ([finding(9, severity="watch")], "new"),
        ([finding(8, severity="watch")], "ongoing"),
        ([finding(7, severity="watch")], "resolved"),
        ([finding(8, severity="watch"), finding(9, 8, state="new")], "new"),  # new as an alert
        ([finding(8), finding(9, 8, state="silenced", severity="watch")], "silenced"),
        ([finding(5), finding(7, 5, state="resolved", severity="watch"), absent("x", 5),
          absent("x", 6, 5, state="ongoing")], "ongoing"),
    ],
)  # fmt: skip
def test_an_incidents_state_at_the_end_of_the_log(rows: list[dict[str, Any]], state: str) -> None:
    assert only(*rows, measured=frame_of(*QUIET))["state"] == state


def test_severity_is_alert_if_any_finding_is_one() -> None:
    _, incidents = grouped(finding(5, severity="watch"), finding(6, 5), finding(20, severity="watch"))
    assert incidents.sort_values("onset")["severity"].tolist() == ["alert", "watch"]


def step(rows: list[dict[str, Any]], until: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Findings and incidents of a log that ends before a day."""
    seen = [row for row in rows if row["window_start"] < BEGIN + until * DAY]
    frame = pd.DataFrame(seen, columns=list(COLUMNS))
    return group(frame, Grain.parse("1d"), frame_of(*(number(day, "psi", 0.1) for day in range(until))))


def told(rows: list[dict[str, Any]], before: int, after: int) -> list[tuple[str, str]]:
    """What two runs tell: change and feature."""
    (_, old), (found, new) = step(rows, before), step(rows, after)
    changes = changed(old, new, found)
    return list(changes[["change", "feature"]].itertuples(index=False, name=None))


def test_what_is_told_between_two_runs() -> None:
    rows = [finding(3), finding(4, 3, state="worse"), finding(5, 3, state="ongoing"),
            finding(7, 3, state="resolved", severity="watch")]  # fmt: skip
    assert told(rows, 3, 4) == [("new", "x")]
    assert told(rows, 4, 5) == [("worse", "x")]
    assert told(rows, 4, 6) == [("worse", "x")]
    assert told(rows, 5, 6) == []
    assert told(rows, 6, 8) == [("resolved", "x")]
    assert told(rows, 8, 9) == []
    assert told(rows, 3, 8) == [("over", "x")]
    for day in range(3, 9):
        assert told(rows, day, day) == []  # running twice says nothing


def test_a_watch_is_told_when_it_becomes_an_alert() -> None:
    rows = [finding(3, severity="watch"), finding(4, 3, state="new")]
    assert told(rows, 0, 4) == []
    assert told(rows, 4, 5) == [("new", "x")]


# ----- whole logs ---------------------------------------------------------------------------------------------------


def test_a_pipeline_that_loses_its_columns_is_one_incident_from_the_log_on() -> None:
    log = binary_log(seed=4, count=24, rows=200)
    late = day_of(log) >= 18
    built = build([log[~late], log[late].drop(columns=["x", "z", "noise"])], 14)
    numbers = measured(built)
    found, incidents = group(findings(built).drop(columns="window"), built.settings.grain, numbers)
    gone = found[found["kind"] == "absent"]
    assert set(gone["feature"]) == {"x", "z", "noise"}
    assert gone["incident"].nunique() == 1
    it = incidents.set_index("incident").loc[gone["incident"].iloc[0]]
    assert it["rank"] == 1
    assert it["title"].startswith('Since 24 Jan 2025 "x" is not in the log\'s files')  # the feature that told most
    assert 'with it "z"' in it["title"]
    assert it["cost_unit"] == POWER
    assert it["cost"] > 0.5


def test_two_thousand_columns_are_grouped_at_once() -> None:
    names, _ = grouped(*(absent(f"f{i:04}", 5 + (i >= 40)) for i in range(2000)))
    assert len(set(names)) == 2
