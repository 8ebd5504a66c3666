"""Position: the curve, its change, and relations with position held fixed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from monitors.concept import measure
from monitors.position import curve, place_names
from monitors.profile.cube import Profile
from monitors.profile.freeze import Model
from monitors.settings import Settings
from monitors.windows import Grain
from tests.cubes import FIRST_DAY, LABEL, SCORE, TIME, Built, build, freeze, profile

DAYS, REFERENCE, ROWS = 24, 14, 4000
RATE = Settings(Grain.parse("1d")).rate("concept", "relation")
ATTENTION = 1 / np.arange(1, 11)


def searched(
    seed: int, *, attention: np.ndarray | None = None, relevance: float = 1.0, mixed: float = 0.0, at: int = 18,
    task: str = "binary",
) -> pd.DataFrame:  # fmt: skip
    """Results that are shown the higher the better they match; clicks fall off with position and grow with the match.

    Parameters
    ----------
    attention : by position, from day ``at`` on; relevance : weight of the match from then on
    mixed : part of results whose place is drawn by lot from then on
    """
    rng = np.random.default_rng(seed)
    days = []
    for day in range(DAYS):
        late = day >= at
        match, age = rng.standard_normal(ROWS), rng.standard_normal(ROWS)
        placed = match * (0.8 if not late else 0.8 * (1 - mixed)) + 0.6 * rng.standard_normal(ROWS)
        rank = 1 + np.minimum((10 * (placed.argsort()[::-1].argsort()) // ROWS), 9)
        seen = attention if late and attention is not None else ATTENTION
        logit = (
            -2.2 + 1.3 * np.log(seen)[rank - 1] + 2.2 + (relevance if late else 1.0) * 0.5 * match + 0.05 * (day % 2)
        )
        chance = 1 / (1 + np.exp(-logit))
        y = (rng.random(ROWS) < chance).astype(int) if task == "binary" else chance + 0.2 * rng.standard_normal(ROWS)
        days.append(pd.DataFrame({
            TIME: FIRST_DAY + np.timedelta64(day, "D") + np.arange(ROWS).astype("m8[s]"), "match": match, "age": age,
            "rank": rank, SCORE: chance, LABEL: y,
        }))  # fmt: skip
    return pd.concat(days, ignore_index=True)


def built(log: pd.DataFrame, held: bool = True, task: str = "binary") -> Built:
    frame = log if held else log.drop(columns="rank")
    return build(frame, REFERENCE, task=task, positive=1 if task == "binary" else None,
                 position="rank" if held else None)  # fmt: skip


def least(measured: pd.DataFrame, metric: str, feature: str | None = None) -> pd.Series:
    """p values of the windows from day 18 on."""
    rows = measured[(measured["metric"] == metric) & measured["feature"].isin([feature])]
    return rows["p_value"].to_numpy(float)[18:]


def size(measured: pd.DataFrame) -> float:
    rows = measured[(measured["metric"] == "relation") & (measured["feature"] == "match")]
    return float(rows["value"].iloc[18:].mean())


def test_the_curve_is_what_comes_true_by_position() -> None:
    log = searched(1)
    found = curve(built(log).cube)
    assert found is not None
    day = log[log[TIME] < FIRST_DAY + np.timedelta64(1, "D")]
    by_rank = day.groupby("rank")[LABEL].agg(["size", "sum"])
    assert found.n[0].tolist() == [0, *by_rank["size"]]
    assert found.total[0, :, 0].tolist() == [0, *by_rank["sum"]]


def test_labelled_rows_by_position_are_counted_bin_by_bin() -> None:
    log = searched(2).astype({LABEL: object, "rank": object})
    log.loc[::3, LABEL] = None
    log.loc[::7, "rank"] = None
    of = built(log)
    column = of.cube.feature("match")
    assert column.placed.sum(axis=2).tolist() == column.by_outcome.sum(axis=2).tolist()
    place = of.bins.places[-1]
    assert column.placed.shape[2] == place + 1 == 11
    day = log[log[TIME] < FIRST_DAY + np.timedelta64(1, "D")]
    low = day[(day["match"] < column.bins.edges[30]) & day[LABEL].notna()]
    seen = column.placed[0, : 4 + 31].sum(axis=0)
    assert seen.tolist() == [low["rank"].isna().sum(), *(int((low["rank"] == k).sum()) for k in range(1, 11))]


def test_profiles_with_positions_add_and_are_read_back() -> None:
    log = searched(3)
    halves = [log.iloc[::2], log.iloc[1::2]]
    bins = freeze([log], Model("binary", 1), position="rank")
    whole, parts = profile([log], bins), profile(halves, bins)
    one, two = profile([halves[0]], bins), profile([halves[1]], bins)
    for w, p, a, b in zip(whole, parts, one, two, strict=True):
        again = Profile.decode(w.start, w.segment, w.encode())
        assert np.array_equal(again.sums, w.sums) and np.array_equal(again.counts, w.counts)
        assert np.array_equal(w.sums[:, 10:], p.sums[:, 10:])
        assert np.array_equal(w.sums[:, 10:], (a + b).sums[:, 10:])


def test_a_log_without_positions_has_no_sums_of_them() -> None:
    of = built(searched(4), held=False)
    assert of.cube.sums.shape[2] == 10 and curve(of.cube) is None and place_names(of.bins) == []
    assert "position_curve" not in set(measure(*of)["metric"])


def test_the_position_is_no_feature_unless_it_is_included() -> None:
    log = searched(5)
    assert [c.name for c in built(log).bins.features] == ["age", "match"]
    both = freeze([log], Model("binary", 1), position="rank", include=["match", "rank"])
    assert [c.name for c in both.features] == ["match", "rank"] and both.of_role("position") is not None


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_another_page_moves_the_curve_and_no_relation(task: str) -> None:
    """Large tiles: attention hardly falls off any more."""
    log = searched(6, attention=ATTENTION**0.3, task=task)
    held, free = measure(*built(log, task=task)), measure(*built(log, held=False, task=task))
    assert (least(held, "position_curve") < 1e-4).all()
    assert (least(held, "relation", "match") > RATE).all()
    without = least(free, "relation", "match")[1:]  # one window alone says less of a relation than two in a row
    assert (without < RATE).all(), "without positions it looks like another relevance"
    assert size(held) < size(free) / 2


def test_another_relevance_is_told_with_positions_held_fixed() -> None:
    held = measure(*built(searched(7, relevance=-1.0)))
    found = least(held, "relation", "match")  # one window alone says less of a relation than two in a row
    assert (found[1:] < RATE).all() and found[0] < 0.05
    assert (least(held, "relation", "age") > 0.01).all()
    rows = held[(held["metric"] == "relation") & (held["feature"] == "match")]
    assert rows["detail"].iloc[-1] is not None


def test_other_places_for_the_same_results_are_no_other_relation() -> None:
    """A ranker that draws lots: good matches now stand low, where nobody looks."""
    log = searched(8, mixed=1.0)
    held, free = measure(*built(log)), measure(*built(log, held=False))
    assert (least(free, "relation", "match") < 1e-4).all()
    assert (least(held, "relation", "match") > RATE).all()
    assert size(held) < size(free) / 2


def test_a_quiet_log_stays_quiet() -> None:
    alarms = 0
    for seed in range(6):
        of = built(searched(100 + seed))
        rows = measure(*of)
        rows = rows[rows["metric"].isin(["position_curve", "relation"]) & rows["p_value"].notna()]
        limit = {"position_curve": of.settings.rate("concept", "position"),
                 "relation": of.settings.rate("concept", "relation")}  # fmt: skip
        alarms += int((rows["p_value"] < rows["metric"].map(limit)).sum())
    assert alarms <= 1


def test_positions_are_named_as_people_know_them() -> None:
    rng = np.random.default_rng(9)
    log = searched(9)
    assert place_names(built(log).bins) == ["missing", *map(str, range(1, 11))]
    log["rank"] = rng.integers(1, 41, len(log))
    assert place_names(built(log).bins) == [
        "missing", "1", "2", "3", "4", "5 to 6", "7 to 8", "9 to 12", "13 to 16", "17 to 24", "25 to 32", "33 and more",
    ]  # fmt: skip
    log["rank"] = np.where(rng.random(len(log)) < 0.7, "top", "side")
    assert place_names(built(log).bins) == ["missing", "top", "side", "other"]


def test_a_log_with_one_position_and_one_without_labels() -> None:
    log = searched(10).iloc[: 16 * ROWS].copy()
    log["rank"] = 1
    rows = measure(*built(log))
    assert rows.loc[rows["metric"] == "position_curve", "value"].max() == 0
    bare = log.drop(columns=[LABEL, SCORE])
    assert not len(measure(*build(bare, 10, position="rank")))
