"""Delta and Iceberg tables: the rows of the current version, the same store as files with the same rows."""

from __future__ import annotations

import ast
import base64
import datetime as dt
import json
import string
import struct
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from pyiceberg.catalog.memory import InMemoryCatalog
from pyiceberg.expressions import EqualTo
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import FileScanTask
from pyiceberg.typedef import Record
from pyiceberg.types import StringType
from pyroaring import BitMap

from monitors.config import Config
from monitors.errors import UserError
from monitors.logs import iceberg
from monitors.logs.files import discover
from monitors.logs.objects import opened
from monitors.logs.read import open_batches, row_count, schema
from monitors.pipeline import run
from tests.pipeline.logs import contents, day_frame
from tests.sources.test_objects import Bucket, bucket  # noqa: F401  (a fixture)

DAYS = 12


def day(number: int, tag: str = "") -> pa.Table:
    """A day's rows."""
    frame = day_frame(number).drop(columns="old", errors="ignore")
    return pa.Table.from_pandas(frame.assign(id=frame["id"] + tag), preserve_index=False)


def days(first: int, last: int) -> pa.Table:
    """Rows of some days."""
    return pa.concat_tables([day(number) for number in range(first, last)])


def config(path: str, home: Path, store: str) -> Config:
    """A configuration that reads the table."""
    return Config.from_dict({
        "model": {"name": "m", "task": "binary", "positive": 1},
        "logs": {"path": path, "timestamp": "ts", "id": "id", "prediction": "score", "label": "y"},
        "features": {"segments": ["place"]}, "reference": {"start": "2025-01-01", "end": "2025-01-08"},
        "store": {"url": f"sqlite:///{store}.db"},
    }, home)  # fmt: skip


def stored(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """A store's content but for files: their names, and which rows of a day lie in which."""
    found = {name: rows for name, rows in contents(url).items() if name not in ("models", "files", "touches")}
    found["profiles"] = [(*row[:-1], *row[-1][:-1], _facts(row[-1][-1])) for row in found["profiles"]]
    return found


def _facts(text: str) -> dict[str, Any]:
    return {name: value for name, value in ast.literal_eval(text).items() if name != "files"}


def counts(url: str) -> list[tuple[Any, ...]]:
    """Windows, segments, rows and counts of a store."""
    return [row[:5] for row in stored(url)["profiles"]]


def rows(path: str, base: Path = Path(), **options: Any) -> list[dict[str, Any]]:
    """All rows of the log."""
    return [
        row for file in discover(path, base) for batch in open_batches(file, **options) for row in batch.to_pylist()
    ]


@pytest.fixture(scope="module")
def in_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    """The store that files with the same rows make."""
    home = tmp_path_factory.mktemp("files")
    (home / "logs").mkdir()
    for number in range(DAYS):
        day(number).to_pandas().to_parquet(home / f"logs/{number:03}.parquet", index=False)
    run(config("logs", home, "store"))
    return stored(f"sqlite:///{home}/store.db")


def _catalog(home: Path) -> InMemoryCatalog:
    catalog = InMemoryCatalog("test", warehouse=f"file://{home}")
    catalog.create_namespace("ns")
    return catalog


def test_a_delta_table_and_files_make_one_store(tmp_path: Path, in_files: dict[str, Any]) -> None:
    table = str(tmp_path / "table")
    for number in range(DAYS - 2):
        write_deltalake(table, day(number), mode="append")
    write_deltalake(table, day(9, "-twice"), mode="append")
    mine = config("table", tmp_path, "store")
    assert run(mine).windows_profiled == DAYS - 2
    assert run(mine).files_read == 0
    DeltaTable(table).delete("id LIKE '9-%-twice'")
    assert run(mine).windows_profiled == 1
    for number in range(DAYS - 2, DAYS):
        write_deltalake(table, day(number), mode="append")
    run(mine)
    assert stored(mine.store.url) == in_files
    before = counts(mine.store.url)
    DeltaTable(table).optimize.compact()  # all files are written anew, with the same rows in another order
    assert len(discover("table", tmp_path)) < DAYS - 2
    assert run(mine).windows_profiled == DAYS
    assert run(mine).files_read == 0
    assert counts(mine.store.url) == before


def test_partitions_of_a_delta_table_keep_their_types(tmp_path: Path) -> None:
    table = pa.table(
        {"d": [dt.date(2025, 1, 1), dt.date(2025, 1, 2), None], "k": ["01", "a b", "x/y"], "x": [1.0, 2.0, 3.0]}
    )
    write_deltalake(tmp_path / "t", table, partition_by=["d", "k"])
    found = sorted(rows("t", tmp_path), key=lambda row: row["x"])
    assert found == [{"x": x, "d": d, "k": k} for d, k, x in zip(*(c.to_pylist() for c in table.columns), strict=True)]
    assert {str(field.type) for file in discover("t", tmp_path) for field in schema(file) if field.name == "d"} == {
        "date32[day]"
    }


def _deletion_vector(numbers: list[int]) -> str:
    """Deleted rows as a table's log has them inline: Delta's PROTOCOL.md, "Deletion Vector Format", in Z85."""
    raw = struct.pack("<iqI", 1681511377, 1, 0) + BitMap(numbers).serialize()
    raw += bytes(-len(raw) % 4)
    digits, letters = string.digits, string.ascii_lowercase
    of_rfc1924 = digits + letters.upper() + letters + "!#$%&()*+-;<=>?@^_`{|}~"
    of_z85 = digits + letters + letters.upper() + ".-:+=^!/*?&<>()[]{}@%$#"
    return base64.b85encode(raw).decode().translate(str.maketrans(of_rfc1924, of_z85))


def test_a_delta_table_that_takes_more_than_its_files_is_refused(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "t", day(0), configuration={"delta.appendOnly": "false"})
    log = tmp_path / "t/_delta_log/00000000000000000000.json"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        if "protocol" in line:
            line["protocol"].update(minReaderVersion=3, minWriterVersion=7)
            line["protocol"]["readerFeatures"] = ["deletionVectors", "timestampNtz"]
            line["protocol"]["writerFeatures"] = ["deletionVectors", "timestampNtz"]
        if "add" in line:
            vector = _deletion_vector([0, 7])
            line["add"]["deletionVector"] = {
                "storageType": "i", "pathOrInlineDv": vector, "sizeInBytes": len(vector) // 5 * 4, "cardinality": 2
            }  # fmt: skip
    log.write_text("\n".join(json.dumps(line) for line in lines))
    with pytest.raises(UserError, match=r"'t' is a Delta table with deletion vectors: run REORG"):
        discover("t", tmp_path)


def test_a_delta_table_within_a_folder_is_told(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "logs/t", day(0))
    for pattern in ("logs", "logs/*"):
        with pytest.raises(
            UserError, match=r"logs/t' is a table with versions of its own: give it as a path of its own"
        ):
            discover(pattern, tmp_path)
    (tmp_path / "broken/_delta_log").mkdir(parents=True)
    with pytest.raises(UserError, match="^'broken' is no Delta table that can be read: "):
        discover("broken", tmp_path)


def test_an_iceberg_table_and_files_make_one_store(tmp_path: Path, in_files: dict[str, Any]) -> None:
    table = _catalog(tmp_path).create_table("ns.log", day(0).schema)
    for number in range(DAYS - 2):
        table.append(day(number))
    table.append(day(9, "-twice"))
    mine = config("ns/log", tmp_path, "store")
    assert run(mine).windows_profiled == DAYS - 2
    assert run(mine).files_read == 0
    for part in day(9, "-twice")["id"].to_pylist()[:2]:
        table.delete(EqualTo("id", part))
    assert run(mine).windows_profiled == 1
    table.delete("id >= '9-' AND id < '9.'")
    table.append(day(9))
    table.append(days(DAYS - 2, DAYS))
    run(mine)
    assert run(mine).files_read == 0
    assert stored(mine.store.url) == in_files


def test_columns_of_an_iceberg_table_by_their_ids(tmp_path: Path) -> None:
    table = _catalog(tmp_path).create_table(
        "ns.t", pa.schema([("a", pa.int64()), ("b", pa.string()), ("s", pa.float64())])
    )
    table.append(pa.table({"a": [1], "b": ["x"], "s": [0.5]}))
    before = discover("ns/t", tmp_path)[0]
    with table.update_schema() as update:
        update.add_column("new", StringType())
    assert discover("ns/t", tmp_path)[0] == before  # a column more is no change of the file
    with table.update_schema() as update:
        update.rename_column("a", "b2")
        update.delete_column("s")
    table.append(pa.table({"b2": [2], "b": ["y"], "new": ["n"]}))
    old = next(file for file in discover("ns/t", tmp_path) if file.path == before.path)
    assert old != before
    assert schema(old).names == ["b2", "b"]
    assert sorted(map(str, rows("ns/t", tmp_path))) == ["{'b2': 1, 'b': 'x'}", "{'b2': 2, 'b': 'y', 'new': 'n'}"]
    assert rows("ns/t", tmp_path, columns=["b2", "s"]) in ([{"b2": 1}, {"b2": 2}], [{"b2": 2}, {"b2": 1}])
    assert row_count(old) == 1


def test_rows_deleted_from_a_file_of_an_iceberg_table(tmp_path: Path) -> None:
    table = _catalog(tmp_path).create_table("ns.t", pa.schema([("a", pa.int64()), ("b", pa.string())]))
    table.append(pa.table({"a": [1, 2, 3, 4], "b": list("wxyz")}))
    (task,) = table.scan().plan_files()
    gone = pa.table({"file_path": [task.file.file_path] * 2, "pos": [0, 2]})
    pq.write_table(gone, tmp_path / "gone.parquet")
    delete = DataFile.from_args(
        content=DataFileContent.POSITION_DELETES, file_path=f"file://{tmp_path}/gone.parquet", record_count=2,
        file_format=FileFormat.PARQUET, partition=Record(), file_size_in_bytes=1,
    )  # fmt: skip
    files = [iceberg.file_of(table, FileScanTask(task.file, some), 5, opened) for some in (set(), {delete})]
    assert files[0] != files[1]  # the deletion makes another file of it
    assert (files[0].key, files[0].path, files[1].written) == (files[1].key, files[1].path, 5)
    assert [[r for b in open_batches(f) for r in b.to_pylist()] for f in files] == [
        [{"a": a, "b": b} for a, b in zip([1, 2, 3, 4], "wxyz", strict=True)], [{"a": 2, "b": "x"}, {"a": 4, "b": "z"}]
    ]  # fmt: skip
    assert [b.num_rows for b in open_batches(files[1], ["nope"])] == [2]
    assert next(open_batches(files[1], ["b"])).to_pydict() == {"b": ["x", "z"]}
    assert schema(files[1]).names == ["a", "b"]


def test_a_catalog_names_an_iceberg_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = _catalog(tmp_path)
    catalog.create_table("ns.log", day(0).schema).append(day(0))
    monkeypatch.setattr("pyiceberg.catalog.load_catalog", lambda name: {"prod": catalog}[name])
    assert len(rows("iceberg://prod/ns.log")) == 120
    with pytest.raises(UserError, match=r"^'iceberg://prod/ns.nope' is no Iceberg table that can be read: .*ns.nope"):
        discover("iceberg://prod/ns.nope", Path())
    with pytest.raises(UserError, match=r"^'iceberg://prod' names no table; give iceberg://CATALOG/NAMESPACE.TABLE"):
        discover("iceberg://prod", Path())


def test_tables_in_an_object_store(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    write_deltalake(tmp_path / "t", day(0))
    write_deltalake(tmp_path / "t", day(1), mode="overwrite")
    bucket.upload(tmp_path / "t", "tables/t")
    place = f"s3://{bucket.name}/tables/t"
    files = discover(place, Path())
    assert [file.key.rpartition("/")[0] for file in files] == [place]
    assert pd.DataFrame(rows(place))["id"].tolist() == day(1)["id"].to_pylist()


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_deltalake(tmp_path / "t", day(0))
    _catalog(tmp_path).create_table("ns.log", day(0).schema).append(day(0))
    monkeypatch.setitem(sys.modules, "deltalake", None)
    monkeypatch.setitem(sys.modules, "pyiceberg.table", None)
    with pytest.raises(UserError, match=r"^'t' is a Delta table: reading it needs pip install driftmeter\[delta\]$"):
        discover("t", tmp_path)
    with pytest.raises(UserError, match=r"^'ns/log' is an Iceberg table: .* pip install driftmeter\[iceberg\]$"):
        discover("ns/log", tmp_path)
