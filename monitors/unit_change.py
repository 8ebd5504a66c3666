"""Unit changed: values that are all multiplied by about a constant, as from metres to kilometres or °C to °F."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from monitors.measurement import Block, in_reference, table
from monitors.profile.alike import Alike, blocks
from monitors.profile.bins import FIRST
from monitors.profile.cube import Cube
from monitors.sentinel import own_value_bins
from monitors.statistics.distances import expected_jensen_shannon, jensen_shannon
from monitors.statistics.null import FEW_WINDOWS


class Unit(NamedTuple):
    """A conversion: values become ``factor`` times themselves, and ``added`` more."""

    factor: float
    added: float
    words: str


_FACTORS = {
    10.0: "", 100.0: "as shares and percentages, or metres and centimetres", 1000.0: "as kilo and plain, or milli",
    1e4: "", 1e5: "", 1e6: "as millions and plain, or micro", 1e9: "as nano and plain",
    60.0: "as minutes and seconds", 3600.0: "as hours and seconds", 24.0: "as days and hours",
    86_400.0: "as days and seconds", 7.0: "as weeks and days", 1.609344: "as miles and kilometres",
    2.54: "as inches and centimetres",
    25.4: "as inches and millimetres", 3.28084: "as metres and feet", 2.204623: "as kilograms and pounds",
    3.785412: "as gallons and litres", 3.6: "as m/s and km/h", 180 / np.pi: "as radians and degrees", 12.0: "",
}  # fmt: skip
UNITS = (
    *(Unit(factor, 0.0, words) for factor, words in _FACTORS.items()),
    *(Unit(1 / factor, 0.0, words) for factor, words in _FACTORS.items()),
    Unit(1.8, 32.0, "as °C and °F"), Unit(1 / 1.8, -32 / 1.8, "as °F and °C"),
    Unit(1.0, 273.15, "as °C and K"), Unit(1.0, -273.15, "as K and °C"),
)  # fmt: skip
"""Conversions that happen."""
_ABOUT = "about"
"""What is said of a scale that more than one of them may have made."""

_NEAR = 0.06
"""A scale within this of a known one (on the log scale), and a mean within this of the spread, may be it."""
_LARGE = np.log(2.5)
"""A scale of no known unit counts from here on: prices that rise by a tenth are a shift. Of values around zero, whose
mean says nothing of their scale, one of a known unit does too, and no other."""
_ASIDE = 0.2
"""Scales that are nearer to each other, on the log scale, are taken for the same, and the likelier is named."""
_FIT = 0.5
"""The conversion must explain so much of the distance from the reference: what it leaves is at most this part ..."""
_LEFT = 0.04
"""... and no more than this distance beyond what chance makes."""
_LEAST_ROWS, _LEAST_OTHERS = 30, 3
"""Values of a window from which its scale is told; and of those beside the one value that most rows have, such as 0: of
these few are enough, for a scale that few values tell varies more from window to window."""
_MOST = 0.5


def unit_changes(columns: list[int], windows: Cube, reference: Cube) -> list[Block]:
    """``unit_factor``: by what a numeric feature's values are multiplied, where one conversion explains its window.

    The scale is the ratio of standard deviations; a conversion is taken that it and the mean agree with, and that makes
    the reference's distribution the window's (Jensen–Shannon distance over bins). The p value is that of so large a
    scale beside the scales of the reference's windows (Student's t on the log), over all features. Where nothing is
    found the value is 1.
    """
    chosen = [i for i in columns if windows.bins.columns[i].kind == "numeric"]
    if not chosen or not len(reference):
        return []
    inside = in_reference(windows, reference)
    shape = (len(chosen), len(windows))
    value, p, n = np.ones(shape), np.ones(shape), np.zeros(shape)
    detail: list[list[str | None]] = [[None] * len(windows) for _ in chosen]
    for f, now in blocks(windows, chosen):
        n[f] = now.n[:, :, FIRST:].sum(axis=2)
        for k, w, unit, chance in _found(now, now.of(reference), inside):
            value[f[k], w], p[f[k], w] = unit.factor, min(chance * len(chosen), 1.0)
            detail[f[k]][w] = said(unit)
    names = [windows.bins.columns[i].name for i in chosen]
    return [table(
        "missing", "unit_factor", names, windows, reference, value=value, expected=1.0, n=n,
        p_value=np.where(n >= _LEAST_ROWS, p, np.nan), detail=detail,
    )]  # fmt: skip


def said(unit: Unit) -> str:
    """A conversion in words: ``×100 (as shares and percentages, or metres and centimetres)``."""
    factor = f"×{unit.factor:.4g}" if unit.factor >= 1 else f"÷{1 / unit.factor:.4g}"
    if unit.added:
        factor = (f"{factor} " if unit.factor != 1 else "") + f"{'+' if unit.added > 0 else '−'} {abs(unit.added):.4g}"
    return f"{factor} ({unit.words})" if unit.words else factor


def unit_of(factor: float, detail: str | None) -> Unit:
    """The conversion that a finding's value and detail tell."""
    return next((unit for unit in UNITS if said(unit) == detail), Unit(factor, 0.0, ""))


class _Values(NamedTuple):
    """Numbers by bin, (F, W, B - 4): rows, and sums of the value less the column's centre and of its square."""

    n: np.ndarray
    first: np.ndarray
    second: np.ndarray

    @classmethod
    def of(cls, columns: Alike, usual: np.ndarray) -> _Values:
        """Those of columns, without rows of the bins ``usual``, (F, 1, B - 4)."""
        sums = (columns.n, columns.sum("value"), columns.sum("value2"))
        return cls(*(np.where(usual, 0, x[:, :, FIRST:]) for x in sums))

    @np.errstate(invalid="ignore", divide="ignore", over="ignore")
    def moments(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows, mean and standard deviation by window, (F, W) each."""
        n, first, second = (x.sum(axis=2) for x in self)
        mean = first / n
        return n, mean, np.sqrt(np.maximum(second / n - mean**2, 0.0))


def _usual(past: Alike) -> np.ndarray:
    """The bin of the one value that most rows of the reference have, where there is one; (F, 1, B - 4), bool."""
    n = past.n[:, :, FIRST:].sum(axis=1)
    most = n > _MOST * n.sum(axis=1, keepdims=True)
    return (most & own_value_bins(past))[:, None]


@np.errstate(invalid="ignore", divide="ignore", over="ignore")
def _found(now: Alike, past: Alike, inside: np.ndarray) -> list[tuple[int, int, Unit, float]]:
    """Columns and windows whose values are converted, with the conversion and the chance of such a scale."""
    usual = _usual(past)
    before, after = _Values.of(past, usual), _Values.of(now, usual)
    (rows, levels, widths), (n, means, spreads) = before.moments(), after.moments()
    least = np.where(usual.any(axis=2), _LEAST_OTHERS, _LEAST_ROWS)
    good = (rows >= least) & (widths > 0) & np.isfinite(widths)
    count, centre = good.sum(axis=1, keepdims=True), np.array([bins.centre for bins in now.bins])[:, None]
    more, weight = np.sqrt(1 + 1 / count), _of_means(levels + centre, widths, good)
    scale, variance = _mean_and_variance(_log_scale(levels + centre, widths, weight), good, 1)
    habit = np.maximum(np.sqrt(variance) * more, 1e-3)
    pooled, first, second = (x.sum(axis=1) for x in before)
    mean, square = (x.sum(axis=1, keepdims=True) / pooled.sum(axis=1, keepdims=True) for x in (first, second))
    sd = np.sqrt(np.maximum(square - mean**2, 0.0))
    log_scale = _log_scale(means + centre, spreads, weight) - scale
    own_scale = np.log(spreads) - _mean_and_variance(np.log(widths), good, 1)[0]
    # a conversion that adds alone leaves the scale as it was
    moved, drift = np.abs(means - mean) / sd, np.sqrt(_mean_and_variance(levels, good, 1)[1]) * more / sd
    far = np.maximum(np.abs(log_scale) / habit, np.where(moved > 3, moved / np.maximum(drift, 1e-3), 0.0))
    chance = 2 * special.stdtr(count - 1, -far)
    asked = (count >= FEW_WINDOWS) & (n >= least) & ~inside & (spreads > 0) & np.isfinite(spreads) & (sd > 0)
    out = []
    for f, w in np.argwhere(asked & (chance < 0.05) & ((np.abs(log_scale) > np.log(1.2)) | (moved > 3))):
        given = float((means + centre)[f, w]), float(spreads[f, w]), float((mean + centre)[f, 0]), float(habit[f, 0])
        unit = _unit(float(log_scale[f, w]), *given, adds=False) or _unit(float(own_scale[f, w]), *given, adds=True)
        if unit is None or not (
            _among(now.low[f, w], unit, past.low[f]) and _among(now.high[f, w], unit, past.high[f])
        ):
            continue
        if _explains(unit, pooled[f], after.n[f, w], first[f] / pooled[f] + centre[f], now.bins[f].edges):
            out.append((int(f), int(w), unit, float(chance[f, w])))
    return out


def _mean_and_variance(values: np.ndarray, known: np.ndarray, spent: int) -> tuple[np.ndarray, np.ndarray]:
    """Of what is known, by row, (F, 1) each; spent : degrees of freedom of the variance."""
    count = known.sum(axis=1, keepdims=True)
    mean = np.where(known, values, 0.0).sum(axis=1, keepdims=True) / count
    return mean, np.where(known, (values - mean) ** 2, 0.0).sum(axis=1, keepdims=True) / (count - spent)


def _of_means(means: np.ndarray, spreads: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Part that the mean has in telling the scale, beside the standard deviation: as it varies less; 0 near zero."""
    least, most = (np.where(known, means, sign * np.inf) for sign in (1, -1))
    least, most = least.min(axis=1, keepdims=True), most.max(axis=1, keepdims=True)
    nearest = np.where(known, np.abs(means), np.inf).min(axis=1, keepdims=True)
    around_zero = (least < 0) & (most > 0)
    around_zero |= nearest < 0.5 * np.where(known, spreads, 0.0).max(axis=1, keepdims=True)
    first, second = (_mean_and_variance(np.log(x), known, 0)[1] for x in (np.abs(means), spreads))
    part = np.where(first + second > 0, second / (first + second), 0.5)
    return np.where(around_zero, 0.0, part)


def _log_scale(means: np.ndarray, spreads: np.ndarray, weight: np.ndarray) -> np.ndarray:
    level = np.where(weight > 0, np.log(np.abs(means)), 0.0)
    return np.asarray(weight * level + (1 - weight) * np.log(spreads))


def _unit(log_scale: float, mean: float, sd: float, old_mean: float, habit: float, *, adds: bool) -> Unit | None:
    """The conversion that scale and mean agree with, the nearest of the known ones first.

    Parameters
    ----------
    adds : whether to look among those that add something, or among those that only multiply
    """
    near, factor = _NEAR + 2 * habit, float(np.exp(log_scale))
    around_zero = abs(old_mean) < 0.5 * sd / factor
    best, least = None, np.inf
    for unit in UNITS:
        if (unit.added != 0) != adds:
            continue
        if not adds and abs(np.log(unit.factor)) < _LARGE and around_zero:
            continue  # it is a spread that grew or shrank
        off = abs(log_scale - np.log(unit.factor))
        aside = abs(mean - unit.factor * old_mean - unit.added) / sd
        if off <= near and aside <= 0.25 + 2 * habit and off + aside < least:
            best, least = unit, off + aside
    if best is not None:
        # a scale that few values tell may be that of several, which are not nearly the same
        others = [unit.factor for unit in UNITS if abs(np.log(unit.factor / best.factor)) > _ASIDE]
        unsure = not adds and min(abs(log_scale - np.log(other)) for other in others) < 3 * habit
        return Unit(float(f"{factor:.1g}"), 0.0, _ABOUT) if unsure else best
    if adds or around_zero or abs(log_scale) < _LARGE or abs(mean - factor * old_mean) / sd > 0.25 + 2 * habit:
        return None
    return Unit(factor, 0.0, "")


def _explains(unit: Unit, old: np.ndarray, new: np.ndarray, where: np.ndarray, edges: np.ndarray) -> bool:
    """Whether the reference's values, converted, fall into the window's bins as its own values do.

    Parameters
    ----------
    old, new : rows of both by bin, shape (B - 4,); where : means of the reference's values by bin; edges : of bins
    """
    kept = old > 0
    expected = np.zeros(len(old))
    np.add.at(expected, np.searchsorted(edges, unit.factor * where[kept] + unit.added, side="right"), old[kept])
    # bins of the new values may lie between those that converted ones fall into: compare on coarse ones
    plain = float(jensen_shannon(*_coarse(old, new)))
    coarse = _coarse(expected, new)
    converted = float(jensen_shannon(*coarse))
    noise = float(expected_jensen_shannon(coarse[0], np.array(new.sum()), np.array(old.sum())))
    return converted <= max(_FIT * plain, 1e-9) and converted <= _LEFT + 1.3 * noise


def _among(end: float, unit: Unit, usual: np.ndarray) -> bool:
    """Whether a window's least or greatest value lies where those of the reference's windows do once converted."""
    known = unit.factor * usual[np.isfinite(usual)] + unit.added
    low, high = float(known.min()), float(known.max())
    room = 0.6 * (high - low) + 0.02 * max(abs(low), abs(high))
    return low - room <= end <= high + room


def _coarse(counts: np.ndarray, other: np.ndarray, bins: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Two histograms on a few bins with about as many rows of both together in each."""
    both = counts / counts.sum() + other / other.sum()
    group = np.minimum((np.cumsum(both) - both / 2) / 2 * bins, bins - 1).astype(int)
    return np.bincount(group, counts, bins), np.bincount(group, other, bins)
