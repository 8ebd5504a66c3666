"""Cards: onset to the hour and file, for whom, with what, at what cost, and when it was back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from monitors.assess import MONITORS, measure_all
from monitors.cards import Card, cards, common_beginning, together
from monitors.incidents import group
from monitors.onset import began, step
from monitors.reference import Plan
from tests.cubes import FIRST_DAY, LABEL, SCORE, TIME, Built, binary_log, build, day_of
from tests.monitors.found import findings

LOG = binary_log(seed=5, count=30, rows=600)
DAY = day_of(LOG)
RNG = np.random.default_rng(0)
LOG = LOG.assign(**{f"visual_{i}": RNG.normal(size=len(LOG)) for i in range(3)}, price=RNG.lognormal(2, 0.4, len(LOG)))
ONSET = FIRST_DAY + np.timedelta64(22, "D") + np.timedelta64(9, "h")
BACK = FIRST_DAY + np.timedelta64(26, "D") + np.timedelta64(15, "h")
AFTER = (LOG[TIME] >= ONSET).to_numpy()
DURING = AFTER & (LOG[TIME] < BACK).to_numpy()


def made(frame: pd.DataFrame | list[pd.DataFrame], **options: Any) -> tuple[list[Card], Built]:
    built = build(frame, 14, **options)
    cube, reference, settings = built
    measured = measure_all(cube, Plan(tuple(reference.starts.tolist())), settings)
    found = findings(built, *MONITORS).drop(columns="window")
    found, incidents = group(found, settings.grain, measured)
    return cards(found, incidents, cube, reference, measured, settings.grain, lambda: built.segments), built


def at(when: np.datetime64) -> int:
    return int(when.astype("M8[us]").astype(np.int64))


HARMS = {
    "null_rate": lambda s, on: s.mask(on),
    "constant": lambda s, on: s.mask(on, 7.5),
    "sentinel": lambda s, on: s.mask(on & (np.arange(len(s)) % 2 == 0), -999.0),
    "unit_changed": lambda s, on: s.mask(on, s * 1000),
}


@pytest.mark.parametrize("kind", list(HARMS))
def test_the_onset_is_known_to_the_hour(kind: str) -> None:
    found, _ = made(LOG.assign(price=HARMS[kind](LOG["price"], AFTER)))
    card = next(card for card in found if card.features[0] == "price")
    assert card.kind == kind
    assert card.onset.at == at(ONSET)
    assert card.onset.files == ("0.csv",)
    assert card.since == "28 Jan 2025 09:00, in 0.csv"
    assert card.ended is None


@pytest.mark.parametrize("kind", ["null_rate", "constant", "unit_changed"])
def test_the_end_is_known_to_the_hour(kind: str) -> None:
    found, _ = made(LOG.assign(price=HARMS[kind](LOG["price"], DURING)))
    card = next(card for card in found if card.features[0] == "price")
    assert card.state == "resolved"
    assert card.ended is not None
    assert card.ended.at == at(BACK)
    assert card.until == "back at 1 Feb 2025 15:00"


def test_a_step_of_a_rate_is_known_to_hours_where_rows_allow() -> None:
    rate = np.where(AFTER, 0.5, 0.1)
    found, _ = made(LOG.assign(price=LOG["price"].mask(RNG.random(len(LOG)) < rate)))
    card = next(card for card in found if card.features == ("price",))
    assert abs(card.onset.at - at(ONSET)) <= 2 * 3_600_000_000


def test_lost_and_unseen_categories_are_named_with_their_hour() -> None:
    common = LOG["place"].value_counts().index[0]
    other = LOG["place"].value_counts().index[1]
    lost, _ = made(LOG.assign(place=LOG["place"].mask(AFTER & (LOG["place"] == common), other)))
    card = next(card for card in lost if card.kind == "lost_category")
    assert common in card.sentence
    assert 0 <= at(ONSET) - card.onset.at <= 2 * 3_600_000_000  # the last of it came in the hour or two before
    unseen, _ = made(LOG.assign(place=LOG["place"].mask(AFTER & (LOG["place"] == common), "mars")))
    card = next(card for card in unseen if card.kind == "unseen_category")
    assert "mars" in card.sentence
    assert 0 <= card.onset.at - at(ONSET) <= 3_600_000_000


def test_the_file_that_lacks_a_column_is_named_among_those_of_the_same_hours() -> None:
    odd = np.arange(len(LOG)) % 2 == 1
    parts = [LOG[~AFTER], LOG[AFTER & ~odd], LOG[AFTER & odd].drop(columns="price")]
    found, _ = made(parts)
    card = next(card for card in found if card.features[0] == "price")
    assert (card.kind, card.onset.at, card.onset.files) == ("absent", at(ONSET), ("2.csv",))


def test_features_that_vanish_together_are_one_card_with_what_their_names_share() -> None:
    names = [f"visual_{i}" for i in range(3)]
    found, _ = made(LOG.assign(**{name: LOG[name].mask(AFTER) for name in names}))
    assert len(found) == 1
    assert sorted(found[0].features) == names
    assert found[0].together.startswith('all 3 features that begin with "visual_": ')
    assert found[0].onset.at == at(ONSET)


def test_segments_are_told_with_their_rates() -> None:
    site = np.where(np.arange(len(LOG)) % 3 == 0, "de", "fr")
    frame = LOG.assign(site=site, price=LOG["price"].mask(AFTER & (site == "de")))
    found, _ = made(frame, segments=("site",))
    card = next(card for card in found if card.features[0] == "price")
    rates = {place.segment: place.rate for place in card.places}
    assert rates["site=fr"] == 0
    assert rates["site=de"] > 0.9
    assert card.places[0].segment == "site=de"
    assert "site=de" in dict(card.lines())["Where"]


def test_the_cost_is_the_loss_of_rows_without_it() -> None:
    frame = LOG.assign(price=LOG["price"].mask(AFTER & (RNG.random(len(LOG)) < 0.5)))
    worse = frame["price"].isna()
    frame[SCORE] = frame[SCORE].mask(worse, 0.5)
    found, _ = made(frame)
    card = next(card for card in found if card.features[0] == "price")
    days = day_of(frame) >= 22
    loss = -np.log(np.where(frame[LABEL] == 1, frame[SCORE], 1 - frame[SCORE]).clip(1e-15))
    without = float(loss[days & worse].mean())
    assert f"log loss {without:.3g} on rows without it" in card.cost
    assert "of the model's change in loss" in card.cost


def test_a_cost_that_chance_explains_is_no_part_of_the_change() -> None:
    found, _ = made(LOG.assign(price=LOG["price"].mask(AFTER & (RNG.random(len(LOG)) < 0.5))))
    card = next(card for card in found if card.features[0] == "price")
    assert "on rows without it" in card.cost
    assert "change in loss" not in card.cost


def test_what_is_quiet_has_no_card() -> None:
    assert made(LOG)[0] == []


def test_rows_instead_of_times_are_told_as_rows() -> None:
    frame = LOG.drop(columns=TIME).reset_index(drop=True)
    frame["price"] = frame["price"].mask(frame.index >= 15_250)
    found, _ = made(frame, size="1000 rows")
    card = next(card for card in found if card.features[0] == "price")
    assert card.onset.at == 15_250
    assert card.since == "rows 15,250–15,259, in 0.csv"


# ----- steps --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hits", "tries", "known", "expected"), [
    ([], [], True, None), ([1], [1], True, None), ([0, 0, 0], [5, 5, 5], True, None),
    ([5, 5], [5, 5], False, 0), ([0, 0, 5, 5], [5, 5, 5, 5], True, 2), ([0, 0, 0, 5], [5, 5, 0, 5], True, 3),
    ([0, 0, 20, 60, 60], [60] * 5, True, 2), ([5, 5, 0, 0], [5] * 4, True, None),
])  # fmt: skip
def test_a_step_is_where_the_rate_rises(hits: list[int], tries: list[int], known: bool, expected: int | None) -> None:
    assert step(np.array(hits), np.array(tries), known) == expected


@pytest.mark.parametrize(("names", "common"), [
    (["visual_1", "visual_2"], "visual_"), (["f10", "f11"], ""), (["emb10", "emb11"], "emb"), (["a"], ""),
    (["user.age", "user.city"], "user."), (["alpha", "beta"], ""), (["query_len", "query_len_log"], "query_"),
])  # fmt: skip
def test_a_common_beginning_ends_with_a_word(names: list[str], common: str) -> None:
    assert common_beginning(names) == common


def test_names_are_said_to_share_an_end_or_nothing() -> None:
    assert together(["a__status", "b__status"], ["a__status", "b__status", "x"]).startswith("all 2 features that end")
    assert together(["alpha", "beta"], ["alpha", "beta", "gamma"]) == '2 features: "alpha" and "beta"'
    assert together(["alpha"], ["alpha"]) == ""


def test_a_lost_value_is_dated_to_the_hour_and_one_that_courses_do_not_know_to_its_window() -> None:
    topics = np.array([f"t{i:02}" for i in range(40)])[np.random.default_rng(3).integers(0, 40, len(LOG))]
    found, built = made(LOG.assign(topic=np.where(AFTER & (topics == "t07"), "t08", topics)))
    card = next(card for card in found if card.kind == "lost_category")
    assert '"topic" no longer takes t07' in card.sentence
    assert card.onset.fine
    assert abs(card.onset.at - at(ONSET)) < 4 * 3_600_000_000  # it was rare
    row = {"kind": "lost_category", "feature": "topic", "window_start": built.start(24)}
    for detail in ("a name, with a comma", "t07, one of many"):
        part = began(built.cube, {**row, "detail": detail}, built.start(24), built.settings.grain)
        assert (part.at, part.fine) == (built.start(24), False)
