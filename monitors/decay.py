"""Decay: do the features still tell the outcome? Learned, available and expected power, feature by feature."""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitors.maturity import mature
from monitors.measurement import combine, in_reference, rest_of, table
from monitors.profile.cube import ColumnCube, Cube
from monitors.settings import Settings
from monitors.statistics.intervals import Estimate
from monitors.statistics.null import FEW_WINDOWS, SLOW, Deviations, deviations, judge, run_below
from monitors.statistics.power import (
    MINIMUM_LABELS,
    Power,
    binary_power,
    information_value,
    multiclass_power,
    normalised_mutual_information,
    regression_power,
    relation,
    retraining_gain,
)
from monitors.statistics.spread import diversity, spread_between_bins

_LEAST_POWER = 0.01
"""A feature whose power in the reference is surely above nothing by no more than this has none to lose."""


FEWEST_OF_A_CLASS = 3
"""Rows of a class from which two classes have a power at all. Under ``MINIMUM_LABELS`` it is said to be of too few,
shown for what it is worth, pooled with others by the ledger, and never judged."""


def measure(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    """Predictive power of each feature in each window.

    ``learned_power``: what a model fitted on the reference still gets from the feature (bins scored with the
    reference's relation; the judged one: a drop). ``available_power``: what retraining could get (the window's own
    relation, cross-fitted). ``expected_power``: what the reference's relation would give on the window's inputs. AUC
    for classes (several: one against the rest, weighted), explained variance for numbers. ``retraining_gain`` (binary):
    available less learned power. ``information_value`` (binary) and ``mutual_information`` (normalised) of the window
    alone. ``input_spread``: how widely the values spread, the reference's spread being 1; ``known_share``: the share of
    rows that have a value. A window of the reference is measured with the relation of the others. Windows with few
    labels of a class are told with a word beside (``TOO_FEW``), and not judged.
    """
    columns = windows.bins.feature_places
    if not columns or not len(windows) or not windows.bins.classes:
        return combine([])
    names = [windows.bins.columns[i].name for i in columns]
    cubes = [(windows.column(i), reference.column(i)) for i in columns]
    inside, everywhere = in_reference(windows, reference), np.ones(len(reference), bool)
    powers = [power(now, ref, inside, windows.bins.task) for now, ref in cubes]
    past = [power(ref, ref, everywhere, windows.bins.task) for _, ref in cubes]
    shown = np.array([p.learned for p in powers])  # (F, 3, W): value, low, high
    few, few_before = too_few(cubes[0][0], windows.bins.task), too_few(cubes[0][1], windows.bins.task)
    learned = np.where(few, np.nan, shown)
    before = np.array([[p.learned.value, p.learned.error] for p in past])  # (F, 2, R)
    before = np.where(few_before, np.nan, before)
    error = np.array([p.learned.error for p in powers])
    able = _able(before, windows.bins.task)
    ripe = mature(windows, reference, settings)
    judgeable = able[:, None] & (ripe & ~inside)
    scores = _deviations(
        np.where(able[:, None], before[:, 0], np.nan), before[:, 1], np.where(judgeable, learned[:, 0], np.nan), error,
        windows.bins.task,
    )  # fmt: skip
    # power fades slowly: what one window cannot show, several in a row can
    verdict = judge(
        -scores.reference, -scores.windows, scores.dof, settings.rate("decay", "learned_power"), sides=1, spans=SLOW
    )
    runs = run_below(np.where(able[:, None], before[:, 0], np.nan), np.where(judgeable, learned[:, 0], np.nan))
    judged = able & (np.isfinite(before[:, 0]).sum(axis=1) >= FEW_WINDOWS)
    p = np.where(judged[:, None], np.fmin(verdict.p, np.minimum(runs * able.sum(), 1.0)), np.nan)
    usual = np.array([_mean(values) for values in before[:, 0]])[:, None]
    expected = _natural(scores.expected, windows.bins.task)
    expected = np.where(np.isfinite(expected), expected, usual)
    lowest = _natural(scores.expected - scores.band(verdict.limit), windows.bins.task)
    labels = np.array([_labelled(now).sum(axis=1) for now, _ in cubes])
    blocks = [
        table(
            "decay",
            "learned_power",
            names,
            windows,
            reference,
            value=shown[:, 0],
            low=shown[:, 1],
            high=shown[:, 2],
            expected=expected,
            detail=[[TOO_FEW if small else None for small in few]] * len(names),
            n=labels,
            p_value=np.where(ripe & ~few, p, np.nan),
            band_low=np.where(able[:, None], lowest, np.nan),
        )
    ]
    for metric in ("available", "expected"):
        values = np.array([getattr(p, metric) for p in powers])
        usual = np.array([_mean(getattr(p, metric).value) for p in past])
        blocks.append(table("decay", f"{metric}_power", names, windows, reference, value=values[:, 0], low=values[:, 1],
                            high=values[:, 2], expected=usual[:, None], n=labels))  # fmt: skip
    with np.errstate(invalid="ignore", over="ignore"):
        spread = np.array([_spread(now) / _spread(ref, whole=True) for now, ref in cubes])
    blocks.append(table("decay", "input_spread", names, windows, reference, value=spread, n=windows.rows))
    known = np.array([_known(now) for now, _ in cubes])
    blocks.append(table("decay", "known_share", names, windows, reference, value=known, n=windows.rows))
    if windows.bins.task != "regression":
        blocks.append(table(
            "decay", "mutual_information", names, windows, reference, n=labels,
            value=np.array([normalised_mutual_information(now.by_outcome) for now, _ in cubes]),
        ))  # fmt: skip
    if windows.bins.task == "binary":
        gains = np.array([_gain(now, ref, inside) for now, ref in cubes])
        blocks.append(table("decay", "retraining_gain", names, windows, reference, value=gains[:, 0], low=gains[:, 1],
                            high=gains[:, 2], n=labels))  # fmt: skip
        blocks.append(table(
            "decay", "information_value", names, windows, reference, n=labels,
            value=np.array([information_value(now.by_outcome[..., 1], now.by_outcome[..., 0]) for now, _ in cubes]),
        ))  # fmt: skip
    return combine(blocks)


_CALM = 0.25
"""Explained variance is judged as -log(1 - R² + this): on a calm day little is left to explain, and R² is anything."""
_STEEP = 0.05
"""Powers nearer to 0 or 1 than this are judged as this."""


def _deviations(
    reference: np.ndarray, reference_error: np.ndarray, values: np.ndarray, errors: np.ndarray, task: str
) -> Deviations:
    """Deviations of powers on a scale on which quiet windows' powers are about symmetric: logit, or log of the rest."""
    past, now = (_scaled(*pair, task) for pair in ((reference, reference_error), (values, errors)))
    return deviations(*past, *now)


@np.errstate(invalid="ignore", divide="ignore")
def _scaled(value: np.ndarray, error: np.ndarray, task: str) -> tuple[np.ndarray, np.ndarray]:
    if task == "regression":
        rest = np.maximum(1 - value, 0.0) + _CALM
        return -np.log(rest), error / rest
    share = np.clip(value, _STEEP, 1 - _STEEP)
    return np.log(share / (1 - share)), error / (share * (1 - share))


@np.errstate(over="ignore")
def _natural(scaled: np.ndarray, task: str) -> np.ndarray:
    """The inverse of ``_scaled``."""
    return 1 + _CALM - np.exp(-scaled) if task == "regression" else 1 / (1 + np.exp(-scaled))


def power(now: ColumnCube, reference: ColumnCube, inside: np.ndarray, task: str) -> Power:
    """The three powers of one feature in each window, each an Estimate of shape (W,).

    Parameters
    ----------
    inside : shape (W,), bool: windows that are part of the reference, which are compared with the rest of it
    """
    ordered = now.bins.kind == "numeric"
    if task == "regression":
        own, past = _moments(now), _moments(reference)
        return regression_power(rest_of(past.sum(axis=0), own, inside), own, now.n, ordered=ordered)
    own, past = now.by_outcome, reference.by_outcome
    rest = rest_of(past.sum(axis=0), own, inside)
    if task == "binary":
        return binary_power(rest, own, now.n, ordered=ordered, minimum_labels=FEWEST_OF_A_CLASS)
    return multiclass_power(rest, own, now.n, ordered=ordered)


def _gain(now: ColumnCube, reference: ColumnCube, inside: np.ndarray) -> Estimate:
    """Available less learned power by window, each an array (W,)."""
    rest = rest_of(reference.by_outcome.sum(axis=0), now.by_outcome, inside)
    ordered = now.bins.kind == "numeric"
    return retraining_gain(now.by_outcome, relation(rest), ordered, minimum_labels=FEWEST_OF_A_CLASS)


TOO_FEW = f"too few labels: under {MINIMUM_LABELS} of a class"
"""What is said beside a power that is of too few rows to be judged."""


def too_few(column: ColumnCube, task: str) -> np.ndarray:
    """Windows with too few labelled rows of one of two classes to be judged, shape (W,), bool; any column will do."""
    if task != "binary":
        return np.zeros(len(column.counts), bool)
    return np.asarray(column.by_outcome.sum(axis=1).min(axis=-1) < MINIMUM_LABELS)


@np.errstate(divide="ignore", invalid="ignore")
def _spread(column: ColumnCube, whole: bool = False) -> np.ndarray:
    """Spread of the values over their bins by window, shape (W,), or of all windows together (NaN where it is 0)."""
    n, total = column.n[:, column.values], column.sum("value")[:, column.values]
    if whole:
        n, total = n.sum(axis=0), total.sum(axis=0)
    found = spread_between_bins(n, total) if column.bins.kind == "numeric" else diversity(n)
    return np.where(found > 0, found, np.nan) if whole else found


@np.errstate(divide="ignore", invalid="ignore")
def _known(column: ColumnCube) -> np.ndarray:
    """Share of rows that have a value, shape (W,)."""
    return np.asarray(column.n[:, column.values].sum(axis=1) / column.n.sum(axis=1))


def _moments(column: ColumnCube) -> np.ndarray:
    """Labelled rows, Σy, Σy² by bin, shape (W, B, 3)."""
    return np.stack([_labelled(column).astype(float), column.sum("label"), column.sum("label2")], axis=-1)


def _labelled(column: ColumnCube) -> np.ndarray:
    return np.asarray(column.by_outcome.sum(axis=2))


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan


def _able(before: np.ndarray, task: str) -> np.ndarray:
    """Features that had power in the reference, shape (F,), bool: those without have none to lose."""
    nothing = 0.0 if task == "regression" else 0.5
    values, errors = before[:, 0], before[:, 1]
    known = np.isfinite(values) & np.isfinite(errors)
    count = np.maximum(known.sum(axis=1), 1)
    mean = np.where(known, values, 0).sum(axis=1) / count
    error = np.sqrt(np.where(known, errors**2, 0).sum(axis=1)) / count
    return known.any(axis=1) & (mean - 1.96 * error > nothing + _LEAST_POWER)
