from __future__ import annotations

import gzip
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitors.logs import blocks, delimited
from monitors.logs.files import LogFile
from monitors.logs.read import ReadNotes, open_batches, row_count, schema


def _file(path: Path, content: bytes | str) -> LogFile:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return LogFile.at(path, path.parent)


def _values(file: LogFile, **options: object) -> dict[str, list]:
    """Columns of all batches as Python lists, whatever their types were in each."""
    found: dict[str, list] = {}
    for batch in open_batches(file, **options):  # type: ignore[arg-type]
        for name, array in zip(batch.schema.names, batch.columns, strict=True):
            found.setdefault(name, []).extend(array.to_pylist())
    return found


def _types(file: LogFile) -> dict[str, str]:
    return {part.name: str(part.type) for part in schema(file)}


def test_types_are_told_by_the_values(tmp_path: Path) -> None:
    file = _file(
        tmp_path / "a.csv",
        "i,f,b,s,d,t,z,n\n1,1.5,True,x,2015-01-01,2015-01-01 10:00:00,2015-01-01T10:00:00+02:00,\n"
        "-2,1e3,false,y,2015-01-02,2015-01-01T10:00:00.25,2015-01-01T10:00:00Z,\n",
    )
    assert _types(file) == {
        "i": "int64",
        "f": "double",
        "b": "bool",
        "s": "string",
        "d": "date32[day]",
        "t": "timestamp[us]",
        "z": "timestamp[us, tz=UTC]",
        "n": "null",
    }
    assert row_count(file) is None


def test_an_unquoted_empty_is_null_and_a_quoted_one_is_text(tmp_path: Path) -> None:
    file = _file(tmp_path / "a.csv", 's,q,n\na,"",1\n,b,\nNULL,"NULL",""\n')
    assert _values(file) == {"s": ["a", None, None], "q": ["", "b", "NULL"], "n": [1, None, None]}


def test_words_for_missing_are_null_among_numbers_and_kept_among_text(tmp_path: Path) -> None:
    file = _file(tmp_path / "a.csv", "number,country\n1.5,NA\nNA,None\nNone,DE\nnan,FR\n 2.5 ,NA\n")
    values = _values(file)
    assert values["country"] == ["NA", "None", "DE", "FR", "NA"]
    assert values["number"][:3] == [1.5, None, None]
    assert math.isnan(values["number"][3])
    assert values["number"][4] == 2.5


def test_codes_keep_their_leading_zeros(tmp_path: Path) -> None:
    file = _file(tmp_path / "a.csv", "zip,hash,zero\n01234,0x1f,0\n90210,0x20,0.5\n")
    assert _types(file) == {"zip": "string", "hash": "string", "zero": "double"}
    assert _values(file)["zip"] == ["01234", "90210"]


def test_crlf_bom_and_other_delimiters(tmp_path: Path) -> None:
    expected = {"a": [1, 2], "b": ["x", "y"]}
    for i, mark in enumerate(",;\t|"):
        text = f"a{mark}b\r\n1{mark}x\r\n2{mark}y\r\n"
        assert _values(_file(tmp_path / f"{i}.csv", b"\xef\xbb\xbf" + text.encode())) == expected
    assert _values(_file(tmp_path / "a.tsv", "a\tb\n1\tx\n2\ty")) == expected


def test_lines_that_end_in_a_carriage_return_alone(tmp_path: Path) -> None:
    assert _values(_file(tmp_path / "a.csv", "a,b\r1,x\r2,y")) == {"a": [1, 2], "b": ["x", "y"]}


def test_a_header_that_holds_another_delimiter(tmp_path: Path) -> None:
    file = _file(tmp_path / "a.csv", "name, first;born\nA;1\nC, D;2\n")
    assert _values(file) == {"name, first": ["A", "C, D"], "born": [1, 2]}


def test_decimal_commas_between_semicolons(tmp_path: Path) -> None:
    assert _values(_file(tmp_path / "a.csv", "x;y\n1,5;1\n-2,25;2\n")) == {"x": [1.5, -2.25], "y": [1, 2]}


def test_one_column_and_blank_lines(tmp_path: Path) -> None:
    assert _values(_file(tmp_path / "a.csv", "\nx\n\n1\n\n2\n")) == {"x": [1, 2]}


def test_names_stay_as_they_are(tmp_path: Path) -> None:
    names = ["a b", 'say ""hi""', "<b>x</b>", "🦊", "two\nlines"]
    header = ",".join(f'"{name}"' for name in names)
    file = _file(tmp_path / "a.csv", f"{header},\n1,2,3,4,5,6\n")
    assert list(_values(file)) == [*(name.replace('""', '"') for name in names), "column 6"]


def test_equal_names_are_numbered(tmp_path: Path) -> None:
    file = _file(tmp_path / "a.csv", "a,a,b,a\n1,2,3,4\n")
    assert _values(file) == {"a": [1], "a (2)": [2], "b": [3], "a (3)": [4]}
    assert _values(file, columns=["a (2)"]) == {"a (2)": [2]}


@pytest.mark.parametrize("content", ["a,b\n", "a,b", "a,b\r\n\r\n"])
def test_a_header_alone_has_a_schema_and_no_rows(tmp_path: Path, content: str) -> None:
    file = _file(tmp_path / "a.csv", content)
    assert _types(file) == {"a": "null", "b": "null"}
    assert list(open_batches(file)) == []


def test_lines_with_a_wrong_number_of_values_are_skipped_and_counted(tmp_path: Path) -> None:
    file = _file(tmp_path / "a.csv", "a,b\n1,x\n2\n3,y,z\n4,w\n5")
    notes = ReadNotes()
    assert _values(file, notes=notes) == {"a": [1, 4], "b": ["x", "w"]}
    assert notes.skipped_rows == 3
    assert notes.messages == ["3 rows skipped: not the 2 values that the header names (first at row 2)"]


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    rows = "".join(f"{i},ok\n" for i in range(1000))
    for name, tail in (("end", ""), ("quotes", '7,"fine, really"\n'), ("stray", '8,5" nails\n')):
        file = _file(tmp_path / f"{name}.csv", f'a,b\n0,"open\n{rows}{tail}')
        notes = ReadNotes()
        assert len(_values(file, notes=notes)["a"]) == 1000 + bool(tail)
        assert notes.messages == ["1 row skipped: a quote is opened and never closed (first at row 1)"]


def test_values_with_line_breaks_survive_block_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 16)
    monkeypatch.setattr(delimited, "_COLUMN_BYTES", 1)
    monkeypatch.setattr(blocks.bytes_of, "__defaults__", (16,))
    texts = ["plain", 'with "quotes"', "two\nlines", "a, b", "x" * 40, "", "end\n"]
    frame = pd.DataFrame({"i": range(70), "s": texts * 10})
    frame.to_csv(tmp_path / "a.csv", index=False, quoting=2)
    values = _values(LogFile.at(tmp_path / "a.csv", tmp_path), text_columns=["s"])
    assert values["i"] == list(range(70))
    assert values["s"] == texts * 10


def test_a_type_that_changes_late_widens_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 64)
    monkeypatch.setattr(delimited, "_COLUMN_BYTES", 1)
    monkeypatch.setattr(blocks.bytes_of, "__defaults__", (64,))
    rows = [f"{i},{i},,2015-01-01" for i in range(50)] + ["50.5,x,7,2015-01-01 10:00:00", "51,51,8,soon"]
    file = _file(tmp_path / "a.csv", "number,mixed,late,time\n" + "\n".join(rows) + "\n")
    batches = list(open_batches(file))
    assert batches[0].schema.types == [pa.int64(), pa.int64(), pa.null(), pa.date32()]
    values = _values(file)
    assert values["number"] == [*range(50), 50.5, 51.0]
    assert [str(x) for x in values["mixed"]] == [*map(str, range(50)), "x", "51"]
    assert values["late"] == [None] * 50 + [7, 8]
    assert values["time"][-1] == "soon"


def test_ids_are_never_rounded(tmp_path: Path) -> None:
    ids = ["9007199254740993", "12345678901234567890", "007", "1.50"]
    file = _file(tmp_path / "a.csv", "id,x\n" + "".join(f"{i},1\n" for i in ids))
    assert _values(file, text_columns=["id"])["id"] == ids


def test_gzip_is_told_by_content(tmp_path: Path) -> None:
    content = gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n")
    for name in ("a.csv.gz", "b.csv"):
        assert _values(_file(tmp_path / name, content)) == {"a": [1, 3], "b": [2, 4]}


def test_other_encodings(tmp_path: Path) -> None:
    text = "stadt,größe\nKöln,1\nZürich €,2\n"
    expected = {"stadt": ["Köln", "Zürich €"], "größe": [1, 2]}
    notes = ReadNotes()
    assert _values(_file(tmp_path / "a.csv", text.encode("cp1252")), notes=notes) == expected
    assert notes.messages == ["not everything is UTF-8; the rest was read as Windows-1252"]
    assert _values(_file(tmp_path / "b.csv", text.encode("utf-16"))) == expected


def test_columns_that_the_file_lacks_are_left_out_and_rows_stay(tmp_path: Path) -> None:
    file = _file(tmp_path / "a.csv", "a,b\n1,2\n3,4\n")
    assert _values(file, columns=["b", "nope"]) == {"b": [2, 4]}
    assert [batch.num_rows for batch in open_batches(file, columns=["nope"])] == [2]


def test_batches_are_bounded(tmp_path: Path) -> None:
    file = _file(tmp_path / "a.csv", "a\n" + "1\n" * 1000)
    assert [batch.num_rows for batch in open_batches(file, batch_rows=300)] == [300, 300, 300, 100]


def test_columns_in_the_path(tmp_path: Path) -> None:
    folder = tmp_path / "day=2015-01-01" / "hour=7" / "zip=007" / "region=A%2FB" / "x=__HIVE_DEFAULT_PARTITION__"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("hour,v\n9,1\n")
    file = LogFile.at(folder / "a.csv", tmp_path)
    assert _values(file) == {
        "hour": [9], "v": [1], "day": ["2015-01-01"], "zip": ["007"], "region": ["A/B"], "x": [None]
    }  # fmt: skip
    assert schema(file).names == ["hour", "v", "day", "zip", "region", "x"]
    assert _values(file, columns=["region"]) == {"region": ["A/B"]}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1),
            st.floats(allow_nan=False),
            st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_what_pandas_writes_comes_back(tmp_path: Path, rows: list[tuple[int, float, str]]) -> None:
    frame = pd.DataFrame(rows, columns=["i", "f", "s"])
    frame.to_csv(tmp_path / "a.csv", index=False, quoting=2)
    values = _values(LogFile.at(tmp_path / "a.csv", tmp_path), text_columns=["s"])
    assert values["i"] == frame["i"].tolist()
    np.testing.assert_array_equal(np.array(values["f"], float), frame["f"])
    assert values["s"] == frame["s"].tolist()
