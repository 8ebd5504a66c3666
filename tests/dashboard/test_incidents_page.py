"""The Incidents page: what it is headed by, what a link chooses, and what it says of nothing."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from dashboard.views.incidents import headline
from tests.dashboard.conftest import Made, Opened, texts
from tests.dashboard.test_app import CONFIG, days, titles


def told(*states: str, weight: float = 0.1) -> pd.DataFrame:
    return pd.DataFrame({"state": states, "name": [f"thing {i}" for i in range(len(states))], "weight": weight})


@pytest.mark.parametrize(
    ("states", "title"),
    [
        (["new"], "1 incident is open: thing 0"),
        (["worse", "ongoing"], "2 incidents are open, the costliest first: thing 0"),
        (["new", "resolved"], "1 incident is open: thing 0; 1 other is over"),
        (["new", "resolved", "silenced"], "1 incident is open: thing 0; 2 others are over"),
        (["resolved", "resolved"], "No incident is open: 2 came and went, the costliest first: thing 0"),
        (["resolved"], "No incident is open: 1 came and went: thing 0"),
    ],
)
def test_the_title_says_what_is_open_and_what_is_over(states: list[str], title: str) -> None:
    assert headline(told(*states)) == title


def test_the_lost_airline_is_ranked_and_linked(opened: Opened, flights: str) -> None:
    app = opened(flights, page="incidents")
    table = app.dataframe[0].value
    assert table["rank"].tolist() == list(range(1, len(table) + 1))
    assert table["feature"].tolist()[0] == "AIRLINE"
    assert "no longer takes US" in table["said"].tolist()[0]
    assert "“AIRLINE” has lost values" in titles(app)
    assert any("AIRLINE" in button.label for button in app.button)
    assert [metric.label for metric in app.metric] == ["Began", "Last seen", "Findings", "Cost"]
    assert app.metric[0].value == "1 Jul 2015"


def test_a_link_to_an_incident_opens_it(opened: Opened, search: str) -> None:
    app = opened(search, page="incidents")
    names = app.selectbox(key="incident").options
    assert len(names) > 2
    chosen = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    last = next(trace for trace in chosen if trace.get("name") == "incidents")["customdata"][-1][0]
    again = opened(search, page="incidents", incident=last)
    assert again.session_state["incident"] == last
    assert not again.warning
    assert again.metric[0].value != app.metric[0].value or again.metric[2].value != app.metric[2].value


def test_an_incident_that_there_is_not_gives_way_to_the_worst(opened: Opened, flights: str) -> None:
    app = opened(flights, page="incidents", incident="nope")
    assert "nope" in app.warning[0].value
    assert app.metric[0].value == "1 Jul 2015"


def test_watches_are_shown_when_they_are_asked_for(opened: Opened, search: str) -> None:
    counts = [len(opened(search, page="incidents", **more).dataframe[0].value)
              for more in ({}, {"severity": "alerts and watches"})]  # fmt: skip
    assert counts[1] > counts[0]


def test_nothing_is_said_in_a_sentence(opened: Opened, made: Made) -> None:
    app = opened(made("still", days(6), CONFIG), page="incidents")
    assert not app.exception
    assert titles(app) == "<b>No incident in the period shown</b>"


def test_two_hundred_features_that_vanish(opened: Opened, made: Made) -> None:
    frame = days(20)
    rng = np.random.default_rng(0)
    many = {f"embedding_of_a_rather_long_name_{i:03}": rng.normal(size=len(frame)) for i in range(200)}
    frame = pd.concat([frame, pd.DataFrame(many)], axis=1)
    late = frame["ts"] >= pd.Timestamp("2024-01-16")
    frame.loc[late, list(many)] = np.nan
    app = opened(made("many", frame, CONFIG), page="incidents")
    assert not app.exception
    table = app.dataframe[0].value
    assert "and 199 more" in table["feature"].tolist()[0]
    assert len(app.button) <= 8
    assert "194 more features" in texts(app)
