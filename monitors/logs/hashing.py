"""64-bit hashes of ids, the same for an id whatever type it is stored as, on any machine, in any version."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numba import njit

from monitors.logs.columns import plain
from monitors.logs.text import canonical_text, text_buffers

Whole = int | np.integer  # numba's integers are one or the other
NO_ID = np.uint64(0)

_P1 = np.uint64(0x9E3779B185EBCA87)
_P2 = np.uint64(0xC2B2AE3D27D4EB4F)
_P3 = np.uint64(0x165667B19E3779F9)
_P4 = np.uint64(0x85EBCA77C2B2AE63)
_P5 = np.uint64(0x27D4EB2F165667C5)
_ZERO, _NINE, _DOT, _DASH = ord("0"), ord("9"), ord("."), ord("-")
_INT64 = 2.0**63


def id_hashes(ids: pa.Array, seed: int = 0) -> np.ndarray:
    """Hash ids by their canonical text (`text.canonical_text`): ``12``, ``12.0`` and ``"12"`` are one id.

    XXH64 of the text's UTF-8 bytes (specification: github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md).

    Parameters
    ----------
    ids : (n,) of any type
    seed : XXH64's; another seed gives another, independent hash

    Returns
    -------
    uint64 (n,); 0 for null and NaN, and for nothing else
    """
    ids = plain(ids)
    kind = ids.type
    if pa.types.is_dictionary(kind):
        codes = ids.indices.fill_null(len(ids.dictionary)).to_numpy(zero_copy_only=False)
        return np.append(id_hashes(ids.dictionary, seed), NO_ID)[codes]
    out = np.zeros(len(ids), np.uint64)
    if pa.types.is_floating(kind):
        numbers = ids.cast(pa.float64()).to_numpy(zero_copy_only=False)
        # Float ids are integers that met a null on their way; only odd ones are spelled out.
        with np.errstate(invalid="ignore"):
            whole = (np.floor(numbers) == numbers) & (np.abs(numbers) < _INT64)
        if not (whole | np.isnan(numbers)).all():
            return id_hashes(canonical_text(ids), seed)
        _hash_integers(np.where(whole, numbers, 0).astype(np.int64), whole, np.uint64(seed), out)
        return out
    known = ids.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_integer(kind) and not pa.types.is_uint64(kind):
        _hash_integers(ids.cast(pa.int64()).fill_null(0).to_numpy(), known, np.uint64(seed), out)
        return out
    text = ids if pa.types.is_string(kind) else canonical_text(ids)
    data, offsets = text_buffers(text)
    _hash_texts(data, offsets, known, np.uint64(seed), out)
    return out


@njit(cache=True, nogil=True)
def _hash_texts(data: np.ndarray, offsets: np.ndarray, known: np.ndarray, seed: np.uint64, out: np.ndarray) -> None:
    for i in range(known.size):
        if known[i]:
            start = np.int64(offsets[i])
            out[i] = _xxh64(data, start, _canonical_end(data, start, np.int64(offsets[i + 1])), seed)


@njit(cache=True, nogil=True)
def _hash_integers(values: np.ndarray, known: np.ndarray, seed: np.uint64, out: np.ndarray) -> None:
    """Hash decimal digits without making strings of them."""
    digits = np.empty(20, np.uint8)
    for i in range(known.size):
        if known[i]:
            value = values[i]
            rest = np.uint64(value) if value >= 0 else np.uint64(0) - np.uint64(value)
            at = 20
            while True:
                at -= 1
                tenth = rest // np.uint64(10)
                digits[at] = np.uint8(_ZERO + np.int64(rest - tenth * np.uint64(10)))
                rest = tenth
                if rest == 0:
                    break
            if value < 0:
                at -= 1
                digits[at] = np.uint8(_DASH)
            out[i] = _xxh64(digits, np.int64(at), np.int64(20), seed)


@njit(cache=True, nogil=True)
def _canonical_end(data: np.ndarray, start: Whole, end: Whole) -> Whole:
    """End of a text without the ``.0`` (``.00``...) that follows digits alone."""
    dot = end
    while dot > start and data[dot - 1] == _ZERO:
        dot -= 1
    if dot == end or dot < start + 2 or data[dot - 1] != _DOT:
        return end
    first = start + 1 if data[start] == _DASH else start
    if first == dot - 1:
        return end
    for i in range(first, dot - 1):
        if not _ZERO <= data[i] <= _NINE:
            return end
    return dot - 1


@njit(cache=True, nogil=True, inline="always")
def _rotated(value: np.uint64, bits: int) -> np.uint64:
    return (value << np.uint64(bits)) | (value >> np.uint64(64 - bits))


@njit(cache=True, nogil=True, inline="always")
def _word(data: np.ndarray, at: Whole, size: int) -> np.uint64:
    word = np.uint64(0)
    for k in range(size):
        word |= np.uint64(data[at + k]) << np.uint64(8 * k)
    return word


@njit(cache=True, nogil=True, inline="always")
def _round(lane: np.uint64, word: np.uint64) -> np.uint64:
    return _rotated(lane + word * _P2, 31) * _P1


@njit(cache=True, nogil=True)
def _xxh64(data: np.ndarray, start: Whole, end: Whole, seed: np.uint64) -> np.uint64:
    """XXH64 of data[start:end], 1 in place of 0 (which stands for no id)."""
    at = start
    if end - start >= 32:
        a, b, c, d = seed + _P1 + _P2, seed + _P2, seed, seed - _P1
        while at + 32 <= end:
            a = _round(a, _word(data, at, 8))
            b = _round(b, _word(data, at + 8, 8))
            c = _round(c, _word(data, at + 16, 8))
            d = _round(d, _word(data, at + 24, 8))
            at += 32
        h = _rotated(a, 1) + _rotated(b, 7) + _rotated(c, 12) + _rotated(d, 18)
        for lane in (a, b, c, d):
            h = (h ^ _round(np.uint64(0), lane)) * _P1 + _P4
    else:
        h = seed + _P5
    h += np.uint64(end - start)
    while at + 8 <= end:
        h = _rotated(h ^ _round(np.uint64(0), _word(data, at, 8)), 27) * _P1 + _P4
        at += 8
    if at + 4 <= end:
        h = _rotated(h ^ (_word(data, at, 4) * _P1), 23) * _P2 + _P3
        at += 4
    while at < end:
        h = _rotated(h ^ (np.uint64(data[at]) * _P5), 11) * _P1
        at += 1
    h = (h ^ (h >> np.uint64(33))) * _P2
    h = (h ^ (h >> np.uint64(29))) * _P3
    h ^= h >> np.uint64(32)
    return h if h != 0 else np.uint64(1)
