"""The committed flights log is what SOURCE.md says, and its score knows nothing of the answer."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from fixtures.flights import build

FOLDER = Path(build.__file__).parent
FILES = sorted(FOLDER.glob("*.parquet"))


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    frame = pd.concat([pq.read_table(path).to_pandas() for path in FILES], ignore_index=True)
    return frame.assign(date=pd.to_datetime(frame["date"]))


def test_one_small_file_a_month_with_the_same_columns():
    assert [path.stem for path in FILES] == [f"2015-{month:02d}" for month in range(1, 13)]
    assert sum(path.stat().st_size for path in FILES) < 1_000_000
    assert {str(pq.read_schema(path)) for path in FILES} == {str(build.SCHEMA)}


def test_every_flight_of_both_sources_is_there_once_and_in_order(flights: pd.DataFrame):
    assert len(flights) == 100_000
    assert flights["flight_id"].is_unique
    assert flights["flight_id"].is_monotonic_increasing
    assert flights["date"].is_monotonic_increasing
    assert flights["date"].nunique() == 365
    assert (flights["date"] < "2015-04-01").sum() == 24_354


def test_us_airways_ends_on_the_first_of_july_and_american_takes_over(flights: pd.DataFrame):
    us = flights.loc[flights["AIRLINE"] == "US", "date"]
    assert us.max() == pd.Timestamp("2015-06-30")
    assert us.nunique() == 181  # every day until then
    american = (flights["AIRLINE"] == "AA").groupby(flights["date"] >= "2015-07-01").mean()
    assert american.round(3).tolist() == [0.092, 0.159]


def test_the_columns_known_to_be_quiet_are_quiet(flights: pd.DataFrame):
    quarterly = flights.groupby(flights["date"].dt.quarter)[["TAXI_OUT", "AIR_TIME", "DISTANCE"]].median()
    assert (quarterly / quarterly.iloc[0] - 1).abs().max().max() <= 0.08


def test_nulls_are_flights_that_did_not_fly(flights: pd.DataFrame):
    assert flights.isna().sum()[lambda nulls: nulls > 0].to_dict() == {
        "TAXI_OUT": 1_524,
        "AIR_TIME": 1_829,
        "late": 1_474,
    }
    assert flights.loc[flights["late"].isna(), "CANCELLED"].eq(1).all()
    diverted = flights[flights["AIR_TIME"].isna() & (flights["CANCELLED"] == 0)]
    assert len(diverted) == 287


def test_score_is_a_calibrated_probability_with_some_power_in_the_first_quarter(flights: pd.DataFrame):
    assert flights["score"].between(0.05, 0.5).all()
    first = flights[(flights["date"] < build.FIT_UNTIL) & flights["late"].notna()]
    assert 0.55 < roc_auc_score(first["late"], first["score"]) < 0.65
    assert first["score"].mean() == pytest.approx(first["late"].mean(), abs=1e-3)


def test_score_depends_on_what_is_known_before_departure_alone(flights: pd.DataFrame):
    known = [flights["AIRLINE"], flights["date"].dt.dayofweek, flights["DISTANCE"]]
    assert flights["score"].groupby(known).nunique().max() == 1


def test_score_is_the_model_of_the_first_quarter(flights: pd.DataFrame):
    later = flights["date"] >= build.FIT_UNTIL
    blind = flights.assign(late=flights["late"].where(~later, 1 - flights["late"]))  # later answers turned over
    np.testing.assert_allclose(build.score(build.fit(blind), blind), flights["score"], atol=1.01e-4)


def test_build_reads_both_files_and_replaces_the_delay(tmp_path: Path):
    header = ",CANCELLED,AIRLINE,DEPARTURE_DELAY,TAXI_OUT,AIR_TIME,DISTANCE,DATE\n"
    (tmp_path / "late.csv").write_text(header + "9,0,AA,16.0,10.0,60.0,400,2015-07-02\n")
    (tmp_path / "early.csv").write_text(header + "5,0,US,15.0,10.0,60.0,400,2015-02-01\n2,1,US,,,,400,2015-01-01\n")
    flights = build.read(tmp_path / "late.csv", tmp_path / "early.csv")
    assert flights["flight_id"].tolist() == [2, 5, 9]
    assert flights["late"].tolist() == [pd.NA, 0, 1]
    assert "DEPARTURE_DELAY" not in flights

    paths = build.write(flights.assign(score=0.2), tmp_path)
    assert [path.name for path in paths] == ["2015-01.parquet", "2015-02.parquet", "2015-07.parquet"]
    assert pq.read_table(paths[0])["late"].to_pylist() == [None]


def test_configuration_names_columns_that_exist():
    configuration = tomllib.loads((FOLDER / "driftmeter.toml").read_text())
    logs = configuration["logs"]
    assert configuration["model"] == {"name": "flight-delay", "task": "binary", "positive": 1}
    assert {logs[key] for key in ("timestamp", "id", "prediction", "label")} <= set(build.SCHEMA.names)
    assert sorted(FOLDER.glob(logs["path"])) == FILES


def test_source_and_licence_stand_beside_the_data():
    source = (FOLDER / "SOURCE.md").read_text()
    for word in (
        "popmon 1.4.12",
        "Bureau of Transportation Statistics",
        "Permission is hereby granted, free of charge",
    ):
        assert word in source
