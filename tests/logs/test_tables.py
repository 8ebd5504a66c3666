from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from monitors.errors import UserError
from monitors.logs.read import table_batches


class _Stream:
    """What polars frames and DuckDB relations look like from outside."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._table.__arrow_c_stream__(requested_schema)


def _values(obj: Any, **options: Any) -> dict[str, list]:
    return pa.Table.from_batches(table_batches(obj, **options)).to_pydict()


TABLE = pa.table({"a": [1, 2, 3], "s": pa.array([{"x": 1}, None, {"x": 3}])})
FLAT = {"a": [1, 2, 3], "s.x": [1, None, 3]}


@pytest.mark.parametrize(
    "obj",
    [
        TABLE,
        TABLE.to_reader(),
        TABLE.to_batches()[0],
        _Stream(TABLE),
        pa.chunked_array([TABLE.to_struct_array().chunk(0)]),
    ],
    ids=lambda obj: type(obj).__name__,
)
def test_whatever_speaks_arrow(obj: Any) -> None:
    assert _values(obj) == FLAT


def test_batches_are_bounded_and_columns_chosen() -> None:
    table = pa.table({"a": range(10), "b": range(10)})
    batches = list(table_batches(table, 4, columns=["b", "nope"]))
    assert [batch.num_rows for batch in batches] == [4, 4, 2]
    assert batches[0].schema.names == ["b"]


def test_pandas_with_everything_that_its_own_export_refuses() -> None:
    frame = pd.DataFrame([[1, "x", {"k": 1}, 2**70], [2, 5, [1], None]], columns=["a", "a", ("m", "n"), 7])
    frame.index = pd.DatetimeIndex(["2015-01-01", "2015-01-02"], name="when")
    assert _values(frame) == {
        "when": [dt.datetime(2015, 1, 1), dt.datetime(2015, 1, 2)],
        "a": [1, 2],
        "a (2)": ["x", "5"],
        "m.n": ['{"k":1}', "[1]"],
        "7": [str(2**70), None],
    }


def test_pandas_nan_is_null_and_an_unnamed_index_is_dropped() -> None:
    frame = pd.DataFrame({"f": [1.0, np.nan], "c": pd.Categorical(["x", None])}, index=[5, 6])
    assert _values(frame) == {"f": [1.0, None], "c": ["x", None]}


def test_pandas_without_columns_or_rows() -> None:
    assert [batch.num_rows for batch in table_batches(pd.DataFrame(index=range(3)))] == [3]
    assert list(table_batches(pd.DataFrame({"a": []}))) == []


@pytest.mark.parametrize("obj", [None, [1, 2], {"a": [1]}, np.zeros(3)])
def test_what_is_no_table(obj: Any) -> None:
    with pytest.raises(UserError, match="is no table: give a pandas"):
        list(table_batches(obj))
