"""Can the log be believed? Rows, duplicates, gaps, labels, columns, versions, files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import data
from dashboard.charts.label_coverage import label_coverage
from dashboard.charts.series import series
from dashboard.charts.text import count, hours, plain, share
from dashboard.charts.timeline import records
from dashboard.charts.volume import volume
from dashboard.data import Page
from dashboard.views import common
from dashboard.views.common import counted
from dashboard.views.log_checks import checks
from dashboard.views.offline import offline
from dashboard.views.service import latency
from dashboard.views.sources import files, model_versions, new_columns, read_files
from dashboard.views.words import NAME_LABELS, has_labels, tile, unfinished, when
from monitors.profile.facts import DELAY_HOURS

TITLE = "Log health"
ICON = ":material/monitor_heart:"

_WHOLE = "Choose all rows as the segment."


def show(page: Page) -> None:
    """Whether all rows came, once each, with labels, in the columns and files that they should."""
    sources = files(page.path, int(data.known(page.path)["version"]), page.config.model.name)
    _tiles(page, sources)
    _rows(page)
    checks(page)
    left, right = st.columns(2)
    with left:
        _duplicates(page)
    with right:
        _labels(page)
    latency(page)
    offline(page)
    new_columns(page)
    left, right = st.columns(2)
    with left:
        model_versions(page)
    with right:
        read_files(sources)


# ----- numbers ------------------------------------------------------------------------------------------------------


def _tiles(page: Page, sources: pd.DataFrame) -> None:
    places = st.columns(4)
    rows, empty = page.windows["rows"], int((page.windows["rows"] == 0).sum())
    tile(places[0], "Rows in the period", count(rows.sum()), counted(len(rows), "window", "windows"))
    tile(places[1], "Windows without a row", count(empty), "gaps in the log" if empty else "no gap")
    twice = page.metric("integrity", "duplicate_share")
    if len(twice):
        doubled = float((twice["value"] * twice["n"]).sum())
        tile(
            places[2],
            "Rows that repeat an id",
            share(doubled / max(float(twice["n"].sum()), 1)),
            f"{count(doubled)} rows",
        )
    else:
        tile(places[2], "Rows that repeat an id", "–", "all rows only" if page.look.segment else "the log names no id")
    bad = int((sources["notes"] != "").sum())
    tile(
        places[3],
        "Files read with loss",
        f"{bad} of {count(len(sources))}",
        "see below" if bad else "every row of every file was read",
    )


# ----- rows ---------------------------------------------------------------------------------------------------------


def _rows(page: Page) -> None:
    if page.seen.grain.kind == "rows":
        common.nothing(
            f"Windows of {page.seen.grain.size} all hold as many rows: their volume says nothing.",
            "With a timestamp under [logs] in driftmeter.toml rows are counted by time.",
        )
        return
    rows = page.metric("integrity", "rows")
    gaps = page.windows[page.windows["rows"] == 0]
    if rows.empty:  # a segment: counted, not judged
        rows = page.windows.assign(value=page.windows["rows"].astype(float))
        title = (
            f"{plain(page.look.segment)} has {count(page.windows['rows'].sum())} rows; a segment's volume is not judged"
        )
    else:
        title = _rows_title(rows, gaps) + ("; the last window is not whole" if unfinished(page) else "")
    figure = volume(
        rows, title=title, caption=page.text(labels_pending=None), events=page.events, mode=common.mode(), width=1000
    )
    common.picking(figure, "volume")
    if len(gaps):
        st.markdown(common.safe(f"{counted(len(gaps), 'window has', 'windows have')} no row at all: {_named(gaps)}."))


def _named(gaps: pd.DataFrame, most: int = 12) -> str:
    told = [when(row) for row in records(gaps.head(most))]
    return ", ".join(told) + (f" and {len(gaps) - most} more" if len(gaps) > most else "")


def _rows_title(rows: pd.DataFrame, gaps: pd.DataFrame) -> str:
    judged, loud = rows[rows["p_value"].notna()], rows[rows["severity"] == "alert"]
    missing = f"; {counted(len(gaps), 'window', 'windows')} without any" if len(gaps) else ""
    if len(loud):
        by = (loud["value"] / loud["expected"] - 1).abs()
        worst = records(loud.loc[[by.idxmax()]])[0]
        by_most = worst["value"] / worst["expected"] - 1
        return (
            f"Rows were off in {len(loud)} of {len(judged)} windows, most {when(worst)}: "
            f"{abs(by_most):.0%} {'more' if by_most > 0 else 'fewer'} than usual{missing}"
        )
    if judged.empty:
        return f"Rows by window, none of which is judged{missing}"
    return f"As many rows as usual in {counted(len(judged), 'window', 'windows')}{missing}"


def _duplicates(page: Page) -> None:
    rows = page.metric("integrity", "duplicate_share")
    if rows.empty:
        if page.look.segment:
            common.nothing("Duplicates are counted over all rows, not by segment.", _WHOLE)
        else:
            common.nothing(
                "Nobody can say whether rows come twice: the log names no id.",
                "Name it under [logs] id in driftmeter.toml, and run again.",
            )
        return
    loud = rows[rows["severity"] == "alert"]
    if len(loud):
        worst = records(loud.loc[[loud["value"].idxmax()]])[0]
        title = f"{share(worst['value'])} of rows came twice, {when(worst)}"
    elif rows["value"].max() == 0:
        title = f"No row repeats an id in {counted(len(rows), 'window', 'windows')}"
    else:
        title = f"About as many rows repeat an id as usual: {share(float(rows['value'].iloc[-1]))} now"
    figure = series(
        rows.assign(band_low=np.nan, low=np.nan, high=np.nan),
        title=title,
        caption=page.text(labels_pending=None),
        y="share of rows that repeat an id",
        unit="share",
        zero=True,
        events=page.events,
        mode=common.mode(),
        width=480,
        height=460,
    )
    common.picking(figure, "duplicates")


def _labels(page: Page) -> None:
    rows = page.metric("concept", "labelled_share")
    if rows.empty or not has_labels(page):
        common.nothing("This log has no labels: their coverage and delay cannot be shown.", NAME_LABELS)
        return
    delays = page.metric("integrity", "label_delay_hours")[["window_start", "value"]].rename(
        columns={"value": "label_delay_hours"}
    )
    rows = rows.assign(labelled_share=rows["value"]).merge(delays, on="window_start", how="left")
    rows["label_delay_p90"] = slowest(page).reindex(rows["window_start"]).to_numpy()
    came = float((rows["labelled_share"] * rows["n"]).sum() / max(rows["n"].sum(), 1))
    usual = rows["label_delay_hours"].median()
    title = f"{share(came)} of rows have their label" + (
        f", half of them within {hours(usual)}" if np.isfinite(usual) else ""
    )
    figure = label_coverage(
        rows, title=title, caption=page.caption, events=page.events, mode=common.mode(), width=480, height=460
    )
    common.picking(figure, "labels")


def slowest(page: Page) -> pd.Series:
    """Hours after which 90% of the labels that came were in, by start of window; NaN where labels carry no time."""
    edges = np.array([*DELAY_HOURS, 2 * DELAY_HOURS[-1]])
    out = {}
    for start, facts in zip(page.seen.cube.starts, page.seen.cube.facts, strict=True):
        counts = np.array(facts.get("delays", []), float)
        whole = counts.sum()
        out[int(start)] = np.interp(0.9 * whole, np.concatenate([[0], counts.cumsum()]), edges) if whole else np.nan
    return pd.Series(out, dtype=float)
