"""Every incident of the synthetic search is found, in time, as what it is, and little else."""

from __future__ import annotations

import pytest

from fixtures.search.generate import generate
from tests.benchmarks.truth import Found, compare

DELAY = {"style-match-fades": 45, "query-mix-shift": 3, "demand-stale": 3}
"""Windows that an incident may take: gradual ones grow for weeks (70 days) and days (3), and a value has to stand for
a while before it stands still."""

TO_THE_DAY = {"missing", "integrity", "skew"}
"""Monitors whose onsets are facts."""

AWAITED = {
    "image-age-in-hours", "rows-late", "rating-leaves-early", "depth-overdue",
}  # fmt: skip
"""Incidents of kinds that are not told yet."""


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Found], int]:
    """The full log, all rows together: the segments' own tests take the small one."""
    home = generate(tmp_path_factory.mktemp("search"), days=180, rows=400_000).parent
    config = home / "driftmeter.toml"
    text = config.read_text()
    assert 'segments = ["locale"]' in text
    config.write_text(text.replace('segments = ["locale"]', "segments = []"))
    table, strays, _ = compare(home)
    found = {row.incident["id"]: row for row in table if row.incident["id"] not in AWAITED}
    return found, len({stray["window_start"] for stray in strays})


def test_every_incident_is_found_in_its_first_full_window(compared: tuple[dict[str, Found], int]) -> None:
    found, _ = compared
    assert {name: row.late for name, row in found.items() if not row.right} == {}
    assert {name: row.late for name, row in found.items() if (row.late or 0) > DELAY.get(name, 0)} == {}


def test_abrupt_incidents_are_dated_to_the_day(compared: tuple[dict[str, Found], int]) -> None:
    for row in compared[0].values():
        if row.incident["monitor"] in TO_THE_DAY and row.hours is not None:
            late = DELAY.get(row.incident["id"], 1)  # what fills a day alone is dated to its first full day
            assert -24 < row.hours < 24 * late, row.incident["id"]


def test_quiet_windows_stay_quiet(compared: tuple[dict[str, Found], int]) -> None:
    judged = 180 - 56
    assert compared[1] <= 0.05 * judged
