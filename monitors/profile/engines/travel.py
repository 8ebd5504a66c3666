"""What goes between executors and comes back: rows of (window, shard, branch, order, blob), merged where they meet.

A blob is what some rows come to (a ``Part``, a ``Collector``, hashes of ids), pickled and compressed: both ends run the
same version of this package. Shards part the ids of a large window, so that no task holds them all.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

import pyarrow as pa

SCHEMA = "start long, shard int, branch int, nth long, blob binary"
_ARROW = pa.schema([
    ("start", pa.int64()), ("shard", pa.int32()), ("branch", pa.int32()), ("nth", pa.int64()), ("blob", pa.binary()),
])  # fmt: skip
IDS, WHOLE = 16, 16
"""Shards of ids, numbered from 0; after them comes what is known of the window as a whole."""
TROUBLE = -(2**63)
"""In the place of a window: reasons why files could not be read to their end."""
CHUNK = 4 << 20
"""Bytes of a blob in one row: executors' heaps hold several copies of a row at a time."""
FAN = 32
"""Pieces of one window that are added up in one go; of more, branches are added up first."""


class Piece(NamedTuple):
    """One row that travels: a chunk of a blob behind a byte that says whether more of it follow (1) or not (0)."""

    start: int
    shard: int
    branch: int
    nth: int
    blob: bytes


def pack(value: Any) -> bytes:
    """Compressed bytes of anything."""
    body = pickle.dumps(value, protocol=5)
    return len(body).to_bytes(8, "little") + bytes(pa.compress(body, codec="zstd", asbytes=True))


def unpack(blob: bytes) -> Any:
    """The inverse of ``pack``."""
    size = int.from_bytes(blob[:8], "little")
    return pickle.loads(pa.decompress(blob[8:], size, codec="zstd", asbytes=True))


def pieces(batches: Iterable[pa.RecordBatch]) -> Iterator[Piece]:
    """The rows of batches, one at a time."""
    for batch in batches:
        columns = [batch.column(name) for name in _ARROW.names]
        for i in range(batch.num_rows):
            yield Piece(*(column[i].as_py() for column in columns))


def as_batches(some: Iterable[Piece]) -> Iterator[pa.RecordBatch]:
    """The inverse of ``pieces``. A blob may be large: each has a batch of its own."""
    for piece in some:
        yield _row(piece, _ARROW)


def numbered(task: int, found: Iterable[tuple[int, int, Any]]) -> Iterator[Piece]:
    """What a task found (window, shard, value), in order, as rows that travel."""
    nth = task << 32
    for start, shard, value in found:
        for piece in _chunks(start, shard, task // FAN, nth, value):
            yield piece
            nth += 1


def _chunks(start: int, shard: int, branch: int, nth: int, value: Any) -> Iterator[Piece]:
    body = pack(value)
    for k, begin in enumerate(range(0, len(body), CHUNK)):
        more = b"\1" if begin + CHUNK < len(body) else b"\0"
        yield Piece(start, shard, branch, nth + k, more + body[begin : begin + CHUNK])


def values(blobs: Iterable[bytes]) -> Iterator[Any]:
    """What the chunks in order are of."""
    held: list[bytes] = []
    for blob in blobs:
        held.append(blob[1:])
        if not blob[0]:
            yield unpack(b"".join(held))
            held = []


def added(some: Iterable[Piece]) -> Any:
    """The values of some rows, added up in their order."""
    total = None
    for value in values(piece.blob for piece in some):
        if total is None:
            total = value
        else:
            total += value
    return total


def merge_branches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Add up rows of one window, shard and branch that come one after another, in the order of their numbers."""
    for (start, shard, branch), some in groupby(pieces(batches), key=lambda piece: piece[:3]):
        yield from as_batches(_chunks(start, shard, branch, branch * FAN << 32, added(some)))


Finish = Callable[[int, Iterator[tuple[int, Any]]], Iterator[tuple[int, str, bytes]]]
"""Of a window and its shards' sums, in order, makes rows of (window, segment, profile)."""
PROFILES = "start long, segment string, profile binary"
_PROFILES = pa.schema([("start", pa.int64()), ("segment", pa.string()), ("profile", pa.binary())])


def finisher(finish: Finish) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function that adds up rows of one window that come one after another, and makes profiles of each sum."""

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for start, of_window in groupby(pieces(batches), key=lambda piece: piece.start):
            shards = ((shard, added(some)) for shard, some in groupby(of_window, key=lambda piece: piece.shard))
            for row in finish(start, shards):
                yield _row(row, _PROFILES)

    return run


def _row(values: tuple[Any, ...], schema: pa.Schema) -> pa.RecordBatch:
    arrays = [pa.array([value], kind) for value, kind in zip(values, schema.types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
