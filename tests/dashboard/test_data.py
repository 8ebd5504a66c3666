"""What pages get: periods in whole windows, caches that follow the store, findings of all segments."""

from __future__ import annotations

import ast
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard import data
from monitors.config import Config
from monitors.errors import UserError
from monitors.pipeline import run
from monitors.store import Store
from monitors.views import Look
from tests.dashboard.conftest import FIXTURES, MONTHS

DAY = 86_400_000_000


def test_the_whole_log_by_default(flights: str) -> None:
    page = data.page(flights, Look("1d"))
    assert len(page.windows) == 212
    assert page.windows["rows"].sum() == page.caption.n
    assert page.windows["reference"].sum() == 90
    assert page.features == ["AIRLINE", "AIR_TIME", "CANCELLED", "DISTANCE", "TAXI_OUT"]


@pytest.mark.parametrize(("last", "windows"), [(4, 4), (52, 52), (1000, 212), (None, 212)])
def test_the_last_windows(flights: str, last: int | None, windows: int) -> None:
    page = data.page(flights, Look("1d"), last=last)
    assert len(page.windows) == windows
    assert page.measured["window_start"].nunique() == windows
    assert page.windows["window_end"].max() == page.end


def test_a_period_is_widened_to_whole_windows(flights: str) -> None:
    noon = pd.Timestamp("2015-07-01 12:00", tz="UTC").value // 1000
    page = data.page(flights, Look("1w"), noon, noon + DAY)
    assert page.windows["x"].tolist() == [pd.Timestamp("2015-06-29")]
    assert (page.start, page.end) == (page.windows["window_start"][0], page.windows["window_end"][0])


def test_a_period_without_windows_is_an_error(flights: str) -> None:
    with pytest.raises(UserError, match="holds no window: the log runs from 2015-01-01 to 2015-07-31"):
        data.page(flights, Look("1d"), 0, DAY)


def test_measurements_carry_their_findings(flights: str) -> None:
    page = data.page(flights, Look("1d"))
    marked = page.measured[page.measured["severity"].notna()]
    assert len(marked) == len(page.found)
    assert len(page.measured) == len(page.seen.measured)
    assert marked["message"].notna().all()
    rows = page.metric("drift", "jensen_shannon", "AIRLINE")
    assert rows["window_start"].is_monotonic_increasing
    assert set(rows["feature"]) == {"AIRLINE"}


def test_findings_of_segments_are_told_as_run_and_only_then(search: str) -> None:
    as_run = data.page(search, Look("1d"))
    by_week = data.page(search, Look("1w"))
    assert as_run.as_run
    assert as_run.told["segment"].notna().any()
    assert as_run.found["segment"].isna().all()
    assert not by_week.as_run
    assert by_week.told is by_week.found


def test_as_run_says_what_the_command_line_says(flights: str) -> None:
    page = data.page(flights, Look("1d"))
    stored = data.store(page.config.store.url).findings(page.config.model.name)
    keys = ["monitor", "metric", "feature", "window_start", "severity", "state", "message"]
    pd.testing.assert_frame_equal(
        page.found[keys].sort_values(keys).reset_index(drop=True), stored[keys].sort_values(keys).reset_index(drop=True)
    )


def test_a_new_event_is_seen_without_a_restart(flights: str, tmp_path: Path) -> None:
    path = copied(flights, tmp_path)
    assert data.page(path, Look("1d")).events.empty
    config = Config.load(path)
    store = Store.open(config.store.url)
    store.add_event(config.model.name, pd.Timestamp("2015-07-01", tz="UTC").value // 1000, "deploy", "v2")
    store.close()
    events = data.page(path, Look("1d")).events
    assert events["label"].tolist() == ["v2"]
    assert events["x"].tolist() == [pd.Timestamp("2015-07-01")]


def test_another_store_in_the_same_place_is_opened_anew(flights: str, tmp_path: Path) -> None:
    path = copied(flights, tmp_path)
    assert data.row(path) is not None
    (tmp_path / "driftmeter.db").unlink()
    with pytest.raises(UserError, match="driftmeter run"):
        data.row(path)
    copied(flights, tmp_path)
    assert data.row(path) is not None


def test_another_run_and_another_configuration_are_seen(flights: str, tmp_path: Path) -> None:
    path = Path(copied(flights, tmp_path))
    for month in range(1, MONTHS + 1):
        shutil.copy(FIXTURES / "flights" / f"2015-{month:02}.parquet", tmp_path)
    before = data.page(str(path), Look("1w"))
    shutil.copy(FIXTURES / "flights" / f"2015-{MONTHS + 1:02}.parquet", tmp_path)
    run(Config.load(path))
    after = data.page(str(path), Look("1w"))
    assert len(after.windows) > len(before.windows)
    assert after.seen.measured["window_start"].max() > before.seen.measured["window_start"].max()
    path.write_text(path.read_text().replace('name = "', 'name = "another '))
    os.utime(path, ns=(0, 0))
    with pytest.raises(UserError, match='the store has no model "another'):
        data.page(str(path), Look("1w"))


def test_what_a_cache_depends_on_is_a_key_of_it() -> None:
    """Streamlit leaves an argument with a leading underscore out of the key: only what follows from the others may."""
    for path in (FIXTURES.parent / "dashboard").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and any(
                "st.cache" in ast.unparse(each) for each in node.decorator_list
            ):
                left_out = {each.arg for each in node.args.args if each.arg.startswith("_")}
                assert left_out <= {"_base", "_kept"}, f"{path.name}: {node.name}"


def copied(config: str, folder: Path) -> str:
    """A store and its configuration in another folder."""
    shutil.copy(Path(config).with_name("driftmeter.db"), folder / "driftmeter.db")
    return str(shutil.copy(config, folder))


def test_starts_of_coarser_windows(flights: str) -> None:
    by_day, by_month = data.starts(flights, "1d"), data.starts(flights, "1mo")
    assert len(by_day) == 212
    assert len(by_month) == 7
    assert set(by_month) <= set(by_day)
    assert (np.diff(by_month) > 27 * DAY).all()


def test_the_caption_says_what_a_pasted_chart_must(search: str) -> None:
    caption = data.page(search, Look("1w", segment="locale=pt-BR"), last=4).caption
    assert caption.model == "image-search (synthetic), locale=pt-BR"
    assert caption.synthetic
    assert caption.window == "weekly windows (UTC), 10 Mar 2025 to 6 Apr 2025"
    assert caption.reference == "2025-01-06 to 2025-02-02"
    assert caption.as_of.startswith("2025-04-05")
    assert caption.labels_pending is not None
    assert 0 < caption.labels_pending < (caption.n or 0)
