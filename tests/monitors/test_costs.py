"""What an incident costs: loss on the rows it touches, else predictive power."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from monitors.costs import POWER
from tests.monitors.incident_rows import (
    absent,
    finding,
    log_loss,
    number,
    only,
    power,
    run,
)
from tests.monitors.incident_rows import measured as frame_of  # fmt: skip

NULLS = {"monitor": "missing", "kind": "null_rate", "metric": "null_share"}
DECAY = {"monitor": "decay", "kind": "lost_signal", "metric": "learned_power"}


def gap(window: int, value: float, half: float = 0.01, **other: Any) -> dict[str, Any]:
    return number(window, "loss_gap", value, monitor="missing", low=value - half, high=value + half, **other)


def nulls(window: int, onset: int, share: float = 0.41, **other: Any) -> dict[str, Any]:
    state = "new" if window == onset else "ongoing"
    of = {**NULLS, "value": share, "expected": 0.01, "effect": share - 0.01, "state": state}
    return finding(window, onset, **{**of, **other})


def test_the_loss_on_rows_without_the_feature_is_its_cost() -> None:
    known = frame_of(*log_loss(), gap(5, 0.2), gap(6, 0.1))
    it = only(nulls(5, 5), nulls(6, 5), measured=known)
    assert it["cost"] == pytest.approx(0.15 * 0.4)
    assert it["cost_unit"] == "log loss per row"
    assert it["weight"] == pytest.approx(0.15 * 0.4 / 0.5)
    assert "it costs 0.06 log loss per row (12% more than usual)" in it["title"]


def test_a_loss_that_chance_explains_gives_way_to_power() -> None:
    known = frame_of(*log_loss(), gap(5, 0.2, half=0.3), *power(x=0.7, z=0.8))
    it = only(nulls(5, 5), measured=known)
    assert it["cost_unit"] == POWER
    assert it["cost"] == pytest.approx(0.4 * 0.2 / 0.5)


def test_a_column_that_is_gone_costs_what_the_model_lost() -> None:
    parts = [number(5, f"loss_{part}", value, monitor="concept", feature=None)
             for part, value in (("inputs", 0.03), ("relation", 0.07))]  # fmt: skip
    it = only(absent("x", 5), measured=frame_of(*log_loss(), *parts))
    assert it["cost"] == pytest.approx(0.1)


def test_power_lost_is_capped_by_what_the_feature_had() -> None:
    decay = finding(5, **DECAY, value=0.2, expected=0.6, effect=-0.4)
    it = only(decay, measured=frame_of(*power(x=0.6, z=0.9)))
    assert it["cost"] == pytest.approx(0.1 / 0.5)
    assert only(decay, task="regression", measured=frame_of(*power(x=0.6, z=0.9)))["cost"] == pytest.approx(0.4 / 1.5)


def test_what_one_window_shows_is_not_the_cost_of_a_hundred() -> None:
    lost = {"kind": "lost_category", "metric": "lost_share", "value": 0.1, "expected": 0.0, "effect": 0.1}
    decay = finding(9, **DECAY, value=0.5, expected=0.7, effect=-0.2)
    it = only(*run(5, 104, **lost), decay, measured=frame_of(*power(x=0.7, z=0.8)))
    assert it["cost"] == pytest.approx(0.1 * 0.2 / 0.5)


def test_a_segments_cost_counts_for_its_rows() -> None:
    whole = number(5, "null_share", 0.06, monitor="missing", n=1000.0)
    part = number(5, "null_share", 0.41, monitor="missing", n=100.0, segment="a=1")
    known = frame_of(whole, part, *power(x=0.7, z=0.8))
    it = only(nulls(5, 5, segment="a=1", n=100.0), measured=known)
    assert it["cost"] == pytest.approx(0.4 * 0.2 / 0.5 / 10)


def test_without_labels_nothing_is_said_of_cost() -> None:
    it = only(nulls(5, 5))
    assert np.isnan(it["cost"])
    assert it["weight"] > 0
    assert "cost" not in it["title"]
