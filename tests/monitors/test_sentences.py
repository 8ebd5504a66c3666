"""One sentence an incident, with the number behind it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from monitors.causes import DEPTH
from monitors.findings import COLUMNS
from monitors.incidents import group
from monitors.rules import RULES
from monitors.sentences import brief
from monitors.windows import Grain
from tests.monitors.incident_rows import (
    BEGIN,
    LOG,
    MODEL,
    finding,
    log_loss,
    noted,
    number,
    only,
    titles,
)
from tests.monitors.incident_rows import measured as frame_of  # fmt: skip

AUC = {**MODEL, "kind": "performance", "metric": "auc", "value": 0.6, "expected": 0.8}
VOLUME = {**LOG, "kind": "volume", "metric": "rows", "value": 500.0, "expected": 1000.0, "effect": -0.5}
QUIET = [number(day, "psi", 0.1) for day in range(10)]


def every_kind() -> list[dict[str, Any]]:
    kinds = [(monitor, metric, rule.kind) for (monitor, metric), rule in RULES.items() if rule.kind]
    kinds += [("decay", "learned_power", kind) for kind in ("lost_signal", "relation_changed", "input_vanished")]

    def of_all(monitor: str, kind: str) -> bool:
        below = DEPTH.get(kind, 0) >= DEPTH["position"] and kind not in {"relation", "overdue"}
        return below or (monitor == "integrity" and "column" not in kind)

    return [
        {"monitor": monitor, "metric": metric, "kind": kind, "value": 0.62, "expected": 0.11, "effect": 0.51,
         "feature": None if of_all(monitor, kind) else 'a "b" <c>'}
        for monitor, metric, kind in kinds
    ]  # fmt: skip


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("of", every_kind(), ids=lambda of: f"{of['kind']}-{of['metric']}")
def test_every_kind_is_one_sentence_with_its_number(of: dict[str, Any], over: bool) -> None:
    end = [finding(7, 5, **{**of, "state": "resolved", "severity": "watch"})] if over else []
    for segment in (None, "place=north"):
        rows = [{**row, "segment": None if of["monitor"] == "integrity" else segment}
                for row in (finding(5, 5, **of), finding(6, 5, **{**of, "state": "ongoing"}), *end)]  # fmt: skip
        known = [*QUIET, number(6, of["metric"], of["value"], monitor=of["monitor"], detail="red: 1.0% to 9.0% of rows",
                                feature=of["feature"], segment=rows[0]["segment"])]  # fmt: skip
        for text in (titles(*rows)[0], titles(*rows, measured=frame_of(*known))[0]):
            assert text.startswith("From 11 Jan 2025 to 12 Jan 2025 " if over else "Since 11 Jan 2025 ")
            assert text.endswith("; it is over." if over else ".")
            assert ". " not in text
            assert "\n" not in text
            assert len(text) < 260
            assert not {"nan", "None", "inf"} & set(text.replace(",", " ").replace(".", " ").replace("%", " ").split())
            assert of["kind"] in ("constant", "unit_changed", "gap", "relation", "shift", "distribution",
                                  "lost_category", "prediction_shift", "unseen_category") or any(
                                      part in text for part in ("62%", "0.62", "51"))  # fmt: skip
            if of["feature"]:
                assert str(of["feature"]) in text
            if rows[0]["segment"] and of["kind"] != "stale":
                assert "place=north" in text
            if not over and of["kind"] != "late":
                assert ": " in text


@pytest.mark.parametrize("of", every_kind(), ids=lambda of: f"{of['kind']}-{of['metric']}")
def test_a_sentence_is_cut_after_its_number(of: dict[str, Any]) -> None:
    whole = titles(finding(5, **of), measured=frame_of(*QUIET, *log_loss()), events=noted((5, "deploy", "v2")))[0]
    assert "; it began with deploy v2" in whole
    short = brief(whole)
    assert short == f"{whole.split('; it began with')[0]}."
    assert brief(short) == short


def test_other_packages_kinds_speak_for_themselves() -> None:
    of = {"monitor": "weather", "kind": "storm", "metric": "wind", "message": "The wind is 12, where 3 is usual."}
    assert titles(finding(5, **of)) == ["Since 11 Jan 2025 this was found: The wind is 12, where 3 is usual."]


@pytest.mark.parametrize(
    ("size", "begin"),
    [("1h", "Since 6 Jan 2025 05:00"), ("1w", "Since 6 Jan 2025"), ("1mo", "Since Jan 2025"), ("9 rows", "Since row ")],
)
def test_windows_are_named_as_people_do(size: str, begin: str) -> None:
    grain = Grain.parse(size)
    at = BEGIN + 5 * 3_600_000_000 if size == "1h" else int(grain.starts([BEGIN])[0]) if "rows" not in size else 1000
    row = {**finding(0), "window_start": at, "window_end": grain.end(at), "onset": at}
    _, incidents = group(pd.DataFrame([row], columns=list(COLUMNS)), grain)
    assert incidents["title"].iloc[0].startswith(begin)


def test_what_hangs_on_a_broken_log_is_counted() -> None:
    rows = [finding(5, **VOLUME), finding(5, severity="watch"), finding(5, severity="watch", **AUC)]
    assert only(*rows)["title"] == (
        "Since 11 Jan 2025 the log has 500 rows, where 1,000 were to be expected (-50%); "
        "2 other findings may only follow from it: check what writes the log."
    )
