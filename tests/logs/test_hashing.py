from __future__ import annotations

import datetime as dt
import decimal
import subprocess
import sys
import uuid

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.logs.hashing import id_hashes
from monitors.logs.text import canonical_text

quick = settings(max_examples=100, deadline=None)

# From xxhash.xxh64(text, seed).intdigest() of the package xxhash.
VECTORS = [
    ("", 0, 0xEF46DB3751D8E999),
    ("a", 0, 0xD24EC4F1A98C6E5B),
    ("abc", 0, 0x44BC2CF5AD770999),
    ("12", 0, 0x5460F49ADBE7ABA2),
    ("abc", 2654435761, 0x1318DF30094A85FD),
    ("".join(map(chr, range(32))), 0, 0xCBF59C5116FF32B4),
    ("".join(map(chr, range(101))), 0, 0xE99038495F85381E),
    ("".join(map(chr, range(101))), 2654435761, 0xA1C6D4174C37136D),
]


@pytest.mark.parametrize(("text", "seed", "expected"), VECTORS)
def test_it_is_xxh64(text: str, seed: int, expected: int) -> None:
    assert id_hashes(pa.array([text]), seed).tolist() == [expected]


@quick
@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_integers_and_their_text_are_one_id(values: list[int]) -> None:
    expected = id_hashes(pa.array([str(v) for v in values], pa.string())).tolist()
    assert id_hashes(pa.array(values, pa.int64())).tolist() == expected
    assert id_hashes(pa.array([f"{v}.00" for v in values], pa.string())).tolist() == expected
    assert id_hashes(pa.array(values, pa.int64()).cast(pa.string()).dictionary_encode()).tolist() == expected


@quick
@given(st.lists(st.integers(-(2**53), 2**53)))
def test_floats_and_decimals_without_a_fraction_are_integers(values: list[int]) -> None:
    expected = id_hashes(pa.array(values, pa.int64())).tolist()
    assert id_hashes(pa.array(values, pa.int64()).cast(pa.float64())).tolist() == expected
    decimals = pa.array([decimal.Decimal(v) for v in values], pa.decimal128(25, 2))
    assert id_hashes(decimals.cast(pa.string())).tolist() == expected


@quick
@given(st.lists(st.one_of(st.none(), st.text(), st.from_regex(r"-?\d*\.?0*", fullmatch=True))))
def test_a_hash_is_that_of_the_canonical_text(values: list[str | None]) -> None:
    ids = pa.array(values, pa.string())
    hashes = id_hashes(ids)
    np.testing.assert_array_equal(hashes, id_hashes(canonical_text(ids)))
    assert ((hashes == 0) == np.array([v is None for v in values], bool)).all()
    for a, text_a in zip(hashes.tolist(), canonical_text(ids).to_pylist(), strict=True):
        for b, text_b in zip(hashes.tolist(), canonical_text(ids).to_pylist(), strict=True):
            assert (a == b) == (text_a == text_b)


def test_null_and_nan_are_no_ids() -> None:
    for values in (
        pa.array([None, float("nan")]),
        pa.array([None, None], pa.int64()),
        pa.nulls(2),
        pa.nulls(2, pa.dictionary(pa.int32(), pa.string())),
    ):
        assert id_hashes(values).tolist() == [0, 0]
    assert id_hashes(pa.array([None, float("nan"), 0.5]))[2] == id_hashes(pa.array(["0.5"]))[0]


def test_slices() -> None:
    texts = pa.array(["a", "b", None, "c"])
    assert id_hashes(texts.slice(1, 3)).tolist() == id_hashes(pa.array(["b", None, "c"])).tolist()
    numbers = pa.array([1, 2, None, 3])
    assert id_hashes(numbers.slice(1, 3)).tolist() == id_hashes(pa.array([2, None, 3])).tolist()


def test_every_other_type_is_its_text() -> None:
    code = uuid.UUID(int=7)
    rows = [
        (pa.array([2**63], pa.uint64()), str(2**63)),
        (pa.array([True]), "true"),
        (pa.array([dt.date(2015, 1, 2)]), "2015-01-02"),
        (pa.array([dt.datetime(2015, 1, 2)], pa.timestamp("s")), "2015-01-02 00:00:00.000000"),
        (pa.array([dt.datetime(2015, 1, 2)], pa.timestamp("ns")), "2015-01-02 00:00:00.000000"),
        (pa.array([b"\xff\x01"], pa.binary()), "ff01"),
        (pa.ExtensionArray.from_storage(pa.uuid(), pa.array([code.bytes], pa.binary(16))), str(code)),
    ]
    for values, text in rows:
        assert id_hashes(values).tolist() == id_hashes(pa.array([text])).tolist()


def test_no_two_of_a_million_ids_meet() -> None:
    assert len(np.unique(id_hashes(pa.array(np.arange(1_000_000))))) == 1_000_000


def test_another_process_gives_the_same_hashes() -> None:
    code = "import pyarrow as pa; from monitors.logs.hashing import id_hashes; print(id_hashes(pa.array(['x']))[0])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == id_hashes(pa.array(["x"]))[0]
