"""A sample of the reference's rows: those with the smallest keys, whatever order rows come in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

KEYS = 1 << 64
"""How many keys of rows there are."""
_SPARE = 8.0
"""Standard deviations by which more rows are sampled than are wanted, so that one pass is enough."""


def sufficient(wanted: int, rows: int) -> int:
    """The key up to which nearly surely no fewer than ``wanted`` of so many rows lie (0: nobody knows how many)."""
    if rows <= 0:
        return KEYS - 1
    share = (wanted + _SPARE * np.sqrt(wanted) + _SPARE**2) / rows
    return int(KEYS * share) if share < 1 else KEYS - 1


class Sampled(NamedTuple):
    """Sampled rows of a batch: their keys (n,), uint64, their columns, and what was predicted and came true."""

    keys: np.ndarray
    batch: pa.RecordBatch
    prediction: pa.Array | None
    label: pa.Array | None

    def up_to(self, bound: int) -> Sampled:
        """The rows whose keys are no greater: copied, so that a batch is not held for the sake of a few of its rows."""
        chosen = np.flatnonzero(self.keys <= bound)
        if len(chosen) == len(self.keys):
            return self
        places = pa.array(chosen)
        prediction, label = (None if part is None else part.take(places) for part in self[2:])
        return Sampled(self.keys[chosen], self.batch.take(places), prediction, label)


def joined(sample: Sequence[Sampled]) -> list[Sampled]:
    """The same rows, those of batches that have the same columns in one: work by column is then done once."""
    alike: dict[tuple[pa.Schema, pa.DataType | None, pa.DataType | None], list[Sampled]] = {}
    for some in sample:
        kinds = (None if part is None else part.type for part in some[2:])
        alike.setdefault((some.batch.schema, *kinds), []).append(some)
    return [_as_one(group) for group in alike.values()]


def _as_one(group: Sequence[Sampled]) -> Sampled:
    if len(group) == 1:
        return group[0]
    columns = [_end_to_end(parts) for parts in zip(*(some.batch.columns for some in group), strict=True)]
    batch = pa.RecordBatch.from_arrays(columns, schema=group[0].batch.schema)
    prediction, label = (
        None if parts[0] is None else _end_to_end(parts) for parts in zip(*(some[2:] for some in group), strict=True)
    )
    return Sampled(np.concatenate([some.keys for some in group]), batch, prediction, label)


def _end_to_end(parts: Sequence[pa.Array]) -> pa.Array:
    if pa.types.is_dictionary(parts[0].type):
        return pa.chunked_array(parts).unify_dictionaries().combine_chunks()
    return pa.concat_arrays(parts)
