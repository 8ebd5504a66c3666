"""Why the loss changed, by feature: more rows of the kind that is hard, or the same rows turned out otherwise."""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitors.grouping import group_names, grouped, scored_groups
from monitors.maturity import mature
from monitors.measurement import in_reference, table
from monitors.profile.cube import Cube
from monitors.profile.sums import SUMS
from monitors.scores import score_bins
from monitors.settings import Settings
from monitors.statistics.decomposition import FeatureSplit, split_by_features
from monitors.statistics.losses import log_losses, squares_from_bins

_CELLS = 4_000_000
"""Windows x bins worked on at a time: what keeps a thousand features within memory."""
_NAMED = 5
"""Features whose bins are named, by window and part: those that explain most."""
_LEAST = 0.1
"""A bin is named when it makes up this part of its feature's."""


def loss_by_feature(windows: Cube, reference: Cube, settings: Settings) -> list[pd.DataFrame]:
    """``loss_inputs``, ``loss_relation`` and ``loss_unknown`` of every feature, in windows whose labels are in.

    For each feature they add up to the change of the mean loss since the reference; the last, of values that the
    reference hardly had, is left out where it is 0. The details of the first two name the bin that adds most.
    """
    columns = windows.bins.feature_places
    if not columns or not windows.bins.classes:
        return []
    inside = in_reference(windows, reference)
    judged = np.flatnonzero(mature(windows, reference, settings) & ~inside & (windows.rows > 0))
    kept, names = windows.select(judged), [windows.bins.columns[i].name for i in columns]
    if not len(kept):
        return []
    place, loss = np.asarray(windows.bins.offsets), SUMS.index("loss")
    before_n, before_loss = reference.counts[:, :, -1].sum(axis=0), reference.sums[:, :, loss].sum(axis=0)
    variance = _row_variance(kept)
    parts: list[FeatureSplit] = []
    width = max(1, _CELLS // max(len(kept), 1))
    for block in _blocks(np.array(columns), np.diff(place), width):
        rows = np.concatenate([np.arange(place[i], place[i + 1]) for i in block])
        offsets = np.concatenate([[0], np.cumsum([place[i + 1] - place[i] for i in block])])
        shape = (len(kept), len(rows))
        parts.append(split_by_features(
            np.broadcast_to(before_n[rows], shape), np.broadcast_to(before_loss[rows], shape),
            kept.counts[:, rows, -1].astype(float), kept.sums[:, rows, loss], offsets, variance,
        ))  # fmt: skip
    n = kept.counts[:, place[columns[0]] : place[columns[0] + 1], -1].sum(axis=1)
    out = []
    for part in ("inputs", "relation"):
        value, low, high = (
            np.concatenate([getattr(getattr(each, part), bound) for each in parts], axis=1).T
            for bound in ("value", "low", "high")
        )
        by_bin = np.concatenate([getattr(each, f"by_{part}") for each in parts], axis=1)
        sure = np.where((low > 0) | (high < 0), value, np.nan)
        said = _named(kept, reference, columns, sure, by_bin, part)
        out.append(table("concept", f"loss_{part}", names, kept, reference, value=value, low=low, high=high,
                         expected=0.0, n=n, detail=said))  # fmt: skip
    unknown = np.concatenate([each.unknown for each in parts], axis=1).T
    some = np.flatnonzero((np.nan_to_num(unknown) != 0).any(axis=1))
    out.append(table("concept", "loss_unknown", [names[f] for f in some], kept, reference,
                     value=np.where(unknown[some] == 0, np.nan, unknown[some]), n=n))  # fmt: skip
    return out


def _blocks(columns: np.ndarray, sizes: np.ndarray, width: int) -> list[np.ndarray]:
    """Features in runs of about ``width`` bins."""
    cut = np.cumsum(sizes[columns]) // width
    return np.split(columns, np.flatnonzero(np.diff(cut)) + 1)


def _row_variance(windows: Cube) -> np.ndarray:
    """Variance of a row's loss, about, shape (W,): of log losses, from the bins of the score."""
    column = windows.column(0)
    n = np.maximum(column.paired.sum(axis=1), 1)
    mean = column.sum("loss").sum(axis=1) / n
    if windows.bins.prediction_kind == "class":
        return np.asarray(mean * (1 - mean))
    if windows.bins.prediction_kind == "number":
        return np.asarray(np.maximum(column.sum("error2").sum(axis=1) / n - mean**2, 0.0))
    prediction = windows.of_role("prediction")
    if prediction is None:
        return np.full(len(windows), np.nan)
    score = score_bins(prediction)
    squares = squares_from_bins(score.by_outcome, log_losses(score.mean)).sum(axis=1)
    return np.asarray(np.maximum(squares / n - mean**2, 0.0))


def _named(
    windows: Cube, reference: Cube, columns: list[int], value: np.ndarray, by_bin: np.ndarray, part: str
) -> list[list[str | None]]:  # fmt: skip
    """The bin that adds most to a feature's part, with its share of rows or its loss, before and now.

    Parameters
    ----------
    value : shape (C, W), NaN where chance may have made it; by_bin : what each bin adds, shape (W, R)
    """
    said: list[list[str | None]] = [[None] * len(windows) for _ in columns]
    sizes = np.cumsum([0, *(windows.bins.columns[i].size for i in columns)])
    top = np.argsort(-np.abs(np.nan_to_num(value)), axis=0)[:_NAMED]
    for f in np.unique(top[np.isfinite(np.take_along_axis(value, top, axis=0))]):
        now, past = windows.column(columns[f]), reference.column(columns[f])
        group = scored_groups(past.n.sum(axis=0), past.bins)
        names = group_names(past.bins, group)
        if past.bins.kind == "categorical":  # a new value is news of its own
            group[-1] = len(names)
            names.append("unseen values")
        adds = grouped(by_bin[:, sizes[f] : sizes[f + 1]], group)
        rows, before = grouped(now.paired, group), grouped(past.paired.sum(axis=0), group)
        loss, loss_before = grouped(now.sum("loss"), group), grouped(past.sum("loss").sum(axis=0), group)
        for w in np.flatnonzero((top == f).any(axis=0)):
            g = int(np.argmax(adds[w] * np.sign(value[f, w])))
            if not np.isfinite(value[f, w]) or abs(adds[w, g]) < _LEAST * abs(value[f, w]) or not rows[w].sum():
                continue
            if part == "inputs":
                told = f"{before[g] / max(before.sum(), 1):.1%} to {rows[w, g] / rows[w].sum():.1%} of rows"
            else:
                told = f"loss {loss_before[g] / max(before[g], 1):.3g} to {loss[w, g] / max(rows[w, g], 1):.3g}"
            said[f][w] = f"{names[g]}: {told}"
    return said
