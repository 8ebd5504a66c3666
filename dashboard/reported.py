"""Findings as people speak of them: a run is one thing that goes on, an incident is runs with one cause."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dashboard.data import Page

OPEN = ("new", "ongoing", "worse")
"""States of a finding that nobody resolved or silenced."""

_LEAD = {"missing": 0, "integrity": 1, "decay": 2, "concept": 3, "drift": 4, "skew": 5}
"""Which monitor speaks for an incident: what is gone also drifts and decays (as in `monitors.incidents`)."""

RUN = ["monitor", "family", "feature", "segment", "onset"]


def keyed(found: pd.DataFrame) -> pd.DataFrame:
    """Findings with `family`: the kind, or "decay", whose kind may change while it goes on."""
    return found.assign(family=found["kind"].where(found["monitor"] != "decay", "decay"))


def is_open(found: pd.DataFrame) -> pd.Series:
    """Which findings are in force."""
    return found["state"].isin(OPEN)


def runs(found: pd.DataFrame) -> pd.DataFrame:
    """One row per run of findings, worst first.

    Returns
    -------
    the row of the run's last finding in force (its last alert where there was one), with `severity` of the whole run,
    `state` and `x` of its last finding, `windows`, `strength` (see `strength`) and `is_open`
    """
    rows = keyed(found)
    if rows.empty:
        return rows.assign(windows=[], strength=[], is_open=[])
    rows = rows.assign(
        strength=strength(rows), _f=rows["feature"].fillna(""), _s=rows["segment"].fillna(""),
        _alert=(rows["severity"] == "alert").astype(int), _live=(rows["state"] != "resolved").astype(int),
    ).sort_values("window_start", kind="stable")  # fmt: skip
    groups = rows.groupby(["monitor", "family", "_f", "_s", "onset"], sort=False)
    last = groups.tail(1).set_index(["monitor", "family", "_f", "_s", "onset"])
    spoken = rows.sort_values(["_live", "_alert", "window_start"], kind="stable")
    spoken = spoken.groupby(["monitor", "family", "_f", "_s", "onset"], sort=False).tail(1)
    spoken = spoken.set_index(["monitor", "family", "_f", "_s", "onset"])
    out = spoken.assign(
        state=last["state"], x=last["x"], window_start=last["window_start"],
        severity=np.where(groups["_alert"].max().reindex(spoken.index) > 0, "alert", "watch"),
        windows=groups["_live"].sum().reindex(spoken.index), strength=groups["strength"].max().reindex(spoken.index),
    ).reset_index()  # fmt: skip
    out["is_open"] = is_open(out)
    return worst_first(out.drop(columns=["_f", "_s", "_alert", "_live"]))


def strength(found: pd.DataFrame) -> pd.Series:
    """How strange each finding is: −log₁₀ p, which is alike for all monitors; a fact (no p) is as strange as can be."""
    p = found["p_value"].astype(float).fillna(0.0)
    return -np.log10(p.clip(1e-12, 1.0))


def worst_first(rows: pd.DataFrame) -> pd.DataFrame:
    """Open before over, alerts before watches, then the strangest, then the latest."""
    rank = rows.assign(
        _over=~is_open(rows), _watch=rows["severity"] != "alert", _strength=-rows["strength"], _late=-rows["onset"].astype("int64")
    )
    order = rank.sort_values(["_over", "_watch", "_strength", "_late"], kind="stable").index
    return rows.loc[order].reset_index(drop=True)


def incidents(found: pd.DataFrame, since: int | None = None) -> pd.DataFrame:
    """One row per incident with an open finding, worst first; new ones before those that go on.

    Parameters
    ----------
    since : windows before it do not make an incident "new" (µs or row number)

    Returns
    -------
    the row of the finding that speaks for the incident (its latest window), with `severity`, `x_onset` and `x` of the
    whole incident, `findings`, `features` (list, the lead first), `segments` (list), `is_new`
    """
    live = found[is_open(found)]
    live = live[live["incident"].notna()]
    if live.empty:
        return live.assign(findings=[], features=[], segments=[], is_new=[], strength=[])
    live = live.assign(
        strength=strength(live), _lead=live["monitor"].map(_LEAD).fillna(9), _watch=live["severity"] != "alert",
        _all=live["segment"].notna(),
    )  # fmt: skip
    spoken = live.sort_values(
        ["_watch", "_all", "_lead", "window_start", "strength"], ascending=[True, True, True, False, False], kind="stable"
    ).drop_duplicates("incident")
    groups = live.groupby("incident")
    begun = groups["onset"].min()
    out = spoken.set_index("incident")
    out = out.assign(
        onset=begun, x_onset=groups["x_onset"].min(), x=groups["x"].max(), strength=groups["strength"].max(), findings=groups.size(),
        severity=np.where(groups["_watch"].min().reindex(out.index), "watch", "alert"),
        features=_listed(live, "feature").reindex(out.index), segments=_listed(live, "segment").reindex(out.index),
        is_new=(begun >= since).reindex(out.index) if since is not None else False,
    ).reset_index()  # fmt: skip
    out = out.drop(columns=["_lead", "_watch", "_all"])
    order = out.assign(_watch=out["severity"] != "alert", _old=~out["is_new"].astype(bool)).sort_values(
        ["_watch", "_old", "strength", "onset"], ascending=[True, True, False, False], kind="stable"
    )
    return out.loc[order.index].reset_index(drop=True)


def _listed(live: pd.DataFrame, column: str) -> pd.Series:
    """Values of a column by incident, those with alerts and of most findings first."""
    known = live[live[column].notna()]
    counted = known.groupby(["incident", column]).agg(watch=("_watch", "min"), n=("onset", "size")).reset_index()
    counted = counted.sort_values(["watch", "n"], ascending=[True, False], kind="stable")
    lists = counted.groupby("incident")[column].agg(list)
    missing = live["incident"].unique()
    return lists.reindex(missing).map(lambda names: names if isinstance(names, list) else [])


def trend(page: Page, row: pd.Series, upto: int, windows: int = 40) -> list[float]:
    """The number behind a finding over the last windows before `upto`; empty where this look did not measure it."""
    measured = page.seen.measured
    rows = measured[(measured["monitor"] == row["monitor"]) & (measured["metric"] == row["metric"])]
    feature, segment = row["feature"], row["segment"]
    rows = rows[rows["feature"] == feature] if isinstance(feature, str) else rows[rows["feature"].isna()]
    rows = rows[rows["segment"] == segment] if isinstance(segment, str) else rows[rows["segment"].isna()]
    rows = rows[rows["window_start"] < upto].sort_values("window_start", kind="stable")
    return [float(v) for v in rows["value"].iloc[-windows:]]
