"""What happened, by kind of finding: the clause an incident's sentence is built around, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from monitors.costs import Cost
from monitors.messages import METRICS, detail_of, duration, number, share

DETAIL = 60
"""Characters of what somebody else wrote: a category's name, a note."""


class Told(NamedTuple):
    """What the sentence is made of.

    Attributes
    ----------
    row : the finding whose number is told, with ``detail``
    kind : of finding; feature, segment : "" for the model or the log, and for all rows
    onset, last : first window and last with a finding that counts
    state : of the incident
    others : more features that belong to it, the worst first
    event : at, kind, text of what it began with
    hung : how many runs of findings hang on a broken log
    mean : the mean score in the finding's window, and what it used to be
    rate : whether the outcome's mean is a share
    """

    row: Mapping[str, Any]
    kind: str
    feature: str
    segment: str
    onset: int
    last: int
    state: str
    others: Sequence[str]
    event: Mapping[str, Any] | None
    cost: Cost
    hung: int = 0
    mean: tuple[float, float] | None = None
    rate: bool = True


_Fact = Callable[[Told, bool], str]


def _rows(told: Told) -> str:
    return f"rows with {told.segment}" if told.segment else "rows"


def _for(told: Told) -> str:
    return f" for {told.segment}" if told.segment else ""


_SPAN = re.compile(r" over \d+ windows$")


def _detail(told: Told) -> str:
    text = _SPAN.sub("", detail_of(told.row) or "")  # since when, says the sentence
    return text if len(text) <= DETAIL else f"{text[: DETAIL - 1]}…"


def _usual(told: Told, say: Callable[[float], str] = share) -> str:
    due = told.row["expected"]
    return f" (usually {say(due)})" if due is not None and due == due else ""


def _name(told: Told) -> str:
    return f'"{told.feature}"'


def _absent(told: Told, over: bool) -> str:
    be = "was" if over else "is"
    return f"{_name(told)} {be} not in the log's files: {share(told.row['value'])} of {_rows(told)} came without it"


def _null(told: Told, over: bool) -> str:
    what = "not a valid value in" if told.row["metric"] == "invalid_share" else "missing for"
    be, value = "was" if over else "is", share(told.row["value"])
    return f"{_name(told)} {be} {what} {value} of {_rows(told)}{_usual(told)}"


def _constant(told: Told, over: bool) -> str:
    value = f": {_detail(told)}" if _detail(told) else ""
    return f"{_name(told)} {'had' if over else 'has'} one value in every row{_for(told)}{value}"


def _sentinel(told: Told, over: bool) -> str:
    be, value = "was" if over else "is", share(told.row["value"])
    return f"{_name(told)} {be} {_detail(told) or 'one value'} in {value} of its values{_for(told)}{_usual(told)}"


def _stale(told: Told, over: bool) -> str:
    most = f" (never more than {number(told.row['expected'])} before)" if told.row["expected"] else ""
    return f"{_name(told)} {'kept' if over else 'keeps'} one value, for {number(told.row['value'])} windows{most}"


def _type(told: Told, over: bool) -> str:
    what = f" ({_detail(told)})" if _detail(told) else ""
    came = "came" if over else "comes"
    return f"{_name(told)} {came} as another type{what} in {share(told.row['value'])} of {_rows(told)}"


def _unit(told: Told, over: bool) -> str:
    """What a conversion did: ``×100``, and which units these may be."""
    what = _detail(told) or f"×{number(told.row['value'])}"
    return f"the values of {_name(told)} {'were' if over else 'are'} all {what} what they were{_for(told)}"


_OF_ALL = ("rank among", "spread of ranks", "mean: ", "standard deviation")
"""What moved of a column is one of its values, or one of these."""


def _moved(told: Told) -> str:
    if _detail(told).startswith(_OF_ALL):
        return f": its {_detail(told)}"
    if _detail(told):
        return f", most where it is {_detail(told)}"
    return f": its distance from the reference is {number(told.row['value'])}"


def _shift(told: Told, over: bool) -> str:
    return f"{_name(told)} {'had' if over else 'has'} other values than before{_for(told)}{_moved(told)}"


def _skewed(told: Told, over: bool) -> str:
    return f"{_name(told)} {'was' if over else 'is'} not served as in the training set{_for(told)}{_moved(told)}"


def _mismatch(told: Told, over: bool) -> str:
    served = f"{'was' if over else 'is'} served otherwise than computed offline"
    return f"{_name(told)} {served} in {share(told.row['value'])} of {_rows(told)}"


def _unseen(told: Told, over: bool) -> str:
    named = f", such as {_detail(told)}" if _detail(told) else ""
    have, value = "had" if over else "has", share(told.row["value"])
    return f"{_name(told)} {have} values never seen before in {value} of {_rows(told)}{named}"


def _lost(told: Told, over: bool) -> str:
    gone, value = _detail(told) or "some of its values", share(told.row["value"])
    return f"{_name(told)} {'did not take' if over else 'no longer takes'} {gone} ({value} of {_rows(told)} before)"


def _relation(told: Told, over: bool) -> str:
    meant = "told" if over else "tells"
    differ = f": outcomes differ by {number(told.row['value'])}"
    where = f", most where it is {_detail(told)}" if _detail(told) else differ
    return f"{_name(told)} {meant} something else about the outcome{_for(told)}{where}"


def _position(told: Told, over: bool) -> str:
    differ = f"outcomes by position {'were' if over else 'are'} {number(told.row['value'])} off the reference's curve"
    place = _detail(told)
    if not place:
        return f"{differ}{_for(told)}"
    if place.startswith("all values"):
        return f"{differ}{_for(told)}: the outcome follows position {place.partition('them ')[2]}"
    return f"{differ}{_for(told)}, most at position {place}"


def _attribution(told: Told, over: bool) -> str:
    most = f", most {_detail(told)}" if _detail(told) else ""
    leant = "leant" if over else "leans"
    return f"the model{_for(told)} {leant} on other features than before (NDCG {number(told.row['value'])}){most}"


def _power(told: Told, over: bool, what: str) -> str:
    was = "was" if over else "is"
    numbers = f"{number(told.row['value'])} where it used to be {number(told.row['expected'])}"
    return f"the predictive power of {_name(told)}{_for(told)} {was} {numbers}{what}"


def _lost_signal(told: Told, over: bool) -> str:
    return _power(told, over, ", and retraining would not bring it back")


def _relation_changed(told: Told, over: bool) -> str:
    return _power(told, over, ", for it means something else now" if not over else ", for it meant something else")


def _vanished(told: Told, over: bool) -> str:
    return _power(told, over, ", for the values that told most no longer come" if not over else "")


def _performance(told: Told, over: bool) -> str:
    metric = str(told.row["metric"])
    if metric == "auc_gap":
        by, side = float(told.row["value"]), "under" if told.row["value"] < 0 else "over"
        return f"the model's AUC{_for(told)} {'was' if over else 'is'} {number(abs(by))} {side} what its scores promise"
    early = ", as the scores alone lead to expect," if metric.startswith("expected_") else ""
    name = METRICS.get(metric.removeprefix("expected_"), metric)
    named = name if name[:2].isupper() or name[:2] in ("F1", "R²") else f"{name[0].lower()}{name[1:]}"
    be, value = "was" if over else "is", number(told.row["value"])
    due = number(told.row["expected"])
    return f"the model's {named}{_for(told)}{early} {be} {value}, where {due} was to be expected"


def _label(told: Told, over: bool) -> str:
    name, say = ("rate", share) if told.rate else ("mean", number)
    be, value = "was" if over else "is", say(told.row["value"])
    return f"the outcome's {name}{_for(told)} {be} {value}, where {say(told.row['expected'])} was to be expected"


_TELLING = 0.05


def _prediction(told: Told, over: bool) -> str:
    now, due = told.mean or (float("nan"), float("nan"))
    if abs(now - due) > _TELLING * abs(due):
        verb = "averaged" if over else "average"
        return f"the model's scores{_for(told)} {verb} {number(now)}, where {number(due)} was to be expected"
    return f"the model's scores {'were' if over else 'are'} other than before{_for(told)}{_moved(told)}".replace(
        ": its distance", ": their distance"
    )


def _volume(told: Told, over: bool) -> str:
    have = "had" if over else "has"
    numbers = f"{number(told.row['value'])} rows, where {number(told.row['expected'])} were to be expected"
    return f"the log {have} {numbers} ({told.row['effect']:+.0%})"


def _duplicates(told: Told, over: bool) -> str:
    return f"{share(told.row['value'])} of the log's rows {'came' if over else 'come'} twice{_usual(told)}"


def _gap(told: Told, over: bool) -> str:
    if told.row["metric"] == "gap_hours":
        hours = f"{number(told.row['value'])} hour{'' if told.row['value'] == 1 else 's'}"
        return f"the log {'had' if over else 'has'} no rows for {hours}: {_detail(told)}"
    if told.row["metric"] != "gap":
        return as_found(told, over)
    return f"the log {'had' if over else 'has'} no rows"


def _latency(told: Told, over: bool) -> str:
    slower = "slower" if told.row["effect"] > 0 else "faster"
    which = {"latency_p50": "half of them", "latency_p95": "95% of them", "latency_p99": "99% of them"}
    number_of = f"{which[told.row['metric']]} within {number(told.row['value'])}{_usual(told, number)}"
    return f"answers {'came' if over else 'come'} {abs(told.row['effect']):.0%} {slower}: {number_of}"


def _nonfinite(told: Told, over: bool) -> str:
    what = "a NaN or infinite prediction" if told.row["metric"] == "nonfinite_share" else "no prediction"
    have = "had" if over else "have"
    return f"{share(told.row['value'])} of {_rows(told)} {have} {what}{_usual(told)}"


def _new_column(told: Told, over: bool) -> str:
    return f"the log {'had' if over else 'has'} a new column {_name(told)} in {share(told.row['value'])} of rows"


def _early(told: Told, over: bool) -> str:
    planned = f" ({_detail(told)})" if _detail(told) else ""
    share_ = f"{share(told.row['value'])} of {_rows(told)} came without it"
    return f"{_name(told)} {'was gone' if over else 'is gone'} before its planned end{planned}: {share_}"


def _overdue(told: Told, over: bool) -> str:
    planned = f" ({_detail(told)})" if _detail(told) else ""
    be = "was" if over else "is"
    return f"{_name(told)} {be} served after its planned end{planned}, in {share(told.row['value'])} of {_rows(told)}"


def _removed(told: Told, over: bool) -> str:
    be = "was" if over else "is"
    return f"the column {_name(told)} {be} not in the log: {share(told.row['value'])} of rows came without it"


def _conflicting(told: Told, over: bool) -> str:
    be = "repeated" if over else "repeat"
    return f"{share(told.row['value'])} of the log's rows {be} an id with other values{_usual(told)}"


def _bursts(told: Told, over: bool) -> str:
    were = "were" if over else "are"
    return f"{share(told.row['value'])} of the log's rows {were} written twice within seconds{_usual(told)}"


def _disorder(told: Told, over: bool) -> str:
    were = "were" if over else "are"
    return f"{share(told.row['value'])} of the log's rows {were} older than the row before{_usual(told)}"


def _future(told: Told, over: bool) -> str:
    were = "were" if over else "are"
    return f"{share(told.row['value'])} of the log's rows {were} lost: their time is after their file was written"


def _late(told: Told, over: bool) -> str:
    come = "came" if over else "come"
    if told.row["metric"] == "label_delay_hours":
        return f"half of the labels {come} after {duration(told.row['value'])}{_usual(told, duration)}"
    return f"{share(told.row['value'])} of the log's rows {come} late, in files of later windows{_usual(told)}"


def _sampling(told: Told, over: bool) -> str:
    much = f"{number(told.row['value'])} times" if told.row["value"] > 1 else share(told.row["value"])
    have = "had" if over else "has"
    if told.row["metric"] == "sampling":
        return f"the log {have} {much} as many rows as usual, evenly and in the usual mix, as if it were sampled"
    what = f"{_name(told)} = {_detail(told)}" if told.feature else f"outcome {_detail(told)}"
    return f"{what} {have} {much} its usual rows while all else has as many as ever, as if it were sampled"


def _coverage(told: Told, over: bool) -> str:
    return f"{share(told.row['value'])} of rows {'had' if over else 'have'} their label{_usual(told)}"


def as_found(told: Told, _over: bool) -> str:
    """The finding's own sentence, for kinds that other packages bring."""
    return f"this was found: {str(told.row['message']).strip().rstrip('.')}"


FACTS: Mapping[str, tuple[_Fact, str]] = {
    "absent": (_absent, "ask who stopped writing it"),
    "null_rate": (_null, "check the pipeline that fills it"),
    "constant": (_constant, "check the pipeline that fills it"),
    "sentinel": (_sentinel, "it may stand for missing, so have it sent as null"),
    "stale": (_stale, "check whether its source still updates"),
    "type_changed": (_type, "mend its type at the source"),
    "unit_changed": (_unit, "restore its unit, or convert it"),
    "shift": (_shift, "look for what changed upstream"),
    "value_mismatch": (_mismatch, "compare the two computations for the ids named"),
    "distribution": (_skewed, "compare how training and serving compute it"),
    "unseen_category": (_unseen, "check whether the model can handle them"),
    "lost_category": (_lost, "check whether that is meant"),
    "relation": (_relation, "retrain when it lasts"),
    "attribution": (_attribution, "check what was deployed, and the features' values"),
    "position": (_position, "look for a change of the page, which is none of relevance"),
    "lost_signal": (_lost_signal, "look for what could replace it"),
    "relation_changed": (_relation_changed, "retrain"),
    "input_vanished": (_vanished, "check where they went"),
    "performance": (_performance, "look at what changed, then retrain"),
    "calibration": (_performance, "recalibrate the scores"),
    "label_shift": (_label, "check the labels, then retrain"),
    "prediction_shift": (_prediction, "check what was deployed"),
    "latency": (_latency, "check the service and what it calls"),
    "nonfinite": (_nonfinite, "find the inputs that the model cannot take"),
    "volume": (_volume, "check what writes the log"),
    "duplicates": (_duplicates, "check what writes the log"),
    "gap": (_gap, "check what writes the log"),
    "new_column": (_new_column, "say whether it is a feature"),
    "early": (_early, "ask its owner whether that is meant"),
    "overdue": (_overdue, "have it taken out, or move its date"),
    "removed_column": (_removed, "ask who stopped writing it"),
    "conflicting": (_conflicting, "find out which rows are true"),
    "bursts": (_bursts, "debounce the events"),
    "disorder": (_disorder, "check what writes the log"),
    "future": (_future, "check the clock of what writes the log"),
    "late": (_late, "check what delivers them"),
    "sampling": (_sampling, "ask who changed it, then start a new reference"),
    "label_coverage": (_coverage, "check what joins the labels"),
}
