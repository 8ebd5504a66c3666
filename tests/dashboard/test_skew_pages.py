"""Positions, attributions and the offline log on the pages that show them, and pages of logs without any."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitors.config import Config
from monitors.pipeline import run
from monitors.store import Store
from tests.dashboard.conftest import Made, Opened, texts

DAYS, ROWS, LATE = 40, 600, 28

CONFIG = """
[model]
name = "ranker"
positive = 1
[logs]
path = "log.parquet"
timestamp = "ts"
id = "id"
prediction = "score"
label = "clicked"
position = "rank"
attributions = "shap_*"
[offline]
path = "offline.parquet"
[reference]
end = "2025-01-26"
"""


def ranked() -> pd.DataFrame:
    """Results shown at ranks; from the late days on attention falls off less, and "match" tells nothing any more though
    the model leans on it as before."""
    rng = np.random.default_rng(3)
    n = DAYS * ROWS
    day = np.repeat(np.arange(DAYS), ROWS)
    late = day >= LATE
    match, price, age = rng.standard_normal((3, n))
    rank = rng.integers(1, 13, n)
    attention = np.where(late, -0.3, -1.0) * np.log(rank)
    logit = 0.3 + attention + np.where(late, 0.0, 1.2) * match + 0.5 * price
    score = 1 / (1 + np.exp(-(match + 0.5 * price)))
    return pd.DataFrame({
        "ts": pd.Timestamp("2025-01-06") + pd.to_timedelta(day * 86_400 + np.tile(np.arange(ROWS), DAYS), "s"),
        "id": np.arange(n), "match": match, "price": price, "age": age, "rank": rank,
        "shap_match": match, "shap_price": 0.5 * price, "shap_age": 0.02 * age,
        "score": score, "clicked": (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int),
    })  # fmt: skip


@pytest.fixture(scope="module")
def ranker(tmp_path_factory: pytest.TempPathFactory) -> str:
    home: Path = tmp_path_factory.mktemp("ranker")
    log = ranked()
    log.to_parquet(home / "log.parquet", index=False)
    late = np.arange(len(log)) >= LATE * ROWS
    log[["id", "match", "age"]].assign(
        price=np.where(late & (np.arange(len(log)) % 8 == 0), log["price"] + 1, log["price"])
    ).to_parquet(home / "offline.parquet", index=False)
    (home / "driftmeter.toml").write_text(CONFIG, encoding="utf-8")
    run(Config.load(home / "driftmeter.toml"))
    return str(home / "driftmeter.toml")


def test_the_concept_page_shows_the_curve(ranker: str, opened: Opened) -> None:
    app = opened(ranker, page="concept")
    assert not app.exception
    assert "Outcome by rank" in texts(app)


def test_the_decay_page_names_what_the_model_still_leans_on(ranker: str, opened: Opened) -> None:
    app = opened(ranker, page="decay")
    assert not app.exception
    said = texts(app)
    assert "The model still leans on" in said and "match" in said.partition("still leans on")[2][:40]


def test_the_feature_page_shows_skew(ranker: str, opened: Opened) -> None:
    app = opened(ranker, page="feature", feature="price")
    assert not app.exception
    assert "served otherwise than it was computed offline" in " ".join(
        str(frame.value.to_dict()) for frame in app.dataframe
    )


def test_the_log_health_page_lists_what_differs_with_ids(ranker: str, opened: Opened) -> None:
    app = opened(ranker, page="log-health")
    assert not app.exception
    said = texts(app)
    assert "1 feature was served otherwise than computed offline" in said
    table = next(frame.value for frame in app.dataframe if "ids" in frame.value)
    assert table["feature"].tolist() == ["price"]
    assert table["ids"].iloc[0].count(",") == 2


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A log whose prices were made otherwise than those of its training set, whose rows have no times."""
    home: Path = tmp_path_factory.mktemp("trained")
    log = ranked()[["ts", "match", "price", "score", "clicked"]].iloc[: 24 * ROWS]
    log.drop(columns="ts").sample(frac=0.5, random_state=1).to_parquet(home / "training.parquet", index=False)
    log.assign(price=log["price"] * 2 + 1).to_parquet(home / "log.parquet", index=False)
    text = (
        CONFIG.partition("id =")[0]
        + 'prediction = "score"\nlabel = "clicked"\n[reference]\npath = "training.parquet"\n'
    )
    (home / "driftmeter.toml").write_text(text, encoding="utf-8")
    run(Config.load(home / "driftmeter.toml"))
    return str(home / "driftmeter.toml")


@pytest.mark.parametrize("page", ["", "overview", "incidents", "concept", "decay", "missing", "feature", "log-health"])
def test_every_page_opens_on_a_log_with_a_training_set(trained: str, opened: Opened, page: str) -> None:
    app = opened(trained, page=page, **({"feature": "price"} if page == "feature" else {}))
    assert not app.exception
    if page == "overview":
        assert "price" in str([frame.value.to_dict() for frame in app.dataframe]) + texts(app)


def test_a_training_set_is_told_of_once(trained: str) -> None:
    store = Store.open(Config.load(trained).store.url, read_only=True)
    found = store.findings("ranker")
    incidents = store.incidents("ranker")
    store.close()
    mine = found[found["kind"] == "distribution"]
    assert set(mine["feature"]) == {"price"} and mine["incident"].nunique() == 1
    assert (mine["severity"] == "alert").all() and set(mine["state"]) <= {"new", "ongoing", "worse"}
    assert mine["onset"].nunique() == 1 and mine["onset"].iloc[0] == mine["window_start"].min()
    told = incidents.loc[incidents["incident"] == mine["incident"].iloc[0], "title"].iloc[0]
    assert told.startswith('Since 6 Jan 2025 "price" is not served as in the training set')


def test_a_log_without_any_of_them_says_nothing_of_them(made: Made, opened: Opened) -> None:
    log = ranked()[["ts", "match", "price", "score", "clicked"]].iloc[: 20 * ROWS]
    plain = CONFIG.partition("id =")[0] + 'prediction = "score"\nlabel = "clicked"\n[reference]\nend = "2025-01-17"\n'
    config = made("plain", log, plain)
    for page in ("concept", "decay", "feature", "log-health"):
        app = opened(config, page=page)
        assert not app.exception
        assert not [word for word in ("Outcome by", "leans on", "offline") if word in texts(app)]
