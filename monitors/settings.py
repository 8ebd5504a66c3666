"""What monitors are told besides profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from monitors.windows import Grain

BUDGET: Mapping[tuple[str, str], float] = {
    ("drift", "jensen_shannon"): 0.21,
    ("drift", "unseen_share"): 0.05,
    ("drift", "lost_share"): 0.05,
    ("concept", "performance"): 0.10,
    ("concept", "expectation"): 0.05,
    ("concept", "label_rate"): 0.06,
    ("concept", "prediction_shift"): 0.04,
    ("concept", "nonfinite"): 0.01,
    ("concept", "relation"): 0.04,
    ("concept", "position"): 0.01,
    ("decay", "learned_power"): 0.09,
    ("skew", "attribution_ndcg"): 0.01,
    ("skew", "training_distance"): 0.02,
    ("skew", "mismatch_share"): 0.01,
    ("missing", "missing_share"): 0.06,
    ("missing", "sentinel_share"): 0.035,
    ("missing", "unit_factor"): 0.005,
    ("missing", "constant_share"): 0.01,
    ("missing", "stale_windows"): 0.01,
    ("integrity", "rows"): 0.08,
    ("integrity", "gap_hours"): 0.005,
    ("integrity", "latency"): 0.01,
    ("integrity", "duplicate_share"): 0.005,
    ("integrity", "conflicting_share"): 0.004,
    ("integrity", "burst_share"): 0.004,
    ("integrity", "disorder_share"): 0.004,
    ("integrity", "future_share"): 0.004,
    ("integrity", "late_share"): 0.004,
    ("integrity", "label_delay_hours"): 0.004,
    ("integrity", "label_coverage"): 0.003,
    ("integrity", "category_sampling"): 0.003,
}
"""How the chance of a false alarm in a quiet window is spent: it adds up to 1. Facts that no chance explains (a
column that is gone, a type that changed, an hour without rows) spend nothing."""

_SPENT = 0.9
"""Part of the false-alarm rate that is spent: the rest is for habits that a short reference does not show."""

RELATIVE = frozenset({"rows", "latency_p50", "latency_p95", "latency_p99"})
"""Metrics of which a change is told as a part of what was expected: two milliseconds more are much or little."""

MINIMUM_EFFECT: Mapping[str, float] = {
    "jensen_shannon": 0.01,
    "unseen_share": 0.002,
    "lost_share": 0.0,
    "relation": 0.01,
    "position_curve": 0.005,
    "auc": 0.005,
    "auc_gap": 0.005,
    "expected_auc": 0.005,
    "expected_log_loss": 0.002,
    "log_loss": 0.002,
    "brier": 0.001,
    "accuracy": 0.005,
    "f1": 0.01,
    "calibration_error": 0.01,
    "label_rate": 0.005,
    "prediction_shift": 0.01,
    "learned_power": 0.02,
    "attribution_ndcg": 0.01,
    "training_distance": 0.01,
    "mismatch_share": 0.005,
    "null_share": 0.001,
    "nan_share": 0.001,
    "invalid_share": 0.001,
    "absent_share": 0.0,
    "sentinel_share": 0.002,
    "duplicate_share": 0.001,
    "conflicting_share": 0.001,
    "burst_share": 0.002,
    "disorder_share": 0.005,
    "future_share": 0.001,
    "late_share": 0.001,
    "label_delay_hours": 0.5,
    "label_coverage": 0.01,
    "rows": 0.05,
    "nonfinite_share": 0.0,
    "unscored_share": 0.001,
    "latency_p50": 0.05,
    "latency_p95": 0.05,
    "latency_p99": 0.05,
}
"""Smallest change that is worth a person's time, by metric and in its own unit, unless configured otherwise. Of rows
and latency as a part of what was expected."""

SIZE_THAT_MATTERS: Mapping[str, float] = {
    "jensen_shannon": 0.10,
    "unseen_share": 0.02,
    "relation": 0.10,
    "position_curve": 0.05,
    "auc": 0.03,
    "log_loss": 0.05,
    "brier": 0.02,
    "accuracy": 0.03,
    "f1": 0.05,
    "r2": 0.05,
    "calibration_error": 0.05,
    "label_rate": 0.05,
    "prediction_shift": 0.10,
    "learned_power": 0.05,
    "attribution_ndcg": 0.10,
    "training_distance": 0.10,
    "mismatch_share": 0.02,
    "null_share": 0.05,
    "nan_share": 0.05,
    "invalid_share": 0.05,
    "absent_share": 0.05,
    "sentinel_share": 0.05,
    "duplicate_share": 0.02,
    "conflicting_share": 0.01,
    "burst_share": 0.02,
    "disorder_share": 0.05,
    "future_share": 0.02,
    "late_share": 0.02,
    "label_coverage": 0.05,
    "rows": 0.30,
    "unscored_share": 0.02,
    "latency_p50": 0.20,
    "latency_p95": 0.20,
    "latency_p99": 0.20,
}
"""A change that a reader would not want to miss, by metric and in its own unit, unless configured otherwise
(``alerts.matters``): a window that could not have shown it is underpowered. Errors in the label's unit (RMSE, MAE) have
none: nobody but the user knows what matters there."""


class End(NamedTuple):
    """A feature's planned end: the instant (µs), and the words for it (date and owner)."""

    date: int
    words: str


@dataclass(frozen=True)
class Settings:
    """What ``measure`` functions are told.

    Attributes
    ----------
    grain : of the windows, for calendars
    false_alarm_rate : chance that a quiet window shows any alert, over all features and monitors
    share : part of that chance that this segment may spend
    threshold : binary: a score from here on predicts the positive class
    minimum_effect : by metric, or by ``metric:feature``; overrides ``MINIMUM_EFFECT``
    observed_until : last instant that the log has (µs), so that the last window is known to be whole
    deprecations : planned ends by feature, those that have a date
    immature : starts of windows whose labels are not in yet by what all rows together tell, for segments of them
    """

    grain: Grain
    false_alarm_rate: float = 0.05
    share: float = 1.0
    threshold: float = 0.5
    minimum_effect: Mapping[str, float] = field(default_factory=dict)
    observed_until: int | None = None
    immature: frozenset[int] = frozenset()
    deprecations: Mapping[str, End] = field(default_factory=dict)

    def rate(self, monitor: str, metric: str) -> float:
        """The false-alarm rate that one family of numbers may spend in a window."""
        return self.false_alarm_rate * self.share * BUDGET[monitor, metric] * _SPENT

    def least(self, metric: str, feature: str | None = None) -> float:
        """Smallest change of a metric that is worth an alert."""
        for key in (f"{metric}:{feature}", f"*:{feature}", metric, "*"):
            if key in self.minimum_effect:
                return self.minimum_effect[key]
        return MINIMUM_EFFECT.get(metric, 0.0)


def segment_share(segment: str | None, segments: int) -> float:
    """Part of the false-alarm budget that all rows ("" or None) or one of the segments may spend: half and half."""
    if not segments:
        return 1.0
    return 0.5 if not segment else 0.5 / segments
