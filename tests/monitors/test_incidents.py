"""Findings with one cause become one incident, and keep its name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from monitors.findings import COLUMNS
from monitors.incidents import COLUMNS as INCIDENTS
from monitors.incidents import group
from monitors.windows import Grain
from tests.cubes import FIRST_DAY, binary_log, build, day_of
from tests.monitors.found import findings

DAYS = Grain.parse("1d")
DAY = 86_400_000_000
BEGIN = int(FIRST_DAY.astype(np.int64))


def finding(window: int, onset: int | None = None, **other: Any) -> dict[str, Any]:
    start = BEGIN + window * DAY
    return {
        "monitor": "drift", "kind": "shift", "metric": "jensen_shannon", "feature": "x", "segment": None,
        "window_start": start, "window_end": start + DAY, "onset": BEGIN + (window if onset is None else onset) * DAY,
        "value": 0.3, "expected": 0.1, "low": 0.2, "high": 0.4, "p_value": 1e-6, "effect": 0.2, "n": 100.0,
        "severity": "alert", "state": "new", "incident": None, "message": "It moved.", **other,
    }  # fmt: skip


def grouped(*rows: dict[str, Any]) -> tuple[list[str], pd.DataFrame]:
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS))
    found, incidents = group(frame, DAYS)
    assert tuple(incidents.columns) == INCIDENTS
    assert set(incidents["incident"]) == set(found["incident"])
    assert incidents["findings"].sum() == len(rows)
    return found["incident"].tolist(), incidents


def absent(feature: str, window: int, **other: Any) -> dict[str, Any]:
    return finding(window, monitor="missing", kind="absent", feature=feature, message=f'"{feature}" is gone.', **other)


def test_nothing_found_is_no_incident() -> None:
    assert len(grouped()[1]) == 0


def test_a_run_is_one_incident_and_another_run_is_another() -> None:
    names, incidents = grouped(finding(3), finding(4, 3, state="ongoing"), finding(20))
    assert names[0] == names[1] != names[2]
    first = incidents.set_index("incident").loc[names[0]]
    assert first[["onset", "last_window"]].tolist() == [BEGIN + 3 * DAY, BEGIN + 4 * DAY]


def test_features_that_vanish_together_are_one_incident() -> None:
    names, incidents = grouped(*(absent(f"f{i}", 5) for i in range(40)))
    assert len(set(names)) == 1
    assert incidents["title"].tolist() == ['"f0" is gone. With it: f1, f10, f11 and 36 more.']
    later, _ = grouped(absent("a", 5), absent("b", 6))
    assert len(set(later)) == 2


def test_what_one_feature_does_at_once_or_a_window_later_is_one_incident_that_missing_names() -> None:
    names, incidents = grouped(
        finding(5), absent("x", 5), finding(6, 6, monitor="decay", kind="input_vanished", message="It tells nothing."),
        finding(9, 9, monitor="concept", kind="relation"),
    )  # fmt: skip
    assert names[0] == names[1] == names[2] != names[3]
    assert incidents.set_index("incident").loc[names[0], "title"] == '"x" is gone.'


def test_kinds_of_decay_are_one_run() -> None:
    decay = {"monitor": "decay", "feature": "x"}
    names, _ = grouped(
        finding(5, kind="lost_signal", **decay), finding(6, 5, kind="relation_changed", **decay),
        finding(5, kind="lost_signal", **{**decay, "segment": "a=1"}),
    )  # fmt: skip
    assert len(set(names)) == 1


def test_the_log_and_the_model_have_incidents_of_their_own() -> None:
    volume = finding(5, monitor="integrity", kind="volume", feature=None)
    double = finding(5, monitor="integrity", kind="duplicates", feature=None)
    auc = finding(5, monitor="concept", kind="performance", feature=None)
    names, _ = grouped(volume, double, auc, finding(5))
    assert names[0] == names[1]
    assert len(set(names)) == 3


@pytest.mark.parametrize(
    ("states", "state"),
    [
        (["new", "ongoing"], "ongoing"), (["new", "resolved"], "resolved"), (["new"], "new"),
        (["new", "worse"], "worse"), (["new", "silenced"], "silenced"),
    ],
)  # fmt: skip
def test_an_incident_is_in_the_state_of_its_last_window(states: list[str], state: str) -> None:
    rows = [finding(5 + i, 5, state=each) for i, each in enumerate(states)]
    assert grouped(*rows)[1]["state"].tolist() == [state]


def test_while_one_of_its_runs_is_open_an_incident_is_open() -> None:
    over = absent("a", 6, onset=5, state="resolved", severity="watch")
    rows = [absent("a", 5), absent("b", 5), over, absent("b", 6, onset=5, state="ongoing")]
    assert grouped(*rows)[1]["state"].tolist() == ["ongoing"]


def test_names_stay_when_windows_and_findings_are_added_and_whatever_their_order() -> None:
    first = [finding(5), absent("x", 5), finding(5, feature="z")]
    later = [*first, finding(6, 5, state="ongoing"), finding(12), absent("q", 13)]
    before, _ = grouped(*first)
    after, _ = grouped(*later)
    assert after[: len(first)] == before
    turned, _ = grouped(*later[::-1])
    assert turned[::-1] == after


def test_severity_is_alert_if_any_finding_is_one() -> None:
    _, incidents = grouped(finding(5, severity="watch"), finding(6, 5), finding(20, severity="watch"))
    assert incidents.sort_values("onset")["severity"].tolist() == ["alert", "watch"]


def test_a_pipeline_that_loses_its_columns_is_one_incident_from_the_log_on() -> None:
    log = binary_log(seed=4, count=24, rows=200)
    late = day_of(log) >= 18
    built = build([log[~late], log[late].drop(columns=["x", "z", "noise"])], 14)
    found, incidents = group(findings(built).drop(columns="window"), DAYS)
    gone = found[found["kind"] == "absent"]
    assert set(gone["feature"]) == {"x", "z", "noise"}
    assert gone["incident"].nunique() == 1
    title = incidents.set_index("incident").loc[gone["incident"].iloc[0], "title"]
    assert "not in the log's files" in title
    assert "With it:" in title


def test_two_thousand_columns_are_grouped_at_once() -> None:
    names, _ = grouped(*(absent(f"f{i:04}", 5 + (i >= 40)) for i in range(2000)))
    assert len(set(names)) == 2
