"""One marker per window, apart by status in shape and word, with everything known about it in the hover."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from dashboard.charts.labels import Key
from dashboard.charts.text import count, escape, period
from dashboard.charts.timeline import finite, middle
from dashboard.theme import STATUS, Palette

_SIZES = {"ok": 0.5, "watch": 1.0, "alert": 1.0, "silenced": 0.85}  # of the largest marker


def hovers(frame: pd.DataFrame, say: Callable[[float], str], value: str = "value", name: str = "") -> list[str]:
    """A hover text per row from a measurement's columns: value, interval, expected, band, n, severity, message."""
    columns = {c: finite(frame, c) for c in (value, "low", "high", "expected", "band_low", "band_high", "n", "p_value")}
    words = frame["severity"].tolist() if "severity" in frame else [None] * len(frame)
    messages = frame["message"].tolist() if "message" in frame else [None] * len(frame)
    held = frame["reference"].tolist() if "reference" in frame else [False] * len(frame)
    weak = frame["underpowered"].eq(True).tolist() if "underpowered" in frame else [False] * len(frame)
    smallest = finite(frame, "smallest_shift")
    out = []
    for i, (start, end) in enumerate(zip(frame["x"], frame["x_end"], strict=True)):
        got = {key: column[i] for key, column in columns.items()}
        lines = [period(start, end) + (" (reference)" if held[i] else "")]
        text = f"{escape(name)} <b>{say(got[value])}</b>".strip()
        if np.isfinite(got["low"]) and np.isfinite(got["high"]):
            text += f" (95% interval {say(got['low'])} to {say(got['high'])})"
        lines.append(text)
        if np.isfinite(got["expected"]):
            lines.append(f"expected {say(got['expected'])}")
        limits = [say(got[b]) for b in ("band_low", "band_high") if np.isfinite(got[b])]
        if limits:
            lines.append(f"quiet {'from ' + ' to '.join(limits) if len(limits) == 2 else 'up to ' + limits[0]}")
        if np.isfinite(got["n"]):
            lines.append(f"n = {count(got['n'])}")
        if weak[i]:
            lines.append(f"too few rows: a shift under {say(smallest[i])} would not have been seen")
        status = STATUS.get(words[i] or "ok", STATUS["ok"])
        said = messages[i] if isinstance(messages[i], str) else ""
        if words[i]:
            lines.append(f"{status.glyph} {status.word}{': ' + folded(said) if said else ''}")
        out.append("<br>".join(lines))
    return out


def folded(message: str, columns: int = 60) -> str:
    """A message in lines of about `columns` characters: plotly does not fold hover texts."""
    lines = [""]
    for word in message.split():
        if len(lines[-1]) + len(word) >= columns:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(map(escape, lines))


def markers(
    frame: pd.DataFrame,
    values: np.ndarray,
    texts: list[str],
    p: Palette,
    *,
    name: str,
    room: float,
    colour: str | None = None,
    axes: tuple[str, str] = ("x", "y"),
) -> list[dict[str, Any]]:
    """Marker traces by status; a click selects the window (`customdata` holds `x` as ISO text or number).

    Parameters
    ----------
    name : what the quiet windows' markers are called in hover
    room : the plot's width in pixels: the more windows, the smaller the markers
    colour : of quiet windows; the status colour when left out
    """
    kinds = frame["severity"].where(frame["severity"].notna(), "ok").to_numpy()
    at = middle(frame)
    keys = [key.isoformat() if isinstance(key, pd.Timestamp) else int(key) for key in frame["x"]]
    largest = min(11.0, max(6.0, 1.3 * room / max(len(frame), 1)))
    out: list[dict[str, Any]] = []
    for kind, status in STATUS.items():
        chosen = np.flatnonzero((kinds == kind) & np.isfinite(values))
        if not len(chosen):
            continue
        out.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name if kind == "ok" else status.word,
                "x": at.to_numpy()[chosen],
                "y": values[chosen],
                "customdata": [[keys[i]] for i in chosen],
                "text": [texts[i] for i in chosen],
                "hovertemplate": "%{text}<extra></extra>",
                "marker": {
                    "symbol": status.symbol,
                    "size": max(3.0, _SIZES[kind] * largest),
                    "color": colour or p.ok if kind == "ok" else p.fill(kind),
                    "line": {"width": 0 if kind == "ok" else 1.2, "color": p.line(kind)},
                },
                "selected": {"marker": {"opacity": 1}},
                "unselected": {"marker": {"opacity": 0.55}},
                "xaxis": axes[0],
                "yaxis": axes[1],
            }
        )
    return out


def status_keys(traces: list[dict[str, Any]], p: Palette) -> list[Key]:
    """Legend entries for the statuses among marker traces."""
    present = {trace["name"] for trace in traces}
    return [Key(s.glyph, s.word, p.fill(kind)) for kind, s in STATUS.items() if kind != "ok" and s.word in present]
