"""Findings with one cause and one onset are one incident: what it is, what it costs, in which state it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from monitors.causes import DEPTH, WORDS, Joined, Run, assign, depth, runs_of
from monitors.costs import NOTHING, POWER, Cost, Prices
from monitors.events import near, telling
from monitors.happened import Told
from monitors.histories import RESOLVED_AFTER
from monitors.sentences import incident_sentence
from monitors.together import alike
from monitors.windows import Grain

COLUMNS = (
    "incident", "onset", "last_window", "severity", "state", "findings", "title", "rank", "cost", "cost_unit", "weight",
    "monitor", "kind", "feature", "segment", "features", "segments", "alerts", "cause", "joined",
)  # fmt: skip
"""Of the table of incidents: ``onset`` of the finding that speaks for it, ``last_window`` in which it was seen,
``title`` the sentence, ``rank`` 1 for the worst, ``cost`` in ``cost_unit``, ``weight`` the same as a share;
``monitor``, ``kind``, ``feature``, ``segment`` of the finding that speaks for it, ``features`` and ``segments`` of all
(JSON lists, the worst first), ``alerts`` the number of windows with one, ``cause`` the event it began with, ``joined``
why these findings are one (words, parted by ``; ``)."""

OPEN = ("new", "ongoing", "worse")
"""States of what is not over."""

_PART = 1.5
"""A segment's finding speaks for an incident as one of all rows does that stands so much further from causes."""

_NEEDED = ("feature", "segment", "metric", "window_start", "reference", "detail", "band_low", "band_high")


def group(
    found: pd.DataFrame, grain: Grain, measured: pd.DataFrame | None = None, events: pd.DataFrame | None = None,
    task: str = "binary",
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Give each finding its incident, see ``monitors.causes`` for the rules.

    Parameters
    ----------
    found : see ``monitors.findings.COLUMNS``
    measured : what they were found in: gives costs, details, and which features move together
    events : columns at, kind, text: what may be a cause
    task : binary, multiclass or regression: decides where the noise floor of power is

    Returns
    -------
    found : with ``incident`` set; incidents : one row each, columns ``COLUMNS``, ranked
    """
    if not len(found):
        return found, pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    known = measured if measured is not None else _nothing_measured()
    starts = np.unique(np.concatenate([found["window_start"], known["window_start"]]).astype("int64"))
    happened = telling(events, grain, len(starts))
    joined = assign(found, grain, alike(known), happened["at"])
    keys = runs_of(found)
    found = found.assign(incident=[joined[run].incident for run in keys])
    members: dict[str, dict[Run, list[dict[str, Any]]]] = {}
    for run, row in zip(keys, _with_details(found, known).to_dict("records"), strict=True):
        incident = members.setdefault(joined[run].incident, {})
        incident.setdefault(run, []).append({str(k): v for k, v in row.items()})
    prices = Prices.of(known, task)
    last = [int(start) for start in starts[-RESOLVED_AFTER:]]
    rows = [_incident(name, runs, joined, prices, happened, grain, last) for name, runs in sorted(members.items())]
    return found, _in_order(pd.DataFrame(rows, columns=list(COLUMNS)))


def ranked(found: pd.DataFrame, incidents: pd.DataFrame) -> pd.DataFrame:
    """Findings in the order in which they are told: the worst incident's first, its leading finding before the others.

    Parameters
    ----------
    found, incidents : as ``group`` returns them
    """
    told = incidents.set_index("incident")
    of = told.reindex(found["incident"])
    leads = np.ones(len(found), bool)
    for name in ("monitor", "feature", "segment"):
        own, lead = found[name].fillna("").to_numpy(object), of[name].fillna("").to_numpy(object)
        leads &= own == lead
    leads &= (found["kind"].to_numpy(object) == of["kind"].to_numpy(object)) | (found["monitor"] == "decay").to_numpy()
    order = found.assign(
        _rank=of["rank"].to_numpy(float), _lead=~leads, _watch=(found["severity"] != "alert").to_numpy(),
        _over=(found["state"] == "resolved").to_numpy(), _depth=[depth(run.family) for run in runs_of(found)],
    ).sort_values(["_rank", "_watch", "_lead", "_over", "_depth", "window_start"],
                  ascending=[True, True, True, True, True, False], kind="stable")  # fmt: skip
    return order[list(found.columns)].reset_index(drop=True)


def changed(before: pd.DataFrame, after: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """What is worth telling people between two runs: incidents with alerts that are new, worse or resolved.

    Parameters
    ----------
    before, after : incidents as the two runs stored them; found : findings of the later one

    Returns
    -------
    rows of ``after`` in the order of their ranks, with ``change``: ``new``; ``worse`` than ever before in a window that
    came since; ``resolved`` since; ``over`` for what began and ended between the two runs
    """
    known = before[before["severity"] == "alert"].set_index("incident")
    changes = []
    for row in after[after["severity"] == "alert"].to_dict("records"):
        name, is_open = row["incident"], row["state"] in OPEN
        if name not in known.index:
            change = "new" if is_open else "over" if row["state"] == "resolved" else None
        elif not is_open:
            change = "resolved" if row["state"] == "resolved" and known.at[name, "state"] in OPEN else None
        else:
            since = found[(found["incident"] == name) & (found["window_start"] > known.at[name, "last_window"])]
            change = "worse" if ((since["state"] == "worse") & (since["severity"] == "alert")).any() else None
        changes.append(change)
    told = after[after["severity"] == "alert"].assign(change=pd.Series(changes, dtype=object).to_numpy())
    return told[told["change"].notna()].sort_values("rank", kind="stable").reset_index(drop=True)


def _nothing_measured() -> pd.DataFrame:
    names = (*_NEEDED, "monitor", "n", "value", "low", "high", "expected")
    return pd.DataFrame({name: pd.Series(dtype="int64" if name == "window_start" else object) for name in names})


def _with_details(found: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """Findings with the text and the band of what was measured."""
    keys = ["monitor", "metric", "feature", "segment", "window_start"]
    part = measured[measured["metric"].isin(found["metric"].unique())]
    part = part[[*keys, "detail", "band_low", "band_high"]].fillna({"feature": "", "segment": ""}).drop_duplicates(keys)
    wanted = found[keys].fillna({"feature": "", "segment": ""})
    if not len(part):
        return found.assign(detail=None, band_low=np.nan, band_high=np.nan)
    more = wanted.merge(part, on=keys, how="left")[["detail", "band_low", "band_high"]]
    return found.assign(**{name: more[name].to_numpy() for name in ("detail", "band_low", "band_high")})


def _incident(
    name: str, runs: Mapping[Run, list[dict[str, Any]]], joined: Mapping[Run, Joined], prices: Prices,
    events: pd.DataFrame, grain: Grain, last: list[int],
) -> dict[str, Any]:  # fmt: skip
    live = {run: [row for row in rows if row["state"] not in ("resolved", "silenced")] for run, rows in runs.items()}
    alerts = {run: [row for row in rows if row["severity"] == "alert"] for run, rows in live.items()}
    loud = {run: rows for run, rows in alerts.items() if rows}
    pool = loud or {run: rows for run, rows in live.items() if rows} or dict(runs)
    lasting = len({row["window_start"] for rows in pool.values() for row in rows})
    costs = {run: prices.cost(run, rows, lasting) for run, rows in pool.items()}
    worst = sorted(pool, key=lambda run: (-costs[run].weight, run))
    lead = min(pool, key=lambda run: (depth(run.family) + (_PART if run.segment else 0), -costs[run].weight, run))
    cost = _cost({run: cost for run, cost in costs.items() if not cost.measured or 2 * len(pool[run]) >= lasting}, lead)
    every = [row for rows in runs.values() for row in rows]
    present = [row for row in every if row["state"] != "resolved"]
    state = _state(runs, loud, last)
    onset = min(run.onset for run in pool if run[:3] == lead[:3])
    event = near(events, onset, grain)
    row, where = _speaks(pool, lead, over=state == "resolved")
    told = Told(
        row, str(lead.family if lead.monitor != "decay" else row["kind"]), lead.feature, where, onset,
        max(int(row["window_start"]) for rows in pool.values() for row in rows), state,
        [feature for feature in dict.fromkeys(run.feature for run in worst) if feature and feature != lead.feature],
        event, cost, hung=sum(joined[run].rule == "log" for run in runs),
        mean=prices.means.get((lead.segment, int(row["window_start"]))), rate=prices.rate,
    )  # fmt: skip
    rules = dict.fromkeys(rule for rule in WORDS if any(joined[run].rule == rule for run in runs))
    return {
        "incident": name, "onset": onset, "last_window": max(int(row["window_start"]) for row in present or every),
        "severity": "alert" if loud else "watch", "state": state, "findings": len(every),
        "title": incident_sentence(told, grain), "rank": 0, "cost": cost.value, "cost_unit": cost.unit,
        "weight": cost.weight, "monitor": lead.monitor, "kind": told.kind, "feature": lead.feature or None,
        "segment": where or None,
        "features": json.dumps(list(dict.fromkeys(run.feature for run in [lead, *worst] if run.feature)),
                               ensure_ascii=False),
        "segments": json.dumps(list(dict.fromkeys(run.segment for run in worst if run.segment)), ensure_ascii=False),
        "alerts": len({row["window_start"] for rows in loud.values() for row in rows}),
        "cause": str(event["text"]) if event else None, "joined": "; ".join(WORDS[rule] for rule in rules) or None,
    }  # fmt: skip


def _cost(costs: Mapping[Run, Cost], lead: Run) -> Cost:
    """The greatest loss that was measured, else what is at stake, else the greatest of what is known.

    What is at stake adds up over features, each with the most that one of its findings puts at stake.
    """
    if not costs:
        return NOTHING
    measured = {run: cost for run, cost in costs.items() if cost.measured}
    if not measured:
        most: dict[str, float] = {}
        for run, cost in costs.items():
            if cost.unit == POWER:
                most[run.feature] = max(most.get(run.feature, 0.0), cost.weight)
        total = min(sum(most.values()), 1.0)
        if total > 0 and total >= max(cost.weight for cost in costs.values()):
            return Cost(total, POWER, total)
    pool = measured or costs
    return pool[max(pool, key=lambda run: (pool[run].weight, run == lead, run))]


def _speaks(pool: Mapping[Run, list[dict[str, Any]]], lead: Run, over: bool) -> tuple[dict[str, Any], str]:
    """The finding whose number is told, and the segment it is told for.

    The latest, or the greatest of what is over. A segment's own where it alone makes up what all rows show: its effect
    is twice theirs or more, and on its rows seven tenths of theirs or more.
    """

    def size(row: Mapping[str, Any]) -> float:
        return abs(row["effect"]) if np.isfinite(row["effect"]) else 0.0

    row = max(pool[lead], key=lambda row: (size(row) if over else 0.0, row["window_start"]))
    if lead.segment:
        return row, lead.segment
    for run in sorted(pool):
        if run.segment and (run.monitor, run.family, run.feature) == (lead.monitor, lead.family, lead.feature):
            part = next((one for one in pool[run] if one["window_start"] == row["window_start"]), None)
            if part is not None and part["metric"] == row["metric"] and size(part) >= 2 * size(row) > 0:
                rows = row["n"] if np.isfinite(row["n"]) and row["n"] > 0 else np.inf
                if size(part) * part["n"] >= 0.7 * size(row) * rows:
                    return part, run.segment
    return row, ""


def _state(runs: Mapping[Run, list[dict[str, Any]]], loud: Mapping[Run, list[dict[str, Any]]], last: list[int]) -> str:
    """An incident's state at the end of the log.

    It is open as long as one of its runs with alerts is not resolved; without alerts, as long as it was seen in the
    last ``RESOLVED_AFTER`` windows.
    """
    every = [row for rows in runs.values() for row in rows]
    newest = max(row["window_start"] for row in every)
    if all(row["state"] == "silenced" for row in every if row["window_start"] == newest):
        return "silenced"
    if loud:
        ends = [max(runs[run], key=lambda row: row["window_start"])["state"] for run in loud]
        is_open = any(state in OPEN for state in ends)
    else:
        is_open = newest >= last[0]
    if not is_open:
        return "resolved"
    first = min(row["window_start"] for rows in (loud or runs).values() for row in rows)
    if first == last[-1]:
        return "new"
    return "worse" if any(row["state"] == "worse" and row["window_start"] == last[-1] for row in every) else "ongoing"


def _in_order(incidents: pd.DataFrame) -> pd.DataFrame:
    """Alerts first, what is open before what is over, then by cost, then the latest."""
    order = incidents.assign(
        _watch=incidents["severity"] != "alert", _over=~incidents["state"].isin(OPEN),
        _depth=incidents["kind"].map(lambda kind: DEPTH.get(kind, DEPTH["decay"])),
    ).sort_values(["_watch", "_over", "weight", "onset", "_depth", "incident"],
                  ascending=[True, True, False, False, True, True], kind="stable")  # fmt: skip
    out = order[list(COLUMNS)].reset_index(drop=True)
    for name in ("cause", "feature", "segment", "joined"):  # pandas makes NaN of None in a column of texts
        out[name] = out[name].astype(object).where(out[name].notna(), None)
    return out.assign(rank=np.arange(1, len(out) + 1))
