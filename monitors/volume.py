"""How many rows a window has against what its weekday and hour usually have, and windows without any."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from monitors.measurement import Block, in_reference, table
from monitors.profile.cube import Cube
from monitors.settings import Settings
from monitors.statistics.intervals import poisson
from monitors.statistics.null import deviations, judge
from monitors.windows import Grain

PER_PHASE = 3
"""Reference windows of the same weekday (and hour) that make a habit of their own."""
_EDGE = 0.02
"""A first or last window of which more than this share of its time is not covered is not whole."""


class Volume(NamedTuple):
    """Rows of windows on the scale of roots, on which chance is the same whatever their number.

    Attributes
    ----------
    expected : shape (W,), rows that the reference leads to expect
    spread : shape (W,), standard deviation of a quiet window's root
    p : shape (W,), of the window; NaN where it is not judged
    band : shape (W,), how far a quiet window's root may lie from the expected one
    """

    expected: np.ndarray
    spread: np.ndarray
    p: np.ndarray
    band: np.ndarray


def phase(starts: np.ndarray, grain: Grain) -> np.ndarray:
    """Which windows are alike by habit: weekday of days, hour of the week of hours, one for all else. Shape (W,)."""
    if grain.kind != "calendar" or grain.unit not in {"h", "d"} or (grain.unit == "d" and grain.count > 1):
        return np.zeros(len(starts), np.int64)
    local = pd.DatetimeIndex(pd.to_datetime(starts, unit="us", utc=True)).tz_convert(grain.timezone)
    day = np.asarray(local.dayofweek, np.int64)
    return day if grain.unit == "d" else day * 24 + np.asarray(local.hour, np.int64)


def whole(windows: Cube, settings: Settings) -> np.ndarray:
    """Windows that the log covers from end to end, shape (W,), bool: only the first and the last can fail."""
    good = np.ones(len(windows), bool)
    length = (windows.ends - windows.starts).astype(float)
    until = settings.observed_until
    if until is not None:
        good &= windows.ends - until <= _EDGE * length
    first = windows.facts[0].get("first") if len(windows) else None
    if first is not None:
        good[0] &= bool(first - windows.starts[0] <= _EDGE * length[0])
    return good


def volume(windows: Cube, reference: Cube, settings: Settings) -> Volume:
    """Rows against those of windows of the same weekday or hour, where the reference has enough of them."""
    covered = whole(reference, settings) & (reference.rows > 0)
    known, now = phase(reference.starts, settings.grain)[covered], phase(windows.starts, settings.grain)
    roots, rows = np.sqrt(reference.rows[covered]), windows.rows.astype(float)
    counts = {int(k): int((known == k).sum()) for k in np.unique(np.concatenate([known, now]))}
    by_phase = min(counts.values(), default=0) >= PER_PHASE
    if not by_phase:
        known, now = np.zeros_like(known), np.zeros_like(now)
    centre = {int(k): roots[known == k].mean() for k in np.unique(known)}
    centres = np.array([centre.get(int(k), np.nan) for k in now])
    # a window helped to make its own phase's mean: its residual is too small by (k - 1) / k
    size = np.array([(known == k).sum() for k in known])
    residual = (roots - np.array([centre[int(k)] for k in known])) * np.sqrt(size / np.maximum(size - 1, 1))
    judged = whole(windows, settings) & (rows > 0) & ~in_reference(windows, reference)

    # how much counts vary is seen, not supposed: a log that is written by the clock has fewer surprises than chance
    def step(root: np.ndarray) -> np.ndarray:
        """What half a row, and no less than two in a hundred, is on the scale of roots."""
        known = np.maximum(np.nan_to_num(root), 1.0)
        return np.maximum(0.25 / known, 0.01 * known)[None]

    scores = deviations(
        residual[None], step(roots), np.where(judged, np.sqrt(rows) - centres, np.nan)[None], step(centres),
        spent=len(centre) - 1,
    )  # fmt: skip
    verdict = judge(scores.reference, scores.windows, scores.dof, settings.rate("integrity", "rows"))
    return Volume(centres**2, scores.spread[0], verdict.p[0], scores.band(verdict.limit)[0])


def rows_of(found: Volume, windows: Cube, reference: Cube) -> Block:
    """``rows`` as measurements."""
    rows, root = windows.rows.astype(float), np.sqrt(found.expected)
    low, high = poisson(rows)[-2:]
    return table(
        "integrity", "rows", [None], windows, reference, value=rows, low=low, high=high, expected=found.expected,
        n=rows, p_value=found.p, band_low=np.maximum(root - found.band, 0.0) ** 2, band_high=(root + found.band) ** 2,
    )  # fmt: skip


def gaps(windows: Cube, reference: Cube, settings: Settings) -> Block:
    """A window without rows is a fact, unless the reference lacks such windows at the same weekday and hour too.

    A reference is made of windows with rows: those without lie between its first and its last. A weekday or hour that
    is not among them is not judged.
    """
    empty, phases = windows.rows == 0, phase(windows.starts, settings.grain)
    p = np.where(empty, 0.0, 1.0)
    known = np.zeros(len(windows), bool)
    if in_reference(windows, reference).any():
        within = (windows.starts >= reference.starts[0]) & (windows.starts <= reference.starts[-1])
        known = np.isin(phases, phases[empty & within])
        p = np.where(known, 1.0, np.where(np.isin(phases, phases[within]), p, np.nan))
    return table(
        "integrity", "gap", [None], windows, reference, value=empty.astype(float), expected=known.astype(float),
        n=windows.rows, p_value=p,
    )  # fmt: skip
