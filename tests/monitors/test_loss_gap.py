"""What a missing feature costs: against the losses of the rows themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from monitors.loss_gap import FEWEST, measure
from monitors.statistics.losses import log_losses
from tests.cubes import LABEL, SCORE, binary_log, build, day_of

LOG = binary_log(seed=3, count=16, rows=400)
LATE = day_of(LOG) >= 12


def gaps(frame: pd.DataFrame, **more: object) -> pd.DataFrame:
    return measure(*build(frame, 10, **more))


def without_x(share: float = 0.4, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """The log with x missing in a share of late rows, which then get a score that knows nothing."""
    gone = LATE & (np.random.default_rng(seed).random(len(LOG)) < share)
    return LOG.assign(x=LOG["x"].mask(gone), **{SCORE: LOG[SCORE].mask(gone, 0.5)}), gone


def test_the_gap_is_that_of_the_rows_losses() -> None:
    frame, gone = without_x()
    found = gaps(frame)
    found = found[found["feature"] == "x"]
    assert len(found) == 4
    score, label = frame[SCORE].to_numpy(), frame[LABEL].to_numpy()
    loss = log_losses(score)[np.arange(len(frame)), label]
    for row, day in zip(found.itertuples(), range(12, 16), strict=True):
        here = day_of(frame) == day
        away, kept = loss[here & gone], loss[here & ~gone]
        assert row.value == pytest.approx(away.mean() - kept.mean(), abs=1e-9)
        assert row.n == len(away)
        error = loss[here].std() * np.sqrt(1 / len(away) + 1 / len(kept))  # every row's loss varies alike
        assert (row.high - row.low) / 2 == pytest.approx(1.96 * error, rel=0.05)


def test_rows_that_are_missing_by_chance_cost_nothing() -> None:
    covered, told = 0, 0
    for seed in range(10):
        gone = LATE & (np.random.default_rng(seed).random(len(LOG)) < 0.3)
        found = gaps(LOG.assign(noise=LOG["noise"].mask(gone)))
        told += len(found)
        covered += int(((found["low"] <= 0) & (found["high"] >= 0)).sum())
    assert told == 40
    assert covered >= 34  # of 40 intervals of 95%: five or fewer miss with a chance of 98%, six of 99.7%


def test_it_is_shown_not_judged_and_the_reference_is_left_out() -> None:
    frame, _ = without_x()
    found = gaps(frame)
    assert found["p_value"].isna().all()
    assert not found["reference"].any()
    everywhere = LOG.assign(x=LOG["x"].mask(np.random.default_rng(0).random(len(LOG)) < 0.4))
    assert len(gaps(everywhere)) == 6


def test_too_few_rows_are_not_compared() -> None:
    few = LOG.assign(x=LOG["x"].mask(LATE & (LOG.groupby(day_of(LOG)).cumcount() < FEWEST - 1)))
    assert not len(gaps(few))
    enough = LOG.assign(x=LOG["x"].mask(LATE & (LOG.groupby(day_of(LOG)).cumcount() < FEWEST)))
    assert len(gaps(enough)) == 4
    assert not len(gaps(LOG.assign(x=LOG["x"].mask(LATE))))  # nothing to compare with


@pytest.mark.parametrize("lacking", [SCORE, LABEL])
def test_without_scores_or_labels_there_is_none(lacking: str) -> None:
    frame, _ = without_x()
    assert not len(gaps(frame.drop(columns=lacking)))


def test_errors_of_numbers_are_absolute_ones() -> None:
    frame, gone = without_x()
    frame = frame.assign(**{LABEL: 2.0 * LOG["x"], SCORE: np.where(gone, 0.0, 2.0 * LOG["x"] + 0.1)})
    found = gaps(frame, task="regression")
    error = np.abs(frame[LABEL] - frame[SCORE]).to_numpy()
    here = day_of(frame) == 12
    assert found["value"].iloc[0] == pytest.approx(error[here & gone].mean() - error[here & ~gone].mean(), abs=1e-9)
