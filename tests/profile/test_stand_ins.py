"""Features that carry the same signal: against SciPy's and textbook numbers, whatever order rows come in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from monitors.profile.bins import Bins
from monitors.profile.stand_ins import KEPT, KEPT_ELSEWHERE, LEAST, strengths
from tests.cubes import TIME, days, freeze

RNG = np.random.default_rng(0)
LOG = days(RNG, 5, 500)
N = len(LOG)
A, B = RNG.normal(size=(2, N))
LOG = LOG.assign(
    a=A, b=B, image_size=np.exp(A + 0.3 * RNG.normal(size=N)), image_area=np.exp(2 * A),
    minus=-A**3, alone=RNG.normal(size=N), fixed=1.0,
    place=np.where(A > 0.5, "east", np.where(A < -0.5, "west", "south")), country=RNG.choice(["de", "fr", "it"], N),
)  # fmt: skip
LOG["zone"] = LOG["place"].map({"east": "E", "west": "W", "south": "S"})


def partners(bins: Bins) -> dict[str, dict[str, float]]:
    return {name: dict(of) for name, of in bins.partners}


def test_two_numbers_go_together_as_their_ranks_do() -> None:
    found = partners(freeze([LOG]))
    assert found["a"]["image_size"] == pytest.approx(abs(stats.spearmanr(LOG["a"], LOG["image_size"])[0]), abs=0.011)
    assert found["a"]["image_area"] == found["a"]["minus"] == 1.0
    assert "alone" not in found
    assert "fixed" not in found
    assert "b" not in found["a"]


def test_categories_go_together_as_cramer_says_and_with_numbers_as_the_correlation_ratio_does() -> None:
    found = partners(freeze([LOG]))
    assert found["zone"]["place"] == 1.0
    rank = pd.Series(stats.rankdata(LOG["a"]))
    between = rank.groupby(LOG["place"].to_numpy()).transform("mean").var(ddof=0) / rank.var(ddof=0)
    assert found["a"]["place"] == pytest.approx(np.sqrt(between), abs=0.011)
    assert "country" not in found


def test_missing_values_do_not_weaken_what_goes_together() -> None:
    holes = LOG.assign(a=LOG["a"].mask(RNG.random(N) < 0.5), image_area=LOG["image_area"].mask(RNG.random(N) < 0.3))
    assert partners(freeze([holes]))["a"]["image_area"] >= 0.97


def test_features_of_which_too_few_rows_are_known_go_along_with_nothing() -> None:
    rare = LOG.assign(a=LOG["a"].where(np.arange(N) < 20))
    assert "a" not in partners(freeze([rare]))
    apart = LOG.assign(a=LOG["a"].where(np.arange(N) % 2 == 0), minus=LOG["minus"].where(np.arange(N) % 2 == 1))
    assert "minus" not in partners(freeze([apart])).get("a", {})


def test_the_result_does_not_depend_on_the_order_of_rows_or_batches() -> None:
    whole = freeze([LOG])
    shuffled = LOG.sample(frac=1, random_state=1)
    assert freeze([shuffled.iloc[i : i + 333] for i in range(0, N, 333)]).partners == whole.partners
    assert Bins.from_json(whole.to_json()).partners == whole.partners


def test_bins_are_the_same_whatever_goes_along() -> None:
    from dataclasses import replace

    bins = freeze([LOG])
    assert replace(bins, partners=()).fingerprint == bins.fingerprint


def test_of_many_some_from_elsewhere_are_kept() -> None:
    many = LOG[[TIME]].assign(**{f"visual_{i:02}": A + 0.1 * RNG.normal(size=N) for i in range(20)}, other=A + 0.5 * B)
    found = partners(freeze([many]))
    for name, of in found.items():
        assert len(of) <= KEPT + KEPT_ELSEWHERE
        assert min(of.values()) >= LEAST
        assert name == "other" or "other" in of


def test_one_feature_has_no_partner() -> None:
    assert freeze([LOG[[TIME, "a"]]]).partners == ()


@pytest.mark.parametrize("widths", [(1, 1), (1, 3), (3, 4)])
def test_independent_features_do_not_go_together(widths: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    blocks = [np.linalg.qr(rng.normal(size=(2000, k)))[0] * np.sqrt(2000) if k else np.empty((2000, 0)) for k in widths]
    found = strengths(blocks)
    assert found.shape == (2, 2)
    assert found == pytest.approx(found.T)
    assert found[0, 1] < 0.1
    assert strengths([blocks[1], np.empty((2000, 0))])[0] == pytest.approx([1.0, 0.0], abs=1e-3)
    assert found[1, 1] == pytest.approx(1.0, abs=1e-3)
