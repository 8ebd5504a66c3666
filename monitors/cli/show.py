"""Findings as a table for people."""

from __future__ import annotations

import sys

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitors.windows import Grain

# One line for findings of one thing: a drift that lasts for weeks is one thing.
SAME = ["incident", "monitor", "kind", "feature", "segment", "severity"]
MARKS = {"alert": ("▲", "bold red"), "watch": ("○", "yellow")}  # a shape and a word: never colour alone
WIDTH = 110  # where the output is no terminal


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
