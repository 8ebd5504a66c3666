"""The alarm study in short: incidents are what they say, quiet windows stay quiet, large incidents are found."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.alarms.incidents import KINDS, SIZES, cases, draw, judged, recall, spread
from tests.benchmarks.alarms.judge import alerts
from tests.benchmarks.alarms.kinds import FEATURE_KINDS, LOG_KINDS, Grid, pick
from tests.benchmarks.alarms.outcomes import OUTCOME_KINDS, base_rate
from tests.benchmarks.alarms.quiet import Quiet, prepare
from tests.benchmarks.alarms.relations import RELATION_KINDS
from tests.benchmarks.alarms.rivals import fit, of_incident
from tests.benchmarks.alarms.tables import quiet_table

FLIGHTS = Path(__file__).parents[2] / "fixtures" / "flights"
SIZED = sorted({case[0] for case in cases(list(KINDS), ["abrupt"], 1) if case[1] is not None})


@lru_cache(maxsize=1)
def weeks() -> Quiet:
    """The flights fixture with its days permuted."""
    frame = pd.concat([pd.read_parquet(path) for path in sorted(FLIGHTS.glob("*.parquet"))])
    frame = frame.assign(ts=pd.to_datetime(frame["date"]), label=frame["late"])
    return prepare("flights", frame.drop(columns=["date", "flight_id", "late"]), "binary", "1w", 12, 1)


def test_quiet_windows_stay_quiet() -> None:
    log = weeks()
    assert log.windows - log.reference >= 38
    assert set(np.diff(log.frame.drop_duplicates("ts").groupby("window").size())) == {0}  # whole weeks
    assert alerts(log)["window"].nunique() <= 0.05 * (log.windows - log.reference)


@pytest.mark.parametrize("kind", SIZED)
def test_incidents_have_their_size(kind: str) -> None:
    incident = draw(weeks(), kind, "large", "abrupt")
    assert incident is not None
    assert incident.deviations == pytest.approx(SIZES["large"], rel=0.15)


@pytest.mark.parametrize("kind", [*FEATURE_KINDS, *RELATION_KINDS])
def test_incidents_of_features_touch_nothing_else(kind: str) -> None:
    incident = draw(weeks(), kind, "middle" if kind in SIZED else None, "abrupt")
    assert incident is not None
    before = weeks().part(incident.start, incident.start + 16)
    after = incident.changed.frame
    others = [name for name in before if name != incident.column]
    pd.testing.assert_frame_equal(before[others], after[others])
    untouched = before[incident.column].equals(after[incident.column])
    assert untouched == (kind == "absent")  # then the rows stay, and their file lacks the column


@pytest.mark.parametrize("kind", RELATION_KINDS)
def test_relations_change_while_both_sides_stay(kind: str) -> None:
    log = weeks()
    made = KINDS[kind](log, "AIRLINE", np.random.default_rng(0))
    assert made is not None
    part = log.part(12, 28)
    changed = made.apply(part, np.ones(len(part)), 0.0)
    assert changed is not None
    for (_, old), (_, new) in zip(part.groupby("window"), changed.frame.groupby("window"), strict=True):
        assert sorted(old["AIRLINE"]) == sorted(new["AIRLINE"])
    before, after = (np.nanmean(made.quantity(frame)[12:28]) for frame in (part, changed.frame))
    wanted = {"relation_reversed": -1.0, "relation_halved": 0.5}[kind]
    assert after / before == pytest.approx(wanted, abs=0.2)


def test_gradual_incidents_grow_over_ten_windows() -> None:
    incident = draw(weeks(), "base_rate", "large", "gradual")
    assert incident is not None
    made = base_rate(weeks(), "", np.random.default_rng(0))
    assert made is not None
    part = weeks().part(incident.start, incident.start + 16)
    moved = np.abs(made.quantity(incident.changed.frame) - made.quantity(part))[incident.start : incident.start + 16]
    full = SIZES["large"] * spread(weeks(), made)
    assert moved == pytest.approx(full * np.minimum(np.arange(1, 17) / 10, 1), abs=0.15 * full)


def test_a_draw_is_the_same_again() -> None:
    first, second = (draw(weeks(), "scale", "small", "abrupt") for _ in range(2))
    assert first is not None
    assert second is not None
    assert first[:6] == second[:6]
    pd.testing.assert_frame_equal(first.changed.frame, second.changed.frame)


def test_columns_stay_on_their_grid_and_keep_their_mean() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 20, 4000).astype(float)
    moved = Grid(values, rng)(values + 0.3)
    assert set(moved) <= set(range(21))
    assert moved.mean() - values.mean() == pytest.approx(0.3, abs=0.03)
    assert np.isnan(Grid(values, rng)(np.array([np.nan, 1.0]))).tolist() == [True, False]


def test_rows_are_picked_by_window() -> None:
    frame = pd.DataFrame({"window": np.repeat([3, 4, 7], [100, 10, 50])})
    eligible = np.arange(160) % 2 == 0
    chosen = pick(frame, eligible, np.repeat([0.2, 0.0, 1.0], [100, 10, 50]), np.random.default_rng(0))
    assert not (chosen & ~eligible).any()
    assert [int(chosen[frame["window"] == w].sum()) for w in (3, 4, 7)] == [20, 0, 25]  # no more than are eligible


LARGE = ["mean_shift", "absent", "constant", "unit_change", *OUTCOME_KINDS, *LOG_KINDS]


def test_large_incidents_are_found_and_named() -> None:
    rows = []
    for kind, size, mode, i in cases(LARGE, ["abrupt"], 1):
        if size in {"large", None} and i == 0:
            incident = draw(weeks(), kind, size, mode, i)
            assert incident is not None
            rows.append(judged(weeks(), incident))
    table = recall(pd.DataFrame(rows)).set_index("kind")
    assert table.loc["all kinds", "n"] == len(LARGE)
    assert table.loc["all kinds", "within_2"] == 1.0
    assert table.loc["all kinds", "feature_first"] >= 0.85
    assert table.loc[["absent", "duplicates", "volume", "base_rate"], "kind_first"].tolist() == [1.0] * 4


def test_shares_of_quiet_windows_are_over_all_permutations() -> None:
    runs = pd.DataFrame({"log": "a", "grain": "1d", "seed": [1, 2], "windows": [10, 30], "alarmed": [1, 3],
                         "alerts": [4, 4], "by_kind": ["drift/shift=1", "drift/shift=2 missing/absent=1"]})  # fmt: skip
    row = quiet_table(runs).iloc[0]
    assert row["any_alert"] == pytest.approx(0.1)
    assert row["by_kind"] == "drift/shift 0.0750, missing/absent 0.0250"


def test_rules_are_asked_about_what_an_incident_touched() -> None:
    rivals = fit(weeks(), ["psi", "mean_3sd"])
    windows = min(weeks().windows - weeks().reference, 100)
    assert rivals.columns == [*weeks().types, "label", "score", "rows", "performance"]
    assert {scores.shape for scores in rivals.quiet.values()} == {(len(rivals.columns), windows)}
    assert (rivals.quiet["psi"][-2:] == 0).all()  # it knows columns alone
    shift, volume = (draw(weeks(), kind, "large", "abrupt") for kind in ("mean_shift", "volume"))
    assert shift is not None
    assert volume is not None
    seen = of_incident(rivals, shift)
    place = rivals.columns.index(shift.column)
    window = shift.start - weeks().reference
    assert seen["mean_3sd_soon"] > max(1.0, rivals.quiet["mean_3sd"][place, window : window + 2].max())
    assert seen["psi_later"] >= seen["psi_soon"] > 0
    seen = of_incident(rivals, volume)
    assert seen["mean_3sd_soon"] > 1
    assert seen["psi_later"] == 0
