"""The decay ledger: known fates get the verdict that says so, in words that say why; the study is in benchmarks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from monitors.decay import TOO_FEW
from monitors.decay_ledger import VERDICTS, ledger
from monitors.decay_notes import Facts, notes
from monitors.windows import Grain
from tests.benchmarks.verdicts import CHANGES, NAMED, RIGHT, confusion, gain, verdicts

DAY = 86_400_000_000
GRAIN = Grain.parse("1d")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return verdicts(list(RIGHT), rows=1000, positive=0.5, repeats=4, seed=3)


def test_known_fates_get_their_verdicts(table: pd.DataFrame) -> None:
    shares = confusion(table)
    for truth, verdict in RIGHT.items():
        assert shares.loc[truth, verdict] == 1, truth
    assert shares["named"].dropna().to_dict() == dict.fromkeys(NAMED, 1.0)


def test_a_rare_class_still_gets_a_verdict() -> None:
    found = verdicts(["stable", "reversed", "one value"], rows=400, positive=0.02, repeats=4, seed=4)
    assert confusion(found).loc["reversed", "relation_changed"] >= 0.75
    assert confusion(found).loc["stable", "stable"] == 1
    assert found["note"].str.contains("few of a class").all()  # eight positives a window
    assert (found["windows"] == 4).all()


def test_losses_come_first_the_largest_on_top(table: pd.DataFrame) -> None:
    one = verdicts(list(RIGHT), rows=600, positive=0.5, repeats=1, seed=5)
    losses = one["verdict"].isin(VERDICTS[:3]).to_numpy()
    assert losses[: losses.sum()].all()
    assert (np.diff(one["drop"][losses]) <= 0).all()
    assert one["verdict"].iloc[-1] == "never_had_power"
    assert sorted(one["rank_before"]) == list(range(1, len(one) + 1))
    assert table["rank_change"].equals(table["rank_before"] - table["rank_after"])


@pytest.mark.parametrize("windows", [1, 4])
@pytest.mark.parametrize("name", sorted(CHANGES))
def test_gain_holds_what_retraining_promises(name: str, windows: int) -> None:
    found = gain(CHANGES[name], 1000, 0.5, windows, repeats=500)
    assert found.held > 0.92
    assert found.mean == pytest.approx(found.truth, abs=0.01)


# ----- from measurements made up ------------------------------------------------------------------------------------


def measured(values: np.ndarray, reference: int, error: float = 0.004) -> pd.DataFrame:
    """Learned, available and expected power of a feature "x", all alike, window by window."""
    frames = []
    margin = 1.96 * error
    for metric in ("learned_power", "available_power", "expected_power"):
        frames.append(
            pd.DataFrame({
                "monitor": "decay", "metric": metric, "feature": "x", "value": values, "low": values - margin,
                "high": values + margin, "expected": np.mean(values[:reference]), "n": 500.0, "detail": None,
                "window_start": np.arange(len(values)) * DAY, "reference": np.arange(len(values)) < reference,
            })
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def test_half_life_and_floor_have_the_unit_of_the_calendar() -> None:
    age = np.arange(90.0)
    values = np.concatenate([np.full(20, 0.75), 0.5 + 0.25 * 2 ** (-age / 10)])
    values += 0.003 * np.random.default_rng(0).standard_normal(110)
    row = ledger(measured(values, 20), GRAIN, "binary").iloc[0]
    assert row["course"] == "halves"
    assert row["half_life"] * 365.25 / 12 == pytest.approx(10, rel=0.15)
    assert row["half_life_low"] < row["half_life"] < row["half_life_high"]
    assert row["slope"] < 0
    assert 20 + 50 < row["floor_start"] / DAY < 20 + 87


@pytest.mark.parametrize(("course", "values"), [
    ("steady", np.full(60, 0.75)), ("step", np.r_[np.full(40, 0.75), np.full(20, 0.6)]),
    ("straight", np.r_[np.full(20, 0.75), np.linspace(0.75, 0.5, 40)]), ("unknown", np.full(22, 0.75)),
])  # fmt: skip
def test_what_does_not_halve_has_no_half_life(course: str, values: np.ndarray) -> None:
    noise = 0.003 * np.random.default_rng(1).standard_normal(len(values))
    row = ledger(measured(values + noise, 20), GRAIN, "binary").iloc[0]
    assert row["course"] == course
    assert np.isnan(row["half_life"])
    assert np.isnan(row["floor_start"])


def test_windows_of_few_labels_are_pooled_and_said() -> None:
    frame = measured(np.r_[np.full(20, 0.75), np.full(8, 0.74)], 20)
    late = (frame["metric"] == "learned_power") & (frame["window_start"] >= 25 * DAY)
    row = ledger(frame.assign(detail=frame["detail"].where(~late, TOO_FEW)), GRAIN, "binary", recent=4).iloc[0]
    assert row["note"] == "3 of 4 windows have few of a class; taken together"
    assert row["verdict"] == "stable"
    assert row["windows"] == 4


def test_a_drop_that_could_not_have_been_seen_is_said() -> None:
    frame = measured(np.r_[np.full(20, 0.6), np.full(4, 0.58)], 20, error=0.05)
    row = ledger(frame, GRAIN, "binary", recent=1).iloc[0]
    assert row["verdict"] == "stable"
    assert row["note"].startswith("too few labels: only a drop of 0.")


def test_without_labels_nothing_is_known() -> None:
    frame = measured(np.r_[np.full(20, 0.75), np.full(4, np.nan)], 20).dropna(subset=["value"])
    row = ledger(frame, GRAIN, "binary").iloc[0]
    assert row["verdict"] == "unknown"
    assert row["windows"] == 0
    assert len(ledger(frame.iloc[:0], GRAIN, "binary")) == 0
    assert len(ledger(frame.assign(metric="input_spread"), GRAIN, "binary")) == 0


@pytest.mark.parametrize(("given", "note"), [
    ({}, "its values moved to where they tell little"),
    ({"spread": 0.4}, "its range narrowed to 40% of what it was"),
    ({"spread": 0.0}, "all but one value are gone"),
    ({"known": 0.5, "spread": 0.4}, "a value in 50% of rows, 100% before"),
    ({"verdict": "lost_signal", "spread": 0.4},
     "0.1 of the 0.2 lost by its inputs: its range narrowed to 40% of what it was"),
    ({"verdict": "lost_signal", "by_inputs": 0.01}, ""),
    ({"verdict": "stable"}, ""),
    ({"verdict": "stable", "reach": 0.2}, "too few labels: only a drop of 0.2 or more would show"),
    ({"verdict": "stable", "reach": 0.2, "habit": 0.9},
     "its windows differ anyhow: only a drop of 0.2 or more would show"),
    ({"verdict": "stable", "sure": True}, "its relation differs by window: retraining gains 0.1"),
    ({"verdict": "relation_changed", "by_inputs": 0.0, "sure": True}, ""),
    ({"verdict": "never_had_power", "reach": 0.2}, ""),
    ({"verdict": "stable", "few": 1, "windows": 1}, "the window has few of a class"),
])  # fmt: skip
def test_notes(given: dict[str, float | str], note: str) -> None:
    facts = {
        "drop": 0.2, "by_inputs": 0.1, "had": 0.25, "reach": 0.02, "habit": 0.0, "spread": 1.0, "spread_before": 1.0,
        "known": 1.0, "known_before": 1.0, "few": 0, "gain": 0.1, "sure": False,
    } | {key: value for key, value in given.items() if key not in ("verdict", "windows")}  # fmt: skip
    arrays = {key: np.array([value]) for key, value in facts.items()}
    said = notes(Facts([str(given.get("verdict", "input_vanished"))], **arrays, windows=int(given.get("windows", 4))))
    assert said == [note]
