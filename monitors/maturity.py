"""Which windows' labels are as good as in. Early labels are not like late ones: a window is judged once they are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from monitors.measurement import Block, combine, labelled_share, table
from monitors.profile.cube import Cube
from monitors.profile.facts import DELAY_HOURS
from monitors.settings import Settings
from monitors.statistics.delays import incidence, maturity, share_in
from monitors.statistics.intervals import wilson

ENOUGH = 0.95
"""A window is mature once this part of the labels that will come is in, of each outcome."""

_HOUR = 3_600_000_000
_RARE = 0.001
"""A delay that fewer labels than this part have is a mistake in the log rather than a time to wait for."""
_UNKNOWN_TAIL = 0.05
"""When more labels than this part came later than the curve reaches, it cannot say what is complete."""
_MOST_OF_THEM = 0.8
"""Windows in mid-log are judged with this part of the usual share of labels: those that lack are lost, not late."""
_PLATEAU = 6
"""Windows in a row with fewer labels than usual but no fewer towards the end are not waiting for any."""


class Maturity(NamedTuple):
    """How far a window's labels have come.

    Attributes
    ----------
    mature : shape (W,), bool: fit to be judged by its labels
    share : shape (W,), part of the labels that will come which is in (of the outcome that lags most)
    to_come, low, high : shape (W,), labels still to come, with a 95% interval
    """

    mature: np.ndarray
    share: np.ndarray
    to_come: np.ndarray
    low: np.ndarray
    high: np.ndarray


def mature(windows: Cube, reference: Cube, settings: Settings) -> np.ndarray:
    """Windows whose labels are as good as in, shape (W,), bool; see ``labels_in``."""
    return labels_in(windows, reference, settings).mature


def mature_reference(windows: Cube, reference: Cube, settings: Settings) -> np.ndarray:
    """The same of the reference's own windows, shape (R,), bool; a data set apart is taken as complete."""
    if windows.segment != reference.segment:
        return np.ones(len(reference), bool)
    ripe = dict(zip(windows.starts.tolist(), mature(windows, reference, settings).tolist(), strict=True))
    return np.array([ripe.get(start, True) for start in reference.starts.tolist()], bool)


def labels_in(windows: Cube, reference: Cube, settings: Settings) -> Maturity:
    """How far every window's labels have come.

    Where the log says when labels came, the share that is in by age is estimated from older windows, by outcome, and a
    window is mature when 95% of each outcome's labels are to be expected at its age. In any case the last
    windows are not mature while they have markedly fewer labels than the reference's, for theirs
    are late whatever others' were; unless so many windows before them have no more either that none can be on their
    way. Of earlier windows, whose missing labels are lost rather than late, those are judged that have most of them.
    """
    share = labelled_share(windows)
    usual, least = _usual(windows, reference)
    low = share < least
    last = _at_the_end(low, windows.rows)
    enough = np.where(last, _settled(share, windows.rows, low), share >= np.minimum(_MOST_OF_THEM * usual, least))
    enough &= ~np.isin(windows.starts, list(settings.immature))
    timed = _by_delay(windows, settings)
    n = windows.rows.astype(float)
    if timed is not None:
        return timed._replace(mature=enough & (timed.share >= ENOUGH))
    with np.errstate(invalid="ignore", divide="ignore"):
        known = np.minimum(share / usual, 1.0)
        waits = last & ~enough
        to_come, fewest = (np.where(waits, np.maximum(level - share, 0.0) * n, 0.0) for level in (usual, least))
    return Maturity(enough, known, to_come, fewest, np.where(waits, (1 - share) * n, 0.0))


def due(windows: Cube, reference: Cube, settings: Settings, part: float = ENOUGH) -> np.ndarray:
    """Windows whose labels should be in by now, whether they are or not, shape (W,), bool.

    By the times of labels: so much later ones have come that this part of each outcome's should have. Otherwise all but
    the last windows that have few, unless so many have no more that none can be on their way.
    """
    share = labelled_share(windows)
    low = share < _usual(windows, reference)[1]
    last = _at_the_end(low, windows.rows)
    settled = np.flatnonzero(last & _settled(share, windows.rows, low))
    in_time = ~last | (np.arange(len(share)) <= (settled[-1] if len(settled) else -1))
    if any("labels_until" in facts for facts in windows.facts):
        until = max(facts["labels_until"] for facts in windows.facts if "labels_until" in facts)
        timed = _by_delay(windows, settings, until)
        if timed is not None:
            in_time = timed.share >= part
    return np.asarray(in_time & (windows.rows > 0))


def measured(windows: Cube, reference: Cube, settings: Settings) -> list[Block]:
    """``label_maturity`` (detail: "immature" where the window is not judged) and ``labels_to_come``."""
    found = labels_in(windows, reference, settings)
    said = [[None if ripe else "immature" for ripe in found.mature]]
    # a window without rows waits for nothing, and yet is not judged
    share = np.where(np.isfinite(found.share), found.share, 0.0)
    return [
        table("concept", "label_maturity", [None], windows, reference, value=share, n=windows.rows, detail=said),
        table("concept", "labels_to_come", [None], windows, reference, value=found.to_come, low=found.low,
              high=found.high, n=windows.rows),
    ]  # fmt: skip


def labels(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    """A monitor of this alone."""
    return combine(measured(windows, reference, settings) if windows.bins.classes else [])


def immature_starts(measured: pd.DataFrame) -> frozenset[int]:
    """Starts of the windows that were measured as immature."""
    rows = measured[(measured["metric"] == "label_maturity") & (measured["detail"] == "immature")]
    return frozenset(rows["window_start"].astype(int))


# ----- by when labels came ------------------------------------------------------------------------------------------


def _by_delay(windows: Cube, settings: Settings, until: int | None = None) -> Maturity | None:
    """From the delays of older windows' labels; None where the log has none, or none long enough ago.

    ``until`` is the instant (µs) by which labels must have come at the latest.
    """
    delays = _delays(windows)
    if settings.observed_until is None or delays is None:
        return None
    seen = _seen_until(windows, delays.sum(axis=(0, 1)), settings.observed_until)
    seen = seen if until is None else min(seen, until)
    first, last = (_instants(windows, key, bound) for key, bound in (("first", "starts"), ("last", "ends")))
    youngest, oldest = (seen - last) / _HOUR, (seen - first) / _HOUR
    labelled = labelled_share(windows) * windows.rows
    untimed = np.nan_to_num(labelled) - delays.sum(axis=(1, 2))
    rows = windows.rows - np.maximum(untimed, 0.0)  # a label without a time says nothing of delays
    curve = incidence(delays, rows, youngest, np.array(DELAY_HOURS))
    if len(curve.ages) < 2 or curve.beyond > _UNKNOWN_TAIL or not curve.share[:, -1].sum():
        return None
    share = maturity(curve, youngest, oldest)
    if not np.isfinite(share).any():
        return None
    due, all_due = share_in(curve, youngest, oldest).sum(axis=1), curve.share[:, -1].sum()
    waiting = np.maximum(rows - delays.sum(axis=(1, 2)), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        chance = np.clip((all_due - due) / np.maximum(1 - due, 1e-12), 0.0, 1.0)
    come = wilson(chance * waiting, np.maximum(waiting, 1e-12))
    return Maturity(share >= ENOUGH, share, chance * waiting, come.low * waiting, come.high * waiting)


def _delays(windows: Cube) -> np.ndarray | None:
    """Labels by window, outcome and delay bin, shape (W, K, D)."""
    several = len(windows.bins.classes) > 1
    key, shape = ("outcome_delays", (len(windows.bins.classes),)) if several else ("delays", ())
    if not any(key in facts for facts in windows.facts):
        return None
    nothing = np.zeros((*shape, len(DELAY_HOURS)))
    counts = np.array([facts.get(key, nothing) for facts in windows.facts], float)
    return counts if several else counts[:, None]


def _seen_until(windows: Cube, by_delay: np.ndarray, observed_until: int) -> int:
    """Last instant that labels were seen at (µs). A label of a far future is a mistake: the log's own end bounds it."""
    labels_until = max(facts.get("labels_until", observed_until) for facts in windows.facts)
    common = np.flatnonzero(by_delay >= _RARE * max(by_delay.sum(), 1.0))
    longest = int(common[-1]) + 1 if len(common) else 0
    if longest < len(DELAY_HOURS):
        labels_until = min(labels_until, observed_until + int(DELAY_HOURS[longest] * _HOUR))
    return max(observed_until, labels_until)


def _instants(windows: Cube, key: str, bound: str) -> np.ndarray:
    bounds = getattr(windows, bound).tolist()
    return np.array([facts.get(key, edge) for facts, edge in zip(windows.facts, bounds, strict=True)], float)


# ----- by how many there are ----------------------------------------------------------------------------------------


def _usual(windows: Cube, reference: Cube) -> tuple[float, np.ndarray]:
    """The reference's usual share of labelled rows, and the least that a window (W,) of complete labels has.

    Medians, so that a few windows of the reference that wait themselves change nothing.
    """
    before = labelled_share(reference)
    before = before[np.isfinite(before)]
    usual = float(np.median(before)) if len(before) else 0.0
    habit = 1.4826 * float(np.median(np.abs(before - usual))) if len(before) else 0.0
    chance = usual * (1 - usual) / np.maximum(windows.rows, 1)
    return usual, np.maximum(np.minimum(ENOUGH * usual, usual - 3 * np.sqrt(habit**2 + chance)), 0.5 * usual)


def _at_the_end(low: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The low windows after the last one that is not, shape (W,), bool."""
    enough = np.flatnonzero(~low & (rows > 0))
    return low & (np.arange(len(low)) > (enough[-1] if len(enough) else -1))


def _settled(share: np.ndarray, rows: np.ndarray, low: np.ndarray) -> np.ndarray:
    """Windows with few labels whose like have been so for long: their labels are lost, not late. Shape (W,), bool.

    Labels on their way make the share fall towards the log's end. A low window is settled when its share is no lower
    than those of the low windows before it, at least ``_PLATEAU`` with itself, fall by chance.
    """
    out = np.zeros(len(share), bool)
    low = low & (rows > 0)
    for w in np.flatnonzero(low):
        first = max(0, int(w) - 2 * _PLATEAU + 1)
        enough = np.flatnonzero(~low[first:w])
        run = np.arange(first + int(enough[-1]) + 1 if len(enough) else first, int(w) + 1)
        if len(run) < _PLATEAU or not share[run].any():
            continue
        mean = (share[run] * rows[run]).sum() / rows[run].sum()
        time = run - run.mean()
        slope = (time * share[run]).sum() / (time**2).sum()
        residual = share[run] - mean - slope * time
        chance = mean * (1 - mean) / rows[run].mean()
        error = np.sqrt(max(chance, (residual**2).sum() / (len(run) - 2)) / (time**2).sum())
        out[w] = slope > -2 * error
    return out
