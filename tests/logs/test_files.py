from __future__ import annotations

import os
from pathlib import Path

import pytest

from monitors.errors import UserError
from monitors.logs.files import LogFile, discover, ending_format


def _touch(base: Path, *names: str) -> None:
    for name in names:
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a\n1\n")


def _keys(base: Path, patterns: str | list[str]) -> list[str]:
    return [file.key for file in discover(patterns, base)]


def test_files_come_in_natural_order(tmp_path: Path) -> None:
    _touch(tmp_path, "part-10.csv", "part-2.csv", "part-1.csv", "part-02.csv")
    assert _keys(tmp_path, "*.csv") == ["part-1.csv", "part-02.csv", "part-2.csv", "part-10.csv"]


def test_a_file_carries_what_the_ledger_compares(tmp_path: Path) -> None:
    _touch(tmp_path, "logs/a.csv")
    os.utime(tmp_path / "logs/a.csv", ns=(5, 7))
    assert discover("logs/a.csv", tmp_path) == [
        LogFile("logs/a.csv", str(tmp_path / "logs" / "a.csv"), size=4, modified=7)
    ]


def test_a_file_outside_the_base_has_its_absolute_path_as_key(tmp_path: Path) -> None:
    _touch(tmp_path, "a.csv")
    (tmp_path / "home").mkdir()
    absolute = (tmp_path / "a.csv").as_posix()
    assert _keys(tmp_path / "home", "../a.csv") == [absolute]
    assert _keys(tmp_path / "home", absolute) == [absolute]


def test_two_stars_span_folders_and_a_folder_is_all_below_it(tmp_path: Path) -> None:
    _touch(tmp_path, "logs/a.csv", "logs/b/c.csv.gz", "logs/b/d/e.parquet", "logs/readme.txt")
    assert _keys(tmp_path, "logs/**/*.csv*") == ["logs/a.csv", "logs/b/c.csv.gz"]
    everything = ["logs/a.csv", "logs/b/c.csv.gz", "logs/b/d/e.parquet"]
    assert _keys(tmp_path, "logs") == everything
    assert _keys(tmp_path, "logs/**") == everything
    assert _keys(tmp_path, "logs/*") == everything


def test_a_folder_that_spark_wrote_is_read_without_its_markers(tmp_path: Path) -> None:
    _touch(tmp_path, "x.parquet/part-0.parquet", "x.parquet/_SUCCESS", "x.parquet/.part-0.parquet.crc")
    _touch(tmp_path, "x.parquet/_temporary/part-9.parquet")
    assert _keys(tmp_path, "*.parquet") == ["x.parquet/part-0.parquet"]
    assert _keys(tmp_path, "**/*.parquet") == ["x.parquet/part-0.parquet"]


def test_a_file_that_two_patterns_match_counts_once(tmp_path: Path) -> None:
    _touch(tmp_path, "a.csv", "b.csv")
    assert _keys(tmp_path, ["*.csv", "a.csv", "./a.csv"]) == ["a.csv", "b.csv"]


def test_a_name_with_brackets_is_a_name_first(tmp_path: Path) -> None:
    _touch(tmp_path, "log[1].csv", "log1.csv")
    assert _keys(tmp_path, "log[1].csv") == ["log[1].csv"]


def test_an_unknown_ending_is_taken_when_it_is_asked_for(tmp_path: Path) -> None:
    _touch(tmp_path, "data/monitor.log", "data/monitor.1.log")
    assert _keys(tmp_path, "data/*.log") == ["data/monitor.1.log", "data/monitor.log"]


def test_a_path_that_does_not_exist_names_the_nearest(tmp_path: Path) -> None:
    _touch(tmp_path, "logs/flights.csv", "logs/other.parquet")
    with pytest.raises(UserError, match=r"'logs/flihgts.csv' does not exist; did you mean 'flights.csv'\."):
        discover("logs/flihgts.csv", tmp_path)
    with pytest.raises(UserError, match="holds flights.csv, other.parquet"):
        discover("logs/zzz", tmp_path)
    with pytest.raises(UserError, match="nor does the folder"):
        discover("nowhere/a.csv", tmp_path)


def test_a_glob_that_matches_nothing_says_what_is_there(tmp_path: Path) -> None:
    _touch(tmp_path, *(f"logs/{i}.csv" for i in range(8)))
    with pytest.raises(UserError) as error:
        discover("logs/*.parquet", tmp_path)
    assert "'logs/*.parquet' matches no file" in str(error.value)
    assert "holds 0.csv, 1.csv, 2.csv, 3.csv, 4.csv and 3 more." in str(error.value)
    with pytest.raises(UserError, match="does not exist"):
        discover("lgos/*.csv", tmp_path)


def test_a_folder_without_a_log_says_which_endings_are_read(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _touch(tmp_path, "texts/readme.txt")
    with pytest.raises(UserError, match="is empty"):
        discover("empty", tmp_path)
    with pytest.raises(UserError, match=r"holds readme\.txt\. Logs end in \.parquet"):
        discover("texts", tmp_path)


def test_a_remote_address_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="^'ftp://bucket/logs/\\*.parquet' is in no store that is known"):
        discover("ftp://me:hush@bucket/logs/*.parquet", tmp_path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.PARQUET", "parquet"),
        ("a.snappy.parquet", "parquet"),
        ("a.csv.gz", "csv"),
        ("a.tsv", "csv"),
        ("a.json.zst", "ndjson"),
        ("a.jsonl", "ndjson"),
        ("a.gz", None),
        ("csv", None),
    ],
)
def test_endings(name: str, expected: str | None) -> None:
    assert ending_format(name) == expected
