"""Findings with one cause and one onset become one incident."""

from __future__ import annotations

import hashlib

import pandas as pd

from monitors.windows import Grain

_LEAD = {"missing": 0, "integrity": 1, "decay": 2, "concept": 3, "drift": 4, "skew": 5}
"""Which monitor's finding names an incident when others began with it: a feature that is gone drifts and decays too."""

COLUMNS = ("incident", "onset", "last_window", "severity", "state", "findings", "title")


def group(found: pd.DataFrame, grain: Grain) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each finding its incident.

    Runs of findings belong together when they are of one feature and begin in the same window or the next, or are of
    one monitor and kind and begin in the same window (features that vanish together).

    Returns
    -------
    found : with ``incident`` set; incidents : one row each, columns ``COLUMNS``
    """
    if not len(found):
        return found, pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    runs = found.assign(_f=found["feature"].fillna(""), _s=found["segment"].fillna(""))
    keys = list(zip(runs["monitor"], runs["kind"].where(runs["monitor"] != "decay", "decay"), runs["_f"], runs["_s"],
                    runs["onset"], strict=True))  # fmt: skip
    unique = sorted(set(keys), key=lambda key: (key[4], _LEAD.get(key[0], 9), key))
    place = {key: i for i, key in enumerate(unique)}
    parent = {key: key for key in unique}

    def root(key: tuple[str, str, str, str, int]) -> tuple[str, str, str, str, int]:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    together: dict[tuple[object, ...], tuple[str, str, str, str, int]] = {}
    for key in unique:
        monitor, kind, feature, _, onset = key
        following = grain.end(onset)
        links: list[tuple[object, ...]] = [("kind", monitor, kind, onset)]
        if feature:
            links += [("feature", feature, onset), ("feature", feature, following)]
        else:
            links += [("log", monitor, onset)]
        for link in links:
            if link in together:
                first, second = sorted((root(together[link]), root(key)), key=place.__getitem__)
                parent[second] = first
            together.setdefault(link, key)
    name = {key: _name(root(key)) for key in unique}
    found = found.assign(incident=[name[key] for key in keys])
    rows = []
    for incident, members in found.groupby("incident", sort=True):
        alerts = members[members["severity"] == "alert"]
        pool = alerts if len(alerts) else members[members["state"] != "resolved"]
        pool = pool if len(pool) else members
        rank = pool.assign(_lead=pool["monitor"].map(_LEAD).fillna(9))
        lead = rank.sort_values(["_lead", "p_value", "feature", "segment", "window_start"]).iloc[0]
        end = int(members["window_start"].max())
        states = members.loc[members["window_start"] == end, "state"].tolist()
        features = sorted(set(pool["feature"].dropna()) - {lead["feature"]})
        more = (
            f" With it: {', '.join(features[:3])}{f' and {len(features) - 3} more' if len(features) > 3 else ''}."
            if features
            else ""
        )
        rows.append({
            "incident": incident, "onset": int(members["onset"].min()), "last_window": end,
            "severity": "alert" if len(alerts) else "watch",
            "state": next((state for state in states if state != "resolved"), "resolved"),
            "findings": len(members), "title": lead["message"] + more,
        })  # fmt: skip
    return found, pd.DataFrame(rows, columns=list(COLUMNS))


def _name(key: tuple[str, str, str, str, int]) -> str:
    return hashlib.blake2b("\x1f".join(map(str, key)).encode(), digest_size=4).hexdigest()
