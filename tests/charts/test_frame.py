"""The frame round a figure: facts that are there, and texts that keep out of each other's way."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dashboard.charts.frame import Caption, empty, frame
from dashboard.charts.labels import End, Key, end_labels
from tests.charts import boxes, samples


def blank() -> dict:
    """A figure with axes and nothing in them."""
    return {"data": [], "layout": {"xaxis": {"range": [0, 1]}, "yaxis": {"range": [0, 1]}}}


def test_empty_facts_are_left_out():
    assert Caption(model="m").facts() == ["m"]
    assert Caption(model="m").provenance() == ["driftmeter"]
    assert Caption(model="m", labels_pending=0).facts() == ["m", "all labels in"]
    assert Caption(model="m", n=1234, labels_pending=5).facts() == ["m", "n = 1,234", "5 labels pending"]
    assert Caption(model="m", synthetic=True).facts()[0] == "synthetic data"


@pytest.mark.parametrize("width", [360, 480, 700, 1280])
@pytest.mark.parametrize("title", ["Short", samples.TITLE * 2, samples.HOSTILE * 3])
def test_the_frame_holds_any_title_at_any_width(width: int, title: str):
    keys = [Key("●", f"an entry with several words {i}", "#000000") for i in range(7)]
    fig = frame(blank(), title, samples.CAPTION, 300, width=width, legend=keys, x_title="x" * 99, note="Note. " * 30)
    assert boxes.collisions(fig, width) == []
    assert boxes.outside(fig, width) == []
    margin = fig.layout.margin
    assert fig.layout.height - margin.t - margin.b >= 180


def test_a_higher_figure_gives_the_plot_more_room():
    low, high = (frame(blank(), "t", samples.CAPTION, height) for height in (400, 600))
    assert high.layout.height - low.layout.height == 200
    assert high.layout.margin == low.layout.margin


def test_ends_of_lines_are_pushed_apart_and_keep_their_order():
    ends = [End(0.5 + i * 1e-6, f"line {i}\nsecond", "#000000") for i in range(6)] + [End(float("nan"), "x", "#000000")]
    labels = end_labels(ends, (0.0, 1.0), 300.0, 100.0)
    assert len(labels) == 6
    placed = sorted((a["y"] * 300, a["text"]) for a in labels)
    assert [text[:6] for _, text in placed] == [f"line {i}" for i in range(6)]
    assert all(b[0] - a[0] >= 32.9 for a, b in pairwise(placed))


def test_ends_beyond_the_range_stay_beside_the_plot():
    labels = end_labels([End(9.0, "above", "#000000"), End(-9.0, "below", "#000000")], (0.0, 1.0), 300.0, 100.0)
    assert all(-0.05 <= a["y"] <= 1.05 for a in labels)


def test_an_empty_figure_speaks():
    fig = empty("Nothing <yet>", "No labels have arrived. Run again when <labels> are in.", samples.CAPTION)
    said = {a.name: a.text for a in fig.layout.annotations}
    assert "&lt;yet&gt;" in said["title"]
    assert "&lt;labels&gt;" in said["empty"]
    assert fig.layout.xaxis.visible is False
