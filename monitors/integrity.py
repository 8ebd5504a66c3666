"""Integrity: does the log itself lie? Rows that are too few, too many, doubled or not there; columns nobody knows.

Each kind of question has a file: ``volume``, ``log_hours``, ``log_shares``, ``label_arrival``, ``sampling``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitors.label_arrival import arrivals, median_delay
from monitors.latency import latency
from monitors.log_hours import missing_hours
from monitors.log_shares import shares
from monitors.measurement import Block, combine, table
from monitors.profile.cube import Cube
from monitors.sampling import sampling
from monitors.settings import Settings
from monitors.volume import gaps, phase, rows_of, volume, whole

__all__ = ["measure", "median_delay", "phase", "whole"]


def measure(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    """Numbers about the log, not about features.

    ``rows`` (judged by their root against windows of the same weekday or hour of the week where the reference has
    enough of them), ``gap`` (1 for a window without any row), ``gap_hours`` (hours without a row inside a window that
    has some), the shares of ``log_shares.SHARES``, ``label_delay_hours`` (median) and ``label_coverage``, ``sampling``
    and ``category_sampling`` (factors), ``new_column`` (share of rows that bring a column which the reference did not
    have), ``removed_column`` and ``unwatched_column`` (share of rows without a column that the reference always had:
    one with a part, such as the id, and one that nobody watches), and how long answers took (see ``latency``).
    """
    if not len(windows) or windows.segment:
        return combine([])
    phases = phase(reference.starts, settings.grain), phase(windows.starts, settings.grain)
    blocks = [*shares(windows, reference, settings), *arrivals(windows, reference, settings),
              *latency(windows, reference, settings, phases), *_new_columns(windows, reference),
              *_removed_columns(windows, reference)]  # fmt: skip
    if settings.grain.kind == "calendar":
        found = volume(windows, reference, settings)
        blocks += [rows_of(found, windows, reference), gaps(windows, reference, settings),
                   *missing_hours(windows, reference, settings),
                   *sampling(windows, reference, settings, found)]  # fmt: skip
    return combine(blocks)


def _columns(cube: Cube, fact: str, names: list[str]) -> np.ndarray:
    """Rows by column of a fact, shape (columns, W)."""
    every = [[facts.get(fact, {}).get(name, 0) for facts in cube.facts] for name in names]
    return np.array(every, float).reshape(len(names), len(cube))


def _new_columns(windows: Cube, reference: Cube) -> list[Block]:
    old = {name for facts in reference.facts for name in facts.get("new", {})}
    names = sorted({name for facts in windows.facts for name in facts.get("new", {})} - old)
    if not names:
        return []
    rows = windows.rows.astype(float)
    count = _columns(windows, "new", names)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(rows > 0, count / rows, np.nan)
    return [table("integrity", "new_column", names, windows, reference, value=share, expected=0.0, n=rows,
                  p_value=np.where(count > 0, 0.0, 1.0))]  # fmt: skip


def _removed_columns(windows: Cube, reference: Cube) -> list[Block]:
    """Columns that every row of the reference had; a feature that is gone is what ``missing`` tells of."""
    held, rows = reference.rows.sum(), windows.rows.astype(float)
    if not held or windows.segment != reference.segment:  # training data has columns of its own
        return []
    parts = {name for facts in windows.facts for name in facts.get("lacking", {})}
    parts -= {name for facts in reference.facts for name in facts.get("lacking", {})}
    known = sorted({name for facts in reference.facts for name in facts.get("new", {})})
    always = _columns(reference, "new", known).sum(axis=1) == held if known else np.zeros(0, bool)
    unwatched = [name for name, every in zip(known, always, strict=True) if every]
    blocks = []
    for metric, names, lacking in (
        ("removed_column", sorted(parts), _columns(windows, "lacking", sorted(parts))),
        ("unwatched_column", unwatched, rows - _columns(windows, "new", unwatched)),
    ):
        gone = [i for i in range(len(names)) if lacking[i].any()]
        if gone:
            count = lacking[gone]
            with np.errstate(invalid="ignore", divide="ignore"):
                share = np.where(rows > 0, count / rows, np.nan)
            blocks.append(table(
                "integrity", metric, [names[i] for i in gone], windows, reference, value=share, expected=0.0, n=rows,
                p_value=np.where(count > 0, 0.0, 1.0),
            ))  # fmt: skip
    return blocks
