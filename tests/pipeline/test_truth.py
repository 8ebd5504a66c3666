"""Every incident of the synthetic search is found, in time, and little else."""

from __future__ import annotations

import pytest

from fixtures.search.generate import generate
from tests.benchmarks.truth import Found, compare

DELAY = {"style-match-fades": 45, "query-mix-shift": 3}
"""Days that an incident may take: gradual ones grow for weeks (70 days) and days (3)."""


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Found], int]:
    """The full log, all rows together: the segments' own tests take the small one."""
    home = generate(tmp_path_factory.mktemp("search"), days=180, rows=400_000).parent
    config = home / "driftmeter.toml"
    text = config.read_text()
    assert 'segments = ["locale"]' in text
    config.write_text(text.replace('segments = ["locale"]', "segments = []"))
    table, strays, _ = compare(home)
    return table, len({stray["window_start"] for stray in strays})


def test_every_incident_is_found_in_time(compared: tuple[list[Found], int]) -> None:
    late = {row.incident["id"]: row.days for row in compared[0]
            if row.days is None or row.days > DELAY.get(row.incident["id"], 0)}  # fmt: skip
    assert late.pop("popularity-nulls", None) is None  # of one locale: it shows in the whole
    assert late == {}


def test_abrupt_incidents_are_dated_to_the_day(compared: tuple[list[Found], int]) -> None:
    for row in compared[0]:
        if row.incident["monitor"] in {"missing", "integrity"}:
            assert row.onset is not None
            assert row.onset[:10] == row.incident["start"][:10]


def test_quiet_windows_stay_quiet(compared: tuple[list[Found], int]) -> None:
    judged = 180 - 56
    assert compared[1] <= 0.05 * judged
