"""What a Spark task does with the rows it is given: the same accumulators as everywhere, emptied when they are full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from monitors.profile.accumulate import Accumulator
from monitors.profile.bins import Bins
from monitors.profile.cube import Profile
from monitors.profile.engines.travel import IDS, TROUBLE, WHOLE, Finish, pack
from monitors.profile.facts import Facts
from monitors.profile.freeze import Collector
from monitors.profile.parts import id_facts, ordered
from monitors.profile.rows import Columns, Rows

FULL_BYTES = 256_000_000
"""Counts and hashes that a task holds before it hands them on."""
_ID_BITS = 64 - (IDS - 1).bit_length()

Found = tuple[int, int, Any]
"""Window, shard, and what its rows come to."""


def count(rows: Iterable[Rows], bins: Bins, known: frozenset[str]) -> Iterator[Found]:
    """Parts of the windows of some rows, their ids apart."""
    accumulator, held = Accumulator(bins, known, threads=1), 0
    for some in rows:
        accumulator.add(some)
        held += len(some) * 8
        if held + sum(cells.nbytes for cells in accumulator.cells) > FULL_BYTES:
            yield from _emptied(accumulator)
            accumulator, held = Accumulator(bins, known, threads=1), 0
    yield from _emptied(accumulator)


def _emptied(accumulator: Accumulator) -> Iterator[Found]:
    for part in accumulator.window_parts():
        if part.ids is not None:
            ids = np.concatenate(part.ids)
            shards = ids >> np.uint64(_ID_BITS)
            for shard in np.unique(shards).tolist():
                yield part.start, shard, [ids[shards == shard]]
        # an empty list still says that rows were looked through for ids
        yield part.start, WHOLE, replace(part, ids=None if part.ids is None else [])


def profiles_of(bins: Bins) -> Finish:
    """A function that ends in a window's profiles, encoded, where the sums of its shards meet."""

    def finish(start: int, shards: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, str, bytes]]:
        if start == TROUBLE:
            for _, reasons in shards:
                yield start, "", pack(reasons)
            return
        facts: Facts = {"identified": 0, "duplicates": 0}
        for shard, value in shards:
            if shard != WHOLE:
                facts = {key: total + id_facts(value)[key] for key, total in facts.items()}
                continue
            for profile in value.profiles(bins):
                yield start, profile.segment, _with_ids(profile, facts).encode()

    return finish


def _with_ids(profile: Profile, facts: Facts) -> Profile:
    """The profile of all rows with what was found about their ids, where they have any."""
    if profile.segment or "identified" not in profile.facts:
        return profile
    return replace(profile, facts=ordered(profile.facts | facts))


def gather(rows: Iterable[Rows], columns: Columns, bound: int) -> Iterator[Found]:
    """What rows of the reference show, those with keys up to ``bound`` sampled."""
    collector = Collector(columns, bound)
    for some in rows:
        collector.add(some)
    yield 0, WHOLE, collector
