"""What runs tell of incidents: what changed since the run before, and what they began with."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitors.store import Store
from tests.pipeline.logs import DAYS, Log

GONE = 18  # the day from which on the column "old" is not in the files
DAY = 86_400_000_000
BEGIN = 1_735_689_600_000_000


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    made = Log(tmp_path_factory.mktemp("told") / "log")
    for day in range(GONE):
        made.day(day)
    made.run()
    return made


def told(log: Log) -> list[tuple[str, str | None]]:
    changes = log.run().changes
    if changes.empty:
        return []
    return list(changes.loc[changes["kind"] == "absent", ["change", "feature"]].itertuples(index=False, name=None))


def test_what_is_new_is_told_once(log: Log) -> None:
    assert told(log) == []
    log.day(GONE)
    assert told(log) == [("new", "old")]
    assert told(log) == []
    log.day(GONE + 1)
    assert told(log) == []  # it goes on
    incidents = log.run().incidents
    gone = incidents[incidents["kind"] == "absent"]
    assert gone["onset"].tolist() == [BEGIN + GONE * DAY]
    assert gone["state"].tolist() == ["ongoing"]


def test_what_people_note_is_what_an_incident_began_with(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    for day in range(DAYS):
        log.day(day)
    first = log.run().incidents
    assert first.loc[first["kind"] == "absent", "cause"].tolist() == [None]
    store = Store.open(log.config.store.url)
    store.add_event("m", BEGIN + GONE * DAY + DAY // 3, "product", "the old engine was switched off")
    store.close()
    result = log.run()
    assert (result.files_read, result.windows_profiled) == (0, 0)
    told = result.incidents[result.incidents["kind"] == "absent"].iloc[0]
    assert told["cause"] == "the old engine was switched off"
    assert "; it began with product the old engine was switched off" in told["title"]
    again = log.run().incidents
    assert again["incident"].tolist() == result.incidents["incident"].tolist()
