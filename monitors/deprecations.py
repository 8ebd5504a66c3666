"""Features with a planned end: gone before it, or served after it. Between the two lies silence (``findings``)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitors.measurement import combine, table
from monitors.profile.bins import NAN
from monitors.profile.cube import Cube
from monitors.settings import Settings

LEFT = 0.01
"""A feature that at most this part of rows still has is gone."""
MOST = 0.5
"""A feature has left when at least this part of rows comes without it, and did not before."""


def measure(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    """``missing/early_share``: rows without a feature before its date; ``missing/overdue_share``: with it after that.

    Both are facts: a plan is kept or it is not. The window in which the date falls is not judged.
    """
    if settings.grain.kind != "calendar" or not len(windows):
        return combine([])
    blocks = []
    for name, planned in sorted(settings.deprecations.items()):
        if not any(column.name == name for column in windows.bins.features):
            continue
        away, before = away_share(windows, name), away_share(reference, name)
        # what had hardly ever been there cannot leave
        had = not np.isfinite(before).any() or float(np.nanmean(before)) < MOST
        early = np.where((windows.ends <= planned.date) & had, away, np.nan)
        served = np.where(windows.starts >= planned.date, 1 - away, np.nan)
        detail = [[planned.words] * len(windows)]
        for metric, share, least in (("early_share", early, MOST), ("overdue_share", served, LEFT)):
            blocks.append(table(
                "missing", metric, [name], windows, reference, value=share, expected=0.0, n=windows.rows,
                p_value=np.where(np.isnan(share), np.nan, np.where(share > least, 0.0, 1.0)), detail=detail,
            ))  # fmt: skip
    return combine(blocks)


def away_share(cube: Cube, name: str) -> np.ndarray:
    """Share of rows without a feature: absent, null or NaN; shape (W,), NaN without rows."""
    n = cube.feature(name).n
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(n[:, : NAN + 1].sum(axis=1) / n.sum(axis=1))
