"""The Overview: which feature broke when, worst on top."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import maps
from dashboard.charts.frame import WIDTH, Caption, empty, frame
from dashboard.charts.labels import FILLED, Key
from dashboard.charts.points import folded
from dashboard.charts.strip import marks, strip
from dashboard.charts.text import escape, moment, period, said
from dashboard.charts.timeline import BOTTOM, naive, records, time_axis, time_title, windows
from dashboard.theme import STATUS, Palette, palette, status

_RANK = {"alert": 3, "watch": 2, "silenced": 1}


def findings_map(
    findings: pd.DataFrame,
    measured: pd.DataFrame,
    features: list[str],
    *,
    title: str,
    caption: Caption,
    events: pd.DataFrame | None = None,
    top: int = 40,
    note: str = "",
    mode: str = "light",
    width: int = WIDTH,
) -> go.Figure:
    """Feature × time: ■ alert, ◆ watch, quiet cells pale, what was not measured blank. Height follows the rows.

    Select with `on_select`: `points[i]["customdata"]` is `[feature, x, incident]`, x as ISO text or row number; feature
    is "" for findings about the model or the log.

    Parameters
    ----------
    findings : timeline frame of findings, one row per feature and window: `monitor`, `kind`, `feature`, `severity`,
        `state`, `incident`, `message`; silenced ones too, they are shown as such
    measured : the windows: `x`, `x_end`, `reference`
    features : every feature, quiet ones too
    top : rows shown at most; the rest is told in one line
    note : how to read it, one sentence in the footer
    """
    p = palette(mode)
    shown = windows(measured)
    if shown.empty:
        return empty(
            title,
            "No window has been measured yet. Run `driftmeter run` on logs that reach beyond the reference.",
            caption,
            mode=mode,
            width=width,
        )
    axis = maps.axis_windows(shown)
    found = _found(findings, axis)
    order = _worst_first(found, features)
    rows = order[:top]
    if not rows:
        return empty(
            title,
            "The log has no feature to show. Name some under [features] in driftmeter.toml.",
            caption,
            mode=mode,
            width=width,
        )
    names = [name for name, _ in rows]
    words = [_word(found.get(key, {}), axis, p) for _, key in rows]
    left, right = maps.margins(names, [text for text, _ in words], width)
    room = width - left - right

    z = np.repeat(np.where(axis["reference"].to_numpy(), 0.0, 1.0)[None, :], len(rows), axis=0)
    starts = list(axis["x"])
    spans = [period(a, b) for a, b in zip(axis["x"], axis["x_end"], strict=True)]
    keys = [a.isoformat() if isinstance(a, pd.Timestamp) else int(a) for a in starts]
    texts: list[list[str]] = []
    data_keys: list[list[Any]] = []
    marked: dict[str, list[tuple[int, int]]] = {kind: [] for kind in _RANK}
    for i, (name, key) in enumerate(rows):
        cells = found.get(key, {})
        line, line_keys = [], []
        for j in range(len(axis)):
            hit = cells.get(j)
            if hit:
                worst = max(hit, key=lambda f: _RANK[f["status"]])
                marked[worst["status"]].append((i, j))
                z[i, j] = 2.0 if worst["status"] == "alert" else z[i, j]
                said = [
                    f"{STATUS[f['status']].glyph} {STATUS[f['status']].word}: {folded(f['message'])}" for f in hit[:4]
                ]
                said += [f"… and {len(hit) - 4} more"] if len(hit) > 4 else []
            else:
                said = ["reference, not judged" if axis["reference"].iloc[j] else "● quiet"]
            line.append("<br>".join([f"<b>{escape(name)}</b>", spans[j], *said]))
            line_keys.append([key[0], keys[j], (worst["incident"] if hit else "")])
        texts.append(line)
        data_keys.append(line_keys)

    colours = [p.reference, p.quiet, p.alert]
    scale = [[k / 3 + e, colours[k]] for k in range(3) for e in (0, 1 / 3)]
    data: list[dict[str, Any]] = [
        maps.cells(axis, z, room, colorscale=scale, zmin=-0.5, zmax=2.5),
    ]
    size = float(np.clip(min(maps.ROW - 9, room / len(axis) * 1.4), 6, 12))
    middle = (axis["x"] + (axis["x_end"] - axis["x"]) / 2).tolist()
    for kind in ("silenced", "watch", "alert"):
        status, at = STATUS[kind], marked[kind]
        if at:
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": status.word,
                    "x": [middle[j] for _, j in at],
                    "y": [i for i, _ in at],
                    "hoverinfo": "skip",
                    "marker": {
                        "symbol": status.symbol,
                        "size": size,
                        "color": p.fill(kind),
                        "line": {"width": 1 if kind != "alert" else 0, "color": p.line(kind)},
                    },
                    "unselected": {"marker": {"opacity": 1}},
                }
            )
    data += [maps.targets(axis, np.ones_like(z, dtype=bool), texts, data_keys), maps.twin(starts[0])]

    laid = strip(axis, marks(axis, events, p), room, p, overhang=right - 8)
    notes = list(laid.annotations)
    rest = _rest(order[top:], found)
    if rest:
        notes.append(maps.rest_line(rest, left, p))
    layout = {
        "xaxis": time_axis(axis, room),
        **maps.sides(names, words, left, right, p),
        "annotations": notes,
        "shapes": [s for s in laid.shapes if s["name"] != "reference"],
    }
    legend = [Key(FILLED, "reference, not judged", p.reference), Key(FILLED, "quiet", p.quiet)]
    legend += [Key(STATUS[k].glyph, STATUS[k].word, p.fill(k)) for k in ("watch", "alert")]
    legend += [Key(STATUS["silenced"].glyph, "silenced", p.muted)] if marked["silenced"] else []
    return frame(
        {"data": data, "layout": layout},
        title,
        caption,
        0,
        mode=mode,
        width=width,
        left=left,
        right=right,
        bottom=BOTTOM + (maps.REST if rest else 0),
        strip=laid.height,
        legend=legend,
        note=note,
        x_title=time_title(axis),
        floor=maps.ROW * len(rows),
    )


def _found(findings: pd.DataFrame | None, axis: pd.DataFrame) -> dict[tuple[str, str], dict[int, list[dict[str, Any]]]]:
    """Findings by row and window, worst first. A row is (feature, "") or ("", "model" | "log")."""
    out: dict[tuple[str, str], dict[int, list[dict[str, Any]]]] = {}
    if findings is None or findings.empty or "x" not in findings:
        return out
    column = {start: j for j, start in enumerate(axis["x"])}
    for row in records(findings.assign(x=naive(findings["x"]))):
        j = column.get(row["x"])
        kind = "silenced" if row.get("state") == "silenced" else status(row.get("severity"), "")
        if j is None or kind not in _RANK:
            continue
        feature = row.get("feature")
        whole = ("", "log" if row.get("monitor") == "integrity" else "model")
        key = (feature, "") if isinstance(feature, str) and feature else whole
        hit = {
            "status": kind,
            "kind": said(row.get("kind"), said(row.get("metric"), said(row.get("monitor")))),
            "incident": said(row.get("incident")),
            "message": said(row.get("message")),
        }
        out.setdefault(key, {}).setdefault(j, []).append(hit)
    for cells in out.values():
        for hits in cells.values():
            hits.sort(key=lambda f: -_RANK[f["status"]])
    return out


def _worst_first(found: dict[Any, Any], features: list[str]) -> list[tuple[str, tuple[str, str]]]:
    """(name shown, row key), rows with the worst and latest findings on top, then the features as they came."""
    keys = [("", "model"), ("", "log")]
    keys = [k for k in keys if k in found] + [(f, "") for f in dict.fromkeys(features)]
    keys += [k for k in found if k[0] and k[0] not in set(features)]

    def weight(key: tuple[str, str]) -> tuple[float, ...]:
        cells = found.get(key, {})
        worst = max((_RANK[h[0]["status"]] for h in cells.values()), default=0)
        at = [j for j, h in cells.items() if _RANK[h[0]["status"]] == worst]
        return (-worst, -max(at, default=0), -len(at))

    return [(k[0] or f"the {k[1]} as a whole", k) for k in sorted(keys, key=weight)]


def _word(cells: dict[int, list[dict[str, Any]]], axis: pd.DataFrame, p: Palette) -> tuple[str, str]:
    """What the row's end says: the worst status, its kind, and since when (or that it is over)."""
    if not cells:
        return "", p.muted
    worst = max(_RANK[h[0]["status"]] for h in cells.values())
    at = sorted(j for j, h in cells.items() if _RANK[h[0]["status"]] == worst)
    hit = cells[at[-1]][0]
    run = at[-1]
    while run - 1 in cells and _RANK[cells[run - 1][0]["status"]] == worst:
        run -= 1
    status = STATUS[hit["status"]]
    begun = _day(axis, run)
    kind = hit["kind"].replace("_", " ")
    since = f"since {begun}" if at[-1] == len(axis) - 1 else f"until {_day(axis, at[-1])}"
    return f"{status.glyph} {kind} {since}".replace("  ", " "), p.text(hit["status"])


def _day(axis: pd.DataFrame, j: int) -> str:
    """The start of a window, without the year where it is the last window's own."""
    start, last = axis["x"].iloc[j], axis["x"].iloc[-1]
    said = moment(start)
    return said.replace(f" {start.year}", "") if isinstance(start, pd.Timestamp) and start.year == last.year else said


def _rest(hidden: list[tuple[str, tuple[str, str]]], found: dict[Any, Any]) -> str:
    loud = sum(1 for _, key in hidden if key in found)
    quiet = len(hidden) - loud
    parts = [f"{loud} more feature{'s' * (loud != 1)} with findings"] if loud else []
    parts += [f"{quiet} quiet feature{'s' * (quiet != 1)}"] if quiet else []
    return f"… and {' and '.join(parts)}" if parts else ""
