"""The search generator: same seed same log, honest habits, files as a service writes them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import chi2_contingency
from sklearn.metrics import roc_auc_score

from fixtures.search import files, generate
from fixtures.search.incidents import schedule
from tests.fixtures_truth.conftest import read_log

SMALL = Path(generate.__file__).parent / "small"
LABELS = ("labels-late", "labels-thin", "clock-ahead")
SMALL_SIZE = {"days": 90, "rows": 15_000, "file_days": 7}  # as in SOURCE.md


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate.generate(tmp_path_factory.mktemp("small"), **SMALL_SIZE).parent


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The 56 quiet days of a full log, with clicks."""
    home = generate.generate(tmp_path_factory.mktemp("full")).parent
    log, labels = (
        pa.concat_tables([pq.read_table(path) for path in sorted((home / name).iterdir())[:56]]).to_pandas()
        for name in ("logs", "labels")
    )
    log["day"] = (log["ts"] - pd.Timestamp("2025-01-06", tz="UTC")).dt.days
    return log.merge(labels, on="impression_id", how="left", validate="one_to_one")


def test_committed_cut_is_what_the_generator_makes(small: Path):
    made = sorted(path.relative_to(small) for path in small.rglob("*.*"))
    assert made == sorted(path.relative_to(SMALL) for path in SMALL.rglob("*.*"))
    for path in made:
        if path.suffix == ".parquet":
            table = pq.read_table(small / path)
            committed = pq.read_table(SMALL / path)
            assert table.schema == committed.schema
            pd.testing.assert_frame_equal(table.to_pandas(), committed.to_pandas(), rtol=0, atol=1e-3)
        else:
            assert (small / path).read_text() == (SMALL / path).read_text()


def test_committed_cut_is_small():
    assert sum(path.stat().st_size for path in SMALL.rglob("*.*")) < 900_000
    assert len(list((SMALL / "labels").iterdir())) == len(list((SMALL / "offline").iterdir())) == 13
    mondays = {path.stem for path in (SMALL / "labels").iterdir()}
    assert mondays < {path.stem for path in (SMALL / "logs").iterdir()}


def test_same_seed_same_bytes_and_another_seed_another_log(small: Path, tmp_path: Path):
    again = generate.generate(tmp_path / "again", **SMALL_SIZE).parent
    other = generate.generate(tmp_path / "other", **SMALL_SIZE, seed=1).parent
    for path in small.rglob("*.parquet"):
        name = path.relative_to(small)
        assert path.read_bytes() == (again / name).read_bytes()
        assert path.read_bytes() != (other / name).read_bytes()


def test_files_of_days_hold_the_same_rows_as_files_of_weeks(small: Path, tmp_path: Path):
    daily = generate.generate(tmp_path, **{**SMALL_SIZE, "file_days": 1}).parent
    for name in ("logs", "labels", "offline"):
        days, weeks = sorted((daily / name).iterdir()), sorted((small / name).iterdir())
        assert {path.stem for path in days[::7]} <= {path.stem for path in weeks} <= {path.stem for path in days}
        first_week = pa.concat_tables([pq.read_table(path) for path in days[:7]])
        pd.testing.assert_frame_equal(first_week.to_pandas(), pq.read_table(weeks[0]).to_pandas())
    logs = sorted((daily / "logs").iterdir())
    absent = [path.stem for path in logs if "legacy_relevance" not in pq.read_schema(path).names]
    assert absent[0] == schedule(90)["legacy-relevance-gone"].start.date().isoformat()
    assert len(absent) == 41


def test_a_file_of_a_week_ends_where_the_column_leaves(tmp_path: Path):
    home = generate.generate(tmp_path, days=100, rows=2_000, file_days=7).parent
    gone = schedule(100)["legacy-relevance-gone"].start.date()
    assert gone.weekday() == 5  # within a week
    schemas = {path.stem: pq.read_schema(path).names for path in (home / "logs").iterdir()}
    assert {stem for stem, names in schemas.items() if "legacy_relevance" not in names} == {
        stem for stem in schemas if stem >= gone.isoformat()
    }
    assert gone.isoformat() in schemas


def test_runs_as_a_module_and_under_another_package_name(small: Path, tmp_path: Path):
    shipped = tmp_path / "shipped" / "logs_to_try"
    shutil.copytree(SMALL.parent, shipped, ignore=shutil.ignore_patterns("small", "__pycache__"))
    arguments = ["--days", "90", "--rows", "15000", "--file-days", "7"]
    command = [sys.executable, "-m", "logs_to_try.generate", str(tmp_path / "home"), *arguments]
    done = subprocess.run(command, cwd=shipped.parent, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == tmp_path / "home" / "driftmeter.toml"
    for path in small.rglob("*.parquet"):
        assert (tmp_path / "home" / path.relative_to(small)).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"days": 30}, "days is 30"), ({"rows": 100}, "rows is 100"), ({"file_days": 2}, "file_days is 2")],
)
def test_sizes_that_make_no_sense_are_refused(tmp_path: Path, wrong: dict[str, int], message: str):
    with pytest.raises(ValueError, match=message):
        generate.generate(tmp_path, **wrong)
    assert not list(tmp_path.iterdir())


def test_configuration_and_truth_say_that_it_is_synthetic_and_agree(small: Path):
    configuration = tomllib.loads((small / "driftmeter.toml").read_text())
    truth = json.loads((small / "truth.json").read_text())
    assert truth["synthetic"] is True
    assert configuration["model"]["name"] == truth["model"] == "image-search (synthetic)"
    reference = configuration["reference"]
    assert truth["reference"]["start"] == f"{reference['start']}T00:00:00+00:00"
    last_day = pd.Timestamp(reference["end"], tz="UTC")
    assert last_day + pd.Timedelta(days=1) == pd.Timestamp(truth["reference"]["end"])

    log, labels = configuration["logs"], configuration["labels"]
    used = {log["timestamp"], log["id"], log["prediction"], *configuration["features"]["segments"]}
    assert used | {configuration["features"]["version"]} <= set(files.LOG_SCHEMA.names)
    assert {labels["id"], labels["label"], labels["timestamp"]} == set(files.LABEL_SCHEMA.names)


def test_rows_stand_in_the_file_of_their_day(small: Path):
    first = next(incident.start for incident in schedule(90).values())
    for name, time in (("logs", "ts"), ("labels", "label_ts")):
        for path in sorted((small / name).iterdir()):
            table = pq.read_table(path)
            times = table[time].to_pandas()
            start = pd.Timestamp(path.stem, tz="UTC")
            inside = times.between(start, start + pd.Timedelta(days=7), inclusive="left")
            ordered = times.diff().dropna() >= pd.Timedelta(0)
            if start + pd.Timedelta(days=7) <= first:
                assert ordered.all()
                assert inside.all()
            assert ordered.mean() > 0.8
            assert inside.mean() > 0.99
            assert path.stat().st_mtime >= start.timestamp() + 86_400  # dated as if it had been written then


def test_click_rate_score_and_calibration_are_those_of_a_working_model(quiet: pd.DataFrame):
    labelled = quiet.dropna(subset=["clicked"])
    assert 0.08 < labelled["clicked"].mean() < 0.15
    assert 0.74 < roc_auc_score(labelled["clicked"], labelled["score"]) < 0.79
    deciles = labelled.groupby(pd.qcut(labelled["score"], 10))[["score", "clicked"]].mean()
    np.testing.assert_allclose(deciles["score"], deciles["clicked"], rtol=0.12)


def test_features_are_of_many_kinds(quiet: pd.DataFrame):
    assert quiet["query_topic"].nunique() == 150
    assert quiet["locale"].nunique() == 12
    assert sorted(quiet["position"].unique()) == list(range(1, 21))
    assert quiet["popularity"].skew() > 5
    assert quiet["image_age_days"].skew() > 2
    shares = quiet.isna().mean()
    assert shares["popularity"] == pytest.approx(0.005, abs=0.002)
    assert shares["image_quality"] == pytest.approx(0.008, abs=0.002)


def test_a_nan_of_the_embedding_is_no_null():
    column = pq.read_table(SMALL / "logs", columns=["embedding_similarity"])["embedding_similarity"]
    assert column.null_count == 0
    assert 0 < np.isnan(column.to_numpy()).sum() < 0.01 * len(column)


def test_days_have_habits(quiet: pd.DataFrame):
    """Weekends differ, hours differ, and weekdays differ among themselves by more than chance."""
    volume = quiet.groupby("day").size()
    weekend = volume.index % 7 >= 5
    assert volume[weekend].mean() / volume[~weekend].mean() == pytest.approx(0.72, abs=0.04)
    phones = (quiet["device"] == "phone").groupby(quiet["day"] % 7 >= 5).mean()
    assert phones[True] - phones[False] > 0.05
    hours = quiet["ts"].dt.hour.value_counts(normalize=True)
    assert hours.max() / hours.min() > 3

    weekdays = quiet[quiet["day"] % 7 < 5]
    for column in ("source", "account_plan", "locale"):
        result = chi2_contingency(pd.crosstab(weekdays["day"], weekdays[column]))
        assert 1.3 < result.statistic / result.dof < 5


def test_labels_come_hours_later_and_the_last_day_is_not_in(small: Path):
    assert pq.read_table(small / "labels")["impression_id"].to_pandas().is_unique
    joined = read_log(small).drop_duplicates("impression_id")
    usual = {name: incident for name, incident in schedule(90).items() if name in LABELS}
    for incident in usual.values():
        day = joined["ts"].dt.floor("D")
        joined = joined[(day < pd.Timestamp(incident.start).floor("D")) | (day > pd.Timestamp(incident.end))]
    hours = (joined["label_ts"] - joined["ts"]) / pd.Timedelta(hours=1)
    hours = hours[joined["day"] < 70]  # the clock that is ahead
    assert hours.min() > 0
    assert hours.median() == pytest.approx(4, abs=0.3)
    assert 0.02 < (hours > 24).mean() < 0.06
    by_day = joined["clicked"].notna().groupby(joined["ts"].dt.date)
    known = by_day.mean()[by_day.size() > 100]  # days that lost most of their rows tell little
    assert known.iloc[:-5].min() > 0.95
    assert known.iloc[-1] < 0.85


def test_source_says_synthetic_and_how_to_make_the_cut_again():
    source = (SMALL.parent / "SOURCE.md").read_text()
    assert source.startswith("# Image search: a synthetic log")
    assert "generate fixtures/search/small --days 90 --rows 15000 --file-days 7" in source
    for name, incident in schedule(180).items():
        row = next(line for line in source.splitlines() if line.startswith(f"| {name} |"))
        assert f"| {incident.monitor} {incident.kind}" in row
        assert f"| {incident.start:%m-%d}" in row
