"""Are the tests run by hand, or by themselves? Told from when Driftmeter ran, and from who is told of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from monitors.clock import DAY
from monitors.windows import Grain

SPAN = 3
"""Lengths of a window over which runs must have come regularly."""
SLACK = 1.5
"""Lengths of a window that may pass between two runs: a scheduler is now and then late."""


class Practice(NamedTuple):
    """How the tests are run: ``automated``, ``manual`` or ``none``, and the sentence that says why."""

    how: str
    words: str


def practice(runs: np.ndarray, now: int, grain: Grain, addresses: int) -> Practice:
    """How the tests of a model are run.

    They are automated when Driftmeter has run again and again, for at least ``SPAN`` lengths of a window (days, where
    windows are shorter or of rows) up to now and with no pause of more than ``SLACK`` of them, and somebody is told of
    what it finds (``[notify] urls``). Else somebody runs it by hand and looks; the results are kept in the store. A
    store cannot tell a scheduler from a person who runs it every day.

    Parameters
    ----------
    runs : shape (N,), int64 µs, ascending; now : µs
    addresses : how many of ``[notify] urls``
    """
    if not len(runs):
        return Practice("none", "Driftmeter has not been run yet")
    count = f"{len(runs):,} run{'' if len(runs) == 1 else 's'}, the last {_ago(now - int(runs[-1]))}"
    if not _regular(runs, now, _period(now, grain)):
        return Practice("manual", f"run by hand, with results kept in the store ({count})")
    if not addresses:
        return Practice("manual", f"run by themselves ({count}), but nobody is told: [notify] urls is empty")
    named = f"{addresses} address{'' if addresses == 1 else 'es'}"
    return Practice("automated", f"run by themselves ({count}), and {named} told of what is found")


def _period(now: int, grain: Grain) -> int:
    """A window's length, a day at least (µs)."""
    if grain.kind == "rows":
        return DAY
    start = int(grain.starts([now])[0])
    return max(grain.end(start) - start, DAY)


def _regular(runs: np.ndarray, now: int, period: int) -> bool:
    """Whether no pause between the runs of the last ``SPAN`` periods, nor since, was longer than ``SLACK`` of them."""
    begin = now - SPAN * period
    before, after = runs[runs <= begin], runs[runs > begin]
    pauses = np.diff(np.concatenate([before[-1:], after, [now]]))
    return len(before) > 0 and len(after) > 0 and bool((pauses <= SLACK * period).all())


def _ago(span: int) -> str:
    hours = max(span, 0) / (DAY / 24)
    if hours < 1:
        return "within the hour"
    if hours < 48:
        return f"{hours:.0f} hour{'' if round(hours) == 1 else 's'} ago"
    return f"{hours / 24:.0f} days ago"
