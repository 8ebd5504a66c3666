"""The register of planned ends: how long until each, whether it was kept, and what still depends on the feature."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import sqlalchemy as sa

from monitors.assess import stack
from monitors.config import Config
from monitors.deprecations import LEFT, MOST, away_share
from monitors.store import Store
from monitors.together import alike
from monitors.windows import Grain, instant

_DAY = 86_400_000_000
_RECENT = 3
"""Last windows in which a segment must have rows to be listed."""


class Planned(NamedTuple):
    """A feature's planned end, and how things stand at the end of the log.

    Attributes
    ----------
    state : ``undated``, ``unknown`` (no feature of this model), ``planned`` (served, as it should be), ``early`` (gone
        before its date), ``gone`` (after it, as it should be), ``overdue`` (served after it)
    days : from the log's end to the date, negative once it is past; None without a date
    share : of the last window's rows that have the feature
    left : start of the window from which on most rows have come without it, None while it is served
    still : segments and versions that still send it, and in what share of their rows
    power, rank, features : what the model gets from it, by the last window that tells, and its place among so many
    together : features that move with it, which may have the same source
    """

    name: str
    owner: str | None
    date: dt.date | None
    state: str
    days: int | None
    share: float | None = None
    left: int | None = None
    still: Sequence[tuple[str, float]] = ()
    power: float | None = None
    rank: int | None = None
    features: int = 0
    together: Sequence[str] = ()


def register(store: Store, config: Config, connection: sa.Connection | None = None) -> list[Planned]:
    """Planned ends of a model: what needs somebody first, then by date."""
    name, bins = config.model.name, store.bins(config.model.name, connection)
    row = store.model(name, connection)
    if not config.deprecations or bins is None or row is None:
        return []
    grain = Grain.parse(row["grain_size"], row["timezone"])
    cube = stack(bins, store.profiles(name, "", connection=connection), grain, fill=False)
    until = int(row["observed_until"] or cube.ends[-1])
    known = [feature for feature in config.deprecations if any(c.name == feature for c in bins.features)]
    measured = store.measurements(name, connection)
    moving, power = alike(measured), _power(measured)
    still = _still(store, name, known, cube.starts[-_RECENT:].tolist(), grain, connection)
    found = []
    for feature, end in config.deprecations.items():
        days = None
        if end.date is not None and grain.kind == "calendar":
            days = -((until - instant(end.date, grain.timezone)) // _DAY)
        if feature not in known:
            found.append(Planned(feature, end.owner, end.date, "unknown", days))
            continue
        away = away_share(cube, feature)
        share = 1 - float(away[np.isfinite(away)][-1]) if np.isfinite(away).any() else 0.0
        gone, left = share <= LEFT, None
        if gone:
            served = np.flatnonzero(np.nan_to_num(away, nan=1.0) < MOST)
            left = int(cube.starts[min(int(served[-1]) + 1 if len(served) else 0, len(cube) - 1)])
        value, rank, count = power.get(feature, (None, None, 0))
        found.append(Planned(
            feature, end.owner, end.date, _state(end.date, grain, until, gone, left), days, share, left,
            [(segment, part) for segment, part in still[feature] if part > LEFT], value, rank, count,
            sorted(moving.get(feature, ())),
        ))  # fmt: skip
    order = {"early": 0, "overdue": 0, "planned": 1, "undated": 2, "gone": 3, "unknown": 4}
    return sorted(found, key=lambda p: (order[p.state], p.date or dt.date.max, p.name))


def _state(date: dt.date | None, grain: Grain, until: int, gone: bool, left: int | None) -> str:
    if date is None or grain.kind != "calendar":
        return "undated"
    at = instant(date, grain.timezone)
    if gone:
        # the window in which the date falls says nothing of the hour
        return "early" if left is not None and grain.end(left) <= at else "gone"
    return "overdue" if until >= grain.end(int(grain.starts([at - 1])[0])) and until > at else "planned"


def _power(measured: pd.DataFrame) -> dict[str, tuple[float, int, int]]:
    """What the model gets from each feature in the last window that tells, its place among all, and how many."""
    own = measured[(measured["metric"] == "learned_power") & measured["segment"].isna()]
    last = own.sort_values("window_start").groupby("feature").tail(1).sort_values("value", ascending=False)
    names, values = last["feature"].astype(str).tolist(), last["value"].astype(float).tolist()
    return {name: (value, i, len(last)) for i, (name, value) in enumerate(zip(names, values, strict=True), 1)}


def _still(
    store: Store, model: str, features: Sequence[str], starts: Sequence[int], grain: Grain,
    connection: sa.Connection | None,
) -> Mapping[str, list[tuple[str, float]]]:  # fmt: skip
    """By feature, each segment's share of rows that have it in the last window in which the segment has rows."""
    bins = store.bins(model, connection)
    out: dict[str, list[tuple[str, float]]] = {feature: [] for feature in features}
    for segment in store.segments(model, connection) if features and bins is not None else ():
        if not segment or segment.startswith("#"):
            continue
        profiles = store.profiles(model, segment, starts, connection)
        if profiles and bins is not None:
            cube = stack(bins, profiles[-1:], grain, segment, fill=False)
            for feature in features:
                away = float(away_share(cube, feature)[0])
                out[feature].append((segment, 1 - away if np.isfinite(away) else 0.0))
    return out


def told(planned: Planned) -> str:
    """How a planned end stands, in a sentence without the feature's name.

    >>> told(Planned("x", "search", dt.date(2025, 7, 1), "planned", 12))
    'ends in 12 days (2025-07-01, search)'
    """
    about = ", ".join(str(part) for part in (planned.date, planned.owner) if part is not None)
    about = f" ({about})" if about else ""
    days = abs(planned.days or 0)
    count = f"{days} day{'' if days == 1 else 's'}"
    return {
        "undated": f"is to end, no date is set{about}",
        "unknown": f"is no feature of this model{about}",
        "planned": f"ends {f'in {count}' if days else 'today'}{about}",
        "early": f"is gone before its planned end{about}",
        "gone": f"is gone, as planned{about}",
        "overdue": f"is still served, {count} after its planned end{about}",
    }[planned.state]


def dependents(planned: Planned, most: int = 3) -> str:
    """What still depends on the feature, in words; "" where nothing is known."""
    parts = []
    if planned.rank is not None and planned.power is not None:
        parts.append(f"number {planned.rank} of {planned.features} by predictive power ({planned.power:.2f})")
    if planned.still:
        names = ", ".join(name for name, _ in planned.still[:most])
        more = f" and {len(planned.still) - most} more" if len(planned.still) > most else ""
        parts.append(f"still sent by {names}{more}")
    if planned.together:
        names = ", ".join(planned.together[:most])
        more = f" and {len(planned.together) - most} more" if len(planned.together) > most else ""
        parts.append(f"moves with {names}{more}")
    return "; ".join(parts)
