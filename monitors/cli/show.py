"""Incidents and findings as tables for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitors.scorecard.card import SECTION, Scorecard
from monitors.windows import Grain

if TYPE_CHECKING:
    from monitors.planned import Planned

# One line for findings of one thing: a drift that lasts for weeks is one thing.
SAME = ["incident", "monitor", "kind", "feature", "segment", "severity"]
MARKS = {"alert": ("▲", "bold red"), "watch": ("○", "yellow")}  # a shape and a word: never colour alone
OPEN = ("new", "ongoing", "worse")
WIDTH = 110  # where the output is no terminal


def incidents(told: pd.DataFrame, found: pd.DataFrame, grain: Grain, console: Console | None = None) -> None:
    """Print incidents in the order of their ranks: what is open first.

    Parameters
    ----------
    told : incidents; found : the findings that were asked for, of which they are
    """
    console = console or Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    if told.empty:
        findings(found, grain, console=console)
        return
    now = int(told["state"].isin(OPEN).sum())
    over = f", {len(told) - now} over" if len(told) > now else ""
    table = Table(
        title=f"{told['model'].iloc[0]}: open alerts in {now} incident{'' if now == 1 else 's'}{over}",
        title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 1, 1),
    )  # fmt: skip
    table.add_column("when", no_wrap=True)
    table.add_column("what", ratio=1)
    for row in told.to_dict("records"):
        mark, style = MARKS.get(row["severity"], (" ", ""))
        word = "over" if row["state"] == "resolved" else row["state"]
        since = grain.label(row["onset"])
        if row["last_window"] != row["onset"]:
            since = f"{since}\n  to {grain.label(row['last_window'])}"
        names = json.loads(row["features"] or "[]")
        also = f"{len(names)} features" if len(names) > 1 else ""
        count = f"{row['findings']:,} finding{'' if row['findings'] == 1 else 's'}"
        kind = str(row["kind"] or "").replace("_", " ")
        about = " · ".join(filter(None, (row["monitor"], kind, row["segment"], also, count)))
        table.add_row(
            Text.assemble((f"{mark} {row['severity']}", style), f", {word}\n  {since}"),
            Text.assemble(row["title"], (f"\n{about}", "dim")),
        )
    console.print(table)


VERDICTS = {"pass": ("●", "green"), "fail": ("▲", "bold red"), "not covered": ("○", "dim")}


def scorecard(card: Scorecard, console: Console | None = None) -> None:
    """Print the seven tests: status, evidence, what to configure, points; then what they add up to."""
    console = console or Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    table = Table(
        title=f"{card.model}: Monitoring, {card.points:g} of {card.most:g} points",
        title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 1, 1),
    )  # fmt: skip
    table.add_column("test", no_wrap=True)
    table.add_column("evidence", ratio=1)
    table.add_column("points", justify="right")
    for result in card.results:
        mark, style = VERDICTS[result.status]
        text = Text(". ".join(each[:1].upper() + each[1:].rstrip(".") for each in result.evidence) + ".")
        for each in result.configure:
            text.append(f"\n→ {each}", "dim")
        table.add_row(
            Text.assemble(f"{result.number} {result.name}\n  ", (f"{mark} {result.status}", style)), text,
            f"{result.points:g}",
        )  # fmt: skip
    console.print(table)
    console.print(f"Tests are {card.practice.how}: {card.practice.words}. {SECTION}")


def planned(ends: Sequence[Planned], console: Console | None = None) -> None:
    """Print planned ends: how long until each, whether it was kept, and what still depends on the feature."""
    from monitors.planned import dependents, told

    if not ends:
        return
    console = console or Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    table = Table(title="Planned ends", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 1))
    table.add_column("feature")
    table.add_column("how it stands", ratio=1)
    for end in ends:
        mark, style = MARKS["alert"] if end.state in ("early", "overdue") else (" ", "")
        more = dependents(end) if end.state in ("planned", "undated", "overdue") else ""
        table.add_row(Text.assemble((mark, style), f" {end.name}"),
                      Text.assemble(told(end), (f"\n{more}" if more else "", "dim")))  # fmt: skip
    console.print(table)


def findings(frame: pd.DataFrame, grain: Grain, everything: bool = False, console: Console | None = None) -> None:
    """Print findings, alerts first and newest first; those of one thing over several windows share a line."""
    console = console or Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    if frame.empty:
        console.print("nothing was found" if everything else "no open alerts; --all shows what is watched or over, too")
        return
    what = "all findings" if everything else "open alerts"
    table = Table(
        title=f"{frame['model'].iloc[0]}: {what}", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 1, 1)
    )
    table.add_column("when", no_wrap=True)
    table.add_column("what", ratio=1)
    lines = together(frame)
    columns = ("severity", "state", "onset", "window_start", "windows", "monitor", "kind", "segment", "message")
    for severity, state, onset, last, windows, monitor, kind, segment, message in zip(
        *(lines[name] for name in columns), strict=True
    ):
        mark, style = MARKS.get(severity, (" ", ""))
        since = grain.label(onset) if onset == last else f"{grain.label(onset)}\n  to {grain.label(last)}"
        count = f"\n  {windows:,} windows" if windows > 1 else ""
        about = " · ".join(filter(None, (monitor, kind.replace("_", " "), segment)))
        table.add_row(
            Text.assemble((f"{mark} {severity}", style), f", {state}\n  {since}{count}"),
            Text.assemble(message, (f"\n{about}", "dim")),
        )
    console.print(table)


def together(frame: pd.DataFrame) -> pd.DataFrame:
    """The newest finding of each thing, with the number of `windows` that have it; alerts first, newest first."""
    newest = frame.sort_values("window_start", ascending=False, kind="stable")
    groups = newest.groupby(SAME, dropna=False, sort=False)
    lines = groups.head(1).assign(windows=groups["window_start"].transform("nunique"))
    return lines.assign(_watch=lines["severity"] != "alert").sort_values(
        ["_watch", "window_start"], ascending=[True, False], kind="stable"
    )
