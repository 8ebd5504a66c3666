"""What a command does not need, it does not import: `--help` answers at once, and so does a run with nothing new."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.logs import DAYS, TOML, Log

SHOWS = """
import sys
from monitors.cli import main
try:
    main()
finally:
    print("IMPORTED", *sorted(sys.modules), file=sys.stderr)
"""

SELDOM = {
    "apprise", "duckdb", "evidently", "holidays", "kaleido", "plotly", "polars", "psycopg", "scipy.optimize",
    "scipy.stats", "sklearn", "streamlit", "monitors.assess", "monitors.concept", "monitors.drilldown",
    "monitors.findings", "monitors.guess", "monitors.incidents", "monitors.logs.offline", "monitors.notebook",
    "monitors.profiling", "monitors.statistics.null", "monitors.warehouse.write",
}  # fmt: skip
"""What nothing but its own command, or a run with something new, may import."""

ALWAYS_SLOW = {
    "importlib.metadata", "numba", "numpy", "pandas", "pyarrow", "pydantic", "rich", "scipy", "sqlalchemy",
    "monitors.config", "monitors.pipeline", "monitors.store",
}  # fmt: skip
"""What `--help` may not import either."""

TYPERS_OWN = {"importlib.metadata", "pydantic"}
"""What typer imports to read a command's options."""


def imported(*arguments: str | Path) -> tuple[str, set[str]]:
    """What a command prints, and the modules that it had imported at its end."""
    command = [sys.executable, "-c", SHOWS, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "80"})
    return done.stdout, set(done.stderr.split("IMPORTED")[1].split())


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log that was run, labels apart."""
    log = Log(tmp_path_factory.mktemp("start") / "log")
    for day in range(DAYS):
        log.day(day)
    config = log.home / "driftmeter.toml"
    config.write_text(TOML.format(url="sqlite:///store.db"))
    assert f"{DAYS} of {DAYS} windows profiled" in imported("run", "-c", config)[0]
    return config


@pytest.mark.parametrize(
    ("arguments", "typers_own"),
    [(["--help"], set()), (["run", "--help"], TYPERS_OWN), (["export", "--help"], TYPERS_OWN)],
)
def test_help_imports_nothing_slow(arguments: list[str], typers_own: set[str]) -> None:
    said, modules = imported(*arguments)
    assert "Usage: driftmeter" in said
    assert modules & (SELDOM | ALWAYS_SLOW) == typers_own


def test_a_run_with_nothing_new_imports_no_monitor(config: Path) -> None:
    said, modules = imported("run", "-c", config)
    assert f"nothing new in {DAYS} windows" in said
    assert modules & SELDOM == set()
    assert {"monitors.pipeline", "monitors.store"} <= modules  # the list is one of modules


def test_a_run_with_nothing_new_is_soon_done(config: Path) -> None:
    """Under two seconds of work, in one of three attempts; how long it takes on a busy machine says nothing."""

    def spent() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        imported("run", "-c", config)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert any(spent() < 2 for _ in range(3))


def test_what_is_named_here_exists() -> None:
    """A module that was renamed would never be imported, and its test pass."""
    home = Path(__file__).parents[1]
    for name in SELDOM | ALWAYS_SLOW:
        if name.startswith("monitors."):
            path = home.joinpath(*name.split("."))
            assert path.with_suffix(".py").is_file() or (path / "__init__.py").is_file(), name
