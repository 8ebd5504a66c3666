"""Bins frozen on the reference, and what is guessed of the model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.errors import UserError
from monitors.profile import freeze as freezing
from monitors.profile import seen
from monitors.profile.bins import FIRST, Bins, ColumnBins
from monitors.profile.freeze import Model, numeric_edges
from tests.cubes import LABEL, SCORE, TIME, binary_log, freeze, profile

FINITE = st.floats(-1e300, 1e300, allow_nan=False)


def one(values: Any, name: str = "x", **parts: Any) -> ColumnBins:
    """Bins of one feature with these values."""
    return freeze([pd.DataFrame({TIME: np.datetime64("2025-01-01", "us"), name: values})], **parts).columns[0]


def labelled(label: Any, score: Any = None, model: Model = Model()) -> Bins:  # noqa: B008
    frame = pd.DataFrame({TIME: np.datetime64("2025-01-01", "us"), LABEL: label})
    return freeze([frame if score is None else frame.assign(**{SCORE: score})], model)


# ----- edges of numbers ---------------------------------------------------------------------------------------------


@given(st.lists(FINITE, min_size=1, max_size=400), st.lists(FINITE, max_size=2))
def test_edges_ascend_and_hold_every_value(values: list[float], extra: list[float]) -> None:
    found = numeric_edges(np.sort(values), 8, extra)
    assert (np.diff(found) > 0).all()
    assert found[0] <= min(values)
    assert found[-1] > max(values)
    assert set(extra) <= set(found)


@given(st.lists(st.integers(-40, 40), min_size=1, max_size=300))
def test_few_values_have_a_bin_each(values: list[int]) -> None:
    distinct = np.unique(values)
    found = numeric_edges(np.sort(np.array(values, float)), len(distinct))
    assert found[:-1].tolist() == distinct.tolist()


def test_bins_hold_like_shares_and_a_value_of_two_percent_its_own() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(50, 10, 9_700), np.full(300, 12.5)])
    edges = numeric_edges(np.sort(values))
    place = np.searchsorted(edges, 12.5)
    assert edges[place] == 12.5
    assert edges[place + 1] == np.nextafter(12.5, np.inf)
    shares = np.histogram(values, np.append(edges, np.inf))[0] / len(values)
    assert np.sort(shares)[-2] < 1.5 / 64
    assert len(edges) <= 64 + 3


@pytest.mark.parametrize("sentinel", [0.0, -1.0])
def test_values_that_may_stand_for_missing_have_bins_of_their_own(sentinel: float) -> None:
    edges = numeric_edges(np.sort(np.random.default_rng(0).normal(0, 5, 1000)))
    assert {sentinel, np.nextafter(sentinel, np.inf)} <= set(edges)
    beyond = numeric_edges(np.linspace(5, 6, 1000))
    assert sentinel not in beyond


@pytest.mark.parametrize("values", [[1.0], [0.0, -0.0], [-1e308, 1e308], [5e-324, 1.0], [float("inf"), 2.0]])
def test_extreme_values_have_bins(values: list[float]) -> None:
    column = one(values)
    found = profile([pd.DataFrame({TIME: np.datetime64("2025-01-01", "us"), "x": values})], _only(column))[0]
    assert found.counts.sum() == len(values)
    assert Bins.from_json(_only(column).to_json()) is not None


def _only(column: ColumnBins) -> Bins:
    return Bins((column,), "binary")


def test_the_threshold_is_an_edge_of_the_score_even_beyond_what_was_seen() -> None:
    scores = np.linspace(0, 0.3, 500)
    bins = labelled(np.resize([0, 1], 500), scores, Model(threshold=0.45))
    column = bins.of_role("prediction")
    assert column is not None
    assert 0.45 in column.edges


# ----- categories ---------------------------------------------------------------------------------------------------


def test_the_most_frequent_values_have_bins_and_the_others_are_known() -> None:
    values = [f"v{i:03}" for i in range(100) for _ in range(200 - i)]
    column = one(values)
    assert column.categories == tuple(f"v{i:03}" for i in range(64))
    assert column.known == {f"v{i:03}" for i in range(64, 100)}
    assert column.labels()[-2:] == ["other", "unseen"]
    assert column.unseen_rate == 0


def test_values_that_occur_once_foretell_new_ones() -> None:
    assert one(["a"] * 98 + ["b", "c"]).unseen_rate == 0.02


def test_ten_thousand_categories_are_remembered_and_thirty_thousand_are_not() -> None:
    many = one([f"v{i}" for i in range(10_000)])
    assert (len(many.categories), len(many.known), many.complete) == (64, 9_936, True)
    more = one([f"v{i}" for i in range(30_000)])
    assert (len(more.categories), len(more.known), more.complete) == (64, 0, False)


# ----- which kind a column is ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "kind", "type_class"),
    [
        ([1, 2, 3], "numeric", "number"),
        ([1.5, None, float("nan")], "numeric", "number"),
        ([float("nan")] * 3, "numeric", "number"),
        ([None] * 3, "categorical", "null"),
        (["a", None], "categorical", "text"),
        ([True, False], "categorical", "boolean"),
        ([str(i / 7) for i in range(200)], "numeric", "text"),
        ([str(i / 7) for i in range(25_000)], "numeric", "text"),
        ([str(i / 7) for i in range(190)] + ["n/a"] * 10, "categorical", "text"),
        (["1", "2", "3"], "categorical", "text"),
    ],
)
def test_kinds(values: list[Any], kind: str, type_class: str) -> None:
    column = one(pd.Series(values, dtype=object if None in values else None))
    assert (column.kind, column.type_class) == (kind, type_class)


def test_a_column_without_values_has_bins_all_the_same() -> None:
    assert one(pd.Series([None] * 3, dtype=object)).labels()[FIRST:] == ["other", "unseen"]
    assert one([float("nan")] * 3).labels()[FIRST:] == ["any value"]


def test_times_are_features_only_when_they_are_asked_for() -> None:
    frame = binary_log(count=2, rows=50).assign(born=np.datetime64("1990-01-01", "us"))
    assert "born" not in [column.name for column in freeze([frame]).features]
    assert freeze([frame], include=["born", "x"]).features[0].name == "born"  # and in the order asked for


# ----- order --------------------------------------------------------------------------------------------------------


@settings(max_examples=10)
@given(st.integers(0, 1000), st.integers(1, 7))
def test_bins_do_not_depend_on_the_order_of_rows_or_on_batches(seed: int, batches: int) -> None:
    frame = binary_log(seed=1, count=2, rows=150)
    mixed = frame.sample(frac=1, random_state=seed)
    parts = [mixed.iloc[i::batches] for i in range(batches)]
    assert freeze(parts, segments=("place",)).to_json() == freeze([frame], segments=("place",)).to_json()


@pytest.mark.parametrize("size", [37, 200, 900])
def test_a_sample_is_the_same_whatever_order_files_come_in(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freezing, "SAMPLE_CELLS", 0)
    monkeypatch.setattr(freezing, "LEAST_SAMPLE", 300)
    frame = binary_log(seed=2, count=4, rows=450)
    parts = [frame.iloc[i : i + size] for i in range(0, len(frame), size)]
    parts[0] = parts[0].drop(columns="noise")  # a column that a file lacks
    bins = freeze(parts)
    assert freeze(parts[::-1]).to_json() == bins.to_json()
    assert len(bins.columns[bins.position("x")].edges) > 60


def test_a_rare_class_is_not_lost_in_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freezing, "SAMPLE_CELLS", 0)
    monkeypatch.setattr(freezing, "LEAST_SAMPLE", 50)
    label = np.zeros(2000)
    label[77] = 1.0
    assert labelled(label).classes == ("0", "1")


def test_a_label_of_many_numbers_is_not_spelled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "KNOWN_VALUES", 100)
    values = np.linspace(0, 1, 500)
    assert labelled(values).classes == ("labelled",)
    assert labelled(np.resize(values[:150], 500)).task == "regression"


def test_bins_come_back_from_text_as_they_were() -> None:
    bins = freeze([binary_log(count=3, rows=300)], segments=("place",), version="device")
    again = Bins.from_json(bins.to_json())
    assert again.to_json() == bins.to_json()
    assert again.fingerprint == bins.fingerprint
    assert all(a.edges.tobytes() == b.edges.tobytes() for a, b in zip(again.columns, bins.columns, strict=True))


# ----- the model ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "score", "task", "classes", "kind"),
    [
        ([0, 1, 1], [0.1, 0.5, 0.9], "binary", ("0", "1"), "probability"),
        ([0.0, 1.0, 1.0], [-3.0, 0.5, 9.0], "binary", ("0", "1"), "score"),
        ([True, False, True], [1, 0, 1], "binary", ("false", "true"), "class"),
        ([0, 1, 1], [True, False, True], "binary", ("0", "1"), "class"),
        (["yes", "no", "no"], ["no", "no", "yes"], "binary", ("no", "yes"), "class"),
        ([1, 1, 1], [0.2, 0.3, 0.4], "binary", ("0", "1"), "probability"),
        ([0, 0, 0], [0.2, 0.3, 0.4], "binary", ("0", "1"), "probability"),
        (["Y", "Y", "Y"], None, "binary", ("N", "Y"), None),
        (["a", "b", "c"], ["a", "a", "b"], "multiclass", ("a", "b", "c"), "class"),
        ([1, 2, 3], [1, 2, 2], "multiclass", ("1", "2", "3"), "class"),
        (list(range(30)), [float(i) for i in range(30)], "regression", ("labelled",), "number"),
        ([None, None, None], [0.1, 0.2, 0.9], "binary", (), "probability"),
        ([None, None, None], ["a", "b", "c"], "multiclass", (), "class"),
        ([None] * 30, [float(i) for i in range(30)], "regression", (), "number"),
        ([0, 1, 1], [float("nan")] * 3, "binary", ("0", "1"), "score"),
    ],
)
def test_guesses(label: list[Any], score: Any, task: str, classes: tuple[str, ...], kind: str | None) -> None:
    bins = labelled(pd.Series(label, dtype=object if label[0] is None else None), score)
    assert (bins.task, bins.classes, bins.prediction_kind) == (task, classes, kind)


@pytest.mark.parametrize(
    ("label", "model", "classes"),
    [
        (["good", "bad"], Model(positive="bad"), ("good", "bad")),
        ([0, 1], Model(positive=True), ("0", "1")),
        ([True, False], Model(positive=1), ("false", "true")),
        (["1", "0"], Model(positive=1), ("0", "1")),
        ([1.0, 2.0], Model(positive=2), ("1", "2")),
        ([0, 1, 2], Model("regression"), ("labelled",)),
        ([0, 1], Model("multiclass"), ("0", "1")),
    ],
)
def test_what_is_said_is_not_guessed(label: list[Any], model: Model, classes: tuple[str, ...]) -> None:
    assert labelled(label, model=model).classes == classes


def test_files_may_write_labels_as_booleans_or_numbers() -> None:
    frames = [pd.DataFrame({TIME: np.datetime64("2025-01-01", "us"), LABEL: values}, index=index)
              for values, index in (([True, False], [0, 1]), ([1, 0], [2, 3]))]  # fmt: skip
    bins = freeze(frames)
    assert bins.classes == ("0", "1")
    found = profile(frames, bins)[0]
    assert found.counts[:, :-2].sum(axis=0).tolist() == [2, 2, 0]
    assert "unseen" not in found.facts


@pytest.mark.parametrize(
    ("label", "model", "words"),
    [
        (["good", "bad"], Model(), "model.positive is missing: the label has the values 'bad', 'good'"),
        (["good", "bad"], Model(positive="Bad"), "model.positive is 'Bad', but the label's values are 'bad', 'good'"),
        (["a", "b", "c"], Model("binary"), "model.task is binary, but the label has 3 values ('a', 'b', 'c')"),
        (["a", "b"], Model("regression"), "model.task is regression, but no value of the label is a number ('a', 'b')"),
        ([f"v{i}" for i in range(2000)], Model("binary"), "the label has 2,000 values"),
    ],
)
def test_contradictions_are_told_in_one_sentence(label: list[Any], model: Model, words: str) -> None:
    with pytest.raises(UserError) as error:
        labelled(label, model=model)
    text = str(error.value)
    assert words in text
    assert text.endswith(".")
    assert "\n" not in text
    assert len(text) < 250


def test_a_class_that_was_never_predicted_has_a_bin() -> None:
    bins = labelled([0, 1, 1, 0], [0, 0, 0, 0])
    column = bins.of_role("prediction")
    assert column is not None
    assert (bins.prediction_kind, column.categories) == ("class", ("0", "1"))


def test_labels_beyond_the_classes_that_are_told_apart_are_known() -> None:
    values = [f"v{i:03}" for i in range(70)] * 2
    bins = labelled(values)
    column = bins.of_role("label")
    assert column is not None
    assert len(bins.classes) == 64
    frame = pd.DataFrame({TIME: np.datetime64("2025-01-01", "us"), LABEL: values})
    assert "unseen" not in profile([frame], bins)[0].facts
