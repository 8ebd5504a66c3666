"""Decay: do the features still tell the outcome? Learned, available and expected power, feature by feature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from monitors.decay_blocks import measured
from monitors.maturity import mature
from monitors.measurement import Block, combine, in_reference, mean_inside, table
from monitors.profile.cube import ColumnCube, Cube
from monitors.settings import Settings
from monitors.statistics.intervals import Estimate
from monitors.statistics.null import FEW_WINDOWS, SLOW, Deviations, deviations, judge, run_below
from monitors.statistics.power import MINIMUM_LABELS

_LEAST_POWER = 0.01
"""A feature whose power in the reference is surely above nothing by no more than this has none to lose."""


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
    inside, task = in_reference(windows, reference), windows.bins.task
    now, past = measured(windows, reference, columns)
    few, few_before = (too_few(cube.column(columns[0]), task) for cube in (windows, reference))
    usual = Estimate(*(np.where(few_before, np.nan, bound) for bound in past["learned_power"]))
    able, error = _able(usual, task), Estimate(*now["learned_power"]).error
    ripe = mature(windows, reference, settings)
    judgeable = able[:, None] & (ripe & ~inside & ~few)
    before = np.where(able[:, None], usual.value, np.nan)
    learned = np.where(judgeable, now["learned_power"][0], np.nan)
    scores = _deviations(before, usual.error, learned, error, task)
    # power fades slowly: what one window cannot show, several in a row can
    verdict = judge(
        -scores.reference, -scores.windows, scores.dof, settings.rate("decay", "learned_power"), sides=1, spans=SLOW
    )
    runs = run_below(before, learned)
    judged = able & (np.isfinite(usual.value).sum(axis=1) >= FEW_WINDOWS)
    p = np.where(judged[:, None], np.fmin(verdict.p, np.minimum(runs * able.sum(), 1.0)), np.nan)
    expected = _natural(scores.expected, task)
    labels = _labelled(windows.column(columns[0])).sum(axis=1)
    everywhere = np.ones(len(reference), bool)

    def shown(metric: str, n: np.ndarray, **more: Any) -> Block:
        value, low, high = now[metric] if now[metric].ndim == 3 else (now[metric], np.nan, np.nan)
        return table("decay", metric, names, windows, reference, value=value, low=low, high=high, n=n, **more)

    blocks = [
        shown(
            "learned_power",
            labels,
            expected=np.where(np.isfinite(expected), expected, mean_inside(usual.value, everywhere)),
            detail=[[TOO_FEW if small else None for small in few]] * len(names),
            p_value=np.where(ripe & ~few, p, np.nan),
            band_low=np.where(able[:, None], _natural(scores.expected - scores.band(verdict.limit), task), np.nan),
        ),
        *(
            shown(metric, labels, expected=mean_inside(past[metric][0], everywhere))
            for metric in ("available_power", "expected_power")
        ),
        *(shown(metric, windows.rows) for metric in ("input_spread", "known_share")),
        *(
            shown(metric, labels)
            for metric in ("mutual_information", "retraining_gain", "information_value")
            if metric in now
        ),
    ]
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


TOO_FEW = f"too few labels: under {MINIMUM_LABELS} of a class"
"""What is said beside a power that is of too few rows to be judged."""


def too_few(column: ColumnCube, task: str) -> np.ndarray:
    """Windows with too few labelled rows of one of two classes to be judged, shape (W,), bool; any column will do."""
    if task != "binary":
        return np.zeros(len(column.counts), bool)
    return np.asarray(column.by_outcome.sum(axis=1).min(axis=-1) < MINIMUM_LABELS)


def _labelled(column: ColumnCube) -> np.ndarray:
    return np.asarray(column.by_outcome.sum(axis=2))


def _able(before: Estimate, task: str) -> np.ndarray:
    """Features that had power in the reference, shape (F,), bool: those without have none to lose."""
    nothing = 0.0 if task == "regression" else 0.5
    known = np.isfinite(before.value) & np.isfinite(before.error)
    count = np.maximum(known.sum(axis=1), 1)
    mean = np.where(known, before.value, 0).sum(axis=1) / count
    error = np.sqrt(np.where(known, before.error**2, 0).sum(axis=1)) / count
    return known.any(axis=1) & (mean - 1.96 * error > nothing + _LEAST_POWER)
