"""The benchmark of expected performance in short: simulated logs, without NannyML."""

from __future__ import annotations

import pytest

from tests.benchmarks.expected import SIMULATED, beside, ours, simulated, summary


@pytest.mark.parametrize("kind", ["calibrated", "overconfident", "in ten steps"])
def test_expected_auc_is_within_a_hundredth_of_the_true_one(kind: str) -> None:
    log = simulated(kind, 0, windows=6)
    found = beside(log, ours(*log))
    errors = found[found["metric"] == "auc, true"]["error"].abs()
    assert len(errors) == 6
    assert errors.max() < 0.01
    assert found["inside"].mean() > 0.7
    assert summary(found).split()[0] == str(len(found))


def test_labels_of_the_windows_are_not_looked_at() -> None:
    frame, reference = simulated("calibrated", 1, windows=2)
    turned = frame.assign(y=frame["y"].where(frame.index < reference, 1 - frame["y"]))
    assert ours(turned, reference).equals(ours(frame, reference))


def test_every_kind_is_a_log() -> None:
    for kind in SIMULATED:
        frame, reference = simulated(kind, 0, windows=1)
        assert len(frame) == reference + 5_000
        assert frame["score"].between(0, 1).all()
        assert 0 < frame["y"].mean() < 1
