"""Bins joined for judging: few enough to be judged each by its own habit."""

from __future__ import annotations

import numpy as np

from monitors.profile.bins import FIRST, ColumnBins, shown

_SCORED_SHARE = 0.05
"""Neighbouring bins are scored together until they hold this share of the reference."""
_RARE_SHARE = 0.01
"""Categories with less of the reference are scored together."""


def scored_groups(n: np.ndarray, column: ColumnBins) -> np.ndarray:
    """Group of each bin, shape (B,), from the reference's rows by bin: bins of one group are scored as one.

    Neighbouring numeric bins are joined until a group holds 5% of the reference (a column that nearly always has one
    value has two groups, that one and the rest), the open ends with their neighbours: no row of the reference can lie
    there, so it cannot tell how strange it is when one does. So are a category's rare values, ``other`` and
    ``unseen``; what is new there has metrics of its own. The missing bins are one group: how, is said by ``missing``.
    """
    total = max(float(n.sum()), 1.0)
    group = np.zeros(len(n), np.int64)
    if column.kind == "categorical":
        common = n[FIRST:-2] >= _RARE_SHARE * total
        group[FIRST:-2] = np.where(common, np.cumsum(common), common.sum() + 1)
        group[-2:] = common.sum() + 1
        return group
    held, current = 0.0, 1
    after = np.cumsum(n[::-1])[::-1].tolist()  # counts add exactly in any order
    for b in range(FIRST, len(n)):
        rest = after[b]
        if held >= _SCORED_SHARE * total and (rest >= _SCORED_SHARE * total / 2 or (current == 1 and rest > 0)):
            current, held = current + 1, 0.0
        group[b] = current
        held += float(n[b])
    return group


def grouped(counts: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Counts by bin summed by group, float64.

    Parameters
    ----------
    counts : shape (..., B), or of columns side by side (F, ..., W, B); group : shape (B,), or (F, ..., B)

    Returns
    -------
    shape (..., G); side by side (F, ..., W, G), as many groups as the column that has the most
    """
    return counts.astype(float) @ (group[..., None] == np.arange(group.max() + 1)).astype(float)


def group_names(column: ColumnBins, group: np.ndarray) -> list[str]:
    """What to call each group of a column's bins; group : shape (B,)."""
    labels = np.array(column.labels(), object)
    names = []
    for g in range(int(group.max()) + 1):
        members = labels[group == g]
        if g == 0:
            names.append("missing")
        elif len(members) == 1:
            names.append(str(members[0]))
        elif column.kind == "categorical":
            names.append("rare values")
        else:
            bounds = np.flatnonzero(group == g) - FIRST
            low = -np.inf if bounds[0] == 0 else shown(column.edges[bounds[0] - 1])
            high = np.inf if bounds[-1] >= len(column.edges) else shown(column.edges[bounds[-1]])
            names.append(f"under {high:.4g}" if np.isinf(low) else f"{low:.4g} and more" if np.isinf(high)
                         else f"{low:.4g} to {high:.4g}")  # fmt: skip
    return names
