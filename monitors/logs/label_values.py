"""Label values of many files in one compact array."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from monitors.logs.columns import plain
from monitors.logs.text import canonical_text

_NO_WORD = -1


class LabelValues:
    """Values gathered batch by batch: numbers as numbers, all else as codes into a list of words.

    Files may disagree on the type. Booleans and integers become integers, with floats all become floats, and once
    any file has text all are text (``1.0`` as ``1``).
    """

    def __init__(self) -> None:
        self._chunks: list[np.ndarray] = []
        self._coded: list[bool] = []
        self._codes: dict[str, int] = {}

    def add(self, values: pa.Array) -> np.ndarray:
        """Take the values of a batch; returns which of them are labels (bool, n): null and NaN are not taken."""
        values = plain(values)
        known = values.is_valid().to_numpy(zero_copy_only=False)
        kind = values.type
        if not known.any():  # an empty column of a CSV file has no type, and must not make numbers text
            return known
        number = pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)
        if number:
            array = values.filter(pa.array(known)).to_numpy(zero_copy_only=False)
            if array.dtype.kind == "f":
                good = ~np.isnan(array)
                known[known] = good
                array = array[good].astype(np.float64) + 0.0  # no negative zero
            elif array.dtype.kind != "b":
                array = array.astype(np.float64 if array.dtype == np.uint64 else np.int64)
            self._chunks.append(array)
        else:
            codes = self._encode(values if pa.types.is_dictionary(kind) else values.dictionary_encode())
            known = codes != _NO_WORD
            self._chunks.append(codes[known])
        self._coded.append(not number)
        return known

    def _encode(self, text: pa.Array) -> np.ndarray:
        codes = [
            _NO_WORD if word is None else self._codes.setdefault(word, len(self._codes))
            for word in canonical_text(text.dictionary).to_pylist()
        ]
        places = text.indices.fill_null(len(codes)).to_numpy(zero_copy_only=False)
        return np.array([*codes, _NO_WORD], np.int32)[places]

    def finish(self) -> tuple[np.ndarray, pa.Array | None]:
        """All values in order: numbers and None, or int32 codes and their words. The chunks are let go.

        Integers take as few bytes as the largest needs.
        """
        if any(self._coded):
            for i, coded in enumerate(self._coded):
                if not coded:
                    self._chunks[i] = self._encode(canonical_text(pa.array(self._chunks[i])).dictionary_encode())
            values = np.concatenate(self._chunks)
            self._chunks = []
            return values, pa.array(list(self._codes), pa.string())
        kinds = {chunk.dtype.kind for chunk in self._chunks}
        widest = np.float64 if "f" in kinds else (np.int64 if "i" in kinds else np.bool_)
        values = np.concatenate([np.empty(0, widest), *self._chunks])
        self._chunks = []
        if widest is np.int64 and len(values):
            lowest = min(int(values.min()), -int(values.max()) - 1)
            values = values.astype(np.min_scalar_type(lowest))
        return values, None
