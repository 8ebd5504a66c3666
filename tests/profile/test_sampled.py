"""The sample of the reference: enough rows in one pass, and the same ones however they come."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from monitors.profile.freeze import Collector, Model
from monitors.profile.sampled import KEYS, Sampled, joined, sufficient
from monitors.windows import Grain
from tests.cubes import columns_of, days, rows_of


def test_keys_spread_as_by_chance_leave_enough_rows_and_not_many_more() -> None:
    rng = np.random.default_rng(0)
    for wanted, rows in ((100, 1_000), (20_000, 50_000), (20_000, 1_000_000)):
        keys = rng.integers(0, KEYS, rows, dtype=np.uint64, endpoint=False)
        found = int((keys <= sufficient(wanted, rows)).sum())
        assert wanted <= found <= wanted + 16 * np.sqrt(wanted) + 64


def test_all_rows_are_sampled_where_there_are_few_or_nobody_knows_how_many() -> None:
    assert sufficient(100, 0) == sufficient(100, 120) == KEYS - 1


def test_a_bound_does_not_change_the_bins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitors.profile.freeze.MOST_SAMPLE", 200)
    monkeypatch.setattr("monitors.profile.freeze.LEAST_SAMPLE", 200)
    batches = [rows_of(days(np.random.default_rng(i), 2, 500), Grain.parse("1d")) for i in range(3)]
    free, bound = Collector(columns_of()), Collector(columns_of(), sufficient(200, 3_000))
    for rows in batches:
        free.add(rows)
        bound.add(rows)
    assert not bound.lacks(3_000)
    assert len(bound.sample[0].keys) < len(batches[0])
    assert bound.freeze(Model("binary", 1)).to_json() == free.freeze(Model("binary", 1)).to_json()
    assert Collector(columns_of(), 7).lacks(3_000)


def test_batches_alike_are_joined_and_others_are_not() -> None:
    def some(keys: list[int], words: pa.Array, **more: pa.Array) -> Sampled:
        batch = pa.record_batch({"word": words, **more})
        return Sampled(np.array(keys, np.uint64), batch, pa.array([0.5] * len(keys)), None)

    coded = [pa.array(words).dictionary_encode() for words in (["a", "b"], ["b", "c"])]
    other = some([5], pa.array(["a"]).dictionary_encode(), x=pa.array([1.0]))
    whole, rest = joined([some([1, 2], coded[0]), other, some([3, 4], coded[1])])
    assert whole.keys.tolist() == [1, 2, 3, 4]
    assert whole.batch.column(0).to_pylist() == ["a", "b", "b", "c"]
    assert whole.prediction is not None and len(whole.prediction) == 4
    assert whole.label is None
    assert rest is other
