"""Stores made by the real pipeline, and the app opened on them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from monitors.cli.serve import CONFIGS
from monitors.config import Config
from monitors.pipeline import run

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
MONTHS = 7  # of flights: the reference, and the category that is lost in July

Opened = Callable[..., AppTest]
Made = Callable[..., str]


def flights_store(folder: Path) -> str:
    """The flights of some months, run; the configuration's path."""
    for month in range(1, MONTHS + 1):
        shutil.copy(FIXTURES / "flights" / f"2015-{month:02}.parquet", folder)
    return _run(shutil.copy(FIXTURES / "flights" / "driftmeter.toml", folder))


def search_store(folder: Path) -> str:
    """The small cut of the synthetic search, run; the configuration's path."""
    shutil.copytree(FIXTURES / "search" / "small", folder, dirs_exist_ok=True)
    return _run(folder / "driftmeter.toml")


def _run(config: str | Path) -> str:
    run(Config.load(config))
    return str(config)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The store of a frame and a configuration's text, made once by its name; the configuration's path."""
    known: dict[str, str] = {}

    def make(name: str, frame: pd.DataFrame, config: str) -> str:
        if name not in known:
            folder = tmp_path_factory.mktemp(name)
            frame.to_parquet(folder / "log.parquet", index=False)
            (folder / "driftmeter.toml").write_text(config, encoding="utf-8")
            known[name] = _run(folder / "driftmeter.toml")
        return known[name]

    return make


@pytest.fixture(autouse=True, scope="session")
def no_components() -> Iterator[None]:
    """At each run of a page Streamlit looks through all installed packages for components, of which we have none.

    In the browser's tests it does.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streamlit.components.v2.manifest_scanner.scan_component_manifests", list)
        yield


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Open a page of the app on configurations, with parameters as in its URL."""

    def open_page(*configs: str, page: str = "", mode: str = "light", **params: Any) -> AppTest:
        monkeypatch.setenv(CONFIGS, os.pathsep.join(configs))
        app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
        app.query_params = dict(params)
        app.context = {"theme": mode}
        if page:  # AppTest switches to files alone; this is what a click in the navigation sends
            app._page_hash = calc_hash(page)
        return app.run()

    return open_page


def texts(app: AppTest) -> str:
    """Everything that a page says outside of its charts."""
    kinds = (app.markdown, app.subheader, app.caption, app.warning, app.error, app.info)
    return "\n".join(str(element.value) for kind in kinds for element in kind)
