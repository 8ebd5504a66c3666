"""Runs and incidents: findings as people speak of them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from dashboard import data, reported
from dashboard.views.common import clause
from monitors.causes import DEPTH
from monitors.views import Look
from monitors.windows import Grain

ROWS = Grain("rows", "100 rows")


def finding(window: int, state: str = "new", **changes: Any) -> dict[str, Any]:
    row = {
        "monitor": "drift", "metric": "jensen_shannon", "kind": "shift", "feature": "x", "segment": None, "onset": 0,
        "window_start": window * 100, "window_end": window * 100 + 100, "severity": "alert", "state": state,
        "p_value": 0.001, "incident": "a", "message": f"window {window}", "effect": 0.1,
    }  # fmt: skip
    return {**row, **changes}


def runs(*rows: dict[str, Any], latest: int = 900) -> pd.DataFrame:
    return reported.runs(data.with_x(pd.DataFrame(list(rows)), ROWS), latest)


def test_no_findings_are_no_runs() -> None:
    empty = data.with_x(pd.DataFrame([finding(0)]), ROWS).iloc[:0]
    every = reported.runs(empty, 0)
    assert every.empty
    assert reported.incidents(every).empty
    assert reported.folded(every).empty


def test_a_run_speaks_by_its_last_alert_and_ends_with_its_last_row() -> None:
    watch, over = finding(2, "ongoing", severity="watch"), finding(3, "resolved", severity="watch", message="is back")
    every = runs(finding(0), finding(1, "worse", p_value=1e-6), watch, over)
    row = every.iloc[0]
    assert len(every) == 1
    assert (row["severity"], row["state"], row["is_open"]) == ("alert", "over", False)
    assert (row["message"], row["windows"], row["x_last"]) == ("window 1", 3, 300)
    assert row["strength"] == pytest.approx(6)


def test_an_alert_is_open_until_it_says_otherwise_and_a_watch_while_it_is_seen() -> None:
    assert runs(finding(1))["is_open"].tolist() == [True]
    assert runs(finding(1, severity="watch"))["is_open"].tolist() == [False]
    assert runs(finding(9, severity="watch"))["is_open"].tolist() == [True]
    assert runs(finding(9, "silenced", severity="watch"))["state"].tolist() == ["silenced"]


def test_lost_power_is_one_run_whatever_its_reason() -> None:
    lost = {"monitor": "decay", "metric": "learned_power"}
    every = runs(finding(0, kind="relation_changed", **lost), finding(1, "ongoing", kind="lost_signal", **lost))
    assert every["kind"].tolist() == ["lost_signal"]
    assert every["windows"].tolist() == [2]


def test_worst_first() -> None:
    every = runs(
        finding(9, feature="over", onset=1), finding(9, "resolved", feature="over", onset=1, severity="watch"),
        finding(9, feature="watch", severity="watch", p_value=0.0), finding(9, feature="strange", p_value=1e-9),
        finding(9, feature="part", segment="s=1", p_value=1e-12), finding(9, feature="plain"),
    )  # fmt: skip
    assert every["feature"].tolist() == ["strange", "plain", "part", "watch", "over"]


def test_segments_are_folded_into_all_rows() -> None:
    parts = [finding(9, segment=f"s={i}") for i in range(4)]
    assert reported.folded(runs(finding(9), *parts))["where"].tolist() == ["all; s=0, 3 more"]
    assert reported.folded(runs(*parts[:2]))["where"].tolist() == ["s=0, s=1"]
    assert reported.folded(runs(finding(9)))["where"].tolist() == ["all"]
    assert len(reported.folded(runs(finding(9), finding(9, feature="y")))) == 2


def test_an_incident_is_spoken_for_by_what_explains_the_rest() -> None:
    gone = finding(9, monitor="missing", kind="absent", metric="absent_share", onset=100, message="gone")
    told = reported.incidents(runs(finding(9, feature="y", p_value=1e-9), gone), since=0)
    row = told.iloc[0]
    assert len(told) == 1
    assert (row["message"], row["onset"], row["findings"], row["is_new"]) == ("gone", 0, 2, True)
    assert set(row["features"]) == {"x", "y"}


def test_an_incident_is_spoken_for_by_what_leads_it_in_the_table_of_incidents() -> None:
    shifted = finding(9, monitor="concept", kind="prediction_shift", feature=None, p_value=1e-12)
    broken = finding(9, monitor="concept", kind="nonfinite", feature=None, p_value=0.001)
    stored = pd.DataFrame([{"incident": "a", "kind": "nonfinite", "feature": None, "onset": 700, "x_onset": 700}])
    assert reported.incidents(runs(shifted, broken))["kind"].tolist() == ["prediction_shift"]
    assert reported.incidents(runs(shifted, broken), stored=stored)["kind"].tolist() == ["nonfinite"]
    # it speaks although it is over itself, and the incident stands as what goes on in it
    over = [finding(3, monitor="concept", kind="nonfinite", feature=None, onset=300),
            finding(5, "resolved", monitor="concept", kind="nonfinite", feature=None, onset=300)]  # fmt: skip
    row = reported.incidents(runs(shifted, *over), stored=stored).iloc[0]
    assert (row["kind"], row["is_open"], row["severity"]) == ("nonfinite", True, "alert")
    assert row["state"] == reported.incidents(runs(shifted, *over)).iloc[0]["state"] == "new"
    # since when is told of what leads, and whether that is new
    assert (row["onset"], row["x_onset"]) == (700, 700)
    assert reported.incidents(runs(shifted, *over), since=700, stored=stored)["is_new"].tolist() == [True]
    other = stored.assign(incident="b")
    row = reported.incidents(runs(shifted, broken), stored=other).iloc[0]
    assert (row["kind"], row["onset"], row["x_onset"]) == ("prediction_shift", 0, 0)


@pytest.mark.parametrize("kind", sorted(set(DEPTH) - {"decay"}))
def test_every_kind_has_words_of_its_own(kind: str) -> None:
    told = clause({"monitor": "drift", "kind": kind, "feature": "x", "segment": None})
    assert ":" not in told and "_" not in told


def test_new_incidents_come_before_old_ones() -> None:
    old, new = finding(9, onset=0, p_value=1e-9), finding(9, onset=900, incident="b", feature="y")
    assert reported.incidents(runs(old, new), since=900)["incident"].tolist() == ["b", "a"]
    assert reported.incidents(runs(old, new))["incident"].tolist() == ["a", "b"]


def test_a_trend_is_short_and_its_mean_is_kept(flights: str) -> None:
    page = data.page(flights, Look("1d"))
    rows = page.metric("drift", "jensen_shannon", "AIRLINE")
    row = {"monitor": "drift", "metric": "jensen_shannon", "feature": "AIRLINE", "segment": None}
    course = reported.trend(page, row, points=53)
    assert len(course) == 53
    assert sum(course) / 53 == pytest.approx(rows["value"].mean())
    assert reported.trend(page, {**row, "segment": "s=1"}) == []
