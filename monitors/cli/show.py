"""Findings as a table for people."""

from __future__ import annotations

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitors.windows import Grain

# One line for findings of one thing: a drift that lasts for weeks is one thing.
SAME = ["incident", "monitor", "kind", "feature", "segment", "severity"]
MARKS = {"alert": ("▲ alert", "bold red"), "watch": ("○ watch", "yellow")}


def findings(frame: pd.DataFrame, grain: Grain, everything: bool = False, console: Console | None = None) -> None:
    """Print findings, alerts first and newest first; those of one thing over several windows share a line."""
    console = console or Console(highlight=False)
    if frame.empty:
        console.print(
            "nothing was found" if everything else "no open alerts; --all also shows what is watched or resolved"
        )
        return
    model = frame["model"].iloc[0]
    table = Table(
        title=f"{model}: {'all findings' if everything else 'open alerts'}",
        box=box.SIMPLE_HEAD,
        title_justify="left",
    )
    for name, justify in (
        ("", "left"),
        ("state", "left"),
        ("since", "left"),
        ("newest", "left"),
        ("windows", "right"),
    ):
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("what happened", overflow="fold", ratio=1)
    lines = together(frame)
    columns = ("severity", "state", "onset", "window_start", "windows", "message")
    for severity, state, onset, start, windows, text in zip(*(lines[name] for name in columns), strict=True):
        mark, style = MARKS.get(severity, (severity, ""))
        table.add_row(Text(mark, style), state, grain.label(onset), grain.label(start), f"{windows:,}", Text(text))
    console.print(table)


def together(frame: pd.DataFrame) -> pd.DataFrame:
    """The newest finding of each thing, with the number of `windows` that have it; alerts first, newest first."""
    newest = frame.sort_values("window_start", ascending=False, kind="stable")
    groups = newest.groupby(SAME, dropna=False, sort=False)
    lines = groups.head(1).assign(windows=groups["window_start"].transform("nunique"))
    return lines.assign(_watch=lines["severity"] != "alert").sort_values(
        ["_watch", "window_start"], ascending=[True, False], kind="stable"
    )
