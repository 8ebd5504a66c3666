"""The sidebar: what stands in the URL is what is looked at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.state import PREVIOUS, SEASONS, View, models
from monitors.cli.serve import CONFIGS
from monitors.views import Look

JULY = 1_435_708_800_000_000
AUGUST = 1_438_387_200_000_000


def script() -> None:
    import streamlit as st

    from dashboard import state

    st.session_state["view"] = state.sidebar()


def said(monkeypatch: pytest.MonkeyPatch, *configs: str, **params: str) -> tuple[View, AppTest]:
    monkeypatch.setenv(CONFIGS, os.pathsep.join(configs))
    app = AppTest.from_function(script, default_timeout=60)
    app.query_params = dict(params)
    app.run()
    assert not app.exception
    return app.session_state["view"], app


def test_nothing_said_is_what_driftmeter_run_measures(monkeypatch: pytest.MonkeyPatch, flights: str) -> None:
    view, _ = said(monkeypatch, flights)
    assert view == View(flights, Look("1d"))


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"grain": "week"}, {"look": Look("1w")}),
        ({"grain": "quarter"}, {"look": Look("3mo")}),
        ({"grain": "month", "reference": PREVIOUS}, {"look": Look("1mo", "previous 8")}),
        ({"period": "last 12 windows"}, {"look": Look("1d"), "last": 12}),
        (
            {"period": "custom range", "period_from": "2015-07-01", "period_to": "2015-07-31"},
            {"look": Look("1d"), "start": JULY, "end": AUGUST},
        ),
        (
            {"reference": "custom range", "reference_from": "2015-02-01", "reference_to": "2015-03-31"},
            {"look": Look("1d", "2015-02-01..2015-03-31")},
        ),
        ({"grain": "fortnight"}, {"look": Look("1d")}),
        ({"reference": "the best days"}, {"look": Look("1d")}),
        ({"segment": "locale=x"}, {"look": Look("1d")}),
        ({"period": "custom range", "period_from": "yesterday"}, {"look": Look("1d"), "end": AUGUST}),
    ],
)
def test_what_a_url_says(
    monkeypatch: pytest.MonkeyPatch, flights: str, params: dict[str, str], expected: dict[str, object]
) -> None:
    view, _ = said(monkeypatch, flights, **params)
    assert {name: getattr(view, name) for name in expected} == expected
    assert view.problem == ""


def test_segments_are_offered_where_there_are_any(monkeypatch: pytest.MonkeyPatch, flights: str, search: str) -> None:
    view, app = said(monkeypatch, search, segment="locale=pt-BR")
    assert view.look == Look("1d", segment="locale=pt-BR")
    assert "all rows" in app.sidebar.selectbox(key="segment").options
    _, app = said(monkeypatch, flights)
    assert [box.key for box in app.sidebar.selectbox] == ["model", "grain", "reference", "period"]


def test_a_rolling_reference_is_offered_where_it_answers_at_once(monkeypatch: pytest.MonkeyPatch, flights: str) -> None:
    _, by_day = said(monkeypatch, flights)
    _, by_week = said(monkeypatch, flights, grain="week")
    assert PREVIOUS not in by_day.sidebar.selectbox(key="reference").options
    assert PREVIOUS in by_week.sidebar.selectbox(key="reference").options
    assert not set(SEASONS.values()) & set(by_week.sidebar.selectbox(key="reference").options)


def test_without_a_store_only_the_model_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "driftmeter.toml"
    config.write_text('[logs]\npath = "log.csv"\ntimestamp = "t"\n')
    view, app = said(monkeypatch, str(config))
    assert view.look is None
    assert "driftmeter run" in view.problem
    assert [box.key for box in app.sidebar.selectbox] == ["model"]


def test_models_of_one_name_are_told_apart(tmp_path: Path) -> None:
    paths = []
    for name in ("berlin", "paris"):
        (tmp_path / name).mkdir()
        paths.append(tmp_path / name / "driftmeter.toml")
        paths[-1].write_text('[model]\nname = "ranker"\n[logs]\npath = "log.csv"\ntimestamp = "t"\n')
    bad = tmp_path / "bad.toml"
    bad.write_text("[")
    named = models([*map(str, paths), str(bad)])
    assert list(named) == ["ranker (berlin)", "ranker (paris)", "bad.toml"]
    assert list(named.values()) == [*map(str, paths), str(bad)]
