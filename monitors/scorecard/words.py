"""Sentences that the tests of the scorecard have in common."""

from __future__ import annotations

import pandas as pd

from monitors.scorecard.evidence import Evidence
from monitors.sentences import day


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 alert", "2 alerts"."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def alarms(rows: pd.DataFrame, evidence: Evidence) -> str:
    """Open alerts in a sentence: how many, since when, and the worst of them in its own words."""
    features = rows["feature"].dropna().nunique()
    on = f" on {counted(features, 'feature')}" if features else ""
    since = day(int(rows["onset"].min()), evidence.grain)
    be = "is" if len(rows) == 1 else "are"
    worst = str(rows["message"].iloc[0]).strip().rstrip(".")
    which = ":" if len(rows) == 1 else "; the first:"
    return f"{counted(len(rows), 'alert')} {be} open{on} since {since}{which} {worst}"


def judged(rows: pd.DataFrame, evidence: Evidence) -> str:
    """How much was judged, up to when."""
    features, windows, last = int(rows["features"].max()), int(rows["windows"].max()), int(rows["last"].max())
    of = f"{counted(features, 'feature')} in " if features else ""
    return f"{of}{counted(windows, 'window')}, the last of {day(last, evidence.grain)}"
