"""Is this model monitored as it should be? The Monitoring section of Google's ML Test Score, test by test."""

from __future__ import annotations

import datetime as dt
import inspect

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import data
from dashboard.charts.frame import Caption
from dashboard.charts.model_age import model_age
from dashboard.charts.scorecard import WORDS
from dashboard.charts.scorecard import scorecard as seven
from dashboard.charts.text import count, plain
from dashboard.data import Page
from dashboard.theme import STATUS
from dashboard.views import common
from dashboard.views.common import counted
from dashboard.views.words import capital
from monitors import clock
from monitors.messages import METRICS
from monitors.scorecard import TESTS, Scorecard, scorecard
from monitors.scorecard.card import SECTION
from monitors.sentences import day
from monitors.windows import Grain

TITLE = "Scorecard"
ICON = ":material/fact_check:"

_FRESH = 60  # seconds that a scorecard is kept: runs that change nothing else make the tests no less regular
_LATEST = 12


def show(page: Page) -> None:
    """The seven tests, where their evidence is, performance against model age, and what each test asks."""
    card = _card(page.path, int(data.known(page.path)["version"]), data.changed(page.path))
    caption = _caption(page)
    common.chart(
        seven(_tests(card), title=headline(card), caption=caption, note=_note(card), mode=common.mode(), width=1000),
        "scorecard",
    )
    _links(card)
    _ages(page, card, caption)
    _asked()


@st.cache_data(show_spinner="Reading the evidence…", ttl=_FRESH, max_entries=16)
def _card(path: str, version: int, changed: int) -> Scorecard:  # noqa: ARG001 -- keys; _version would be none
    current = data.config(path)
    return scorecard(data.store(current.store.url), current, clock.micros(dt.datetime.now(dt.UTC)))


def headline(card: Scorecard) -> str:
    """What the seven tests come to, in a sentence."""
    parts = [
        counted(card.count("pass"), "test passes", "tests pass"),
        counted(card.count("fail"), "fails", "fail"),
        counted(card.count("not covered"), "is not covered", "are not covered"),
    ]
    told = [part for part in parts if not part.startswith("0 ")]
    listed = f"{', '.join(told[:-1])} and {told[-1]}" if len(told) > 1 else told[0]
    return f"Monitoring earns {card.points:g} of {card.most:g} points: {listed}"


def _tests(card: Scorecard) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "number": result.number,
                "name": result.name,
                "question": result.question,
                "status": result.status,
                "said": " ".join(f"{capital(text.rstrip('.'))}." for text in result.evidence),
                "then": "; or ".join(result.configure),
                "points": result.points,
            }
            for result in card.results
        ]
    )


def _note(card: Scorecard) -> str:
    return (
        "The Monitoring tests of Google's ML Test Score (Breck et al. 2017). Points are for running a test, not for "
        "passing it: 0.5 by hand with results kept, 1 when it runs by itself again and again. The tests of this model "
        f"are {card.practice.words}. {SECTION}"
    )


def _caption(page: Page) -> Caption:
    """Of all rows as run, whatever is looked at."""
    name = page.config.model.name
    grain = data.finest(page.path)
    return page.text(model=name, window=f"windows of {grain.size}, all rows", n=None, labels_pending=None)


def _links(card: Scorecard) -> None:
    """A button for each test, to the page that shows its evidence."""
    st.caption("Where the evidence is")
    pages = st.session_state[common.PAGES]
    for place, result in zip(st.columns(len(card.results)), card.results, strict=True):
        target = pages.get(result.page)
        if target is None or result.page == "scorecard":
            label = "below" if len(card.ages) else "here"
            place.button(f"{result.number} {label}", key=f"to-{result.number}", disabled=True, width="stretch")
            continue
        glyph = STATUS[WORDS[result.status]].glyph
        if place.button(
            f"{glyph} {result.number} {target.title}", key=f"to-{result.number}", help=result.name, width="stretch"
        ):
            st.switch_page(target, query_params={})


def _ages(page: Page, card: Scorecard, caption: Caption) -> None:
    """Performance against model age, and when each version served."""
    st.subheader("Performance against model age", anchor=False)
    if card.lives.serving is None:
        common.nothing(
            "Nobody knows how old the serving model is: no row of the log says which version answered.",
            "Name the column under [features] version in driftmeter.toml, and run again.",
        )
        return
    grain = data.finest(page.path)
    unit = "rows" if grain.kind == "rows" else "days"
    left, right = st.columns([3, 2])
    with left:
        ages = card.ages.assign(serving=card.ages["version"] == card.lives.serving)
        metric = METRICS[str(ages["metric"].iloc[0])] if len(ages) else ""
        figure = model_age(
            ages, title=_age_title(card, unit), caption=caption, metric=metric, unit=unit, mode=common.mode(), width=640
        )
        common.chart(figure, "model-age")
    with right:
        _versions(card, grain)


def _age_title(card: Scorecard, unit: str) -> str:
    """What the serving version did when it was young, and what it does now."""
    alive = card.lives
    least = "at least " if alive.of_serving["from_start"] else ""
    age = f"Version “{plain(alive.serving)}” is {least}{count(alive.age)} {unit} old"
    rows = card.ages[card.ages["version"] == alive.serving].sort_values("age")
    if len(rows) < 2:
        return age
    part = max(len(rows) // 4, 1)
    young, now = (_mean(some) for some in (rows.iloc[:part], rows.iloc[-part:]))
    name = METRICS[str(rows["metric"].iloc[0])]
    return f"{age}: {name} {young:.3f} in the first quarter of its life, {now:.3f} in the last"


def _mean(rows: pd.DataFrame) -> float:
    return float(np.average(rows["value"].astype(float), weights=rows["n"].astype(float)))


def _versions(card: Scorecard, grain: Grain) -> None:
    frame = card.lives.frame.iloc[::-1]
    shown = pd.DataFrame(
        {
            "version": [
                f"{plain(version)}{', serving' if version == card.lives.serving else ''}"
                for version in frame["version"]
            ],
            "first": [
                f"{day(int(first), grain)}{' or before' if start else ''}"
                for first, start in zip(frame["first"], frame["from_start"], strict=True)
            ],
            "last": [day(int(last), grain) for last in frame["last"]],
            "rows": frame["rows"].astype(int).tolist(),
        }
    )
    config = {
        "version": st.column_config.TextColumn("Version"),
        "first": st.column_config.TextColumn("First served", width=146),
        "last": st.column_config.TextColumn("Last served", width=92),
        "rows": st.column_config.NumberColumn("Rows", format="localized", width=84),
    }
    tall = 38 + 35 * min(len(shown), _LATEST)
    st.dataframe(shown, hide_index=True, width="stretch", height=tall, column_config=config)


def _asked() -> None:
    """What each test needs to be covered and to pass, as the code itself says it."""
    with st.expander("What each test asks, and when it is covered, passes and fails"):
        for number, test in enumerate(TESTS, 1):
            text = " ".join((inspect.getdoc(test) or "").replace("``", "`").split())
            st.markdown(f"**{number}** {text}")
