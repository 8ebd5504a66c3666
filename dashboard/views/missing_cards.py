"""A card for each thing that went missing: since which hour and file, for whom, at what cost, what could stand in."""

from __future__ import annotations

import streamlit as st

from dashboard.charts.text import plain
from dashboard.data import Page, cards
from dashboard.theme import STATUS
from dashboard.views.common import counted, safe
from monitors.cards import Card

_OPEN = ("new", "ongoing", "worse")
_FIRST = 4
"""Cards that are shown at once."""
_MOST = 40
_LONGEST = 360
"""Characters of one of a card's texts: names may be long and many."""


def show(page: Page) -> None:
    """Cards in two columns, what goes on first; the rest is folded away."""
    shown = [card for card in cards(page.path, page.look) if _touches(card, page)]
    if not shown:
        return
    shown.sort(key=lambda card: card.state not in _OPEN)
    live = sum(card.state in _OPEN for card in shown)
    over = len(shown) - live
    told = f"{counted(live, 'goes', 'go')} on" if live else "nothing goes on"
    st.subheader(f"In detail: {told}" + (f", {over} over" if over else ""), anchor=False)
    st.caption("Since which hour and in which file, for whom, what went with it, what it costs, what could stand in.")
    _columns(shown[:_FIRST])
    rest = shown[_FIRST:_MOST]
    if rest:
        more = f" of {len(shown) - _FIRST}" if len(shown) > _MOST else ""
        with st.expander(f"{len(rest)}{more} more"):
            _columns(rest)


def _touches(card: Card, page: Page) -> bool:
    return card.onset.at < page.end and (card.ended is None or card.ended.at > page.start)


def _columns(some: list[Card]) -> None:
    for first in range(0, len(some), 2):
        for place, card in zip(st.columns(2), some[first : first + 2], strict=False):
            with place.container(border=True, height="stretch"):
                _card(card)


def _card(card: Card) -> None:
    """The sentence, then what is known line by line."""
    look = STATUS["alert" if card.state in _OPEN else "silenced" if card.state == "silenced" else "ok"]
    word = look.word if card.state in _OPEN else "planned" if card.state == "silenced" else "over"
    st.markdown(f"{look.glyph} {word} · **{safe(_short(card.sentence))}**")
    lines = [f":small[**{safe(label)}** {safe(_short(text))}]" for label, text in card.lines()]
    st.markdown("  \n".join(lines))


def _short(text: str) -> str:
    text = plain(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
