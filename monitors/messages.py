"""One sentence a finding, with the number behind it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from monitors.reference import Plan
from monitors.windows import Grain

METRICS = {
    "auc": "AUC", "log_loss": "Log loss", "brier": "Brier score", "accuracy": "Accuracy", "f1": "F1", "rmse": "RMSE",
    "mae": "Mean absolute error", "r2": "R²", "calibration_error": "Calibration error",
}  # fmt: skip
"""What metrics of performance are called."""

DISTANCES = frozenset({"jensen_shannon", "prediction_shift", "training_distance"})
"""Metrics that are a distance from the reference: those of its own windows say how far they lie apart."""


def number(value: float) -> str:
    """Three significant digits, no exponent where it can be helped."""
    if value is None or not math.isfinite(value):
        return "unknown"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 or value == 0 else f"{value:.1g}"


def share(value: float) -> str:
    """A share as a percentage."""
    if value is None or not math.isfinite(value):
        return "unknown"
    percent = 100 * value
    if percent in {0, 100} or percent >= 10:
        return f"{percent:.0f}%"
    return f"{percent:.1f}%" if percent >= 0.1 else f"{percent:.2g}%"


def sentence(row: Mapping[str, Any], grain: Grain) -> str:
    """What happened, in one sentence.

    Parameters
    ----------
    row : of a finding: kind, metric, feature, segment, value, expected, band_low, band_high, effect, detail, state,
        onset
    """
    named = isinstance(row["feature"], str)
    segment = row["segment"] if isinstance(row["segment"], str) else ""
    if row["state"] == "resolved":
        began = grain.label(row["onset"])
        where = f" for {segment}" if segment else ""
        return f"{_topic(row)}{where} is back to what the reference leads to expect (it began {began})."
    subject = f'"{row["feature"]}"' if named else "The model"
    text = _SENTENCES[row["kind"]](row, f"{subject} ({segment})" if segment else subject)
    if segment and f"({segment})" not in text:
        text = f"{text[:-1]} for {segment}."
    if row["state"] == "silenced":
        return f"{text[:-1]}; its end was planned."
    return f"{text[:-1]}; the log itself was broken in this window." if row.get("broken") is True else text


def reference_words(rows: pd.DataFrame, plan: Plan, grain: Grain) -> list[str]:
    """The sentences of findings, with what is to be known about the reference: a holiday, or that it stands still."""
    texts = []
    for start, state, text in zip(rows["window_start"], rows["state"], rows["message"], strict=True):
        more = ""
        if start in plan.holidays:
            more = f" (holiday: {plan.holidays[start]})"
        elif start in plan.standing and state in {"ongoing", "worse"}:
            more = f"; nothing was learned since {grain.label(plan.standing[start])}"
        texts.append(f"{text[:-1]}{more}." if more else text)
    return texts


def _topic(row: Mapping[str, Any]) -> str:
    name = f'"{row["feature"]}"' if isinstance(row["feature"], str) else ""
    what = {
        "shift": "the distribution of {}",
        "distribution": "the distribution of {}",
        "value_mismatch": "the agreement of {} with the offline log",
        "unseen_category": "the values of {}",
        "lost_category": "the values of {}",
        "relation": "the relation of {} to the outcome",
        "position": "the outcome by position",
        "performance": "performance",
        "attribution": "the order of features by attribution",
        "calibration": "calibration",
        "label_shift": "the outcome rate",
        "prediction_shift": "the distribution of predictions",
        "lost_signal": "the predictive power of {}",
        "relation_changed": "the predictive power of {}",
        "input_vanished": "the predictive power of {}",
        "absent": "{}",
        "null_rate": "the missing rate of {}",
        "constant": "{}",
        "sentinel": "{}",
        "stale": "{}",
        "type_changed": "the type of {}",
        "unit_changed": "the unit of {}",
        "volume": "the number of rows",
        "duplicates": "the share of duplicates",
        "gap": "the log",
        "latency": "latency",
        "nonfinite": "the share of rows without a valid prediction",
        "new_column": "the log's columns",
        "removed_column": "the column {}",
        "early": "{}",
        "overdue": "{}",
        "bursts": "the share of events written twice",
        "conflicting": "the share of ids with other values",
        "disorder": "the order of the log's rows",
        "future": "the share of rows ahead of their time",
        "late": "the delay of labels" if row["metric"] == "label_delay_hours" else "the share of late rows",
        "sampling": "the share of rows that are written",
        "label_coverage": "the share of rows with a label",
    }[row["kind"]].format(name)
    return what[0].upper() + what[1:]


def _shift(row: Mapping[str, Any], subject: str) -> str:
    return f"{subject} has shifted: {_apart(row)}{_most_moved(row)}."


def _skewed(row: Mapping[str, Any], subject: str) -> str:
    apart = _apart(row).replace("from the reference", "from it")
    return f"{subject} is not served as it was in the training set: {apart}{_most_moved(row)}."


def _mismatch(row: Mapping[str, Any], subject: str) -> str:
    detail = detail_of(row)
    told = f": {detail}" if detail else ""
    return f"{subject} was served otherwise than it was computed offline in {share(row['value'])} of rows{told}."


def _apart(row: Mapping[str, Any]) -> str:
    """A distance in words: how far the reference's own windows lie apart, and how far this one does."""
    value = number(row["value"])
    if _known(row, "habit") and number(row["habit"]) != value and row["habit"] < row["value"]:
        return f"the reference's windows differ from each other by up to {number(row['habit'])}, this one by {value}"
    limit = f", where quiet windows stay under {number(row['band_high'])}" if _known(row, "band_high") else ""
    return f"its distance from the reference is {value}{limit}"


def _most_moved(row: Mapping[str, Any]) -> str:
    detail = detail_of(row)
    return f"; most moved {detail}" if detail else ""


def _unseen(row: Mapping[str, Any], subject: str) -> str:
    detail = detail_of(row)
    named = f": {detail}" if detail else ""
    return f"{subject} has values that the reference never had in {share(row['value'])} of rows{named}."


def _lost(row: Mapping[str, Any], subject: str) -> str:
    gone = detail_of(row) or "some values"
    return f"{subject} no longer takes {gone}, {share(row['value'])} of the reference's rows."


def _relation(row: Mapping[str, Any], subject: str) -> str:
    detail = detail_of(row)
    where = f"; most at {detail}" if detail else ""
    return (
        f"{subject} relates to the outcome otherwise than in the reference: outcomes by value differ by "
        f"{number(row['value'])}{where}."
    )


def _position(row: Mapping[str, Any], _subject: str) -> str:
    detail = detail_of(row)
    where = f"; most at position {detail}" if detail else ""
    if detail and detail.startswith("all values"):
        where = f": the outcome follows position {detail.partition('them ')[2]}"
    return f"The outcome by position differs from the reference's curve by {number(row['value'])}{where}."


def _attribution(row: Mapping[str, Any], _subject: str) -> str:
    return (
        f"The model leans on other features than in the reference: the NDCG of their attributions is {_against(row)}"
        f"{_most_moved(row)}."
    )


def _performance(row: Mapping[str, Any], _subject: str) -> str:
    if row["metric"] == "auc_gap":
        return f"AUC is {detail_of(row)}: the relation of the scores to the outcome has moved."
    if row["metric"].startswith("expected_"):
        word = METRICS[row["metric"].removeprefix("expected_")]
        return f"{word} expected from the scores, labels not in yet, is {_against(row)}."
    return f"{METRICS[row['metric']]} is {_against(row)}."


def _against(row: Mapping[str, Any]) -> str:
    return f"{number(row['value'])}, where the reference leads to expect {number(row['expected'])}{_limit(row)}"


def _limit(row: Mapping[str, Any], say: Callable[[float], str] = number) -> str:
    """What quiet windows do, in words: how far the reference's own lie from their expectation, else the band."""
    if _known(row, "habit") and _known(row, "expected"):
        own, beyond = say(row["habit"]), say(abs(row["value"] - row["expected"]))
        if 0 < row["habit"] < abs(row["value"] - row["expected"]) and own != beyond:
            return f"; the reference's windows are off by up to {own}, this one by {beyond}"
    if _known(row, "band_low") and row["value"] < row["band_low"]:
        return f" and quiet windows stay over {say(row['band_low'])}"
    if _known(row, "band_high") and row["value"] > row["band_high"]:
        return f" and quiet windows stay under {say(row['band_high'])}"
    return ""


def _label_shift(row: Mapping[str, Any], _subject: str) -> str:
    return f"The outcome's mean is {_against(row)}."


def _prediction(row: Mapping[str, Any], _subject: str) -> str:
    return f"Predictions have shifted: {_apart(row).replace('its distance', 'their distance')}{_most_moved(row)}."


def _power(row: Mapping[str, Any]) -> str:
    return f"what the model gets from it went from {number(row['expected'])} to {number(row['value'])}"


def _constant(row: Mapping[str, Any], subject: str) -> str:
    return f"{subject} has one value for every row: {detail_of(row) or 'unknown'}."


def _missing(row: Mapping[str, Any], subject: str) -> str:
    what = {"null_share": "null", "nan_share": "NaN", "invalid_share": "not a valid value"}[row["metric"]]
    usual = f"where the reference leads to expect {share(row['expected'])}{_limit(row, share)}"
    return f"{subject} is {what} in {share(row['value'])} of rows, {usual}."


_WITHIN = {"latency_p50": "Half of the answers took", "latency_p95": "95% of answers took",
           "latency_p99": "99% of answers took"}  # fmt: skip
"""What a latency is, before its number; the log does not say its unit."""


def _latency(row: Mapping[str, Any], _subject: str) -> str:
    slower = "slower" if row["effect"] > 0 else "faster"
    due = f"where the reference leads to expect {number(row['expected'])}"
    return f"{_WITHIN[row['metric']]} up to {number(row['value'])}, {due}: {abs(row['effect']):.0%} {slower}."


def _nonfinite(row: Mapping[str, Any], _subject: str) -> str:
    what = "a prediction that is NaN or infinite" if row["metric"] == "nonfinite_share" else "no prediction"
    usual = "the reference has none" if not row["expected"] else f"{share(row['expected'])} is usual"
    return f"{share(row['value'])} of rows have {what}, where {usual}."


def _unit(row: Mapping[str, Any], subject: str) -> str:
    what = detail_of(row) or f"×{number(row['value'])}"
    return f"All values of {subject} have changed alike, {what}: it may have another unit."


def _rows(row: Mapping[str, Any], _subject: str) -> str:
    rows, due = number(row["value"]), number(row["expected"])
    return f"The log has {rows} rows, where {due} were to be expected ({row['effect']:+.0%})."


def _gap(row: Mapping[str, Any], _subject: str) -> str:
    if row["metric"] == "gap_hours":
        hours = f"{number(row['value'])} hour{'' if row['value'] == 1 else 's'}"
        return f"The log has no rows for {hours} of the window: {detail_of(row)}."
    return "The log has no rows."


def _late(row: Mapping[str, Any], _subject: str) -> str:
    if row["metric"] == "label_delay_hours":
        return f"Half of the labels came after {duration(row['value'])}, where {duration(row['expected'])} is usual."
    return (
        f"{share(row['value'])} of rows came late, in files of later windows, where {share(row['expected'])} is usual."
    )


def duration(hours: float) -> str:
    """Hours in words, as days when they are many."""
    return f"{number(hours)} hours" if hours < 48 else f"{number(hours / 24)} days"


def _sampling(row: Mapping[str, Any], subject: str) -> str:
    much = f"{number(row['value'])} times" if row["value"] > 1 else share(row["value"])
    if row["metric"] == "sampling":
        return f"The log has {much} as many rows as usual, evenly and in the usual mix: it seems to be sampled."
    what = detail_of(row) or "one value"
    whose = f"{subject} = {what}" if isinstance(row["feature"], str) else f"Outcome {what}"
    return f"{whose} has {much} its usual rows while all else has as many as ever: it seems to be sampled otherwise."


def _planned(row: Mapping[str, Any]) -> str:
    detail = detail_of(row)
    return f" ({detail})" if detail else ""


def _removed(row: Mapping[str, Any], subject: str) -> str:
    return f"The log no longer has the column {subject}: {share(row['value'])} of rows came without it."


def _share_of(what: str) -> Callable[[Mapping[str, Any], str], str]:
    return lambda row, _s: f"{share(row['value'])} of {what}, where {share(row['expected'])} is usual."


_SENTENCES: dict[str, Callable[[Mapping[str, Any], str], str]] = {
    "shift": _shift, "distribution": _skewed, "value_mismatch": _mismatch,
    "unseen_category": _unseen, "lost_category": _lost, "relation": _relation,
    "position": _position,
    "attribution": _attribution, "performance": _performance, "calibration": _performance, "label_shift": _label_shift,
    "prediction_shift": _prediction,
    "lost_signal": lambda row, s: f"{s} has lost its signal: {_power(row)}, and retraining would not bring it back.",
    "relation_changed": lambda row, s: f"{s} means something else now: {_power(row)}, but the signal is there: "
                                       "retrain.",
    "input_vanished": lambda row, s: f"{s} no longer brings the values that carried its signal: {_power(row)}.",
    "absent": lambda row, s: f"{s} is not in the log's files any more: absent in {share(row['value'])} of rows.",
    "null_rate": _missing, "constant": _constant,
    "sentinel": lambda row, s: f"{s} is {detail_of(row) or 'one value'} in {share(row['value'])} of values, "
                               f"where the reference has {share(row['expected'])}: it may stand for 'missing'.",
    "stale": lambda row, s: f"{s} has kept one value for {number(row['value'])} windows; in the reference never more "
                            f"than {number(row['expected'])}.",
    "type_changed": lambda row, s: f"{s} changed its type ({detail_of(row) or 'unknown'}) in {share(row['value'])} "
                                   "of rows.",
    "unit_changed": _unit,
    "volume": _rows,
    "duplicates": lambda row, _s: f"{share(row['value'])} of rows repeat an id, where {share(row['expected'])} is "
                                  "usual.",
    "latency": _latency, "nonfinite": _nonfinite,
    "early": lambda row, s: f"{s} left before its planned end{_planned(row)}: {share(row['value'])} of rows came "
                            "without it.",
    "overdue": lambda row, s: f"{s} is served after its planned end{_planned(row)}, in {share(row['value'])} of rows.",
    "gap": _gap, "late": _late, "sampling": _sampling, "removed_column": _removed,
    "conflicting": _share_of("rows repeat an id with other values"),
    "bursts": _share_of("rows are alike one of seconds before in all but id and time"),
    "disorder": _share_of("rows are older than the row before them in their file"),
    "future": _share_of("rows are lost, for their time is after their file was written"),
    "label_coverage": lambda row, _s: f"{share(row['value'])} of rows have their label, where {share(row['expected'])} "
                                      "is usual.",
    "new_column": lambda row, s: f"The log has a new column {s} in {share(row['value'])} of rows.",
}  # fmt: skip


def _known(row: Mapping[str, Any], key: str) -> bool:
    value = row.get(key)
    return value is not None and math.isfinite(value)


def detail_of(row: Mapping[str, Any]) -> str | None:
    """The measurement's text; pandas has NaN where there is none."""
    detail = row.get("detail")
    return detail if isinstance(detail, str) and detail else None
