"""Latency on the Log health page, and predictions that are no numbers on the Concept page."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
from streamlit.testing.v1 import AppTest

from dashboard.views.service import marked
from tests.dashboard.conftest import Made, Opened, texts
from tests.dashboard.test_app import CONFIG, days

REFERENCE = '[reference]\nstart = "2024-01-01"\nend = "2024-01-14"\n'


def titles(app: AppTest) -> list[str]:
    """Of all charts, as people read them."""
    figures = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    notes = [note["text"] for figure in figures for note in figure["layout"]["annotations"] if note["name"] == "title"]
    return [re.sub(r"<[^>]+>", "", text.replace("<br>", " ")) for text in notes]


def test_a_window_out_of_its_band_is_marked_whichever_quantile_was_stranger() -> None:
    rows = pd.DataFrame({
        "window_start": [0, 1, 2], "value": [9.0, 9.0, 5.0], "band_low": 3.0, "band_high": 7.0,
        "severity": [None, None, None], "message": [None, None, None],
    })  # fmt: skip
    known = pd.DataFrame({"window_start": [0, 2], "severity": ["alert", "watch"], "message": ["slower", "a little"]})
    found = marked(rows, known)
    assert found["severity"].tolist() == ["alert", None, None]
    assert found["message"].tolist() == ["slower", None, None]


def troubled() -> pd.DataFrame:
    """Thirty days: answers twice as slow from day 24 on, and three predictions on day 26 that are none."""
    frame = days(30)
    day = (frame["ts"] - frame["ts"].min()).dt.days
    rng = np.random.default_rng(4)
    frame["ms"] = np.exp(3 + rng.normal(0, 0.5, len(frame))) * np.where(day >= 24, 2.0, 1.0)
    frame.loc[frame.index[day == 26][:3], "score"] = np.inf
    return frame


def test_slow_answers(opened: Opened, made: Made) -> None:
    config = made("troubled", troubled(), f'{CONFIG}latency = "ms"\n{REFERENCE}')
    app = opened(config, page="log-health", answers="half")
    assert not app.exception
    told = [title for title in titles(app) if title.startswith("Half of the answers took otherwise long in ")]
    assert len(told) == 1
    assert re.search(r"1\d\d% slower than usual", told[0])
    app = opened(config, page="log-health", answers="99%")
    assert any(title.startswith("99% of answers") for title in titles(app))
    app = opened(config, page="log-health")  # what alarms most comes first
    assert any("took otherwise long" in title for title in titles(app))


def test_predictions_that_are_no_numbers(opened: Opened, made: Made) -> None:
    app = opened(made("troubled", troubled(), f'{CONFIG}latency = "ms"\n{REFERENCE}'), page="concept")
    assert not app.exception
    said = "3 of 1,800 rows (0.167%) have a NaN or infinite prediction, the first 27 Jan 2024"
    assert any(title == said for title in titles(app))


def test_a_log_without_either_shows_neither(opened: Opened, made: Made) -> None:
    app = opened(made("plain", days(30), CONFIG), page="log-health")
    assert not app.exception
    assert not any("answers" in title for title in titles(app))
    app = opened(made("plain", days(30), CONFIG), page="concept")
    assert "All 1,800 predictions shown are numbers" in texts(app)
