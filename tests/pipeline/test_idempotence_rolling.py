"""References that roll, whatever order files and notes come in: the same store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from monitors.store import Store
from monitors.windows import instant
from tests.pipeline.logs import DAYS, Log

REFERENCES: dict[str, dict[str, Any]] = {
    "previous": {"previous": 8, "lag": 2, "holidays": "US"},
    "season": {"season": "1d", "count": 6},
}
FEATURES = {"previous": {"segments": ["place"], "version": "version"}, "season": {"version": "version"}}
HOLIDAY, CHANGE = "2025-01-09", "2025-01-21T12:00"
"""The feature "old" goes away on the 19th; the change is noted after that."""


def noted(log: Log, kinds: tuple[str, ...] = ("holiday", "product")) -> Log:
    store = Store.open(log.config.store.url)
    for kind, at, text in (("holiday", HOLIDAY, "a day off"), ("product", CHANGE, "old is gone for good")):
        if kind in kinds:
            store.add_event("m", instant(at, "UTC"), kind, text)
    store.close()
    return log


def begun(home: Path, form: str) -> Log:
    return Log(home, reference=REFERENCES[form], features=FEATURES[form])


def filled(home: Path, form: str) -> Log:
    log = begun(home, form)
    for day in range(DAYS):
        log.day(day)
    return log


@pytest.fixture(scope="module", params=list(REFERENCES))
def in_time(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Log]:
    """Every file and note there before the first run."""
    log = noted(filled(tmp_path_factory.mktemp("in-time") / "log", request.param))
    log.run()
    return request.param, log


def left_out(log: Log, why: str) -> list[int]:
    store = Store.open(log.config.store.url, read_only=True)
    row = store.model("m")
    store.close()
    assert row is not None
    first = instant("2025-01-01", "UTC")
    return [(int(start) - first) // 86_400_000_000 for start, of in row["reference"]["left_out"].items() if of == why]


def test_running_twice_changes_nothing(in_time: tuple[str, Log]) -> None:
    _, log = in_time
    before = log.store()
    result = log.run()
    assert (result.files_read, result.windows_profiled) == (0, 0)
    assert log.store() == before


def test_what_is_left_out_is_kept(in_time: tuple[str, Log]) -> None:
    form, log = in_time
    assert left_out(log, "holiday") == ([0, 8, 19] if form == "previous" else [8])
    assert {18, 20} <= set(left_out(log, "alert"))


def test_bit_by_bit_with_late_files_and_notes_ends_in_the_same_store(in_time: tuple[str, Log], tmp_path: Path) -> None:
    form, at_once = in_time
    log = begun(tmp_path / "log", form)
    for day in {*range(17)} - {13}:
        log.day(day)
    log.run()
    noted(log, ("holiday",))
    result = log.run()
    assert (result.files_read, result.windows_profiled) == (0, 0)  # a note costs no second read
    assert 8 in left_out(log, "holiday")
    for day in {*range(17, 21)} - {18}:
        log.day(day)
    log.run()
    noted(log, ("product",))
    for day in (13, 18, *range(21, DAYS)):
        log.day(day)
    log.run()
    assert log.run().files_read == 0
    assert log.store() == at_once.store()


def test_a_lag_or_a_country_costs_no_second_read(in_time: tuple[str, Log], tmp_path: Path) -> None:
    form, at_once = in_time
    if form != "previous":
        return
    log = filled(tmp_path / "log", form)
    wanted = log.config
    content = wanted.model_dump(exclude_unset=True)
    content["reference"] = {"previous": REFERENCES[form]["previous"]}
    content["store"] = {"url": "sqlite:///store.db"}
    log.config = type(wanted).from_dict(content, log.home)
    log.run()
    log.config = wanted
    noted(log)
    result = log.run()
    assert (result.files_read, result.windows_profiled) == (0, 0)
    assert log.store() == at_once.store()
