"""Which column identifies a row, is the prediction, the label, the version, or cuts the log into segments."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from monitors.guess.columns import Column
from monitors.guess.leaks import gives_away

IDS = (
    "id", "request_id", "event_id", "row_id", "uuid", "guid", "impression_id", "transaction_id",
    "prediction_id", "key",
)  # fmt: skip
COUNTERS = ("id", "instant", "index", "row", "record", "unnamed_0", "number", "no", "key")
LABELS = (
    "label", "target", "y", "y_true", "ground_truth", "actual", "class", "outcome", "true_label",
    "label_value",
)  # fmt: skip
# What models are asked: will it be …?
EVENTS = {
    "clicked", "click", "converted", "conversion", "purchased", "purchase", "bought", "repaid",
    "defaulted", "default", "late", "delay", "delayed", "churn", "churned", "fraud", "fraudulent",
    "canceled", "cancelled", "survived", "response", "responded", "won", "spam", "readmitted",
    "approved", "failure", "failed", "returned", "paid", "bad", "good", "subscribed", "deposit",
    "income", "diagnosis", "label", "target", "outcome", "actual",
}  # fmt: skip
AMOUNTS = {
    "cnt", "count", "sales", "demand", "price", "revenue", "amount", "quality", "rating", "value", "gt",
    "duration", "delay", "ltv", "consumption", "load", "yield", "target", "label", "actual", "outcome",
}  # fmt: skip
SCORES = (
    "score", "prediction", "predicted", "pred", "y_pred_proba", "y_score", "y_prob", "y_proba", "proba",
    "prob", "probability", "predicted_probability", "predicted_proba", "prediction_score",
    "model_score", "y_hat", "yhat", "y_pred", "p", "predicted_value", "prediction_value",
    "predicted_label", "predicted_class", "output",
)  # fmt: skip
SCORE_WORDS = {"score", "pred", "prediction", "predicted", "proba", "prob", "probability", "yhat"}
VERSIONS = (
    "model_version", "version", "model_id", "model_name", "model", "release", "model_release",
    "deployment",
)  # fmt: skip
LATENCIES = (
    "latency", "latency_ms", "latency_s", "latency_us", "latency_seconds", "response_time", "response_time_ms",
    "response_ms", "inference_time", "inference_time_ms", "inference_ms", "serving_time_ms", "elapsed_ms", "took_ms",
)  # fmt: skip
SEGMENTS = (
    "segment", "region", "country", "locale", "market", "platform", "device", "tenant", "channel",
    "store", "site", "plan", "tier", "language", "cohort",
)  # fmt: skip
YES = {
    "1", "true", "yes", "y", "t", "positive", "pos", "click", "clicked", "fraud", "churn", "churned",
    "default", "bad", "spam", "late", "canceled", "cancelled", "converted", "up", "success", ">50k",
}  # fmt: skip
MOST_CLASSES = 30
MOST_RIVALS = 6


class Label(NamedTuple):
    """The label that was chosen.

    Attributes
    ----------
    column : the column
    task : "binary", "multiclass" or "regression"
    positive : the value that counts as positive, for a binary task
    why, why_positive : reasons, for people
    """

    column: Column
    task: str
    positive: object
    why: str
    why_positive: str


def identifier(columns: list[Column]) -> tuple[Column, str] | None:
    """The column with a value of its own in each row, by name and shape, with the reason."""
    best: tuple[float, Column, str] | None = None
    for column in columns:
        if column.kind not in ("text", "number") or column.coverage < 0.999 or column.uniqueness < 0.999:
            continue
        if column.kind == "number" and not column.is_integral:
            continue
        named = column.joined in IDS or column.has("id", "uuid", "guid", "key")
        counts = column.joined in COUNTERS or column.name == ""
        if column.kind == "number" and not (named or (counts and _counts_up(column))):
            continue
        if column.kind == "text" and not (named or _is_uuid(column)):
            continue
        score = 2.0 - 0.05 * IDS.index(column.joined) if column.joined in IDS else 1.0 if named else 0.5
        if best is None or score > best[0]:
            best = (
                score,
                column,
                "each row has a value of its own" + ("" if named else ", one more than the row before"),
            )
    return best[1:] if best else None


def _counts_up(column: Column) -> bool:
    numbers = column.numbers
    if numbers is None or len(numbers) < 2:
        return False
    steps = np.diff(numbers)
    return bool((steps == np.median(steps)).mean() > 0.99) and bool(np.median(steps) > 0)


def _is_uuid(column: Column) -> bool:
    shape = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}|[0-9a-f]{16,64}", re.IGNORECASE)
    return all(shape.fullmatch(str(value)) for value in column.categories[:50])


def label(columns: list[Column], others: list[Column]) -> Label | None:
    """The column with what came true; None when no name says so.

    Parameters
    ----------
    columns : candidates
    others : columns that might restate it: of two candidates by name, the one that other columns restate is rather
        a fact known afterwards than the thing predicted
    """
    scores = {column.name: _label_score(column) for column in columns}
    named = [column for column in columns if scores[column.name] > 0]
    if not named:
        return None

    def preference(column: Column) -> tuple[float, float]:
        task = _task(column)
        limit = 0.9999 if task == "regression" else 0.9  # a number that another one predicts well is no restatement
        restated = any(gives_away(other, column, task) > limit for other in others if other is not column)
        return scores[column.name] - 1.5 * restated, round(column.coverage, 3)

    likely = sorted(named, key=lambda column: -scores[column.name])[:MOST_RIVALS]  # a look at each costs
    chosen = max(likely, key=preference) if len(likely) > 1 else likely[0]
    task = _task(chosen)
    positive, why_positive = _positive(chosen) if task == "binary" else (None, "")
    why = ["its name says what came true", _shape(chosen, task)]
    if chosen.coverage < 1:
        why.append(f"known for {chosen.coverage:.0%} of rows")
    rivals = [column.name for column in named if column is not chosen]
    if rivals:
        why.append(f"also possible: {', '.join(rivals[:4])}")
    return Label(chosen, task, positive, "; ".join(why), why_positive)


def _label_score(column: Column) -> float:
    if column.kind not in ("number", "bool", "text") or column.distinct < 2 or SCORE_WORDS & set(column.words):
        return 0.0
    few = column.distinct <= MOST_CLASSES and (column.kind != "number" or column.is_integral)
    numeric = column.kind == "number" and column.distinct > MOST_CLASSES
    if not few and not numeric:
        return 0.0
    if column.joined in LABELS:
        return 4.0 - 0.02 * LABELS.index(column.joined)
    if (few and column.joined in EVENTS) or (numeric and column.joined in AMOUNTS):
        return 3.0
    if (
        column.distinct == 2
        and column.words[:1] in (("is",), ("was",), ("has",), ("did",), ("will",))
        and column.words[1:]
    ):
        return 2.5 if column.words[-1] in EVENTS else 0.0
    if column.words and (
        (numeric and column.words[-1] in AMOUNTS) or (column.distinct == 2 and column.words[-1] in EVENTS)
    ):
        return 2.0
    return 1.8 if column.distinct == 2 and column.joined in {"cancelled", "canceled"} else 0.0


def _task(column: Column) -> str:
    if column.distinct == 2:
        return "binary"
    if column.kind == "number" and (column.distinct > MOST_CLASSES or not column.is_integral):
        return "regression"
    return "multiclass"


def _shape(column: Column, task: str) -> str:
    if task == "regression":
        return f"{column.distinct:,} different numbers"
    shown = ", ".join(str(value) for value in column.categories[:4] if value is not None)
    more = ", …" if column.distinct > 4 else ""
    return f"{column.distinct} values ({shown}{more})"


def _positive(column: Column) -> tuple[object, str]:
    """The value of two that counts as positive, and why: 1, true, a word for yes, else the rarer one."""
    codes = column.codes[column.known]
    seen = np.unique(codes)
    values = [column.categories[code] for code in seen]
    for value in values:
        if str(value).strip().lower().removesuffix(".0") in YES:
            return _plain(value), "of its two values, the one that reads like a yes"
    counts = [(codes == code).sum() for code in seen]
    return _plain(values[int(np.argmin(counts))]), "of its two values, the rarer one"


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def prediction(columns: list[Column], chosen: Label | None) -> tuple[Column | None, list[Column], str]:
    """The prediction, the model's other outputs, and why; a probability comes before the class made from it."""
    by_name = [column for column in columns if column.joined in SCORES]
    by_word = [column for column in columns if column not in by_name and SCORE_WORDS & set(column.words)]
    outputs = [column for column in by_name if column.kind in ("number", "bool", "text")]
    # A name that merely holds "score" may be a feature (a credit score): a probability it must be, for two classes.
    outputs += [column for column in by_word if column.is_probability and (chosen is None or chosen.task == "binary")]
    if not outputs:
        return None, [], "no name says that it is a prediction"

    def preference(column: Column) -> tuple[bool, bool, int]:
        fits = column.kind == "number" and (chosen is None or chosen.task != "multiclass" or not column.is_probability)
        place = SCORES.index(column.joined) if column.joined in SCORES else len(SCORES)
        return not (column.is_probability and (chosen is None or chosen.task == "binary")), not fits, place

    best = min(outputs, key=preference)
    what = "a probability" if best.is_probability else "a number" if best.distinct > MOST_CLASSES else "a class"
    rest = [column for column in outputs if column is not best and column.joined in SCORES]
    return best, rest, f"its name says so, and it holds {what}"


def version(columns: list[Column]) -> tuple[Column, str] | None:
    """The column with the model's version: by name, with few values."""
    named = [column for column in columns if column.joined in VERSIONS and 1 <= column.distinct <= 200]
    named = [
        column for column in named if column.joined != "model" or (column.distinct <= 20 and column.kind == "text")
    ]
    if not named:
        return None
    best = min(named, key=lambda column: VERSIONS.index(column.joined))
    return best, f"its name says so, and it has {best.distinct} value{'s' if best.distinct > 1 else ''}"


def latency(columns: list[Column]) -> tuple[Column, str] | None:
    """The column that says how long the answer took: by name, with numbers of which none is negative."""
    named = [column for column in columns if column.joined in LATENCIES and column.kind == "number"]
    named = [column for column in named if not (column.numbers is None or np.any(column.numbers < 0))]
    if not named:
        return None
    return min(named, key=lambda column: LATENCIES.index(column.joined)), "its name says so"


def segments(columns: list[Column], most: int = 2) -> list[tuple[Column, str]]:
    """Columns worth a look group by group: named like a group, with few values, two of them of some size."""
    found = []
    for column in columns:
        places = [SEGMENTS.index(word) for word in column.words if word in SEGMENTS]
        if not places or column.kind not in ("text", "bool") or not 2 <= column.distinct <= 12:
            continue
        sizes = np.sort(np.bincount(column.codes[column.known]))[::-1] / len(column.codes)
        if sizes[1] >= 0.05:
            found.append((min(places), column, f"named like a group, with {column.distinct} values"))
    chosen: list[tuple[Column, str]] = []
    for _, column, why in sorted(found, key=lambda triple: triple[0]):
        # Two names for nearly the same groups would only say everything twice.
        if len(chosen) < most and not any(gives_away(other, column, "multiclass") > 0.7 for other, _ in chosen):
            chosen.append((column, why))
    return chosen
