"""Positions and attributions from a file to findings: what the configuration names is counted, and only that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitors.config import Config
from monitors.pipeline import run
from monitors.store import Store
from tests.monitors.test_attributions import FEATURES, WEIGHTS, explained
from tests.monitors.test_position import ATTENTION, searched


def ran(home: Path, log: pd.DataFrame, **logs: object) -> tuple[Store, pd.DataFrame]:
    log.to_parquet(home / "log.parquet")
    config = Config.from_dict(
        {
            "logs": {"path": "log.parquet", "timestamp": "ts", "prediction": "score", "label": "y", **logs},
            "model": {"positive": 1},
            "reference": {"start": "2025-01-06", "end": "2025-01-19"},
        },
        home,
    )
    found = run(config).findings
    return Store.open(config.store.url), found


def test_another_page_is_an_incident_of_positions(tmp_path: Path) -> None:
    _, found = ran(tmp_path, searched(11, attention=ATTENTION**0.3), position="rank")
    alerts = found[found["severity"] == "alert"]
    mine = alerts[alerts["kind"] == "position"]
    assert len(mine) and mine["feature"].isna().all()
    assert set(pd.to_datetime(mine["onset"], unit="us").dt.date.astype(str)) == {"2025-01-24"}
    assert "relation" not in set(alerts["kind"])
    assert "outcome by position differs" in mine["message"].iloc[0]


def test_a_model_that_leans_on_other_features(tmp_path: Path) -> None:
    store, found = ran(tmp_path, explained(12, weights=WEIGHTS[::-1]), attributions="shap_*")
    mine = found[found["kind"] == "attribution"]
    assert (mine["severity"] == "alert").any() and mine["monitor"].eq("skew").all()
    assert "NDCG" in mine["message"].iloc[0]
    assert set(found["feature"].dropna()) <= set(FEATURES)
    bins = store.bins("model")
    assert bins is not None and [column.name for column in bins.features] == FEATURES


@pytest.mark.parametrize("timed", [True, False], ids=["with times", "without"])
def test_a_training_set_that_does_not_say_where_rows_stood(tmp_path: Path, timed: bool) -> None:
    """The log's own first windows do; a page that changes later is none of the features' relations."""
    training = searched(14).drop(columns="rank" if timed else ["rank", "ts"])
    training.to_parquet(tmp_path / "training.parquet")
    searched(15, attention=ATTENTION**0.3).to_parquet(tmp_path / "log.parquet")
    config = Config.from_dict(
        {
            "logs": {"path": "log.parquet", "timestamp": "ts", "prediction": "score", "label": "y", "position": "rank"},
            "model": {"positive": 1},
            "reference": {"path": "training.parquet"},
        },
        tmp_path,
    )
    found = run(config).findings
    alerts = found[found["severity"] == "alert"]
    bins = Store.open(config.store.url).bins("model")
    assert bins is not None and bins.of_role("position") is not None
    if not timed:
        assert "position" in set(alerts["kind"]) and "relation" not in set(alerts["kind"])
    first = pd.Timestamp("2025-01-24")
    assert (pd.to_datetime(alerts["onset"], unit="us") >= first - pd.Timedelta(days=2)).all()


def test_a_log_that_grows_ends_as_one_that_came_at_once(tmp_path: Path) -> None:
    """Bins of positions are the log's where the training set has none: they are those of its first windows, as they are
    now."""
    log = searched(16).assign(rank=lambda f: f["rank"] + 20 * (f.index // 12_000))
    parts = [log[log["ts"] < "2025-01-11"], log[log["ts"] >= "2025-01-11"]]
    stores = []
    for home, batches in ((tmp_path / "grown", [parts[:1], parts[1:]]), (tmp_path / "whole", [parts])):
        home.mkdir()
        searched(17).drop(columns=["rank", "ts"]).head(20_000).to_parquet(home / "training.parquet")
        given = {"path": "log-*.parquet", "timestamp": "ts", "position": "rank", "label": "y"}
        config = Config.from_dict(
            {"logs": given, "model": {"positive": 1}, "reference": {"path": "training.parquet"}}, home
        )
        for batch in batches:
            for part in batch:
                part.to_parquet(home / f"log-{part['ts'].iloc[0]:%d}.parquet")
            run(config)
        stores.append([p.encode() for p in Store.open(config.store.url).profiles("model", "")])
    assert stores[0] == stores[1]


def test_running_again_changes_nothing(tmp_path: Path) -> None:
    log = explained(13).assign(rank=lambda f: 1 + np.arange(len(f)) % 10)
    store, first = ran(tmp_path, log, attributions="shap_*", position="rank")
    before = [p.encode() for p in store.profiles("model", "")]
    _, second = ran(tmp_path, log, attributions="shap_*", position="rank")
    assert [p.encode() for p in store.profiles("model", "")] == before
    assert first.drop(columns="message").equals(second.drop(columns="message"))
