"""Measurements in streams: what goes in comes out, and what a page asks for is read alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from monitors.measurement import COLUMNS as MEASURED
from monitors.store import Store, measurements, replace_measurements
from monitors.store.measured import COLUMNS, decoded, encoded

NUMBERS = ("value", "low", "high", "expected", "n", "p_value", "band_low", "band_high")


def row(metric: str, feature: str | None, start: int, **changes: Any) -> dict[str, Any]:
    numbers = dict.fromkeys(NUMBERS, float("nan")) | {"value": start + 0.1}
    return {"monitor": "drift", "metric": metric, "feature": feature, "segment": None, "window_start": start,
            "window_end": start + 1, **numbers, "detail": None, "reference": False, **changes}  # fmt: skip


ROWS = [
    row("psi", "x", 2, p_value=0.01, detail="a\0b"), row("psi", "y", 2, p_value=0.5), row("psi", "x", 1, p_value=1.0),
    row("rows", None, 1, value=np.inf, high=7.0), row("psi", None, 1, reference=True),
    row("psi", "x", 1, segment="place=nørth", value=1e-300), row("ks", "y", 3),
]  # fmt: skip


def stored(folder: Path, rows: list[dict[str, Any]] = ROWS) -> Store:
    store = Store.open(f"sqlite:///{folder / 'store.db'}")
    with store.writing("m") as connection:
        replace_measurements(connection, "m", pd.DataFrame(rows, columns=list(MEASURED)))
    return store


def test_columns_are_those_of_the_monitors_and_the_model() -> None:
    assert set(COLUMNS) == {"model", *MEASURED}


def test_what_goes_in_comes_out_oldest_window_first(tmp_path: Path) -> None:
    found = stored(tmp_path).measurements("m")
    assert list(found.columns) == list(COLUMNS)
    assert found["window_start"].tolist() == [1, 1, 1, 1, 2, 2, 3]
    texts = ["monitor", "metric", "feature", "segment", "window_start"]
    expected = pd.DataFrame(ROWS).astype(object).replace({"value": {np.inf: np.nan}}).sort_values(texts)
    found = found.sort_values(texts)
    assert set(found["model"]) == {"m"}
    for name in MEASURED:
        pairs = zip(found[name], expected[name], strict=True)
        assert all(one == other or (pd.isna(one) and pd.isna(other)) for one, other in pairs), name
    assert found[list(NUMBERS)].dtypes.eq(float).all()
    assert found["reference"].dtype == bool
    assert found["window_start"].dtype == np.int64
    assert {type(value) for name in ("feature", "segment", "detail") for value in found[name]} == {str, type(None)}


def test_pandas_own_strings_are_texts_too() -> None:
    rows = [row("psi", name, start, detail="why") for name in "xy" for start in (2, 1)]
    found = decoded([{"model": "m", **each} for each in encoded(pd.DataFrame(rows))])
    assert found["feature"].tolist() == ["x", "y"] * 2
    assert set(found["detail"]) == {"why"}


def test_others_give_way_and_other_models_stay(tmp_path: Path) -> None:
    store = stored(tmp_path)
    with store.writing("n") as connection:
        replace_measurements(connection, "n", pd.DataFrame(ROWS[:2]))
        replace_measurements(connection, "m", pd.DataFrame(ROWS[:1]))
    assert (len(store.measurements("m")), len(store.measurements("n"))) == (1, 2)


def test_none_at_all(tmp_path: Path) -> None:
    store = stored(tmp_path, [])
    assert store.measurements("m").empty
    assert list(store.measurements("m").columns) == list(COLUMNS)
    assert store.judged("m").empty
    assert store.measured_whole("m").empty


def test_what_was_judged_of_all_rows(tmp_path: Path) -> None:
    found = stored(tmp_path).judged("m")
    assert found.to_dict("records") == [
        {"monitor": "drift", "metric": "psi", "numbers": 3, "features": 2, "windows": 2, "last": 2}
    ]


def test_the_model_and_the_log_as_a_whole(tmp_path: Path) -> None:
    store = stored(tmp_path)
    assert sorted(store.measured_whole("m")["metric"]) == ["psi", "rows"]
    with store.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(measurements)) == 5


def test_the_order_of_windows_makes_no_difference() -> None:
    frame = pd.DataFrame(ROWS)
    one, other = (decoded({"model": "m", **each} for each in encoded(some)) for some in (frame, frame.iloc[::-1]))
    assert one.sort_values(["window_start", "segment", "metric", "feature"], ignore_index=True).equals(
        other.sort_values(["window_start", "segment", "metric", "feature"], ignore_index=True)
    )
