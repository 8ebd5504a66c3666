"""Why the loss changed, by feature: more rows of the kind that is hard, or the same rows turned out otherwise."""

from __future__ import annotations

import numpy as np

from monitors.grouping import group_names, grouped, scored_groups
from monitors.maturity import mature
from monitors.measurement import Block, in_reference, table
from monitors.profile.alike import Alike, blocks
from monitors.profile.cube import Cube
from monitors.scores import score_bins
from monitors.settings import Settings
from monitors.statistics.decomposition import Split, split_by_bins
from monitors.statistics.intervals import Estimate
from monitors.statistics.losses import log_losses, squares_from_bins

_NAMED = 5
"""Features whose bins are named, by window and part: those that explain most."""
_LEAST = 0.1
"""A bin is named when it makes up this part of its feature's."""


def loss_by_feature(windows: Cube, reference: Cube, settings: Settings) -> list[Block]:
    """``loss_inputs``, ``loss_relation`` and ``loss_unknown`` of every feature, in windows whose labels are in.

    For each feature they add up to the change of the mean loss since the reference; the last, of values that the
    reference hardly had, is left out where it is 0. The details of the first two name the bin that adds most.
    """
    columns = windows.bins.feature_places
    if not columns or not windows.bins.classes:
        return []
    judged = mature(windows, reference, settings) & ~in_reference(windows, reference) & (windows.rows > 0)
    if not judged.any():
        return []
    variance = _row_variance(windows)
    found = np.full((7, len(columns), len(windows)), np.nan)
    for place, now in blocks(windows, columns):
        split = _split(now, now.of(reference), judged, variance)
        found[:, place[:, None], judged] = [*split.inputs, *split.relation, split.unknown]
    parts = {"inputs": Estimate(*found[:3]), "relation": Estimate(*found[3:6])}
    said = _named(windows, reference, columns, judged, variance, parts)
    names = [windows.bins.columns[i].name for i in columns]
    n = windows.column(columns[0]).paired.sum(axis=1)
    out = [
        table("concept", f"loss_{part}", names, windows, reference, value=of.value, low=of.low, high=of.high,
              expected=0.0, n=n, detail=said[part])
        for part, of in parts.items()
    ]  # fmt: skip
    unknown = np.where(found[6] == 0, np.nan, found[6])
    some = np.flatnonzero(np.isfinite(unknown).any(axis=1))
    out.append(table("concept", "loss_unknown", [names[f] for f in some], windows, reference,
                     value=unknown[some], n=n))  # fmt: skip
    return out


def _split(now: Alike, past: Alike, judged: np.ndarray, variance: np.ndarray) -> Split:
    """Of F features, in the windows that are judged."""
    before, loss_before = (x.sum(axis=1, keepdims=True) for x in (past.paired, past.sum("loss")))
    return split_by_bins(before, loss_before, now.paired[:, judged], now.sum("loss")[:, judged], variance[judged])


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
    windows: Cube, reference: Cube, columns: list[int], judged: np.ndarray, variance: np.ndarray,
    parts: dict[str, Estimate],
) -> dict[str, list[list[str | None]]]:  # fmt: skip
    """The bin that adds most to a feature's part, with its share of rows or its loss, before and now."""
    said: dict[str, list[list[str | None]]] = {part: [[None] * len(windows) for _ in columns] for part in parts}
    wanted = {part: _most(of) for part, of in parts.items()}
    places = np.flatnonzero(judged)
    chosen = np.flatnonzero(np.any(list(wanted.values()), axis=(0, 2)))
    for where, block in blocks(windows, [columns[f] for f in chosen]):
        split = _split(block, block.of(reference), judged, variance)
        for k, f in enumerate(chosen[where].tolist()):
            now, past = windows.column(columns[f]), reference.column(columns[f])
            group = scored_groups(past.n.sum(axis=0), past.bins)
            names = group_names(past.bins, group)
            if past.bins.kind == "categorical":  # a new value is news of its own
                group[-1] = len(names)
                names.append("unseen values")
            rows, before = grouped(now.paired, group), grouped(past.paired.sum(axis=0), group)
            loss, loss_before = grouped(now.sum("loss"), group), grouped(past.sum("loss").sum(axis=0), group)
            for part, of in parts.items():
                adds = grouped(getattr(split, f"by_{part}")[k], group)
                for i in np.flatnonzero(wanted[part][f, places]).tolist():
                    w, value = places[i], of.value[f, places[i]]
                    g = int(np.argmax(adds[i] * np.sign(value)))
                    if abs(adds[i, g]) < _LEAST * abs(value) or not rows[w].sum():
                        continue
                    if part == "inputs":
                        told = f"{before[g] / max(before.sum(), 1):.1%} to {rows[w, g] / rows[w].sum():.1%} of rows"
                    else:
                        told = f"loss {loss_before[g] / max(before[g], 1):.3g} to {loss[w, g] / max(rows[w, g], 1):.3g}"
                    said[part][f][w] = f"{names[g]}: {told}"
    return said


def _most(part: Estimate) -> np.ndarray:
    """Features that explain most, where that is beyond chance, shape (C, W), bool."""
    sure = (part.low > 0) | (part.high < 0)
    size = np.where(sure, np.abs(part.value), 0.0)
    chosen = np.zeros(sure.shape, bool)
    np.put_along_axis(chosen, np.argsort(-size, axis=0)[:_NAMED], True, axis=0)
    return chosen & sure
