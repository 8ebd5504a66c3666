"""The table of checks on the Log health page, and the planned ends of the Missing page."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dashboard.views.log_checks import CHECKS, _course, _furthest, _row, _title
from dashboard.views.planned import _brief
from dashboard.views.planned import _title as planned_title
from monitors.planned import Planned
from monitors.rules import RULES
from tests.charts import samples


def rows(alert: int | None = None, expected: float = 0.01) -> pd.DataFrame:
    frame = samples.calendar(90).assign(value=0.01, expected=expected, p_value=0.5, severity=None, message=None)
    frame.loc[frame["reference"], "p_value"] = np.nan
    if alert is not None:
        frame.loc[alert, ["value", "p_value", "severity"]] = [0.4, 1e-9, "alert"]
    return frame


def test_every_judged_number_of_the_log_is_a_check() -> None:
    judged = {metric for monitor, metric in RULES if monitor == "integrity"}
    elsewhere = {"gap", "latency_p50", "latency_p95", "latency_p99"}
    assert {check.metric for check in CHECKS} == judged - elsewhere


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.metric)
def test_a_check_says_what_was_found_and_what_was_not(check) -> None:
    quiet, loud = rows(), rows(70)
    assert "nothing out of the usual in 50 windows" in _title(check, "", quiet)
    assert "12 Mar 2026" in _title(check, "a <b> column", loud)
    assert "a <b> column" in _title(check, "a <b> column", loud)
    watched = loud.assign(severity=loud["severity"].replace("alert", "watch"))
    assert _title(check, "", watched) == _title(check, "", loud)
    watched.loc[71] = watched.loc[70].to_dict() | {"x": watched.loc[71, "x"]}
    assert _title(check, "", watched).endswith("; worth a look in 2 windows")
    assert "no window is judged" in _title(check, "", quiet.assign(p_value=np.nan))
    assert _row(check, "", quiet)["status"] == "● ok"
    told = _row(check, "", loud)
    assert (told["alerts"], told["status"], told["when"]) == (1, "● ok", "12 Mar 2026")
    assert _row(check, "", rows(89))["status"] == "■ alert"


def test_the_strangest_window_is_the_furthest_off_and_the_course_keeps_it() -> None:
    frame = rows(70)
    frame.loc[20, "value"] = 0.9  # of the reference, not judged
    assert _furthest(frame)["value"] == 0.4
    course = _course(rows(70)["value"].to_numpy())
    assert len(course) == 60
    assert max(course) == 0.4
    assert _course(np.arange(5.0)) == [0, 1, 2, 3, 4]


def test_planned_ends_are_told_by_what_needs_somebody() -> None:
    def end(name: str, state: str, days: int | None) -> Planned:
        return Planned(name, None, None, state, days)

    late, later, early = end("a", "overdue", -3), end("b", "overdue", -1), end("c", "early", 4)
    soon, distant = end("d", "planned", 2), end("e", "planned", 90)
    assert planned_title([late, early, soon]) == "“a” is served after its end; “c” left before its end"
    assert planned_title([late, later]) == "2 features are served after their end"
    assert planned_title([distant, soon]) == "Every plan was kept so far; next “d” ends, in 2 days"
    assert planned_title([end("f", "gone", -9)]) == "Every planned end was kept"
    assert [_brief(each) for each in (later, early, soon, end("g", "planned", 0), end("h", "undated", None))] == [
        "1 day overdue", "left early", "in 2 days", "today", "no date yet",
    ]  # fmt: skip
