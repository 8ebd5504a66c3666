"""What findings cost: the loss that was measured where it can be, else the predictive power that is at stake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monitors.causes import Run
from monitors.messages import number, share

_LOSSES = {"log_loss": "log loss per row", "mae": "absolute error per row", "accuracy": "errors per row"}
POWER = "of the features' predictive power"
ROWS = "of the rows"
_ALL_GONE = 0.95
"""A feature missing in this share of rows has no rows to compare with: the model's whole change in loss is its cost."""
_SHOWN_BY_LOSS = frozenset({"prediction_shift", "label_shift", "calibration"})
"""Kinds that harm by the model's loss alone: where that has not grown they cost nothing."""
_LESS = {"auc": 0.5, "expected_auc": 0.5, "auc_gap": -0.5, "accuracy": 0.0, "f1": 0.0, "r2": 0.0}
"""Metrics of which more is better, and their worst (a gap of half from a perfect AUC leaves chance)."""


class Cost(NamedTuple):
    """What a run of findings costs.

    Attributes
    ----------
    value : in ``unit``: loss per row, or a share; NaN where nothing is known
    unit : in words
    weight : the same relative to the model's usual loss, to all features' power, or to the rows: what is ranked by
    measured : whether it is a loss that was measured
    """

    value: float
    unit: str
    weight: float
    measured: bool = False


NOTHING = Cost(float("nan"), "", 0.0)


def said(cost: float, unit: str, weight: float) -> str:
    """A cost in words, for a sentence; "" where none is known.

    >>> said(0.031, "log loss per row", 0.05), said(0.12, POWER, 0.12)
    ('costs 0.031 log loss per row (5.0% more than usual)', "takes 12% of the features' predictive power")
    """
    if not unit or not np.isfinite(cost) or cost <= 0:
        return ""
    if unit in _LOSSES.values():
        return f"costs {number(cost)} {unit} ({share(weight)} more than usual)"
    return f"takes {share(cost)} {unit}" if unit == POWER else ""


@dataclass(frozen=True)
class Prices:
    """What costs are made of, read from measurements once.

    Attributes
    ----------
    gap, inputs, relation : (value, half width of the 95% interval) by feature ("" the model), segment and window
    power : learned power above the noise floor by feature, in the reference
    usual : mean loss in the reference; unit : its name in words
    rows : rows behind each metric, by feature and window, of all segments together
    means : mean score and what it used to be, by segment and window
    rate : whether the outcome's mean is a share
    """

    gap: Mapping[tuple[str, str, int], tuple[float, float]]
    inputs: Mapping[tuple[str, str, int], tuple[float, float]]
    relation: Mapping[tuple[str, str, int], tuple[float, float]]
    power: Mapping[str, float]
    usual: float
    unit: str
    rows: Mapping[tuple[str, str, int], float]
    means: Mapping[tuple[str, int], tuple[float, float]]
    rate: bool

    @classmethod
    def of(cls, measured: pd.DataFrame, task: str) -> Prices:
        """Read them; the power of a feature that tells nothing is an AUC of a half, or an R² of none."""
        floor = 0.0 if task == "regression" else 0.5
        scores = measured[measured["metric"] == "prediction_mean"]
        where = zip(scores["segment"].fillna(""), scores["window_start"].astype("int64"), strict=True)
        means = dict(zip(where, zip(scores["value"], scores["expected"], strict=True), strict=True))
        learned = measured[(measured["metric"] == "learned_power") & measured["segment"].isna()]
        power = (learned.groupby("feature")["expected"].mean() - floor).clip(lower=0.0).dropna()
        held = measured[measured["reference"].astype(bool) & measured["segment"].isna() & measured["feature"].isna()]
        usual, unit = float("nan"), ""
        for metric, words in _LOSSES.items():
            values = held.loc[(held["monitor"] == "concept") & (held["metric"] == metric), "value"]
            if len(values):
                usual = float(1 - values.mean() if metric == "accuracy" else values.mean())
                unit = words
                break
        return cls(
            gap=_numbers(measured, "loss_gap"), inputs=_numbers(measured, "loss_inputs"),
            relation=_numbers(measured, "loss_relation"), power={str(name): float(v) for name, v in power.items()},
            usual=usual, unit=unit, rows=_rows(measured), means=means, rate=task != "regression",
        )  # fmt: skip

    def cost(self, run: Run, rows: list[dict[str, Any]], windows: int) -> Cost:
        """What a run costs in the mean of the windows that its incident lasts, per row of the whole log.

        Parameters
        ----------
        rows : the run's findings that count: alerts where it has any
        windows : of the incident; in those without a finding of this run it costs nothing
        """
        found = self._measured(run, rows) or self._at_stake(run, rows)
        if run.family in _SHOWN_BY_LOSS and not found.measured and self.unit:
            change = _mean([self.inputs, self.relation], ("", run.segment), [int(row["window_start"]) for row in rows])
            if change is not None:  # what it costs is known, and is not surely more than nothing
                found = Cost(0.0, "", max(change[0], 0.0) / self.usual if self.usual > 0 else 0.0)
        part = min(len(rows) / max(windows, 1), 1.0) * (self._share(rows) if run.segment else 1.0)
        return found._replace(value=found.value * part, weight=found.weight * part)

    def _share(self, rows: list[dict[str, Any]]) -> float:
        """What part of all rows a segment's findings are about; 1 where that is not known."""
        parts = []
        for row in rows:
            feature = row["feature"] if isinstance(row["feature"], str) else ""
            whole = self.rows.get((str(row["metric"]), feature, int(row["window_start"])), float("nan"))
            parts.append(float(row["n"]) / whole if whole > 0 else float("nan"))
        known = [part for part in parts if np.isfinite(part)]
        return min(float(np.mean(known)), 1.0) if known else 1.0

    def _measured(self, run: Run, rows: list[dict[str, Any]]) -> Cost | None:
        """The loss that the run adds to a row, where it is surely more than none."""
        if not self.unit or not self.usual > 0:
            return None
        starts = [int(row["window_start"]) for row in rows]
        whole = [self.inputs, self.relation]
        if run.family in {"absent", "null_rate"}:
            extra = float(np.mean([_beyond(row) for row in rows]))
            found = _mean([self.gap], (run.feature, run.segment), starts)
            if found is None and extra >= _ALL_GONE:
                found, extra = _mean(whole, ("", run.segment), starts), 1.0
        elif run.monitor == "drift":
            found, extra = _mean([self.inputs], (run.feature, run.segment), starts), 1.0
        elif run.monitor == "concept" and not run.feature:  # of a feature its relation's part is all of the change
            found, extra = _mean(whole, ("", run.segment), starts), 1.0
        else:
            return None
        if found is None or found[0] <= found[1] or extra <= 0:
            return None
        return Cost(found[0] * extra, self.unit, found[0] * extra / self.usual, measured=True)

    def _at_stake(self, run: Run, rows: list[dict[str, Any]]) -> Cost:
        """Power × effect, as parts of all features' power; for the log and the model their own numbers."""
        effect = float(np.mean([reach(run, row) for row in rows]))
        if not np.isfinite(effect):
            return NOTHING
        if not run.feature:
            return Cost(effect, ROWS if run.monitor == "integrity" else "", effect)
        total = sum(self.power.values())
        if run.monitor == "integrity":
            return NOTHING
        if not total > 0:  # no labels: every feature may tell as much as any other
            return Cost(float("nan"), "", effect / 100)
        own = self.power.get(run.feature, 0.0)
        lost = min(effect, own) if run.monitor == "decay" else effect * own
        return Cost(min(lost / total, 1.0), POWER, min(lost / total, 1.0))


def reach(run: Run, row: Mapping[str, Any]) -> float:
    """How much of what a finding is about it touches: 0 none, 1 all; for decay the power that is lost.

    Shares count as they are. A number without such a scale counts effect / (effect + |band − expected|): a half at the
    edge of what quiet windows do, all of it far beyond.
    """
    effect = abs(float(row["effect"])) if row["effect"] is not None else float("nan")
    if run.monitor == "decay":
        return max(float(row["expected"]) - max(float(row["value"]), 0.0), 0.0)
    if run.family in {"constant", "stale", "gap", "unit_changed"}:
        return 1.0
    if run.family in {"absent", "null_rate", "sentinel", "unseen_category", "lost_category", "type_changed",
                      "duplicates", "volume", "label_shift"}:  # fmt: skip
        return min(effect, 1.0) if np.isfinite(effect) else 1.0
    if run.family == "performance":
        return _worse(row)
    edges = [row.get("band_high"), row.get("band_low")]
    room = [abs(edge - row["expected"]) for edge in edges if edge is not None and np.isfinite(edge - row["expected"])]
    return effect / (effect + max(room)) if room and effect > 0 else min(effect, 1.0)


def _worse(row: Mapping[str, Any]) -> float:
    """How much of what the model got is gone, or by what part its error grew."""
    value, due, metric = float(row["value"]), float(row["expected"]), str(row["metric"])
    if metric in _LESS:
        best = due - _LESS[metric]
        return float(np.clip((due - value) / best, 0.0, 1.0)) if best > 0 else 0.0
    return float(np.clip((value - due) / due, 0.0, 1.0)) if due > 0 else 0.0


def _beyond(row: Mapping[str, Any]) -> float:
    due = float(row["expected"])
    return float(row["value"]) - (due if np.isfinite(due) else 0.0)


def _rows(measured: pd.DataFrame) -> dict[tuple[str, str, int], float]:
    metrics = measured.loc[measured["segment"].notna(), "metric"].unique()
    part = measured[measured["segment"].isna() & measured["metric"].isin(metrics)]
    keys = zip(part["metric"], part["feature"].fillna(""), part["window_start"].astype("int64"), strict=True)
    return dict(zip(keys, part["n"].to_numpy(float), strict=True))


def _numbers(measured: pd.DataFrame, metric: str) -> dict[tuple[str, str, int], tuple[float, float]]:
    part = measured[measured["metric"] == metric]
    names = (part[column].fillna("") for column in ("feature", "segment"))
    keys = zip(*names, part["window_start"].astype("int64"), strict=True)
    width = (part["high"] - part["low"]).to_numpy(float) / 2
    return dict(zip(keys, zip(part["value"].to_numpy(float), width, strict=True), strict=True))


def _mean(
    of: list[Mapping[tuple[str, str, int], tuple[float, float]]], what: tuple[str, str], starts: list[int]
) -> tuple[float, float] | None:
    """Mean over windows of the sum of numbers, and the half width of its interval; None where none is known."""
    values, widths = [], []
    for start in starts:
        parts = [numbers[(*what, start)] for numbers in of if (*what, start) in numbers]
        if len(parts) == len(of) and all(np.isfinite(part).all() for part in parts):
            values.append(sum(value for value, _ in parts))
            widths.append(sum(width**2 for _, width in parts))
    return (float(np.mean(values)), float(np.sqrt(sum(widths))) / len(values)) if values else None
