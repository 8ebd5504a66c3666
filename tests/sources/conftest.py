from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sources.s3 import SETTINGS, s3_server


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """Where a local server of S3 answers."""
    with s3_server() as address:
        yield address


@pytest.fixture
def s3(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same, with the environment that points to it."""
    for name, value in {**SETTINGS, "AWS_ENDPOINT_URL": s3_address}.items():
        monkeypatch.setenv(name, value)
    return s3_address
