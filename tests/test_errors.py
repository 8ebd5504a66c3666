"""What other people's errors say in our sentences."""

from __future__ import annotations

import pytest

from monitors.errors import clause


class WrappedError(Exception):
    """As SQLAlchemy wraps a driver's error."""

    def __init__(self, inner: Exception) -> None:
        super().__init__("(driver) wrapped [SQL: select 1]")
        self.orig = inner


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("disk full.\nmore"), "disk full"),
        (OSError("\n\n  connection refused. \n"), "connection refused"),
        (ValueError("could not connect:\nno such host."), "could not connect: no such host"),
        (ValueError("nothing follows:"), "nothing follows:"),
        (WrappedError(ValueError("no such table: logs")), "no such table: logs"),
        (TimeoutError(), "TimeoutError"),
        (ValueError(" \n "), "ValueError"),
        (ValueError("x" * 900), "x" * 300),
    ],
)
def test_one_clause(error: Exception, said: str) -> None:
    assert clause(error) == said
