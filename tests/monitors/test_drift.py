"""Drift's numbers are those of SciPy on the same counts, and its verdict is that of its own band."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from monitors.drift import measure
from monitors.grouping import group_names, grouped, scored_groups
from monitors.profile.bins import FIRST
from monitors.settings import Settings
from tests.cubes import binary_log, build, day_of

LOG = binary_log(seed=2, count=30, rows=400)
DAY = day_of(LOG)
REFERENCE = 14
BUILT = build(LOG.assign(z=LOG["z"].where((DAY < 20) | (LOG.index % 9 > 0))), REFERENCE)
MEASURED = measure(*BUILT)


def of(metric: str, feature: str, frame: pd.DataFrame = MEASURED) -> pd.DataFrame:
    part = frame[(frame["metric"] == metric) & (frame["feature"] == feature)]
    return part.sort_values("window_start").reset_index(drop=True)


def counts(feature: str) -> np.ndarray:
    return BUILT.cube.feature(feature).n


@pytest.mark.parametrize("feature", ["x", "z", "place", "flag", "clicks"])
def test_the_distance_is_scipys_and_a_reference_window_is_compared_with_the_others(feature: str) -> None:
    n, found = counts(feature), of("jensen_shannon", feature)
    total = n[:REFERENCE].sum(axis=0)
    for w in (0, 5, REFERENCE, 25):
        rest = total - n[w] if w < REFERENCE else total
        assert found["value"][w] == pytest.approx(jensenshannon(rest, n[w]), abs=1e-9)
    assert found["reference"].tolist() == [w < REFERENCE for w in range(30)]
    assert (found["n"] == n.sum(axis=1)).all()


def test_wasserstein_is_that_of_the_rows_within_what_bins_hide() -> None:
    found = of("wasserstein", "x")
    early = LOG.loc[DAY < REFERENCE, "x"]
    for w in (REFERENCE, 25):
        rows = wasserstein_distance(early, LOG.loc[w == DAY, "x"]) / early.std()
        assert found["value"][w] == pytest.approx(rows, abs=0.02)
    assert "place" not in set(MEASURED.loc[MEASURED["metric"] == "wasserstein", "feature"])


def test_a_far_value_moves_the_window_that_has_it_and_no_other() -> None:
    far = LOG.assign(x=LOG["x"].where(LOG.index != LOG.index[DAY == 20][0], 1e6))
    high = of("wasserstein", "x", measure(*build(far, REFERENCE)))["value"]
    plain = of("wasserstein", "x", measure(*build(LOG, REFERENCE)))["value"]
    assert high[20] > 1000
    np.testing.assert_allclose(high.drop(20), plain.drop(20))


def test_a_value_under_the_band_is_no_alert_and_over_it_is_one() -> None:
    rate = Settings(BUILT.settings.grain).rate("drift", "jensen_shannon")
    moved = LOG.assign(x=LOG["x"] + np.where(DAY >= 20, 0.1 * (DAY - 19), 0.0))
    found = measure(*build(moved, REFERENCE))
    judged = found[(found["metric"] == "jensen_shannon") & found["p_value"].notna()]
    beyond = judged["value"] > judged["band_high"] * (1 + 1e-9)
    strange = judged["p_value"] < rate
    assert strange.sum() > 4
    assert (beyond | ~strange).all()
    assert (judged["band_high"] >= judged["expected"] - 1e-12).all()


def test_the_expected_distance_is_what_quiet_windows_show() -> None:
    quiet = MEASURED[(MEASURED["metric"] == "jensen_shannon") & ~MEASURED["reference"].astype(bool)]
    quiet = quiet[quiet["feature"] != "z"]
    assert (quiet["value"] / quiet["expected"]).median() == pytest.approx(1, abs=0.1)
    assert ((quiet["low"] <= quiet["value"]) & (quiet["value"] <= quiet["high"])).mean() > 0.95


def test_unseen_values_are_a_share_with_their_names() -> None:
    late = LOG.assign(place=LOG["place"].mask((DAY == 25) & (LOG.index % 10 == 0), "centre"))
    found = of("unseen_share", "place", measure(*build(late, REFERENCE)))
    share = (late.loc[DAY == 25, "place"] == "centre").mean()
    assert found["value"][25] == pytest.approx(share)
    assert found["detail"][25] == f"centre ({(late['place'] == 'centre').sum()})"
    assert found["p_value"][25] < 1e-9
    assert found["p_value"][24] == 1
    assert found["detail"].drop(25).isna().all()


def test_a_column_of_ever_new_values_is_not_told_for_it() -> None:
    rng = np.random.default_rng(0)
    names = np.array([f"user{i}" for i in range(3000)])
    frame = LOG.assign(user=names[np.minimum(rng.exponential(400, len(LOG)).astype(int), 2999)])
    found = of("unseen_share", "user", measure(*build(frame, REFERENCE)))
    judged = found[~found["reference"].astype(bool)]
    assert judged["value"].max() > 0
    assert judged["p_value"].min() > Settings(BUILT.settings.grain).rate("drift", "unseen_share")


def test_a_rare_category_is_lost_later_than_a_common_one_and_told_from_its_first_day() -> None:
    rng = np.random.default_rng(1)
    words = rng.choice(["usual", "common", "rare"], len(LOG), p=[0.89, 0.1, 0.01])
    gone = np.where(DAY >= 20, "usual", words)
    found = of("lost_share", "word", measure(*build(LOG.assign(word=gone), REFERENCE)))
    assert (found["value"][:20] == 0).all()
    assert found["value"][20:].tolist() == pytest.approx([0.11] * 10, abs=0.01)
    assert found["detail"][29] == "common, rare"
    # four rows a day: in five days e^-20 of a chance, in three e^-12, which is not enough for as many categories
    short = of("lost_share", "word", measure(*_first(build(LOG.assign(word=gone), REFERENCE), 22)))
    assert short["detail"][21] == "common"


def _first(built: object, windows: int) -> tuple[object, ...]:
    cube, reference, settings = built  # type: ignore[misc]
    return cube.select(np.arange(windows)), reference, settings


def test_groups_hold_five_percent_and_know_their_names() -> None:
    column = BUILT.cube.feature("x")
    total = column.n[:REFERENCE].sum(axis=0)
    group = scored_groups(total, column.bins)
    shares = grouped(total, group) / total.sum()
    assert (group[:FIRST] == 0).all()
    assert (np.diff(group[FIRST:]) >= 0).all()
    assert (shares[1:] >= 0.025).all()
    assert shares.sum() == pytest.approx(1)
    names = group_names(column.bins, group)
    assert (len(names), names[0]) == (len(shares), "missing")
    assert names[1].startswith("under")
    assert names[-1].endswith("and more")


def test_rare_categories_are_one_group_with_what_is_new() -> None:
    words = np.random.default_rng(3).choice(["a", "b", "c", "d"], len(LOG), p=[0.6, 0.39, 0.006, 0.004])
    column = build(LOG.assign(word=words), REFERENCE).cube.feature("word")
    group = scored_groups(column.n.sum(axis=0), column.bins)
    assert group.tolist() == [0, 0, 0, 0, 1, 2, 3, 3, 3, 3]
    assert group_names(column.bins, group) == ["missing", "a", "b", "rare values"]


@pytest.mark.parametrize("feature", ["x", "place"])
def test_groups_of_an_empty_reference_are_groups(feature: str) -> None:
    column = BUILT.cube.feature(feature)
    group = scored_groups(np.zeros(column.bins.size, int), column.bins)
    assert len(group_names(column.bins, group)) == group.max() + 1
