"""Integrity: does the log itself lie? Rows that are too few, too many, doubled or not there; columns nobody knows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitors.latency import latency
from monitors.measurement import combine, in_reference, table
from monitors.profile.cube import Cube
from monitors.profile.facts import DELAY_HOURS
from monitors.settings import Settings
from monitors.statistics.intervals import poisson, wilson
from monitors.statistics.null import FEW_WINDOWS, deviations, few_windows, judge, of_counts, share_limit
from monitors.windows import Grain

_PER_PHASE = 3
"""Reference windows of the same weekday (and hour) that make a habit of their own."""
_EDGE = 0.02
"""A first or last window of which more than this share of its time is not covered is not whole."""


def measure(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    """Numbers about the log, not about features.

    ``rows`` (judged by their root against windows of the same weekday or hour of the week where the reference has
    enough of them), ``gap`` (1 for a window without any row), ``duplicate_share`` (rows whose id came before in the
    same
    window), ``label_delay_hours`` (median, not judged), ``new_column`` (share of rows that bring a column which the
    reference did not have), and how long answers took (see ``latency``).
    """
    if not len(windows) or windows.segment:
        return combine([])
    blocks = [_duplicates(windows, reference, settings), _delays(windows, reference), _new_columns(windows, reference)]
    phases = phase(reference.starts, settings.grain), phase(windows.starts, settings.grain)
    blocks.append(latency(windows, reference, settings, phases))
    if settings.grain.kind == "calendar":
        blocks += [_rows(windows, reference, settings), _gaps(windows, reference, settings)]
    return combine(blocks)


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


def _rows(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    covered = whole(reference, settings) & (reference.rows > 0)
    known, now = phase(reference.starts, settings.grain)[covered], phase(windows.starts, settings.grain)
    roots, rows = np.sqrt(reference.rows[covered]), windows.rows.astype(float)
    counts = {int(k): int((known == k).sum()) for k in np.unique(np.concatenate([known, now]))}
    by_phase = min(counts.values(), default=0) >= _PER_PHASE
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
    p, band = verdict.p, scores.band(verdict.limit)
    return table(
        "integrity",
        "rows",
        [None],
        windows,
        reference,
        value=rows,
        low=poisson(rows).low,
        high=poisson(rows).high,
        expected=centres**2,
        n=rows,
        p_value=p,
        band_low=np.maximum(centres - band, 0.0) ** 2,
        band_high=(centres + band) ** 2,
    )


def _gaps(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
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


def _duplicates(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    if not any("identified" in facts for facts in windows.facts):
        return combine([])

    def counts(cube: Cube) -> tuple[np.ndarray, np.ndarray]:
        doubled = np.array([[float(facts.get("duplicates", 0)) for facts in cube.facts]])
        return doubled, np.array([[float(facts.get("identified", 0)) for facts in cube.facts]])

    (k, n), (k0, n0) = counts(windows), counts(reference)
    rate = settings.rate("integrity", "duplicate_share")
    with np.errstate(invalid="ignore", divide="ignore"):
        share, usual = np.where(n > 0, k / n, np.nan), k0.sum() / n0.sum()
    if len(reference) < FEW_WINDOWS:
        p, band = few_windows(k0, n0, k, n, rate)
    else:
        found = of_counts(k0, n0, k, n)
        judged = np.where(in_reference(windows, reference), np.nan, found.windows)
        verdict = judge(found.reference, judged, found.dof, rate, sides=1)
        p, band = verdict.p, share_limit(found, n, n0.sum(axis=1), verdict.limit)
    _, low, high = wilson(k, n)
    return table(
        "integrity", "duplicate_share", [None], windows, reference, value=share, low=low, high=high, expected=usual,
        n=n, p_value=p, band_low=0.0, band_high=band,
    )  # fmt: skip


def _delays(windows: Cube, reference: Cube) -> pd.DataFrame:
    if not any("delays" in facts for facts in windows.facts):
        return combine([])
    counts = np.array([facts.get("delays", [0] * len(DELAY_HOURS)) for facts in windows.facts], float)
    return table("integrity", "label_delay_hours", [None], windows, reference, value=median_delay(counts),
                 n=counts.sum(axis=1))  # fmt: skip


def median_delay(counts: np.ndarray) -> np.ndarray:
    """Median of delays counted by ``DELAY_HOURS``, interpolated within its bin. (W, D) to (W,), NaN without any."""
    total = counts.sum(axis=1)
    edges = np.array([*DELAY_HOURS, 2 * DELAY_HOURS[-1]])
    cumulative = np.concatenate([np.zeros((len(counts), 1)), counts.cumsum(axis=1)], axis=1)
    out = np.full(len(counts), np.nan)
    for w in np.flatnonzero(total > 0):
        out[w] = np.interp(total[w] / 2, cumulative[w], edges)
    return out


def _new_columns(windows: Cube, reference: Cube) -> pd.DataFrame:
    old = {name for facts in reference.facts for name in facts.get("new", {})}
    names = sorted({name for facts in windows.facts for name in facts.get("new", {})} - old)
    if not names:
        return combine([])
    rows = windows.rows.astype(float)
    count = np.array([[facts.get("new", {}).get(name, 0) for facts in windows.facts] for name in names], float)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(rows > 0, count / rows, np.nan)
    return table("integrity", "new_column", names, windows, reference, value=share, expected=0.0, n=rows,
                 p_value=np.where(count > 0, 0.0, 1.0))  # fmt: skip
