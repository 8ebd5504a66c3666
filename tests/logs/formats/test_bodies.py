"""Bodies of requests and responses, after the protocols' own examples."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.logs.formats.bodies import Items, aligned, items, named
from monitors.logs.formats.payload import BrokenRecordError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["instances", "inputs", "outputs", "predictions", "data", "names", "ndarray", "tensor",
                             "shape", "values", "columns", "dataframe_split", "name", "strData", "a"]),
            inner, max_size=4,
        )
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (None, []),
        ([], []),
        ({"instances": []}, []),
        (3, [{"v": 3}]),
        ([1, 2], [{"v": 1}, {"v": 2}]),
        ([[1], [2]], [{"v": 1}, {"v": 2}]),
        ({"instances": [[6.8, 2.8], [6.0, 3.4]]}, [{"v_0": 6.8, "v_1": 2.8}, {"v_0": 6.0, "v_1": 3.4}]),
        ({"instances": [{"a": 1, "b": "x"}]}, [{"a": 1, "b": "x"}]),
        ({"predictions": [1, 1]}, [{"v": 1}, {"v": 1}]),
        ({"predictions": [1], "probabilities": [0.85]}, [{"v": 1, "probabilities": 0.85}]),
        ({"predictions": [1, 2], "databricks_output": {"trace": None}}, [{"v": 1}, {"v": 2}]),
        ({"dataframe_split": {"index": [0], "columns": ["a", "b"], "data": [[1, 2]]}}, [{"a": 1, "b": 2}]),
        ({"columns": ["a"], "data": [[1], [2]]}, [{"a": 1}, {"a": 2}]),
        ({"dataframe_records": [{"a": 1}, {"a": 2}]}, [{"a": 1}, {"a": 2}]),
        ({"inputs": {"a": [1, 2], "b": ["x", "y"]}}, [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
        ({"inputs": {"a": 1, "b": "x"}}, [{"a": 1, "b": "x"}]),
        ({"inputs": [{"name": "p", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]}]},
         [{"p_0": 1, "p_1": 2}, {"p_0": 3, "p_1": 4}]),
        ({"inputs": [{"name": "p", "shape": [2, 2], "data": [[1, 2], [3, 4]]}]},
         [{"p_0": 1, "p_1": 2}, {"p_0": 3, "p_1": 4}]),
        ({"outputs": [{"name": "p", "shape": [2], "data": [1, 2]},
                      {"name": "q", "shape": [2, 2], "data": [3, 4, 5, 6]}]},
         [{"p": 1, "q_0": 3, "q_1": 4}, {"p": 2, "q_0": 5, "q_1": 6}]),
        ({"inputs": [{"name": "p", "shape": [0, 2], "data": []}]}, []),
        ({"data": {"names": ["f0", "f1"], "ndarray": [[0.77, 0.63]]}}, [{"f0": 0.77, "f1": 0.63}]),
        ({"data": {"names": ["f0", "f1"], "ndarray": [0.77, 0.63]}}, [{"f0": 0.77, "f1": 0.63}]),
        ({"data": {"ndarray": [[2, 1]]}}, [{"v_0": 2, "v_1": 1}]),
        ({"data": {"names": ["a", "b"], "tensor": {"shape": [2, 2], "values": [1, 2, 3, 4]}}},
         [{"a": 1, "b": 2}, {"a": 3, "b": 4}]),
        ({"data": [[1, 2], [3, 4]]}, [{"v_0": 1, "v_1": 2}, {"v_0": 3, "v_1": 4}]),
        ({"jsonData": {"a": 1}}, [{"a": 1}]),
        ({"strData": "hello"}, [{"v": "hello"}]),
        ({"features": [1, 2]}, [{"v_0": 1, "v_1": 2}]),
        ({"instances": [{"features": [1, 2]}]}, [{"v_0": 1, "v_1": 2}]),
    ],
)  # fmt: skip
def test_rows_of_a_body(body: Any, rows: list[dict[str, Any]]) -> None:
    assert named(items(body), "v") == rows


def test_names_given_come_first() -> None:
    assert named(items({"data": {"names": ["t:0", "t:1"], "ndarray": [[1, 2]]}}), ("no", "yes")) == [
        {"no": 1, "yes": 2}
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": {"a": [1], "b": [1, 2]}},
        {"inputs": [{"name": "p", "shape": [2, 2], "data": [1]}]},
        {"inputs": [{"name": "p", "shape": [-1, -1], "data": [1]}]},
        {"inputs": [{"name": "p", "shape": [1], "data": [1]}, {"name": "q", "shape": [2], "data": [1, 2]}]},
        {"data": {"tensor": {"shape": [3], "values": [1]}}},
        {"data": {"tensor": 5}},
        {"data": {"ndarray": 5}},
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1]]}},
    ],
)
def test_a_body_that_contradicts_itself(body: Any) -> None:
    with pytest.raises(BrokenRecordError):
        named(items(body), "v")


def test_names_of_another_number_are_told() -> None:
    with pytest.raises(BrokenRecordError, match="3 values for 2 names"):
        named(items([[1, 2, 3]]), ("a", "b"))


@pytest.mark.parametrize(
    ("values", "rows", "wanted"),
    [
        ([1, 2], 2, [1, 2]),
        ([0.1, 0.9], 1, [[0.1, 0.9]]),
        ([[0.1, 0.9]], 1, [[0.1, 0.9]]),
        ([[0.1, 0.9]], 2, [0.1, 0.9]),
        ([1, 2, 3], 2, None),
        ([], 1, None),
        ([{"a": 1}, {"a": 2}], 1, None),
    ],
)
def test_responses_fall_in_line_with_their_requests(values: list[Any], rows: int, wanted: list[Any] | None) -> None:
    found = aligned(Items(values), rows)
    assert (found.values if found else None) == wanted


@given(JSON, JSON)
def test_any_json_is_rows_or_broken(body: Any, other: Any) -> None:
    try:
        rows = named(items(body), "v")
        assert all(isinstance(row, dict) for row in rows)
        found = aligned(items(other), len(rows))
        assert found is None or len(named(found, "v")) == len(rows)
    except BrokenRecordError as broken:
        assert str(broken)
