"""The incidents of the log itself, of single columns and of the service, seen by counting: on in time, and not else."""

from __future__ import annotations

import tomllib

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.fixtures_truth.conftest import Search


def on(search: Search, name: str, rows: pd.DataFrame | None = None) -> pd.Series:
    """Rows whose time lies within an incident."""
    time = (search.rows if rows is None else rows)["ts"]
    start, end = search.truth[name]["start"], search.truth[name]["end"]
    return (time >= pd.Timestamp(start)) & (time < pd.Timestamp(end or "2100-01-01T00:00:00+00:00"))


def first_and_last(search: Search, rows: pd.Series) -> tuple[pd.Timestamp, pd.Timestamp]:
    times = search.rows.loc[rows, "ts"]
    return times.min(), times.max()


@pytest.mark.parametrize(
    ("name", "broken", "share"),
    [
        ("similarity-nan", lambda rows: rows["embedding_similarity"].isna(), 0.15),
        ("image-age-in-hours", lambda rows: rows["image_age_days"] > 6000, 0.55),
        ("partner-unseen", lambda rows: rows["source"] == "partner_c", 0.06),
        ("popularity-infinite", lambda rows: np.isinf(rows["popularity"]), 0.08),
        ("depth-as-text", lambda rows: rows["typed"] == "string", 1.0),
        ("image-service-outage", lambda rows: rows["image_age_days"].isna(), 1.0),
        ("scores-nan", lambda rows: rows["score"].isna(), 0.06),
        ("rerank-column-new", lambda rows: rows["rerank_score"].notna(), 1.0),
    ],
)
def test_what_a_column_holds_while_an_incident_is_on_alone(search: Search, name: str, broken, share: float):
    hit, during = broken(search.rows), on(search, name)
    assert hit[during].mean() == pytest.approx(share, abs=0.02)
    assert hit[~during].mean() < 0.003
    start = pd.Timestamp(search.truth[name]["start"])
    first = search.rows.loc[hit & during, "ts"].min()
    assert pd.Timedelta(0) <= first - start < pd.Timedelta(minutes=20)


def test_what_is_the_same_for_all(search: Search):
    during = on(search, "device-constant")
    assert set(search.rows.loc[during, "device"]) == {"desktop"}
    assert search.rows.loc[~during, "device"].nunique() == 3
    during = on(search, "education-plan-lost")
    assert "education" not in set(search.rows.loc[during, "account_plan"])
    assert (search.rows.loc[~during, "account_plan"] == "education").mean() > 0.06


def test_three_columns_of_one_service_go_and_come_back_together(search: Search):
    down = on(search, "image-service-outage")
    for name in ("image_quality", "image_age_days", "image_tags"):
        null = search.rows[name].isna()
        assert null[down].all()
        around = (search.rows["ts"] - pd.Timestamp("2025-05-27T16:00:00Z")).abs() < pd.Timedelta(days=4)
        assert null[around & ~down].mean() < 0.02


def test_an_index_by_night_stands_still(search: Search):
    by_day = search.rows[search.rows["day"] < 180].groupby("day")["demand_index"].agg(["min", "max"])
    stands = by_day["min"].diff() == 0
    expected = pd.date_range("2025-06-05", "2025-06-12").dayofyear - 6
    assert by_day.index[stands].tolist() == expected.tolist()
    truthful = by_day.drop(range(178, 180))  # the clock that is ahead puts rows among later days
    assert (truthful["min"] == truthful["max"]).mean() > 0.98


def test_rows_lost_and_sampled(search: Search):
    assert not on(search, "hours-lost").any()
    hourly = search.rows[search.rows["day"] == 79].groupby(search.rows["ts"].dt.hour).size()
    assert sorted(set(range(24)) - set(hourly.index)) == [13, 14]
    volume = search.rows.groupby("day").size()
    assert (volume[67:70].to_numpy() / volume[53:56].to_numpy()).mean() == pytest.approx(1 / 3, abs=0.04)


def test_ids_that_come_again_with_other_values(search: Search):
    again = search.rows["impression_id"].duplicated(keep=False)
    whole = search.rows.columns.drop(["ts", "file", "place"]).tolist()
    other = again & ~search.rows.duplicated(whole, keep=False)
    assert set(search.rows.loc[other, "day"]) == {142}
    assert search.rows.loc[search.rows["day"] == 142, "impression_id"].duplicated().mean() == pytest.approx(
        0.048, abs=0.01
    )


def test_events_repeated_within_seconds(search: Search):
    repeats = search.rows["impression_id"].str.endswith("b")
    assert repeats[on(search, "clicks-repeated")].mean() == pytest.approx(1 / 9, abs=0.02)
    low, high = first_and_last(search, repeats)
    assert (low.floor("h"), high.floor("h")) == (
        pd.Timestamp("2025-04-25T09:00Z"),
        pd.Timestamp("2025-04-26T08:00Z"),
    )
    copies = search.rows[repeats].set_index(search.rows["impression_id"].str[:-1][repeats])
    originals = search.rows.set_index("impression_id").loc[copies.index]
    assert (copies["ts"] - originals["ts"]).between(pd.Timedelta(0), pd.Timedelta(seconds=2)).all()
    values = copies.columns.drop(["ts", "impression_id", "place", "label_ts"])
    pd.testing.assert_frame_equal(copies[values], originals[values])


def test_rows_out_of_order_late_and_ahead_of_their_time(search: Search):
    rows = search.rows
    day = rows["ts"].dt.strftime("%Y-%m-%d")
    ahead = day > rows["file"]
    assert set(rows.loc[ahead, "file"]) == {"2025-04-17"}
    assert ahead[rows["file"] == "2025-04-17"].mean() == pytest.approx(0.02, abs=0.01)
    late = day < rows["file"]
    assert set(zip(day[late], rows.loc[late, "file"], strict=True)) == {("2025-05-07", "2025-05-09")}
    assert rows.loc[late, "ts"].dt.hour.isin(range(10, 18)).all()
    placed = rows[~ahead & ~late].groupby("file")["ts"]
    descents = (placed.diff() < pd.Timedelta(0)).groupby(rows["file"]).mean()
    assert descents["2025-05-19"] > 0.3
    assert descents[descents > 0].index.tolist() == ["2025-05-19"]
    assert (placed.shift() - rows["ts"]).max() < pd.Timedelta(minutes=40)


def test_labels_late_and_thin(search: Search):
    hours = (search.rows["label_ts"] - search.rows["ts"]) / pd.Timedelta(hours=1)
    median = hours.groupby(search.rows["day"]).median()
    assert median[82:84].between(50, 70).all()
    assert median.drop([82, 83, 84]).loc[:175].max() < 6
    known = search.rows["clicked"].notna()
    thin = on(search, "labels-thin")
    assert known[thin].mean() == pytest.approx(0.5, abs=0.03)
    assert known[~thin & (search.rows["day"] < 170)].mean() > 0.98


def test_latency_doubles(search: Search):
    slow = on(search, "slow-service")
    median = search.rows["latency_ms"].groupby(slow).median()
    assert median[True] / median[False] == pytest.approx(2, abs=0.1)


def test_attributions_add_up_to_the_scores_and_one_shrinks(search: Search):
    quiet = search.rows[search.rows["day"] < 56]
    shaps = [name for name in quiet if name.startswith("shap_")]
    logit = np.log(quiet["score"] / (1 - quiet["score"]))
    assert np.corrcoef(quiet[shaps].sum(axis=1), logit)[0, 1] > 0.75
    assert quiet[shaps].mean().abs().max() < 0.1  # what the answer differs by from the usual one
    size = search.rows["shap_embedding_similarity"].abs().groupby(on(search, "explainer-changed")).mean()
    assert size[True] < 0.1 * size[False]
    faded = search.rows["shap_style_match"].abs().groupby(search.rows["day"] // 30).mean()
    assert faded[4] == pytest.approx(faded[0], rel=0.03)  # the model leans on it all the same


def test_the_offline_log_differs_in_one_feature_for_some_days(search: Search):
    parts = [pq.read_table(path).to_pandas() for path in sorted((search.home / "offline").iterdir())]
    offline = pd.concat(parts).set_index("impression_id")
    assert offline.index.is_unique
    rows = search.rows[search.rows["impression_id"].isin(offline.index)]
    rows = rows.drop_duplicates("impression_id")
    assert len(rows) / len(search.rows) == pytest.approx(0.3, abs=0.02)
    again = offline.loc[rows["impression_id"]].reset_index(drop=True)
    rows = rows.reset_index(drop=True)
    for name in ("style_match", "locale"):
        assert rows[name].equals(again[name])
    differs = rows["query_length"] - again["query_length"]
    during = on(search, "query-length-skew", rows)
    assert set(differs) == {0, 1}
    assert differs[during].mean() == pytest.approx(0.15, abs=0.01)
    assert differs[~during].sum() == 0


def test_columns_that_leave_on_their_date_before_it_and_not_at_all(search: Search):
    planned = tomllib.loads((search.home / "driftmeter.toml").read_text())["deprecations"]
    kinds = {name: search.truth[name] for name in ("rating-leaves-early", "tags-leave-on-time", "depth-overdue")}
    last = {
        name: max(path.stem for path in (search.home / "logs").iterdir() if name in pq.read_schema(path).names)
        for name in planned
    }
    leaves = {incident["feature"]: incident["start"][:10] for incident in kinds.values()}
    assert last["partner_rating"] < leaves["partner_rating"] < planned["partner_rating"]["date"]
    assert last["image_tags"] < leaves["image_tags"] == planned["image_tags"]["date"]
    assert last["session_depth"] == "2025-07-04"
    assert leaves["session_depth"] == planned["session_depth"]["date"]
    assert [name for name, incident in search.truth.items() if incident["severity"] == "silent"] == [
        "tags-leave-on-time"
    ]
    without = {path.stem for path in (search.home / "logs").iterdir() if "latency_ms" not in pq.read_schema(path).names}
    gone = search.truth["latency-column-gone"]
    assert (min(without), len(without)) == (gone["start"][:10], 5)
