"""Features in blocks are the features one by one, each window against the reference without itself."""

from __future__ import annotations

import numpy as np
import pytest

from monitors.decay_blocks import FEWEST_OF_A_CLASS, measured
from monitors.measurement import in_reference, rest_of
from monitors.profile import alike
from monitors.profile.cube import ColumnCube
from monitors.statistics.power import binary_power, multiclass_power, regression_power
from tests.cubes import LABEL, SCORE, Built, binary_log, build

LOG = binary_log(seed=8, count=14, rows=150)
LOG["sparse"] = LOG["x"].where(LOG.index % 3 > 0)
TASKS = ("binary", "multiclass", "regression")


def built(task: str) -> Built:
    if task == "binary":
        return build(LOG, 6, task=task, positive=1)
    label = LOG["place"] if task == "multiclass" else LOG["x"] + LOG["z"]
    return build(LOG.drop(columns=["place", SCORE]).assign(**{LABEL: label}), 6, task=task)


def outcomes(column: ColumnCube, task: str) -> np.ndarray:
    if task != "regression":
        return column.by_outcome
    return np.stack([column.by_outcome.sum(axis=2), column.sum("label"), column.sum("label2")], axis=-1)


@pytest.mark.parametrize("cells", [1, 1_000_000])
@pytest.mark.parametrize("task", TASKS)
def test_powers_are_those_of_each_feature_by_itself(task: str, cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "_CELLS", cells)
    cube, reference, _ = built(task)
    columns, inside = cube.bins.feature_places, in_reference(cube, reference)
    now, past = measured(cube, reference, columns)
    for f, place in enumerate(columns):
        own = outcomes(cube.column(place), task)
        rest = rest_of(outcomes(reference.column(place), task).sum(axis=0), own, inside)
        n, ordered = cube.column(place).n, cube.bins.columns[place].kind == "numeric"
        if task == "binary":
            power = binary_power(rest, own, n, ordered, FEWEST_OF_A_CLASS)
            np.testing.assert_allclose(now["retraining_gain"][:, f], np.stack(power.gain), rtol=1e-9)
        else:
            power = (regression_power if task == "regression" else multiclass_power)(rest, own, n, ordered)
        for name in ("learned", "available", "expected"):
            expected = np.stack(getattr(power, name))
            np.testing.assert_allclose(now[f"{name}_power"][:, f], expected, rtol=1e-9, err_msg=name)
            np.testing.assert_allclose(past[f"{name}_power"][:, f], expected[:, inside], rtol=1e-9, err_msg=name)
    sparse = [cube.bins.columns[place].name for place in columns].index("sparse")
    assert now["known_share"][sparse] == pytest.approx(2 / 3, abs=0.02)


def test_a_reference_of_other_rows_is_whole_for_every_window() -> None:
    cube, reference, _ = built("binary")
    later = cube.select(~in_reference(cube, reference))
    alone, _ = measured(later, reference, cube.bins.feature_places)
    among, _ = measured(cube, reference, cube.bins.feature_places)
    for name, values in alone.items():
        np.testing.assert_allclose(values, among[name][..., 6:], rtol=1e-12, err_msg=name)
