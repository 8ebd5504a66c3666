"""Matching findings with the truth: what is the incident, what its consequence, and what neither."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fixtures.search.incidents import schedule
from fixtures.search.truth import explains

TRUTH = {name: incident.truth() for name, incident in schedule(180).items()}


def finding(what: str, day: str, segment: str | None = None) -> dict[str, str | None]:
    monitor, kind, *feature = what.split("/")
    return {
        "monitor": monitor,
        "kind": kind,
        "feature": feature[0] if feature else None,
        "segment": segment,
        "window_start": f"{day}T00:00:00+00:00",
        "window_end": f"{day}T23:59:59.999999+00:00",
    }


@pytest.mark.parametrize(
    ("name", "what", "day", "segment", "expected"),
    [
        ("half-volume-day", "integrity/volume", "2025-03-11", None, "incident"),
        ("half-volume-day", "integrity/volume", "2025-03-10", None, None),
        ("half-volume-day", "integrity/volume", "2025-03-12", None, None),
        ("half-volume-day", "integrity/duplicates", "2025-03-11", None, None),
        ("doubled-day", "integrity/volume", "2025-04-22", None, "consequence"),
        ("popularity-nulls", "missing/null_rate/popularity", "2025-03-20", "locale=pt-BR", "incident"),
        ("popularity-nulls", "missing/null_rate/popularity", "2025-03-20", None, "incident"),
        ("popularity-nulls", "missing/null_rate/popularity", "2025-03-20", "locale=de-DE", None),
        ("popularity-nulls", "drift/shift/popularity", "2025-03-20", "locale=pt-BR", "consequence"),
        ("popularity-nulls", "drift/shift/source", "2025-03-20", None, None),
        ("query-mix-shift", "drift/shift/query_topic", "2025-05-20", "locale=it-IT", "incident"),
        ("query-mix-shift", "drift/shift/source", "2025-05-20", None, "consequence"),
        ("query-mix-shift", "missing/null_rate/source", "2025-05-20", None, None),
        ("deploy-scores", "concept/prediction_shift", "2025-06-10", None, "incident"),
        ("deploy-scores", "concept/prediction_shift", "2025-06-09", None, None),
        ("deploy-scores", "concept/relation", "2025-07-01", None, "consequence"),
        ("ui-change", "concept/position", "2025-07-01", None, "incident"),
        ("ui-change", "concept/relation/source", "2025-07-01", None, "consequence"),
        ("ui-change", "drift/shift/source", "2025-07-01", None, None),
    ],
)
def test_explains(name: str, what: str, day: str, segment: str | None, expected: str | None):
    assert explains(TRUTH[name], finding(what, day, segment)) == expected


def test_grace_is_for_evidence_that_comes_after_the_end():
    late = finding("integrity/volume", "2025-03-12")
    assert explains(TRUTH["half-volume-day"], late, timedelta(days=1)) == "incident"
    assert explains(TRUTH["half-volume-day"], finding("integrity/volume", "2025-03-13"), timedelta(days=1)) is None


def test_an_incident_that_stays_explains_to_the_end():
    assert explains(TRUTH["legacy-relevance-gone"], finding("missing/absent/legacy_relevance", "2026-01-01"))
