"""How findings go on: since when, new or worse, and when they are over."""

from __future__ import annotations

import numpy as np
import pandas as pd

WORSE = 1.25
"""A finding is worse when its effect is this many times the greatest before it in the same run."""

RESOLVED_AFTER = 2
"""Quiet windows in a row after which a run of findings is over: an alert that flickers is one."""


def histories(judged: pd.DataFrame) -> pd.DataFrame:
    """Flagged rows with onset and state, and one row more for each run of alerts that is over.

    Several metrics of one kind (AUC and log loss) share a history: the strangest of a window stands for it.
    """
    keys = ["monitor", "_rule", "_feature", "_segment"]
    rank = judged["severity"].map({"alert": 0, "watch": 1}).fillna(2).astype(int)
    group = judged.groupby(keys, sort=False).ngroup().to_numpy()
    told = np.isin(group, group[rank.to_numpy() < 2])  # most features have nothing to tell
    rows = judged.assign(_rank=rank)[told].sort_values([*keys, "window_start", "_rank", "p_value", "metric"])
    rows = rows.drop_duplicates([*keys, "window_start"]).reset_index(drop=True)
    places, onsets, states = [], [], []
    ranks, starts, effects, metrics = (rows[name].to_numpy() for name in ("_rank", "window_start", "effect", "metric"))
    values = rows["value"].to_numpy(float)
    broken = rows["broken"].to_numpy(bool)
    for members in rows.groupby(keys, sort=True).indices.values():
        for i, onset, state in _history(ranks[members], np.abs(effects[members]), metrics[members], broken[members]):
            if metrics[members[i]] == "stale_windows":
                onset = _stood(values[members], onset)
            places.append(members[i])
            onsets.append(starts[members[onset]])
            states.append(state)
    found = rows.iloc[places].drop(columns="_rank").assign(onset=onsets, state=states)
    found.loc[found["state"] == "resolved", "severity"] = "watch"
    return found.reset_index(drop=True)


def _history(
    rank: np.ndarray, effect: np.ndarray, metric: np.ndarray, broken: np.ndarray
) -> list[tuple[int, int, str]]:
    """Place, place of the onset, and state of each flagged window, and of the one that ends a run of alerts.

    What is said of a window depends on those before it alone, so that no later window changes it.

    Parameters
    ----------
    rank : shape (W,), in order of time: 0 alert, 1 watch, 2 neither
    effect, metric : shape (W,), absolute, and in which unit it is: only effects of one metric are compared
    broken : shape (W,), bool: the log itself broke in this window, so nothing else is known to have begun there
    """
    found: list[tuple[int, int, str]] = []
    run: list[int] = []
    quiet = 0
    for i in range(len(rank)):
        if rank[i] < 2:
            # a watch that becomes an alert is new as an alert; an alert that becomes a watch goes on
            new = not run or (rank[i] == 0 and all(rank[j] for j in run))
            before = [effect[j] for j in run if metric[j] == metric[i]]
            worse = bool(before) and effect[i] > WORSE * max(before)
            run.append(i)
            quiet = 0
            onset = _onset(run, rank, effect, metric, broken)
            found.append((i, onset, "new" if new else "worse" if worse else "ongoing"))
        elif run:
            quiet += 1
            if quiet == RESOLVED_AFTER:
                if any(rank[j] == 0 for j in run):
                    found.append((i, _onset(run, rank, effect, metric, broken), "resolved"))
                run = []
    return found


def _onset(run: list[int], rank: np.ndarray, effect: np.ndarray, metric: np.ndarray, broken: np.ndarray) -> int:
    """Where a run began: at its first alert, or at the watches right before it that showed half as much or more."""
    alerts = [k for k, j in enumerate(run) if rank[j] == 0]
    if not alerts:
        return run[0]
    first, alert = alerts[0], run[alerts[0]]
    while first and not broken[run[first - 1]]:
        if metric[run[first - 1]] == metric[alert] and effect[run[first - 1]] < 0.5 * effect[alert]:
            break
        first -= 1
    return run[first]


def _stood(windows: np.ndarray, found: int) -> int:
    """Where a value began to stand: the window that has it for the second time; ``windows`` (W,) in a row with one."""
    again = np.flatnonzero(windows[: found + 1] == 2)
    return int(again[-1]) if len(again) else found
