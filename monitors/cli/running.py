"""`driftmeter run`: one configuration through the pipeline, with its progress and its notes on screen."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitors.config import Config
    from monitors.pipeline import RunResult

OPEN = ("new", "ongoing", "worse")
PATIENCE = 10.0  # seconds without a word

Report = Callable[[str, int, int], None]


def run_all(paths: list[Path], prometheus: Path | None = None) -> None:
    """Run the pipeline on each configuration; then write the gauges of all to a file, where one is named."""
    if prometheus is not None:
        from monitors.config import Config
        from monitors.prometheus import check_names, check_writable

        check_writable(prometheus)
        check_names([Config.load(path).model.name for path in paths])
    for path in paths:
        run(path)
    if prometheus is not None:
        _tell_prometheus(paths, prometheus)


def _tell_prometheus(paths: list[Path], file: Path) -> None:
    from monitors import clock
    from monitors.cli.answers import opened
    from monitors.prometheus import exposition, gauges, write

    with ExitStack() as stack:
        stores = [stack.enter_context(opened(path)) for path in paths]
        now = clock.micros(dt.datetime.now(dt.UTC))
        found = gauges([(store, config.model.name) for config, store, _ in stores], now)
    write(file, exposition(found))
    print(f"{_count(sum(len(gauge.samples) for gauge in found), 'gauge')} written to {file}")


def run(path: Path) -> None:
    """Run the pipeline on a configuration and say what it did."""
    from monitors.config import Config

    config = Config.load(path)  # before what is slow to import: a mistake is told at once
    from monitors.notify import notify, require

    require(config)
    from monitors import pipeline

    warn_of_namesakes()
    with progress(config.model.name) as report:
        result = pipeline.run(config, report=report)
    untold = notify(config, result.changes)
    _remember(config, result, len(untold))
    for line in [*result.notes, *untold]:
        print(f"{result.model}: {line}")
    files = _count(result.files_read, "file")
    done = f"{result.windows_profiled:,} of {result.windows_total:,} windows profiled from {files}"
    if result.windows_profiled == 0:
        done = f"nothing new in {result.windows_total:,} windows"
    print(f"{result.model}: {done}; {_found(result)}")


def _remember(config: Config, result: RunResult, untold: int) -> None:
    """Note in the store who was told: the scorecard asks whether changes end in a message."""
    if not config.notify.urls or result.changes.empty:
        return
    from monitors.store import Store

    store = Store.open(config.store.url)
    try:
        store.add_told(result.model, result.at, len(config.notify.urls) - untold, untold)
    finally:
        store.close()


def _found(result: RunResult) -> str:
    """How many incidents with alerts are open and over, in words."""
    alerts = result.incidents[result.incidents["severity"] == "alert"] if len(result.incidents) else result.incidents
    if not len(alerts):
        return "no alert"
    now = int(alerts["state"].isin(OPEN).sum())
    gone = int((alerts["state"] == "resolved").sum())
    told = f"{_count(now, 'incident')} open" if now else "no incident open"
    return f"{told}, {gone:,} over" if gone else told


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


@contextmanager
def progress(title: str) -> Iterator[Report]:
    """A function `report(step, done, total)`: a bar on a terminal, plain lines elsewhere."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=None)
            yield lambda step, done, total: bar.update(
                task, description=f"{title}: {step}", completed=done, total=total or None
            )
    else:
        yield plain(title)


def plain(title: str, clock: Callable[[], float] = time.monotonic) -> Report:
    """Progress as lines on stderr: when a step ends, and every ten seconds while it lasts."""
    last = clock()

    def report(step: str, done: int, total: int) -> None:
        nonlocal last
        if done >= total or clock() - last >= PATIENCE:
            last = clock()
            print(f"{title}: {step} {done}/{total}", file=sys.stderr, flush=True)

    return report


def warn_of_namesakes() -> None:
    """Say so when another distribution installs a package of our name: pip overwrites files without a word.

    Their lists of files are searched as text: taking 20,000 paths apart, as ``packages_distributions`` does, is slow.
    """
    found: dict[str, set[str]] = {"monitors": set(), "dashboard": set()}
    for each in distributions():
        listed = each.read_text("RECORD") or ""
        for package, others in found.items():
            if f"\n{package}/" in f"\n{listed}" and each.name != "driftmeter":
                others.add(each.name)
    for package, others in found.items():
        if others:
            print(
                f"driftmeter: warning: {', '.join(sorted(others))} also installs a package called {package} and may "
                f"have overwritten ours; give driftmeter a virtual environment of its own",
                file=sys.stderr,
            )
