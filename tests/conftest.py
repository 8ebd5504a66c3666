"""What all tests share."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import settings

from tests import postgres

os.environ.setdefault("DO_NOT_TRACK", "1")  # Evidently, where a test takes it as an oracle

# Machines that run tests are busy: how long one example takes says nothing. In CI the same examples every time.
settings.register_profile("driftmeter", deadline=None, derandomize=os.environ.get("CI", "").lower() == "true")
settings.load_profile("driftmeter")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's browser; a test that needs it carries the marker `browser`."""
    for program in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(program):
            return path
    raise RuntimeError("this test needs a browser: apt-get install chromium, or run tests/run.py, which does")


@pytest.fixture(scope="session")
def flights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The configuration of some months of flights, run; for the dashboard, in a browser and without."""
    from tests.dashboard.conftest import flights_store

    return flights_store(tmp_path_factory.mktemp("flights"))


@pytest.fixture(scope="session")
def search(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same of the small cut of the synthetic search."""
    from tests.dashboard.conftest import search_store

    return search_store(tmp_path_factory.mktemp("search"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server; a test that needs it carries the marker `postgres`."""
    with postgres.served() as url:
        yield url


@pytest.fixture
def database(postgres_server: str) -> str:
    """The URL of an empty database of PostgreSQL; a test that needs it carries the marker `postgres`."""
    name = f"d{uuid.uuid4().hex}"
    engine = sa.create_engine(f"{postgres_server}/postgres".replace("://", "+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return f"{postgres_server}/{name}"
