"""What the features still tell: the ledger, the three powers over time, what changed places."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.charts.power_change import power_change
from dashboard.charts.power_multiples import power_multiples
from dashboard.charts.rank_changes import rank_changes
from dashboard.charts.text import count, number, period
from dashboard.data import Page
from dashboard.theme import STATUS
from dashboard.views import common, leaning, ledger_table
from dashboard.views.common import quoted, safe
from dashboard.views.words import NAME_LABELS, has_labels, listed, ripe_starts, tile
from monitors.decay_ledger import POWERLESS, UNKNOWN, default_recent, floor_of, ledger
from monitors.settings import MINIMUM_EFFECT

TITLE = "Decay"
ICON = ":material/trending_down:"

LOSSES = ("lost_signal", "relation_changed", "input_vanished")

POWERS = (
    "**Learned** power is what a model fitted on the reference still gets from the feature.  \n"
    "**Available** power is what a model fitted anew on the window could get: above learned, retraining gains.  \n"
    "**Expected** power is what the old relation would give on the new inputs: below the reference, the inputs took it."
)
"""The three numbers, one line each."""


def show(page: Page) -> None:
    """The ledger first, then its numbers over time, then who changed places."""
    if not has_labels(page):
        common.nothing("Power is what a feature tells of the outcome, and this log has no labels.", NAME_LABELS)
        return
    measured = with_reference(page)
    if not (measured["metric"] == "learned_power").any():
        common.nothing(
            "No window shown has enough labels to say what a feature tells: ten rows of a class at least.",
            "Choose coarser windows, a longer period or all rows; or run again when labels are in.",
        )
        return
    recent = _recent(page)
    task = page.seen.bins.task
    table = ledger(
        measured, page.seen.grain, task, recent=recent, mature=ripe_starts(page).tolist(), rolling=page.seen.plan.rolls
    )
    table = table.assign(severity=severities(table))
    now = now_words(page, recent)
    _tiles(table)
    st.subheader(safe(headline(table, now)), anchor=False)
    leaning.told(table)
    ledger_table.show(page, table, measured[measured["monitor"] == "decay"], now)
    st.markdown(POWERS)
    _charts(page, table, now)


# ----- what the numbers are of --------------------------------------------------------------------------------------


def with_reference(page: Page) -> pd.DataFrame:
    """Measurements of power and attribution of the period shown, and of the reference where that lies outside of it."""
    every, shown = page.seen.measured, page.measured
    shown = shown[_of_ledger(shown)]
    outside = every[
        _of_ledger(every) & every["reference"].astype(bool) & ~every["window_start"].isin(shown["window_start"])
    ]
    return pd.concat([shown, outside], ignore_index=True) if len(outside) else shown


def _of_ledger(measured: pd.DataFrame) -> pd.Series:
    return (measured["monitor"] == "decay") | (measured["metric"] == "attribution_share")


def judged_windows(page: Page) -> pd.DataFrame:
    """Windows shown that can be "now": not of the reference, labels in, with a power."""
    rows = page.metric("decay", "learned_power")
    rows = rows[~rows["reference"].astype(bool) & rows["window_start"].isin(ripe_starts(page))]
    return page.windows[page.windows["window_start"].isin(rows["window_start"])]


def _recent(page: Page) -> int:
    """How many windows are "now"; the reader chooses."""
    have = len(judged_windows(page))
    usual = default_recent(have)
    offered = sorted({n for n in (1, 4, 12, 28, usual) if n <= max(have, 1)})
    if len(offered) < 2:
        return usual
    chosen = st.segmented_control(
        "Now is",
        [str(n) for n in offered],
        default=str(usual),
        required=True,
        key="now",
        bind="query-params",
        format_func=lambda n: "the last window" if n == "1" else f"the last {n}",
        help="The windows whose powers are averaged, by labelled rows, into what the ledger calls now.",
    )
    return int(chosen or usual)


def now_words(page: Page, recent: int) -> str:
    """The windows that are now."""
    windows = judged_windows(page).tail(recent)
    return period(windows["x"].iloc[0], windows["x_end"].iloc[-1]) if len(windows) else "now"


def severities(table: pd.DataFrame) -> list[str]:
    """A loss that raised alerts is one; a loss that only shows over several windows is worth a look."""
    return [
        "ok" if verdict not in LOSSES else "alert" if alerts else "watch"
        for verdict, alerts in zip(table["verdict"], table["alerts"], strict=True)
    ]


# ----- words --------------------------------------------------------------------------------------------------------


def _tiles(table: pd.DataFrame) -> None:
    """How many features lost power, by reason, and what retraining promises most."""
    places = st.columns(4)
    words = {
        "lost_signal": "Lost their signal",
        "relation_changed": "Changed their relation",
        "input_vanished": "Inputs vanished",
    }
    able = int((~table["verdict"].isin([POWERLESS, UNKNOWN])).sum())
    if not able:
        for place, word in zip(places, [*words.values(), "Retraining gains"], strict=True):
            tile(place, word, "–", "no labels yet" if (table["verdict"] == UNKNOWN).any() else "no feature has power")
        return
    for place, (verdict, word) in zip(places, words.items(), strict=False):
        names = table.loc[table["verdict"] == verdict, "feature"].tolist()
        tile(place, word, f"{len(names)} of {able}", listed(names) if names else "none")
    sure = table[(table["gain_low"] > 0) & (table["gain"] >= MINIMUM_EFFECT["learned_power"])]
    if len(sure):
        best = sure.iloc[int(sure["gain"].argmax())]
        tile(places[3], "Retraining gains most", f"+{number(best['gain'])}", f"from {quoted(best['feature'])}")
    else:
        tile(places[3], "Retraining gains", "nothing sure", "available is not above learned")


def headline(table: pd.DataFrame, now: str) -> str:
    """What the ledger says, in a sentence."""
    lost = table[table["verdict"].isin(LOSSES)]
    able = int((~table["verdict"].isin([POWERLESS, UNKNOWN])).sum())
    if (table["verdict"] == UNKNOWN).all():
        return "No window since the reference has its labels in: the ledger shows the reference"
    if not able:
        return f"None of the {count(len(table))} features told the outcome in the reference: none has power to lose"
    if lost.empty:
        every = {1: "The one feature that had power keeps", 2: "Both features that had power keep"}
        return f"{every.get(able, f'All {able} features that had power keep')} it ({now})"
    named = listed(list(lost["feature"]), 3)
    if able == 1:
        return f"The one feature that had power lost some or all of it: {named} ({now})"
    return f"{len(lost)} of {able} features that had power lost some or all of it: {named} ({now})"


def unit(page: Page) -> str:
    """What power is measured in."""
    return "explained variance (R²)" if page.seen.bins.task == "regression" else "AUC"


# ----- charts -------------------------------------------------------------------------------------------------------


def _charts(page: Page, table: pd.DataFrame, now: str) -> None:
    task = page.seen.bins.task
    shown = page.measured[page.measured["monitor"] == "decay"]
    verdicts = table[["feature", "verdict", "severity"]].assign(
        verdict=[ledger_table.word(v) for v in table["verdict"]]
    )
    figure = power_multiples(
        shown,
        title=_multiples_title(table),
        caption=page.caption,
        verdicts=verdicts,
        unit=unit(page),
        floor=floor_of(task),
        events=page.events,
        mode=common.mode(),
        width=1000,
    )
    common.chart(figure, "decay")
    both = table[table["before"].notna() & table["after"].notna()].assign(
        verdict=[ledger_table.word(v) for v in table.loc[table["before"].notna() & table["after"].notna(), "verdict"]]
    )
    leaning.show(page, table, unit(page), now)
    if both.empty:
        return
    left, right = st.columns(2)
    caption = page.text(n=None, labels_pending=None)
    with left:
        figure = power_change(
            both,
            title=_change_title(both),
            caption=caption,
            after=now,
            unit=unit(page),
            floor=floor_of(task),
            mode=common.mode(),
            width=480,
        )
        point = common.selected(figure, "power-change", "power-change")
    with right:
        figure = rank_changes(
            both, title=_rank_title(both), caption=caption, after="now", mode=common.mode(), width=480
        )
        common.chart(figure, "ranks")
    if point and point[0]:
        common.open_feature(str(point[0]))


def _multiples_title(table: pd.DataFrame) -> str:
    lost = table[table["verdict"].isin(LOSSES)]
    if (table["verdict"] == UNKNOWN).all():
        return "What each feature told of the outcome, by window"
    if lost.empty:
        return "Every feature tells the outcome about as well as in the reference"
    first = lost.iloc[0]
    glyph = STATUS[first["severity"]].glyph
    return f"{glyph} {quoted(first['feature'])} went from {number(first['before'])} to {number(first['after'])}" + (
        f"; {len(lost) - 1} more lost power" if len(lost) > 1 else ""
    )


def _change_title(both: pd.DataFrame) -> str:
    worst = both.iloc[int(both["drop"].argmax())]
    if worst["drop"] <= 0:
        return "No feature tells less than it did in the reference"
    return f"{quoted(worst['feature'])} lost most: {number(worst['before'])} to {number(worst['after'])}"


def _rank_title(both: pd.DataFrame) -> str:
    moved = both.iloc[int(both["rank_change"].abs().argmax())]
    if not np.isfinite(moved["rank_change"]) or moved["rank_change"] == 0:
        return "The features' order by power has not changed"
    way = "rose" if moved["rank_change"] > 0 else "fell"
    return f"{quoted(moved['feature'])} {way} from rank {int(moved['rank_before'])} to {int(moved['rank_after'])}"
