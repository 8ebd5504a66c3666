"""Dated events are matched with alerts by feature, kind and date."""

from __future__ import annotations

import pandas as pd
import pytest

from monitors.windows import Grain
from tests.benchmarks.alarms.events import begins, told

DAY = 86_400_000_000
GRAIN = Grain.parse("1d")
FOUND = pd.DataFrame(
    [("drift", "shift", "x", 3), ("missing", "absent", "x", 5), ("drift", "shift", "x", 9), ("drift", "shift", "y", 6)],
    columns=["monitor", "kind", "feature", "window_start"],
).assign(window_start=lambda f: f["window_start"] * DAY)


def test_the_first_alert_of_the_right_kind_from_the_event_on_counts() -> None:
    event = {"kind": "drift", "feature": "x", "start": "1970-01-05T13:00"}
    row = told(event, FOUND, GRAIN, begins(event, None), "log")
    assert (row["since"], row["found"], row["delay"]) == ("1970-01-05", "1970-01-10", 5)
    assert (row["called"], row["alerts_before"]) == ("drift/shift", 1)


def test_an_event_by_degrees_has_no_delay() -> None:
    row = told({"kind": "drift", "feature": "y", "gradual": True}, FOUND, GRAIN, None, "log")
    assert (row["since"], row["found"], row["delay"]) == ("", "1970-01-07", None)


@pytest.mark.parametrize("event", [
    {"kind": "missing", "feature": "y", "start": "1970-01-02"},
    {"kind": "drift", "feature": "x", "start": "1970-01-20"},
])  # fmt: skip
def test_another_kind_or_an_earlier_alert_is_not_it(event: dict[str, str]) -> None:
    assert told(event, FOUND, GRAIN, begins(event, None), "log")["found"] == "never"


def test_rows_are_instants_where_the_log_has_times() -> None:
    times = pd.Series(pd.to_datetime(["1970-01-01 00:00", "1970-01-02 06:00"]))
    assert begins({"start_row": 1}, times) == DAY + DAY // 4
    assert begins({"start_row": 1}, None) == 1
