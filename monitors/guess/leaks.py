"""Columns that come after the label: they say what it is, so a model cannot have had them."""

from __future__ import annotations

import itertools

import numpy as np

from monitors.guess.columns import Column

MOST_CATEGORIES = 60
PLANNED = {"reserved", "requested", "planned", "scheduled", "expected", "ordered", "estimated"}
REALISED = {"assigned", "actual", "final", "realised", "realized", "delivered"}
CERTAIN = 0.99


def gives_away(column: Column, label: Column, task: str) -> float:
    """How much of the uncertainty about the label a column removes, alone: 1 is all, 0 none.

    For classes: the share of mistakes that guessing the commonest class makes and guessing it by the column's value
    (or by whether it has one) does not; for numbers that order two classes, the same at the best cut. For a
    regression: the squared correlation.
    """
    known = label.known
    if known.sum() < 20 or column.kind in ("other", "empty"):
        return 0.0
    if task == "regression":
        return _squared_correlation(column, label)
    outcomes = np.unique(label.codes[known], return_inverse=True)[1]
    mistakes = len(outcomes) - np.bincount(outcomes).max()
    if mistakes == 0:
        return 0.0
    groups = column.codes[known] + 1
    best = _mistakes((groups > 0).astype(np.int64), outcomes)
    if column.distinct <= MOST_CATEGORIES:
        best = min(best, _mistakes(groups, outcomes))
    elif column.numbers is not None and task == "binary":
        best = min(best, _mistakes_at_best_cut(column.numbers[known], outcomes))
    return float(1 - best / mistakes)


def _mistakes(groups: np.ndarray, outcomes: np.ndarray) -> int:
    table = np.zeros((groups.max() + 1, outcomes.max() + 1), dtype=np.int64)
    np.add.at(table, (groups, outcomes), 1)
    return int(table.sum() - table.max(axis=1).sum())


def _mistakes_at_best_cut(numbers: np.ndarray, outcomes: np.ndarray) -> int:
    order = np.argsort(numbers, kind="stable")  # NaN comes last
    ones = np.concatenate([[0], np.cumsum(outcomes[order])])
    cuts = np.concatenate([[True], np.diff(numbers[order]) != 0, [True]])
    below, total = np.arange(len(ones)), ones[-1]
    wrong = ones + (len(outcomes) - below) - (total - ones)  # positives below the cut and negatives above it
    return int(min(wrong[cuts].min(), (len(outcomes) - wrong[cuts]).min()))


def _squared_correlation(column: Column, label: Column) -> float:
    if column.numbers is None or label.numbers is None:
        return 0.0
    both = np.isfinite(column.numbers) & np.isfinite(label.numbers)
    x, y = column.numbers[both], label.numbers[both]
    if len(x) < 20 or x.std() == 0 or y.std() == 0:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1] ** 2)


def leaks(columns: list[Column], label: Column, task: str) -> dict[str, str]:
    """Columns that come after the label, with the reason.

    They say what it is, alone or as the two parts of a sum; or another column holds what was planned of them.
    """
    found = {}
    for column in columns:
        share = gives_away(column, label, task)
        if share >= (0.9999 if task == "regression" else CERTAIN):
            found[column.name] = f"it says what {label.name} is, so it comes after it"
    names = {column.words: column.name for column in columns}
    for column in columns:
        for word in REALISED & set(column.words):
            plans = (tuple(plan if each == word else each for each in column.words) for plan in PLANNED)
            plan = next((names[words] for words in plans if words in names), None)
            if plan is not None:
                found.setdefault(column.name, f"what {plan} became, so it may come after {label.name}")
    if task == "regression" and label.numbers is not None:
        numeric = [column for column in columns if column.numbers is not None and column.distinct > 2][:60]
        for a, b in itertools.combinations(numeric, 2):
            total = a.numbers + b.numbers  # type: ignore[operator]
            both = np.isfinite(total) & np.isfinite(label.numbers)
            if both.sum() > 20 and np.allclose(total[both], label.numbers[both], rtol=1e-9, atol=1e-9):
                found[a.name] = f"{a.name} + {b.name} is {label.name}, so it comes with it"
                found[b.name] = found[a.name]
    return found
