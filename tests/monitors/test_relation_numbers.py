"""Relations of features side by side: by hand, and one by one."""

from __future__ import annotations

import numpy as np
import pytest

from monitors.position import Curve
from monitors.relation_numbers import Outcomes, expected, numbers

RNG = np.random.default_rng(0)
FEATURES, BEFORE, AFTER, GROUPS = 3, 6, 4, 5


def outcomes(windows: int, task: str, classes: int = 1) -> Outcomes:
    n = RNG.integers(30, 90, (FEATURES, windows, GROUPS)).astype(float)
    n[0, 0, 2] = 0.0
    if task == "regression":
        total = n[..., None] * RNG.normal(3, 1, (*n.shape, 1))
        square = n[..., None] * RNG.uniform(1, 2, (*n.shape, 1)) + total**2 / np.maximum(n[..., None], 1)
        return Outcomes(n, total, square)
    rates = RNG.uniform(0.1, 0.7 / classes, (FEATURES, 1, GROUPS, classes))
    return Outcomes(n, RNG.binomial(n[..., None].astype(int), rates).astype(float))


def placed(of: Outcomes) -> Outcomes:
    rows = np.stack([0.25 * of.n, 0.75 * of.n], axis=-1)
    windows = of.n.shape[1]
    n = RNG.integers(100, 300, (windows, 2)).astype(float)
    total = n[..., None] * RNG.uniform(0.2, 0.6, (windows, 2, of.total.shape[-1]))
    return of._replace(placed=(rows, Curve(n, total, total[..., 0])))


def one(of: Outcomes, f: int) -> Outcomes:
    cut = slice(f, f + 1)
    return Outcomes(
        of.n[cut], of.total[cut], None if of.square is None else of.square[cut],
        None if of.placed is None else (of.placed[0][cut], of.placed[1]),
    )  # fmt: skip


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize(("task", "classes"), [("binary", 1), ("multiclass", 3), ("regression", 1)])
def test_features_do_not_see_each_other(task: str, classes: int, held: bool) -> None:
    past, later = outcomes(BEFORE, task, classes), outcomes(AFTER, task, classes)
    if held:
        past, later = placed(past), placed(later)
    together = numbers(past, later)
    for f in range(FEATURES):
        for name, value in numbers(one(past, f), one(later, f))._asdict().items():
            np.testing.assert_allclose(getattr(together, name)[f : f + 1], value, rtol=1e-9, err_msg=name)


def test_a_reference_window_is_compared_without_itself_where_it_is_one_of_the_windows() -> None:
    past, later = outcomes(BEFORE, "binary"), outcomes(AFTER, "binary")
    found, whole = numbers(past, later), past.summed()
    for w in range(BEFORE):
        window = Outcomes(past.n[:, w : w + 1], past.total[:, w : w + 1])
        rest = Outcomes(whole.n - window.n, whole.total - window.total)
        apart = window.total / np.maximum(window.n[..., None], 1) - expected(rest, window)
        rows, n = window.n.sum(axis=2), window.n[..., None]
        spread = (n * np.where(n > 0, apart, 0.0) ** 2).sum(axis=(2, 3)) / rows
        np.testing.assert_allclose(
            found.effect[:, w] ** 2, np.maximum(spread[:, 0] - found.chance[:, w] ** 2, 0), atol=1e-12
        )


def test_where_all_rows_are_in_one_group_there_is_no_slope() -> None:
    past, later = outcomes(BEFORE, "binary"), outcomes(AFTER, "binary")
    alone = np.zeros(GROUPS)
    alone[1] = 1.0
    later = Outcomes(later.n * alone, later.total * alone[:, None])
    found = numbers(past, later)
    assert np.isnan(found.windows[:, BEFORE:, -1]).all()
    assert np.isfinite(found.windows[:, :BEFORE, -1]).all()
    np.testing.assert_allclose(found.windows[:, BEFORE:, 1], 0, atol=1e-12)  # the level is all that it says
