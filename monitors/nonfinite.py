"""Is the model numerically stable? Predictions that are no numbers, and rows that have none."""

from __future__ import annotations

import numpy as np

from monitors.measurement import Block, in_reference, rest_of, table
from monitors.profile.bins import ABSENT, INVALID, NAN, NULL
from monitors.profile.cube import Cube
from monitors.settings import Settings
from monitors.statistics.intervals import wilson
from monitors.statistics.null import FEW_WINDOWS, few_windows, judge, of_counts, share_limit


def nonfinite(windows: Cube, reference: Cube, settings: Settings) -> list[Block]:
    """Shares of rows whose prediction is none.

    ``nonfinite_share``: NaN, infinite, or not of the prediction's type. Where the reference had none, one is a fact
    and needs no statistics. ``unscored_share``: null, or in a file without the column; judged by chance and habit, for
    a log may well hold rows that were never scored. (Some writers turn NaN into null: it then shows here.)
    """
    now, ref = windows.of_role("prediction"), reference.of_role("prediction")
    if now is None or ref is None:
        return []
    rows, before_rows = (cube.n.sum(axis=1).astype(float)[None] for cube in (now, ref))
    inside = in_reference(windows, reference)
    blocks = []
    for metric, bins in (("nonfinite_share", [NAN, INVALID]), ("unscored_share", [ABSENT, NULL])):
        count, before = (cube.n[:, bins].sum(axis=1).astype(float)[None] for cube in (now, ref))
        p, band = _judged(before, before_rows, count, rows, inside, settings)
        if metric == "nonfinite_share" and before_rows.sum() > 0 and not before.any():
            p, band = np.where(count > 0, 0.0, 1.0), np.zeros(count.shape)
        own = [rest_of(total.sum(), part[0], inside) for total, part in ((before, count), (before_rows, rows))]
        with np.errstate(invalid="ignore", divide="ignore"):
            share, usual = np.where(rows > 0, count / rows, np.nan), np.where(own[1] > 0, own[0] / own[1], np.nan)
            _, low, high = wilson(count, rows)
        blocks.append(
            table(
                "concept", metric, [None], windows, reference, value=share, low=low, high=high, expected=usual, n=rows,
                p_value=p, band_low=0.0, band_high=band,
            )
        )  # fmt: skip
    return blocks


def _judged(
    before: np.ndarray, before_rows: np.ndarray, count: np.ndarray, rows: np.ndarray, inside: np.ndarray,
    settings: Settings,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """p value of too many, and the share from which on there are; both (1, W)."""
    rate = settings.rate("concept", "nonfinite")
    if before.shape[1] < FEW_WINDOWS:
        return few_windows(before, before_rows, count, rows, rate)
    found = of_counts(before, before_rows, count, rows)
    verdict = judge(found.reference, np.where(inside, np.nan, found.windows), found.dof, rate, sides=1)
    # none then and none now is no chance of a false alarm
    came = before.sum() + count.sum() > 0
    band = np.minimum(share_limit(found, rows, before_rows.sum(axis=1), verdict.limit), 1.0)
    return np.where(came, verdict.p, 1.0), band
