"""What Prometheus scrapes: a file of gauges for node exporter's textfile collector.

The format is Prometheus' text exposition, version 0.0.4
(https://prometheus.io/docs/instrumenting/exposition_formats/): a line each of HELP and TYPE, then one sample a line.
Numbers alone and labels of few values leave; which feature it is, `driftmeter findings` and the dashboard say.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from monitors.errors import UserError
from monitors.settings import BUDGET

if TYPE_CHECKING:
    from monitors.store import Store

MONITORS = tuple(dict.fromkeys(monitor for monitor, _ in BUDGET))
SEVERITIES = ("alert", "watch")
OPEN = ("new", "ongoing", "worse")
MICROS = 1_000_000

Sample = tuple[dict[str, str], float]


@dataclass(frozen=True)
class Gauge:
    """A metric: its name, what it means, and a sample for each set of labels."""

    name: str
    help: str
    samples: list[Sample] = field(default_factory=list)


def gauges(stores: Iterable[tuple[Store, str]], now: int) -> list[Gauge]:
    """The gauges of models, each with its store.

    Parameters
    ----------
    stores : (store, model) pairs; a model without windows gives no samples
    now : µs since 1970 UTC
    """
    findings = Gauge(
        "driftmeter_findings", "Findings in the model's last window that are open, by monitor and severity."
    )
    incidents = Gauge("driftmeter_open_incidents", "Incidents that are open, by monitor and severity.")
    ends = Gauge("driftmeter_last_window_end_timestamp_seconds", "End of the last window that has rows, in Unix time.")
    age = Gauge("driftmeter_last_window_age_seconds",
                "How long ago the last window that has rows ended, as of the run; 0 while it lasts.")  # fmt: skip
    rows = Gauge("driftmeter_last_window_rows", "Rows in the last window that has any.")
    windows = Gauge("driftmeter_windows", "Windows in the store.")
    ran = Gauge("driftmeter_last_run_timestamp_seconds", "When the model was last run to the end, in Unix time.")
    for store, model in stores:
        with store.snapshot() as seen:
            counted, runs = seen.starts(model), seen.runs(model)["at"]
            if not counted:
                continue
            grain, last, labels = seen.grain(model), max(counted), {"model": model}
            found, all_incidents = seen.findings(model), seen.incidents(model)
        found = found[found["state"].isin(OPEN) & (found["window_start"] == last)]
        for gauge, frame in ((findings, found), (incidents, all_incidents[all_incidents["state"].isin(OPEN)])):
            counts = frame.groupby(["monitor", "severity"]).size()
            for monitor in sorted(
                {*MONITORS, *frame["monitor"].dropna()}
            ):  # zeros too: a series that ends says nothing
                for severity in SEVERITIES:
                    number = float(counts.get((monitor, severity), 0))
                    gauge.samples.append(({**labels, "monitor": monitor, "severity": severity}, number))
        if grain.kind == "calendar":
            end = grain.end(last)
            ends.samples.append((labels, end / MICROS))
            age.samples.append((labels, max(now - end, 0) / MICROS))
        rows.samples.append((labels, counted[last]))
        windows.samples.append((labels, len(counted)))
        if len(runs):
            ran.samples.append((labels, int(runs.iloc[-1]) / MICROS))
    return [findings, incidents, ends, age, rows, windows, ran]


def exposition(given: Sequence[Gauge]) -> str:
    """Gauges as Prometheus' text format; those without samples are left out."""
    lines: list[str] = []
    for gauge in given:
        if gauge.samples:
            lines += [f"# HELP {gauge.name} {gauge.help}", f"# TYPE {gauge.name} gauge"]
            lines += [f"{gauge.name}{{{_labels(labels)}}} {_number(value)}" for labels, value in gauge.samples]
    return "".join(f"{line}\n" for line in lines)


def _labels(labels: dict[str, str]) -> str:
    escapes = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
    return ",".join(f'{name}="{value.translate(escapes)}"' for name, value in labels.items())


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def check_writable(path: Path) -> None:
    """Raise UserError for a file that cannot be written, before an hour of work and not after it."""
    if path.is_dir():
        raise UserError(f"--prometheus is {path}, a folder; name a file in it that ends in .prom")
    if not path.parent.is_dir():
        raise UserError(f"--prometheus is {path}, but there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK):
        raise UserError(f"--prometheus is {path}, but the folder {path.parent} is not ours to write to")


def check_names(models: Sequence[str]) -> None:
    """Raise UserError when two models have one name: node exporter takes no file with the same series twice."""
    twice = sorted({name for name in models if list(models).count(name) > 1})
    if twice:
        raise UserError(f'--prometheus: two configurations are of a model named "{twice[0]}"; give each its model.name')


def write(path: Path, text: str) -> None:
    """Put a text in a file's place at once: who reads sees the old or the new one, whole."""
    try:
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"
        )  # no .prom: not scraped
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o644)  # node exporter is another user
        os.replace(name, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from None
