"""The table that every monitor returns, and which windows may be judged by their labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from monitors.measurement import (
    COLUMNS,
    PUBLIC,
    combine,
    concat,
    in_reference,
    mean_inside,
    reference_first,
    rest_of,
    table,
)
from monitors.settings import MINIMUM_EFFECT, Settings, segment_share
from monitors.windows import Grain
from tests.cubes import binary_log, build

LOG = binary_log(seed=6, count=10, rows=100)
CUBE, REFERENCE, SETTINGS = build(LOG, 4)


def test_numbers_are_laid_out_feature_by_feature() -> None:
    value = np.arange(20.0).reshape(2, 10)
    detail = [[f"{f}{w}" if w % 2 else None for w in range(10)] for f in "ab"]
    names, n = ["a", "b"], np.arange(10)
    block = table("drift", "psi", names, CUBE, REFERENCE, value=value, n=n, expected=0.5, detail=detail)
    frame = combine([block])
    assert tuple(frame.columns) == COLUMNS
    assert frame["value"].tolist() == list(range(20))
    assert frame["feature"].tolist() == ["a"] * 10 + ["b"] * 10
    assert frame["window_start"].tolist() == [*CUBE.starts, *CUBE.starts]
    assert frame["n"].tolist() == [*range(10)] * 2
    assert set(frame["expected"]) == {0.5}
    assert frame["low"].isna().all()
    assert [frame["detail"][i] for i in (0, 1, 11)] == [None, "a1", "b1"]  # None, not NaN


def test_windows_of_the_reference_are_not_judged() -> None:
    frame = combine([table("drift", "psi", [None], CUBE, REFERENCE, value=1.0, p_value=np.full(10, 0.5))])
    assert frame["reference"].tolist() == [True] * 4 + [False] * 6
    assert frame["p_value"].isna().tolist() == [True] * 4 + [False] * 6
    assert frame["feature"].isna().all()


@pytest.mark.parametrize("past", [[0, 1, 2, 3], [2, 5, 9], [], list(range(10))])
def test_the_references_windows_come_first_and_each_window_once(past: list[int]) -> None:
    reference = CUBE.select(np.array(past, np.int64))
    later, place = reference_first(CUBE, reference)
    starts = np.concatenate([reference.starts, CUBE.starts[later]])
    assert starts[place].tolist() == CUBE.starts.tolist()
    assert sorted(starts.tolist()) == CUBE.starts.tolist()


def test_a_reference_of_other_rows_has_none_of_the_windows() -> None:
    later, place = reference_first(CUBE, replace(REFERENCE, segment="elsewhere"))
    assert later.all()
    assert place.tolist() == list(range(4, 14))


def test_a_column_that_there_is_not_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="pvalue"):
        table("drift", "psi", ["a"], CUBE, REFERENCE, value=1.0, pvalue=0.5)


def test_a_number_that_there_is_not_is_no_row() -> None:
    some = table("drift", "psi", ["a"], CUBE, REFERENCE, value=np.where(np.arange(10) < 3, np.nan, 1.0))
    none = table("drift", "psi", ["b"], CUBE, REFERENCE, value=np.nan)
    assert len(combine([some, none])) == 7
    other = combine([some]).assign(value=[np.nan, *range(6)])  # another package's
    assert concat([other, other])["value"].tolist() == [*range(6)] * 2
    for frame in (combine([]), combine([none]), concat([]), concat([combine([none])])):
        assert (len(frame), tuple(frame.columns)) == (0, COLUMNS)
    assert set(PUBLIC) - {"model"} <= set(COLUMNS)


def test_blocks_of_features_and_of_the_model_stand_one_below_the_other() -> None:
    own = table("drift", "psi", ["a", "b"], CUBE, REFERENCE, value=1.0)
    late = CUBE.select(np.arange(10) > 7)
    whole = table("concept", "auc", [None], late, REFERENCE, value=np.array([2.0, 3.0]), detail=[["why", None]])
    frame = combine([own, table("drift", "psi", [], CUBE, REFERENCE, value=1.0), whole])
    assert frame["feature"].tolist() == ["a"] * 10 + ["b"] * 10 + [None] * 2  # None, not NaN
    assert frame["metric"].tolist() == ["psi"] * 20 + ["auc"] * 2
    assert frame["window_start"].tolist() == [*CUBE.starts, *CUBE.starts, *late.starts]
    assert frame["value"].tolist() == [1.0] * 20 + [2.0, 3.0]
    assert frame["detail"].tolist() == [None] * 20 + ["why", None]
    assert frame["reference"].tolist() == ([True] * 4 + [False] * 6) * 2 + [False] * 2
    pd.testing.assert_frame_equal(concat([combine([own]), combine([whole])]), frame)


def test_a_segment_and_another_data_set_are_no_part_of_the_reference() -> None:
    assert in_reference(CUBE, REFERENCE).sum() == 4
    built = build(LOG, 4, segments=("place",))
    assert not in_reference(built.segments["place=north"], built.reference).any()


def test_the_rest_is_the_total_without_the_window_where_that_is_part_of_it() -> None:
    own = np.arange(6.0).reshape(3, 2)
    inside = np.array([True, True, False])
    total = own[inside].sum(axis=0)
    assert rest_of(total, own, inside).tolist() == [own[1].tolist(), own[0].tolist(), total.tolist()]
    both = rest_of(np.stack([total, 2 * total]), np.stack([own, 2 * own]), inside, axis=1)
    np.testing.assert_array_equal(both, np.stack([rest_of(total, own, inside), 2 * rest_of(total, own, inside)]))


def test_means_over_the_reference_pass_over_what_is_not_known() -> None:
    values = np.array([[1.0, np.nan, 3.0, 9.0], [np.nan, np.nan, np.nan, 9.0]])
    np.testing.assert_array_equal(mean_inside(values, np.array([True, True, True, False])), [[2.0], [np.nan]])
    assert np.isnan(mean_inside(np.empty((2, 0)), np.empty(0, bool))).all()


def test_a_minimum_effect_is_the_most_special_that_is_set() -> None:
    own = {"psi:x": 0.1, "*:x": 0.2, "psi": 0.3, "*": 0.4}
    settings = Settings(Grain.parse("1d"), minimum_effect=own)
    keys = [("psi", "x"), ("auc", "x"), ("psi", "z"), ("auc",)]
    assert [settings.least(*key) for key in keys] == [0.1, 0.2, 0.3, 0.4]
    assert Settings(Grain.parse("1d")).least("auc") == MINIMUM_EFFECT["auc"]
    assert Settings(Grain.parse("1d")).least("what nobody judges") == 0


@pytest.mark.parametrize("segments", [0, 1, 7])
def test_all_rows_and_segments_share_one_rate(segments: int) -> None:
    spent = segment_share("", segments) + segments * segment_share("a=1", segments)
    assert spent == pytest.approx(1)
    assert segment_share(None, segments) == segment_share("", segments)
