"""Arrow columns of every type as floats with flags, or as bin codes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.profile.bins import FIRST, INVALID, NAN, NULL, ColumnBins
from monitors.profile.values import count_values, distinct, text_of, to_codes, to_floats, type_class

NAN_ = float("nan")
WORDS = ColumnBins("word", "feature", "categorical", "text", categories=("a", "b"), known=frozenset({"rare"}))


@pytest.mark.parametrize(
    ("array", "values", "flags"),
    [
        (pa.array([], pa.float64()), [], []),
        (pa.array([1, None], pa.int8()), [1, 0], [0, NULL]),
        (pa.array([2**63, 1], pa.uint64()), [2.0**63, 1], []),
        (pa.array([1.5, NAN_, None, -np.inf]), [1.5, NAN_, 0, -np.inf], [0, 0, NULL, 0]),
        (pa.array([np.float16(1.5), None], pa.float16()), [1.5, 0], [0, NULL]),
        (pa.array([True, None, False]), [1, 0, 0], [0, NULL, 0]),
        (pa.array([Decimal("1.50"), None], pa.decimal128(10, 2)), [1.5, 0], [0, NULL]),
        (pa.array(["1", " 2.5 ", "1e3", "x", "", None, "nan"]), [1, 2.5, 1000, 0, 0, 0, NAN_],
         [0, 0, 0, INVALID, INVALID, NULL, 0]),
        (pa.array([1.5, None, 1.5]).dictionary_encode(), [1.5, 1.5, 1.5], [0, NULL, 0]),
        (pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None], pa.int32()), pa.array(["1", None, "x"])),
         [1, 0, 0, 1], [0, NULL, INVALID, NULL]),
        (pa.DictionaryArray.from_arrays(pa.array([None], pa.int32()), pa.array([], pa.string())), [0], [NULL]),
        (pa.nulls(2), [0, 0], [NULL, NULL]),
        (pa.array([dt.date(1970, 1, 2), None]), [86_400e6, 0], [0, NULL]),
        (pa.array([1_001, None], pa.timestamp("ns")), [1, 0], [0, NULL]),  # finer than a microsecond
        (pa.array([1_500], pa.duration("ns")), [1], []),
        (pa.array([3], pa.time32("s")), [3e6], []),
        (pa.array([7], pa.timestamp("us", "Europe/Berlin")), [7], []),
    ],
)  # fmt: skip
def test_numbers_come_with_what_they_are_not(array: pa.Array, values: list[float], flags: list[int]) -> None:
    found, flagged = to_floats(array)
    np.testing.assert_array_equal(flagged if len(flagged) else np.zeros(len(found)), flags or np.zeros(len(values)))
    good = flagged == 0 if len(flagged) else np.ones(len(found), bool)
    np.testing.assert_array_equal(found[good], np.array(values, float)[good])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (pa.int8(), "number"), (pa.float32(), "number"), (pa.decimal128(5), "number"), (pa.string(), "text"),
        (pa.dictionary(pa.int32(), pa.string()), "text"), (pa.dictionary(pa.int32(), pa.int64()), "number"),
        (pa.bool_(), "boolean"), (pa.timestamp("s"), "time"), (pa.date32(), "time"), (pa.null(), "null"),
    ],
)  # fmt: skip
def test_types_are_those_that_a_person_tells_apart(kind: pa.DataType, name: str) -> None:
    assert type_class(kind) == name


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (1.0, "1"),
        ("1", "1"),
        (-0.0, "0"),
        (1.5, "1.5"),
        (True, "true"),
        ("True", "true"),
        (np.True_, "true"),
        (Decimal("1.00"), "1"),
        (Decimal("0.5"), "0.5"),
        (1e300, "1e+300"),
        (2**63, str(2**63)),
        (np.float32(2), "2"),
        ("TRUE", "TRUE"),
        (float("inf"), "inf"),
    ],
)
def test_the_same_value_reads_the_same_whatever_its_type(value: object, text: str) -> None:
    assert text_of(value) == text


@given(st.lists(st.sampled_from(["a", "b", "rare", "new", "newer", None])))
def test_codes_are_the_bins_of_the_values(values: list[str | None]) -> None:
    for array in (pa.array(values, pa.string()), pa.array(values, pa.string()).dictionary_encode()):
        bins, unseen, code = to_codes(array, WORDS)
        place = {"a": FIRST, "b": FIRST + 1, "rare": FIRST + 2, None: NULL}
        assert bins.tolist() == [place.get(value, FIRST + 3) for value in values]
        named = [unseen[c] if c >= 0 else None for c in code]
        assert (named or [None] * len(values)) == [value if value in {"new", "newer"} else None for value in values]


def test_nan_in_a_column_of_categories_is_nan() -> None:
    bins, unseen, _ = to_codes(
        pa.array([NAN_, None, 1.0]), ColumnBins("c", "feature", "categorical", "text", categories=("1",))
    )
    assert bins.tolist() == [NAN, NULL, FIRST]
    assert unseen == []


def test_when_too_many_values_were_known_none_is_unseen() -> None:
    open_ended = ColumnBins("c", "feature", "categorical", "text", categories=("a",), complete=False)
    bins, _, _ = to_codes(pa.array(["a", "new"]), open_ended)
    assert open_ended.labels()[bins[1]] == "other"


def test_values_that_read_the_same_are_counted_as_one() -> None:
    assert count_values(pa.array(["True", "true", None, "true"])) == {"true": 3}
    assert count_values(pa.array([0.0, -0.0, NAN_, 1.0, 1.0])) == {"0": 2, "1": 2}
    twice = pa.DictionaryArray.from_arrays(pa.array([0, 1, None], pa.int8()), pa.array(["a", "a"]))
    assert count_values(twice) == {"a": 2}


def test_a_dictionary_may_hold_a_null_itself() -> None:
    array = pa.DictionaryArray.from_arrays(pa.array([0, 1, None], pa.int8()), pa.array(["a", None]))
    _, nulls, _ = distinct(array)
    assert nulls is not None
    assert nulls.tolist() == [False, True, True]
