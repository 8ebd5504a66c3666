"""The Scorecard page: what it says of the fixtures, of logs that lack what it asks for, and where it leads."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.views.scorecard import headline
from monitors.scorecard import Result, Scorecard
from monitors.scorecard.ages import Lives
from monitors.scorecard.practice import Practice
from tests.dashboard.conftest import Made, Opened, texts
from tests.dashboard.test_app import CONFIG, days

PAGE = "scorecard"


def notes(app: AppTest, name: str, chart: int = 0) -> list[str]:
    """The texts of a chart's annotations of one name."""
    figure = json.loads(app.get("plotly_chart")[chart].proto.spec)
    found = [note["text"] for note in figure["layout"]["annotations"] if note.get("name") == name]
    return [re.sub(r"<[^>]+>", "", text.replace("<br>", " ")) for text in found]


def versions(count: int = 30) -> pd.DataFrame:
    frame = days(count)
    number = (frame["ts"] - frame["ts"].min()).dt.days
    return frame.assign(release=np.where(number < 20, "v<b>1</b>", "v2"), ms=20.0 + number % 3)


FULL = (
    CONFIG + 'latency = "ms"\n[features]\nversion = "release"\n[reference]\nstart = "2024-01-01"\nend = "2024-01-12"\n'
)


def test_seven_rows_of_a_log_that_names_all(opened: Opened, made: Made) -> None:
    app = opened(made("named", versions(), FULL), page=PAGE)
    assert not app.exception
    assert [name[:1] for name in notes(app, "name")] == list("1234567")
    verdicts = [text.split(" ", 1)[1] for text in notes(app, "verdict")]
    assert verdicts[0] == verdicts[2] == "not covered"
    assert verdicts[1] == verdicts[4] == "pass"
    assert notes(app, "points") == ["0", "0.5", "0", "0.5", "0.5", "0.5", "0.5"]
    assert re.fullmatch(r"Monitoring earns 2.5 of 7 points: .* and 2 are not covered", notes(app, "title")[0])
    assert "[notify] urls" in notes(app, "then")[0]
    assert "run by hand" in notes(app, "footer")[0]
    assert "it is at most this" in notes(app, "footer")[0]


def test_versions_are_compared_at_the_same_age(opened: Opened, made: Made) -> None:
    app = opened(made("named", versions(), FULL), page=PAGE)
    assert notes(app, "title", 1)[0].startswith("Version “v2” is 10 days old: AUC 0.")
    figure = json.loads(app.get("plotly_chart")[1].proto.spec)
    assert {trace["name"] for trace in figure["data"]} == {"95% interval", "v&lt;b&gt;1&lt;/b&gt;", "v2"}
    table = app.dataframe[0].value
    assert table["version"].tolist() == ["v2, serving", "v<b>1</b>"]
    assert table["first"].tolist() == ["21 Jan 2024", "1 Jan 2024 or before"]


def test_a_log_without_versions_says_what_to_name(opened: Opened, made: Made) -> None:
    app = opened(made("plain", days(30), CONFIG), page=PAGE)
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    assert "Name the column under" in texts(app)


@pytest.mark.parametrize("frame", [days(2), days(30).drop(columns=["score", "y"])], ids=["two days", "no outcome"])
def test_logs_that_lack_nearly_all(opened: Opened, made: Made, frame: pd.DataFrame) -> None:
    config = CONFIG if "y" in frame else CONFIG.split("prediction")[0]
    app = opened(made(f"lacking-{len(frame.columns)}", frame, config), page=PAGE)
    assert not app.exception
    assert len(notes(app, "name")) == 7


def test_windows_of_rows(opened: Opened, made: Made) -> None:
    config = FULL.replace('timestamp = "ts"\n', "").split("[reference]")[0] + '[windows]\nsize = "60 rows"\n'
    app = opened(made("rows of versions", versions().drop(columns="ts"), config), page=PAGE)
    assert not app.exception
    assert "600 rows old" in notes(app, "title", 1)[0]


def test_it_leads_to_the_evidence(opened: Opened, made: Made) -> None:
    app = opened(made("named", versions(), FULL), page=PAGE)
    labels = {button.key: button.label for button in app.button if str(button.key).startswith("to-")}
    assert [labels[f"to-{i}"].split(" ", 1)[-1] for i in (2, 6, 7)] == ["2 Missing", "6 Log health", "7 Concept"]
    app.button(key="to-6").click().run()
    assert not app.exception


def test_what_each_test_asks_is_there(opened: Opened, made: Made) -> None:
    app = opened(made("plain", days(30), CONFIG), page=PAGE)
    said = [markdown.value for markdown in app.markdown if re.match(r"\*\*[1-7]\*\* Whether", markdown.value)]
    assert len(said) == 7
    assert all(f"*{word}*" in text for text in said for word in ("Not covered", "Fail", "Pass"))
    assert not any("``" in text for text in said)


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        (["pass"] * 7, "7 tests pass"),
        (["pass", *["fail"] * 6], "1 test passes and 6 fail"),
        (["not covered"] * 7, "7 are not covered"),
        (["pass", "fail", "not covered", *["pass"] * 4], "5 tests pass, 1 fails and 1 is not covered"),
    ],
)
def test_headlines(statuses: list[str], said: str) -> None:
    results = tuple(Result(i, "", "", status, ("x",), (), "", "automated") for i, status in enumerate(statuses))
    card = Scorecard("m", results, Practice("automated", ""), Lives(pd.DataFrame()), pd.DataFrame())
    assert headline(card) == f"Monitoring earns 7 of 7 points: {said}"
