"""Two logs joined by id and compared row by row: against a plain join, in memory and on disk."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.errors import UserError
from monitors.logs.files import LogFile
from monitors.logs.hashing import id_hashes
from monitors.logs.offline import Offline, compare, name_examples
from monitors.logs.spill import PARTS, Spill
from monitors.profile.bins import ColumnBins
from monitors.profile.facts import merge_facts
from monitors.profile.rows import Rows
from tests.cubes import record_batch

X = ColumnBins("x", "feature", "numeric", "number", np.array([0.0, 1.0]))
WORD = ColumnBins("word", "feature", "categorical", "text", categories=("a", "b"))
TOLERANCE = 0.01


def served(frame: pd.DataFrame, pieces: int = 1) -> list[Rows]:
    """Batches of a log with its windows in a column."""
    out = []
    for part in np.array_split(np.arange(len(frame)), pieces):
        rows = frame.iloc[part]
        batch = record_batch(rows.drop(columns="window"))
        ids = id_hashes(batch.column("id")) if "id" in frame else None
        out.append(Rows(batch, rows["window"].to_numpy(np.int64), ids=ids))
    return out


def offline(home: Path, *frames: pd.DataFrame) -> Offline:
    files = []
    for k, frame in enumerate(frames):
        frame.to_parquet(home / f"{k}.parquet", index=False)
        files.append(LogFile.at(home / f"{k}.parquet", home))
    return Offline(files, "id", TOLERANCE)


def by_hand(log: pd.DataFrame, other: pd.DataFrame) -> dict[int, dict[str, list[int]]]:
    """Rows joined and compared one by one."""
    last = {row["id"]: row for row in other.to_dict("records")}
    out: dict[int, dict[str, list[int]]] = {}
    for row in log.to_dict("records"):
        told = out.setdefault(row["window"], {"matched": [0], "x": [0, 0, 0], "word": [0, 0, 0]})
        if row["id"] not in last:
            continue
        told["matched"][0] += 1
        for name in ("x", "word"):
            a, b = row[name], last[row["id"]][name]
            none, neither = _missing(a), _missing(b)
            if none and neither:
                continue
            if none or neither:
                told[name][1 if none else 2] += 1
            elif (a != b) if name == "word" else abs(a - b) > TOLERANCE * max(1.0, abs(a), abs(b)):
                told[name][0] += 1
    return out


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not np.isfinite(value))


NUMBER = st.one_of(st.sampled_from([0.0, 1.0, 1.005, 1.02, 1000.0, 1009.0, 1011.0, np.nan, np.inf, -np.inf]))
TEXT = st.sampled_from(["a", "b", "ä", "", None])
ROW = st.tuples(st.integers(0, 12), st.integers(0, 2), NUMBER, TEXT)


@settings(deadline=None, max_examples=40)
@given(st.lists(ROW, min_size=1, max_size=30), st.lists(ROW, min_size=1, max_size=30), st.sampled_from([0, 10**9]))
def test_it_is_the_plain_join(ours: list[tuple], theirs: list[tuple], most_bytes: int) -> None:
    """Of several offline rows with one id the last counts; every served row is compared."""
    log, other = (pd.DataFrame(rows, columns=["id", "window", "x", "word"]) for rows in (ours, theirs))
    with tempfile.TemporaryDirectory() as home:
        source = offline(Path(home), other.drop(columns="window"))
        found = compare(served(log, 2), source, [X, WORD], most_bytes)
    expected = by_hand(log, other)
    assert {w: of["matched"] for w, of in found.items()} == {w: of["matched"][0] for w, of in expected.items()}
    for w, of in found.items():
        assert of["rows"] == (log["window"] == w).sum()
        for name in ("x", "word"):
            assert of["features"][name][:3] == expected[w][name]


def test_examples_are_the_same_whatever_the_order_and_have_their_ids(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    log = pd.DataFrame({"id": [f"request {k}" for k in range(5000)], "window": rng.integers(0, 3, 5000), "x": 1.0})
    other = log[["id"]].assign(x=np.where(np.arange(5000) % 10 == 0, 2.0, 1.0))
    results = []
    for seed, most_bytes in ((1, 10**9), (2, 1000)):
        order = np.random.default_rng(seed).permutation(5000)
        source = offline(tmp_path, other.iloc[order[:2500]], other.iloc[order[2500:]])
        found = compare(served(log.iloc[order], 3), source, [X], most_bytes)
        ids = record_batch(log[["id"]]).column("id")
        name_examples(found, [(id_hashes(ids), ids)])
        results.append(found)
    assert results[0] == results[1]
    for window, of in results[0].items():
        assert of["features"]["x"][0] == ((log["window"] == window) & (np.arange(5000) % 10 == 0)).sum()
        examples = of["features"]["x"][3]
        assert len(examples) == 3 and examples == sorted(examples)
        for _, name in examples:
            row = log[log["id"] == name].iloc[0]
            assert row["window"] == window and int(name.split()[1]) % 10 == 0


def test_days_add_up_to_the_week(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    log = pd.DataFrame({"id": np.arange(900), "window": np.arange(900) % 7, "x": rng.integers(0, 2, 900) * 1.0})
    source = offline(tmp_path, log[["id"]].assign(x=1.0))
    days = compare(served(log), source, [X])
    week = compare(served(log.assign(window=0)), source, [X])
    assert merge_facts([{"offline": of} for of in days.values()]) == {"offline": week[0]}


def test_a_feature_that_one_file_lacks_is_missing_there(tmp_path: Path) -> None:
    log = pd.DataFrame({"id": [1, 2], "window": 0, "x": [1.0, 1.0]})
    source = offline(tmp_path, pd.DataFrame({"id": [1], "x": [1.0]}), pd.DataFrame({"id": [2], "z": [1.0]}))
    assert compare(served(log), source, [X])[0]["features"]["x"][:3] == [0, 0, 1]
    absent = compare(served(log.drop(columns="x")), source, [X])[0]
    assert absent["features"]["x"][:3] == [0, 1, 0]


def test_ids_are_one_whatever_their_type(tmp_path: Path) -> None:
    log = pd.DataFrame({"id": [1, 2, 3], "window": 0, "x": [1.0, 2.0, 3.0]})
    source = offline(tmp_path, pd.DataFrame({"id": ["1", "2", "4"], "x": [1.0, 5.0, 3.0]}))
    found = compare(served(log), source, [X])[0]
    assert (found["rows"], found["matched"], found["features"]["x"][:3]) == (3, 2, [1, 0, 0])


def test_numbers_and_text_that_read_alike_are_equal(tmp_path: Path) -> None:
    log = pd.DataFrame({"id": [1, 2, 3], "window": 0, "word": ["1", "true", "x"], "x": ["1.5", "n/a", None]})
    source = offline(tmp_path, pd.DataFrame({"id": [1, 2, 3], "word": [1.0, 1.0, np.nan], "x": [1.5, 2.0, np.nan]}))
    found = compare(served(log), source, [X, WORD])[0]["features"]
    assert found["word"][:3] == [1, 0, 1]
    assert found["x"][:3] == [0, 1, 0], "what is no number is missing"


def test_a_log_without_ids_and_one_without_partners(tmp_path: Path) -> None:
    log = pd.DataFrame({"id": [1, None], "window": [0, 1], "x": [1.0, 1.0]})
    source = offline(tmp_path, pd.DataFrame({"id": [7.0, None], "x": [1.0, 1.0]}))
    for frame in (log, log.drop(columns="id")):
        found = compare(served(frame), source, [X])
        assert [(of["rows"], of["matched"]) for of in found.values()] == [(1, 0), (1, 0)]


def test_bad_files_are_noted_and_a_misspelt_id_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    source = offline(tmp_path, pd.DataFrame({"id": [1], "x": [1.0]}))
    source.files.insert(0, LogFile.at(tmp_path / "bad.parquet", tmp_path))
    log = pd.DataFrame({"id": [1], "window": 0, "x": [1.0]})
    for _ in range(2):
        assert compare(served(log), source, [X])[0]["matched"] == 1
    assert [error.path for error in source.errors] == ["bad.parquet"]
    with pytest.raises(UserError, match="no file of the offline log has such a column"):
        Offline(source.files, "key", 0.0).names()


def test_ids_of_new_files_come_so_many_at_a_time(tmp_path: Path) -> None:
    source = offline(tmp_path, pd.DataFrame({"id": [3, 1, 2, 1]}), pd.DataFrame({"id": [9]}))
    (all_of_them,) = source.ids(source.files)
    assert all_of_them.tolist() == sorted(
        id_hashes(record_batch(pd.DataFrame({"id": [1, 2, 3, 9]})).column(0)).tolist()
    )


def test_rows_are_held_in_memory_or_in_files_and_the_files_go_away() -> None:
    rng = np.random.default_rng(2)
    rows = rng.integers(0, 2**63, (20_000, 3), dtype=np.uint64) * np.uint64(2)
    folders = []
    for most in (10**9, 10_000):
        with Spill(3, most) as spill:
            for piece in np.array_split(rows, 7):
                spill.add(piece)
            assert spill.bytes <= max(most, 0) or most == 10**9
            parts = [spill.part(k) for k in range(PARTS)]
            folders.append(spill.folder)
        back = np.concatenate(parts)
        assert len(back) == len(rows)
        order = np.argsort(rows[:, 0] >> np.uint64(57), kind="stable")
        assert np.array_equal(back, rows[order]), "by part, and in a part in the order in which they came"
    assert folders[0] is None and folders[1] is not None and not folders[1].exists()
