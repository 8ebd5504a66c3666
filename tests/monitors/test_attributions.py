"""Attributions: what is counted, which columns are whose, and when the model leans on other features."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import ndcg_score

from monitors.profile.cube import Profile
from monitors.profile.freeze import Model
from monitors.profile.rows import attributed
from monitors.settings import Settings
from monitors.skew import measure
from monitors.windows import Grain
from tests.cubes import FIRST_DAY, LABEL, SCORE, TIME, build, freeze, profile

FEATURES = [f"f{k}" for k in range(8)]
RATE = Settings(Grain.parse("1d")).rate("skew", "attribution_ndcg")
WEIGHTS = 2.0 ** -np.arange(8)


def explained(seed: int, days: int = 22, rows: int = 300, weights: np.ndarray | None = None, at: int = 16,
              ) -> pd.DataFrame:  # fmt: skip
    """Features of normal values, each with an attribution of weight times value; habits of a fifth from day to day."""
    rng = np.random.default_rng(seed)
    parts = []
    for day in range(days):
        w = (WEIGHTS if weights is None or day < at else weights) * np.exp(0.2 * rng.standard_normal(8))
        x = rng.standard_normal((rows, 8))
        score = 1 / (1 + np.exp(-(x * w).sum(axis=1)))
        parts.append(pd.DataFrame({
            TIME: FIRST_DAY + np.timedelta64(day, "D") + np.arange(rows).astype("m8[s]"),
            **{name: x[:, k] for k, name in enumerate(FEATURES)},
            **{f"shap_{name}": x[:, k] * w[k] for k, name in enumerate(FEATURES)},
            SCORE: score, LABEL: (rng.random(rows) < score).astype(int),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def of(log: pd.DataFrame, reference: int = 12, **parts: object) -> pd.DataFrame:
    return measure(*build(log, reference, task="binary", positive=1, attributions=("shap_*",), **parts))


def ndcgs(measured: pd.DataFrame) -> pd.DataFrame:
    return measured[measured["metric"] == "attribution_ndcg"]


def test_means_are_those_of_the_rows() -> None:
    log = explained(1)
    log.loc[::5, "shap_f0"] = np.nan
    log.loc[1, "shap_f1"] = np.inf
    found = of(log)
    means = found[found["metric"] == "mean_attribution"].set_index(["feature", "window_start"])
    day = log.head(300)
    assert sorted(set(means.index.get_level_values(0))) == FEATURES
    for name in FEATURES:
        values = day[f"shap_{name}"].replace(np.inf, np.nan).abs()
        row = means.loc[name].iloc[0]
        assert row["value"] == pytest.approx(values.mean()) and row["n"] == values.notna().sum()
        assert row["high"] - row["value"] == pytest.approx(1.96 * values.std(ddof=0) / np.sqrt(values.notna().sum()))


def test_ndcg_is_scikit_learns_against_the_reference() -> None:
    log = explained(2)
    day = (log[TIME].to_numpy() - FIRST_DAY) // np.timedelta64(1, "D")
    columns = [f"shap_{name}" for name in FEATURES]
    reference = log.loc[day < 12, columns].abs().mean().to_numpy()
    rows = ndcgs(of(log))
    for w in range(12, 22):
        live = log.loc[day == w, columns].abs().mean().to_numpy()
        assert rows["value"].iloc[w] == pytest.approx(ndcg_score(reference[None], live[None]))
    assert rows["p_value"].iloc[:12].isna().all()


def test_another_order_is_told_in_the_first_window() -> None:
    rows = ndcgs(of(explained(3, weights=WEIGHTS[::-1])))
    assert (rows["p_value"].iloc[16:] < RATE).all()
    assert (rows["value"].iloc[16:] < 0.75).all() and (rows["value"].iloc[:16] > 0.95).all()
    assert rows["detail"].iloc[16].startswith(("f0: ", "f7: "))
    assert (rows["band_low"].iloc[12:] < rows["expected"].iloc[12:]).all()


def test_a_scale_that_all_attributions_share_is_no_news() -> None:
    """A model that was calibrated anew: its attributions are three times as large, one and all."""
    rows = ndcgs(of(explained(4, weights=3 * WEIGHTS)))
    assert (rows["p_value"].iloc[12:] > 0.01).all()


def test_habits_of_attributions_are_no_news() -> None:
    low = [ndcgs(of(explained(50 + seed)))["p_value"].iloc[12:].min() for seed in range(8)]
    assert sum(p < RATE for p in low) <= 1


def test_attribution_columns_are_no_features_and_no_news() -> None:
    built = build(explained(5), 12, attributions=("shap_*",))
    assert [column.name for column in built.bins.features] == FEATURES
    assert not any("new" in facts for facts in built.cube.facts)
    assert "attributions" not in build(explained(5), 12).cube.facts[0]


def test_attributions_are_counted_by_segment_and_add() -> None:
    log = explained(6).assign(country=lambda f: np.where(f["f0"] > 0, "de", "fr"))
    bins = freeze([log], Model("binary", 1), attributions=("shap_*",), segments=["country"], exclude=["country"])
    whole = profile([log], bins)
    day = [p for p in whole if p.start == whole[0].start]
    total, parts = day[0].facts["attributions"], [p.facts["attributions"] for p in day[1:]]
    for name in FEATURES:
        assert total[name] == pytest.approx([sum(p[name][k] for p in parts) for k in range(3)])
    again = Profile.decode(day[0].start, "", day[0].encode())
    assert again.facts == day[0].facts
    cut = profile([log.iloc[:100], log.iloc[100:]], bins)
    assert [p.facts for p in cut] == [p.facts for p in whole], "however the rows are cut into batches"


@pytest.mark.parametrize(
    ("patterns", "name", "feature"),
    [
        (["shap_*"], "shap_price", "price"),
        (["*_shap"], "price_shap", "price"),
        (["a.*.b"], "a.price.b", "price"),
        (["shap_*"], "shap_base_value", None),
        (["shap_*"], "price", None),
        (["shap_*"], "shap_", None),
        (["contribution price"], "contribution price", "price"),
        (["shap_unit_price"], "shap_unit_price", "unit_price"),
        (["why"], "why", None),
        (["x_*", "shap_*"], "shap_age", "age"),
        ([], "shap_age", None),
    ],
)
def test_which_feature_a_column_is_of(patterns: list[str], name: str, feature: str | None) -> None:
    assert attributed(patterns, name, {"price", "unit_price", "age"}) == feature


def test_attributions_that_stop_or_never_were() -> None:
    log = explained(7)
    late = log.drop(columns=[f"shap_{name}" for name in FEATURES])
    day = (log[TIME].to_numpy() - FIRST_DAY) // np.timedelta64(1, "D")
    stopped = measure(*build([log[day < 15], late[day >= 15]], 12, attributions=("shap_*",)))
    assert len(ndcgs(stopped)) == 15
    begun = measure(*build([late[day < 15], log[day >= 15]], 12, attributions=("shap_*",)))
    assert not len(ndcgs(begun)) and (begun["metric"] == "mean_attribution").sum() == 7 * 8
    assert not len(of(late))
    assert not len(ndcgs(of(log.head(300), reference=1))), "one window has no other to be compared with"
