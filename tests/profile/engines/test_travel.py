"""What tasks find adds up to what one accumulator finds, however rows are shared out and blobs are cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from monitors.profile.cube import Profile
from monitors.profile.engines import travel
from monitors.profile.engines.counting import count, gather, profiles_of
from monitors.profile.freeze import Collector, Model, sample_rows
from monitors.profile.local import profile_rows
from monitors.windows import Grain
from tests.cubes import ID, TIME, binary_log, columns_of, freeze, rows_of

DAY = Grain.parse("1d")
KNOWN = frozenset({TIME, ID})


def a_log() -> pd.DataFrame:
    """Three days with repeated ids, unseen values and gaps."""
    frame = binary_log(count=3, rows=400)
    rng = np.random.default_rng(1)
    frame[ID] = rng.integers(0, 900, len(frame)).astype(str)
    frame["word"] = rng.choice([f"w{k}" for k in range(60)], len(frame))
    frame["gaps"] = np.where(rng.random(len(frame)) < 0.2, np.nan, rng.normal(size=len(frame)))
    return frame


def travelled(tasks: list[list[Any]], bins: Any, branches: bool) -> list[Profile]:
    """Through both steps, as Spark sorts what goes into them."""
    pieces = [p for k, rows in enumerate(tasks) for p in travel.numbered(k * travel.FAN, count(rows, bins, KNOWN))]
    if branches:
        pieces.sort(key=lambda piece: piece[:4])
        pieces = list(travel.pieces(travel.merge_branches(travel.as_batches(pieces))))
    pieces.sort(key=lambda piece: (piece.start, piece.shard, piece.nth))
    out = travel.finisher(profiles_of(bins))(travel.as_batches(pieces))
    rows = (row for batch in out for row in batch.to_pylist())
    return [Profile.decode(row["start"], row["segment"], row["profile"]) for row in rows]


@pytest.mark.parametrize("branches", [False, True])
@pytest.mark.parametrize("chunk", [100, travel.CHUNK])
def test_parts_add_up_to_the_whole(monkeypatch: pytest.MonkeyPatch, branches: bool, chunk: int) -> None:
    monkeypatch.setattr(travel, "CHUNK", chunk)
    frame = a_log()
    bins = freeze([frame[frame.index < 60]], Model("binary", 1), segments=["place"])
    whole = profile_rows([rows_of(frame, DAY, source="f")], bins, KNOWN)
    shares = np.random.default_rng(2).choice(4, len(frame), p=[0.7, 0.2, 0.1, 0.0])  # skewed, and one that is empty
    some = [[rows_of(frame[shares == k], DAY, source="f")] if (shares == k).any() else [] for k in range(4)]
    for rows in some:  # the order of a file's rows is not what this is about
        rows[:] = [row.__class__(**{**vars(row), "descents": None}) for row in rows]
    found = travelled(some, bins, branches)
    assert [(p.start, p.segment) for p in found] == [(p.start, p.segment) for p in whole]
    for ours, theirs in zip(found, whole, strict=True):
        assert np.array_equal(ours.counts, theirs.counts)
        np.testing.assert_allclose(ours.sums, theirs.sums, rtol=1e-12, atol=1e-12)
        assert ours.facts == {k: v for k, v in theirs.facts.items() if k != "descents"}
        if not ours.segment:
            assert ours.facts["duplicates"] > 0 and len(ours.facts["unseen"]["word"]) > 0
            assert ours.course is not None and theirs.course is not None
            assert ours.course.encode() == theirs.course.encode()
    assert len(found) > 6


def test_collectors_add_up_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitors.profile.freeze.MOST_SAMPLE", 150)
    monkeypatch.setattr("monitors.profile.freeze.LEAST_SAMPLE", 150)
    frame = a_log()
    whole = Collector(columns_of())
    whole.add(rows_of(frame, DAY))
    total = Collector(columns_of())
    for k in (2, 0, 1):  # whatever order they come in
        for _, _, part in gather([rows_of(frame[frame.index % 3 == k], DAY)], columns_of(), 2**64 - 1):
            total += part
    assert sample_rows(4) == 150
    assert total.freeze(Model("binary", 1)).to_json() == whole.freeze(Model("binary", 1)).to_json()


def test_blobs_come_back_however_they_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(travel, "CHUNK", 64)
    values: list[Any] = [np.arange(1000) * 7919 % 1001, [], "x" * 5]
    pieces = list(travel.numbered(3, ((5, 0, value) for value in values)))
    assert len(pieces) > 10 and all(len(piece.blob) <= 65 for piece in pieces)
    assert [piece.nth for piece in pieces] == list(range(3 << 32, (3 << 32) + len(pieces)))

    def again() -> Iterator[pa.RecordBatch]:
        return travel.as_batches(pieces)

    back = list(travel.values(piece.blob for piece in travel.pieces(again())))
    assert np.array_equal(back[0], values[0]) and back[1:] == values[1:]
