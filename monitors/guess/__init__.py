"""`driftmeter init`: a configuration from a log that nobody has described."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from monitors.config import Config
from monitors.errors import UserError
from monitors.guess import leaks, payloads, roles, second, shown, spans, times
from monitors.guess.columns import Column, columns
from monitors.guess.sample import Sample, sample
from monitors.guess.unfit import periods, unfit
from monitors.guess.write import Entry, log_path, model_name, quoted, toml

__all__ = ["guess", "init"]

HEADING = (
    "Written by `driftmeter init` from a sample of the log: every value is a guess, with its reason above it.",
    "Read them once, change what is wrong, then: driftmeter run",
)


def init(patterns: Sequence[str], out: Path, force: bool = False) -> list[str]:
    """Guess a configuration for a log and write it.

    Parameters
    ----------
    patterns : files, folders or globs, relative to the working folder
    out : the file to write
    force : replace a file that is there

    Returns
    -------
    what was guessed and why, in lines for a person

    Raises
    ------
    UserError : when `out` is there or cannot be written, or the log cannot be read
    """
    if out.exists() and not force:
        raise UserError(f"{out} is there already; give another name with -o, or --force to replace it")
    base = Path.cwd()
    found = payloads.split(patterns, base)
    log, labels = (found.log, found.labels) if found else second.split(patterns, base)
    taken = sample(log, base, found.format if found else None)
    entries = guess(taken, log_path(log, out), model_name(log))
    if found:
        entries = payloads.told(entries, found.format, taken.table.column_names)
    if labels:
        entries = with_labels(entries, columns(taken.table), sample(labels, base), log_path(labels, out))
    try:
        out.write_text(toml(entries, HEADING), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror or error}") from None
    Config.load(out).check_columns(taken.table.column_names)
    return [*report(entries, taken), f"written to {out}; next: driftmeter run" + _option(out)]


def _option(out: Path) -> str:
    return "" if out == Path("driftmeter.toml") else f" -c {out}"


def report(entries: list[Entry], taken: Sample) -> list[str]:
    """The guesses as lines for a terminal."""
    about = "" if taken.is_whole else "about "
    files = "1 file" if taken.files == 1 else f"{taken.files} files"
    lines = [f"read {files}, {about}{taken.rows:,} rows, {taken.table.num_columns} columns"]
    for entry in entries:
        name = f"{entry.table}.{entry.key}"
        value = (
            "none" if entry.value is None else ", ".join(entry.value) if isinstance(entry.value, list) else entry.value
        )
        lines.append(f"  {name} = {value}")
        lines += [f"      {part}" for part in entry.why.split("\n") if part]
    return lines


def guess(taken: Sample, path: str | list[str], name: str) -> list[Entry]:
    """Every key of a configuration for this sample, with reasons."""
    all_columns = columns(taken.table)
    version = roles.version(all_columns)  # before times are looked for: versions may be spelt as dates
    all_columns = _without(all_columns, version[0] if version else None)
    found = times.clocks(all_columns)
    choice = times.choose(found)
    clock = choice.clock
    clocks = {each.column.name for each in found}
    free = [column for column in all_columns if column.name not in clocks]

    identifier = roles.identifier(free)
    free = _without(free, identifier[0] if identifier else None)
    windows = spans.by_time(clock, taken) if clock else spans.by_rows(taken.rows)
    excluded = {
        each.column.name: "a time of something else" if clock else "a time, not a feature"
        for each in found
        if clock is None or each.column is not clock.column
    }
    excluded |= unfit(free, clock, windows.size)
    marked = periods(free, clock)
    excluded |= {column.name: "it only marks periods of the log" for column, _ in marked}
    usable = [column for column in free if column.name not in excluded]

    lasted = roles.latency(usable)
    usable = _without(usable, lasted[0] if lasted else None)
    explained = shown.attributions(usable)
    usable = [column for column in usable if explained is None or column not in explained[1]]
    place = shown.position(usable)
    usable = _without(usable, place[0] if place else None)
    label = roles.label(usable, usable)
    usable = _without(usable, label.column if label else None)
    prediction, outputs, why_prediction = roles.prediction(usable, label)
    excluded |= {column.name: "another output of the model" for column in outputs}
    usable = [column for column in _without(usable, prediction) if column not in outputs]
    if label:
        late = leaks.leaks(usable, label.column, label.task)
        excluded |= late
        usable = [column for column in usable if column.name not in late]
    groups = roles.segments(usable)

    model: list[Entry] = [Entry("model", "name", name, "from the log's path")]
    if label:
        model.append(Entry("model", "task", label.task, f"{label.column.name} has {label.column.distinct:,} values"))
        if label.task == "binary":
            model.append(Entry("model", "positive", label.positive, label.why_positive))
    reference = (
        spans.reference_by_time(clock, taken, windows.size, _reference_rows(marked))
        if clock
        else spans.reference_by_rows(taken.rows, windows.size)
    )
    no_identity = "no column identifies a row, so duplicates are not looked for"
    identity: tuple[str | None, str] = (identifier[0].name, identifier[1]) if identifier else (None, no_identity)
    told = label.why if label else "no name says what came true; concept and decay need it, here or in [labels]"
    group_names = [column.name for column, _ in groups]
    why_groups = "\n".join(quoted({column.name: why for column, why in groups})) or "no column is named like a group"
    entries = [
        *model,
        Entry("logs", "path", path, ""),
        Entry("logs", "timestamp", clock.column.name if clock else None, choice.why, "ts"),
        Entry("logs", "id", identity[0], identity[1], "id"),
        Entry("logs", "prediction", prediction.name if prediction else None, why_prediction, "score"),
        Entry("logs", "label", label.column.name if label else None, told, "label"),
    ]
    if lasted:
        entries.append(Entry("logs", "latency", lasted[0].name, lasted[1]))
    if place:
        entries.append(Entry("logs", "position", place[0].name, place[1]))
    if explained:
        entries.append(Entry("logs", "attributions", explained[0], explained[2]))
    if excluded:
        entries.append(Entry("features", "exclude", list(excluded), "\n".join(quoted(excluded))))
    entries.append(Entry("features", "segments", group_names or None, why_groups, ["region"]))
    if version:
        entries.append(Entry("features", "version", version[0].name, version[1]))
    entries.append(Entry("windows", "size", windows.size, windows.why))
    if clock:
        entries.append(Entry("windows", "timezone", "UTC", "times without an offset are read in this zone"))
    return [
        *entries,
        Entry("reference", "start", reference.start, reference.why),
        Entry("reference", "end", reference.end, ""),
    ]


def with_labels(entries: list[Entry], log: list[Column], taken: Sample, path: str | list[str]) -> list[Entry]:
    """The same entries when the labels stand in a second log, which is joined on the log's id."""
    found = second.labels(taken, log)
    if found is None or found.label is None:
        return entries
    label, clock = found.label, found.clock.clock
    kept = [entry for entry in entries if (entry.table, entry.key) not in {("model", "task"), ("model", "positive")}]
    kept = [entry for entry in kept if (entry.table, entry.key) not in {("logs", "id"), ("logs", "label")}]
    kept.insert(1, Entry("model", "task", label.task, f"{label.column.name} has {label.column.distinct:,} values"))
    if label.task == "binary":
        kept.insert(2, Entry("model", "positive", label.positive, label.why_positive))
    end = max(i for i, entry in enumerate(kept) if entry.table == "logs") + 1
    joined = "both logs have it, and it has a value of its own for nearly each row"
    more = [
        Entry("logs", "id", found.id.name, joined),
        Entry("labels", "path", path, "few columns, one of them the log's"),
        Entry("labels", "id", found.id.name, ""),
        Entry("labels", "label", label.column.name, label.why),
        Entry("labels", "timestamp", clock.column.name if clock else None, found.clock.why, "label_ts"),
    ]
    return [*kept[:end], *more, *kept[end:]]


def _without(columns: list[Column], column: Column | None) -> list[Column]:
    return [each for each in columns if each is not column]


def _reference_rows(marked: list[tuple[Column, object]]) -> np.ndarray | None:
    """Rows that a column of periods calls the reference."""
    for column, value in marked:
        if value is not None:
            return column.codes == column.categories.index(value)
    return None
