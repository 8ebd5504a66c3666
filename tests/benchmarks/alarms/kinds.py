"""What can happen to a log: for each kind of incident the quantity that it moves and how rows are changed.

Every function takes a quiet log, a column and a generator of random numbers and returns what ``Kind`` says, or None
where the kind does not fit the column. Columns that hold a grid of values (whole numbers, half degrees) stay on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from tests.benchmarks.alarms.quiet import Quiet

FEW_VALUES = 10
"""A numeric column with no more distinct values is moved as a category is."""
_GRID = 1000
_AT_THE_END = 0.02
"""A column with this share of rows at its least value has a floor: nothing is moved under it."""


class Changed(NamedTuple):
    """Rows after the incident; and which of them come from files without the column."""

    frame: pd.DataFrame
    absent: np.ndarray | None = None


class Kind(NamedTuple):
    """One kind of incident in one column.

    Attributes
    ----------
    quantity : rows (with ``window``) to the moved quantity by window, shape (W,)
    apply : rows, amount of the incident at each row (0 to 1), and change wanted at amount 1 (in the quantity's unit;
        kinds without a size ignore it); None when that cannot be reached
    sized : whether it comes in sizes
    share : whether the quantity is a share of rows, whose resolution is that of chance
    least : deviation from window to window that is taken at least
    """

    quantity: Callable[[pd.DataFrame], np.ndarray]
    apply: Callable[[pd.DataFrame, np.ndarray, float], Changed | None]
    sized: bool = True
    share: bool = False
    least: float = 0.0


Make = Callable[[Quiet, str, np.random.Generator], Kind | None]


def means(values: np.ndarray, window: np.ndarray, windows: int) -> np.ndarray:
    """Mean of what is known by window, shape (W,)."""
    known = np.isfinite(values)
    count = np.bincount(window[known], minlength=windows)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.bincount(window[known], values[known], minlength=windows) / count


def numbers(values: pd.Series) -> np.ndarray:
    """A column as float64."""
    return values.to_numpy(dtype=float, na_value=np.nan)


def is_numeric(log: Quiet, column: str) -> bool:
    """Whether the column holds numbers, and more of them than a category would."""
    values = log.frame[column]
    return values.dtype.kind in "if" and values.nunique() > FEW_VALUES


def has_floor(values: np.ndarray) -> bool:
    """Whether many rows lie at the least value."""
    return bool((values == np.nanmin(values)).mean() > _AT_THE_END)


class Grid:
    """The values that a column can have, when they are few; it goes on beyond both ends in its outermost steps."""

    def __init__(self, values: np.ndarray, rng: np.random.Generator) -> None:
        self.points, self.rng = np.unique(values[np.isfinite(values)]), rng

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Each value at one of the two points around it, so that means stay."""
        if len(self.points) > _GRID:
            return values
        points, u = self.points, self.rng.uniform(size=len(values))
        place = np.clip(np.searchsorted(points, values, side="right") - 1, 0, len(points) - 2)
        low, high = points[place], points[place + 1]
        step = high - low
        with np.errstate(invalid="ignore"):
            out = low + np.floor((values - low) / step + u) * step
            inside = (values >= points[0]) & (values <= points[-1])
            # no arithmetic where both points are known: 0.1 + 0.2 is not 0.3
            return np.where(inside, np.where((values - low) / step + u >= 1, high, low), out)


def pick(frame: pd.DataFrame, eligible: np.ndarray, wanted: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rows chosen at random, ``wanted`` of each window's on average (a share of all its rows); shape (n,), bool."""
    window = frame["window"].to_numpy()
    first = np.flatnonzero(np.diff(window, prepend=-1))
    group = np.cumsum(np.diff(window, prepend=-1) != 0) - 1
    rows = np.diff(np.append(first, len(window)))
    count = np.floor(rows * wanted[first] + rng.uniform(size=len(first)))
    draw = np.where(eligible, rng.uniform(size=len(window)), 2.0)
    order = np.lexsort([draw, group])
    rank = np.empty(len(window), np.int64)
    rank[order] = np.arange(len(window)) - first[group[order]]
    return eligible & (rank < count[group])


def mean_shift(log: Quiet, column: str, rng: np.random.Generator) -> Kind | None:
    """All values higher or lower by the same number."""
    if not is_numeric(log, column):
        return None
    whole = numbers(log.frame[column])
    grid, floor = Grid(whole, rng), has_floor(whole)

    def apply(part: pd.DataFrame, amount: np.ndarray, by: float) -> Changed:
        x = numbers(part[column])
        return Changed(part.assign(**{column: grid(x + amount * (abs(by) if floor else by))}))

    return Kind(lambda f: means(numbers(f[column]), f["window"].to_numpy(), log.windows), apply)


def scale(log: Quiet, column: str, rng: np.random.Generator) -> Kind | None:
    """Values farther from their window's mean, or nearer to it."""
    if not is_numeric(log, column):
        return None
    whole = numbers(log.frame[column])
    grid, floor = Grid(whole, rng), has_floor(whole)

    def quantity(frame: pd.DataFrame) -> np.ndarray:
        x, w = numbers(frame[column]), frame["window"].to_numpy()
        return np.sqrt(means((x - means(x, w, log.windows)[w]) ** 2, w, log.windows))

    usual = float(np.nanmean(quantity(log.frame)))

    def apply(part: pd.DataFrame, amount: np.ndarray, by: float) -> Changed | None:
        least = 0.1 * usual
        if usual - abs(by) < least and floor:
            return None
        wider = not floor and (by > 0 or usual - abs(by) < least)
        x, w = numbers(part[column]), part["window"].to_numpy()
        centre = means(x, w, log.windows)[w]
        factor = 1 + amount * (abs(by) if wider else -abs(by)) / usual
        return Changed(part.assign(**{column: grid(centre + factor * (x - centre))}))

    return Kind(quantity, apply)


def category_share(log: Quiet, column: str, rng: np.random.Generator) -> Kind | None:
    """One value more often or less often, at the cost or for the good of the others as they are."""
    values = log.frame[column]
    if is_numeric(log, column) or values.nunique() < 2:
        return None
    shares = values.value_counts(normalize=True)
    value = rng.choice(shares.index[shares >= 0.01].to_numpy(object))
    usual, others = float((values == value).mean()), values[values.notna() & (values != value)].to_numpy()

    def apply(part: pd.DataFrame, amount: np.ndarray, by: float) -> Changed | None:
        up = (usual + abs(by) < 0.98, usual - abs(by) >= 0)
        if not any(up):
            return None
        more = up[0] if by > 0 else not up[1]
        held = (part[column] == value).to_numpy()
        chosen = pick(part, ~held & part[column].notna().to_numpy() if more else held, amount * abs(by), rng)
        new = part[column].copy()
        new[chosen] = value if more else rng.choice(others, int(chosen.sum()))
        return Changed(part.assign(**{column: new}))

    return Kind(lambda f: means((f[column] == value).to_numpy(float), f["window"].to_numpy(), log.windows), apply,
                share=True)  # fmt: skip


def null_rate(log: Quiet, column: str, rng: np.random.Generator) -> Kind | None:
    """More nulls."""
    usual = float(log.frame[column].isna().mean())

    def apply(part: pd.DataFrame, amount: np.ndarray, by: float) -> Changed | None:
        if usual + abs(by) > 0.98:
            return None
        chosen = pick(part, part[column].notna().to_numpy(), amount * abs(by), rng)
        return Changed(part.assign(**{column: part[column].mask(chosen)}))

    return Kind(lambda f: means(f[column].isna().to_numpy(float), f["window"].to_numpy(), log.windows), apply,
                share=True)  # fmt: skip


def absent(log: Quiet, column: str, rng: np.random.Generator) -> Kind | None:
    """The column is in no file; when gradual in fewer and fewer."""

    def apply(part: pd.DataFrame, amount: np.ndarray, by: float) -> Changed:
        gone = pick(part, np.ones(len(part), bool), amount, rng)
        return Changed(part.assign(_absent=gone), gone)

    def quantity(frame: pd.DataFrame) -> np.ndarray:
        gone = frame["_absent"] if "_absent" in frame else pd.Series(False, index=frame.index)
        return means(gone.to_numpy(float), frame["window"].to_numpy(), log.windows)

    return Kind(quantity, apply, sized=False, share=True)


def constant(log: Quiet, column: str, rng: np.random.Generator) -> Kind | None:
    """Every row holds the same value, one that the column had before; when gradual a growing share of rows."""
    known = log.frame[["window", column]].dropna()
    if (known.groupby("window")[column].nunique() < 2).mean() > 0.2:
        return None  # it is like that already
    value = known[column].iloc[int(rng.integers(len(known)))]

    def apply(part: pd.DataFrame, amount: np.ndarray, by: float) -> Changed:
        chosen = pick(part, np.ones(len(part), bool), amount, rng) & part[column].notna().to_numpy()
        return Changed(part.assign(**{column: part[column].mask(chosen, value)}))

    def quantity(frame: pd.DataFrame) -> np.ndarray:
        there = frame[column].notna().to_numpy()
        return means(np.where(there, frame[column] == value, np.nan), frame["window"].to_numpy(), log.windows)

    return Kind(quantity, apply, sized=False, share=True)


def sentinel(log: Quiet, column: str, rng: np.random.Generator) -> Kind | None:
    """A value that stands for 'missing' and that the column did not have."""
    values = log.frame[column]
    options: list[float] | list[str]
    if is_numeric(log, column):
        options = [-1.0, 0.0, -999.0, 9999.0]
    elif values.dtype.kind not in "ifb":
        options = ["", "unknown", "N/A", "null"]
    else:
        return None
    options = [option for option in options if not (values == option).any()]  # type: ignore[assignment]
    if not options:
        return None
    value = options[int(rng.integers(len(options)))]

    def apply(part: pd.DataFrame, amount: np.ndarray, by: float) -> Changed | None:
        if abs(by) > 0.98:
            return None
        chosen = pick(part, part[column].notna().to_numpy(), amount * abs(by), rng)
        new = part[column].astype(float) if isinstance(value, float) else part[column]
        return Changed(part.assign(**{column: new.mask(chosen, value)}))

    return Kind(lambda f: means((f[column] == value).to_numpy(float), f["window"].to_numpy(), log.windows), apply,
                share=True)  # fmt: skip


def unit_change(log: Quiet, column: str, rng: np.random.Generator) -> Kind | None:
    """Values a hundred times as large; when gradual in a growing share of rows."""
    if not is_numeric(log, column):
        return None

    def apply(part: pd.DataFrame, amount: np.ndarray, by: float) -> Changed:
        chosen = pick(part, np.ones(len(part), bool), amount, rng)
        return Changed(part.assign(**{column: np.where(chosen, 100.0, 1.0) * numbers(part[column])}))

    return Kind(lambda f: means(numbers(f[column]), f["window"].to_numpy(), log.windows), apply, sized=False)


def duplicates(log: Quiet, column: str, rng: np.random.Generator) -> Kind | None:
    """Rows delivered twice."""

    def quantity(frame: pd.DataFrame) -> np.ndarray:
        return means(frame.duplicated(["window", "id"]).to_numpy(float), frame["window"].to_numpy(), log.windows)

    def apply(part: pd.DataFrame, amount: np.ndarray, by: float) -> Changed | None:
        share = amount * abs(by)
        if abs(by) > 0.5:
            return None
        again = part[pick(part, np.ones(len(part), bool), share / (1 - share), rng)]
        return Changed(pd.concat([part, again]).sort_values("window", kind="stable"))

    return Kind(quantity, apply, share=True)


def volume(log: Quiet, column: str, rng: np.random.Generator) -> Kind | None:
    """More rows (others of the same window again, as new ones) or fewer."""
    usual = float(log.rows.mean())

    def apply(part: pd.DataFrame, amount: np.ndarray, by: float) -> Changed:
        rows = part.groupby("window")["id"].transform("size").to_numpy()
        wanted, everyone = amount * abs(by) / rows, np.ones(len(part), bool)
        if by < 0 and abs(by) < 0.9 * usual:
            return Changed(part[~pick(part, everyone, np.minimum(wanted, 0.95), rng)])
        frames = [part]
        while (wanted > 0).any():
            extra = part[pick(part, everyone, np.minimum(wanted, 1.0), rng)]
            frames.append(extra.assign(id=extra["id"] + len(frames) * (len(log.frame) + 1)))
            wanted = np.maximum(wanted - 1.0, 0.0)
        return Changed(pd.concat(frames).sort_values("window", kind="stable"))

    # a log that is written by the clock has no habit: ten rows more a week are nothing to anybody
    least = float(np.sqrt(usual))
    return Kind(lambda f: np.bincount(f["window"], minlength=log.windows).astype(float), apply, least=least)


FEATURE_KINDS: Mapping[str, Make] = {
    "mean_shift": mean_shift, "scale": scale, "category_share": category_share, "null_rate": null_rate,
    "absent": absent, "constant": constant, "sentinel": sentinel, "unit_change": unit_change,
}  # fmt: skip
LOG_KINDS: Mapping[str, Make] = {"duplicates": duplicates, "volume": volume}
