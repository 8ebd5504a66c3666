from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitors.errors import UserError
from monitors.logs.files import LogFile
from monitors.logs.label_index import buckets, choose, find
from monitors.logs.label_values import LabelValues
from monitors.logs.labels import UNKNOWN_TIME, Labels

DAY = 86_400_000_000


def _csv(path: Path, text: str) -> LogFile:
    path.write_text(text)
    return LogFile.at(path, path.parent)


def _parquet(path: Path, **columns: Any) -> LogFile:
    pq.write_table(pa.table(columns), path)
    return LogFile.at(path, path.parent)


def _load(*files: LogFile, timestamp: str | None = None) -> Labels:
    return Labels.load(list(files), "id", "y", timestamp, "UTC")


def _find(labels: Labels, ids: Any) -> list[Any]:
    found, times = labels.lookup(ids if isinstance(ids, pa.Array) else pa.array(ids))
    assert len(found) == len(times) == len(ids)
    return found.to_pylist()


def test_ids_of_any_type_meet(tmp_path: Path) -> None:
    labels = _load(_csv(tmp_path / "a.csv", "id,y\n12,1\n007,0\nx,1\n9007199254740993,0\n"))
    assert _find(labels, pa.array([12, 7, 9007199254740993])) == [1, None, 0]
    assert _find(labels, pa.array([12.0, None, float("nan"), 0.5])) == [1, None, None, None]
    assert _find(labels, ["12", "12.0", "007", "x", None, "X"]) == [1, 1, 0, 1, None, None]
    assert _find(labels, pa.array(["x", "12", "x", None]).dictionary_encode()) == [1, 1, 1, None]
    numbers = _load(_parquet(tmp_path / "b.parquet", id=pa.array([1.0, None, 2.0]), y=[True, True, False]))
    assert _find(numbers, ["1", "2", "3"]) == [True, False, None]
    assert (len(numbers), numbers.without_id) == (2, 1)


def test_the_latest_label_counts_whatever_the_order_of_files(tmp_path: Path) -> None:
    early = _csv(tmp_path / "part-2.csv", "id,y,t\na,0,2015-01-03\nb,0,2015-01-01\nc,0,\nd,0,2015-01-01\n")
    later = _csv(tmp_path / "part-10.csv", "id,y,t\na,1,2015-01-02\nb,1,2015-01-02\nc,1,2015-01-01\nd,1,2015-01-01\n")
    for files in ((early, later), (later, early)):
        labels = _load(*files, timestamp="t")
        # a: the first file's is later; d: same time, so the file that comes last in natural order.
        assert _find(labels, ["a", "b", "c", "d"]) == [0, 1, 1, 1]
        _, times = labels.lookup(pa.array(["a", "b", "c", "e"]))
        first = int(dt.datetime(2015, 1, 1, tzinfo=dt.UTC).timestamp()) * 10**6
        assert times.tolist() == [first + 2 * DAY, first + DAY, first, UNKNOWN_TIME]
        assert (labels.conflicts, labels.duplicates) == (4, 4)


def test_without_times_the_last_row_counts(tmp_path: Path) -> None:
    labels = _load(_csv(tmp_path / "a.csv", "id,y\na,0\na,1\nb,0\nb,0\na,2\n"))
    assert _find(labels, ["a", "b"]) == [2, 0]
    assert (labels.conflicts, labels.duplicates, len(labels)) == (1, 3, 2)
    assert labels.lookup(pa.array(["a"]))[1].tolist() == [UNKNOWN_TIME]


def test_a_row_without_a_label_is_no_news(tmp_path: Path) -> None:
    labels = _load(_csv(tmp_path / "a.csv", "id,y,t\na,1,2015-01-01\na,,2015-01-02\nb,nan,2015-01-01\n,1,2015-01-01\n"))
    assert _find(labels, ["a", "b"]) == [1.0, None]
    assert (labels.without_label, labels.without_id, labels.duplicates) == (2, 1, 0)


@pytest.mark.parametrize(
    ("first", "second", "expected", "kind"),
    [
        ([1, 0], [0.5, 2.0], [1.0, 0.0, 0.5, 2.0], pa.float64()),
        ([True, False], [3, 4], [1, 0, 3, 4], pa.int64()),
        ([1, 0], ["yes", "no"], ["1", "0", "yes", "no"], pa.dictionary(pa.int32(), pa.string())),
        ([1.0, 0.5], ["yes", "1"], ["1", "0.5", "yes", "1"], pa.dictionary(pa.int32(), pa.string())),
        ([True, False], [False, True], [True, False, False, True], pa.bool_()),
        ([300, -5], [0, 2**40], [300, -5, 0, 2**40], pa.int64()),
    ],
)
def test_files_may_disagree_on_the_type(
    tmp_path: Path, first: list, second: list, expected: list, kind: pa.DataType
) -> None:
    one = _parquet(tmp_path / "1.parquet", id=["a", "b"], y=first)
    two = _parquet(tmp_path / "2.parquet", id=["c", "d"], y=second)
    labels = _load(one, two)
    found, _ = labels.lookup(pa.array(["a", "b", "c", "d"]))
    assert found.to_pylist() == expected
    assert found.type == kind


def test_a_dictionary_may_hold_a_null_among_its_words() -> None:
    words = pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 2], pa.int32()), pa.array(["x", None, "1.0"]))
    values = LabelValues()
    assert values.add(words).tolist() == [True, False, False, True]
    codes, found = values.finish()
    assert found is not None
    assert found.take(pa.array(codes)).to_pylist() == ["x", "1"]


def test_a_file_of_nothing_but_nulls_changes_no_type(tmp_path: Path) -> None:
    full = _csv(tmp_path / "1.csv", "id,y\na,1\n")
    empty = _csv(tmp_path / "2.csv", "id,y\na,\nb,\n")
    labels = _load(full, empty)
    assert labels.lookup(pa.array(["a", "b"]))[0].equals(pa.array([1, None]))
    assert labels.without_label == 2


def test_files_that_cannot_be_read_are_collected(tmp_path: Path) -> None:
    good = _csv(tmp_path / "1.csv", "id,y\na,1\nb,0,extra\n")
    empty = _csv(tmp_path / "2.csv", "")
    other = _csv(tmp_path / "3.csv", "id,label\na,1\n")
    labels = _load(good, empty, other, LogFile("4.csv", str(tmp_path / "4.csv"), 1, 1))
    assert _find(labels, ["a"]) == [1]
    assert [str(error) for error in labels.errors] == [
        "2.csv: is empty",
        "3.csv: has no column 'y'; it has id, label",
        "4.csv: was there a moment ago and is gone",
    ]
    assert labels.notes == {"1.csv": ["1 row skipped: not the 2 values that the header names (first at row 2)"]}


def test_a_column_that_no_file_has_is_the_users_mistake(tmp_path: Path) -> None:
    file = _csv(tmp_path / "a.csv", "request_id,late,label_ts\n1,0,2015-01-01\n")
    with pytest.raises(UserError, match=r"labels.id is 'requestid', but .* did you mean 'request_id'\."):
        Labels.load([file], "requestid", "late", None, "UTC")
    with pytest.raises(UserError, match="labels.label is 'zzz', but .* it has request_id, late, label_ts"):
        Labels.load([file], "request_id", "zzz", None, "UTC")
    with pytest.raises(UserError, match="labels.timestamp is 'label_t', but .* did you mean 'label_ts'"):
        Labels.load([file], "request_id", "late", "label_t", "UTC")


def test_a_file_without_label_times_counts_as_earliest(tmp_path: Path) -> None:
    timed = _csv(tmp_path / "1.csv", "id,y,t\na,1,2015-01-01\n")
    untimed = _csv(tmp_path / "2.csv", "id,y\na,0\nb,0\n")
    labels = _load(timed, untimed, timestamp="t")
    assert _find(labels, ["a", "b"]) == [1, 0]
    assert labels.notes == {"2.csv": ["has no column 't', so when its labels came is unknown"]}


def test_no_labels_at_all(tmp_path: Path) -> None:
    for labels in (_load(), _load(_csv(tmp_path / "a.csv", "id,y\n"))):
        found, times = labels.lookup(pa.array(["a", None]))
        assert found.to_pylist() == [None, None]
        assert times.tolist() == [UNKNOWN_TIME] * 2
        assert len(labels) == 0
    assert _find(_load(_csv(tmp_path / "b.csv", "id,y\na,1\n")), pa.array([], pa.string())) == []


def test_equal_hashes_are_told_apart_by_the_check() -> None:
    hashes = np.array([7, 7, 7, 9, 2**64 - 1], np.uint64)
    checks = np.array([1, 2, 1, 1, 1], np.uint32)
    values = np.array([10, 20, 30, 40, 50])
    kept, conflicts, duplicates = choose(np.argsort(hashes), hashes, checks, values, np.empty(0, np.int64))
    assert values[kept].tolist() == [30, 20, 40, 50]
    assert (conflicts, duplicates) == (1, 1)
    sorted_hashes, sorted_checks = hashes[kept], checks[kept]
    starts, shift = buckets(sorted_hashes)
    wanted = np.array([7, 7, 7, 9, 8, 2**64 - 1, 0], np.uint64)
    wanted_checks = np.array([2, 1, 3, 1, 1, 1, 1], np.uint32)
    assert find(wanted, wanted_checks, sorted_hashes, sorted_checks, starts, shift).tolist() == [1, 0, -1, 2, -1, 3, -1]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 30), st.sampled_from([0, 1, 2, None]), st.integers(0, 5)), max_size=20),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.one_of(st.none(), st.integers(-5, 40))),
    st.booleans(),
)
def test_a_lookup_is_a_left_merge(
    tmp_path: Path, parts: list[list[tuple[int, int | None, int]]], ids: list[int | None], timed: bool
) -> None:
    files, rows = [], []
    for i, part in enumerate(parts):
        frame = pd.DataFrame(part, columns=["id", "y", "t"])
        frame["y"] = frame["y"].astype("Int64")
        rows.append(frame)
        stamped = frame.assign(t=pd.to_datetime(frame["t"], unit="D"))
        if i % 2:
            stamped.to_csv(tmp_path / f"{i}.csv", index=False)
            files.append(LogFile.at(tmp_path / f"{i}.csv", tmp_path))
        else:
            stamped.to_parquet(tmp_path / f"{i}.parquet")
            files.append(LogFile.at(tmp_path / f"{i}.parquet", tmp_path))
    everything = pd.concat(rows, ignore_index=True).dropna(subset="y")
    if timed:
        everything = everything.sort_values("t", kind="stable")
    latest = everything.drop_duplicates("id", keep="last")
    expected = pd.DataFrame({"id": pd.array(ids, "Int64")}).merge(latest, on="id", how="left")
    labels = Labels.load(files[::-1], "id", "y", "t" if timed else None, "UTC")
    found, times = labels.lookup(pa.array(ids, pa.int64()).cast(pa.string()))
    assert found.to_pylist() == [None if pd.isna(y) else y for y in expected["y"]]
    if timed:
        assert times.tolist() == [UNKNOWN_TIME if pd.isna(t) else int(t) * DAY for t in expected["t"]]
    assert len(labels) == len(latest)
    assert labels.duplicates == len(everything) - len(latest)
    assert labels.conflicts == (everything.groupby("id")["y"].nunique() > 1).sum()


def test_many_labels(tmp_path: Path) -> None:
    n = 200_000
    ids = np.random.default_rng(0).permutation(n)
    file = _parquet(tmp_path / "a.parquet", id=pa.array(ids).cast(pa.string()), y=ids % 3)
    labels = _load(file)
    wanted = np.random.default_rng(1).integers(0, 2 * n, n)
    found, _ = labels.lookup(pa.array(wanted))
    expected = np.where(wanted < n, wanted % 3, -1)
    np.testing.assert_array_equal(found.fill_null(-1).to_numpy(), expected)
    kept = (labels.hashes, labels.checks, labels.values, labels.times, labels.starts)
    assert sum(array.nbytes for array in kept) < 16 * n
