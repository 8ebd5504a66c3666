"""Attributions: which features does the model lean on, and are they those of the reference?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from monitors.measurement import Block, in_reference, mean_inside, rest_of, table
from monitors.profile.cube import Cube
from monitors.settings import Settings
from monitors.statistics.null import deviations, judge, reach
from monitors.statistics.ranking import ndcg

CLARIFY = 0.90
"""NDCG under which SageMaker Clarify raises an alert
(https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-model-attribution-drift-violations.html)."""

_LEAST_SHARE = 1e-3
"""A feature with less of all attribution than this has as good as none."""
_TOLD = 0.05
"""Windows that look this strange say what moved."""


def measure(windows: Cube, reference: Cube, settings: Settings) -> list[Block]:
    """Mean absolute attributions of features, their parts of the whole, and how well the reference's order still holds.

    ``mean_attribution`` and ``attribution_share`` are of features. ``attribution_ndcg`` is of the model: gains are the
    reference's attributions, the order is the window's, as SageMaker Clarify has it (``statistics.ranking``). What
    raises an alert is not its threshold of 0.90, for what is usual depends on the model: a window's shares must differ
    from the reference's beyond chance and habit, and the order must have lost enough to matter.
    """
    names = sorted({name for cube in (windows, reference) for facts in cube.facts for name in _of(facts)})
    if not names or not len(windows):
        return []
    now, ref = sizes(windows, names), sizes(reference, names)
    inside = in_reference(windows, reference)
    usual = ref.pooled()
    blocks = [
        table("skew", "mean_attribution", names, windows, reference, value=now.mean, low=now.mean - 1.96 * now.error,
              high=now.mean + 1.96 * now.error, expected=usual.mean, n=now.n),
        table("skew", "attribution_share", names, windows, reference, value=now.share, expected=usual.share, n=now.n),
    ]  # fmt: skip
    if usual.n.sum() > 0:
        blocks.append(_order(names, now, ref, inside, windows, reference, settings))
    return blocks


def _order(
    names: list[str], now: Sizes, ref: Sizes, inside: np.ndarray, windows: Cube, reference: Cube, settings: Settings
) -> Block:
    usual, least = ref.pooled().share[:, 0], settings.least("attribution_ndcg")
    live = np.nan_to_num(now.share)
    gains = np.nan_to_num(now.rest(ref, inside).share)
    value = np.where(now.n.sum(axis=0) > 0, ndcg(gains.T, live.T), np.nan)
    own = ndcg(
        np.nan_to_num(ref.rest(ref, np.ones(len(reference), bool)).share).T, np.nan_to_num(ref.share).T
    )  # fmt: skip
    several = len(reference) > 1
    expected = mean_inside(own[None], np.ones(len(own), bool))[0, 0] if several else 1.0
    found = deviations(
        ref.logarithm, ref.relative_error, np.where(inside, np.nan, now.logarithm), now.relative_error
    )  # fmt: skip
    verdict = judge(found.reference, found.windows, found.dof, settings.rate("skew", "attribution_ndcg"))
    known = np.isfinite(verdict.p)
    p = np.where(known.any(axis=0), np.where(known, verdict.p, np.inf).min(axis=0, initial=np.inf), np.nan)
    # the shares at which one of them alone would have reached its limit, the others as far on their way as here
    factor = reach(found, verdict.limit, np.arange(len(names)))
    nearest = np.where(np.isfinite(factor), factor, np.inf).min(axis=0, initial=np.inf)
    way = now.logarithm - ref.pooled().logarithm
    with np.errstate(invalid="ignore", over="ignore"):
        there = np.nan_to_num(ref.pooled().logarithm + way * np.minimum(nearest, 1e3), nan=np.log(_LEAST_SHARE))
    band = np.minimum(ndcg(np.nan_to_num(usual), there.T), expected - least)
    detail = [[_told(names, usual, live[:, w]) if p[w] < _TOLD else None for w in range(len(windows))]]
    return table(
        "skew", "attribution_ndcg", [None], windows, reference, value=value, expected=expected, n=now.n.max(axis=0),
        p_value=p, band_low=np.where(inside | ~np.isfinite(p), np.nan, band), band_high=1.0, detail=detail,
    )  # fmt: skip


def _told(names: list[str], usual: np.ndarray, live: np.ndarray) -> str:
    most = int(np.abs(live - usual).argmax())
    return f"{names[most]}: {usual[most]:.1%} to {live[most]:.1%} of all attribution"


class Sizes(NamedTuple):
    """Rows, sum of |attribution| and of its square by feature and window, each shape (F, W)."""

    n: np.ndarray
    total: np.ndarray
    square: np.ndarray

    def pooled(self) -> Sizes:
        """All windows as one, shape (F, 1)."""
        return Sizes(*(part.sum(axis=1, keepdims=True) for part in self))

    def rest(self, ref: Sizes, inside: np.ndarray) -> Sizes:
        """What each window is compared with: all of ``ref``, without the window itself where it is part of it."""
        return Sizes(*(rest_of(b.sum(axis=1), a.T, inside).T for a, b in zip(self, ref, strict=True)))

    @property
    def mean(self) -> np.ndarray:
        """Mean |attribution|; NaN without rows."""
        return np.asarray(np.where(self.n > 0, self.total / np.maximum(self.n, 1), np.nan))

    @property
    def error(self) -> np.ndarray:
        """Sampling error of the mean."""
        n = np.maximum(self.n, 1)
        variance = np.maximum(self.square / n - (self.total / n) ** 2, 0.0)
        return np.asarray(np.where(self.n > 1, np.sqrt(variance / n), np.nan))

    @property
    def share(self) -> np.ndarray:
        """Part of all features' mean |attribution|; NaN where none has any."""
        mean = np.nan_to_num(self.mean)
        whole = mean.sum(axis=0, keepdims=True)
        return np.asarray(np.where(whole > 0, mean / np.where(whole > 0, whole, 1.0), np.nan))

    @property
    def logarithm(self) -> np.ndarray:
        """Logarithm of the share: habits of attributions are parts of them, whether they are large or small."""
        return np.asarray(np.log(np.maximum(self.share, _LEAST_SHARE)))

    @property
    def relative_error(self) -> np.ndarray:
        """Sampling error of the logarithm, that of the whole left aside."""
        mean = np.nan_to_num(self.mean)
        return np.asarray(self.error / np.maximum(mean, _LEAST_SHARE * np.maximum(mean.sum(axis=0), 1e-300)))


def sizes(cube: Cube, names: list[str]) -> Sizes:
    """Of a cube, features in the order of ``names``."""
    out = np.zeros((3, len(names), len(cube)))
    for w, facts in enumerate(cube.facts):
        found = _of(facts)
        for f, name in enumerate(names):
            out[:, f, w] = found.get(name, 0.0)
    return Sizes(*out)


def _of(facts: dict[str, object]) -> dict[str, list[float]]:
    found = facts.get("attributions", {})
    assert isinstance(found, dict)
    return found
