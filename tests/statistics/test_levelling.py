"""A relation at another level: the overall mean comes out, and nothing else has moved."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit

from monitors.statistics.levelling import levelled

RNG = np.random.default_rng(0)
RATES = RNG.uniform(0.02, 0.9, (4, 1, 6, 2))
N = RNG.integers(0, 60, (4, 5, 6)).astype(float)
TOTAL = RNG.binomial(N[..., None].astype(int), RNG.uniform(0.1, 0.9, (4, 5, 1, 2))).astype(float)


def test_every_class_is_shifted_by_what_a_solver_finds() -> None:
    found = levelled(RATES, N, TOTAL, additive=False)
    assert found.shape == TOTAL.shape
    for f, w, k in np.ndindex(4, 5, 2):
        n, rates, total = N[f, w], RATES[f, 0, :, k], TOTAL[f, w, :, k].sum()
        shift = brentq(lambda s, n=n, r=rates, y=total: (n * expit(logit(r) + s)).sum() - y, -30, 30)
        np.testing.assert_allclose(found[f, w, :, k], expit(logit(rates) + shift), atol=1e-9)


def test_means_of_numbers_are_shifted_by_one_sum() -> None:
    found = levelled(10 * RATES, N, TOTAL, additive=True)
    np.testing.assert_allclose((N[..., None] * found).sum(axis=2), TOTAL.sum(axis=2), atol=1e-9)
    np.testing.assert_allclose(np.ptp(found - 10 * RATES, axis=2), 0, atol=1e-9)


def test_relations_of_each_windows_own_are_the_same_as_one_by_one() -> None:
    own = RNG.uniform(0.02, 0.9, TOTAL.shape)
    together = levelled(own, N, TOTAL, additive=False)
    for f, w in np.ndindex(4, 5):
        alone = levelled(own[f, w], N[f, w], TOTAL[f, w], additive=False)
        np.testing.assert_allclose(together[f, w], alone, rtol=1e-12)


@pytest.mark.parametrize("additive", [True, False])
def test_without_rows_or_windows_nothing_fails(additive: bool) -> None:
    nothing = np.zeros((2, 3))
    assert np.isfinite(levelled(RATES[0, 0, :3][None], nothing, nothing[..., None] * np.ones(2), additive)).all()
    assert levelled(RATES, np.zeros((4, 0, 6)), np.zeros((4, 0, 6, 2)), additive).shape == (4, 0, 6, 2)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_where_all_rows_turned_out_alike_rates_go_to_the_end(share: float) -> None:
    n = np.full(6, 50.0)
    found = levelled(RATES[0, 0], n, share * n[:, None] * np.ones(2), additive=False)
    assert np.abs(found - share).max() < 0.01
    assert ((found > 0) & (found < 1)).all()
