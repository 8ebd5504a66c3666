"""An incident in one sentence that somebody understands who did not build the model: since when, what, how much, what
to do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from monitors.costs import said as cost_said
from monitors.happened import DETAIL, FACTS, Told, as_found
from monitors.windows import Grain

LONGEST = 250
"""Characters of a sentence, about: what is said least is left out first."""


def incident_sentence(told: Told, grain: Grain) -> str:
    """What happened, since when, with what it began, what it costs and what to do about it."""
    over = told.state == "resolved"
    fact, action = FACTS.get(told.kind, (as_found, ""))
    clause = fact(told, over)
    begin = day(told.onset, grain)
    if over:
        same = told.last == told.onset
        time = f"{_on(grain)} {begin}" if same else f"From {begin} to {day(told.last, grain)}"
    else:
        time = f"Since {begin}"
    must = [f"{time} {clause}"]
    if told.event is not None:
        must.append(f"it began with {_event(told.event)}")
    cost = cost_said(told.cost.value, told.cost.unit, told.cost.weight)
    if cost:
        must.append(f"it {_past(cost) if over else cost}")
    end = "it is over" if over else "its end was planned" if told.state == "silenced" else action
    may = [f"with it {_listed(told.others)}"] if told.others else []
    if told.hung:
        may.append(f"{told.hung} other finding{'s' if told.hung > 1 else ''} may only follow from it")
    text = "; ".join(must)
    for more in may:
        if len(text) + len(more) + len(end) + 4 <= LONGEST:
            text += f"; {more}"
    if not end:
        return f"{text}."
    return f"{text}; {end}." if over or told.state == "silenced" else f"{text}: {end}."


_MORE = re.compile(r'; (?:it (?:began with|costs?|takes|took) |with it "|\d+ other findings? )')


def brief(sentence: str) -> str:
    """An incident's sentence up to its number: what it began with, costs and asks for is left to where there is room.

    >>> brief("Since 1 Jul 2015 AUC is 0.6; it costs 0.1 log loss per row (5% more than usual): retrain.")
    'Since 1 Jul 2015 AUC is 0.6.'
    """
    cut = _MORE.search(sentence)
    return f"{sentence[: cut.start()]}." if cut else sentence


def day(start: int, grain: Grain) -> str:
    """A window's start as people say it: ``1 Jul 2015``, ``1 Jul 2015 13:00``, ``Jul 2015``, ``row 1,000``."""
    if grain.kind == "rows":
        return f"row {start:,}"
    local: Any = pd.Timestamp(start, unit="us", tz="UTC").tz_convert(grain.timezone)
    if grain.unit == "mo":
        return f"{local:%b %Y}"
    date = f"{local.day} {local:%b %Y}"
    return f"{date} {local:%H:%M}" if grain.unit == "h" else date


def _on(grain: Grain) -> str:
    if grain.kind == "rows":
        return "From"
    return {"h": "In the hour of", "d": "On", "w": "In the week of", "mo": "In"}[grain.unit]


def _event(event: Mapping[str, Any]) -> str:
    text, kind = " ".join(str(event["text"]).split()), str(event["kind"])
    named = text if kind in ("other", "") or kind in text.lower() else f"{kind} {text}"
    return named if len(named) <= DETAIL else f"{named[: DETAIL - 1]}…"


def _listed(names: Sequence[str], most: int = 2) -> str:
    quoted = [f'"{name}"' for name in names[:most]]
    more = len(names) - len(quoted)
    if more:
        return f"{', '.join(quoted)} and {more} more"
    return " and ".join(quoted)


def _past(cost: str) -> str:
    return cost.replace("costs", "cost", 1).replace("takes", "took", 1)
