"""From measurements to findings: histories, what follows from what, what is silenced, and what is said."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.findings import COLUMNS, decay_kind, find
from monitors.measurement import COLUMNS as MEASURED
from monitors.rules import RULES
from monitors.windows import Grain
from tests.cubes import FIRST_DAY
from tests.monitors.found import config

DAYS = Grain.parse("1d")
DAY = 86_400_000_000
BEGIN = int(FIRST_DAY.astype(np.int64))
CONFIG = config()
QUIET, WATCH, ALERT = 0.9, 0.03, 1e-9
"""p values of a shift: its budget is 0.01, and five times that for a watch."""


def number(window: int, p: float = ALERT, **other: Any) -> dict[str, Any]:
    """One measurement, a shift of x unless told otherwise."""
    start = BEGIN + window * DAY
    row = {
        "monitor": "drift", "metric": "jensen_shannon", "feature": "x", "segment": None, "window_start": start,
        "window_end": start + DAY, "value": 0.3, "low": 0.2, "high": 0.4, "expected": 0.1, "n": 100.0, "p_value": p,
        "band_low": 0.0, "band_high": 0.15, "detail": None, "reference": False,
    }  # fmt: skip
    assert set(other) <= set(row)
    return {**row, **other}


def found(*rows: dict[str, Any], grain: Grain = DAYS, facts: list[str] | None = None, **tables: Any) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(MEASURED))
    result = find(frame, config(**tables) if tables else CONFIG, grain, facts or [])
    assert tuple(result.columns) == COLUMNS
    return result.assign(window=(result["window_start"] - BEGIN) // DAY, began=(result["onset"] - BEGIN) // DAY)


def history(p_values: list[float], values: list[float] | None = None) -> list[tuple[int, str, str, int]]:
    """Window, severity, state and onset of the findings of one number."""
    values = values or [0.3] * len(p_values)
    result = found(*(number(w, p, value=v) for w, (p, v) in enumerate(zip(p_values, values, strict=True))))
    return list(result[["window", "severity", "state", "began"]].itertuples(index=False, name=None))


# ----- histories ----------------------------------------------------------------------------------------------------


def test_a_run_is_new_then_ongoing_then_resolved() -> None:
    assert history([QUIET, ALERT, ALERT, ALERT, QUIET, QUIET]) == [
        (1, "alert", "new", 1), (2, "alert", "ongoing", 1), (3, "alert", "ongoing", 1), (5, "watch", "resolved", 1),
    ]  # fmt: skip


def test_a_quarter_more_than_ever_before_is_worse() -> None:
    states = [state for _, _, state, _ in history([ALERT] * 5, [0.3, 0.34, 0.41, 0.3, 0.5])]
    assert states == ["new", "ongoing", "worse", "ongoing", "worse"]


def test_one_quiet_window_in_between_is_not_the_end_and_two_are() -> None:
    assert history([ALERT, QUIET, ALERT, QUIET, QUIET, ALERT]) == [
        (0, "alert", "new", 0), (2, "alert", "ongoing", 0), (4, "watch", "resolved", 0), (5, "alert", "new", 5),
    ]  # fmt: skip


def test_a_quiet_last_window_does_not_resolve_what_is_open() -> None:
    assert history([ALERT, QUIET]) == [(0, "alert", "new", 0)]


def test_a_watch_is_no_alert_and_has_nothing_to_resolve() -> None:
    assert history([WATCH, QUIET, QUIET, WATCH]) == [(0, "watch", "new", 0), (3, "watch", "new", 3)]


def test_a_watch_that_becomes_an_alert_is_new_as_an_alert_and_began_before() -> None:
    assert history([WATCH, WATCH, ALERT, WATCH, QUIET, QUIET], [0.14, 0.25, *[0.3] * 4]) == [
        (0, "watch", "new", 0), (1, "watch", "worse", 0), (2, "alert", "new", 1), (3, "watch", "ongoing", 1),
        (5, "watch", "resolved", 1),
    ]  # fmt: skip


@settings(max_examples=25)
@given(st.lists(st.sampled_from([QUIET, WATCH, ALERT]), max_size=12), st.randoms())
def test_histories_do_not_depend_on_the_order_of_measurements(p_values: list[float], random: Any) -> None:
    rows = [number(w, p) for w, p in enumerate(p_values)]
    mixed = rows.copy()
    random.shuffle(mixed)
    pd.testing.assert_frame_equal(found(*rows), found(*mixed))


@settings(max_examples=25)
@given(st.lists(st.sampled_from([QUIET, WATCH, ALERT]), min_size=1, max_size=10))
def test_every_flagged_window_has_one_finding_and_its_past_does_not_change(p_values: list[float]) -> None:
    told = history(p_values)
    flagged = [w for w, p in enumerate(p_values) if p < QUIET]
    assert [w for w, _, state, _ in told if state != "resolved"] == flagged
    assert all(onset <= window for window, _, _, onset in told)
    assert {w for w, severity, _, _ in told if severity == "alert"} == {w for w, p in enumerate(p_values) if p == ALERT}
    before = history(p_values[:-1])
    assert before == told[: len(before)]  # what was said of a window stands, whatever comes later


def test_windows_that_were_not_judged_neither_end_nor_are_a_run() -> None:
    assert history([ALERT, np.nan, np.nan, ALERT]) == [(0, "alert", "new", 0), (3, "alert", "ongoing", 0)]


def test_metrics_of_one_kind_share_a_history_and_the_strangest_stands_for_it() -> None:
    metrics = {"monitor": "concept", "feature": None}
    result = found(
        number(0, ALERT, metric="auc", value=0.6, expected=0.8, **metrics),
        number(0, 1e-12, metric="log_loss", value=0.9, expected=0.4, **metrics),
        number(1, ALERT, metric="auc", value=0.6, expected=0.8, **metrics),
        number(1, QUIET, metric="log_loss", value=0.4, expected=0.4, **metrics),
        number(1, ALERT, metric="calibration_error", value=0.3, expected=0.02, **metrics),
    )
    told = list(result[["kind", "metric", "window", "state"]].itertuples(index=False, name=None))
    assert told == [("calibration", "calibration_error", 1, "new"), ("performance", "log_loss", 0, "new"),
                    ("performance", "auc", 1, "ongoing")]  # fmt: skip


def test_effects_of_different_metrics_are_not_compared() -> None:
    metrics = {"monitor": "concept", "feature": None, "expected": 0.5}
    auc, loss = {"metric": "auc", "value": 0.4, **metrics}, {"metric": "log_loss", "value": 2.5, **metrics}
    states = found(number(0, **auc), number(1, **loss), number(2, **auc), number(3, **{**auc, "value": 0.3}))["state"]
    assert states.tolist() == ["new", "ongoing", "ongoing", "worse"]


# ----- what is an alert ---------------------------------------------------------------------------------------------


def test_a_change_too_small_to_matter_is_none_however_sure() -> None:
    assert history([ALERT], [0.11]) == []
    assert found(number(0, ALERT, value=0.11), alerts={"minimum_effect": {"jensen_shannon": 0.005}}).shape[0] == 1
    assert found(number(0, ALERT), alerts={"minimum_effect": 0.25}).shape[0] == 0


def test_a_feature_has_settings_of_its_own() -> None:
    rows = [number(0, 0.02, feature=name) for name in ("x", "z")]
    own = {"alerts": {"features": {"x": {"false_alarm_rate": 0.2}}}}
    assert found(*rows)["severity"].tolist() == ["watch", "watch"]
    assert dict(zip(found(*rows, **own)["feature"], found(*rows, **own)["severity"], strict=True)) == {
        "x": "alert", "z": "watch"}  # fmt: skip
    small = {"alerts": {"features": {"x": {"minimum_effect": 0.5}}}}
    assert found(*rows, **small)["feature"].tolist() == ["z"]


def test_the_rate_is_a_promise_that_can_be_changed() -> None:
    assert found(number(0, 0.02), alerts={"false_alarm_rate": 0.2})["severity"].tolist() == ["alert"]
    assert found(number(0, 0.005), alerts={"false_alarm_rate": 0.01})["severity"].tolist() == ["watch"]


def test_segments_share_half_of_the_rate() -> None:
    rows = [number(0, QUIET), number(0, 0.004, segment="a=1"), number(0, QUIET, segment="a=2")]
    assert found(*rows)["severity"].tolist() == ["watch"]  # 0.009 / 2 / 2 is 0.0023
    rows[1]["p_value"] = 0.0015
    assert found(*rows)["severity"].tolist() == ["alert"]


def test_what_is_not_judged_and_what_nobody_knows_is_no_finding() -> None:
    assert not len(found(number(0, np.nan), number(0, ALERT, monitor="other", metric="thing"), number(0, metric="psi")))
    assert not len(found())


def test_rows_count_relative_to_what_was_expected() -> None:
    rows = {"monitor": "integrity", "metric": "rows", "feature": None, "expected": 1000.0}
    assert not len(found(number(0, ALERT, value=960.0, **rows)))
    result = found(number(0, ALERT, value=500.0, **rows))
    assert result["effect"].tolist() == [-0.5]
    assert result["message"].tolist() == ["The log has 500 rows, where 1,000 were to be expected (-50%)."]


# ----- what follows from what ---------------------------------------------------------------------------------------


def test_a_shift_that_nulls_explain_is_watched() -> None:
    nulls = number(0, 0.0, monitor="missing", metric="null_share", value=0.5, expected=0.0)
    result = found(number(0), nulls, number(1), number(0, feature="z"))
    severity = {(row.kind, row.feature, row.window): row.severity for row in result.itertuples()}
    assert severity[("shift", "x", 0)] == "watch"
    assert severity[("null_rate", "x", 0)] == severity[("shift", "x", 1)] == severity[("shift", "z", 0)] == "alert"


def test_a_segment_is_an_alert_where_it_shows_much_more_than_all_rows() -> None:
    whole = number(0, value=0.2)
    same, much = number(0, segment="a=1", value=0.25), number(0, segment="a=2", value=0.6)
    result = found(whole, same, much)
    assert dict(zip(result["segment"].fillna(""), result["severity"], strict=True)) == {
        "": "alert", "a=1": "watch", "a=2": "alert"}  # fmt: skip
    alone = found(number(0, QUIET), same)
    assert alone["severity"].tolist() == ["alert"]


# ----- decay --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("learned", "available", "expected", "kind"),
    [
        # on the hotel log: previous_cancellations .78 to .50, .78 to .50, .79 to .51; lead_time .78 to .59, .79 to .59,
        # .78 to .75; adr in between .70 to .54, .74 to .63, .71 to .63
        (0.28, 0.28, 0.28, "input_vanished"),
        (0.19, 0.20, 0.03, "lost_signal"),
        (0.16, 0.11, 0.08, "input_vanished"),
        (0.16, 0.05, 0.03, "relation_changed"),
        (0.3, 0.0, np.nan, "relation_changed"),
        (0.3, np.nan, 0.0, "lost_signal"),  # that the signal is there must be known to be said
    ],
)
def test_three_powers_tell_why_a_feature_decays(learned: float, available: float, expected: float, kind: str) -> None:
    assert decay_kind(learned, available, expected) == kind


def decays(learned: float, available: float, expected: float, window: int = 0, **other: Any) -> list[dict[str, Any]]:
    common = {"monitor": "decay", "expected": 0.8, **other}
    return [
        number(window, metric="learned_power", value=learned, **common),
        number(window, np.nan, metric="available_power", value=available, **common),
        number(window, np.nan, metric="expected_power", value=expected, **common),
    ]


def test_kinds_of_decay_share_a_history() -> None:
    result = found(
        *decays(0.6, 0.61, 0.79), *decays(0.6, 0.8, 0.8, 1), *decays(0.6, 0.6, 0.6, 2),
        *decays(0.6, 0.8, 0.8, 2, segment="a=1"),
    )  # fmt: skip
    whole = result[result["segment"].isna()]
    assert whole["kind"].tolist() == ["lost_signal", "relation_changed", "input_vanished"]
    assert whole["state"].tolist() == ["new", "ongoing", "ongoing"]
    assert whole["began"].tolist() == [0, 0, 0]
    assert result.loc[result["segment"] == "a=1", "kind"].tolist() == ["relation_changed"]


def test_an_explained_variance_that_is_worse_than_nothing_is_a_signal_lost_not_changed() -> None:
    assert found(*decays(-0.8, 0.0, 0.8))["kind"].tolist() == ["lost_signal"]
    assert found(*decays(-0.8, 0.7, 0.8))["kind"].tolist() == ["relation_changed"]


# ----- deprecations and files ---------------------------------------------------------------------------------------


def absent(window: int, feature: str = "old") -> dict[str, Any]:
    return number(window, 0.0, feature=feature, monitor="missing", metric="absent_share", value=1.0, expected=0.0)


def test_a_planned_end_is_silent_from_its_day_and_early_is_told() -> None:
    planned = {"deprecations": {"old": {"owner": "search", "date": "2025-01-09"}}}
    result = found(*(absent(w) for w in range(2, 6)), absent(4, "other"), **planned)
    old = result[result["feature"] == "old"]
    assert old["state"].tolist() == ["new", "silenced", "silenced", "silenced"]  # the ninth is window 3
    assert old["severity"].tolist() == ["alert", "watch", "watch", "watch"]
    assert old["message"].iloc[-1].endswith("; its end was planned.")
    assert result.loc[result["feature"] == "other", "severity"].tolist() == ["alert"]


def test_a_deprecation_without_a_date_silences_nothing() -> None:
    assert found(absent(3), deprecations={"old": {"owner": "search"}})["state"].tolist() == ["new"]


def test_files_that_lost_rows_are_told_at_the_last_window() -> None:
    result = found(number(0, QUIET), number(3, QUIET), facts=["a.csv: line 7 is broken", "b.csv: is empty"])
    assert result["window"].tolist() == [3, 3]
    assert set(result["severity"]) == {"alert"}
    assert "line 7 is broken" in result["message"].iloc[0]
    assert not len(found(facts=["a.csv: is empty"]))


# ----- words --------------------------------------------------------------------------------------------------------


def every_kind() -> list[dict[str, Any]]:
    """One strange number of every metric that is judged, with and without all that a message may use."""
    rows = []
    for (monitor, metric), full in itertools.product(RULES, (True, False)):
        of_log = (monitor == "integrity" and "column" not in metric) or metric == "attribution_ndcg"
        of_model = of_log or (monitor == "concept" and metric != "relation")
        lacking = {"expected": np.nan, "band_low": np.nan, "band_high": None, "detail": None, "low": None}
        feature = None if of_model else f'{metric} <b> "q" 🙂'
        later = 30 if monitor == "integrity" else 0  # in a window in which the log broke all else is watched
        rows.append(number(later + (0 if full else 9), 0.0, **{
            "monitor": monitor, "metric": metric, "feature": feature, "value": 0.62, "expected": 0.11,
            "detail": "red: 1.0% to 9.0% of rows", "segment": None if full else "place=north",
            **({} if full else lacking),
        }))  # fmt: skip
    return rows


@pytest.mark.parametrize("state", ["open", "resolved"])
def test_every_message_is_one_sentence_that_people_understand(state: str) -> None:
    rows = every_kind()
    if state == "resolved":
        rows += [{**row, "window_start": row["window_start"] + k * DAY, "window_end": row["window_end"] + k * DAY,
                  "p_value": 1.0} for row in rows for k in (2, 3)]  # fmt: skip
    result = found(*rows)
    if state == "resolved":
        result = result[result["state"] == "resolved"]
    wanted = {rule.kind for rule in RULES.values() if rule.kind and not rule.only_watch} | {"lost_signal"}
    assert wanted <= set(result["kind"])
    for row in result.itertuples():
        text = row.message
        assert text.endswith(".")
        assert not text[0].islower()
        assert ". " not in text
        assert not {"nan", "None", "inf"} & set(text.replace(",", " ").replace(".", " ").replace("%", " ").split())
        assert "\n" not in text
        assert len(text) < 260
        if isinstance(row.segment, str):
            assert "place=north" in text
        if isinstance(row.feature, str) and row.kind != "new_column":
            assert row.feature in text


def test_the_number_of_a_message_is_that_of_the_finding() -> None:
    row = found(number(0, detail="red: 1.0% to 9.0% of rows"))
    assert row["message"].iloc[0] == (
        '"x" has shifted: its distance from the reference is 0.3, where quiet windows stay under 0.15; '
        "most moved red: 1.0% to 9.0% of rows."
    )


def test_the_threshold_is_told_by_what_the_references_own_windows_do() -> None:
    held = [number(w, np.nan, value=0.1 + 0.02 * w, reference=True) for w in range(3)]
    assert found(*held, number(5))["message"].tolist() == [
        '"x" has shifted: the reference\'s windows differ from each other by up to 0.14, this one by 0.3.'
    ]
    rate = {"monitor": "concept", "metric": "label_rate", "feature": None}
    held = [number(w, np.nan, value=v, reference=True, **rate) for w, v in enumerate((0.08, 0.13))]
    assert found(*held, number(5, **rate))["message"].tolist() == [
        "The outcome's mean is 0.3, where the reference leads to expect 0.1; "  # noqa: ISC004
        "the reference's windows are off by up to 0.03, this one by 0.2."
    ]


def test_where_the_references_windows_did_as_much_the_quiet_range_is_told() -> None:
    held = [number(w, np.nan, value=0.5, reference=True) for w in range(3)]
    assert found(*held, number(5))["message"].tolist() == [
        '"x" has shifted: its distance from the reference is 0.3, where quiet windows stay under 0.15.'
    ]


def test_another_features_or_segments_reference_is_not_its_own() -> None:
    held = [number(w, np.nan, value=0.12, reference=True, **other) for w in range(3)
            for other in ({"feature": "z"}, {"segment": "a=1"})]  # fmt: skip
    assert "where quiet windows stay under 0.15" in found(*held, number(5))["message"].iloc[0]


# ----- a log that broke ---------------------------------------------------------------------------------------------

VOLUME = {"monitor": "integrity", "metric": "rows", "feature": None, "value": 500.0, "expected": 1000.0}


def test_what_begins_in_the_window_in_which_the_log_broke_is_watched() -> None:
    result = found(number(3, **VOLUME), number(3), number(4), number(3, QUIET, feature="z"))
    told = {(row.kind, row.window): (row.severity, row.began) for row in result.itertuples()}
    assert told == {("volume", 3): ("alert", 3), ("shift", 3): ("watch", 3), ("shift", 4): ("alert", 4)}
    message = result.loc[(result["kind"] == "shift") & (result["window"] == 3), "message"].iloc[0]
    assert message.endswith("; the log itself was broken in this window.")
    assert result["message"].str.contains("broken").sum() == 1


def test_what_was_strange_before_the_log_broke_stays_an_alert() -> None:
    result = found(number(2), number(3), number(3, **VOLUME))
    assert result.loc[result["kind"] == "shift", "severity"].tolist() == ["alert", "alert"]


def test_a_log_that_stays_smaller_hides_nothing_for_long() -> None:
    result = found(*(number(w, **VOLUME) for w in (3, 4, 5)), number(4), number(5, feature="z"))
    assert result.loc[result["kind"] == "shift", "severity"].tolist() == ["alert", "alert"]


def test_a_log_that_is_worth_a_look_is_not_broken() -> None:
    result = found(number(3, 0.004, **VOLUME), number(3))
    assert dict(zip(result["kind"], result["severity"], strict=True)) == {"volume": "watch", "shift": "alert"}


def test_windows_of_rows_are_named_by_rows() -> None:
    rows = [{**number(0), "window_start": start, "window_end": start + 500, "p_value": p}
            for start, p in ((0, ALERT), (500, 1.0), (1000, 1.0))]  # fmt: skip
    result = find(pd.DataFrame(rows), CONFIG, Grain.parse("500 rows"), [])
    assert "rows 0–499" in result["message"].iloc[-1]
