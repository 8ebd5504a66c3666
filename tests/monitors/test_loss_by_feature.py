"""Which feature's shift, or whose relation, the change in loss is laid at."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from monitors.concept import measure
from monitors.loss_by_feature import loss_by_feature
from monitors.measurement import combine
from tests.cubes import LABEL, SCORE, binary_log, build, day_of

LOG = binary_log(seed=3, count=30, rows=800)
DAY = day_of(LOG)
REFERENCE, CHANGE = 14, 20
RNG = np.random.default_rng(0)


def split(frame: pd.DataFrame, **more) -> pd.DataFrame:
    return combine(loss_by_feature(*build(frame, REFERENCE, **more)))


def means(found: pd.DataFrame, metric: str, first: int = CHANGE) -> pd.Series:
    late = found[found["window_start"] >= np.sort(found["window_start"].unique())[first - REFERENCE]]
    return late[late["metric"] == metric].groupby("feature")["value"].mean()


def hard(frame: pd.DataFrame, where: np.ndarray) -> pd.DataFrame:
    """Rows of one kind whose score says nothing."""
    coin = (RNG.random(len(frame)) < 0.5).astype(int)
    return frame.assign(**{SCORE: np.where(where, 0.5, frame[SCORE]), LABEL: np.where(where, coin, frame[LABEL])})


def test_more_rows_of_the_hard_kind_are_an_input_that_moved_and_the_kind_is_named() -> None:
    frame = hard(LOG, (LOG["place"] == "east").to_numpy())
    gone = (DAY >= CHANGE) & (frame["place"] != "east") & (RNG.random(len(frame)) < 0.6)
    frame = frame[~gone].reset_index(drop=True)
    found = split(frame)
    inputs, relation = means(found, "loss_inputs"), means(found, "loss_relation")
    assert inputs.idxmax() == "place"
    whole = inputs + relation + means(found, "loss_unknown").reindex(inputs.index, fill_value=0.0)
    change = whole.mean()
    np.testing.assert_allclose(whole, change, atol=0.01 * change)
    assert inputs["place"] == pytest.approx(change, abs=0.35 * change)
    assert inputs.drop("place").abs().max() < 0.3 * change
    last = found[(found["metric"] == "loss_inputs") & (found["feature"] == "place")].sort_values("window_start")
    assert last["detail"].iloc[-1].startswith("east: ")
    assert last["detail"].iloc[-1].endswith("of rows")


def test_the_same_rows_that_turn_out_otherwise_are_a_relation_that_moved() -> None:
    west = (LOG["place"] == "west").to_numpy() & (DAY >= CHANGE)
    found = split(LOG.assign(**{LABEL: np.where(west, 1 - LOG[LABEL], LOG[LABEL])}))
    inputs, relation = means(found, "loss_inputs"), means(found, "loss_relation")
    assert relation.min() > 0.02
    assert inputs.abs().max() < 0.15 * relation.min()
    last = found[(found["metric"] == "loss_relation") & (found["feature"] == "place")].sort_values("window_start")
    assert last["detail"].iloc[-1].startswith("west: loss ")


def test_the_parts_add_up_to_the_change_of_the_loss_of_the_rows() -> None:
    found = split(LOG)
    usual = LOG[DAY < REFERENCE]
    before = metrics.log_loss(usual[LABEL], usual[SCORE])
    wide = found.pivot_table(index="window_start", columns=["feature", "metric"], values="value")
    for w, (_, row) in enumerate(wide.iterrows()):
        rows = LOG[w + REFERENCE == DAY]
        change = metrics.log_loss(rows[LABEL], rows[SCORE]) - before
        for feature in ("x", "place", "flag"):
            assert row[feature].sum() == pytest.approx(change, abs=1e-9)  # NaN: no value that is unknown
    parts = found[found["metric"] != "loss_unknown"]
    assert (parts["low"] <= parts["value"]).all()
    assert (parts["value"] <= parts["high"]).all()


def test_values_that_the_reference_did_not_have_are_a_part_of_their_own() -> None:
    frame = LOG.assign(place=LOG["place"].astype(object).mask((DAY >= CHANGE) & (LOG["place"] == "east"), "moon"))
    found = split(frame)
    unknown = found[(found["metric"] == "loss_unknown") & (found["feature"] == "place")]
    assert len(unknown) == 30 - CHANGE
    wide = found[found["window_start"].isin(unknown["window_start"])].pivot_table(
        index="window_start", columns="feature", values="value", aggfunc="sum"
    )
    np.testing.assert_allclose(wide["place"], wide["flag"], atol=1e-9)


def test_a_quiet_windows_intervals_hold_nothing() -> None:
    found = split(binary_log(seed=11, count=40, rows=600))
    own = found[found["feature"].isin(["noise", "flag", "device"]) & (found["metric"] == "loss_inputs")]
    assert ((own["low"] <= 0) & (own["high"] >= 0)).mean() > 0.9


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_other_losses_are_split_too(task: str) -> None:
    if task == "regression":
        frame = LOG.assign(**{LABEL: LOG["x"] + RNG.normal(0, 1, len(LOG)), SCORE: LOG["x"]})
    else:
        frame = LOG.assign(**{LABEL: LOG["place"], SCORE: LOG["place"].where(LOG.index % 4 > 0, "north")})
    found = split(frame.drop(columns="place") if task == "multiclass" else frame, task=task)
    assert len(found)
    assert np.isfinite(found.loc[found["metric"] != "loss_unknown", ["value", "low", "high"]].to_numpy()).all()


def test_a_thousand_narrow_features_are_worked_on_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = split(LOG)
    monkeypatch.setattr("monitors.profile.alike._CELLS", 50)
    pd.testing.assert_frame_equal(split(LOG), whole)


def test_nothing_to_split_gives_nothing() -> None:
    assert split(LOG.assign(**{LABEL: np.nan}), task="binary", positive=1).empty
    assert combine(loss_by_feature(*build(LOG[DAY < REFERENCE], REFERENCE))).empty
    ranks = LOG.assign(**{SCORE: 100 * LOG[SCORE]})  # only ranks: there is no loss
    found = measure(*build(ranks, REFERENCE))
    assert not found["metric"].isin(["loss_inputs", "loss_relation"]).any()
    no_features = split(LOG[["ts", SCORE, LABEL]])
    assert no_features.empty
