"""By hand or by itself: told from when it ran and from who is told."""

from __future__ import annotations

import numpy as np
import pytest

from monitors.clock import HOUR
from monitors.scorecard.practice import practice
from monitors.windows import Grain, instant

NOW = instant("2025-06-10T08:00", "UTC")
DAYS = Grain.parse("1d")


def runs(*hours_ago: float) -> np.ndarray:
    return np.array(sorted(NOW - int(hours * HOUR) for hours in hours_ago), np.int64)


CRON = [2 + 24 * i for i in range(10)]


@pytest.mark.parametrize(
    ("grain", "hours", "how"),
    [
        ("1d", CRON, "automated"),
        ("1d", CRON[:4], "automated"),
        ("1d", CRON[:3], "manual"),  # for two days so far
        ("1d", [1], "manual"),
        ("1d", [i / 10 for i in range(30)], "manual"),  # thirty times in one sitting
        ("1d", [0, 24 * 7, 24 * 14, 24 * 21], "manual"),  # once a week is not enough for days
        ("1w", [0, 24 * 7, 24 * 14, 24 * 21], "automated"),  # and is for weeks
        ("1d", [hours + 24 * 3 for hours in CRON], "manual"),  # it has stopped
        ("1d", [*CRON, 0.5, 3, 30.2], "automated"),  # and by hand in between
        ("1d", [2, 31, 50, 81, 99, 122, 149], "automated"),  # some hours late now and then
        ("1h", [2 + 24 * i for i in range(5)], "automated"),  # a day at least
        ("1000 rows", CRON, "automated"),
        ("1mo", [24 * 5, 24 * 35, 24 * 66, 24 * 97], "automated"),
        ("1mo", CRON, "manual"),  # for ten days so far
    ],
)
def test_how(grain: str, hours: list[float], how: str):
    assert practice(runs(*hours), NOW, Grain.parse(grain), addresses=1).how == how


def test_nobody_told_is_half():
    found = practice(runs(*CRON), NOW, DAYS, addresses=0)
    assert found.how == "manual"
    assert found.words.endswith("(10 runs, the last 2 hours ago), but nobody is told: [notify] urls is empty")


def test_never_run_is_none():
    assert practice(np.array([], np.int64), NOW, DAYS, addresses=1).how == "none"


def test_in_words():
    assert practice(runs(0.2), NOW, DAYS, 2).words.endswith("(1 run, the last within the hour)")
    assert practice(runs(*CRON), NOW, DAYS, 2).words.endswith("(10 runs, the last 2 hours ago), and 2 addresses told "
                                                              "of what is found")  # fmt: skip
    assert practice(runs(24 * 40), NOW, DAYS, 1).words.endswith("(1 run, the last 40 days ago)")
