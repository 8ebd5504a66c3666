"""What all tests share."""

from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import settings

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
