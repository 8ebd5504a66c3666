"""Each incident of the search log's truth can be seen by counting, while it is on and not before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from fixtures.search.incidents import START, reference_days, schedule
from tests.fixtures_truth.conftest import Search, read_log

MONITORS = {"drift", "concept", "decay", "missing", "integrity", "skew"}


def days(incident: dict, column: str = "start") -> int:
    """Day number of one of an incident's times; one that stays ends with the log."""
    return 180 if incident[column] is None else (pd.Timestamp(incident[column]) - pd.Timestamp(START)).days


def daily(search: Search, number: Callable[[pd.DataFrame], float]) -> pd.Series:
    return pd.Series({day: number(rows) for day, rows in search.rows.groupby("day")})


def power(rows: pd.DataFrame, feature: str) -> float:
    known = rows.dropna(subset=["clicked", feature])
    return float(roc_auc_score(known["clicked"], known[feature]))


def share_on_and_off(incident: dict, values: pd.Series) -> tuple[float, float]:
    """Mean of a daily number while the incident is on, and on all other days."""
    on = (values.index >= days(incident)) & (values.index < days(incident, "end"))
    return values[on].mean(), values[~on].mean()


def test_truth_uses_the_words_of_the_findings(search: Search):
    assert list(search.truth) == list(schedule(180))
    for incident in search.truth.values():
        assert incident["monitor"] in MONITORS
        assert set(incident) == {
            *("id", "monitor", "kind", "feature", "segment", "start", "full", "end", "gradual", "severity", "note"),
            "consequences",
        }
        for consequence in incident["consequences"]:
            assert consequence["monitor"] in MONITORS
            assert set(consequence) == {"monitor", "kind", "feature"}


@pytest.mark.parametrize("length", [60, 90, 180, 365])
def test_onsets_are_apart_and_after_some_quiet_days(length: int):
    incidents = list(schedule(length).values())
    onsets = [(incident.start - START).days for incident in incidents]
    assert onsets == sorted(set(onsets))
    assert all(incident.end is None or incident.start < incident.end for incident in incidents)
    assert onsets[0] - reference_days(length) >= 2
    assert onsets[-1] <= length - 5


def test_half_volume_day(search: Search):
    volume = daily(search, len)
    day = days(search.truth["half-volume-day"])
    same_weekday = volume[[day - 14, day - 7, day + 7, day + 14]].mean()
    assert volume[day] / same_weekday == pytest.approx(0.5, abs=0.06)


def test_doubled_day(search: Search):
    twice = daily(search, lambda rows: rows["impression_id"].duplicated().mean())
    day = days(search.truth["doubled-day"])
    assert twice[twice > 0.1].to_dict() == {day: 0.5}
    assert set(twice[twice > 0].index) == {day, days(search.truth["scored-again"])}
    rows = search.rows[search.rows["day"] == day]
    assert rows.drop(columns="place").drop_duplicates().shape[0] == rows.shape[0] / 2  # exact copies


def test_nulls_of_one_locale(search: Search):
    incident = search.truth["popularity-nulls"]
    brazil = search.rows["locale"] == "pt-BR"
    null = search.rows["popularity"].isna()
    null &= np.isfinite(search.rows["popularity"].fillna(0))
    on, off = share_on_and_off(incident, null[brazil].groupby(search.rows["day"]).mean())
    assert on == pytest.approx(0.6, abs=0.03)
    assert off < 0.01
    assert null[~brazil].groupby(search.rows["day"]).mean().max() < 0.02
    assert incident["segment"] == "locale=pt-BR"


def test_legacy_feature_is_gone_for_good(search: Search):
    absent = daily(search, lambda rows: rows["legacy_relevance"].isna().mean())
    assert absent[absent > 0].eq(1).all()
    assert absent[absent > 0].index.tolist() == list(range(days(search.truth["legacy-relevance-gone"]), 180))


def test_sentinel(search: Search):
    incident = search.truth["image-quality-sentinel"]
    sentinel = daily(search, lambda rows: (rows["image_quality"] == -1).mean())
    on, off = share_on_and_off(incident, sentinel)
    assert on == pytest.approx(0.15, abs=0.01)
    assert off == 0


def test_query_mix_shift_comes_in_three_days_and_goes(search: Search):
    incident = search.truth["query-mix-shift"]
    outdoors = daily(search, lambda rows: rows["query_topic"].str.match("travel|events").mean())
    desktops = daily(search, lambda rows: (rows["device"] == "desktop").mean())
    italy = daily(search, lambda rows: (rows["locale"] == "it-IT").mean())
    start, full, end = (days(incident, name) for name in ("start", "full", "end"))
    before, during = slice(0, start - 1), slice(full, end - 4)
    assert outdoors[during].max() < 0.3 * outdoors[before].min()
    assert italy[during].mean() > 1.8 * italy[before].mean()
    assert desktops[during].mean() > desktops[before].mean() + 0.06
    assert outdoors[start : full - 1].is_monotonic_decreasing
    assert outdoors[end:].mean() == pytest.approx(outdoors[before].mean(), rel=0.05)


def test_signal_fades_while_its_distribution_stays(search: Search):
    incident = search.truth["style-match-fades"]
    start, full = days(incident), days(incident, "full")
    weekly = search.rows.groupby(search.rows["day"] // 7)
    learned = pd.Series({7 * week: power(rows, "style_match") for week, rows in weekly})
    assert learned[learned.index < start].between(0.60, 0.65).all()
    assert learned[learned.index >= full].between(0.47, 0.53).all()
    fading = learned[(learned.index >= start) & (learned.index < full)]
    assert np.polyfit(fading.index, fading, 1)[0] * (full - start) == pytest.approx(-0.12, abs=0.04)
    quantiles = search.rows.groupby(search.rows["day"] >= start)["style_match"].quantile([0.05, 0.5, 0.95])
    assert (quantiles[True] - quantiles[False]).abs().max() < 0.005


def test_deploy_flips_the_version_and_raises_the_scores_but_not_the_ranking(search: Search):
    incident = search.truth["deploy-scores"]
    new = search.rows["model_version"] == "2025.2"
    assert search.rows.loc[new, "ts"].min() >= pd.Timestamp(incident["start"])
    assert search.rows.loc[~new, "ts"].max() < pd.Timestamp(incident["start"])
    around = search.rows["day"].between(days(incident) - 5, days(search.truth["ui-change"]) - 1)
    before, after = (search.rows[around & version] for version in (~new, new))
    assert after["score"].mean() > 1.35 * before["score"].mean()
    assert after["clicked"].mean() == pytest.approx(before["clicked"].mean(), rel=0.06)
    assert power(after, "score") == pytest.approx(power(before, "score"), abs=0.02)


def test_ui_change_moves_the_click_curve_by_position(search: Search):
    start = days(search.truth["ui-change"])
    periods = search.rows["day"].between(start - 20, start - 1), search.rows["day"] >= start
    before, after = (
        search.rows[period].groupby(pd.cut(search.rows["position"], [0, 2, 5, 10, 20]))["clicked"].mean()
        for period in periods
    )
    ratio = (after / before).tolist()
    assert ratio[0] < 0.8  # the top loses
    assert min(ratio[2:]) > 1.5  # the middle and the bottom win
    rates = [search.rows.loc[period, "clicked"].mean() for period in periods]
    assert rates[1] > 1.15 * rates[0]


def test_the_weeks_before_the_first_incident_are_quiet(search: Search):
    """Nothing of the above shows before: rates by half of the quiet time agree to what days differ by."""
    quiet = search.rows[search.rows["day"] < days(next(iter(search.truth.values())))]
    halves = quiet.groupby(quiet["day"] >= 30)
    assert quiet["impression_id"].is_unique
    assert quiet["legacy_relevance"].notna().all()
    assert (quiet["image_quality"] >= 0).sum() == quiet["image_quality"].notna().sum()
    assert quiet["model_version"].unique().tolist() == ["2025.1"]
    assert (quiet.groupby(["day", "locale"])["popularity"].apply(lambda values: values.isna().mean()) < 0.2).all()
    for feature in ("style_match", "position", "score"):
        powers = [power(rows, feature) for _, rows in halves]
        assert powers[0] == pytest.approx(powers[1], abs=0.015)
    for column in ("clicked", "score", "style_match"):
        means = halves[column].mean()
        assert means[True] == pytest.approx(means[False], rel=0.03)
    for column in ("query_topic", "locale", "device", "source", "account_plan"):
        shares = halves[column].value_counts(normalize=True)
        assert (shares[True] - shares[False]).abs().max() < 0.015


def test_the_small_cut_shows_every_incident_too():
    """90 days of 170 rows: shares are plain by day, what needs clicks is plain over weeks."""
    rows = read_log(Path(__file__).parents[2] / "fixtures" / "search" / "small")
    time = rows["ts"]
    on = {
        incident.id: (time >= incident.full) & (time < (incident.end or pd.Timestamp.max.tz_localize("UTC")))
        for incident in schedule(90).values()
    }
    brazil = rows["locale"] == "pt-BR"
    assert rows.loc[on["popularity-nulls"] & brazil, "popularity"].isna().mean() > 0.45
    assert rows.loc[on["legacy-relevance-gone"], "legacy_relevance"].isna().all()
    assert (rows.loc[on["image-quality-sentinel"], "image_quality"] == -1).mean() > 0.1
    assert rows.loc[on["doubled-day"], "impression_id"].duplicated().mean() == 0.5
    assert on["half-volume-day"].sum() < 0.65 * on["doubled-day"].sum() / 2
    assert rows.loc[on["query-mix-shift"], "query_topic"].str.match("travel|events").mean() < 0.09
    early, late = rows[time < time.min() + pd.Timedelta(days=30)], rows[on["style-match-fades"]]
    assert power(early, "style_match") > 0.58
    assert power(late, "style_match") < 0.55
    quiet_scores = rows.loc[~on["deploy-scores"], "score"]
    assert rows.loc[on["deploy-scores"], "score"].mean() > 1.3 * quiet_scores.mean()
    assert power(early, "position") < 0.36
    assert power(rows[on["ui-change"]], "position") > 0.37
