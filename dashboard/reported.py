"""Findings as people speak of them: a run is one thing that goes on, an incident is runs with one cause."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from dashboard.data import Page

OPEN = ("new", "ongoing", "worse")
"""States of a finding that nobody resolved or silenced."""

OVER = "over"
"""State of a run or an incident that has ended."""

_LEAD = {"missing": 0, "integrity": 1, "decay": 2, "concept": 3, "drift": 4, "skew": 5}
"""Which monitor speaks for an incident: what is gone also drifts and decays (as in `monitors.incidents`)."""

_RUN = ["monitor", "family", "_feature", "_segment", "onset"]


def runs(found: pd.DataFrame, latest: int) -> pd.DataFrame:
    """One row per run of findings, worst first.

    Parameters
    ----------
    latest : start of the last window but one: a watch that was not seen since is over (alerts say so themselves)

    Returns
    -------
    the row of the run's last alert (last watch where there was none), with `severity` of the whole run; `state` of its
    last window (`over` where it has ended), `x_last`, `windows`, `strength`, `is_open`
    """
    if found.empty:
        return found.assign(x_last=found["x"], windows=0, strength=0.0, is_open=False)
    rows = found.assign(
        family=found["kind"].where(found["monitor"] != "decay", "decay"),  # why power is lost may change meanwhile
        strength=strength(found),
        _feature=found["feature"].fillna(""),
        _segment=found["segment"].fillna(""),
        _alert=found["severity"] == "alert",
        _live=found["state"] != "resolved",
    ).sort_values("window_start", kind="stable")
    groups = rows.groupby(_RUN, sort=False)
    last = groups.tail(1).set_index(_RUN)
    spoken = rows.sort_values(["_live", "_alert", "window_start"], kind="stable")
    spoken = spoken.groupby(_RUN, sort=False).tail(1).set_index(_RUN)
    last, alert = last.reindex(spoken.index), groups["_alert"].max().reindex(spoken.index)
    is_open = last["state"].isin(OPEN) & (alert | (last["window_start"] >= latest))
    out = spoken.assign(
        state=last["state"].where(is_open | (last["state"] == "silenced"), OVER),
        severity=np.where(alert, "alert", "watch"),
        x_last=last["x"],
        windows=groups["_live"].sum(),
        strength=groups["strength"].max(),
        is_open=is_open,
    )
    return _worst_first(out.reset_index().drop(columns=["_feature", "_segment", "_alert", "_live"]))


def strength(found: pd.DataFrame) -> np.ndarray:
    """How strange each finding is: −log₁₀ p, alike for all monitors; a fact, which has no p, is most strange."""
    p = found["p_value"].to_numpy(float)
    return np.asarray(-np.log10(np.clip(np.nan_to_num(p), 1e-12, 1.0)))


def _worst_first(rows: pd.DataFrame) -> pd.DataFrame:
    """Open before over, alerts first, all rows before segments, new before old; then the strangest, then the latest."""
    order = rows.assign(
        _over=~rows["is_open"].astype(bool),
        _watch=rows["severity"] != "alert",
        _old=~rows["is_new"].astype(bool) if "is_new" in rows else True,
        _part=rows["segment"].notna(),
    )
    keys = ["_over", "_watch", "_part", "_old", "strength", "onset"]
    order = order.sort_values(keys, ascending=[True, True, True, True, False, False], kind="stable")
    return rows.loc[order.index].reset_index(drop=True)


def folded(every: pd.DataFrame) -> pd.DataFrame:
    """Runs of segments folded into that of all rows, or into each other, where they are of one kind and feature.

    Returns
    -------
    as `runs`, with `where`: "all", and two segments by name, or one and how many more
    """
    if every.empty:
        return every.assign(where=[])
    places: dict[Hashable, int] = {}
    names: dict[int, list[str]] = {}
    keys = [every["monitor"], every["family"], every["feature"].fillna(""), every["is_open"], every["segment"]]
    for place, (*key, segment) in enumerate(zip(*keys, strict=True)):
        first = places.setdefault(tuple(key), place)
        names.setdefault(first, []).append(segment if isinstance(segment, str) else "")
    kept = every.iloc[list(names)]
    return _worst_first(kept.assign(where=[_where(segments) for segments in names.values()]))


def _where(segments: list[str]) -> str:
    """Segments in a few words; "" is all rows."""
    named = [name for name in dict.fromkeys(segments) if name]
    shown = named if len(named) <= 2 else [named[0], f"{len(named) - 1} more"]  # three lines of a narrow column
    told = ", ".join(shown)
    return told if "" not in segments else f"all; {told}" if told else "all"


def incidents(every: pd.DataFrame, since: int | None = None, stored: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per incident, worst first.

    Parameters
    ----------
    every : `runs`
    since : an incident that began there or later is new (µs or row number)
    stored : `Page.incidents`: the kind that leads an incident there speaks for it here too, since when it tells

    Returns
    -------
    the row of the run that speaks for the incident, with `severity` and `state`; `onset`, `x_onset`, `x_last`,
    `strength`, `is_open` of the whole incident; `findings`, `features` (list, the worst first), `is_new`
    """
    rows = every[every["incident"].notna() & (every["state"] != "silenced")]
    if rows.empty:
        return rows.assign(findings=0, features=None, is_new=False)
    ranked = rows.assign(
        _closed=~rows["is_open"].astype(bool),
        _watch=rows["severity"] != "alert",
        _part=rows["segment"].notna(),
        _lead=rows["monitor"].map(_LEAD).fillna(9),
        _other=~_leads(rows, stored),
    )
    ranked = ranked.sort_values([*_SPEAKS, "strength"], ascending=[True] * len(_SPEAKS) + [False], kind="stable")
    # how the incident stands is told by what stands worst in it, whoever speaks
    stands = ranked.drop_duplicates("incident").set_index("incident")[["severity", "state"]]
    ranked = ranked.sort_values("_other", kind="stable")
    spoken = ranked.drop_duplicates("incident").set_index("incident").drop(columns=[*_SPEAKS, "_other"])
    groups = rows.groupby("incident")
    out = spoken.assign(
        severity=stands["severity"],
        state=stands["state"],
        onset=groups["onset"].min(),
        x_onset=groups["x_onset"].min(),
        x_last=groups["x_last"].max(),
        strength=groups["strength"].max(),
        is_open=groups["is_open"].max(),
        findings=groups["windows"].sum(),
        features=groups["feature"].agg(lambda names: list(dict.fromkeys(names.dropna()))),
    )
    if stored is not None and len(stored):
        # its sentence says since when what leads it goes on: something to watch may have come before
        told = stored.drop_duplicates("incident").set_index("incident").reindex(out.index)
        for name in ("onset", "x_onset"):
            out[name] = told[name].fillna(out[name]).astype(out[name].dtype)
    out["is_new"] = (out["onset"] >= since) if since is not None else False
    return _worst_first(out.reset_index())


_SPEAKS = ["_closed", "_watch", "_part", "_lead"]


def _leads(rows: pd.DataFrame, stored: pd.DataFrame | None) -> pd.Series:
    """Which runs are of the kind and feature that lead their incident in the table of incidents."""
    if stored is None or stored.empty:
        return pd.Series(False, index=rows.index)
    leads = stored.set_index("incident").reindex(rows["incident"])
    same = leads["kind"].to_numpy(object) == rows["kind"].to_numpy(object)
    feature = leads["feature"].fillna("").to_numpy(object) == rows["feature"].fillna("").to_numpy(object)
    return pd.Series(same & feature, index=rows.index)


def with_titles(incidents: pd.DataFrame, stored: pd.DataFrame) -> pd.DataFrame:
    """`incidents` with the sentence and in the order of the table of incidents, where they are in it.

    Parameters
    ----------
    stored : `Page.incidents`: `incident`, `title`, `rank`
    """
    if incidents.empty or stored.empty:
        return incidents
    known = stored.drop_duplicates("incident").set_index("incident")
    titles = known["title"].reindex(incidents["incident"])
    rank = known["rank"].reindex(incidents["incident"]).to_numpy(float)
    message = np.where(titles.notna(), titles, incidents["message"])
    order = np.argsort(np.where(np.isfinite(rank), rank, np.inf), kind="stable")
    return incidents.assign(message=message).iloc[order].reset_index(drop=True)


def trends(page: Page, rows: pd.DataFrame) -> pd.DataFrame:
    """`runs` with `trend`: the number behind each over the period shown."""
    courses = [trend(page, row) for row in rows.to_dict("records")]
    return rows.assign(trend=pd.Series(courses, index=rows.index, dtype=object))


def trend(page: Page, row: Mapping[Any, Any] | pd.Series, points: int = 60) -> list[float]:
    """The number behind a finding over the period, windows joined to at most `points`.

    Empty where this look did not measure it: it is a segment's.
    """
    measured = page.measured
    chosen = (measured["monitor"] == row["monitor"]) & (measured["metric"] == row["metric"])
    for column in ("feature", "segment"):
        name = row[column]
        chosen &= measured[column] == name if isinstance(name, str) else measured[column].isna()
    values = measured[chosen].sort_values("window_start", kind="stable")["value"].to_numpy(float)
    if len(values) <= points:
        return [float(v) for v in values]
    return [float(part.mean()) for part in np.array_split(values, points)]
