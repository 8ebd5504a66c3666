"""What the store says to `findings`, `measurements`, `check`, `scorecard` and `note`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from monitors import clock, export
from monitors.config import Config
from monitors.errors import UserError
from monitors.store import Store
from monitors.windows import Grain, instant

if TYPE_CHECKING:
    from monitors.planned import Planned
    from monitors.scorecard import Scorecard

OPEN = ("new", "ongoing", "worse")


@contextmanager
def opened(path: Path) -> Iterator[tuple[Config, Store, Grain]]:
    """A configuration, its store at one moment and the grain of its windows; raises UserError before the first run."""
    config = Config.load(path)
    name = config.model.name
    store = Store.open(config.store.url, read_only=True)
    try:
        with store.snapshot() as at_once:
            if name not in at_once.models():
                raise UserError(f'nothing is stored yet for the model "{name}"; run `driftmeter run -c {path}` first')
            yield config, at_once, at_once.grain(name)
    finally:
        store.close()


def findings(path: Path, since: str | None = None, everything: bool = False) -> tuple[pd.DataFrame, Grain]:
    """The model's findings: open alerts, or everything; from `since` on."""
    with opened(path) as (config, store, grain):
        frame = store.findings(config.model.name)
    if not everything:
        frame = frame[is_open(frame)]
    if since is not None:
        frame = frame[frame["window_end"] > moment(since, grain)]
    return frame, grain


def planned(path: Path) -> list[Planned]:
    """The model's planned ends, what needs somebody first."""
    from monitors.planned import register

    with opened(path) as (config, store, _):
        return register(store, config)


def incidents(path: Path, names: Iterable[str]) -> pd.DataFrame:
    """The incidents of these names, the worst first."""
    with opened(path) as (config, store, _):
        frame = store.incidents(config.model.name)
    return frame[frame["incident"].isin(set(names))]


def cards(path: Path) -> list[str]:
    """A card in plain text for each thing that went missing."""
    from monitors.views import Look, look, missing_cards

    with opened(path) as (config, store, grain):
        wanted = Look(grain.size)
        return [card.text() for card in missing_cards(store, config, look(store, config, wanted), wanted)]


def is_open(frame: pd.DataFrame) -> pd.Series:
    """Which findings are alerts that nobody resolved or silenced."""
    return (frame["severity"] == "alert") & frame["state"].isin(OPEN)


def write_measurements(path: Path, out: Path) -> str:
    """Write all measurements to a file whose ending says its format; a sentence about it."""
    if out.suffix.lower() not in (".parquet", ".csv"):
        raise UserError(f"--out is {out}; give a name that ends in .parquet or .csv")
    if not out.parent.is_dir():
        raise UserError(f"--out is {out}, but there is no folder {out.parent}; make it first")
    with opened(path) as (config, store, grain):
        frame = export.measurements_public(store.measurements(config.model.name), grain, config.model.name)
    try:
        if out.suffix.lower() == ".csv":
            export.text_times(frame).to_csv(out, index=False)
        else:
            frame.to_parquet(out, index=False)
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror or error}") from None
    return f"{len(frame):,} measurements written to {out}"


def export_store(path: Path, out: Path) -> str:
    """Write the model's part of the store to a folder; a sentence about it."""
    from monitors.warehouse.write import export as write

    with opened(path) as (config, store, _):
        rows = write(store, config.model.name, out)
    return f"{', '.join(f'{count:,} {name}' for name, count in rows.items())} written to {out}"


def check(path: Path, window: str) -> tuple[bool, str]:
    """Whether an alert is open in a window, and a sentence that says which."""
    with opened(path) as (config, store, grain):
        name = config.model.name
        measured = store.starts(name)
        frame = store.findings(name)
    if not measured:
        raise UserError(f'no window of the model "{name}" was measured yet')
    first, last = min(measured), max(measured)
    start = last if window == "last" else int(grain.starts([moment(window, grain)])[0])
    if start not in measured:
        span = f"{grain.label(first)} to {grain.label(last)}"
        raise UserError(f"--window is {window}, but that window was not measured; the store holds {span}")
    alerts = frame[is_open(frame) & (frame["window_start"] == start)]
    if alerts.empty:
        return False, f"{name}: no open alert in {grain.label(start)}"
    messages = alerts["message"].drop_duplicates()
    count = f"{len(messages)} open alert{'s' if len(messages) > 1 else ''}"
    more = f" (and {len(messages) - 3} more: driftmeter findings)" if len(messages) > 3 else ""
    return True, f"{name}: {count} in {grain.label(start)}: {'; '.join(messages.head(3))}{more}"


def scorecard(path: Path) -> tuple[Scorecard, Grain]:
    """The seven Monitoring tests of the ML Test Score, answered from the store."""
    from monitors.scorecard import scorecard as judge

    with opened(path) as (config, store, grain):
        return judge(store, config, clock.micros(dt.datetime.now(dt.UTC))), grain


def note(path: Path, text: str, at: str | None, kind: str) -> str:
    """Store an event; a sentence about it."""
    with opened(path) as (config, store, grain):
        name = config.model.name
        if at is not None:
            when = moment(at, grain)
        elif grain.kind == "rows":
            when = grain.end(max(store.starts(name), default=-grain.count))
        else:
            when = clock.micros(dt.datetime.now(dt.UTC))
    writable = Store.open(config.store.url)
    try:
        writable.add_event(name, when, kind, text)
    finally:
        writable.close()
    return f"{name}: noted at {f'row {when}' if grain.kind == 'rows' else grain.iso(when)} ({kind}): {text}"


def moment(text: str, grain: Grain) -> int:
    """A date or time, or a row number for windows of rows, as the person gave it."""
    if grain.kind == "calendar":
        return instant(text, grain.timezone)
    if not text.isdecimal():
        raise UserError(f'"{text}" is no row number; windows are of {grain.size}, so give one such as 20000')
    return int(text)
