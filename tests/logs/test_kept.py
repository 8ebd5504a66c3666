"""Files that are read twice: kept from the first time where they fit, whole, and handed out once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from monitors.errors import LogFileError
from monitors.logs.files import LogFile
from monitors.logs.kept import Kept
from monitors.logs.prepare import Layout, read_rows
from monitors.profile.rows import Columns
from monitors.windows import Grain

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


@pytest.mark.parametrize(("ending", "held"), [("csv", True), ("parquet", False)])
def test_text_stays_until_it_is_counted_and_parquet_is_read_again(tmp_path: Path, ending: str, held: bool) -> None:
    frame = pd.DataFrame({"ts": ["2025-01-01", "2025-01-02"], "x": [1.5, 2.5]})
    path = tmp_path / f"log.{ending}"
    frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path)
    file, layout, kept = LogFile.at(path, tmp_path), Layout(Columns("ts"), Grain.parse("1d")), Kept()
    keyed = list(read_rows(file, layout, keys=True, kept=kept))
    assert (kept.size > 0) == held
    rows = list(read_rows(file, layout, kept=kept))
    assert kept.size == 0
    assert [some.batch for some in rows] == [some.batch for some in keyed]
    assert rows[0].keys is None and keyed[0].keys is not None
