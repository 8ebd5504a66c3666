"""Planned ends: silence where the plan is kept, an alert where it is not, and what still depends on a feature."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from monitors.config import Config
from monitors.deprecations import measure
from monitors.findings import find
from monitors.job import settings_of
from monitors.measurement import concat
from monitors.missing import measure as missing
from monitors.pipeline import run
from monitors.planned import Planned, dependents, register, told
from monitors.store import Store
from tests.cubes import FIRST_DAY, ID, TIME, Built, binary_log, build, day_of
from tests.monitors.found import alerts, config

LOG = binary_log(seed=2, count=40, rows=200)
DAYS = day_of(LOG)
REFERENCE = 21


def date(day: int) -> dt.date:
    return (FIRST_DAY + np.timedelta64(day, "D")).astype("M8[D]").item()


def found(gone: int | None, planned: int, share: float = 1.0, **more: Any) -> pd.DataFrame:
    """Findings about z, which is null from a day on (in a part of rows), and planned to end on another."""
    frame = LOG.copy()
    if gone is not None:
        frame["z"] = frame["z"].mask((gone <= DAYS) & (np.random.default_rng(0).random(len(LOG)) < share), np.nan)
    made = config(deprecations={"z": {"date": date(planned), "owner": "team"}}, **more)
    built = build(frame, REFERENCE, segments=("place",))
    settings = settings_of(made, built.settings.grain, built.settings.observed_until)
    cubes = [built.cube, *built.segments.values()]
    blocks = [each(cube, cube.select(np.isin(cube.starts, built.reference.starts)), settings)
              for cube in cubes for each in (measure, missing)]  # fmt: skip
    out = find(concat(blocks), made, built.settings.grain, [])
    place = {int(start): w for w, start in enumerate(built.cube.starts)}
    return out.assign(window=[place[int(start)] for start in out["window_start"]])


def test_a_feature_that_leaves_on_its_date_is_silent() -> None:
    out = found(gone=30, planned=30)
    assert not len(alerts(out))
    assert "silenced" in set(out["state"])
    assert not {"early", "overdue"} & set(out["kind"])


def test_a_feature_that_leaves_early_is_told_until_its_date() -> None:
    out = alerts(found(gone=27, planned=32), feature="z", segment=None, kind="early")
    assert sorted(out["window"]) == [27, 28, 29, 30, 31]
    assert out["message"].iloc[0] == (
        f'"z" left before its planned end ({date(32)}, team): 100% of rows came without it.'
    )
    assert set(out["onset"]) == {out["window_start"].min()}


def test_a_feature_that_is_served_after_its_date_is_told_and_the_day_of_the_date_is_the_last() -> None:
    out = found(gone=None, planned=33)
    own = alerts(out, kind="overdue", segment=None)
    assert sorted(own["window"]) == [33, 34, 35, 36, 37, 38, 39]
    assert not len(alerts(out[out["kind"] != "overdue"]))


def test_some_rows_that_are_served_after_the_date_are_told() -> None:
    out = alerts(found(gone=30, planned=30, share=0.9), kind="overdue", segment=None)
    assert len(out) == 10
    assert out["value"].iloc[0] == pytest.approx(0.1, abs=0.05)


def test_what_some_rows_lack_before_the_date_is_missing_but_has_not_left() -> None:
    out = alerts(found(gone=27, planned=33, share=0.2), segment=None)
    assert set(out[out["window"] < 33]["kind"]) == {"null_rate"}


def test_windows_of_rows_and_unknown_features_have_no_planned_end() -> None:
    built = build(LOG, REFERENCE)
    made = config(deprecations={"nothing": {"date": date(30)}, "z": {}})
    settings = settings_of(made, built.settings.grain, None)
    assert not len(measure(built.cube, built.reference, settings))
    rows = build(LOG.drop(columns=TIME), 10, "200 rows")
    made = config(deprecations={"z": {"date": date(30)}})
    assert not settings_of(made, rows.settings.grain, None).deprecations
    assert not len(measure(*Built(rows.cube, rows.reference, replace(settings, grain=rows.settings.grain))))


# ----- the register -------------------------------------------------------------------------------------------------


def stored(
    tmp_path: Path, planned: dict[str, dict], changed: dict[str, pd.Series] | None = None, **gone: int
) -> list[Planned]:
    """The register of a log in which features are null from a day on."""
    frame = LOG.assign(model_version=np.where(DAYS < 30, "1", "2"), **(changed or {}))
    for name, day in gone.items():
        frame[name] = frame[name].mask((day <= DAYS) & ((frame["place"] != "north") | (name != "noise")), np.nan)
    frame.to_parquet(tmp_path / "log.parquet")
    made = Config.from_dict(
        {
            "model": {"name": "m", "task": "binary", "positive": 1},
            "logs": {"path": "log.parquet", "timestamp": TIME, "id": ID, "prediction": "score", "label": "y"},
            "features": {"segments": ["place"], "version": "model_version"},
            "reference": {"end": str(date(REFERENCE - 1))},
            "deprecations": planned,
            "store": {"url": f"sqlite:///{tmp_path / 'm.db'}"},
        },
        base=tmp_path,
    )
    run(made)
    store = Store.open(made.store.url)
    try:
        return register(store, made)
    finally:
        store.close()


def test_the_register_says_how_each_plan_stands_and_what_depends_on_it(tmp_path: Path) -> None:
    ends = stored(
        tmp_path,
        {"x": {"date": date(45), "owner": "search"}, "z": {"date": date(35)}, "noise": {"date": date(32)},
         "clicks": {"date": date(50)}, "flag": {}, "gone_long_ago": {"date": date(1)}, "device": {"date": date(38)}},
        z=35, noise=32, clicks=36,
    )  # fmt: skip
    by_name = {end.name: end for end in ends}
    states = {name: end.state for name, end in by_name.items()}
    assert states == {"x": "planned", "z": "gone", "noise": "overdue", "clicks": "early", "flag": "undated",
                      "gone_long_ago": "unknown", "device": "overdue"}  # fmt: skip
    assert [end.name for end in ends][:3] == ["noise", "device", "clicks"]  # by date, what needs somebody first
    x, noise = by_name["x"], by_name["noise"]
    assert (x.days, x.share, x.rank) == (6, 1.0, 1)
    assert x.power is not None
    assert x.power > 0.6
    assert ("model_version=2", 1.0) in x.still
    assert "model_version=1" not in [name for name, _ in x.still]  # no longer in the log
    assert [name for name, _ in noise.still] == ["model_version=2", "place=north"]
    assert by_name["z"].left == int((FIRST_DAY + np.timedelta64(35, "D")).astype("M8[us]").astype(np.int64))
    assert told(x) == f"ends in 6 days ({date(45)}, search)"
    assert told(noise) == f"is still served, 7 days after its planned end ({date(32)})"
    assert dependents(x).startswith("number 1 of ")
    assert "still sent by" in dependents(x)


def test_a_few_late_rows_after_its_date_do_not_excuse_what_left_before_it(tmp_path: Path) -> None:
    late = (DAYS == 38) & (LOG.index % 10 == 0)
    here = LOG["z"].where((DAYS < 34) | late)
    (end,) = stored(tmp_path, {"z": {"date": date(37)}}, {"z": here})
    assert end.state == "early"
    assert end.left == int((FIRST_DAY + np.timedelta64(34, "D")).astype("M8[us]").astype(np.int64))


def test_without_planned_ends_the_register_is_empty(tmp_path: Path) -> None:
    assert stored(tmp_path, {}) == []


def test_words_without_a_date_or_an_owner() -> None:
    assert told(Planned("x", None, None, "undated", None)) == "is to end, no date is set"
    assert told(Planned("x", None, dt.date(2025, 1, 1), "planned", 0)) == "ends today (2025-01-01)"
    assert told(Planned("x", None, dt.date(2025, 1, 1), "overdue", -1)).startswith("is still served, 1 day after")
    assert dependents(Planned("x", None, None, "unknown", None)) == ""
