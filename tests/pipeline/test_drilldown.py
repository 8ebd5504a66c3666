"""Evidently's report of one window, on a sample of its rows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from monitors.config import Config
from monitors.drilldown import drilldown, sample
from monitors.errors import UserError
from monitors.pipeline import run
from monitors.store import Store
from tests.pipeline.test_references import BROKEN, log


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, Store]:
    """A log whose columns would stop Evidently, and its store."""
    home = tmp_path_factory.mktemp("drilldown")
    (home / "logs").mkdir()
    frame = log().assign(nothing=None, late=lambda f: f["x"].where(f["ts"] >= BROKEN))
    for name, part in frame.groupby(frame["ts"].dt.date):
        part.to_parquet(home / f"logs/{name}.parquet", index=False)
    content = {"logs": {"path": "logs/*.parquet", "timestamp": "ts", "label": "y"},
               "reference": {"start": "2025-02-24", "end": "2025-03-16"}}  # fmt: skip
    config = Config.from_dict(content, home)
    run(config)
    return config, Store.open(config.store.url, read_only=True)


@pytest.mark.filterwarnings("ignore")  # of Evidently and of what it imports
def test_the_report_names_features_and_survives_empty_columns(stored: tuple[Config, Store], tmp_path: Path) -> None:
    config, store = stored
    report = drilldown(config, store, [int(BROKEN.value // 1000)], tmp_path / "report.html").read_text()
    told = {name for name in ("x", "z", "late", "nothing") if f'"{name}"' in report or f"={name}," in report}
    assert told == {"x", "z"}  # "late" has no value in the reference, "nothing" has none at all


def test_a_sample_is_bounded_and_the_same_every_time(stored: tuple[Config, Store]) -> None:
    config, store = stored
    bins = store.bins("model")
    assert bins is not None
    starts = list(store.starts("model"))[:20]
    first = sample(config, store, bins, starts, rows=500)
    assert len(first) == 500
    pd.testing.assert_frame_equal(first, sample(config, store, bins, starts, rows=500))
    whole = log()
    assert set(first["x"].round(9)) <= set(whole["x"].round(9))


def test_windows_that_are_gone_are_told(stored: tuple[Config, Store], tmp_path: Path) -> None:
    config, store = stored
    with pytest.raises(UserError, match="not in the log any more"):
        drilldown(config, store, [0], tmp_path / "report.html")
