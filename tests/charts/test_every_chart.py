"""What holds for every chart, found by introspection: a chart that is not in the gallery fails here."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pkgutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

import dashboard.charts
from dashboard.charts.findings_map import findings_map
from dashboard.charts.power_multiples import power_multiples
from dashboard.theme import palette
from tests.charts import boxes, gallery, samples

MODULES = [
    importlib.import_module(f"dashboard.charts.{found.name}")
    for found in pkgutil.iter_modules(dashboard.charts.__path__)
]
FRAME = {"frame", "empty"}  # what all of them are made with


DRAWN = [(name, "light") for name in gallery.VARIANTS] + [(name, "dark") for name in gallery.CASES]


@pytest.fixture(params=DRAWN, ids=" ".join, scope="module")
def drawn(request: pytest.FixtureRequest) -> tuple[gallery.Case, go.Figure]:
    """A case and its figure, drawn once; the tests only read it."""
    name, mode = request.param
    case = gallery.VARIANTS[name]
    return case, case.draw(mode=mode)


@pytest.fixture(scope="module")
def figure(drawn: tuple[gallery.Case, go.Figure]) -> go.Figure:
    return drawn[1]


def note(fig: go.Figure, name: str) -> str:
    """The text of the one annotation of that name."""
    (text,) = [a.text for a in fig.layout.annotations if a.name == name]
    return text


def test_every_chart_is_in_the_gallery():
    charts = {
        name
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and inspect.signature(function).return_annotation == "go.Figure"
    }
    assert charts - FRAME == set(gallery.CASES)


def test_charts_know_neither_streamlit_nor_the_store():
    for module in MODULES:
        tree = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
        names = {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
        names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert not {n for n in names if n.split(".")[0] in {"streamlit", "monitors", "sqlalchemy"}}, module.__name__


def test_title_facts_and_provenance_are_inside(figure: go.Figure):
    assert note(figure, "title").startswith("<b>embedding_similarity drifts since 20 May")
    subtitle = note(figure, "subtitle").replace("<br>", " ")
    for fact in ("synthetic data", "image-search ranker", "reference 1 Jan", "n = 403,211", "12,480 labels pending"):
        assert fact in subtitle
    footer = note(figure, "footer").replace("<br>", " ")
    for fact in ("data as of 2026-06-30 06:00 UTC", "driftmeter 0.1.0", "configuration 9f3c2a71"):
        assert fact in footer


@pytest.mark.parametrize("name", list(gallery.CASES))
def test_names_from_the_log_are_escaped(name: str):
    fig = gallery.CASES[name].draw(title=f"{samples.HOSTILE} <b>bold</b> $x$")
    shown = fig.to_plotly_json()
    for trace in shown["data"]:
        trace.pop("customdata", None)  # the key of a selection, which nothing shows
    text = json.dumps(shown, default=str, ensure_ascii=False)
    assert "<b>user</b>" not in text
    assert "%{x}_" not in text
    assert "$x$" not in text
    assert "<i>layout</i>" not in text


def test_enough_is_drawn(drawn: tuple[gallery.Case, go.Figure]):
    case, figure = drawn
    assert len(figure.data) >= case.traces


def test_json_without_bare_nan(figure: go.Figure):
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    assert json.loads(figure.to_json(), parse_constant=refuse)["layout"]


def test_nothing_overlaps_at_any_width(figure: go.Figure):
    widths = [figure.layout.width] if figure.layout.width else [700, 1000, 1400]
    for width in widths:
        assert boxes.collisions(figure, width) == []
        assert boxes.outside(figure, width) == []


def test_every_axis_has_a_type_or_a_range(figure: go.Figure):
    for name in (n for n in figure.layout if n.startswith(("xaxis", "yaxis"))):
        axis = figure.layout[name]
        if axis.visible is False:
            continue
        assert axis.range is not None, name
        if isinstance(axis.range[0], str | pd.Timestamp | np.datetime64) or hasattr(axis.range[0], "year"):
            assert axis.type == "date", name


def test_windows_of_rows_have_an_axis_of_rows():
    fig = gallery.VARIANTS["series by rows"].draw()
    assert fig.layout.xaxis.type == "linear"
    assert "row" in [a.text for a in fig.layout.annotations if a.name == "axis-title"]


def test_status_has_a_shape_and_a_word():
    for name in ("series", "performance", "findings_map", "volume", "review"):
        fig = gallery.CASES[name].draw()
        symbols = {t.marker.symbol for t in fig.data if t.type == "scatter" and t.name == "alert"}
        assert symbols == {"square"}, name
        assert any("alert" in a.text for a in fig.layout.annotations), name


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_mode_reaches_everything(mode: str):
    fig = gallery.CASES["series"].draw(mode=mode)
    assert fig.layout.template.layout.paper_bgcolor == palette(mode).paper
    assert note(fig, "title")
    with pytest.raises(ValueError, match="light"):
        gallery.CASES["series"].draw(mode="sepia")


@pytest.mark.parametrize("name", list(gallery.CASES))
@pytest.mark.parametrize("kind", ["no rows", "no columns", "all missing", "one row"])
def test_nothing_is_told_in_a_sentence(name: str, kind: str):
    case = gallery.CASES[name]
    fig = case.draw(*gallery.nothings(case)[kind])
    said = [a.text.replace("<br>", " ") for a in fig.layout.annotations if a.name in {"empty", "text"}]
    drawn = [t for t in fig.data if t.x is not None and len(t.x)]
    no_numbers = (name, kind) == ("incidents_timeline", "all missing")  # it has none: nothing is missing
    if kind != "one row" and name != "findings_map" and not no_numbers:
        assert said, "an empty chart must speak"
        assert any(s.rstrip().endswith(".") for s in said)
    assert drawn or said
    assert boxes.collisions(fig, fig.layout.width or 700) == []


@pytest.mark.parametrize("name", list(gallery.CASES))
def test_frames_are_not_changed(name: str):
    case = gallery.CASES[name]
    before = [f.copy(deep=True) if isinstance(f, pd.DataFrame) else f for f in case.frames]
    case.draw()
    for old, new in zip(before, case.frames, strict=True):
        if isinstance(old, pd.DataFrame):
            pd.testing.assert_frame_equal(old, new)


def test_zones_and_order_and_odd_indices_do_not_matter():
    plain = gallery.CASES["series"].draw()
    frame = samples.drift().sample(frac=1, random_state=1)
    frame["x"], frame["x_end"] = (
        frame["x"].dt.tz_localize("Europe/Berlin"),
        frame["x_end"].dt.tz_localize("Europe/Berlin"),
    )
    assert gallery.CASES["series"].draw(frame).to_json() == plain.to_json()


def best_of(work: Any, times: int = 2) -> float:
    """Processor seconds of the faster of two runs: the machine may be busy."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def test_forty_small_multiples_are_fast():
    frame = samples.powers(samples.names(40), gallery.DAYS)
    draw = gallery.CASES["power_multiples"].draw
    fig = draw(frame)
    assert len({t.xaxis for t in fig.data}) == 40
    assert fig.layout.height < 2400
    assert best_of(lambda: draw(frame)) < 1.5


def test_a_wide_map_is_capped_and_fast():
    names, days = samples.names(200), gallery.DAYS
    found = samples.findings(names, days, loud=12)

    def draw() -> go.Figure:
        return findings_map(found, days, names, title="t", caption=samples.CAPTION)

    fig = draw()
    assert len(fig.layout.yaxis.tickvals) == 40
    assert note(fig, "rest") == "… and 162 quiet features"
    assert fig.layout.height < 1400
    assert len(fig.to_json()) < 3_000_000
    assert best_of(draw) < 1.5


def test_multiples_tell_what_they_leave_out():
    frame = samples.powers(samples.names(50), gallery.WEEKS)
    fig = power_multiples(frame, title="t", caption=samples.CAPTION)
    assert note(fig, "rest") == "… and 10 features that lost less"
