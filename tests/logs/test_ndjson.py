from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitors.errors import LogFileError
from monitors.logs import blocks
from monitors.logs.files import LogFile
from monitors.logs.read import ReadNotes, open_batches, schema


def _file(path: Path, content: bytes | str | list[Any]) -> LogFile:
    if isinstance(content, list):
        content = "".join(json.dumps(record) + "\n" for record in content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return LogFile.at(path, path.parent)


def _values(file: LogFile, **options: Any) -> dict[str, list]:
    found: dict[str, list] = {}
    for batch in open_batches(file, **options):
        for name, array in zip(batch.schema.names, batch.columns, strict=True):
            found.setdefault(name, []).extend(array.to_pylist())
    return found


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks.bytes_of, "__defaults__", (64,))
    monkeypatch.setattr(blocks.line_blocks, "__defaults__", (64,))


def test_types_and_flat_names(tmp_path: Path) -> None:
    file = _file(
        tmp_path / "a.ndjson",
        [
            {"i": 1, "f": 0.5, "b": True, "s": "x", "o": {"p": 1, "q": {"r": "y"}}, "l": [1, {"z": 2}]},
            {"i": 2, "f": 1, "o": None, "l": [], "e": {}},
        ],
    )
    assert _values(file) == {
        "i": [1, 2],
        "f": [0.5, 1.0],
        "b": [True, None],
        "s": ["x", None],
        "o.p": [1, None],
        "o.q.r": ["y", None],
        "l": ['[1,{"z":2}]', "[]"],
    }
    assert [str(t) for t in schema(file).types] == ["int64", "double", "bool", "string", "int64", "string", "string"]


def test_broken_lines_are_skipped_and_counted(tmp_path: Path) -> None:
    file = _file(tmp_path / "a.jsonl", '{"a":1}\n{"a":\n\n[1]\n7\n{"a":2}\n{"a":3')
    notes = ReadNotes()
    assert _values(file, notes=notes) == {"a": [1, 2]}
    assert notes.skipped_rows == 4
    assert notes.messages == ["4 rows skipped: no JSON object (first at row 2)"]


def test_mixed_types_in_one_key_are_text(tmp_path: Path) -> None:
    values = [1, "x", True, None, 2.5, 3.0, [1], {"k": 1}]
    file = _file(tmp_path / "a.json", [{"a": value, "b": 1} for value in values])
    assert _values(file)["a"] == ["1", "x", "true", None, "2.5", "3", "[1]", None]
    assert _values(file)["a.k"] == [None] * 7 + [1]
    assert _values(file)["b"] == [1] * 8


@pytest.mark.usefixtures("small_blocks")
def test_a_key_that_changes_or_comes_and_goes_between_blocks(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [{"a": i} for i in range(20)]
    records += [{"a": i + 0.5, "late": i} for i in range(20, 40)]
    records += [{"a": "soon"} for _ in range(20)]
    file = _file(tmp_path / "a.ndjson", records)
    batches = list(open_batches(file))
    assert [str(b.schema.field("a").type) for b in batches[:: len(batches) - 1]] == ["int64", "string"]
    assert "late" not in batches[0].schema.names
    assert batches[-1].column("late").to_pylist() == [None] * batches[-1].num_rows
    expected = [*range(20), *(i + 0.5 for i in range(20, 40)), *["soon"] * 20]
    assert [str(value) for value in _values(file)["a"]] == [str(value) for value in expected]


def test_nan_and_infinity_as_python_writes_them(tmp_path: Path) -> None:
    values = _values(_file(tmp_path / "a.ndjson", '{"a":NaN}\n{"a":-Infinity}\n{"a":1}\n{"a":null}\n'))["a"]
    assert math.isnan(values[0])
    assert values[1:] == [-math.inf, 1.0, None]


def test_ids_are_never_rounded(tmp_path: Path) -> None:
    big = [9007199254740993, 12345678901234567890, 2**70]
    numbers = _file(tmp_path / "n.ndjson", [{"id": i} for i in big])
    assert _values(numbers, text_columns=["id"]) == {"id": [str(i) for i in big]}
    small = _file(tmp_path / "s.ndjson", [{"id": 5, "x": 1.0}, {"id": 7, "x": 2.0}])
    assert _values(small, text_columns=["id"])["id"] == ["5", "7"]
    dates = _file(tmp_path / "d.ndjson", [{"id": "2015-01-01"}, {"id": "2015-01-02"}])
    assert _values(dates, text_columns=["id"])["id"] == ["2015-01-01", "2015-01-02"]
    mixed = _file(tmp_path / "m.ndjson", [{"id": 5}, {"id": "a"}, {"id": 2**64}])
    assert _values(mixed, text_columns=["id"])["id"] == ["5", "a", "18446744073709551616"]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_of_objects(tmp_path: Path, indent: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [{"a": i, "s": "] , [" * 10, "o": {"p": [i]}} for i in range(100)]
    original = blocks.bytes_of
    monkeypatch.setattr("monitors.logs.records.bytes_of", lambda file, _: original(file, 100))
    values = _values(_file(tmp_path / "a.json", json.dumps(records, indent=indent)))
    assert values["a"] == list(range(100))
    assert values["o.p"] == [f"[{i}]" for i in range(100)]


def test_an_array_that_breaks_off_gives_what_came_before(tmp_path: Path) -> None:
    file = _file(tmp_path / "a.json", '[{"a":1}, 5, {"a":2}, {"a":')
    notes = ReadNotes()
    batches = open_batches(file, notes=notes)
    assert next(batches).to_pydict() == {"a": [1, 2]}
    with pytest.raises(LogFileError, match="breaks off or is no JSON after 3 objects"):
        next(batches)
    assert notes.skipped_rows == 1


def test_json_by_column_is_refused_in_words(tmp_path: Path) -> None:
    by_column = {"a": {str(i): i for i in range(30_000)}}
    with pytest.raises(LogFileError, match=r"JSON by column: write one object a line \(pandas"):
        list(open_batches(_file(tmp_path / "a.json", [by_column])))


def test_names_stay_as_they_are_and_clashes_are_numbered(tmp_path: Path) -> None:
    record = {"a b": 1, 'say "hi"': 2, "<b>": 3, "🦊": 4, "o": {"p": 5}, "o.p": 6}
    expected = {"a b": [1], 'say "hi"': [2], "<b>": [3], "🦊": [4], "o.p": [5], "o.p (2)": [6]}
    assert _values(_file(tmp_path / "a.ndjson", [record])) == expected
    broken = json.dumps(record) + "\nx\n"
    assert _values(_file(tmp_path / "b.ndjson", broken)) == expected


def test_a_key_twice_in_one_object_is_its_last_value(tmp_path: Path) -> None:
    assert _values(_file(tmp_path / "a.ndjson", '{"a":1,"a":2}\n')) == {"a": [2]}


def test_what_is_not_utf8_is_read_all_the_same(tmp_path: Path) -> None:
    notes = ReadNotes()
    file = _file(tmp_path / "a.ndjson", '{"a":"Köln"}\n'.encode("cp1252") + b'{"a":"\\ud83d"}\n')
    assert _values(file, notes=notes) == {"a": ["Köln", "?"]}
    assert notes.messages == ["not everything is UTF-8; the rest was read as Windows-1252"]


def test_very_deep_nesting_is_a_broken_line(tmp_path: Path) -> None:
    notes = ReadNotes()
    deep = '{"a":' * 100_000
    assert _values(_file(tmp_path / "a.ndjson", deep + '\n{"b":1}\n'), notes=notes) == {"b": [1]}
    assert notes.skipped_rows == 1


def test_rows_without_any_wanted_key_count(tmp_path: Path) -> None:
    file = _file(tmp_path / "a.ndjson", [{"a": 1}, {}, {"a": 2}])
    assert [batch.num_rows for batch in open_batches(file, columns=["nope"])] == [3]
    assert [batch.num_rows for batch in open_batches(_file(tmp_path / "b.ndjson", [{}, {}]))] == [2]


def test_gzip(tmp_path: Path) -> None:
    assert _values(_file(tmp_path / "a.json.gz", gzip.compress(b'{"a":1}\n'))) == {"a": [1]}


_SCALAR = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**80), 2**80), st.floats(allow_nan=False), st.text(), st.just([1, "x"])
)
_KEY = st.sampled_from(["a", "b", "c d", "é"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(_KEY, st.one_of(_SCALAR, st.dictionaries(_KEY, _SCALAR))), min_size=1))
def test_any_objects_are_read_and_none_is_lost(tmp_path: Path, records: list[dict]) -> None:
    notes = ReadNotes()
    file = _file(tmp_path / "a.ndjson", records)
    assert sum(batch.num_rows for batch in open_batches(file, notes=notes)) == len(records)
    assert notes.skipped_rows == 0
    for name, values in _values(file).items():
        present = [value is not None for value in values]
        plain = [_leaf(record, name) is not None for record in records]
        assert present == plain


def _leaf(record: dict, name: str) -> Any:
    head, _, tail = name.partition(".")
    value = record.get(head)
    if tail:
        return value.get(tail) if isinstance(value, dict) else None
    return None if isinstance(value, dict) else value
