"""Every form of reference, through the whole pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from monitors.config import Config
from monitors.pipeline import RunResult, run
from monitors.store import Store

BROKEN = pd.Timestamp("2025-03-29")


def log(days: int = 42, rows: int = 150) -> pd.DataFrame:
    """Six weeks with a weekly habit; x moves in the last two days of the fifth week and stays."""
    rng = np.random.default_rng(11)
    day = np.repeat(np.arange(days), rows)
    ts = pd.Timestamp("2025-02-24") + pd.to_timedelta(
        day * 86_400 + np.tile(np.linspace(0, 86_000, rows), days), unit="s"
    )
    weekend = (day % 7) >= 5
    x = rng.normal(size=days * rows) + 1.5 * weekend + np.where(ts >= BROKEN, 3.0, 0.0)
    z = rng.normal(size=days * rows)
    return pd.DataFrame({"ts": ts, "x": x, "z": z, "y": (rng.uniform(size=len(x)) < 1 / (1 + np.exp(-z))).astype(int)})


def ran(home: Path, reference: dict[str, Any]) -> RunResult:
    """Run on that log with a reference."""
    log().to_parquet(home / "log.parquet", index=False)
    content = {"logs": {"path": "log.parquet", "timestamp": "ts", "label": "y"}, "reference": reference}
    return run(Config.from_dict(content, home))


def shifts(result: RunResult, kind: str = "shift") -> list[pd.Timestamp]:
    """Days on which x is told to have shifted."""
    found = result.findings
    found = found[(found["kind"] == kind) & (found["severity"] == "alert")]
    assert set(found["feature"]) <= {"x"}
    return sorted(pd.Timestamp(start, unit="us") for start in found["window_start"])


@pytest.mark.parametrize(
    "reference",
    [{"start": "2025-02-24", "end": "2025-03-23"}, {"end": "2025-03-23"}, {}],
    ids=["range", "open range", "default"],
)
def test_a_range(tmp_path: Path, reference: dict[str, Any]) -> None:
    days = shifts(ran(tmp_path, reference))
    assert days[0] == BROKEN
    assert len(days) >= 6


def test_the_windows_before(tmp_path: Path) -> None:
    days = shifts(ran(tmp_path, {"previous": 14}))
    assert BROKEN in days
    assert not [day for day in days if day < BROKEN]


def test_the_same_weekday_of_earlier_weeks(tmp_path: Path) -> None:
    result = ran(tmp_path, {"season": "1w", "count": 4})
    days = shifts(result)
    assert days[0] == BROKEN  # a Saturday: weekends differ from weekdays, and are compared with weekends
    store = Store.open(f"sqlite:///{tmp_path / 'driftmeter.db'}", read_only=True)
    measured = store.measurements("model")
    store.close()
    shown = measured[measured["metric"] == "jensen_shannon"]
    judged = shown[shown["p_value"].notna()]
    assert pd.Timestamp(judged["window_start"].min(), unit="us") == pd.Timestamp("2025-03-17")  # three weeks are past


@pytest.mark.parametrize("timed", [True, False], ids=["with times", "without"])
def test_a_training_set(tmp_path: Path, timed: bool) -> None:
    training = log(28)
    training["ts"] -= pd.Timedelta(weeks=52)
    (training if timed else training.drop(columns="ts")).to_parquet(tmp_path / "training.parquet", index=False)
    days = shifts(ran(tmp_path, {"path": "training.parquet"}))
    assert days[0] == BROKEN
    again = run(Config.from_dict({
        "logs": {"path": "log.parquet", "timestamp": "ts", "label": "y"}, "reference": {"path": "training.parquet"},
    }, tmp_path))  # fmt: skip
    assert again.windows_profiled == 0


def test_a_new_training_set_counts_anew(tmp_path: Path) -> None:
    log(28).to_parquet(tmp_path / "training.parquet", index=False)
    first = ran(tmp_path, {"path": "training.parquet"})
    (log(28).assign(x=lambda f: f["x"] + 3)).to_parquet(tmp_path / "training.parquet", index=False)
    second = run(Config.from_dict({
        "logs": {"path": "log.parquet", "timestamp": "ts", "label": "y"}, "reference": {"path": "training.parquet"},
    }, tmp_path))  # fmt: skip
    assert second.windows_profiled == first.windows_total
    assert not shifts(first, "distribution") and shifts(first)[0] == BROKEN
    assert shifts(second)[0] == BROKEN, "what the training set was like is no change of the log"
    told = shifts(second, "distribution")
    assert told[0] == pd.Timestamp("2025-02-24")
    skew = second.findings[second.findings["kind"] == "distribution"]
    assert skew["incident"].nunique() == 1
