"""The Review: the week on one figure in the shape of a slide, to be pasted as it is.

Notes for the page builder: this one has a fixed size (16:9), so show it with
`st.plotly_chart(fig, theme=None, width="content", config=plotly_config("review"))`; for a narrower column pass `width`,
not less than 960. The title is the week's headline.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.frame import Caption, frame
from dashboard.charts.labels import PAD, surround
from dashboard.charts.review_charts import small_map, small_performance
from dashboard.charts.slide import Sheet, fill, write
from dashboard.charts.text import cut, escape, plain, wrap
from dashboard.charts.text import width as text_width
from dashboard.charts.timeline import naive, records, windows
from dashboard.theme import STATUS, Palette, palette

MONITORS = ("drift", "concept", "decay", "missing", "integrity")
SIZE = 1.2  # of title, subtitle and footer: a slide is read from further away
TILE, GAP, HEAD = 70, 28, 28  # pixels: a tile's height, gaps, a heading's height


def review(
    findings: pd.DataFrame,
    performance: pd.DataFrame | None,
    measured: pd.DataFrame,
    *,
    title: str,
    caption: Caption,
    since: Any = None,
    metric: str = "AUC",
    period: str = "this week",
    recent: int = 60,
    mode: str = "light",
    width: int = 1280,
) -> go.Figure:
    """What broke this week: a tile per monitor, performance, the worst features over time, the worst findings in words.

    Parameters
    ----------
    findings : timeline frame of findings: `monitor`, `kind`, `feature`, `severity`, `state`, `effect`, `incident`,
        `message`; all of the recent ones, not the week's alone
    performance : timeline frame as for `performance.performance`, or None without labels and scores
    measured : the windows: `x`, `x_end`, `reference`
    since : where the reviewed period begins (datetime or row); the last window alone when left out
    metric, period : words: "AUC", "this week"
    recent : windows shown in the two small charts, the last ones
    """
    p = palette(mode)
    shown = windows(measured)
    found = _in_force(findings)
    begin = since if since is not None else (shown["x"].iloc[-1] if len(shown) else None)
    begin = begin.tz_localize(None) if isinstance(begin, pd.Timestamp) else begin
    week = found[found["x"] >= begin] if begin is not None and len(found) else found

    height = width * 9 // 16
    around = surround(title, caption.facts(), caption.provenance(), width, mode=mode, bottom=8, size=SIZE)
    hidden = {"xaxis": {"visible": False}, "yaxis": {"visible": False}}
    sheet = Sheet(width - 2.0 * PAD, float(height - around.top - around.foot), [], hidden, [], [])
    top, split = TILE + GAP, sheet.width * 0.56
    middle = top + (sheet.height - top) * 0.5

    _tiles(sheet, week, p)
    write(sheet, f"<b>{escape(metric)}</b>, realised and expected", 0, top, 16, p.ink)
    small_performance(sheet, windows(performance).iloc[-recent:], (top + HEAD, middle - 34), split, p)
    key = " ".join(f'\u2002<span style="color:{p.text(k)}">{STATUS[k].glyph}</span> {k}' for k in ("alert", "watch"))
    write(sheet, f"<b>Where it broke</b>, worst first {key}", 0, middle + 8, 16, p.ink)
    small_map(sheet, found, shown.iloc[-recent:], (middle + 8 + HEAD, sheet.height - 26), split, p)
    _words(sheet, week, period, sheet.width * 0.6, top, p)
    layout = {**sheet.layout, "shapes": sheet.shapes, "annotations": sheet.notes, "width": width}
    fig = {"data": sheet.data, "layout": layout}
    return frame(fig, title, caption, height, mode=mode, width=width, left=PAD, right=PAD, bottom=8, size=SIZE)


def _in_force(findings: pd.DataFrame | None) -> pd.DataFrame:
    """Alerts and watches that are neither resolved nor silenced, the worst and latest first."""
    needed, optional = ["x", "monitor", "severity"], ["feature", "kind", "message", "incident", "state", "effect"]
    if findings is None or not set(needed) <= set(findings.columns):
        return pd.DataFrame(columns=[*needed, *optional, "rank"])
    out = findings.assign(x=naive(findings["x"]))
    for column in optional:
        out[column] = out.get(column)
    out = out[out["severity"].isin(["alert", "watch"]) & ~out["state"].isin(["resolved", "silenced"])]
    out["rank"] = out["severity"].map({"alert": 2, "watch": 1}).astype(int)
    out["effect"] = pd.to_numeric(out["effect"], errors="coerce").abs().fillna(0.0)
    return out.sort_values(["rank", "effect", "x"], ascending=False, kind="stable", ignore_index=True)


def _distinct(found: pd.DataFrame) -> pd.DataFrame:
    """One finding per incident; without incidents, one per monitor, feature and kind."""
    keys = []
    for row in records(found):
        incident = row["incident"]
        named = isinstance(incident, str) and incident != ""
        keys.append(incident if named else (row["monitor"], str(row["feature"]), row["kind"]))
    return found[~pd.Series(keys, index=found.index, dtype=object).duplicated()]


def _tiles(sheet: Sheet, week: pd.DataFrame, p: Palette) -> None:
    """A tile per monitor: its name, and how many alerts and watches in glyph, number and word."""
    wide = (sheet.width - 14.0 * (len(MONITORS) - 1)) / len(MONITORS)
    for i, monitor in enumerate(MONITORS):
        left = i * (wide + 14)
        counted = _distinct(week[week["monitor"] == monitor])["severity"].value_counts()
        said = []
        for kind, plural in (("alert", "alerts"), ("watch", "watches")):
            n = int(counted.get(kind, 0))
            word = f"{STATUS[kind].glyph} {n} {kind if n == 1 else plural}"
            said += [f'<span style="color:{p.text(kind)}">{word}</span>'] if n else []
        status = "alert" if counted.get("alert", 0) else "watch" if counted.get("watch", 0) else "ok"
        fill(sheet, left, 0, left + wide, TILE, p.reference)
        fill(sheet, left, 0, left + 6, TILE, p.fill(status))
        write(sheet, f"<b>{monitor.capitalize()}</b>", left + 18, 11, 18, p.ink)
        quiet = f'<span style="color:{p.ok}">{STATUS["ok"].glyph}</span> quiet'
        write(sheet, "\u2002".join(said) or quiet, left + 18, 38, 17, p.muted)


def _words(sheet: Sheet, week: pd.DataFrame, period: str, left: float, top: float, p: Palette) -> None:
    """The worst findings in words, as many as fit, and how many more there are."""
    found = _distinct(week)
    room = sheet.width - left
    write(sheet, f"<b>What broke {escape(period)}</b>, worst first", left, top, 16, p.ink)
    at = top + HEAD + 6
    if found.empty:
        sentence = f"Nothing: every measurement of {period} stayed within its quiet range."
        said = "<br>".join(map(escape, wrap(sentence, room - 24, 17)))
        fill(sheet, left, at, left + 6, at + 76, p.ok)
        write(sheet, f"{STATUS['ok'].glyph} <b>quiet</b><br>{said}", left + 18, at + 4, 17, p.ink)
        return
    done = 0
    for row in records(found):
        status, message = row["severity"], row["message"]
        lines = wrap(message, room - 20, 15, lines=4) if isinstance(message, str) and message else []
        tall = 26 + 20 * len(lines) + 14
        if at + tall > sheet.height - (24 if done + 1 < len(found) else 0):
            break
        whole = "the log" if row["monitor"] == "integrity" else "the model"
        kind = plain(row["kind"] or row["monitor"]).replace("_", " ")
        feature = row["feature"] if isinstance(row["feature"], str) else whole
        name = escape(cut(feature, room - 90 - text_width(kind, 16), 16, bold=True))
        word = f'<span style="color:{p.text(status)}">{STATUS[status].glyph} {status}</span>'
        fill(sheet, left, at, left + 6, at + tall - 12, p.fill(status))
        write(sheet, f"{word} <b>{name}</b> {escape(kind)}", left + 18, at - 2, 16, p.ink)
        write(sheet, "<br>".join(map(escape, lines)) or " ", left + 18, at + 22, 15, p.muted)
        at += tall
        done += 1
    if done < len(found):
        write(sheet, f"… and {len(found) - done} more", left + 18, at, 15, p.muted)
