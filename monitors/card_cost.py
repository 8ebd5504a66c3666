"""What something missing costs, in a card's words: loss of rows with and without it, and its part of the change."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from monitors.loss_gap import FEWEST
from monitors.messages import number, share
from monitors.profile.bins import FIRST
from monitors.profile.cube import Cube

UNITS = {"probability": "log loss", "number": "absolute error", "class": "errors"}
_GONE = ("absent", "null_rate")


class Gap(NamedTuple):
    """Loss per labelled row in the windows of a finding.

    Attributes
    ----------
    without, having : mean loss of rows without the feature and with it; rows of either
    now, before : of all rows, in these windows and in the reference
    explained : part of the change from ``before`` to ``now`` that rows newly without the feature make; NaN: no change
    """

    without: float
    having: float
    rows_without: int
    rows_having: int
    now: float
    before: float
    explained: float


def gap(cube: Cube, reference: Cube, feature: str, windows: np.ndarray) -> Gap | None:
    """What rows without a feature lose more than rows with it; None where there are no labelled, scored rows.

    Where (nearly) no row has the feature any more, rows that had it in the reference stand for those with it.

    Parameters
    ----------
    windows : shape (W,), bool, those of the finding whose labels are in
    """
    i = cube.bins.position(feature)
    now, past = cube.column(i), reference.column(i)
    n, loss = now.paired[windows].sum(axis=0).astype(float), now.sum("loss")[windows].sum(axis=0)
    old, old_loss = past.paired.sum(axis=0).astype(float), past.sum("loss").sum(axis=0)
    if n.sum() < FEWEST or old.sum() < FEWEST:
        return None
    away, here = n[:FIRST].sum(), n[FIRST:].sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        without = float(loss[:FIRST].sum() / away)
        having = float(loss[FIRST:].sum() / here) if here >= FEWEST else float(
            old_loss[FIRST:].sum() / old[FIRST:].sum())  # fmt: skip
        level, before = float(loss.sum() / n.sum()), float(old_loss.sum() / old.sum())
        extra = away / n.sum() - old[:FIRST].sum() / old.sum()
        explained = (without - having) * extra / (level - before) if level > before else np.nan
    return Gap(without, having, int(away), int(here), level, before, float(explained))


def cost_words(
    cube: Cube, reference: Cube, measured: pd.DataFrame, feature: str, windows: np.ndarray, kind: str
) -> str:
    """What a finding costs: loss where it can be compared, else the power at stake; "" where nothing is known."""
    texts = []
    unit = UNITS.get(str(cube.bins.prediction_kind))
    if unit and kind in _GONE:
        found = gap(cube, reference, feature, windows & _labelled(cube))
        if found is not None and found.rows_without >= FEWEST:
            other = "rows with it" if found.rows_having >= FEWEST else "rows that had it in the reference"
            text = f"{unit} {number(found.without)} on rows without it, {number(found.having)} on {other}"
            change = f"{number(found.before)} to {number(found.now)}"
            if found.rows_having < FEWEST:  # nothing is left to compare with, so what else changed is not told apart
                text += f"; the model's loss went from {change}"
            elif found.explained > 0 and _surely(measured, feature, cube.starts[windows]):
                text += f": {share(min(found.explained, 1.0))} of the model's change in loss ({change})"
            texts.append(text)
    held = measured[(measured["metric"] == "learned_power") & measured["reference"].astype(bool)]
    power = held.groupby("feature")["value"].mean().dropna().sort_values(ascending=False)
    if feature in power.index:
        name = "explained variance" if cube.bins.task == "regression" else "AUC"
        place = int(list(power.index).index(feature)) + 1
        texts.append(f"its own {name} was {number(float(power[feature]))}, number {place} of {len(power)}")
    return "; ".join(texts)


def _surely(measured: pd.DataFrame, feature: str, starts: np.ndarray) -> bool:
    """Whether rows without the feature surely lose more: the mean of the windows' gaps is beyond its 95% interval."""
    gaps = measured[(measured["metric"] == "loss_gap") & (measured["feature"] == feature)
                    & measured["window_start"].isin(starts)]  # fmt: skip
    width = np.sqrt((((gaps["high"] - gaps["low"]) / 2) ** 2).sum()) / max(len(gaps), 1)
    return bool(len(gaps) and gaps["value"].mean() > width)


def _labelled(cube: Cube) -> np.ndarray:
    """Windows with labels for at least nine tenths of the rows that the best labelled window has them for, bool."""
    column = cube.column(0)
    n = np.maximum(column.n.sum(axis=1), 1)
    part = column.by_outcome.sum(axis=(1, 2)) / n
    return np.asarray(part >= 0.9 * part.max(initial=0.0))
