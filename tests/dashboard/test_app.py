"""Every page of the dashboard, on real stores and on those that lack something."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.app import HOME, PAGES
from tests.dashboard.conftest import Made, Opened, texts

HOSTILE = "<b>price</b> 'of' \"a\" $x$ 🦜"
BY_URL = ["" if path == HOME else path for path in PAGES]


def figures(app: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def titles(app: AppTest) -> str:
    """What the charts' titles say."""
    notes = [note for figure in figures(app) for note in figure["layout"].get("annotations", [])]
    return " | ".join(note["text"] for note in notes if note.get("name") == "title")


def days(count: int, per_day: int = 60, seed: int = 1) -> pd.DataFrame:
    """A binary log of some days: one feature that tells, one that does not, and a score."""
    random = np.random.default_rng(seed)
    n = count * per_day
    x = random.normal(size=n)
    y = (random.random(n) < 1 / (1 + np.exp(-x))).astype(int)
    at = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.repeat(np.arange(count), per_day), unit="D")
    word = random.choice(["a", "b", "c"], n)
    return pd.DataFrame({"ts": at, "x": x, "word": word, "score": 1 / (1 + np.exp(-x)), "y": y})


CONFIG = """
[model]
name = "made"
[logs]
path = "log.parquet"
timestamp = "ts"
prediction = "score"
label = "y"
"""


@pytest.mark.parametrize("page", BY_URL)
@pytest.mark.parametrize("model", ["flight-delay", "image-search (synthetic)"])
def test_every_page_of_both_fixtures(opened: Opened, flights: str, search: str, model: str, page: str) -> None:
    app = opened(flights, search, page=page, model=model)
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert figures(app)
    assert "None" not in texts(app)


@pytest.mark.parametrize("page", BY_URL)
def test_every_page_in_the_dark_by_week(opened: Opened, search: str, page: str) -> None:
    app = opened(search, page=page, mode="dark", grain="week")
    assert not app.exception
    assert {figure["layout"]["template"]["layout"]["paper_bgcolor"] for figure in figures(app)} == {"#12171E"}


@pytest.mark.parametrize("page", BY_URL)
def test_every_page_of_a_segment(opened: Opened, search: str, page: str) -> None:
    app = opened(search, page=page, segment="locale=pt-BR", grain="week")
    assert not app.exception
    assert not app.error


def test_the_review_tells_the_lost_airline(opened: Opened, flights: str) -> None:
    app = opened(flights, week="6 Jul 2015 to 12 Jul 2015")
    assert "“AIRLINE” has lost values" in titles(app)
    assert [metric.label for metric in app.metric][1:3] == ["Rows", "Labels in"]


def test_synthetic_data_says_so(opened: Opened, search: str) -> None:
    said = [note["text"] for f in figures(opened(search)) for note in f["layout"]["annotations"]]
    assert any("synthetic data" in text for text in said)


def test_the_overview_counts_the_quiet(opened: Opened, flights: str) -> None:
    app = opened(flights, page="overview")
    assert "1 of 5 features has an open alert" in titles(app)
    assert "quiet throughout" in titles(app)
    table = app.dataframe[0].value
    assert table["feature"].tolist()[0] == "AIRLINE"


def test_severity_and_monitors_filter(opened: Opened, search: str) -> None:
    alerts = opened(search, page="overview")
    everything = opened(search, page="overview", severity="alerts and watches")
    missing = opened(search, page="overview", monitors="missing")
    counts = [len(app.dataframe[-1].value) for app in (alerts, everything, missing)]
    assert counts[1] > counts[0] > counts[2] > 0
    kinds = {"absent", "null rate", "constant", "sentinel", "stale", "type changed", "unit changed", "early", "overdue"}
    assert set(missing.dataframe[-1].value["what"]) <= kinds


def test_a_feature_that_is_gone_is_not_said_to_be_as_ever(opened: Opened, made: Made) -> None:
    frame = days(30)
    frame.loc[frame["ts"] >= frame["ts"].min() + pd.Timedelta(days=20), "x"] = np.nan
    app = opened(made("a feature gone", frame, CONFIG), page="feature", feature="x")
    told = titles(app).replace("<br>", " ")
    assert "“x” has hardly a value: it is null in 100% of rows" in told
    assert "takes its values about as in the reference" not in told
    assert "“x” has not drifted in 5 windows; in 10 more there is nothing to judge" in told


def test_a_feature_without_power_has_none_to_lose(opened: Opened, made: Made) -> None:
    app = opened(made("plain", days(30), CONFIG), page="feature", feature="word")
    assert "“word” is not judged: it had no power to lose" in titles(app).replace("<br>", " ")


def test_the_feature_page_opens_where_it_broke(opened: Opened, flights: str) -> None:
    app = opened(flights, page="feature")
    assert app.session_state["feature"] == "AIRLINE"
    assert "left its quiet range" in titles(app)


def test_a_window_of_another_grain_is_found(opened: Opened, flights: str) -> None:
    app = opened(flights, page="feature", feature="AIRLINE", grain="month", at="2015-07-04")
    assert app.session_state["at"] == "2015-07-01"
    assert not app.warning


def test_a_bad_link_falls_back_and_says_so(opened: Opened, flights: str) -> None:
    app = opened(flights, page="feature", grain="fortnight", reference="?", segment="x=y", feature="nope", at="never")
    assert not app.exception
    said = app.warning[0].value
    assert all(word in said for word in ("fortnight", "nope", "never", "x\\=y"))
    assert app.metric[0].value != "–"


@pytest.mark.parametrize("wrong", [{"week": "last"}, {"period": "custom range", "period_from": "1.1.2015"}])
def test_a_bad_time_falls_back_and_says_so(opened: Opened, flights: str, wrong: dict[str, str]) -> None:
    app = opened(flights, **wrong)
    assert not app.exception
    assert list(wrong.values())[-1].replace(".", "\\.") in app.warning[0].value


def test_a_reference_too_short_is_said_in_a_sentence(opened: Opened, flights: str) -> None:
    span = {"reference_from": "2015-05-01", "reference_to": "2015-05-03"}
    app = opened(flights, grain="month", reference="custom range", **span)
    assert not app.exception
    assert "holds no whole window" in app.error[0].value


def test_a_reference_that_ends_before_it_begins(opened: Opened, flights: str) -> None:
    span = {"reference_from": "2015-05-01", "reference_to": "2015-04-03"}
    app = opened(flights, reference="custom range", **span)
    assert "its beginning must come first" in app.error[0].value


@pytest.mark.parametrize("page", BY_URL)
def test_every_window_in_the_reference(opened: Opened, flights: str, page: str) -> None:
    span = {"reference_from": "2015-01-01", "reference_to": "2015-07-31"}
    app = opened(flights, page=page, grain="month", reference="custom range", **span)
    assert not app.exception
    assert not app.error


def test_changing_the_model_in_the_sidebar_keeps_the_page(opened: Opened, flights: str, search: str) -> None:
    app = opened(flights, search, page="feature", feature="DISTANCE")
    app.sidebar.selectbox(key="model").select("image-search (synthetic)").run()
    assert not app.exception
    assert app.session_state["feature"] != "DISTANCE"


@pytest.mark.parametrize("page", BY_URL)
def test_before_the_first_run(
    opened: Opened, flights: str, tmp_path_factory: pytest.TempPathFactory, page: str
) -> None:
    folder = tmp_path_factory.mktemp("unrun")
    (folder / "driftmeter.toml").write_text(CONFIG)
    app = opened(str(folder / "driftmeter.toml"), flights, page=page)
    assert not app.exception
    assert "driftmeter run" in app.error[0].value
    app.sidebar.selectbox(key="model").select("flight-delay").run()
    assert not app.exception
    assert not app.error


def test_a_configuration_with_a_mistake_is_told(opened: Opened, tmp_path: object) -> None:
    path = f"{tmp_path}/driftmeter.toml"
    with open(path, "w") as file:
        file.write("[logs]\npaht = 3\n")
    app = opened(path)
    assert not app.exception
    assert "paht" in app.error[0].value


@pytest.mark.parametrize("page", BY_URL)
def test_one_window(opened: Opened, made: Made, page: str) -> None:
    app = opened(made("one", days(1), CONFIG), page=page)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("page", BY_URL)
def test_neither_labels_nor_scores(opened: Opened, made: Made, page: str) -> None:
    config = CONFIG.replace('prediction = "score"\nlabel = "y"\n', "")
    app = opened(made("bare", days(12).drop(columns=["score", "y"]), config), page=page)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("page", BY_URL)
def test_windows_of_rows(opened: Opened, made: Made, page: str) -> None:
    config = CONFIG.replace('timestamp = "ts"\n', "") + '[windows]\nsize = "100 rows"\n'
    app = opened(made("rows", days(20).drop(columns="ts"), config), page=page)
    assert not app.exception
    assert not app.error
    assert figures(app) or page == "missing"


@pytest.mark.parametrize("page", BY_URL)
@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_other_tasks(opened: Opened, made: Made, task: str, page: str) -> None:
    frame = days(16)
    frame["y"] = frame["x"] * 3 + 1 if task == "regression" else np.where(frame["x"] > 0.5, "up", frame["word"])
    frame["score"] = frame["x"] * 2.5 if task == "regression" else np.where(frame["x"] > 0, "up", frame["word"])
    config = CONFIG.replace('name = "made"', f'name = "made"\ntask = "{task}"')
    app = opened(made(task, frame, config), page=page)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("page", BY_URL)
def test_hostile_names_stay_text(opened: Opened, made: Made, page: str) -> None:
    frame = days(14).rename(columns={"x": HOSTILE, "word": "a *b* _c_ :smile: [d](http://e)"})
    frame.loc[frame.index[-60:], HOSTILE] = None
    app = opened(made("hostile", frame, CONFIG), page=page, feature=HOSTILE)
    assert not app.exception
    assert "<b>price" not in texts(app).replace("\\<b\\>", "")
    assert not any(element.allow_html for element in app.markdown)
    drawn = json.dumps([{**figure, "data": _without_keys(figure["data"])} for figure in figures(app)])
    assert "<b>price</b>" not in drawn


def _without_keys(traces: list[dict]) -> list[dict]:
    """Traces as they are drawn: what a click brings back is data."""
    return [{key: value for key, value in trace.items() if key != "customdata"} for trace in traces]
