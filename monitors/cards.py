"""One card a thing that went missing: what happened, since which hour and file, for whom, what it costs, what could
stand in, and when it came back. Pure data; the Missing page and ``driftmeter findings --cards`` show it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monitors.card_cost import cost_words
from monitors.causes import DEPTH
from monitors.clock import local
from monitors.messages import share
from monitors.onset import Moment, began, ended
from monitors.profile.bins import FIRST
from monitors.profile.cube import Cube
from monitors.windows import Grain

KINDS = ("absent", "null_rate", "constant", "sentinel", "stale", "type_changed", "unit_changed",
         "lost_category", "unseen_category")  # fmt: skip
"""Kinds of findings that have a card."""

_GONE = ("absent", "null_rate")
_VALUES = ("lost_category", "unseen_category")
_TOLD = 3
_JOINT = 50
"""Features of one card whose rows are taken together to tell the hour."""
_PLACES = 6


class Place(NamedTuple):
    """Where it happens: a segment or version, the share of its rows without the feature, and what that used to be."""

    segment: str
    rate: float
    usual: float
    rows: int


class StandIn(NamedTuple):
    """A feature that carries much of the same signal, and how strongly the two go together (0 to 1)."""

    feature: str
    strength: float


@dataclass(frozen=True)
class Card:
    """What is known of one thing that went missing.

    Attributes
    ----------
    incident, kind, severity, state : of the findings
    features : the worst first; more than one where they went together
    sentence : what happened
    onset : when, in which file; ended : the first moment at which it was back, None while it lasts
    since, until : both in words
    places : segments and versions, the worst first
    together : which features went together and what their names have in common, "" for one alone
    also : other features of the same incident, with what they do
    cost : what it costs, in words
    stand_ins : features that could stand in for the first one
    """

    incident: str
    kind: str
    severity: str
    state: str
    features: tuple[str, ...]
    sentence: str
    onset: Moment
    ended: Moment | None
    since: str
    until: str
    places: tuple[Place, ...] = ()
    together: str = ""
    also: str = ""
    cost: str = ""
    stand_ins: tuple[StandIn, ...] = ()

    def lines(self) -> list[tuple[str, str]]:
        """What the card says, as pairs of a label and a text; what is not known is left out."""
        found = ", ".join(f'"{one.feature}" ({one.strength:.2f})' for one in self.stand_ins)
        pairs = (
            ("Since", self.since), ("Until", self.until), ("Where", _where(self.places)), ("Together", self.together),
            ("With it", self.also), ("Costs", self.cost), ("Could stand in", found),
        )  # fmt: skip
        return [(label, text) for label, text in pairs if text]

    def text(self) -> str:
        """The card as plain text."""
        return "\n".join([self.sentence, *(f"  {label}: {text}" for label, text in self.lines())])


def cards(
    found: pd.DataFrame, incidents: pd.DataFrame, cube: Cube, reference: Cube, measured: pd.DataFrame, grain: Grain,
    parts: Callable[[], Mapping[str, Cube]] = dict,
) -> list[Card]:  # fmt: skip
    """Cards of all alerts about something that is missing, in the order of their incidents' ranks.

    Parameters
    ----------
    found, incidents : see ``monitors.findings`` and ``monitors.incidents``; of all rows and segments
    cube : every window of all rows; reference : those it is compared with
    measured : of all rows
    parts : gives the cubes of segments and versions; asked once, where there is a card
    """
    own = found[found["kind"].isin(KINDS) & found["monitor"].isin(["missing", "drift"]) & found["feature"].notna()]
    loud = own[(own["severity"] == "alert") & (own["state"] != "resolved")]
    if not len(loud):
        return []
    keys = ["incident", "kind", "onset"]
    rank = dict(zip(incidents["incident"], incidents["rank"], strict=True)) if len(incidents) else {}
    names = {str(i): json.loads(of) for i, of in zip(incidents["incident"], incidents["features"], strict=True)}
    cubes, made = dict(parts()), []
    for (incident, kind, _), rows in loud.groupby(keys, sort=False):
        whole = rows[rows["segment"].isna()]
        if not len(whole) and ((own["incident"] == incident) & own["segment"].isna() & (own["kind"] == kind)).any():
            continue  # all rows tell it already
        every = own[(own["incident"] == incident) & (own["kind"] == kind)]
        told = whole if len(whole) else rows
        place = {name: i for i, name in enumerate(names.get(str(incident), []))}
        features = sorted(told["feature"].unique().tolist())
        features.sort(key=lambda name: place.get(name, len(place)))
        made.append(_card(features, told, every, found, cube, reference, measured, grain, cubes))
    named = {(card.incident, name) for card in made if card.kind not in _VALUES for name in card.features}
    kept = [card for card in made if card.kind not in _VALUES or (card.incident, card.features[0]) not in named]
    # a feature that is constant has lost its other values: that is one thing
    return sorted(kept, key=lambda card: (card.ended is not None, rank.get(card.incident, 1e9), card.onset.at,
                                          DEPTH.get(card.kind, 9)))  # fmt: skip


def _card(
    features: list[str], told: pd.DataFrame, every: pd.DataFrame, found: pd.DataFrame, cube: Cube, reference: Cube,
    measured: pd.DataFrame, grain: Grain, cubes: Mapping[str, Cube],
) -> Card:  # fmt: skip
    lead = features[0]
    own = told[told["feature"] == lead].sort_values("window_start", kind="stable")
    detail = _details(own, measured)
    row: dict[str, Any] = {**{str(k): v for k, v in own.iloc[-1].to_dict().items()}, "detail": detail}
    first, last = int(own["window_start"].min()), int(own["window_start"].max())
    if row["kind"] == "stale":  # it had stood for a while when it was told
        first = int(own["onset"].min())
    over = every[(every["feature"] == lead) & (every["state"] == "resolved") & (every["window_start"] > last)]
    latest = every[(every["feature"] == lead) & (every["window_start"] >= last)].sort_values(
        "window_start", kind="stable"
    )
    state = "resolved" if len(over) else str(latest.iloc[-1]["state"])
    same = [name for name in features[1:_JOINT] if (told.loc[told["feature"] == name, "window_start"] == first).any()]
    if isinstance(row["segment"], str):  # of segments no hours are kept
        onset, end = _whole(cube, first, grain), Moment(grain.end(last), grain.end(last), False) if len(over) else None
    else:
        onset = began(cube, row, first, grain, same if row["kind"] in _GONE else ())
        end = ended(cube, row, last, grain) if len(over) else None
    place = int(own["effect"].abs().fillna(0.0).to_numpy(float).argmax()) if len(over) else -1
    message = str(own["message"].iloc[place])
    windows = (cube.starts >= first) & (cube.starts <= last)
    i = cube.bins.position(lead)
    places: tuple[Place, ...] = ()
    if row["kind"] in _GONE:
        places = _places(cubes, i, int(cube.starts[windows][0]), int(cube.starts[windows][-1]), reference)
    gone = set(features)
    return Card(
        str(row["incident"]), str(row["kind"]), "alert", state, tuple(features), message, onset, end,
        said(onset, grain), "" if end is None else f"back at {instant_words(end, grain)}", places,
        together(features, [column.name for column in cube.bins.features]), _also(found, str(row["incident"]), gone),
        cost_words(cube, reference, measured, lead, windows, str(row["kind"])),
        stand_ins(cube, features, windows),
    )  # fmt: skip


def _whole(cube: Cube, start: int, grain: Grain) -> Moment:
    """A window as a moment, with its files."""
    files = cube.facts[int(np.searchsorted(cube.starts, start))].get("files", {})
    return Moment(start, grain.end(start), False, tuple(sorted(files, key=lambda name: (files[name][0], name))))


def stand_ins(cube: Cube, features: Sequence[str], windows: np.ndarray) -> tuple[StandIn, ...]:
    """Features that go along most with any of these, are none of them, and were there in these windows themselves."""
    known, best = dict(cube.bins.partners), dict[str, float]()
    for name in features:
        for other, strength in known.get(name, ()):
            best[other] = max(best.get(other, 0.0), strength)
    told = sorted((pair for pair in best.items() if pair[0] not in features), key=lambda pair: (-pair[1], pair[0]))

    def there(name: str) -> bool:
        n = cube.feature(name).n[windows].sum(axis=0)
        return bool(2 * n[FIRST:].sum() >= n.sum())

    return tuple(StandIn(*pair) for pair in told if there(pair[0]))[:_TOLD]


def _details(own: pd.DataFrame, measured: pd.DataFrame) -> str | None:
    """The text measured with the latest finding."""
    last = own.iloc[-1]
    part = measured[(measured["metric"] == last["metric"]) & (measured["feature"] == last["feature"])
                    & (measured["window_start"] == last["window_start"])]  # fmt: skip
    text = part["detail"].iloc[0] if len(part) else None
    return text if isinstance(text, str) else None


def said(when: Moment, grain: Grain) -> str:
    """When it began and in which file, in words."""
    files = [os.path.basename(name) for name in when.files]
    where = ""
    if len(files) == 1:
        where = f", in {files[0]}"
    elif files:
        where = f", in one of {len(files)} files ({', '.join(files[:2])}{', …' if len(files) > 2 else ''})"
    return f"{instant_words(when, grain)}{where}"


def instant_words(when: Moment, grain: Grain) -> str:
    """A moment as people say it: ``1 May 2004 01:00``; ``row 17,420``; a whole day without an hour."""
    if grain.kind == "rows":
        return f"row {when.at:,}" if when.until <= when.at + 1 else f"rows {when.at:,}–{when.until - 1:,}"
    at = local(when.at, grain.timezone)
    if at is None:
        return str(np.datetime64(when.at, "us"))
    return f"{at.day} {at:%b %Y}" + (f" {at:%H:%M}" if when.fine or grain.unit == "h" else "")


def _places(cubes: Mapping[str, Cube], i: int, first: int, last: int, reference: Cube) -> tuple[Place, ...]:
    """Segments in which the feature is missing more than it was, the worst first."""
    out = []
    for segment, part in cubes.items():
        now = (part.starts >= first) & (part.starts <= last)
        past = np.isin(part.starts, reference.starts)
        n = part.column(i).n
        rows, before = n[now].sum(), n[past].sum()
        if not rows:
            continue
        usual = float(n[past][:, :FIRST].sum() / before) if before else float("nan")
        out.append(Place(segment, float(n[now][:, :FIRST].sum() / rows), usual, int(rows)))
    return tuple(sorted(out, key=lambda place: (-place.rate, place.segment)))


def _where(places: Sequence[Place]) -> str:
    """Segments in words: those above the others, or that all are alike."""
    if not places:
        return ""
    rates = [place.rate for place in places]
    if max(rates) - min(rates) < max(0.02, 0.3 * max(rates)):
        low, high = share(min(rates)), share(max(rates))
        return f"alike in all {len(places)} segments and versions ({low if low == high else f'{low} to {high}'})"
    shown = [f"{place.segment} {share(place.rate)}" + (f" (was {share(place.usual)})" if place.usual == place.usual
             else "") for place in places[:_PLACES]]  # fmt: skip
    more = len(places) - len(shown)
    return ", ".join(shown) + (f" and {more} more, down to {share(places[-1].rate)}" if more else "")


def together(features: Sequence[str], names: Sequence[str]) -> str:
    """Which features went together and what their names have in common, in words; "" for one alone.

    >>> together(["user_age", "user_city"], ["user_age", "user_city", "price"])
    'all 2 features that begin with "user_": "…age" and "…city"'
    """
    if len(features) < 2:
        return ""
    beginning = common_beginning(features)
    end = "" if beginning else common_beginning([name[::-1] for name in features])[::-1]
    for word, common, alike in (
        ("begin", beginning, [name for name in names if name.startswith(beginning)]),
        ("end", end, [name for name in names if name.endswith(end)]),
    ):
        if common and len(alike) < len(names):
            part = f"all {len(alike)}" if len(alike) == len(features) else f"{len(features)} of the {len(alike)}"
            return f'{part} features that {word} with "{common}": {_listed(features, beginning, end)}'
    return f"{len(features)} features: {_listed(features)}"


def _listed(features: Sequence[str], beginning: str = "", end: str = "") -> str:
    """The first features by name, without what all have in common."""
    rest = [name[len(beginning) : len(name) - len(end)] for name in features[:_TOLD]]
    quoted = [f'"{"…" if beginning else ""}{name}{"…" if end else ""}"' for name in rest]
    more = len(features) - len(quoted)
    return f"{', '.join(quoted)} and {more} more" if more else " and ".join([", ".join(quoted[:-1]), quoted[-1]])


def common_beginning(names: Sequence[str]) -> str:
    """The longest beginning that all names have, up to the end of a word; "" where it has fewer than two letters.

    >>> common_beginning(["visual_012", "visual_017"]), common_beginning(["age", "area"])
    ('visual_', '')
    """
    first, last = min(names), max(names)
    size = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    common = first[:size]
    if all(name[len(common) :][:1].isdigit() or name == common for name in names):
        common = common.rstrip("0123456789")
    else:
        while common and (common[-1].isalnum()):
            common = common[:-1]
    return common if sum(letter.isalpha() for letter in common) >= 2 else ""


_DOES = {
    "shift": "shifted", "relation": "tells something else", "lost_signal": "lost its signal",
    "relation_changed": "means something else", "input_vanished": "lost its signal", "absent": "absent",
    "null_rate": "missing", "constant": "constant", "sentinel": "sentinel", "stale": "stale",
    "type_changed": "other type", "unit_changed": "other unit", "unseen_category": "unseen values",
    "lost_category": "lost values",
}  # fmt: skip


def _also(found: pd.DataFrame, incident: str, gone: set[str]) -> str:
    """Other features of the incident, with what they do."""
    rows = found[(found["incident"] == incident) & found["feature"].notna() & ~found["feature"].isin(gone)]
    rows = rows[rows["state"] != "resolved"]
    told: dict[str, str] = {}
    for name, kind in zip(rows["feature"], rows["kind"], strict=True):
        told.setdefault(str(name), _DOES.get(str(kind), str(kind)))
    shown = [f'"{name}" ({what})' for name, what in list(told.items())[:_TOLD]]
    return ", ".join(shown) + (f" and {len(told) - _TOLD} more" if len(told) > _TOLD else "")
