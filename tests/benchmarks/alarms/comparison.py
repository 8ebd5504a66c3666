"""Driftmeter beside the rules of today: quiet windows, and recall by kind, size, mode and grain.

Recall at equal false-alarm rate: by log and grain each rule's threshold is moved until its share of quiet windows with
any alarm is Driftmeter's in the same windows (columns named as the rule), or 5% (``@5%``). ``@default`` is the rule as
it comes.
``always`` and ``never`` fire; ``coin`` is an always-firing rule thinned to Driftmeter's rate.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.benchmarks.alarms.incidents import LATER, SOON

KEYS = ["log", "grain"]


def threshold(quiet: np.ndarray, share: float) -> float:
    """The number beyond which at most this share of quiet windows lies (the share itself, but for ties)."""
    ranked = np.sort(quiet)[::-1]
    return float(ranked[min(round(share * len(ranked)), len(ranked) - 1)])


def quiet_shares(runs: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """Share of quiet windows with any alarm at defaults: rows are logs and grains, columns are rules."""
    ours = runs.groupby(KEYS, sort=False)[["alarmed", "windows"]].sum()
    table = pd.DataFrame({"driftmeter": ours["alarmed"] / ours["windows"]})
    rules = rules[rules["rule"] != "driftmeter"]
    alarms = rules.assign(alarm=rules["score"] >= 1).groupby([*KEYS, "rule"], sort=False)["alarm"].mean()
    table = table.join(alarms.unstack("rule")[list(rules["rule"].unique())])
    return table.assign(always=1.0, never=0.0).reset_index()


def compare(rules: pd.DataFrame, incidents: pd.DataFrame) -> pd.DataFrame:
    """Recall within two windows (abrupt), or five of full size (gradual), of Driftmeter and of every rule.

    Parameters
    ----------
    rules : each rule's number in each quiet window, and those of "driftmeter", 1 where it has any alert
    """
    names = [name for name in rules["rule"].unique() if name != "driftmeter"]
    ours = rules[rules["rule"] == "driftmeter"].groupby(KEYS)["score"].mean()
    kept = incidents[incidents["size"] != "under"].copy()
    abrupt = kept["mode"] == "abrupt"
    kept["driftmeter"] = np.where(abrupt, kept["soon"], kept["later"]).astype(float)
    share = ours.reindex(pd.MultiIndex.from_frame(kept[KEYS])).to_numpy()
    windows = np.where(abrupt, SOON, LATER)
    quiet = {key: part["score"].to_numpy() for key, part in rules.groupby([*KEYS, "rule"])}
    for name in names:
        score = np.where(abrupt, kept[f"{name}_soon"], kept[f"{name}_later"]).astype(float)
        equal, five = np.empty(len(kept)), np.empty(len(kept))
        for i, key in enumerate(zip(kept["log"], kept["grain"], strict=True)):
            equal[i], five[i] = (threshold(quiet[*key, name], rate) for rate in (share[i], 0.05))
        kept[name], kept[f"{name}@5%"], kept[f"{name}@default"] = score > equal, score > five, score >= 1
    kept["always"], kept["never"], kept["coin"] = 1.0, 0.0, 1 - (1 - share) ** windows
    everything = kept.assign(kind="all kinds")
    kept = pd.concat([everything, kept], ignore_index=True)
    kept["order"] = kept["size"].map({"small": 0, "middle": 1, "large": 2})
    shown = ["driftmeter", *names, *(f"{name}@{at}" for at in ("5%", "default") for name in names),
             "always", "never", "coin"]  # fmt: skip
    groups = kept.groupby(["kind", "order", "size", "mode", "grain"])
    table = groups[shown].mean().astype(float)
    table.insert(0, "n", groups.size())
    better = table[names].gt(table["driftmeter"] + 1e-9, axis=0)
    table["beaten_by"] = [" ".join(name for name in names if row[name]) for _, row in better.iterrows()]
    return table.reset_index().drop(columns="order")
