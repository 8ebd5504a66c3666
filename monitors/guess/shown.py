"""Columns about how rows were shown and explained: the position, and the attributions of features."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from monitors.guess.columns import Column, words
from monitors.profile.rows import is_attribution

POSITIONS = (
    "position", "rank", "display_position", "display_rank", "result_position", "result_rank", "item_position",
    "item_rank", "list_position", "ad_position", "serp_position", "shown_position", "shown_rank", "slot",
)  # fmt: skip
ATTRIBUTIONS = {
    "shap", "shapley", "attribution", "attributions", "attr", "contribution", "contributions", "contrib", "lime",
    "explanation",
}  # fmt: skip
_MOST_POSITIONS = 1000
_FEWEST_FEATURES = 2


def position(columns: list[Column]) -> tuple[Column, str] | None:
    """The column with the place at which a row was shown: by name, whole numbers counted from 0 or 1 without a gap."""
    named = [column for column in columns if column.joined in POSITIONS and _counts_places(column)]
    if not named:
        return None
    best = min(named, key=lambda column: POSITIONS.index(column.joined))
    numbers = best.numbers
    assert numbers is not None
    return best, f"its name says so, and it counts places from {np.nanmin(numbers):.0f} to {np.nanmax(numbers):.0f}"


def _counts_places(column: Column) -> bool:
    if column.kind != "number" or not column.is_integral or not 2 <= column.distinct <= _MOST_POSITIONS:
        return False
    places = np.unique(column.numbers[np.isfinite(column.numbers)]) if column.numbers is not None else np.empty(0)
    # the first places of all must occur: a rank among a million products is no place on a page
    first = places[:10]
    return bool(first[0] in (0, 1)) and bool((np.diff(first) == 1).all())


def attributions(columns: list[Column]) -> tuple[str, list[Column], str] | None:
    """The glob of the columns with attributions, those columns, and why.

    Their names are those of other columns with one and the same word for it before or after, and they are numbers.
    """
    names = {column.name for column in columns}
    found: dict[str, list[str]] = defaultdict(list)
    for column in columns:
        if column.kind != "number" or not column.has(*ATTRIBUTIONS):
            continue
        for cut in range(1, len(column.name)):
            first, last = column.name[:cut], column.name[cut:]
            if last in names and _says_so(first):
                found[f"{first}*"].append(last)
            elif first in names and _says_so(last):
                found[f"*{last}"].append(first)
    if not found:
        return None
    glob, of = max(found.items(), key=lambda item: (len(item[1]), item[0]))
    if len(of) < _FEWEST_FEATURES or "*" in glob.replace("*", "", 1):
        return None
    matched = [column for column in columns if is_attribution((glob,), column.name)]
    return glob, matched, f"numbers named like {len(of)} other columns, such as {min(of)}"


def _says_so(affix: str) -> bool:
    return bool(ATTRIBUTIONS & set(words(affix)))
