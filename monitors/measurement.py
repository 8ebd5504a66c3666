"""The table that every monitor returns: one row per number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from monitors.profile.cube import Cube

PUBLIC = (
    "model", "monitor", "metric", "feature", "segment", "window_start", "window_end", "value", "low", "high",
    "expected", "n", "p_value",
)  # fmt: skip
"""Columns of ``driftmeter measurements``."""

COLUMNS = (*PUBLIC[1:], "band_low", "band_high", "detail", "reference")
"""Columns of a monitor's frame: value, its 95% interval (low, high), what the reference leads to expect, rows (n), the
family-wise p value (NaN: not judged), the band that quiet windows keep to (NaN: none), a short text, and whether the
window belongs to the reference (measured, shown, not judged)."""

_NUMBERS = ("value", "low", "high", "expected", "n", "p_value", "band_low", "band_high")


def in_reference(windows: Cube, reference: Cube) -> np.ndarray:
    """Which windows belong to the reference, shape (W,), bool."""
    return np.isin(windows.starts, reference.starts) if windows.segment == reference.segment else np.zeros(
        len(windows), bool)  # fmt: skip


def reference_first(windows: Cube, reference: Cube) -> tuple[np.ndarray, np.ndarray]:
    """Every window once: the R of the reference, then those that are not part of it.

    Returns
    -------
    later : shape (W,), bool: windows that are not part of the reference
    place : shape (W,): where each window lies in that order
    """
    later = ~in_reference(windows, reference)
    place = np.where(
        later, len(reference) + np.cumsum(later) - 1, np.searchsorted(reference.starts, windows.starts)
    )  # fmt: skip
    return later, place


def labelled_share(cube: Cube) -> np.ndarray:
    """Share of rows that have a label, shape (W,); NaN without rows."""
    column = cube.column(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(column.by_outcome.sum(axis=(1, 2)) / column.n.sum(axis=1))


def rest_of(total: np.ndarray, own: np.ndarray, inside: np.ndarray, axis: int = 0) -> np.ndarray:
    """What each window is compared with: the reference's total, less the window itself where it is part of it.

    Parameters
    ----------
    total : shape (...); own : the same with an axis more, that of windows; inside : shape (W,), bool
    axis : of windows

    Returns
    -------
    shape of ``own``
    """
    rest = np.repeat(np.expand_dims(total, axis), len(inside), axis)
    places = (slice(None),) * axis + (inside,)
    rest[places] -= own[places]
    return rest


def mean_inside(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Mean over the reference's windows of what is known, (..., W) to (..., 1); NaN where nothing is."""
    known = inside & np.isfinite(values)
    count = known.sum(axis=-1, keepdims=True)
    return np.where(count, np.where(known, values, 0.0).sum(axis=-1, keepdims=True) / np.maximum(count, 1), np.nan)


class Block(NamedTuple):
    """Measurements of one metric: of F features (or the model, or the log), in W windows.

    Attributes
    ----------
    features : F names, or ``[None]``
    segment : of the windows; "" for all rows
    starts, ends, inside : shape (W,), of the windows, and which of them are the reference's
    numbers : by column, arrays that broadcast to (F, W)
    detail : F lists of W texts; None for none
    """

    monitor: str
    metric: str
    features: Sequence[str | None]
    segment: str
    starts: np.ndarray
    ends: np.ndarray
    inside: np.ndarray
    numbers: Mapping[str, np.ndarray | float]
    detail: Sequence[Sequence[str | None]] | None


def table(
    monitor: str, metric: str, features: Sequence[str | None], windows: Cube, reference: Cube, *,
    detail: Sequence[Sequence[str | None]] | None = None, **numbers: np.ndarray | float,
) -> Block:  # fmt: skip
    """A block of measurements of one metric; ``combine`` makes a frame of such blocks.

    Parameters
    ----------
    features : F names, or ``[None]`` for the model or the log
    detail : F lists of W texts
    **numbers : arrays that broadcast to (F, W) for value, low, high, expected, n, p_value, band_low, band_high; left
    out: NaN
    """
    unknown = set(numbers) - set(_NUMBERS)
    if unknown:
        raise TypeError(f"no such columns of measurements: {sorted(unknown)}")
    return Block(monitor, metric, features, windows.segment, windows.starts, windows.ends,
                 in_reference(windows, reference), numbers, detail)  # fmt: skip


def combine(blocks: Sequence[Block]) -> pd.DataFrame:
    """Blocks as one frame, also when there are none. A number that there is not is no row."""
    blocks = [block for block in blocks if len(block.features)]
    shapes = [(len(block.features), len(block.starts)) for block in blocks]
    bounds = np.cumsum([0, *(features * windows for features, windows in shapes)]).tolist()
    words: dict[str | None, int] = {}

    def laid(kind: type, values: Iterable[Any]) -> np.ndarray:
        """What broadcasts to the blocks' shapes as one column, block by block and feature by feature."""
        out = np.empty(bounds[-1], kind)
        for of, shape, begin, end in zip(values, shapes, bounds, bounds[1:], strict=False):
            out[begin:end].reshape(shape)[:] = of
        return out

    def coded(names: Iterable[Sequence[str | None]]) -> np.ndarray:
        return laid(int, ([[words.setdefault(name, len(words))] for name in of] for of in names))

    inside = laid(bool, (block.inside for block in blocks))
    data: dict[str, Any] = {
        "monitor": coded([block.monitor] for block in blocks), "metric": coded([block.metric] for block in blocks),
        "feature": coded(block.features for block in blocks),
        "segment": coded([block.segment or None] for block in blocks),
        "window_start": laid(np.int64, (block.starts for block in blocks)),
        "window_end": laid(np.int64, (block.ends for block in blocks)),
        **{name: laid(float, [block.numbers.get(name, np.nan) for block in blocks]) for name in _NUMBERS},
        "detail": laid(object, (block.detail for block in blocks)), "reference": inside,
    }  # fmt: skip
    data["p_value"][inside] = np.nan  # windows of the reference are not judged
    known = ~np.isnan(data["value"])
    if not known.any():
        return concat([])
    data = {name: column if known.all() else column[known] for name, column in data.items()}
    for name in ("monitor", "metric", "feature", "segment"):
        data[name] = _words([*words], data[name])
    data["detail"] = _texts(data["detail"])
    return pd.DataFrame(data, copy=False)


def _words(words: list[str | None], codes: np.ndarray) -> pd.Series:
    """Words by their places as pandas' own strings, which it would take long to infer; as objects where some lack."""
    if None in words and (codes == words.index(None)).any():
        return _texts(np.array(words, object)[codes])
    return pd.Series(pa.array(words, pa.large_string()).take(pa.array(codes)), dtype=pd.StringDtype(na_value=np.nan))


def _texts(texts: np.ndarray) -> pd.Series:
    """Of no inferred type, in which None would become NaN."""
    return pd.Series(texts, dtype=object)


def concat(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames of measurements as one, also when there are none; other packages' may have rows without a number."""
    known = [frame["value"].notna().to_numpy() for frame in frames]
    kept = [frame if there.all() else frame[there] for frame, there in zip(frames, known, strict=True) if there.any()]
    if not kept:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    return pd.concat(kept, ignore_index=True)
