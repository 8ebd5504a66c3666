"""Which measurements speak when they are strange, as what kind of finding, and whose part of the false-alarm rate."""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """What a measured number means when it is strange: the finding's kind and whose budget it spends (None: a fact)."""

    kind: str
    family: str | None = None
    only_watch: bool = False


RULES: dict[tuple[str, str], Rule] = {
    ("drift", "jensen_shannon"): Rule("shift", "jensen_shannon"),
    ("drift", "unseen_share"): Rule("unseen_category", "unseen_share"),
    ("drift", "lost_share"): Rule("lost_category", "lost_share"),
    ("concept", "label_rate"): Rule("label_shift", "label_rate"),
    ("concept", "prediction_shift"): Rule("prediction_shift", "prediction_shift"),
    ("concept", "relation"): Rule("relation", "relation"),
    ("concept", "position_curve"): Rule("position", "position"),
    ("concept", "calibration_error"): Rule("calibration", "performance"),
    **{("concept", metric): Rule("performance", "performance")
       for metric in ("auc", "log_loss", "brier", "accuracy", "f1", "rmse", "mae", "r2")},
    ("concept", "auc_gap"): Rule("performance", "expectation"),
    # labels will say whether it is true
    **{("concept", metric): Rule("performance", "expectation", only_watch=True)
       for metric in ("expected_auc", "expected_log_loss")},
    ("decay", "learned_power"): Rule("", "learned_power"),  # which of three kinds: see decay_kind
    ("skew", "training_distance"): Rule("distribution", "training_distance"),
    ("skew", "mismatch_share"): Rule("value_mismatch", "mismatch_share"),
    ("skew", "attribution_ndcg"): Rule("attribution", "attribution_ndcg"),
    ("missing", "absent_share"): Rule("absent", "missing_share"),
    ("missing", "null_share"): Rule("null_rate", "missing_share"),
    ("missing", "nan_share"): Rule("null_rate", "missing_share"),
    ("missing", "invalid_share"): Rule("null_rate", "missing_share"),
    ("missing", "constant_share"): Rule("constant", "constant_share"),
    ("missing", "sentinel_share"): Rule("sentinel", "sentinel_share"),
    ("missing", "stale_windows"): Rule("stale", "stale_windows"),
    ("missing", "type_changed"): Rule("type_changed"),
    ("missing", "unit_factor"): Rule("unit_changed", "unit_factor"),
    ("missing", "early_share"): Rule("early"),
    ("missing", "overdue_share"): Rule("overdue"),
    ("integrity", "rows"): Rule("volume", "rows"),
    ("integrity", "duplicate_share"): Rule("duplicates", "duplicate_share"),
    ("integrity", "gap"): Rule("gap"),
    **{("integrity", metric): Rule("latency", "latency") for metric in ("latency_p50", "latency_p95", "latency_p99")},
    ("concept", "nonfinite_share"): Rule("nonfinite", "nonfinite"),
    ("concept", "unscored_share"): Rule("nonfinite", "nonfinite"),
    ("integrity", "gap_hours"): Rule("gap", "gap_hours"),
    ("integrity", "conflicting_share"): Rule("conflicting", "conflicting_share"),
    ("integrity", "burst_share"): Rule("bursts", "burst_share"),
    ("integrity", "disorder_share"): Rule("disorder", "disorder_share"),
    ("integrity", "future_share"): Rule("future", "future_share"),
    ("integrity", "late_share"): Rule("late", "late_share"),
    ("integrity", "label_delay_hours"): Rule("late", "label_delay_hours"),
    ("integrity", "label_coverage"): Rule("label_coverage", "label_coverage"),
    ("integrity", "sampling"): Rule("sampling", "rows"),  # never but together with ``rows``
    ("integrity", "category_sampling"): Rule("sampling", "category_sampling"),
    ("integrity", "removed_column"): Rule("removed_column"),
    ("integrity", "unwatched_column"): Rule("removed_column", None, only_watch=True),
    ("integrity", "new_column"): Rule("new_column", None, only_watch=True),
}  # fmt: skip


KEPT = frozenset({*RULES, ("decay", "available_power"), ("decay", "expected_power"), ("missing", "loss_gap")})
"""What findings are made of, and what their cost is."""
