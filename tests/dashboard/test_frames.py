"""Frames for charts, against the rows that they were counted from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard import data, frames
from monitors.views import Look

JULY = pd.Timestamp("2015-07-01", tz="UTC").value // 1000


@pytest.fixture(scope="module")
def july(flights: str) -> pd.DataFrame:
    return pd.read_parquet(Path(flights).with_name("2015-07.parquet"))


def test_categories_are_shares_and_rates_of_the_rows(flights: str, july: pd.DataFrame) -> None:
    page = data.page(flights, Look("1mo"))
    bins = frames.bins(page, "AIRLINE", JULY).set_index("label")
    assert bins["window"].sum() == pytest.approx(1)
    assert bins["reference"].sum() == pytest.approx(1)
    counts = july["AIRLINE"].value_counts(normalize=True)
    labelled = july[july["late"].notna()]
    for name, share in counts.items():
        assert bins.loc[name, "window"] == pytest.approx(share)
        late = labelled.loc[labelled["AIRLINE"] == name, "late"].astype(float)
        assert bins.loc[name, "n"] == len(late)
        assert bins.loc[name, "rate"] == pytest.approx(late.mean())
        assert bins.loc[name, "low"] <= bins.loc[name, "rate"] <= bins.loc[name, "high"]
    assert bins.loc["US", "window"] == 0
    assert bins.loc["US", "reference"] > 0.05
    assert bins["kind"].tolist() == ["missing"] * 4 + ["value"] * (len(bins) - 6) + ["other", "unseen"]


def test_numbers_keep_their_rows_however_few_bins_are_shown(flights: str, july: pd.DataFrame) -> None:
    for grain, most in (("1mo", 44), ("1d", 18)):
        page = data.page(flights, Look(grain))
        bins = frames.bins(page, "DISTANCE", JULY)
        assert bins["window"].sum() == pytest.approx(1)
        assert bins["reference"].sum() == pytest.approx(1)
        assert len(bins) <= most + 4
        assert bins["left"].dropna().is_monotonic_increasing
        assert bins["label"].is_unique
    values = july["DISTANCE"].to_numpy(float)
    bins = frames.bins(data.page(flights, Look("1mo")), "DISTANCE", JULY)
    edges = bins["left"].to_numpy()
    for i in range(6, len(bins) - 1):
        inside = np.mean((values >= edges[i]) & (values < edges[i + 1]))
        assert bins["window"].iloc[i] == pytest.approx(inside)


def test_performance_holds_windows_without_labels_too(search: str) -> None:
    page = data.page(search, Look("1d"))
    assert frames.leading_metric(page.measured) == "auc"
    rows = frames.performance(page, "auc")
    assert rows["window_start"].is_unique
    assert rows["expected"].notna().all()
    assert rows["mature"].dtype == bool
    assert rows["labelled_share"].between(0, 1).all()


def test_no_labels_no_performance() -> None:
    nothing = pd.DataFrame({"monitor": ["concept"], "metric": ["prediction_mean"]})
    assert frames.leading_metric(nothing) is None
    expected = pd.DataFrame({"monitor": ["concept"], "metric": ["expected_auc"]})
    assert frames.leading_metric(expected) == "auc"
