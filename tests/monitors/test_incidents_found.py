"""Every kind of finding, injected into a quiet log, is found where it is and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.cubes import ID, LABEL, SCORE, TIME, binary_log, build, day_of
from tests.monitors.found import alerts, findings

LOG = binary_log(seed=0, count=40, rows=600)
REFERENCE, BEGIN = 21, 30
Change = Callable[[pd.DataFrame, np.ndarray, np.random.Generator], pd.DataFrame]


def put(column: str, value: Any, share: float = 1.0) -> Change:
    """A value in the place of a share of a column's."""

    def change(frame: pd.DataFrame, late: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
        kept = frame[column].astype(object) if value is None else frame[column]
        return frame.assign(**{column: kept.mask(late & (rng.random(len(frame)) < share), value)})

    return change


def moved(column: str, by: Callable[[pd.Series], pd.Series]) -> Change:
    return lambda frame, late, rng: frame.assign(**{column: frame[column].where(~late, by(frame[column]))})


def doubled(frame: pd.DataFrame, late: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    again = frame[late & (rng.random(len(frame)) < 0.05)]
    return pd.concat([frame, again]).sort_values(TIME, kind="stable").reset_index(drop=True)


def noise_for_x(frame: pd.DataFrame, late: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    return frame.assign(x=frame["x"].where(~late, rng.permutation(frame["x"])))


def narrow_x(frame: pd.DataFrame, late: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Only rows with a middling x come any more: what carried the signal is gone, what it meant is not."""
    return frame[~late | (frame["x"].abs() < 0.4)].reset_index(drop=True)


def flipped_labels(frame: pd.DataFrame, late: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    return put(LABEL, 1, 0.2)(frame, late, rng)


Case = tuple[Change, str, str, str | None, set[tuple[str, str | None]]]
CASES: dict[str, Case] = {
    # what happens; monitor, kind and feature of the finding; other features' and kinds' alerts that may come with it
    "shift": (moved("x", lambda x: x + 0.6), "drift", "shift", "x",
              {("prediction_shift", None), ("label_shift", None)}),
    "scale": (moved("noise", lambda x: 1.5 * x), "drift", "shift", "noise", set()),
    "share of a category": (put("device", "tablet", 0.15), "drift", "shift", "device", set()),
    "unseen category": (put("place", "centre", 0.02), "drift", "unseen_category", "place", {("shift", "place")}),
    "lost category": (moved("place", lambda x: x.replace("west", "south")), "drift", "lost_category", "place",
                      {("shift", "place")}),
    "reversed relation": (moved("x", lambda x: -x), "concept", "relation", "x", {("relation_changed", "x")}),
    "worse performance": (moved(SCORE, lambda x: 1 - x), "concept", "performance", None,
                          {("calibration", None), ("prediction_shift", None)}),
    "label rate": (flipped_labels, "concept", "label_shift", None, {("performance", None), ("calibration", None),
                   ("lost_signal", "x"), ("relation_changed", "x"), ("relation", "x"), ("lost_signal", "z")}),
    "score scale": (moved(SCORE, lambda x: 0.6 * x), "concept", "prediction_shift", None,
                    {("performance", None), ("calibration", None)}),
    "lost signal": (noise_for_x, "decay", "lost_signal", "x", {("relation", "x")}),
    "changed relation": (moved("x", lambda x: -x), "decay", "relation_changed", "x", {("relation", "x")}),
    "vanished input": (narrow_x, "decay", "input_vanished", "x", {("shift", "x"), ("volume", None),
                       ("performance", None), ("prediction_shift", None), ("calibration", None)}),
    "nulls": (put("x", None, 0.1), "missing", "null_rate", "x", set()),
    "nan": (put("noise", np.nan, 0.1), "missing", "null_rate", "noise", set()),
    "infinite": (put("noise", np.inf, 0.02), "missing", "null_rate", "noise", set()),
    "constant number": (put("clicks", 3), "missing", "constant", "clicks", set()),
    "constant word": (put("place", "south"), "missing", "constant", "place", {("lost_category", "place"),
                      ("input_vanished", "place"), ("lost_signal", "place"), ("relation_changed", "place")}),
    "sentinel number": (put("z", -999.0, 0.05), "missing", "sentinel", "z", set()),
    "sentinel word": (put("place", "unknown", 0.05), "missing", "sentinel", "place", {("unseen_category", "place")}),
    "one value in the place of many": (put("z", 1.7, 0.3), "drift", "shift", "z", {("lost_signal", "z")}),
    "sentinel far outside": (put("z", 77.0, 0.2), "missing", "sentinel", "z",
                             {("lost_signal", "z"), ("relation", "z"), ("shift", "z")}),
    "duplicates": (doubled, "integrity", "duplicates", None, {("volume", None)}),  # they are more rows
    "half the rows": (lambda f, late, rng: f[~late | (f.index % 2 == 0)], "integrity", "volume", None, set()),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_happened_is_found_at_once_and_nothing_else(name: str) -> None:
    change, monitor, kind, feature, follows = CASES[name]
    frame = change(LOG, day_of(LOG) >= BEGIN, np.random.default_rng(1))
    found = alerts(findings(build(frame, REFERENCE)))
    own = alerts(found, monitor=monitor, kind=kind, feature=feature)
    assert BEGIN <= own["window"].min() <= BEGIN + 1
    assert len(own) >= 7
    others = found[~found.index.isin(own.index)]
    named = {(row.kind, row.feature if isinstance(row.feature, str) else None) for row in others.itertuples()}
    assert named <= follows
    assert (found["window"] >= BEGIN).all()


def test_a_quiet_log_is_quiet() -> None:
    logs = [LOG, *(binary_log(seed=seed, count=40, rows=300) for seed in range(1, 7))]
    flagged = [len(set(alerts(findings(build(log, REFERENCE)))["window"])) for log in logs]
    # of 7 x 19 judged windows 5% are 6.7; twelve or more have a chance of 4% if each is one of its own
    assert sum(flagged) < 12


def test_a_column_that_files_lack_is_absent_and_a_column_that_is_new_is_watched() -> None:
    late = day_of(LOG) >= BEGIN
    built = build([LOG[~late], LOG[late].drop(columns="x").assign(fresh=1.0)], REFERENCE)
    found = findings(built)
    own = alerts(found, kind="absent", feature="x")
    assert own["window"].tolist() == list(range(BEGIN, 40))
    assert (own["p_value"] == 0).all()
    assert "not in the log's files" in own["message"].iloc[0]
    fresh = found[found["kind"] == "new_column"]
    assert set(fresh["severity"]) == {"watch"}
    assert fresh["window"].min() == BEGIN


def test_a_day_without_rows_is_a_gap() -> None:
    found = findings(build(LOG[day_of(LOG) != 33], REFERENCE))
    own = alerts(found, kind="gap")
    assert own["window"].tolist() == [33]
    assert len(alerts(found)) == 1


def test_a_type_that_changes_is_told_with_both_types() -> None:
    late = day_of(LOG) >= BEGIN
    built = build([LOG[~late], LOG[late].assign(x=LOG["x"].astype(str))], REFERENCE)
    own = alerts(findings(built))
    assert set(own["kind"]) == {"type_changed"}
    assert set(own["feature"]) == {"x"}
    assert "number to text" in own["message"].iloc[0]


def test_a_daily_rate_that_stands_still_is_stale() -> None:
    rate = np.random.default_rng(0).normal(1.1, 0.01, 40).round(4)
    rate[25:] = rate[25]
    found = findings(build(LOG.assign(rate=rate[day_of(LOG)]), REFERENCE))
    own = alerts(found, kind="stale", feature="rate")
    assert 27 < own["window"].min() < 32
    assert set(own["onset"]) == {own["window_start"].iloc[0] - (own["window"].iloc[0] - 26) * 86_400_000_000}
    assert "never more than 1" in own["message"].iloc[0]
    assert not len(alerts(found, kind="constant"))  # it is constant within a day in the reference too


def test_late_labels_are_waited_for() -> None:
    frame = LOG.assign(**{LABEL: LOG[LABEL].where((day_of(LOG) < 37) | (LOG[LABEL] == 1), np.nan).astype(float)})
    found = findings(build(frame, REFERENCE))
    assert not len(alerts(found, monitor="concept"))  # positives come first: the rate of the last days is no rate yet
    assert not len(alerts(found, monitor="decay"))


@pytest.mark.parametrize("label", ["regression", "multiclass"])
def test_other_tasks_lose_and_change_their_signal_too(label: str) -> None:
    rng = np.random.default_rng(0)
    signal = 2 * LOG["x"] + rng.normal(0, 1, len(LOG))
    if label == "multiclass":
        signal = pd.Series(np.select([signal > 1, signal < -1], ["high", "low"], "middle"), LOG.index)
        frame = LOG.assign(
            **{LABEL: signal, SCORE: np.select([LOG["x"] > 0.5, LOG["x"] < -0.5], ["high", "low"], "middle")}
        )
    else:
        frame = LOG.assign(**{LABEL: signal, SCORE: 2 * LOG["x"]})
    quiet = build(frame, REFERENCE, task=label)
    assert len(set(alerts(findings(quiet))["window"])) <= 1
    late = day_of(frame) >= BEGIN
    for change, kind in ((noise_for_x, "lost_signal"), (moved("x", lambda x: -x), "relation_changed")):
        found = findings(build(change(frame, late, rng), REFERENCE, task=label))
        assert alerts(found, kind=kind, feature="x")["window"].min() == BEGIN
        assert alerts(found, kind="relation", feature="x")["window"].min() <= BEGIN + 1
    worse = frame.assign(**{LABEL: frame[LABEL].where(~late, rng.permutation(frame[LABEL]))})
    assert alerts(findings(build(worse, REFERENCE, task=label)), kind="performance")["window"].min() == BEGIN


def test_ids_that_are_always_doubled_are_no_news() -> None:
    rng = np.random.default_rng(0)
    frame = doubled(LOG, np.ones(len(LOG), bool), rng)
    assert frame[ID].duplicated().any()
    assert not len(alerts(findings(build(frame, REFERENCE)), kind="duplicates"))
