from __future__ import annotations

import datetime as dt
import decimal
import gc
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitors.errors import LogFileError
from monitors.logs import parquet
from monitors.logs.files import LogFile
from monitors.logs.read import open_batches, row_count, schema

CODED = pa.dictionary(pa.int32(), pa.string())


def _file(path: Path, table: pa.Table, **options: Any) -> LogFile:
    pq.write_table(table, path, **options)
    return LogFile.at(path, path.parent)


def _table(file: LogFile, **options: Any) -> pa.Table:
    return pa.Table.from_batches(open_batches(file, **options))


def test_text_with_few_values_comes_as_a_dictionary_and_ids_do_not(tmp_path: Path) -> None:
    n = 50_000
    ids = [f"request-{i}" for i in range(n)]
    file = _file(tmp_path / "a.parquet", pa.table({"c": ["x", "y"] * (n // 2), "id": ids, "v": range(n)}))
    table = _table(file)
    assert table.schema.types == [CODED, pa.string(), pa.int64()]
    assert table["id"].to_pylist() == ids
    assert row_count(file) == n
    assert _table(file, text_columns=["c"]).schema.field("c").type == pa.string()


def test_batches_are_bounded_whatever_the_row_groups(tmp_path: Path) -> None:
    table = pa.table({"v": range(10_000), "c": [str(i % 7) for i in range(10_000)]})
    for group in (10_000, 777):
        file = _file(tmp_path / "a.parquet", table, row_group_size=group)
        batches = list(open_batches(file, batch_rows=3000))
        assert max(batch.num_rows for batch in batches) <= 3000
        back = pa.Table.from_batches(batches)
        assert back["v"].to_pylist() == list(range(10_000))
        assert back["c"].cast(pa.string()).to_pylist() == table["c"].to_pylist()


def test_wide_files_come_in_smaller_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_BATCH_BYTES", 8 * 10 * 2000)
    file = _file(tmp_path / "a.parquet", pa.table({f"c{i}": range(6000) for i in range(10)}))
    assert [batch.num_rows for batch in open_batches(file)] == [2000] * 3
    assert [batch.num_rows for batch in open_batches(file, columns=["c1"])] == [6000]


def test_a_batch_is_let_go_when_the_next_one_comes(tmp_path: Path) -> None:
    n = 200_000
    table = pa.table({"v": np.random.default_rng(0).random(n), "s": [{"a": i} for i in range(n)]})
    file = _file(tmp_path / "a.parquet", table, row_group_size=n)
    del table
    gc.collect()
    gc.disable()
    try:
        held = []
        for batch in open_batches(file, batch_rows=5000):
            held.append((pa.total_allocated_bytes(), batch.nbytes))
    finally:
        gc.enable()
    assert len(held) == 40
    (most, _), (later, size) = max(held[:20]), max(held[20:])
    assert later < most + 5 * size


def test_a_dictionary_with_as_many_values_as_rows(tmp_path: Path) -> None:
    words = pa.array([f"word {i}" for i in range(200_000)]).dictionary_encode()
    back = _table(_file(tmp_path / "a.parquet", pa.table({"c": words})), batch_rows=65_536)
    assert back["c"].cast(pa.string()).to_pylist() == words.to_pylist()


def test_nested_columns_are_flat(tmp_path: Path) -> None:
    table = pa.table(
        {
            "s": pa.array([{"a": 1, "t": {"b": "x"}}, None, {"a": None, "t": None}]),
            "l": pa.array([[1, 2], None, []]),
            "m": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
        }
    )
    file = _file(tmp_path / "a.parquet", table)
    expected = {
        "s.a": [1, None, None],
        "s.t.b": ["x", None, None],
        "l": ["[1,2]", None, "[]"],
        "m": ['{"k":1}', None, "{}"],
    }
    assert _table(file).to_pydict() == expected
    assert _table(file, columns=["s.t.b"]).to_pydict() == {"s.t.b": expected["s.t.b"]}
    assert schema(file).names == list(expected)


def test_types_that_monitors_do_not_know_become_some_that_they_do(tmp_path: Path) -> None:
    code = uuid.UUID("12345678-1234-5678-1234-567812345678")
    table = pa.table(
        {
            "decimal": pa.array([decimal.Decimal("1.25"), None], pa.decimal128(10, 2)),
            "whole": pa.array([decimal.Decimal(7), None], pa.decimal128(18, 0)),
            "wide": pa.array([decimal.Decimal(2**70), None], pa.decimal256(40, 0)),
            "duration": pa.array([1_500_000, None], pa.duration("us")),
            "time": pa.array([dt.time(10, 30), None], pa.time64("us")),
            "text": pa.array([b"caf\xc3\xa9", None], pa.binary()),
            "bytes": pa.array([b"\xff\x00", None], pa.binary()),
            "fixed": pa.array([b"ab", None], pa.binary(2)),
            "uuid": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([code.bytes, None], pa.binary(16))),
            "half": pa.array([np.float16(0.5), None], pa.float16()),
            "large": pa.array(["x", None], pa.large_string()),
            "view": pa.array(["x", None], pa.string_view()),
            "codes": pa.array([3, None]).dictionary_encode(),
            "category": pa.array(["x", None]).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string())),
            "null": pa.nulls(2),
        }
    )
    batch = next(open_batches(_file(tmp_path / "a.parquet", table, store_schema=True)))
    found = {name: (str(array.type), array[0].as_py()) for name, array in zip(batch.schema.names, batch, strict=True)}
    coded = str(CODED)
    assert found == {
        "decimal": ("double", 1.25),
        "whole": ("int64", 7),
        "wide": ("double", float(2**70)),
        "duration": ("double", 1.5),
        "time": ("string", "10:30:00.000000"),
        "text": ("string", "café"),
        "bytes": ("string", "ff00"),
        "fixed": ("string", "6162"),
        "uuid": ("string", str(code)),
        "half": ("float", 0.5),
        "large": (coded, "x"),
        "view": ("string", "x"),
        "codes": ("int64", 3),
        "category": (coded, "x"),
        "null": ("null", None),
    }
    assert all(not column[1].is_valid for column in batch.columns)
    wide = _table(LogFile.at(tmp_path / "a.parquet", tmp_path), columns=["wide"], text_columns=["wide"])
    assert wide["wide"].to_pylist() == [str(2**70), None]


def test_equal_names_dots_and_order(tmp_path: Path) -> None:
    arrays = [[1], [2], [3], [{"x": 4, "c": 5}], [6], [7]]
    table = pa.table(arrays, names=["b", "a", "b", "s", "s.c", "🦊 <b>\"'"])
    file = _file(tmp_path / "a.parquet", table)
    expected = {"b": [1], "a": [2], "b (2)": [3], "s.x": [4], "s.c": [5], "s.c (2)": [6], "🦊 <b>\"'": [7]}
    assert _table(file).to_pydict() == expected
    assert schema(file).names == list(expected)
    for name, values in expected.items():
        assert _table(file, columns=[name]).to_pydict() == {name: values}


def test_columns_that_the_file_lacks_are_left_out_and_rows_stay(tmp_path: Path) -> None:
    file = _file(tmp_path / "a.parquet", pa.table({"a": [1, 2, 3]}))
    assert [(b.num_rows, b.num_columns) for b in open_batches(file, columns=["nope"])] == [(3, 0)]
    assert [b.num_rows for b in open_batches(file, columns=[], batch_rows=2)] == [2, 1]


@pytest.mark.parametrize("rows", [2, 50_000])
def test_text_that_is_not_utf8_although_the_file_says_so(tmp_path: Path, rows: int) -> None:
    raw = pa.array([b"K\xf6ln", "Zürich".encode()] * (rows // 2))
    lying = pa.Array.from_buffers(pa.string(), rows, raw.buffers())
    back = _table(_file(tmp_path / "a.parquet", pa.table({"c": lying})))
    assert back["c"].cast(pa.string()).to_pylist() == ["Köln", "Zürich"] * (rows // 2)


def test_a_file_without_rows(tmp_path: Path) -> None:
    file = _file(tmp_path / "a.parquet", pa.table({"a": pa.array([], pa.int64()), "c": pa.array([], pa.string())}))
    assert list(open_batches(file)) == []
    assert schema(file).names == ["a", "c"]
    assert row_count(file) == 0


def test_pandas_categories_and_times(tmp_path: Path) -> None:
    frame = pd.DataFrame({"c": pd.Categorical(["x", None, "y"]), "t": pd.date_range("2015-01-01", periods=3, tz="UTC")})
    frame.to_parquet(tmp_path / "a.parquet")
    table = _table(LogFile.at(tmp_path / "a.parquet", tmp_path))
    assert table["c"].to_pylist() == ["x", None, "y"]
    assert table.schema.field("c").type == CODED
    assert pa.types.is_timestamp(table.schema.field("t").type)


def test_corruption_in_a_later_row_group_is_told_when_it_comes(tmp_path: Path) -> None:
    n = 40_000
    table = pa.table({"v": np.random.default_rng(0).integers(0, 2**62, n)})
    file = _file(tmp_path / "a.parquet", table, row_group_size=n // 4, compression="zstd", use_dictionary=False)
    meta = pq.read_metadata(file.path).row_group(2).column(0)
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    start = meta.data_page_offset
    content[start : start + meta.total_compressed_size] = b"\x5a" * meta.total_compressed_size
    (tmp_path / "a.parquet").write_bytes(content)
    good = []
    with pytest.raises(LogFileError, match=r"^a\.parquet: is no readable Parquet file"):
        for batch in open_batches(file, batch_rows=10_000):
            good.append(batch.num_rows)
    assert sum(good) == n // 2
