"""The tables that `driftmeter export` writes: plain data, for the files, the command's help and the tests."""

from __future__ import annotations

import textwrap
from typing import NamedTuple


class Column(NamedTuple):
    """A column: its type is ``text``, ``time``, ``integer``, ``number`` or ``boolean``."""

    name: str
    type: str
    meaning: str


class Table(NamedTuple):
    """A file ``NAME.parquet``: what a row is, and its columns."""

    name: str
    row: str
    columns: tuple[Column, ...]


_MODEL = Column("model", "text", "the model's name")
_WINDOW = (
    Column("window_start", "time", "first instant of the window"),
    Column("window_end", "time", "first instant after it"),
)
_SEGMENT = Column("segment", "text", "column=value; null: all rows, which segments are parts of")
_BIN = (
    Column("feature", "text", "the feature; null where role is another"),
    Column("role", "text", "feature, position, prediction, label or latency"),
    Column("bin", "integer", "number of the bin among the column's, from 0"),
)
_LABEL = Column("bin_label", "text", "what is in the bin, for people")
_PLACE = (
    Column("feature", "text", "the feature; null: the model or the log"),
    Column("segment", "text", "column=value; null: all rows"),
)
_INTERVAL = (
    Column("low", "number", "lower end of the value's 95% interval"),
    Column("high", "number", "upper end of it"),
)

TABLES: tuple[Table, ...] = (
    Table("windows", "a window and segment", (
        _MODEL, *_WINDOW, _SEGMENT,
        Column("rows", "integer", "rows of the log"),
        Column("first", "time", "earliest time of a row; null without timestamps"),
        Column("last", "time", "latest time of a row; null without timestamps"),
        Column("duplicates", "integer", "rows whose id came before in the window"),
        Column("late", "integer", "rows in files of later windows"),
    )),
    Table("bins", "a bin of a column, as frozen on the reference", (
        _MODEL, *_BIN, _LABEL,
        Column("kind", "text", "numeric or categorical"),
        Column("missing", "text", "absent, null, nan or invalid; null: a bin of values"),
        Column("lower", "number", "least value of a numeric bin; null: open"),
        Column("upper", "number", "where the next bin begins; null: open"),
    )),
    Table("profiles", "a window, segment, bin and outcome that has rows; n adds up over any of them", (
        _MODEL, *_WINDOW, _SEGMENT, *_BIN, _LABEL,
        Column("outcome", "text", "the class that came true (regression: labelled); null: not known yet"),
        Column("n", "integer", "rows"),
    )),
    Table("sums", "a window, segment and bin that has rows; all but centre add up", (
        _MODEL, *_WINDOW, _SEGMENT, *_BIN, _LABEL,
        Column("n", "integer", "rows"),
        Column("scored", "integer", "rows with a prediction"),
        Column("paired", "integer", "rows with a prediction and a label"),
        Column("prediction", "number", "sum of predictions, over rows scored"),
        Column("prediction2", "number", "sum of their squares"),
        Column("label", "number", "sum of labels (a class: 1 when positive), over rows labelled"),
        Column("label2", "number", "sum of their squares"),
        Column("prediction_label", "number", "sum of prediction times label, over rows paired, as those below"),
        Column("loss", "number", "sum of the loss"),
        Column("error2", "number", "sum of squared errors"),
        Column("prediction_paired", "number", "sum of predictions"),
        Column("value", "number", "sum of the column's own value less centre (numeric columns)"),
        Column("value2", "number", "sum of its square"),
        Column("centre", "number", "mean value = centre + sum(value) / sum(n) over bins that are not missing"),
    )),
    Table("measurements", "a number that a monitor measured", (
        _MODEL,
        Column("monitor", "text", "drift, concept, decay, missing, integrity, skew"),
        Column("metric", "text", "what was measured"),
        *_PLACE, *_WINDOW,
        Column("value", "number", "the number"),
        *_INTERVAL,
        Column("expected", "number", "what chance and habit lead to expect"),
        Column("n", "number", "rows (or labels) behind it"),
        Column("p_value", "number", "chance of such a value where nothing changed; null: not judged"),
        Column("band_low", "number", "below it lies what is not quiet"),
        Column("band_high", "number", "above it lies what is not quiet"),
        Column("detail", "text", "JSON: more about it"),
        Column("reference", "boolean", "whether the window is of the reference: shown, not judged"),
    )),
    Table("findings", "a measurement beyond what chance and habit explain", (
        _MODEL,
        Column("monitor", "text", "as in measurements"),
        Column("kind", "text", "what happened"),
        Column("metric", "text", "as in measurements"),
        *_PLACE, *_WINDOW,
        Column("onset", "time", "start of the window that it began in"),
        Column("value", "number", "as in measurements"),
        Column("expected", "number", "as in measurements"),
        *_INTERVAL,
        Column("p_value", "number", "as in measurements"),
        Column("effect", "number", "the change, in the metric's unit"),
        Column("n", "number", "as in measurements"),
        Column("severity", "text", "alert or watch"),
        Column("state", "text", "new, ongoing, worse, resolved or silenced"),
        Column("incident", "text", "the incident that it belongs to"),
        Column("message", "text", "one sentence"),
    )),
    Table("incidents", "findings with one cause and onset", (
        _MODEL,
        Column("incident", "text", "its name, the same from run to run"),
        Column("onset", "time", "start of the window that it began in"),
        Column("last_window", "time", "start of the last window that has a finding of it"),
        Column("severity", "text", "alert or watch"),
        Column("state", "text", "new, ongoing, worse, resolved or silenced"),
        Column("title", "text", "since when, what, how much, what to do"),
        Column("rank", "integer", "1 is what costs most"),
        Column("findings", "integer", "how many"),
        Column("alerts", "integer", "how many of them are alerts"),
        Column("cost", "number", "what it costs, in cost_unit"),
        Column("cost_unit", "text", "of what"),
        Column("weight", "number", "what it is ranked by"),
        Column("monitor", "text", "of the finding that speaks for it"),
        Column("kind", "text", "of that finding"),
        *_PLACE,
        Column("features", "text", "JSON list: all features it touches"),
        Column("segments", "text", "JSON list: all segments"),
        Column("cause", "text", "what probably caused it"),
        Column("joined", "text", "why its findings are one incident"),
    )),
    Table("events", "something people did", (
        _MODEL,
        Column("at", "time", "when"),
        Column("kind", "text", "deploy, product, holiday or other"),
        Column("text", "text", "what happened"),
        Column("source", "text", "person, or log: a version that was first seen"),
    )),
)  # fmt: skip


def told() -> str:
    """The schema as text of 80 columns, its paragraphs marked so that the command line does not wrap them again."""
    lines = [
        "\b",
        "text is VARCHAR, time TIMESTAMP WITH TIME ZONE (BIGINT, a row number, where",
        "windows are of rows), integer BIGINT, number DOUBLE, boolean BOOLEAN.",
    ]
    for table in TABLES:
        lines += ["", "\b", *textwrap.wrap(f"{table.name}.parquet: {table.row}", 78)]
        for column in table.columns:
            head = f"  {column.name} {column.type}"
            lines += textwrap.wrap(column.meaning, 78, initial_indent=f"{head:<27} ", subsequent_indent=" " * 28)
    return "\n".join(lines)
