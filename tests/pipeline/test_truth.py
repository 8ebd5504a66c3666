"""Every incident of the synthetic search is found, in time, as what it is, and little else."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from fixtures.search.generate import generate
from tests.benchmarks.truth import Found, compare

DELAY = {"style-match-fades": 45, "query-mix-shift": 3, "demand-stale": 3}
"""Windows that an incident may take: gradual ones grow for weeks (70 days) and days (3), and a value has to stand for
a while before it stands still."""

TO_THE_DAY = {"missing", "integrity", "skew"}
"""Monitors whose onsets are facts."""

TO_THE_HOUR = {
    "device-constant", "similarity-nan", "education-plan-lost", "image-age-in-hours", "partner-unseen",
    "legacy-relevance-gone", "image-quality-sentinel", "depth-as-text", "image-service-outage",
}  # fmt: skip
"""Incidents of so many rows that every hour shows them."""


class Compared(NamedTuple):
    home: Path
    found: dict[str, Found]
    strays: int


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """The full log, all rows together: the segments' own tests take the small one."""
    home = generate(tmp_path_factory.mktemp("search"), days=180, rows=400_000).parent
    config = home / "driftmeter.toml"
    text = config.read_text()
    assert 'segments = ["locale"]' in text
    config.write_text(text.replace('segments = ["locale"]', "segments = []"))
    table, strays, _ = compare(home)
    return Compared(home, {row.incident["id"]: row for row in table}, len({stray["window_start"] for stray in strays}))


def test_every_incident_is_found_in_its_first_full_window(compared: Compared) -> None:
    assert {name: row.first for name, row in compared.found.items() if not row.right} == {}
    assert {name: row.late for name, row in compared.found.items() if (row.late or 0) > DELAY.get(name, 0)} == {}


def test_what_was_planned_is_not_told(compared: Compared) -> None:
    assert compared.found["tags-leave-on-time"].alerts == 0


def test_abrupt_incidents_are_dated_to_the_day(compared: Compared) -> None:
    for row in compared.found.values():
        if row.incident["monitor"] in TO_THE_DAY and row.hours is not None:
            assert -24 < row.hours < 24, row.incident["id"]


@pytest.mark.parametrize("name", sorted(TO_THE_HOUR))
def test_onsets_are_right_to_the_hour_and_name_the_file(compared: Compared, name: str) -> None:
    row = compared.found[name]
    assert row.hours == 0
    assert row.card is not None
    assert row.card.onset.files == (f"logs/{row.incident['start'][:10]}.parquet",)


def test_a_share_of_few_rows_is_dated_within_its_first_hours(compared: Compared) -> None:
    """8% of the rows of an early morning, and 60% of the rows of one locale in its night."""
    assert abs(compared.found["popularity-infinite"].hours or 0.0) <= 2
    assert abs(compared.found["popularity-nulls"].hours or 0.0) <= 14


@pytest.mark.parametrize(
    "name", ["device-constant", "image-age-in-hours", "image-quality-sentinel", "image-service-outage"]
)
def test_what_came_back_is_said_to_the_hour(compared: Compared, name: str) -> None:
    row = compared.found[name]
    assert row.card is not None
    assert row.card.ended is not None
    assert row.card.ended.at == datetime.fromisoformat(row.incident["end"]).timestamp() * 1e6


def test_hours_without_rows_are_named(compared: Compared) -> None:
    assert compared.found["hours-lost"].message is not None
    assert "for 2 hours of the window: 13:00–15:00" in compared.found["hours-lost"].message


def test_features_of_one_service_are_one_incident(compared: Compared) -> None:
    row = compared.found["image-service-outage"]
    assert row.card is not None
    assert set(row.card.features) == {"image_quality", "image_age_days", "image_tags"}
    assert row.card.together.startswith('all 3 features that begin with "image_"')
    assert len(row.told_as) == 1


def test_each_incident_is_told_once_and_none_with_another(compared: Compared) -> None:
    told = {name: row.told_as for name, row in compared.found.items() if row.first is not None}
    assert {name: len(incidents) for name, incidents in told.items() if len(incidents) != 1} == {}
    owners: dict[str, list[str]] = {}
    for name, incidents in told.items():
        for incident in incidents:
            owners.setdefault(incident, []).append(name)
    assert [names for names in owners.values() if len(names) > 1] == []


def test_quiet_windows_stay_quiet(compared: Compared) -> None:
    judged = 180 - 56
    assert compared.strays <= 0.05 * judged
