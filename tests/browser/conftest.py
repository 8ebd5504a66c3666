"""The app served on both fixture stores, and a real browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from monitors.cli.serve import CONFIGS
from tests.dashboard.conftest import ROOT

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE = 60  # seconds

READY = """() => {
    const app = document.querySelector('[data-testid=stApp]');
    const done = app && app.dataset.testConnectionState === 'CONNECTED' && app.dataset.testScriptState === 'notRunning';
    const charts = [...document.querySelectorAll('[data-testid=stPlotlyChart]')];
    return done && !document.querySelector('[data-stale=true], [data-testid=stSkeleton]')
        && charts.every(chart => chart.querySelector('.main-svg'));
}"""


@pytest.fixture(scope="session")
def url(flights: str, search: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the app is served on the flights and on the small search."""
    port = free_port()
    environment = os.environ | {CONFIGS: os.pathsep.join([flights, search]), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard" / "app.py"), "--server.headless=true"]
    command += ["--server.address=127.0.0.1", f"--server.port={port}", "--browser.gatherUsageStats=false"]
    command += ["--client.showErrorDetails=full"]  # an exception's box is what a failing test shows
    log = tmp_path_factory.mktemp("served") / "log.txt"
    with log.open("w") as file:
        served = subprocess.Popen(command, env=environment, cwd=log.parent, stdout=file, stderr=subprocess.STDOUT)
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health", served, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        served.terminate()
        served.wait(PATIENCE)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str, served: subprocess.Popen, log: Path) -> None:
    """Return once the address answers."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and served.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"the app was not served: {log.read_text()}")


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A new tab; what its console says as an error fails the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme="light")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.set_default_timeout(PATIENCE * 1000)
    yield page
    context.close()
    assert not said


def ready(page: Page) -> None:
    """Wait until the script is done and the charts are drawn; a click shows as running within 0.1 s."""
    page.wait_for_timeout(200)
    page.wait_for_function(READY)
    page.wait_for_timeout(100)
