"""When a window's rows and their labels came, as facts."""

from __future__ import annotations

import numpy as np

from monitors.profile.facts import DELAY_HOURS, Facts
from monitors.profile.rows import UNKNOWN_TIME

_HOUR = 3_600_000_000
_MINUTE = 60_000_000


def add_times(facts: Facts, times: np.ndarray, descents: np.ndarray | None, hourly: bool) -> None:
    """Add the times of some rows of a window.

    Parameters
    ----------
    times : shape (n,), int64 µs; descents : shape (n,), bool, before the row right before in its file; or None
    hourly : whether rows are counted by hour
    """
    low, high = int(times.min()), int(times.max())
    facts["first"], facts["last"] = min(facts.get("first", low), low), max(facts.get("last", high), high)
    if not facts.get("to_seconds") and bool((times % _MINUTE).any()):
        facts["to_seconds"] = 1
    if descents is not None:
        facts["descents"] = facts.get("descents", 0) + int(descents.sum())
    if hourly:
        first = low // _HOUR
        hours = facts.setdefault("hours", {})
        for hour, count in enumerate(np.bincount(times // _HOUR - first).tolist(), first):
            if count:
                hours[str(hour)] = hours.get(str(hour), 0) + count


def add_delays(
    facts: Facts, label_times: np.ndarray, times: np.ndarray, outcome: np.ndarray, classes: int
) -> None:  # fmt: skip
    """Add the delays of some rows' labels: all (n,), times in µs, outcomes as indices of so many classes."""
    known = label_times != UNKNOWN_TIME
    hours = np.maximum((label_times[known] - times[known]) / _HOUR, 0.0)
    place, width = np.searchsorted(DELAY_HOURS, hours, side="right") - 1, len(DELAY_HOURS)
    by_outcome = np.bincount(outcome[known] * width + place, minlength=(classes + 1) * width).reshape(-1, width)
    counts = by_outcome.sum(axis=0)
    facts["delays"] = (np.array(facts.get("delays", [0] * width)) + counts).tolist()
    if classes > 1:  # the label's own time is of no use where its value is none of the classes
        before = np.array(facts.get("outcome_delays", np.zeros((classes, width), int)))
        facts["outcome_delays"] = (before + by_outcome[:classes]).tolist()
    if known.any():
        last = int(label_times[known].max())
        facts["labels_until"] = max(last, facts.get("labels_until", last))
