"""The table that every monitor returns: one row per number."""

from __future__ import annotations

from collections.abc import Sequence

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


def table(
    monitor: str, metric: str, features: Sequence[str | None], windows: Cube, reference: Cube, *,
    detail: Sequence[Sequence[str | None]] | None = None, **numbers: np.ndarray | float,
) -> pd.DataFrame:  # fmt: skip
    """A block of measurements of one metric.

    Parameters
    ----------
    features : F names, or ``[None]`` for the model or the log
    detail : F lists of W texts
    **numbers : arrays that broadcast to (F, W) for value, low, high, expected, n, p_value, band_low, band_high; left
    out: NaN
    """
    shape = (len(features), len(windows))
    unknown = set(numbers) - set(_NUMBERS)
    if unknown:
        raise TypeError(f"no such columns of measurements: {sorted(unknown)}")
    inside = in_reference(windows, reference)
    data: dict[str, object] = {
        "monitor": _words([monitor], shape), "metric": _words([metric], shape), "feature": _words(features, shape),
        "segment": _words([windows.segment or None], shape),
        "window_start": np.tile(windows.starts, len(features)),
        "window_end": np.tile(windows.ends, len(features)),
    }  # fmt: skip
    for name in _NUMBERS:
        values = np.asarray(numbers.get(name, np.nan), float)
        if name == "p_value":  # windows of the reference are not judged
            values = np.where(inside, np.nan, np.broadcast_to(values, shape))
        data[name] = np.broadcast_to(values, shape).ravel()
    texts = np.full(shape, None, object)
    for row, of in zip(texts, detail or (), strict=detail is not None):
        row[:] = of
    # of no inferred type, in which None would become NaN
    data["detail"] = pd.Series(texts.ravel(), dtype=object)
    data["reference"] = np.tile(inside, len(features))
    return pd.DataFrame(data, copy=False)


def _words(words: Sequence[str | None], shape: tuple[int, int]) -> pd.api.extensions.ExtensionArray | np.ndarray:
    """One word for all rows, or one a feature, as pandas' own strings, which it would take long to infer."""
    each = shape[0] * shape[1] // max(len(words), 1)
    if all(word is None for word in words):
        return np.full(shape[0] * shape[1], None, object)
    repeated = pa.array(words, pa.large_string()).take(np.repeat(np.arange(len(words)), each))
    return pd.array(repeated, dtype=pd.StringDtype(na_value=np.nan))


def combine(blocks: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Blocks as one frame, also when there are none. A number that there is not is no row."""
    known = [block["value"].notna().to_numpy() for block in blocks]
    kept = [block if there.all() else block[there] for block, there in zip(blocks, known, strict=True) if there.any()]
    if not kept:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    return pd.concat(kept, ignore_index=True)
