"""Files that cannot be read: one clear clause each, and never another exception."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitors.errors import LogFileError
from monitors.logs.files import LogFile
from monitors.logs.read import open_batches, row_count, schema


def _parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": list(range(1000)), "b": ["x"] * 1000}), sink)
    return sink.getvalue().to_pybytes()


CASES = {
    "empty.parquet": (b"", "is empty"),
    "empty.csv": (b"", "is empty"),
    "blank.csv": (b"\n \n", "is empty"),
    "bom.csv": (b"\xef\xbb\xbf", "is empty"),
    "empty.ndjson": (b"", "is empty"),
    "empty.csv.gz": (gzip.compress(b"", mtime=0), "is empty"),
    "half.parquet": (_parquet()[:700], "is no readable Parquet file"),
    "tail.parquet": (_parquet()[:-1], "is no readable Parquet file"),
    "magic.parquet": (b"PAR1", "is no readable Parquet file"),
    "text.parquet": (b"a,b\n1,2\n", "is no readable Parquet file"),
    "notes.txt": (b"just some words\nand more\n", "is neither Parquet nor CSV nor NDJSON"),
    "image": (b"\x89PNG\r\n\x1a\n\0\0;,", "is neither Parquet nor CSV nor NDJSON"),
    "half.csv.gz": (gzip.compress(b"a,b\n" + os.urandom(5000).hex().encode())[:2000], "Truncated compressed stream"),
    "half.ndjson.gz": (gzip.compress(os.urandom(5000).hex().encode())[:2000], "Truncated compressed stream"),
    "junk.csv.gz": (b"\x1f\x8b" + b"junk" * 10, "cannot be"),
}


@pytest.mark.parametrize("name", CASES)
def test_it_says_what_is_wrong(tmp_path: Path, name: str) -> None:
    content, reason = CASES[name]
    (tmp_path / name).write_bytes(content)
    file = LogFile.at(tmp_path / name, tmp_path)
    with pytest.raises(LogFileError) as error:
        list(open_batches(file))
    assert error.value.path == name
    assert reason in error.value.reason
    assert "\n" not in error.value.reason
    assert not error.value.reason.endswith(".")
    with pytest.raises(LogFileError):
        schema(file)
    if not name.endswith((".gz", ".csv", ".ndjson")):
        with pytest.raises(LogFileError):
            row_count(file)


def test_rows_before_a_cut_are_good(tmp_path: Path) -> None:
    rows = b"".join(b"%d,%s\n" % (i, os.urandom(20).hex().encode()) for i in range(200_000))
    content = gzip.compress(b"a,b\n" + rows, 1, mtime=0)
    (tmp_path / "a.csv.gz").write_bytes(content[: len(content) * 9 // 10])
    seen = 0
    with pytest.raises(LogFileError, match="Truncated"):
        for batch in open_batches(LogFile.at(tmp_path / "a.csv.gz", tmp_path)):
            assert batch.column("a").to_pylist() == list(range(seen, seen + batch.num_rows))
            seen += batch.num_rows
    assert seen > 50_000


def test_a_file_that_vanished_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(LogFileError, match="is gone"):
        list(open_batches(LogFile("a.csv", str(tmp_path / "a.csv"), 5, 0)))
    with pytest.raises(LogFileError):
        list(open_batches(LogFile("a.csv", str(tmp_path), 5, 0)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("monitor.log", b'{"a": 1}\n'),
        ("array.log", b'[{"a": 1}]'),
        ("table.dat", b"a;b\n1;2\n"),
        ("noending", _parquet()),
        ("zipped", gzip.compress(b"a,b\n1,2\n", mtime=0)),
    ],
)
def test_an_unknown_ending_is_told_by_content(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert schema(LogFile.at(tmp_path / name, tmp_path)).names[0] == "a"
