"""Words inside figures: escaping, widths, wrapping, and numbers as people write them.

Plotly reads a small HTML in every text (`<b>`, `<a>`, `<br>`, entities), MathJax between dollars, and does not wrap.
Names come from other people's logs, so each passes through `escape` or `short` before it reaches a figure.
"""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

_NARROW = frozenset("iIjlftr.,:;|!'`()[]{}/\\ -")
_BROAD = frozenset("mwMWGOQ@%—…●◆■○")
_JOINERS = frozenset("\u200d\ufe0f\ufe0e")  # they glue emoji together: harmless, and a cut must not end on one


def plain(text: object) -> str:
    """One line of visible text: control and direction characters out, runs of blanks to one."""
    kept = [
        " " if c.isspace() else c
        for c in str(text)
        if c in _JOINERS or c.isspace() or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"}
    ]
    return " ".join("".join(kept).split())


def said(value: object, default: str = "") -> str:
    """A text from a frame's cell as one line; the default where the cell is empty or holds no text."""
    return plain(value) if isinstance(value, str) and value else default


def escape(text: object) -> str:
    """`plain` text that plotly shows as it stands: no markup, no MathJax, no `%{…}` in a template."""
    return html.escape(plain(text), quote=False).replace("$", "&#36;").replace("%{", "&#37;{")


def _advance(char: str) -> float:
    if char in _JOINERS or unicodedata.combining(char):
        return 0.0
    if unicodedata.east_asian_width(char) in {"W", "F"} or ord(char) >= 0x1F000:
        return 1.3
    if char in _NARROW:
        return 0.34
    if char in _BROAD:
        return 0.86
    return 0.7 if char.isupper() else 0.56


def width(text: str, size: float, bold: bool = False) -> float:
    """Width in pixels of unescaped text, estimated from above for Arial and its kin."""
    return sum(map(_advance, text)) * size * (1.08 if bold else 1.0)


def cut(text: object, pixels: float, size: float = 13, bold: bool = False) -> str:
    """Plain text that fits into `pixels`: the middle gives way to `…`, for names differ at both ends.

    >>> cut("previous_bookings_not_cancelled_30d", 150)
    'previous_boo…lled_30d'
    """
    whole = plain(text)
    if width(whole, size, bold) <= pixels:
        return whole
    room = pixels - width("…", size, bold)
    head, tail = _take(whole, room * 0.6, size, bold), _take(whole[::-1], room * 0.4, size, bold)[::-1]
    while head and head[-1] in _JOINERS:
        head = head[:-1]
    while tail and (tail[0] in _JOINERS or unicodedata.combining(tail[0])):
        tail = tail[1:]
    return f"{head}…{tail}"


def _take(text: str, pixels: float, size: float, bold: bool) -> str:
    used = 0.0
    for i, char in enumerate(text):
        used += _advance(char) * size * (1.08 if bold else 1.0)
        if used > pixels:
            return text[:i]
    return text


def short(text: object, pixels: float, size: float = 13, bold: bool = False) -> str:
    """`cut`, then escaped: what a tick, a panel's title or a label shows. The whole name belongs into the hover."""
    return escape(cut(text, pixels, size, bold))


def wrap(text: str, pixels: float, size: float, bold: bool = False, lines: int = 4) -> list[str]:
    """Lines of unescaped text no wider than `pixels`; the last allowed line ends in `…` when there is more."""
    words = [cut(word, pixels, size, bold) for word in plain(text).split(" ")]
    out: list[str] = []
    for word in words:
        if out and width(f"{out[-1]} {word}", size, bold) <= pixels:
            out[-1] = f"{out[-1]} {word}"
        else:
            out.append(word)
    if len(out) > lines:
        kept = out[lines - 1]
        while kept and width(f"{kept} …", size, bold) > pixels:
            kept = kept.rpartition(" ")[0]
        out = [*out[: lines - 1], f"{kept} …".strip()]
    return out


def flow(parts: Iterable[str], pixels: float, size: float, separator: str = " · ") -> list[str]:
    """Lines of parts, broken between parts, so that a fact is not torn in two."""
    out: list[str] = []
    for part in parts:
        if out and width(out[-1] + separator + part, size) <= pixels:
            out[-1] += separator + part
        else:
            out.extend(wrap(part, pixels, size))
    return out


def number(value: float) -> str:
    """Three significant digits, thousands separated, no exponent between 1e-4 and 1e15; `–` for no number.

    >>> number(0.08312), number(1234567.0), number(0.5), number(float("nan"))
    ('0.0831', '1,230,000', '0.5', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e15:
        return f"{value:.2e}"
    digits = 2 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    text = f"{rounded:,.{max(digits, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def share(value: float) -> str:
    """A share as a percentage of three significant digits.

    >>> share(0.12345), share(1.0), share(0.00004), share(0.0)
    ('12.3%', '100%', '0.004%', '0%')
    """
    return f"{number(value * 100)}%" if value is not None and math.isfinite(value) else "–"


def count(value: float) -> str:
    """A whole number with thousands separated.

    >>> count(1234567)
    '1,234,567'
    """
    return f"{round(value):,}" if value is not None and math.isfinite(value) else "–"


def hours(value: float) -> str:
    """A time in hours, in the unit that suits its size.

    >>> hours(0.25), hours(5), hours(72)
    ('15 min', '5 h', '3 days')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if abs(value) < 1:
        return f"{number(value * 60)} min"
    return f"{number(value)} h" if abs(value) < 48 else f"{number(value / 24)} days"


FORMATS = {"number": number, "share": share, "count": count, "hours": hours}
TICKS = {"number": "~g", "share": ".1~%", "count": "~s", "hours": "~g"}  # d3-format


def moment(x: object) -> str:
    """A point on the time axis: `4 Jul 2015`, `4 Jul 2015 13:00`, `row 1,000`."""
    if isinstance(x, int | float | np.integer | np.floating):
        return f"row {count(float(x))}"
    stamp: Any = pd.Timestamp(x)  # type: ignore[arg-type]
    if pd.isna(stamp):
        return "–"
    day = f"{stamp.day} {stamp:%b %Y}"
    return day if stamp == stamp.normalize() else f"{day} {stamp:%H:%M}"


def during(label: str) -> str:
    """A period in a sentence.

    >>> during("3 May 2025"), during("28 Apr to 4 May 2025"), during("rows 0 to 99")
    ('on 3 May 2025', 'from 28 Apr to 4 May 2025', 'in rows 0 to 99')
    """
    return f"{'in' if label.startswith('rows') else 'from' if ' to ' in label else 'on'} {label}"


def period(x: Any, x_end: Any) -> str:
    """A window: its one day, or its first and last moment (the end is exclusive)."""
    if isinstance(x, int | float | np.integer | np.floating):
        return f"rows {count(float(x))} to {count(float(x_end) - 1)}"
    start: Any = pd.Timestamp(x)
    end: Any = pd.Timestamp(x_end)
    if pd.isna(start) or pd.isna(end):
        return moment(start)
    if start == start.normalize() and end == end.normalize():
        last = end - pd.Timedelta(days=1)
        return moment(start) if last <= start else f"{moment(start)} to {moment(last)}"
    return f"{moment(start)} to {f'{end:%H:%M}' if end - start <= pd.Timedelta(days=1) else moment(end)}"
