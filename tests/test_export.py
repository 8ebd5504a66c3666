from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

from monitors import export
from monitors.windows import Grain, instant
from tests.stored import finding, measurement

# Written out from the design's section 5: a change of the public interface must be made twice.
FINDINGS = (
    "model, monitor, kind, feature, segment, window_start, window_end, onset, value, expected, low, high, p_value, "
    "effect, n, severity, state, incident, message"
)
MEASUREMENTS = (
    "model, monitor, metric, feature, segment, window_start, window_end, value, low, high, expected, n, p_value"
)
DAYS = Grain.parse("1d", "America/New_York")
START = instant("2015-03-08", "America/New_York")


def test_the_public_names() -> None:
    assert ", ".join(export.FINDING_KEYS) == FINDINGS
    assert ", ".join(export.MEASUREMENT_KEYS) == MEASUREMENTS


def test_findings_become_plain_json() -> None:
    frame = pd.DataFrame(
        [
            finding(START, DAYS, severity="watch"),
            finding(START, DAYS, n=np.nan, value=np.inf, feature=None),
            finding(DAYS.end(START), DAYS, p_value=np.nan),
        ]
    )
    found = export.findings_json(frame, DAYS)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert [tuple(each) for each in found] == [export.FINDING_KEYS] * 3
    assert [each["severity"] for each in found] == ["alert", "alert", "watch"]
    assert found[0]["window_start"] == "2015-03-09T00:00:00-04:00"
    assert found[0]["p_value"] is None
    assert found[0]["n"] == 1000
    assert isinstance(found[0]["n"], int)
    assert (found[1]["n"], found[1]["value"], found[1]["feature"], found[1]["segment"]) == (None, None, None, None)
    assert (found[1]["window_start"], found[1]["window_end"]) == (
        "2015-03-08T00:00:00-05:00",
        "2015-03-09T00:00:00-04:00",
    )


def test_windows_of_rows_stay_numbers() -> None:
    rows = Grain.parse("100 rows")
    found = export.findings_json(pd.DataFrame([finding(100, rows)]), rows)[0]
    assert (found["window_start"], found["window_end"], found["onset"]) == (100, 200, 100)
    public = export.measurements_public(pd.DataFrame([measurement(100, rows)]), rows)
    assert public["window_end"].tolist() == [200]


def test_no_findings() -> None:
    assert export.findings_json(pd.DataFrame(columns=[*export.FINDING_KEYS, "metric"]), DAYS) == []


def test_measurements_have_times_that_other_programs_read(tmp_path: Path) -> None:
    frame = pd.DataFrame([measurement(START, DAYS)]).drop(columns="model")
    public = export.measurements_public(frame, DAYS, model="m")
    assert tuple(public.columns) == export.MEASUREMENT_KEYS
    assert public["model"].tolist() == ["m"]
    assert public["window_start"].tolist() == [pd.Timestamp("2015-03-08", tz="America/New_York")]
    public.to_parquet(tmp_path / "x.parquet")
    assert pd.read_parquet(tmp_path / "x.parquet")["window_start"].iloc[0] == public["window_start"].iloc[0]
    assert re.fullmatch(r"2015-03-08T00:00:00-05:00", export.text_times(public)["window_start"].iloc[0])
