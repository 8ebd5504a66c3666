"""Each of the seven tests as pass, fail and not covered, and what it says then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitors.scorecard import STATUSES, TESTS
from monitors.scorecard.card import judge
from tests.scorecard.cases import (
    DAILY,
    NOW,
    STARTS,
    ages,
    alert,
    evidence,
    feature,
    over,
    series,
)

URLS = {"notify": {"urls": ["json://localhost"]}}
VERSION = {"features": {"version": "version"}}
SERVED: dict[str, Any] = {"versions": {"v1": (0, 19), "v2": (20, 39)}, **VERSION}
LATENCY = {"logs": {"path": "log.csv", "timestamp": "ts", "latency": "ms"}}
SCORED = {"logs": {"path": "log.csv", "timestamp": "ts", "prediction": "score", "label": "y"}}
OFFLINE = {
    "logs": {"path": "log.csv", "timestamp": "ts", "id": "id"}, "offline": {"path": "offline.csv", "id": "id"},
}  # fmt: skip
TRAINED = {"reference": {"path": "train.csv"}}
QUICK = [row for metric in ("latency_p50", "latency_p95", "latency_p99") for row in series("integrity", metric, 40.0)]
ROWS = series("integrity", "rows", 1000.0)
SLOWER = np.exp(np.linspace(0, 0.5, 40))
HELD = ages(0.75 + 0.002 * (-1.0) ** np.arange(20), first=20)
FELL = ages(np.linspace(0.75, 0.65, 20), first=20)

CASES: dict[tuple[int, str], dict[str, dict[str, Any]]] = {
    (1, "pass"): {
        "addresses and nothing to tell": {**URLS},
        "a column went, and a message came through": {
            **URLS, "findings": alert("missing", "absent", "absent_share"), "runs": DAILY, "sent": {DAILY[7]: (1, 0)},
        },
        "nobody is told, but each change was noted by hand": {
            "findings": alert("missing", "type_changed", "type_changed"), "notes": [STARTS[-2]],
        },
    },
    (1, "fail"): {
        "a column went and nobody was told": {"findings": alert("missing", "absent", "absent_share")},
        "the note was older than the change": {
            "findings": alert("missing", "absent", "absent_share"), "notes": [STARTS[3]],
        },
        "the message did not get through": {
            **URLS, "findings": alert("missing", "absent", "absent_share"), "runs": DAILY, "sent": {DAILY[7]: (0, 1)},
        },
        "no message was ever sent": {**URLS, "findings": alert("integrity", "removed_column", "removed_column")},
        "one that is over was missed all the same": {"findings": over(alert("missing", "absent", "absent_share"))},
    },
    (1, "not covered"): {
        "nobody is named": {},
        "a new column is watched": {"findings": alert("integrity", "new_column", "new_column", severity="watch")},
        "a planned end alarms nobody": {
            "findings": alert("missing", "absent", "absent_share", state="silenced", severity="watch"),
        },
    },
    (2, "pass"): {
        "judged and quiet": {"measured": feature("drift", "jensen_shannon") + feature("missing", "null_share")},
        "an alert that is over": {
            "measured": feature("drift", "jensen_shannon"), "findings": over(alert("drift", "shift", "jensen_shannon")),
        },
        "worth a look": {
            "measured": feature("drift", "jensen_shannon"),
            "findings": alert("drift", "shift", "jensen_shannon", severity="watch"),
        },
        "another test's matter": {
            "measured": feature("drift", "jensen_shannon"),
            "findings": alert("integrity", "volume", "rows", feature=None)
            + alert("concept", "performance", "auc", feature=None),
        },
    },
    (2, "fail"): {
        "a feature drifts": {
            "measured": feature("drift", "jensen_shannon"), "findings": alert("drift", "shift", "jensen_shannon"),
        },
        "a segment's feature is missing": {
            "measured": feature("missing", "null_share"),
            "findings": alert("missing", "null_rate", "null_share", segment="place=north"),
        },
        "rows come twice": {
            "measured": feature("drift", "jensen_shannon"),
            "findings": alert("integrity", "duplicates", "duplicate_share", feature=None),
        },
        "a file is damaged": {
            "measured": feature("drift", "jensen_shannon"),
            "findings": alert("integrity", "gap", "file", 1, feature=None, effect=None),
        },
    },
    (2, "not covered"): {"nothing was judged": {}},
    (3, "pass"): {
        "training data": {**TRAINED, "measured": feature("skew", "training_distance")},
        "row by row": {**OFFLINE, "measured": feature("skew", "mismatch_share")
                       + series("skew", "offline_matched", 0.9)},
        "training data, by the skew monitor": {
            **TRAINED, "measured": feature("skew", "training_distance"),
            "findings": alert("drift", "shift", "jensen_shannon"),
        },
    },
    (3, "fail"): {
        "values differ row by row": {"findings": alert("skew", "value_mismatch", "mismatch_share")},
        "distributions differ": {**TRAINED, "findings": alert("skew", "distribution", "distribution")},
    },
    (3, "not covered"): {
        "no training data": {"measured": feature("drift", "jensen_shannon")},
        "nothing compared yet": {**TRAINED},
        "drift is a matter of the log alone": {
            **TRAINED, "measured": feature("drift", "jensen_shannon"),
            "findings": alert("drift", "shift", "jensen_shannon"),
        },
        "attributions say nothing of values": {"measured": feature("skew", "attribution_ndcg")},
    },
    (4, "pass"): {
        "it has held": {**SERVED, "performance": HELD},
        "an error that has held": {**SERVED, "performance": HELD.assign(metric="rmse")},
        "young enough": {**SERVED, "model": {"name": "m", "max_age": "30d"}},
        "too young to have aged": {**SERVED, "performance": ages(np.linspace(0.75, 0.65, 20), "v1")},
        "an alert began with it": {
            **SERVED, "performance": HELD, "findings": alert("concept", "performance", "auc", 20, feature=None),
        },
        "better with age": {**SERVED, "performance": ages(np.linspace(0.65, 0.75, 20), first=20)},
        "a fall that does not matter": {
            **SERVED, "performance": FELL, "alerts": {"matters": {"auc": 0.2}},
        },
    },
    (4, "fail"): {
        "it falls with age": {**SERVED, "performance": FELL},
        "an error that grows": {**SERVED, "performance": ages(np.linspace(2.0, 2.5, 20), first=20, metric="rmse")},
        "an alert began when it was young no more": {
            **SERVED, "performance": HELD, "findings": alert("concept", "performance", "auc", feature=None),
        },
        "older than allowed": {**SERVED, "model": {"name": "m", "max_age": "2w"}, "performance": HELD},
    },
    (4, "not covered"): {
        "versions are not named": {"performance": HELD},
        "no row names one": {**VERSION, "versions": {"(absent)": (0, 39)}},
        "neither labels nor a greatest age": {**SERVED},
    },
    (5, "pass"): {
        "all numbers": {**SCORED, "measured": series("concept", "nonfinite_share", 0.0)},
        "it was so once": {
            **SCORED, "measured": series("concept", "nonfinite_share", 0.0),
            "findings": over(alert("concept", "nonfinite", "nonfinite_share", feature=None)),
        },
    },
    (5, "fail"): {
        "a NaN": {
            **SCORED, "measured": series("concept", "nonfinite_share", 0.0),
            "findings": alert("concept", "nonfinite", "nonfinite_share", 1, feature=None),
        },
    },
    (5, "not covered"): {"no prediction is named": {}, "none was measured": {**SCORED}},
    (6, "pass"): {
        "as fast, and as many": {**LATENCY, "measured": QUICK + ROWS},
        "faster, and more": {
            **LATENCY, "measured": QUICK + ROWS,
            "findings": alert("integrity", "latency", "latency_p95", feature=None, effect=-0.3)
            + alert("integrity", "volume", "rows", feature=None, effect=0.5),
        },
        "growth is no leak": {**LATENCY, "measured": QUICK + series("integrity", "rows", 1000 * SLOWER)},
        "a leak that does not matter": {
            **LATENCY, "measured": series("integrity", "latency_p50", 40 * SLOWER**0.2) + QUICK[40:],
        },
    },
    (6, "fail"): {
        "slower": {
            **LATENCY, "measured": QUICK,
            "findings": alert("integrity", "latency", "latency_p95", feature=None, effect=0.3),
        },
        "fewer rows": {
            **LATENCY, "measured": QUICK + ROWS,
            "findings": alert("integrity", "volume", "rows", feature=None, effect=-0.5),
        },
        "no rows": {"findings": alert("integrity", "gap", "gap", feature=None, effect=1.0)},
        "a slow leak": {**LATENCY, "measured": series("integrity", "latency_p50", 40 * SLOWER) + QUICK[40:]},
        "rows leak": {**LATENCY, "measured": QUICK + series("integrity", "rows", 1000 / SLOWER)},
    },
    (6, "not covered"): {
        "latency is not logged": {"measured": ROWS},
        "latency is no number": {**LATENCY, "measured": ROWS},
        "latency was not judged": {
            **LATENCY, "measured": ROWS + series("integrity", "latency_p50", 40.0, p_value=None),
        },
    },
    (7, "pass"): {
        "judged and quiet": {**SCORED, "measured": series("concept", "auc", 0.75)},
        "it has recovered": {
            **SCORED, "measured": series("concept", "auc", 0.75),
            "findings": over(alert("concept", "performance", "auc", feature=None)),
        },
        "drift is another test's matter": {
            **SCORED, "measured": series("concept", "rmse", 2.0), "findings": alert("drift", "shift", "jensen_shannon"),
        },
    },
    (7, "fail"): {
        "worse": {
            **SCORED, "measured": series("concept", "auc", 0.75),
            "findings": alert("concept", "performance", "auc", feature=None),
        },
        "no longer calibrated": {
            **SCORED, "measured": series("concept", "auc", 0.75),
            "findings": alert("concept", "calibration", "calibration_error", feature=None),
        },
    },
    (7, "not covered"): {
        "nothing is predicted": {},
        "no label is named": {"logs": {"path": "log.csv", "timestamp": "ts", "prediction": "score"}},
        "labels are not in yet": {**SCORED, "measured": series("concept", "expected_auc", 0.75)},
    },
}  # fmt: skip

FLAT = [(number, status, name, case) for (number, status), cases in CASES.items() for name, case in cases.items()]


def test_each_test_is_shown_in_each_status():
    assert set(CASES) == {(number, status) for number in range(1, 8) for status in STATUSES}


@pytest.mark.parametrize(
    ("number", "status", "case"), [(n, s, case) for n, s, _, case in FLAT],
    ids=[f"{n} {s}: {name}" for n, s, name, _ in FLAT],
)  # fmt: skip
def test_status(tmp_path: Path, number: int, status: str, case: dict[str, Any]):
    found = evidence(tmp_path, **case)
    result = TESTS[number - 1](found)
    assert (result.number, result.status) == (number, status)
    assert result.evidence
    assert all(text and not text.endswith(".") and "nan" not in text.split() for text in result.evidence)
    if status == "not covered":
        assert result.configure
        assert (result.how, result.points) == ("none", 0)
    elif number > 1:
        # run once by hand
        assert (result.how, result.points) == ("manual", 0.5)


def test_evidence_has_the_numbers(tmp_path: Path):
    case = {**LATENCY, "measured": series("integrity", "latency_p50", 40 * SLOWER) + QUICK[40:] + ROWS}
    said = TESTS[5](evidence(tmp_path, **case)).evidence
    latest = "median latency 65.9, 95% latency 40, 99% latency 40 in the window of 9 Apr 2025 (20 windows judged)"
    assert said[0].startswith("median latency: +61% over 38 windows, little by little")
    assert said[1] == latest
    assert said[2].startswith("1,000 rows in the last whole window, where 1,000 were to be expected")


def test_a_latency_of_words_is_told(tmp_path: Path):
    found = TESTS[5](evidence(tmp_path, **LATENCY, measured=ROWS))
    assert found.status == "not covered"
    assert found.evidence[0] == 'no row has a number in "ms"'


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ({"performance": FELL, **SERVED}, "AUC went by -0.1 over 19 days of its life (95% interval -0.1"),
        ({"performance": HELD, **SERVED}, 'version "v2" is 20 days old (serving since 21 Mar 2025; 2 versions so far)'),
        ({"performance": HELD, "versions": {"v2": (0, 39)}, **VERSION}, 'version "v2" is at least 40 days old'),
    ],
)
def test_ages_in_words(tmp_path: Path, case: dict[str, Any], said: str):
    assert TESTS[3](evidence(tmp_path, **case)).evidence[0].startswith(said)


def test_alerts_in_words(tmp_path: Path):
    rows = alert("drift", "shift", "jensen_shannon") + alert("missing", "constant", "constant_share", 5, feature="y")
    said = TESTS[1](evidence(tmp_path, findings=rows, measured=feature("drift", "jensen_shannon"))).evidence[0]
    assert said.startswith("2 alerts are open on 2 features since 5 Apr 2025; the first: ")


def test_points_are_for_running_a_test_not_for_passing_it(tmp_path: Path):
    measured = feature("drift", "jensen_shannon") + series("concept", "nonfinite_share", 0.0)
    failing = alert("drift", "shift", "jensen_shannon")
    cards = [
        judge(evidence(tmp_path / str(i), findings=found, measured=measured, runs=DAILY, **SCORED, **URLS))
        for i, found in enumerate(([], failing))
        if (tmp_path / str(i)).mkdir() is None
    ]
    assert [card.results[1].status for card in cards] == ["pass", "fail"]
    assert [card.results[1].points for card in cards] == [1, 1]
    assert [card.points for card in cards] == [3, 3]  # dependencies, invariants, stability
    assert cards[0].most == 7


def test_the_sum_is_of_all(tmp_path: Path):
    card = judge(evidence(tmp_path))
    assert card.points == sum(result.points for result in card.results) == 0
    assert [result.number for result in card.results] == list(range(1, 8))
    assert sum(card.count(status) for status in STATUSES) == 7


def test_a_store_without_a_run_earns_nothing(tmp_path: Path):
    found = evidence(tmp_path, runs=[], measured=feature("drift", "jensen_shannon"), now=NOW)
    assert TESTS[1](found).points == 0
    assert found.practice.how == "none"
