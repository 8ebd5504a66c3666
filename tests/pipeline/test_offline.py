"""Features computed offline against what was served, from files to findings, a little at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from monitors.config import Config
from monitors.errors import UserError
from monitors.logs.offline import Offline
from monitors.pipeline import RunResult, run
from monitors.store import Store

DAYS, ROWS, FIRST_WRONG = 12, 300, 8


def computed() -> pd.DataFrame:
    """A log whose features were computed rightly, with ids."""
    rng = np.random.default_rng(5)
    n = DAYS * ROWS
    return pd.DataFrame({
        "ts": pd.Timestamp("2025-01-06") + pd.to_timedelta(np.repeat(np.arange(DAYS), ROWS), "D")
        + pd.to_timedelta(np.tile(np.arange(ROWS), DAYS), "s"),
        "id": [f"r{k:05d}" for k in range(n)],
        "price": rng.lognormal(3, 1, n), "age": rng.integers(18, 80, n), "country": rng.choice(["de", "fr", "it"], n),
    })  # fmt: skip


def day_of(frame: pd.DataFrame) -> np.ndarray:
    return ((frame["ts"] - pd.Timestamp("2025-01-06")) // pd.Timedelta(days=1)).to_numpy()


def write(home: Path, log: pd.DataFrame, offline: pd.DataFrame) -> None:
    (home / "log").mkdir(exist_ok=True)
    (home / "offline").mkdir(exist_ok=True)
    for day, part in log.groupby(day_of(log)):
        part.to_parquet(home / "log" / f"{day:02d}.parquet", index=False)
    for day, part in offline.groupby(day_of(offline)):
        part.drop(columns="ts").to_parquet(home / "offline" / f"{day:02d}.parquet", index=False)


def ran(home: Path, **offline: Any) -> RunResult:
    return run(Config.from_dict({
        "logs": {"path": "log/*.parquet", "timestamp": "ts", "id": "id"},
        "offline": {"path": "offline/*.parquet", **offline},
        "reference": {"end": "2025-01-11"},
    }, home))  # fmt: skip


def profiles(home: Path) -> list[dict[str, Any]]:
    store = Store.open(f"sqlite:///{home / 'driftmeter.db'}", read_only=True)
    try:
        return [profile.facts["offline"] for profile in store.profiles("model", "")]
    finally:
        store.close()


def served() -> pd.DataFrame:
    """From the ninth day on every tenth price is served before tax, and every fifth age not at all."""
    log = computed()
    late, place = day_of(log) >= FIRST_WRONG, np.arange(len(log))
    log["price"] = np.where(late & (place % 10 == 0), log["price"] / 1.19, log["price"])
    log["age"] = log["age"].astype(float).where(~(late & (place % 5 == 0)))
    return log


def test_two_computations_that_differ(tmp_path: Path) -> None:
    write(tmp_path, served(), computed())
    result = ran(tmp_path)
    found = result.findings[result.findings["kind"] == "value_mismatch"]
    assert set(found["feature"]) == {"price", "age"} and set(found["monitor"]) == {"skew"}
    assert (found["severity"] == "alert").all()
    assert set(pd.to_datetime(found["onset"], unit="us")) == {pd.Timestamp("2025-01-14")}
    assert found["incident"].nunique() == 1
    price = found[found["feature"] == "price"].iloc[0]
    assert price["value"] == pytest.approx(0.1) and price["n"] == ROWS
    message = price["message"]
    assert message.startswith(
        '"price" was served otherwise than it was computed offline in 10% of rows: 10% differ; ids'
    )
    age = found.loc[found["feature"] == "age", "message"].iloc[0]
    assert "20% are missing in the log alone" in age
    ids = [text.strip(" .") for text in message.partition("such as")[2].split(",")]
    log = served().set_index("id")
    for name in ids:
        assert abs(log.loc[name, "price"] / computed().set_index("id").loc[name, "price"] - 1) > 0.1


def test_logs_that_agree_raise_nothing_and_coverage_is_measured(tmp_path: Path) -> None:
    offline = computed()
    write(tmp_path, computed(), offline[np.arange(len(offline)) % 4 != 0])
    result = ran(tmp_path)
    assert "value_mismatch" not in set(result.findings["kind"])
    store = Store.open(f"sqlite:///{tmp_path / 'driftmeter.db'}", read_only=True)
    measured = store.measurements("model")
    store.close()
    matched = measured[measured["metric"] == "offline_matched"]
    assert matched["value"].tolist() == pytest.approx([0.75] * DAYS)
    shares = measured[measured["metric"] == "mismatch_share"]
    assert set(shares["value"]) == {0.0} and set(shares["feature"]) == {"price", "age", "country"}


def test_a_tolerance_is_a_part_of_the_value(tmp_path: Path) -> None:
    log = computed()
    write(tmp_path, log.assign(price=log["price"] * 1.0001), computed())
    assert "value_mismatch" in set(ran(tmp_path).findings["kind"])
    assert "value_mismatch" not in set(ran(tmp_path, tolerance=0.001).findings["kind"])


def test_the_offline_log_is_read_once_for_all_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, served(), computed())
    reads: list[Any] = []
    real = Offline.batches
    monkeypatch.setattr(Offline, "batches", lambda self, *columns: (reads.append(columns), real(self, *columns))[1])
    ran(tmp_path)
    assert len(reads) == 1
    assert all(facts["matched"] == ROWS for facts in profiles(tmp_path))


def test_only_windows_that_changed_are_joined_again(tmp_path: Path) -> None:
    write(tmp_path, served(), computed())
    whole = tmp_path / "whole"
    whole.mkdir()
    write(whole, served(), computed())
    (tmp_path / "offline" / "10.parquet").unlink()
    (tmp_path / "log" / "11.parquet").rename(tmp_path / "later.parquet")
    assert ran(tmp_path).windows_profiled == DAYS - 1
    assert profiles(tmp_path)[10]["matched"] == 0
    computed_late = computed()[day_of(computed()) == 10]
    computed_late.drop(columns="ts").to_parquet(tmp_path / "offline" / "10.parquet", index=False)
    assert ran(tmp_path).windows_profiled == 1, "the day whose ids came"
    (tmp_path / "later.parquet").rename(tmp_path / "log" / "11.parquet")
    assert ran(tmp_path).windows_profiled == 1
    assert ran(tmp_path).windows_profiled == 0
    ran(whole)
    assert profiles(tmp_path) == profiles(whole)


def test_an_offline_file_that_was_rewritten_joins_all_again(tmp_path: Path) -> None:
    write(tmp_path, served(), computed())
    ran(tmp_path)
    wrong = computed()
    wrong = wrong[day_of(wrong) == 3].assign(country="xx").drop(columns="ts")
    wrong.to_parquet(tmp_path / "offline" / "03.parquet", index=False)
    assert ran(tmp_path).windows_profiled == DAYS
    assert profiles(tmp_path)[3]["features"]["country"][0] == ROWS


def test_what_the_user_has_wrong_is_told(tmp_path: Path) -> None:
    write(tmp_path, served(), computed().rename(columns={"price": "a", "age": "b", "country": "c"}))
    with pytest.raises(UserError, match="has none of the log's features; its columns are a, b, c, id"):
        ran(tmp_path)
    with pytest.raises(UserError, match="offline.id is 'key', but no file of the offline log has such a column"):
        ran(tmp_path, id="key")
    with pytest.raises(UserError, match=r"\[offline\] is given but logs.id is left out"):
        Config.from_dict({"logs": {"path": "a"}, "offline": {"path": "b", "id": "c"}})
    with pytest.raises(UserError, match="offline.tolerance"):
        ran(tmp_path, tolerance=-1)


def test_a_damaged_offline_file_is_a_finding(tmp_path: Path) -> None:
    write(tmp_path, served(), computed())
    (tmp_path / "offline" / "05.parquet").write_bytes(b"no parquet")
    result = ran(tmp_path)
    assert any("offline/05.parquet" in note for note in result.notes)
    assert "value_mismatch" in set(result.findings["kind"])
