"""Every chart with a frame that fills it, and with every kind of nothing. Keyed by function name; `test_every_chart`
finds a chart that is missing here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.calibration import calibration
from dashboard.charts.distribution import distribution
from dashboard.charts.findings_map import findings_map
from dashboard.charts.frame import Caption, empty
from dashboard.charts.incidents_timeline import incidents_timeline
from dashboard.charts.label_coverage import label_coverage
from dashboard.charts.leaning import leaning
from dashboard.charts.loss_by_feature import loss_by_feature
from dashboard.charts.loss_split import loss_split
from dashboard.charts.missing import missing_kinds
from dashboard.charts.missing_map import missing_map
from dashboard.charts.model_age import model_age
from dashboard.charts.performance import performance
from dashboard.charts.planned_ends import planned_ends
from dashboard.charts.position import position_curve
from dashboard.charts.power import power
from dashboard.charts.power_change import power_change
from dashboard.charts.power_multiples import power_multiples
from dashboard.charts.rank_changes import rank_changes
from dashboard.charts.relation import outcome_by_bin
from dashboard.charts.review import review
from dashboard.charts.scorecard import scorecard
from dashboard.charts.scores import score_distribution
from dashboard.charts.series import series
from dashboard.charts.volume import volume
from tests.charts import samples


class Case(NamedTuple):
    """A chart, the frames that it takes in order, and its other arguments; `traces`: how many it has at least."""

    chart: Callable[..., go.Figure]
    frames: tuple[Any, ...]
    more: dict[str, Any]
    traces: int = 1

    def draw(self, *frames: Any, **more: Any) -> go.Figure:
        """The figure; `frames` in place of the full ones where given."""
        arguments = {"title": samples.TITLE, "caption": samples.CAPTION, **self.more, **more}
        return self.chart(*(frames or self.frames), **arguments)


DAYS, WEEKS, NAMES = samples.calendar(), samples.calendar(26, 7, 8), samples.names(10)
LATE = {"feature": samples.HOSTILE, "outcome": "late"}
EVENTS = {"events": samples.events()}
ONSETS = {"onsets": samples.onsets(NAMES, DAYS)}
POWERS = samples.powers(NAMES, WEEKS)

CASES = {
    "series": Case(series, (samples.drift(),), {"y": "Jensen–Shannon distance", **EVENTS}, 5),
    "findings_map": Case(findings_map, (samples.findings(NAMES, DAYS), DAYS, NAMES), EVENTS, 4),
    "incidents_timeline": Case(incidents_timeline, (samples.incidents(NAMES, DAYS), DAYS), EVENTS, 4),
    "performance": Case(performance, (samples.performances(DAYS),), {"metric": "AUC", **EVENTS}, 6),
    "loss_split": Case(loss_split, (samples.performances(WEEKS),), EVENTS, 3),
    "loss_by_feature": Case(loss_by_feature, (samples.loss_parts(NAMES),), {}, 2),
    "calibration": Case(calibration, (samples.calibration(),), {"outcome": "clicked"}, 5),
    "score_distribution": Case(score_distribution, (samples.score_bins(),), {"threshold": 0.5}, 2),
    "distribution": Case(distribution, (samples.numeric_bins(60),), {"feature": samples.HOSTILE}, 3),
    "outcome_by_bin": Case(
        outcome_by_bin, (samples.numeric_bins(),), {"feature": samples.HOSTILE, "outcome": "late"}, 4
    ),
    "power": Case(power, (POWERS[POWERS["feature"] == NAMES[0]],), {"feature": NAMES[0], **EVENTS}, 5),
    "power_multiples": Case(power_multiples, (POWERS,), {"verdicts": samples.verdicts(NAMES), **EVENTS}, 70),
    "power_change": Case(power_change, (samples.ledger(samples.names(14)),), {}, 4),
    "leaning": Case(leaning, (samples.leaning(samples.names(14)),), {}, 4),
    "position_curve": Case(position_curve, (samples.positions(),), {"outcome": "clicked"}, 2),
    "rank_changes": Case(rank_changes, (samples.ledger(samples.names(14)),), {}, 12),
    "missing_kinds": Case(missing_kinds, (samples.missing(NAMES, DAYS),), {**ONSETS, **EVENTS}, 16),
    "missing_map": Case(missing_map, (samples.missing(NAMES, DAYS),), {**ONSETS, **EVENTS}, 3),
    "planned_ends": Case(planned_ends, samples.planned(NAMES[:6], DAYS), EVENTS, 4),
    "volume": Case(volume, (samples.volumes(DAYS),), EVENTS, 3),
    "label_coverage": Case(label_coverage, (samples.volumes(DAYS),), EVENTS, 4),
    "scorecard": Case(scorecard, (samples.tests(),), {"note": "Points are for running a test."}),
    "model_age": Case(model_age, (samples.ages(),), {"metric": "AUC"}, 5),
    "review": Case(
        review,
        (samples.findings(NAMES, DAYS), samples.performances(DAYS), DAYS),
        {"since": DAYS["x"].iloc[-7]},
        6,
    ),
}


def _empty(*, title: str, caption: Caption, **more: Any) -> go.Figure:
    return empty(title, "Nothing is here. Do this.", caption, **more)


# The same charts in their other shapes.
VARIANTS = {
    **CASES,
    "series by rows": Case(series, (samples.drift(samples.by_rows(), 20),), {"y": "share of rows", "unit": "share"}, 5),
    "series with labels to come": Case(
        series,
        (samples.drift().assign(mature=np.arange(len(samples.drift())) < len(samples.drift()) - 9),),
        {"y": "share late", "unit": "share", **EVENTS},
        6,
    ),
    "series with a gap": Case(series, (samples.drift().drop(index=range(55, 63)),), {"y": "PSI", **EVENTS}, 5),
    "series with few rows": Case(series, (samples.drift().pipe(samples.few_rows),), {"y": "PSI", **EVENTS}, 6),
    "many features": Case(
        findings_map,
        (samples.findings(samples.names(60), DAYS, loud=50), DAYS, samples.names(60)),
        EVENTS,
        4,
    ),
    "many incidents": Case(
        incidents_timeline,
        (samples.incidents(samples.names(60), DAYS), DAYS),
        {**EVENTS, "chosen": "incident-3", "top": 20},
        4,
    ),
    "incidents by rows": Case(
        incidents_timeline, (samples.incidents(NAMES, samples.by_rows()), samples.by_rows()), {}, 4
    ),
    "one feature's kinds": Case(
        missing_kinds,
        (samples.missing(NAMES[1:2], DAYS).assign(feature=NAMES[0]),),
        {**EVENTS, "onsets": samples.onsets(NAMES[:1], DAYS)},
        2,
    ),
    "categories": Case(
        distribution,
        (samples.category_bins(14),),
        {"feature": "AIRLINE", "unseen": [("XK<b>", 1203), ("a very long name " * 9, 3)]},
        3,
    ),
    "many categories": Case(outcome_by_bin, (samples.category_bins(60),), LATE, 2),
    "regression": Case(
        outcome_by_bin, (samples.category_bins(14),), {"feature": "AIRLINE", "outcome": "delay", "unit": "number"}, 2
    ),
    "weekly performance": Case(performance, (samples.performances(WEEKS),), {"metric": "AUC", **EVENTS}, 5),
    "many losses": Case(loss_by_feature, (samples.loss_parts(samples.names(60)),), {}, 2),
    "long ledger": Case(power_change, (samples.ledger(samples.names(60)),), {}, 4),
    "leaning on nothing lost": Case(leaning, (samples.leaning(samples.names(60)).assign(leans=False),), {}, 3),
    "numbers by position": Case(position_curve, (samples.positions(),), {"outcome": "delay", "unit": "number"}, 2),
    "long ranking": Case(rank_changes, (samples.ledger(samples.names(60)),), {}, 20),
    "many versions": Case(model_age, (samples.ages(12),), {"metric": "RMSE", "unit": "rows"}, 13),
    "one version": Case(model_age, (samples.ages(1),), {"metric": "AUC"}, 2),
    "tests at their longest": Case(scorecard, (samples.tests(12),), {}),
    "untimed labels": Case(
        label_coverage, (samples.volumes(DAYS).drop(columns=["label_delay_hours", "label_delay_p90"]),), EVENTS, 2
    ),
    "quiet review": Case(review, (samples.findings(NAMES, DAYS, loud=0).iloc[:0], None, DAYS), {}, 0),
    "small review": Case(review, (samples.findings(NAMES, DAYS), samples.performances(DAYS), DAYS), {"width": 960}, 6),
    "empty": Case(_empty, (), {}, 0),
}


def nothings(case: Case) -> dict[str, tuple[Any, ...]]:
    """The case's frames with nothing in them: no rows, no columns, all NaN, a single row."""

    def blank(frame: Any) -> Any:
        if not isinstance(frame, pd.DataFrame):
            return frame
        numeric = [c for c in frame.select_dtypes("number").columns if c not in ("x", "x_end", "left", "right")]
        return frame.assign(**dict.fromkeys(numeric, np.nan))

    def cut(frame: Any, rows: int) -> Any:
        return frame.iloc[:rows] if isinstance(frame, pd.DataFrame) else frame[:0] if isinstance(frame, list) else frame

    return {
        "no rows": tuple(cut(f, 0) for f in case.frames),
        "no columns": tuple(pd.DataFrame() if isinstance(f, pd.DataFrame) else cut(f, 0) for f in case.frames),
        "all missing": tuple(blank(f) for f in case.frames),
        "one row": tuple(f.iloc[-1:] if isinstance(f, pd.DataFrame) else f for f in case.frames),
    }
