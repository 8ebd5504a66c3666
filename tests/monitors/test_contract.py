"""What every monitor keeps to, whatever log it is asked about: its columns, no judgement of the reference, no error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from monitors.assess import MONITORS, Measure
from monitors.measurement import COLUMNS, in_reference
from monitors.profile import alike
from monitors.rules import KEPT, RULES
from monitors.settings import BUDGET, MINIMUM_EFFECT
from tests.cubes import ID, LABEL, SCORE, TIME, Built, binary_log, build, day_of

LOG = binary_log(seed=1, count=20, rows=200)
DAY = day_of(LOG)
REFERENCE = 12
RNG = np.random.default_rng(0)
NAMES = [measure.__module__.split(".")[-1] for measure in MONITORS]


def cut(built: Built, windows: list[int], reference: list[int]) -> Built:
    return Built(built.cube.select(np.array(windows, int)), built.cube.select(np.array(reference, int)), built.settings)


WHOLE = build(LOG, REFERENCE)
EVERY = list(range(20))
CUTS = {
    "as it is": cut(WHOLE, EVERY, EVERY[:REFERENCE]),
    "no windows": cut(WHOLE, [], EVERY[:REFERENCE]),
    "no reference": cut(WHOLE, EVERY, []),
    "nothing at all": cut(WHOLE, [], []),
    "one window": cut(WHOLE, [15], EVERY[:REFERENCE]),
    "one window that is the reference": cut(WHOLE, [0], [0]),
    "one window without a reference": cut(WHOLE, [0], []),
    "one reference window": cut(WHOLE, EVERY, [0]),
    "two reference windows": cut(WHOLE, EVERY, [0, 1]),
    "only the reference": cut(WHOLE, EVERY, EVERY),
}


def odd_columns() -> pd.DataFrame:
    return LOG.assign(
        null=pd.Series([None] * len(LOG), dtype=object), nan=np.nan, constant=5.0, word="always", infinite=np.inf,
        huge=RNG.normal(size=len(LOG)) * 1e200, categories=[f"c{i % 10_000}" for i in range(len(LOG))],
        mixed=[str(i) if i % 3 else "x" for i in range(len(LOG))], tiny=RNG.normal(size=len(LOG)) * 1e-300,
        **{'name with "quotes" <b>&amp; 🙂': RNG.normal(size=len(LOG))},
    )  # fmt: skip


def explained() -> pd.DataFrame:
    features = [name for name in LOG if name not in (TIME, SCORE, LABEL, ID)]
    return LOG.assign(**{f"why {name}": RNG.normal(size=len(LOG)) for name in features})


LOGS: dict[str, Callable[[], Built]] = {
    "odd columns": lambda: build(odd_columns(), REFERENCE),
    "one row a window": lambda: build(LOG.groupby(DAY).head(1).reset_index(drop=True), REFERENCE, "1d", "binary", 1),
    "one row": lambda: build(LOG.head(1), 1),
    "positions": lambda: build(LOG.assign(rank=1 + np.arange(len(LOG)) % 9), REFERENCE, position="rank"),
    "attributions": lambda: build(explained(), REFERENCE, attributions=("why *",)),
    "no label": lambda: build(LOG.drop(columns=LABEL), REFERENCE),
    "no prediction": lambda: build(LOG.drop(columns=SCORE), REFERENCE),
    "neither": lambda: build(LOG.drop(columns=[SCORE, LABEL]), REFERENCE),
    "times alone": lambda: build(LOG[[TIME]], REFERENCE),
    "labels alone": lambda: build(LOG[[TIME, LABEL]], REFERENCE),
    "predictions alone": lambda: build(LOG[[TIME, SCORE]], REFERENCE),
    "regression": lambda: build(LOG.assign(**{LABEL: LOG["x"] + 1, SCORE: LOG["x"]}), REFERENCE),
    "regression on a constant": lambda: build(LOG.assign(**{LABEL: 3.0, SCORE: 3.0}), REFERENCE, task="regression"),
    "multiclass": lambda: build(LOG.assign(**{LABEL: LOG["place"], SCORE: LOG["place"]}), REFERENCE),
    "classes with numbers for predictions": lambda: build(LOG.assign(**{LABEL: LOG["place"]}), REFERENCE),
    "predicted classes": lambda: build(LOG.assign(**{SCORE: LOG[SCORE] > 0.5}), REFERENCE),
    "never predicted positive": lambda: build(LOG.assign(**{SCORE: 0}), REFERENCE),
    "a score that only ranks": lambda: build(LOG.assign(**{SCORE: 9 * LOG["x"]}), REFERENCE),
    "one class": lambda: build(LOG.assign(**{LABEL: 1}), REFERENCE),
    "no predictions yet": lambda: build(LOG.assign(**{SCORE: np.nan}), REFERENCE),
    "labels that end": lambda: build(LOG.assign(**{LABEL: LOG[LABEL].where(DAY < 15)}), REFERENCE),
    "labels that begin": lambda: build(LOG.assign(**{LABEL: LOG[LABEL].where(DAY >= REFERENCE)}), REFERENCE),
    "a day of NaN and one of infinities": lambda: build(
        LOG.assign(x=LOG["x"].mask(DAY == 14, np.nan).mask(DAY == 15, np.inf)), REFERENCE
    ),
    "days without rows": lambda: build(LOG[~np.isin(DAY, [5, 16])], REFERENCE),
    "windows of rows": lambda: build(LOG.drop(columns=TIME), REFERENCE, "200 rows"),
    "hours": lambda: build(LOG, 24 * REFERENCE, "1h"),
    "files with other columns": lambda: build(
        [
            LOG[DAY < 14].drop(columns="noise"),
            LOG[DAY >= 14].assign(new=1, x=LOG["x"].astype(str)).drop(columns="place"),
        ],
        REFERENCE,
    ),
    "ids that are null": lambda: build(LOG.assign(**{ID: None}), REFERENCE),
}


def check(measure: Measure, built: Built) -> pd.DataFrame:
    frame = measure(*built)
    assert tuple(frame.columns) == COLUMNS
    if not len(frame):
        return frame
    assert frame["value"].notna().all()
    assert set(frame["monitor"]) == {measure.__module__.split(".")[-1]}
    p = frame["p_value"].to_numpy(float)
    assert not ((p < 0) | (p > 1)).any()
    assert np.isnan(p[frame["reference"].to_numpy(bool)]).all()
    inside = set(built.cube.starts[in_reference(built.cube, built.reference)].tolist())
    assert set(frame.loc[frame["reference"].astype(bool), "window_start"]) <= inside
    assert not frame.duplicated(["metric", "feature", "window_start"]).any()
    assert all(text is None or isinstance(text, str) for text in frame["detail"])
    low, high = (frame[name].to_numpy(float) for name in ("band_low", "band_high"))
    assert not (low > high).any()
    return frame


@pytest.mark.parametrize("measure", MONITORS, ids=NAMES)
@pytest.mark.parametrize("name", CUTS)
def test_any_windows_against_any_reference(name: str, measure: Measure) -> None:
    frame = check(measure, CUTS[name])
    if len(CUTS[name].reference) < 3 and len(frame):
        chance = frame[[RULES.get((m, k)) is not None and RULES[m, k].family is not None
                        for m, k in zip(frame["monitor"], frame["metric"], strict=True)]]  # fmt: skip
        p = chance.loc[~chance["metric"].isin(["absent_share", "unseen_share", "lost_share"]), "p_value"]
        assert not (p < 0.01).any()  # too few windows to know what is usual


@pytest.mark.parametrize("name", LOGS)
def test_any_log(name: str) -> None:
    built = LOGS[name]()
    for measure in MONITORS:
        check(measure, built)


@pytest.mark.parametrize("measure", MONITORS, ids=NAMES)
def test_each_segment_is_a_log_of_its_own(measure: Measure) -> None:
    built = build(LOG, REFERENCE, segments=("place",))
    for name, cube in built.segments.items():
        reference = cube.select(np.isin(cube.starts, built.reference.starts))
        frame = check(measure, Built(cube, reference, built.settings))
        assert set(frame["segment"]) <= {name}


@pytest.mark.parametrize("measure", MONITORS, ids=NAMES)
def test_a_window_is_measured_alike_whatever_comes_after_it(measure: Measure) -> None:
    """But for what lasts over windows: lost categories, standing values, power that fades."""
    frames = [check(measure, cut(WHOLE, list(range(last)), EVERY[:REFERENCE])) for last in (16, 20)]
    keys = ["metric", "feature", "window_start"]
    both = frames[0].merge(frames[1], on=keys, suffixes=("", "_later"))
    assert len(both) == len(frames[0])
    for name in ("value", "low", "high", "expected", "n", "p_value", "band_low", "band_high"):
        np.testing.assert_allclose(both[name].astype(float), both[f"{name}_later"].astype(float), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["odd columns", "regression", "attributions"])
def test_columns_are_measured_alike_whichever_are_taken_side_by_side(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = LOGS[name]()
    together = [measure(*built) for measure in MONITORS]
    monkeypatch.setattr(alike, "_CELLS", 1)
    for frame, measure in zip(together, MONITORS, strict=True):
        pd.testing.assert_frame_equal(measure(*built), frame, rtol=1e-9, atol=1e-12)


def test_the_budget_is_spent_once_and_every_rule_has_its_part() -> None:
    assert sum(BUDGET.values()) == pytest.approx(1.0)
    spent = {(monitor, rule.family) for (monitor, _), rule in RULES.items() if rule.family}
    assert spent == set(BUDGET)
    measured = {metric for _, metric in RULES}
    assert set(MINIMUM_EFFECT) <= measured
    assert set(RULES) <= KEPT
