"""Driftmeter's mark, drawn here so that nothing is fetched: a line that leaves its band."""

from __future__ import annotations

from dashboard.theme import FONT, palette

_LINE = (
    '<rect x="1" y="13" width="30" height="10" rx="2" fill="{band}"/>'
    '<path d="M2 19 L7 17 L11 20 L16 17 L20 18 L25 9 L28 5" fill="none" stroke="{line}" stroke-width="3"'
    ' stroke-linecap="round" stroke-linejoin="round"/><rect x="24.5" y="1.5" width="7" height="7" fill="{alert}"/>'
)


def mark(mode: str = "light") -> str:
    """The mark alone, as SVG: the tab's icon."""
    return f'<svg width="32" height="32" viewBox="0 0 32 32">{_drawn(mode)}</svg>'


_NAME_AT, _NAME_WIDE = 42, 126


def wordmark(mode: str) -> str:
    """The mark and the name beside it, as SVG.

    The name is as wide as it is told, whatever font draws it: an image has no web fonts, and some systems' are wide.
    """
    name = (
        f'<text x="{_NAME_AT}" y="24" font-family="{FONT}" font-size="24" font-weight="600"'
        f' textLength="{_NAME_WIDE}" lengthAdjust="spacingAndGlyphs" fill="{palette(mode).ink}">Driftmeter</text>'
    )
    wide = _NAME_AT + _NAME_WIDE + 4
    return f'<svg width="{wide}" height="32" viewBox="0 0 {wide} 32">{_drawn(mode)}{name}</svg>'


def _drawn(mode: str) -> str:
    p = palette(mode)
    alert = p.alert if mode == "light" else p.alert_text
    return _LINE.format(band=p.quiet, line=p.first, alert=alert)
