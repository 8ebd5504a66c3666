"""What single charts must get right beyond being complete."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dashboard.charts.findings_map import findings_map
from dashboard.charts.ledger import sparklines
from dashboard.charts.missing import missing_kinds, missing_shares
from dashboard.charts.performance import performance
from dashboard.charts.power_multiples import power_multiples
from dashboard.charts.rank_changes import rank_changes
from dashboard.charts.review import review
from dashboard.charts.scores import score_distribution
from dashboard.charts.series import series
from tests.charts import gallery, samples

SAID = {"title": "t", "caption": samples.CAPTION}


def trace(fig, name):
    """The one trace of that name."""
    (found,) = [t for t in fig.data if t.name == name]
    return found


def test_the_worst_feature_is_on_top():
    days = samples.calendar(20, reference=5)
    rows = [
        ("late", 19, "alert"),
        ("early", 8, "alert"),
        ("watched", 19, "watch"),
        ("long", 18, "alert"),
        ("long", 19, "alert"),
    ]
    found = pd.DataFrame(rows, columns=["feature", "j", "severity"])
    found["x"], found["x_end"] = days["x"].to_numpy()[found["j"]], days["x_end"].to_numpy()[found["j"]]
    found = found.assign(monitor="drift", kind="shift", state="new", message="m", incident="")
    fig = findings_map(found, days, ["quiet", "early", "watched", "late", "long"], **SAID)
    assert list(fig.layout.yaxis.ticktext) == ["long", "late", "early", "watched", "quiet"]
    assert "since 19 Jan" in fig.layout.yaxis2.ticktext[0]
    assert "until 9 Jan" in fig.layout.yaxis2.ticktext[2]


def test_a_cell_selects_its_feature_window_and_incident():
    fig = gallery.CASES["findings_map"].draw()
    cells = trace(fig, "cells")
    picked = {tuple(c) for c in cells.customdata if c[2]}
    assert ("locale", "2026-04-14T00:00:00", "incident-7") in picked
    assert len(cells.x) == len(gallery.DAYS) * len(fig.layout.yaxis.tickvals)


def test_silenced_findings_are_no_alarm():
    found = samples.findings(gallery.NAMES, gallery.DAYS).assign(state="silenced")
    fig = findings_map(found, gallery.DAYS, gallery.NAMES, **SAID)
    names = {t.name for t in fig.data}
    assert "silenced" in names
    assert not names & {"alert", "watch"}


def test_two_features_cut_to_the_same_text_stay_two_rows():
    names = ["a" * 60 + "_1" + "b" * 60, "a" * 60 + "_2" + "b" * 60]
    fig = findings_map(None, gallery.DAYS, names, **SAID)
    assert len(fig.layout.yaxis.tickvals) == 2
    assert fig.layout.yaxis.ticktext[0] == fig.layout.yaxis.ticktext[1]


def test_immature_windows_are_grey_and_never_alert():
    frame = samples.performances(gallery.DAYS).assign(severity="alert")
    fig = performance(frame, metric="AUC", **SAID)
    last_sure = frame.loc[frame["mature"], "x_end"].max()
    assert pd.Timestamp(trace(fig, "alert").x.max()) <= last_sure
    assert [t.marker.symbol for t in fig.data if t.name == "immature" and t.mode == "markers"] == ["circle-open"]
    assert any(s.name == "pending" for s in fig.layout.shapes)


def test_a_series_greys_windows_whose_labels_are_to_come_too():
    frame = samples.drift().assign(severity="alert")
    frame["mature"] = np.arange(len(frame)) < len(frame) - 9
    fig = series(frame, y="share late", unit="share", **SAID)
    assert pd.Timestamp(trace(fig, "alert").x.max()) <= frame.loc[frame["mature"], "x_end"].max()
    (early,) = [t for t in fig.data if t.name == "immature" and t.mode == "markers"]
    assert len(early.x) == 9
    assert sum(s.name == "pending" for s in fig.layout.shapes) == 9
    assert any("labels still coming in" in a.text for a in fig.layout.annotations)


def test_expectation_alone_is_worth_a_chart():
    frame = samples.performances(gallery.DAYS).assign(value=np.nan, low=np.nan, high=np.nan)
    fig = performance(frame, metric="AUC", **SAID)
    assert np.isfinite(trace(fig, "interval of the expectation").y).any()
    assert not [a for a in fig.layout.annotations if a.name == "empty"]


def test_bands_are_drawn_over_judged_windows_alone():
    frame = samples.drift()
    fig = series(frame, y="JS", **SAID)
    start = frame.loc[~frame["reference"], "x"].min()
    assert pd.Timestamp(trace(fig, "quiet range").x.min()) == start


def test_spreading_scores_keeps_their_sum_and_a_point_in_its_cell():
    bins = samples.score_bins()
    fig = score_distribution(bins, **SAID)
    for name in ("reference", "window"):
        drawn = np.asarray(trace(fig, name).y)[::2]
        assert drawn.sum() == pytest.approx(bins[name].sum(), abs=1e-12)
    line = trace(fig, "window")
    assert np.asarray(line.x)[np.argmax(line.y)] == pytest.approx(0.5, abs=0.03)


def test_scores_with_a_single_edge_do_not_divide_by_zero():
    bins = pd.DataFrame({"left": [-np.inf, 0.3], "right": [0.3, np.inf], "reference": [0.5, 0.5], "window": [0.1, 0.9]})
    fig = score_distribution(bins, **SAID)
    assert np.asarray(trace(fig, "window").y)[::2].sum() == pytest.approx(1.0)


def test_kinds_of_missing_stack_to_the_total():
    frame = missing_shares(samples.missing(gallery.NAMES, gallery.DAYS))
    assert frame["total"].between(0, 1).all()
    np.testing.assert_allclose(frame["total"], frame[["absent", "null", "nan", "invalid"]].sum(axis=1).clip(upper=1))


def test_the_steepest_rise_comes_first_and_complete_features_are_counted():
    fig = missing_kinds(samples.missing(gallery.NAMES, gallery.DAYS), **SAID)
    titles = [a.text for a in fig.layout.annotations if a.name == "panel"]
    assert "query_length" in titles[0]
    assert [a.text for a in fig.layout.annotations if a.name == "rest"] == ["… and 2 features of which less is missing"]


def test_multiples_begin_with_the_greatest_loss():
    fig = power_multiples(gallery.POWERS, **SAID)
    first = next(a.text for a in fig.layout.annotations if a.name == "panel")
    assert "query_length" in first
    assert "→" in first


def test_sparklines_are_thinned_sorted_and_survive_nothing():
    frame = pd.concat(
        [
            samples.powers(["a", "b", "c", "d"], samples.calendar()),
            samples.powers(["e"], gallery.WEEKS).assign(value=np.nan),
        ]
    )
    lines = sparklines(frame, points=20)
    assert lines["trend"].map(len).tolist() == [20, 20, 20, 20, 0]
    assert lines["change"].iloc[:4].is_monotonic_increasing
    assert np.isnan(lines["last"].iloc[-1])
    assert sparklines(pd.DataFrame()).empty


def test_ranks_count_all_features_and_lone_ones_have_no_line():
    fig = rank_changes(samples.ledger(samples.names(60)), top=5, **SAID)
    lines = [t for t in fig.data if t.mode == "lines+markers"]
    lone = [t for t in fig.data if t.mode == "markers" and t.marker.symbol == "circle-open"]
    assert len(lone) == 2
    assert any("rank 1 → 37" in t.text[0] for t in lines)


def test_the_review_is_a_slide_and_counts_incidents_once():
    found = samples.findings(gallery.NAMES, gallery.DAYS)
    fig = review(found, None, gallery.DAYS, since=gallery.DAYS["x"].iloc[-7], **SAID)
    assert fig.layout.width / fig.layout.height == pytest.approx(16 / 9)
    tiles = [a.text for a in fig.layout.annotations if a.name == "text" and a.font.size == 17]
    assert len(tiles) == 5
    assert "■ 2 alerts" in tiles[0]
    assert "quiet" in tiles[-1]


def test_resolved_findings_do_not_count_in_the_review():
    found = samples.findings(gallery.NAMES, gallery.DAYS).assign(state="resolved")
    fig = review(found, None, gallery.DAYS, **SAID)
    assert any("Nothing: every measurement" in a.text.replace("<br>", " ") for a in fig.layout.annotations)
