from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.logs.columns import leaves, normalised, unique_names
from monitors.logs.infer import typed
from monitors.logs.quotes import scan_rows


@given(st.lists(st.sampled_from(["a", "b", "a (2)", "a (3)", "", "a (2) (2)"])))
def test_names_become_unique_and_first_ones_stay(names: list[str]) -> None:
    unique = unique_names(names)
    assert len(set(unique)) == len(unique) == len(names)
    for i, name in enumerate(names):
        if name not in names[:i]:
            assert unique[i] == name
        else:
            assert unique[i].startswith(f"{name} (")


def test_the_second_of_two_equal_names() -> None:
    assert unique_names(["a", "a", "a"]) == ["a", "a (2)", "a (3)"]
    assert unique_names(["a", "a", "a (2)"]) == ["a", "a (3)", "a (2)"]


def test_a_null_object_nulls_its_fields() -> None:
    inner = pa.StructArray.from_arrays([pa.array([1, 2, 3])], ["x"], mask=pa.array([False, True, False]))
    outer = pa.StructArray.from_arrays([inner], ["i"], mask=pa.array([True, False, False]))
    batch = pa.record_batch([outer], names=["o"]).slice(0, 3)
    assert normalised(batch, leaves(batch.schema)).to_pydict() == {"o.i.x": [None, None, 3]}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1", None, "-5"], pa.int64()),
        (["1", "1.5"], pa.float64()),
        (["9223372036854775808"], pa.float64()),
        (["1", "x"], pa.string()),
        (["", "NA", None], pa.null()),
        (["None", "None"], pa.string()),
        (["007"], pa.string()),
        (["true", "1"], pa.string()),
        (["2015-01-01", "2015-01-01 10:00"], pa.timestamp("us")),
        (["2015-01-01T10:00Z"], pa.timestamp("us", "UTC")),
        (["2015-01-01T10:00Z", "2015-01-01T10:00"], pa.string()),
        (["inf", "-Infinity", "nan", "1."], pa.float64()),
        ([None, None], pa.null()),
        ([], pa.null()),
    ],
)
def test_the_narrowest_type_that_holds_all(texts: list[str | None], expected: pa.DataType) -> None:
    found = typed(pa.array(texts, pa.string()), pa.null())
    assert found.type == expected
    assert len(found) == len(texts)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(), st.integers().map(str), st.floats().map(str))))
def test_no_value_is_lost_when_a_type_is_guessed(texts: list[str | None]) -> None:
    array = pa.array(texts, pa.string())
    found = typed(array, pa.null())
    if pa.types.is_string(found.type):
        assert found.to_pylist() == texts
    else:
        gone = {None, "", "NA", "NULL", "null", "N/A", "n/a", "#N/A", "None", "none", "nil"}
        nulls = [text is None or text.strip() in gone for text in texts]
        assert [value is None for value in found.to_pylist()] == nulls


def _scan(block: bytes, last: bool = True, room: int = 64) -> tuple[bytes, list[bytes]]:
    drops = np.zeros((room, 2), np.int64)
    end, count = scan_rows(np.frombuffer(block, np.uint8), ord(","), last, drops)
    return block[:end], [block[left:right] for left, right in drops[:count].tolist()]


@pytest.mark.parametrize(
    ("block", "dropped"),
    [
        (b'1,"a\nb"\n2,c\n', []),
        (b'1,"a""\nb"\n2,"c"\r\n', []),
        (b'1,a"b\n2,"c"d\n', []),
        (b'1,"open\n2,c\n', [b'1,"open\n']),
        (b'1,"open\n2,"fine"\n', [b'1,"open\n']),
        (b'1,"open\n2,5"\n3,c\n', []),  # a legal value of two lines, as far as anyone can tell
        (b'1,"open\n2,5" nails\n3,c\n', [b'1,"open\n']),
        (b'1,"x","open\n2,"y","z"\n', [b'1,"x","open\n']),
        (b'1,c\n2,"open\n', [b'2,"open\n']),
    ],
)
def test_stray_quotes(block: bytes, dropped: list[bytes]) -> None:
    assert _scan(block) == (block, dropped)


def test_an_open_quote_waits_for_the_next_block() -> None:
    assert _scan(b'1,a\n2,"open\n3,b\n', last=False) == (b"1,a\n", [])
    assert _scan(b'1,a\n2,"maybe"', last=False) == (b"1,a\n", [])
    assert _scan(b"1,a\n2,b", last=False) == (b"1,a\n", [])


def test_when_there_is_no_more_room_for_dropped_rows() -> None:
    block = b'1,"a\n' * 5
    end, dropped = _scan(block, room=2)
    assert (end, dropped) == (block[:10], [b'1,"a\n'] * 2)
