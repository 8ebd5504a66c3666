"""What decay measures of the features, block by block: their powers, and how widely and how often they have values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monitors.measurement import reference_first
from monitors.profile.alike import Alike, blocks
from monitors.profile.bins import FIRST
from monitors.profile.cube import Cube
from monitors.statistics.information import information_value, normalised_mutual_information
from monitors.statistics.intervals import BinaryPower, Power
from monitors.statistics.power import binary_power, multiclass_power, regression_power
from monitors.statistics.spread import diversity, spread_between_bins

FEWEST_OF_A_CLASS = 3
"""Rows of a class from which two classes have a power at all. Under ``MINIMUM_LABELS`` it is said to be of too few,
shown for what it is worth, pooled with others by the ledger, and never judged."""

Numbers = dict[str, np.ndarray]
"""By metric: of powers value, low and high, shape (3, F, W); of others (F, W)."""


def measured(windows: Cube, reference: Cube, columns: Sequence[int]) -> tuple[Numbers, Numbers]:
    """Numbers of the features at some places of ``bins.columns``, of the windows and of the reference's own windows.

    A window of the reference is compared with the rest of it.
    """
    task, found = windows.bins.task, Numbers()
    later, place = reference_first(windows, reference)
    for where, now in blocks(windows, columns, max(len(windows.bins.classes), 1)):
        past, rest = now.of(reference), now.at(later)
        before, after = _outcomes(past, task), _outcomes(rest, task)
        total = before.sum(axis=1, keepdims=True)
        usual = _spread(past.n.sum(axis=1, keepdims=True), past.sum("value").sum(axis=1, keepdims=True), now.kind)
        usual = np.where(usual > 0, usual, np.nan)
        parts = _numbers(past, before, total - before, usual, task), _numbers(rest, after, total, usual, task)
        for name in parts[0]:
            values = np.concatenate([part[name] for part in parts], axis=-1)
            shape = (*values.shape[:-2], len(columns), values.shape[-1])
            found.setdefault(name, np.empty(shape))[..., where, :] = values
    return (
        {name: values[..., place] for name, values in found.items()},
        {name: values[..., : len(reference)] for name, values in found.items()},
    )


def _numbers(block: Alike, outcomes: np.ndarray, rest: np.ndarray, usual: np.ndarray, task: str) -> Numbers:
    """Of one block's windows.

    Parameters
    ----------
    outcomes : of ``_outcomes``, (F, W, B, ...); rest : the same of what each window is compared with, or of all, of one
    usual : spread of the reference's values, shape (F, 1)
    """
    n, ordered = block.n, block.kind == "numeric"
    found: Numbers = {}
    power: Power | BinaryPower
    if task == "regression":
        power = regression_power(rest, outcomes, n, ordered)
    elif task == "binary":
        power = binary_power(rest, outcomes, n, ordered, FEWEST_OF_A_CLASS)
        found["retraining_gain"] = np.stack(power.gain)
        found["information_value"] = information_value(outcomes[..., 1], outcomes[..., 0])
    else:
        power = multiclass_power(rest, outcomes, n, ordered)
    found |= {f"{name}_power": np.stack(getattr(power, name)) for name in Power._fields}
    if task != "regression":
        found["mutual_information"] = normalised_mutual_information(outcomes)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        found["input_spread"] = _spread(n, block.sum("value"), block.kind) / usual
        found["known_share"] = n[..., FIRST:].sum(axis=-1) / n.sum(axis=-1)
    return found


def _outcomes(block: Alike, task: str) -> np.ndarray:
    """Labelled rows by bin and class, shape (F, W, B, K); for numbers labelled rows, Σy, Σy², shape (F, W, B, 3)."""
    if task != "regression":
        return block.by_outcome
    return np.stack([block.by_outcome[..., 0], block.sum("label"), block.sum("label2")], axis=-1)


def _spread(n: np.ndarray, total: np.ndarray, kind: str) -> np.ndarray:
    """Spread of the values over their bins, shape (...), from rows and sums of values by bin, (..., B)."""
    values = slice(FIRST, None)
    return (
        diversity(n[..., values]) if kind == "categorical" else spread_between_bins(n[..., values], total[..., values])
    )
