"""Relation tests: outcomes by a feature's bins, against what the reference's relation leads to expect there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitors.grouping import group_names, grouped, scored_groups
from monitors.maturity import mature
from monitors.measurement import in_reference, mean_inside, rest_of, table
from monitors.profile.cube import ColumnCube, Cube
from monitors.settings import Settings
from monitors.statistics.null import BinScores, bin_scores, largest_score, standardise

_LEAST_INFORMATION = 3.0
"""Least n·r(1-r) of a group of bins whose outcome rate is judged."""
_LEAST_ROWS = 8


def relation(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    """Root mean square difference of the outcome's mean by bin, beyond chance, for every feature.

    The outcome's overall level is taken out first (a common shift on the logit or additive scale), so that a change of
    the base rate is not laid at every feature's door: what is left is *where* the concept moved. The detail names the
    bins.
    """
    columns = [i for i, column in enumerate(windows.bins.columns) if column.role == "feature"]
    names = [windows.bins.columns[i].name for i in columns]
    inside = in_reference(windows, reference)
    values, noise, scores, details, labels = [], [], [], [], []
    for i in columns:
        now, ref = windows.column(i), reference.column(i)
        group = scored_groups(ref.counts[:, :, :-3].sum(axis=(0, 2)), ref.bins)
        tested = Outcomes.of(now, group, windows.bins.task), Outcomes.of(ref, group, windows.bins.task)
        score = _scores(*tested)
        effect, chance = _effect(*tested, inside)
        values.append(effect)
        noise.append(chance)
        scores.append(score)
        labels.append(tested[0].n.sum(axis=1))
        details.append((tested, group_names(ref.bins, group), group))
    standard = standardise(np.concatenate([s.reference for s in scores]), np.concatenate([s.windows for s in scores]))
    verdict = largest_score(standard.reference, standard.windows, settings.rate("concept", "relation"))
    p = verdict.p.reshape(len(names), 2, -1)
    p = np.where(mature(windows, reference, settings), np.fmin(p[:, 0], p[:, 1]), np.nan)
    limit = (standard.mean + verdict.threshold * standard.deviation).reshape(len(names), 2, -1)
    value, chance = np.array(values), np.array(noise)
    with np.errstate(invalid="ignore"):
        seen = np.sqrt(value**2 + chance**2)
        reach = np.array([score.reach(limit[f]) for f, score in enumerate(scores)])
        band = np.sqrt(np.maximum((seen * reach) ** 2 - chance**2, 0.0))
        # no deviation has no shape to enlarge, and a rate cannot differ by more than one
        band = np.where(np.isfinite(band) & (seen > 0) & (band <= _most(windows)), band, np.nan)
    usual = mean_inside(value, inside) if inside.any() else 0.0
    text = [
        [_moved(pair, named, w, scores[f].z[w]) if p[f, w] < 0.05 else None for w in range(len(windows))]
        for f, (pair, named, _) in enumerate(details)
    ]  # fmt: skip
    return table(
        "concept",
        "relation",
        names,
        windows,
        reference,
        value=value,
        expected=usual,
        n=np.array(labels),
        p_value=p,
        band_low=0.0,
        band_high=np.where(inside, np.nan, band),
        detail=text,
    )


def _most(windows: Cube) -> float:
    """The most that outcomes can differ by."""
    return np.inf if windows.bins.task == "regression" else 1.0


class Outcomes:
    """Labelled rows and outcome sums by group of bins.

    Attributes
    ----------
    n : shape (W, G); total : shape (W, G, K'): rows of each class but the first, or the sum of the label;
    variance : shape (W, G, K') of one row's outcome about its bin's mean (None: of a share, r(1 - r))
    """

    def __init__(self, n: np.ndarray, total: np.ndarray, square: np.ndarray | None) -> None:
        self.n, self.total, self.square = n, total, square

    @classmethod
    def of(cls, column: ColumnCube, group: np.ndarray, task: str) -> Outcomes:
        """Of one column."""
        labelled = column.by_outcome
        n = grouped(labelled.sum(axis=2), group)
        if task == "regression":
            return cls(
                n, grouped(column.sum("label"), group)[..., None], grouped(column.sum("label2"), group)[..., None]
            )
        return cls(n, np.stack([grouped(labelled[..., k], group) for k in range(1, labelled.shape[2])], axis=-1), None)

    def summed(self) -> Outcomes:
        """All windows as one."""
        square = None if self.square is None else self.square.sum(axis=0)
        return Outcomes(self.n.sum(axis=0), self.total.sum(axis=0), square)


def _rates(of: Outcomes) -> np.ndarray:
    """Mean outcome by group, empty ones at the overall mean; shape (..., G, K')."""
    n = of.n[..., None]
    overall = of.total.sum(axis=-2, keepdims=True) / np.maximum(n.sum(axis=-2, keepdims=True), 1)
    # one row's worth of the overall mean: a bin with a handful of rows is no certainty
    return (of.total + overall) / (n + 1)


def _levelled(rates: np.ndarray, window: Outcomes) -> np.ndarray:
    """The reference's rates shifted alike in every group so that the window's overall mean comes out; (W, G, K')."""
    n = window.n[..., None]
    rows = np.maximum(n.sum(axis=1, keepdims=True), 1e-9)
    level = window.total.sum(axis=1, keepdims=True) / rows
    if window.square is not None:
        return rates + level - (n * rates).sum(axis=1, keepdims=True) / rows
    with np.errstate(divide="ignore", invalid="ignore"):
        base = np.log(np.clip(rates, 1e-6, 1 - 1e-6) / (1 - np.clip(rates, 1e-6, 1 - 1e-6)))
        shift = np.zeros(level.shape)
        for _ in range(8):  # Newton's steps on the overall rate
            moved = 1 / (1 + np.exp(-(base + shift)))
            slope = (n * moved * (1 - moved)).sum(axis=1, keepdims=True) / rows
            shift = shift + np.clip(
                (level - (n * moved).sum(axis=1, keepdims=True) / rows) / np.maximum(slope, 1e-6), -2, 2
            )
    return 1 / (1 + np.exp(-(base + shift)))


def _variance(of: Outcomes, rates: np.ndarray) -> np.ndarray:
    """Variance of one row's outcome by group, shape (..., G, K')."""
    if of.square is None:
        return np.asarray(np.clip(rates * (1 - rates), 1e-6, None))
    n = np.maximum(of.n[..., None], 1)
    within = np.maximum(of.square / n - (of.total / n) ** 2, 0.0)
    pooled = (of.n[..., None] * within).sum(axis=-2, keepdims=True) / np.maximum(n.sum(axis=-2, keepdims=True), 1)
    return np.asarray(np.maximum(within, 0.1 * pooled) + 1e-12)


def _scores(window: Outcomes, reference: Outcomes) -> BinScores:
    """Each group's outcome less what the levelled reference relation gives, by its own habit."""
    pooled = reference.summed()
    rates = _rates(pooled)
    variance = _variance(pooled, rates)

    def deviation(of: Outcomes) -> tuple[np.ndarray, np.ndarray]:
        expected = _levelled(np.broadcast_to(rates, of.total.shape), of)
        n = of.n[..., None]
        with np.errstate(divide="ignore", invalid="ignore"):
            row = expected * (1 - expected) if of.square is None else variance
            # a handful of rows, or of either class, is not normal: such a group is not judged in this window
            enough = n * row >= _LEAST_INFORMATION if of.square is None else n >= _LEAST_ROWS
            seen = np.where(enough, of.total / np.maximum(n, 1) - expected, np.nan)
            chance = np.where(enough, np.broadcast_to(row, n.shape[:2] + row.shape[-1:]) / np.maximum(n, 1), np.nan)
        return seen.reshape(len(seen), variance.size), chance.reshape(len(chance), variance.size)

    return bin_scores(*deviation(reference), *deviation(window), variance.ravel())


def _effect(window: Outcomes, reference: Outcomes, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Root mean square deviation over rows, beyond what chance gives, and chance's part; both shape (W,)."""
    own = Outcomes(window.n, window.total, window.square)
    past = reference.summed()
    rest = Outcomes(
        rest_of(past.n, own.n, inside), rest_of(past.total, own.total, inside),
        None if past.square is None or own.square is None else rest_of(past.square, own.square, inside),
    )  # fmt: skip
    rates = _rates(rest)
    expected = _levelled(rates, window)
    n = window.n[..., None]
    variance = _variance(rest, rates)
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = np.where(n >= 1, window.total / np.maximum(n, 1) - expected, 0.0)
        due = np.where(n >= 1, variance / np.maximum(n, 1) + variance / np.maximum(rest.n[..., None], 1), 0.0)
        rows = window.n.sum(axis=1)
        square = (n * seen**2).sum(axis=(1, 2)) / rows
        chance = (n * due).sum(axis=(1, 2)) / rows
    return np.where(rows > 0, np.sqrt(np.maximum(square - chance, 0.0)), np.nan), np.sqrt(chance)


def _moved(pair: tuple[Outcomes, Outcomes], names: list[str], w: int, z: np.ndarray) -> str | None:
    """Where the outcome differs most, in words."""
    window, past = pair[0], pair[1].summed()
    if not np.isfinite(z).any():
        return None
    g, k = divmod(int(np.nanargmax(np.abs(z))), window.total.shape[2])
    now = window.total[w, g, k] / max(window.n[w, g], 1)
    before = past.total[g, k] / max(past.n[g], 1)
    shown = "{:.1%}" if window.square is None else "{:.3g}"
    return f"{names[g]}: {shown.format(before)} to {shown.format(now)}"
