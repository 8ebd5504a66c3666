"""Files that are read twice: kept from the first time where they fit, whole, and handed out once."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from monitors.errors import LogFileError
from monitors.logs.kept import Kept

BATCHES = [pa.record_batch({"x": pa.array([float(i)] * 100)}) for i in range(3)]


def never() -> Iterator[pa.RecordBatch]:
    pytest.fail("read again")
    yield from ()


def test_a_file_that_fits_is_handed_out_once_as_it_came() -> None:
    kept = Kept(10_000)
    assert list(kept.keeping("a", BATCHES)) == BATCHES
    assert kept.size == 2_400
    assert list(kept.pop("a", never())) == BATCHES
    assert kept.size == 0
    assert list(kept.pop("a", BATCHES[:1])) == BATCHES[:1]


def test_what_does_not_fit_beside_the_others_is_read_again() -> None:
    kept = Kept(3_000)
    for key in "ab":
        assert list(kept.keeping(key, BATCHES)) == BATCHES
    assert kept.size == 2_400
    assert list(kept.pop("b", BATCHES[1:])) == BATCHES[1:]
    assert list(kept.pop("a", never())) == BATCHES


def test_a_file_that_breaks_off_is_not_kept() -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield BATCHES[0]
        raise LogFileError("a", "is cut off")

    kept = Kept()
    with pytest.raises(LogFileError):
        list(kept.keeping("a", broken()))
    assert list(kept.pop("a", BATCHES)) == BATCHES


def test_nothing_is_left_when_all_is_let_go_of() -> None:
    kept = Kept()
    list(kept.keeping("a", BATCHES))
    kept.clear()
    assert kept.size == 0
    assert list(kept.pop("a", BATCHES[:1])) == BATCHES[:1]
