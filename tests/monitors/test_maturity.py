"""A window is judged once its labels are in, and not before: early labels are not like late ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from monitors import concept, decay
from monitors.assess import measure_all
from monitors.config import Config
from monitors.findings import find
from monitors.maturity import immature_starts, labels, labels_in, mature, mature_reference
from monitors.measurement import labelled_share
from monitors.profile.rows import UNKNOWN_TIME
from monitors.reference import Plan
from tests.cubes import LABEL, SCORE, TIME, Built, binary_log, build, day_of

HOUR = 3_600_000_000
REFERENCE, DAYS = 20, 40
LOG = binary_log(seed=7, count=DAYS, rows=600)
DAY = day_of(LOG)
CONFIG = Config.from_dict({"logs": {"path": "-"}})


def delayed(frame: pd.DataFrame, until_days: float = DAYS, seed: int = 0, slow: float = 36.0) -> Built:
    """Positives are known after 3 hours on average, negatives after ``slow``; seen at the end of day ``until_days``."""
    rng = np.random.default_rng(seed)
    came = frame[TIME].to_numpy().astype("M8[us]").astype(np.int64)
    delay = rng.exponential(np.where(frame[LABEL] == 1, 3.0, slow))
    labelled = came + (delay * HOUR).astype(np.int64)
    until = int(came[0] // (24 * HOUR) * 24 * HOUR + until_days * 24 * HOUR)
    here = labelled < until
    seen = frame.assign(**{LABEL: frame[LABEL].where(here)})
    return build(seen, REFERENCE, label_times=np.where(here, labelled, UNKNOWN_TIME), task="binary")


def without_times(built: Built) -> Built:
    """The same log without the times at which labels came."""

    def cut(cube):
        kept = [{k: v for k, v in facts.items() if k in ("rows", "first", "last")} for facts in cube.facts]
        return replace(cube, facts=tuple(kept))

    return Built(cut(built.cube), cut(built.reference), built.settings)


def alerts(built: Built, *kinds: str) -> pd.DataFrame:
    plan = Plan(tuple(built.reference.starts.tolist()))
    measured = measure_all(built.cube, plan, built.settings, monitors=[concept.measure, decay.measure]).assign(model="")
    found = find(measured, CONFIG, built.settings.grain, [])
    found = found[(found["severity"] == "alert") & (found["state"] != "resolved")]
    return found[found["kind"].isin(kinds)] if kinds else found


WAITING = delayed(LOG)


def test_windows_are_mature_from_the_age_at_which_nearly_all_labels_are_in():
    found = labels_in(*WAITING)
    assert found.mature[:30].all()
    assert not found.mature[-3:].any()
    # negatives: 95% are in after 108 hours, and a day is on average half a day older than its youngest row
    assert abs(int((~found.mature).sum()) - 5) <= 1
    ages = (DAYS - np.arange(DAYS)) * 24.0
    true = (36 / 24) * (np.exp(-(ages - 24) / 36) - np.exp(-ages / 36))
    np.testing.assert_allclose(found.share, 1 - true, atol=0.05)


@pytest.mark.parametrize("seed", range(4))
def test_labels_to_come_are_those_that_come(seed):
    early, late = delayed(LOG, seed=seed), delayed(LOG, DAYS + 90, seed=seed)
    found = labels_in(*early)
    true = (labelled_share(late.cube) - labelled_share(early.cube)) * late.cube.rows
    assert found.to_come.sum() == pytest.approx(true.sum(), rel=0.1)
    inside = (found.low <= true + 1) & (true - 1 <= found.high)
    assert inside.mean() > 0.85
    assert (found.low <= found.to_come + 1e-9).all()
    assert (found.to_come <= found.high + 1e-9).all()


def test_early_labels_are_biased_and_raise_no_alert():
    rate = pd.Series(LOG[LABEL].to_numpy()).groupby(DAY).mean()
    seen = concept.measure(*WAITING)
    told = seen[seen["metric"] == "label_rate"].set_index("window_start")["value"].to_numpy()
    assert told[-1] > 1.5 * rate.iloc[-1]
    late = seen[seen["window_start"] >= WAITING.start(DAYS - 2)]
    judged = {"label_rate", "auc", "log_loss", "brier", "calibration_error", "relation"}
    assert late.loc[late["metric"].isin(judged), "p_value"].isna().all()
    young = alerts(WAITING)
    assert young[young["window_start"].isin(immature_starts(seen))].empty


@pytest.mark.parametrize("timed", [True, False], ids=["labels with times", "labels without"])
def test_a_change_is_told_once_its_labels_are_complete(timed):
    rng = np.random.default_rng(1)
    turned = (rng.random(len(LOG)) < 1 - LOG[SCORE]).astype(float)
    moved = LOG.assign(**{LABEL: LOG[LABEL].astype(float).where(DAY < DAYS - 2, turned)})
    early, late = delayed(moved), delayed(moved, DAYS + 60)
    if not timed:
        early, late = without_times(early), without_times(late)
    kinds = ("performance", "calibration", "relation", "label_shift", "relation_changed", "lost_signal")
    assert alerts(early, *kinds)["window_start"].lt(early.start(DAYS - 2)).all()
    told = alerts(late, *kinds)
    assert set(told["window_start"]) >= {late.start(DAYS - 2), late.start(DAYS - 1)}
    assert labels_in(*late).mature.all()


def test_a_label_of_the_far_future_does_not_make_every_window_old():
    times = LOG[TIME].to_numpy().astype("M8[us]").astype(np.int64)
    delay = np.random.default_rng(2).exponential(36.0, len(LOG))
    labelled = times + (delay * HOUR).astype(np.int64)
    here = labelled < times.max()
    labelled = np.where(here, labelled, UNKNOWN_TIME)
    labelled[3] = np.datetime64("2199-01-01", "us").astype(np.int64)
    built = build(LOG.assign(**{LABEL: LOG[LABEL].where(here)}), REFERENCE, label_times=labelled, task="binary")
    # the last days' labels are not in, although the log seems to be seen a hundred years later
    assert not mature(*built)[-3:].any()
    assert mature(*built)[:28].all()


def test_segments_wait_for_the_labels_of_all_rows():
    built = build(LOG, REFERENCE, segments=("place",))
    waiting = frozenset({built.start(DAYS - 1)})
    for cube in built.segments.values():
        reference = cube.select(np.isin(cube.starts, built.reference.starts))
        assert mature(cube, reference, built.settings).all()
        assert not mature(cube, reference, replace(built.settings, immature=waiting))[-1]


# ----- without the times at which labels came -----------------------------------------------------------------------


def some(shares: list[float] | np.ndarray, seed: int = 0, reference: int = REFERENCE) -> np.ndarray:
    """Maturity of days of which these shares are labelled."""
    rng = np.random.default_rng(seed)
    frame = LOG[len(shares) > DAY].reset_index(drop=True)
    kept = rng.random(len(frame)) < np.asarray(shares)[day_of(frame)]
    return mature(*build(frame.assign(**{LABEL: frame[LABEL].where(kept)}), reference, task="binary"))


def test_windows_with_markedly_fewer_labels_than_usual_are_not_mature():
    assert some([1.0] * 25 + [0.98, 0.97, 0.9, 0.5, 0.0]).tolist() == [True] * 27 + [False] * 3
    assert some([0.3] * 30).mean() > 0.9  # a third is all that ever comes


def test_what_is_usual_varies_by_habit():
    varied = np.tile([0.99, 0.9, 0.95, 0.8], 6)
    assert some([*varied, 0.8, 0.82, 0.3], reference=24).tolist() == [True] * 26 + [False]


def test_labels_that_lack_in_mid_log_are_lost_and_not_late():
    shares = np.ones(35)
    shares[[5, 25, 26, 28]] = 0.9, 0.9, 0.5, 0.85
    shares[33:] = 0.9  # these may yet come
    assert np.flatnonzero(~some(shares)).tolist() == [26, 33, 34]


def test_labels_that_are_lost_for_good_do_not_silence_a_model_for_ever():
    found = some([1.0] * 20 + [0.8] * 20)
    assert found[:20].all()
    assert not found[20:25].any()  # that they are lost is not known at once
    assert found[28:].mean() > 0.8


def test_a_long_tail_of_labels_on_their_way_is_no_loss():
    age = np.arange(20, 0, -1)
    found = some([*[1.0] * 20, *(1 - 0.6 * np.exp(-age / 12))])
    assert not found[26:].any()


# ----- edges --------------------------------------------------------------------------------------------------------


def test_a_reference_apart_is_taken_as_complete():
    cube, reference, settings = WAITING
    assert mature_reference(cube, replace(reference, segment="#training "), settings).all()
    late = cube.select(np.arange(DAYS - 5, DAYS))
    assert mature_reference(cube, late, settings).tolist() == mature(cube, late, settings)[-5:].tolist()


def test_no_label_at_all_and_no_window_at_all():
    none = build(LOG.assign(**{LABEL: np.nan}), REFERENCE, task="binary", positive=1)
    assert len(labels(*none)) == 0 or not mature(*none).any()
    cube, reference, settings = WAITING
    empty = cube.select(np.zeros(len(cube), bool))
    assert mature(empty, reference, settings).shape == (0,)
    assert mature(cube, empty, settings).shape == (DAYS,)
    one = cube.select(np.array([0]))
    assert mature(one, one, settings).shape == (1,)


def test_regression_has_one_curve():
    rng = np.random.default_rng(3)
    times = LOG[TIME].to_numpy().astype("M8[us]").astype(np.int64)
    labelled = times + (rng.exponential(30.0, len(LOG)) * HOUR).astype(np.int64)
    here = labelled < times.max()
    frame = LOG.assign(**{LABEL: (LOG["x"] + rng.normal(size=len(LOG))).where(here), SCORE: LOG["x"]})
    built = build(frame, REFERENCE, label_times=np.where(here, labelled, UNKNOWN_TIME), task="regression")
    found = labels_in(*built)
    assert found.mature[:34].all()
    assert not found.mature[-3:].any()
    assert (np.diff(found.share[25:]) < 0.01).all()
