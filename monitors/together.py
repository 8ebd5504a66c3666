"""Which features are known to move together: their scores in the reference did, or their names begin alike."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import special

from monitors.statistics.ranks import mean_ranks

LEAST = 0.6
"""Rank correlation of two features' distances over the reference's windows from which on they move together ..."""
CHANCE = 1e-3
"""... provided that so high a one has at most this chance between features that do not."""
_COMMON = 0.5
"""A beginning that more than this share of all features have is how the log writes names, and says nothing."""
_BEGINNING = re.compile(r"([^\W_]{2,})(?:[\W_]|(?<=[^\W\d_])(?=\d))", re.UNICODE)


def alike(measured: pd.DataFrame) -> dict[str, frozenset[str]]:
    """Features that move with each feature; features that move with none are left out.

    Parameters
    ----------
    measured : see ``monitors.measurement.COLUMNS``; of all rows
    """
    own = measured[measured["feature"].notna() & measured["segment"].isna()]
    names = sorted(own["feature"].unique())
    out: dict[str, set[str]] = {}
    for pairs in (correlated(own), begin_alike(names)):
        for name, others in pairs.items():
            out.setdefault(name, set()).update(others)
    return {name: frozenset(others) for name, others in out.items()}


def correlated(measured: pd.DataFrame) -> dict[str, frozenset[str]]:
    """Features whose distances rise and fall together over the reference's windows: Spearman's rank correlation.

    The one-sided test of no correlation is Student's t with R - 2 degrees of freedom
    (doi:10.1093/biomet/23.1-2.114): five windows never are enough.
    """
    held = measured[(measured["metric"] == "jensen_shannon") & measured["reference"].astype(bool)]
    table = held.pivot_table(index="window_start", columns="feature", values="value", aggfunc="first").dropna(axis=1)
    r = len(table)
    if r < 4 or table.shape[1] < 2:
        return {}
    moving = table.loc[:, table.nunique() > 1]
    ranks = np.apply_along_axis(mean_ranks, 0, moving.to_numpy(float))
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = np.clip(np.atleast_2d(np.corrcoef(ranks, rowvar=False)), -1, 1)
        joined = rho >= LEAST
        high = rho[joined]
        joined[joined] = special.stdtr(r - 2, -high * np.sqrt((r - 2) / np.maximum(1 - high**2, 1e-12))) <= CHANCE
    np.fill_diagonal(joined, val=False)
    names = np.array(moving.columns, object)
    return {str(name): frozenset(names[row].tolist()) for name, row in zip(names, joined, strict=True) if row.any()}


def begin_alike(names: Sequence[str]) -> dict[str, frozenset[str]]:
    """Features whose names begin with the same word, as those of one source do: ``embedding_1``, ``embedding_2``.

    >>> sorted(begin_alike(["user_age", "user_city", "price", "hour"])["user_age"])
    ['user_city']
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        beginning = _BEGINNING.match(name)
        if beginning:
            groups.setdefault(beginning[1].lower(), []).append(name)
    return {
        name: frozenset(group) - {name}
        for group in groups.values()
        if 1 < len(group) <= _COMMON * len(names)
        for name in group
    }


def because(first: str, second: str, measured: pd.DataFrame) -> str:
    """Why two features are taken to move together, in words; "" where they are not."""
    if second in correlated(measured).get(first, ()):
        return "they moved together in the reference"
    names: Mapping[str, frozenset[str]] = begin_alike(sorted(measured["feature"].dropna().unique()))
    return "their names begin alike" if second in names.get(first, ()) else ""
