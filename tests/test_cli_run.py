"""The commands on real logs, through the whole pipeline."""

from __future__ import annotations

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitors.cli import demo
from monitors.config import Config
from tests.test_cli import PROGRAM, call, ran

DAYS = 40
BROKEN = "2024-02-05"  # the day from which the log of these tests goes wrong


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A folder with one CSV: 40 days, 300 rows a day; from 5 February on `plan` is empty for most rows."""
    rng = np.random.default_rng(3)
    rows = 300 * DAYS
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(rng.uniform(0, DAYS * 86400, rows)), unit="s").floor(
        "s"
    )
    score = rng.beta(2, 3, rows).round(3)
    plan = np.where((times >= BROKEN) & (rng.random(rows) < 0.8), None, rng.choice(["free", "paid"], rows))
    frame = pd.DataFrame(
        {
            "timestamp": times,
            "request_id": [f"r{i}" for i in range(rows)],
            "score": score,
            "clicked": (rng.random(rows) < score).astype(int),
            "age": rng.normal(40, 10, rows).round(1),
            "plan": plan,
        }
    )
    frame.to_csv(tmp_path / "log.csv", index=False)
    return tmp_path


def answer(capsys: pytest.CaptureFixture[str], *arguments: str | Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a command that succeeds prints."""
    capsys.readouterr()
    assert call(*arguments, monkeypatch=monkeypatch) == 0
    return capsys.readouterr().out


def test_from_an_unknown_csv_to_findings(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(log)
    assert "plan: named like a group" in answer(capsys, "init", "log.csv", monkeypatch=monkeypatch)
    first = answer(capsys, "run", monkeypatch=monkeypatch)
    assert f"log: {DAYS} of {DAYS} windows profiled from 1 file;" in first
    found = json.loads(answer(capsys, "findings", "--json", monkeypatch=monkeypatch))
    nulls = [each for each in found if each["monitor"] == "missing" and each["feature"] == "plan"]
    assert nulls
    assert {each["kind"] for each in nulls} == {"null_rate"}
    assert min(each["onset"] for each in nulls) == f"{BROKEN}T00:00:00+00:00"
    assert "age" not in {each["feature"] for each in found}
    assert "plan" in answer(capsys, "findings", monkeypatch=monkeypatch)

    assert call("check", monkeypatch=monkeypatch) == 1
    assert "log: " in capsys.readouterr().out
    assert call("check", "--window", "2024-01-25", monkeypatch=monkeypatch) == 0

    answer(capsys, "measurements", "--out", "all.parquet", monkeypatch=monkeypatch)
    measured = pd.read_parquet("all.parquet")
    assert measured["window_start"].nunique() == DAYS
    assert set(measured["monitor"]) >= {"drift", "concept", "decay", "missing", "integrity"}

    answer(capsys, "note", "new sign-up form", "--at", BROKEN, "--kind", "product", monkeypatch=monkeypatch)
    assert "nothing new" in answer(capsys, "run", monkeypatch=monkeypatch)
    assert json.loads(answer(capsys, "findings", "--json", monkeypatch=monkeypatch)) == found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('path = "log.csv"', 'path = "lgo.csv"'), "log.csv"),
        (('path = "log.csv"', 'path = "*.parquet"'), "matches no file"),
        (('timestamp = "timestamp"', 'timestamp = "timestmp"'), 'did you mean "timestamp"?'),
        (('label = "clicked"', 'label = "clickd"'), 'did you mean "clicked"?'),
        (('segments = ["plan"]', 'segments = ["plann"]'), 'did you mean "plan"?'),
    ],
)
def test_mistakes_that_only_the_log_shows(
    change: tuple[str, str], words: str, log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(log)
    answer(capsys, "init", "log.csv", monkeypatch=monkeypatch)
    text = Path("driftmeter.toml").read_text()
    assert change[0] in text
    Path("driftmeter.toml").write_text(text.replace(*change))
    assert call("run", monkeypatch=monkeypatch) == 2
    err = [line for line in capsys.readouterr().err.splitlines() if line.startswith("driftmeter: ")]
    assert len(err) == 1
    assert words in err[0]


def test_people_are_told_once(log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    received: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["title"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        monkeypatch.chdir(log)
        answer(capsys, "init", "log.csv", monkeypatch=monkeypatch)
        with Path("driftmeter.toml").open("a") as file:
            file.write(f'[notify]\nurls = ["json://127.0.0.1:{server.server_port}/"]\n')
        answer(capsys, "run", monkeypatch=monkeypatch)
        assert len(received) == 1
        assert received[0].startswith("log: ")
        answer(capsys, "run", monkeypatch=monkeypatch)
        assert len(received) == 1
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The configuration that `demo flights` made, and what it printed."""
    home = tmp_path_factory.mktemp("home")
    done = ran("demo", "flights", "--home", home, "--no-dashboard")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return home / "flights" / "driftmeter.toml", done.stdout


def test_demo_says_what_it_found(flights: tuple[Path, str]) -> None:
    _, out = flights
    assert "365 of 365 windows" in out
    assert '"AIRLINE" no longer takes US' in out


def test_demo_twice_is_demo_once(flights: tuple[Path, str]) -> None:
    config, out = flights
    done = ran("demo", "flights", "--home", config.parent.parent, "--no-dashboard")
    assert done.returncode == 0
    assert "nothing new in 365 windows" in done.stdout
    table = "flight-delay: open alerts"
    assert done.stdout.split(table)[1] == out.split(table)[1]


def test_the_lost_carrier_is_dated_and_the_quiet_columns_are_quiet(
    flights: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config, _ = flights
    found = json.loads(answer(capsys, "findings", "-c", config, "--json", monkeypatch=monkeypatch))
    lost = [each for each in found if each["kind"] == "lost_category"]
    assert {each["feature"] for each in lost} == {"AIRLINE"}
    assert {each["onset"] for each in lost} == {"2015-07-01T00:00:00+00:00"}
    quiet = {"TAXI_OUT", "AIR_TIME", "DISTANCE"}
    assert [each for each in found if each["monitor"] == "drift" and each["feature"] in quiet] == []


@pytest.fixture
def served(flights: tuple[Path, str], tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`driftmeter dashboard` running away from the checkout, and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [*PROGRAM, "dashboard", "-c", str(flights[0]), "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as server:
        yield server, port
        server.terminate()
        server.communicate(timeout=30)


def test_the_dashboard_answers(served: tuple[subprocess.Popen[bytes], int]) -> None:
    server, port = served
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as response:
                assert response.read() == b"ok"
                return
        except OSError:
            assert server.poll() is None, "the dashboard left"
            assert time.monotonic() < deadline, "the dashboard did not come up within a minute"
            time.sleep(0.2)


def test_the_searchs_log_is_generated_where_it_is_asked_for(tmp_path: Path) -> None:
    config = demo.module("search.generate").generate(tmp_path / "search", days=60, rows=3000)
    assert Config.load(config).labels is not None
    assert sys.modules["driftmeter_fixtures"].__file__ == str(demo.root() / "__init__.py")
